"""The fields of the records that go into the database, in order, with their SQL types.

`rows` makes the records, `spool` hands them over with these types, so that none is guessed.
"""

from __future__ import annotations

SHA = {"sha": "VARCHAR"}
LANDING = {
    "sha": "VARCHAR",
    "parents": "VARCHAR[]",
    "committed_at": "BIGINT",
    "author_email": "VARCHAR",
    "landed_by": "VARCHAR",
    "landed_at": "BIGINT",
    "position": "BIGINT",
    "landed_with": "BIGINT",
}
COMMIT = {
    "sha": "VARCHAR",
    "day": "DATE",
    "landed_at": "BIGINT",
    "committed_at": "BIGINT",
    "authored_at": "BIGINT",
    "author_name": "VARCHAR",
    "author_email": "VARCHAR",
    "committer_name": "VARCHAR",
    "subject": "VARCHAR",
    "body": "VARCHAR",
    "pr_number": "BIGINT",
    "is_merge": "BOOLEAN",
    "landed_by": "VARCHAR",
    "files_changed": "BIGINT",
    "insertions": "BIGINT",
    "deletions": "BIGINT",
    "ordinal": "BIGINT",
    # One list a column of `commit_files`.
    "file_path": "VARCHAR[]",
    "file_old_path": "VARCHAR[]",
    "file_status": "VARCHAR[]",
    "file_insertions": "BIGINT[]",
    "file_deletions": "BIGINT[]",
    "file_is_binary": "BOOLEAN[]",
    "file_kind": "VARCHAR[]",
}
TRIAGE = {
    "sha": "VARCHAR",
    "change_type": "VARCHAR",
    "area": "VARCHAR",
    "importance": "VARCHAR",
    "importance_score": "DOUBLE",
    "importance_reasons": "VARCHAR[]",
    "reverts": "VARCHAR",
    "series": "VARCHAR",
    "relands": "VARCHAR",
    "follows": "VARCHAR[]",
}
HIGHLIGHT = {"day": "DATE", "position": "BIGINT", "sentence": "VARCHAR", "shas": "VARCHAR[]"}
ANALYSIS = {
    "sha": "VARCHAR",
    "day": "DATE",
    "tier": "VARCHAR",
    "source": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "change_type": "VARCHAR",
    "summary": "VARCHAR",
    "scope": "VARCHAR[]",
    "behaviour": "VARCHAR[]",
    "insights": "STRUCT(architecture VARCHAR, performance VARCHAR, security VARCHAR)",
    "risks": 'STRUCT("text" VARCHAR, file VARCHAR, quote VARCHAR)[]',
    "advice": "VARCHAR[]",
    "unverified": "BIGINT",
    "coverage": "DOUBLE",
    "answer_key": "VARCHAR",
}
DAY = {
    "repo": "VARCHAR",
    "day": "DATE",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "commits": "BIGINT",
    "high": "BIGINT",
    "medium": "BIGINT",
    "low": "BIGINT",
    "analysed": "BIGINT",
    "pending": "BIGINT",
    "cost_usd": "DOUBLE",
    "head_sha": "VARCHAR",
    "materialized_at": "BIGINT",
    "report_path": "VARCHAR",
}
CALL = {
    "answer_key": "VARCHAR",
    "model": "VARCHAR",
    "called_at": "BIGINT",
    "latency_ms": "BIGINT",
    "status": "VARCHAR",
    "tokens_in": "BIGINT",
    "tokens_out": "BIGINT",
    "cost_usd": "DOUBLE",
}
