from __future__ import annotations

import datetime as dt

from digest_pipeline.models import Commit
from digest_pipeline.units import BULK_LANDING, bulk_landings, units_of


def commit(sha: str, *, landed_by: str | None = None, is_merge: bool = False) -> Commit:
    return Commit(
        repo="octo/one",
        sha=sha,
        day=dt.date(2026, 2, 18),
        landed_at=0,
        committed_at=0,
        authored_at=0,
        author_name="Ada",
        author_email="ada@example.com",
        committer_name="Ada",
        subject=sha,
        body="",
        pr_number=None,
        is_merge=is_merge,
        landed_by=landed_by or sha,
        files=(),
    )


def test_a_merge_is_no_unit_beside_what_it_merges() -> None:
    commits = [
        commit("a", landed_by="m"),
        commit("b", landed_by="m"),
        commit("m", is_merge=True),
        commit("c"),
    ]
    assert [c.sha for c in units_of(commits)] == ["a", "b", "c"]


def test_a_landing_of_very_many_commits_is_one_unit() -> None:
    imported = [commit(f"i{n}", landed_by="m", is_merge=n % 50 == 0) for n in range(BULK_LANDING + 10)]
    commits = [*imported, commit("m", is_merge=True), commit("c")]
    assert [c.sha for c in units_of(commits)] == ["m", "c"]
    assert bulk_landings(commits) == {"m": BULK_LANDING + 5}


def test_a_landing_of_just_so_many_is_told_one_by_one() -> None:
    commits = [commit(f"i{n}", landed_by="m") for n in range(BULK_LANDING)] + [commit("m", is_merge=True)]
    assert len(units_of(commits)) == BULK_LANDING


def test_a_landing_without_its_merge_is_not_folded_away() -> None:
    commits = [commit(f"i{n}", landed_by="m") for n in range(BULK_LANDING + 1)]
    assert len(units_of(commits)) == BULK_LANDING + 1
