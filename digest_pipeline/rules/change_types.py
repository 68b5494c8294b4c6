"""What kind of change a commit is: what its subject says, held against what its files are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules import emphasis, phrasing, vocabulary
from digest_pipeline.rules.subject_types import (
    ASIDE,
    guess,
    names_fault,
    object_type,
    speaks_of_fault,
    speaks_of_speed,
    sure_type,
)
from digest_pipeline.rules.subjects import prose_of

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.rules.findings import Dependency
    from digest_pipeline.rules.subjects import Subject

PLATFORMS = frozenset(["python", "rust", "node", "go"])
"""What a manifest asks of its users' machine."""
_BESIDE = (FileKind.TEST, FileKind.DOCS, FileKind.CI, FileKind.BUILD)
_BUILT_BY = frozenset([FileKind.BUILD, FileKind.LOCK, FileKind.CI, FileKind.CONFIG, FileKind.VENDORED])
_QUIET_KINDS = frozenset([FileKind.LOCK, FileKind.GENERATED, FileKind.VENDORED, FileKind.DATA])
_KIND_TYPES: tuple[tuple[frozenset[FileKind], ChangeType], ...] = (
    (frozenset([FileKind.DOCS]), ChangeType.DOCS),
    (frozenset([FileKind.TEST]), ChangeType.TEST),
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
    said = _of_what_changed(subject, said, facts)
    if said is None or (said is ChangeType.CHORE and facts.code_added > _SMALL):
        return _by_facts(facts, subject.text, body) if facts.kinds else said or guess(subject.text)
    if said is ChangeType.PERF and _is_new(subject, facts):
        return ChangeType.FEATURE
    return ChangeType.FIX if _was_broken(subject, said, body) else said


def _of_what_changed(subject: Subject, said: ChangeType | None, facts: Facts) -> ChangeType | None:
    """What the subject says, less what it only names; a version that moved with it makes it a build."""
    if _is_aside(said, subject) and _is_only_word(said, facts):
        said = sure_type(subject, has_objects=False)
        said = None if said in ASIDE else said
    if said not in (ChangeType.REFACTOR, None) or not _names_dependency(subject, facts):
        return said
    return said if phrasing.SWAPS.match(subject.text) and _is_rewritten(facts) else ChangeType.BUILD


def _is_new(subject: Subject, facts: Facts) -> bool:
    """Whether something came with public names where nothing was before; a tag of speed is believed."""
    return bool(facts.added) and facts.code_removed == 0 and facts.code_added > _SMALL and not subject.kinds


def _was_broken(subject: Subject, said: ChangeType | None, body: str) -> bool:
    """Whether the message begins with what failed; what is new or only has another form mends nothing."""
    if said not in (ChangeType.FEATURE, ChangeType.REFACTOR) or subject.kinds or subject.hint:
        return False
    if phrasing.BRINGS.match(subject.text):
        return False
    return bool(phrasing.BROKEN_BEFORE.search(_opening(body)))


def _opening(body: str) -> str:
    """The first words of a message on one line, without headings and lists."""
    lines = (line for line in prose_of(body[:3000]).splitlines() if not phrasing.NO_PROSE.match(line))
    return " ".join(" ".join(lines).split())[:400]


def _is_bumped(subject: Subject, dependency: Dependency) -> bool:
    """Whether a subject speaks of the new version of a dependency: `Update x gem version to 1.2`."""
    starts = re.match(r"(?:updat|bump|upgrad|chang|set)\w*\s", subject.text, re.IGNORECASE)
    name = re.search(rf"(?<![\w-]){re.escape(dependency.name)}(?![\w-])", subject.text, re.IGNORECASE)
    version = re.search(r"\d+\.\d[\w.]*", subject.text)
    return bool(starts and name and version and dependency.old and version[0] in (dependency.new or ""))


def _whatever_the_files(subject: Subject, said: ChangeType | None, facts: Facts) -> ChangeType | None:
    """A release, the next cycle, a copy from elsewhere, a vulnerability; a new platform is no release."""
    if said is ChangeType.RELEASE:
        is_other = any(d.name in PLATFORMS or _is_bumped(subject, d) for d in facts.dependencies)
        return ChangeType.BUILD if is_other else said
    follows = vocabulary.NEXT_CYCLE.search(subject.text) or vocabulary.SYNCS.match(subject.text)
    if said is ChangeType.CHORE and follows:
        return said
    ships = facts.kinds & {FileKind.SOURCE, FileKind.VENDORED}
    return ChangeType.SECURITY if ships and re.search(r"\bCVE-\d{4}-\d", subject.text) else None


def _by_purpose(subject: Subject, said: ChangeType | None, facts: Facts) -> ChangeType | None:
    """The type that files of one sort give; who owns code and how it is linted is nobody's type."""
    if said is ChangeType.BUILD and facts.kinds == {FileKind.TEST} and vocabulary.BUMPS.match(subject.text):
        return said
    is_prose = facts.is_prose_only and facts.kinds <= {FileKind.SOURCE, FileKind.DOCS}
    by_files = ChangeType.DOCS if is_prose else _by_files(subject, facts, said)
    is_plain = by_files is ChangeType.CI and not vocabulary.OWNERS.search(subject.text)
    is_tool = FileKind.BUILD in facts.kinds and vocabulary.is_tool(subject.text)
    is_chore = (
        by_files is not None and not is_plain and (is_tool or object_type(subject.text) is ChangeType.CHORE)
    )
    return ChangeType.CHORE if is_chore else by_files


def _names_dependency(subject: Subject, facts: Facts) -> bool:
    """Whether a subject that moves or changes something names a dependency whose version changed."""
    first = next(iter(re.findall(r"\w+", subject.text.lower())), "")
    if not vocabulary.is_verb(first):
        return False
    names = (re.escape(d.name) for d in facts.dependencies[:50])
    return any(re.search(rf"(?<!\w){name}(?!\w)", subject.text, re.IGNORECASE) for name in names)


def _is_rewritten(facts: Facts) -> bool:
    """Whether the source that uses a dependency changed more than what asks for it."""
    return sum(facts.lines) > facts.size(FileKind.BUILD, FileKind.LOCK).lines + _HANDFUL


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


def _by_files(subject: Subject, facts: Facts, said: ChangeType | None) -> ChangeType | None:
    """The type that files of one sort give whatever the subject says; None where source is among them."""
    kinds = facts.kinds
    counted = kinds - _QUIET_KINDS
    if not kinds or (FileKind.DATA in kinds and not counted <= {FileKind.DOCS}):
        return None
    if not counted:
        return ChangeType.BUILD if kinds == {FileKind.LOCK} else said
    if _is_told(subject, said, counted, facts):
        return said
    if counted in ({FileKind.TEST, FileKind.DOCS}, {FileKind.BUILD, FileKind.CI}):
        return _of_two(subject, facts, said)
    for among, kind in _KIND_TYPES:
        if counted <= among:
            return said if kind is ChangeType.CONFIG and said is not None else kind
    return None


def _is_told(subject: Subject, said: ChangeType | None, counted: frozenset[FileKind], facts: Facts) -> bool:
    """Whether a subject knows better than the files: of examples, of what these are built with, of words."""
    if said is ChangeType.CI and counted == {FileKind.BUILD}:
        return said in subject.kinds and not facts.dependencies
    if said is ChangeType.BUILD:
        return bool(facts.dependencies) and not counted & {FileKind.CI, FileKind.SOURCE}
    if said is ChangeType.DOCS:
        return counted <= {FileKind.BUILD, FileKind.DOCS}
    return said not in (None, ChangeType.CHORE) and facts.is_example


def _of_two(subject: Subject, facts: Facts, said: ChangeType | None) -> ChangeType:
    """Tests or documents, build or CI: what most lines are, for the latter unless the subject says it."""
    if FileKind.TEST in facts.kinds:
        if said is not None and said in subject.kinds and said in (ChangeType.DOCS, ChangeType.TEST):
            return said
        is_docs = facts.size(FileKind.DOCS).lines > facts.size(FileKind.TEST).lines
        return ChangeType.DOCS if is_docs else ChangeType.TEST
    if said is ChangeType.CI or (said is ChangeType.BUILD and object_type(subject.text) is not ChangeType.CI):
        return said
    is_build = facts.size(FileKind.BUILD).lines > facts.size(FileKind.CI).lines
    return ChangeType.BUILD if is_build else ChangeType.CI


def _is_only_word(said: ChangeType | None, facts: Facts) -> bool:
    """Whether source changed most of all, or nothing of what the build is made of."""
    if said is ChangeType.BUILD and FileKind.SOURCE in facts.kinds and not facts.kinds & _BUILT_BY:
        return sum(facts.lines) > 0
    source, rest = facts.size(FileKind.SOURCE), facts.size(*_BESIDE)
    return source.files > 0 and sum(facts.lines) > rest.lines


def _by_facts(facts: Facts, text: str, body: str) -> ChangeType:
    """The type of a commit whose subject does not tell: what the diff mostly does."""
    if FileKind.SOURCE not in facts.kinds:
        if facts.dependencies:
            return ChangeType.BUILD
        largest = max(facts.sizes, key=lambda s: s.lines)
        return _TYPE_OF_KIND.get(largest.kind) or guess(text)
    is_new = len(facts.added) > 2 * len(facts.removed) + 2  # a handful of new names is a new ability
    opening = _opening(body)
    by_ground = (
        (ChangeType.REFACTOR, facts.is_formatting_only),
        (_plumbing(facts), True),
        (ChangeType.PERF, speaks_of_speed(text) or emphasis.GAIN.search(body[:_SUMMARY])),
        (ChangeType.CHORE, sum(facts.lines) == 0),
        (ChangeType.FIX, _mends(facts, text, body, opening) or names_fault(text)),
        (ChangeType.FEATURE, phrasing.ADDED.match(opening)),
        (ChangeType.FEATURE, is_new or facts.options_added or facts.env_added or _grows(facts)),
        (ChangeType.FIX, _behaves_otherwise(facts, text)),
    )
    return next((kind for kind, ground in by_ground if ground and kind), ChangeType.REFACTOR)


def _behaves_otherwise(facts: Facts, text: str) -> bool:
    """Whether a handful of lines do something that was not done before: they neither move nor rename."""
    added, removed = facts.lines
    is_moved = facts.moved or facts.renamed or facts.removed or phrasing.SWAPS.match(text)
    return not is_moved and len(text.split()) > 1 and removed <= added <= _HANDFUL


def _plumbing(facts: Facts) -> ChangeType | None:
    """Build or CI, where their files have most of the lines beside tests and documents."""
    build, ci = facts.size(FileKind.BUILD).lines, facts.size(FileKind.CI).lines
    if build + ci <= 2 * facts.size(FileKind.SOURCE).lines:
        return None
    return ChangeType.CI if ci > build else ChangeType.BUILD


def _mends(facts: Facts, text: str, body: str, opening: str) -> bool:
    """Whether a small change speaks of a case that did not work, or brings a test for one."""
    if sum(facts.lines) >= _SMALL or facts.options_added or facts.env_added:
        return False
    if speaks_of_fault(text) or phrasing.MENDED.match(opening):
        return True
    is_tested = facts.is_tested and not facts.added and not phrasing.SWAPS.match(text)
    return is_tested or bool(phrasing.CLOSES_ISSUE.search(body[:5000]))


def _grows(facts: Facts) -> bool:
    """Whether more comes than goes, and what comes has a name or is much."""
    named = facts.added or facts.options_added or facts.internal_added
    added, removed = facts.lines
    return added > 2 * removed and (bool(named) or added > _SMALL)


_SMALL = 200
"""Changed lines of code up to which a change that speaks of a case is taken for a fix."""
_HANDFUL = 30
"""Changed lines of code in which a case is mended that nobody names."""
_SUMMARY = 600
"""How far into a message it says what the change is for."""
_TYPE_OF_KIND = {
    FileKind.DOCS: ChangeType.DOCS,
    FileKind.TEST: ChangeType.TEST,
    FileKind.CI: ChangeType.CI,
    FileKind.BUILD: ChangeType.BUILD,
    FileKind.LOCK: ChangeType.BUILD,
    FileKind.CONFIG: ChangeType.CONFIG,
}
