from __future__ import annotations

import dataclasses
import datetime as dt
import random
import shutil
from typing import TYPE_CHECKING

import pygit2
import pytest

from digest_pipeline.clones import Clone
from digest_pipeline.models import CloneError, DayRecord, DayState, TerminalCloneError
from digest_pipeline.stations import (
    clone_on_disk,
    clone_repository,
    store_commits,
    store_each_day,
    update_index,
)
from digest_pipeline_tests.gitrepo import GitRepo
from digest_pipeline_tests.projects import (
    MONDAY,
    THURSDAY_NOON,
    TUESDAY,
    WEDNESDAY,
    Project,
    three_days,
    windows,
)
from digest_pipeline_tests.storing import record

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.models import Landing


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def finished(day: dt.date) -> DayRecord:
    """What station 4 records of a day that is over."""
    return record(day, repo="octo/one")


def branch_off(repo: GitRepo, when: str, base: str) -> str:
    """One commit on a branch of its own."""
    return repo.commit(when, "work", {"b": "1\n"}, branch="side", parents=[base])


def test_a_range_is_stored_on_the_days_of_the_zone(project: Project) -> None:
    shas = three_days(project.origin)
    project.fetch()
    assert project.store(MONDAY, TUESDAY, WEDNESDAY) == {MONDAY: 2, TUESDAY: 0, WEDNESDAY: 3}
    stored = project.workspace.store.commits("octo/one", MONDAY, WEDNESDAY)
    assert [c.sha for c in stored] == shas
    assert [c.pr_number for c in stored] == [1, None, 2, 3, None]
    assert [f.path for f in stored[4].files] == [".github/workflows/ci.yml"]


def test_a_branch_that_lands_late_is_of_the_day_of_its_merge(project: Project) -> None:
    base = project.origin.commit("2026-02-16T09:00:00+08:00", "start", {"a": "1\n"})
    side = project.origin.commit(
        "2026-02-16T10:00:00+08:00", "work", {"b": "1\n"}, branch="side", parents=[base]
    )
    project.origin.merge("2026-02-18T10:00:00+08:00", side, files={"b": "1\n"})
    project.fetch()
    assert project.store(MONDAY, TUESDAY, WEDNESDAY) == {MONDAY: 1, TUESDAY: 0, WEDNESDAY: 2}


def test_days_can_be_counted_by_committer_date_instead(project: Project) -> None:
    project.file.write_text('day_by = "committed"\n' + project.file.read_text())
    base = project.origin.commit("2026-02-16T09:00:00+08:00", "start", {"a": "1\n"})
    side = project.origin.commit(
        "2026-02-17T10:00:00+08:00", "work", {"b": "1\n"}, branch="side", parents=[base]
    )
    project.origin.merge("2026-02-18T10:00:00+08:00", side, files={"b": "1\n"})
    project.fetch()
    assert project.store(MONDAY, TUESDAY, WEDNESDAY) == {MONDAY: 1, TUESDAY: 1, WEDNESDAY: 1}


def test_storing_twice_is_storing_once(project: Project) -> None:
    three_days(project.origin)
    project.fetch()
    project.store(MONDAY, TUESDAY, WEDNESDAY)
    before = project.workspace.store.commits("octo/one", MONDAY, WEDNESDAY)
    project.store(WEDNESDAY)
    assert project.workspace.store.commits("octo/one", MONDAY, WEDNESDAY) == before


def test_a_late_push_marks_the_finished_day(project: Project) -> None:
    three_days(project.origin)
    project.fetch()
    project.store(MONDAY, TUESDAY, WEDNESDAY)
    store = project.workspace.store
    store.replace_days(map(finished, (MONDAY, TUESDAY, WEDNESDAY)))
    project.origin.commit("2026-02-18T23:00:00+08:00", "pushed on Thursday", {"late": "1\n"})
    project.fetch(THURSDAY_NOON + 60)
    late = update_index(
        project.workspace, project.repository, clone_on_disk(project.workspace, project.repository)
    )
    assert late == [WEDNESDAY]
    assert store.days("octo/one", MONDAY, WEDNESDAY)[WEDNESDAY].reason == "late"
    assert project.store(WEDNESDAY) == {WEDNESDAY: 4}


def test_rewritten_history_marks_the_days_that_lost_commits(project: Project) -> None:
    shas = three_days(project.origin)
    project.fetch()
    project.store(MONDAY, TUESDAY, WEDNESDAY)
    store = project.workspace.store
    store.replace_days(map(finished, (MONDAY, TUESDAY, WEDNESDAY)))
    project.origin.commit("2026-02-17T12:00:00+08:00", "instead", {"x": "1\n"}, parents=[shas[1]])
    project.fetch(THURSDAY_NOON + 60)
    assert project.store(TUESDAY) == {TUESDAY: 1}
    states = {d: r.state for d, r in store.days("octo/one", MONDAY, WEDNESDAY).items()}
    assert states == {MONDAY: DayState.COMPLETE, TUESDAY: DayState.PARTIAL, WEDNESDAY: DayState.PARTIAL}
    assert project.store(WEDNESDAY) == {WEDNESDAY: 0}


