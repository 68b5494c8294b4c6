"""What kind of change a commit is: what its subject says, held against what its files are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules import emphasis, vocabulary
from digest_pipeline.rules.subject_types import ASIDE, guess, object_type, speaks_of_fault, sure_type

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.rules.subjects import Subject

PLATFORMS = frozenset(["python", "rust", "node", "go"])
"""What a manifest asks of its users' machine."""
_BESIDE = (FileKind.TEST, FileKind.DOCS, FileKind.CI, FileKind.BUILD)
_QUIET_KINDS = frozenset([FileKind.LOCK, FileKind.GENERATED, FileKind.VENDORED, FileKind.DATA])
_KIND_TYPES: tuple[tuple[frozenset[FileKind], ChangeType], ...] = (
    (frozenset([FileKind.DOCS]), ChangeType.DOCS),
    (frozenset([FileKind.TEST]), ChangeType.TEST),
    (frozenset([FileKind.TEST, FileKind.DOCS]), ChangeType.TEST),
    (frozenset([FileKind.CI]), ChangeType.CI),
    (frozenset([FileKind.CI, FileKind.DOCS]), ChangeType.CI),
    (frozenset([FileKind.CI, FileKind.TEST]), ChangeType.CI),
    (frozenset([FileKind.BUILD]), ChangeType.BUILD),
    (frozenset([FileKind.BUILD, FileKind.DOCS]), ChangeType.BUILD),
    (frozenset([FileKind.CONFIG]), ChangeType.CONFIG),
)


def change_type(subject: Subject, body: str, facts: Facts) -> ChangeType:
    """The type of a commit.

    In: the parsed subject, the rest of the message, the facts (empty ones leave the subject alone).
    A revert and a release are what their subject says; else files of one kind decide; else the subject
    does, and where it only says that something changes, the facts.
    """
    if subject.is_revert:
        return ChangeType.REVERT
    said = sure_type(subject)
    sure = _whatever_the_files(subject, said, facts) or _by_purpose(subject, said, facts)
    if sure is not None:
        return sure
    if said in (ChangeType.FIX, None) and _is_security(subject, body):
        return ChangeType.SECURITY
    if _is_aside(said, subject) and _is_mostly_source(facts):
        said = sure_type(subject, has_objects=False)
        said = None if said in ASIDE else said
    if said in (ChangeType.REFACTOR, None) and _names_dependency(subject, facts):
        return ChangeType.BUILD
    if said is None or (said is ChangeType.CHORE and facts.code_added > _SMALL):
        return _by_facts(facts, subject.text, body) if facts.kinds else said or guess(subject.text)
    return said


def _whatever_the_files(subject: Subject, said: ChangeType | None, facts: Facts) -> ChangeType | None:
    """A release, the start of the next cycle, and a named vulnerability; a new platform is no release."""
    if said is ChangeType.RELEASE:
        return ChangeType.BUILD if any(d.name in PLATFORMS for d in facts.dependencies) else said
    if said is ChangeType.CHORE and vocabulary.NEXT_CYCLE.search(subject.text):
        return said
    ships = facts.kinds & {FileKind.SOURCE, FileKind.VENDORED}
    return ChangeType.SECURITY if ships and re.search(r"\bCVE-\d{4}-\d", subject.text) else None


def _by_purpose(subject: Subject, said: ChangeType | None, facts: Facts) -> ChangeType | None:
    """The type that files of one sort give; who owns code and how it is linted is nobody's type."""
    by_files = ChangeType.DOCS if facts.is_prose_only else _by_files(facts, said)
    is_chore = by_files is not None and object_type(subject.text) is ChangeType.CHORE
    return ChangeType.CHORE if is_chore else by_files


def _names_dependency(subject: Subject, facts: Facts) -> bool:
    """Whether a subject that moves or changes something names a dependency whose version changed."""
    first = next(iter(re.findall(r"\w+", subject.text.lower())), "")
    if not vocabulary.is_verb(first):
        return False
    names = (re.escape(d.name) for d in facts.dependencies[:50])
    return any(re.search(rf"(?<!\w){name}(?!\w)", subject.text, re.IGNORECASE) for name in names)


