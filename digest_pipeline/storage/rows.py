"""The values of `models` as JSON records on their way into the tables, and rows as values on their way out.

Pure; no SQL and no database. The records have the fields that `fields` names.
A moment is a whole number of seconds here; outside the years 1 to 9999, which is what people's tools
can show, the nearest one is stored. Numbers beyond 64 bits are stored as the nearest one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Claim,
    Commit,
    DayRecord,
    DayState,
    FileChange,
    FileKind,
    Insights,
    Landing,
    Reason,
    Tier,
    Triage,
)
from digest_pipeline.storage import fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.models import ModelCall

Record = dict[str, Any]
Row = tuple[Any, ...]

_FIRST_MOMENT, _LAST_MOMENT = -62_135_596_800, 253_402_300_799  # 0001-01-01 and 9999-12-31T23:59:59


def whole(number: int) -> int:
    """The nearest number that 64 bits hold."""
    return min(max(number, -(2**63)), 2**63 - 1)


def moment(seconds: int) -> int:
    """The nearest moment that a TIMESTAMP of the years 1 to 9999 holds."""
    return min(max(seconds, _FIRST_MOMENT), _LAST_MOMENT)


def landing_record(landing: Landing) -> Record:
    """The record of a commit of the index."""
    return {
        "sha": landing.sha,
        "parents": landing.parents,
        "committed_at": whole(landing.committed_at),
        "author_email": landing.author_email,
        "landed_by": landing.landed_by,
        "landed_at": whole(landing.landed_at),
        "position": landing.position,
        "landed_with": landing.landed_with,
    }


def commit_record(commit: Commit, ordinal: int) -> Record:
    """The record of a commit with its files; `ordinal` counts the commits of one call."""
    files = commit.files
    return {
        "sha": commit.sha,
        "day": commit.day.isoformat(),
        "landed_at": moment(commit.landed_at),
        "committed_at": moment(commit.committed_at),
        "authored_at": moment(commit.authored_at),
        "author_name": commit.author_name,
        "author_email": commit.author_email,
        "committer_name": commit.committer_name,
        "subject": commit.subject,
        "body": commit.body,
        "pr_number": None if commit.pr_number is None else whole(commit.pr_number),
        "is_merge": commit.is_merge,
        "landed_by": commit.landed_by,
        "files_changed": len(files),
        "insertions": commit.insertions,
        "deletions": commit.deletions,
        "ordinal": ordinal,
        "file_path": [file.path for file in files],
        "file_old_path": [file.old_path for file in files],
        "file_status": [file.status for file in files],
        "file_insertions": [file.insertions for file in files],
        "file_deletions": [file.deletions for file in files],
        "file_is_binary": [file.is_binary for file in files],
        "file_kind": [file.kind for file in files],
    }


def commit_of(repo: str, row: Row, files: Sequence[FileChange]) -> Commit:
    """The commit of a row (from sha to landed_by, as in `Commit`) and its files."""
    return Commit(repo, *row, files=tuple(files))


def file_of(row: Row) -> FileChange:
    """The file change of a row (path, old_path, status, insertions, deletions, is_binary, kind)."""
    return FileChange(*row[:-1], kind=FileKind(row[-1]))


def triage_record(triage: Triage) -> Record:
    """The record of what the rules say of a commit."""
    return {
        "sha": triage.sha,
        "change_type": triage.change_type,
        "area": triage.area,
        "importance": triage.importance,
        "importance_score": triage.score,
        "importance_reasons": [str(reason) for reason in triage.reasons],
        "reverts": triage.reverts,
        "series": triage.series,
        "relands": triage.relands,
        "follows": list(triage.follows),
    }


def triage_of(row: Row) -> Triage:
    """The triage of a row in the order of its record."""
    sha, change_type, area, importance, score, reasons, reverts, series, relands, follows = row
    named = tuple(reason_of(text) for text in reasons)
    return Triage(
        sha=sha,
        change_type=ChangeType(change_type),
        area=area,
        importance=Tier(importance),
        score=score,
        reasons=named,
        reverts=reverts,
        series=series,
        relands=relands,
        follows=tuple(follows or ()),
    )


def reason_of(text: str) -> Reason:
    """The reason that `str` wrote; its points keep six digits."""
    match = re.fullmatch(r"(.*?)(?: ×(-?\d+))? ([+-]\S+)", text, re.DOTALL)
    if match is None:
        raise ValueError(f"{text!r} is not the text of a reason: code, count, points")
    code, count, points = match.groups()
    return Reason(code, float(points), None if count is None else int(count))


def analysis_record(analysis: Analysis) -> Record:
    """The record of an analysis."""
    insights = analysis.insights
    return {
        "sha": analysis.sha,
        "day": analysis.day.isoformat(),
        "tier": analysis.tier,
        "source": analysis.source,
        "state": analysis.state,
        "reason": analysis.reason,
        "change_type": analysis.change_type,
        "summary": analysis.summary,
        "scope": analysis.scope,
        "behaviour": analysis.behaviour,
        "insights": {
            "architecture": insights.architecture,
            "performance": insights.performance,
            "security": insights.security,
        },
        "risks": [{"text": risk.text, "file": risk.file, "quote": risk.quote} for risk in analysis.risks],
        "advice": analysis.advice,
        "unverified": analysis.unverified,
        "coverage": analysis.coverage,
        "answer_key": analysis.answer_key,
    }


def analysis_of(repo: str, row: Row) -> Analysis:
    """The analysis of a row in the order of its record."""
    sha, day, tier, source, state, reason, change_type, summary, *lists, unverified, coverage, key = row
    scope, behaviour, insights, risks, advice = lists
    return Analysis(
        repo=repo,
        sha=sha,
        day=day,
        tier=Tier(tier),
        source=source,
        state=AnalysisState(state),
        reason=reason,
        change_type=ChangeType(change_type),
        summary=summary,
        scope=tuple(scope),
        behaviour=tuple(behaviour),
        insights=Insights(**insights),
        risks=tuple(Claim(**risk) for risk in risks),
        advice=tuple(advice),
        unverified=unverified,
        coverage=coverage,
        answer_key=key,
    )


def day_record(record: DayRecord) -> Record:
    """The record of a repository's day."""
    at = record.materialized_at
    return {name: getattr(record, name) for name in fields.DAY} | {
        "day": record.day.isoformat(),
        "materialized_at": None if at is None else moment(at),
    }


def day_of_row(row: Row) -> DayRecord:
    """The day of a row in the order of its record."""
    repo, day, state, *rest = row
    return DayRecord(repo, day, DayState(state), *rest)


def call_record(call: ModelCall) -> Record:
    """The record of a request to a model."""
    return {name: getattr(call, name) for name in fields.CALL} | {"called_at": moment(call.called_at)}


def landing_of(row: Row) -> Landing:
    """The commit of the index of a row in the order of its record."""
    sha, parents, *rest = row
    return Landing(sha, tuple(parents), *rest)
