"""What a page says of an entry and of itself, in words: meta lines, badges, notes, the footer."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from digest_pipeline import reports
from digest_pipeline.models import AnalysisState, DayState, Insights, Reason, Tier
from digest_pipeline.page import phrases
from digest_pipeline.page.words import words_of
from digest_pipeline.pages import Footer
from digest_pipeline_tests.sample_days import SEED_DAY, SGLANG, Day, commit_of, day_with, page, record_of

AT = 1771380000
HOST = f"https://github.com/{SGLANG.name}"


def one(by_rules: Tier = Tier.HIGH, **analysis: Any) -> Day:  # noqa: ANN401 - any field of an analysis
    """A day of one commit, whose analysis has these fields."""
    of = day_with([(commit_of("feat: add words (#12)", at=AT, files=9), by_rules)], "en")
    ((sha, said),) = of.analyses.items()
    of.analyses[sha] = dataclasses.replace(said, **analysis)
    return of


def english(of: Day, **more: Any) -> str:  # noqa: ANN401 - what page_of takes
    return reports.render(page(SEED_DAY, of, "en", **more), template="digest", language="en")


def test_the_line_under_a_title_has_what_the_commit_is() -> None:
    of = one()
    (commit,) = of.commits
    short, lines = commit.sha[:7], f"+{commit.insertions:,}\u00a0−{commit.deletions}"
    made = english(of, newcomers={commit.author_name})
    assert (
        f"#### feat: add words\n\n[`{short}`]({HOST}/commit/{commit.sha}) · [#12]({HOST}/pull/12) · "
        f"Ada Lovelace · 10:00 · {lines} · 9 files · core · first contribution\n" in made
    )


def test_entries_of_low_importance_are_a_line_each_under_their_area() -> None:
    titles = ["[b] One", "[a] Two (#2)", "[b] Three"]
    of = day_with([(commit_of(title, at=AT + n), Tier.LOW) for n, title in enumerate(titles)])
    part = english(of).split("### 🟢 Low importance (3)")[1].split("###")[0]
    told = [line.split(" — ")[0] for line in part.splitlines() if line.strip()]
    assert [re.sub(r"<a .*</a>", "", line) for line in told] == [
        "**b** (2)",
        "- [b] Three",
        "- [b] One",
        "**a** (1)",
        "- [a] Two",
    ]
    two = of.commits[1]
    links = f"[#2]({HOST}/pull/2) · [`{two.sha[:7]}`]({HOST}/commit/{two.sha})"
    size = f"+{two.insertions}\u00a0−{two.deletions}"
    assert f"[a] Two — {links} · refactoring · Ada Lovelace · 10:00 · {size}\n" in part


def test_a_field_without_ground_is_absent() -> None:
    made = english(one(insights=Insights(), risks=(), advice=(), behaviour=()))
    for word in ("insight", "Risks", "What to do", "Behaviour"):
        assert word not in made


@pytest.mark.parametrize(
    ("language", "part", "said"),
    [
        ("en", Reason("very_large", 2.0, 2990), "very large, lines of code: 2,990 +2"),
        ("zh", Reason("tested", 0.9, 3305), "同时改动 3,305 行测试 +0.9"),
        ("zh", Reason("public_name_added", 0.5, 7), "新增公开接口 ×7 +0.5"),
        ("en", Reason("public_name_added", 0.5, 1), "new public name +0.5"),
        ("en", Reason("by_bot", -1.0), "made by a bot −1"),
        ("en", Reason("of a | later version", 1.0), "of a \\| later version +1"),
    ],
)
def test_a_reason_says_how_much_in_the_unit_of_what_was_counted(
    language: str, part: Reason, said: str
) -> None:
    assert phrases.reason(words_of(language), part) == said


def test_a_tier_that_a_model_moved_is_shown_with_the_reason() -> None:
    of = one(Tier.MEDIUM, tier=Tier.HIGH, reason="it changes a default", source="a/model")
    shown = re.search(r"\*\*⚡ Importance\*\*: (.*)", english(of))
    assert shown is not None
    assert shown[1].startswith("🔴High — ")
    assert shown[1].endswith(" — rules say 🟡Medium, the model moved it to 🔴High: it changes a default")


@pytest.mark.parametrize(
    ("analysis", "note"),
    [
        ({"unverified": 2}, "2 names could not be verified in the commit"),
        ({"coverage": 0.456}, "the analysis has seen 45% of the change"),
        (
            {"state": AnalysisState.REFUSED},
            "the model did not analyse this, this is the rules' analysis",
        ),
    ],
)
@pytest.mark.parametrize("template", reports.BUILT_IN)
def test_what_is_to_be_known_of_an_analysis_is_noted(
    template: str, analysis: dict[str, Any], note: str
) -> None:
    of = page(SEED_DAY, one(**analysis), "en")
    assert f"⏳ {note}" in reports.render(of, template=template, language="en")


@pytest.mark.parametrize("template", reports.BUILT_IN)
@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("pending", "model analyses are pending; the next run fills them in"),
        ("late", "commits came later or history was rewritten; the next run renders it again"),
        ("no | reason", "no \\| reason"),
    ],
)
def test_a_partial_day_says_why(template: str, reason: str, said: str) -> None:
    record = record_of(SEED_DAY, DayState.PARTIAL, reason=reason)
    made = reports.render(page(SEED_DAY, one(), "en", record=record), template=template, language="en")
    assert "⚠️ partial" in made
    assert said in made


def test_the_footer_tells_where_the_page_comes_from() -> None:
    of = one(state=AnalysisState.PENDING, source="rules")
    footer = Footer("v7", cached=3, tokens_in=12_345, tokens_out=678, cost_usd=0.01234)
    (sha,) = of.analyses
    tail = english(of, model="a/model", footer=footer).split("\n---\n")[1]
    commit = f"[`{sha[:7]}`]({HOST}/commit/{sha})"
    made_by = "`a/model` · prompt v7 · 3 answers from cache · tokens 12,345 in / 678 out · cost $0.0123"
    assert tail.strip().splitlines() == [
        "- Window: 2026-02-18 00:00 +08:00 → 2026-02-19 00:00 +08:00 (Asia/Shanghai)",
        f"- Branch `main` · Commits: {commit} → {commit} · [compare]({HOST}/compare/{sha}...{sha})",
        f"- Analysis by: {made_by} · 1 analysis pending · [JSON](2026-02-18.json)",
    ]
