"""The rows of the stations in the warehouse: replaced by (repository, day), read back as values.

SQL on an open transaction. What is written stands in temporary tables `staged_…` already (`spool`),
with the fields of `fields`. Every insert is BY NAME: a column never slips into its neighbour's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest_pipeline.models import DayState, StoreError
from digest_pipeline.storage import rows
from digest_pipeline.storage.spool import storable_json

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from digest_pipeline.models import Analysis, Commit, DayRecord, FileChange, Triage

# --- commits ---------------------------------------------------------------------------------------

_KEEP_TRIAGES = """
CREATE OR REPLACE TEMP TABLE kept AS
SELECT sha, change_type, area, importance, importance_score, importance_reasons, reverts, series,
  relands, follows
FROM pipeline.commit_rows
WHERE repo = ? AND day IN (SELECT unnest(?::DATE[])) AND importance IS NOT NULL
"""
# What a rewritten history dropped stays, unless it is handed over again.
_DELETE_COMMITS = """
DELETE FROM pipeline.commit_rows
WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))
  AND (reachable OR sha IN (SELECT sha FROM staged_commits))
"""
_DELETE_FILES = """
DELETE FROM pipeline.file_rows
WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))
  AND (reachable OR sha IN (SELECT sha FROM staged_commits))
"""
_INSERT_COMMITS = """
INSERT INTO pipeline.commit_rows BY NAME
SELECT
  $1 AS repo,
  s.* EXCLUDE (ordinal, landed_at, committed_at, authored_at, file_path, file_old_path, file_status,
    file_insertions, file_deletions, file_is_binary, file_kind),
  make_timestamp(s.landed_at * 1000000) AS landed_at,
  make_timestamp(s.committed_at * 1000000) AS committed_at,
  make_timestamp(s.authored_at * 1000000) AS authored_at,
  coalesce(l.position, s.ordinal) AS position,
  coalesce(l.reachable, true) AS reachable,
  kept.* EXCLUDE (sha)
FROM staged_commits AS s
LEFT JOIN pipeline.landings AS l ON l.repo = $1 AND l.sha = s.sha
LEFT JOIN kept ON kept.sha = s.sha
ORDER BY s.day, s.ordinal
"""
_INSERT_FILES = """
INSERT INTO pipeline.file_rows BY NAME
SELECT
  $1 AS repo, s.sha, s.day, s.is_merge, coalesce(l.reachable, true) AS reachable,
  unnest(s.file_path) AS path,
  unnest(s.file_old_path) AS old_path,
  unnest(s.file_status) AS status,
  unnest(s.file_insertions) AS insertions,
  unnest(s.file_deletions) AS deletions,
  unnest(s.file_is_binary) AS is_binary,
  unnest(s.file_kind) AS kind,
  unnest(range(s.files_changed)) AS ordinal
FROM staged_commits AS s
LEFT JOIN pipeline.landings AS l ON l.repo = $1 AND l.sha = s.sha
ORDER BY s.day, s.ordinal
"""
# The newest revert counts; a revert that was taken back, replaced or dropped does not.
_LINK_REVERTS = """
UPDATE pipeline.commit_rows AS c SET reverted_by = n.newest
FROM (
  SELECT o.rowid AS id, r.newest
  FROM pipeline.commit_rows AS o
  LEFT JOIN (
    SELECT reverts, max_by(sha, (landed_at, position)) AS newest
    FROM pipeline.commit_rows
    WHERE repo = $1 AND reachable AND reverts IS NOT NULL
    GROUP BY reverts
  ) AS r ON r.reverts = o.sha
  WHERE o.repo = $1 AND o.reverted_by IS DISTINCT FROM r.newest
) AS n
WHERE c.rowid = n.id
"""
_COMMITS = """
SELECT
  sha, day, epoch_us(landed_at) // 1000000, epoch_us(committed_at) // 1000000,
  epoch_us(authored_at) // 1000000, author_name, author_email, committer_name, subject, body,
  pr_number, is_merge, landed_by
