"""Labelled commits and what the rules see of them, for `triage` (judges) and `training` (fits)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.commits import read_commits, read_texts
from digest_pipeline.facts import Facts, facts_of
from digest_pipeline.models import ChangeType, Commit, Landing, Tier
from digest_pipeline.rules.signals import Signals, signals_of
from digest_pipeline.rules.subjects import Subject, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABELS = Path(__file__).parent / "labels" / "importance.json"
_NEVER_TRAINED = ("gin-gonic/gin", "pallets/click")


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """What a reader says of a commit."""

    repo: str
    sha: str
    tier: Tier
    type: str | None
    is_sure: bool
    """False where the reader wavered between two tiers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """One commit, what a reader says of it, and what it shows."""

    label: Label
    commit: Commit
    subject: Subject
    facts: Facts

    def signals(self, kind: ChangeType) -> Signals:
        """What is measured of it when it is a change of this type."""
        return signals_of(self.commit, self.subject, kind, self.facts)


def labels() -> dict[str, list[Label]]:
    """What is trained on, by reader: a and b, c, d, f (benchmarks/labels/README.md)."""
    said = _by_reader()
    known = {name: [label for reader in name for label in said[reader]] for name in ("ab", "c", "d", "f")}
    return known | {"c": [label for label in said["c"] if label.repo not in _NEVER_TRAINED]}


def tests() -> dict[str, list[Label]]:
    """What is never trained on: two repositories of reader c, and where readers e agree on the tier."""
    said = _by_reader()
    other = {label.sha: label for label in said["e2"]}
    agreed = [
        dataclasses.replace(
            label,
            type=label.type if label.type == other[label.sha].type else None,
            is_sure=label.is_sure and other[label.sha].is_sure,
        )
        for label in said["e1"]
        if label.tier is other[label.sha].tier
    ]
    seen = {label.repo for found in labels().values() for label in found}
    return {
        "click and gin": [label for label in said["c"] if label.repo in _NEVER_TRAINED],
        "readers e, other repositories": [label for label in agreed if label.repo not in seen],
        "readers e, other commits of known repositories": [label for label in agreed if label.repo in seen],
    }


def _by_reader() -> dict[str, list[Label]]:
    """The labels of each reader."""
    return {
        reader: [
            _label(repo, sha, *said.split())
            for repo, commits in repos.items()
            for sha, said in commits.items()
        ]
        for reader, repos in json.loads(_LABELS.read_text(encoding="utf-8")).items()
    }


def _label(repo: str, sha: str, tier: str, kind: str, unsure: str = "") -> Label:
    return Label(repo, sha, Tier(tier), kind, not unsure)


def development(path: Path) -> list[Label]:
    """The labels of a JSON list of {repo, sha, importance, type}."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Label(r["repo"], r["sha"], Tier(r["importance"]), r["type"], is_sure=True) for r in rows]


def commit_at(clone: Path, repo: str, sha: str) -> Commit:
    """One commit of a repository, read as the pipeline does."""
    landing = Landing(sha, (), 0, "", sha, 0, 0, 1)
    return next(iter(read_commits(clone, repo, [landing], lambda _: dt.date(2026, 1, 1))))


def read(found: Iterable[Label], mirrors: Path) -> list[Labelled]:
    """The labelled commits, each SHA once, in the order of the labels.

    In: labels; a folder with `<owner>+<name>/repo` git directories. Raises StopIteration or CloneError for a
    commit that is not there.
    """
    once = {label.sha: label for label in reversed(list(found))}
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(functools.partial(_read, mirrors), once.values(), chunksize=16))
    return rows[::-1]


def _read(mirrors: Path, label: Label) -> Labelled:
    clone = mirrors / label.repo.replace("/", "+") / "repo"
    commit = commit_at(clone, label.repo, label.sha)
    return Labelled(label, commit, subject_of(commit), facts_of(read_texts(clone, commit)))
