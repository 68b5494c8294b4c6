from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.models import DayState, DayTotals, ModelCall, StoreError, ThreadLink, Tier
from digest_pipeline.store import Store
from digest_pipeline_tests.storing import (
    DAY,
    NEXT,
    NOON,
    REPO,
    analysis,
    change,
    commit,
    landing,
    record,
    sha,
    triage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from digest_pipeline.models import Commit


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "pipeline" / "warehouse.duckdb", tmp_path / "digest.duckdb", wait_seconds=30)


def counts(store: Store) -> tuple[int, int]:
    """The published rows of `commits` and `commit_files`."""
    store.publish()
    return store.query("SELECT (SELECT count(*) FROM commits), (SELECT count(*) FROM commit_files)")[1][0]


# --- index ---


def test_an_empty_store_knows_nothing(store: Store) -> None:
    assert store.tip(REPO) is None
    assert store.last_landing(REPO) is None
    assert store.known(REPO, [sha(1)]) == {}
    assert store.landings(REPO, 0, 2**63) == []
    assert store.commits(REPO, DAY, NEXT) == []
    assert store.days(REPO, DAY, NEXT) == {}


def test_the_index_gives_back_what_it_was_told(store: Store) -> None:
    told = [landing(1), landing(2, parents=(sha(1), sha(9))), landing(3, landed_by=sha(2), landed_with=2)]
    store.extend_index(REPO, sha(2), NOON, iter(told), [])
    assert store.tip(REPO) == (sha(2), NOON)
    assert store.landings(REPO, 0, 2**63) == told
    assert store.last_landing(REPO) == (NOON + 2, 3)
    assert store.known(REPO, [sha(1), sha(7), "no\ud800sha"]) == {sha(1): True}
    assert store.known("octo/other", [sha(1)]) == {}


def test_landings_are_half_open_and_by_either_moment(store: Store) -> None:
    told = [landing(1, landed_at=10, committed_at=7), landing(2, landed_at=20, committed_at=5)]
    store.extend_index(REPO, sha(2), NOON, told, [])
    assert store.landings(REPO, 10, 20) == told[:1]
    assert store.landings(REPO, 11, 21) == told[1:]
    assert store.landings(REPO, 5, 7, by="committed") == told[1:]
    assert store.landings(REPO, 5, 8, by="committed") == told


def test_a_known_commit_keeps_its_landing(store: Store) -> None:
    store.extend_index(REPO, sha(1), NOON, [landing(1)], [])
    store.extend_index(REPO, sha(2), NOON, [landing(1, landed_at=9, position=9), landing(2)], [])
    assert store.landings(REPO, 0, 2**63) == [landing(1), landing(2)]


def test_dropped_commits_are_out_of_sight_until_they_come_back(store: Store) -> None:
    store.extend_index(REPO, sha(2), NOON, [landing(1), landing(2)], [])
    store.replace_commits(REPO, [DAY], [commit(1), commit(2)])
    store.replace_analyses(REPO, [DAY], [triage(1), triage(2)], [analysis(1), analysis(2)])
    before = counts(store)

    assert store.last_landing(REPO, [sha(2)]) == (NOON + 1, 2)
    store.extend_index(REPO, sha(1), NOON, [], [sha(2)])
    assert store.landings(REPO, 0, 2**63) == [landing(1)]
    assert store.known(REPO, [sha(1), sha(2)]) == {sha(1): True, sha(2): False}
    assert store.last_landing(REPO) == (NOON + 1, 2)
    assert store.last_landing(REPO, [], [sha(2)]) == (NOON + 2, 2)
    assert [found.sha for found in store.commits(REPO, DAY, DAY)] == [sha(1)]
    assert list(store.triages(REPO, DAY, DAY)) == list(store.analyses(REPO, DAY, DAY)) == [sha(1)]
    assert store.stored_shas(REPO, DAY, DAY) == [sha(1)]
    assert counts(store) == (1, 1)
    store.replace_commits(REPO, [DAY], [commit(1)])

    store.extend_index(REPO, sha(2), NOON, [], [], [sha(2)])
    assert store.landings(REPO, 0, 2**63) == [landing(1), landing(2)]
    assert store.commits(REPO, DAY, DAY) == [commit(1), commit(2)]
    assert counts(store) == before


