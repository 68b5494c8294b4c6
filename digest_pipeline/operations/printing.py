"""Rows of a query as text for a person or another program: table, CSV or JSON; pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 80
"""Columns of a terminal that one cell of a table may take."""


def as_text(columns: Sequence[str], rows: Sequence[Sequence[Any]], style: str) -> str:
    """The rows in one of the styles `table`, `csv` and `json`, ending with a line feed."""
    if style == "json":
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        return json.dumps(records, ensure_ascii=False, indent=1, default=str) + "\n"
    if style == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return out.getvalue()
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [[_short(_cell(value)) for value in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(columns, *cells, strict=True)]
    numeric = [
        bool(rows) and all(isinstance(row[n], int | float) for row in rows) for n in range(len(columns))
    ]

    def line(values: Sequence[str]) -> str:
        parts = [
            " " * (width - _width(value)) + value if right else value + " " * (width - _width(value))
            for value, width, right in zip(values, widths, numeric, strict=True)
        ]
        return "  ".join(parts).rstrip() + "\n"

    rule = line(["─" * width for width in widths])
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})\n"
    return line(columns) + rule + "".join(map(line, cells)) + count


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _short(text: str) -> str:
    """One line without marks that move a terminal's cursor, cut to the widest cell."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    if _width(plain) <= WIDEST:
        return plain
    while _width(plain) >= WIDEST:
        plain = plain[: min(len(plain) - 1, WIDEST)]
    return plain + "…"


def _width(text: str) -> int:
    """How many columns a terminal needs: two for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
