from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygit2.enums import DiffOption

from digest_pipeline.git.alignment import LARGER, LONGEST, PLACES, certain_counts, longest_common
from digest_pipeline.git.objects import FOR_DIFFS, Objects

if TYPE_CHECKING:
    import random
    from pathlib import Path


def aligned(old: bytes, new: bytes) -> tuple[int, int]:
    """The same by xdiff, which looks at every line."""
    return pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT).line_stats[1:]


def text(*names: object) -> bytes:
    return b"".join(f"line {name}\n".encode() for name in names)


LINES_OF_LONG = 4_000
LONG = text(*range(LINES_OF_LONG))
CUT = len(text(*range(2_000)))
BEFORE, AFTER = LONG[:CUT], LONG[CUT:]


def amid(lines: bytes) -> bytes:
    return BEFORE + lines + AFTER


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (LONG, amid(text("a", "b")), (2, 0)),
        (amid(text("a")), LONG, (0, 1)),
        (amid(text("a", "b")), amid(text("c")), (1, 2)),
        (amid(text("a", "b")), amid(text("b", "c")), (1, 1)),
        (amid(text("a", "b", "c", "d")), amid(text("b", "x", "d", "a")), (2, 2)),
        (LONG, LONG + text("a"), (1, 0)),
        (LONG, text("a") + LONG, (1, 0)),
        (LONG, text("a") + LONG[len(text(0)) :], (1, 1)),
        (LONG, LONG + LONG[-100:], (10, 0)),
        (text("same") * 3_000, text("same") * 3_002, (2, 0)),
        (LONG, LONG, (0, 0)),
    ],
)
def test_one_changed_place_is_counted(old: bytes, new: bytes, counts: tuple[int, int]) -> None:
    assert certain_counts(old, new) == counts == aligned(old, new)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({300: b"new\n", 1_700: b"newer\n"}, (2, 2)),
        ({300: b"", 900: b"new\n" * 3, 1_700: b""}, (3, 3)),
        ({100: text(*range(5_000, 5_180)), 1_900: b""}, (180, 2)),
        (dict.fromkeys(range(100, 1_900, 300), b"new\n"), (6, 6)),
    ],
)
def test_several_changed_places_are_counted_where_they_are_far_apart(
    changes: dict[int, bytes], counts: tuple[int, int]
) -> None:
    new = b"".join(changes.get(number, text(number)) for number in range(LINES_OF_LONG))
    assert certain_counts(LONG, new) == counts == aligned(LONG, new)
    assert certain_counts(new, LONG) == counts[::-1] == aligned(new, LONG)


def test_lines_that_move_from_one_place_to_another_are_left_to_xdiff() -> None:
    moved = text(*range(300), *range(310, 1_700), *range(300, 310), *range(1_700, LINES_OF_LONG))
    assert certain_counts(LONG, moved) is None


