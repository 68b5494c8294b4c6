"""What speaks for or against reading a commit: named amounts, before any weight. Pure.

Each signal is a mechanism (a public name went away, the subject names a crash, only tests changed), not a
phrase of one repository. `triage` multiplies them with the weights. An amount lies between 0 and 1; what
is counted grows with the logarithm, as the first ones tell most.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from digest_pipeline import vocabulary
from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.subjects import is_breaking

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit
    from digest_pipeline.subjects import Subject

Signals = dict[str, tuple[float, int | None]]
"""By name: the amount, and how many were counted where something was."""
_SHIPS = frozenset(
    [ChangeType.FEATURE, ChangeType.FIX, ChangeType.PERF, ChangeType.REFACTOR, ChangeType.SECURITY]
)
_PLATFORMS = frozenset(["python", "rust", "node", "go"])
"""What a manifest asks of its users' machine."""
_SUBSTANTIAL_CODE = 150
_SUBSTANTIAL_DOCS = 100


def signals_of(commit: Commit, subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    """The signals of a commit that are there."""
    code = _code(facts)
    found = {
        **_of_size(kind, facts, code),
        **_of_names(facts),
        **_of_message(commit, subject, kind, facts),
        **({} if kind is ChangeType.RELEASE else _of_files(subject, facts, code)),
        f"type_{kind.value}": (1.0, None),
    }
    return {name: signal for name, signal in found.items() if signal[0]}


def _code(facts: Facts) -> int:
    """Changed lines of code, or of source where it was not read."""
    code = facts.code_added + facts.code_removed
    if code == 0 and not (facts.is_prose_only or facts.is_formatting_only):
        source = facts.size(FileKind.SOURCE)
        return source.insertions + source.deletions
    return code


def _grown(count: float, unit: float, full: float) -> float:
    """0 for none, 1 from `full` doublings of `unit` on."""
    return min(math.log2(1 + count / unit), full) / full


def _few(count: int) -> tuple[float, int]:
    return _grown(count, 1, 3), count


def _flag(value: object) -> tuple[float, None]:
    return (1.0 if value else 0.0), None


def _of_size(kind: ChangeType, facts: Facts, code: int) -> Signals:
    new = facts.size(FileKind.SOURCE).added_files if code >= _SUBSTANTIAL_CODE else 0
    return {
        "code_size": (0.0 if facts.is_formatting_only else _grown(code, 8, 7), code),
        "feature_size": (_grown(code, 8, 6) if kind is ChangeType.FEATURE else 0.0, code),
        "new_source_file": _few(new),
        "formatting_only": _flag(facts.is_formatting_only),
        "prose_only": _flag(facts.is_prose_only),
    }


def _of_names(facts: Facts) -> Signals:
    broken = sum(bool(s.lost or s.required) for s in facts.signatures)
    runtime = [d for d in facts.dependencies if not d.is_dev]
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
        "dependency_changed": _few(len(runtime)),
        "dependency_major": _flag(any(d.is_major for d in runtime)),
        "platform_changed": _flag(any(d.name in _PLATFORMS and d.old for d in runtime)),
    }


def _of_message(commit: Commit, subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    text, said = subject.text, prose_of(commit.body)
    ships, mends = kind in _SHIPS, kind in (ChangeType.FIX, ChangeType.SECURITY)
    severe = bool(vocabulary.SEVERE.search(text))
    gone = facts.removed or facts.options_removed or facts.size(FileKind.SOURCE).deleted_files
    return {
        "severe_fault": _flag(mends and severe),
        "severe_fault_in_body": _flag(mends and not severe and vocabulary.SEVERE.search(said)),
        "edge_case": _flag(mends and vocabulary.EDGE_CASE.search(text)),
        "said_default": _flag(vocabulary.DEFAULT.search(text)),
        "measured_gain": _flag(ships and measured(text, said)),
        "deprecation": _flag(ships and (vocabulary.DEPRECATION.search(text) or facts.deprecations)),
        "removal": _flag(ships and gone and vocabulary.REMOVAL.match(text)),
        "said_minor": _flag(vocabulary.MINOR.search(text)),
        "said_experimental": _flag(vocabulary.EXPERIMENTAL.search(text)),
        "breaking": _flag(is_breaking(commit)),
        "by_bot": _flag(vocabulary.BOT.search(commit.author_name)),
    }


def prose_of(body: str) -> str:
    """The part of a message that a person wrote: without comments, checklists, trailers and quotes."""
    body = re.sub(r"<!--.*?(-->|$)", " ", body[:8000], flags=re.DOTALL)
    lines = body.splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*([-*] \[[ xX]\]|>|[\w-]+-by:|```)", line))


def measured(text: str, said: str) -> str | None:
    """The subject, or the first line of the message, that gives a figure of performance."""
    lines = [text, *said.split("\n")[:200]]
    return next((s for s in lines if vocabulary.NUMBERS.search(s) and vocabulary.PERF.search(s)), None)


def _of_files(subject: Subject, facts: Facts, code: int) -> Signals:
    tests = facts.size(FileKind.TEST)
    lines = tests.insertions + tests.deletions if FileKind.SOURCE in facts.kinds else 0
    bump = facts.kinds and code == 0 and vocabulary.ROUTINE.match(subject.text)
    found: Signals = {"tested": (_grown(lines, 8, 6), lines), "routine_bump": _flag(bump)}
    if facts.kinds and not facts.kinds & {FileKind.SOURCE, FileKind.DATA}:
        plumbing = facts.size(FileKind.CI, FileKind.BUILD, FileKind.CONFIG).insertions
        docs = facts.size(FileKind.DOCS)
        found["no_source"] = _flag(value=True)
        found["large_plumbing"] = (_grown(plumbing, 20, 4), plumbing)
        found["new_document"] = _flag(docs.added_files and docs.insertions >= _SUBSTANTIAL_DOCS)
    return found
