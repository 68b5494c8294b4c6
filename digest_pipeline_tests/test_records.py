"""Events are kept compressed, and read as if they were not."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.operations.instance import prepare_home
from digest_pipeline.operations.launch import materialize, open_instance
from digest_pipeline.operations.records import WORDS, compressed, plain
from digest_pipeline_tests.projects import MONDAY, Project, three_days

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert plain(compressed(text)) == text


def test_the_words_stay_what_written_rows_need() -> None:
    digest = hashlib.sha256(WORDS).hexdigest()
    assert digest == "b07f2ded20f94a22ec351bd06fa3ae66a2f4424a873f279b6c9d8e7e83c4a141"
    other = zlib.compressobj(zdict=WORDS[1:])
    with pytest.raises(zlib.error):
        plain(other.compress(b"a row of other words") + other.flush())


def test_a_night_is_kept_in_a_fifth_and_reads_as_ever(tmp_path: Path) -> None:
    project = Project(tmp_path)
    three_days(project.origin)
    assert not materialize(project.settings, project.settings.repository_values(), MONDAY, MONDAY).failures
    home = project.settings.pipeline_dir / "dagster"
    written = sizes(home)
    with open_instance(project.settings) as instance:
        (record,) = instance.get_run_records()
        events = instance.all_logs(record.dagster_run.run_id)
        key = dg.AssetKey(["octo__one", "reports"])
        latest = instance.get_latest_materialization_event(key)
        assert latest
        assert latest.asset_materialization
        assert "report" in latest.asset_materialization.metadata
        read = sum(len(dg.serialize_value(event)) for event in events)
    assert set(written) == {"blob"}
    assert written["blob"] < read / 5


def sizes(home: Path) -> dict[str, int]:
    """Bytes of the events of the runs, by the type in which SQLite keeps them."""
    found: dict[str, int] = {}
    for file in (home / "history" / "runs").glob("*.db"):
        if file.name != "index.db":
            with sqlite3.connect(file) as database:
                query = "SELECT typeof(event), sum(length(event)) FROM event_logs GROUP BY 1"
                for kind, size in database.execute(query):
                    found[kind] = found.get(kind, 0) + size
    return found


def test_events_of_before_are_still_read(tmp_path: Path) -> None:
    home = prepare_home(tmp_path)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("page", metadata={"n": 1}))
    with sqlite3.connect(home / "history" / "runs" / "index.db") as database:
        ((number, data),) = database.execute("SELECT id, event FROM event_logs").fetchall()
        database.execute("UPDATE event_logs SET event = ? WHERE id = ?", (plain(data), number))
        database.execute("UPDATE asset_keys SET last_materialization = NULL")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("page", metadata={"n": 2}))
        found = instance.fetch_materializations(dg.AssetKey("page"), limit=9).records
        values = [r.asset_materialization.metadata["n"].value for r in found if r.asset_materialization]
    assert values == [2, 1]
