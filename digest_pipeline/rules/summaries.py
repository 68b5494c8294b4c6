"""One true sentence that says what a commit changed, from its own message and from the facts. Pure.

English: the message's own words, without tags and numbers, and what the diff shows. Chinese: what the
subject says, where it is understood (`chinese`), else its words in quotes; then what the diff shows.
Only a commit without any fact is told in its author's words, and these are marked as such.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType
from digest_pipeline.rules import vocabulary
from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.chinese import in_chinese
from digest_pipeline.rules.lexicon import verb_of
from digest_pipeline.rules.naming import code
from digest_pipeline.rules.subjects import prose_of, subject_of
from digest_pipeline.rules.telling import file_lines, telling_lines

if TYPE_CHECKING:
    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit, Triage
    from digest_pipeline.rules.subjects import Subject

_MOST_COLUMNS = {"zh": 110, "en": 170}
_MOST_FACTS, _MOST_SHORT_FACTS = 2, 3
"""Facts of a sentence, and of one that stays short with them."""
_SHORT = {"zh": 170, "en": 190}
_VAGUE_WORDS = 2
"""A subject of so few words says too little by itself."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SAYS = re.compile(
    r"^(?:this|the)\s(?:pr|commit|patch|change|pull request)\s(?:\w+ly\s)?(\w+)|^(\w+)\s", re.IGNORECASE
)
_OF_BEFORE = re.compile(
    r"\b(?:does|did)(?:n't| not) work\b|\b(?:is|was|were) (?:buggy|broken|wrong)\b", re.IGNORECASE
)
"""What was wrong, or was tried in vain."""
_BUMP = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+|actions?\s+)?"
    r"(\S+)\s+(?:version\s+)?from\s+v?(\S+)\s+to\s+(v?\d\S*)",
    re.IGNORECASE,
)
_UPDATE = re.compile(
    r"^(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:rust crate\s+|dependency\s+)?"
    r"([\w@./:-]+)(?:\s+(?:action|version|digest))?\s+to\s+(v?\d\S*)$",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"^(?:bump|update|upgrade)s?\s+the\s+(\S+)\s+group\s+(?:across\s+\d+\s+director\w+\s+)?with\s+(\d+)\s+updates?$",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"^(?:(?!(?:when|if|that|which|where|while|because|so|only|unless|until|after|before|as)\b)\S+\s){1,6}?"
    r"(?:was|were|is|are|has|had|fails?|failed|crash(?:es|ed)|does|did|doesn't|didn't|dropped|raised|returned)\s"
    r"|\S\s+(?:->|=>|→)\s"
)
"""A subject that is a sentence about the fault, or shows what becomes of it."""
_FAULT = re.compile(
    r"^(?:(?!errors?\b)(?:\S+ ){0,3}?(?:issues?|errors?|bugs?|warnings?|crash(?:es)?|races?|deadlocks?|leaks?"
    r"|typos?|regressions?|hangs?|panics?|overflows?|segfaults?|unsoundness|off-by-one"
    r"|false (?:positive|negative)s?)\b"
    r"|(?:missing|wrong|incorrect|invalid|broken|unused|bad|stale|duplicated?|misleading|inconsistent) )",
    re.IGNORECASE,
)
"""A subject that only names what was wrong."""
_LABEL = re.compile(
    r"^(?:summary|description|purpose|overview|motivation|background|what|why)\s*:\s*", re.IGNORECASE
)
_VERSION = re.compile(
    r"\bv?(\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|a|b|alpha|beta|post|dev)[-.]?\d*)?)\b", re.IGNORECASE
)


def summary_of(commit: Commit, triage: Triage, facts: Facts, language: str) -> str:
    """The sentence; never empty, one line, without marks but backticks around names of the diff."""
    subject = subject_of(commit)
    said = _release(subject, triage, facts, language) or _bump(
        subject, facts, _known(commit, facts), language
    )
    if said:
        return said
    shown = _first(telling_lines(facts, commit.files, language), language)
    text = clean(subject.text)
    named = " ".join(subject.text.split())
    about = _revert(subject, language)
    if about is None and text:
        about = (
            _in_english(commit, subject, text) if language == "en" else _in_chinese(commit, subject, named)
        )
    if not shown and (language != "en" or len((about or "").split()) <= _VAGUE_WORDS):
        shown = file_lines(commit.files, language)
    if about is None:
        about = _without_words(text, language, has_facts=bool(shown))
    facts_told = labels(language)["list.semicolon"].join(shown)
    return (
        say(language, "summary.tail", text=about, facts=facts_told)
        if about and shown
        else about or facts_told
    )


def _first(lines: list[str], language: str) -> list[str]:
    few = lines[:_MOST_SHORT_FACTS]
    return few if cut("".join(few), _SHORT[language]) == "".join(few) else lines[:_MOST_FACTS]


def _without_words(text: str, language: str, *, has_facts: bool) -> str:
    """What stands before the facts where the subject was not understood or says nothing."""
    if not text:
        return labels(language)["summary.none" if has_facts else "summary.nothing"]
    if has_facts:
        return say(language, "summary.title", what=cut(text.rstrip(".。"), _MOST_COLUMNS[language]))
    return say(language, "summary.words", what=cut(text, _MOST_COLUMNS[language]))


