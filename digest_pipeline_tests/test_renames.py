from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git import renames
from digest_pipeline.git.renames import Side, chunks_of, pair, shared_at_ends


def side(path: str, blob: str, mode: int = 0o100644) -> Side:
    return Side(path.encode(), mode, blob)


def lines(name: str, count: int = 30) -> bytes:
    return b"".join(f"{name} {n}\n".encode() for n in range(count))


BLOBS = {
    "a": lines("a"),
    "a+": lines("a") + b"more\n",
    "a-": lines("a", 25) + lines("z", 5),
    "a/2": lines("a", 16) + lines("z", 14),
    "b": lines("b"),
    "b+": lines("b") + b"more\n",
}


def test_the_same_content_pairs_whatever_the_names() -> None:
    assert pair([side("x", "a"), side("y", "b")], [side("z", "b")], BLOBS.get) == {0: 1}


def test_a_name_that_is_unique_pairs_before_a_better_match() -> None:
    removed = [side("m/name", "a-"), side("m/other", "a")]
    assert pair(removed, [side("n/name", "a+")], BLOBS.get) == {0: 0}


def test_a_name_that_is_unique_needs_three_quarters() -> None:
    removed = [side("m/name", "a/2"), side("m/other", "a")]
    assert pair(removed, [side("n/name", "a+")], BLOBS.get) == {0: 1}


@pytest.mark.parametrize("flipped", [False, True])
def test_the_best_pairs_are_joined_first(flipped: bool) -> None:  # noqa: FBT001 - a parameter of the test
    removed = [side("m/1", "a-"), side("m/2", "a"), side("m/3", "b")]
    added = [side("n/4", "b+"), side("n/5", "a+")]
    expected = {0: 2, 1: 1}
    if flipped:
        removed, added, expected = added, removed, {1: 1, 2: 0}
    assert pair(removed, added, BLOBS.get) == expected


def test_links_and_submodules_pair_by_content_and_mode_only() -> None:
    removed = [side("l", "a", 0o120000), side("s", "x", 0o160000)]
    added = [
        side("file", "a"),
        side("link", "a", 0o120000),
        side("t", "x", 0o160000),
        side("l2", "a+", 0o120000),
    ]
    assert pair(removed, added, BLOBS.get) == {1: 0, 2: 1}


def test_missing_contents_pair_with_nothing() -> None:
    assert pair([side("m/a", "gone")], [side("n/a", "lost"), side("n/b", "a")], BLOBS.get) == {}


def test_too_many_pairs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "LIMIT", 1)
    assert pair([side("1", "a"), side("2", "b")], [side("3", "a+")], BLOBS.get) == {}


@given(st.binary(max_size=400))
def test_chunks_cover_each_byte_once(data: bytes) -> None:
    text = data if b"\0" in data else data.replace(b"\r\n", b"\n")
    counted = chunks_of(data)
    assert sum(len(chunk) * times for chunk, times in counted.items()) == len(text)
    assert all(len(chunk) <= 64 and b"\n" not in chunk[:-1] for chunk in counted)


def test_of_many_alike_the_four_best_are_remembered_and_the_name_decides_a_tie() -> None:
    blobs = {f"r{n}": lines("a", 20 + n) for n in range(8)} | {"new": lines("a", 40), "other": lines("z")}
    removed = [side(f"old/{n}", f"r{n}") for n in range(8)] + [side("far/z", "other")]
    assert pair(removed, [side("new/3", "new")], blobs.get) == {0: 7}
    same = [side(f"old/{n}", "r5") for n in range(8)]
    assert pair(same, [side("x/6", "new"), side("y/2", "new")], blobs.get) == {0: 6, 1: 2}


@given(
    st.lists(st.sampled_from(sorted(BLOBS)), max_size=6), st.lists(st.sampled_from(sorted(BLOBS)), max_size=6)
)
def test_each_file_is_in_one_pair_at_most(old: list[str], new: list[str]) -> None:
    removed = [side(f"old/{n}", blob) for n, blob in enumerate(old)]
    added = [side(f"new/{n}", blob) for n, blob in enumerate(new)]
    pairs = pair(removed, added, BLOBS.get)
    assert len(set(pairs.values())) == len(pairs)
    assert set(pairs) <= set(range(len(added)))
    assert set(pairs.values()) <= set(range(len(removed)))


PARTS = [b"\n", b"a\n", b"b" * 63 + b"\n", b"c" * 200, b"d\n" * 40, b"\r\n"]
TEXT = st.lists(st.sampled_from(PARTS), max_size=6)


@pytest.mark.parametrize("counts_tail", [True, False])
@given(TEXT, TEXT, TEXT, TEXT)
def test_what_the_ends_share_is_never_more_than_what_the_files_share(
    counts_tail: bool,  # noqa: FBT001 - a parameter of the test
    start: list[bytes],
    old: list[bytes],
    new: list[bytes],
    end: list[bytes],
) -> None:
    before, after = (b"".join([*start, *middle, *end]) for middle in (old, new))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renames, "COUNTS_TAIL", counts_tail)
        shared = chunks_of(before) & chunks_of(after)
    assert shared_at_ends(before, after) <= sum(len(chunk) * times for chunk, times in shared.items())


def test_the_ends_of_nearly_the_same_file_share_nearly_all_of_it() -> None:
    old = lines("a", 1_000)
    new = old.replace(b"a 500\n", b"new\n")
    assert len(old) - 100 < shared_at_ends(old, new) < len(old)
