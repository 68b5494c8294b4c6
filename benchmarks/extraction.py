"""Measures station 2 against git and PyDriller on real histories, and its growth on synthetic ones.

    python benchmarks/extraction.py --exact REPO...                  every row compared with git's
    python benchmarks/extraction.py --full REPO... [--rounds 5]      whole history: git and ours
    python benchmarks/extraction.py --drilled REPO... [--commits N]  the newest commits: PyDriller and ours
    python benchmarks/extraction.py --station REPO...                365 days with the database
    python benchmarks/extraction.py --days REPO...                   1 day, 30 days, all; cold and warm
    python benchmarks/extraction.py --growth 1000 10000 [--keep DIR] one day in histories of any length

REPO is a git directory whose HEAD is the branch to read. Parts can be combined. Contenders run in their
own processes, in interleaved rounds, because the machine may be busy; figures are the CPU time (user and
system, children included) of the best round, and ratios of those. `--write` puts each table into its
section of RESULTS.md. `--exact` ends with 1 when a row differs.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import histories
import pygit2
from contenders import landings_of, read, tip_of

from digest_pipeline_tests.gitoracle import differences, git_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RESULTS = Path(__file__).parent / "RESULTS.md"
LOG = ("log", "--raw", "--numstat", "-M", "--diff-merges=first-parent")


class Sample(dict[str, float]):
    """Figures of one run: cpu and wall in seconds, rss in MB, inner (CPU of the timed part alone)."""


def sample(command: Sequence[str]) -> Sample:
    """Run a command to its end; its own and its children's CPU time."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    inner = [line for line in text.splitlines() if line.startswith("cpu ")]
    return Sample(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - start,
        rss=usage.ru_maxrss / 1024,
        inner=float(inner[-1][4:]) if inner else 0.0,
    )


def ours(name: str, repo: Path, number: int = 1) -> list[str]:
    """The command of one contender."""
    return [sys.executable, str(Path(__file__).with_name("contenders.py")), name, str(repo), str(number)]


def best(commands: dict[str, list[str]], rounds: int) -> dict[str, Sample]:
    """The least of each figure over interleaved rounds."""
    found: dict[str, Sample] = {}
    for number in range(rounds):
        for name, command in commands.items():
            now = sample(command)
            old = found.get(name, now)
            found[name] = Sample({key: min(old[key], now[key]) for key in now})
            print(
                f"  round {number + 1} {name}: {now['cpu']:.2f} s CPU, {now['wall']:.2f} s", file=sys.stderr
            )
    return found


def exact(repos: Iterable[Path]) -> Iterator[str]:
    """Compare every row; a repository without differences is one table line."""
    yield "| repository | commits | rows | commits that differ |"
    yield "|---|---|---|---|"
    for repo in repos:
        theirs = git_rows(repo, tip_of(repo))
        rows = sum(map(len, theirs.values()))
        found = differences(read(repo, list(landings_of(repo))), theirs)
        yield f"| {name_of(repo)} | {len(theirs):,} | {rows:,} | {len(found)} |"
        for sha, lines in list(found.items())[:20]:
            yield f"{sha}: {lines[:4]}"


def full(repos: Iterable[Path], rounds: int) -> Iterator[str]:
    """Whole histories by git and by us."""
    yield "| repository | | CPU s | ratio to git | wall s | peak MB |"
    yield "|---|---|---|---|---|---|"
    for repo in repos:
        git = "git log --raw --numstat -M"
        commands = {
            git: ["git", "-C", str(repo), *LOG],
            "ours, 1 process": ours("ours", repo, 1),
            "ours, 2 processes": ours("ours", repo, 2),
        }
        figures = best(commands, rounds)
        for name, f in figures.items():
            ratio = f["cpu"] / figures[git]["cpu"]
            cells = (f"{f['cpu']:.2f}", f"{ratio:.2f}", f"{f['wall']:.2f}", f"{f['rss']:.0f}")
            yield row(name_of(repo), name, *cells)


def drilled(repos: Iterable[Path], rounds: int, commits: int) -> Iterator[str]:
    """The same newest commits, no merges, by PyDriller and by us: the process, and without the index."""
    yield "| repository | newest commits | | CPU s | without the index, CPU s | ratio to ours | peak MB |"
    yield "|---|---|---|---|---|---|---|"
    for repo in repos:
        commands = {"ours": ours("last", repo, commits), "PyDriller": ours("pydriller", repo, commits)}
        figures = best({**commands, "index": ours("index", repo)}, rounds)
        base = figures.pop("index")["cpu"]  # both contenders index the branch, to name the same commits
        for name, f in figures.items():
            net = f["cpu"] - base
            ratio = net / (figures["ours"]["cpu"] - base)
            cells = (f"{f['cpu']:.2f}", f"{net:.2f}", f"{ratio:.1f}", f"{f['rss']:.0f}")
            yield row(name_of(repo), f"{commits:,}", name, *cells)


