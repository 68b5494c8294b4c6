"""The page of one repository and day as a value: everything that a template shows. Pure.

`page_of` groups, orders, links and compares; how it looks is the templates' business (`reports`),
and the JSON beside the page is this value, field by field. Texts are still raw: whoever prints them
escapes them (`markdown`).
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest_pipeline.entries import Entry, Maker, anchors_of, counted, firsts_of
from digest_pipeline.highlights import Highlight, highlights_of
from digest_pipeline.links import links_of
from digest_pipeline.models import AnalysisState, DayState, DayTotals, Tier
from digest_pipeline.related import Place, Thread, threads_of
from digest_pipeline.usual import Usual, usual_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from digest_pipeline.models import (
        Analysis,
        Commit,
        DayRecord,
        Repository,
        ThreadLink,
        Triage,
        Window,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Footer:
    """How the analyses of a page came about."""

    prompt_version: str | None = None
    cached: int | None = None
    """Answers that were already there."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    """A merge commit: named, not counted."""

    sha: str
    short: str
    anchor: str
    url: str | None
    subject: str


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Everything that one page shows. Entries and merges are newest first."""

    repo: str
    day: dt.date
    language: str
    zone: str
    start: str
    """First moment of the day, ISO 8601 with the offset of the zone."""
    end: str
    """First moment of the next day."""
    branch: str | None
    state: DayState
    reason: str | None
    """Why the state is not `complete`."""
    model: str
    commits: int
    high: int
    medium: int
    low: int
    authors: int
    insertions: int
    deletions: int
    files: int
    pending: int
    """Entries whose model analysis is still to come."""
    newcomers: tuple[str, ...]
    """Names of first-time authors, in the order of their commits."""
    highlights: tuple[Highlight, ...]
    entries: tuple[Entry, ...]
    merges: tuple[Merge, ...]
    threads: tuple[Thread, ...]
    usual: Usual | None
    first_sha: str | None
    """The first and the last commit of the branch that landed on this day."""
    last_sha: str | None
    first_url: str | None
    last_url: str | None
    compare_url: str | None
    footer: Footer

    def of_tier(self, tier: Tier | str) -> tuple[Entry, ...]:
        """The entries of one tier, newest first."""
        return tuple(e for e in self.entries if e.tier == tier)

    def by_area(self, tier: Tier | str) -> list[tuple[str, tuple[Entry, ...]]]:
        """The entries of one tier by area: the area with most entries first, then by name."""
        groups: dict[str, list[Entry]] = collections.defaultdict(list)
        for entry in self.of_tier(tier):
            groups[entry.area].append(entry)
        ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        return [(area, tuple(entries)) for area, entries in ordered]


def page_of(  # noqa: PLR0913, PLR0917 - a page has many sources, and every one is named where it is called
    repository: Repository,
    window: Window,
    zone: str,
    record: DayRecord,
    commits: Sequence[Commit],
    triages: Mapping[str, Triage],
    analyses: Mapping[str, Analysis],
    *,
    threads: Sequence[ThreadLink] = (),
    totals: Sequence[DayTotals] = (),
    newcomers: Collection[str] = (),
    pages: Collection[dt.date] = (),
    told: Sequence[tuple[str, Sequence[str]]] = (),
    model: str = "rules",
    footer: Footer | None = None,
    language: str,
) -> Page:
    """The page of one repository and day.

    `commits` are those of the day in any order, merges included; `triages` and `analyses` go by SHA.
    `totals` are sums of earlier days for the comparison with usual, `newcomers` the names or addresses
    of authors whose first commit is of this day, `pages` the other days of this repository that have a
    page (only to these does it link), `told` the model's highlights with the SHAs they rest on (without
    any, the rules choose). Raises DigestError when a commit has no triage.
    """
    chosen, merges, lands = counted(commits)
    anchors = anchors_of([*merges, *chosen])
    links = links_of(repository)
    firsts = firsts_of(chosen, newcomers)
    maker = Maker(zone, links, triages, analyses, anchors, lands, firsts)
    entries = tuple(maker.entry(commit) for commit in chosen)
    found = threads_of(entries, threads, Place(window.day, zone, links, anchors, pages))
    tiers = collections.Counter(e.tier for e in entries)
    today = _totals(window.day, chosen, tiers[Tier.HIGH])
    first, last = _range(commits)
    earlier = any(t.commits for t in totals if t.day < window.day)
    return Page(
        repo=repository.name,
        day=window.day,
        language=language,
        zone=zone,
        start=_iso(window.start, zone),
        end=_iso(window.end, zone),
        branch=repository.branch,
        state=record.state,
        reason=record.reason,
        model=model,
        commits=len(entries),
        high=tiers[Tier.HIGH],
        medium=tiers[Tier.MEDIUM],
        low=tiers[Tier.LOW],
        authors=today.authors,
        insertions=today.insertions,
        deletions=today.deletions,
        files=len({f.path for c in chosen for f in c.files}),
        pending=sum(e.state is AnalysisState.PENDING for e in entries),
        newcomers=tuple(firsts.values()),
        highlights=highlights_of(entries, found, language, told),
        entries=entries,
        merges=tuple(
            Merge(c.sha, anchors[c.sha][2:], anchors[c.sha], links.commit(c.sha), c.subject) for c in merges
        ),
        threads=found,
        usual=usual_of(today, totals),
        first_sha=first,
        last_sha=last,
        first_url=links.commit(first) if first else None,
        last_url=links.commit(last) if last else None,
        compare_url=links.day(first, last, has_parent=earlier) if first and last else None,
        footer=footer or Footer(),
    )


def _totals(day: dt.date, commits: Sequence[Commit], high: int) -> DayTotals:
    return DayTotals(
        day=day,
        commits=len(commits),
        insertions=sum(c.insertions for c in commits),
        deletions=sum(c.deletions for c in commits),
        authors=len({c.author_email or c.author_name for c in commits}),
        high=high,
    )


def _range(commits: Sequence[Commit]) -> tuple[str | None, str | None]:
    """The first and the last commit of the mainline that landed on the day."""
    mainline = sorted((c.landed_at, c.landed_by) for c in commits)
    return (mainline[0][1], mainline[-1][1]) if mainline else (None, None)


def _iso(moment: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat()
