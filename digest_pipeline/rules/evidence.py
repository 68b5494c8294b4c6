"""What speaks for the type of a change: named amounts from its subject, its message and its files. Pure.

Nothing is decided here: `change_types` weighs the evidence with `type_weights.toml`. An amount lies between
0 and 1; what is counted grows with the logarithm, as in `signals`.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules import emphasis, phrasing, vocabulary
from digest_pipeline.rules.subject_types import (
    names_fault,
    object_type,
    speaks_of_fault,
    speaks_of_speed,
    sure_type,
)
from digest_pipeline.rules.subjects import prose_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.facts import Facts
    from digest_pipeline.rules.findings import Dependency
    from digest_pipeline.rules.subjects import Subject

PLATFORMS = frozenset(["python", "rust", "node", "go"])
"""What a manifest asks of its users' machine."""
_READ = 3_000
"""Characters of a message that are looked at."""
_ATTACK = re.compile(r"\b(CVE-\d{4}-\d+|GHSA-\w{4}-\w{4}|attackers?\b|malicious)")
_ADVISORY = re.compile(r"Merge commit from fork\b")
"""How GitHub merges the private fix of a security advisory."""
_COUNTED = (
    "added", "removed", "renamed", "moved", "signatures", "internal_signatures", "internal_added",
    "internal_removed", "changed", "types", "values", "settings", "plumbing", "options_added", "env_added",
    "endpoints_added", "options_removed", "dependencies", "tests_added", "tests_changed", "sections",
)  # fmt: skip
"""Fields of the facts of which the number counts."""


def evidence_of(subject: Subject, body: str, facts: Facts) -> dict[str, float]:
    """What is there, by name.

    In: the parsed subject, the rest of the message, the facts (empty ones leave the message alone).
    """
    found = {
        **_of_subject(subject),
        **_of_message(body),
        **_of_files(subject.text, facts),
        **_of_facts(facts),
        **_of_dependencies(subject.text, facts.dependencies),
    }
    return {name: float(amount) for name, amount in found.items() if amount}


def _of_subject(subject: Subject) -> dict[str, float]:
    text = subject.text
    first = next(iter(re.findall(r"[\w'-]+", text.lower())), "")
    says, about = sure_type(subject), object_type(text)
    acts = vocabulary.verb_kind(first) or ("weak" if vocabulary.is_weak(first) else None)
    return {
        f"says.{says or 'nothing'}": 1.0,
        f"says_without_object.{sure_type(subject, has_objects=False) or 'nothing'}": 1.0,
        f"acts.{acts or 'otherwise'}": 1.0,
        f"about.{about or 'nothing'}": 1.0,
        f"named.{subject.kinds[0] if subject.kinds else 'nothing'}": 1.0,
        **{f"also.{kind}": 1.0 for kind in subject.kinds[1:]},
        f"hint.{subject.hint or 'nothing'}": 1.0,
        "fault": speaks_of_fault(text),
        "fault_named": names_fault(text),
        "speed": speaks_of_speed(text),
        "swaps": bool(phrasing.SWAPS.match(text)),
        "brings": bool(phrasing.BRINGS.match(text)),
        "tool": vocabulary.is_tool(text),
        "bumps": bool(vocabulary.BUMPS.search(text)),
        "next_cycle": bool(vocabulary.NEXT_CYCLE.search(text)),
        "surplus": bool(emphasis.SURPLUS.search(text)),
        "support": bool(emphasis.SUPPORT.search(text)),
        "words": grown(len(text.split()), 2, 3),
    }


def _of_message(body: str) -> dict[str, float]:
    read = body[:_READ]
    opening = _opening(read)
    return {
        "message": grown(len(read), 100, 5),
        "message.mends": bool(phrasing.MENDED.match(opening)),
        "message.adds": bool(phrasing.ADDED.match(opening)),
        "message.broken_before": bool(phrasing.BROKEN_BEFORE.search(opening)),
        "message.closes_issue": bool(phrasing.CLOSES_ISSUE.search(read)),
        "message.fault": bool(emphasis.SEVERE.search(opening) or emphasis.FAILS.search(opening)),
        "message.gain": bool(emphasis.GAIN.search(opening)),
        "message.figures": bool(emphasis.NUMBERS.search(read)),
    }


def is_security(subject: Subject, body: str) -> bool:
    """Whether a message speaks of a vulnerability, or is that of an advisory."""
    text = subject.text
    return bool(emphasis.SECURITY.search(text) or _ADVISORY.match(text) or _ATTACK.search(body[:_READ]))


def _opening(body: str) -> str:
    """The first words of a message on one line, without headings and lists."""
    lines = (line for line in prose_of(body).splitlines() if not phrasing.NO_PROSE.match(line))
    return " ".join(" ".join(lines).split())[:400]


def _of_files(text: str, facts: Facts) -> dict[str, float]:
    total = sum(size.lines for size in facts.sizes) or 1
    found: dict[str, float] = {}
    for size in facts.sizes:
        found[f"has.{size.kind}"] = 1.0
        found[f"share.{size.kind}"] = size.lines / total
        found[f"new.{size.kind}"] = grown(size.added_files, 1, 5)
    if len(facts.sizes) == 1:
        found[f"only.{facts.sizes[0].kind}"] = 1.0
        # what tests are built with is no test
        found["bumps.tests"] = facts.kinds == {FileKind.TEST} and vocabulary.BUMPS.match(text) is not None
    return found


def _of_facts(facts: Facts) -> dict[str, float]:
    added, removed = facts.lines
    return {
        "code.added": grown(added, 8, 7),
        "code.removed": grown(removed, 8, 7),
        "code.growth": added / (added + removed) if added + removed else 0.0,
        "code.none": FileKind.SOURCE in facts.kinds and added + removed == 0,
        "layout_only": facts.is_formatting_only,
        "comments_only": facts.is_prose_only,
        "example": facts.is_example,
        "tested": facts.has_tests,
        "deprecates": facts.deprecations > 0,
        **{f"facts.{name}": grown(len(getattr(facts, name)), 1, 5) for name in _COUNTED},
    }


def _of_dependencies(text: str, found: Sequence[Dependency]) -> dict[str, float]:
    """What is known of changed dependencies, and whether the subject names one or its new version."""
    names = "|".join(re.escape(d.name) for d in found[:50]) or "(?!)"
    versions = {d.new for d in found if d.new and d.old}
    said = re.findall(r"\d+\.\d[\w.]*", text)
    return {
        "dependencies.of_users": grown(sum(not d.is_dev for d in found), 1, 5),
        "dependencies.named": bool(re.search(rf"(?<![\w-])({names})(?![\w-])", text, re.IGNORECASE)),
        "dependencies.version_said": any(one in version for version in versions for one in said),
        "dependencies.platform": any(d.name in PLATFORMS for d in found),
    }


def grown(count: float, unit: float, full: float) -> float:
    """0 for none, 1 from `full` doublings of `unit` on."""
    return min(math.log2(1 + count / unit), full) / full
