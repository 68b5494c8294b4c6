"""What the page across repositories shows of each of their pages: taken from a page, or from its JSON.

The JSON beside a page is what the page says, so nothing is read from the database or judged again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from digest_pipeline.models import DayState
from digest_pipeline.page.chains import Step, Thread
from digest_pipeline.page.highlights import Cited, Highlight
from digest_pipeline.reports import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.pages import Page


@dataclasses.dataclass(frozen=True, slots=True)
class Brief:
    """One repository and day in a few lines; the fields are those of `Page`."""

    repo: str
    day: dt.date
    state: DayState
    reason: str | None
    commits: int
    high: int
    medium: int
    low: int
    highlights: tuple[Highlight, ...]


_FIELDS = tuple(field.name for field in dataclasses.fields(Brief))


def brief_of(page: Page) -> Brief:
    """The brief of a page."""
    return Brief(**{name: getattr(page, name) for name in _FIELDS})


def brief_in(file: Path, language: str) -> Brief | None:
    """The brief of the page whose JSON is in a file; None if there is none, or not as it is made now."""
    try:
        content = json.loads(file.read_text("utf-8"))
        if (content["schema_version"], content["language"]) != (SCHEMA_VERSION, language):
            return None
        plain = {name: content[name] for name in _FIELDS}
        return Brief(
            **plain
            | {
                "day": dt.date.fromisoformat(plain["day"]),
                "state": DayState(plain["state"]),
                "highlights": tuple(map(_highlight, plain["highlights"])),
            }
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def days_named_in(file: Path) -> set[dt.date]:
    """The days that the threads of the page whose JSON is in a file lead to; none if it cannot be told."""
    try:
        threads = json.loads(file.read_text("utf-8"))["threads"]
        return {dt.date.fromisoformat(step["day"]) for thread in threads for step in thread["steps"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _highlight(data: dict[str, Any]) -> Highlight:
    cited = tuple(Cited(**one) for one in data["cited"])
    thread = _thread(data["thread"]) if data["thread"] else None
    return Highlight(data["sentence"], cited, data["area"], thread)


def _thread(data: dict[str, Any]) -> Thread:
    steps = tuple(
        Step(**step | {"day": dt.date.fromisoformat(step["day"]), "targets": tuple(step["targets"])})
        for step in data["steps"]
    )
    return Thread(data["kind"], steps, data["effect"])
