"""What commits that belong together amount to: chains of reverts, follow-ups and series as threads.

Pure graph work on steps and on who is about whom (`Edges`). Which commits those are, and where to read
about them, is found in `related`.
"""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

Edges = dict[str, set[str]]
"""Later commit → the earlier ones that it is about."""


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
    day: dt.date
    """The day on whose page it is."""
    same_day: bool
    href: str | None
    """Where to read about it: an anchor of this page, the page of its day, else the host's page."""
    role: str
    """`landed`, `reverted` or `relanded` in a chain of reverts; `landed` or `followed` among follow-ups;
    the part (`2/3`) in a series."""
    targets: tuple[str, ...] = ()
    """SHAs of the earlier steps that it takes back, brings back or follows."""


@dataclasses.dataclass(frozen=True, slots=True)
class Thread:
    """Commits that belong together, oldest first."""

    kind: str
    """`revert`, `followup` or `series`."""
    steps: tuple[Step, ...]
    effect: str | None
    """Of a chain of reverts: `none` when nothing of the change is left, `relanded` when it is in again;
    None where that cannot be said in one word."""


def threads_from(edges: Mapping[str, Edges], steps: Mapping[str, Step]) -> list[Thread]:
    """The threads of a graph, in no particular order.

    `edges` holds `reverts`, `relands`, `follows` and `series`; what a chain of reverts tells already is
    not told again as a follow-up.
    """
    _undo_what_relands_undo(edges, steps)
    chains = [_chain(group, edges, steps) for group in _groups(edges["reverts"], edges["relands"])]
    told = {(one.sha, other.sha) for chain in chains for one in chain.steps for other in chain.steps}
    follows = {
        sha: {other for other in others if (sha, other) not in told}
        for sha, others in edges["follows"].items()
    }
    after = [_followups(group, follows, steps) for group in _groups(follows)]
    return [*chains, *after, *(_series(group, steps) for group in _groups(edges["series"]))]


def _undo_what_relands_undo(edges: Mapping[str, Edges], steps: Mapping[str, Step]) -> None:
    """A reland undoes the reverts of its original, also where it names only one of the two."""
    for late, originals in edges["relands"].items():
        reverting = {sha for sha, others in edges["reverts"].items() if others & originals and sha != late}
        edges["reverts"].setdefault(late, set()).update(
            s for s in reverting if steps[s].landed_at <= steps[late].landed_at
        )


def _groups(*relations: Edges) -> list[list[str]]:
    """The connected parts of an undirected graph, each sorted, in the order of their smallest member."""
    near: Edges = collections.defaultdict(set)
    for edges in relations:
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


def _chain(group: Sequence[str], edges: Mapping[str, Edges], steps: Mapping[str, Step]) -> Thread:
    order = sorted(group, key=lambda sha: (steps[sha].landed_at, sha))
    reverts, relands = edges["reverts"], edges["relands"]
    depth: dict[str, int] = {}
    for sha in order:
        back = 2 if relands.get(sha) else 0
        depth[sha] = max((depth.get(target, 0) + 1 for target in reverts.get(sha, ())), default=back)
    undone: set[str] = set()
    for sha in reversed(order):
        if sha not in undone:
            undone |= reverts.get(sha, set())
    roles = {sha: "landed" if d == 0 else "reverted" if d % 2 else "relanded" for sha, d in depth.items()}
    left = {sha not in undone for sha in order if roles[sha] == "landed"}
    effect = {frozenset({False}): "none", frozenset({True}): "relanded"}.get(frozenset(left))
    made = [
        _in_role(steps[sha], roles[sha], _targets(sha, roles[sha], reverts, relands, order)) for sha in order
    ]
    return Thread("revert", tuple(made), effect)


def _targets(sha: str, role: str, reverts: Edges, relands: Edges, order: Sequence[str]) -> list[str]:
    """What a step takes back; of a reland also what it brings back. Oldest first."""
    direct = reverts.get(sha, set())
    back = {again for target in direct for again in reverts.get(target, ())} | relands.get(sha, set())
    return [other for other in order if other in direct or (role == "relanded" and other in back)]


def _followups(group: Sequence[str], follows: Edges, steps: Mapping[str, Step]) -> Thread:
    order = sorted(group, key=lambda sha: (steps[sha].landed_at, sha))
    targets = {sha: [other for other in order if other in follows.get(sha, ())] for sha in order}
    made = [_in_role(steps[sha], "followed" if targets[sha] else "landed", targets[sha]) for sha in order]
    return Thread("followup", tuple(made), None)


def _in_role(step: Step, role: str, targets: Iterable[str]) -> Step:
    return dataclasses.replace(step, role=role, targets=tuple(targets))


def _series(group: Sequence[str], steps: Mapping[str, Step]) -> Thread:
    order = sorted((steps[sha] for sha in group), key=lambda step: (step.landed_at, step.sha))
    return Thread("series", tuple(order), None)
