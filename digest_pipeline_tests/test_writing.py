"""Pages of real days as files: what a page learns from later days, and the page across repositories."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from digest_pipeline import writing
from digest_pipeline.checks import dangling
from digest_pipeline.judging import store_analyses
from digest_pipeline.models import DayState
from digest_pipeline.page.briefs import brief_in
from digest_pipeline.writing import write_daily, write_reports
from digest_pipeline_tests.projects import MONDAY, THURSDAY_NOON, TUESDAY, WEDNESDAY, Project, windows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

DAYS = (MONDAY, TUESDAY, WEDNESDAY)
ADDED = {"src/a.py": "def add(one, two):\n    return one + two\n"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two changes on Monday; one is reverted on Tuesday and back on Wednesday, the other is mended then."""
    made = Project(tmp_path / "project")
    commit = made.origin.commit
    commit("2026-02-16T09:00:00+08:00", "feat: add numbers (#1)", ADDED)
    commit("2026-02-16T10:00:00+08:00", "feat: add words (#2)", {"src/b.py": "def join(words):\n    pass\n"})
    commit("2026-02-17T09:00:00+08:00", 'Revert "feat: add numbers (#1)" (#3)', {"src/a.py": None})
    commit("2026-02-18T09:00:00+08:00", 'Reland "feat: add numbers (#1)" (#4)', ADDED)
    commit(
        "2026-02-18T10:00:00+08:00",
        "fix: join words with blanks (#5)\n\nFixes a regression introduced in #2.",
        {"src/b.py": "def join(words):\n    return ' '.join(words)\n"},
    )
    made.fetch()
    made.store(*DAYS)
    return made


def analyse(project: Project, *days: dt.date) -> None:
    store_analyses(project.workspace, project.repository, windows(*days), force=False, now=THURSDAY_NOON)


def digest(project: Project, *days: dt.date) -> None:
    analyse(project, *days)
    done, failed = write_reports(project.workspace, project.repository, windows(*days), now=THURSDAY_NOON)
    assert (set(done), failed) == (set(days), {})


def page(project: Project, day: dt.date) -> Path:
    return project.settings.reports_dir / "octo" / "one" / f"{day}.md"


def test_a_page_learns_what_later_days_do_to_its_commits(project: Project) -> None:
    digest(project, MONDAY)
    first = page(project, MONDAY).read_text("utf-8")
    assert "⟲" not in first
    digest(project, TUESDAY)
    assert "⟲ reverted by [#3](2026-02-17.md#c-" in page(project, MONDAY).read_text("utf-8")
    digest(project, WEDNESDAY)
    made = page(project, MONDAY).read_text("utf-8")
    assert "⟳ relanded by [#4](2026-02-18.md#c-" in made
    assert "↪ followed up by [#5](2026-02-18.md#c-" in made
    assert "net effect: the change is in effect" in made
    assert "⟳ relanded by [#4](2026-02-18.md#c-" in page(project, TUESDAY).read_text("utf-8")
    last = page(project, WEDNESDAY).read_text("utf-8")
    assert "⟳ relands [#1](2026-02-16.md#c-" in last
    assert "↪ follows up [#2](2026-02-16.md#c-" in last


@pytest.mark.parametrize("order", [DAYS, DAYS[::-1]])
def test_days_one_by_one_and_all_at_once_make_the_same_pages(
    project: Project, monkeypatch: pytest.MonkeyPatch, order: Sequence[dt.date]
) -> None:
    for day in order:
        digest(project, day)
    one_by_one = {day: page(project, day).read_bytes() for day in DAYS}
    for days_of_a_batch in (writing.BATCH, 1):
        monkeypatch.setattr(writing, "BATCH", days_of_a_batch)
        for day in DAYS:
            page(project, day).unlink()
        digest(project, *DAYS)
        assert {day: page(project, day).read_bytes() for day in DAYS} == one_by_one


