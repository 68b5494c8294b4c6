from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git import history
from digest_pipeline.git.landing import assign
from digest_pipeline.models import Header, Landing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOW = 10_000


def sha(name: object) -> str:
    return hashlib.sha1(str(name).encode(), usedforsecurity=False).hexdigest()


def header(name: object, at: int, *parents: object) -> Header:
    return Header(sha(name), tuple(map(sha, parents)), at, f"{name}@example.com")


def land(
    headers: Iterable[Header],
    tip: object,
    known: Sequence[Landing] = (),
    last_landed_at: int | None = None,
    fetched_at: int = NOW,
) -> list[Landing]:
    known_shas = {landing.sha for landing in known}
    return list(
        assign(
            headers,
            sha(tip),
            known=known_shas.__contains__,
            last_landed_at=last_landed_at,
            last_position=max((landing.position for landing in known), default=0),
            fetched_at=fetched_at,
        )
    )


def by_name(landings: Iterable[Landing], names: Iterable[object]) -> dict[object, Landing]:
    found = {landing.sha: landing for landing in landings}
    return {name: found[sha(name)] for name in names if sha(name) in found}


MERGED_LATE = [header("m1", 10), header("f", 20, "m1"), header("m2", 30, "m1"), header("m3", 40, "m2", "f")]


def test_a_branch_lands_with_its_merge() -> None:
    landings = by_name(land(MERGED_LATE, "m3"), ["m1", "f", "m2", "m3"])
    assert {name: landing.landed_at for name, landing in landings.items()} == {
        "m1": 10,
        "m2": 30,
        "f": 40,
        "m3": 40,
    }
    assert landings["f"].landed_by == sha("m3")
    assert landings["f"].committed_at == 20
    assert [landings[name].landed_with for name in ("m1", "m2", "f", "m3")] == [1, 1, 2, 2]
    assert [landings[name].position for name in ("m1", "m2", "f", "m3")] == [1, 2, 3, 4]


def test_what_the_headers_said_is_kept() -> None:
    last = by_name(land(MERGED_LATE, "m3"), ["m3"])["m3"]
    assert (last.parents, last.author_email) == ((sha("m2"), sha("f")), "m3@example.com")


def test_a_clock_that_is_behind_does_not_reopen_a_finished_day() -> None:
    skewed = [header("a", 100), header("b", 40, "a"), header("c", 120, "b")]
    assert [landing.landed_at for landing in land(skewed, "c")] == [100, 100, 120]


def test_a_clock_that_is_ahead_counts_as_the_fetch() -> None:
    skewed = [header("a", 100), header("b", 2**40, "a"), header("c", 120, "b")]
    assert [landing.landed_at for landing in land(skewed, "c", fetched_at=500)] == [100, 500, 500]


def test_all_parents_of_an_octopus_merge_land_with_it() -> None:
    heads = [header("r", 1), header("x", 2, "r"), header("y", 3, "r"), header("m", 4, "r", "x", "y")]
    landings = by_name(land(heads, "m"), "rxym")
    assert {name: landing.landed_by for name, landing in landings.items()} == {
        "r": sha("r"),
        "x": sha("m"),
        "y": sha("m"),
        "m": sha("m"),
    }


def test_a_criss_cross_merge_gives_each_commit_one_landing() -> None:
    heads = [
        header("r", 1),
        header("a1", 2, "r"),
        header("b1", 3, "r"),
        header("a2", 4, "a1", "b1"),
        header("b2", 5, "b1", "a1"),
        header("a3", 6, "a2", "b2"),
    ]
    landings = land(heads, "a3")
    assert len(landings) == len({landing.sha for landing in landings}) == 6
    named = by_name(landings, ["b1", "b2"])
    assert (named["b1"].landed_by, named["b2"].landed_by) == (sha("a2"), sha("a3"))


def test_a_foxtrot_merge_does_not_date_known_commits_again() -> None:
    before = [header("r", 1), header("m", 2, "r")]
    known = land(before, "m")
    foxtrot = [header("f", 3, "r"), header("x", 4, "f", "m")]
    added = land([*before, *foxtrot], "x", known, last_landed_at=2)
    assert [landing.sha for landing in added] == [sha("f"), sha("x")]
    assert [landing.position for landing in added] == [3, 4]


def test_a_subtree_of_thousands_lands_with_one_merge_from_the_oldest_commit_up() -> None:
    heads = [header("m1", 5_000), header(("s", 0), 0)]
    heads += [header(("s", n), n, ("s", n - 1)) for n in range(1, 3_000)]
    heads.append(header("m2", 6_000, "m1", ("s", 2_999)))
    landings = land(heads, "m2")
    assert [landing.sha for landing in landings] == [
        sha("m1"),
        *(sha(("s", n)) for n in range(3_000)),
        sha("m2"),
    ]
    assert {landing.landed_with for landing in landings[1:]} == {3_001}


def test_nothing_new_gives_nothing() -> None:
    assert land([], "m3") == []


