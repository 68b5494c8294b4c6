"""The assets of a repository: a chain of four. The page across repositories is in `daily`.

An asset reads, calls its station and returns metadata. What decides is in `stations`, `judging` and
`writing` and below; those modules are imported when a step runs, so that definitions load quickly.
"""

# No `from __future__ import annotations`: Dagster reads the types of assets from their annotations.

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from digest_pipeline import checks, daily
from digest_pipeline.models import Repository, Window
from digest_pipeline.operations.recording import (
    Metadata,
    log_days,
    one_line_failures,
    partitions_of,
    path_of,
    planned,
    record_days,
    station_key,
    windows_of,
    young_parts,
)
from digest_pipeline.page.preview import preview_of
from digest_pipeline.resources import FETCHED, WorkspaceResource
from digest_pipeline.settings import Settings

if TYPE_CHECKING:
    from digest_pipeline.judging import Analysed
    from digest_pipeline.workspace import Workspace
    from digest_pipeline.writing import Written

STATIONS = ("clones", "commits", "analyses", "reports")
ROWS = "dagster/partition_row_count"


class AnalysesConfig(dg.Config):
    """What a person may choose when materializing analyses."""

    force: bool = False
    """Ask the model again although its answers are at hand."""


def chain_of(repository: Repository, settings: Settings) -> list[dg.AssetsDefinition]:
    """The four assets of a repository, in order."""
    makers = (_clones, _commits, _analyses, _reports)
    with young_parts():
        return [make(repository, partitions_of(settings)) for make in makers]


