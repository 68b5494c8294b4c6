from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from digest_pipeline.cli import main
from digest_pipeline.git.transfer import list_heads
from digest_pipeline_tests.gitrepo import GitRepo
from digest_pipeline_tests.projects import MONDAY, WEDNESDAY, Project, three_days

if TYPE_CHECKING:
    from pathlib import Path

    import pygit2

    from digest_pipeline.git.remotes import Head
    from digest_pipeline.git.transfer import Watch


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DIGEST_SETTINGS", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    made = Project(tmp_path / "project")
    three_days(made.origin)
    monkeypatch.chdir(made.folder)
    return made


def digest(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_day_ends_with_the_path_of_its_page(project: Project) -> None:
    result = digest("run", "--date", str(WEDNESDAY))
    assert (result.exit_code, result.stdout) == (0, f"reports/octo/one/{WEDNESDAY}.md\n")
    assert (project.folder / result.stdout.strip()).read_text().startswith("# ")


def test_the_newest_day_is_that_of_the_newest_commit(project: Project) -> None:
    assert digest("run", "--newest").stdout == f"reports/octo/one/{WEDNESDAY}.md\n"
    project.origin.commit("2026-02-20T10:00:00+08:00", "newer", {"n": "1\n"})
    assert digest("run", "--newest").stdout == "reports/octo/one/2026-02-20.md\n"


@pytest.mark.usefixtures("project")
def test_a_range_is_asked_in_sql_in_every_style() -> None:
    assert digest("run", "--from", str(MONDAY), "--to", str(WEDNESDAY)).exit_code == 0
    question = "SELECT day, commits FROM days WHERE commits > 0 ORDER BY day"
    assert "(2 rows)" in digest("sql", question).stdout
    assert digest("sql", question, "--format", "csv").stdout == "day,commits\n2026-02-16,2\n2026-02-18,3\n"
    assert json.loads(digest("sql", question, "--format", "json").stdout)[0]["commits"] == 2


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("statement", ["DELETE FROM days", "SELECT * FROM nowhere", "SELEC 1"])
def test_a_question_that_cannot_be_answered_is_one_line(statement: str) -> None:
    digest("run", "--date", str(MONDAY))
    result = digest("sql", statement)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("digest: ")


@pytest.mark.usefixtures("project")
def test_sql_before_the_first_run_says_what_to_do() -> None:
    result = digest("sql", "SELECT 1")
    assert result.exit_code == 1
    assert "digest run" in result.stderr


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ["run", "--date", "18.2.2026"],
            "--date 18.2.2026: not a date; allowed: YYYY-MM-DD, today, yesterday",
        ),
        (["run", "--date", "2025-12-31"], "allowed: 2026-02-01"),
        (["run", "--date", "2999-01-01"], "outside"),
        (["run", "--from", "2026-02-18", "--to", "2026-02-16"], "after --to"),
        (["run", "--to", "2026-02-16"], "--to needs --from"),
        (["run", "--newest", "--date", "today"], "exclude each other"),
        (["run", "--repo", "octo/none"], "--repo octo/none: not in digest.toml; allowed: octo/one"),
        (["run", "--settings", "none.toml"], "no such file"),
        (["sql", "--settings", "none.toml", "SELECT 1"], "no such file"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_two(arguments: list[str], part: str) -> None:
    result = digest(*arguments)
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_remote_that_is_gone_is_one_line_and_exit_code_one(project: Project) -> None:
    shutil.rmtree(project.origin.path)
    for option in (["--date", str(MONDAY)], ["--newest"]):
        result = digest("run", *option)
        assert result.exit_code == 1
        assert [line for line in result.stderr.splitlines() if line.startswith("digest: octo/one")]
        assert "Traceback" not in result.output


def test_add_keeps_what_a_person_wrote(project: Project, tmp_path: Path) -> None:
    project.file.write_text("# mine\n" + project.file.read_text())
    GitRepo(tmp_path / "acme" / "tool.git").commit("2026-02-16T09:00:00+08:00", "Begin", {"a": "1\n"})
    result = digest("add", str(tmp_path / "acme" / "tool.git"))
    assert result.exit_code == 0, result.output
    assert "added acme/tool" in result.stdout
    text = project.file.read_text()
    assert text.startswith("# mine\n")
    assert [r.name for r in project.settings.repository_values()] == ["octo/one", "acme/tool"]


@pytest.mark.parametrize("after", ["", '\n[analysis]\nmodel = "rules"\n'])
@pytest.mark.parametrize("cut", [False, True])
def test_add_sets_a_table_apart_by_one_blank_line(project: Project, after: str, *, cut: bool) -> None:
    text = project.file.read_text().rstrip("\n") + "\n" + after
    project.file.write_text(text.removesuffix("\n") if cut else text)
    result = digest("add", str(project.origin.path), "--name", "octo/two")
    assert result.exit_code == 0, result.output
    added = '\n\n[[repositories]]\nname = "octo/two"\nurl = "octo+one.git"\n'
    assert project.file.read_text() == text.removesuffix(after).removesuffix("\n") + added + after


def test_the_newest_day_asks_the_remote_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(repo: pygit2.Repository, watch: Watch, token: str | None) -> list[Head]:
        asked.append(watch.repository.name)
        return list_heads(repo, watch, token)

    monkeypatch.setattr("digest_pipeline.clones.list_heads", fetch)
    assert digest("run", "--newest").exit_code == 0
    assert asked == [project.repository.name]
    assert digest("run", "--date", str(WEDNESDAY)).exit_code == 0
    assert asked == [project.repository.name] * 2


def test_add_takes_the_first_repository_of_a_file_that_has_none(project: Project) -> None:
    project.file.write_text('timezone = "UTC"\nstart_date = 2026-01-01\n')
    result = digest("add", str(project.origin.path))
    assert result.exit_code == 0, result.output
    assert len(project.settings.repository_values()) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["../none.git"], 1), (["htp://x/y"], 2), (["octo+one.git", "--name", "octo/one"], 2), (["."], 1)],
)
def test_add_changes_nothing_when_something_is_wrong(
    project: Project, arguments: list[str], code: int
) -> None:
    before = project.file.read_text()
    result = digest("add", *arguments)
    assert result.exit_code == code, result.output
    assert len(result.stderr.splitlines()) == 1
    assert project.file.read_text() == before


