"""The commit index in the warehouse: every commit of the tracked branch, and where and when it landed.

SQL on an open transaction; how a landing is found is the business of `commits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest_pipeline.storage.rows import landing_of, whole
from digest_pipeline.storage.spool import storable_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from digest_pipeline.models import Landing

_FIRST_MEMORY = "128MB"
_GONE = """
UPDATE pipeline.landings SET reachable = false
WHERE repo = ? AND reachable AND sha IN (SELECT sha FROM staged_gone)
"""
_BACK = """
UPDATE pipeline.landings SET reachable = true
WHERE repo = ? AND NOT reachable
  AND sha IN (SELECT sha FROM staged_landings UNION ALL SELECT sha FROM staged_back)
"""
_ADD = """
INSERT INTO pipeline.landings BY NAME
SELECT ? AS repo, *, true AS reachable
FROM staged_landings
WHERE sha NOT IN (SELECT sha FROM pipeline.landings WHERE repo = ?)
"""
_MARK = (
    """
UPDATE pipeline.commit_rows AS c SET reachable = l.reachable
FROM pipeline.landings AS l
WHERE l.repo = c.repo AND l.sha = c.sha AND l.reachable <> c.reachable AND c.repo = ?
""",
    """
UPDATE pipeline.file_rows AS f SET reachable = l.reachable
FROM pipeline.landings AS l
WHERE l.repo = f.repo AND l.sha = f.sha AND l.reachable <> f.reachable AND f.repo = ?
""",
)
# Positions stay unique: those of commits that are gone are not used again.
_LAST = """
SELECT landed_at, (SELECT max(position) FROM pipeline.landings WHERE repo = $1)
FROM pipeline.landings
WHERE repo = $1 AND sha = landed_by
  AND (reachable OR sha IN (SELECT unnest(from_json($3, '["VARCHAR"]'))))
  AND sha NOT IN (SELECT unnest(from_json($2, '["VARCHAR"]')))
ORDER BY position DESC
LIMIT 1
"""
_KNOWN = """
SELECT sha, reachable FROM pipeline.landings
WHERE repo = ? AND sha IN (SELECT unnest(from_json(?, '["VARCHAR"]')))
"""
_LANDINGS = """
SELECT sha, parents, committed_at, author_email, landed_by, landed_at, position, landed_with
FROM pipeline.landings
WHERE repo = $1 AND reachable
  AND CASE WHEN $2 THEN landed_at ELSE committed_at END >= $3
  AND CASE WHEN $2 THEN landed_at ELSE committed_at END < $4
ORDER BY position
"""


def tip(db: DuckDBPyConnection, repo: str) -> tuple[str, int] | None:
    """See `Store.tip`."""
    return db.execute("SELECT tip, fetched_at FROM pipeline.tips WHERE repo = ?", [repo]).fetchone()


def last_landing(
    db: DuckDBPyConnection, repo: str, gone: Sequence[str], back: Sequence[str]
) -> tuple[int, int] | None:
    """See `Store.last_landing`."""
    return db.execute(_LAST, [repo, storable_json(gone), storable_json(back)]).fetchone()


def extend(db: DuckDBPyConnection, repo: str, new_tip: str, fetched_at: int) -> bool:
    """Add `staged_landings`, mark `staged_gone` and `staged_back`: see `Store.extend_index`.

    Whether any commit that was known before changed its reachability.
    """
    dropped = db.execute(_GONE, [repo]).fetchone()
    back = db.execute(_BACK, [repo]).fetchone()
    first = tip(db, repo) is None
    if first:  # it may be a million rows: DuckDB would gather them in memory, but can write them as they come
        db.execute(f"SET memory_limit = '{_FIRST_MEMORY}'")
    db.execute(_ADD, [repo, repo])
    if first:
        db.execute("RESET memory_limit")
    db.execute("DELETE FROM pipeline.tips WHERE repo = ?", [repo])
    db.execute("INSERT INTO pipeline.tips VALUES (?, ?, ?)", [repo, new_tip, whole(fetched_at)])
    changed = (dropped, back) != ((0,), (0,))
    for statement in _MARK if changed else ():  # reads every row of the repository
        db.execute(statement, [repo])
    return changed


def known(db: DuckDBPyConnection, repo: str, shas: Sequence[str]) -> dict[str, bool]:
    """See `Store.known`."""
    return dict(db.execute(_KNOWN, [repo, storable_json(shas)]).fetchall())


def landings(db: DuckDBPyConnection, repo: str, start: int, end: int, *, by_landed: bool) -> list[Landing]:
    """See `Store.landings`."""
    found = db.execute(_LANDINGS, [repo, by_landed, whole(start), whole(end)]).fetchall()
    return [landing_of(row) for row in found]
