"""One true sentence that says what a commit changed, from its own message or else from the facts. Pure.

English: the subject as written, without tags and numbers. Chinese: a pattern around the subject's own
words, which stay as they are and stand in 「」.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline import vocabulary
from digest_pipeline.catalogue import labels, say
from digest_pipeline.models import ChangeType
from digest_pipeline.signals import prose_of
from digest_pipeline.statements import code, interface_lines
from digest_pipeline.subjects import subject_of

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit, Triage
    from digest_pipeline.subjects import Subject

_MOST_COLUMNS = {"zh": 110, "en": 170}
_VAGUE_WORDS = 2
"""A subject of so few words says too little by itself."""
_MOST_FILES = 3
_PREPOSITION = re.compile(r"(to|from|for|in|on|with|of|by|that|when|as|into|and)\b", re.IGNORECASE)
_BUMP = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+|actions?\s+)?"
    r"(\S+)\s+(?:version\s+)?from\s+v?(\S+)\s+to\s+(v?\d\S*)",
    re.IGNORECASE,
)
_UPDATE = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+)?"
    r"([\w@./-]+)(?:\s+(?:action|version|digest))?\s+to\s+(v?\d\S*)$",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\bv?(\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|a|b|alpha|beta|post|dev)[-.]?\d*)?)\b", re.IGNORECASE
)
_VERBS = {
    form: verb
    for verb, forms in {
        "add": "added adds adding create",
        "fix": "fixes fixed fixing bugfix resolve",
        "remove": "removes removed drop delete",
        "refactor": "refactoring",
        "update": "updates updated",
        "optimize": "optimise optimizes optimized speed accelerate optimizing",
        "improve": "improves improved enhance",
        "enable": "enables",
        "support": "supports supporting",
        "move": "moved moving",
        "rename": "renamed",
        "bump": "upgrade",
        "use": "switch",
        "cleanup": "clean",
        "allow": "allows",
        "avoid": "avoids",
        "unify": "consolidate",
        "expose": "exposes",
    }.items()
    for form in forms.split()
}
"""Forms of a verb under which the catalogue has another."""


def summary_of(commit: Commit, triage: Triage, facts: Facts, language: str) -> str:
    """The sentence; never empty, one line, without marks but backticks around names of the diff."""
    subject = subject_of(commit)
    known = _known(commit, facts)
    for said in (
        _revert(subject, language),
        _release(subject, triage, language),
        _bump(subject, known, language),
    ):
        if said:
            return said
    text = clean(subject.text).rstrip(".。")
    if len(text.split()) <= _VAGUE_WORDS and not re.search(r"[\u4e00-\u9fff]{4}", text):
        return _of_little(commit, triage, text, facts, language)
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
        first = text.split(" ", 1)[0]
        return cut(text[:1].upper() + text[1:] if vocabulary.is_verb(first) else text, room)
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
    if known and rest and not _PREPOSITION.match(rest):
        rest = re.sub(r"^(?:up|the|a|an)\s+", "", rest, flags=re.IGNORECASE)
        return say(language, "summary.verb", verb=known, what=cut(rest, room))
    kind = labels(language)[f"type.{triage.change_type.value}"]
    return say(language, "summary.quoted", type=kind, what=cut(text, room))


def _of_little(commit: Commit, triage: Triage, text: str, facts: Facts, language: str) -> str:
    """Where the subject says little: the message's first sentence, or the first fact, or the files."""
    said = _first_sentence(commit.body)
    if said:
        return _sentence(said, triage, language)
    lines = interface_lines(facts, language)[:1]
    names = [code(f.path, {f.path}) for f in commit.files[:_MOST_FILES]]
    if not lines and names:
        more = {"names": labels(language)["list.comma"].join(names), "n": len(commit.files)}
        shown = more["names"] if len(commit.files) <= _MOST_FILES else say(language, "list.more", **more)
        lines = [say(language, "summary.files", files=shown)]
    if not text:
        return say(language, "summary.none", fact=lines[0]) if lines else say(language, "summary.nothing")
    sentence = _sentence(text, triage, language)
    return say(language, "summary.tail", text=sentence, fact=lines[0]) if lines else sentence


def _first_sentence(body: str) -> str | None:
    """The first sentence of the message's body, where it is prose: no heading, list, table, link or code."""
    for paragraph in re.split(r"\n\s*\n", prose_of(body)):
        text = clean(paragraph)
        if not text or re.match(
            r"[#*|\-+\d<\[{~=_(]|https?:|(fix(es|ed)?|closes?|resolves?|refs?|see|part of)\b.{0,12}#",
            text,
            re.IGNORECASE,
        ):
            continue
        sentence = re.split(r"(?<=[.!?。！？])\s+(?=[A-Z\u4e00-\u9fff])", text, maxsplit=1)[0].rstrip(".。 ")
        is_prose = len(sentence.split()) >= 5 and not re.search(r"https?:|[|{}<>]|:$", sentence)  # noqa: PLR2004 - fewer words are a heading
        return sentence if is_prose else None
    return None
