from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from digest_pipeline import reports
from digest_pipeline.models import ThreadLink, Tier
from digest_pipeline_tests.sample_days import SEED_DAY, Day, commit_of, day_with, page, recorded

if TYPE_CHECKING:
    from digest_pipeline.pages import Page

AT = 1771380000
EARLIER = dt.date(2026, 2, 10)


def day(*shas: str, tier: Tier = Tier.MEDIUM) -> Day:
    """Commits of one day, an hour apart, with these SHAs."""
    rows = [commit_of(f"Change {sha[0]} (#{n})", sha=sha, at=AT + 3600 * n) for n, sha in enumerate(shas, 1)]
    return day_with([(commit, tier) for commit in rows])


def sha(letter: str) -> str:
    return letter * 40


def link(one: str, relation: str, other: str, **other_day: Any) -> ThreadLink:  # noqa: ANN401 - any field
    """A link to a commit of the same day, unless `other_day` says more of the other one."""
    made = ThreadLink(sha(one), relation, sha(other), SEED_DAY, AT, "Change", None)
    return dataclasses.replace(made, **other_day)


def steps(made: Page) -> list[tuple[str, str | None, list[tuple[str, str, str | None]]]]:
    return [(t.kind, t.effect, [(s.sha[0], s.role, s.href) for s in t.steps]) for t in made.threads]


def test_a_revert_of_the_same_day_leaves_nothing() -> None:
    both = [link("b", "reverts", "a"), link("a", "reverted_by", "b", other_landed_at=AT + 7200)]
    made = page(SEED_DAY, day(sha("a"), sha("b")), threads=both)
    assert steps(made) == [
        ("revert", "none", [("a", "landed", "#c-aaaaaaa"), ("b", "reverted", "#c-bbbbbbb")]),
    ]


def test_the_rules_alone_tell_a_revert_of_the_same_day() -> None:
    of = day(sha("a"), sha("b"))
    of.triages[sha("b")] = dataclasses.replace(of.triages[sha("b")], reverts=sha("a"))
    made = page(SEED_DAY, of)
    assert steps(made)[0][:2] == ("revert", "none")
    text = reports.render(made, template="digest", language="zh")
    assert "⟲ 回滚 [#1](#c-aaaaaaa)" in text
    assert "⟲ 已被 [#2](#c-bbbbbbb) 回滚" in text
    assert "净影响：无" in text


def test_a_reverted_revert_brings_the_change_back() -> None:
    made = page(
        SEED_DAY,
        day(sha("a"), sha("b"), sha("c")),
        threads=[link("b", "reverts", "a"), link("c", "reverts", "b")],
    )
    kind, effect, told = steps(made)[0]
    assert (kind, effect) == ("revert", "kept")
    assert [role for _, role, _ in told] == ["landed", "reverted", "restored"]


def test_an_original_of_another_day_is_linked_where_it_has_a_page() -> None:
    of = day(sha("b"))
    found = [link("b", "reverts", "a", other_day=EARLIER, other_landed_at=AT - 9 * 86400)]
    with_page = page(SEED_DAY, of, threads=found, pages={EARLIER})
    assert steps(with_page)[0][2][0] == ("a", "landed", "2026-02-10.md#c-aaaaaaa")
    without = page(SEED_DAY, of, threads=found)
    assert steps(without)[0][2][0][2] == f"https://github.com/sgl-project/sglang/commit/{sha('a')}"


def test_a_later_revert_shows_on_the_page_of_the_original() -> None:
    found = [link("a", "reverted_by", "b", other_day=dt.date(2026, 2, 20), other_landed_at=AT + 2 * 86400)]
    made = page(SEED_DAY, day(sha("a")), threads=found, pages={dt.date(2026, 2, 20)})
    text = reports.render(made, template="digest", language="en")
    assert "⟲ reverted by [`bbbbbbb`](2026-02-20.md#c-bbbbbbb) (2026-02-20)" in text
    assert "net effect: none" in text


def test_parts_of_a_series_stand_in_order() -> None:
    found = [
        link(
            "b", "series", "a", other_day=EARLIER, other_subject="[1/3] Begin", other_landed_at=AT - 9 * 86400
        ),
        link(
            "b",
            "series",
            "c",
            other_day=dt.date(2026, 2, 20),
            other_subject="[3/3] End",
            other_landed_at=AT + 2 * 86400,
        ),
    ]
    of = day(sha("b"))
    of.triages[sha("b")] = dataclasses.replace(of.triages[sha("b")], series="2/3")
    made = page(SEED_DAY, of, threads=found, pages={EARLIER})
    assert [(letter, part) for letter, part, _ in steps(made)[0][2]] == [
        ("a", "1/3"),
        ("b", "2/3"),
        ("c", "3/3"),
    ]


def test_a_loop_of_reverts_ends() -> None:
    found = [link("a", "reverts", "b"), link("b", "reverts", "a")]
    assert len(page(SEED_DAY, day(sha("a"), sha("b")), threads=found).threads) == 1


def test_an_unknown_original_is_named_as_the_message_names_it() -> None:
    of = day(sha("b"))
    of.triages[sha("b")] = dataclasses.replace(of.triages[sha("b")], reverts="#9 | <b>")
    made = page(SEED_DAY, of)
    assert made.threads == ()
    assert "⟲ 回滚 #9 \\| &lt;b>" in reports.render(made, template="digest", language="zh")


def test_the_seeds_day_tells_its_revert() -> None:
    of = recorded()[SEED_DAY]
    revert = next(c for c in of.commits if c.subject.startswith("Revert"))
    original = next(c for c in of.commits if c.pr_number == 18769)
    of.triages[revert.sha] = dataclasses.replace(of.triages[revert.sha], reverts=original.sha)
    text = reports.render(page(SEED_DAY, of), template="digest", language="zh")
    told = "[#18769](#c-3c601db) 06:00 合入 → [#18956](#c-2d85f01) 12:43 回滚 · 净影响：无"
    assert f"- Fix generated-shared-prefix bench_serving (#18769)：{told}" in text


def test_an_original_named_by_its_subject_or_number_is_found_on_the_page() -> None:
    for name in ("Change a", "Change a (#1)", "#1"):
        of = day(sha("a"), sha("b"))
        of.triages[sha("b")] = dataclasses.replace(of.triages[sha("b")], reverts=name)
        assert steps(page(SEED_DAY, of))[0][1] == "none"


def test_a_series_without_an_end_is_of_n_parts() -> None:
    of = day(sha("b"))
    of.triages[sha("b")] = dataclasses.replace(of.triages[sha("b")], series="2/")
    assert page(SEED_DAY, of).entries[0].series == "2/N"
