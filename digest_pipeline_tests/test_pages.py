from __future__ import annotations

import dataclasses
import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest

from digest_pipeline import reports
from digest_pipeline.models import (
    Commit,
    DayTotals,
    DigestError,
    Insights,
    ThreadLink,
    Tier,
    window_of,
)
from digest_pipeline.page.reading import unfolded
from digest_pipeline.pages import page_of
from digest_pipeline_tests.sample_days import (
    SEED_DAY,
    SGLANG,
    ZONE,
    Day,
    commit_of,
    day_with,
    page,
    record_of,
    recorded,
)

AT = 1771380000


def merge(sha: str, at: int, landed_by: str = "") -> Commit:
    return dataclasses.replace(
        commit_of("Merge it", sha=sha, at=at), is_merge=True, landed_by=landed_by or sha
    )


def landed(count: int, by: str, at: int = AT) -> list[Commit]:
    made = [commit_of(f"Part {n}", at=at) for n in range(count)]
    return [dataclasses.replace(c, landed_by=by, committed_at=at - n) for n, c in enumerate(made)]


def low(*commits: Commit) -> Day:
    return day_with([(c, Tier.LOW) for c in commits])


def test_entries_are_newest_first_whatever_the_order_of_the_commits() -> None:
    of = recorded()[SEED_DAY]
    turned = dataclasses.replace(of, commits=tuple(reversed(of.commits)))
    assert page(SEED_DAY, of) == page(SEED_DAY, turned)
    times = [e.time for e in page(SEED_DAY, of).entries]
    assert times == sorted(times, reverse=True)


def test_merges_are_named_and_not_counted() -> None:
    made = page(SEED_DAY, low(*landed(2, "e" * 40), merge("e" * 40, AT)))
    assert (made.commits, len(made.entries), len(made.merges)) == (2, 2, 1)
    text = reports.render(made, template="digest", language="en")
    assert text.count("| Ada Lovelace |") == 2
    assert 'Merge commits (not counted): <a id="c-eeeeeee"></a>' in text
    assert made.range is not None
    assert made.range.first_sha == made.range.last_sha == "e" * 40


def test_a_commit_whose_message_names_no_pull_request_has_that_of_its_merge() -> None:
    request = dataclasses.replace(merge("e" * 40, AT), subject="Merge pull request #7 from a/b", pr_number=7)
    own = dataclasses.replace(landed(1, "e" * 40)[0], pr_number=6)
    made = page(SEED_DAY, low(*landed(2, "e" * 40)[1:], own, request, commit_of("Alone", at=AT)))
    assert {e.title: e.pr_number for e in made.entries} == {"Part 1": 7, "Part 0": 6, "Alone": None}


def test_many_merges_are_folded() -> None:
    for count, folds in ((3, 0), (4, 1)):
        merges = [merge(f"{n}" * 40, AT + n) for n in range(count)]
        text = reports.render(page(SEED_DAY, low(*merges)), template="classic", language="en")
        assert text.count("<summary>Merge commits (not counted)") == folds
        assert text.count('<a id="c-') == count


def test_a_merge_of_more_than_200_commits_is_one_entry() -> None:
    bulk = [*landed(201, "e" * 40), merge("d" * 40, AT, landed_by="e" * 40), merge("e" * 40, AT)]
    made = page(SEED_DAY, low(*bulk, commit_of("Other", at=AT + 9)))
    assert [e.title for e in made.entries] == ["Other", "Merge it"]
    assert made.entries[1].lands == 201
    assert made.merges == ()
    assert "lands 201 commits" in reports.render(made, template="digest", language="en")


def test_a_commit_without_an_entry_has_the_anchor_that_other_pages_link_to() -> None:
    bulk = [*landed(201, "e" * 40), merge("e" * 40, AT)]
    one = bulk[7].sha
    later = ThreadLink(one, "reverted_by", "f" * 40, SEED_DAY, AT + 9, "Revert it", None)
    back = ThreadLink("f" * 40, "reverts", one, SEED_DAY, AT, "Part 7", None)
    after = commit_of("Revert it", sha="f" * 40, at=AT + 9)
    made = page(SEED_DAY, low(*bulk, after), threads=[later, back])
    assert made.entries[1].aliases == (f"c-{one[:7]}",)
    assert made.threads[0].steps[0].href == "#c-eeeeeee", "on its own page the merge stands for it"
    for template in reports.BUILT_IN:
        text = reports.render(made, template=template, language="en")
        assert text.count(f'<a id="c-eeeeeee"></a><a id="c-{one[:7]}"></a>') == 1


