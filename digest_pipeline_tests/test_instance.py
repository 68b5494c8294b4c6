from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml

from digest_pipeline.models import SettingsError
from digest_pipeline.operations.instance import configuration, prepare_home, prepare_workspace

ROOT = Path(__file__).parent.parent


def test_the_root_file_is_the_same_but_for_the_path() -> None:
    assert (ROOT / "dagster.yaml").read_text() == configuration("data/pipeline/dagster")


@pytest.mark.parametrize("folder", ["plain", "with space", "quo'te", "colon: x", "汉字"])
def test_any_folder_survives_the_configuration(tmp_path: Path, folder: str) -> None:
    home = prepare_home(tmp_path / folder)
    read = yaml.safe_load((home / "dagster.yaml").read_text())
    assert read["storage"]["custom"]["config"]["base_dir"] == str(home)
    assert read["telemetry"] == {"enabled": False}


def test_runs_are_kept_below_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = prepare_home(tmp_path / "pipeline")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs_count() == 0
    assert (home / "history").is_dir()


def test_the_web_server_loads_what_the_root_file_names(tmp_path: Path) -> None:
    made = prepare_workspace(prepare_home(tmp_path))
    assert made.read_text() == (ROOT / "workspace.yaml").read_text()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match=r"^data_dir: .* cannot be written: \w[^\n]*$"):
        prepare_home(tmp_path / "data")
