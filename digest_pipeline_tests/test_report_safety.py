"""What holds on every page: parsed with a CommonMark parser, whatever the commits and the model say."""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest_pipeline import reports
from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    Claim,
    Commit,
    Insights,
    ThreadLink,
    Tier,
    Triage,
)
from digest_pipeline_tests.sample_days import (
    SEED_DAY,
    Day,
    analysis_of,
    commit_of,
    day_with,
    page,
    recorded,
    triage_of,
)
from digest_pipeline_tests.test_markdown import NASTY, PIECES

if TYPE_CHECKING:
    from digest_pipeline.pages import Page

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MONTH = recorded()
TEMPLATES = [(template, language) for template in reports.BUILT_IN for language in ("zh", "en")]


@dataclasses.dataclass(frozen=True)
class Structure:
    """Everything of a page that acts on a reader's screen or is more than text, as a parser sees it."""

    blocks: list[str]
    headings: list[int]
    hrefs: list[str]
    tags: list[str]
    images: list[str]
    emphasis: int

    @property
    def anchors(self) -> list[str]:
        return re.findall(r'<a id="([^"]*)">', "".join(self.tags))


def structure(source: str) -> Structure:
    blocks = PARSER.parse(source)
    every = [t for block in blocks for t in (block, *(block.children or []))]
    raw = "".join(t.content for t in every if t.type in {"html_block", "html_inline"})
    return Structure(
        blocks=[t.type for t in blocks],
        headings=[int(t.tag[1:]) for t in every if t.type == "heading_open"],
        hrefs=[str(t.attrs["href"]) for t in every if t.type == "link_open"],
        tags=re.findall(r"<[^>]*>", raw),
        images=[str(t.attrs["src"]) for t in every if t.type == "image"],
        emphasis=sum(t.type in {"em_open", "s_open", "strong_open"} for t in every),
    )


@pytest.mark.parametrize(("template", "language"), TEMPLATES)
def test_every_page_of_the_month_keeps_the_rules(template: str, language: str) -> None:
    for day, of in list(MONTH.items())[::5]:
        made = structure(reports.render(page(day, of, language), template=template, language=language))
        levels, ids = made.headings, made.anchors
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        assert len(ids) == len(set(ids))
        inside = {href[1:] for href in made.hrefs if href.startswith("#")}
        assert inside <= set(ids)
        entries = [name for name in ids if name.startswith("c-")]
        assert sorted(entries) == sorted(f"c-{commit.sha[:7]}" for commit in of.commits)
        assert set(entries) <= inside, "the contents link every entry"


@pytest.mark.parametrize(("template", "language"), TEMPLATES)
def test_every_commit_and_pull_request_is_linked_at_its_host(template: str, language: str) -> None:
    made = reports.render(page(SEED_DAY, MONTH[SEED_DAY], language), template=template, language=language)
    hrefs = structure(made).hrefs
    base = "https://github.com/sgl-project/sglang"
    for commit in MONTH[SEED_DAY].commits:
        assert f"{base}/commit/{commit.sha}" in hrefs
        assert f"{base}/pull/{commit.pr_number}" in hrefs
    allowed = ("#", f"{base}/commit/", f"{base}/pull/", f"{base}/compare/", "2026-02-18.json")
    assert [href for href in hrefs if not href.startswith(allowed)] == []


def nasty_day(texts: list[str]) -> Day:
    """Three commits, one a tier, with a text of somebody else in every place that has one."""
    pick = itertools.cycle(texts)

    def some() -> str:
        return f"x{next(pick)}y"

    rows: list[tuple[Commit, Tier]] = []
    for number, tier in enumerate(Tier):
        plain = commit_of(f"change {number}", sha=f"{number}" * 40, at=1771400000 + number)
        rows.append((dataclasses.replace(plain, subject=some(), author_name=some(), pr_number=number), tier))
    day = day_with([])
    for commit, tier in rows:
        triage: Triage = dataclasses.replace(
            triage_of(commit, tier), area=some(), reverts=f"never {some()}", series="1/2"
        )
        analysis: Analysis = dataclasses.replace(
            analysis_of(commit, triage),
            summary=f"It is {some()}",
            scope=(some(), some()),
            behaviour=(some(),),
            insights=Insights(some(), some(), some()),
            risks=(Claim(some(), some(), some()),),
            advice=(some(), some()),
            unverified=2,
            state=AnalysisState.PENDING,
        )
        day.triages[commit.sha] = triage
        day.analyses[commit.sha] = analysis
    return Day(tuple(commit for commit, _ in rows), day.triages, day.analyses)


def nasty_page(texts: list[str], language: str) -> Page:
    """The page of that day, whose commits belong with others of any subject on other days."""
    pick = itertools.cycle(texts)
    relations = ("reverted_by", "relanded_by", "followed_by", "follows", "series")
    links = [
        ThreadLink("1" * 40, said, f"{number}" * 40, SEED_DAY, 1771400009, f"x{next(pick)}y", number)
        for number, said in enumerate(relations, 4)
    ]
    return page(SEED_DAY, nasty_day(texts), language, threads=links)


CLEAN = {
    (template, language): structure(
        reports.render(nasty_page(["z"], language), template=template, language=language)
    )
    for template, language in TEMPLATES
}


@pytest.mark.parametrize(("template", "language"), TEMPLATES)
@settings(max_examples=40)
@given(texts=st.lists(NASTY, min_size=1, max_size=6))
def test_no_text_changes_what_a_page_is_made_of(template: str, language: str, texts: list[str]) -> None:
    made = reports.render(nasty_page(texts, language), template=template, language=language)
    assert structure(made) == CLEAN[template, language]


@pytest.mark.parametrize("template", reports.BUILT_IN)
def test_each_known_trick_is_text_in_every_place(template: str) -> None:
    for trick in [
        *PIECES,
        "z" * 9_000,
        "<img src=x onerror=y>",
        "[a](javascript:alert(1))",
        "| --- |\n| a |",
    ]:
        made = reports.render(nasty_page([trick], "zh"), template=template, language="zh")
        assert structure(made) == CLEAN[template, "zh"], trick


def test_a_very_long_subject_stands_in_full_in_the_table_and_cut_elsewhere() -> None:
    commit = commit_of("long " * 1_800 + "end")
    made = reports.render(page(SEED_DAY, day_with([(commit, Tier.HIGH)])), template="digest", language="zh")
    lines = [line for line in made.splitlines() if line.startswith(("####", "  - [", "- **"))]
    assert max(map(len, lines)) < 400
    assert f"| {commit.subject} |" in made


def test_the_data_survives_half_a_surrogate_pair() -> None:
    day = nasty_day(["\ud800"])
    reports.render_json(page(SEED_DAY, day)).encode("utf-8")
