"""The schedule as the real scheduler runs it, night by night."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from digest_pipeline.models import DayState
from digest_pipeline_tests.daemon import LEAVES_QUEUED, daemon_of
from digest_pipeline_tests.projects import (
    MONDAY,
    ONE,
    TUESDAY,
    TWO,
    WEDNESDAY,
    ZONE,
    Project,
    two_repositories,
)
from digest_pipeline_tests.questions import LAUNCH, keys
from digest_pipeline_tests.storing import record

if TYPE_CHECKING:
    from pathlib import Path

BOTH = frozenset({"octo__one", "octo__two", "daily"})
FINISHED = {DayState.COMPLETE, DayState.QUIET}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return two_repositories(tmp_path / "project")


def at(day: dt.date, hour: int = 2, zone: str = ZONE) -> dt.datetime:
    """A local moment, a second after the hour."""
    return dt.datetime(day.year, day.month, day.day, hour, 0, 1, tzinfo=ZoneInfo(zone))


def february(day: int) -> dt.date:
    return dt.date(2026, 2, day)


def test_five_nights_without_the_daemon_are_made_up_for_by_the_first_tick(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"state": DayState.PARTIAL, "reason": "late"}
    pending = {"state": DayState.PARTIAL, "reason": "pending"}
    project.workspace.store.replace_days(
        [
            record(MONDAY, repo=ONE),
            record(TUESDAY, repo=ONE, **late),
            record(WEDNESDAY, repo=ONE),
            record(MONDAY, repo=TWO, **pending),
            record(TUESDAY, repo=TWO),  # and Wednesday has failed
        ]
    )
    with daemon_of(project, monkeypatch) as daemon:
        assert daemon.looks_at_the_clock(at(february(19), 1)) == []
        assert daemon.looks_at_the_clock(at(february(24), 15)) == [
            ("2026-02-16", "2026-02-16", frozenset({"octo__two", "daily"})),
            ("2026-02-17", "2026-02-17", frozenset({"octo__one", "daily"})),
            ("2026-02-18", "2026-02-18", frozenset({"octo__two", "daily"})),
            ("2026-02-19", "2026-02-23", BOTH),
        ]
        for name in (ONE, TWO):
            known = project.workspace.store.days(name, MONDAY, february(23))
            assert len(known) == 8
            assert {r.state for r in known.values()} == FINISHED
        assert daemon.looks_at_the_clock(at(february(25))) == [("2026-02-24", "2026-02-24", BOTH)]


@pytest.mark.parametrize("force", [False, True])
def test_a_push_into_a_finished_day_is_found_by_one_tick_and_rendered_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    project.names = (ONE,)
    project.write_settings()
    shas = [str(commit.id) for commit in project.origin.repo.walk(project.origin.tip)][::-1]
    with daemon_of(project, monkeypatch) as daemon:
        daemon.looks_at_the_clock(at(february(19), 1))
        one = frozenset({"octo__one", "daily"})
        assert daemon.looks_at_the_clock(at(february(19))) == [("2026-02-18", "2026-02-18", one)]
        parents = [shas[-2]] if force else None
        sha = project.origin.commit(
            "2026-02-18T23:00:00+08:00", "pushed late", {"late": "1\n"}, parents=parents
        )
        assert daemon.looks_at_the_clock(at(february(20))) == [("2026-02-19", "2026-02-19", one)]
        page = project.settings.reports_dir / ONE / f"{WEDNESDAY}.md"
        assert sha[:7] not in page.read_text()
        assert daemon.looks_at_the_clock(at(february(21))) == [
            ("2026-02-18", "2026-02-18", one),
            ("2026-02-20", "2026-02-20", one),
        ]
        assert sha[:7] in page.read_text()
        assert ("pin the runner" in page.read_text()) is not force


def test_a_first_installation_digests_yesterday_and_not_the_whole_lookback(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon_of(project, monkeypatch, coordinator=LEAVES_QUEUED) as daemon:
        assert daemon.looks_at_the_clock(at(february(19), 1)) == []
        assert daemon.looks_at_the_clock(at(february(19))) == [("2026-02-18", "2026-02-18", BOTH)]


def test_what_is_queued_or_asked_for_in_the_web_interface_is_not_asked_for_twice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.workspace.store.replace_days([record(february(10), repo=name) for name in (ONE, TWO)])
    with daemon_of(project, monkeypatch, coordinator=LEAVES_QUEUED) as daemon:
        daemon.looks_at_the_clock(at(february(14), 1))
        days = ["2026-02-12", "2026-02-13"]
        daemon.ask(LAUNCH, params={"partitionNames": days, "assetSelection": keys("octo__one/reports")})
        assert daemon.looks_at_the_clock(at(february(14))) == [
            ("2026-02-11", "2026-02-11", BOTH),
            ("2026-02-12", "2026-02-13", frozenset({"octo__two", "daily"})),
        ]
        daemon.looks_at_backfills()
        assert daemon.looks_at_the_clock(at(february(15))) == [("2026-02-14", "2026-02-14", BOTH)]


@pytest.mark.parametrize("day", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_a_night_in_which_the_clocks_change_is_one_night(
    project: Project, monkeypatch: pytest.MonkeyPatch, day: dt.date
) -> None:
    berlin, one = "Europe/Berlin", dt.timedelta(days=1)
    project.file.write_text(project.file.read_text().replace(ZONE, berlin))
    asked = []
    with daemon_of(project, monkeypatch, coordinator=LEAVES_QUEUED) as daemon:
        for date in (day - one, day, day + one):
            midnight = at(date, 0, berlin).astimezone(dt.UTC)
            for minutes in range(0, 300, 30):
                moment = midnight + dt.timedelta(minutes=minutes)
                asked += [(first, last) for first, last, _ in daemon.looks_at_the_clock(moment)]
    assert asked == [(str(date), str(date)) for date in (day - 2 * one, day - one, day)]
