"""The pages under `reports/examples`: made by the pipeline, and what the templates make of their data."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from digest_pipeline import models, pages, reports
from digest_pipeline.page import chains, entries, highlights, related, usual
from digest_pipeline_tests.test_report_safety import structure

REPORTS = Path(__file__).parents[1] / "reports/examples"
EXAMPLES = ("flashinfer-ai/flashinfer/2026-08-20", "pydantic/pydantic/2026-08-17")
NAMES = {
    name: value
    for m in (models, chains, entries, highlights, related, usual, pages)
    for name, value in vars(m).items()
}


def rebuilt(kind: Any, data: Any) -> Any:  # noqa: ANN401 - a value of any type that pages are made of
    """The value of a type from its JSON."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return None if data is None else rebuilt(next(k for k in inner if k is not type(None)), data)
    if origin is tuple:
        return tuple(rebuilt(inner[0], value) for value in data)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind, globalns=NAMES)
        return kind(**{name: rebuilt(hints[name], value) for name, value in data.items()})
    if kind is dt.date:
        return dt.date.fromisoformat(data)
    return kind(data) if isinstance(kind, enum.EnumType) else data


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_templates_make_of_its_data(name: str, tmp_path: Path) -> None:
    data = json.loads((REPORTS / f"{name}.json").read_text("utf-8"))
    assert data.pop("schema_version") == reports.SCHEMA_VERSION
    page = rebuilt(pages.Page, data)
    files = reports.page_files(page, tmp_path, template="digest", language=page.language)
    for path, content in files.items():
        assert (REPORTS / path.relative_to(tmp_path)).read_text("utf-8") == content


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_links_of_an_example_lead_somewhere(name: str) -> None:
    page = REPORTS / f"{name}.md"
    made = structure(page.read_text("utf-8"))
    for href in made.hrefs + made.images:
        if not href.startswith("https://"):
            path, _, anchor = href.partition("#")
            assert (page.parent / path).exists()
            assert path or anchor in made.anchors
