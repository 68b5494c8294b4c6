"""The record and the page of each day, assembled from what is stored; nothing is written here.

Everything comes from the tables, the ledger and the settings, never from the clock or from how often
something was run: the same rows make the same page.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.files import report_path
from digest_pipeline.models import AnalysisState, DayRecord, DayState, DayTotals, DigestError, Tier
from digest_pipeline.pages import Footer, Page, page_of
from digest_pipeline.stations import clone_on_disk
from digest_pipeline.units import units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from digest_pipeline.models import Analysis, Commit, Repository, ThreadLink, Triage, Window
    from digest_pipeline.settings import Settings
    from digest_pipeline.store import Told
    from digest_pipeline.workspace import Workspace

USUAL_DAYS = 28
"""Days before a day that it is compared with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """What is stored of a repository for some days."""

    commits: dict[dt.date, list[Commit]]
    triages: dict[str, Triage]
    analyses: dict[str, Analysis]
    highlights: dict[dt.date, Told]
    threads: list[ThreadLink]
    totals: list[DayTotals]
    """Of these days and of those before them."""
    firsts: set[str]
    days: dict[dt.date, DayRecord]
    """Of all days."""
    fetched_at: int | None

    @property
    def with_page(self) -> set[dt.date]:
        """The days that have a page already."""
        return {day for day, record in self.days.items() if record.report_path}


def rows_of(workspace: Workspace, repository: Repository, windows: Sequence[Window]) -> Rows:
    """All that the pages of some days, ascending, need, as it is at one moment."""
    store, repo = workspace.store, repository.name
    first, last = windows[0].day, windows[-1].day
    commits: dict[dt.date, list[Commit]] = {}
    with store.together():
        for commit in store.commits(repo, first, last):
            commits.setdefault(commit.day, []).append(commit)
        triages = store.triages(repo, first, last)
        totals = store.totals(repo, first - dt.timedelta(days=USUAL_DAYS), first - dt.timedelta(days=1))
        tip = store.tip(repo)
        return Rows(
            commits=commits,
            triages=triages,
            analyses=store.analyses(repo, first, last),
            highlights=store.highlights(repo, first, last),
            threads=store.threads(repo, first, last),
            totals=[*totals, *(totals_of(w.day, commits.get(w.day, ()), triages) for w in windows)],
            firsts=store.first_commits(repo, first, last),
            days=store.days(repo, workspace.settings.start_date, dt.date.max),
            fetched_at=tip[1] if tip else None,
        )


def pages_of(  # noqa: PLR0913, PLR0917 - what is stored, of which days, and what they may link to
    workspace: Workspace,
    repository: Repository,
    rows: Rows,
    windows: Sequence[Window],
    linked: Collection[dt.date],
    now: int,
) -> Iterator[tuple[Window, tuple[DayRecord, Page] | Exception]]:
    """The record and the page of each window, from what is stored; or why there is none.

    `linked` are the days to whose pages links may lead.
    """
    settings = workspace.settings
    tracked = dataclasses.replace(
        repository, branch=repository.branch or clone_on_disk(workspace, repository).branch
    )
    with ledger_of(settings) as ledger:
        footers = {w.day: ledger(_known(rows.analyses, rows.commits.get(w.day, ()))) for w in windows}
    for window in windows:
        mine = rows.commits.get(window.day, [])
        footer = footers[window.day]
        path = report_path(settings.reports_dir, repository.name, window.day)
        record = record_of(
            repository.name,
            window,
            commits=mine,
            analyses=rows.analyses,
            fetched_at=rows.fetched_at,
            cost_usd=footer.cost_usd,
            report_path=path.relative_to(settings.reports_dir).as_posix(),
            before=rows.days.get(window.day),
            now=now,
        )
        try:
            page = page_of(
                tracked,
                window,
                settings.timezone,
                record,
                mine,
                rows.triages,
                rows.analyses,
                threads=rows.threads,
                totals=[t for t in rows.totals if 0 <= (window.day - t.day).days <= USUAL_DAYS],
                newcomers={c.author_email for c in mine if c.sha in rows.firsts},
                pages=linked,
                told=rows.highlights.get(window.day, ()),
                model=settings.analysis.model,
                footer=footer,
                language=settings.language,
            )
        except DigestError as error:
            yield window, error
        else:
            yield window, (record, page)


def totals_of(day: dt.date, commits: Sequence[Commit], triages: Mapping[str, Triage]) -> DayTotals:
    """The sums of a day as `Store.totals` has them once the day is recorded: merges are left out."""
    counted = [commit for commit in commits if not commit.is_merge]
    return DayTotals(
        day=day,
        commits=len(counted),
        insertions=sum(commit.insertions for commit in counted),
        deletions=sum(commit.deletions for commit in counted),
        authors=len({commit.author_email for commit in counted}),
        high=sum(c.sha in triages and triages[c.sha].importance is Tier.HIGH for c in counted),
    )


def _known(analyses: Mapping[str, Analysis], commits: Sequence[Commit]) -> list[Analysis]:
    return [analyses[commit.sha] for commit in commits if commit.sha in analyses]


@contextlib.contextmanager
def ledger_of(settings: Settings) -> Iterator[Callable[[Sequence[Analysis]], Footer]]:
    """What the answers behind some analyses have cost: the same on every run, from the ledger."""
    if settings.analysis.model == "rules":
        yield lambda _analyses: Footer()
        return
    from digest_pipeline.answers import Answers  # noqa: PLC0415 - only when there is a model
    from digest_pipeline.model_run import prompt_version  # noqa: PLC0415 - likewise

    answers = Answers(settings.pipeline_dir / "answers.sqlite")
    version = prompt_version(settings)

    def footer(analyses: Sequence[Analysis]) -> Footer:
        keys = sorted({analysis.answer_key for analysis in analyses if analysis.answer_key})
        found = [answer for key in keys if (answer := answers.get(key))]
        costs = [answer.cost_usd for answer in found if answer.cost_usd is not None]
        return Footer(
            prompt_version=version if found else None,
            cached=len(found),
            tokens_in=sum(answer.tokens_in for answer in found),
            tokens_out=sum(answer.tokens_out for answer in found),
            cost_usd=sum(costs) if costs else None,
        )

    try:
        yield footer
    finally:
        answers.close()


def record_of(  # noqa: PLR0913 - one argument for each thing that a record says
    repo: str,
    window: Window,
    *,
    commits: Sequence[Commit],
    analyses: Mapping[str, Analysis],
    fetched_at: int | None,
    cost_usd: float | None,
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
        cost_usd=cost_usd,
        head_sha=mainline[1] if mainline else None,
        materialized_at=before.materialized_at if before else now,
        report_path=report_path,
    )
    return record if record == before else dataclasses.replace(record, materialized_at=now)
