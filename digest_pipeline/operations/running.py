"""What `digest run` does between its options and its output: which days, in which runs, shown how."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from digest_pipeline import stations
from digest_pipeline.files import report_path
from digest_pipeline.models import DigestError, Repository, day_of
from digest_pipeline.operations.launch import materialize
from digest_pipeline.workspace import days_of_range, workspace_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from digest_pipeline.resources import Watcher
    from digest_pipeline.settings import Settings

Task = tuple[list[Repository], "dt.date", "dt.date"]
"""Some repositories, and the first and last day to digest of them."""


def newest_days(
    settings: Settings, repositories: Sequence[Repository], watcher: Watcher
) -> tuple[list[Task], list[str]]:
    """The newest day with commits of each repository, after a fetch; and what failed, a line each."""
    by_day: dict[dt.date, list[Repository]] = defaultdict(list)
    failures: list[str] = []
    for repository in repositories:
        workspace = workspace_of(settings)
        watcher(f"{repository.name} clones", "", 0, 0)
        try:
            clone = stations.clone_repository(workspace, repository, now=int(time.time()))
            stations.update_index(workspace, repository, clone)
            last = workspace.store.last_landing(repository.name)
        except DigestError as error:
            failures += str(error).splitlines()
            continue
        day = day_of(last[0], settings.timezone) if last else settings.start_date
        if day < settings.start_date:
            failures.append(
                f"{repository.name}: its newest commit landed on {day}, before start_date = "
                f"{settings.start_date} in {settings.file.name}; set start_date to that day or earlier"
            )
            continue
        by_day[day].append(repository)
    return [(chosen, day, day) for day, chosen in sorted(by_day.items())], failures


def run_all(
    settings: Settings, tasks: Sequence[Task], *, force: bool, watcher: Watcher, fetched: bool = False
) -> tuple[list[Path], list[str]]:
    """Run the tasks; returns the paths of the pages that are there now, and what failed.

    `fetched` says that the tasks came from a fetch of a moment ago.
    """
    paths: list[Path] = []
    failures: list[str] = []
    for chosen, first, last in tasks:
        outcome = materialize(settings, chosen, first, last, force=force, watcher=watcher, fetched=fetched)
        failures += outcome.failures
        for repository in chosen:
            for window in days_of_range(settings, first, last):
                path = report_path(settings.reports_dir, repository.name, window.day)
                if path.exists():
                    paths.append(path)
    return paths, failures


@contextlib.contextmanager
def shown() -> Iterator[Watcher]:
    """Progress for a person: a bar on a terminal, else a plain line for each step."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        current = bar.add_task("starting", total=None)

        def watch(step: str, phase: str, done: int, total: int) -> None:
            description = f"{step} {phase}".strip()
            bar.update(current, description=description, completed=done, total=total or None)

        yield watch


def _plain_lines() -> Watcher:
    said: set[str] = set()

    def watch(step: str, _phase: str, _done: int, _total: int) -> None:
        if step not in said:
            said.add(step)
            print(step, file=sys.stderr, flush=True)  # noqa: T201 - the command line

    return watch
