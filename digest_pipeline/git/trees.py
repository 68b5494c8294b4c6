"""Which files differ between two trees, as `git diff-tree -r --raw` tells before it looks for renames.

Pure: trees come through a callable. A tree is held as the set of its entries' bytes, so that what differs
between two is one operation on sets, and only that is taken apart.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from digest_pipeline.git.renames import Side

if TYPE_CHECKING:
    from collections.abc import Callable

_SHA = 20
_HEAD = -_SHA - 1
"""Where `<mode> <name>` ends in an entry; a NUL and the SHA follow."""
_ENTRY = re.compile(rb"[^\0]++\0?+.{0,20}+", re.DOTALL)
"""Takes what is there to its end in any case, so that a tree that is none costs no more than another."""
_S_FOLDER, _S_FILE, _S_PROGRAM = 0o040000, 0o100644, 0o100755
_NOTHING: frozenset[bytes] = frozenset()
_MODES = {b"40000": _S_FOLDER, b"100644": _S_FILE, b"100755": _S_PROGRAM}


class Change(NamedTuple):
    """One file that differs between two trees; for A and D, both sides are the same."""

    status: str
    """A, D, M or T; R where two of them are one renamed file."""
    old: Side
    new: Side


def entries(raw: bytes) -> frozenset[bytes]:
    """The entries of a tree object, each `<mode> <name>`, a NUL and the SHA; ValueError where it is none."""
    found = _ENTRY.findall(raw)
    if b"".join(found) != raw or (found and found[-1][_HEAD:-_SHA] != b"\0"):
        raise ValueError("not a tree object")
    return frozenset(found)


def differences(old: str | None, new: str, read: Callable[[str], frozenset[bytes]]) -> list[Change]:
    """The files that differ between the trees `old` (None: the empty one) and `new`, by path.

    Raises ValueError where an entry has no mode, and what `read` raises.
    """
    comparison = _Comparison()
    comparison.folders.append((b"", old, new))
    while comparison.folders:  # no recursion: a tree may be deeper than Python's stack
        folder, before, after = comparison.folders.pop()
        comparison.compare(folder, read(before) if before else _NOTHING, read(after) if after else _NOTHING)
    return sorted(comparison.found, key=_path)


class _Comparison:
    def __init__(self) -> None:
        self.found: list[Change] = []
        self.folders: list[tuple[bytes, str | None, str | None]] = []
        """Still to compare: the folder, with its `/`, and its two trees."""

    def compare(self, folder: bytes, before: frozenset[bytes], after: frozenset[bytes]) -> None:
        """One folder: most of what differs has another SHA and nothing else."""
        gone = {entry[:_HEAD]: entry[-_SHA:] for entry in before - after}
        came: dict[bytes, bytes] = {}
        for entry in after - before:
            head, sha = entry[:_HEAD], entry[-_SHA:]
            old = gone.pop(head, None)
            if old is None:
                came[head] = sha
                continue
            digits, _, name = head.partition(b" ")
            path, mode = folder + name, _mode(digits)
            if mode == _S_FOLDER:
                self.folders.append((path + b"/", old.hex(), sha.hex()))
            else:
                self.found.append(Change("M", Side(path, mode, old.hex()), Side(path, mode, sha.hex())))
        if gone or came:
            self._compare_kinds(folder, gone, came)

    def _compare_kinds(self, folder: bytes, gone: dict[bytes, bytes], came: dict[bytes, bytes]) -> None:
        """What is on one side only, or has another mode there; a folder and a file are not the same thing."""
        before = {(side.path, side.mode == _S_FOLDER): side for side in _sides(folder, gone)}
        for new in _sides(folder, came):
            old = before.pop((new.path, new.mode == _S_FOLDER), None)
            if old == new:  # its mode is only written differently: 040000, 100664
                continue
            if new.mode == _S_FOLDER:
                self.folders.append((new.path + b"/", old and old.blob, new.blob))
            elif old is None:
                self.found.append(Change("A", new, new))
            else:
                same_type = stat.S_IFMT(old.mode) == stat.S_IFMT(new.mode)
                self.found.append(Change("M" if same_type else "T", old, new))
        for old in before.values():
            if old.mode == _S_FOLDER:
                self.folders.append((old.path + b"/", old.blob, None))
            else:
                self.found.append(Change("D", old, old))


def _sides(folder: bytes, heads: dict[bytes, bytes]) -> list[Side]:
    parts = ((head.partition(b" "), sha) for head, sha in heads.items())
    return [Side(folder + name, _mode(digits), sha.hex()) for (digits, _, name), sha in parts]


def _mode(digits: bytes) -> int:
    """A mode as git understands it: of a file's permissions, only whether its owner may run it."""
    mode = _MODES.get(digits)
    if mode is None:
        mode = int(digits, 8)
        if stat.S_ISREG(mode):
            return _S_PROGRAM if mode & stat.S_IXUSR else _S_FILE
        mode = stat.S_IFMT(mode)
    return mode


def _path(change: Change) -> bytes:
    return change.new.path