def test_more_places_than_are_looked_for_are_left_to_xdiff() -> None:
    changed = dict.fromkeys(range(100, 1_900, 1_800 // (PLACES + 1)), b"new\n")
    new = b"".join(changed.get(number, text(number)) for number in range(LINES_OF_LONG))
    assert certain_counts(LONG, new) is None


def test_in_smaller_files_one_place_is_looked_for() -> None:
    """More than one would cost what it saves."""
    old = LONG[: LARGER // 2 - 200]
    one = text(*range(4_000, 4_002)) + old[len(text(0)) :]
    two = one + text("end")
    assert certain_counts(old, one) == (2, 1) == aligned(old, one)
    assert certain_counts(old, two) is None
    assert certain_counts(old * 2, one + old + text("end")) == (3, 1)


def test_many_changed_lines_are_left_to_xdiff() -> None:
    """From there on it may end its search before it has found the fewest."""
    assert certain_counts(LONG, amid(text(*range(5_000, 5_255)))) == (255, 0)
    assert certain_counts(LONG, amid(text(*range(5_000, 5_256)))) is None


BRACES = b"".join(text(n) + (b"}\n" if n % 10 == 0 else b"") for n in range(2_000))
"""A file in which one line is frequent."""


@pytest.mark.parametrize(
    ("missing", "frequent", "behind", "counts"),
    [
        (10, 1, 10, (21, 21)),  # the frequent line is left out of xdiff's search
        (4, 1, 3, (8, 8)),
        (1, 2, 20, (23, 23)),
        (20, 2, 1, (23, 23)),
    ],
)
def test_a_frequent_line_amid_missing_ones_is_left_to_xdiff(
    missing: int, frequent: int, behind: int, counts: tuple[int, int]
) -> None:
    old, new = (
        BRACES + text(*(f"{side}{n}" for n in range(missing)))
        + b"}\n" * frequent
        + text(*(f"{side}{n}" for n in range(50, 50 + behind)))
        + BRACES
        for side in "ab"
    )  # fmt: skip
    assert aligned(old, new) == counts
    assert certain_counts(old, new) is None


def test_a_frequent_line_amid_few_missing_ones_is_counted() -> None:
    old, new = (BRACES + text(*side[:3]) + b"}\n" + text(*side[3:]) + BRACES for side in ("abcdef", "ghijkl"))
    assert certain_counts(old, new) == (6, 6) == aligned(old, new)


def test_a_stretch_of_few_lines_may_be_left_out_of_the_search_too() -> None:
    """All its lines are frequent, and many are missing before and behind it."""
    frequent = b"".join(
        b"%d: %s\n" % (n, b" ".join(b"%d" % (n * m) for m in range(100))) for n in range(7, 11)
    )
    old, new = (
        BRACES
        + frequent * 90
        + text(*(f"{side}{n}".ljust(150) for n in range(18)))
        + frequent
        + text(*(f"{side}{n}".ljust(150) for n in range(50, 68)))
        + frequent * 90
        + BRACES
        for side in "ab"
    )
    assert aligned(old, new) == (40, 40)
    assert certain_counts(old, new) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LONG[:-1], LONG),
        (LONG, LONG + b"no end"),
        (b"", LONG[:-1]),
        (LONG, LONG.replace(b"line 2000\n", b"\0\n").replace(b"line 0\n", b"\0\n")),
        (BEFORE + b"x" * 600 + AFTER.replace(b"\n", b" "), BEFORE + b"y" * 600 + AFTER.replace(b"\n", b" ")),
        (LONG, amid(bytes(range(32, 127)) * (LONGEST // 90))),
    ],
)
def test_what_is_not_certain_is_not_said(old: bytes, new: bytes) -> None:
    assert certain_counts(old, new) is None
    assert certain_counts(new, old) is None


def test_a_nul_behind_what_git_looks_at_is_text() -> None:
    assert certain_counts(LONG + b"\0\n", LONG + b"\0\n" + text("a")) == (1, 0)
    assert certain_counts(b"\0\n" + LONG, b"\0\n" + LONG + text("a")) is None


LINES = st.lists(
    st.sampled_from([b"\n", b"}\n", b"x\n", b"y\n", b"line 7\n", b"z" * 300 + b"\n", b"\r\n", b"q\n" * 9]),
    max_size=9,
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 800), LINES, LINES), max_size=5),
    st.sampled_from([b"", b"end", b"\n\n"]),
    st.randoms(use_true_random=False),
)
def test_what_is_said_is_what_xdiff_counts(
    places: list[tuple[int, list[bytes], list[bytes]]], end: bytes, rng: random.Random
) -> None:
    lines = [rng.choice([b"line %d\n" % n, b"\n", b"}\n", b"line 7\n", b"own %d\n" % n]) for n in range(800)]
    before, after, last = [b""], [b""], 0
    for place, removed, added in sorted(places):
        before += [*lines[last:place], *removed]
        after += [*lines[last:place], *added]
        last = place
    old, new = (b"".join([*side, *lines[last:], end]) for side in (before, after))
    said = certain_counts(old, new)
    assert said is None or said == aligned(old, new)


@given(st.lists(st.sampled_from([b"a", b"b", b"c"])), st.lists(st.sampled_from([b"a", b"b", b"d"])))
def test_the_longest_common_subsequence_is_that_of_the_table(old: list[bytes], new: list[bytes]) -> None:
    row = [0] * (len(new) + 1)
    for line in old:
        above, row = row, [0]
        for number, other in enumerate(new):
            row.append(above[number] + 1 if line == other else max(above[number + 1], row[number]))
    assert longest_common(old, new) == row[-1]


def test_large_blobs_of_a_clone_are_counted(tmp_path: Path) -> None:
    repo = pygit2.init_repository(tmp_path, bare=True)
    versions = [LONG * 5, LONG * 4 + text("a", "b") + LONG, LONG + text("c") + LONG * 4, LONG, b""]
    shas = [str(repo.create_blob(version)) for version in versions]
    objects = Objects(tmp_path, FOR_DIFFS)
    for old, new in zip(range(5), [*range(1, 5), 0], strict=True):
        assert objects.count_blobs(shas[old], shas[new])[:2] == aligned(versions[old], versions[new])
