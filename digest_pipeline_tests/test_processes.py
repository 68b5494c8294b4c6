from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.processes import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence


def double(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def refuse_three(numbers: Sequence[int]) -> list[int]:
    if 3 in numbers:
        raise ValueError("three")
    return list(numbers)


def test_results_come_in_the_order_of_the_slices() -> None:
    slices = [range(start, start + 3) for start in range(0, 30, 3)]
    assert list(in_order(double, slices, 2)) == [2 * number for number in range(30)]


def test_a_slice_that_fails_ends_the_work_with_its_error() -> None:
    with pytest.raises(ValueError, match="three"):
        list(in_order(refuse_three, [[1], [2], [3], [4]], 2))


def test_who_stops_early_leaves_no_process_behind() -> None:
    before = multiprocessing.active_children()
    results = in_order(double, [[number] for number in range(50)], 2)
    assert next(results) == 0
    results.close()
    assert multiprocessing.active_children() == before
