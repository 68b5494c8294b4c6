"""Station 4 for one repository and a range of days: pages from what is stored, and the `days` table.

What a page shows is decided in `assembly` and `pages`, how it looks in `reports`; here the files are
written, and what became of each day is recorded.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.assembly import pages_of
from digest_pipeline.files import report_path, write_files
from digest_pipeline.models import DayRecord, DigestError, StoreError
from digest_pipeline.reports import page_files, render_daily, render_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from digest_pipeline.models import Repository, Window
    from digest_pipeline.pages import Page
    from digest_pipeline.workspace import Workspace

BATCH = 60
"""Days that are read from the database at once: few enough for the memory, enough to be fast."""


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """One day that is rendered: its record, and where the page is."""

    record: DayRecord
    path: Path
    page: str


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


def write_reports(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, now: int
) -> tuple[dict[dt.date, Written], dict[dt.date, Exception]]:
    """Write the pages of some days, and record the days; returns what is done and what failed.

    A day that fails leaves its old page and record, and the other days are written all the same.
    """
    done: dict[dt.date, Written] = {}
    failed: dict[dt.date, Exception] = {}
    for batch in _batches(windows):
        records: list[DayRecord] = []
        for window, made in pages_of(workspace, repository, batch, windows, now):
            workspace.progress("pages", len(done) + len(failed), len(windows))
            if isinstance(made, Exception):
                failed[window.day] = made
                continue
            try:
                done[window.day] = _write(workspace, *made)
                records.append(made[0])
            except DigestError as error:
                failed[window.day] = error
        workspace.store.replace_days(records)
    return done, failed


def _batches(windows: Sequence[Window]) -> list[Sequence[Window]]:
    return [windows[start : start + BATCH] for start in range(0, len(windows), BATCH)]


def _write(workspace: Workspace, record: DayRecord, page: Page) -> Written:
    settings = workspace.settings
    files = page_files(
        page, settings.reports_dir, template=settings.report.template, language=settings.language
    )
    path = report_path(settings.reports_dir, record.repo, record.day)
    _replace(files, path)
    return Written(record, path, files[path])


def write_daily(workspace: Workspace, windows: Sequence[Window], *, now: int) -> dict[dt.date, Across]:
    """Write the page across all repositories for some days, and the index; returns what is written.

    A repository of which a day is not known, or cannot be shown, is named as missing on its page.
    """
    settings = workspace.settings
    pages: dict[dt.date, dict[str, Page]] = {w.day: {} for w in windows}
    records: list[DayRecord] = []
    names = [repository.name for repository in settings.repository_values()]
    for repository in settings.repository_values():
        known = workspace.store.days(repository.name, settings.start_date, dt.date.max)
        records += known.values()
        there = [w for w in windows if w.day in known]
        for batch in _batches(there):
            for window, made in pages_of(workspace, repository, batch, windows, now):
                if not isinstance(made, Exception):
                    pages[window.day][repository.name] = made[1]
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


def _across(
    path: Path, day: dt.date, shown: Mapping[str, Page], names: Sequence[str], language: str
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