FROM pipeline.commit_rows
WHERE repo = ? AND day BETWEEN ? AND ? AND reachable
ORDER BY landed_at, position
"""
_FILES = """
SELECT sha, day, path, old_path, status, insertions, deletions, is_binary, kind
FROM pipeline.file_rows
WHERE repo = ? AND day BETWEEN ? AND ? AND reachable
ORDER BY sha, ordinal
"""
_SHAS = """
SELECT sha FROM pipeline.commit_rows
WHERE repo = ? AND day BETWEEN ? AND ? AND reachable
ORDER BY landed_at, position
"""
_DAYS_OF = """
SELECT DISTINCT day FROM pipeline.commit_rows
WHERE repo = ? AND sha IN (SELECT unnest(from_json(?, '["VARCHAR"]')))
"""


def replace_commits(db: DuckDBPyConnection, repo: str, days: Sequence[dt.date]) -> dict[dt.date, int]:
    """Write `staged_commits`; the rows of each of the days."""
    db.execute(_KEEP_TRIAGES, [repo, days])
    db.execute(_DELETE_COMMITS, [repo, days])
    db.execute(_DELETE_FILES, [repo, days])
    db.execute(_INSERT_COMMITS, [repo])
    db.execute(_INSERT_FILES, [repo])
    link_reverts(db, repo)
    counts = dict(db.execute("SELECT day, count(*) FROM staged_commits GROUP BY day").fetchall())
    return {day: counts.get(day, 0) for day in days}


def commits(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> list[Commit]:
    """See `Store.commits`."""
    files: dict[tuple[str, dt.date], list[FileChange]] = {}
    for sha, day, *change in db.execute(_FILES, [repo, first, last]).fetchall():
        files.setdefault((sha, day), []).append(rows.file_of(tuple(change)))
    found = db.execute(_COMMITS, [repo, first, last]).fetchall()
    return [rows.commit_of(repo, row, files.get(row[:2], ())) for row in found]


def link_reverts(db: DuckDBPyConnection, repo: str) -> None:
    """Bring `reverted_by` up to date after any change of the commits."""
    db.execute(_LINK_REVERTS, [repo])


def stored_shas(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> list[str]:
    """See `Store.stored_shas`."""
    return [sha for (sha,) in db.execute(_SHAS, [repo, first, last]).fetchall()]


def stored_days(db: DuckDBPyConnection, repo: str, shas: Sequence[str]) -> set[dt.date]:
    """See `Store.stored_days`."""
    return {day for (day,) in db.execute(_DAYS_OF, [repo, storable_json(shas)]).fetchall()}


# --- triages and analyses --------------------------------------------------------------------------

_TRIAGED = """
CREATE OR REPLACE TEMP TABLE triaged AS
SELECT
  c.* EXCLUDE (change_type, area, importance, importance_score, importance_reasons, reverts, series,
    relands, follows),
  t.* EXCLUDE (sha)
FROM pipeline.commit_rows AS c
LEFT JOIN staged_triages AS t ON t.sha = c.sha
WHERE c.repo = ? AND c.day IN (SELECT unnest(?::DATE[]))
"""
_REFERENCES = """
UPDATE pipeline.commit_rows AS c SET reverts = s.reverts, relands = s.relands, follows = s.follows
FROM staged_triages AS s
WHERE c.repo = ? AND c.sha = s.sha
"""
_STRAY_TRIAGE = "SELECT min(sha) FROM staged_triages WHERE sha NOT IN (SELECT sha FROM triaged)"
_DELETE_TRIAGED = "DELETE FROM pipeline.commit_rows WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))"
_DELETE_HIGHLIGHTS = "DELETE FROM pipeline.highlights WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))"
_HIGHLIGHTS = """
SELECT day, sentence, shas FROM pipeline.highlights
WHERE repo = ? AND day BETWEEN ? AND ?
ORDER BY day, position
"""
_DELETE_ANALYSES = "DELETE FROM analyses WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))"
_TRIAGES = """
SELECT sha, change_type, area, importance, importance_score, importance_reasons, reverts, series,
  relands, follows
FROM pipeline.commit_rows
WHERE repo = ? AND day BETWEEN ? AND ? AND reachable AND importance IS NOT NULL
ORDER BY landed_at, position
"""
_ANALYSES = """
SELECT
  a.sha, a.day, a.tier, a.source, a.state, a.reason, a.change_type, a.summary, a.scope, a.behaviour,
  a.insights, a.risks, a.advice, a.unverified, a.coverage, a.answer_key
