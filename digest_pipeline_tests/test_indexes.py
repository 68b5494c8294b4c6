from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pytest

from digest_pipeline import reports
from digest_pipeline.files import report_path
from digest_pipeline.models import DayRecord, DayState
from digest_pipeline.page import page_lines
from digest_pipeline.page.markdown import Markdown
from digest_pipeline_tests.sample_days import SEED_DAY, SGLANG, Day, page, record_of, recorded
from digest_pipeline_tests.test_report_safety import structure

MONTH = recorded()
ROOT = Path("/reports")


def record(day: dt.date, repo: str = SGLANG.name, **more: object) -> DayRecord:
    full = {"repo": repo, "commits": 12, "high": 2, "report_path": f"{repo}/{day}.md"} | more
    return dataclasses.replace(record_of(day), **full)


def test_the_index_has_the_newest_day_first_whatever_the_order() -> None:
    records = [record(SEED_DAY), record(dt.date(2026, 2, 20)), record(dt.date(2026, 2, 19), "a/b")]
    made = reports.render_index(records, language="en")
    assert made == reports.render_index(list(reversed(records)), language="en")
    assert re.findall(r"^\| \[(2026\S+)\]", made, re.MULTILINE) == ["2026-02-20", "2026-02-19", "2026-02-18"]
    hrefs = structure(made).hrefs
    assert "sgl-project/sglang/2026-02-18.md" in hrefs
    assert "daily/2026-02-19.md" in hrefs


def test_the_index_links_only_what_is_there() -> None:
    made = reports.render_index([record(SEED_DAY, report_path=None)], language="en", dailies=())
    assert structure(made).hrefs == []
    assert "sgl-project/sglang" in made


def test_an_index_of_a_thousand_days_and_twenty_repositories_opens() -> None:
    days = [SEED_DAY - dt.timedelta(days=n) for n in range(1000)]
    records = [record(day, f"owner/repository-{n:02}") for day in days for n in range(20)]
    made = reports.render_index(records, language="zh")
    assert len(made.encode()) < 400_000, "GitHub shows Markdown files up to 512 kB"
    assert made.count("daily/") == 1000
    assert len(re.findall("<details>", made)) == len({f"{day:%Y-%m}" for day in days[31:]})


def test_an_index_without_reports_says_so() -> None:
    assert "还没有报告" in reports.render_index([], language="zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_daily_page_has_a_row_and_the_highlights_of_every_repository(language: str) -> None:
    other = dataclasses.replace(SGLANG, name="weird name/<b>")
    pages = [
        page(SEED_DAY, MONTH[SEED_DAY], language),
        page(SEED_DAY, MONTH[SEED_DAY], language, repository=other),
        page(
            SEED_DAY,
            Day((), {}, {}),
            language,
            record=record_of(SEED_DAY, DayState.PARTIAL, reason="pending"),
        ),
    ]
    made = reports.render_daily(SEED_DAY, pages, ["lost/repo"], language=language)
    found = structure(made)
    assert found.headings == [1, 2, 2, 2]
    assert found.tags == []
    for one in pages:
        address = f"../{report_path(ROOT, one.repo, SEED_DAY).relative_to(ROOT).as_posix()}"
        assert address in found.hrefs
        assert sum(href.startswith(f"{address}#c-") for href in found.hrefs) >= len(one.highlights)
    assert "| lost/repo | ❓" in made
    assert "| 25 | 6 | 7 | 12 |" in made


def test_a_word_in_a_narrow_column_stays_on_one_line() -> None:
    stay = {"✅ 完整": "✅\u00a0完\u2060整", "🔴高": "🔴\u2060高", "not over yet": "not\u00a0over\u00a0yet"}
    assert {words: page_lines.unbroken(Markdown(words)) for words in stay} == stay
