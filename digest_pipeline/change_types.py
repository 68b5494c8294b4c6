"""What kind of change a commit is: what its subject says, held against what its files are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline import vocabulary
from digest_pipeline.models import ChangeType, FileKind

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from digest_pipeline.facts import Facts
    from digest_pipeline.subjects import Subject

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
    (frozenset([FileKind.BUILD, FileKind.CI]), ChangeType.BUILD),
    (frozenset([FileKind.CONFIG]), ChangeType.CONFIG),
)
_ABOUT_CODE = frozenset([ChangeType.FEATURE, ChangeType.FIX, ChangeType.PERF, ChangeType.REFACTOR])


def change_type(subject: Subject, body: str, facts: Facts) -> ChangeType:
    """The type of a commit.

    In: the parsed subject, the rest of the message, the facts (empty ones leave the subject alone).
    A revert and a release are what their subject says; else files of one kind decide; else the subject
    does; else the facts.
    """
    if subject.is_revert:
        return ChangeType.REVERT
    said = subject_type(subject)
    if said is ChangeType.RELEASE:
        return said
    by_files = _by_files(facts.kinds, said)
    if by_files is not None:
        return by_files
    if said in (ChangeType.FIX, None) and _is_security(subject, body):
        return ChangeType.SECURITY
    if said in (ChangeType.DOCS, ChangeType.TEST, ChangeType.CI) and _is_mostly_source(facts):
        said = _verb_type(subject.text) or said
    return said or _by_facts(facts)


def subject_type(subject: Subject) -> ChangeType | None:
    """What a reader of the subject would say, or None where it does not tell.

    The prefix and the tags come first, unless they only say `chore`; then the verb, read together with
    what it is done to (`fix flaky test` is a test, `update README` is docs).
    """
    if subject.is_revert:
        return ChangeType.REVERT
    text = subject.quoted if subject.is_reland and subject.quoted else subject.text
    if ChangeType.RELEASE in subject.kinds or vocabulary.RELEASE.search(text):
        return ChangeType.RELEASE
    for kind in subject.kinds:
        if kind is not ChangeType.CHORE:
            return _refined(kind, text)
    return _verb_type(text) or (ChangeType.CHORE if subject.kinds else None)


def _refined(kind: ChangeType, text: str) -> ChangeType:
    """A fix or chore of tests, docs or CI is named after these."""
    about = _object_type(text)
    if kind in (ChangeType.FIX, ChangeType.FEATURE) and about in (
        ChangeType.DOCS,
        ChangeType.CI,
        ChangeType.TEST,
    ):
        return about
    if kind is ChangeType.FIX and vocabulary.SECURITY.search(text):
        return ChangeType.SECURITY
    return kind


def _verb_type(text: str) -> ChangeType | None:
    """The type by the first verb among the first words and by its object."""
    words = re.findall(r"[\w'/-]+", text)[:8]
    verb = next((vocabulary.verb_kind(w) for w in words[:4] if w.lower() not in vocabulary.FILLERS), None)
    if verb is None:
        verb = next((k for w in words if (k := vocabulary.verb_kind(w)) in _ABOUT_CODE), None)
    about = _object_type(text)
    if about is not None and verb is not ChangeType.PERF:
        return about
    if verb in (ChangeType.FEATURE, ChangeType.REFACTOR) and vocabulary.PERF.search(text):
        return ChangeType.PERF
    if verb in (ChangeType.FEATURE, ChangeType.REFACTOR, None) and re.search(
        r"\b(bug|fix(es)?)\b", text, re.IGNORECASE
    ):
        return ChangeType.FIX
    return verb


def _object_type(text: str) -> ChangeType | None:
    """The type that the thing acted on stands for: the words up to the first preposition or comma."""
    phrase = vocabulary.PHRASE_END.split(f"{text} ", maxsplit=1)[0][:120]
    return next((kind for kind, pattern in vocabulary.OBJECTS if pattern.search(phrase)), None)


def _is_security(subject: Subject, body: str) -> bool:
    return bool(
        vocabulary.SECURITY.search(subject.text)
        or re.search(r"\b(CVE-\d{4}-\d+|GHSA-\w{4}-\w{4})", body[:5000])
    )


def _by_files(kinds: AbstractSet[FileKind], said: ChangeType | None) -> ChangeType | None:
    """The type that files of one sort give whatever the subject says; None where source is among them."""
    counted = kinds - _QUIET_KINDS
    if not kinds:
        return None
    if not counted:
        if kinds == {FileKind.LOCK}:
            return ChangeType.BUILD
        return said
    for among, kind in _KIND_TYPES:
        if counted <= among:
            return said if kind is ChangeType.CONFIG and said is not None else kind
    return None


def _is_mostly_source(facts: Facts) -> bool:
    source, rest = facts.size(FileKind.SOURCE), facts.size(FileKind.TEST, FileKind.DOCS, FileKind.CI)
    return source.files > 0 and facts.code_added + facts.code_removed > rest.insertions + rest.deletions


def _by_facts(facts: Facts) -> ChangeType:
    """The type of a commit whose subject does not tell: what the diff mostly does."""
    if facts.is_formatting_only or facts.is_prose_only:
        return ChangeType.DOCS if facts.is_prose_only else ChangeType.REFACTOR
    source = facts.size(FileKind.SOURCE)
    if source.files == 0:
        largest = max(facts.sizes, key=lambda s: s.insertions + s.deletions, default=None)
        by_kind = {
            FileKind.DOCS: ChangeType.DOCS, FileKind.TEST: ChangeType.TEST, FileKind.CI: ChangeType.CI,
            FileKind.BUILD: ChangeType.BUILD, FileKind.LOCK: ChangeType.BUILD, FileKind.CONFIG: ChangeType.CONFIG,
        }  # fmt: skip
        return by_kind.get(largest.kind, ChangeType.CHORE) if largest else ChangeType.CHORE
    grows = facts.code_added > 2 * facts.code_removed
    if facts.added or source.added_files or facts.options_added or (grows and facts.code_added > 20):  # noqa: PLR2004 - a new behaviour takes some lines
        return ChangeType.FEATURE
    return ChangeType.REFACTOR
