"""A day compared with the repository's last four weeks. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from digest_pipeline.models import DayTotals

SPAN = 28
ENOUGH = 7
"""With fewer days before it a day is not compared: the median would say nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the day and its median over the days before."""

    value: int
    median: int


@dataclasses.dataclass(frozen=True, slots=True)
class Usual:
    """The day against the days with a record among the `SPAN` days before it."""

    days: int
    commits: Compared
    lines: Compared
    """Lines added and removed together."""
    authors: Compared
    high: Compared
    """Percentage of commits of high importance."""
    trend: tuple[int, ...]
    """Commits of these days, oldest first, the day itself last."""


def usual_of(today: DayTotals, totals: Sequence[DayTotals]) -> Usual | None:
    """The comparison, or None while there are fewer than `ENOUGH` days to compare with.

    `totals` may be in any order and hold other days, too; the day itself is taken from `today`.
    """
    oldest = today.day - dt.timedelta(days=SPAN)
    before = sorted((t for t in totals if oldest <= t.day < today.day), key=lambda t: t.day)
    if len(before) < ENOUGH:
        return None

    def compared(figure: Callable[[DayTotals], int]) -> Compared:
        return Compared(figure(today), round(statistics.median(map(figure, before))))

    return Usual(
        days=len(before),
        commits=compared(lambda t: t.commits),
        lines=compared(lambda t: t.insertions + t.deletions),
        authors=compared(lambda t: t.authors),
        high=compared(lambda t: round(100 * t.high / t.commits) if t.commits else 0),
        trend=tuple(t.commits for t in [*before, today]),
    )
