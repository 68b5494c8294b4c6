"""What the steps of Dagster have in common: the days of a run, what became of each, errors in one line.

The assets themselves are in `assets` and `daily`; nothing here knows what a station does.
"""

# No `from __future__ import annotations`: see `assets`.

import contextlib
import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from digest_pipeline.models import DigestError, Repository, Window, window_of
from digest_pipeline.settings import Settings

Metadata = dict[str, Any]


def partitions_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """The partitions: local calendar days from the start date to the current day."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone=settings.timezone, end_offset=1
    )


def station_key(repository: Repository, station: str) -> dg.AssetKey:
    """The key of one station of a repository's chain."""
    return dg.AssetKey([repository.slug, station])


@contextlib.contextmanager
def young_parts() -> Iterator[None]:
    """Dagster warns of `backfill_policy`, which is young; pyproject.toml pins the version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield


@contextlib.contextmanager
def one_line_failures() -> Iterator[None]:
    """An error that is meant for people fails the step with its own line, not with a traceback."""
    try:
        yield
    except DigestError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def windows_of(context: dg.AssetExecutionContext, settings: Settings) -> list[Window]:
    """The days that this run is for, ascending."""
    return [
        window_of(dt.date.fromisoformat(key), settings.timezone) for key in sorted(context.partition_keys)
    ]


def record_days(
    context: dg.AssetExecutionContext, done: Mapping[dt.date, Metadata], failed: Mapping[dt.date, Exception]
) -> None:
    """Materialize the days that are done, and fail the step for those that are not.

    A step that fails materializes nothing by itself, so then the days that succeeded are recorded
    one by one, and "retry from failure" redoes only the others.
    """
    if not failed:
        for day, metadata in done.items():
            context.add_asset_metadata(metadata, partition_key=day.isoformat())
        return
    log_days(context, context.asset_key, done)
    for day, error in failed.items():
        context.log.error("%s failed", day, exc_info=error)
    lines = [f"{context.asset_key.path[0]} {day}: {one_line(error)}" for day, error in failed.items()]
    raise dg.Failure(description="\n".join(lines), allow_retries=False)


def planned(run: dg.DagsterRun, key: dg.AssetKey) -> bool:
    """Whether a run is for an asset: its selection of assets and, in a retry, of steps; none is all."""
    return (run.asset_selection is None or key in run.asset_selection) and (
        run.step_keys_to_execute is None or key.to_python_identifier() in run.step_keys_to_execute
    )


def log_days(context: dg.AssetExecutionContext, key: dg.AssetKey, done: Mapping[dt.date, Metadata]) -> None:
    """Record days of an asset as materialized, whatever becomes of the step itself."""
    for day, metadata in done.items():
        context.log_event(dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata))


def one_line(error: Exception) -> str:
    """An error for people: its own line, or the kind and the text of one that nobody expected."""
    if isinstance(error, DigestError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())} (a bug; the log has the traceback)"


def path_of(path: Path) -> dg.PathMetadataValue:
    """A file or folder, as the web interface shows it."""
    return dg.MetadataValue.path(str(path))