def test_history_that_comes_back_keeps_its_days(project: Project) -> None:
    shas = three_days(project.origin)
    project.fetch()
    project.store(MONDAY, TUESDAY, WEDNESDAY)
    project.origin.commit("2026-02-17T12:00:00+08:00", "instead", {"x": "1\n"}, parents=[shas[1]])
    project.fetch(THURSDAY_NOON + 60)
    project.store(WEDNESDAY)
    project.origin.repo.references.create("refs/heads/main", shas[4], force=True)
    project.fetch(THURSDAY_NOON + 120)
    assert project.store(MONDAY, TUESDAY, WEDNESDAY) == {MONDAY: 2, TUESDAY: 0, WEDNESDAY: 3}


def indexed(project: Project, *tips: str) -> list[Landing]:
    """The index after an update at each of the tips, made of the origin itself."""
    for number, tip in enumerate(tips):
        clone = Clone(project.origin.path, "main", tip, 2**33 + number)
        update_index(project.workspace, project.repository, clone)
    return project.workspace.store.landings("octo/one", -(2**62), 2**62)


@pytest.mark.parametrize("seed", [0, 4])  # both show an index that takes known commits for new
def test_updates_give_what_one_gives_however_wrong_the_clocks_are(tmp_path: Path, seed: int) -> None:
    choices = random.Random(seed)  # noqa: S311 - the same histories each time
    origin = GitRepo(tmp_path / "origin.git")
    line, every = [origin.commit("2026-01-01T00:00:00+00:00")], []
    for number in range(24):
        day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number + choices.randint(-90, 90))
        base = choices.choice([*line, *every])
        if choices.random() < 0.5:
            every.append(origin.commit(day.isoformat(), str(number), branch="side", parents=[base]))
        else:
            parents = list(dict.fromkeys([line[-1], *choices.sample(every, min(len(every), 1))]))
            line.append(origin.commit(day.isoformat(), str(number), parents=parents))
    cuts = sorted(choices.sample(line[:-1], 3), key=line.index)
    projects = [Project(tmp_path / name) for name in ("cut", "whole")]
    for project in projects:
        project.origins["octo/one"] = origin
    assert indexed(projects[0], *cuts, line[-1]) == indexed(projects[1], line[-1])


def test_history_that_comes_back_with_more_counts_only_what_is_new(project: Project) -> None:
    origin = project.origin
    base = origin.commit("2026-02-16T09:00:00+08:00")
    side = [branch_off(origin, "2026-02-16T10:00:00+08:00", base)]
    merge = origin.merge("2026-02-18T10:00:00+08:00", side[0], files={"b": "1\n"})
    other = origin.commit("2026-02-18T11:00:00+08:00", "instead", parents=[base])
    later = origin.commit("2026-02-17T00:00:00+08:00", "a late clock", parents=[merge])
    assert [landing.sha for landing in indexed(project, merge, other)] == [base, other]
    back = indexed(project, later)
    assert [(landing.sha, landing.landed_with) for landing in back] == [
        (base, 1),
        (side[0], 2),
        (merge, 2),
        (later, 1),
    ]
    assert back[3].landed_at == back[2].landed_at, "no earlier than what it stands on"


def test_a_remote_that_is_gone_leaves_the_stored_days(project: Project) -> None:
    three_days(project.origin)
    project.fetch()
    project.store(MONDAY, TUESDAY, WEDNESDAY)
    shutil.rmtree(project.origin.path)
    with pytest.raises(CloneError, match="octo/one"):
        project.fetch()
    assert len(project.workspace.store.commits("octo/one", MONDAY, WEDNESDAY)) == 5


def test_commits_without_a_clone_name_what_to_do(project: Project) -> None:
    with pytest.raises(TerminalCloneError, match="materialize clones first"):
        project.store(MONDAY)


def test_a_missing_token_is_named_before_anything_is_fetched(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    repository = dataclasses.replace(project.repository, token_env="NO_SUCH_TOKEN")
    with pytest.raises(TerminalCloneError, match="'NO_SUCH_TOKEN'"):
        clone_repository(project.workspace, repository, now=THURSDAY_NOON)


def test_a_day_that_cannot_be_read_costs_no_other_day(project: Project) -> None:
    shas = three_days(project.origin)
    project.fetch()
    clone = clone_on_disk(project.workspace, project.repository)
    update_index(project.workspace, project.repository, clone)
    tree = str(project.origin.repo[shas[3]].peel(pygit2.Tree).id)
    drop_object(clone.path, tree)
    done, failed = store_each_day(project.workspace, project.repository, windows(MONDAY, TUESDAY, WEDNESDAY))
    assert done == {MONDAY: 2, TUESDAY: 0}
    assert list(failed) == [WEDNESDAY]


def drop_object(clone: Path, sha: str) -> None:
    """Rewrite a clone's objects as loose files but one, as a damaged disk would leave them."""
    repo = pygit2.Repository(str(clone))
    objects = {str(oid): repo.odb.read(oid) for oid in repo.odb}
    del repo
    for pack in (clone / "objects/pack").iterdir():
        pack.unlink()
    repo = pygit2.Repository(str(clone))
    for oid, (kind, data) in objects.items():
        if oid != sha:
            repo.odb.write(kind, data)


def test_whoever_watches_hears_how_many_commits_have_been_read(project: Project) -> None:
    three_days(project.origin)
    project.fetch()
    heard: list[tuple[str, int, int]] = []
    watched = dataclasses.replace(project.workspace, progress=lambda *said: heard.append(said))
    store_commits(watched, project.repository, windows(MONDAY, TUESDAY, WEDNESDAY))
    assert heard == [("commits", number, 5) for number in range(1, 6)]
