"""Stations 1 and 2 for one repository and a range of days: clones and commits.

What each reads, calls and writes, in plain Python: Dagster calls it from `assets`, and so can a test
or a notebook. What decides lives in the modules that are called here; this one only carries values
from one to the next. Station 3 is in `judging`, station 4 in `writing`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from digest_pipeline.clones import Clone, open_clone, sync_clone
from digest_pipeline.commits import is_ancestor, read_commits, read_headers, unreachable
from digest_pipeline.git.landing import assign
from digest_pipeline.models import Landing, Repository, StoreError, TerminalCloneError, Window, day_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from digest_pipeline.models import Commit
    from digest_pipeline.settings import Settings
    from digest_pipeline.workspace import Workspace


def clone_repository(workspace: Workspace, repository: Repository, *, now: int) -> Clone:
    """Station 1: the clone holds what the remote has now. Raises CloneError."""
    token = os.environ.get(repository.token_env) if repository.token_env else None
    if repository.token_env and not token:
        raise TerminalCloneError(
            f"{repository.name}: token_env = {repository.token_env!r}: the environment has no such variable; "
            "set it, or remove token_env for a public repository"
        )
    return sync_clone(
        repository,
        workspace.clones_dir,
        now=now,
        token=token,
        progress=workspace.progress,
    )


def clone_on_disk(workspace: Workspace, repository: Repository) -> Clone:
    """What station 1 left. Raises TerminalCloneError when it has not run yet."""
    clone = open_clone(workspace.clones_dir, repository)
    if clone is None:
        raise TerminalCloneError(f"{repository.name}: there is no clone yet; materialize clones first")
    return clone


def update_index(workspace: Workspace, repository: Repository, clone: Clone) -> list[dt.date]:
    """Extend the commit index by what is new in the clone.

    Returns the finished days that are no longer what they were, by a late push or by rewritten
    history; they are marked partial, so that the next run renders them again.
    """
    store, repo, settings = workspace.store, repository.name, workspace.settings
    before = store.tip(repo)
    if before == (clone.tip, clone.fetched_at):
        return []
    old_tip = before[0] if before else None
    gone: list[str] = []
    if old_tip and not is_ancestor(clone.path, old_tip, clone.tip):
        gone = list(unreachable(clone.path, clone.tip, old_tip))
    headers = read_headers(clone.path, clone.tip, old_tip)
    known: dict[str, bool] = {}
    if old_tip:  # before the first index there is nothing known, and headers are not held in memory
        headers = list(headers)
        known = store.known(repo, [header.sha for header in headers])
    back = [sha for sha, was_reachable in known.items() if not was_reachable]
    last = store.last_landing(repo, gone, back)
    landings = assign(
        headers,
        clone.tip,
        known=known.__contains__,
        last_landed_at=last[0] if last else None,
        last_position=last[1] if last else -1,
        fetched_at=clone.fetched_at,
    )
    if old_tip is None:
        store.extend_index(repo, clone.tip, clone.fetched_at, landings, gone)
        return []
    landings = list(landings)
    touched = {day_of_landing(settings, landing) for landing in landings}
    with store.together():
        touched |= store.stored_days(repo, [*gone, *back, *(landing.sha for landing in landings)])
        store.extend_index(repo, clone.tip, clone.fetched_at, landings, gone, back)
        return store.mark_days(repo, touched, "late")


def day_of_landing(settings: Settings, landing: Landing) -> dt.date:
    """The day that a commit belongs to, by `day_by`."""
    moment = landing.landed_at if settings.day_by == "landed" else landing.committed_at
    return day_of(moment, settings.timezone)


def store_commits(
    workspace: Workspace, repository: Repository, windows: Sequence[Window]
) -> dict[dt.date, int]:
    """Station 2: the rows of all commits of the windows, in one walk and one transaction.

    Returns how many commits each day has. Raises CloneError and StoreError; then nothing changed.
    """
    settings, store = workspace.settings, workspace.store
    clone = clone_on_disk(workspace, repository)
    update_index(workspace, repository, clone)
    landings = store.landings(repository.name, windows[0].start, windows[-1].end, by=settings.day_by)
    commits = read_commits(
        clone.path,
        repository.name,
        landings,
        lambda landing: day_of_landing(settings, landing),
    )
    told = _told(commits, workspace, len(landings))
    return store.replace_commits(repository.name, [w.day for w in windows], told)


def _told(commits: Iterable[Commit], workspace: Workspace, total: int) -> Iterator[Commit]:
    """The same commits; whoever watches hears how many have been read."""
    for number, commit in enumerate(commits, start=1):
        yield commit
        workspace.progress("commits", number, total)


def store_each_day(
    workspace: Workspace, repository: Repository, windows: Sequence[Window]
) -> tuple[dict[dt.date, int], dict[dt.date, Exception]]:
    """As `store_commits`; when the range fails as a whole, day by day, so that one day costs no other.

    Returns the number of commits of each day that is stored, and what failed. Raises what concerns
    every day alike: StoreError, and CloneError when no day at all can be read.
    """
    try:
        return store_commits(workspace, repository, windows), {}
    except StoreError:
        raise
    except Exception as error:
        if len(windows) == 1:
            raise
        first = error
    done: dict[dt.date, int] = {}
    failed: dict[dt.date, Exception] = {}
    for window in windows:
        try:
            done |= store_commits(workspace, repository, [window])
        except Exception as error:  # noqa: BLE001 - an object that cannot be read is one day's misfortune
            failed[window.day] = error
    if not done:
        raise first
    return done, failed
