"""Says in Chinese what a short English subject says, where all of it is understood; else nothing. Pure.

A subject is read as a verb, an object and at most one place (`Fix X in Y`, `Add X to Y`, `Replace X with Y`).
An object is understood when its words are in the list of terms, or are names: identifiers and acronyms,
which stay as they are, as technical terms do in Chinese prose. What is not understood is not guessed and
not quoted: `summaries` then says it from the facts.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.catalogue import labels, say

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANGUAGE = "zh"
_MOST_WORDS = 6
_TITLE_WORDS = 3
"""So many words that all begin with a capital make a title, in which a capital marks no name."""
_VERBS = {
    form: verb
    for verb, forms in {
        "add": "added adds adding create creates created",
        "fix": "fixes fixed fixing bugfix resolve resolves resolved hotfix repair",
        "remove": "removes removed removing drop drops dropped delete deletes deleted",
        "refactor": "refactors refactored refactoring restructure rework",
        "update": "updates updated updating refresh",
        "sync": "syncs synchronize",
        "reorganize": "reorganise rearrange reorder",
        "merge": "merges merged combine",
        "optimize": "optimise optimizes optimized speed accelerate optimizing optimises",
        "improve": "improves improved improving enhance enhances enhanced",
        "enable": "enables enabled enabling",
        "disable": "disables disabled disabling",
        "support": "supports supporting supported",
        "move": "moved moving moves relocate",
        "rename": "renamed renames renaming",
        "bump": "upgrade upgrades upgraded bumps bumped",
        "use": "uses used using switch switches switched adopt prefer",
        "cleanup": "clean cleans tidy",
        "allow": "allows allowed allowing permit",
        "avoid": "avoids avoided avoiding",
        "unify": "consolidate consolidates",
        "deduplicate": "dedupe dedup",
        "expose": "exposes exposed export exports",
        "introduce": "introduces introduced",
        "implement": "implements implemented implementing",
        "handle": "handles handled handling",
        "replace": "replaces replaced replacing",
        "deprecate": "deprecates deprecated",
        "document": "documents documented",
        "skip": "skips skipped skipping ignore ignores ignored",
        "prevent": "prevents prevented",
        "ensure": "ensures",
        "simplify": "simplifies simplified",
        "reduce": "reduces reduced minimize lower decrease",
        "increase": "increases increased raise raises",
        "extract": "extracts extracted",
        "integrate": "integrates",
        "port": "ports ported backport",
        "extend": "extends extended expand",
        "convert": "converts converted",
        "migrate": "migrates migrated",
        "correct": "corrects corrected",
        "test": "tests",
        "reuse": "reuses",
        "restore": "restores restored",
        "split": "splits",
        "check": "checks validate verify verifies validates",
        "limit": "limits restrict restricts cap",
        "pin": "pins pinned",
        "change": "changes changed adjust tweak modify",
        "clarify": "clarifies",
        "reject": "rejects forbid disallow",
    }.items()
    for form in (verb, *forms.split())
}
"""Form of a verb → the verb under which the catalogue has it."""
_QUOTE, _BLANK = "\ue000", "\ue001"
"""Stand for a backtick and for a blank between two, while a subject is read."""
_ARTICLES = re.compile(
    r"^(?:(?:an?\s+)?(?:bunch|couple|lot|number|set|lots|handful)\s+of|the|an?|some|all|any|our|up|its|of)\s+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;]|:\s|\s\(|\s(?:when|if|after|before|while|because|since|due|caused|causing|during|so|that|which|by|without|instead"
    r"|under|until|unless|where|upon|via|using|as|than|rather|between|across|once|whose|with|to|into|onto|from|for|in"
    r"|on|of|inside|within|at|and|or|not|no)\s",
    re.IGNORECASE,
)
_PLACES = {
    "in": "in", "inside": "in", "within": "in", "on": "on", "at": "in", "across": "in",
    "for": "for", "to": "to", "into": "to", "onto": "to", "from": "from", "with": "with", "of": "of",
}  # fmt: skip
"""Preposition → the sort of place that it begins."""
_NOUNS = frozenset(
    [
        "caching",
        "encoding",
        "logging",
        "parsing",
        "routing",
        "sampling",
        "scheduling",
        "packaging",
        "typing",
        "string",
    ]
)
_MAY_END_EARLY = frozenset(
    ["fix", "handle", "avoid", "prevent", "correct", "optimize", "improve", "add", "support"]
)
"""Verbs whose sentence stays true without the circumstance that follows their object."""
_BRINGING = frozenset(["add", "support", "optimize", "improve"])
"""Those of them that say little of a thing that is only called by its sort."""
_CIRCUMSTANCE = re.compile(
    r"^(?::\s|\s\(|\s(?:when|if|after|before|while|because|since|due|caused|during|upon|under|without|by|via|using)\s)",
    re.IGNORECASE,
)
_SMALL = re.compile(r"(?:with|from|into|when|than|that|over|onto|upon|then|them)$")
"""Words that stay small in titles."""
_NEVER_NAMES = frozenset(
    ["Support", "Example", "Examples", "Tests", "Docs", "Documentation", "Guide", "Readme", "Performance"]
)
"""Words that are no names of code even with a capital."""
_COMPOUND = re.compile(
    r"(?:non|over|re|un|sub|double|half|full|well|self|one|two|cross|high|low|per|first|last|long|short|mis|out|in|off|on"
    r"|early|late|fine|hard|soft|left|right|so|up|down|user|real|read|write|follow|opt)-[a-z]+(?:-[a-z]+)*$"
)
"""Words of everyday language with a hyphen, which are no names."""


def in_chinese(text: str) -> str | None:
    """The sentence for a subject without its tags; None where a part of it is not understood.

    What stands in backticks is a name, whatever word it is.
    """
    text = re.sub(r"`([^`]*)`", lambda m: f"{_QUOTE}{m[1].replace(' ', _BLANK)}{_QUOTE}", text)
    said = _clause(_without_capitals(text.split()))
    return None if said is None else said.replace(_QUOTE, "").replace(_BLANK, " ")


def _without_capitals(words: list[str]) -> list[str]:
    """The words of a title, of which each begins with a capital, as they stand in a sentence."""
    long = [w for w in words[1:] if len(w) > 3 and not _SMALL.match(w)]  # noqa: PLR2004 - as `of` and `the`
    capitals = [w for w in long if re.fullmatch(r"[A-Z][a-z]+", w)]
    is_title = len(capitals) >= _TITLE_WORDS and not any(w[0].islower() for w in long)
    said = [
        w.lower() if (is_title and re.fullmatch(r"[A-Z][a-z]+", w)) or w in _NEVER_NAMES else w for w in words
    ]
    for at in range(1, len(said) - 1):  # one of them may be a name of code, two in a row are words
        two = said[at : at + 2]
        if all(re.fullmatch(r"[A-Z][a-z]+", w) and w.lower() in _terms() for w in two):
            said[at : at + 2] = [w.lower() for w in two]
    return said


def _clause(words: list[str]) -> str | None:
    verb = _VERBS.get(words[0].lower()) if len(words) > 1 else None
    known = labels(_LANGUAGE).get(f"verb.{verb}")
    if verb is None or known is None:
        return None
    rest = _ARTICLES.sub("", " ".join(words[1:]))
    if verb in ("add", "introduce", "implement") and (
        m := re.match(r"(?:\w+ )?[Ss]upport (?:for|of) (.+)$|(\S+(?: \S+)?) [Ss]upport$", rest)
    ):
        verb, known, rest = "support", labels(_LANGUAGE)["verb.support"], m[1] or m[2]
    if verb in ("update", "bump") and (m := re.match(r"to (.+)$", rest)) and (target := term(m[1])):
        return say(_LANGUAGE, "clause.up_to", verb=known, place=_tidy(f"到 {target}"))
    thing, sort, place = _parts(rest, may_end=verb in _MAY_END_EARLY)
    shown = term(thing)
    if shown is None or (sort is None and re.fullmatch(r"[a-z]+", shown)):
        return None  # one plain word says nothing by itself
    plain = say(_LANGUAGE, "clause.plain", verb=known, what=_spaced(known, shown), place="")
    if sort is None and len(thing) < len(rest) and _is_bare(verb, thing):
        return None
    return plain if sort is None else _placed(verb, thing, sort, place, plain)


def _placed(verb: str, thing: str, sort: str, place: str, plain: str) -> str | None:
    """The sentence with its place; without it where that is not understood and may be left out."""
    where = term(place)
    if verb == "add" and sort == "to" and re.fullmatch(r"\S+[./]\S+", place):
        sort = "in"  # a file takes things in
    key = f"clause.{verb}_{sort}" if f"clause.{verb}_{sort}" in labels(_LANGUAGE) else f"clause.{sort}"
    if where is not None and key in labels(_LANGUAGE):
        known = labels(_LANGUAGE)[f"verb.{verb}"]
        return _tidy(say(_LANGUAGE, key, verb=known, what=term(thing), place=where))
    is_whole = (
        verb in _MAY_END_EARLY and where is None and sort != "of" and not re.fullmatch(r"[a-z]+", thing)
    )
    return plain if is_whole and not _is_bare(verb, thing) else None


def _is_bare(verb: str, thing: str) -> bool:
    """Whether a thing says too little without what followed it."""
    is_one = len(thing.split()) == 1 and thing.lower() in _terms()
    return is_one and verb in _BRINGING and not re.match(r"tests?$|docs?$|documentation$", thing)


def _parts(rest: str, *, may_end: bool) -> tuple[str, str | None, str]:
    """Object, sort of place and place; what follows that and may be left out is left out."""
    cut = _CLAUSE.search(rest)
    while cut is not None and cut[0].strip().lower() in ("and", "or"):
        cut = _CLAUSE.search(rest, cut.end())
    if cut is None:
        return rest, None, ""
    word = cut[0].strip().lower()
    thing, after = rest[: cut.start()], rest[cut.end() :]
    if word in _PLACES:
        more = _CLAUSE.search(after)
        if more is None:
            return thing, _PLACES[word], after
        if may_end and _CIRCUMSTANCE.match(more[0]):
            return thing, _PLACES[word], after[: more.start()]
        return (thing if may_end else ""), None, ""
    return (thing, None, "") if may_end and _CIRCUMSTANCE.match(cut[0]) else ("", None, "")


def term(text: str) -> str | None:
    """A noun phrase in Chinese, its names as they are; None where it is none, or is too long to be one."""
    text = _ARTICLES.sub("", text.strip(" .。"))
    words = re.split(r"\s+", text) if text else []
    if not words or len(words) > _MOST_WORDS:
        return None
    terms, parts, at = _terms(), [], 0
    if words[0].endswith("ing") and words[0] not in _NOUNS:
        return None
    while at < len(words):
        found = next(
            (
                n
                for n in (3, 2, 1)
                if " ".join(words[at : at + n]).strip(",") in terms and at + n <= len(words)
            ),
            0,
        )
        if found:
            parts.append(terms[" ".join(words[at : at + found]).strip(",")])
        elif _is_name(words[at]):
            found = 1
            parts.append(words[at].strip(","))
        else:
            return None
        at += found
    return _joined(parts)


def _is_name(word: str) -> bool:
    """Identifiers, paths, versions, acronyms, words with a capital: what is written the same everywhere."""
    bare = word.strip(",")
    if bare.startswith(_QUOTE) and bare.endswith(_QUOTE):
        return True
    if _COMPOUND.match(bare):
        return False
    return bool(re.fullmatch(r"[\w./:@#+*<>\[\]()=&~%!-]{1,60}", bare)) and bool(
        re.search(r"[A-Z0-9_./:@]|\w-\w|\(\)", bare)
    )


def _joined(parts: list[str]) -> str:
    """The parts of a phrase, blanks only where Latin script stands."""
    return _tidy(" ".join(parts))


def _spaced(before: str, text: str) -> str:
    return _tidy(f"{before} {text}")[len(before) :]


def _tidy(text: str) -> str:
    """Without blanks between Chinese characters, with one between them and Latin script."""
    han = r"[\u4e00-\u9fff、，：；（）]"
    text = re.sub(rf"(?<={han})\s+(?={han})", "", " ".join(text.split()))
    text = re.sub(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9_\ue000])", " ", text)
    text = re.sub(r"(?<=[A-Za-z0-9_)\ue000])(?=[\u4e00-\u9fff])", " ", text)
    return re.sub(r"的(?=[\u4e00-\u9fff]{2,4}的)", "", text)


@functools.cache
def _terms() -> Mapping[str, str]:
    return {
        k.removeprefix("term.").replace("_", " "): v
        for k, v in labels(_LANGUAGE).items()
        if k.startswith("term.")
    }
