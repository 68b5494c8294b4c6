"""What kind of change a commit is: its evidence, weighed. Pure.

The weights are a file of numbers, `type_weights.toml`, trained by `benchmarks/training.py` on commits that
were read with their diffs; how well they do: docs/importance.md.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules.evidence import evidence_of, is_security
from digest_pipeline.rules.subject_types import guess, sure_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digest_pipeline.facts import Facts
    from digest_pipeline.rules.subjects import Subject

_MAY_MEND = (ChangeType.FIX, ChangeType.REFACTOR, ChangeType.SECURITY, None)


@functools.cache
def type_weights() -> Mapping[ChangeType, Mapping[str, float]]:
    """Points of each piece of evidence for each type, and with how many a type starts.

    Read when first asked for: the settings import this module, and most commands judge nothing.
    """
    numbers = tomllib.loads((Path(__file__).parents[1] / "type_weights.toml").read_text("utf-8"))
    return MappingProxyType({ChangeType(name): weights for name, weights in numbers.items()})


def change_type(
    subject: Subject,
    body: str,
    facts: Facts,
    weights: Mapping[ChangeType, Mapping[str, float]] | None = None,
) -> ChangeType:
    """The type of a commit.

    In: the parsed subject, the rest of the message, the facts, weights other than the trained ones. A revert
    is what its subject says, and a vulnerability in what ships is a matter of security; without files the
    subject speaks alone; files of settings only are a change of these where it does not tell.
    """
    if subject.is_revert:
        return ChangeType.REVERT
    said = sure_type(subject)
    ships = not facts.kinds or facts.kinds & {FileKind.SOURCE, FileKind.VENDORED}
    if ships and said in _MAY_MEND and is_security(subject, body):
        return ChangeType.SECURITY
    if not facts.kinds:
        return said or guess(subject.text)
    if facts.kinds == {FileKind.CONFIG} and said is None:
        return ChangeType.CONFIG
    evidence = evidence_of(subject, body, facts)
    points = type_weights() if weights is None else weights
    return max(points, key=lambda kind: _sum(points[kind], evidence))


def _sum(weights: Mapping[str, float], evidence: Mapping[str, float]) -> float:
    return weights["start"] + sum(weights.get(name, 0.0) * amount for name, amount in evidence.items())