def test_a_merge_of_200_commits_is_200_entries() -> None:
    made = page(SEED_DAY, low(*landed(200, "e" * 40), merge("e" * 40, AT)))
    assert made.commits == 200


def test_two_commits_with_the_same_beginning_have_two_anchors() -> None:
    early, late = (
        commit_of("One", sha="abcdef0" + "1" * 33, at=AT),
        commit_of("Two", sha="abcdef0" + "2" * 33, at=AT + 1),
    )
    made = page(SEED_DAY, low(early, late))
    assert [e.anchor for e in made.entries] == ["c-abcdef02", "c-abcdef0"]


def test_a_commit_without_a_judgement_is_an_error_that_says_what_to_do() -> None:
    of = low(commit_of("One"))
    with pytest.raises(DigestError, match="has no importance; run the analyses of this day"):
        page(SEED_DAY, dataclasses.replace(of, triages={}))


def test_a_commit_without_an_analysis_is_an_entry_that_says_so() -> None:
    of = day_with([(commit_of("One"), Tier.HIGH)])
    made = page(SEED_DAY, dataclasses.replace(of, analyses={}))
    assert made.pending == 1
    assert "模型分析待补" in reports.render(made, template="digest", language="zh")


def test_the_number_at_the_end_goes_only_when_it_is_the_pull_request() -> None:
    kept = dataclasses.replace(commit_of("Fix the port (#12)"), pr_number=13)
    made = page(SEED_DAY, low(commit_of("Fix it (#18… (#12)"), kept, commit_of("(#5)")))
    assert {e.title for e in made.entries} == {"Fix it (#18…", "Fix the port (#12)", "(#5)"}


def test_first_time_authors_are_named_at_their_first_commit() -> None:
    one, two = commit_of("One", author="New", at=AT), commit_of("Two", author="New", at=AT + 60)
    made = page(SEED_DAY, low(one, two, commit_of("Three", at=AT)), newcomers={one.author_email})
    assert made.newcomers == ("New",)
    assert [e.title for e in made.entries if e.newcomer] == ["One"]


def totals(days: int, commits: int = 10) -> list[DayTotals]:
    return [DayTotals(SEED_DAY - dt.timedelta(days=n), commits, 100, 50, 4, 1) for n in range(days + 1)]


def test_a_day_is_compared_with_the_median_of_the_days_before_it() -> None:
    made = page(SEED_DAY, recorded()[SEED_DAY], totals=totals(40))
    assert made.usual is not None
    assert (made.usual.days, made.usual.commits.median, made.usual.lines.median) == (28, 10, 150)
    assert (made.usual.commits.value, made.usual.high.value, made.usual.high.median) == (25, 24, 10)
    assert made.usual.trend == (*[10] * 28, 25)
    text = reports.render(made, template="digest", language="zh")
    assert "](2026-02-18.svg) 与近 28 天的中位数相比：提交 25（中位 10）" in text
    picture = reports.render_sparkline(made)
    assert picture is not None
    assert ET.fromstring(picture)[0].text == "近 29 天每日提交数"  # noqa: S314 - our own file
    assert picture.count("z") == 29
    assert picture == reports.render_sparkline(made)


def test_a_day_with_little_before_it_is_not_compared() -> None:
    made = page(SEED_DAY, recorded()[SEED_DAY], totals=totals(6))
    assert made.usual is None
    assert reports.render_sparkline(made) is None


def test_the_window_shows_the_offset_of_its_own_moments() -> None:
    day, zone = dt.date(2026, 3, 8), "America/New_York"
    record = record_of(day)
    made = page_of(SGLANG, window_of(day, zone), zone, record, (), {}, {}, language="en")
    assert (made.start, made.end) == ("2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00")
    assert zone != ZONE
    text = reports.render(made, template="digest", language="en")
    assert "2026-03-08 00:00 -05:00 → 2026-03-09 00:00 -04:00 (America/New_York)" in text.splitlines()[6]
    usual = reports.render(page(SEED_DAY, low()), template="digest", language="en")
    assert "00:00–24:00 Asia/Shanghai (UTC+08:00)" in usual.splitlines()[6]
    made = page_of(SGLANG, window_of(day, "UTC"), "UTC", record, (), {}, {}, language="en")
    assert reports.render(made, template="digest", language="en").splitlines()[6].endswith(" 00:00–24:00 UTC")


