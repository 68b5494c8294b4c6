"""Pages for the dialog of the web interface: what is left when no HTML and no relative link works."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_pipeline import reports
from digest_pipeline.models import DayTotals
from digest_pipeline.page import preview
from digest_pipeline.page.preview import LONGEST, preview_of
from digest_pipeline_tests.sample_days import SEED_DAY, page, recorded
from digest_pipeline_tests.test_markdown import NASTY
from digest_pipeline_tests.test_report_safety import TEMPLATES, nasty_page, structure

MONTH = recorded()
TOTALS = [DayTotals(day, 5, 1, 1, 2, 1) for day in MONTH]


@pytest.mark.parametrize(("template", "language"), TEMPLATES)
def test_every_preview_of_the_month_has_only_what_the_dialog_shows(template: str, language: str) -> None:
    for day, of in list(MONTH.items())[::5]:
        made = page(day, of, language, totals=TOTALS)
        picture = reports.render_sparkline(made)
        shown = preview_of(reports.render(made, template=template, language=language), picture)
        parts = structure(shown)
        assert parts.tags == []
        assert all(href.startswith("https://github.com/") for href in parts.hrefs)
        assert len(shown) <= LONGEST + 10
        if picture and template == "digest":
            data = re.findall(r"!\[[▁▂▃▄▅▆▇█]+\]\(data:image/svg\+xml;base64,([\w+/=]+)\)", shown)
            assert [base64.b64decode(src).decode() for src in data] == [picture]
        headings = re.findall(r"^#+ .*$", shown, re.MULTILINE)
        assert len(headings) == len(parts.headings) > 3
        assert not any("📋" in heading for heading in headings)


def test_folds_become_captions_and_their_content_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "LONGEST", 10**6)
    made = page(SEED_DAY, MONTH[SEED_DAY])
    text = reports.render(made, template="digest", language="en")
    shown = preview_of(text)
    for caption in re.findall(r"<summary>(.*)</summary>", text):
        assert "entries" in caption or f"**▾ {caption}**" in shown
    for entry in made.entries:
        assert entry.title in shown.replace("\\", "")


def test_without_a_picture_its_bars_stand_there() -> None:
    text = reports.render(page(SEED_DAY, MONTH[SEED_DAY], totals=TOTALS), template="digest", language="en")
    assert re.search(r"^> [▁▂▃▄▅▆▇█]+ Against the median", preview_of(text), re.MULTILINE)


def test_code_keeps_what_looks_like_a_link_or_an_anchor() -> None:
    line = 'See `[a](b)`, `` [`a`](b) ``, \\[a](b) and `<a id="x"></a>` at [`ab`](#c-ab), [x](https://y.z).\n'
    assert preview_of(line) == line.replace("[`ab`](#c-ab)", "`ab`")


def test_a_preview_is_as_long_as_dagster_may_store_it() -> None:
    for text in ("word " * 9_000, "字" * 9_000, "🔴" * 9_000):
        stored = len(json.dumps(preview_of(text)))
        assert LONGEST - 100 < stored < LONGEST + 20


def test_a_long_page_is_cut_where_a_part_begins() -> None:
    shown = preview_of("# A\n" + "".join(f"\n### Part {n}\n\n{'word ' * 500}\n" for n in range(20)))
    assert shown.endswith("word\n\n…\n")
    assert LONGEST - 2_600 < len(shown) <= LONGEST + 3


CLEAN = {
    (template, language): structure(
        preview_of(reports.render(nasty_page(["z"], language), template=template, language=language))
    )
    for template, language in TEMPLATES
}


@pytest.mark.parametrize(("template", "language"), TEMPLATES)
@settings(max_examples=20)
@given(texts=st.lists(NASTY, min_size=1, max_size=6))
def test_no_text_changes_what_a_preview_is_made_of(template: str, language: str, texts: list[str]) -> None:
    made = preview_of(reports.render(nasty_page(texts, language), template=template, language=language))
    if len(made) < LONGEST:
        assert structure(made) == CLEAN[template, language]
