from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest
from jinja2.sandbox import SandboxedEnvironment

from digest_pipeline import reports
from digest_pipeline.models import DayState, DayTotals, SettingsError
from digest_pipeline_tests.sample_days import GOLDEN, SEED_DAY, Day, page, record_of, recorded

MONTH = recorded()
SEED = (GOLDEN / "seed-2026-02-18.txt").read_text("utf-8").splitlines()


def test_classic_has_the_table_and_the_statistics_line_of_the_seed_byte_for_byte() -> None:
    made = reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template="classic", language="zh").splitlines()
    table = made.index(SEED[0])
    assert made[table : table + 27] == SEED[:27]
    assert made[table + 27] == ""
    statistics = made.index(SEED[28])
    title = made.index("#### feat: add cuda core dump CI warpper")
    url = "https://github.com/sgl-project/sglang/commit/83a475e8d7de58c032d3e13551208cc1d5549ea2"
    assert made[title + 1].startswith(f"**SHA**: `83a475e` | 🔗 [查看提交]({url}) | [#18909](")
    assert made[title + 2] == ""
    assert made[statistics + 1] == SEED[29] == "> 本日共 25 个提交 | 🔴高 6 | 🟡中 7 | 🟢低 12"


@pytest.mark.parametrize("template", reports.BUILT_IN)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_files_of_the_seeds_day_are_as_recorded(template: str, language: str) -> None:
    """A change of form shows as a change of these files (DIGEST_GOLDEN=1 records them anew)."""
    of = recorded(language)[SEED_DAY]
    made = reports.render(page(SEED_DAY, of, language), template=template, language=language)
    recording = GOLDEN / f"{template}.{language}.md"
    if os.environ.get("DIGEST_GOLDEN"):
        recording.write_text(made, "utf-8")
    assert made == recording.read_text("utf-8")


@pytest.mark.parametrize("template", reports.BUILT_IN)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_page_gives_the_same_bytes(template: str, language: str) -> None:
    first, second = (
        reports.render(page(SEED_DAY, recorded()[SEED_DAY], language), template=template, language=language)
        for _ in range(2)
    )
    assert first == second


def test_a_quiet_day_says_so_and_has_no_other_part() -> None:
    quiet = page(SEED_DAY, Day((), {}, {}), record=record_of(SEED_DAY, DayState.QUIET))
    made = reports.render(quiet, template="digest", language="zh")
    assert "这一天没有提交" in made
    assert "###" not in made


def test_a_users_template_prints_texts_escaped(tmp_path: Path) -> None:
    own = tmp_path / "mine.j2"
    own.write_text("{% for e in page.entries[-1:] %}{{ e.title ~ '<b>' }}{% endfor %}")
    made = reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template=str(own), language="zh")
    assert made == "[diffusion] improve: improve torch.compile for MOVA&lt;b>"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("a\n{% for %}", ", line 2: "),
        ("a\n\n{{ page.nothing }}", ", line 3: "),
        ("{{ page.__class__.__mro__ }}", ", line 1: "),
        ("{{ 1 // 0 }}", ", line 1: "),
        ("{% include 'nothing.md.j2' %}", ", line 1: "),
    ],
)
def test_a_broken_template_is_one_line_with_file_and_line(tmp_path: Path, source: str, says: str) -> None:
    own = tmp_path / "mine.j2"
    own.write_text(source)
    with pytest.raises(SettingsError) as caught:
        reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template=str(own), language="zh")
    message = str(caught.value)
    assert message.startswith(f"report.template: {own}{says}")
    assert "\n" not in message


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no\.j2: cannot be read"):
        reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template=str(tmp_path / "no.j2"), language="zh")


def described(schema: dict[str, Any], part: dict[str, Any], data: object) -> None:
    """Fail unless every field of the data has its place in the schema."""
    part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
    for inner in [*part.get("allOf", []), *part.get("anyOf", [])]:
        if "$ref" in inner and data is not None:
            described(schema, inner, data)
    if isinstance(data, dict) and "properties" in part:
        assert set(data) == set(part["properties"])
        for name, value in data.items():
            described(schema, part["properties"][name], value)
    if isinstance(data, list):
        for value in data:
            described(schema, part["items"], value)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_data_of_every_page_is_as_the_published_schema_says(language: str) -> None:
    schema = json.loads((Path(__file__).parents[1] / "docs/report.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    totals = [DayTotals(day, 5, 1, 1, 2, 1) for day in MONTH]
    for day in (*list(MONTH)[::9], SEED_DAY):
        data = json.loads(reports.render_json(page(day, MONTH[day], language, totals=totals)))
        validator.validate(data)
        described(schema, schema, data)
        assert (data["schema_version"], data["day"]) == (reports.SCHEMA_VERSION, day.isoformat())


def test_the_files_of_a_page_lie_beside_each_other(tmp_path: Path) -> None:
    totals = [DayTotals(day, 5, 1, 1, 2, 1) for day in MONTH]
    made = page(SEED_DAY, MONTH[SEED_DAY], totals=totals)
    files = reports.page_files(made, tmp_path, template="digest", language="zh")
    folder = tmp_path / "sgl-project" / "sglang"
    assert list(files) == [folder / f"2026-02-18.{kind}" for kind in ("svg", "json", "md")]


def test_the_data_of_a_page_has_its_entries() -> None:
    data = json.loads(reports.render_json(page(SEED_DAY, MONTH[SEED_DAY])))
    assert data["schema_version"] == 2
    assert data["day"] == "2026-02-18"
    assert len(data["entries"]) == data["commits"] == 25
    assert data["entries"][0]["tier"] == "low"


def test_the_template_of_the_documentation_works(tmp_path: Path) -> None:
    documented = (Path(__file__).parents[1] / "docs/templates.md").read_text("utf-8")
    own = tmp_path / "mine.md.j2"
    own.write_text(documented.split("```jinja\n", 1)[1].split("```", 1)[0])
    made = reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template=str(own), language="en")
    assert made.startswith("# sgl-project/sglang on 2026-02-18\n")
    assert made.count("\n- [`") == 13


def test_every_name_of_the_documentation_is_there(tmp_path: Path) -> None:
    documented = (Path(__file__).parents[1] / "docs/templates.md").read_text("utf-8")
    named = re.findall(r"`(\w+)\(", documented)
    assert len(named) > 12
    own = tmp_path / "mine.md.j2"
    own.write_text("".join(f"{{% if {name} is not defined %}}{name} {{% endif %}}" for name in named))
    assert reports.render(page(SEED_DAY, MONTH[SEED_DAY]), template=str(own), language="en") == ""


def test_a_compiled_template_is_kept_and_nowhere_to_keep_it_is_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(folder: Path) -> str:
        cache = reports._Compiled(str(folder), "%s.jinja")
        loader = jinja2.DictLoader({"one": "{{ 1 + 1 }}"})
        return SandboxedEnvironment(loader=loader, bytecode_cache=cache).get_template("one").render()

    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert rendered(tmp_path / "nowhere" / "kept") == rendered(tmp_path / "kept") == "2"
    assert len(list((tmp_path / "kept").glob("*.jinja"))) == 1
    monkeypatch.setattr(SandboxedEnvironment, "compile", None)
    assert rendered(tmp_path / "kept") == "2"
