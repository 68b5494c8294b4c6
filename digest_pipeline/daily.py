"""The asset `daily`: the page of a day across all repositories, which comes although one of them fails.

Dagster skips a step whose input failed. So `daily` has no repository's reports as an input but `pages`,
which stands for all of them and is made by no step; a low priority lets it run after everything else.
Whatever changes a report outside of such a run keeps the pages right by `refresh`.
"""

# No `from __future__ import annotations`: Dagster reads the types of assets from their annotations.

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from digest_pipeline import checks
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
from digest_pipeline.resources import WorkspaceResource
from digest_pipeline.settings import Settings

if TYPE_CHECKING:
    from digest_pipeline.workspace import Workspace
    from digest_pipeline.writing import Across

DAILY, PAGES = dg.AssetKey("daily"), dg.AssetKey("pages")
GROUP = "daily"
LAST = "-1"
"""Everything else has priority 0."""


def pages_of(repositories: Sequence[Repository]) -> dg.AssetSpec:
    """What lies between the reports of the repositories and `daily` in the lineage."""
    return dg.AssetSpec(
        PAGES,
        deps=[station_key(repository, "reports") for repository in repositories],
        group_name=GROUP,
        kinds={"file"},
        owners=["team:digest"],
        description="The pages of all repositories, as far as they are there. Nothing makes it: `daily` "
        "depends on it, and so does not wait for a repository that cannot be digested.",
    )


def daily_of(settings: Settings) -> dg.AssetsDefinition:
    """The page across all repositories."""
    with young_parts():

        @dg.asset(
            key=DAILY,
            deps=[PAGES],
            group_name=GROUP,
            partitions_def=partitions_of(settings),
            backfill_policy=dg.BackfillPolicy.single_run(),
            kinds={"file", "python"},
            owners=["team:digest"],
            op_tags={"dagster/priority": LAST},
            description="The page of the day across all repositories, the index, and the published database.",
            check_specs=checks.specs(DAILY, "daily"),
        )
        def daily(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
            with one_line_failures():
                opened = workspace.open(context, "daily")
                made = _write(opened, windows_of(context, opened.settings))
                record_days(context, _metadata(made), {})
                pages = [across.path for across in made.values()]
                return dg.MaterializeResult(check_results=checks.of_daily(DAILY, pages))

    return daily


def refresh(context: dg.AssetExecutionContext, workspace: "Workspace", windows: Sequence[Window]) -> None:
    """Make the pages across repositories and the published database anew after reports were.

    A run that makes `daily` at its end does so there. The others materialize reports alone, or retry a chain
    that failed, or had to let `daily` go before a chain that waits for another run. Raises StoreError.
    """
    run = context.run
    if planned(run, DAILY):
        stats = context.instance.get_run_step_stats(run.run_id, [DAILY.to_python_identifier()])
        if not stats:
            return
    log_days(context, DAILY, _metadata(_write(workspace, windows)))


def _write(workspace: "Workspace", windows: Sequence[Window]) -> "dict[dt.date, Across]":
    from digest_pipeline import writing  # noqa: PLC0415

    made = writing.write_daily(workspace, windows, now=int(time.time()))
    workspace.store.publish()
    return made


def _metadata(made: "Mapping[dt.date, Across]") -> dict[dt.date, Metadata]:
    return {day: _of_day(across) for day, across in made.items()}


def _of_day(across: "Across") -> Metadata:
    return {
        "report": dg.MetadataValue.md(preview_of(across.page)),
        "path": path_of(across.path),
        "commits": across.commits,
        "high": across.high,
        "repositories": across.repositories,
        "missing": len(across.missing),
        **({"missing_repositories": ", ".join(across.missing)} if across.missing else {}),
    }
