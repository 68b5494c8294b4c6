"""Lines added and removed between two large files, where they can be told without looking at every line.

Pure. Git and libgit2 hash every line of both files before they compare any, which for a few changed lines
in a large file is nearly all of their time. The numbers are those of xdiff (`xprepare.c` and `xdiffi.c`,
the same in git 2.39 and libgit2 1.9) or none. It finds the fewest changed lines, except where it leaves
lines out of its search that are frequent (`xdl_cleanup_records`), or ends a search that takes long
(`xdl_split`); what is said here is proved to be neither.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from digest_pipeline.git.ends import Span, Stretch, between_ends, is_binary, next_stretch

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

LARGE = 32_000
"""Bytes of both files together from which looking pays; below, libgit2 is as fast."""
LARGER = 64_000
"""Bytes of both from which more than one changed place is looked for."""
HUGE = 64_000_000
"""Bytes of both from which nothing is said: looking takes a copy of each."""
LONGEST = 6_000
"""Bytes of one changed place, of both sides together, that are taken apart."""
PLACES = 8
"""Changed places that are looked for."""
_LINES = 400
"""Lines of one changed place: the search for what they share takes their square."""
_FEW = 256
"""Changed lines up to which xdiff surely finds the fewest: it counts half of them up to
`XDL_MAX_COST_MIN` and `XDL_HEUR_MIN_COST`, both 256."""
_LINE = 400
"""Bytes in which a line is expected to begin or end."""
_ITSELF = 6
"""What a frequent line itself counts against three missing ones a frequent one."""
_LINE_END = (b"", b"\n")
"""What an empty file and a whole line end with."""
_NEVER = -1_000_000
"""The sum of a run that there is not."""
_COUNTED = 4_096
"""Bytes of a shared stretch whose lines are counted: more are not needed."""
_A_LINE = 3
"""Missing lines that one line of a stretch outweighs; each stretch has one."""


def certain_counts(old: bytes, new: bytes) -> tuple[int, int] | None:
    """Insertions and deletions as `git log --numstat` prints them; None where xdiff has to be asked."""
    if is_binary(old) or is_binary(new):
        return None
    span = _lines_between_ends(old, new)
    removed: list[bytes] = []
    added: list[bytes] = []
    stretches: list[bytes] = []
    all_same = 0
    while span is not None and len(stretches) < PLACES:
        at, end, new_at, new_end = span
        stretch = None
        if end - at + new_end - new_at > LONGEST:
            stretch = _next_stretch(old, new, span) if len(old) + len(new) >= LARGER else None
            if stretch is None:
                return None
            end, new_end = stretch.old, stretch.new
        before, after = old[at:end].split(b"\n"), new[new_at:new_end].split(b"\n")
        del before[-1], after[-1]  # what follows the last line end
        same = _same(before, after)
        if same is None:
            return None
        all_same += same
        removed += before
        added += after
        if stretch is None:
            return _counts(removed, added, all_same, stretches)
        end, new_end = end + stretch.length, new_end + stretch.length
        stretches.append(old[stretch.old : min(end, stretch.old + _COUNTED)])
        span = Span(end, span.old_end, new_end, span.new_end)
    return None


def _lines_between_ends(old: bytes, new: bytes) -> Span | None:
    """The lines between what both files begin and end with; None where no line begins or ends nearby.

    A file that does not end with a line end is None too where that is part of the change: its last line
    is another one than the same text with a line end.
    """
    start, end, _, new_end = between_ends(old, new)
    first, last = _line_start(old, start), _line_end(old, end)
    if first is None or last is None:
        return None
    new_last = new_end + last - end
    if last == len(old) and not (
        old[last - 1 : last] in _LINE_END and new[new_last - 1 : new_last] in _LINE_END
    ):
        return None
    return Span(first, last, first, new_last)


def _next_stretch(old: bytes, new: bytes, span: Span) -> Stretch | None:
    """The next long stretch of whole lines that both share."""
    found = next_stretch(old, new, span)
    if found is None:
        return None
    start, end = _line_end(old, found.old), _line_start(old, found.old + found.length)
    if start is None or end is None or start >= end:
        return None
    return Stretch(start, found.new + start - found.old, end - start)


def _line_start(file: bytes, at: int) -> int | None:
    """Where the line begins in which `at` lies; None where that is far."""
    first = max(0, at - _LINE)
    newline = file.rfind(b"\n", first, at)
    return newline + 1 if newline >= 0 or not first else None


def _line_end(file: bytes, at: int) -> int | None:
    """Behind the line end at or behind `at`; None where that is far."""
    newline = file.find(b"\n", at, at + _LINE)
    return newline + 1 if newline >= 0 else at if at == len(file) else None


def _same(old: Sequence[bytes], new: Sequence[bytes]) -> int | None:
    """How many lines of a changed place stay; None where they are many, or xdiff might leave out one."""
    shared = set(old).intersection(new)
    if not shared:
        return 0
    if len(old) + len(new) > _LINES:
        return None
    common = [line for line in old if line in shared]
    new_common = [line for line in new if line in shared]
    if not (_all_count(old, common, shared) and _all_count(new, new_common, shared)):
        return None
    return len(common) if common == new_common else longest_common(common, new_common)


def _all_count(lines: Sequence[bytes], common: Sequence[bytes], shared: Container[bytes]) -> bool:
    """Whether xdiff leaves none of the shared lines out of its search, however frequent they are.

    It does so to a frequent line amid a run of lines that the other file has not or has often: if there is
    one that it has not on either side, and more than three of them for each frequent one, the line itself
    counted twice (`xdl_clean_mmatch`). How often the other file has a line is not known here: of the shared
    ones each may be frequent or end the run, of the others each may be missing.
    """
    if len(lines) - len(common) <= _ITSELF:
        return True
    counts = [-3 if line in shared else 1 for line in lines]
    before, behind = _excess(counts), _excess(counts[::-1])
    behind.reverse()
    return not any(
        count < 0 and left + right > _ITSELF
        for count, left, right in zip(counts, before, behind, strict=True)
    )


def _excess(counts: Sequence[int]) -> list[int]:
    """Before each line: the most to which a run sums up that holds a missing line."""
    found: list[int] = []
    with_missing, any_run = _NEVER, 0
    for count in counts:
        found.append(with_missing)
        any_run += count
        if count > 0:
            with_missing = any_run
        else:
            with_missing += count
            any_run = max(any_run, 0)
    return found


def longest_common(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """The length of the longest common subsequence, bit by bit (Hyyrö, "Bit-parallel LCS-length", 2004)."""
    places: dict[bytes, int] = {}
    for number, line in enumerate(old):
        places[line] = places.get(line, 0) | 1 << number
    every = (1 << len(old)) - 1
    row = every
    for line in new:
        here = row & places.get(line, 0)
        row = (row + here | row - here) & every
    return len(old) - row.bit_count()


def _counts(
    removed: Sequence[bytes], added: Sequence[bytes], same: int, stretches: Sequence[bytes]
) -> tuple[int, int] | None:
    """What is left of the lines of all places where these are the same; None where more might be.

    In: the lines of the changed places and the beginnings of the stretches between them.
    """
    if stretches:
        # The lines of the stretches are the same on both sides. So no alignment finds more than these and
        # what the changed places have in common, wherever it stands.
        if (Counter(removed) & Counter(added)).total() > same:
            return None
        # No run of missing lines may reach across a stretch, nor leave out a line of it (`_all_count`).
        missing = max(len(removed), len(added))
        if missing > _A_LINE and any(3 * stretch.count(b"\n") < missing for stretch in stretches):
            return None
    if len(removed) + len(added) - 2 * same >= _FEW:
        return None
    return len(added) - same, len(removed) - same
