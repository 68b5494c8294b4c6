"""What Dagster costs: megabytes a night, before and after old runs are dropped, and the start of `digest ui`.

    .venv/bin/python benchmarks/operation.py growth [--repositories 20] [--nights 4]
    .venv/bin/python benchmarks/operation.py start [--rounds 3]

`growth` digests nights of small repositories and drops each run, as happens after `keep_runs_days`: what
remains of a night is what the instance grows by. `start` alternates `digest ui` and
`dagster dev` with an empty project; compare the CPU seconds, walls depend on the load.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sessions import end, used

from digest_pipeline.operations.launch import materialize, open_instance
from digest_pipeline.operations.runs import prune
from digest_pipeline_tests.projects import Project
from digest_pipeline_tests.webui import START_SECONDS, WebUI, free_port, wait_for, web_ui

FIRST = dt.date(2026, 2, 2)
MEGABYTE = 1e6
EMPTY = "import dagster as dg\n\ndefs = dg.Definitions()\n"


def small_repositories(folder: Path, count: int, nights: int) -> Project:
    """Repositories with 6 to 10 commits a day, and Chinese pages, which take the most room."""
    project = Project(folder, names=tuple(f"octo/r{n:02}" for n in range(count)), language="zh")
    kinds = ("feat", "fix", "docs", "refactor")
    for number, origin in enumerate(project.origins.values()):
        for night in range(nights):
            day = FIRST + dt.timedelta(days=night)
            for c in range(6 + number % 5):
                body = "".join(f"def f{night}_{c}_{k}(x):\n    return x + {k}\n" for k in range(10))
                origin.commit(
                    f"{day}T{8 + c:02}:00:00+08:00",
                    f"{kinds[c % 4]}: change {night} {c} of the parser (#{night * 20 + c})",
                    {f"src/m{c}.py": body, f"tests/test_m{c}.py": body},
                )
    return project


def size(project: Project) -> float:
    """Megabytes of the instance."""
    folder = project.settings.pipeline_dir / "dagster"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MEGABYTE


def growth(repositories: int, nights: int) -> None:
    """Print what each night adds, and what remains of it when its run is dropped."""
    with tempfile.TemporaryDirectory(prefix="digest-growth-") as folder:
        project = small_repositories(Path(folder), repositories, nights)
        remaining: list[float] = []
        for night in range(nights):
            day = FIRST + dt.timedelta(days=night)
            before, start = size(project), time.process_time()
            outcome = materialize(project.settings, project.settings.repository_values(), day, day)
            if outcome.failures:
                raise SystemExit("\n".join(outcome.failures))
            cpu = time.process_time() - start
            added = size(project) - before
            with open_instance(project.settings) as instance:
                prune(instance, dt.datetime.now(dt.UTC) + dt.timedelta(days=31), 30)
            remaining.append(size(project))
            print(
                f"{day}: {added:+.2f} MB, {remaining[-1]:.2f} MB when its run is dropped, {cpu:.0f} s of CPU",
                flush=True,
            )
        grown = (remaining[-1] - remaining[0]) / (nights - 1)
        print(f"{repositories} repositories: {grown:.2f} MB a night remain")


def start(rounds: int) -> None:
    """Print wall and CPU seconds of all processes, from the command to the first answer."""
    with tempfile.TemporaryDirectory(prefix="digest-start-") as folder:
        project = Project(Path(folder) / "project", names=tuple(f"octo/r{n:02}" for n in range(20)))
        for _ in range(rounds):
            began = time.perf_counter()
            with web_ui(project.folder) as ui:
                tell("digest ui", began, ui.pid)
            plain(Path(folder) / "plain")


def plain(folder: Path) -> None:
    """`dagster dev` of an empty project, until its first answer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "empty_project.py").write_text(EMPTY)
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    port = free_port()
    environ = {**os.environ, "DAGSTER_HOME": str(folder), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "dagster", "dev", "-f", "empty_project.py", "-p", str(port)]
    quiet, began = subprocess.DEVNULL, time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        there = WebUI(f"http://127.0.0.1:{port}", process.pid)
        wait_for("dagster dev", lambda: there.ask("{version}"), START_SECONDS)
        tell("dagster dev, empty", began, process.pid)
    finally:
        end(process)


def tell(what: str, began: float, session: int) -> None:
    """Print what a session has taken until now."""
    wall = time.perf_counter() - began
    print(f"{what:18}  {wall:5.1f} s, {used(session):5.1f} s of CPU", flush=True)


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["growth", "start"])
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.what == "growth":
        growth(options.repositories, options.nights)
    else:
        start(options.rounds)


if __name__ == "__main__":
    main()
