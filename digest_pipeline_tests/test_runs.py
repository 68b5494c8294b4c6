"""The records of runs: what a crash left is closed, what is old goes, what was digested stays known."""

# No `from __future__ import annotations`: Dagster reads the types of assets from their annotations.

import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from digest_pipeline.operations import serve
from digest_pipeline.operations.launch import open_instance
from digest_pipeline.operations.runs import GONE, GRACE, alive, close_dead, prune
from digest_pipeline_tests.projects import MONDAY, Project, three_days

NOW = dt.datetime.now(dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
DAYS = ["2026-02-16", "2026-02-17"]


@dg.asset(
    partitions_def=dg.DailyPartitionsDefinition(start_date="2026-02-01"),
    check_specs=[dg.AssetCheckSpec("holds", asset="page")],
)
def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    print("printed by the step")  # noqa: T201 - it ends in the compute logs
    result = dg.AssetCheckResult(passed=True, check_name="holds")
    return dg.MaterializeResult(metadata={"day": context.partition_key}, check_results=[result])


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as made:
        yield made


def started(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run with a status, of which nothing else is known."""
    job = dg.Definitions(assets=[page]).resolve_implicit_global_asset_job_def()
    return instance.create_run_for_job(job, status=status)


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found.status


def test_a_run_is_left_alone_while_it_lives_and_closed_when_its_lock_is_gone(
    instance: dg.DagsterInstance,
) -> None:
    run = started(instance, dg.DagsterRunStatus.STARTED)
    with alive(instance, run.run_id):
        assert close_dead(instance, LATER) == []
    assert close_dead(instance, dt.datetime.now(dt.UTC)) == []  # it may be on its way to its first step
    assert close_dead(instance, dt.datetime.now(dt.UTC) + GRACE) == [run.run_id]
    assert status_of(instance, run) == dg.DagsterRunStatus.FAILURE
    assert GONE in [
        entry.dagster_event.message for entry in instance.all_logs(run.run_id) if entry.dagster_event
    ]
    assert close_dead(instance, LATER) == []


def test_a_run_that_was_being_canceled_is_canceled_and_a_waiting_one_waits(
    instance: dg.DagsterInstance,
) -> None:
    stopped = started(instance, dg.DagsterRunStatus.CANCELING)
    waiting = started(instance, dg.DagsterRunStatus.NOT_STARTED)
    assert close_dead(instance, LATER) == [stopped.run_id]
    assert status_of(instance, stopped) == dg.DagsterRunStatus.CANCELED
    assert status_of(instance, waiting) == dg.DagsterRunStatus.NOT_STARTED


def test_old_runs_go_with_their_logs_and_what_they_materialized_stays(instance: dg.DagsterInstance) -> None:
    for day in DAYS:
        dg.materialize([page], instance=instance, partition_key=day)
    (run_id, _) = [run.run_id for run in instance.get_runs()]
    home = Path(instance.root_directory)
    assert list(home.rglob(f"*{run_id}*"))
    assert prune(instance, NOW, keep_days=30) == 0
    assert instance.get_runs_count() == 2

    assert prune(instance, NOW + dt.timedelta(days=31), keep_days=30) == 2
    assert instance.get_runs_count() == 0
    assert list(home.rglob(f"*{run_id}*")) == []
    assert instance.get_materialized_partitions(page.key) == set(DAYS)
    event = instance.get_latest_materialization_event(page.key)
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["day"].value == DAYS[1]
    kept = instance.fetch_materializations(page.key, limit=10).records
    assert [record.partition_key for record in kept] == DAYS[::-1]

    assert dg.materialize([page], instance=instance, partition_key=DAYS[0]).success
    assert len(instance.fetch_materializations(page.key, limit=10).records) == 3


@contextlib.contextmanager
def hanging_server() -> Iterator[tuple[str, threading.Event]]:
    """An address of which every answer is waited for; the event is set when somebody waits."""
    waited = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(server.accept()[0])
                    waited.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/one.git", waited
        server.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()
    thread.join()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_or_stopped_is_closed_and_the_next_one_is_not_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    project = Project(tmp_path)
    three_days(project.origin)
    good = project.file.read_text()
    command = [sys.executable, "-m", "digest_pipeline.cli", "run", "--date", str(MONDAY)]
    with hanging_server() as (url, waited):
        project.file.write_text(good.replace(project.origin_path("octo/one").name, url))
        with subprocess.Popen(
            command, cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert waited.wait(120), process.stderr
            process.send_signal(how)
            _, said = process.communicate(timeout=120)
    with open_instance(project.settings) as instance:
        (first,) = instance.get_runs()
        if how == signal.SIGKILL:
            assert first.status == dg.DagsterRunStatus.STARTED
        else:
            assert first.is_finished
            assert "stopped" in said
            assert list((Path(instance.root_directory) / "alive").glob("*.lock")) == []
    project.file.write_text(good)
    again = subprocess.run(
        command, cwd=project.folder, capture_output=True, text=True, check=False, timeout=300, env=os.environ
    )
    assert again.returncode == 0, again.stderr
    with open_instance(project.settings) as instance:
        assert status_of(instance, first) == dg.DagsterRunStatus.FAILURE
        assert {run.status for run in instance.get_runs()} == {
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.SUCCESS,
        }


def test_the_web_interface_closes_the_runs_of_a_crash_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Project(tmp_path).settings
    with open_instance(settings) as instance:
        run = started(instance, dg.DagsterRunStatus.STARTED)
        lock = Path(instance.root_directory) / "alive" / f"{run.run_id}.lock"
        lock.parent.mkdir()
        lock.write_text("99 digest")  # what a killed process leaves: the file without the lock
    begun: list[list[str]] = []
    monkeypatch.setattr(serve, "cli", lambda arguments, **_: begun.append(arguments))
    serve.main(["-p", "3000"])
    assert begun == [["dev", "-p", "3000"]]
    assert capsys.readouterr().err == "closed 1 runs whose process is gone\n"
    with open_instance(settings) as instance:
        assert status_of(instance, run) == dg.DagsterRunStatus.FAILURE
    assert not lock.exists()
