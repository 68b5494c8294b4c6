"""A planted key, token and address of a service are nowhere after runs that fail because of them."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import sqlite3
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from digest_pipeline.definitions import definitions_of
from digest_pipeline.operations.launch import open_instance
from digest_pipeline.operations.notices import URLS
from digest_pipeline.operations.records import compressed, plain
from digest_pipeline_tests.gitserver import GitServer, needs_git, serving
from digest_pipeline_tests.modelserver import Fault, ModelServer
from digest_pipeline_tests.projects import MONDAY, Project, two_repositories
from digest_pipeline_tests.questions import EVERYTHING_SAID
from digest_pipeline_tests.receiver import receiver
from digest_pipeline_tests.test_ui import backfill
from digest_pipeline_tests.test_watching import START
from digest_pipeline_tests.webui import web_ui

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


KEY = "sk-planted-0123456789abcdefKEY"
TOKEN = "ghp_planted0123456789abcdefTOKEN"
ADDRESS = "planted0123456789abcdefADDRESS"
SECRETS = {"key": KEY, "token": TOKEN, "address": ADDRESS}


def traces(where: str, content: bytes) -> list[str]:
    """Where a secret stands, as it is or in Base64, as HTTP sends a password."""
    found: list[str] = []
    for name, secret in SECRETS.items():
        forms = [secret.encode()]
        for shift in range(3):
            encoded = base64.b64encode(b"." * shift + secret.encode())
            forms.append(encoded[4:-4])
        found += [f"{name} in {where}" for form in forms if form in content]
    return found


def traces_below(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    found = [trace for path in files for trace in traces(str(path), path.read_bytes())]
    return found + [trace for path in files if path.suffix == ".db" for trace in traces_in_records(path)]


def traces_in_records(file: Path) -> list[str]:
    """What Dagster recorded in a database of its own, in which events are compressed."""
    found: list[str] = []
    with contextlib.closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                content = b"\n".join(map(readable, row))
                found += traces(f"{file}: {table}", content)
    return found


def readable(value: object) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    with contextlib.suppress(zlib.error):
        return plain(value).encode("utf-8", "surrogatepass")
    return value


def traces_in_rows(project: Project) -> list[str]:
    """The published tables, which are compressed on disk."""
    query = project.workspace.store.query
    _, tables = query("SELECT table_schema, table_name FROM information_schema.tables")
    found: list[str] = []
    for schema, table in tables:
        _, rows = query(f'SELECT * FROM "{schema}"."{table}"')
        found += traces(f"{schema}.{table}", repr(rows).encode())
    return found


@dataclasses.dataclass(frozen=True)
class Planted:
    """A project whose model, remote and service refuse the secrets that it sends them."""

    project: Project
    git: GitServer
    model: ModelServer

    def assert_used(self) -> None:
        assert any(TOKEN in login for _, login in self.git.requests), "the token was used"
        assert self.model.received, "the model was asked"


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    project = two_repositories(tmp_path)
    for name, value in (("MODEL_KEY", KEY), ("GIT_TOKEN", TOKEN)):
        monkeypatch.setenv(name, value)
    echo = Fault(status=401, message=f"Incorrect API key provided: {KEY}. You said Bearer {KEY}")
    with (
        serving(tmp_path) as git,
        ModelServer(lambda _: echo).running() as model,
        receiver(ADDRESS) as service,
    ):
        git.password = "another"
        service.status = 500
        monkeypatch.setenv(URLS, f"{service.url} slack://{ADDRESS}")
        local = project.origin_path("octo/two").name
        remote = f'url = "{git.url(local)}"\ntoken_env = "GIT_TOKEN"'
        settings = project.file.read_text().replace(f'url = "{local}"', remote)
        analysis = f'[analysis]\nmodel = "openai/m"\napi_base = "{model.base}"\napi_key_env = "MODEL_KEY"\n'
        project.file.write_text(settings + analysis)
        yield Planted(project, git, model)


@needs_git
def test_no_secret_is_left_anywhere_by_runs_that_fail_with_it(
    planted: Planted, capfd: pytest.CaptureFixture[str]
) -> None:
    project = planted.project
    said = command(project, "run", "--date", str(MONDAY), code=1)
    said += command(project, "doctor", "--notify", code=1)
    with (
        open_instance(project.settings) as instance,
        dg.build_sensor_context(instance=instance, cursor=START) as context,
    ):
        sensor = definitions_of(project.settings).resolve_sensor_def("notices")
        cursor = sensor.evaluate_tick(context).cursor
    planted.assert_used()
    assert "octo/two: " in said
    assert "did not take the notice" in said
    (project.folder / "said.txt").write_text(said + "".join(capfd.readouterr()) + str(cursor))
    assert traces_below(project.folder) + traces_in_rows(project) == []


@needs_git
def test_no_secret_is_shown_or_kept_by_a_run_of_the_web_interface(planted: Planted) -> None:
    project = planted.project
    stations = ("clones", "commits", "analyses", "reports")
    with web_ui(project.folder) as ui:
        ended = backfill(ui, *(f"octo__{n}/{s}" for n in ("one", "two") for s in stations), "daily")
        assert ended["status"] == "COMPLETED_FAILED"
        answer = ui.ask(EVERYTHING_SAID)
    planted.assert_used()
    (run,) = answer["runsOrError"]["results"]
    kinds = {event["__typename"] for event in run["eventConnection"]["events"]}
    assert "ExecutionStepFailureEvent" in kinds
    assert any(node["assetMaterializations"] for node in answer["assetNodes"])
    (project.folder / "answer.json").write_text(json.dumps(answer, ensure_ascii=False))
    assert traces_below(project.folder) + traces_in_rows(project) == []


def command(project: Project, *arguments: str, code: int) -> str:
    """What a command of the command line prints; it must end with `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "digest_pipeline.cli", *arguments],
        cwd=project.folder,
        env={k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    for number in range(21):
        (tmp_path / str(number)).write_text("")
    (tmp_path / "plain").write_text(f"a {KEY} b")
    for shift in range(3):
        login = b"x" * shift + b":" + TOKEN.encode()
        (tmp_path / f"login{shift}").write_bytes(b"Basic " + base64.b64encode(login))
    found = traces_below(tmp_path)
    assert f"key in {tmp_path / 'plain'}" in found
    assert sum(trace.startswith("token in") for trace in found) == 3


def test_the_search_reads_compressed_events(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("CREATE TABLE event_logs (event TEXT)")
        database.execute("INSERT INTO event_logs VALUES (?)", [compressed(f"a {KEY} b")])
        database.commit()
    assert traces_in_records(tmp_path / "runs.db") == [f"key in {tmp_path / 'runs.db'}: event_logs"]