def test_a_moment_beyond_every_calendar_is_exact_in_the_index_and_nearest_in_the_rows(store: Store) -> None:
    wild = landing(1, committed_at=-(2**63), landed_at=2**63 - 1)
    store.extend_index(REPO, sha(1), NOON, [wild], [])
    assert store.landings(REPO, 2**62, 2**70) == []  # half-open: the end is the greatest number
    assert store.landings(REPO, -(2**63), 0, by="committed") == [wild]
    store.replace_commits(REPO, [DAY], [commit(1, landed_at=2**70, committed_at=-(2**70))])
    (found,) = store.commits(REPO, DAY, DAY)
    assert (found.landed_at, found.committed_at) == (253_402_300_799, -62_135_596_800)


# --- commits ---


def test_commits_come_back_with_their_files_in_the_order_of_landing(store: Store) -> None:
    files = (
        change("z"),
        change("a", old_path="b", status="R", insertions=None, deletions=None, is_binary=True),
    )
    told = [
        commit(3, files=files),
        commit(1, landed_at=NOON + 3, is_merge=True),
        commit(2, day=NEXT, files=()),
    ]
    assert store.replace_commits(REPO, [DAY, NEXT], iter(told)) == {DAY: 2, NEXT: 1}
    assert store.commits(REPO, DAY, NEXT) == [told[2], told[0], told[1]]
    assert store.commits(REPO, NEXT, NEXT) == [told[2]]
    assert store.commits("octo/other", DAY, NEXT) == []


def test_the_index_orders_commits_that_landed_together(store: Store) -> None:
    told = [landing(number, landed_at=NOON, position=9 - number) for number in (1, 2, 3)]
    store.extend_index(REPO, sha(1), NOON, told, [])
    store.replace_commits(REPO, [DAY], [commit(number, landed_at=NOON) for number in (1, 2, 3)])
    assert [found.sha for found in store.commits(REPO, DAY, DAY)] == [sha(3), sha(2), sha(1)]


def test_replacing_days_again_leaves_the_same_rows_and_other_days_alone(store: Store) -> None:
    store.replace_commits(REPO, [NEXT], [commit(9, day=NEXT)])
    store.replace_commits("octo/other", [DAY], [commit(8, repo="octo/other")])
    for _ in range(2):
        assert store.replace_commits(REPO, [DAY], [commit(1), commit(2)]) == {DAY: 2}
    assert counts(store) == (4, 4)
    assert store.replace_commits(REPO, [DAY], []) == {DAY: 0}
    assert store.commits(REPO, DAY, NEXT) == [commit(9, day=NEXT)]
    assert store.commits("octo/other", DAY, DAY) == [commit(8, repo="octo/other")]


def test_a_commit_of_another_day_or_repository_is_refused_and_changes_nothing(store: Store) -> None:
    store.replace_commits(REPO, [DAY], [commit(1)])
    for stray in (commit(2, day=NEXT), commit(2, repo="octo/other")):
        with pytest.raises(StoreError, match="is not of these days"):
            store.replace_commits(REPO, [DAY], [commit(3), stray])
    assert store.commits(REPO, DAY, NEXT) == [commit(1)]


def test_git_work_that_fails_half_way_leaves_the_days_as_they_were(store: Store) -> None:
    store.replace_commits(REPO, [DAY], [commit(1)])

    def walk() -> Iterator[Commit]:
        yield commit(2)
        raise OSError("the clone is gone")

    with pytest.raises(OSError, match="the clone is gone"):
        store.replace_commits(REPO, [DAY], walk())
    assert store.commits(REPO, DAY, DAY) == [commit(1)]


def test_nobody_waits_while_commits_are_read(store: Store) -> None:
    def walk() -> Iterator[Commit]:
        assert store.tip(REPO) is None  # would wait for itself if the queue were held
        yield commit(1)

    assert store.replace_commits(REPO, [DAY], walk()) == {DAY: 1}


def test_the_days_of_stored_commits_are_known(store: Store) -> None:
    store.replace_commits(REPO, [DAY, NEXT], [commit(1), commit(2, day=NEXT)])
    assert store.stored_days(REPO, [sha(2), sha(7)]) == {NEXT}
    assert store.stored_days("octo/other", [sha(2)]) == set()


