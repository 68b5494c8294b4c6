"""Which commits of a day are counted, judged and shown as entries of their own; pure.

Merge commits are stored, but a merge says again what its commits said, so sums, tiers and analyses
leave it out. The exception is a landing of very many commits (a subtree import, a long-lived
branch): nobody reads a thousand entries, so its merge stands for all of them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.models import Commit

BULK_LANDING = 200
"""A merge that lands more commits than this, merges not counted, is one unit."""


def units_of(commits: Iterable[Commit]) -> list[Commit]:
    """The commits that count, in the order given."""
    commits = list(commits)
    bulk = bulk_landings(commits)
    return [c for c in commits if (c.sha in bulk if c.landed_by in bulk else not c.is_merge)]


def bulk_landings(commits: Iterable[Commit]) -> dict[str, int]:
    """The merges that stand for what they landed, and how many commits that is.

    A landing whose merge is not among the commits (the days are counted by committer date) is not
    folded: there would be nothing to stand for it.
    """
    commits = list(commits)
    merges = {c.sha for c in commits if c.is_merge}
    landed = Counter(c.landed_by for c in commits if not c.is_merge)
    return {sha: count for sha, count in landed.items() if count > BULK_LANDING and sha in merges}
