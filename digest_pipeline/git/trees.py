"""Which files differ between two trees, as `git diff-tree -r --raw` tells before it looks for renames.

Pure: trees come through a callable. Two versions of a tree mostly have the same names, so the second one is
cut where the first one's entries end; only where that does not fit, it is taken apart by itself.
"""

from __future__ import annotations

import re
import stat
import struct
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
_MODES = {b"40000": _S_FOLDER, b"100644": _S_FILE, b"100755": _S_PROGRAM}


class Change(NamedTuple):
    """One file that differs between two trees; for A and D, both sides are the same."""

    status: str
    """A, D, M or T; R where two of them are one renamed file."""
    old: Side
    new: Side


class Tree:
    """A tree object; its entries are found when they are needed."""

    __slots__ = ("_entries", "_layout", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._entries: tuple[bytes, ...] | None = None
        self._layout: struct.Struct | None = None
        """The sizes of the entries, to cut another tree in the same way."""

    def entries(self) -> tuple[bytes, ...]:
        """Each `<mode> <name>`, a NUL and the SHA; ValueError where it is no tree."""
        if self._entries is None:
            found = tuple(_ENTRY.findall(self._raw))
            if b"".join(found) != self._raw or (found and found[-1][_HEAD:-_SHA] != b"\0"):
                raise ValueError("not a tree object")
            self._entries = found
        return self._entries

    def with_other_shas(self, other: Tree) -> list[tuple[bytes, bytes]] | None:
        """The entries that have another SHA in a tree of the same modes and names; None where these differ.

        Entries of the same sizes, each the same up to its SHA: then the other one is a tree as this one is.
        """
        if len(self._raw) != len(other._raw):
            return None
        ours = self.entries()
        if self._layout is None:
            self._layout = struct.Struct("".join([f"{len(entry)}s" for entry in ours]))
        theirs = other._entries or self._layout.unpack(other._raw)
        pairs = [(old, new) for old, new in zip(ours, theirs, strict=False) if old != new]
        if len(ours) != len(theirs) or any(old[:-_SHA] != new[:-_SHA] for old, new in pairs):
            return None
        other._entries, other._layout = theirs, self._layout
        return pairs


_EMPTY = Tree(b"")


def differences(old: str | None, new: str, read: Callable[[str], Tree]) -> list[Change]:
    """The files that differ between the trees `old` (None: the empty one) and `new`, by path.

    Raises ValueError where a tree is none or an entry has no mode, and what `read` raises.
    """
    comparison = _Comparison()
    comparison.folders.append((b"", old, new))
    while comparison.folders:  # no recursion: a tree may be deeper than Python's stack
        folder, before, after = comparison.folders.pop()
        comparison.compare(folder, read(before) if before else _EMPTY, read(after) if after else _EMPTY)
    return sorted(comparison.found, key=_path)


class _Comparison:
    def __init__(self) -> None:
        self.found: list[Change] = []
        self.folders: list[tuple[bytes, str | None, str | None]] = []
        """Still to compare: the folder, with its `/`, and its two trees."""

    def compare(self, folder: bytes, before: Tree, after: Tree) -> None:
        """One folder: most of what differs has another SHA and nothing else."""
        pairs = before.with_other_shas(after)
        if pairs is None:
            ours, theirs = frozenset(before.entries()), frozenset(after.entries())
            gone = {entry[:_HEAD]: entry[-_SHA:] for entry in ours - theirs}
            came = {entry[:_HEAD]: entry[-_SHA:] for entry in theirs - ours}
            for head in gone.keys() & came.keys():
                self._compare_shas(folder, head, gone.pop(head), came.pop(head))
            self._compare_kinds(folder, gone, came)
        else:
            for old, new in pairs:
                self._compare_shas(folder, new[:_HEAD], old[-_SHA:], new[-_SHA:])

    def _compare_shas(self, folder: bytes, head: bytes, old: bytes, new: bytes) -> None:
        """One entry that is another file or another folder, of the same mode and name."""
        digits, _, name = head.partition(b" ")
        path, mode = folder + name, _mode(digits)
        if mode == _S_FOLDER:
            self.folders.append((path + b"/", old.hex(), new.hex()))
        else:
            self.found.append(Change("M", Side(path, mode, old.hex()), Side(path, mode, new.hex())))

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