# --- analyses ---


def test_triages_and_analyses_are_replaced_by_day(store: Store) -> None:
    store.replace_commits(REPO, [DAY, NEXT], [commit(1), commit(2), commit(3, day=NEXT)])
    store.replace_analyses(REPO, [NEXT], [triage(3)], [analysis(3, day=NEXT)])
    store.replace_analyses(REPO, [DAY], [triage(1), triage(2)], [analysis(1), analysis(2)])
    store.replace_analyses(REPO, [DAY], [triage(2, area="docs")], [analysis(2, summary="New.")])
    assert store.triages(REPO, DAY, NEXT) == {sha(2): triage(2, area="docs"), sha(3): triage(3)}
    assert store.analyses(REPO, DAY, NEXT) == {
        sha(2): analysis(2, summary="New."),
        sha(3): analysis(3, day=NEXT),
    }
    assert len(store.commits(REPO, DAY, NEXT)) == 3


def test_a_second_run_of_the_commits_keeps_what_the_analyses_said(store: Store) -> None:
    store.replace_commits(REPO, [DAY], [commit(1)])
    store.replace_analyses(REPO, [DAY], [triage(1)], [analysis(1)])
    store.replace_commits(REPO, [DAY], [commit(1), commit(2)])
    assert store.triages(REPO, DAY, DAY) == {sha(1): triage(1)}


def test_a_triage_without_its_commit_is_refused_and_changes_nothing(store: Store) -> None:
    store.replace_commits(REPO, [DAY, NEXT], [commit(1), commit(2, day=NEXT)])
    store.replace_analyses(REPO, [DAY], [triage(1)], [analysis(1)])
    with pytest.raises(StoreError, match=f"{sha(2)} is not stored on any of the days"):
        store.replace_analyses(REPO, [DAY], [triage(2)], [])
    with pytest.raises(StoreError, match="is not of these days"):
        store.replace_analyses(REPO, [DAY], [], [analysis(2, day=NEXT)])
    assert store.analyses(REPO, DAY, DAY) == {sha(1): analysis(1)}


# --- originals, threads, first commits ---


def test_originals_are_found_by_sha_number_and_subject(store: Store) -> None:
    subject = "Add\0 a \ud800 thing"
    told = [commit(1, pr_number=7), commit(2, subject=subject), commit(3, subject=subject, pr_number=7)]
    store.extend_index(REPO, sha(3), NOON, [landing(number) for number in (1, 2, 3, 4)], [])
    store.replace_commits(REPO, [DAY], told)
    assert store.find_originals(
        REPO,
        shas=[sha(4)[:7], sha(1).upper(), "ffffffff", "%' OR true"],
        pr_numbers=[7, 8, 2**80],
        subjects=[subject, "Nothing like it"],
        before=NOON + 5,
    ) == {sha(4)[:7]: sha(4), sha(1).upper(): sha(1), 7: sha(3), subject: sha(3)}
    assert store.find_originals(REPO, shas=[], pr_numbers=[7], subjects=[subject], before=NOON + 3) == {
        7: sha(1),
        subject: sha(2),
    }
    assert store.find_originals("octo/other", shas=[sha(1)], pr_numbers=[7], subjects=[], before=2**63) == {}


def test_later_commits_that_may_mean_a_number_or_a_subject_are_found_and_linked(store: Store) -> None:
    told = [
        commit(1, pr_number=7, body="See #9"),
        commit(2, day=NEXT, body="Follow-up to #7"),
        commit(3, day=NEXT, body="Follow-up to #70 and 7"),
        commit(4, day=NEXT, subject="Revert it"),
        commit(5, day=NEXT, subject='Reland "a thing" (#12)'),
        commit(6, day=NEXT, subject="Not judged yet: #7"),
    ]
    triages = [triage(n, reverts={3: sha(9), 4: "a thing"}.get(n)) for n in range(1, 6)]
    store.replace_commits(REPO, [DAY, NEXT], told)
    store.replace_analyses(REPO, [DAY, NEXT], triages, [])
    bare = {c.sha: dataclasses.replace(c, files=()) for c in told}
    found = store.naming(REPO, DAY, [7, 2**80])
    assert found == [(bare[sha(n)], triages[n - 1]) for n in (2, 4, 5)]
    assert store.naming(REPO, NEXT, [7]) == []
    linked = dataclasses.replace(triages[3], reverts=sha(1), follows=(sha(2),))
    store.replace_references(REPO, [linked])
    assert store.triages(REPO, DAY, NEXT) == {t.sha: t for t in [*triages[:3], linked, triages[4]]}
    assert [link.other_sha for link in store.threads(REPO, DAY, DAY)] == [sha(4)]


