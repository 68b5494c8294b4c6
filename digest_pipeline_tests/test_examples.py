"""The pages under `reports/examples`: made by the pipeline, and what the templates make of their data.

After a change of templates, texts or weights they are made anew from clones of their repositories:

    DIGEST_EXAMPLES='https://github.com/{owner}/{name}.git' .venv/bin/pytest -k example
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import os
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from digest_pipeline import models, pages, reports
from digest_pipeline.judging import store_analyses
from digest_pipeline.page import chains, entries, highlights, related, usual
from digest_pipeline.settings import parse_settings
from digest_pipeline.stations import clone_repository, store_commits
from digest_pipeline.workspace import days_of_range, workspace_of
from digest_pipeline.writing import write_reports
from digest_pipeline_tests.test_report_safety import structure

REPORTS = Path(__file__).parents[1] / "reports/examples"
ORIGIN = os.environ.get("DIGEST_EXAMPLES")
EXAMPLES = {
    "flashinfer-ai/flashinfer/2026-08-20": ("zh", "Asia/Shanghai"),
    "pydantic/pydantic/2026-08-17": ("en", "UTC"),
}
"""The pages, each with its language and time zone."""
DAYS_BEFORE = 14
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


def record(example: str, origin: str, folder: Path) -> None:
    """Make the page of an example as a run over its day and the days before it makes it.

    Those have no page here, so what they have of its threads is linked at the host.
    """
    repo, _, date = example.rpartition("/")
    owner, name = repo.split("/")
    language, zone = EXAMPLES[example]
    day = dt.date.fromisoformat(date)
    first = day - dt.timedelta(days=DAYS_BEFORE)
    table = f'[[repositories]]\nname = "{repo}"\nurl = "https://github.com/{repo}.git"\nbranch = "main"\n'
    head = f'timezone = "{zone}"\nlanguage = "{language}"\nstart_date = {first}\n'
    workspace = workspace_of(parse_settings(head + table, folder / "digest.toml"))
    (repository,) = workspace.settings.repository_values()
    days = days_of_range(workspace.settings, first, day)
    now = days[-1].end
    clone = dataclasses.replace(repository, url=origin.format(owner=owner, name=name))
    clone_repository(workspace, clone, now=now)
    store_commits(workspace, clone, days)
    store_analyses(workspace, clone, days, force=False, now=now)
    write_reports(workspace, repository, days, now=now)
    known = workspace.store.days(repo, first, day)
    workspace.store.replace_days(dataclasses.replace(known[d], report_path=None) for d in known if d != day)
    write_reports(workspace, repository, days[-1:], now=now)
    for file in (workspace.settings.reports_dir / repo).glob(f"{date}.*"):
        (REPORTS / repo / file.name).write_bytes(file.read_bytes())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_templates_make_of_its_data(name: str, tmp_path: Path) -> None:
    if ORIGIN:
        record(name, ORIGIN, tmp_path)
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