def test_doctor_has_a_line_for_each_thing(project: Project) -> None:
    result = digest("doctor")
    assert result.exit_code == 0
    assert ", 1 repository, " in result.stdout
    subjects = [line.split()[1] for line in result.stdout.splitlines()]
    assert subjects[:4] == ["settings:", "octo/one:", "model:", "database:"]
    shutil.rmtree(project.origin.path)
    result = digest("doctor")
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines()].count("failed") == 1


def test_doctor_names_the_variable_that_is_missing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    project.extra = '[analysis]\nmodel = "openai/x"\napi_key_env = "NO_SUCH_KEY"\n'
    project.write_settings()
    result = digest("doctor")
    assert result.exit_code == 1
    assert "NO_SUCH_KEY" in result.stdout


def test_ctrl_c_within_a_step_ends_with_its_own_code_and_keeps_what_was_there(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert digest("run", "--date", str(MONDAY)).exit_code == 0
    page = project.folder / f"reports/octo/one/{MONDAY}.md"
    before = page.read_text()

    def pressed(*_arguments: object, **_choices: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("digest_pipeline.writing.write_reports", pressed)
    project.origin.commit("2026-02-16T12:00:00+08:00", "late", {"late": "1\n"})
    result = digest("run", "--date", str(MONDAY))
    assert result.exit_code == 130
    assert (
        result.stderr.splitlines()[-1]
        == "digest: stopped; what was finished is stored, the rest is as it was"
    )
    assert page.read_text() == before
