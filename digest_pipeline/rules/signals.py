"""What speaks for or against reading a commit: named amounts, before any weight. Pure.

Each signal is a mechanism (a public name went away, the subject names a crash, only tests changed), not a
phrase of one repository. `triage` multiplies them with the weights. An amount lies between 0 and 1; what
is counted grows with the logarithm, as the first ones tell most.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules import emphasis
from digest_pipeline.rules.breaking import is_breaking
from digest_pipeline.rules.evidence import PLATFORMS, grown
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
_SUBSTANTIAL_DOCS = 100
_VERY_LARGE = 800
_LAID_OFF = 25
"""Removed lines of code from which on a removal took something away, also where no name was seen to go."""
_READ = 3_000
"""Characters of a message that are looked at for words."""
_KERNEL = re.compile(r"\.(cu|cuh|hip|metal|cl|comp|wgsl)$|kernel|/ops/", re.IGNORECASE)
_CLOSES = re.compile(r"\b(?:fix|clos|resolv)\w*:? +(?:[\w./-]*#|https?://\S+/issues/)\d", re.IGNORECASE)


def signals_of(commit: Commit, subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    """The signals of a commit that are there."""
    ships = kind in _SHIPS
    found = {
        **(_of_size(commit, kind, facts) if ships else {}),
        **(_of_names(facts) if ships else {}),
        **_of_dependencies(facts),
        **_of_subject(subject, kind, facts),
        **(_of_body(prose_of(commit.body), subject, kind) if ships else {}),
        "breaking": _flag(_breaks(commit, kind, facts)),
        "by_bot": _flag(emphasis.BOT.search(commit.author_name)),
        **({} if kind is ChangeType.RELEASE else _of_files(commit, subject, facts)),
        f"type_{kind.value}": (1.0, None),
    }
    return {name: signal for name, signal in found.items() if signal[0]}


def _few(count: int) -> tuple[float, int]:
    return grown(count, 1, 3), count


def _several(count: int) -> tuple[float, int]:
    return grown(count, 1, 5), count


def _flag(value: object) -> tuple[float, None]:
    return (1.0 if value else 0.0), None


def _of_size(commit: Commit, kind: ChangeType, facts: Facts) -> Signals:
    """How much changes of what ships, and what changes with it."""
    code = 0 if facts.is_formatting_only else sum(facts.lines)
    added = [f.path for f in commit.files if f.status == "A" and f.kind is FileKind.SOURCE]
    tests = facts.size(FileKind.TEST).insertions if FileKind.SOURCE in facts.kinds else 0
    docs = facts.size(FileKind.DOCS).insertions
    return {
        "code_size": (grown(code, 8, 7), code),
        "feature_size": (grown(code, 8, 7) if kind is ChangeType.FEATURE else 0.0, code),
        "very_large": (grown(max(0, code - _VERY_LARGE), 400, 3), code),
        "mostly_added": (facts.lines[0] / code if code else 0.0, None),
        "new_source_file": _several(len(added)),
        "new_kernel": _flag(any(_KERNEL.search(path) for path in added)),
        "tested": (grown(tests, 8, 6), tests),
        "new_test": _several(len(facts.tests_added)),
        "documented": (0.0 if facts.is_prose_only else grown(docs, 4, 6), docs),
    }


def _of_names(facts: Facts) -> Signals:
    broken = sum(bool(s.lost or s.required) for s in facts.signatures)
    return {
        "public_name_added": _several(len(facts.added)),
        "public_name_removed": _several(len(facts.removed) + len(facts.renamed)),
        "internal_name_added": _several(len(facts.internal_added)),
        "internal_name_removed": _several(len(facts.internal_removed)),
        "definition_changed": _several(len(facts.changed)),
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


def _of_subject(subject: Subject, kind: ChangeType, facts: Facts) -> Signals:
    """What the subject says, and which type its author gives the change."""
    text, ships = subject.text, kind in _SHIPS
    mends = kind in (ChangeType.FIX, ChangeType.SECURITY, ChangeType.REVERT)
    is_aside = any(k not in _SHIPS for k in subject.kinds)
    return {
        "named_feature": _flag(ChangeType.FEATURE in subject.kinds),
        "named_fix": _flag(ChangeType.FIX in subject.kinds),
        "named_aside": _flag(is_aside),
        "named_refactor": _flag(ChangeType.REFACTOR in subject.kinds),
        "long_subject": (grown(len(text.split()), 2, 3) if ships else 0.0, None),
        "severe_fault": _flag(mends and emphasis.SEVERE.search(text)),
        "edge_case": _flag(mends and emphasis.EDGE_CASE.search(text)),
        "said_support": _flag(ships and emphasis.SUPPORT.search(text)),
        "platform": _flag((ships or kind is ChangeType.BUILD) and emphasis.PLATFORM.search(text)),
        "deprecation": _flag(ships and _ends(text, facts)),
        "removal": _flag(ships and _removes(text, facts, mends=mends)),
        "surplus": _flag(emphasis.SURPLUS.search(text)),
        "said_minor": _flag(emphasis.MINOR.search(text)),
    }


def _of_body(said: str, subject: Subject, kind: ChangeType) -> Signals:
    """What a person wrote below the subject of a change that ships."""
    mends = kind in (ChangeType.FIX, ChangeType.SECURITY, ChangeType.REVERT)
    opening, severe = said[:_READ], bool(emphasis.SEVERE.search(subject.text))
    return {
        "explained": (grown(len(said), 100, 5), None),
        "severe_fault_in_body": _flag(mends and not severe and emphasis.SEVERE.search(opening)),
        "security_in_body": _flag(emphasis.SECURITY.search(opening)),
        "measured_gain": _flag(measured(subject.text, said)),
        "closes_issue": _flag(_CLOSES.search(opening)),
    }


def _breaks(commit: Commit, kind: ChangeType, facts: Facts) -> bool:
    """Whether it is marked as breaking by its message or by what it adds to the project's change log.

    In the body only of what ships, as bumps quote the notes of others; in the change log only beside code or
    its build, as logs are also sorted and copied.
    """
    if facts.breaking_notes and (kind in _SHIPS or kind is ChangeType.BUILD):
        return True
    return is_breaking(commit) and (kind in _SHIPS or is_breaking(dataclasses.replace(commit, body="")))


def _ends(text: str, facts: Facts) -> bool:
    """Whether something is announced to end, by the subject or in the source."""
    return bool(emphasis.DEPRECATION.search(text) or facts.deprecations or facts.deprecated)


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


def _of_files(commit: Commit, subject: Subject, facts: Facts) -> Signals:
    bump = facts.kinds and sum(facts.lines) == 0 and emphasis.ROUTINE.match(subject.text)
    folders = len({f.path.partition("/")[0] for f in commit.files})
    found: Signals = {
        "breadth": (grown(folders - 1, 1, 3) if folders else 0.0, folders),
        "formatting_only": _flag(facts.is_formatting_only),
        "prose_only": _flag(facts.is_prose_only),
        "routine_bump": _flag(bump),
    }
    if facts.kinds and not facts.kinds & {FileKind.SOURCE, FileKind.DATA}:
        plumbing = facts.size(FileKind.CI, FileKind.BUILD, FileKind.CONFIG).insertions
        docs = facts.size(FileKind.DOCS)
        found["no_source"] = _flag(value=True)
        found["large_plumbing"] = (grown(plumbing, 20, 4), plumbing)
        found["new_document"] = _flag(docs.added_files and docs.insertions >= _SUBSTANTIAL_DOCS)
    return found
