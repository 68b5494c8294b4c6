"""What speaks for or against reading a commit: named amounts, before any weight. Pure.

Each signal is a mechanism (a public name went away, the subject names a crash, only tests changed), not a
phrase of one repository. `triage` multiplies them with the weights. An amount lies between 0 and 1; what
is counted grows with the logarithm, as the first ones tell most.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules import emphasis
from digest_pipeline.rules.breaking import is_breaking
from digest_pipeline.rules.change_types import PLATFORMS
from digest_pipeline.rules.subjects import prose_of

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit
    from digest_pipeline.rules.subjects import Subject

Signals = dict[str, tuple[float, int | None]]
"""By name: the amount, and how many were counted where something was."""
_SHIPS = frozenset(
    [
        ChangeType.FEATURE,
        ChangeType.FIX,
        ChangeType.PERF,
        ChangeType.REFACTOR,
        ChangeType.SECURITY,
        ChangeType.REVERT,
    ]
)
_SUBSTANTIAL_CODE = 150
_SUBSTANTIAL_DOCS = 100
_VERY_LARGE = 800
_LAID_OFF = 25
"""Removed lines of code from which on a removal took something away, also where no name was seen to go."""
_KERNEL = re.compile(r"\.(cu|cuh|hip|metal|cl|comp|wgsl)$|kernel|/ops/", re.IGNORECASE)


def signals_of(commit: Commit, subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    """The signals of a commit that are there."""
    ships = kind in _SHIPS
    found = {
        **(_of_size(commit, kind, facts) if ships else {}),
        **(_of_names(facts) if ships else {}),
        **_of_dependencies(facts),
        **_of_message(commit, subject, kind, facts),
        **({} if kind is ChangeType.RELEASE else _of_files(subject, facts)),
        f"type_{kind.value}": (1.0, None),
    }
    return {name: signal for name, signal in found.items() if signal[0]}


def _grown(count: float, unit: float, full: float) -> float:
    """0 for none, 1 from `full` doublings of `unit` on."""
    return min(math.log2(1 + count / unit), full) / full


def _few(count: int) -> tuple[float, int]:
    return _grown(count, 1, 3), count


def _flag(value: object) -> tuple[float, None]:
    return (1.0 if value else 0.0), None


def _of_size(commit: Commit, kind: ChangeType, facts: Facts) -> Signals:
    """How much changes of what ships; the lines of tests, pipelines and documents count elsewhere."""
    code = 0 if facts.is_formatting_only else sum(facts.lines)
    is_feature = kind is ChangeType.FEATURE
    new = facts.size(FileKind.SOURCE).added_files if code >= _SUBSTANTIAL_CODE else 0
    added = (f.path for f in commit.files if f.status == "A" and f.kind is FileKind.SOURCE)
    tests = facts.size(FileKind.TEST)
    lines = tests.lines if FileKind.SOURCE in facts.kinds else 0
    has_docs = facts.kinds >= {FileKind.SOURCE, FileKind.DOCS} and not facts.is_prose_only
    return {
        "code_size": (_grown(code, 8, 7), code),
        "feature_size": (_grown(code, 8, 7) if is_feature else 0.0, code),
        "very_large": (_grown(max(0, code - _VERY_LARGE), 400, 3), code),
        "new_source_file": _few(new),
        "new_kernel": _flag(any(_KERNEL.search(path) for path in added)),
        "tested": (_grown(lines, 8, 6), lines),
        "feature_untested": _flag(is_feature and not facts.has_tests),
        "documented": _flag(has_docs),
    }


def _of_names(facts: Facts) -> Signals:
    broken = sum(bool(s.lost or s.required) for s in facts.signatures)
    return {
        "public_name_added": _few(len(facts.added)),
        "public_name_removed": _few(len(facts.removed) + len(facts.renamed)),
        "signature_broken": _few(broken),
        "signature_extended": _few(len(facts.signatures) - broken),
        "default_changed": _few(len(facts.values)),
        "option_added": _few(len(facts.options_added) + len(facts.env_added) + len(facts.endpoints_added)),
        "option_removed": _few(
            len(facts.options_removed) + len(facts.env_removed) + len(facts.endpoints_removed)
        ),
    }


def _of_dependencies(facts: Facts) -> Signals:
    runtime = [d for d in facts.dependencies if not d.is_dev]
    return {
        "dependency_changed": _few(len(runtime)),
        "dependency_major": _flag(any(d.is_major for d in runtime)),
        "platform_changed": _flag(any(d.name in PLATFORMS and d.old for d in runtime)),
    }


def _of_message(commit: Commit, subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    text, said = subject.text, prose_of(commit.body)
    ships, mends = kind in _SHIPS, kind in (ChangeType.FIX, ChangeType.SECURITY, ChangeType.REVERT)
    extends = kind in (ChangeType.FEATURE, ChangeType.PERF, ChangeType.BUILD)
    severe = bool(emphasis.SEVERE.search(text))
    return {
        "explained": (_grown(len(said), 100, 5) if ships else 0.0, None),
        "severe_fault": _flag(mends and severe),
        "severe_fault_in_body": _flag(mends and not severe and emphasis.SEVERE.search(said[:3000])),
        "edge_case": _flag(mends and emphasis.EDGE_CASE.search(text)),
        "said_default": _flag(emphasis.DEFAULT.search(text)),
        "measured_gain": _flag(ships and measured(text, said)),
        "platform_support": _flag(
            extends and emphasis.SUPPORT.search(text) and emphasis.PLATFORM.search(text)
        ),
        "deprecation": _flag(ships and (emphasis.DEPRECATION.search(text) or facts.deprecations)),
        "removal": _flag(ships and _removes(text, facts, mends=mends)),
        "said_minor": _flag(emphasis.MINOR.search(text)),
        "said_experimental": _flag(emphasis.EXPERIMENTAL.search(text)),
        "breaking": _flag(_breaks(commit, kind, facts)),
        "by_bot": _flag(emphasis.BOT.search(commit.author_name)),
    }


def _breaks(commit: Commit, kind: ChangeType, facts: Facts) -> bool:
    """Whether it is marked as breaking by its message or by what it adds to the project's change log.

    In the body only of what ships, as bumps quote the notes of others; in the change log only beside code or
    its build, as logs are also sorted and copied.
    """
    if facts.breaking_notes and (kind in _SHIPS or kind is ChangeType.BUILD):
        return True
    return is_breaking(commit) and (kind in _SHIPS or is_breaking(dataclasses.replace(commit, body="")))


def _removes(text: str, facts: Facts, *, mends: bool) -> bool:
    """Whether something goes that people used: it was deprecated, or the subject says so and the diff agrees.

    What mends does not end a deprecation: it brings back what was deprecated, or warns in another way.
    """
    gone = facts.removed or facts.options_removed or facts.size(FileKind.SOURCE).deleted_files
    if not gone and facts.lines[1] < _LAID_OFF:
        return False
    if facts.deprecations_gone and not mends:
        return True
    return bool(emphasis.REMOVAL.match(text)) and not emphasis.SURPLUS.search(text)


def measured(text: str, said: str) -> str | None:
    """The subject, or the first line of the message, that gives a figure of performance."""
    lines = [text, *said.split("\n")[:200]]
    return next((s for s in lines if emphasis.NUMBERS.search(s) and emphasis.PERF.search(s)), None)


def _of_files(subject: Subject, facts: Facts) -> Signals:
    bump = facts.kinds and sum(facts.lines) == 0 and emphasis.ROUTINE.match(subject.text)
    found: Signals = {
        "formatting_only": _flag(facts.is_formatting_only),
        "prose_only": _flag(facts.is_prose_only),
        "routine_bump": _flag(bump),
    }
    if facts.kinds and not facts.kinds & {FileKind.SOURCE, FileKind.DATA}:
        plumbing = facts.size(FileKind.CI, FileKind.BUILD, FileKind.CONFIG).insertions
        docs = facts.size(FileKind.DOCS)
        found["no_source"] = _flag(value=True)
        found["large_plumbing"] = (_grown(plumbing, 20, 4), plumbing)
        found["new_document"] = _flag(docs.added_files and docs.insertions >= _SUBSTANTIAL_DOCS)
    return found
