"""Station 4 for one repository and a range of days: pages from what is stored, and the `days` table.

What a page shows is decided in `assembly` and `pages`, how it looks in `reports`; here the files are
written, and what became of each day is recorded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.assembly import pages_of
from digest_pipeline.models import CloneError, DayRecord, DayState, DigestError, StoreError, window_of
from digest_pipeline.page.briefs import Brief, brief_in, brief_of
from digest_pipeline.page.files import report_path, write_files
from digest_pipeline.reports import page_files, render_daily, render_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def write_reports(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, now: int
) -> tuple[dict[dt.date, Written], dict[dt.date, Exception]]:
    """Write the pages of some days, and record the days; returns what is done and what failed.

    A day that fails leaves its old page and record, and the other days are written all the same. A page
    of another day is written again when these days have what reverts, relands or follows its commits.
    """
    done: dict[dt.date, Written] = {}
    failed: dict[dt.date, Exception] = {}
    touched: set[dt.date] = set()
    for batch in _batches(windows):
        records: list[DayRecord] = []
        for window, made in pages_of(workspace, repository, batch, windows, now):
            workspace.progress("pages", len(done) + len(failed), len(windows))
            if isinstance(made, Exception):
                failed[window.day] = made
                continue
            try:
                done[window.day] = _write(workspace, *made)
                if made[0].materialized_at == now:  # else nothing has changed since it was recorded
                    records.append(made[0])
                touched |= {step.day for thread in made[1].threads for step in thread.steps}
            except DigestError as error:
                failed[window.day] = error
        if records:
            workspace.store.replace_days(records)
    _write_again(workspace, repository, touched - {w.day for w in windows}, now)
    return done, failed


def _write_again(workspace: Workspace, repository: Repository, days: Iterable[dt.date], now: int) -> None:
    """Bring the badges of finished days up to date; a day that is not finished has its own next run."""
    settings, store = workspace.settings, workspace.store
    for day in sorted(days):
        known = store.days(repository.name, day, day).get(day)
        if known is None or known.state is not DayState.COMPLETE:
            continue
        window = window_of(day, settings.timezone)
        for _, made in pages_of(workspace, repository, [window], [window], now):
            if not isinstance(made, Exception) and made[0] == known:
                _write(workspace, *made)


def _batches(windows: Sequence[Window]) -> list[Sequence[Window]]:
    return [windows[start : start + BATCH] for start in range(0, len(windows), BATCH)]


def _write(workspace: Workspace, record: DayRecord, page: Page) -> Written:
    settings = workspace.settings
    files = page_files(
        page, settings.reports_dir, template=settings.report.template, language=settings.language
    )
    path = report_path(settings.reports_dir, record.repo, record.day)
    _replace(files, path)
    return Written(record, path, files[path], files.get(path.with_suffix(".svg")))


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
        for day, brief in _briefs(workspace, repository, there, windows, now):
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
    workspace: Workspace, repository: Repository, windows: Sequence[Window], run: Sequence[Window], now: int
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
        for batch in _batches(absent):
            for window, made in pages_of(workspace, repository, batch, run, now):
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