FROM analyses AS a
JOIN pipeline.commit_rows AS c ON c.repo = a.repo AND c.sha = a.sha AND c.day = a.day
WHERE a.repo = ? AND a.day BETWEEN ? AND ? AND c.reachable
ORDER BY c.landed_at, c.position
"""


def replace_analyses(db: DuckDBPyConnection, repo: str, days: Sequence[dt.date]) -> None:
    """Write `staged_triages` into the rows of their commits, and `staged_analyses`."""
    db.execute(_TRIAGED, [repo, days])
    stray = db.execute(_STRAY_TRIAGE).fetchone()
    if stray and stray[0]:
        raise StoreError(f"{repo}: commit {stray[0]} is not stored on any of the days of its triage")
    db.execute(_DELETE_TRIAGED, [repo, days])
    db.execute("INSERT INTO pipeline.commit_rows BY NAME FROM triaged ORDER BY day, position")
    link_reverts(db, repo)
    db.execute(_DELETE_ANALYSES, [repo, days])
    db.execute("INSERT INTO analyses BY NAME SELECT ? AS repo, * FROM staged_analyses", [repo])


def replace_references(db: DuckDBPyConnection, repo: str) -> None:
    """Write what `staged_triages` say of earlier commits."""
    db.execute(_REFERENCES, [repo])
    link_reverts(db, repo)


def replace_highlights(db: DuckDBPyConnection, repo: str, days: Sequence[dt.date]) -> None:
    """Write `staged_highlights`."""
    db.execute(_DELETE_HIGHLIGHTS, [repo, days])
    db.execute("INSERT INTO pipeline.highlights BY NAME SELECT ? AS repo, * FROM staged_highlights", [repo])


def highlights(
    db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date
) -> dict[dt.date, tuple[tuple[str, tuple[str, ...]], ...]]:
    """See `Store.highlights`."""
    told: dict[dt.date, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for day, sentence, shas in db.execute(_HIGHLIGHTS, [repo, first, last]).fetchall():
        told[day] = (*told.get(day, ()), (sentence, tuple(shas)))
    return told


def triages(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> dict[str, Triage]:
    """See `Store.triages`."""
    found = db.execute(_TRIAGES, [repo, first, last]).fetchall()
    return {row[0]: rows.triage_of(row) for row in found}


def analyses(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> dict[str, Analysis]:
    """See `Store.analyses`."""
    found = db.execute(_ANALYSES, [repo, first, last]).fetchall()
    return {row[0]: rows.analysis_of(repo, row) for row in found}


# --- days and model calls --------------------------------------------------------------------------

_DELETE_DAYS = """
DELETE FROM days USING staged_days AS s WHERE days.repo = s.repo AND days.day = s.day
"""
_INSERT_DAYS = """
INSERT INTO days BY NAME
SELECT * REPLACE (make_timestamp(materialized_at * 1000000) AS materialized_at) FROM staged_days
"""
_DAYS = """
SELECT
  repo, day, state, reason, commits, high, medium, low, analysed, pending, cost_usd, head_sha,
  epoch_us(materialized_at) // 1000000, report_path
FROM days
WHERE repo = ? AND day BETWEEN ? AND ?
ORDER BY day
"""
_FINISHED = """
SELECT day FROM days
WHERE repo = ? AND day IN (SELECT unnest(?::DATE[])) AND state IN (?, ?)
ORDER BY day
"""
_MARK = "UPDATE days SET state = ?, reason = ? WHERE repo = ? AND day IN (SELECT unnest(?::DATE[]))"
_INSERT_CALLS = """
INSERT INTO model_calls BY NAME
SELECT * REPLACE (make_timestamp(called_at * 1000000) AS called_at) FROM staged_calls
"""


def replace_days(db: DuckDBPyConnection) -> None:
    """Write `staged_days`."""
    db.execute(_DELETE_DAYS)
    db.execute(_INSERT_DAYS)


def days(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> dict[dt.date, DayRecord]:
    """See `Store.days`."""
    found = db.execute(_DAYS, [repo, first, last]).fetchall()
    return {row[1]: rows.day_of_row(row) for row in found}


def mark_days(db: DuckDBPyConnection, repo: str, days: Sequence[dt.date], reason: str) -> list[dt.date]:
    """See `Store.mark_days`."""
    found = db.execute(_FINISHED, [repo, days, DayState.COMPLETE, DayState.QUIET]).fetchall()
    finished = [day for (day,) in found]
    if finished:
        db.execute(_MARK, [DayState.PARTIAL, reason, repo, finished])
    return finished


def replace_model_calls(db: DuckDBPyConnection) -> None:
    """Write `staged_calls`."""
    db.execute("DELETE FROM model_calls WHERE answer_key IN (SELECT answer_key FROM staged_calls)")
    db.execute(_INSERT_CALLS)