def test_known_is_asked_of_the_oldest_only() -> None:
    asked: list[str] = []

    def known(name: str) -> bool:
        asked.append(name)
        return name == sha("m1")

    added = assign(MERGED_LATE, sha("m3"), known=known, last_landed_at=10, last_position=7, fetched_at=NOW)
    assert [landing.position for landing in added] == [8, 9, 10]
    assert sorted(asked) == sorted([sha("m1"), sha("f"), sha("m2")])


@st.composite
def histories(draw: st.DrawFn) -> list[Header]:
    """Random graphs: commit n has up to three parents among those before it; clocks are up to a day off."""
    heads: list[Header] = []
    for number in range(draw(st.integers(1, 25))):
        parents = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        heads.append(header(number, number * 100 + draw(st.integers(-500, 500)), *parents))
    return heads


def reached(heads: Sequence[Header], tip: str) -> set[str]:
    parents = {h.sha: h.parents for h in heads}
    found, stack = {tip}, [tip]
    while stack:
        for parent in parents[stack.pop()]:
            if parent not in found:
                found.add(parent)
                stack.append(parent)
    return found


def mainline(heads: Sequence[Header], tip: str) -> list[str]:
    parents = {h.sha: h.parents for h in heads}
    line = [tip]
    while parents[line[-1]]:
        line.append(parents[line[-1]][0])
    return line[::-1]


@given(histories(), st.randoms(use_true_random=False))
def test_every_reachable_commit_lands_once_with_the_first_mainline_commit_that_contains_it(
    heads: list[Header], random: object
) -> None:
    tip = heads[-1].sha
    line = mainline(heads, tip)
    random.shuffle(heads)  # pyright: ignore[reportAttributeAccessIssue] - hypothesis' random is untyped
    there = [h for h in heads if h.sha in reached(heads, tip)]
    landings = list(
        assign(there, tip, known=lambda _: False, last_landed_at=None, last_position=0, fetched_at=NOW)
    )
    first = {name: next(m for m in line if name in reached(heads, m)) for name in reached(heads, tip)}
    assert {landing.sha: landing.landed_by for landing in landings} == first
    assert len(landings) == len(first)
    assert [landing.position for landing in landings] == list(range(1, len(landings) + 1))
    ats = [landing.landed_at for landing in landings]
    assert ats == sorted(ats)
    placed: set[str] = set()
    for landing in landings:
        assert placed.issuperset(landing.parents), "parents land before their children"
        placed.add(landing.sha)


@given(histories(), st.data())
def test_updates_in_any_cuts_give_what_one_full_pass_gives(heads: list[Header], data: st.DataObject) -> None:
    graph = {h.sha: h for h in heads}
    line = mainline(heads, heads[-1].sha)
    whole = list(
        assign(
            history.all_headers(graph.get, line[-1]),
            line[-1],
            known=lambda _: False,
            last_landed_at=None,
            last_position=0,
            fetched_at=NOW,
        )
    )
    cuts = sorted(data.draw(st.sets(st.sampled_from(range(len(line))))) | {len(line) - 1})
    parts: list[Landing] = []
    tips = [None, *(line[cut] for cut in cuts)]
    for old, tip in itertools.pairwise(tips):
        assert tip is not None
        known = {landing.sha for landing in parts}
        heads_of_cut = (
            history.new_headers(graph.get, tip, old) if old else history.all_headers(graph.get, tip)
        )
        parts += assign(
            heads_of_cut,
            tip,
            known=known.__contains__,
            last_landed_at=parts[-1].landed_at if parts else None,
            last_position=len(parts),
            fetched_at=NOW,
        )
    assert parts == whole


@given(histories(), st.data())
def test_headers_are_those_of_the_tip_without_those_of_the_known_one(
    heads: list[Header], data: st.DataObject
) -> None:
    graph = {h.sha: h for h in heads}
    tip, known = data.draw(st.sampled_from(heads)).sha, data.draw(st.sampled_from(heads)).sha
    new = history.new_headers(graph.get, tip, known, skew=None)
    assert {h.sha for h in new} == reached(heads, tip) - reached(heads, known)
    assert len({h.sha for h in new}) == len(new)
    everything = list(history.all_headers(graph.get, tip))
    assert sorted(h.sha for h in everything) == sorted(reached(heads, tip))


def test_what_is_new_is_read_without_the_history_below_it() -> None:
    day = 86_400
    heads = [header(0, 0), *(header(n, n * day, n - 1) for n in range(1, 1_000))]
    graph = {h.sha: h for h in heads}
    asked: list[str] = []

    def read(name: str) -> Header | None:
        asked.append(name)
        return graph.get(name)

    new = history.new_headers(read, sha(999), sha(997))
    assert [h.sha for h in new] == [sha(999), sha(998)]
    assert len(asked) < 15


def test_a_lost_commit_ends_the_walk_there() -> None:
    heads = {h.sha: h for h in [header("b", 2, "a"), header("c", 3, "b")]}
    assert [h.sha for h in history.all_headers(heads.get, sha("c"))] == [sha("c"), sha("b")]
