"""The whole path through Dagster: what a person sees after `digest run`, a backfill, a bad night."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from digest_pipeline.models import DayState
from digest_pipeline.operations.launch import Outcome, materialize, open_instance
from digest_pipeline_tests.projects import MONDAY, ONE, TUESDAY, TWO, WEDNESDAY, Project, two_repositories

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return two_repositories(tmp_path / "project")


def digest(project: Project, first: dt.date = MONDAY, last: dt.date = WEDNESDAY) -> Outcome:
    settings = project.settings
    return materialize(settings, settings.repository_values(), first, last)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file below a folder with its time of change and its content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def states(project: Project, repo: str) -> list[DayState]:
    days = project.workspace.store.days(repo, MONDAY, WEDNESDAY)
    return [days[day].state for day in sorted(days)]


def materialized(project: Project, *path: str) -> set[str]:
    with open_instance(project.settings) as instance:
        return instance.get_materialized_partitions(dg.AssetKey(list(path)))


def test_a_run_that_ends_before_its_first_step_is_a_failure_with_its_cause(project: Project) -> None:
    home = project.settings.pipeline_dir / "dagster"
    home.mkdir(parents=True)
    (home / "alive").write_text("a file where runs keep their locks")
    (failure,) = digest(project).failures
    assert failure.startswith("the run ended before its first step: ")
    assert "alive" in failure


def test_a_range_of_two_repositories_is_one_run_and_every_day_has_its_page(project: Project) -> None:
    assert digest(project).failures == ()
    reports = project.settings.reports_dir
    for name in (ONE, TWO):
        assert states(project, name) == [DayState.COMPLETE, DayState.QUIET, DayState.COMPLETE]
        for day in (MONDAY, TUESDAY, WEDNESDAY):
            page = (reports / name / f"{day}.md").read_text()
            assert page.startswith("# ")
            assert json.loads((reports / name / f"{day}.json").read_text())["day"] == str(day)
    assert ONE in (reports / "daily" / f"{MONDAY}.md").read_text()
    assert str(MONDAY) in (reports / "README.md").read_text()
    assert materialized(project, "octo__one", "reports") == {str(d) for d in (MONDAY, TUESDAY, WEDNESDAY)}
    with open_instance(project.settings) as instance:
        assert instance.get_runs_count() == 1


def test_the_published_copy_has_what_people_ask_for(project: Project) -> None:
    digest(project)
    columns, rows = project.workspace.store.query(
        "SELECT repo, day, state, commits FROM days WHERE commits > 0 ORDER BY repo, day"
    )
    assert columns == ["repo", "day", "state", "commits"]
    assert rows == [
        (ONE, MONDAY, "complete", 2),
        (ONE, WEDNESDAY, "complete", 3),
        (TWO, MONDAY, "complete", 2),
        (TWO, WEDNESDAY, "complete", 3),
    ]
    _, missing = project.workspace.store.query("SELECT sha FROM commits WHERE importance IS NULL")
    assert missing == []


def test_running_twice_is_running_once(project: Project) -> None:
    digest(project)
    before = tree(project.settings.reports_dir)
    digest(project)
    assert tree(project.settings.reports_dir) == before


def test_a_revert_is_linked_to_what_it_takes_back(project: Project) -> None:
    digest(project)
    _, rows = project.workspace.store.query(
        "SELECT o.subject FROM commits r JOIN commits o ON o.sha = r.reverts AND o.repo = r.repo GROUP BY ALL"
    )
    assert rows == [("feat: add a parser (#1)",)]


def test_a_broken_repository_takes_only_its_own_chain_down(project: Project) -> None:
    shutil.rmtree(project.origins[TWO].path)
    outcome = digest(project)
    assert len(outcome.failures) == 1
    assert outcome.failures[0].startswith(TWO)
    assert states(project, ONE) == [DayState.COMPLETE, DayState.QUIET, DayState.COMPLETE]
    assert states(project, TWO) == []
    assert materialized(project, "octo__two", "clones") == set()
    assert TWO in (project.settings.reports_dir / "daily" / f"{MONDAY}.md").read_text()


def test_a_repository_that_breaks_later_keeps_its_days(project: Project) -> None:
    digest(project)
    before = tree(project.settings.reports_dir / TWO)
    shutil.rmtree(project.origins[TWO].path)
    assert digest(project).failures
    assert tree(project.settings.reports_dir / TWO) == before
    assert states(project, TWO) == [DayState.COMPLETE, DayState.QUIET, DayState.COMPLETE]
