"""What a commit does to its dependencies, over all the manifests and lock files that say so. Pure."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING

from digest_pipeline.rules.findings import Dependency, in_order

if TYPE_CHECKING:
    from collections.abc import Collection


def distinct(found: Collection[Dependency]) -> tuple[Dependency, ...]:
    """By path and name: one for all manifests that change it alike, none for what only moved between them.

    What a lock file repeats of a manifest is left out.
    """
    asked: dict[str, list[Dependency]] = {}
    for dependency in sorted(found, key=lambda d: d.path):
        if not dependency.is_locked:
            asked.setdefault(dependency.name, []).append(dependency)
    locked = [d for d in found if d.is_locked and d.name not in asked]
    return in_order([*locked, *(d for several in asked.values() for d in _netted(several))])


def _netted(found: list[Dependency]) -> list[Dependency]:
    """What several manifests do with one dependency: each version that it comes to, once."""
    gone = [d for d in found if d.new is None]
    come = [d for d in found if d.old is None]
    rest = [d for d in found if d not in gone and d not in come]
    if gone and come:
        made = dataclasses.replace(come[0], old=gone[0].old, is_dev=all(d.is_dev for d in found))
        rest += [made] if made.old != made.new else []
    else:
        rest += (gone or come) if not rest else []
    by_new: dict[str | None, list[Dependency]] = {}
    for dependency in rest:
        by_new.setdefault(dependency.new, []).append(dependency)
    return [_usual(several) for several in by_new.values()]


def _usual(found: list[Dependency]) -> Dependency:
    """The change that most manifests make; one for developers only where all of them are."""
    old = collections.Counter(d.old for d in found).most_common(1)[0][0]
    shown = next(d for d in found if d.old == old)
    return dataclasses.replace(shown, is_dev=all(d.is_dev for d in found))
