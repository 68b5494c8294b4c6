"""One entry of a page for every counted commit: what the commit, the rules and the analysis say of it.

Pure: values in, values out, nothing is escaped yet (`markdown`) and nothing is worded (`phrases`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Claim,
    Commit,
    DigestError,
    Insights,
    Reason,
    Tier,
    Triage,
)
from digest_pipeline.units import bulk_landings, units_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from digest_pipeline.page.links import Links


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What a page shows of one commit; texts are as the commit or the analysis has them."""

    sha: str
    short: str
    anchor: str
    aliases: tuple[str, ...]
    """Further anchors: commits that this one lands, has no entries for, and other pages link to."""
    url: str | None
    subject: str
    title: str
    """The subject without the number of the pull request at its end."""
    author: str
    landed_at: int
    time: str
    """`YYYY-MM-DD HH:MM:SS` of the landing in the page's zone."""
    pr_number: int | None
    """Of the merge that landed it, where its own message names none."""
    pr_label: str | None
    """`#12`, on GitLab `!12`."""
    pr_url: str | None
    insertions: int
    deletions: int
    files: int
    area: str
    change_type: ChangeType
    tier: Tier
    rules_tier: Tier
    """What the rules said; a model may have moved the entry by one tier, `reason` says why."""
    score: float
    reasons: tuple[Reason, ...]
    summary: str
    scope: tuple[str, ...]
    behaviour: tuple[str, ...]
    insights: Insights
    risks: tuple[Claim, ...]
    advice: tuple[str, ...]
    source: str
    state: AnalysisState
    reason: str | None
    unverified: int
    coverage: float
    newcomer: bool
    """It is the author's first commit in this repository."""
    lands: int | None
    """For a merge that stands for all it brought in: how many."""
    reverts: str | None
    """As in `Triage`."""
    series: str | None
    """`2/3`, or `2/N` when the message does not say how many there are."""
    relands: str | None
    """As in `Triage`, like the next."""
    follows: tuple[str, ...]


def counted(commits: Iterable[Commit]) -> tuple[list[Commit], list[Commit], dict[str, int]]:
    """The commits that get an entry, the merges that get none, and (merge SHA → commits it lands).

    Both lists are newest first. A merge inside a landing that is one entry belongs to that entry.
    """
    ordered = sorted(commits, key=lambda c: (-c.landed_at, -c.committed_at, c.sha))
    lands = bulk_landings(ordered)
    merges = [c for c in ordered if c.is_merge and c.landed_by not in lands]
    return units_of(ordered), merges, lands


def anchors_of(commits: Sequence[Commit]) -> dict[str, str]:
    """SHA → anchor, `c-` and the first seven digits; on a clash the later commits take more digits.

    Other pages link to the seven digits, which therefore always exist.
    """
    taken: set[str] = set()
    anchors: dict[str, str] = {}
    for commit in reversed(commits):
        digits = next(n for n in range(7, len(commit.sha) + 1) if commit.sha[:n] not in taken)
        taken.add(commit.sha[:digits])
        anchors[commit.sha] = f"c-{commit.sha[:digits]}"
    return anchors


def aliases_of(
    folded: Mapping[str, str], linked: Collection[str], anchors: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """SHA of a merge that stands for what it lands → the anchors under which other pages look for that.

    `folded` are commits without an entry and their merges, `linked` those that a thread leads to. One
    whose first seven digits are an anchor already has none.
    """
    taken = set(anchors.values())
    made: dict[str, tuple[str, ...]] = {}
    for sha in sorted(folded.keys() & set(linked)):
        if (alias := f"c-{sha[:7]}") not in taken:
            taken.add(alias)
            made[folded[sha]] = (*made.get(folded[sha], ()), alias)
    return made


def firsts_of(commits: Sequence[Commit], newcomers: Collection[str]) -> dict[str, str]:
    """First-time authors (names or addresses in `newcomers`): SHA of the earliest commit → name."""
    firsts: dict[str, Commit] = {}
    for commit in reversed(commits):
        if commit.author_email in newcomers or commit.author_name in newcomers:
            firsts.setdefault(commit.author_email or commit.author_name, commit)
    return {commit.sha: commit.author_name for commit in firsts.values()}


def clock(moment: int, zone: str) -> str:
    """`YYYY-MM-DD HH:MM:SS` of a moment in a zone."""
    return dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def title_of(commit: Commit) -> str:
    """The subject without `(#18928)` at its end, when that is the number of the pull request."""
    match = re.search(r"\s*\([#!](\d{1,9})\)\s*$", commit.subject)
    if match and int(match[1]) == commit.pr_number and match.start():
        return commit.subject[: match.start()]
    return commit.subject


@dataclasses.dataclass(frozen=True, slots=True)
class Maker:
    """What all entries of a page share."""

    zone: str
    links: Links
    triages: Mapping[str, Triage]
    analyses: Mapping[str, Analysis]
    anchors: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    lands: Mapping[str, int]
    firsts: Collection[str]
    """SHAs of first contributions."""
    requests: Mapping[str, int]
    """Merge → the pull request that it merged: the one of all that it landed and that name none."""

    def entry(self, commit: Commit) -> Entry:
        """The entry of a commit; DigestError when the rules have not seen it."""
        triage = self.triages.get(commit.sha)
        if triage is None:
            raise DigestError(
                f"{commit.repo} {commit.day}: commit {commit.sha[:12]} has no importance; "
                f"run the analyses of this day before its report"
            )
        analysis = self.analyses.get(commit.sha) or _missing(commit, triage)
        anchor = self.anchors[commit.sha]
        number = commit.pr_number or self.requests.get(commit.landed_by)
        return Entry(
            sha=commit.sha,
            short=anchor.removeprefix("c-"),
            anchor=anchor,
            aliases=self.aliases.get(commit.sha, ()),
            url=self.links.commit(commit.sha),
            subject=commit.subject,
            title=title_of(commit),
            author=commit.author_name,
            landed_at=commit.landed_at,
            time=clock(commit.landed_at, self.zone),
            pr_number=number,
            pr_label=None if number is None else f"{self.links.pr_mark}{number}",
            pr_url=self.links.pr(number),
            insertions=commit.insertions,
            deletions=commit.deletions,
            files=len(commit.files),
            area=triage.area,
            change_type=analysis.change_type,
            tier=analysis.tier,
            rules_tier=triage.importance,
            score=triage.score,
            reasons=triage.reasons,
            summary=analysis.summary,
            scope=analysis.scope,
            behaviour=analysis.behaviour,
            insights=analysis.insights,
            risks=analysis.risks,
            advice=analysis.advice,
            source=analysis.source,
            state=analysis.state,
            reason=analysis.reason,
            unverified=analysis.unverified,
            coverage=analysis.coverage,
            newcomer=commit.sha in self.firsts,
            lands=self.lands.get(commit.sha),
            reverts=triage.reverts,
            series=f"{triage.series}N" if (triage.series or "").endswith("/") else triage.series,
            relands=triage.relands,
            follows=triage.follows,
        )


def _missing(commit: Commit, triage: Triage) -> Analysis:
    """What stands in until there is an analysis: nothing but what the rules counted."""
    return Analysis(
        repo=commit.repo,
        sha=commit.sha,
        day=commit.day,
        tier=triage.importance,
        source="rules",
        state=AnalysisState.PENDING,
        reason=None,
        change_type=triage.change_type,
        summary="",
        scope=(),
    )
