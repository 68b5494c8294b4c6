"""Which days somebody has already asked for: runs that are queued or running, and backfills that go on.

A backfill of the web interface has no run until the daemon launches it, up to a minute later, so both
are read. What the schedule makes of it is in `schedules`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

from digest_pipeline.operations.recording import station_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dagster._core.execution.backfill import PartitionBackfill

    from digest_pipeline.models import Repository

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def days_under_way(
    instance: dg.DagsterInstance, repositories: Iterable[Repository]
) -> dict[str, set[dt.date]]:
    """The days of each repository whose report is asked for and not there yet."""
    keys = {repository.name: station_key(repository, "reports") for repository in repositories}
    asked: dict[str, set[dt.date]] = {name: set() for name in keys}
    backfills = instance.get_backfills(filters=BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED]))
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        for name, key in keys.items():
            if run.asset_selection is None or key in run.asset_selection:
                asked[name] |= set(_days_of_run(run))
    for backfill in backfills:
        for name, key in keys.items():
            asked[name] |= set(_days_of_backfill(backfill, key))
    return asked


def _days_of_run(run: dg.DagsterRun) -> Iterator[dt.date]:
    first = run.tags.get(RANGE_START) or run.tags.get(PARTITION)
    last = run.tags.get(RANGE_END) or first
    if first is None or last is None:
        return
    begin = dt.date.fromisoformat(first)
    for number in range((dt.date.fromisoformat(last) - begin).days + 1):
        yield begin + dt.timedelta(days=number)


def _days_of_backfill(backfill: PartitionBackfill, key: dg.AssetKey) -> Iterator[dt.date]:
    """The days of an asset in a backfill of assets, or of the job."""
    data = backfill.asset_backfill_data
    if data is not None:
        subset = data.target_subset.partitions_subsets_by_asset_key.get(key)
        names = subset.get_partition_keys() if subset is not None else ()
    else:
        names = backfill.partition_names or ()
    for name in names:
        yield dt.date.fromisoformat(name)
