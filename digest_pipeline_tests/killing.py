"""Kill -9 while the store writes and publishes, and look at what is left.

As a script it is the worker that is killed; `benchmarks/kill.py` runs many trials, the tests a few.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.store import Store
from digest_pipeline_tests.storing import DAY, REPO, analysis, change, commit, triage

if TYPE_CHECKING:
    from random import Random

DAYS = [DAY + dt.timedelta(days=n) for n in range(3)]
PER_DAY = 20


def open_store(folder: Path) -> Store:
    return Store(folder / "warehouse.duckdb", folder / "digest.duckdb", wait_seconds=60)


def work(folder: Path) -> None:
    """Replace three days by one version after the other and say so after each step, until killed."""
    store = open_store(folder)
    version = max(version_of_commits(store), 0)
    while True:
        version += 1
        dated = [(n, DAYS[n % 3]) for n in range(PER_DAY * 3)]
        files = (change(f"v{version}"), change("b"))
        store.replace_commits(
            REPO, DAYS, (commit(n, day=d, author_name=f"v{version}", files=files) for n, d in dated)
        )
        say("commits", version)
        store.replace_analyses(
            REPO,
            DAYS,
            (triage(n, area=f"v{version}") for n, _ in dated),
            (analysis(n, day=d, summary=f"v{version}") for n, d in dated),
        )
        say("analyses", version)
        store.publish()
        say("published", version)


def say(step: str, version: int) -> None:
    sys.stdout.write(f"{step} {version}\n")
    sys.stdout.flush()


def one_version(names: list[str]) -> int:
    """The version that all rows have: 0 for no row, an error for two versions or a part of the rows."""
    assert len(set(names)) <= 1, f"torn: {sorted(set(names))}"
    assert len(names) in {0, PER_DAY * 3}, f"torn: {len(names)} rows"
    return int(names[0].removeprefix("v")) if names else 0


def version_of_commits(store: Store) -> int:
    commits = store.commits(REPO, DAYS[0], DAYS[-1])
    assert all([file.path for file in one.files] == [one.author_name, "b"] for one in commits), "torn files"
    return one_version([one.author_name for one in commits])


def check(folder: Path, said: dict[str, int]) -> None:
    """Nothing is torn, and nothing that was said to be done is lost."""
    store = open_store(folder)
    assert version_of_commits(store) >= said["commits"], "lost commits"
    analyses = one_version([a.summary for a in store.analyses(REPO, DAYS[0], DAYS[-1]).values()])
    assert analyses == one_version([t.area for t in store.triages(REPO, DAYS[0], DAYS[-1]).values()]), "torn"
    assert analyses >= said["analyses"], "lost analyses"
    if (folder / "digest.duckdb").exists():
        _, rows = store.query("SELECT summary FROM analyses")
        assert one_version([summary for (summary,) in rows]) >= said["published"], "lost publication"
        _, rows = store.query(
            "SELECT author_name FROM commits JOIN commit_files USING (repo, sha, day) WHERE path <> 'b'"
        )
        assert one_version([name for (name,) in rows]) >= said["published"], "torn publication"


def trial(folder: Path, random: Random) -> dict[str, int]:
    """Kill a worker at a random moment and check; the last version of each step, and what the kill left."""
    said = {"commits": 0, "analyses": 0, "published": 0}
    steps = random.randrange(1, 12)
    with subprocess.Popen(
        [sys.executable, "-m", "digest_pipeline_tests.killing", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    ) as worker:
        assert worker.stdout
        for _ in range(steps):
            said |= _step(worker.stdout.readline())
        try:
            worker.wait(random.uniform(0, 0.12))
        except subprocess.TimeoutExpired:
            worker.kill()
        for line in worker.stdout:
            said |= _step(line)
    left = {name: int((folder / name).exists()) for name in ("warehouse.duckdb.wal", ".digest.duckdb.new")}
    check(folder, said)
    return said | left


def _step(line: str) -> dict[str, int]:
    step, _, version = line.partition(" ")
    return {step: int(version)}


if __name__ == "__main__":
    work(Path(sys.argv[1]))
