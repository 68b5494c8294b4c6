"""Questions across the tables of the warehouse: originals, threads, sums of days, first commits.

SQL on an open transaction; nothing is written here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import DayTotals, ThreadLink
from digest_pipeline.storage import rows
from digest_pipeline.storage.rows import whole
from digest_pipeline.storage.spool import storable_json

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from digest_pipeline.models import Commit, Triage

_BEGINNING = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)

# Two commits that begin alike are no answer, as in git.
_BY_SHA = """
SELECT n.name, any_value(l.sha)
FROM (SELECT unnest(from_json(?, '["VARCHAR"]')) AS name) AS n
JOIN pipeline.landings AS l ON starts_with(l.sha, lower(n.name))
WHERE l.repo = ? AND l.reachable AND l.landed_at < ?
GROUP BY n.name
HAVING count(*) = 1
"""
_BY_NUMBER = """
SELECT n.name, max_by(c.sha, (c.landed_at, c.position))
FROM (SELECT unnest(?::BIGINT[]) AS name) AS n
JOIN pipeline.commit_rows AS c ON c.pr_number = n.name
WHERE c.repo = ? AND c.reachable AND epoch_us(c.landed_at) // 1000000 < ?
GROUP BY n.name
"""
_BY_SUBJECT = """
SELECT n.name, max_by(c.sha, (c.landed_at, c.position))
FROM (SELECT unnest(from_json(?, '["VARCHAR"]')) AS name) AS n
JOIN pipeline.commit_rows AS c ON c.subject = n.name
WHERE c.repo = ? AND c.reachable AND epoch_us(c.landed_at) // 1000000 < ?
GROUP BY n.name
"""
_THREAD = """
SELECT
  sha, relation, other_sha, other_day, epoch_us(other_landed_at) // 1000000, other_subject,
  other_pr_number
FROM threads
"""
_THREADS = f"""
{_THREAD}
WHERE repo = ? AND day BETWEEN ? AND ?
ORDER BY landed_at, sha, relation, other_landed_at, other_sha
"""
# What a change amounts to is told by its whole chain, also by the reverts of its reverts.
_CHAINS = f"""
{_THREAD}
WHERE repo = ? AND sha IN (SELECT unnest(from_json(?, '["VARCHAR"]')))
  AND relation IN ('reverts', 'reverted_by', 'relands', 'relanded_by')
ORDER BY landed_at, sha, relation, other_landed_at, other_sha
"""
_IN_CHAINS = frozenset(["reverts", "reverted_by", "relands", "relanded_by"])
_TOTALS = """
SELECT
  d.day, count(c.sha), coalesce(sum(c.insertions), 0)::BIGINT, coalesce(sum(c.deletions), 0)::BIGINT,
  count(DISTINCT c.author_email), count(*) FILTER (c.importance = 'high')
FROM days AS d
LEFT JOIN pipeline.commit_rows AS c
  ON c.repo = d.repo AND c.day = d.day AND c.reachable AND NOT c.is_merge
WHERE d.repo = ? AND d.day BETWEEN ? AND ?
GROUP BY d.day
ORDER BY d.day
"""
# A revert or a reland may also name its original by the quoted subject.
_NAMING = """
SELECT
  sha, day, epoch_us(landed_at) // 1000000, epoch_us(committed_at) // 1000000,
  epoch_us(authored_at) // 1000000, author_name, author_email, committer_name, subject, body,
  pr_number, is_merge, landed_by,
  change_type, area, importance, importance_score, importance_reasons, reverts, series, relands, follows
FROM pipeline.commit_rows
WHERE repo = ? AND day > ? AND reachable AND importance IS NOT NULL AND (
  list_has_any(regexp_extract_all(concat(subject, ' ', body), '[#!/]([0-9]{1,9})', 1)::BIGINT[], ?::BIGINT[])
  OR NOT regexp_full_match(reverts, '[0-9a-f]{40,64}')
  OR (relands IS NULL AND contains(subject, '"'))
)
ORDER BY landed_at, position
"""
_COMMIT_COLUMNS = 13
_FIRST_COMMITS = """
SELECT f.sha
FROM (
  SELECT author_email, min_by(sha, position) AS sha
  FROM pipeline.landings
  WHERE repo = $1 AND reachable
  GROUP BY author_email
) AS f
JOIN pipeline.commit_rows AS c ON c.repo = $1 AND c.sha = f.sha
WHERE c.day BETWEEN $2 AND $3 AND c.reachable
"""


def find_originals(  # noqa: PLR0913, PLR0917 - the three kinds of names, and where and when they are looked up
    db: DuckDBPyConnection,
    repo: str,
    shas: Sequence[str],
    pr_numbers: Sequence[int],
    subjects: Sequence[str],
    before: int,
) -> dict[str | int, str]:
    """See `Store.find_originals`."""
    beginnings = storable_json([sha for sha in shas if _BEGINNING.fullmatch(sha)])
    numbers = [number for number in pr_numbers if number == whole(number)]
    before = whole(before)
    return dict(
        db.execute(_BY_SHA, [beginnings, repo, before]).fetchall()
        + db.execute(_BY_NUMBER, [numbers, repo, before]).fetchall()
        + _by_subject(db, repo, subjects, before)
    )


def _by_subject(
    db: DuckDBPyConnection, repo: str, subjects: Sequence[str], before: int
) -> list[tuple[str, str]]:
    """Found under the names that the caller has, although the database holds them without odd characters."""
    stored = dict(zip(subjects, json.loads(storable_json(subjects)), strict=True))
    found = dict(db.execute(_BY_SUBJECT, [storable_json(subjects), repo, before]).fetchall())
    return [(name, found[text]) for name, text in stored.items() if text in found]


def threads(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> list[ThreadLink]:
    """See `Store.threads`."""
    found = [ThreadLink(*row) for row in db.execute(_THREADS, [repo, first, last]).fetchall()]
    inside = {link.sha for link in found}
    known = set(inside)
    while more := sorted({link.other_sha for link in found if link.relation in _IN_CHAINS} - known):
        known.update(more)
        links = [ThreadLink(*row) for row in db.execute(_CHAINS, [repo, storable_json(more)]).fetchall()]
        found += [link for link in links if link.other_sha not in inside]
    return found


def naming(
    db: DuckDBPyConnection, repo: str, after: dt.date, numbers: Sequence[int]
) -> list[tuple[Commit, Triage]]:
    """See `Store.naming`."""
    found = db.execute(_NAMING, [repo, after, [n for n in numbers if n == whole(n)]]).fetchall()
    cut = _COMMIT_COLUMNS
    return [(rows.commit_of(repo, row[:cut], ()), rows.triage_of((row[0], *row[cut:]))) for row in found]


def totals(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> list[DayTotals]:
    """See `Store.totals`."""
    return [DayTotals(*row) for row in db.execute(_TOTALS, [repo, first, last]).fetchall()]


def first_commits(db: DuckDBPyConnection, repo: str, first: dt.date, last: dt.date) -> set[str]:
    """See `Store.first_commits`."""
    return {sha for (sha,) in db.execute(_FIRST_COMMITS, [repo, first, last]).fetchall()}