def test_one_commit_is_told_in_the_singular() -> None:
    text = reports.render(page(SEED_DAY, low(commit_of("One"))), template="digest", language="en")
    assert "> 1 commit | 🔴High 0 | 🟡Medium 0 | 🟢Low 1" in text
    assert "> 1 author · " in text


def test_on_a_busy_day_an_entry_of_medium_importance_shows_its_title_and_folds_the_rest() -> None:
    few = day_with([(commit_of(f"Change {n}", at=AT + n), Tier.MEDIUM) for n in range(8)])
    many = day_with([(commit_of(f"Change {n}", at=AT + n), Tier.MEDIUM) for n in range(9)])
    calm, busy = (reports.render(page(SEED_DAY, of), template="digest", language="zh") for of in (few, many))
    assert unfolded(calm).count("变更类型") == 8
    assert unfolded(busy).count("变更类型") == 0
    assert unfolded(busy).count("变更摘要") == 0
    assert busy.count("变更摘要") == unfolded(busy).count("\n#### ") == 9
    assert busy.count("**🎯 变更类型**") == 9


def test_a_summary_of_the_rules_does_not_say_again_what_stands_around_it() -> None:
    of = low(commit_of("feat(text): add `words` (#3)"))
    (sha,) = of.analyses
    said = dataclasses.replace(
        of.analyses[sha],
        tier=Tier.HIGH,
        summary="Add words; adds `join`; changes the cache",
        behaviour=("Adds `join`",),
    )
    for source, summary, shown in (
        ("rules", said.summary, "Changes the cache"),
        (
            "rules",
            "Adds words to texts; adds `join`; changes the cache",
            "Adds words to texts; changes the cache",
        ),
        ("rules", "Add words; adds `join`", None),
        ("rules", "Add words", None),
        ("a/model", said.summary, said.summary),
    ):
        of.analyses[sha] = dataclasses.replace(said, source=source, summary=summary)
        text = reports.render(page(SEED_DAY, of, "en"), template="digest", language="en")
        found = re.search(r"\*\*📋 Summary\*\*: (.*)", text)
        assert (found and found[1]) == shown


def test_a_fold_of_one_kind_is_told_by_its_caption_alone() -> None:
    of = day_with([(commit_of("Add words"), Tier.HIGH)])
    (sha,) = of.analyses
    for insights, labels in ((Insights(performance="Faster."), 1), (Insights(), 0)):
        of.analyses[sha] = dataclasses.replace(of.analyses[sha], insights=insights)
        text = reports.render(page(SEED_DAY, of), template="digest", language="zh")
        assert text.count("**⚠️ 潜在风险**") == labels
        assert text.count("⚠️ 潜在风险（1）</summary>") == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("连接池更快：新增公开函数 `join`；改动 `pool`", "连接池更快：改动 `pool`"),
        ("连接池更快：新增公开函数 `join`", "连接池更快"),
        ("新增公开函数 `join`；改动 `pool`", "改动 `pool`"),
        ("新增公开函数 `join`", None),
    ],
)
def test_the_first_fact_is_not_said_again_either(said: str, shown: str | None) -> None:
    of = day_with([(commit_of("Add words"), Tier.HIGH)])
    (sha,) = of.analyses
    behaviour = ("新增公开函数 `join`",)
    of.analyses[sha] = dataclasses.replace(of.analyses[sha], summary=said, behaviour=behaviour)
    text = reports.render(page(SEED_DAY, of), template="digest", language="zh")
    found = re.search(r"\*\*📋 变更摘要\*\*：(.*)", text)
    assert (found and found[1]) == shown


def test_many_changes_of_behaviour_are_folded_after_the_third() -> None:
    of = day_with([(commit_of("Add words"), Tier.HIGH)])
    (sha,) = of.analyses
    of.analyses[sha] = dataclasses.replace(
        of.analyses[sha], behaviour=tuple(f"Adds `join{n}`." for n in range(5))
    )
    text = reports.render(page(SEED_DAY, of), template="digest", language="en")
    assert unfolded(text).count("Adds `join") == 4, "three of them, and the highlight"
    assert "Behaviour and interfaces (+2)" in text
    assert all(f"- Adds `join{n}`.\n" in text for n in range(5))
