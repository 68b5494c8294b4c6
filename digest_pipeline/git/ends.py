"""What two large files share at their ends and between, found by comparing stretches instead of lines.

Pure: the files come as `File`, whose parts are taken without the whole being copied. What this means in
lines is decided in `alignment`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

_FIRST, _MOST, _LAST = 1_024, 16_384, 512
"""Bytes of the first comparison, of the longest, and of the stretch that is searched for a difference."""
_PROBE = 48
"""Bytes that are looked for to find where two files agree again: about a line."""
_STEPS = (256, 1_024, 3_072)
"""How far behind a difference they are taken from: a change may be long itself."""
_WINDOW = 4_096
"""Bytes in which they are looked for, beyond the step."""
_LONG = 1_024
"""Bytes from which a stretch that is found counts: shorter ones cost more than their lines."""


class File(Protocol):
    """The content of a file: its size in bytes, and any part of it."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


def is_binary(data: File) -> bool:
    """Git's rule: a NUL among the first 8,000 bytes."""
    return b"\0" in data[:8_000]


class Stretch(NamedTuple):
    """Bytes that an old and a new file share: where they begin in each, and how many."""

    old: int
    new: int
    length: int


class Span(NamedTuple):
    """The bytes of an old and of a new file between two places of each."""

    old: int
    old_end: int
    new: int
    new_end: int


def shared_start(old: File, at: int, new: File, new_at: int, most: int) -> int:
    """How many bytes of `most` are the same from two places on."""
    shared, length = 0, min(_FIRST, most)
    while (
        length and old[at + shared : at + shared + length] == new[new_at + shared : new_at + shared + length]
    ):
        shared += length
        length = min(4 * length, _MOST, most - shared)
    while length > _LAST:
        half = length // 2
        if old[at + shared : at + shared + half] == new[new_at + shared : new_at + shared + half]:
            shared += half
            length -= half
        else:
            length = half
    differs = int.from_bytes(old[at + shared : at + shared + length], "little") ^ int.from_bytes(
        new[new_at + shared : new_at + shared + length], "little"
    )
    return shared + ((differs & -differs).bit_length() - 1) // 8 if differs else shared + length


# The same as above, backwards: with the direction as a parameter, a tenth slower where large files cost most.
def shared_end(old: File, end: int, new: File, new_end: int, most: int) -> int:
    """How many bytes of `most` are the same up to two places."""
    left, length = most, min(_FIRST, most)
    end, new_end = end - most, new_end - most
    while length and old[end + left - length : end + left] == new[new_end + left - length : new_end + left]:
        left -= length
        length = min(4 * length, _MOST, left)
    while length > _LAST:
        half = length // 2
        if old[end + left - half : end + left] == new[new_end + left - half : new_end + left]:
            left -= half
            length -= half
        else:
            length = half
    differs = int.from_bytes(old[end + left - length : end + left], "little") ^ int.from_bytes(
        new[new_end + left - length : new_end + left], "little"
    )
    return most - left + (8 * length - differs.bit_length()) // 8


def next_stretch(old: File, new: File, span: Span) -> Stretch | None:
    """A long stretch that both share behind a difference where the span begins; None: none is found."""
    at, end, new_at, new_end = span
    most = min(end - at, new_end - new_at) - _PROBE
    for step in _STEPS:
        if step > most:
            break
        new_step = _found(old[at + step : at + step + _PROBE], new, new_at, new_end, step)
        stretch = new_step >= 0 and _around(old, new, span, step, new_step)
        if stretch:
            return stretch
        old_step = _found(new[new_at + step : new_at + step + _PROBE], old, at, end, step)
        stretch = old_step >= 0 and _around(old, new, span, old_step, step)
        if stretch:
            return stretch
    return None


def _around(old: File, new: File, span: Span, old_step: int, new_step: int) -> Stretch | None:
    """The stretch in which both are the same these bytes behind where the span begins; None where short."""
    old_at, new_at = span.old + old_step, span.new + new_step
    length = shared_start(old, old_at, new, new_at, min(span.old_end - old_at, span.new_end - new_at))
    if length < _LONG:
        return None
    back = shared_end(old, old_at, new, new_at, min(old_step, new_step))
    return Stretch(old_at - back, new_at - back, length + back)


def _found(probe: bytes, other: File, start: int, end: int, step: int) -> int:
    """How far behind `start` of `other` the probe stands; -1: nowhere near, or twice."""
    near = other[start : min(end, start + step + _WINDOW)]
    found = near.find(probe)
    return -1 if found >= 0 and near.find(probe, found + 1) >= 0 else found
