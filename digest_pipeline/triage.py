"""How important a commit is, with named reasons; its type, area and series. Pure.

Two sums of signals times weights (`weights.toml`, changed by `[importance]` of the settings) say whether a
commit is worth a skim and whether it must not be missed; the tier follows from two thresholds and the rank
within the day. How the weights are trained and how well they do: docs/importance.md.
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


@dataclasses.dataclass(frozen=True, slots=True)
class Weights:
    """Points of each signal at its full amount, and what makes a tier of their sums: docs/importance.md."""

    medium: Mapping[str, float]
    """For being worth a skim: medium or high."""
    high: Mapping[str, float]
    """For not being missed."""
    tiers: Mapping[str, float]
    """Thresholds of both sums, and what holds on a busy day."""

    def changed(self, by: Mapping[str, float]) -> Weights:
        """These with other values; that of a signal counts in both sums."""
        tables = [
            MappingProxyType({name: by.get(name, value) for name, value in table.items()})
            for table in (self.medium, self.high, self.tiers)
        ]
        return Weights(*tables)


DEFAULT_WEIGHTS = Weights(**tomllib.loads((Path(__file__).parent / "weights.toml").read_text("utf-8")))
WEIGHT_NAMES = frozenset([*DEFAULT_WEIGHTS.high, *DEFAULT_WEIGHTS.tiers])
_UNDENIABLE = frozenset(["type_release", "breaking", "type_security"])
"""With one of these reasons a commit stays high however many others are."""


def triage_day(
    commits: Sequence[tuple[Commit, Facts]],
    *,
    areas: Sequence[tuple[str, Sequence[str]]] = (),
    exclude: Sequence[str] = (),
    weights: Mapping[str, float] = MappingProxyType({}),
    originals: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Triage]:
    """Judge all commits of one repository and day, by SHA, in the order given.

    In: the commits with their facts; the settings' areas (name, globs) and excluded globs; weights that
    differ from the default; for reverts, the SHA of the original where it is known. A commit whose files
    are all excluded is of low importance.
    """
    all_weights = DEFAULT_WEIGHTS.changed(weights)
    judged = {
        commit.sha: _judge(
            commit,
            facts,
            areas=areas,
            exclude=exclude,
            weights=all_weights,
            original=originals.get(commit.sha),
        )
        for commit, facts in commits
    }
    tiers = _tiers(judged, all_weights.tiers)
    return {sha: dataclasses.replace(triage, importance=tiers[sha]) for sha, triage in judged.items()}


_FLOOR = frozenset({"breaking", "type_security", "public_name_removed", "signature_broken", "option_removed"})
"""Signals of what is a security or a breaking change, whatever they weigh."""


def is_held(commit: Commit, facts: Facts, kind: ChangeType) -> bool:
    """Whether a fact forbids a model to lower the importance that the rules found."""
    signals = signals_of(commit, subject_of(commit), kind, facts)
    return any(signals[name][0] > 0 for name in _FLOOR & signals.keys())


def score_of(signals: Signals, weights: Weights = DEFAULT_WEIGHTS) -> tuple[Tier, float, tuple[Reason, ...]]:
    """The tier by the thresholds alone, the score and its reasons, the heaviest first.

    The score of a low commit says how far it is from being worth a skim, that of any other one how near it
    is to being high, or how far above it; it stays between the thresholds of its tier. What weighs nothing
    is no reason.
    """
    low, high = weights.tiers["threshold_medium"], weights.tiers["threshold_high"]
    score, reasons = _sum(signals, weights.high)
    if score >= high:
        return Tier.HIGH, score, reasons
    worth, against = _sum(signals, weights.medium)
    if worth >= low:
        return Tier.MEDIUM, max(score, low), reasons
    return Tier.LOW, worth, against


def _sum(signals: Signals, weights: Mapping[str, float]) -> tuple[float, tuple[Reason, ...]]:
    reasons = [
        Reason(name, round(weights[name] * amount, 1), count)
        for name, (amount, count) in signals.items()
        if name in weights
    ]
    reasons = sorted((r for r in reasons if r.points), key=lambda r: (-abs(r.points), r.code))
    return round(sum(r.points for r in reasons), 1), tuple(reasons)


def _judge(  # noqa: PLR0913 - what one commit is judged by
    commit: Commit,
    facts: Facts,
    *,
    areas: Sequence[tuple[str, Sequence[str]]],
    exclude: Sequence[str],
    weights: Weights,
    original: str | None,
) -> Triage:
    subject = subject_of(commit)
    kind = change_type(subject, commit.body, facts)
    is_excluded = bool(exclude and commit.files) and all(is_among(f.path, exclude) for f in commit.files)
    tier, score, reasons = Tier.LOW, 0.0, (Reason("excluded", 0.0),)
    if not is_excluded:
        tier, score, reasons = score_of(signals_of(commit, subject, kind, facts), weights)
    return Triage(
        sha=commit.sha,
        change_type=kind,
        area=area_of(subject, commit.files, areas),
        importance=tier,
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


def _tiers(judged: Mapping[str, Triage], limits: Mapping[str, float]) -> dict[str, Tier]:
    """The tiers of a day: a busy one has at least one high commit and at most a share of them."""
    tiers = {sha: triage.importance for sha, triage in judged.items()}
    ranked = sorted(judged, key=lambda sha: (-judged[sha].score, sha))
    if len(ranked) < limits["busy_day"]:
        return tiers
    most = max(1, math.ceil(len(ranked) * limits["high_share"]))
    high = [sha for sha in ranked if tiers[sha] is Tier.HIGH]
    for sha in high[most:]:
        if not _UNDENIABLE.intersection(r.code for r in judged[sha].reasons):
            tiers[sha] = Tier.MEDIUM
    if not high and tiers[ranked[0]] is Tier.MEDIUM:
        tiers[ranked[0]] = Tier.HIGH
    return tiers
