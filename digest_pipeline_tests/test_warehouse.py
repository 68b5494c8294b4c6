"""The warehouse among other programs: who waits for whom, and what is left when something breaks."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import duckdb
import pytest

from digest_pipeline.models import StoreError
from digest_pipeline.storage import slices, warehouse
from digest_pipeline.storage.warehouse import schema_versions
from digest_pipeline.store import Store
from digest_pipeline_tests.killing import trial
from digest_pipeline_tests.storing import DAY, NEXT, NOON, REPO, commit, landing, record, sha

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "warehouse.duckdb", tmp_path / "digest.duckdb", wait_seconds=30)


@contextlib.contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python program that has said its first line; killed at the end if it has not ended."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        try:
            yield running
        finally:
            running.kill()


def run(code: str, *arguments: object) -> str:
    """What a Python program printed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120).stdout


OPEN = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "True")
connection.execute("SELECT count(*) FROM days").fetchall()
print("ready", flush=True)
sys.stdin.readline()
print(connection.execute("SELECT count(*) FROM days").fetchall(), flush=True)
"""


@pytest.mark.parametrize("read_only", [True, False])
def test_a_person_in_the_pipelines_file_is_named_and_then_waited_for(
    store: Store, *, read_only: bool
) -> None:
    store.replace_days([record(DAY)])
    path, published = store._warehouse.path, store._published
    hasty = Store(path, published, wait_seconds=0.1)
    with process(OPEN, path, read_only) as person:
        holder = f"{path}: waited 0.1 s for process {person.pid}, which has the file open; "
        with pytest.raises(
            StoreError, match=re.escape(f"{holder}close it there and open {published} instead")
        ):
            hasty.replace_days([record(NEXT)])
        assert person.stdin
        leaves = threading.Timer(0.3, person.communicate, ["\n"])
        leaves.start()
        store.replace_days([record(NEXT)])
        leaves.join()  # the person's pipes are read until then
    assert set(store.days(REPO, DAY, NEXT)) == {DAY, NEXT}


def test_a_person_in_the_published_copy_stops_nobody_and_keeps_what_they_see(store: Store) -> None:
    store.replace_days([record(DAY)])
    store.publish()
    with process(OPEN, store._published, "True") as person:
        store.replace_days([record(NEXT)])
        assert store.publish()
        assert person.communicate("\n")[0] == "[(1,)]\n"
    assert store.query("SELECT count(*) FROM days")[1] == [(2,)]


WRITE = """
import sys
from pathlib import Path
from digest_pipeline_tests.storing import DAY, NEXT, REPO, commit
from digest_pipeline.store import Store
print("ready", flush=True)
sys.stdin.readline()
store = Store(Path(sys.argv[1]), Path(sys.argv[2]))
for _ in range(3):
    store.replace_commits(REPO, [DAY, NEXT], [commit(n, day=(DAY, NEXT)[n % 2]) for n in range(10)])
    store.publish()
"""


def test_writers_of_the_same_days_leave_each_row_once_and_readers_see_whole_days(store: Store) -> None:
    told = [commit(n, day=(DAY, NEXT)[n % 2]) for n in range(10)]
    store.replace_commits(REPO, [DAY, NEXT], told)
    store.publish()
    paths = (store._warehouse.path, store._published)
    with process(WRITE, *paths) as one, process(WRITE, *paths) as two:
        writers = (one, two)
        for writer in writers:
            assert writer.stdin
            writer.stdin.write("\n")
            writer.stdin.flush()
        for writer in writers:
            while writer.poll() is None:
                assert store.query("SELECT count(*), count(DISTINCT sha) FROM commits")[1] == [(10, 10)]
                with contextlib.suppress(subprocess.TimeoutExpired):
                    writer.wait(0.1)
        assert [writer.returncode for writer in writers] == [0, 0]
    assert store.commits(REPO, DAY, NEXT) == sorted(told, key=lambda one: one.landed_at)


def test_kill_9_at_random_points_tears_nothing_and_loses_nothing(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311 - moments, not secrets
    for _ in range(2):
        trial(tmp_path, random)


CRASH = """
import os, signal, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("UPDATE days SET reason = 'crash'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_crash_left_in_the_log_is_published(store: Store) -> None:
    store.replace_days([record(DAY)])
    path = store._warehouse.path
    subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False, timeout=60)
    assert Path(f"{path}.wal").exists()
    assert store.publish()
    assert not Path(f"{path}.wal").exists()
    assert store.query("SELECT reason FROM days")[1] == [("crash",)]


def test_what_a_person_wrote_into_the_published_copy_is_gone_with_the_next(store: Store) -> None:
    store.replace_days([record(DAY)])
    store.publish()
    store._published.chmod(0o644)
    log = Path(f"{store._published}.wal")
    subprocess.run([sys.executable, "-c", CRASH, str(store._published)], check=False, timeout=60)
    assert log.exists()
    assert store.publish()
    assert not log.exists()
    assert store.query("SELECT reason FROM days")[1] == [(None,)]


