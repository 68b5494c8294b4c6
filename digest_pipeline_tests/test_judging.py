"""Station 3 over the real stations, by rules and with a model that a fake at the door plays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from digest_pipeline import judging, llm
from digest_pipeline.checks import of_analyses
from digest_pipeline.judging import Analysed, store_analyses
from digest_pipeline.model.retry import Fault
from digest_pipeline.models import AnalysisState, DayState
from digest_pipeline.writing import write_reports
from digest_pipeline_tests.projects import (
    MONDAY,
    THURSDAY_NOON,
    TUESDAY,
    WEDNESDAY,
    Project,
    three_days,
    windows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit, Triage

DAYS = (MONDAY, TUESDAY, WEDNESDAY)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    three_days(made.origin)
    made.fetch()
    made.store(*DAYS)
    return made


def analyse(project: Project, *, force: bool = False) -> Analysed:
    return store_analyses(
        project.workspace, project.repository, windows(*DAYS), force=force, now=THURSDAY_NOON
    )


def render(project: Project) -> dict[str, str]:
    """The pages of the three days by their dates."""
    done, failed = write_reports(project.workspace, project.repository, windows(*DAYS), now=THURSDAY_NOON)
    assert failed == {}
    return {str(day): written.page for day, written in done.items()}


FORBIDDEN = Fault("APIError", status=403)


class Model:
    """Says of every commit, and of every day, what is true of all: a sentence without names."""

    def __init__(self) -> None:
        self.requests: list[llm.Request] = []
        self.fault: Fault | None = None

    def complete(self, request: llm.Request) -> llm.Reply:
        self.requests.append(request)
        if self.fault:
            raise llm.CallError(self.fault)
        said = "This commit changes a file of the project."
        if "bullets" in str(request.schema):
            numbers = map(int, re.findall(r"^\[(\d+)\]", request.messages[1][1], re.MULTILINE))
            texts = [said, "A file of the project changes.", "The project changes."]
            bullets = [{"text": texts[n - 1], "commits": [n]} for n in numbers]
            answer: dict[str, object] = {"bullets": bullets}
        else:
            answer = {
                "change_type": "feature",
                "headline": said,
                "importance": {"move": "none", "reason": ""},
                "summary": said,
                "scope": [],
                "behaviour": [],
                "advice": [],
                "insights": {"architecture": None, "performance": None, "security": None},
                "risks": [],
            }
        return llm.Reply(json.dumps(answer), 100, 50, 0.01)


@pytest.fixture
def model(project: Project, monkeypatch: pytest.MonkeyPatch) -> Model:
    made = Model()
    monkeypatch.setattr(llm, "complete", made.complete)
    monkeypatch.setattr(llm, "missing_keys", lambda _model: [])
    monkeypatch.setattr(llm, "price_of", lambda _model: None)
    project.extra = '[analysis]\nmodel = "openai/test"\n'
    project.write_settings()
    return made


def test_rules_analyse_every_commit(project: Project) -> None:
    analysed = analyse(project)
    assert (analysed.commits, analysed.pending, analysed.failed, analysed.stopped) == (5, 0, {}, None)
    stored = project.workspace.store.analyses("octo/one", MONDAY, WEDNESDAY)
    assert {a.source for a in stored.values()} == {"rules"}
    assert all(a.summary for a in stored.values())


def test_judging_twice_is_judging_once(project: Project) -> None:
    analyse(project)
    store = project.workspace.store
    before = (store.triages("octo/one", *DAYS[::2]), store.analyses("octo/one", *DAYS[::2]))
    analyse(project)
    assert (store.triages("octo/one", *DAYS[::2]), store.analyses("octo/one", *DAYS[::2])) == before


def test_a_day_that_defeats_the_rules_costs_no_other_day(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = judging.triage_day

    def defeated(commits: list[tuple[Commit, Facts]], **choices: Any) -> dict[str, Triage]:  # noqa: ANN401 - as the real one
        if commits and commits[0][0].day == WEDNESDAY:
            raise ValueError("on purpose")
        return real(commits, **choices)

    monkeypatch.setattr(judging, "triage_day", defeated)
    analysed = analyse(project)
    assert list(analysed.days) == [MONDAY, TUESDAY]
    assert list(analysed.failed) == [WEDNESDAY]


def test_a_model_is_asked_once_and_its_answers_are_kept(project: Project, model: Model) -> None:
    first = analyse(project)
    asked = len(model.requests)
    assert first.pending == 0
    assert first.figures["calls"] == asked == 5 + 2  # five commits, and the highlights of two days
    pages = render(project)
    again = analyse(project)
    assert (again.figures["calls"], again.figures["hits"]) == (0, 7)
    assert render(project) == pages
    assert len(model.requests) == asked
    stored = project.workspace.store.analyses("octo/one", MONDAY, WEDNESDAY)
    assert {a.source for a in stored.values()} == {"openai/test"}
    assert "changes a file of the project" in pages[str(MONDAY)]


def test_a_forced_run_asks_again(project: Project, model: Model) -> None:
    analyse(project)
    asked = len(model.requests)
    assert analyse(project, force=True).figures["calls"] == asked
    assert len(model.requests) == 2 * asked


def test_the_figures_of_a_day_are_numbers_and_add_up_to_those_of_the_run(
    project: Project, model: Model
) -> None:
    analysed = analyse(project)
    assert analysed.figures["calls"] == len(model.requests)
    for name in ("calls", "hits", "failures", "tokens_in", "tokens_out", "cost_usd"):
        parts = [figures.get(name, 0) for figures in analysed.days.values()]
        assert sum(parts) == pytest.approx(analysed.figures[name]), name
    monday = analysed.days[MONDAY]
    assert (monday["calls"], monday["cost_usd"]) == (3, pytest.approx(0.03))
    assert all(isinstance(monday[name], int | float) for name in ("p50_ms", "p95_ms"))
    assert all(isinstance(figure, int | float) for figure in monday.values())


def test_what_was_paid_stands_with_the_day_and_in_the_view(project: Project, model: Model) -> None:
    analyse(project)
    render(project)
    store = project.workspace.store
    costs = {day: record.cost_usd for day, record in store.days("octo/one", MONDAY, WEDNESDAY).items()}
    assert costs == {MONDAY: pytest.approx(0.02), TUESDAY: None, WEDNESDAY: pytest.approx(0.03)}
    store.publish()
    _, rows = store.query("SELECT sum(calls), sum(cost_usd) FROM spend")
    assert rows == [(len(model.requests), pytest.approx(0.01 * len(model.requests)))]


def test_a_model_that_denies_access_leaves_the_rules_and_a_failed_check(
    project: Project, model: Model
) -> None:
    model.fault = FORBIDDEN
    analysed = analyse(project)
    assert (analysed.pending, analysed.stopped) == (5, "forbidden")
    (check,) = of_analyses(dg.AssetKey(["octo__one", "analyses"]), analysed)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    stored = project.workspace.store.analyses("octo/one", MONDAY, WEDNESDAY)
    assert {(a.source, a.state) for a in stored.values()} == {("rules", AnalysisState.PENDING)}
    render(project)
    states = [r.state for r in project.workspace.store.days("octo/one", MONDAY, WEDNESDAY).values()]
    assert states == [DayState.PARTIAL, DayState.QUIET, DayState.PARTIAL]


def test_what_is_pending_is_filled_in_by_the_next_run(project: Project, model: Model) -> None:
    model.fault = FORBIDDEN
    analyse(project)
    model.fault = None
    assert analyse(project).pending == 0
    render(project)
    states = [r.state for r in project.workspace.store.days("octo/one", MONDAY, WEDNESDAY).values()]
    assert states == [DayState.COMPLETE, DayState.QUIET, DayState.COMPLETE]


def test_losing_the_warehouse_costs_no_call(project: Project, model: Model) -> None:
    analyse(project)
    asked = len(model.requests)
    project.settings.warehouse_path.unlink()
    project.store(*DAYS)
    assert analyse(project).pending == 0
    assert len(model.requests) == asked
