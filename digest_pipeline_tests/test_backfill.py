"""A range asked for in the web interface, as the real backfill daemon runs it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from pygit2.enums import SortMode

from digest_pipeline import daily
from digest_pipeline.models import TerminalCloneError
from digest_pipeline.operations.recording import planned
from digest_pipeline_tests.daemon import Daemon, asked_of, daemon_of
from digest_pipeline_tests.projects import MONDAY, ONE, TUESDAY, TWO, WEDNESDAY, Project, two_repositories
from digest_pipeline_tests.questions import LAUNCH, RETRY, STATUS, keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATIONS = ("clones", "commits", "analyses", "reports")
DAYS = [str(MONDAY), str(TUESDAY), str(WEDNESDAY)]


def chain(group: str) -> list[str]:
    return [f"{group}/{station}" for station in STATIONS]


MISSING = "nothing\N{NO-BREAK SPACE}known"
EVERYTHING = [*chain("octo__one"), *chain("octo__two"), "daily"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return two_repositories(tmp_path / "project")


def finish(daemon: Daemon, launched: dict[str, str]) -> str:
    """Let the daemon look until a backfill is over; its status."""
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    for _ in range(4):
        daemon.looks_at_backfills()
        status = daemon.ask(STATUS, id=launched["backfillId"])["partitionBackfillOrError"]["status"]
        if status != "REQUESTED":
            return status
    raise AssertionError("the backfill does not end")


def launch(daemon: Daemon, *paths: str) -> dict[str, str]:
    params = {"partitionNames": DAYS, "assetSelection": keys(*paths)}
    return daemon.ask(LAUNCH, params=params)["launchPartitionBackfill"]


def test_a_broken_repository_leaves_the_others_whole_and_the_retry_redoes_only_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, away = project.origins[TWO].path, project.folder / "away"
    broken.rename(away)
    page = project.settings.reports_dir / "daily" / f"{MONDAY}.md"
    with daemon_of(project, monkeypatch) as daemon:
        launched = launch(daemon, *EVERYTHING)
        assert finish(daemon, launched) == "COMPLETED_FAILED"
        assert daemon.instance.get_runs_count() == 1
        for path in (*chain("octo__one"), "daily"):
            assert daemon.days_of(*path.split("/")) == set(DAYS)
        for path in chain("octo__two"):
            assert daemon.days_of(*path.split("/")) == set()
        assert MISSING in page.read_text()

        away.rename(broken)
        params = {"parentRunId": launched["backfillId"], "strategy": "FROM_FAILURE"}
        assert finish(daemon, daemon.ask(RETRY, params=params)["reexecutePartitionBackfill"]) == (
            "COMPLETED_SUCCESS"
        )
        newest, _first = daemon.instance.get_runs()
        assert daemon.steps_of(newest) == {path.replace("/", "__") for path in chain("octo__two")}
        assert daemon.days_of("octo__two", "reports") == set(DAYS)
        assert MISSING not in page.read_text()


def test_a_repository_that_was_added_is_backfilled_alone_and_joins_the_pages_of_its_days(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.names = (ONE,)
    project.write_settings()
    page = project.settings.reports_dir / "daily" / f"{WEDNESDAY}.md"
    with daemon_of(project, monkeypatch) as daemon:
        assert finish(daemon, launch(daemon, *chain("octo__one"), "daily")) == "COMPLETED_SUCCESS"
        assert TWO not in page.read_text()
    untouched = (project.settings.reports_dir / ONE / f"{WEDNESDAY}.md").stat().st_mtime_ns
    project.names = (ONE, TWO)
    project.write_settings()
    with daemon_of(project, monkeypatch) as daemon:
        assert finish(daemon, launch(daemon, *chain("octo__two"))) == "COMPLETED_SUCCESS"
        newest, _first = daemon.instance.get_runs()
        assert daemon.steps_of(newest) == {path.replace("/", "__") for path in chain("octo__two")}
        assert daemon.days_of("daily") == set(DAYS)
    assert TWO in page.read_text()
    assert (project.settings.reports_dir / ONE / f"{WEDNESDAY}.md").stat().st_mtime_ns == untouched


def test_the_pages_are_right_although_daily_ran_before_a_chain_that_had_to_wait(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "LAST", "1")
    page = project.settings.reports_dir / "daily" / f"{MONDAY}.md"
    with daemon_of(project, monkeypatch) as daemon:
        assert finish(daemon, launch(daemon, *EVERYTHING)) == "COMPLETED_SUCCESS"
    assert MISSING not in page.read_text()


@pytest.mark.parametrize(
    ("door", "station"),
    [
        ("digest_pipeline.stations.read_commits", "commits"),
        ("digest_pipeline.judging.judge_day", "analyses"),
        ("digest_pipeline.writing.page_files", "reports"),
    ],
)
def test_one_day_that_fails_leaves_the_others_of_the_range_done_to_the_end(
    project: Project, monkeypatch: pytest.MonkeyPatch, door: str, station: str
) -> None:
    later = STATIONS[STATIONS.index(station) :]
    first = next(iter(project.origin.repo.walk(project.origin.tip, SortMode.TIME | SortMode.REVERSE)))
    marks = {"commits": str(first.id), "analyses": str(first.id), "reports": f"day={MONDAY!r}, language"}
    with daemon_of(project, monkeypatch) as daemon:
        with monkeypatch.context() as patch:
            patch.setattr(door, failing_on(marks[station], door))
            launched = launch(daemon, *chain("octo__one"))
            assert finish(daemon, launched) == "COMPLETED_FAILED"
        for path in chain("octo__one"):
            missing = {str(MONDAY)} if path.partition("/")[2] in later else set()
            assert set(DAYS) - daemon.days_of(*path.split("/")) == missing
        assert daemon.days_of("daily") == {str(TUESDAY), str(WEDNESDAY)}
        params = {"parentRunId": launched["backfillId"], "strategy": "FROM_FAILURE"}
        retried = daemon.ask(RETRY, params=params)["reexecutePartitionBackfill"]
        assert finish(daemon, retried) == "COMPLETED_SUCCESS"
        newest = daemon.instance.get_runs()[0]
        assert daemon.steps_of(newest) == {f"octo__one__{s}" for s in later}
        assert asked_of(newest)[:2] == (str(MONDAY), str(MONDAY))
        assert daemon.days_of("octo__one", "reports") == set(DAYS)


def failing_on(mark: str, door: str) -> Callable[..., object]:
    """What is behind a door, but where this text is in what it is given: there it fails."""
    module, _, name = door.rpartition(".")
    work = getattr(importlib.import_module(module), name)

    def fail_or_work(*values: object, **named: object) -> object:
        if mark in repr(values):
            raise TerminalCloneError("cannot be digested")
        return work(*values, **named)

    return fail_or_work


@pytest.mark.parametrize(
    ("selection", "steps", "made"),
    [
        (None, None, True),
        ({daily.DAILY}, None, True),
        ({daily.PAGES}, None, False),
        (None, ["octo__one__reports"], False),
        (None, ["octo__one__reports", "daily"], True),
        ({daily.DAILY}, ["octo__one__reports"], False),
    ],
)
def test_a_run_is_for_the_assets_and_steps_that_were_selected(
    selection: set[dg.AssetKey] | None, steps: list[str] | None, *, made: bool
) -> None:
    run = dg.DagsterRun(job_name="digest", asset_selection=selection, step_keys_to_execute=steps)
    assert planned(run, daily.DAILY) is made
