"""The web interface in a real browser, clicked through as a person does; screenshots stay in test-output/."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from digest_pipeline_tests.projects import MONDAY, WEDNESDAY, Project, three_days
from digest_pipeline_tests.webui import RUN_SECONDS, WebUI, wait_for, web_ui

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page  # pyright: ignore[reportMissingImports]  # the group ui has it

pytestmark = pytest.mark.ui

SHOTS = Path(__file__).parent.parent / "test-output"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LINEAGE = "/asset-groups"
REPORTS = "/assets/octo__one/reports"
BACKFILLS = "query { partitionBackfillsOrError { ... on PartitionBackfills { results { id status } } } }"
UNFINISHED = ("REQUESTED", "NOT_STARTED", "QUEUED", "STARTING", "STARTED")
RUNS = "query { runsOrError { ... on Runs { results { runId status } } } }"


@pytest.fixture
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright  # pyright: ignore[reportMissingImports]  # the group ui has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(90_000)
        yield page
        shoot(page, "0-last")
        browser.close()


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def only(ui: WebUI, query: str) -> dict[str, str]:
    """The only backfill or run that the web interface knows, once it is over."""

    def ended() -> dict[str, str] | None:
        known = next(iter(ui.ask(query).values()))["results"]
        assert len(known) <= 1
        over = [one for one in known if one["status"] not in UNFINISHED]
        return over[0] if over else None

    return wait_for("the backfill", ended, RUN_SECONDS)


def test_a_person_backfills_a_range_reads_the_page_and_sees_the_checks(tmp_path: Path, page: Page) -> None:
    project = Project(tmp_path / "project")
    three_days(project.origin)
    with web_ui(project.folder) as ui:
        page.goto(ui.url + LINEAGE)
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text("Show all partitions").click()
        chosen = page.get_by_placeholder(re.compile(r"^ex: 2026"))
        chosen.fill(f"[{MONDAY}...{WEDNESDAY}]")
        chosen.press("Enter")
        page.get_by_text("3 partitions", exact=True).wait_for()
        shoot(page, "1-backfill")
        page.get_by_role("button", name="Launch backfill").click()
        assert only(ui, BACKFILLS)["status"] == "COMPLETED_SUCCESS"

        page.goto(f"{ui.url}{REPORTS}?view=partitions")
        page.get_by_text("Materialized (3)").wait_for()
        shoot(page, "2-partitions")

        page.goto(f"{ui.url}/runs/{only(ui, RUNS)['runId']}?logs=step%3Aocto__one__reports")
        page.get_by_text("Show Markdown").first.click()
        page.get_by_role("heading", name=re.compile(rf"Daily (digest|overview) \({MONDAY}\)")).wait_for()
        shoot(page, "3-report")

        page.goto(f"{ui.url}{REPORTS}?view=checks")
        for name in ("report_links_resolve", "no_day_is_missing"):
            page.get_by_text(name, exact=True).first.wait_for()
        page.get_by_text("Passed", exact=True).wait_for()
        assert page.get_by_text("Succeeded", exact=True).count() == 2
        shoot(page, "4-checks")

        page.goto(ui.url + REPORTS)
        page.get_by_role("button", name="Plots").click()
        page.get_by_role("button", name="Events").click()  # days long ago are not plotted by partition
        page.locator("canvas").first.scroll_into_view_if_needed()
        shoot(page, "5-plots")

        page.goto(ui.url + LINEAGE)
        page.get_by_text("octo__one").first.wait_for()
        shoot(page, "6-lineage")
