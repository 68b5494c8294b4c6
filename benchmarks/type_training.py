"""Train the weights of the change types from labelled commits: one softmax regression on the evidence.

`training` runs it, as the signals of importance depend on the type. Reverts are told by their subject and
`config` has no labels (the rubric has no such type), so neither is trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize  # pyright: ignore[reportMissingImports]  # the group bench has it

from digest_pipeline.models import ChangeType
from digest_pipeline.rules.change_types import change_type
from digest_pipeline.rules.evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelled import Labelled
    from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "digest_pipeline" / "type_weights.toml"
KINDS = [kind for kind in ChangeType if kind not in (ChangeType.REVERT, ChangeType.CONFIG)]
PENALTY = 2.0
UNSURE_COUNTS = 0.6
LEAST_WEIGHT = 0.05
"""Smaller weights are left out of the file."""
Weights = dict[ChangeType, dict[str, float]]


def fit_types(rows: Sequence[Labelled]) -> Weights:
    """The weights with the least penalised loss, by type and name of the evidence."""
    rows = [row for row in rows if row.label.type in KINDS]
    found = [evidence_of(row.subject, row.commit.body, row.facts) for row in rows]
    names = sorted({name for evidence in found for name in evidence})
    places = {name: n for n, name in enumerate(names)}
    amounts = np.zeros((len(rows), len(names)))
    for amount, evidence in zip(amounts, found, strict=True):
        for name, value in evidence.items():
            amount[places[name]] = value
    said = np.array([KINDS.index(ChangeType(row.label.type)) for row in rows])
    counts = np.where([row.label.is_sure for row in rows], 1.0, UNSURE_COUNTS)
    weights = _softmax(amounts, said, counts)
    return {
        kind: {"start": round(float(weights[-1, n]), 2)}
        | {
            name: round(float(weights[place, n]), 2)
            for name, place in places.items()
            if abs(weights[place, n]) >= LEAST_WEIGHT
        }
        for n, kind in enumerate(KINDS)
    }


def _softmax(
    amounts: NDArray[np.float64], said: NDArray[np.int64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One column of weights a type; the last row is what each starts from, without a penalty."""
    inputs = np.hstack([amounts, np.ones((len(amounts), 1))])
    shape, rows = (inputs.shape[1], len(KINDS)), np.arange(len(said))

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = values.reshape(shape)
        scores = inputs @ weights
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slopes = np.exp(logs)
        slopes[rows, said] -= 1
        away = weights.copy()
        away[-1] = 0
        total = -(counts * logs[rows, said]).sum() + 0.5 * PENALTY * (away**2).sum()
        return float(total), (inputs.T @ (slopes * counts[:, None]) + PENALTY * away).ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return found.x.reshape(shape)


def kinds_of(rows: Sequence[Labelled], weights: Weights) -> list[ChangeType]:
    """The type of each commit by these weights."""
    return [change_type(row.subject, row.commit.body, row.facts, weights) for row in rows]


def types_written(weights: Weights, count: int) -> str:
    """The file of numbers."""
    lines = [
        f"# Written by benchmarks/training.py from {count} labelled commits: docs/importance.md says how."
    ]
    for kind, table in weights.items():
        lines += ["", f"[{kind}]", *(f'"{name}" = {value:.2f}' for name, value in table.items())]
    return "\n".join(lines) + "\n"
