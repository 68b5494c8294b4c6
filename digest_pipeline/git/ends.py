"""What two large files share at their ends and between, found by comparing stretches instead of lines.

Pure. What this means in lines is decided in `alignment`. The methods of `bytes` that take bounds are used
where there are some: they need one slice less.
"""

from __future__ import annotations

from typing import NamedTuple

_SEVERAL = 65_536
"""Bytes up to which a difference is looked for by halving; beyond, from one end on."""
_FIRST, _MOST, _LAST = 1_024, 16_384, 512
"""Bytes of the first comparison, of the longest, and of the stretch that is searched for a difference."""
_NEAR = (256, 2_048)
"""How far behind the first difference a file is first taken to be the same to its end."""
_PROBE = 48
"""Bytes that are looked for to find where two files agree again: about a line."""
_STEPS = (256, 1_024, 3_072)
"""How far behind a difference they are taken from: a change may be long itself."""
_WINDOW = 4_096
"""Bytes in which they are looked for, beyond the step."""
_LONG = 1_024
"""Bytes from which a stretch that is found counts: shorter ones cost more than their lines."""


def is_binary(data: bytes) -> bool:
    """Git's rule: a NUL among the first 8,000 bytes."""
    return data.find(b"\0", 0, 8_000) >= 0


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


def shared_start(old: bytes, at: int, new: bytes, new_at: int, most: int) -> int:
    """How many bytes of `most` are the same from two places on."""
    end, length, away = at + most, most, new_at - at
    if most > _SEVERAL:
        length = _FIRST
        while length and new.startswith(old[at : at + length], at + away):
            at += length
            length = min(4 * length, _MOST, end - at)
    while length > _LAST:
        half = length >> 1
        if new.startswith(old[at : at + half], at + away):
            at += half
            length -= half
        else:
            length = half
    one, other = old[at : at + length], new[at + away : at + away + length]
    differs = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    left = end - at
    return most - left + (((differs & -differs).bit_length() - 1) // 8 if differs else length)


# The same as above, backwards: with the direction as a parameter, a tenth slower where large files cost most.
def shared_end(old: bytes, end: int, new: bytes, new_end: int, most: int) -> int:
    """How many bytes of `most` are the same up to two places."""
    start, length, away = end - most, most, new_end - end
    if most > _SEVERAL:
        length = _FIRST
        while length and new.endswith(old[end - length : end], 0, end + away):
            end -= length
            length = min(4 * length, _MOST, end - start)
    while length > _LAST:
        half = length >> 1
        if new.endswith(old[end - half : end], 0, end + away):
            end -= half
            length -= half
        else:
            length = half
    one, other = old[end - length : end], new[end + away - length : end + away]
    differs = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return start + most - end + (8 * length - differs.bit_length()) // 8


def between_ends(old: bytes, new: bytes) -> Span:
    """What is left of two files between what both begin and end with."""
    size, new_size = len(old), len(new)
    most = min(size, new_size)
    start = shared_start(old, 0, new, 0, most)
    tail = _shared_tail(old, new, most - start)
    return Span(start, size - tail, start, new_size - tail)


def _shared_tail(old: bytes, new: bytes, most: int) -> int:
    """How many bytes at the end are the same; mostly nearly all behind the first difference are."""
    size, new_size = len(old), len(new)
    for near in _NEAR:
        tail = most - near
        end, new_end = size - tail, new_size - tail
        is_same = tail > _PROBE and new.startswith(old[end : end + _PROBE], new_end)
        if is_same and new.startswith(old[end:], new_end):
            return tail + shared_end(old, end, new, new_end, near)
    return shared_end(old, size, new, new_size, most)


def next_stretch(old: bytes, new: bytes, span: Span) -> Stretch | None:
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


def _around(old: bytes, new: bytes, span: Span, old_step: int, new_step: int) -> Stretch | None:
    """The stretch in which both are the same these bytes behind where the span begins; None where short."""
    old_at, new_at = span.old + old_step, span.new + new_step
    length = shared_start(old, old_at, new, new_at, min(span.old_end - old_at, span.new_end - new_at))
    if length < _LONG:
        return None
    back = shared_end(old, old_at, new, new_at, min(old_step, new_step))
    return Stretch(old_at - back, new_at - back, length + back)


def _found(probe: bytes, other: bytes, start: int, end: int, step: int) -> int:
    """How far behind `start` of `other` the probe stands; -1: nowhere near, or twice."""
    end = min(end, start + step + _WINDOW)
    found = other.find(probe, start, end)
    return -1 if found < 0 or other.find(probe, found + 1, end) >= 0 else found - start
