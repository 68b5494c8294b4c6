"""Station 4 for one repository and a range of days: pages from what is stored, and the `days` table.

What a page shows is decided in `assembly` and `pages`, how it looks in `reports`; here the files are
written, and what became of each day is recorded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.assembly import pages_of, rows_of
from digest_pipeline.files import report_path, write_files
from digest_pipeline.models import CloneError, DayRecord, DigestError, StoreError, window_of
from digest_pipeline.page.briefs import Brief, brief_in, brief_of, days_named_in
from digest_pipeline.reports import page_files, render_daily, render_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from digest_pipeline.models import Repository, Window
    from digest_pipeline.pages import Page
    from digest_pipeline.workspace import Workspace

BATCH = 30
"""Days of one transaction: few enough for the memory and for those who wait, enough to be fast."""


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """One day that is rendered: its record, and where the page is."""

    record: DayRecord
    path: Path
    page: str
    picture: str | None
    """Its sparkline as SVG."""


@dataclasses.dataclass(frozen=True, slots=True)
class Across:
    """One page across all repositories, and what it says in figures."""

    path: Path
    page: str
    repositories: int
    """How many of the settings' repositories the page shows."""
    missing: tuple[str, ...]
    """The names of those of which the day is not known."""
    commits: int
    high: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Batch:
    """What became of some days."""

    done: dict[dt.date, Written] = dataclasses.field(default_factory=dict)
    failed: dict[dt.date, Exception] = dataclasses.field(default_factory=dict)
    named: dict[dt.date, set[dt.date]] = dataclasses.field(default_factory=dict)
    """The days that each page that is done is or was about."""


def write_reports(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, now: int
) -> tuple[dict[dt.date, Written], dict[dt.date, Exception]]:
    """Write the pages of some days, ascending, and record the days; returns what is done and what failed.

    A day that fails leaves its old page and record, and the other days are written all the same. A page
    links to days that have one; so the page of another day is written again when one of these days has,
    or has no more, what reverts, relands or follows its commits.
    """
    done: dict[dt.date, Written] = {}
    failed: dict[dt.date, Exception] = {}
    again: set[dt.date] = set()
    for days in _batches(windows):
        batch = _write_batch(workspace, repository, days, now)
        done |= batch.done
        failed |= batch.failed
        again = again.union(*batch.named.values()) - batch.done.keys()
        workspace.progress("pages", len(done) + len(failed), len(windows))
    for day in sorted(again - failed.keys()):
        window = window_of(day, workspace.settings.timezone)
        batch = _write_batch(workspace, repository, [window], now, as_recorded=True)
        done |= {day: batch.done[day] for day in done.keys() & batch.done.keys()}
    return done, failed


def _write_batch(
    workspace: Workspace,
    repository: Repository,
    windows: Sequence[Window],
    now: int,
    *,
    as_recorded: bool = False,
) -> _Batch:
    """Write and record some days in one transaction.

    With `as_recorded` a day of which more is stored by now than its record says is left to its next run.
    """
    batch, todo, gone = _Batch(), windows, set[dt.date]()
    records: dict[dt.date, DayRecord] = {}
    with workspace.store.together():
        rows = rows_of(workspace, repository, windows)
        while todo:
            linked = rows.with_page | {w.day for w in windows} - gone
            for window, made in pages_of(workspace, repository, rows, todo, linked, now):
                if isinstance(made, Exception):
                    batch.failed[window.day] = made
                elif not as_recorded or made[0] == rows.days.get(window.day):
                    _write(workspace, *made, batch)
                    records[window.day] = made[0]
            fresh = batch.failed.keys() - rows.with_page - gone  # what was to have a page and has none
            gone |= fresh
            todo = [w for w in windows if batch.named.get(w.day, set()) & fresh]
        changed = [r for day, r in records.items() if day in batch.done and r != rows.days.get(day)]
        if changed:
            workspace.store.replace_days(changed)
    return batch


