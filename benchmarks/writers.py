"""Eight writers replace and publish days while people read: who waits, who fails, who sees half a day.

    .venv/bin/python benchmarks/writers.py [--writers 8] [--rounds 10]

All writers replace the same three days; one session stays open on the published copy from beginning to
end, another connects anew all the time. Ends with exit code 1 when anybody fails or sees half a day.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from digest_pipeline_tests.killing import DAYS, PER_DAY, open_store
from digest_pipeline_tests.storing import REPO, change, commit

if TYPE_CHECKING:
    from digest_pipeline.store import Store

COUNT = "SELECT count(*), count(DISTINCT sha), count(DISTINCT author_name) FROM commits"
WHOLE = (PER_DAY * 3, PER_DAY * 3, 1)
OVERNIGHT = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in range(2):
    print(connection.execute("SELECT min(author_name), max(author_name) FROM commits").fetchall(), flush=True)
    sys.stdin.readline()
"""


def replace(store: Store, version: str) -> None:
    """Replace the three days by one version, and publish."""
    files = tuple(change(f"src/{number}.py") for number in range(8))
    rows = (
        commit(number, day=DAYS[number % 3], author_name=version, files=files)
        for number in range(PER_DAY * 3)
    )
    store.replace_commits(REPO, DAYS, rows)
    store.publish()


def write(folder: Path, rounds: int) -> None:
    """One writer: prints the seconds of each replacement with its publication."""
    store = open_store(folder)
    store.tip(REPO)  # the first call loads DuckDB, which is not what is timed
    for number in range(rounds):
        start = time.perf_counter()
        replace(store, f"{os.getpid()} {number}")
        print(time.perf_counter() - start, flush=True)


def main() -> int:
    """Run writers and readers, print what they met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        write(options.folder, options.rounds)
        return 0
    with tempfile.TemporaryDirectory(prefix="digest-writers-") as name:
        return watch(Path(name), options.writers, options.rounds)


def watch(folder: Path, writers: int, rounds: int) -> int:
    """Start the writers, read until they are done."""
    store = open_store(folder)
    replace(store, "first")
    command = [sys.executable, __file__, "--folder", str(folder), "--rounds", str(rounds)]
    start, reads, wrong = time.perf_counter(), 0, 0
    # Another process: DuckDB gives all connections of one process the same copy.
    with subprocess.Popen(
        [sys.executable, "-c", OVERNIGHT, str(folder / "digest.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as session:
        before = session.stdout.readline() if session.stdout else ""
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
        while any(writer.poll() is None for writer in running):
            reads += 1
            wrong += store.query(COUNT)[1] != [WHOLE]
        after, _ = session.communicate("\n")
    seconds = time.perf_counter() - start
    times = sorted(float(line) for writer in running for line in (writer.stdout or []))
    failed = sum(writer.returncode != 0 for writer in running)
    print(
        f"{len(times)} replacements with publication by {writers} writers in {seconds:.1f} s: median "
        f"{times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s, {failed} writers failed"
    )
    kept = "kept" if before == after else "lost"
    print(f"{reads} new sessions, {wrong} of them saw half a day; the one left open {kept} what it saw")
    return int(bool(failed or wrong or before != after))


if __name__ == "__main__":
    sys.exit(main())