def test_the_beginning_of_two_shas_names_neither(store: Store) -> None:
    told = [landing(1, sha="abcd1" + "0" * 35), landing(2, sha="abcd2" + "0" * 35)]
    store.extend_index(REPO, sha(3), NOON, told, [])
    found = store.find_originals(
        REPO, shas=["abcd", "abcd2", "abc", ""], pr_numbers=[], subjects=[], before=2**40
    )
    assert found == {"abcd2": told[1].sha}


def test_a_revert_and_its_original_are_linked_across_days(store: Store) -> None:
    store.replace_commits(REPO, [DAY, NEXT], [commit(1, pr_number=5), commit(2, day=NEXT, pr_number=6)])
    store.replace_analyses(REPO, [DAY, NEXT], [triage(1), triage(2, reverts=sha(1))], [])
    back = ThreadLink(sha(1), "reverted_by", sha(2), NEXT, NOON + 2, "Change number 2", 6)
    assert store.threads(REPO, DAY, DAY) == [back]
    assert store.threads(REPO, NEXT, NEXT) == [
        ThreadLink(sha(2), "reverts", sha(1), DAY, NOON + 1, "Change number 1", 5)
    ]
    store.publish()
    assert store.query("SELECT sha, reverts, reverted_by FROM commits ORDER BY day")[1] == [
        (sha(1), None, sha(2)),
        (sha(2), sha(1), None),
    ]


def test_a_commit_that_relands_and_one_that_follows_are_linked_from_both_sides(store: Store) -> None:
    store.replace_commits(REPO, [DAY, NEXT], [commit(1), commit(2), commit(3, day=NEXT)])
    told = [triage(1), triage(2), triage(3, relands=sha(1), follows=(sha(1), sha(2), sha(9)))]
    store.replace_analyses(REPO, [DAY, NEXT], told, [])
    assert store.triages(REPO, NEXT, NEXT) == {sha(3): told[2]}
    links = [(link.sha, link.relation, link.other_sha) for link in store.threads(REPO, NEXT, NEXT)]
    assert links == [
        (sha(3), "follows", sha(1)),
        (sha(3), "follows", sha(2)),
        (sha(3), "relands", sha(1)),
    ]
    links = [(link.sha, link.relation, link.other_sha) for link in store.threads(REPO, DAY, DAY)]
    assert links == [
        (sha(1), "followed_by", sha(3)),
        (sha(1), "relanded_by", sha(3)),
        (sha(2), "followed_by", sha(3)),
    ]


def test_a_chain_of_reverts_is_told_to_its_end(store: Store) -> None:
    days = [DAY + dt.timedelta(days=n) for n in range(4)]
    store.replace_commits(REPO, days, [commit(n, day=day) for n, day in enumerate(days, 1)])
    told = [triage(1), *(triage(n, reverts=sha(n - 1)) for n in (2, 3, 4))]
    store.replace_analyses(REPO, days, told, [])
    assert {link.other_sha for link in store.threads(REPO, DAY, DAY)} == {sha(n) for n in (2, 3, 4)}


def test_reverted_by_follows_every_change_of_the_reverts(store: Store) -> None:
    def reverted_by() -> str | None:
        store.publish()
        return store.query(f"SELECT reverted_by FROM commits WHERE sha = '{sha(1)}'")[1][0][0]

    told = [landing(number) for number in (1, 2, 3)]
    store.extend_index(REPO, sha(3), NOON, told, [])
    store.replace_commits(REPO, [DAY, NEXT], [commit(1), commit(2, day=NEXT), commit(3, day=NEXT)])
    store.replace_analyses(REPO, [NEXT], [triage(2, reverts=sha(1)), triage(3, reverts=sha(1))], [])
    assert reverted_by() == sha(3)
    store.replace_commits(REPO, [DAY], [commit(1)])
    assert reverted_by() == sha(3)
    store.extend_index(REPO, sha(2), NOON, [], [sha(3)])
    assert reverted_by() == sha(2)
    store.replace_analyses(REPO, [NEXT], [triage(2, reverts="#5")], [])
    assert reverted_by() is None


