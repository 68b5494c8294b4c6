"""What assets are given: the workspace of the settings, opened when a step runs.

Nothing is read, opened or imported here when definitions load.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from digest_pipeline.workspace import Workspace

Watcher = Callable[[str, str, int, int], None]
"""Called with (step, what is being done, how many are done, how many there are)."""

WATCHER: contextvars.ContextVar[Watcher | None] = contextvars.ContextVar("watcher", default=None)
"""Who else wants to see the progress of a step: the command line's bar, in the same process."""

FETCHED: contextvars.ContextVar[bool] = contextvars.ContextVar("fetched", default=False)
"""Whether this process has just fetched what it digests, so that the clones are as new as can be."""


class WorkspaceResource(dg.ConfigurableResource):
    """Opens the workspace of one settings file."""

    settings_file: str
    """Absolute path; the file is read again in each step, so a running web server sees changes."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[WorkspaceResource]:
        """For the steps of one run: as long as they last, the run counts as alive."""
        from digest_pipeline.operations.runs import alive  # noqa: PLC0415 - steps only

        if context.instance is None or context.run is None:  # resources outside of a run
            yield self
            return
        with alive(context.instance, context.run.run_id):
            yield self

    def open(self, context: dg.AssetExecutionContext, step: str) -> Workspace:
        """The workspace, whose progress goes to the log of the step and, as `step`, to the watcher.

        Raises SettingsError.
        """
        import dataclasses  # noqa: PLC0415 - steps only

        from digest_pipeline.settings import read_settings  # noqa: PLC0415
        from digest_pipeline.workspace import workspace_of  # noqa: PLC0415

        workspace = workspace_of(read_settings(Path(self.settings_file)))
        return dataclasses.replace(workspace, progress=_log_progress(context, step))


def _log_progress(context: dg.AssetExecutionContext, step: str) -> Callable[[str, int, int], None]:
    """A progress that logs at most once for each tenth of the way: each line is a row for ever."""
    logged: dict[str, int] = {}
    watcher = WATCHER.get()
    if watcher:
        watcher(step, "", 0, 0)

    def progress(phase: str, done: int, total: int) -> None:
        if watcher:
            watcher(step, phase, done, total)
        tenth = done * 10 // total if total else 0
        if total >= 100 and tenth > logged.get(phase, 0):  # noqa: PLR2004 - short work needs no lines
            logged[phase] = tenth
            context.log.info("%s: %s of %s", phase, done, total)

    return progress