def _batches(windows: Sequence[Window]) -> list[Sequence[Window]]:
    return [windows[start : start + BATCH] for start in range(0, len(windows), BATCH)]


def _write(workspace: Workspace, record: DayRecord, page: Page, batch: _Batch) -> None:
    """Write the files of a page; notes in `batch` what became of it."""
    settings, day = workspace.settings, record.day
    path = report_path(settings.reports_dir, record.repo, day)
    named = {step.day for thread in page.threads for step in thread.steps}
    named |= days_named_in(path.with_suffix(".json"))
    try:
        files = page_files(
            page, settings.reports_dir, template=settings.report.template, language=settings.language
        )
        _replace(files, path)
    except DigestError as error:
        batch.failed[day] = error
        batch.done.pop(day, None)
    else:
        batch.done[day] = Written(record, path, files[path], files.get(path.with_suffix(".svg")))
        batch.named[day] = named | batch.named.get(day, set())


def write_daily(workspace: Workspace, windows: Sequence[Window], *, now: int) -> dict[dt.date, Across]:
    """Write the page across all repositories for some days, and the index; returns what is written.

    A repository of which a day is not known, or cannot be shown, is named as missing on its page.
    """
    settings = workspace.settings
    pages: dict[dt.date, dict[str, Brief]] = {w.day: {} for w in windows}
    records: list[DayRecord] = []
    names = [repository.name for repository in settings.repository_values()]
    with workspace.store.together():
        rows = {name: workspace.store.days(name, settings.start_date, dt.date.max) for name in names}
    for repository in settings.repository_values():
        known = rows[repository.name]
        records += known.values()
        there = [w for w in windows if w.day in known]
        for day, brief in _briefs(workspace, repository, there, now):
            state, reason = known[day].state, known[day].reason
            pages[day][repository.name] = dataclasses.replace(brief, state=state, reason=reason)
    folder = settings.reports_dir / "daily"
    made = {
        day: _across(folder / f"{day.isoformat()}.md", day, shown, names, settings.language)
        for day, shown in pages.items()
    }
    files = {across.path: across.page for across in made.values()}
    dailies = {
        day
        for day in {r.day for r in records} | set(pages)
        if day in pages or (folder / f"{day}.md").exists()
    }
    files[settings.reports_dir / "README.md"] = render_index(
        records, language=settings.language, dailies=dailies
    )
    _replace(files, folder)
    return made


def _briefs(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], now: int
) -> Iterator[tuple[dt.date, Brief]]:
    """What is to be said of each day: as its page says it, or from the database where that is not there."""
    settings, absent = workspace.settings, []
    for window in windows:
        file = report_path(settings.reports_dir, repository.name, window.day).with_suffix(".json")
        brief = brief_in(file, settings.language)
        if brief is None:
            absent.append(window)
        else:
            yield window.day, brief
    with contextlib.suppress(CloneError):  # the clone is gone too: the day stays without a word
        for days in _batches(absent):
            rows = rows_of(workspace, repository, days)
            for window, made in pages_of(workspace, repository, rows, days, rows.with_page, now):
                if not isinstance(made, Exception):
                    yield window.day, brief_of(made[1])


def _across(
    path: Path, day: dt.date, shown: Mapping[str, Brief], names: Sequence[str], language: str
) -> Across:
    missing = tuple(name for name in names if name not in shown)
    pages = list(shown.values())
    return Across(
        path=path,
        page=render_daily(day, pages, missing, language=language),
        repositories=len(pages),
        missing=missing,
        commits=sum(page.commits for page in pages),
        high=sum(page.high for page in pages),
    )


def _replace(files: Mapping[Path, str], where: Path) -> None:
    """Write the files of a page; `where` is what a message names. Raises StoreError."""
    try:
        write_files(files)
    except OSError as error:
        raise StoreError(f"{where}: cannot be written: {error.strerror}; what was there stays") from error
