"""How files of text get on disk: whole or not at all, untouched when nothing changed; and where reports lie.

Used for pages, settings and Dagster's configuration. What stands in them is made elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

_RESERVED = frozenset({"daily", "readme.md", "con", "prn", "aux", "nul"})
_LONGEST = 80


def report_path(reports_dir: Path, repo: str, day: dt.date) -> Path:
    """The page of one repository and day: `<reports_dir>/<owner>/<name>/<YYYY-MM-DD>.md`.

    The name is untrusted: a part that is empty, hidden, reserved, too long, or has a character other
    than letters, digits, `.`, `_` and `-` is rewritten and ends in a part of its hash, so that two
    names never share a folder and none leaves `reports_dir`.
    """
    return reports_dir.joinpath(*map(_folder, repo.split("/")), f"{day.isoformat()}.md")


def _folder(part: str) -> str:
    fine = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", part) and not part.endswith(".")
    if fine and len(part) <= _LONGEST and part.lower() not in _RESERVED:
        return part
    digest = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = re.sub(r"[^A-Za-z0-9_-]+", "_", part)[: _LONGEST - 9]
    return f"{kept}-{digest}"


def write_files(files: Mapping[Path, str]) -> list[Path]:
    """Replace each file atomically, in the order given; a file with the same bytes is not touched.

    Folders are made as needed. A reader sees the old file or the new one, never a part, also after a
    power cut. Returns the paths that were written; raises OSError as the file system does.
    """
    return [path for path, content in files.items() if _write(path, content.encode("utf-8"))]


def _write(path: Path, content: bytes) -> bool:
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:_LONGEST]}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True