def station(repos: Iterable[Path], rounds: int) -> Iterator[str]:
    """The first index and a range of 365 days, written to the database."""
    yield "| repository | all of it, CPU s | peak MB | the range: walk, rows, transaction, CPU s |"
    yield "|---|---|---|---|"
    for repo in repos:
        f = best({"station": ours("station", repo, 365)}, rounds)["station"]
        yield row(name_of(repo), f"{f['cpu']:.2f}", f"{f['rss']:.0f}", f"{f['inner']:.2f}")


def days(repos: Iterable[Path], rounds: int) -> Iterator[str]:
    """The newest days, with the packs in the page cache and without."""
    yield "| repository | days | CPU s, warm | wall s, cold (whole process) | CPU s, cold (whole process) |"
    yield "|---|---|---|---|---|"
    for repo in repos:
        for number in (1, 30, 100_000):
            warm = best({"warm": ours("days", repo, number)}, rounds)["warm"]
            forget(repo)
            cold = sample(ours("days", repo, number))
            label = "all" if number > 30 else number
            cells = (f"{warm['inner']:.3f}", f"{cold['wall']:.2f}", f"{cold['cpu']:.2f}")
            yield row(name_of(repo), label, *cells)


def growth(sizes: Iterable[int], rounds: int, folder: Path) -> Iterator[str]:
    """The first index and one more day, in histories of these lengths."""
    yield "| commits | first index, CPU s | peak MB | a day of 100 commits: index and rows, CPU s | peak MB |"
    yield "|---|---|---|---|---|"
    for size in sizes:
        repo = folder / f"h{size}.git"
        histories.make(repo, size)
        first = sample(ours("index", repo))
        update = best({"update": ours("update", repo, 91)}, rounds)["update"]
        yield row(
            f"{size:,}",
            *(f"{first['cpu']:.2f}", f"{first['rss']:.0f}"),
            *(f"{update['inner']:.3f}", f"{update['rss']:.0f}"),
        )


def row(*cells: object) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def forget(repo: Path) -> None:
    """Drop a repository's packs from the page cache."""
    for pack in repo.glob("objects/pack/*"):
        with pack.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def name_of(repo: Path) -> str:
    """A short name for the tables."""
    folder = repo.resolve()
    return (folder.parent.name if folder.name == "repo" else folder.stem).replace("+", "/")


def machine() -> str:
    """When, where and with what versions."""
    versions = subprocess.run(
        ["git", "--version"], check=True, capture_output=True, text=True
    ).stdout.split()[2]
    model = "unknown"
    with contextlib.suppress(OSError, IndexError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line for line in lines if line.startswith("model name")).split(": ")[1]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} CPUs {model}, load {load}; "
        f"git {versions}, pygit2 {version('pygit2')} / libgit2 {pygit2.LIBGIT2_VERSION}, "
        f"PyDriller {version('pydriller')}, Python {platform.python_version()}"
    )


def record(title: str, lines: Iterable[str], *, write: bool) -> list[str]:
    """Print a table as it grows; with `write`, put it into its section of RESULTS.md."""
    done = [f"Measured {machine()}.", ""]
    print(f"## {title}\n\n{done[0]}\n", flush=True)
    for line in lines:
        print(line, flush=True)
        done.append(line)
    if write:
        text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
        before, found, rest = text.partition(f"## {title}\n")
        after = rest.partition("\n## ")
        tail = f"\n## {after[2]}" if after[1] else ""
        start = before if found else f"{before.rstrip()}\n\n"
        RESULTS.write_text(f"{start}## {title}\n\n" + "\n".join(done) + f"\n{tail}", encoding="utf-8")
    return done


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exact", nargs="+", type=Path, default=[], metavar="REPO")
    parser.add_argument("--full", nargs="+", type=Path, default=[], metavar="REPO")
    parser.add_argument("--drilled", nargs="+", type=Path, default=[], metavar="REPO")
    parser.add_argument("--commits", type=int, default=300, help="for --drilled")
    parser.add_argument("--station", nargs="+", type=Path, default=[], metavar="REPO")
    parser.add_argument("--days", nargs="+", type=Path, default=[], metavar="REPO")
    parser.add_argument("--growth", nargs="+", type=int, default=[], metavar="COMMITS")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder for the synthetic histories")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    args = parser.parse_args()
    differs = False
    if args.exact:
        lines = record("Rows against git", exact(args.exact), write=args.write)
        differs = any(line.startswith("| ") and not line.endswith(("| 0 |", "differ |")) for line in lines)
    if args.full:
        record("Full history", full(args.full, args.rounds), write=args.write)
    if args.drilled:
        record("PyDriller", drilled(args.drilled, args.rounds, args.commits), write=args.write)
    if args.station:
        record("A range of 365 days", station(args.station, args.rounds), write=args.write)
    if args.days:
        record("One day, thirty days, all", days(args.days, args.rounds), write=args.write)
    if args.growth:
        with contextlib.ExitStack() as stack:
            folder = args.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            record("Growth", growth(args.growth, args.rounds, folder), write=args.write)
    sys.exit(int(differs))


if __name__ == "__main__":
    main()
