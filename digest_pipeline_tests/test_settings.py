from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from digest_pipeline.models import SettingsError
from digest_pipeline.settings import read_settings, settings_file

GOOD = """
timezone = "Asia/Shanghai"
start_date = 2026-01-01

[[repositories]]
name = "octo/one"
url = "https://example.com/octo/one.git"

[[repositories]]
name = "octo/two"
url = "repos/two.git"
branch = "trunk"
token_env = "TOKEN"
exclude = ["docs/**"]
areas = { core = ["src/**"], web = ["ui/**", "api/**"] }
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "digest.toml"
    file.write_text(text, encoding="utf-8")
    return file


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(folder, text))
    return str(caught.value)


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, GOOD))
    assert settings.start_date == dt.date(2026, 1, 1)
    assert (settings.language, settings.schedule, settings.lookback_days) == ("zh", "0 2 * * *", 14)
    assert settings.day_by == "landed"
    assert settings.analysis.model == "rules"
    assert settings.analysis.max_cost_usd_per_day == 5.0
    assert settings.report.template == "digest"


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, GOOD))
    assert settings.data_dir == tmp_path / "data"
    assert settings.reports_dir == tmp_path / "reports"
    assert settings.warehouse_path == tmp_path / "data/pipeline/warehouse.duckdb"
    assert settings.published_path == tmp_path / "data/digest.duckdb"
    assert settings.repository_values()[1].url == str(tmp_path / "repos/two.git")


def test_repositories_keep_the_order_of_the_file(tmp_path: Path) -> None:
    one, two = read_settings(write(tmp_path, GOOD)).repository_values()
    assert (one.name, one.branch, one.url) == ("octo/one", None, "https://example.com/octo/one.git")
    assert (two.branch, two.token_env, two.exclude) == ("trunk", "TOKEN", ("docs/**",))
    assert two.areas == (("core", ("src/**",)), ("web", ("ui/**", "api/**")))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/a/b.git",
        "ssh://git@example.com:22/a/b",
        "git://127.0.0.1/a",
        "file:///srv/a.git",
        "git@example.com:a/b.git",
        "/srv/a.git",
    ],
)
def test_whatever_git_can_clone_is_an_address(tmp_path: Path, url: str) -> None:
    text = GOOD.replace("https://example.com/octo/one.git", url)
    assert read_settings(write(tmp_path, text)).repository_values()[0].url == url


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('timezone = "Asia/Shanghai"', "", ["timezone", "missing"]),
        ("Asia/Shanghai", "Asia/Shangai", ["timezone = 'Asia/Shangai'", "IANA"]),
        ("Asia/Shanghai", "/etc/passwd", ["timezone = '/etc/passwd'", "IANA"]),
        ("2026-01-01", '"2026-02-30"', ["start_date = '2026-02-30'"]),
        ("2026-01-01", "2026", ["start_date = 2026", "YYYY-MM-DD"]),
        ("2026-01-01", "2026-01-01T10:00:00", ["start_date", "YYYY-MM-DD"]),
        ("start_date", 'language = "fr"\nstart_date', ["language = 'fr'", "'zh' or 'en'"]),
        ("start_date", "lookback_days = 0\nstart_date", ["lookback_days = 0", "1"]),
        ("start_date", 'schedule = "daily"\nstart_date', ["schedule = 'daily'", "0 2 * * *"]),
        ("start_date", 'schedule = "0 0 2 * * *"\nstart_date', ["schedule", "five"]),
        ("start_date", 'day_by = "author"\nstart_date', ["day_by = 'author'", "'landed' or 'committed'"]),
        ("start_date", "langauge = 'zh'\nstart_date", ["langauge = 'zh'", "no such key", "language"]),
        ("start_date", "file = 'x'\nstart_date", ["file = 'x'", "no such key"]),
        ("branch", "brunch", ["repositories[1].brunch = 'trunk'", "no such key", "branch"]),
        ("trunk", "my trunk", ["repositories[1].branch = 'my trunk'"]),
        ("trunk", "refs..x", ["repositories[1].branch = 'refs..x'"]),
        ('"TOKEN"', '"MY-TOKEN"', ["repositories[1].token_env = 'MY-TOKEN'", "environment variable"]),
        ("start_date", 'warehouse = "ducklake:x.db"\nstart_date', ["warehouse = 'ducklake:x.db'", "a path"]),
        ("start_date", 'warehouse = "md:team"\nstart_date', ["warehouse = 'md:team'", "local disk"]),
        ("start_date", 'notify = "all"\nstart_date', ["notify = 'all'", "'failures' or 'daily'"]),
        ("start_date", 'ui_url = "host:3000"\nstart_date', ["ui_url = 'host:3000'", "http"]),
        ("start_date", "keep_runs_days = 0\nstart_date", ["keep_runs_days = 0", "1"]),
        ("octo/two", "octo", ["repositories[1].name = 'octo'", "owner/name"]),
        ("octo/two", "octo/..", ["repositories[1].name = 'octo/..'", "owner/name"]),
        ("octo/two", "daily/two", ["repositories[1].name = 'daily/two'", "another name"]),
        ("octo/two", "octo/one", ["repositories[1].name = 'octo/one'", "repositories[0]"]),
        ("octo/two", "Octo/One", ["repositories[1].name = 'Octo/One'", "repositories[0]"]),
        ("https://example.com/octo/one.git", "htp://x/y", ["repositories[0].url = 'htp://x/y'", "https://"]),
        ("https://example.com/octo/one.git", "", ["repositories[0].url = ''", "local path"]),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(
    tmp_path: Path, old: str, new: str, parts: list[str]
) -> None:
    line = complaint(tmp_path, GOOD.replace(old, new, 1))
    assert "\n" not in line
    for part in ["digest.toml: ", *parts]:
        assert part in line


@pytest.mark.parametrize(
    ("section", "parts"),
    [
        ("[analysis]\nmodle = 'x'", ["analysis.modle = 'x'", "no such key", "model"]),
        ("[analysis]\nmax_concurrency = 0", ["analysis.max_concurrency = 0"]),
        ("[analysis]\nmodels = { top = 'x' }", ["analysis.models.top = 'x'", "high, medium, low"]),
        ("[analysis]\nprompts = 'nowhere'", ["analysis.prompts = 'nowhere'", "folder"]),
        ("[report]\ntemplate = 'fancy'", ["report.template = 'fancy'", "digest, classic"]),
        ("[importance]\nthreshold_high = 'x'", ["importance.threshold_high = 'x'"]),
        ("[importance]\nbig = 3.0", ["importance.big = 3.0", "no such key", "threshold_high"]),
    ],
)
def test_a_wrong_table_is_one_line_too(tmp_path: Path, section: str, parts: list[str]) -> None:
    line = complaint(tmp_path, GOOD + section)
    assert "\n" not in line
    for part in ["digest.toml: ", *parts]:
        assert part in line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://example.com", "https://me:hunter2@example.com"),
        ("https://example.com", "https://hunter2@example.com"),
        ("https://example.com", "ssh://me:hunter2@example.com"),
        ('"TOKEN"', '"ghp_hunter2"'),
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(tmp_path: Path, old: str, new: str) -> None:
    line = complaint(tmp_path, GOOD.replace(old, new))
    assert "token_env" in line
    assert "hunter2" not in line


def test_settings_without_repositories_are_refused(tmp_path: Path) -> None:
    line = complaint(tmp_path, 'timezone = "UTC"\nstart_date = 2026-01-01\nrepositories = []')
    assert "repositories" in line


def test_every_mistake_gets_its_line(tmp_path: Path) -> None:
    lines = complaint(
        tmp_path, GOOD.replace("Asia/Shanghai", "Mars/Base").replace("trunk", "a b")
    ).splitlines()
    assert len(lines) == 2


def test_a_file_that_is_not_toml_names_the_place(tmp_path: Path) -> None:
    line = complaint(tmp_path, "timezone = \n")
    assert "digest.toml: not TOML" in line
    assert "line 1" in line


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file.*DIGEST_SETTINGS"):
        read_settings(tmp_path / "digest.toml")


def test_a_file_of_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "digest.toml").write_bytes(b"timezone = '\xff\xfe'")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "digest.toml")


def test_the_file_is_the_given_one_then_the_variable_then_the_default(tmp_path: Path) -> None:
    environ = {"DIGEST_SETTINGS": str(tmp_path / "b.toml")}
    assert settings_file(tmp_path / "a.toml", environ) == tmp_path / "a.toml"
    assert settings_file(None, environ) == tmp_path / "b.toml"
    assert settings_file(None, {}) == Path("digest.toml").resolve()


def test_a_template_of_ones_own_is_found_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "mine.md.j2").write_text("x")
    settings = read_settings(write(tmp_path, GOOD + "[report]\ntemplate = 'mine.md.j2'"))
    assert settings.report.template == str(tmp_path / "mine.md.j2")
