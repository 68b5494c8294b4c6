"""What `extraction.py` measures, each in a process of its own: `contenders.py NAME REPO NUMBER`.

Prints how many rows it saw; on standard error `cpu SECONDS` for the part that is timed alone.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.commits import is_ancestor, read_commits, read_headers
from digest_pipeline.git.landing import assign
from digest_pipeline.models import day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digest_pipeline.models import Commit, Landing


NAME = "owner/name"


def tip_of(repo: Path) -> str:
    """The commit that HEAD names."""
    return subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def landings_of(repo: Path) -> Iterator[Landing]:
    """Every commit of the branch, as station 2 indexes it the first time."""
    tip = tip_of(repo)
    return assign(
        read_headers(repo, tip, None),
        tip,
        known=lambda _: False,
        last_landed_at=None,
        last_position=0,
        fetched_at=int(time.time()),
    )


def read(repo: Path, landings: Sequence[Landing], processes: int | None = 1) -> Iterator[Commit]:
    """The commits with their rows."""
    return read_commits(
        repo, NAME, landings, lambda entry: day_of(entry.landed_at, "UTC"), processes=processes
    )


def run_ours(repo: Path, processes: int) -> int:
    """The whole history."""
    return sum(len(commit.files) for commit in read(repo, list(landings_of(repo)), processes))


def newest(repo: Path, commits: int) -> list[Landing]:
    """The newest commits without merges, for which PyDriller gives no files."""
    return [landing for landing in landings_of(repo) if len(landing.parents) < 2][-commits:]


def run_last(repo: Path, commits: int) -> int:
    """The newest commits."""
    return sum(len(commit.files) for commit in read(repo, newest(repo, commits)))


def run_pydriller(repo: Path, commits: int) -> int:
    """The same commits by PyDriller."""
    from pydriller import Repository  # noqa: PLC0415 - the others must not pay for it  # pyright: ignore[reportMissingImports]  # the group bench has it

    shas = [landing.sha for landing in newest(repo, commits)]
    files = 0
    for commit in Repository(str(repo), only_commits=shas).traverse_commits():
        files += sum(1 for file in commit.modified_files if file.added_lines + file.deleted_lines >= 0)
    return files


def run_index(repo: Path, _: int) -> int:
    """The first index alone."""
    return sum(1 for _ in landings_of(repo))


def run_days(repo: Path, days: int) -> int:
    """The newest days of a branch whose index is at hand; the index itself is measured by `index`."""
    landings = list(landings_of(repo))
    last = landings[-1].landed_at // 86_400
    chosen = [entry for entry in landings if entry.landed_at // 86_400 > last - days]
    start = time.process_time()
    files = sum(len(commit.files) for commit in read(repo, chosen))
    print(f"cpu {time.process_time() - start}", file=sys.stderr)
    return files


def run_update(repo: Path, commits: int) -> int:
    """A nightly run: the tip moved by `commits` mainline commits; index and rows of what is new."""
    tip = tip_of(repo)
    command = ["git", "-C", str(repo), "rev-parse", f"HEAD~{commits}"]
    old = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    start = time.process_time()
    if not is_ancestor(repo, old, tip):
        raise SystemExit(f"{repo}: {old} is not part of {tip}")
    new = assign(
        read_headers(repo, tip, old),
        tip,
        known=lambda _: False,
        last_landed_at=0,
        last_position=0,
        fetched_at=int(time.time()),
    )
    files = sum(len(commit.files) for commit in read(repo, list(new)))
    print(f"cpu {time.process_time() - start}", file=sys.stderr)
    return files


def run_station(repo: Path, days: int) -> int:
    """Station 2 with its database: the first index, then a range of the newest days in one transaction."""
    from digest_pipeline.store import Store  # noqa: PLC0415 - the others must not pay for it

    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name, "warehouse.duckdb"), Path(name, "digest.duckdb"))
        store.extend_index(NAME, tip_of(repo), int(time.time()), landings_of(repo), [])
        last = store.last_landing(NAME)
        if last is None:
            raise SystemExit(f"{repo}: no commits")
        newest = day_of(last[0], "UTC")
        start = time.process_time()
        landings = store.landings(NAME, last[0] // 86_400 * 86_400 - (days - 1) * 86_400, last[0] + 1)
        dates = [newest - dt.timedelta(days=number) for number in range(days)]
        rows = store.replace_commits(NAME, dates, read(repo, landings, None))
        print(f"cpu {time.process_time() - start}", file=sys.stderr)
    return sum(rows.values())


RUNS = {
    "station": run_station,
    "ours": run_ours,
    "last": run_last,
    "pydriller": run_pydriller,
    "index": run_index,
    "days": run_days,
    "update": run_update,
}

if __name__ == "__main__":
    name, repo, number = sys.argv[1:]
    print(RUNS[name](Path(repo), int(number)))
