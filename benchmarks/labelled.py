"""Labelled commits and what the rules see of them, for `triage` (judges) and `training` (fits)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.commits import read_commits, read_texts
from digest_pipeline.facts import Facts, facts_of
from digest_pipeline.models import Commit, Landing, Tier
from digest_pipeline.rules.change_types import change_type
from digest_pipeline.rules.signals import Signals, signals_of
from digest_pipeline.rules.subjects import subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABELS = Path(__file__).parent / "labels"
_ASIDE = _LABELS / "aside"
FINAL = [_ASIDE / "gin-gonic+gin.c.json", _ASIDE / "pallets+click.c.json"]
"""Never trained on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """One commit, what the readers say of it, and what the rules measure."""

    repo: str
    sha: str
    tier: Tier
    type: str | None
    is_sure: bool
    """False where the reader wavered between two tiers."""
    commit: Commit
    facts: Facts
    signals: Signals


def commit_at(clone: Path, repo: str, sha: str) -> Commit:
    """One commit of a repository, read as the pipeline does."""
    landing = Landing(sha, (), 0, "", sha, 0, 0, 1)
    return next(iter(read_commits(clone, repo, [landing], lambda _: dt.date(2026, 1, 1))))


def label_files() -> dict[str, list[Path]]:
    """The files of labels that are trained on, by reader."""
    return {
        "own labels": sorted(_LABELS.glob("*+*.json")),
        "reader c": sorted({*_ASIDE.glob("*.c.json")} - {*FINAL}),
        "readers d": sorted(_ASIDE.glob("*.d.json")),
    }


def of_files(paths: Iterable[Path], mirrors: Path) -> list[Labelled]:
    """The labelled commits of some files, each SHA once, in the order of the files.

    In: JSON lists of {repo, sha, importance, type}; a folder with `<owner>+<name>/repo` git directories.
    Raises StopIteration or CloneError for a commit that is not there.
    """
    rows: dict[str, Labelled] = {}
    for path in paths:
        for label in json.loads(path.read_text(encoding="utf-8")):
            rows.setdefault(label["sha"], _measured(label, mirrors))
    return list(rows.values())


def _measured(label: dict[str, str], mirrors: Path) -> Labelled:
    clone = mirrors / label["repo"].replace("/", "+") / "repo"
    commit = commit_at(clone, label["repo"], label["sha"])
    facts, subject = facts_of(read_texts(clone, commit)), subject_of(commit)
    kind = change_type(subject, commit.body, facts)
    return Labelled(
        label["repo"],
        label["sha"],
        Tier(label["importance"]),
        label["type"],
        bool(label.get("sure", True)),
        commit,
        facts,
        signals_of(commit, subject, kind, facts),
    )