def _is_aside(said: ChangeType | None, subject: Subject) -> bool:
    """Whether a subject names something beside the code, without being sure of it."""
    if said is ChangeType.BUILD:
        return not vocabulary.BUMPS.search(subject.text)
    return said in ASIDE and said not in subject.kinds and not vocabulary.TYPO.search(subject.text)


def _is_security(subject: Subject, body: str) -> bool:
    return bool(
        emphasis.SECURITY.search(subject.text)
        or re.search(r"\b(CVE-\d{4}-\d+|GHSA-\w{4}-\w{4}|attackers?\b|malicious)", body[:5000])
    )


def _by_files(facts: Facts, said: ChangeType | None) -> ChangeType | None:
    """The type that files of one sort give whatever the subject says; None where source is among them."""
    kinds = facts.kinds
    counted = kinds - _QUIET_KINDS
    if not kinds or (FileKind.DATA in kinds and not counted <= {FileKind.DOCS}):
        return None
    if not counted:
        return ChangeType.BUILD if kinds == {FileKind.LOCK} else said
    if counted == {FileKind.BUILD, FileKind.CI}:
        if said in (ChangeType.CI, ChangeType.BUILD):
            return said
        lines = {k: facts.size(k).insertions + facts.size(k).deletions for k in counted}
        return ChangeType.BUILD if lines[FileKind.BUILD] > lines[FileKind.CI] else ChangeType.CI
    for among, kind in _KIND_TYPES:
        if counted <= among:
            return said if kind is ChangeType.CONFIG and said is not None else kind
    return None


def _is_mostly_source(facts: Facts) -> bool:
    source, rest = facts.size(FileKind.SOURCE), facts.size(*_BESIDE)
    return source.files > 0 and sum(facts.lines) > rest.insertions + rest.deletions


def _by_facts(facts: Facts, text: str, body: str) -> ChangeType:
    """The type of a commit whose subject does not tell: what the diff mostly does."""
    if FileKind.SOURCE not in facts.kinds:
        if facts.dependencies:
            return ChangeType.BUILD
        largest = max(facts.sizes, key=lambda s: s.insertions + s.deletions)
        return _TYPE_OF_KIND.get(largest.kind) or guess(text)
    is_new = len(facts.added) > 2 * len(facts.removed) + 2  # a handful of new names is a new ability
    by_ground = (
        (ChangeType.REFACTOR, facts.is_formatting_only),
        (ChangeType.PERF, emphasis.PERF.search(text)),
        (ChangeType.FIX, _mends(facts, text, body)),
        (ChangeType.FEATURE, is_new or _grows(facts)),
    )
    return next((kind for kind, ground in by_ground if ground), ChangeType.REFACTOR)


def _mends(facts: Facts, text: str, body: str) -> bool:
    """Whether a small change speaks of a case that did not work, or brings a test for one."""
    if sum(facts.lines) >= _SMALL or facts.options_added:
        return False
    if speaks_of_fault(text):
        return True
    is_tested = facts.is_tested and not facts.added and not vocabulary.SWAPS.match(text)
    return is_tested or bool(vocabulary.CLOSES_ISSUE.search(body[:5000]))


def _grows(facts: Facts) -> bool:
    """Whether more comes than goes, and what comes has a name or is much."""
    named = facts.added or facts.options_added or facts.internal_added
    added, removed = facts.lines
    return added > 2 * removed and (bool(named) or added > _SMALL)


_SMALL = 200
"""Changed lines of code up to which a change that speaks of a case is taken for a fix."""
_TYPE_OF_KIND = {
    FileKind.DOCS: ChangeType.DOCS,
    FileKind.TEST: ChangeType.TEST,
    FileKind.CI: ChangeType.CI,
    FileKind.BUILD: ChangeType.BUILD,
    FileKind.LOCK: ChangeType.BUILD,
    FileKind.CONFIG: ChangeType.CONFIG,
}
