from __future__ import annotations

import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.operations.printing import as_text

DAY = dt.date(2026, 2, 18)


def test_a_table_lines_up_also_with_wide_characters() -> None:
    text = as_text(["day", "subject", "n"], [[DAY, "修复崩溃", 3], [DAY, "fix", 12]], "table")
    assert text.splitlines() == [
        "day         subject    n",
        "──────────  ────────  ──",
        "2026-02-18  修复崩溃   3",
        "2026-02-18  fix       12",
        "(2 rows)",
    ]


def test_a_table_without_rows_still_names_its_columns() -> None:
    assert as_text(["a", "b"], [], "table").splitlines() == ["a  b", "─  ─", "(0 rows)"]


def test_a_long_or_unprintable_cell_stays_one_short_line() -> None:
    text = as_text(["x"], [["\x1b[31m" + "a\n" * 500]], "table")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 4
    assert max(map(len, text.splitlines())) <= 80


def test_csv_quotes_what_needs_it() -> None:
    assert as_text(["a", "b"], [["x,y", None], ['"', ["p", "q"]]], "csv") == 'a,b\n"x,y",\n"""","p, q"\n'


def test_json_keeps_types_and_dates() -> None:
    rows = json.loads(as_text(["n", "day", "names"], [[1, DAY, ["中"]]], "json"))
    assert rows == [{"n": 1, "day": "2026-02-18", "names": ["中"]}]


@given(st.lists(st.lists(st.text() | st.integers() | st.none(), min_size=2, max_size=2), max_size=5))
def test_every_row_is_one_line_of_the_table(rows: list[list[object]]) -> None:
    assert len(as_text(["a", "b"], rows, "table").split("\n")) == len(rows) + 4
