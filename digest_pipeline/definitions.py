"""What Dagster loads: the assets of every repository, the job, the schedule, the sensor. No logic.

A mistake in the settings is raised as its own lines, so that `dg check defs` and the web page show
the same text as the command line.
"""

from __future__ import annotations

import dagster as dg

from digest_pipeline.assets import chain_of
from digest_pipeline.daily import daily_of, pages_of
from digest_pipeline.operations.shown import shown_by
from digest_pipeline.operations.watching import notices_of
from digest_pipeline.resources import WorkspaceResource
from digest_pipeline.schedules import nightly_of
from digest_pipeline.settings import Settings, read_settings, settings_file


def definitions_of(settings: Settings) -> dg.Definitions:
    """The definitions of some settings."""
    repositories = settings.repository_values()
    job = dg.define_asset_job(
        "digest",
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Digests one day of all repositories. For a range use Lineage, *Materialize all*: that "
        "is one run; from here it is a run for each day, unless you choose *Single run*.",
    )
    assets = [
        *(asset for repository in repositories for asset in chain_of(repository, settings)),
        pages_of(repositories),
        daily_of(settings),
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(shown_by(settings), assets),
        jobs=[job],
        schedules=[nightly_of(settings)],
        sensors=notices_of(settings),
        resources={"workspace": WorkspaceResource(settings_file=str(settings.file))},
        # Each step of another executor is a new interpreter that imports everything again.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of `digest.toml`, or of the file that DIGEST_SETTINGS names."""
    return definitions_of(read_settings(settings_file()))