FULL = """
import os, resource, sys
from pathlib import Path
from digest_pipeline.models import StoreError
from digest_pipeline.store import Store
from digest_pipeline_tests.storing import DAY, REPO, commit

store = Store(Path(sys.argv[1]), Path(sys.argv[2]))
def attempt(action):
    try:
        action()
    except StoreError as error:
        print(str(error).count(chr(10)), error)
def insert():
    with store._warehouse.transaction() as db:
        db.execute("INSERT INTO pipeline.tips SELECT uuid(), uuid(), range FROM range(200000)")
store.query("SELECT 1")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
attempt(store.publish)
attempt(lambda: store.replace_commits(REPO, [DAY], [commit(1, body="x" * 1_000_000)]))
attempt(insert)
"""


def test_a_full_disk_is_one_line_and_leaves_everything_as_it_was(store: Store) -> None:
    store.replace_commits(REPO, [DAY], [commit(1)])
    store.publish()
    store.replace_commits(REPO, [DAY], [commit(1), commit(2)])
    publishing, spooling, inserting = run(FULL, store._warehouse.path, store._published).splitlines()
    assert publishing.startswith(f"0 {store._published}: cannot be published: File too large")
    assert spooling.startswith(f"0 {store._published.parent}: cannot be written to: File too large")
    assert inserting.startswith(f"0 {store._warehouse.path}: ")
    assert store.commits(REPO, DAY, DAY) == [commit(1), commit(2)]
    assert store.query("SELECT count(*) FROM commits")[1] == [(1,)]
    assert store.publish()


INTERRUPT = """
import os, signal, sys, threading
from pathlib import Path
from digest_pipeline.store import Store
store = Store(Path(sys.argv[1]), Path(sys.argv[2]), wait_seconds=30)
try:
    with store._warehouse.transaction() as db:
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        db.execute("INSERT INTO pipeline.tips SELECT 'x', 'y', 1 FROM range(3000000000)")
except KeyboardInterrupt:
    print(store.tip("x"), store.tip("octo/hello"))
"""


def test_ctrl_c_in_a_transaction_rolls_it_back_and_the_next_call_works(store: Store) -> None:
    store.extend_index(REPO, sha(1), NOON, [landing(1)], [])
    assert run(INTERRUPT, store._warehouse.path, store._published) == f"None {(sha(1), NOON)}\n"


def test_an_insert_that_fails_leaves_the_days_as_they_were(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.replace_commits(REPO, [DAY], [commit(1)])
    with monkeypatch.context() as patch:
        patch.setattr(
            slices, "_INSERT_FILES", "INSERT INTO pipeline.file_rows BY NAME SELECT ? AS no_such_column"
        )
        with pytest.raises(StoreError, match="no_such_column"):
            store.replace_commits(REPO, [DAY], [commit(2)])
    assert store.commits(REPO, DAY, DAY) == [commit(1)]


# --- the file itself ---


def test_the_file_has_the_storage_version_of_duckdb_1_5(store: Store) -> None:
    store.replace_days([record(DAY)])
    with duckdb.connect(str(store._warehouse.path), read_only=True) as connection:
        (tags,) = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert tags[0]["storage_version"].startswith("v1.5.0")


def test_a_file_of_a_newer_program_is_refused_in_one_line(store: Store) -> None:
    store.tip(REPO)
    with duckdb.connect(str(store._warehouse.path)) as connection:
        connection.execute("UPDATE pipeline.schema_version SET version = 99")
    newest = len(schema_versions()[0])
    message = f"its schema is version 99, this program knows {newest}; update the program"
    with pytest.raises(StoreError, match=message):
        store.tip(REPO)


def test_an_older_file_is_brought_to_the_newest_version(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.replace_days([record(DAY)])
    scripts, views = schema_versions()
    newer = ([*scripts, "ALTER TABLE days ADD COLUMN mood VARCHAR"], views)
    monkeypatch.setattr(warehouse, "schema_versions", lambda: newer)
    for _ in range(2):
        assert store.days(REPO, DAY, DAY) == {DAY: record(DAY)}
    store.publish()
    assert store.query("SELECT mood FROM days")[1] == [(None,)]
    assert store.query("SELECT version FROM pipeline.schema_version")[1] == [(len(scripts) + 1,)]


def test_a_migration_that_fails_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.replace_days([record(DAY)])
    scripts, views = schema_versions()
    with monkeypatch.context() as patch:
        broken = ([*scripts, "DELETE FROM days", "SELECT * FROM no_such_table"], views)
        patch.setattr(warehouse, "schema_versions", lambda: broken)
        with pytest.raises(StoreError, match="no_such_table"):
            store.days(REPO, DAY, DAY)
    assert store.days(REPO, DAY, DAY) == {DAY: record(DAY)}


@pytest.mark.parametrize("content", [b"", b"this is no database" * 1000])
def test_a_damaged_file_is_one_line(store: Store, content: bytes) -> None:
    store._warehouse.path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        store.tip(REPO)
    assert str(caught.value).startswith(f"{store._warehouse.path}: ")
    assert str(caught.value).endswith("; move the file away, the next run makes it anew")
    assert "\n" not in str(caught.value)


def test_a_kill_while_the_file_is_made_leaves_none_that_is_half_made(store: Store) -> None:
    Path(f"{store._warehouse.path}.new").write_bytes(b"half")
    Path(f"{store._warehouse.path}.new.wal").write_bytes(b"half")
    Path(f"{store._warehouse.path}.wal").write_bytes(b"of a file that was moved away")
    assert store.tip(REPO) is None
    assert sorted(path.name for path in store._warehouse.path.parent.iterdir()) == [
        "warehouse.duckdb",
        "warehouse.duckdb.lock",
    ]
