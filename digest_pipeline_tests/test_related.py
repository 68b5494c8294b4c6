from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline import reports
from digest_pipeline.models import ThreadLink, Tier
from digest_pipeline_tests.sample_days import SEED_DAY, Day, commit_of, day_with, page, recorded

if TYPE_CHECKING:
    from digest_pipeline.pages import Page

AT = 1771380000
RELATIONS = ["reverts", "reverted_by", "relands", "relanded_by", "follows", "followed_by", "series"]
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
    assert (kind, effect) == ("revert", "relanded")
    assert [role for _, role, _ in told] == ["landed", "reverted", "relanded"]


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


# --- relands and follow-ups ---


def told(of: Day, letter: str, **triage: Any) -> None:  # noqa: ANN401 - any field of a triage
    of.triages[sha(letter)] = dataclasses.replace(of.triages[sha(letter)], **triage)


def test_a_reland_that_names_only_its_original_undoes_the_revert() -> None:
    of = day(sha("a"), sha("b"), sha("c"))
    told(of, "b", reverts=sha("a"))
    told(of, "c", relands=sha("a"))
    made = page(SEED_DAY, of)
    assert steps(made)[0][:2] == ("revert", "relanded")
    assert [step.targets for step in made.threads[0].steps] == [(), (sha("a"),), (sha("a"), sha("b"))]
    text = reports.render(made, template="digest", language="en")
    for said in (
        "⟲ reverted by [#2](#c-bbbbbbb) (12:00) · ⟳ relanded by [#3](#c-ccccccc) (13:00)",
        "⟲ reverts [#1](#c-aaaaaaa) · ⟳ relanded by [#3](#c-ccccccc) (13:00)",
        "⟳ relands [#1](#c-aaaaaaa)",
        "[#1](#c-aaaaaaa) merged 11:00 → [#2](#c-bbbbbbb) reverted it 12:00 → [#3](#c-ccccccc)",
        "relanded it 13:00 · net effect: the change is in effect",
    ):
        assert said in text


def test_a_reland_whose_revert_is_not_known_is_told_with_its_original() -> None:
    of = day(sha("a"), sha("b"))
    told(of, "b", relands=sha("a"))
    assert steps(page(SEED_DAY, of))[0] == (
        "revert",
        "relanded",
        [("a", "landed", "#c-aaaaaaa"), ("b", "relanded", "#c-bbbbbbb")],
    )


def test_a_reland_that_is_reverted_leaves_nothing() -> None:
    of = day(*map(sha, "abcd"))
    found = [link("b", "reverts", "a"), link("c", "relands", "a"), link("d", "reverts", "c")]
    kind, effect, made = steps(page(SEED_DAY, of, threads=found))[0]
    assert (kind, effect) == ("revert", "none")
    assert [role for _, role, _ in made] == ["landed", "reverted", "relanded", "reverted"]


@pytest.mark.parametrize(("letter", "first"), [("a", 0), ("d", -9)])
def test_every_page_of_a_chain_tells_all_of_it(letter: str, first: int) -> None:
    """The original's page knows of the revert of its reland, however far away."""
    days = {x: first + n for n, x in enumerate("abcd")}
    pairs = [("b", "reverts", "a"), ("c", "relands", "a"), ("d", "reverts", "c")]
    pairs += [("a", "reverted_by", "b"), ("a", "relanded_by", "c"), ("c", "reverted_by", "d")]
    found = [
        link(
            one,
            relation,
            other,
            other_day=SEED_DAY + dt.timedelta(days=days[other]),
            other_landed_at=AT + days[other] * 86400,
        )
        for one, relation, other in pairs
    ]
    made = steps(page(SEED_DAY, day(sha(letter)), threads=found))
    assert [(kind, effect, len(told)) for kind, effect, told in made] == [("revert", "none", 4)]


def test_a_follow_up_is_linked_from_both_sides() -> None:
    of = day(*map(sha, "abc"))
    told(of, "b", follows=(sha("a"),))
    told(of, "c", follows=(sha("a"), sha("b")))
    made = page(SEED_DAY, of)
    kinds = [("a", "landed", "#c-aaaaaaa"), ("b", "followed", "#c-bbbbbbb"), ("c", "followed", "#c-ccccccc")]
    assert steps(made) == [("followup", None, kinds)]
    text = reports.render(made, template="classic", language="zh")
    assert "↪ 跟进 [#1](#c-aaaaaaa)、[#2](#c-bbbbbbb)" in text
    assert "↪ 后续 [#2](#c-bbbbbbb)（12:00） · ↪ 后续 [#3](#c-ccccccc)（13:00）" in text


def test_a_later_follow_up_shows_on_the_page_of_the_earlier_commit() -> None:
    later = dt.date(2026, 2, 20)
    found = [link("a", "followed_by", "b", other_day=later, other_landed_at=AT + 2 * 86400)]
    text = reports.render(
        page(SEED_DAY, day(sha("a")), threads=found, pages={later}), template="digest", language="en"
    )
    assert "↪ followed up by [`bbbbbbb`](2026-02-20.md#c-bbbbbbb) (2026-02-20)" in text


def test_follow_ups_of_other_pages_do_not_come_along() -> None:
    """A day renders the same alone and among other days, whose links are known then, too."""
    of = day(sha("a"))
    mine = [link("a", "follows", "b", other_day=EARLIER, other_landed_at=AT - 86400)]
    others = [link("b", "follows", "c", other_day=EARLIER), link("b", "series", "d", other_day=EARLIER)]
    assert page(SEED_DAY, of, threads=[*mine, *others]) == page(SEED_DAY, of, threads=mine)


def test_a_revert_that_names_its_original_twice_is_no_follow_up() -> None:
    of = day(sha("a"), sha("b"))
    told(of, "b", reverts=sha("a"), follows=(sha("a"),))
    assert [kind for kind, _, _ in steps(page(SEED_DAY, of))] == ["revert"]


def test_of_many_follow_ups_a_badge_names_three() -> None:
    of = day(*map(sha, "abcdef"))
    for letter in "bcdef":
        told(of, letter, follows=(sha("a"),))
    text = reports.render(page(SEED_DAY, of), template="digest", language="en")
    assert "↪ followed up by [#4](#c-ddddddd) (14:00) · +2" in text


LETTERS = "abcdef"


@given(
    st.lists(st.tuples(*[st.sampled_from(LETTERS)] * 2, st.sampled_from(RELATIONS)), max_size=12),
    st.permutations(LETTERS),
)
def test_any_graph_of_links_is_told_once_and_in_any_order(
    links: list[tuple[str, str, str]], order: list[str]
) -> None:
    of = day(*map(sha, order))
    found = [link(one, relation, other) for one, other, relation in links]
    made = page(SEED_DAY, of, threads=found)
    assert made == page(SEED_DAY, of, threads=list(reversed(found)))
    for thread in made.threads:
        known = [step.sha for step in thread.steps]
        assert len(known) == len(set(known)) > 1
        assert {target for step in thread.steps for target in step.targets} <= set(known)
    reports.render(made, template="digest", language="zh")
