"""Train the weights of the importance score from labelled commits, and write them as a file of numbers.

    python benchmarks/training.py MIRRORS [EXTRA ...]      needs `uv sync --group bench` (scipy)

Reads the labels of `benchmarks/labels` but those that only test, and further label files (JSON lists of
{repo, sha, importance, type}), measures the signals of each commit as the pipeline does, and fits two
logistic regressions: is a commit worth a skim (medium or high), and must it not be missed (high). Each has
a penalty for every step away from a starting value. The starting values (`STARTS`) are what the rubric
says by itself (a release, a breaking change, a removal is high; comments only are low), as labels of these
are few; every other weight starts at 0. Where the reader wavered, a label counts half. The points are put
so that `threshold_medium` is 0.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from labelled import Labelled, development, labels, read
from scipy.optimize import minimize  # pyright: ignore[reportMissingImports]  # the group bench has it
from type_training import TARGET as TYPES_TARGET
from type_training import fit_types, kinds_of, types_written

from digest_pipeline.models import ChangeType, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TIERS = [Tier.LOW, Tier.MEDIUM, Tier.HIGH]
TARGET = Path(__file__).parents[1] / "digest_pipeline" / "weights.toml"
PENALTY, PENALTY_OF_RULED = 3.0, 20.0
"""For a step away from 0, and from what the rubric says by itself."""
UNSURE_COUNTS = 0.5
CHANCE = (0.5, 0.35)
"""The chance of being at least medium, and of being high, from which on a commit is taken for it. Missing a
high one is worse than showing one too many."""
THRESHOLD_HIGH = 3.0
FOLDS = 10
"""Groups of repositories that are left out in turn."""
TYPES = tuple(f"type_{kind.value}" for kind in ChangeType)
TIED = {"type_config": "type_chore"}
"""Signals that share one weight: the labels are too few to tell them apart."""
STARTS = {
    "type_release": 5.0,
    "type_security": 4.0,
    "breaking": 4.0,
    "removal": 4.0,
    "deprecation": 3.5,
    "platform_changed": 2.0,
    "very_large": 1.0,
    "new_document": 1.0,
    "severe_fault": 2.0,
    "dependency_major": 1.0,
    "prose_only": -2.0,
    "formatting_only": -2.0,
    "routine_bump": -1.0,
    "by_bot": -1.0,
}
"""In both regressions."""
SIGNALS = (
    "code_size", "feature_size", "very_large", "mostly_added", "new_source_file", "new_kernel", "tested",
    "new_test", "documented", "public_name_added", "public_name_removed", "internal_name_added",
    "internal_name_removed", "definition_changed", "signature_broken", "signature_extended",
    "default_changed", "option_added", "option_removed", "dependency_changed", "dependency_major",
    "platform_changed", "named_feature", "named_fix", "named_refactor", "named_aside", "long_subject",
    "severe_fault", "severe_fault_in_body", "security_in_body", "edge_case", "said_support", "platform",
    "deprecation", "removal", "surplus", "said_minor", "explained", "measured_gain", "closes_issue",
    "breaking", "by_bot", "breadth", "formatting_only", "prose_only", "routine_bump", "no_source",
    "large_plumbing", "new_document", *TYPES,
)  # fmt: skip
COLUMNS = tuple(dict.fromkeys(TIED.get(name, name) for name in SIGNALS))


class Model(NamedTuple):
    """For each regression one weight a column, and what the sum must reach."""

    medium: NDArray[np.float64]
    high: NDArray[np.float64]
    cuts: tuple[float, float]

    def tiers(self, amounts: NDArray[np.float64]) -> list[Tier]:
        """The tier of each row."""
        worth, must = amounts @ self.medium - self.cuts[0], amounts @ self.high - self.cuts[1]
        return [TIERS[2 if b >= 0 else int(a >= 0)] for a, b in zip(worth, must, strict=True)]


def amounts_of(rows: Sequence[Labelled], kinds: Sequence[ChangeType]) -> NDArray[np.float64]:
    """The signals of labelled commits of these types as a matrix with `COLUMNS`."""
    matrix = np.zeros((len(rows), len(COLUMNS)))
    for i, (row, kind) in enumerate(zip(rows, kinds, strict=True)):
        for name, (amount, _) in row.signals(kind).items():
            matrix[i, COLUMNS.index(TIED.get(name, name))] += amount
    return matrix


def fit(rows: Sequence[Labelled], amounts: NDArray[np.float64]) -> Model:
    """The two regressions with the least penalised loss on some labelled commits."""
    places = np.array([TIERS.index(row.label.tier) for row in rows])
    counts = np.where([row.label.is_sure for row in rows], 1.0, UNSURE_COUNTS)
    found = [_regression(amounts, places >= place, counts) for place in (1, 2)]
    cuts = [float(np.log(c / (1 - c))) - bias for c, (_, bias) in zip(CHANCE, found, strict=True)]
    return Model(found[0][0], found[1][0], (cuts[0], cuts[1]))


def _regression(
    amounts: NDArray[np.float64], is_so: NDArray[np.bool_], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    starts = np.array([STARTS.get(name, 0.0) for name in COLUMNS])
    penalty = np.array([PENALTY_OF_RULED if name in STARTS else PENALTY for name in COLUMNS])

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, signs = values[:-1], np.where(is_so, 1.0, -1.0)
        margins = signs * (amounts @ weights + values[-1])
        slopes = -counts * signs / (1 + np.exp(margins))
        away = weights - starts
        total = (counts * np.logaddexp(0, -margins)).sum() + 0.5 * (penalty * away) @ away
        return float(total), np.append(amounts.T @ slopes + penalty * away, slopes.sum())

    found = minimize(loss, np.append(starts, 0.0), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return found.x[:-1], float(found.x[-1])


def judged(known: Sequence[Labelled], rows: Sequence[Labelled]) -> dict[str, tuple[Tier, ChangeType]]:
    """Tier and type of some commits, by SHA, by weights that are trained on others."""
    types = fit_types(known)
    model = fit(known, amounts_of(known, kinds_of(known, types)))
    kinds = kinds_of(rows, types)
    tiers = model.tiers(amounts_of(rows, kinds))
    return {row.label.sha: (tier, kind) for row, tier, kind in zip(rows, tiers, kinds, strict=True)}


def held_out(rows: Sequence[Labelled]) -> dict[str, tuple[Tier, ChangeType]]:
    """Tier and type by SHA, each judged by weights that have seen no commit of its repository."""
    repos = sorted({row.label.repo for row in rows})
    random.Random(FOLDS).shuffle(repos)  # noqa: S311 - no secret
    found: dict[str, tuple[Tier, ChangeType]] = {}
    for fold in range(FOLDS):
        left_out = {*repos[fold::FOLDS]}
        known = [row for row in rows if row.label.repo not in left_out]
        others = [row for row in rows if row.label.repo in left_out]
        found |= judged(known, others)
    return found


def as_points(model: Model) -> dict[str, dict[str, float]]:
    """The weights by tier and signal to one decimal; the types carry what a commit starts from."""
    tables = {}
    starts = (-model.cuts[0], THRESHOLD_HIGH - model.cuts[1])
    for tier, weights, start in zip(("medium", "high"), (model.medium, model.high), starts, strict=True):
        shared = dict(zip(COLUMNS, weights, strict=True))
        points = {name: shared[TIED.get(name, name)] + start * (name in TYPES) for name in SIGNALS}
        tables[tier] = {name: round(float(value), 1) + 0.0 for name, value in points.items()}
    return tables


def written(model: Model, count: int) -> str:
    """The file of numbers."""
    lines = [
        f"# Written by benchmarks/training.py from {count} labelled commits: docs/importance.md says how.",
        "# Points of each signal at its full amount: for being worth a skim, and for being high.",
    ]
    for tier, points in as_points(model).items():
        lines += [f"[{tier}]", *(f"{name} = {value:.1f}" for name, value in points.items()), ""]
    lines += [
        "[tiers]",
        "threshold_medium = 0.0",
        f"threshold_high = {THRESHOLD_HIGH:.1f}",
        "high_share = 0.2",
        "busy_day = 8.0",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    extra = [label for path in sys.argv[2:] for label in development(Path(path))]
    trained = read([*extra, *(label for found in labels().values() for label in found)], Path(sys.argv[1]))
    type_weights = fit_types(trained)
    TYPES_TARGET.write_text(types_written(type_weights, len(trained)), encoding="utf-8")
    shipped = fit(trained, amounts_of(trained, kinds_of(trained, type_weights)))
    TARGET.write_text(written(shipped, len(trained)), encoding="utf-8")
    print(f"{TARGET}, {TYPES_TARGET}: trained on {len(trained)} commits")
