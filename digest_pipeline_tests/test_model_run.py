"""Station 3 with a model from end to end: `digest run`, Dagster, litellm, and a server on loopback."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from click.testing import CliRunner

from digest_pipeline.cli import main
from digest_pipeline.files import report_path
from digest_pipeline.model.prompts import TEMPLATES
from digest_pipeline_tests.daemon import Daemon, daemon_of
from digest_pipeline_tests.modelserver import Fault, ModelServer, Received
from digest_pipeline_tests.projects import MONDAY, WEDNESDAY, ZONE, Project, three_days

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    # litellm keeps the connections of its clients open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]

COMMITS, DAYS_WITH_HIGHLIGHTS = 5, 2
BADGES = {f"octo/one/2026-02-16.{ending}" for ending in ("md", "json", "svg")}
"""Of the day whose commit is taken back on Wednesday."""

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


class Nights:
    """A server and a project's schedule, and what each night asked of the server and wrote."""

    def __init__(self, project: Project, daemon: Daemon, server: ModelServer) -> None:
        self._project = project
        self._daemon = daemon
        self._server = server
        self._asked = 0
        self._files: dict[str, tuple[int, bytes]] = {}

    def night(self, day: int) -> list[tuple[str, str]]:
        """The days that the schedule asks for in the night before this day of February."""
        moment = dt.datetime(2026, 2, day, 2, 0, 1, tzinfo=ZoneInfo(ZONE))
        return [(first, last) for first, last, _ in self._daemon.looks_at_the_clock(moment)]

    def asked(self) -> list[str]:
        """The subjects that the server was asked about since the last look; `highlights` for a day's."""
        new = self._server.received[self._asked :]
        self._asked += len(new)
        subjects = [re.search(r"^<message-\w+>\n(.*)", received.prompt) for received in new]
        return sorted(found[1] if found else "highlights" for found in subjects)

    def written(self) -> set[str]:
        """The files of reports that were written since the last look, with other bytes or the same."""
        folder = self._project.settings.reports_dir
        files = {
            str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
            for path in folder.rglob("*")
            if path.is_file()
        }
        changed = {name for name, was in files.items() if self._files.get(name) != was}
        self._files = files
        return changed

    def checked(self) -> tuple[bool, dg.AssetCheckSeverity]:
        """The last result of `every_commit_is_analysed`."""
        key = dg.AssetCheckKey(dg.AssetKey(["octo__one", "analyses"]), "every_commit_is_analysed")
        (record,) = self._daemon.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        assert record.event
        assert record.event.dagster_event
        result = record.event.dagster_event.asset_check_evaluation_data
        return result.passed, result.severity


def test_a_night_heals_what_the_night_before_left_pending_and_touches_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Fault] = []

    def answer_late(received: Received) -> str | Fault:
        return late[-1] if late and "pin the runner" in received.prompt else answer(received)

    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with ModelServer(answer_late).running() as server:
        extra = f'[analysis]\nmodel = "openai/test"\napi_base = "{server.base}"\n'
        project = Project(tmp_path / "project", extra=extra)
        three_days(project.origin)
        with daemon_of(project, monkeypatch) as daemon:
            nights = Nights(project, daemon, server)
            nights.night(16)
            assert nights.night(17) == [("2026-02-16", "2026-02-16")]
            assert nights.asked() == ["docs: explain the parser", "feat: add a parser (#1)", "highlights"]
            assert nights.checked()[0]

            late.append(Fault(429, headers={"retry-after": "1000"}))
            nights.written()
            assert nights.night(19) == [("2026-02-17", "2026-02-18")]
            assert nights.checked() == (False, dg.AssetCheckSeverity.WARN)
            asked = nights.asked()
            assert len(asked) == 4, "three commits, once each, and the highlights"
            assert not {name for name in nights.written() if "-16." in name} - BADGES
            page = report_path(project.settings.reports_dir, "octo/one", WEDNESDAY)
            assert SENTENCES[1] in page.read_text(), "what the model says of the day"

            late.append(Fault(401))
            assert nights.night(20) == [("2026-02-18", "2026-02-19")]
            assert nights.checked() == (False, dg.AssetCheckSeverity.ERROR)
            assert nights.asked() == ["ci: pin the runner"]
            assert SENTENCES[1] in page.read_text(), "what was paid stays, although no model can be asked"
            nights.written()

            late.clear()
            assert nights.night(21) == [("2026-02-18", "2026-02-18"), ("2026-02-20", "2026-02-20")]
            assert nights.checked()[0]
            assert nights.asked() == ["ci: pin the runner", "highlights"]
            written = nights.written()
            assert "octo/one/2026-02-18.md" in written
            assert all("-18." in name or "-20." in name or name == "README.md" for name in written), written


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
