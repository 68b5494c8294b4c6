from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git.ends import Span, Stretch, between_ends, next_stretch, shared_end, shared_start

BYTES = st.binary(max_size=40)
SIZES = st.integers(0, 9_000)


def common(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


@given(SIZES, BYTES, BYTES, BYTES, BYTES)
def test_what_is_shared_from_two_places_on_is_counted_to_the_byte(
    size: int, before: bytes, other_before: bytes, old: bytes, new: bytes
) -> None:
    one, other = (before + b"s" * size + old), (other_before + b"s" * size + new)
    at, new_at = len(before), len(other_before)
    most = min(len(one) - at, len(other) - new_at)
    expected = common(one[at:], other[new_at:])
    assert shared_start(one, at, other, new_at, most) == expected
    assert shared_start(one, at, other, new_at, most // 2) == min(expected, most // 2)


@given(SIZES, BYTES, BYTES, BYTES, BYTES)
def test_what_is_shared_up_to_two_places_is_counted_to_the_byte(
    size: int, behind: bytes, other_behind: bytes, old: bytes, new: bytes
) -> None:
    one, other = (old + b"s" * size + behind), (new + b"s" * size + other_behind)
    end, new_end = len(one) - len(behind), len(other) - len(other_behind)
    most = min(end, new_end)
    expected = common(one[:end][::-1], other[:new_end][::-1])
    assert shared_end(one, end, other, new_end, most) == expected
    assert shared_end(one, end, other, new_end, most // 2) == min(expected, most // 2)


@given(SIZES, SIZES, BYTES, BYTES)
def test_what_is_between_the_ends_is_told_to_the_byte(size: int, behind: int, old: bytes, new: bytes) -> None:
    one, other = (b"s" * size + middle + b"t" * behind for middle in (old, new))
    start = common(one, other)
    end = common(one[start:][::-1], other[start:][::-1])
    assert between_ends(one, other) == Span(start, len(one) - end, start, len(other) - end)


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"%07d\n" % number for number in range(first, last))


def test_the_next_stretch_begins_behind_what_one_side_has_more() -> None:
    same = numbered(0, 1_000)
    for more in (b"", b"a\n", numbered(5_000, 5_100), numbered(5_000, 5_900)):
        old, new = b"old\n" + same, b"new\n" + more + same
        expected = Stretch(3, 3 + len(more), len(same) + 1) if len(more) < 7_000 else None
        assert next_stretch(old, new, Span(0, len(old), 0, len(new))) == expected
        swapped = expected and Stretch(expected.new, expected.old, expected.length)
        assert next_stretch(new, old, Span(0, len(new), 0, len(old))) == swapped


def test_no_stretch_is_found_where_the_same_bytes_stand_twice_or_are_few() -> None:
    old, new = b"old\n" + b"same\n" * 2_000, b"new\n" + b"same\n" * 2_000
    assert next_stretch(old, new, Span(0, len(old), 0, len(new))) is None
    short = numbered(0, 100)
    old, new = b"old\n" + short + numbered(200, 900), b"new\n" + short + numbered(1_200, 1_900)
    assert next_stretch(old, new, Span(0, len(old), 0, len(new))) is None
