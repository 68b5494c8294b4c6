"""Commits that belong together: reverts, relands and what is left, follow-ups, parts of a series.

Pure. The links between commits come from the store (`ThreadLink`) and from the rules (`Triage`); here
they are joined to one graph, whose commits know where to read about them. What it amounts to: `chains`.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.page.chains import Edges, Step, Thread, threads_from
from digest_pipeline.page.entries import Entry, clock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from digest_pipeline.models import ThreadLink
    from digest_pipeline.page.links import Links


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
    """The threads of a page's commits, by the moment of their last commit on this page, newest first.

    `found` may tell of other pages' commits, too: only what hangs together with `entries` counts.
    """
    links = _near({e.sha for e in entries}, found)
    steps = {e.sha: _own(e, place.day) for e in entries}
    for link in links:
        steps.setdefault(link.other_sha, _other(link, place))
    edges = _edges(entries, links, steps)
    return tuple(sorted(threads_from(edges, steps), key=_newest_first))


def _near(shas: Collection[str], found: Iterable[ThreadLink]) -> list[ThreadLink]:
    """The links of some commits, and those of the chains of reverts that they lead to, in a fixed order."""
    by_sha: dict[str, list[ThreadLink]] = collections.defaultdict(list)
    for link in found:
        by_sha[link.sha].append(link)
    known, todo, near = set(shas), list(shas), []
    while todo:
        sha = todo.pop()
        for link in by_sha[sha]:
            in_chain = link.relation in _CHAIN
            if not in_chain and sha not in shas:
                continue
            near.append(link)
            if in_chain and link.other_sha not in known:
                known.add(link.other_sha)
                todo.append(link.other_sha)
    return sorted(near, key=lambda link: (link.sha, link.relation, link.other_sha))


_BACK = {"reverted_by": "reverts", "relanded_by": "relands", "followed_by": "follows"}
_CHAIN = frozenset(["reverts", "reverted_by", "relands", "relanded_by"])


def _edges(
    entries: Sequence[Entry], links: Iterable[ThreadLink], steps: Mapping[str, Step]
) -> dict[str, Edges]:
    """The links by their relation, each from the later commit to the earlier one."""
    edges: dict[str, Edges] = {
        relation: collections.defaultdict(set) for relation in (*_BACK.values(), "series")
    }
    for link in links:
        relation = _BACK.get(link.relation)
        late, early = (link.other_sha, link.sha) if relation else (link.sha, link.other_sha)
        edges[relation or link.relation][late].add(early)
    for entry in entries:
        original = entry.reverts if entry.reverts in steps else _named(entry, entries)
        edges["reverts"][entry.sha] |= {original} if original else set()
        edges["relands"][entry.sha] |= {entry.relands} & steps.keys() if entry.relands else set()
        edges["follows"][entry.sha] |= steps.keys() & set(entry.follows)
    for relation in edges.values():
        for sha, others in relation.items():
            others.discard(sha)
    return edges


def _named(entry: Entry, entries: Sequence[Entry]) -> str | None:
    """The newest earlier entry of the page that a revert means by `#123` or by its subject."""
    if not entry.reverts:
        return None
    names = ((e.sha, {e.pr_label, e.subject, e.title}) for e in entries if e.landed_at <= entry.landed_at)
    return next((sha for sha, called in names if entry.reverts in called and sha != entry.sha), None)


def _newest_first(thread: Thread) -> tuple[int, str]:
    return -max(s.landed_at for s in thread.steps), thread.steps[-1].sha


def _own(entry: Entry, day: dt.date) -> Step:
    return Step(
        sha=entry.sha,
        short=entry.short,
        subject=entry.subject,
        pr_label=entry.pr_label,
        landed_at=entry.landed_at,
        time=entry.time,
        day=day,
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
        day=link.other_day,
        same_day=same_day,
        href=href,
        role=part[1] if part else "landed",
    )
