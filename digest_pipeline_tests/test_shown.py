"""What the web interface shows of the assets: columns as in the database, and freshness by eight."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.test_utils import freeze_time
from dagster._daemon.freshness import FreshnessDaemon

from digest_pipeline.definitions import definitions_of
from digest_pipeline.operations.shown import TABLES, freshness_of, table_schema
from digest_pipeline.store import Store
from digest_pipeline_tests.daemon import daemon_of
from digest_pipeline_tests.projects import MONDAY, ZONE, Project

if TYPE_CHECKING:
    from pathlib import Path

STATUS = """
query($keys: [AssetKeyInput!]) { assetNodes(assetKeys: $keys) { freshnessStatusInfo { freshnessStatus } } }"""


def test_columns_types_and_meanings_are_those_of_the_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "warehouse.duckdb", tmp_path / "digest.duckdb")
    store.publish()
    for table in TABLES.values():
        _, rows = store.query(
            "SELECT column_name, data_type, comment FROM duckdb_columns() "
            f"WHERE schema_name = 'main' AND table_name = '{table}' ORDER BY column_index"
        )
        shown = [(c.name, c.type.replace('"', ""), c.description) for c in table_schema(table).columns]
        assert shown == [(name, kind.replace('"', ""), comment) for name, kind, comment in rows]


def test_the_web_interface_has_the_columns_and_where_the_rows_are(tmp_path: Path) -> None:
    project = Project(tmp_path)
    graph = definitions_of(project.settings).resolve_asset_graph()
    for station, table in TABLES.items():
        metadata = graph.get(dg.AssetKey(["octo__one", station])).metadata
        assert metadata["dagster/table_name"] == f"digest.main.{table}"
        assert metadata["dagster/column_schema"] == table_schema(table)
        assert metadata["dagster/uri"] == str(project.settings.published_path)
        assert metadata["repository"] == "octo/one"


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [("0 2 * * *", 7), ("30 7 * * *", 1.5), ("0 9 * * *", 24), ("0 */6 * * *", 3), ("0 2 * * 1-5", None)],
)
def test_a_page_is_fresh_that_was_made_since_the_last_tick_before_eight(
    tmp_path: Path, schedule: str, hours: float | None
) -> None:
    project = Project(tmp_path)
    project.file.write_text(f'schedule = "{schedule}"\n' + project.file.read_text())
    policy = freshness_of(project.settings)
    if hours is None:
        assert policy is None
        return
    assert policy == dg.FreshnessPolicy.cron(
        deadline_cron="0 8 * * *", lower_bound_delta=dt.timedelta(hours=hours), timezone=ZONE
    )


def test_a_night_without_a_page_is_stale_from_eight_until_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [dg.AssetKey(["octo__one", "reports"]), dg.AssetKey("daily")]
    with daemon_of(Project(tmp_path), monkeypatch) as daemon:

        def made(moment: dt.datetime) -> None:
            with freeze_time(moment):
                for key in keys:
                    event = dg.AssetMaterialization(key, partition=str(MONDAY))
                    daemon.instance.report_runless_asset_event(event)

        def states(moment: dt.datetime) -> list[FreshnessState]:
            with freeze_time(moment):
                asyncio.run(FreshnessDaemon()._evaluate_assets(daemon.workspace))
            found = daemon.instance.get_freshness_state_records(keys)
            return [found[key].freshness_state for key in keys]

        tuesday = dt.datetime(2026, 2, 17, 2, 5, tzinfo=ZoneInfo(ZONE))
        made(tuesday)
        assert states(tuesday.replace(hour=9)) == [FreshnessState.PASS] * 2
        wednesday = tuesday + dt.timedelta(days=1)
        assert states(wednesday.replace(hour=7)) == [FreshnessState.PASS] * 2
        assert states(wednesday.replace(hour=8)) == [FreshnessState.FAIL] * 2
        made(wednesday.replace(hour=10))
        assert states(wednesday.replace(hour=11)) == [FreshnessState.PASS] * 2
        status = daemon.ask(STATUS, keys=[{"path": key.path} for key in keys])["assetNodes"]
        assert [node["freshnessStatusInfo"]["freshnessStatus"] for node in status] == ["HEALTHY"] * 2
