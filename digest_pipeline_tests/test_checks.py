"""The checks: what is wrong, from plain values, and how hard it is taken."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from digest_pipeline.checks import (
    dangling,
    differing,
    missing_days,
    of_analyses,
    repeated,
    unresolved_links,
)
from digest_pipeline.judging import Analysed

if TYPE_CHECKING:
    from pathlib import Path

KEY = dg.AssetKey(["octo__one", "analyses"])
WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(
    ("pending", "stopped", "outcome"),
    [
        (0, None, (True, WARN)),
        (5, None, (True, WARN)),
        (6, None, (False, WARN)),
        (0, "no_key", (False, ERROR)),
    ],
)
def test_more_than_five_in_a_hundred_pending_warns_and_a_fatal_cause_fails(
    pending: int, stopped: str | None, outcome: tuple[bool, dg.AssetCheckSeverity]
) -> None:
    (result,) = of_analyses(KEY, Analysed({}, {}, 100, pending, stopped, {}))
    assert (result.passed, result.severity) == outcome


def test_days_without_commits_are_analysed() -> None:
    (result,) = of_analyses(KEY, Analysed({}, {}, 0, 0, None, {}))
    assert result.passed


def test_commits_differ_in_both_directions() -> None:
    assert differing(["a", "b"], ["b", "c"]) == ["a is not stored", "c did not land on these days"]
    assert differing(["a", "b"], ["b", "a"]) == []


def test_a_commit_that_is_stored_twice_is_named_once() -> None:
    assert repeated(["a", "b", "a"]) == ["a is stored 2 times"]


def test_links_to_anchors_and_files_must_lead_somewhere() -> None:
    page = '<a id="here"></a>[a](#here) [b](#gone) [c](there.md#x) [d](lost.md) [e](https://example.org)'
    wrong = unresolved_links(f"{page} [f](there.md#y) [g](there.md)", {"there.md": ["x"], "lost.md": None})
    assert wrong == ["#gone is nowhere", "lost.md does not exist", "there.md#y is nowhere"]
    assert unresolved_links('<a id="x"></a><a id="x"></a>') == ["#x stands 2 times"]


def test_the_pages_that_a_page_names_are_judged_with_it(tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text("[a](old.md#x) [b](new.json) [c](lost.svg)")
    (tmp_path / "new.json").write_text("[d](nowhere.md)")
    (tmp_path / "old.md").write_text('<a id="x"></a>[e](new.md#y)')
    (tmp_path / "far.md").write_text("[f](nowhere.md)")
    assert dangling([tmp_path / "new.md"], alone=True) == ["new.md: lost.svg does not exist"]
    assert dangling([tmp_path / "new.md"]) == [
        "new.md: lost.svg does not exist",
        "old.md: new.md#y is nowhere",
    ]


def test_a_day_is_missing_only_after_the_first_one_that_is_known() -> None:
    days = [dt.date(2026, 2, day) for day in (1, 2, 3)]
    assert missing_days([days[1]], days) == ["2026-02-03 is missing"]
    assert missing_days([], days) == []
