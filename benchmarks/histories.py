"""Synthetic histories of any length, made by `git fast-import`: a hundred commits a day, some merged late."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PER_DAY = 100
STEP = 86_400 // PER_DAY
START = 946_684_800  # 2000-01-01; a million commits end in 2027
FILES = 500
LINES = 12


def make(path: Path, commits: int) -> None:
    """A bare repository with `commits` commits on `main`; one that is there already is kept.

    Every tenth commit is a merge of one that left the mainline about thirty commits before.
    """
    if (path / "complete").exists():
        return
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    command = ["git", "-C", str(path), "-c", "pack.compression=1", "fast-import", "--quiet"]
    importer = subprocess.Popen(command, stdin=subprocess.PIPE)
    if importer.stdin is not None:
        importer.stdin.writelines(_stream(commits))
        importer.stdin.close()
    if importer.wait():
        raise SystemExit(f"git fast-import failed on {path}")
    (path / "complete").touch()


def _stream(commits: int) -> Iterator[bytes]:
    mainline = 0
    waiting = 0
    line: list[int] = []
    for mark in range(1, commits + 1):
        when = START + mark * STEP
        if mark % 10 == 5 and len(line) > 30:
            waiting = mark
            yield _commit("side", mark, when, line[-30], None)
        elif mark % 10 == 0 and waiting:
            yield _commit("main", mark, when, mainline, waiting)
            mainline, waiting = mark, 0
        else:
            yield _commit("main", mark, when, mainline, None)
            mainline = mark
        if mainline == mark:
            line = [*line[-40:], mark]


def _commit(branch: str, mark: int, when: int, parent: int, merged: int | None) -> bytes:
    who = f"Person {mark % 97} <p{mark % 97}@example.com> {when} +0000"
    message = f"Change number {mark} (#{mark})"
    file = mark % FILES
    name = f"d{file % 7}/d{file % 11}/f{file}.py"
    text = "".join(f"{mark if n == mark % LINES else n} = {n}\n" for n in range(LINES))
    head = f"commit refs/heads/{branch}\nmark :{mark}\nauthor {who}\ncommitter {who}\n"
    head += f"data {len(message)}\n{message}\n"
    head += f"from :{parent}\n" if parent else ""
    head += f"merge :{merged}\n" if merged else ""
    return f"{head}M 100644 inline {name}\ndata {len(text)}\n{text}\n".encode()
