"""The loops of Dagster's daemon in this process, with a clock that the test sets."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import sys
import warnings
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs
from dagster_graphql.test.utils import execute_dagster_graphql

from digest_pipeline.operations.underway import PARTITION, RANGE_END, RANGE_START

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest
    from dagster._core.workspace.context import WorkspaceProcessContext

    from digest_pipeline_tests.projects import Project

LOGGER = logging.getLogger("daemon")
LOCATION = "digest_pipeline"
EXECUTES = {
    "module": "dagster._core.launcher.sync_in_memory_run_launcher",
    "class": "SyncInMemoryRunLauncher",
}
COORDINATES = "dagster._core.run_coordinator"
AT_ONCE = {"module": COORDINATES, "class": "DefaultRunCoordinator"}
LEAVES_QUEUED = {"module": COORDINATES, "class": "QueuedRunCoordinator"}

Asked = tuple[str, str, frozenset[str]]
"""First and last day of a run, and the groups of the assets that it is for."""


@dataclasses.dataclass
class Daemon:
    """The daemon of a project, and the runs that it has launched."""

    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext

    def looks_at_the_clock(self, moment: dt.datetime) -> list[Asked]:
        """One round of the scheduler at a moment; what it asked for, oldest day first."""
        before = {run.run_id for run in self.instance.get_runs()}
        with freeze_time(moment.astimezone(dt.UTC)):
            for error in launch_scheduled_runs(self.workspace, LOGGER, moment.astimezone(dt.UTC), {}):
                assert error is None, error
        launched = [run for run in self.instance.get_runs() if run.run_id not in before]
        assert all(run.status is not dg.DagsterRunStatus.FAILURE for run in launched)
        return sorted(map(asked_of, launched))

    def looks_at_backfills(self) -> None:
        """One round over the backfills."""
        for error in execute_backfill_iteration(self.workspace, LOGGER):
            assert error is None, error

    def ask(self, query: str, **variables: object) -> Mapping[str, Any]:
        """The data of the web interface's answer to a question in GraphQL."""
        answer = execute_dagster_graphql(self.workspace.create_request_context(), query, variables)
        assert not answer.errors, answer.errors
        return answer.data

    def days_of(self, *path: str) -> set[str]:
        """The materialized partitions of an asset."""
        return self.instance.get_materialized_partitions(dg.AssetKey(list(path)))

    def steps_of(self, run: dg.DagsterRun) -> set[str]:
        """The steps that a run has begun."""
        return {stats.step_key for stats in self.instance.get_run_step_stats(run.run_id)}


def asked_of(run: dg.DagsterRun) -> Asked:
    """The days and groups of a run."""
    first = run.tags.get(RANGE_START) or run.tags[PARTITION]
    groups = {key.path[0] for key in run.asset_selection or ()}
    return first, run.tags.get(RANGE_END) or first, frozenset(groups)


@contextlib.contextmanager
def daemon_of(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, coordinator: dict[str, str] = AT_ONCE
) -> Iterator[Daemon]:
    """The daemon of a project whose runs are executed in this process, or left as queued."""
    monkeypatch.setenv("DIGEST_SETTINGS", str(project.file))
    for cached in (ReconstructableJob.get_definition, ReconstructableJob.get_repository_definition):
        cached.cache_clear()  # the job of the project before has the same name
    overrides = {"run_launcher": EXECUTES, "run_coordinator": coordinator, "telemetry": {"enabled": False}}
    folder = project.folder / "instance"
    folder.mkdir(exist_ok=True)
    origin = LoadableTargetOrigin(
        executable_path=sys.executable, module_name="digest_pipeline.definitions", attribute="defs"
    )
    target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin, location_name=LOCATION))
    with (
        warnings.catch_warnings(action="ignore"),  # Dagster warns of its own young and old parts
        dg.instance_for_test(overrides=overrides, temp_dir=str(folder)) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        yield Daemon(instance, workspace)
