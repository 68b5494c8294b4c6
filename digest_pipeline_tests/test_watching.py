"""The sensor on real runs: what failed is told once, old news never, and a deaf service fails nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from digest_pipeline.definitions import definitions_of
from digest_pipeline.operations import watching
from digest_pipeline.operations.launch import materialize, open_instance
from digest_pipeline.operations.notices import URLS
from digest_pipeline_tests.projects import MONDAY, TUESDAY, ZONE, Project, three_days
from digest_pipeline_tests.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = json.dumps({"until": 0.0, "said": {}, "tries": 0})
"""A cursor for which every run is new."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two repositories, one of which cannot be fetched, after a run of two days."""
    made = Project(tmp_path_factory.mktemp("broken"), names=("octo/one", "octo/two"))
    three_days(made.origins["octo/one"])
    shutil.rmtree(made.origins["octo/two"].path)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        materialize(made.settings, made.settings.repository_values(), MONDAY, TUESDAY)
    return made


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver("hunter2") as running:
        monkeypatch.setenv(URLS, running.url)
        monkeypatch.delenv("DIGEST_UI_URL", raising=False)
        yield running


def evaluate(project: Project, cursor: str | None) -> str:
    """One tick of the sensor; its next cursor."""
    defs = definitions_of(project.settings)
    with (
        open_instance(project.settings) as instance,
        dg.build_sensor_context(
            instance=instance, cursor=cursor, repository_def=defs.get_repository_def()
        ) as context,
    ):
        result = defs.resolve_sensor_def("notices").evaluate_tick(context)
    assert not result.run_requests
    return result.cursor or ""


def test_without_an_address_there_is_no_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URLS, raising=False)
    defs = definitions_of(Project(tmp_path).settings)
    assert list(defs.get_repository_def().sensor_defs) == []


def test_a_cause_is_told_once_a_day_with_repository_days_and_link(broken: Project, service: Receiver) -> None:
    cursor = evaluate(broken, START)
    (message,) = service.taken
    assert message["title"] == "digest: octo/two failed"
    lines = message["message"].splitlines()
    assert lines[0].startswith("octo/two: ")
    assert lines[1:3] == [f"days: {MONDAY} to {TUESDAY}", "step: octo__two__clones"]
    with open_instance(broken.settings) as instance:
        runs = {f"http://127.0.0.1:3000/runs/{run.run_id}" for run in instance.get_runs()}
    assert lines[3] in runs

    materialize(broken.settings, broken.settings.repository_values(), MONDAY, MONDAY)
    later = evaluate(broken, cursor)
    assert json.loads(later)["until"] > json.loads(cursor)["until"]
    assert len(service.taken) == 1
    tomorrow = json.loads(cursor) | {"said": dict.fromkeys(json.loads(cursor)["said"], "2020-01-01")}
    evaluate(broken, json.dumps(tomorrow))
    assert len(service.taken) == 2


def test_a_new_installation_tells_nothing_of_what_was_before(broken: Project, service: Receiver) -> None:
    cursor = evaluate(broken, None)
    assert service.taken == []
    assert json.loads(cursor)["until"] == pytest.approx(time.time(), abs=600)


def test_after_days_without_the_daemon_there_is_no_flood(
    broken: Project, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 3 * 86_400
    monkeypatch.setattr(watching.time, "time", lambda: later)
    evaluate(broken, START)
    assert service.taken == []


def test_a_service_that_takes_nothing_is_a_warning_and_is_asked_again_for_a_while(
    broken: Project, service: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    service.status = 500
    cursor = evaluate(broken, START)
    assert json.loads(cursor) == {"until": 0.0, "said": {}, "tries": 1}
    said = "".join(capfd.readouterr())
    assert "WARNING" in said
    assert "JSON did not take the notice" in said
    assert "hunter2" not in said + cursor
    gave_up = evaluate(broken, json.dumps({"until": 0.0, "said": {}, "tries": watching.TRIES - 1}))
    assert json.loads(gave_up)["until"] > 0
    service.status = 200
    evaluate(broken, cursor)
    assert service.titles == ["digest: octo/two failed"]


def test_a_check_that_fails_is_told_as_what_does_not_hold(
    tmp_path: Path, service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digest_pipeline import checks

    project = Project(tmp_path)
    three_days(project.origin)
    monkeypatch.setattr(checks, "missing_days", lambda *_: ["2026-02-12 is missing"])
    assert materialize(project.settings, [project.repository], MONDAY, MONDAY).failures == ()
    evaluate(project, START)
    (message,) = service.taken
    assert message["title"] == "digest: octo/one needs a look"
    assert message["message"].startswith("no_day_is_missing: 2026-02-12 is missing\n")


def test_a_run_that_failed_before_its_first_step_is_told(tmp_path: Path, service: Receiver) -> None:
    project = Project(tmp_path)
    with open_instance(project.settings) as instance:
        job = definitions_of(project.settings).resolve_job_def("digest")
        run = instance.create_run_for_job(job)
        instance.report_run_failed(run, message="its process is gone")
    evaluate(project, START)
    assert service.titles == ["digest: a run failed"]
    assert service.taken[0]["message"].startswith("its process is gone\n")


def test_the_page_of_yesterday_is_told_once_when_it_is_wished(tmp_path: Path, service: Receiver) -> None:
    yesterday = dt.datetime.now(ZoneInfo(ZONE)).date() - dt.timedelta(days=1)
    project = Project(tmp_path)
    project.origin.commit(f"{yesterday}T09:00:00+08:00", "feat: add a parser", {"a.py": "x = 1\n"})
    materialize(project.settings, [project.repository], yesterday - dt.timedelta(days=1), yesterday)
    evaluate(project, START)
    assert service.taken == []
    project.file.write_text('notify = "daily"\n' + project.file.read_text())
    cursor = evaluate(project, START)
    evaluate(project, json.dumps(json.loads(cursor) | {"until": 0.0}))
    (message,) = service.taken
    assert message["title"] == f"digest: {yesterday}"
    assert "| octo/one |" in message["message"]
