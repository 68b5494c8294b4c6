"""Station 3 with a model from end to end: `digest run`, Dagster, litellm, and a server on loopback."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from digest_pipeline.cli import main
from digest_pipeline.model.prompts import TEMPLATES
from digest_pipeline.page.files import report_path
from digest_pipeline_tests.modelserver import ModelServer, Received
from digest_pipeline_tests.projects import MONDAY, WEDNESDAY, Project, three_days

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

pytestmark = [
    # litellm keeps the connections of its clients open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]

COMMITS, DAYS_WITH_HIGHLIGHTS = 5, 2
SENTENCES = [
    "This commit changes a file of the project.",
    "A file of the project changes.",
    "The project changes.",
]


def answer(received: Received) -> str:
    """What is true of every commit and of every day."""
    numbers = [int(n) for n in re.findall(r"^\[(\d+)\]", received.prompt, re.MULTILINE)]
    if "bullets" in str(received.body["messages"][0]):
        bullets = [{"text": SENTENCES[n - 1], "commits": [n]} for n in numbers]
        return json.dumps({"bullets": bullets})
    return json.dumps(
        {"change_type": "feature", "headline": SENTENCES[0], "summary": SENTENCES[0], "scope": []}
    )


def run(project: Project, *choices: str, first: dt.date = MONDAY, last: dt.date = WEDNESDAY) -> str:
    arguments = ["run", "--settings", str(project.file), "--from", f"{first}", "--to", f"{last}", *choices]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def pages(project: Project) -> dict[str, str]:
    folder = project.settings.reports_dir
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.md")}


def test_every_answer_is_paid_once(tmp_path: Path) -> None:
    with ModelServer(answer).running() as server:
        extra = f'[analysis]\nmodel = "openai/test"\napi_base = "{server.base}"\n'
        project = Project(tmp_path / "project", extra=extra)
        three_days(project.origin)
        asked: Counter[str] = Counter()

        def calls() -> int:
            """How many requests have come since the last look."""
            new = len(server.received) - asked.total()
            asked["all"] += new
            return new

        run(project)
        assert calls() == COMMITS + DAYS_WITH_HIGHLIGHTS
        first = pages(project)
        monday = report_path(project.settings.reports_dir, "octo/one", MONDAY).read_text()
        version = re.search(r"prompt ([0-9a-f]{8})\b", monday)
        assert version, monday
        assert "`openai/test`" in monday

        project.settings.warehouse_path.unlink()
        run(project)
        assert calls() == 0, "a finished range, even with the warehouse lost"
        assert pages(project) == first

        own = tmp_path / "project" / "prompts"
        own.mkdir()
        rules = (TEMPLATES / "prompt.rules.en.j2").read_text()
        (own / "prompt.rules.en.j2").write_text(f"Be brief.\n{rules}")
        project.extra = f'{extra}prompts = "prompts"\n'
        project.write_settings()
        run(project, last=MONDAY)
        assert calls() == 2, "a changed prompt, for the day that is materialized; its highlights stay"
        assert (
            f"prompt {version[1]}"
            not in report_path(project.settings.reports_dir, "octo/one", MONDAY).read_text()
        )

        run(project, "--force", last=MONDAY)
        assert calls() == 3, "two commits and the highlights again"


def test_a_broken_prompt_is_one_line_before_anything_is_asked(tmp_path: Path) -> None:
    with ModelServer(answer).running() as server:
        extra = f'[analysis]\nmodel = "openai/test"\napi_base = "{server.base}"\nprompts = "."\n'
        project = Project(tmp_path / "project", extra=extra)
        (project.folder / "prompt.low.en.j2").write_text("{% block system %}{{ sha }}{% endblock %}")
        for command in ("run", "doctor"):
            done = CliRunner().invoke(main, [command, "--settings", str(project.file)])
            assert done.exit_code != 0
            (line,) = [line for line in done.output.splitlines() if "prompt.low.en.j2" in line]
            assert "no such name: sha" in line
        assert server.received == []
