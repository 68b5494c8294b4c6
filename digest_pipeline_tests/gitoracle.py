"""What the git program says of a history, as the rows that ours are compared with, and awkward histories."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pygit2
from pygit2.enums import ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from digest_pipeline.models import Commit

_LOG = "log --raw --numstat -M -l1000 --diff-merges=first-parent -z --no-abbrev --root --no-show-signature"
COMMAND = tuple(_LOG.split())
"""The command of DESIGN.md; the limit is git's default, spelled out against the user's settings."""


class GitRow(NamedTuple):
    """One file of a commit; None as count is git's `-`."""

    path: bytes
    old_path: bytes | None
    status: str
    insertions: int | None
    deletions: int | None


def git_version() -> tuple[int, ...]:
    text = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(int(part) for part in text.split()[2].split(".")[:2])


def git_rows(repository: Path, tip: str) -> dict[str, set[GitRow]]:
    """Every commit that `tip` reaches, with its rows as git prints them."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
    command = ["git", "-C", str(repository), *COMMAND, "--format=commit %H", tip]
    output = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    return parse_log(output)


def parse_log(output: bytes) -> dict[str, set[GitRow]]:
    """Rows by SHA from the output of COMMAND: a status part and a count part, joined by path."""
    words = iter(output.split(b"\0"))
    commits: dict[str, set[GitRow]] = {}
    rows: set[GitRow] = set()
    statuses: dict[bytes, tuple[str, bytes | None]] = {}
    for raw in words:
        word = raw.removeprefix(b"\n")
        if word.startswith(b"commit "):
            rows = commits[word[7:47].decode()] = set()
            statuses = {}
        elif word.startswith(b":"):
            status = word.rsplit(b" ", 1)[1][:1].decode()
            old = next(words) if status == "R" else None
            statuses[next(words)] = (status, old)
        elif word:
            added, removed, path = word.split(b"\t", 2)
            if not path:
                next(words)
                path = next(words)
            status, old = statuses[path]
            rows.add(GitRow(path, old, status, _number(added), _number(removed)))
    return commits


def _number(digits: bytes) -> int | None:
    return None if digits == b"-" else int(digits)


def differences(commits: Iterable[Commit], expected: Mapping[str, set[GitRow]]) -> dict[str, list[str]]:
    """By SHA, the rows that are on one side only; also for commits that are."""
    left = dict(expected)
    found: dict[str, list[str]] = {}
    for commit in commits:
        ours = {(f.path, f.old_path, f.status, f.insertions, f.deletions) for f in commit.files}
        theirs = {
            (_text(r.path), r.old_path and _text(r.old_path), *r[2:]) for r in left.pop(commit.sha, set())
        }
        lines = [f"ours {row}" for row in ours - theirs] + [f"git's {row}" for row in theirs - ours]
        if lines or len(ours) != len(commit.files):
            found[commit.sha] = sorted(lines)
    return found | {sha: ["not ours at all"] for sha in left}


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")


LINK, PROGRAM, SUBMODULE, FILE = 0o120000, 0o100755, 0o160000, 0o100644


@dataclasses.dataclass
class Forge:
    """Commits made byte by byte, past all checks; `files` is the work tree (path: mode, content)."""

    path: Path

    def __post_init__(self) -> None:
        self._repo = pygit2.init_repository(str(self.path), bare=True, initial_head="main")
        self.files: dict[bytes, tuple[int, bytes]] = {}
        self.tip = ""
        self._clock = 1_700_000_000

    def put(self, path: bytes | str, content: bytes, mode: int = FILE) -> None:
        self.files[path.encode() if isinstance(path, str) else path] = (mode, content)

    def move(self, old: str, new: str, content: bytes | None = None) -> None:
        mode, before = self.files.pop(old.encode())
        self.put(new, before if content is None else content, mode)

    def commit(
        self,
        message: bytes = b"Change\n",
        *,
        parents: Sequence[str] | None = None,
        author: bytes = b"A <a@b>",
        date: bytes | None = None,
        header: bytes = b"",
    ) -> str:
        """Commit the files onto the tip, or onto `parents`."""
        self._clock += 60
        when = date or b"%d +0000" % self._clock
        above = parents if parents is not None else [self.tip] if self.tip else []
        raw = b"tree %s\n" % self._tree(self.files).hex().encode()
        raw += b"".join(b"parent %s\n" % parent.encode() for parent in above)
        raw += b"author %s %s\ncommitter %s %s\n%s\n%s" % (author, when, author, when, header, message)
        self.tip = str(self._repo.odb.write(ObjectType.COMMIT, raw))
        self._repo.references.create("refs/heads/main", self.tip, force=True)
        return self.tip

    def _tree(self, files: Mapping[bytes, tuple[int, bytes]]) -> bytes:
        entries: list[tuple[bytes, int, bytes]] = []
        folders: dict[bytes, dict[bytes, tuple[int, bytes]]] = {}
        for path, (mode, content) in files.items():
            name, slash, rest = path.partition(b"/")
            if slash:
                folders.setdefault(name, {})[rest] = (mode, content)
            else:
                is_link = stat.S_IFMT(mode) == SUBMODULE
                oid = bytes.fromhex(content.decode()) if is_link else self._repo.create_blob(content).raw
                entries.append((name, mode, oid))
        entries += [(name, 0o40000, self._tree(inside)) for name, inside in folders.items()]
        entries.sort(key=lambda e: e[0] + b"/" if e[1] == 0o40000 else e[0])
        raw = b"".join(b"%o %s\0%s" % (mode, name, oid) for name, mode, oid in entries)
        return self._repo.odb.write(ObjectType.TREE, raw).raw

    def lose(self, content: bytes) -> None:
        """Delete the blob with this content, as in a damaged or partial clone."""
        name = str(pygit2.hash(content))
        (self.path / "objects" / name[:2] / name[2:]).unlink()
