"""What a backfill in the web interface costs beside `digest run` of the same range, from nothing to pages.

    python benchmarks/backfill.py --from 2026-07-19 --to 2026-08-17 REPO REPO REPO [--rounds 1] [--write]

REPO is a git directory whose HEAD is the branch to read. Each round makes a new folder for each way: rows,
the rules' analyses and pages. The clones are made once before, by http, with a figure of their own: they
cost the same for both. (Of an ordinary local path the packs are taken over for nothing;
of a partial one libgit2 packs all anew.)
Figures are CPU seconds (user and system, children included).
Of the web interface they are those of all its processes between the click and the end of the backfill, so
what servers and daemon do meanwhile anyway is in them. Ends with exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from extraction import name_of, record
from sessions import used

from digest_pipeline.settings import read_settings
from digest_pipeline.stations import clone_repository
from digest_pipeline.workspace import days_of_range, workspace_of
from digest_pipeline_tests.gitserver import serving
from digest_pipeline_tests.questions import LAUNCH, STATUS, keys
from digest_pipeline_tests.webui import wait_for, web_ui

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GOAL_TIMES, GOAL_SECONDS = 2.0, 60.0
STATIONS = ("clones", "commits", "analyses", "reports")


def prepare(folder: Path, repositories: Sequence[Path], first: dt.date) -> Path:
    """The settings of a new folder."""
    file = folder / "digest.toml"
    tables = "\n".join(
        f'[[repositories]]\nname = "{name_of(path)}"\nurl = "{path.resolve()}"\n' for path in repositories
    )
    file.write_text(f'timezone = "UTC"\nstart_date = {first}\nlanguage = "en"\n{tables}', encoding="utf-8")
    return file


def clone_all(folder: Path, repositories: Sequence[Path], first: dt.date) -> float:
    """Make all clones in a folder, by http on loopback; CPU seconds without those of `git upload-pack`."""
    workspace = workspace_of(read_settings(prepare(folder, repositories, first)))
    started = time.process_time()
    for path, repository in zip(repositories, workspace.settings.repository_values(), strict=True):
        with serving(path.resolve().parent) as git:
            remote = dataclasses.replace(repository, url=git.url(path.resolve().name))
            clone_repository(workspace, remote, now=int(time.time()))
    return time.process_time() - started


def by_command(file: Path, first: dt.date, last: dt.date) -> tuple[float, float]:
    """CPU and wall seconds of `digest run`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "digest_pipeline.cli", "run", "--settings", str(file)]
    subprocess.run([*command, "--from", str(first), "--to", str(last)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - started


def by_click(file: Path, first: dt.date, last: dt.date) -> tuple[float, float, int]:
    """CPU and wall seconds of a backfill from the click to its end, and how many runs it was."""
    settings = read_settings(file)
    chains = [f"{r.slug}/{station}" for r in settings.repository_values() for station in STATIONS]
    days = [str(window.day) for window in days_of_range(settings, first, last)]
    params = {"partitionNames": days, "assetSelection": keys(*chains, "daily")}
    with web_ui(file.parent) as ui:
        wait_for("the daemon", lambda: healthy(ui.ask(HEALTH)), 120)
        before, started = used(ui.pid), time.monotonic()
        launched = ui.ask(LAUNCH, params=params)["launchPartitionBackfill"]

        def ended() -> dict[str, Any] | None:
            found = ui.ask(STATUS, id=launched["backfillId"])["partitionBackfillOrError"]
            return found if found["status"] != "REQUESTED" else None

        found = wait_for("the backfill", ended, 900)
        cpu, wall = used(ui.pid) - before, time.monotonic() - started
    if found["status"] != "COMPLETED_SUCCESS":
        raise SystemExit(f"the backfill ended as {found['status']}")
    return cpu, wall, len(found["runs"])


HEALTH = "query { instance { daemonHealth { allDaemonStatuses { required healthy } } } }"


def healthy(answer: dict[str, Any]) -> bool:
    """Whether all daemons have begun their rounds."""
    statuses = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(status["healthy"] for status in statuses if status["required"])


def rounds(  # noqa: PLR0913, PLR0917 - what the command line says, and where results go
    base: Path,
    repositories: Sequence[Path],
    first: dt.date,
    last: dt.date,
    count: int,
    ratios: list[tuple[float, float]],
) -> Iterator[str]:
    """The table, with the clones made in `base`; `ratios` gets (times the command's CPU, CPU seconds)."""
    names = ", ".join(name_of(path) for path in repositories)
    cloned = clone_all(base, repositories, first)
    yield f"{names}, {first} to {last}; goals: {GOAL_TIMES:g} times `digest run`, {GOAL_SECONDS:g} s of CPU."
    yield f"The first clones, not counted below: {cloned:.1f} s of CPU."
    yield ""
    yield "| round | `digest run`, CPU s | wall s | backfill, CPU s | wall s | runs | ratio |"
    yield "|---|---|---|---|---|---|---|"
    for number in range(1, count + 1):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            for folder in (one, other):
                shutil.copytree(base / "data", Path(folder) / "data")
            command, command_wall = by_command(prepare(Path(one), repositories, first), first, last)
            click, click_wall, runs = by_click(prepare(Path(other), repositories, first), first, last)
        ratios.append((click / command, click))
        yield (
            f"| {number} | {command:.1f} | {command_wall:.0f} | {click:.1f} | {click_wall:.0f} "
            f"| {runs} | {click / command:.2f} |"
        )


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPO")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    args = parser.parse_args()
    ratios: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as base:
        table = rounds(Path(base), args.repositories, args.first, args.last, args.rounds, ratios)
        record("A backfill in the web interface", table, write=args.write)
    return int(any(ratio > GOAL_TIMES or seconds > GOAL_SECONDS for ratio, seconds in ratios))


if __name__ == "__main__":
    sys.exit(main())
