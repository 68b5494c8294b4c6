"""The web interface as a person has it: a backfill of a range, a restart, the page beside the asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from digest_pipeline.models import DayState
from digest_pipeline_tests.gitserver import needs_git, serving
from digest_pipeline_tests.projects import MONDAY, TUESDAY, WEDNESDAY, Project, litter, two_repositories
from digest_pipeline_tests.questions import LAUNCH, STATUS, TERMINATE, keys
from digest_pipeline_tests.webui import RUN_SECONDS, WebUI, wait_for, web_ui

if TYPE_CHECKING:
    from pathlib import Path

DAYS = [str(MONDAY), str(TUESDAY), str(WEDNESDAY)]
ASSETS = """
query { assetNodes { assetKey { path } groupName description kinds owners { __typename } jobNames } }"""
RUNS = "query { runsOrError { ... on Runs { results { runId jobName status } } } }"
SCHEDULES = """
query($where: RepositorySelector!) {
  schedulesOrError(repositorySelector: $where) {
    ... on Schedules { results { name scheduleState { status } } }
  }
}"""
WHERE = {"repositoryName": "__repository__", "repositoryLocationName": "digest_pipeline"}
PREVIEW = """
query($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) { ... on Asset { assetMaterializations(limit: 10) {
    partition metadataEntries { label ... on MarkdownMetadataEntry { mdStr } } } } }
}"""


def backfill(ui: WebUI, *paths: str) -> dict[str, Any]:
    """Launch a backfill of the three days and wait for its end."""
    return end_of(ui, launch(ui, *paths))


def launch(ui: WebUI, *paths: str) -> str:
    """Launch a backfill of the three days; its id."""
    params = {"partitionNames": DAYS, "assetSelection": keys(*paths)}
    launched = ui.ask(LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return launched["backfillId"]


def end_of(ui: WebUI, backfill_id: str) -> dict[str, Any]:
    """What became of a backfill, once it is over."""

    def ended() -> dict[str, Any] | None:
        found = ui.ask(STATUS, id=backfill_id)["partitionBackfillOrError"]
        return found if found["status"] not in ("REQUESTED", "CANCELING", "FAILING") else None

    return wait_for("the backfill", ended, RUN_SECONDS)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return two_repositories(tmp_path / "project")


def test_a_range_backfilled_in_the_ui_is_one_run_and_survives_a_restart(project: Project) -> None:
    chains = [f"octo__{n}/{s}" for n in ("one", "two") for s in ("clones", "commits", "analyses", "reports")]
    with web_ui(project.folder) as ui:
        nodes = ui.ask(ASSETS)["assetNodes"]
        assert {"/".join(n["assetKey"]["path"]) for n in nodes} == {*chains, "pages", "daily"}
        assert {n["groupName"] for n in nodes} == {"octo__one", "octo__two", "daily"}
        assert all(n["description"] and n["kinds"] and n["owners"] for n in nodes)
        schedules = ui.ask(SCHEDULES, where=WHERE)["schedulesOrError"]["results"]
        assert [(s["name"], s["scheduleState"]["status"]) for s in schedules] == [("nightly", "RUNNING")]

        ended = backfill(ui, *chains, "daily")
        assert ended["status"] == "COMPLETED_SUCCESS"
        assert [run["status"] for run in ended["runs"]] == ["SUCCESS"]

    for name in ("octo/one", "octo/two"):
        states = [r.state for r in project.workspace.store.days(name, MONDAY, WEDNESDAY).values()]
        assert states == [DayState.COMPLETE, DayState.QUIET, DayState.COMPLETE]

    with web_ui(project.folder) as ui:
        runs = ui.ask(RUNS)["runsOrError"]["results"]
        assert [run["status"] for run in runs] == ["SUCCESS"]
        found = ui.ask(PREVIEW, key={"path": ["octo__one", "reports"]})["assetOrError"][
            "assetMaterializations"
        ]
        pages = {
            m["partition"]: e["mdStr"] for m in found for e in m["metadataEntries"] if e["label"] == "report"
        }
        assert set(pages) == set(DAYS)
        assert pages[str(MONDAY)].startswith("# ")


@needs_git
def test_a_run_terminated_in_the_ui_is_canceled_and_leaves_nothing_behind(project: Project) -> None:
    name = "octo/one"
    chain = [f"octo__one/{station}" for station in ("clones", "commits", "analyses", "reports")]
    with serving(project.folder) as git:
        local = project.origin_path(name).name
        project.file.write_text(project.file.read_text().replace(f'"{local}"', f'"{git.url(local)}"'))
        git.hang = True
        with web_ui(project.folder) as ui:
            launched = launch(ui, *chain)
            assert git.stalled.wait(RUN_SECONDS), "the run asks the remote"
            (run,) = ui.ask(RUNS)["runsOrError"]["results"]
            said = ui.ask(TERMINATE, runId=run["runId"])["terminateRun"]
            assert said == {"__typename": "TerminateRunSuccess"}
            (run,) = end_of(ui, launched)["runs"]
            assert run["status"] == "CANCELED"
            assert litter(project) == []
            assert project.workspace.store.days(name, MONDAY, WEDNESDAY) == {}
            assert not list(project.settings.reports_dir.rglob("*.md"))

            git.hang = False
            assert backfill(ui, *chain)["status"] == "COMPLETED_SUCCESS"
    assert litter(project) == []
    assert len(project.workspace.store.days(name, MONDAY, WEDNESDAY)) == 3
