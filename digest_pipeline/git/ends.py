"""Lines added and removed where the shared beginning and end of two large files already tell them.

Pure: the files come as `File`, which compares without copying. Git and libgit2 hash every line of both
files before they compare any, which for a few changed lines in a large file is nearly all of their time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


LARGE = 64_000
"""Bytes of both files together from which looking pays; below, libgit2 is as fast."""
HUGE = 256_000_000
"""Bytes of both from which nothing is said: beyond 512 MB of one, git calls a file binary."""
LONGEST = 8_000
"""Bytes between beginning and end, of both together, that are taken apart."""
_FIRST, _LAST = 4_096, 64
"""Bytes of the first comparison and of the last one. Less than that is compared line by line."""
_AROUND = 256
"""Bytes taken from the shared ends, to find where the changed lines begin and end."""
_SNIFFED = 8_000
"""Bytes in which git looks for a NUL."""


class File(Protocol):
    """The content of a file that is only looked at in parts."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def part(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`."""
        ...

    def is_same(self, start: int, other: Self, other_start: int, length: int) -> bool:
        """Whether `length` bytes from two places are the same."""
        ...


AnyFile = TypeVar("AnyFile", bound=File)


def certain_counts(old: AnyFile, new: AnyFile) -> tuple[int, int] | None:
    """Insertions and deletions as `git log --numstat` prints them; None where lines have to be aligned.

    They are certain where, between the lines that both files begin and end with, one file has nothing or
    the two share no line: xdiff sets both ends aside before it looks for anything (`xdl_trim_ends`), and
    then nothing can be matched. Whatever it decides of lines that are shared is left to it.
    """
    most = min(old.size, new.size)
    start = _shared(most, lambda at, length: old.is_same(at, new, at, length))
    end = _shared(
        most - start,
        lambda at, length: old.is_same(old.size - at - length, new, new.size - at - length, length),
    )
    if old.size + new.size - 2 * (start + end) > LONGEST or _is_binary(old) or _is_binary(new):
        return None
    between = _changed_lines(old, start, end), _changed_lines(new, start, end)
    return None if between[0] is None or between[1] is None else _counted(between[0], between[1])


def _shared(most: int, is_same: Callable[[int, int], bool]) -> int:
    """How many bytes of `most` are the same from one end on, at the most `_LAST` too few."""
    shared, step = 0, _FIRST
    while shared < most:
        length = min(step, most - shared)
        if not is_same(shared, length):
            break
        shared += length
        step *= 2
    else:
        return most
    while length > _LAST:
        half = length // 2
        if is_same(shared, half):
            shared += half
            length -= half
        else:
            length = half
    return shared


def _changed_lines(file: File, start: int, end: int) -> list[bytes] | None:
    """The lines between the shared ends, with some of these; None where they do not begin or end nearby.

    A file that does not end with a line end, there, is None too: its last line is another one than the
    same text with a line end.
    """
    first = max(0, start - _AROUND)
    around = min(end, _AROUND)
    text = file.part(first, file.size - end + around)
    if first:
        at = text.find(b"\n", 0, start - first)
        if at < 0:
            return None
        text = text[at + 1 :]
    last = text.rfind(b"\n", len(text) - around if around < end else len(text) - 1)
    if last < 0:
        return None
    return text[: last + 1].split(b"\n")[:-1]


def _counted(old: list[bytes], new: list[bytes]) -> tuple[int, int] | None:
    most = min(len(old), len(new))
    start = end = 0
    while start < most and old[start] == new[start]:
        start += 1
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    removed, added = old[start : len(old) - end], new[start : len(new) - end]
    return (len(added), len(removed)) if set(removed).isdisjoint(added) else None


def _is_binary(file: File) -> bool:
    return b"\0" in file.part(0, min(file.size, _SNIFFED))
