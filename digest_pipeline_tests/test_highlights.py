from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline import reports
from digest_pipeline.models import ChangeType, Tier
from digest_pipeline.page.highlights import first_sentence, shorten
from digest_pipeline.page.reading import counts
from digest_pipeline_tests.sample_days import SEED_DAY, Day, commit_of, day_with, page, recorded

MONTH = recorded()


def bullets(text: str) -> list[str]:
    part = text.split("### 📌", 1)[-1].split("###", 1)[0]
    return [line for line in part.splitlines() if line.startswith("- ")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_three_to_six_bullets_a_day_each_short_and_linked(language: str) -> None:
    for day, of in MONTH.items():
        lines = bullets(reports.render(page(day, of, language), template="digest", language=language))
        assert 3 <= len(lines) <= 6
        for line in lines:
            characters, words = counts(line)
            assert characters <= 60
            assert words <= 25
            assert re.search(r"\]\(#c-[0-9a-f]{7}\)", line)


def day(*changes: tuple[str, Tier, dict[str, Any]]) -> Day:
    rows = [(commit_of(title, at=1771380000 + n), tier) for n, (title, tier, _) in enumerate(changes)]
    made = day_with(rows)
    for (commit, _), (_, _, changed) in zip(rows, changes, strict=True):
        given = {"behaviour": (), "summary": f"{commit.subject} happened."} | changed
        made.analyses[commit.sha] = dataclasses.replace(made.analyses[commit.sha], **given)
    return made


def test_behaviour_security_and_removals_go_first() -> None:
    of = day(
        ("Plain", Tier.HIGH, {}),
        ("Guard", Tier.MEDIUM, {"change_type": ChangeType.SECURITY}),
        ("Call", Tier.HIGH, {"behaviour": ("`call()` returns a list.",), "source": "a/model"}),
        ("Tiny", Tier.LOW, {"behaviour": ("nothing to see",)}),
    )
    told = [h.sentence for h in page(SEED_DAY, of, "en").highlights]
    assert told == ["`call()` returns a list.", "Guard happened", "Plain happened"]


def test_what_rules_found_is_told_with_what_the_commit_is_about() -> None:
    of = day(("Faster pool", Tier.HIGH, {"behaviour": ("Removes the public class `Pool`",)}))
    told = page(SEED_DAY, of, "en").highlights[0].sentence
    assert told == "Faster pool happened; Removes the public class `Pool`"


def test_a_highlight_is_never_cut_inside_a_fact() -> None:
    names = "、".join(f"`a_rather_long_name_{n}`" for n in range(9))
    said = {"summary": f"连接池更快：新增公开函数 {names}；改动 `pool`"}
    told = page(SEED_DAY, day(("Faster", Tier.HIGH, said))).highlights[0].sentence
    assert told == "连接池更快：新增公开函数 `a_rather_long_name_0`…"
    said = {"summary": f"连接池更快：新增公开函数 `{'name' * 30}`"}
    assert page(SEED_DAY, day(("Faster", Tier.HIGH, said))).highlights[0].sentence == "连接池更快"


def test_in_english_the_facts_go_before_a_word_is_cut() -> None:
    said = {"summary": f"Keep the pool of connections open; changes `{'a' * 60}` of `{'b' * 80}`"}
    told = page(SEED_DAY, day(("Faster", Tier.HIGH, said)), "en").highlights[0].sentence
    assert told == "Keep the pool of connections open"


def test_the_title_speaks_where_the_rules_know_only_what_was_touched() -> None:
    said = {"summary": "改动 `App.Start`（`app.go`）"}
    of = day(("feat(pool)!: [core] log panics: once", Tier.HIGH, said))
    assert page(SEED_DAY, of).highlights[0].sentence == "log panics: once"
    of = day(("caddyhttp: log panics", Tier.HIGH, said | {"behaviour": ("移除公开函数 `log`",)}))
    assert page(SEED_DAY, of).highlights[0].sentence == "log panics：移除公开函数 `log`"
    said = {"summary": "移除公开函数 `log`；改动 `run`", "behaviour": ("移除公开函数 `log`",)}
    of = day(("log panics", Tier.HIGH, said))
    assert page(SEED_DAY, of).highlights[0].sentence == "log panics：移除公开函数 `log`"


def test_the_models_sentences_go_before_the_rules_and_must_rest_on_the_page() -> None:
    of = day(("One", Tier.HIGH, {}), ("Two", Tier.LOW, {}))
    one, two = of.commits
    told = [("Both `a` and b.", (one.sha, two.sha)), ("Nothing of today.", ("f" * 40,))]
    made = page(SEED_DAY, of, "en", told=told)
    assert [h.sentence for h in made.highlights] == ["Both `a` and b."]
    line = bullets(reports.render(made, template="digest", language="en"))[0]
    assert line == f"- Both `a` and b. [{one.sha[:7]}](#c-{one.sha[:7]}) [{two.sha[:7]}](#c-{two.sha[:7]})"
    assert len(page(SEED_DAY, of, "en", told=told[1:]).highlights) == 2


def test_a_day_of_two_commits_has_two_bullets() -> None:
    assert len(page(SEED_DAY, day(("One", Tier.LOW, {}), ("Two", Tier.LOW, {}))).highlights) == 2


def test_what_was_reverted_the_same_day_is_told_once() -> None:
    of = day(("One", Tier.HIGH, {}), ('Revert "One"', Tier.HIGH, {}), ("Two", Tier.LOW, {}))
    one, revert, _ = of.commits
    of.triages[revert.sha] = dataclasses.replace(of.triages[revert.sha], reverts=one.sha)
    made = page(SEED_DAY, of, "en").highlights
    assert [h.thread is not None for h in made] == [False, True]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One thing. Another.", "One thing."),
        ("改了 `a.b`。还有。", "改了 `a.b`。"),
        ("See v1.2 and a.py for it", "See v1.2 and a.py for it"),
        ("Now `x. y` is gone. More", "Now `x. y` is gone."),
    ],
)
def test_the_first_sentence_ends_at_a_full_stop(text: str, first: str) -> None:
    assert first_sentence(text) == first


@given(st.text(alphabet="ab `。中", max_size=60), st.integers(5, 40), st.integers(1, 9))
def test_a_short_sentence_never_ends_inside_backticks(text: str, width: int, words: int) -> None:
    assert shorten(text, width, words).count("`") % 2 == 0 or text.count("`") % 2
