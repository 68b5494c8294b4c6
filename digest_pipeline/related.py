"""Commits that belong together: reverts with their originals and what is left, parts of a series.

Pure. The links between commits come from the store (`ThreadLink`) and from the rules
(`Triage.reverts`); this module joins them to chains and says what they amount to.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.entries import Entry, clock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from digest_pipeline.links import Links
    from digest_pipeline.models import ThreadLink


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One commit of a thread, of this page or of another day."""

    sha: str
    short: str
    subject: str
    pr_label: str | None
    landed_at: int
    time: str
    """`YYYY-MM-DD HH:MM:SS` in the page's zone."""
    same_day: bool
    href: str | None
    """Where to read about it: an anchor of this page, the page of its day, else the host's page."""
    role: str
    """`landed`, `reverted` or `restored` in a chain of reverts; the part (`2/3`) in a series."""


@dataclasses.dataclass(frozen=True, slots=True)
class Thread:
    """Commits that belong together, oldest first."""

    kind: str
    """`revert` or `series`."""
    steps: tuple[Step, ...]
    effect: str | None
    """Of a chain of reverts: `none` when nothing of the change is left, `kept` when it is in."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the page stands: what it needs to know to link to other commits."""

    day: dt.date
    zone: str
    links: Links
    anchors: Mapping[str, str]
    pages: Collection[dt.date]
    """The other days of this repository that have a page."""


def threads_of(entries: Sequence[Entry], found: Iterable[ThreadLink], place: Place) -> tuple[Thread, ...]:
    """The threads of a page's commits, by the moment of their last commit on this page, newest first."""
    links = sorted(found, key=lambda link: (link.sha, link.relation, link.other_sha))
    steps = {e.sha: _own(e) for e in entries}
    for link in links:
        steps.setdefault(link.other_sha, _other(link, place))
    reverts: dict[str, set[str]] = collections.defaultdict(set)
    series: dict[str, set[str]] = collections.defaultdict(set)
    for entry in entries:
        original = entry.reverts if entry.reverts in steps else _named(entry, entries)
        if original and original != entry.sha:
            reverts[entry.sha].add(original)
    for link in links:
        if link.sha not in steps or link.sha == link.other_sha:
            continue
        if link.relation == "series":
            series[link.sha].add(link.other_sha)
        else:
            late, early = (link.sha, link.other_sha)[:: 1 if link.relation == "reverts" else -1]
            reverts[late].add(early)
    chains = [_chain(group, reverts, steps) for group in _groups(reverts)]
    parts = [_series(group, steps) for group in _groups(series)]
    return tuple(sorted([*chains, *parts], key=_newest_first))


def _named(entry: Entry, entries: Sequence[Entry]) -> str | None:
    """The newest earlier entry of the page that a revert means by `#123` or by its subject."""
    if not entry.reverts:
        return None
    names = ((e.sha, {e.pr_label, e.subject, e.title}) for e in entries if e.landed_at <= entry.landed_at)
    return next((sha for sha, called in names if entry.reverts in called and sha != entry.sha), None)


def _newest_first(thread: Thread) -> tuple[int, str]:
    return -max(s.landed_at for s in thread.steps), thread.steps[-1].sha


def _own(entry: Entry) -> Step:
    return Step(
        sha=entry.sha,
        short=entry.short,
        subject=entry.subject,
        pr_label=entry.pr_label,
        landed_at=entry.landed_at,
        time=entry.time,
        same_day=True,
        href=f"#{entry.anchor}",
        role=entry.series or "landed",
    )


def _other(link: ThreadLink, place: Place) -> Step:
    same_day = link.other_day == place.day
    href = place.links.commit(link.other_sha)
    if link.other_sha in place.anchors:
        href = f"#{place.anchors[link.other_sha]}"
    elif not same_day and link.other_day in place.pages:
        href = f"{link.other_day.isoformat()}.md#c-{link.other_sha[:7]}"
    part = re.search(r"\[(\d{1,3}/(?:\d{1,3}|[Nn])?)\]", link.other_subject)
    number = link.other_pr_number
    return Step(
        sha=link.other_sha,
        short=link.other_sha[:7],
        subject=link.other_subject,
        pr_label=None if number is None else f"{place.links.pr_mark}{number}",
        landed_at=link.other_landed_at,
        time=clock(link.other_landed_at, place.zone),
        same_day=same_day,
        href=href,
        role=part[1] if part else "landed",
    )


def _groups(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The connected parts of an undirected graph, each sorted, in the order of their smallest member."""
    near: dict[str, set[str]] = collections.defaultdict(set)
    for one, others in edges.items():
        for other in others:
            near[one].add(other)
            near[other].add(one)
    groups, seen = [], set[str]()
    for start in sorted(near):
        if start in seen:
            continue
        group, todo = {start}, [start]
        while todo:
            fresh = near[todo.pop()] - group
            group |= fresh
            todo += fresh
        seen |= group
        groups.append(sorted(group))
    return groups


def _chain(group: Sequence[str], reverts: Mapping[str, set[str]], steps: Mapping[str, Step]) -> Thread:
    order = sorted(group, key=lambda sha: (steps[sha].landed_at, sha))
    depth: dict[str, int] = {}
    for sha in order:
        depth[sha] = max((depth.get(target, 0) + 1 for target in reverts.get(sha, ())), default=0)
    undone: set[str] = set()
    for sha in reversed(order):
        if sha not in undone:
            undone |= reverts.get(sha, set())
    roots = [sha for sha in order if depth[sha] == 0]
    left = {sha not in undone for sha in roots}
    effect = {frozenset({False}): "none", frozenset({True}): "kept"}.get(frozenset(left))
    roles = {sha: "landed" if d == 0 else "reverted" if d % 2 else "restored" for sha, d in depth.items()}
    return Thread("revert", tuple(dataclasses.replace(steps[s], role=roles[s]) for s in order), effect)


def _series(group: Sequence[str], steps: Mapping[str, Step]) -> Thread:
    return Thread(
        "series", tuple(sorted((steps[s] for s in group), key=lambda s: (s.landed_at, s.sha))), None
    )