def _asset(  # noqa: PLR0913 - one argument for each thing that differs between the stations
    repository: Repository,
    partitions: dg.DailyPartitionsDefinition,
    station: str,
    *,
    kinds: set[str],
    description: str,
    specs: Sequence[dg.AssetCheckSpec] = (),
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    place = STATIONS.index(station)
    return dg.asset(
        key=station_key(repository, station),
        deps=[station_key(repository, STATIONS[place - 1])] if place else [],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=repository.slug,
        kinds=kinds,
        owners=["team:digest"],
        description=f"{description} Repository: {repository.name}.",
        metadata={"repository": repository.name},
        check_specs=specs,
        pool=f"{repository.slug}_{station}",
    )


def _clones(repository: Repository, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    @_asset(
        repository,
        partitions,
        "clones",
        kinds={"github" if "github.com" in repository.url else "git", "python"},
        description="The bare clone of the tracked branch, fetched once for all days of a run.",
    )
    def clones(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from digest_pipeline import stations  # noqa: PLC0415

        with one_line_failures():
            started = time.monotonic()
            opened = workspace.open(context, f"{repository.name} clones")
            if FETCHED.get():
                clone = stations.clone_on_disk(opened, repository)
            else:
                clone = stations.clone_repository(opened, repository, now=int(time.time()))
        return dg.MaterializeResult(
            metadata={
                "branch": clone.branch,
                "tip": clone.tip,
                "fetched_at": dg.MetadataValue.timestamp(float(clone.fetched_at)),
                "seconds": round(time.monotonic() - started, 3),
                "path": path_of(clone.path),
            }
        )

    return clones


def _commits(repository: Repository, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    key = station_key(repository, "commits")

    @_asset(
        repository,
        partitions,
        "commits",
        kinds={"duckdb", "python"},
        description="The day's commits and their rows per file, on the day they landed on the branch.",
        specs=checks.specs(key, "commits"),
    )
    def commits(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from digest_pipeline import stations  # noqa: PLC0415

        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} commits")
            windows = windows_of(context, opened.settings)
            rows, failed = stations.store_each_day(opened, repository, windows)
            counts = {day: {ROWS: n, "commits": n} for day, n in rows.items()}
            if failed:
                _carry_on(context, opened, repository, [w for w in windows if w.day in rows], "analyses")
            record_days(context, counts, failed)
            return dg.MaterializeResult(check_results=checks.of_commits(key, opened, repository, windows))

    return commits


def _analyses(repository: Repository, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    key = station_key(repository, "analyses")

    @_asset(
        repository,
        partitions,
        "analyses",
        kinds={"duckdb", "python"},
        description="Importance with named reasons, change type, area, and what each commit does.",
        specs=checks.specs(key, "analyses"),
    )
    def analyses(
        context: dg.AssetExecutionContext, config: AnalysesConfig, workspace: WorkspaceResource
    ) -> dg.MaterializeResult:
        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} analyses")
            windows = windows_of(context, opened.settings)
            analysed, counts = _analyse(opened, repository, windows, force=config.force)
            if analysed.failed:
                _carry_on(context, opened, repository, [w for w in windows if w.day in counts], "reports")
            record_days(context, counts, analysed.failed)
            return dg.MaterializeResult(
                metadata=analysed.figures, check_results=checks.of_analyses(key, analysed)
            )

    return analyses


def _reports(repository: Repository, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    key = station_key(repository, "reports")

    @_asset(
        repository,
        partitions,
        "reports",
        kinds={"file", "python"},
        description="The page of the day as Markdown and JSON.",
        specs=checks.specs(key, "reports"),
    )
    def reports(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} reports")
            windows = windows_of(context, opened.settings)
            done, failed = _write(context, opened, repository, windows)
            record_days(context, {day: _page_metadata(written) for day, written in done.items()}, failed)
            paths = [written.path for written in done.values()]
            return dg.MaterializeResult(
                check_results=checks.of_reports(key, opened, repository, windows, paths)
            )

    return reports


def _analyse(
    workspace: "Workspace", repository: Repository, windows: Sequence[Window], *, force: bool
) -> "tuple[Analysed, dict[dt.date, Metadata]]":
    from digest_pipeline import judging  # noqa: PLC0415

    analysed = judging.store_analyses(workspace, repository, windows, force=force, now=int(time.time()))
    return analysed, {day: {ROWS: figures["commits"], **figures} for day, figures in analysed.days.items()}


def _write(
    context: dg.AssetExecutionContext,
    workspace: "Workspace",
    repository: Repository,
    windows: Sequence[Window],
) -> "tuple[dict[dt.date, Written], dict[dt.date, Exception]]":
    from digest_pipeline import writing  # noqa: PLC0415

    done, failed = writing.write_reports(workspace, repository, windows, now=int(time.time()))
    daily.refresh(context, workspace, [window for window in windows if window.day in done])
    return done, failed


def _carry_on(
    context: dg.AssetExecutionContext,
    workspace: "Workspace",
    repository: Repository,
    windows: Sequence[Window],
    station: str,
) -> None:
    """Take days through the rest of the chain, from `station` on, because this step is going to fail.

    Dagster would skip the rest for all days of the run although only other days have failed.
    """
    key = station_key(repository, station)
    if not windows or not planned(context.run, key):
        return
    if station == "analyses":
        analysed, counts = _analyse(workspace, repository, windows, force=False)
        log_days(context, key, counts)
        _carry_on(context, workspace, repository, [w for w in windows if w.day in counts], "reports")
        failed = analysed.failed
    else:
        done, failed = _write(context, workspace, repository, windows)
        log_days(context, key, {day: _page_metadata(written) for day, written in done.items()})
    for day, error in failed.items():
        context.log.error("%s of %s failed", station, day, exc_info=error)


def _page_metadata(written: "Written") -> Metadata:
    record = written.record
    return {
        "report": dg.MetadataValue.md(preview_of(written.page, written.picture)),
        "path": path_of(written.path),
        "state": record.state.value,
        ROWS: 1,
        **{name: getattr(record, name) for name in ("commits", "high", "medium", "low", "pending")},
        **({"cost_usd": record.cost_usd} if record.cost_usd is not None else {}),
    }
