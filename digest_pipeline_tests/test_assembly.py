from __future__ import annotations

import datetime as dt

from digest_pipeline.assembly import record_of, totals_of
from digest_pipeline.models import AnalysisState, DayRecord, DayState, Tier, window_of
from digest_pipeline_tests.storing import DAY, REPO, analysis, commit, triage

WINDOW = window_of(DAY, "Asia/Shanghai")


def record(
    number: int = 2,
    *,
    fetched_at: int | None = WINDOW.end,
    pending: int = 0,
    now: int = 5,
    before: DayRecord | None = None,
) -> DayRecord:
    commits = [commit(n) for n in range(1, number + 1)]
    analyses = {
        c.sha: analysis(n, state=AnalysisState.PENDING if n < pending else AnalysisState.OK, tier=Tier.HIGH)
        for n, c in enumerate(commits)
    }
    return record_of(
        REPO,
        WINDOW,
        commits=commits,
        analyses=analyses,
        fetched_at=fetched_at,
        cost_usd=None,
        report_path="octo/hello/2026-02-18.md",
        before=before,
        now=now,
    )


def test_a_day_is_open_until_a_fetch_has_seen_its_end() -> None:
    assert record(fetched_at=None).state is DayState.OPEN
    assert record(fetched_at=WINDOW.end - 1).state is DayState.OPEN
    assert record(fetched_at=WINDOW.end).state is DayState.COMPLETE


def test_a_day_without_commits_is_quiet_only_when_it_is_over() -> None:
    assert record(0).state is DayState.QUIET
    assert record(0, fetched_at=WINDOW.end - 1).state is DayState.OPEN


def test_a_day_with_pending_analyses_is_partial_and_says_why() -> None:
    made = record(3, pending=1)
    assert (made.state, made.reason, made.analysed, made.pending) == (DayState.PARTIAL, "pending", 2, 1)
    assert (made.commits, made.high, made.medium, made.low) == (3, 3, 0, 0)


def test_an_unchanged_day_keeps_the_moment_at_which_it_was_made() -> None:
    first = record(now=5)
    assert record(now=9, before=first).materialized_at == 5
    assert record(3, now=9, before=first).materialized_at == 9


def test_totals_leave_merges_out() -> None:
    commits = [commit(1), commit(2, author_email="eve@example.com"), commit(3, is_merge=True)]
    triages = {
        commits[0].sha: triage(1, importance=Tier.HIGH),
        commits[1].sha: triage(2, importance=Tier.LOW),
    }
    made = totals_of(DAY, commits, triages)
    assert (made.day, made.commits, made.authors, made.high) == (DAY, 2, 2, 1)
    assert made.insertions == sum(c.insertions for c in commits[:2])
    assert totals_of(DAY + dt.timedelta(days=1), [], {}).commits == 0
