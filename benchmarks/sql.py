"""Times the recipes of docs/sql.md on a synthetic warehouse of 1 million commits and 8 million file rows.

    .venv/bin/python benchmarks/sql.py [--commits 1000000] [--folder FOLDER] [--goal 0.5]

The warehouse is built inside DuckDB (about a minute), published, and asked through `Store.query`, which
opens the published copy each time. Ends with exit code 1 when a recipe takes longer than the goal.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from digest_pipeline.storage.slices import link_reverts
from digest_pipeline.store import Store

DOCUMENT = Path(__file__).parent.parent / "docs" / "sql.md"
ROUNDS = 5
TODAY = "2026-02-19"

# 10 repositories, 10 years that end on 2026-02-18, 3,000 authors, 40,000 paths of which few are hot.
BUILD = (
    """
CREATE TEMP TABLE numbers AS
SELECT
  i,
  'octo/repo-' || (i % 10) AS repo,
  sha1(i::VARCHAR) AS sha,
  DATE '2026-02-18' - ((n - 1 - i) * 3650 // n)::INTEGER AS day,
  TIMESTAMP '2026-02-18 23:59:59' - to_seconds((n - 1 - i) * (3650 * 86400) // n) AS landed_at,
  hash(i, 1) AS h,
  (pow((hash(i, 2) % 1000000) / 1000000, 3) * 3000)::INTEGER AS author
FROM (SELECT range AS i, ?::BIGINT AS n FROM range(?::BIGINT))
""",
    """
INSERT INTO pipeline.landings BY NAME
SELECT
  repo, sha, [sha1((i - 10)::VARCHAR)] AS parents, epoch_us(landed_at) // 1000000 AS committed_at,
  'author' || author || '@example.com' AS author_email, sha AS landed_by,
  epoch_us(landed_at) // 1000000 AS landed_at, i AS position, 1 AS landed_with, true AS reachable
FROM numbers ORDER BY i
""",
    """
INSERT INTO pipeline.commit_rows BY NAME
SELECT
  repo, sha, day, landed_at, landed_at AS committed_at, landed_at - INTERVAL 3 HOUR AS authored_at,
  'Author Number ' || author AS author_name, 'author' || author || '@example.com' AS author_email,
  'GitHub' AS committer_name,
  ['fix', 'feat', 'docs', '[Core] add', 'Improve', 'Remove'][1 + (h % 6)::INTEGER] || ': the '
    || ['scheduler', 'cache', 'parser', 'memory pool', '内存 table'][1 + (h % 5)::INTEGER] || ' case '
    || h || ' (#' || i || ')' AS subject,
  repeat('A sentence of the message that says why. ', (h % 12)::INTEGER) || h AS body,
  i AS pr_number, h % 12 = 0 AS is_merge, sha AS landed_by, 8 AS files_changed,
  h % 400 AS insertions, h % 150 AS deletions, i AS position, true AS reachable,
  CASE WHEN h % 2000 = 7 THEN 'release' ELSE
    ['feature', 'fix', 'docs', 'refactor', 'test', 'perf', 'ci', 'chore'][1 + (h % 8)::INTEGER]
  END AS change_type,
  'area-' || (h % 40) AS area,
  ['high', 'medium', 'low', 'low'][1 + (h % 4)::INTEGER] AS importance,
  (h % 20)::DOUBLE AS importance_score,
  ['source_files x' || (h % 9) || ' +2', 'public_name_added +3'] AS importance_reasons,
  CASE WHEN h % 100 = 1 THEN sha1((i - 10 * (1 + (h // 100 % 40)::BIGINT))::VARCHAR) END AS reverts,
  CASE WHEN h % 50 = 2 THEN (1 + h // 50 % 4) || '/4' END AS series
FROM numbers ORDER BY i
""",
    """
INSERT INTO pipeline.file_rows BY NAME
SELECT
  repo, sha, day,
  'src/package_' || (p % 40) || '/module_' || (p % 1000) || '/file_' || p || '.py' AS path,
  NULL AS old_path, 'M' AS status, g % 60 AS insertions, g % 20 AS deletions, false AS is_binary,
  ['source', 'source', 'source', 'test', 'docs'][1 + (p % 5)::INTEGER] AS kind,
  h % 12 = 0 AS is_merge, k AS ordinal, true AS reachable
FROM (
  SELECT *, hash(i, k) AS g, (pow((hash(i, k, 3) % 1000000) / 1000000, 3) * 40000)::BIGINT AS p
  FROM numbers, (SELECT range AS k FROM range(8))
)
ORDER BY i, k
""",
    """
INSERT INTO analyses BY NAME
SELECT
  repo, sha, day, importance AS tier, 'deepseek/deepseek-chat' AS source, 'ok' AS state, NULL AS reason,
  change_type, repeat('改进了调度器的内存占用并修复了一个竞争条件', 6) || pr_number AS summary,
  ['src/package_1/'] AS scope, ['`run` takes `timeout`'] AS behaviour,
  {architecture: repeat('A longer sentence of insight. ', 9), performance: NULL, security: NULL} AS insights,
  [{"text": 'May break callers of `run` ' || pr_number, file: 'src/a.py', quote: 'def run('}] AS risks,
  ['Check the callers.'] AS advice, 0 AS unverified, 1.0 AS coverage, 'key' || pr_number AS answer_key
FROM pipeline.commit_rows
WHERE NOT is_merge
ORDER BY position DESC LIMIT 100000
""",
    """
INSERT INTO model_calls BY NAME
SELECT
  answer_key, source AS model, day + INTERVAL 26 HOUR AS called_at, 9000 AS latency_ms, 'ok' AS status,
  3000 AS tokens_in, 400 AS tokens_out, 0.001 AS cost_usd
FROM analyses
""",
    """
INSERT INTO days BY NAME
SELECT
  repo, day, 'complete' AS state, NULL AS reason, count(*) AS commits,
  count(*) FILTER (importance = 'high') AS high, count(*) FILTER (importance = 'medium') AS medium,
  count(*) FILTER (importance = 'low') AS low, count(*) AS analysed, 0 AS pending, 0.02 AS cost_usd,
  max(sha) AS head_sha, max(landed_at) AS materialized_at, repo || '/' || day || '.md' AS report_path
FROM pipeline.commit_rows
WHERE NOT is_merge
GROUP BY repo, day ORDER BY day, repo
""",
)


def recipes(text: str) -> list[tuple[str, str]]:
    """(heading, SQL) of each recipe of the document."""
    _, _, last_part = text.partition("\n## Recipes\n")
    found = re.findall(r"^### (.+?)\n.*?^```sql\n(.*?)^```", last_part, re.MULTILINE | re.DOTALL)
    # The synthetic warehouse has repositories and an end of its own.
    own = {"current_date": f"DATE '{TODAY}'", "octo/hello": "octo/repo-3"}
    return [(heading, re.sub("|".join(own), lambda match: own[match[0]], sql)) for heading, sql in found]


def build(store: Store, commits: int) -> None:
    """Fill the warehouse and publish it."""
    with store._warehouse.transaction() as db:  # noqa: SLF001 - rows of this number cannot go through values
        for statement in BUILD:
            db.execute(statement, [commits, commits] if "?" in statement else [])
        for number in range(10):
            link_reverts(db, f"octo/repo-{number}")
    store.publish()


def main() -> int:
    """Build, time, print; 1 when a recipe misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the warehouse here, and use it when it is there")
    parser.add_argument("--goal", type=float, default=0.5, help="seconds")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="digest-sql-"))
    store = Store(folder / "warehouse.duckdb", folder / "digest.duckdb")
    if not (folder / "digest.duckdb").exists():
        start = time.perf_counter()
        build(store, options.commits)
        size = (folder / "digest.duckdb").stat().st_size / 2**20
        print(f"built in {time.perf_counter() - start:.0f} s, {size:.0f} MiB in {folder}")
    slow = 0
    for heading, sql in recipes(DOCUMENT.read_text("utf-8")):
        times: list[float] = []
        cpu = time.process_time()
        rows: list[tuple[object, ...]] = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            _, rows = store.query(sql)
            times.append(time.perf_counter() - start)
        median = sorted(times)[ROUNDS // 2]
        slow += median > options.goal
        shown = " ".join(f"{1000 * seconds:5.0f}" for seconds in times)
        cpu = (time.process_time() - cpu) / ROUNDS
        print(
            f"{1000 * median:6.0f} ms median ({shown}) {1000 * cpu:6.0f} ms CPU {len(rows):4} rows  {heading}"
        )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
