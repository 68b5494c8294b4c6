from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import DiffOption

from digest_pipeline.git.ends import LONGEST, certain_counts
from digest_pipeline.git.objects import FOR_DIFFS, Objects

if TYPE_CHECKING:
    import random
    from pathlib import Path


class Held(bytes):
    """Bytes as `ends.File`."""

    @property
    def size(self) -> int:
        return len(self)

    def part(self, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(self)
        return self[start:end]

    def is_same(self, start: int, other: Held, other_start: int, length: int) -> bool:
        assert start + length <= len(self)
        assert other_start + length <= len(other)
        return self[start : start + length] == other[other_start : other_start + length]


def certain(old: bytes, new: bytes) -> tuple[int, int] | None:
    return certain_counts(Held(old), Held(new))


def aligned(old: bytes, new: bytes) -> tuple[int, int]:
    """The same by xdiff, which looks at every line."""
    return pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT).line_stats[1:]


def text(*names: object) -> bytes:
    return b"".join(f"line {name}\n".encode() for name in names)


LONG = text(*range(2_000))
CUT = len(text(*range(1_000)))
BEFORE, AFTER = LONG[:CUT], LONG[CUT:]


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (LONG, BEFORE + text("a", "b") + AFTER, (2, 0)),
        (BEFORE + text("a") + AFTER, LONG, (0, 1)),
        (BEFORE + text("a", "b") + AFTER, BEFORE + text("c") + AFTER, (1, 2)),
        (LONG, LONG + text("a"), (1, 0)),
        (LONG, text("a") + LONG, (1, 0)),
        (LONG, text("a") + LONG[len(text(0)) :], (1, 1)),
        (LONG, LONG + LONG[-100:], (10, 0)),
        (text("same") * 3_000, text("same") * 3_002, (2, 0)),
        (LONG, LONG, (0, 0)),
    ],
)
def test_one_changed_place_is_counted_without_aligning_lines(
    old: bytes, new: bytes, counts: tuple[int, int] | None
) -> None:
    assert certain(old, new) == counts
    assert counts is None or counts == aligned(old, new)


def test_lines_that_are_shared_between_the_ends_are_left_to_xdiff() -> None:
    assert certain(BEFORE + text("a", "b") + AFTER, BEFORE + text("b", "c") + AFTER) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LONG[:-1], LONG),
        (LONG, LONG + b"no end"),
        (b"", LONG),
        (LONG, LONG.replace(b"line 1000\n", b"\0\n").replace(b"line 0\n", b"\0\n")),
        (BEFORE + b"x" * 600 + AFTER.replace(b"\n", b" "), BEFORE + b"y" * 600 + AFTER.replace(b"\n", b" ")),
        (LONG, BEFORE + bytes(range(32, 127)) * (LONGEST // 90) + AFTER),
    ],
)
def test_what_is_not_certain_is_not_said(old: bytes, new: bytes) -> None:
    assert certain(old, new) is None
    assert certain(new, old) is None


def test_a_nul_behind_what_git_looks_at_is_text() -> None:
    assert certain(LONG + b"\0\n", LONG + b"\0\n" + text("a")) == (1, 0)
    assert certain(b"\0\n" + LONG, b"\0\n" + LONG + text("a")) is None


@given(
    st.integers(0, 400),
    st.lists(
        st.sampled_from([b"\n", b"}\n", b"x\n", b"y\n", b"line 7\n", b"z" * 300 + b"\n", b"\r\n"]), max_size=9
    ),
    st.lists(
        st.sampled_from([b"\n", b"}\n", b"x\n", b"w\n", b"line 8\n", b"v" * 300 + b"\n", b"\r\n"]), max_size=9
    ),
    st.sampled_from([b"", b"end", b"\n\n"]),
    st.randoms(use_true_random=False),
)
def test_what_is_said_is_what_xdiff_counts(
    place: int, removed: list[bytes], added: list[bytes], end: bytes, rng: random.Random
) -> None:
    lines = [rng.choice([b"line %d\n" % n, b"\n", b"}\n", b"line 7\n"]) for n in range(400)]
    old = b"".join([*lines[:place], *removed, *lines[place:], end])
    new = b"".join([*lines[:place], *added, *lines[place:], end])
    said = certain(old, new)
    assert said is None or said == aligned(old, new)


def test_large_blobs_of_a_clone_are_counted_where_they_lie(tmp_path: Path) -> None:
    repo = pygit2.init_repository(tmp_path, bare=True)
    versions = [LONG * 3, LONG * 2 + text("a", "b") + LONG, LONG + text("c") + LONG * 2, LONG, b""]
    shas = [str(repo.create_blob(version)) for version in versions]
    objects = Objects(tmp_path, FOR_DIFFS)
    for old, new in zip(range(5), [*range(1, 5), 0], strict=True):
        assert objects.count_blobs(shas[old], shas[new])[:2] == aligned(versions[old], versions[new])
