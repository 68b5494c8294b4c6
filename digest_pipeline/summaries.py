"""One true sentence that says what a commit changed, from its own message or else from the facts. Pure.

English: the subject as written, without tags and numbers. Chinese: a pattern around the subject's own
words, which stay as they are and stand in 「」.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.catalogue import labels, say
from digest_pipeline.models import ChangeType
from digest_pipeline.statements import code, fact_lines, interface_lines
from digest_pipeline.subjects import parse_subject

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit, Triage
    from digest_pipeline.subjects import Subject

_MOST_COLUMNS = {"zh": 110, "en": 170}
_VAGUE = re.compile(
    r"^\W*(\w+)?\W*(update|updates|fix|fixes|fixed|wip|changes?|misc|minor|cleanup|clean up|test|tmp|\.)?\W*$",
    re.IGNORECASE,
)
_BUMP = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+|actions?\s+)?(\S+)\s+(?:version\s+)?from\s+v?(\S+)\s+to\s+(v?\d\S*)",
    re.IGNORECASE,
)
_UPDATE = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+)?([\w@./-]+)(?:\s+(?:action|version|digest))?\s+to\s+(v?\d\S*)$",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\bv?(\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|a|b|alpha|beta|post|dev)[-.]?\d*)?)\b", re.IGNORECASE
)
_VERBS = {
    "added": "add", "adds": "add", "adding": "add", "fixes": "fix", "fixed": "fix", "fixing": "fix", "bugfix": "fix",
    "removes": "remove", "removed": "remove", "drop": "remove", "delete": "remove", "refactoring": "refactor",
    "updates": "update", "updated": "update", "optimise": "optimize", "optimizes": "optimize", "optimized": "optimize",
    "improves": "improve", "improved": "improve", "enhance": "improve", "enables": "enable", "supports": "support",
    "moved": "move", "renamed": "rename", "upgrade": "bump", "switch": "use", "clean": "cleanup", "create": "add",
    "speed": "optimize", "accelerate": "optimize", "supporting": "support", "allows": "allow", "avoids": "avoid",
    "resolve": "fix", "consolidate": "unify", "exposes": "expose", "optimizing": "optimize", "moving": "move",
}  # fmt: skip


def summary_of(commit: Commit, triage: Triage, facts: Facts, language: str) -> str:
    """The sentence; never empty, one line, without marks but backticks around names of the diff."""
    subject = parse_subject(commit.subject)
    known = _known(commit, facts)
    for said in (
        _revert(subject, language),
        _release(subject, triage, language),
        _bump(subject, known, language),
    ):
        if said:
            return said
    text = clean(subject.text)
    if not text or _VAGUE.match(text):
        return _from_facts(commit, text, facts, language)
    return _sentence(text, triage, language)


def _known(commit: Commit, facts: Facts) -> set[str]:
    return {*facts.shown, *commit.subject.split(), *re.split(r"[\s:,()]+", commit.subject)}


def clean(text: str) -> str:
    """One line of a message without what a page would read as a mark."""
    return " ".join(text.replace("`", "").split())


def cut(text: str, columns: int) -> str:
    """A text cut at a word, with `…`, to a width in columns (East Asian characters take two)."""
    width = 0
    for i, character in enumerate(text):
        width += 2 if character >= "\u1100" else 1
        if width > columns:
            kept = text[:i]
            return (kept.rpartition(" ")[0] if " " in kept[i // 2 :] else kept).rstrip(" ,;:(") + "…"
    return text


def _revert(subject: Subject, language: str) -> str | None:
    if not (subject.is_revert or subject.is_reland):
        return None
    if subject.quoted is None:
        what = re.sub(r"^(revert\w*|back(ed)? ?out|roll ?back)\W*", "", subject.text, flags=re.IGNORECASE)
        return (
            say(language, "summary.revert", what=cut(clean(what), 90))
            if what
            else say(language, "summary.revert_bare")
        )
    key = "summary.reland" if subject.is_reland else "summary.revert"
    return say(language, key, what=cut(clean(subject.quoted), 90))


def _release(subject: Subject, triage: Triage, language: str) -> str | None:
    version = _VERSION.search(subject.text) if triage.change_type is ChangeType.RELEASE else None
    return say(language, "summary.release", version=f"`{version[1]}`") if version else None


def _bump(subject: Subject, known: set[str], language: str) -> str | None:
    if match := _BUMP.match(subject.text):
        name, old, new = (code(part, known) for part in match.groups())
        return say(language, "summary.bump", name=name, old=old, new=new)
    if match := _UPDATE.match(subject.text):
        return say(language, "summary.update", name=code(match[1], known), new=code(match[2], known))
    return None


def _sentence(text: str, triage: Triage, language: str) -> str:
    """The subject's own words; in Chinese behind the verb, or behind the type where no verb is known."""
    room = _MOST_COLUMNS[language]
    if language == "en":
        return cut(text[:1].upper() + text[1:], room)
    if re.search(r"[\u4e00-\u9fff]", text):
        return cut(text, room)
    first, _, rest = text.partition(" ")
    verb = _VERBS.get(first.lower(), first.lower())
    known = labels(language).get(f"verb.{verb}")
    support = re.match(
        r"^(?:add|adds|added|adding)\s+(?:the\s+|initial\s+|basic\s+)?support\s+(?:for|of)\s+(.+)$",
        text,
        re.IGNORECASE,
    )
    if support:
        return say(language, "summary.support", what=cut(support[1], room))
    if known and rest:
        rest = re.sub(r"^(?:up|the|a|an)\s+", "", rest, flags=re.IGNORECASE)
        return say(language, "summary.verb", verb=known, what=cut(rest, room))
    kind = labels(language)[f"type.{triage.change_type.value}"]
    return say(language, "summary.quoted", type=kind, what=cut(text, room))


def _from_facts(commit: Commit, text: str, facts: Facts, language: str) -> str:
    """Where the message says nothing: the first fact, else the files."""
    lines = interface_lines(facts, language) or fact_lines(facts, language)
    if lines:
        return say(language, "summary.tail", text=text, fact=lines[0]) if text else lines[0]
    names = [code(f.path, {f.path}) for f in commit.files[:3]]
    if names:
        return say(language, "summary.files", files=labels(language)["list.comma"].join(names))
    return text or say(language, "summary.nothing")