def _in_english(commit: Commit, subject: Subject, text: str) -> str:
    """The first sentence of the message that says what was done, else the subject."""
    text = text.rstrip(".。")
    said = clean(_first_sentence(commit.body) or "")
    is_named = re.search(r"\w[_.:]\w|\w\(\)|[a-z][A-Z]", text) is not None
    is_vague = not is_named and len(text.split()) <= _VAGUE_WORDS and len(_HAN.findall(text)) < 4  # noqa: PLR2004 - four characters are two words
    if said and (is_vague or _says_what(said)):
        text = said
    if ChangeType.FIX in subject.kinds and not is_vague and _names_fault(text):
        return say("en", "summary.fixes", what=cut(text, _MOST_COLUMNS["en"]))
    is_word = re.match(r"[a-z]+,?(?: (?!->|=>|→)|$)", text) is not None
    return cut(text[:1].upper() + text[1:] if is_word else text, _MOST_COLUMNS["en"])


def _names_fault(text: str) -> bool:
    """Whether a subject says what was wrong, and not what was done: `slice -> toSlice`, `X was dropped`."""
    first = text.split(" ", 1)[0]
    is_verb = vocabulary.verb_kind(first) is not None or vocabulary.is_weak(first)
    is_wanted = re.search(r"\b(?:works?|should|must|now|no longer|never)\b", text) is not None
    is_name = re.fullmatch(r"[A-Za-z][a-z']+,?", first) is None
    return not (is_verb or is_wanted) and (is_name or any(p.search(text) for p in (_FINITE, _FAULT)))


def _says_what(sentence: str) -> bool:
    """Whether a sentence begins as one that says what was done: with a verb, or with `This change …s`."""
    match = _SAYS.match(sentence)
    verb = (match[1] or match[2]).lower() if match else ""
    is_noun = verb in ("test", "tests", "build", "patch", "document", "documents", "release")
    # `Adding X …` goes on with what that does or did; the other says where a fault is from
    is_no_act = is_noun or verb.endswith("ing") or re.match(r"\w+ed (?:in|by|since)\b", sentence)
    is_plain = not re.search(r"\*\*|: ", sentence) and not _OF_BEFORE.search(sentence)
    return vocabulary.verb_kind(verb) is not None and not is_no_act and is_plain


def _in_chinese(commit: Commit, subject: Subject, text: str) -> str | None:
    text = text.rstrip(".。")
    if _HAN.search(text):
        return cut(clean(text), _MOST_COLUMNS["zh"])
    said = in_chinese(text)
    first, _, rest = text.partition(" ")
    if said is None and ChangeType.FIX in subject.kinds and _FAULT.match(text) and verb_of(first) is None:
        fault = first.lower() if re.fullmatch(r"[A-Z][a-z]+", first) else first
        said = in_chinese(f"fix {fault} {rest}")  # `fix: race in X`
    said = said or in_chinese(_first_sentence(commit.body) or "")
    return cut(clean(said), _MOST_COLUMNS["zh"]) if said else None


def _known(commit: Commit, facts: Facts) -> set[str]:
    return {*facts.shown, *commit.subject.split(), *re.split(r"[\s:,()]+", commit.subject)}


def clean(text: str) -> str:
    """One line of a message without what a page would read as a mark, and without bold type."""
    return _one_line(text.replace("`", ""))


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"\1", text).split())


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


def _release(subject: Subject, triage: Triage, facts: Facts, language: str) -> str | None:
    version = _VERSION.search(subject.text) if triage.change_type is ChangeType.RELEASE else None
    if version is None:
        return None
    values = (*facts.values, *facts.settings, *facts.plumbing)
    before = next((v.old for v in values if v.old and _bare(v.new or "") == version[1]), None)
    if before is None or _VERSION.fullmatch(_bare(before)) is None:
        return say(language, "summary.release", version=f"`{version[1]}`")
    before = code(_bare(before), facts.shown | {_bare(before)})
    return say(language, "summary.release_after", version=f"`{version[1]}`", before=before)


def _bare(version: str) -> str:
    return version.strip("\"' ").removeprefix("v")


def _bump(subject: Subject, facts: Facts, known: set[str], language: str) -> str | None:
    if match := _BUMP.match(subject.text):
        name, old, new = (code(part, known) for part in match.groups())
        return say(language, "summary.bump", name=name, old=old, new=new)
    if match := _GROUP.match(subject.text):
        return say(language, "summary.group", name=code(match[1], known), n=int(match[2]))
    if match := _UPDATE.match(subject.text):
        name, version = match.groups()
        for moved in facts.dependencies:
            if moved.name == name and moved.old and moved.new and version.lstrip("v") in moved.new:
                old, new = code(moved.old, known), code(moved.new, known)
                return say(language, "summary.bump", name=code(name, known), old=old, new=new)
        return say(language, "summary.update", name=code(name, known), new=code(version, known))
    return None


def _first_sentence(body: str) -> str | None:
    """The first sentence of the message's body, where it is prose: no heading, list, table, link or code."""
    for paragraph in re.split(r"\n\s*\n", prose_of(body)):
        text = _LABEL.sub("", _one_line(paragraph))
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