@pytest.mark.parametrize("order", [DAYS[::-1], (TUESDAY, WEDNESDAY, MONDAY)])
def test_days_that_are_stored_later_are_linked_with_what_names_them(
    project: Project, tmp_path: Path, order: Sequence[dt.date]
) -> None:
    digest(project, *DAYS)
    at_once = {day: page(project, day).read_bytes() for day in DAYS}
    new = Project(tmp_path / "new")
    new.origin.repo.remotes.create("other", str(project.origin.path))
    new.origin.repo.remotes["other"].fetch(["+refs/heads/main:refs/heads/main"])
    new.fetch()
    for day in order:
        new.store(day)
        digest(new, day)
        assert dangling([page(new, one) for one in DAYS if page(new, one).exists()]) == []
    assert {day: page(new, day).read_bytes() for day in DAYS} == at_once


def test_no_page_links_to_a_day_that_fails_in_the_same_run(project: Project) -> None:
    digest(project, *DAYS)
    made = {day: page(project, day).read_bytes() for day in DAYS}
    shutil.rmtree(project.settings.reports_dir)
    project.settings.warehouse_path.unlink()
    project.store(*DAYS)
    analyse(project, *DAYS)
    page(project, TUESDAY).mkdir(parents=True)
    for days in ((MONDAY, TUESDAY, WEDNESDAY), (TUESDAY, WEDNESDAY)):
        done, failed = write_reports(project.workspace, project.repository, windows(*days), now=THURSDAY_NOON)
        assert (set(done), set(failed)) == (set(days) - {TUESDAY}, {TUESDAY})
        assert "2026-02-17.md" not in page(project, MONDAY).read_text("utf-8")
        assert "2026-02-17.md" not in done[WEDNESDAY].page
        assert dangling([page(project, MONDAY), page(project, WEDNESDAY)]) == []
    page(project, TUESDAY).rmdir()
    digest(project, TUESDAY)
    assert {day: page(project, day).read_bytes() for day in DAYS} == made


def test_a_page_forgets_what_a_rewritten_history_has_no_more(project: Project) -> None:
    digest(project, *DAYS)
    assert "2026-02-18.md" in page(project, TUESDAY).read_text("utf-8")
    kept = project.workspace.store.stored_shas("octo/one", TUESDAY, TUESDAY)
    project.origin.commit("2026-02-18T12:00:00+08:00", "docs: explain", {"a.md": "A"}, parents=kept)
    project.fetch(THURSDAY_NOON + 60)
    project.store(WEDNESDAY)
    digest(project, WEDNESDAY)
    assert "2026-02-18.md" not in page(project, MONDAY).read_text("utf-8")
    assert "2026-02-18.md" not in page(project, TUESDAY).read_text("utf-8")
    assert dangling([page(project, day) for day in DAYS]) == []


def test_a_day_that_waits_for_its_next_run_is_left_to_it(project: Project) -> None:
    digest(project, MONDAY)
    before = page(project, MONDAY).read_bytes()
    project.workspace.store.mark_days("octo/one", [MONDAY], "late")
    digest(project, TUESDAY)
    assert page(project, MONDAY).read_bytes() == before
    assert project.workspace.store.days("octo/one", MONDAY, MONDAY)[MONDAY].state is DayState.PARTIAL


def daily(project: Project) -> dict[dt.date, str]:
    made = write_daily(project.workspace, windows(*DAYS), now=THURSDAY_NOON)
    return {day: across.page for day, across in made.items()}


def test_the_page_across_repositories_says_what_the_pages_say(project: Project) -> None:
    digest(project, *DAYS)
    from_files = daily(project)
    data = page(project, WEDNESDAY).with_suffix(".json")
    assert brief_in(data, "en") is not None
    assert brief_in(data, "zh") is None
    for broken in ("", "[]", "{}", '{"schema_version": 1}'):
        data.write_text(broken)
        assert brief_in(data, "en") is None
    for day in DAYS:
        page(project, day).with_suffix(".json").unlink()
    assert daily(project) == from_files, "what is not there is taken from the database"


def test_the_page_across_repositories_knows_that_a_day_is_late(project: Project) -> None:
    digest(project, *DAYS)
    project.workspace.store.mark_days("octo/one", [MONDAY], "late")
    assert "⚠️ partial" in daily(project)[MONDAY]
