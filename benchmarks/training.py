"""Train the weights of the importance score from labelled commits, and write them as a file of numbers.

    python benchmarks/training.py MIRRORS [EXTRA ...]      needs `uv sync --group bench` (scipy)

Reads the labels of `benchmarks/labels` but those of the final test, and further label files (JSON lists of
{repo, sha, importance, type}), measures the signals of each commit as the pipeline does, and fits one
additive score and two cuts: a proportional-odds (ordinal logistic) regression with a penalty for every step
away from a starting value. The starting values (`STARTS`) are what the rubric says by itself (a release, a
breaking change, a removal is high; comments only are low), as labels of these are few; every other weight
starts at 0. High commits count 1.5 times, as to miss one is worse than to show one too many; where the
reader wavered, a label counts half. The points are put so that `threshold_medium` is 0.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from labelled import Labelled, label_files, of_files
from scipy.optimize import minimize  # pyright: ignore[reportMissingImports]  # the group bench has it

from digest_pipeline.models import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TIERS = [Tier.LOW, Tier.MEDIUM, Tier.HIGH]
TARGET = Path(__file__).parents[1] / "digest_pipeline" / "weights.toml"
PENALTY = 6.0
HIGH_COUNTS = 1.5
UNSURE_COUNTS = 0.5
MOVED = (0.3, 0.4)
"""How far the cuts of medium and high move inwards: of 0.2 to 0.6 what finds most of the high ones on
held-out repositories for less than 0.005 of macro-F1."""
_ASIDE = ("type_docs", "type_test", "type_ci", "type_config", "type_chore")
TIED = dict.fromkeys(_ASIDE, "aside") | {
    "public_name_added": "interface_added",
    "option_added": "interface_added",
    "public_name_removed": "interface_removed",
    "option_removed": "interface_removed",
}
"""Signals that share one weight: the labels are too few to tell them apart."""
STARTS = {
    "type_release": 6.0,
    "type_security": 4.0,
    "breaking": 4.0,
    "removal": 3.0,
    "deprecation": 3.0,
    "platform_changed": 2.0,
    "very_large": 2.0,
    "new_document": 2.0,
    "severe_fault": 2.0,
    "dependency_changed": 1.0,
    "dependency_major": 1.0,
    "large_plumbing": 1.0,
    "prose_only": -2.0,
    "formatting_only": -2.0,
    "routine_bump": -1.5,
    "by_bot": -1.0,
    "no_source": -1.0,
    "aside": -2.0,
}
FITTED = (
    "code_size", "feature_size", "very_large", "new_kernel", "tested", "feature_untested", "documented",
    "public_name_added", "option_added", "public_name_removed", "option_removed", "signature_broken",
    "removal", "deprecation", "breaking", "severe_fault", "severe_fault_in_body", "explained",
    "platform_support", "dependency_changed", "dependency_major", "platform_changed", "no_source",
    "formatting_only", "prose_only", "routine_bump",
    "by_bot", "said_minor", "large_plumbing", "new_document", "type_feature", "type_fix", "type_perf",
    "type_refactor", "type_build", "type_security", "type_revert", "type_release", *_ASIDE,
)  # fmt: skip
"""The signals that get a weight; the others are measured and weigh 0 until somebody's settings say more."""
UNFITTED = (
    "new_source_file", "signature_extended", "default_changed", "edge_case", "said_default",
    "measured_gain", "said_experimental",
)  # fmt: skip
COLUMNS = tuple(dict.fromkeys(TIED.get(name, name) for name in FITTED))


class Model(NamedTuple):
    """One weight a column, and the two cuts of the score."""

    weights: NDArray[np.float64]
    medium: float
    high: float

    def tiers(self, amounts: NDArray[np.float64]) -> list[Tier]:
        """The tier of each row."""
        scores = amounts @ self.weights
        return [TIERS[int(s >= self.medium) + int(s >= self.high)] for s in scores]