def test_parts_of_a_series_are_linked_to_the_nearest_other_parts(store: Store) -> None:
    far = DAY + dt.timedelta(days=40)
    parts = {1: "1/2", 2: "2/2", 3: "1/3", 4: "1/2", 5: "2/2"}
    told = [commit(number) for number in (1, 2, 3)]
    told += [commit(4, author_email="eve@example.com"), commit(5, day=far, landed_at=NOON + 40 * 86_400)]
    store.replace_commits(REPO, [DAY, far], told)
    store.replace_analyses(REPO, [DAY, far], [triage(n, series=part) for n, part in parts.items()], [])
    links = [(link.sha, link.relation, link.other_sha) for link in store.threads(REPO, DAY, far)]
    assert links == [(sha(1), "series", sha(2)), (sha(2), "series", sha(1))]


def test_first_commits_are_those_that_no_earlier_commit_of_their_author_precedes(store: Store) -> None:
    emails = ["ada@example.com", "eve@example.com", "ada@example.com"]
    told = [landing(n, author_email=email) for n, email in enumerate(emails, 1)]
    store.extend_index(REPO, sha(3), NOON, told, [])
    rows = [commit(n, author_email=email) for n, email in enumerate(emails, 1)]
    store.replace_commits(REPO, [DAY, NEXT], [rows[0], *(dataclasses.replace(c, day=NEXT) for c in rows[1:])])
    assert store.first_commits(REPO, DAY, DAY) == {sha(1)}
    assert store.first_commits(REPO, NEXT, NEXT) == {sha(2)}


def test_highlights_are_replaced_by_day_and_keep_their_order(store: Store) -> None:
    first = (("B first", (sha(2), sha(1))), ("then A", (sha(1),)))
    store.replace_highlights(REPO, [DAY, NEXT], {DAY: first, NEXT: (("other", (sha(3),)),)})
    assert store.highlights(REPO, DAY, DAY) == {DAY: first}
    store.replace_highlights(REPO, [NEXT], {})
    assert store.highlights(REPO, DAY, NEXT) == {DAY: first}


# --- days, model calls ---


def test_days_are_replaced_one_by_one(store: Store) -> None:
    other = record(DAY, repo="octo/other")
    store.replace_days([record(DAY), record(NEXT), other])
    quiet = record(NEXT, state=DayState.QUIET, cost_usd=0.25, materialized_at=None, report_path=None)
    store.replace_days([quiet])
    assert store.days(REPO, DAY, NEXT) == {DAY: record(DAY), NEXT: quiet}
    assert store.days("octo/other", DAY, NEXT) == {DAY: other}


def test_late_data_makes_finished_days_partial(store: Store) -> None:
    states = [DayState.COMPLETE, DayState.QUIET, DayState.OPEN, DayState.PARTIAL]
    days = [DAY + dt.timedelta(days=n) for n in range(5)]
    store.replace_days([record(day, state=state) for day, state in zip(days, states, strict=False)])
    assert store.mark_days(REPO, reversed(days), "late") == days[:2]
    assert store.mark_days(REPO, days, "late") == []
    found = store.days(REPO, DAY, days[-1])
    assert [(found[day].state, found[day].reason) for day in days[:4]] == [
        (DayState.PARTIAL, "late"),
        (DayState.PARTIAL, "late"),
        (DayState.OPEN, None),
        (DayState.PARTIAL, None),
    ]


