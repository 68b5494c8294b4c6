"""A planted key, token and address of a service are nowhere after runs that fail because of them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import dagster as dg

from digest_pipeline.definitions import definitions_of
from digest_pipeline.operations.launch import open_instance
from digest_pipeline.operations.notices import URLS
from digest_pipeline_tests.gitserver import needs_git, serving
from digest_pipeline_tests.modelserver import Fault, ModelServer
from digest_pipeline_tests.projects import MONDAY, Project, three_days
from digest_pipeline_tests.receiver import receiver
from digest_pipeline_tests.test_watching import START

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
    return [trace for path in files for trace in traces(str(path), path.read_bytes())]


def traces_in_rows(project: Project) -> list[str]:
    """The published tables, which are compressed on disk."""
    query = project.workspace.store.query
    _, tables = query("SELECT table_schema, table_name FROM information_schema.tables")
    found: list[str] = []
    for schema, table in tables:
        _, rows = query(f'SELECT * FROM "{schema}"."{table}"')
        found += traces(f"{schema}.{table}", repr(rows).encode())
    return found


@needs_git
def test_no_secret_is_left_anywhere_by_runs_that_fail_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project = Project(tmp_path, names=("octo/one", "octo/two"))
    for origin in project.origins.values():
        three_days(origin)
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

        said = command(project, "run", "--date", str(MONDAY), code=1)
        said += command(project, "doctor", "--notify", code=1)
        with (
            open_instance(project.settings) as instance,
            dg.build_sensor_context(instance=instance, cursor=START) as context,
        ):
            sensor = definitions_of(project.settings).resolve_sensor_def("notices")
            cursor = sensor.evaluate_tick(context).cursor

        assert any(TOKEN in login for _, login in git.requests), "the token was used"
        assert model.received, "the model was asked"
        assert "octo/two: " in said
        assert "did not take the notice" in said
    (tmp_path / "said.txt").write_text(said + "".join(capfd.readouterr()) + str(cursor))
    assert traces_below(tmp_path) + traces_in_rows(project) == []


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
