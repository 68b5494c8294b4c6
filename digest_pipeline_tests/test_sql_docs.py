"""docs/sql.md is true: its columns are those of the database, and every recipe gives the right answer."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from digest_pipeline.models import ChangeType, DayState, FileKind, ModelCall, Reason, Tier
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
    from digest_pipeline.models import Commit, Triage

DOCUMENT = (Path(__file__).parent.parent / "docs" / "sql.md").read_text("utf-8")
RECIPES = dict(
    re.findall(
        r"^### (.+?)\n.*?^```sql\n(.*?)^```",
        DOCUMENT.partition("\n## Recipes\n")[2],
        re.MULTILINE | re.DOTALL,
    )
)
EARLIER, BEFORE = DAY - dt.timedelta(days=20), DAY - dt.timedelta(days=1)
ADA, EVE = "Ada Lovelace", "Eve Adams"

# What each recipe answers on the store below.
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "What mattered yesterday": [
        (REPO, sha(5)[:8], "Rework the memory pool", "A new pool.", ["public_name_added ×2 +6"])
    ],
    "Files with the most churn in the last 30 days": [
        (REPO, "src/pool.py", 2, 93),
        (REPO, "src/app.py", 3, 12),
    ],
    "Authors per week": [
        (REPO, dt.date(2026, 1, 26), 1, 2),
        (REPO, dt.date(2026, 2, 16), 2, 3),
    ],
    "What broke since a release": [
        (BEFORE, "core", "fix", "Fix the pool", 12),
        (DAY, "core", "revert", 'Revert "Fix the pool"', 13),
    ],
    "Reverts, and how long the reverted change lived": [
        (REPO, DAY, 'Revert "Fix the pool"', "Fix the pool", dt.timedelta(days=1, seconds=1))
    ],
    "Spend per model and month": [
        ("2026-02", "deepseek/deepseek-chat", 2, 1, 6000, 400, 0.0021),
        ("2026-01", "ollama/qwen3", 1, 0, 3000, 400, None),
    ],
    "Days compared with usual": [(REPO, DAY, 9, 3.0)],
    "Days that are not finished, and why": [
        (REPO, DAY + dt.timedelta(days=1), "open", "the day is not over", 0),
        ("octo/other", DAY, "partial", "late", 2),
    ],
    "Files that are fixed most often": [(REPO, "src/app.py", 1, 1), (REPO, "src/pool.py", 1, 1)],
    "First contributions per month": [
        (dt.date(2026, 2, 1), REPO, 1, [EVE]),
        (dt.date(2026, 1, 1), REPO, 1, [ADA]),
    ],
    "Search in messages and analyses": [
        (DAY, REPO, sha(6)[:8], "Merge the memory pools", None),
        (DAY, REPO, sha(5)[:8], "Rework the memory pool", "A new pool."),
        (BEFORE, REPO, sha(3)[:8], "Fix the pool", "Closes a leak of the Memory Pool."),
    ],
    "Work by area, with its weight": [(REPO, "core", 3, 1, 101), (REPO, "misc", 2, 0, 8)],
}


def commits() -> list[tuple[Commit, Triage]]:
    """Two commits 20 days before, a fix the day before, its revert, a rework and a merge on the day."""
    pool = change("src/pool.py", insertions=80, deletions=10)
    early, late = NOON - 20 * 86_400, NOON - 86_400
    eve: dict[str, object] = {"author_name": EVE, "author_email": "eve@example.com"}
    revert = 'Revert "Fix the pool"'
    fix = (change("src/pool.py", insertions=2), change())
    release = triage(2, change_type=ChangeType.RELEASE, area="misc")
    high = triage(
        5,
        importance=Tier.HIGH,
        score=6,
        reasons=(Reason("public_name_added", 6, 2),),
        change_type=ChangeType.PERF,
    )
    return [
        (commit(1, day=EARLIER, landed_at=early), triage(1, area="misc", change_type=ChangeType.DOCS)),
        (commit(2, day=EARLIER, landed_at=early + 9, subject="Release 1.2"), release),
        (
            commit(3, day=BEFORE, landed_at=late, subject="Fix the pool", pr_number=12, files=fix, **eve),
            triage(3),
        ),
        (
            commit(4, subject=revert, landed_at=NOON + 1, pr_number=13, files=()),
            triage(4, change_type=ChangeType.REVERT, reverts=sha(3)),
        ),
        (
            commit(
                5, subject="Rework the memory pool", files=(pool, change("README.md", kind=FileKind.DOCS))
            ),
            high,
        ),
        (commit(6, is_merge=True, subject="Merge the memory pools", files=(pool,)), triage(6)),
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("sql")
    store = Store(folder / "warehouse.duckdb", folder / "digest.duckdb")
    told = commits()
    days = [EARLIER, BEFORE, DAY]
    store.extend_index(REPO, sha(6), NOON, [landing(n, position=n) for n in range(1, 7)], [])
    store.replace_commits(REPO, days, [one for one, _ in told])
    analyses = [analysis(3, day=BEFORE, summary="Closes a leak of the Memory Pool.")]
    analyses += [
        analysis(5, tier=Tier.HIGH, summary="A new pool.", source="deepseek/deepseek-chat", answer_key="k")
    ]
    store.replace_analyses(REPO, days, [rules for _, rules in told], analyses)
    usual = [DAY - dt.timedelta(days=n) for n in range(1, 20)]
    store.replace_days(
        [
            *(record(day, commits=3) for day in usual),
            record(DAY, commits=9),
            record(DAY + dt.timedelta(days=1), commits=0, state=DayState.OPEN),
            record(DAY, repo="octo/other", state=DayState.PARTIAL, reason="late", pending=2),
        ]
    )
    calls = [("k", NOON, "timeout", None), ("k", NOON + 9, "ok", 0.0021)]
    store.replace_model_calls(
        [
            ModelCall(key, "deepseek/deepseek-chat", at, 900, status, 3000, 200, cost)
            for key, at, status, cost in calls
        ]
        + [ModelCall("j", "ollama/qwen3", NOON - 30 * 86_400, 900, "ok", 3000, 400, None)]
    )
    store.publish()
    return store


def test_every_column_is_documented_and_every_documented_one_exists(store: Store) -> None:
    sections = re.findall(r"^### `(\w+)`.*?\n\n(.*?)\n\n", DOCUMENT, re.MULTILINE | re.DOTALL)
    documented = {name: re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for name, table in sections}
    _, columns = store.query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main' "
        "ORDER BY table_name, ordinal_position"
    )
    existing: dict[str, list[str]] = {}
    for table, column in columns:
        existing.setdefault(table, []).append(column)
    assert documented == existing


def test_the_database_describes_its_columns_in_the_words_of_the_document(store: Store) -> None:
    sections = re.findall(r"^### `(\w+)`.*?\n\n(.*?)\n\n", DOCUMENT, re.MULTILINE | re.DOTALL)
    documented = [
        (name, column, meaning)
        for name, table in sections
        for column, meaning in re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    ]
    _, comments = store.query(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND NOT internal"
    )
    assert sorted(documented) == sorted(comments)


def test_every_recipe_has_an_answer_here() -> None:
    assert list(RECIPES) == list(ANSWERS)
    assert len(RECIPES) >= 10


@pytest.mark.parametrize("heading", ANSWERS)
def test_a_recipe_gives_the_right_answer(store: Store, heading: str) -> None:
    _, rows = store.query(RECIPES[heading].replace("current_date", f"DATE '{NEXT}'"))
    assert rows == ANSWERS[heading]


def test_the_python_example_runs(store: Store) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example.replace("data/digest.duckdb", str(store._published)), names)  # noqa: S102 - our own document
    assert list(names["frame"]["day"].dt.date) == [EARLIER, BEFORE, DAY]


def test_the_command_line_example_runs(store: Store) -> None:
    (statement,) = re.findall(r'^digest sql "(.*?)"', DOCUMENT, re.MULTILINE)
    assert [row[1] for row in store.query(statement)[1]] == [DAY, BEFORE, EARLIER]


def test_the_shell_of_duckdb_reads_the_copy_and_shows_what_columns_mean(store: Store) -> None:
    (line,) = re.findall(r"^(duckdb -readonly data/digest.duckdb)", DOCUMENT, re.MULTILINE)
    shell = str(Path(sys.executable).with_name("duckdb"))
    _, *options, _ = line.split()

    def ask(sql: str) -> list[str]:
        command = [shell, *options, "-csv", "-noheader", str(store._published), sql]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    with duckdb.connect(str(store._published), read_only=True):  # somebody's session overnight
        assert ask("SELECT repo, commits FROM daily_activity ORDER BY day") == [
            f"{REPO},{row[0]}" for row in store.query("SELECT commits FROM daily_activity ORDER BY day")[1]
        ]
    meaning = "SELECT comment FROM duckdb_columns() WHERE table_name = 'days' AND column_name = 'head_sha'"
    assert ask(meaning) == ['"the branch\'s newest commit at that run"']
