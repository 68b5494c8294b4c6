"""What kind of change a commit is: what its subject says, held against what its files are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline import vocabulary
from digest_pipeline.models import ChangeType, FileKind

if TYPE_CHECKING:
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
    said = _sure_type(subject)
    if said is ChangeType.RELEASE or (
        said is ChangeType.CHORE and vocabulary.NEXT_CYCLE.search(subject.text)
    ):
        return said
    by_files = ChangeType.DOCS if facts.is_prose_only else _by_files(facts, said)
    if by_files is not None:
        return by_files
    if said in (ChangeType.FIX, None) and _is_security(subject, body):
        return ChangeType.SECURITY
    is_aside = said in (ChangeType.DOCS, ChangeType.TEST, ChangeType.CI) and said not in subject.kinds
    if is_aside and _is_mostly_source(facts) and not vocabulary.TYPO.search(subject.text):
        said = None
    if said is None or (said is ChangeType.CHORE and facts.code_added > _SMALL):
        return _by_facts(facts, subject.text, body) if facts.kinds else said or _guess(subject.text)
    return said


def _sure_type(subject: Subject) -> ChangeType | None:
    """What a reader of the subject would say, or None where it does not tell.

    The prefix and the tags come first, unless they only say `chore`; then the verb, read together with
    what it is done to (`fix flaky test` is a test, `update README` is docs).
    """
    if subject.is_revert:
        return ChangeType.REVERT
    text = subject.quoted if subject.is_reland and subject.quoted else subject.text
    if ChangeType.RELEASE in subject.kinds or vocabulary.RELEASE.search(text):
        return ChangeType.CHORE if vocabulary.NEXT_CYCLE.search(text) else ChangeType.RELEASE
    for kind in subject.kinds:
        if kind is not ChangeType.CHORE:
            return _refined(kind, text)
    return _verb_type(text) or _object_type(text) or (ChangeType.CHORE if subject.kinds else None)


def _guess(text: str) -> ChangeType:
    """The likeliest type of a subject without a telling verb, when there is no diff to look at."""
    first = next(iter(re.findall(r"[\w'-]+", text.lower())), "")
    if vocabulary.PERF.search(text):
        return ChangeType.PERF
    if vocabulary.MENDS.search(text) or vocabulary.SEVERE.search(text):
        return ChangeType.FIX
    if first in vocabulary.WEAK_VERBS:
        objects = (kind for kind, pattern in vocabulary.OBJECTS if pattern.search(text))
        return next(objects, ChangeType.REFACTOR)
    return ChangeType.FEATURE if len(text.split()) > 1 else ChangeType.CHORE


def _refined(kind: ChangeType, text: str) -> ChangeType:
    """A fix or feature of tests, docs or CI is named after these."""
    about = _object_type(text)
    if about is not None and about is not ChangeType.BUILD and kind in (ChangeType.FIX, ChangeType.FEATURE):
        return about
    if kind is ChangeType.FIX and vocabulary.SECURITY.search(text):
        return ChangeType.SECURITY
    return kind


def _verb_type(text: str) -> ChangeType | None:
    """The type by the first verb among the first words and by its object; None for a weak verb."""
    words = [w.lower() for w in re.findall(r"[\w'-]+", text)[:12]]
    first = next((w for w in words[:4] if w not in vocabulary.FILLERS), "")
    if first in vocabulary.WEAK_VERBS:
        verb = None
    else:
        verb = vocabulary.verb_kind(first)
        if verb is None:
            verb = next((vocabulary.verb_kind(w) for w in words if w in vocabulary.CLEAR_WORDS), None)
    about = _object_type(text)
    if about is not None and (verb is not ChangeType.PERF or about is ChangeType.CI):
        return about
    head = _head(text)
    if vocabulary.PERF.search(text) and (
        verb in (ChangeType.FEATURE, ChangeType.REFACTOR) or first in ("avoid", "avoids")
    ):
        return ChangeType.PERF
    if verb in (ChangeType.FEATURE, ChangeType.REFACTOR, None) and re.search(
        r"\b(bug|fix(es)?|missing)\b", head, re.IGNORECASE
    ):
        return ChangeType.FIX
    return verb


def _head(text: str) -> str:
    """The words up to the first preposition or comma."""
    return vocabulary.PHRASE_END.split(f"{text} ", maxsplit=1)[0][:120]


def _object_type(text: str) -> ChangeType | None:
    """The type that the thing acted on stands for."""
    head = _head(text)
    if vocabulary.STRONG_CI.search(text):
        return ChangeType.CI
    return next((kind for kind, pattern in vocabulary.OBJECTS if pattern.search(head)), None)


def _is_security(subject: Subject, body: str) -> bool:
    return bool(
        vocabulary.SECURITY.search(subject.text)
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
    source, rest = facts.size(FileKind.SOURCE), facts.size(FileKind.TEST, FileKind.DOCS, FileKind.CI)
    return source.files > 0 and facts.code_added + facts.code_removed > rest.insertions + rest.deletions


def _by_facts(facts: Facts, text: str, body: str) -> ChangeType:
    """The type of a commit whose subject does not tell: what the diff mostly does."""
    if FileKind.SOURCE not in facts.kinds:
        if facts.dependencies:
            return ChangeType.BUILD
        largest = max(facts.sizes, key=lambda s: s.insertions + s.deletions, default=None)
        return _TYPE_OF_KIND.get(largest.kind, ChangeType.CHORE) if largest else ChangeType.CHORE
    is_new = len(facts.added) > 2 * len(facts.removed) + 2  # a handful of new names is a new ability
    by_ground = (
        (ChangeType.REFACTOR, facts.is_formatting_only),
        (ChangeType.PERF, vocabulary.PERF.search(text)),
        (ChangeType.FIX, _mends(facts, text, body)),
        (ChangeType.FEATURE, is_new or _grows(facts)),
    )
    return next((kind for kind, ground in by_ground if ground), ChangeType.REFACTOR)


def _mends(facts: Facts, text: str, body: str) -> bool:
    """Whether a small change speaks of a case that did not work, or brings a test for one."""
    if facts.code_added + facts.code_removed >= _SMALL or facts.options_added:
        return False
    if vocabulary.MENDS.search(text) or vocabulary.SEVERE.search(text):
        return True
    is_tested = facts.is_tested and not facts.added and not vocabulary.SWAPS.match(text)
    return is_tested or bool(vocabulary.CLOSES_ISSUE.search(body[:5000]))


def _grows(facts: Facts) -> bool:
    """Whether more comes than goes, and what comes has a name or is much."""
    named = facts.added or facts.options_added or facts.internal_added
    return facts.code_added > 2 * facts.code_removed and (bool(named) or facts.code_added > _SMALL)


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
