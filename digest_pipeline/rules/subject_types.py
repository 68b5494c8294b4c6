"""What kind of change a subject line says, by prefix, tags, verb and what the verb is done to. Pure.

Only words are looked at here; `change_types` weighs the answer with the files and the facts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType
from digest_pipeline.rules import emphasis, phrasing, vocabulary

if TYPE_CHECKING:
    from digest_pipeline.rules.subjects import Subject

ASIDE = (ChangeType.DOCS, ChangeType.TEST, ChangeType.CI)
"""What stands beside the code."""
_CHANGES = (ChangeType.FEATURE, ChangeType.REFACTOR)
_SPARES = frozenset(["avoid", "avoids", "skip", "skips", "eliminate", "eliminates"])
_PREVENTS = frozenset(["prevent", "prevents", *_SPARES])
_TAKES_OUT = frozenset(["remove", "removes", "removed", "drop", "eliminate", "eliminates"])
_FIXES = re.compile(r"(?<![\w-])(bug|fix(es)?|missing|corrections?)\b", re.IGNORECASE)


def sure_type(subject: Subject, *, has_objects: bool = True) -> ChangeType | None:
    """What a reader of the subject would say, or None where it does not tell.

    The prefix and the tags come first, unless they only say `chore`; then the verb, read together with
    what it is done to (`fix flaky test` is a test, `update README` is docs), unless the files tell that
    the object is only a word.
    """
    if subject.is_revert:
        return ChangeType.REVERT
    text = subject.quoted if subject.is_reland and subject.quoted else subject.text
    text = text if " " in text else text.replace("_", " ")
    if vocabulary.AFTER_RELEASE.match(text) or vocabulary.SYNCS.match(text):
        return ChangeType.CHORE
    if ChangeType.RELEASE in subject.kinds or vocabulary.RELEASE.search(text):
        return ChangeType.CHORE if vocabulary.NEXT_CYCLE.search(text) else ChangeType.RELEASE
    for kind in subject.kinds:
        if kind is not ChangeType.CHORE and (has_objects or kind is not ChangeType.BUILD):
            return _refined(kind, text, has_objects=has_objects and not subject.breaking)
    about = object_type(text) if has_objects else None
    if about is ChangeType.DOCS and phrasing.REVIEW.search(text):
        about = None
    is_bump = has_objects and vocabulary.BUMPS.match(text)
    if is_bump and (about is None or vocabulary.DEPENDENCIES.search(text)):  # whose name may say `test`
        return ChangeType.BUILD
    by_verb = _verb_type(text, about) or about
    is_fix = subject.hint is ChangeType.FIX and by_verb is ChangeType.REFACTOR
    is_new = subject.hint is ChangeType.FEATURE and by_verb is ChangeType.FIX and not speaks_of_fault(text)
    known = subject.hint if is_fix or is_new else by_verb or subject.hint
    return known or (ChangeType.CHORE if subject.kinds else None)


def guess(text: str) -> ChangeType:
    """The likeliest type of a subject without a telling verb, when there is no diff to look at."""
    first = next(iter(re.findall(r"[\w'-]+", text.lower())), "")
    if speaks_of_speed(text):
        return ChangeType.PERF
    if speaks_of_fault(text):
        return ChangeType.FIX
    if vocabulary.is_weak(first):
        objects = (kind for kind, pattern in vocabulary.OBJECTS if pattern.search(text))
        return next(objects, ChangeType.REFACTOR)
    return ChangeType.FEATURE if len(text.split()) > 1 else ChangeType.CHORE


def _refined(kind: ChangeType, text: str, *, has_objects: bool) -> ChangeType:
    """A fix or feature of tests, docs or CI is named after these, and a feature of speed after that."""
    about = object_type(text) if has_objects else None
    if about is not None and about is not ChangeType.BUILD and kind in (ChangeType.FIX, ChangeType.FEATURE):
        return about
    if kind is ChangeType.FIX and emphasis.SECURITY.search(text):
        return ChangeType.SECURITY
    head = _head(text)
    if kind is ChangeType.FEATURE and (emphasis.FASTER.search(head) or emphasis.QUICKENS.search(head)):
        return ChangeType.PERF
    return kind


_SUBORDINATE = ("until", "when", "if", "which", "while", "because", "after", "before", "unless")
"""Words before a clause whose verb is not what was done."""


def _verb_type(text: str, about: ChangeType | None) -> ChangeType | None:
    """The type by the first verb among the first words and by its object; None for a weak verb."""
    words = [w.lower() for w in re.findall(r"[\w'-]+", text)[:12]]
    first = next((w for w in words[:4] if w not in vocabulary.FILLERS), "")
    if vocabulary.is_weak(first):
        verb = None
    else:
        verb = vocabulary.verb_kind(first)
        if verb is None:
            main = words[: next((n for n, w in enumerate(words) if w in _SUBORDINATE), len(words))]
            verb = next((vocabulary.verb_kind(w) for w in main if w in vocabulary.CLEAR_WORDS), None)
    is_about = verb is not ChangeType.PERF or about is ChangeType.CI or vocabulary.DEPENDENCIES.search(text)
    if verb is ChangeType.DOCS or (about is not None and is_about):
        return verb if verb is ChangeType.DOCS else about
    return _with_words(first, verb, text)


def _with_words(first: str, verb: ChangeType | None, text: str) -> ChangeType | None:
    """What the other words of a subject make of the type of its verb."""
    adds, is_loose = verb in (ChangeType.FEATURE, None), verb in (*_CHANGES, None)
    also = phrasing.ALSO_ADDS.search(text) if verb is ChangeType.REFACTOR else None
    by_ground = (
        (ChangeType.FEATURE, phrasing.ABILITY.search(text)),
        (ChangeType.REFACTOR, is_loose and phrasing.CLEANER.search(text)),
        (ChangeType.PERF, _is_spared(first, text) or (verb in _CHANGES and speaks_of_speed(text))),
        (ChangeType.REFACTOR, verb in (ChangeType.FIX, None) and phrasing.REVIEW.search(text)),
        (ChangeType.REFACTOR, verb in (ChangeType.FIX, None) and phrasing.STYLE.search(text)),
        (ChangeType.REFACTOR, adds and phrasing.IN_TERMS.search(text)),
        (ChangeType.FEATURE, adds and phrasing.TELLS_BETTER.search(text)),
        (ChangeType.FIX, is_loose and _is_against_fault(first, verb, text)),
        (ChangeType.FEATURE, also and object_type(also[1]) is None),
    )
    return next((kind for kind, ground in by_ground if ground), verb)


def _is_against_fault(first: str, verb: ChangeType | None, text: str) -> bool:
    """Whether what is added, changed or taken out is a remedy."""
    head = _head(text)
    is_fault = emphasis.SEVERE.search(head) or phrasing.ENDLESS.search(text)
    return bool(
        _FIXES.search(_plain(head))
        or phrasing.RIGHTLY.search(text)
        or (verb is ChangeType.FEATURE and phrasing.PROTECTS.search(head))
        or (verb is not ChangeType.REFACTOR and phrasing.STURDIER.search(text))
        or (first in _TAKES_OUT and is_fault)
        or _has_purpose(text)
    )


def _is_spared(first: str, text: str) -> bool:
    """Whether a subject leaves out work that costs, and not a fault."""
    if first in _SPARES and (emphasis.PERF.search(text) or emphasis.WASTE.search(text)):
        return True
    is_cost = first in _PREVENTS and emphasis.COSTS.search(text)
    return bool(is_cost) and not (emphasis.SEVERE.search(text) or emphasis.FAILS.search(text))


def speaks_of_speed(text: str) -> bool:
    """Whether a subject has a word of speed, or of what is only done for it."""
    return bool(emphasis.PERF.search(text) or emphasis.QUICKENS.search(text))


def _has_purpose(text: str) -> bool:
    """Whether a subject says that the change is made against a fault."""
    against = phrasing.PURPOSE.search(text)
    if against is None:
        return False
    rest = against[1]
    return rest is None or bool(
        emphasis.SEVERE.search(rest) or emphasis.FAILS.search(rest) or phrasing.TROUBLE.search(rest)
    )


def speaks_of_fault(text: str) -> bool:
    """Whether a subject has a word of something that did not work."""
    return bool(phrasing.MENDS.search(_plain(text))) or names_fault(text)


def names_fault(text: str) -> bool:
    """Whether a subject has a word that only faults have."""
    return bool(emphasis.SEVERE.search(text) or emphasis.FAILS.search(text))


def _plain(text: str) -> str:
    """A subject without the names that it quotes: `MISSING` is no word of English."""
    return re.sub(r"`[^`]*`", "``", text)


def _head(text: str) -> str:
    """The words up to the first preposition or comma."""
    return vocabulary.PHRASE_END.split(f"{text} ", maxsplit=1)[0][:120]


def object_type(text: str) -> ChangeType | None:
    """The type that the thing acted on stands for: the last such noun (`benchmark guide` is docs)."""
    head = _head(text)
    if vocabulary.OWNERS.search(text) or vocabulary.TOOL_WARNS.search(text):
        return ChangeType.CHORE
    if vocabulary.STRONG_CI.search(text):
        return ChangeType.CI
    found = [
        (max(m.start() for m in pattern.finditer(head)), kind)
        for kind, pattern in vocabulary.OBJECTS
        if pattern.search(head)
    ]
    if found:
        last = max(found, key=lambda place: place[0])[1]
        kinds = [kind for _, kind in found]
        return ChangeType.CI if last is ChangeType.BUILD and ChangeType.CI in kinds else last
    place = vocabulary.PLACE.search(text)
    where = place[1] if place else ""
    return next((k for k, pattern in vocabulary.OBJECTS if k in ASIDE and pattern.search(where)), None)
