"""Where Dagster keeps its runs: one folder below the data, the same for command line and web server.

The text written here equals the `dagster.yaml` at the root of the project (a test holds them
together), but for the absolute path; so `dg dev` in the project folder finds the same runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from digest_pipeline.files import write_files
from digest_pipeline.models import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
# Dagster's instance: runs, schedules and logs, kept below data/ and never sent anywhere.
storage:
  custom:
    module: digest_pipeline.operations.records
    class: CompressedStorage
    config:
      base_dir: {base}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: {base}
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {logs}
# Limits inside a run and across runs; the database has a queue of its own, so this is politeness.
concurrency:
  runs:
    max_concurrent_runs: 2
  pools:
    default_limit: 1
    granularity: op
# The next start closes the runs of a crash; this ends those that hang.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 21600
# Each look of a schedule or sensor is a row; days of them are enough.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 1
      failure: 30
      success: 30
telemetry:
  enabled: false
nux:
  enabled: false
"""


WORKSPACE = """\
load_from:
  - python_module:
      module_name: digest_pipeline.definitions
      location_name: digest_pipeline
"""


def configuration(base: str) -> str:
    """The text of `dagster.yaml` for an instance in the folder `base`."""
    plain = all(c.isalnum() or c in "/._-" for c in base)
    quoted, logs = (
        (base, f"{base}/compute_logs") if plain else (json.dumps(base), json.dumps(f"{base}/compute_logs"))
    )
    return CONFIGURATION.format(base=quoted, logs=logs)


def prepare_home(pipeline_dir: Path) -> Path:
    """Make the instance's folder and its `dagster.yaml`; returns the folder, for DAGSTER_HOME."""
    home = pipeline_dir / "dagster"
    try:
        write_files({home / "dagster.yaml": configuration(str(home))})
    except OSError as error:
        raise SettingsError(f"data_dir: {home} cannot be written: {error.strerror}") from None
    return home


def prepare_workspace(home: Path) -> Path:
    """Make the file that tells Dagster what to load, named as in the project's `workspace.yaml`.

    The name is part of the identity of schedules and runs, so both ways of starting must agree.
    """
    file = home / "workspace.yaml"
    write_files({file: WORKSPACE})
    return file
