from __future__ import annotations

import datetime as dt

from digest_pipeline.models import DayRecord, DayState
from digest_pipeline.schedules import wanted
from digest_pipeline_tests.storing import record

YESTERDAY = dt.date(2026, 2, 18)


def day(back: int) -> dt.date:
    return YESTERDAY - dt.timedelta(days=back)


def known(states: dict[int, DayState], repo: str = "octo/one") -> dict[dt.date, DayRecord]:
    """The rows of `days` for some days before yesterday."""
    return {day(back): record(day(back), repo=repo, state=state) for back, state in states.items()}


def asks(records: dict[int, DayState], asked: set[dt.date] | None = None, lookback: int = 14) -> list[int]:
    """How many days before yesterday each asked day is."""
    days = wanted(
        {"octo/one": known(records)},
        {"octo/one": asked or set()},
        yesterday=YESTERDAY,
        lookback_days=lookback,
    )
    return [(YESTERDAY - d).days for d in days]


COMPLETE, QUIET, PARTIAL, OPEN = DayState.COMPLETE, DayState.QUIET, DayState.PARTIAL, DayState.OPEN


def test_a_first_installation_is_asked_for_yesterday_only() -> None:
    assert asks({}) == [0]


def test_days_that_passed_while_the_daemon_was_down_are_asked_for() -> None:
    assert asks({5: COMPLETE, 6: COMPLETE, 7: QUIET}) == [4, 3, 2, 1, 0]


def test_a_failed_a_late_and_a_pending_day_are_asked_for_and_no_other() -> None:
    states = {7: COMPLETE, 6: COMPLETE, 5: PARTIAL, 4: COMPLETE, 2: PARTIAL, 1: QUIET, 0: COMPLETE}
    assert asks(states) == [5, 3, 2, 0]


def test_a_day_that_was_open_when_it_was_rendered_is_asked_for() -> None:
    assert asks({2: COMPLETE, 1: OPEN}) == [1, 0]


def test_yesterday_is_asked_for_although_it_is_complete() -> None:
    assert asks({1: COMPLETE, 0: COMPLETE}) == [0]


def test_the_lookback_ends_the_healing() -> None:
    assert asks({30: COMPLETE}, lookback=3) == [2, 1, 0]


def test_what_is_queued_or_running_is_not_asked_for_twice() -> None:
    assert asks({5: COMPLETE}, asked={day(0), day(3)}) == [4, 2, 1]


def test_each_repository_is_asked_for_its_own_days() -> None:
    records = {"octo/one": known({2: COMPLETE, 1: PARTIAL}), "octo/two": {}}
    days = wanted(records, {}, yesterday=YESTERDAY, lookback_days=14)
    assert days == {day(1): ["octo/one"], day(0): ["octo/one", "octo/two"]}
