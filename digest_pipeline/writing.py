"""Station 4 for one repository and a range of days: pages from what is stored, and the `days` table.

What a page shows is decided in `pages`, how it looks in `reports`; here the rows are read, the files
are written, and what became of each day is recorded.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.files import report_path, write_files
from digest_pipeline.models import AnalysisState, DayRecord, DayState, DigestError, StoreError
from digest_pipeline.pages import Footer, Page, page_of
from digest_pipeline.reports import page_files, render_daily, render_index
from digest_pipeline.stations import clone_on_disk
from digest_pipeline.units import units_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from digest_pipeline.models import Analysis, Commit, Repository, Window
    from digest_pipeline.workspace import Workspace

BATCH = 60
"""Days that are read from the database at once: few enough for the memory, enough to be fast."""

USUAL_DAYS = 28


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """One day that is rendered: its record, and where the page is."""

    record: DayRecord
    path: Path
    page: str


def write_reports(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, now: int
) -> tuple[dict[dt.date, Written], dict[dt.date, Exception]]:
    """Write the pages of some days, and record the days; returns what is done and what failed.

    A day that fails leaves its old page and record, and the other days are written all the same.
    """
    done: dict[dt.date, Written] = {}
    failed: dict[dt.date, Exception] = {}
    for number, (window, made) in enumerate(pages_of(workspace, repository, windows, now=now)):
        workspace.progress("pages", number, len(windows))
        if isinstance(made, Exception):
            failed[window.day] = made
            continue
        record, page = made
        try:
            done[window.day] = _write(workspace, record, page)
        except (DigestError, OSError) as error:
            failed[window.day] = error
    workspace.store.replace_days(written.record for written in done.values())
    return done, failed


def _write(workspace: Workspace, record: DayRecord, page: Page) -> Written:
    settings = workspace.settings
    files = page_files(
        page, settings.reports_dir, template=settings.report.template, language=settings.language
    )
    path = report_path(settings.reports_dir, record.repo, record.day)
    try:
        write_files(files)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}; the old page stays") from error
    return Written(record, path, files[path])


def pages_of(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, now: int
) -> Iterator[tuple[Window, tuple[DayRecord, Page] | Exception]]:
    """The record and the page of each day, from what is stored; an exception for a day that has none."""
    for start in range(0, len(windows), BATCH):
        yield from _batch(workspace, repository, windows[start : start + BATCH], now)


def _batch(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], now: int
) -> Iterator[tuple[Window, tuple[DayRecord, Page] | Exception]]:
    store, repo, settings = workspace.store, repository.name, workspace.settings
    first, last = windows[0].day, windows[-1].day
    with store.together():
        commits = _by_day(store.commits(repo, first, last))
        triages = store.triages(repo, first, last)
        analyses = store.analyses(repo, first, last)
        threads = store.threads(repo, first, last)
        totals = store.totals(repo, first - dt.timedelta(days=USUAL_DAYS), last)
        firsts = store.first_commits(repo, first, last)
        known = store.days(repo, settings.start_date, dt.date.max)
        tip = store.tip(repo)
    tracked = dataclasses.replace(
        repository, branch=repository.branch or clone_on_disk(workspace, repository).branch
    )
    linked = {record.day for record in known.values() if record.report_path} | {w.day for w in windows}
    for window in windows:
        mine = commits.get(window.day, [])
        record = record_of(
            repo,
            window,
            commits=mine,
            analyses=analyses,
            fetched_at=tip[1] if tip else None,
            report_path=str(
                report_path(settings.reports_dir, repo, window.day).relative_to(settings.reports_dir)
            ),
            before=known.get(window.day),
            now=now,
        )
        try:
            page = page_of(
                tracked,
                window,
                settings.timezone,
                record,
                mine,
                triages,
                analyses,
                threads=[link for link in threads if link.sha in {c.sha for c in mine}],
                totals=[t for t in totals if t.day >= window.day - dt.timedelta(days=USUAL_DAYS)],
                newcomers={c.author_email for c in mine if c.sha in firsts},
                pages=linked,
                model=settings.analysis.model,
                footer=Footer(),
                language=settings.language,
            )
        except DigestError as error:
            yield window, error
        else:
            yield window, (record, page)


def _by_day(commits: Sequence[Commit]) -> dict[dt.date, list[Commit]]:
    days: dict[dt.date, list[Commit]] = {}
    for commit in commits:
        days.setdefault(commit.day, []).append(commit)
    return days


def record_of(  # noqa: PLR0913 - one argument for each thing that a record says
    repo: str,
    window: Window,
    *,
    commits: Sequence[Commit],
    analyses: Mapping[str, Analysis],
    fetched_at: int | None,
    report_path: str,
    before: DayRecord | None,
    now: int,
) -> DayRecord:
    """What is known of a day: its state follows from the last fetch and the analyses.

    A day that the last fetch did not see to its end is open, whatever the clock says by now. The
    moment of materialization stays when nothing else changed, so that running twice is running once.
    """
    found = [analyses[c.sha] for c in units_of(commits) if c.sha in analyses]
    pending = sum(a.state is AnalysisState.PENDING for a in found)
    tiers = [a.tier.value for a in found]
    mainline = max(((c.landed_at, c.landed_by) for c in commits), default=None)
    reason = None
    if fetched_at is None or fetched_at < window.end:
        state = DayState.OPEN
    elif pending:
        state, reason = DayState.PARTIAL, "pending"
    else:
        state = DayState.COMPLETE if tiers else DayState.QUIET
    record = DayRecord(
        repo=repo,
        day=window.day,
        state=state,
        reason=reason,
        commits=len(tiers),
        high=tiers.count("high"),
        medium=tiers.count("medium"),
        low=tiers.count("low"),
        analysed=len(tiers) - pending,
        pending=pending,
        cost_usd=None,
        head_sha=mainline[1] if mainline else None,
        materialized_at=before.materialized_at if before else now,
        report_path=report_path,
    )
    return record if record == before else dataclasses.replace(record, materialized_at=now)


def write_daily(workspace: Workspace, windows: Sequence[Window], *, now: int) -> dict[dt.date, Path]:
    """Write the page across all repositories for some days, and the index; returns the paths.

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
        for window, made in pages_of(workspace, repository, there, now=now):
            if not isinstance(made, Exception):
                pages[window.day][repository.name] = made[1]
    folder = settings.reports_dir / "daily"
    paths = {day: folder / f"{day.isoformat()}.md" for day in pages}
    files = {
        paths[day]: render_daily(
            day, list(shown.values()), [n for n in names if n not in shown], language=settings.language
        )
        for day, shown in pages.items()
    }
    dailies = {
        day
        for day in {r.day for r in records} | set(pages)
        if day in pages or (folder / f"{day}.md").exists()
    }
    files[settings.reports_dir / "README.md"] = render_index(
        records, language=settings.language, dailies=dailies
    )
    try:
        write_files(files)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}; the old pages stay") from error
    return paths
