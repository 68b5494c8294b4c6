"""The index of all reports as a value: newest day first, the recent days in full. Pure."""

from __future__ import annotations

import collections
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.files import report_path
from digest_pipeline.models import DayRecord, DayState

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

RECENT = 31
"""So many of the newest days name every repository; older ones are one line and lead to their page."""


@dataclasses.dataclass(frozen=True, slots=True)
class Linked:
    """A record and the page it leads to, relative to the index."""

    record: DayRecord
    address: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class IndexDay:
    """One day over all repositories; records by name."""

    day: dt.date
    address: str | None
    """Of the page across repositories."""
    records: tuple[Linked, ...]
    commits: int
    high: int
    unfinished: int
    """Repositories whose day is partial."""


@dataclasses.dataclass(frozen=True, slots=True)
class Index:
    """What the index shows."""

    newest: tuple[Linked, ...]
    """The newest record of every repository, by name."""
    recent: tuple[IndexDay, ...]
    older: tuple[tuple[str, tuple[IndexDay, ...]], ...]
    """(`YYYY-MM`, days), newest month first."""


def index_of(records: Sequence[DayRecord], dailies: Collection[dt.date] | None) -> Index:
    """The index of records in any order; `dailies` as in `reports.render_index`."""
    by_day: dict[dt.date, list[Linked]] = collections.defaultdict(list)
    newest: dict[str, Linked] = {}
    for record in sorted(records, key=lambda r: (r.day, r.repo)):
        linked = Linked(record, _address(record))
        by_day[record.day].append(linked)
        newest[record.repo] = linked
    days = [_day(day, by_day[day], dailies) for day in sorted(by_day, reverse=True)]
    months: dict[str, list[IndexDay]] = collections.defaultdict(list)
    for old in days[RECENT:]:
        months[f"{old.day:%Y-%m}"].append(old)
    return Index(
        newest=tuple(newest[repo] for repo in sorted(newest)),
        recent=tuple(days[:RECENT]),
        older=tuple((month, tuple(of)) for month, of in months.items()),
    )


def _address(record: DayRecord) -> str | None:
    if record.report_path is None:
        return None
    return report_path(Path(), record.repo, record.day).as_posix()


def _day(day: dt.date, records: Sequence[Linked], dailies: Collection[dt.date] | None) -> IndexDay:
    return IndexDay(
        day=day,
        address=f"daily/{day.isoformat()}.md" if dailies is None or day in dailies else None,
        records=tuple(records),
        commits=sum(r.record.commits for r in records),
        high=sum(r.record.high for r in records),
        unfinished=sum(r.record.state is DayState.PARTIAL for r in records),
    )
