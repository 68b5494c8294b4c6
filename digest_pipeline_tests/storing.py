"""Values for tests of the store: a test names only what it is about."""

from __future__ import annotations

import dataclasses
import datetime as dt

from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Commit,
    DayRecord,
    DayState,
    FileChange,
    FileKind,
    Landing,
    Reason,
    Tier,
    Triage,
)

REPO = "octo/hello"
DAY = dt.date(2026, 2, 18)
NEXT = DAY + dt.timedelta(days=1)
NOON = 1771416000
"""2026-02-18T12:00:00Z."""


def sha(number: int) -> str:
    """A SHA that no other number has, different from its first digits on."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" + f"{number:024x}"


def change(path: str = "src/app.py", **other: object) -> FileChange:
    base = FileChange(path, None, "M", insertions=3, deletions=1, is_binary=False, kind=FileKind.SOURCE)
    return base._replace(**other)  # pyright: ignore[reportArgumentType]  # fields of a change


def commit(number: int = 1, **other: object) -> Commit:
    base = Commit(
        repo=REPO,
        sha=sha(number),
        day=DAY,
        landed_at=NOON + number,
        committed_at=NOON,
        authored_at=NOON,
        author_name="Ada Lovelace",
        author_email="ada@example.com",
        committer_name="Ada Lovelace",
        subject=f"Change number {number}",
        body="",
        pr_number=None,
        is_merge=False,
        landed_by=sha(number),
        files=(change(),),
    )
    return dataclasses.replace(base, **other)


def landing(number: int = 1, **other: object) -> Landing:
    base = Landing(
        sha=sha(number),
        parents=(sha(number - 1),) if number > 1 else (),
        committed_at=NOON,
        author_email="ada@example.com",
        landed_by=sha(number),
        landed_at=NOON + number,
        position=number,
        landed_with=1,
    )
    return dataclasses.replace(base, **other)


def triage(number: int = 1, **other: object) -> Triage:
    reasons = (Reason("source_files", 2, 1), Reason("plain_verb", 0.5))
    base = Triage(sha(number), ChangeType.FIX, "core", Tier.MEDIUM, 2.5, reasons)
    return dataclasses.replace(base, **other)


def analysis(number: int = 1, **other: object) -> Analysis:
    base = Analysis(
        repo=REPO,
        sha=sha(number),
        day=DAY,
        tier=Tier.MEDIUM,
        source="rules",
        state=AnalysisState.OK,
        reason=None,
        change_type=ChangeType.FIX,
        summary=f"Summary of {number}.",
        scope=("src/",),
    )
    return dataclasses.replace(base, **other)


def record(day: dt.date = DAY, **other: object) -> DayRecord:
    base = DayRecord(
        repo=REPO,
        day=day,
        state=DayState.COMPLETE,
        reason=None,
        commits=1,
        high=0,
        medium=1,
        low=0,
        analysed=1,
        pending=0,
        cost_usd=None,
        head_sha=sha(1),
        materialized_at=NOON,
        report_path="octo/hello/2026-02-18.md",
    )
    return dataclasses.replace(base, **other)
