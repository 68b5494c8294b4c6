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

from digest_pipeline.models import AnalysisState, DayState, DayTotals, Tier
from digest_pipeline.page.entries import Entry, Maker, aliases_of, anchors_of, counted, firsts_of
from digest_pipeline.page.highlights import Highlight, highlights_of
from digest_pipeline.page.links import Links, links_of
from digest_pipeline.page.related import Place, threads_of
from digest_pipeline.page.usual import Usual, usual_of

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
    from digest_pipeline.page.chains import Thread


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
class Range:
    """The first and the last commit of the branch that landed on the day, and where they can be seen."""

    first_sha: str
    last_sha: str
    first_url: str | None
    last_url: str | None
    compare_url: str | None


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
    range: Range | None
    """None on a day without commits."""
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
    """The page of one repository and day; DigestError when a commit has no triage.

    `commits` come in any order, merges included; `totals` are sums of earlier days; `newcomers` names or
    addresses of first-time authors; `pages` the other days with a page; `told` goes to `highlights_of`.
    """
    chosen, merges, lands = counted(commits)
    anchors = anchors_of([*merges, *chosen])
    folded = {c.sha: c.landed_by for c in commits if c.sha not in anchors and c.landed_by in lands}
    links, firsts = links_of(repository), firsts_of(chosen, newcomers)
    aliases = aliases_of(folded, {link.sha for link in threads}, anchors)
    requests = {c.sha: c.pr_number for c in merges if c.pr_number is not None}
    maker = Maker(zone, links, triages, analyses, anchors, aliases, lands, firsts, requests)
    entries = tuple(map(maker.entry, chosen))
    told_at = anchors | {sha: anchors[merge] for sha, merge in folded.items()}
    found = threads_of(entries, threads, Place(window.day, zone, links, told_at, pages))
    today = _totals(window.day, chosen, sum(e.tier is Tier.HIGH for e in entries))
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
        **_figures(entries, chosen, today),
        newcomers=tuple(firsts.values()),
        highlights=highlights_of(entries, found, language, told),
        entries=entries,
        merges=tuple(_merge(commit, anchors, links) for commit in merges),
        threads=found,
        usual=usual_of(today, totals),
        range=_range(commits, links, has_parent=any(t.commits for t in totals if t.day < window.day)),
        footer=footer or Footer(),
    )


def _figures(entries: Sequence[Entry], chosen: Sequence[Commit], today: DayTotals) -> dict[str, int]:
    """The fields of `Page` that count."""
    tiers = collections.Counter(e.tier for e in entries)
    return {
        "commits": len(entries),
        "high": tiers[Tier.HIGH],
        "medium": tiers[Tier.MEDIUM],
        "low": tiers[Tier.LOW],
        "authors": today.authors,
        "insertions": today.insertions,
        "deletions": today.deletions,
        "files": len({f.path for c in chosen for f in c.files}),
        "pending": sum(e.state is AnalysisState.PENDING for e in entries),
    }


def _totals(day: dt.date, commits: Sequence[Commit], high: int) -> DayTotals:
    return DayTotals(
        day=day,
        commits=len(commits),
        insertions=sum(c.insertions for c in commits),
        deletions=sum(c.deletions for c in commits),
        authors=len({c.author_email or c.author_name for c in commits}),
        high=high,
    )


def _merge(commit: Commit, anchors: Mapping[str, str], links: Links) -> Merge:
    anchor = anchors[commit.sha]
    return Merge(commit.sha, anchor.removeprefix("c-"), anchor, links.commit(commit.sha), commit.subject)


def _range(commits: Sequence[Commit], links: Links, *, has_parent: bool) -> Range | None:
    """The mainline commits that landed first and last on the day."""
    if not commits:
        return None
    first, last = (end((c.landed_at, c.landed_by) for c in commits)[1] for end in (min, max))
    compare = links.day(first, last, has_parent=has_parent)
    return Range(first, last, links.commit(first), links.commit(last), compare)


def _iso(moment: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat()
