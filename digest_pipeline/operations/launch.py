"""Materialize days through Dagster in this process, so that the runs show in the web interface.

The command line's way in; the web interface and the schedule have their own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import TYPE_CHECKING

import dagster as dg

from digest_pipeline.definitions import definitions_of
from digest_pipeline.operations.instance import prepare_home
from digest_pipeline.operations.runs import tidy
from digest_pipeline.operations.underway import RANGE_END, RANGE_START
from digest_pipeline.operations.watching import step_failures
from digest_pipeline.resources import FETCHED, WATCHER, Watcher
from digest_pipeline.schedules import selection_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.models import Repository
    from digest_pipeline.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run."""

    run_id: str
    failures: tuple[str, ...]
    """What failed, each one line for a person; empty when all is well."""


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Dagster's instance below the data folder; makes it when it is not there yet."""
    home = prepare_home(settings.pipeline_dir)
    # Dagster refuses to open an instance by anything but this variable.
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()


def materialize(  # noqa: PLR0913 - one argument for each choice of the command line
    settings: Settings,
    repositories: Sequence[Repository],
    first: dt.date,
    last: dt.date,
    *,
    force: bool = False,
    watcher: Watcher | None = None,
    fetched: bool = False,
) -> Outcome:
    """Materialize the chains of some repositories for all days from `first` to `last`, in one run.

    A repository that fails takes only its own chain down; the page across repositories is made all
    the same. `fetched` says that the clones are as new as can be: no remote is asked again.
    """
    selection = selection_of(repositories)
    job = definitions_of(settings).resolve_job_def("digest")
    ops = {
        f"{key.path[0]}__analyses": {"config": {"force": True}}
        for key in selection
        if key.path[-1] == "analyses"
    }
    config = {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},  # the command line speaks for itself
        **({"ops": ops} if force else {}),
    }
    token, fetched_before = WATCHER.set(watcher), FETCHED.set(fetched)
    try:
        with open_instance(settings) as instance:
            tidy(instance, dt.datetime.now(dt.UTC), settings.keep_runs_days)
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config=config,
                asset_selection=selection,
                tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
            )
            failures = _failure_lines(result.all_events)
            if not failures and not result.success:
                failures = [_early_end(result.all_events)]
            return Outcome(result.run_id, tuple(failures))
    finally:
        WATCHER.reset(token)
        FETCHED.reset(fetched_before)


def _failure_lines(events: Sequence[dg.DagsterEvent]) -> list[str]:
    """What failed, without the steps that were only skipped because of it.

    Dagster makes a failed step of a Ctrl-C; here it becomes one again. Raises KeyboardInterrupt.
    """
    failed = [event for event in events if event.is_step_failure]
    for event in failed:
        error = event.step_failure_data.error
        if error and error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
            raise KeyboardInterrupt
    return [line for _, line in step_failures(failed)]


def _early_end(events: Sequence[dg.DagsterEvent]) -> str:
    """Why a run ended before its first step, for instance because the instance's folder cannot be written."""
    errors = [e.engine_event_data.error for e in events if e.is_engine_event and e.engine_event_data.error]
    errors += [e.job_failure_data.error for e in events if e.is_job_failure and e.job_failure_data.error]
    cause = next((error.cause or error for error in errors), None)
    text = cause.message if cause else "nothing says why; the web interface has the log of the run"
    return " ".join(f"the run ended before its first step: {text}".split())