def amounts_of(rows: Sequence[Labelled]) -> NDArray[np.float64]:
    """The signals of labelled commits as a matrix with `COLUMNS`."""
    matrix = np.zeros((len(rows), len(COLUMNS)))
    for i, row in enumerate(rows):
        for name, (amount, _) in row.signals.items():
            if name in FITTED:
                matrix[i, COLUMNS.index(TIED.get(name, name))] += amount
    return matrix


def fit(rows: Sequence[Labelled], penalty: float = PENALTY, high_counts: float = HIGH_COUNTS) -> Model:
    """The model with the least penalised loss on some labelled commits."""
    amounts, places = amounts_of(rows), np.array([TIERS.index(row.tier) for row in rows])
    starts = np.array([STARTS.get(name, 0.0) for name in COLUMNS])
    sure = np.array([row.is_sure for row in rows])
    counts = np.where(places == 2, high_counts, 1.0) * np.where(sure, 1.0, UNSURE_COUNTS)

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, cuts = values[:-2], np.array([values[-2], values[-2] + np.exp(values[-1])])
        below = 1 / (1 + np.exp(-(cuts[None, :] - (amounts @ weights)[:, None])))
        low, mid = below[:, 0], below[:, 1]
        chance = np.clip(np.choose(places, [low, mid - low, 1 - mid]), 1e-9, 1)
        steep = below * (1 - below)
        by_low = np.choose(places, [steep[:, 0], -steep[:, 0], 0 * low]) * counts / chance
        by_mid = np.choose(places, [0 * mid, steep[:, 1], -steep[:, 1]]) * counts / chance
        slope = amounts.T @ (by_low + by_mid) + penalty * (weights - starts)
        ends = [-(by_low + by_mid).sum(), -by_mid.sum() * np.exp(values[-1])]
        away = 0.5 * penalty * ((weights - starts) ** 2).sum()
        return float(-(counts * np.log(chance)).sum() + away), np.concatenate([slope, ends])

    found = minimize(loss, np.concatenate([starts, [0.0, 0.5]]), jac=True, method="L-BFGS-B")
    medium, high = float(found.x[-2]), float(found.x[-2] + np.exp(found.x[-1]))
    return Model(found.x[:-2], medium + MOVED[0], high - MOVED[1])


def held_out(rows: Sequence[Labelled]) -> list[Tier]:
    """Each commit judged by a model that has seen no commit of its repository."""
    tiers: dict[str, Tier] = {}
    for repo in sorted({row.repo for row in rows}):
        judged = [row for row in rows if row.repo == repo]
        model = fit([row for row in rows if row.repo != repo])
        tiers.update(zip((row.sha for row in judged), model.tiers(amounts_of(judged)), strict=True))
    return [tiers[row.sha] for row in rows]


def as_points(model: Model) -> dict[str, float]:
    """The weights by signal, shifted so that a commit of medium importance starts at 0, to one decimal."""
    shared = dict(zip(COLUMNS, model.weights, strict=True))
    points = {name: shared[TIED.get(name, name)] for name in FITTED}
    shifted = {n: v - model.medium if n.startswith("type_") else v for n, v in points.items()}
    return {n: round(float(v), 1) + 0.0 for n, v in shifted.items()} | dict.fromkeys(UNFITTED, 0.0)


def written(model: Model, count: int) -> str:
    """The file of numbers."""
    points = as_points(model)
    lines = [
        f"# Written by benchmarks/training.py from {count} labelled commits: docs/importance.md says how.",
        "# Points of each signal at its full amount; what is 0 is measured and weighs nothing by default.",
        "[weights]",
        *(f"{name} = {value:.1f}" for name, value in points.items()),
        "",
        "[tiers]",
        "threshold_medium = 0.0",
        f"threshold_high = {round(model.high - model.medium, 1):.1f}",
        "high_share = 0.2",
        "busy_day = 8.0",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    labels = [path for paths in label_files().values() for path in paths]
    known = of_files([*labels, *map(Path, sys.argv[2:])], Path(sys.argv[1]))
    TARGET.write_text(written(fit(known), len(known)), encoding="utf-8")
    print(f"{TARGET}: trained on {len(known)} commits")
