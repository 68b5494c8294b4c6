"""How important a commit is, with named reasons; its type, area and series. Pure.

The score is a sum of signals times weights (`weights.toml`, changed by `[importance]` of the settings); the
tier follows from two thresholds and the rank within the day. How the weights are trained and how well they
do: docs/importance.md.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from digest_pipeline.models import Reason, Tier, Triage
from digest_pipeline.rules.areas import area_of, is_among
from digest_pipeline.rules.change_types import change_type
from digest_pipeline.rules.signals import signals_of
from digest_pipeline.rules.subjects import RevertHint, revert_hint, subject_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from digest_pipeline.facts import Facts
    from digest_pipeline.models import ChangeType, Commit
    from digest_pipeline.rules.signals import Signals

__all__ = [
    "DEFAULT_WEIGHTS",
    "WEIGHT_NAMES",
    "RevertHint",
    "is_held",
    "revert_hint",
    "score_of",
    "triage_day",
]

_NUMBERS = tomllib.loads((Path(__file__).parent / "weights.toml").read_text("utf-8"))
DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType({**_NUMBERS["weights"], **_NUMBERS["tiers"]})
"""Points of each signal at its full amount, and what makes a tier of them: docs/importance.md."""
_UNDENIABLE = frozenset(["type_release", "breaking", "type_security"])
"""With one of these reasons a commit stays high however many others are."""
WEIGHT_NAMES = frozenset(DEFAULT_WEIGHTS)


def triage_day(
    commits: Sequence[tuple[Commit, Facts]],
    *,
    areas: Sequence[tuple[str, Sequence[str]]] = (),
    exclude: Sequence[str] = (),
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    originals: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Triage]:
    """Judge all commits of one repository and day, by SHA, in the order given.

    In: the commits with their facts; the settings' areas (name, globs) and excluded globs; weights that
    differ from the default; for reverts, the SHA of the original where it is known. A commit whose files
    are all excluded is of low importance.
    """
    weights = {**DEFAULT_WEIGHTS, **weights}
    judged = {
        commit.sha: _judge(
            commit, facts, areas=areas, exclude=exclude, weights=weights, original=originals.get(commit.sha)
        )
        for commit, facts in commits
    }
    tiers = _tiers(judged, weights)
    return {sha: dataclasses.replace(triage, importance=tiers[sha]) for sha, triage in judged.items()}


_FLOOR = frozenset({"breaking", "type_security", "public_name_removed", "signature_broken", "option_removed"})
"""Signals of what is a security or a breaking change, whatever they weigh."""


def is_held(commit: Commit, facts: Facts, kind: ChangeType) -> bool:
    """Whether a fact forbids a model to lower the importance that the rules found."""
    signals = signals_of(commit, subject_of(commit), kind, facts)
    return any(signals[name][0] > 0 for name in _FLOOR & signals.keys())


def score_of(signals: Signals, weights: Mapping[str, float]) -> tuple[float, tuple[Reason, ...]]:
    """The score and its reasons, the heaviest first; what weighs nothing is no reason."""
    reasons = [
        Reason(name, round(weights[name] * amount, 1), count)
        for name, (amount, count) in signals.items()
        if name in weights
    ]
    reasons = sorted((r for r in reasons if r.points), key=lambda r: (-abs(r.points), r.code))
    return round(sum(r.points for r in reasons), 1), tuple(reasons)


def tier_of(score: float, weights: Mapping[str, float] = DEFAULT_WEIGHTS) -> Tier:
    """The tier by the thresholds alone."""
    if score >= weights["threshold_high"]:
        return Tier.HIGH
    return Tier.MEDIUM if score >= weights["threshold_medium"] else Tier.LOW


def _judge(  # noqa: PLR0913 - what one commit is judged by
    commit: Commit,
    facts: Facts,
    *,
    areas: Sequence[tuple[str, Sequence[str]]],
    exclude: Sequence[str],
    weights: Mapping[str, float],
    original: str | None,
) -> Triage:
    subject = subject_of(commit)
    kind = change_type(subject, commit.body, facts)
    is_excluded = bool(exclude and commit.files) and all(is_among(f.path, exclude) for f in commit.files)
    if is_excluded:
        score, reasons = 0.0, (Reason("excluded", 0.0),)
    else:
        score, reasons = score_of(signals_of(commit, subject, kind, facts), weights)
    return Triage(
        sha=commit.sha,
        change_type=kind,
        area=area_of(subject, commit.files, areas),
        importance=Tier.LOW if is_excluded else tier_of(score, weights),
        score=score,
        reasons=reasons,
        reverts=original or _named_original(commit),
        series=subject.series,
    )


def _named_original(commit: Commit) -> str | None:
    hint = revert_hint(commit)
    if hint is None:
        return None
    names = [*hint.shas, *(f"#{n}" for n in hint.pr_numbers), *hint.subjects]
    return names[0]


def _tiers(judged: Mapping[str, Triage], weights: Mapping[str, float]) -> dict[str, Tier]:
    """The tiers of a day: a busy one has at least one high commit and at most a share of them."""
    tiers = {sha: triage.importance for sha, triage in judged.items()}
    ranked = sorted(judged, key=lambda sha: (-judged[sha].score, sha))
    if len(ranked) < weights["busy_day"]:
        return tiers
    most = max(1, math.ceil(len(ranked) * weights["high_share"]))
    high = [sha for sha in ranked if tiers[sha] is Tier.HIGH]
    for sha in high[most:]:
        if not _UNDENIABLE.intersection(r.code for r in judged[sha].reasons):
            tiers[sha] = Tier.MEDIUM
    if not high and tiers[ranked[0]] is Tier.MEDIUM:
        tiers[ranked[0]] = Tier.HIGH
    return tiers
