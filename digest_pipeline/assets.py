"""The assets: one chain of four per repository, and the page across repositories.

An asset reads, calls its station and returns metadata. What decides is in `stations`, `judging` and
`writing` and below; those modules are imported when a step runs, so that definitions load quickly.
"""

# No `from __future__ import annotations`: Dagster reads the types of assets from their annotations.

import contextlib
import datetime as dt
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from digest_pipeline import checks
from digest_pipeline.models import DigestError, Repository, Window, window_of
from digest_pipeline.resources import WorkspaceResource
from digest_pipeline.settings import Settings

if TYPE_CHECKING:
    from digest_pipeline.writing import Written

STATIONS = ("clones", "commits", "analyses", "reports")
Metadata = dict[str, Any]
PREVIEW = 20_000
"""Characters of a page that the web interface shows beside an asset."""


class AnalysesConfig(dg.Config):
    """What a person may choose when materializing analyses."""

    force: bool = False
    """Ask the model again although its answers are at hand."""


def partitions_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """The partitions: local calendar days from the start date to the current day."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone=settings.timezone, end_offset=1
    )


def station_key(repository: Repository, station: str) -> dg.AssetKey:
    """The key of one station of a repository's chain."""
    return dg.AssetKey([repository.slug, station])


def chain_of(repository: Repository, settings: Settings) -> list[dg.AssetsDefinition]:
    """The four assets of a repository, in order."""
    makers = (_clones, _commits, _analyses, _reports)
    with _young_parts():
        return [make(repository, partitions_of(settings)) for make in makers]


@contextlib.contextmanager
def _young_parts() -> Iterator[None]:
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
    for day, metadata in done.items():
        if failed:
            event = dg.AssetMaterialization(context.asset_key, partition=day.isoformat(), metadata=metadata)
            context.log_event(event)
        else:
            context.add_asset_metadata(metadata, partition_key=day.isoformat())
    if failed:
        for day, error in failed.items():
            context.log.error("%s failed", day, exc_info=error)
        lines = [f"{context.asset_key.path[0]} {day}: {one_line(error)}" for day, error in failed.items()]
        raise dg.Failure(description="\n".join(lines), allow_retries=False)


def one_line(error: Exception) -> str:
    """An error for people: its own line, or the kind and the text of one that nobody expected."""
    if isinstance(error, DigestError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())} (a bug; the log has the traceback)"


def _asset(  # noqa: PLR0913 - one argument for each thing that differs between the stations
    repository: Repository,
    partitions: dg.DailyPartitionsDefinition,
    station: str,
    *,
    kinds: set[str],
    description: str,
    specs: Sequence[dg.AssetCheckSpec] = (),
    metadata: Mapping[str, Any] | None = None,
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
        metadata={"repository": repository.name, **(metadata or {})},
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
            clone = stations.clone_repository(
                workspace.open(context, f"{repository.name} clones"), repository, now=int(time.time())
            )
        return dg.MaterializeResult(
            metadata={
                "branch": clone.branch,
                "tip": clone.tip,
                "fetched_at": dg.MetadataValue.timestamp(float(clone.fetched_at)),
                "seconds": round(time.monotonic() - started, 3),
                "path": _path(clone.path),
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
        metadata={"dagster/table_name": "commits"},
    )
    def commits(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from digest_pipeline import stations  # noqa: PLC0415

        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} commits")
            windows = windows_of(context, opened.settings)
            rows, failed = stations.store_each_day(opened, repository, windows)
            counts = {day: {"dagster/partition_row_count": n, "commits": n} for day, n in rows.items()}
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
        metadata={"dagster/table_name": "analyses"},
    )
    def analyses(
        context: dg.AssetExecutionContext, config: AnalysesConfig, workspace: WorkspaceResource
    ) -> dg.MaterializeResult:
        from digest_pipeline import judging  # noqa: PLC0415

        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} analyses")
            windows = windows_of(context, opened.settings)
            analysed = judging.store_analyses(
                opened, repository, windows, force=config.force, now=int(time.time())
            )
            record_days(context, analysed.days, analysed.failed)
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
        from digest_pipeline import writing  # noqa: PLC0415

        with one_line_failures():
            opened = workspace.open(context, f"{repository.name} reports")
            windows = windows_of(context, opened.settings)
            done, failed = writing.write_reports(opened, repository, windows, now=int(time.time()))
            opened.store.publish()
            record_days(context, {day: _page_metadata(written) for day, written in done.items()}, failed)
            paths = [written.path for written in done.values()]
            return dg.MaterializeResult(
                check_results=checks.of_reports(key, opened, repository, windows, paths)
            )

    return reports


def daily_of(repositories: Sequence[Repository], settings: Settings) -> dg.AssetsDefinition:
    """The page across all repositories."""
    with _young_parts():

        @dg.asset(
            name="daily",
            deps=[station_key(repository, "reports") for repository in repositories],
            group_name="daily",
            partitions_def=partitions_of(settings),
            backfill_policy=dg.BackfillPolicy.single_run(),
            kinds={"file", "python"},
            owners=["team:digest"],
            description="The page of the day across all repositories, the index, and the published database.",
        )
        def daily(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
            from digest_pipeline import writing  # noqa: PLC0415

            with one_line_failures():
                opened = workspace.open(context, "daily")
                windows = windows_of(context, opened.settings)
                paths = writing.write_daily(opened, windows, now=int(time.time()))
                opened.store.publish()
                record_days(context, {day: {"path": _path(path)} for day, path in paths.items()}, {})
            return dg.MaterializeResult()

    return daily


def _page_metadata(written: "Written") -> Metadata:
    record = written.record
    return {
        "report": dg.MetadataValue.md(preview_of(written.page)),
        "path": _path(written.path),
        "state": record.state.value,
        **{name: getattr(record, name) for name in ("commits", "high", "medium", "low", "pending")},
        **({"cost_usd": record.cost_usd} if record.cost_usd is not None else {}),
    }


def _path(path: Path) -> dg.PathMetadataValue:
    return dg.MetadataValue.path(str(path))


def preview_of(page: str) -> str:
    """The beginning of a page, cut where a part begins: each preview is kept in the log for ever."""
    if len(page) <= PREVIEW:
        return page
    cut = page.rfind("\n### ", 0, PREVIEW)
    return page[: cut if cut > 0 else PREVIEW] + "\n\n…\n"