def test_totals_take_the_days_that_have_a_record_and_no_merges(store: Store) -> None:
    eve = commit(2, author_email="eve@example.com", files=(change(), change("b", insertions=None)))
    unrecorded = NEXT + dt.timedelta(days=1)
    store.replace_commits(
        REPO, [DAY, unrecorded], [commit(1), eve, commit(3, is_merge=True), commit(4, day=unrecorded)]
    )
    store.replace_analyses(REPO, [DAY], [triage(1, importance=Tier.HIGH)], [])
    store.replace_days([record(DAY), record(NEXT)])
    assert store.totals(REPO, DAY, unrecorded) == [
        DayTotals(DAY, commits=2, insertions=6, deletions=3, authors=2, high=1),
        DayTotals(NEXT, commits=0, insertions=0, deletions=0, authors=0, high=0),
    ]


def test_model_calls_are_replaced_by_answer(store: Store) -> None:
    def call(key: str, at: int, status: str, cost: float | None) -> ModelCall:
        return ModelCall(key, "deepseek/deepseek-chat", at, 900, status, 1000, 50, cost)

    first = [call("k", NOON, "timeout", None), call("k", NOON + 60, "ok", 0.5), call("j", NOON, "ok", 0.25)]
    store.replace_commits(REPO, [DAY], [commit(1)])
    store.replace_analyses(REPO, [DAY], [triage(1)], [analysis(1, answer_key="k")])
    for _ in range(2):
        store.replace_model_calls(first)
    store.publish()
    assert store.query("FROM spend ORDER BY cost_usd DESC")[1] == [
        (DAY, "deepseek/deepseek-chat", REPO, 2, 1, 2000, 100, 0.5, 1),
        (DAY, "deepseek/deepseek-chat", None, 1, 0, 1000, 50, 0.25, 0),
    ]


# --- several calls together ---


def test_calls_together_happen_all_or_none(store: Store) -> None:
    store.replace_days([record(DAY)])
    with contextlib.suppress(KeyboardInterrupt), store.together():
        store.replace_days([record(DAY, commits=99), record(NEXT)])
        assert store.days(REPO, DAY, NEXT)[DAY].commits == 99
        raise KeyboardInterrupt
    assert store.days(REPO, DAY, NEXT) == {DAY: record(DAY)}
    with store.together():
        store.replace_days([record(NEXT)])
    assert set(store.days(REPO, DAY, NEXT)) == {DAY, NEXT}


def test_publishing_in_the_middle_is_refused_at_once(store: Store) -> None:
    with (
        pytest.raises(RuntimeError, match="would wait for the transaction of its own thread"),
        store.together(),
    ):
        store.publish()


def test_another_thread_is_not_part_of_what_is_done_together(store: Store) -> None:
    hasty = Store(store._warehouse.path, store._published, wait_seconds=0.1)
    refused: list[StoreError] = []

    def ask() -> None:
        try:
            hasty.tip(REPO)
        except StoreError as error:
            refused.append(error)

    with hasty.together():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(refused) == 1


# --- people ---


def test_a_frame_has_the_exact_values(store: Store) -> None:
    store.replace_days([record(DAY), record(NEXT, cost_usd=None)])
    store.publish()
    frame = store.frame("SELECT day, commits, cost_usd FROM days ORDER BY day")
    assert list(frame.columns) == ["day", "commits", "cost_usd"]
    assert list(frame["day"]) == [DAY, NEXT]
    assert frame["cost_usd"][1] is None


def test_people_see_the_state_of_the_last_publication(store: Store) -> None:
    with pytest.raises(StoreError, match="nothing is published yet"):
        store.query("FROM commits")
    store.replace_commits(REPO, [DAY], [commit(1)])
    assert store.publish()
    store.replace_commits(REPO, [DAY], [commit(1), commit(2)])
    assert store.query("SELECT count(*) AS n FROM commits") == (["n"], [(1,)])
    assert store.publish()
    assert not store.publish()
    assert store.query("SELECT count(*) AS n FROM commits") == (["n"], [(2,)])


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC"'),
        ("DELETE FROM days", "read-only"),
        ("CREATE TABLE mine (a INTEGER)", "read-only"),
        ("SELECT 'x'::INTEGER", "Could not convert string 'x' to INT32"),
    ],
)
def test_wrong_sql_is_one_line(store: Store, sql: str, message: str) -> None:
    store.publish()
    with pytest.raises(StoreError) as caught:
        store.query(sql)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_importing_the_store_imports_no_database() -> None:
    code = "import sys, digest_pipeline.store; print({'duckdb', 'pandas', 'numpy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
