"""When a day is asked for: every night, yesterday and whatever the lookback is missing.

The stock schedules of Dagster lose the ticks that passed while the daemon was down, so the newest
tick asks for everything that is not there. What is asked is decided by `wanted`, a pure function.
"""

# No `from __future__ import annotations`: Dagster reads the types of schedules from their annotations.

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

import dagster as dg

from digest_pipeline.assets import STATIONS
from digest_pipeline.daily import DAILY
from digest_pipeline.models import DayRecord, DayState, Repository
from digest_pipeline.operations.recording import station_key
from digest_pipeline.operations.underway import RANGE_END, RANGE_START, days_under_way
from digest_pipeline.settings import Settings


def wanted(
    records: Mapping[str, Mapping[dt.date, DayRecord]],
    asked: Mapping[str, AbstractSet[dt.date]],
    *,
    yesterday: dt.date,
    lookback_days: int,
) -> dict[dt.date, list[str]]:
    """Which repositories to digest for which days, ascending.

    `records` holds every row of `days` of each repository of the settings, `asked` what is queued
    or running. A repository without any row was just added: it starts with yesterday, because
    nobody asked to pay for what was before.
    """
    days: dict[dt.date, list[str]] = defaultdict(list)
    for repo, known in records.items():
        first = min(known, default=yesterday)
        earliest = max(first, yesterday - dt.timedelta(days=lookback_days - 1))
        for back in range((yesterday - earliest).days, -1, -1):
            day = yesterday - dt.timedelta(days=back)
            record = known.get(day)
            finished = record is not None and record.state in (DayState.COMPLETE, DayState.QUIET)
            if (day == yesterday or not finished) and day not in asked.get(repo, ()):
                days[day].append(repo)
    return dict(sorted(days.items()))


def spans(days: Mapping[dt.date, Sequence[str]]) -> list[tuple[dt.date, dt.date, Sequence[str]]]:
    """Days in a row for the same repositories as (first, last, repositories): each becomes one run.

    A run costs five seconds of CPU before it does anything.
    """
    found: list[tuple[dt.date, dt.date, Sequence[str]]] = []
    for day, names in sorted(days.items()):
        if found and found[-1][1] == day - dt.timedelta(days=1) and found[-1][2] == names:
            found[-1] = (found[-1][0], day, names)
        else:
            found.append((day, day, names))
    return found


def selection_of(repositories: Iterable[Repository]) -> list[dg.AssetKey]:
    """The asset keys of the chains of some repositories, and of the page across all."""
    return [*(station_key(r, s) for r in repositories for s in STATIONS), DAILY]


def nightly_of(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule of the settings' cron line, in the settings' time zone."""

    @dg.schedule(
        name="nightly",
        job_name="digest",
        cron_schedule=settings.schedule,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Digests yesterday, and every day of the lookback that is missing, partial or late.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        from digest_pipeline.operations.runs import tidy  # noqa: PLC0415 - only when it is evaluated
        from digest_pipeline.workspace import workspace_of  # noqa: PLC0415 - opens DuckDB

        tick = context.scheduled_execution_time
        tidy(context.instance, tick, settings.keep_runs_days)
        repositories = settings.repository_values()
        yesterday = tick.astimezone(ZoneInfo(settings.timezone)).date() - dt.timedelta(days=1)
        store = workspace_of(settings).store
        records = {r.name: store.days(r.name, settings.start_date, yesterday) for r in repositories}
        asked = days_under_way(context.instance, repositories)
        days = wanted(records, asked, yesterday=yesterday, lookback_days=settings.lookback_days)
        possible = {day: names for day, names in days.items() if day >= settings.start_date}
        for first, last, names in spans(possible):
            yield _request(first, last, [r for r in repositories if r.name in names], tick)

    return nightly


def _request(
    first: dt.date, last: dt.date, repositories: Iterable[Repository], tick: dt.datetime
) -> dg.RunRequest:
    """One run for the days `first` to `last` of some repositories."""
    return dg.RunRequest(
        run_key=f"{first}..{last}@{tick.isoformat()}",
        partition_key=first.isoformat() if first == last else None,
        tags={} if first == last else {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
        asset_selection=selection_of(repositories),
    )
