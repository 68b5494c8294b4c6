"""Dagster's records of runs: closing those whose process is gone, and dropping what is old.

A run holds a lock file as long as its process lives; the kernel drops the lock of a process that is
killed, so a run without its lock is over for sure, whatever its record says. Dagster itself forgets
with a run what the run has materialized; here that stays, and only the rest of the record goes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from digest_pipeline.lockfile import holding, is_held

if TYPE_CHECKING:
    from collections.abc import Iterator

UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
GRACE = dt.timedelta(minutes=3)
"""From the record of a run to its first step, as `start_timeout_seconds` of `dagster.yaml`."""
MOST = 500
"""Records that are dropped at once; the next night goes on."""
GONE = "The process of this run is gone: it was killed, or the machine stopped. Run the days again."


@contextlib.contextmanager
def alive(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the lock of a run while its steps are executed."""
    with holding(_lock(instance, run_id)):
        yield


def tidy(instance: dg.DagsterInstance, now: dt.datetime, keep_days: int) -> None:
    """Close the dead runs and drop the old ones."""
    close_dead(instance, now)
    prune(instance, now, keep_days)


def close_dead(instance: dg.DagsterInstance, now: dt.datetime) -> list[str]:
    """Fail the runs whose process is gone, and free what they kept from others; their ids.

    A run that has no lock yet is left alone for `GRACE`.
    """
    closed: list[str] = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY)):
        run = record.dagster_run
        lock = _lock(instance, run.run_id)
        if is_held(lock) or (not lock.exists() and now - record.update_timestamp < GRACE):
            continue
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, message=GONE)
        else:
            instance.report_run_failed(run, message=GONE)
        # A slot of a pool that a dead run keeps would let every later run wait for it.
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        lock.unlink(missing_ok=True)
        closed.append(run.run_id)
    return closed


def prune(instance: dg.DagsterInstance, now: dt.datetime, keep_days: int) -> int:
    """Drop the records and logs of runs that ended more than `keep_days` ago; how many.

    What they materialized stays in the history of the assets, with its metadata.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return 0  # another database has a keeper of its own
    old = instance.get_run_records(
        dg.RunsFilter(statuses=OVER, updated_before=now - dt.timedelta(days=keep_days)),
        limit=MOST,
        order_by="update_timestamp",
        ascending=True,
    )
    for record in old:
        run_id = record.dagster_run.run_id
        _forget_events(storage, run_id)
        instance.run_storage.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    return len(old)


def _forget_events(storage: SqliteEventLogStorage, run_id: str) -> None:
    """Drop the run's own log, and of the log of all assets what is no materialization."""
    events, checks = SqlEventLogStorageTable, AssetCheckExecutionsTable
    kept = dg.DagsterEventType.ASSET_MATERIALIZATION.value
    with storage.index_connection() as index:
        index.execute(
            events.delete().where((events.c.run_id == run_id) & (events.c.dagster_event_type != kept))
        )
        index.execute(checks.delete().where(checks.c.run_id == run_id))
    for ending in ("", "-wal", "-shm"):
        Path(f"{storage.path_for_shard(run_id)}{ending}").unlink(missing_ok=True)


def _lock(instance: dg.DagsterInstance, run_id: str) -> Path:
    return Path(instance.root_directory) / "alive" / f"{run_id}.lock"
