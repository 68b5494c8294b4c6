"""When a day is asked for: every night, yesterday and whatever the lookback is missing.

The stock schedules of Dagster lose the ticks that passed while the daemon was down, so the newest
tick asks for everything that is not there. What is asked is decided by `wanted`, a pure function.
"""

# No `from __future__ import annotations`: Dagster reads the types of schedules from their annotations.

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

import dagster as dg

from digest_pipeline.assets import STATIONS
from digest_pipeline.daily import DAILY
from digest_pipeline.models import DayRecord, DayState, Repository
from digest_pipeline.recording import station_key
from digest_pipeline.settings import Settings

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


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


def unfinished_days(
    instance: dg.DagsterInstance, repositories: tuple[Repository, ...]
) -> dict[str, set[dt.date]]:
    """The days of each repository that a queued or running run is already for."""
    asked: dict[str, set[dt.date]] = {repository.name: set() for repository in repositories}
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        first = run.tags.get(RANGE_START) or run.tags.get(PARTITION)
        last = run.tags.get(RANGE_END) or first
        if first is None or last is None:
            continue
        begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        days = {begin + dt.timedelta(days=n) for n in range((end - begin).days + 1)}
        for repository in repositories:
            selection = run.asset_selection
            if selection is None or station_key(repository, "reports") in selection:
                asked[repository.name] |= days
    return asked


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
        from digest_pipeline.workspace import workspace_of  # noqa: PLC0415 - opens DuckDB

        tick = context.scheduled_execution_time
        repositories = settings.repository_values()
        yesterday = tick.astimezone(ZoneInfo(settings.timezone)).date() - dt.timedelta(days=1)
        store = workspace_of(settings).store
        records = {r.name: store.days(r.name, settings.start_date, yesterday) for r in repositories}
        asked = unfinished_days(context.instance, repositories)
        for day, names in wanted(
            records, asked, yesterday=yesterday, lookback_days=settings.lookback_days
        ).items():
            if day >= settings.start_date:
                yield dg.RunRequest(
                    run_key=f"{day}@{tick.isoformat()}",
                    partition_key=day.isoformat(),
                    asset_selection=selection_of(r for r in repositories if r.name in names),
                )

    return nightly
