"""What speaks for or against reading a commit: named amounts, before any weight. Pure.

Each signal is a mechanism (a public name went away, the subject names a crash, only tests changed), not a
phrase of one repository. `triage` multiplies them with the weights.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from digest_pipeline import vocabulary
from digest_pipeline.models import ChangeType, FileKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from digest_pipeline.facts import Facts
    from digest_pipeline.subjects import Subject

Signal = tuple[float, int | None]
"""(amount, what was counted)."""
_CODE_TYPES = frozenset(
    [ChangeType.FEATURE, ChangeType.FIX, ChangeType.PERF, ChangeType.REFACTOR, ChangeType.SECURITY]
)
_SUBSTANTIAL = 150


def signals_of(
    subject: Subject, body: str, kind: ChangeType, facts: Facts, *, is_breaking: bool
) -> dict[str, Signal]:
    """The signals of a commit that are there, by name."""
    found: dict[str, Signal] = {}

    def add(name: str, amount: float, count: int | None = None) -> None:
        if amount:
            found[name] = (amount, count)

    _of_size(facts, add)
    _of_names(facts, add)
    _of_message(subject, body, kind, facts, add)
    add("breaking", 1.0 if is_breaking else 0.0)
    _of_kind(kind, facts, add)
    return found


def _of_size(facts: Facts, add: Callable[..., None]) -> None:
    code = facts.code_added + facts.code_removed
    source = facts.size(FileKind.SOURCE)
    if code == 0 and source.files and not (facts.is_prose_only or facts.is_formatting_only):
        code = source.insertions + source.deletions
    if not (facts.is_prose_only or facts.is_formatting_only):
        add("code_size", min(math.log2(1 + code / 8), 7.0) / 7, code)
        add("many_source_files", min(math.log2(max(source.files, 1)), 5.0) / 5, source.files)
    add(
        "new_source_file",
        min(math.log2(1 + source.added_files), 3.0) / 3 if code >= _SUBSTANTIAL else 0.0,
        source.added_files,
    )


def _of_names(facts: Facts, add: Callable[..., None]) -> None:
    names = len(facts.added)
    add("public_name_added", _few(names), names)
    gone = len(facts.removed) + len(facts.renamed)
    add("public_name_removed", _few(gone), gone)
    harder = [s for s in facts.signatures if s.lost or s.required]
    add("signature_broken", _few(len(harder)), len(harder))
    softer = len(facts.signatures) - len(harder)
    add("signature_extended", _few(softer), softer)
    add("default_changed", _few(len(facts.values)), len(facts.values))
    new = len(facts.options_added) + len(facts.env_added) + len(facts.endpoints_added)
    add("option_added", _few(new), new)
    old = len(facts.options_removed) + len(facts.env_removed) + len(facts.endpoints_removed)
    add("option_removed", _few(old), old)
    runtime = [d for d in facts.dependencies if not d.is_dev]
    add("dependency_changed", _few(len(runtime)), len(runtime))
    add("dependency_major", 1.0 if any(d.is_major for d in runtime) else 0.0)


def _few(count: int) -> float:
    """0 to 1: the first ones tell most, from eight on it is all the same."""
    return min(math.log2(1 + count), 3.0) / 3


def _of_message(
    subject: Subject, body: str, kind: ChangeType, facts: Facts, add: Callable[..., None]
) -> None:
    text = subject.text
    ships = kind in _CODE_TYPES
    fixes = kind in (ChangeType.FIX, ChangeType.SECURITY)
    add("severe_fault", 1.0 if fixes and vocabulary.SEVERE.search(text) else 0.0)
    add(
        "severe_fault_in_body",
        1.0
        if fixes and vocabulary.SEVERE.search(prose_of(body)) and not vocabulary.SEVERE.search(text)
        else 0.0,
    )
    add("security", 1.0 if kind is ChangeType.SECURITY else 0.0)
    add("measured_gain", 1.0 if ships and _gain(text, body) else 0.0)
    add("deprecation", 1.0 if ships and (vocabulary.DEPRECATION.search(text) or facts.deprecations) else 0.0)
    add("removal", 1.0 if ships and _removes(text) and (facts.removed or facts.size().deleted_files) else 0.0)
    add("new_support", 1.0 if kind is ChangeType.FEATURE and _supports(text) else 0.0)
    add("said_minor", 1.0 if vocabulary.MINOR.search(text) else 0.0)
    add("said_experimental", 1.0 if vocabulary.EXPERIMENTAL.search(text) else 0.0)


def prose_of(body: str) -> str:
    """The part of a message that a person wrote: without comments, checklists, trailers and quotes."""
    body = re.sub(r"<!--.*?-->", " ", body[:8000], flags=re.DOTALL)
    return "\n".join(
        line for line in body.splitlines() if not re.match(r"\s*(- \[[ xX]\]|>|[\w-]+-by:|```)", line)
    )


def _gain(text: str, body: str) -> bool:
    if vocabulary.NUMBERS.search(text) and vocabulary.PERF.search(text):
        return True
    return any(
        vocabulary.NUMBERS.search(s) and vocabulary.PERF.search(s) for s in prose_of(body).split("\n")[:200]
    )


def _removes(text: str) -> bool:
    return bool(re.match(r"(remove|drop|delete|kill|deprecate)", text, re.IGNORECASE))


def _supports(text: str) -> bool:
    return bool(
        re.match(
            r"(add(s|ing|ed)?\b.*\bsupport|support|enable|introduce|implement|port|integrate|new)\b",
            text,
            re.IGNORECASE,
        )
    )


def _of_kind(kind: ChangeType, facts: Facts, add: Callable[..., None]) -> None:
    add(f"type_{kind.value}", 1.0)
    if facts.kinds and FileKind.SOURCE not in facts.kinds:
        add("no_source", 1.0)
    add("formatting_only", 1.0 if facts.is_formatting_only else 0.0)
    add("prose_only", 1.0 if facts.is_prose_only else 0.0)
    tests = facts.size(FileKind.TEST)
    lines = tests.insertions + tests.deletions
    add("tested", min(math.log2(1 + lines / 8), 6.0) / 6 if FileKind.SOURCE in facts.kinds else 0.0, lines)
