"""Says in Chinese what an English noun phrase names, where each of its words is understood. Pure.

A phrase is understood when its words are in the catalogue's list of terms, or are names: identifiers and
acronyms, which stay as they are, as technical terms do in Chinese prose; of other words one noun may stay.
"""

from __future__ import annotations

import re

from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.lexicon import LANGUAGE, in_terms, is_name, may_stay, meaning

_MOST_WORDS, _MOST_PARTS = 6, 5
_MOST_OF_TERM = 3
_CONJUNCTION = re.compile(r"\s(?:and|or|&|\+)\s")
_BRANCHES = ("main", "master")
"""Adjectives before a noun, else the names of branches."""
_ARTICLES = re.compile(
    r"^(?:(?:an?\s+)?(?:bunch|couple|lot|number|set|lots|handful|few)\s+of|the|an?|some|all|any|our|up|its|their|of|more)\s+",
    re.IGNORECASE,
)
_NEVER_NAMES = frozenset(
    ["Support", "Example", "Examples", "Tests", "Docs", "Documentation", "Guide", "Readme", "Performance"]
)
"""Words that are no names of code even with a capital."""
_SMALL = re.compile(r"(?:with|from|into|when|than|that|over|onto|upon|then|them)$")
"""Words that stay small in titles."""
_TITLE_WORDS = 3
"""So many words that all begin with a capital make a title, in which a capital marks no name."""
_HAN = r"[\u4e00-\u9fff、，：；（）]"


def term(text: str) -> str | None:
    """A noun phrase in Chinese, its names as they are; None where it is none, or is too long to be one.

    `a of b` becomes `b 的 a`, a list keeps its order.
    """
    text = without_article(text.strip().rstrip(" .。"))
    what, _, owners = text.partition(" of ")
    if (
        _CONJUNCTION.search(owners)
        and not _CONJUNCTION.search(what)
        and " of " not in owners
        and "," not in what
    ):
        return _owned(what, term(owners))
    parts = re.split(r",\s+(?:and\s+|or\s+)?|\s+(?:and|&|\+|/)\s+", text)
    if len(parts) > _MOST_PARTS or ("," in text and not _CONJUNCTION.search(text)):
        return None
    known = [_of(part) for part in parts]
    if any(part is None for part in known):
        return None
    listed = [part for part in known if part]
    last = say(LANGUAGE, "list.last", text=listed[-1])
    head = labels(LANGUAGE)["list.comma"].join(listed[:-1])
    return tidy(f"{head} {last}") if head else listed[-1]


def without_article(text: str) -> str:
    """A phrase without the article or the measure before it."""
    return _ARTICLES.sub("", text)


def tidy(text: str) -> str:
    """Without blanks between Chinese characters, with one between them and Latin script."""
    text = re.sub(rf"(?<={_HAN})\s+(?={_HAN})", "", " ".join(text.split()))
    text = re.sub(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9_@#$/.<-]|\ue000)", " ", text)
    text = re.sub(r"(?<=[A-Za-z0-9_)\ue000])(?=[\u4e00-\u9fff])", " ", text)
    return re.sub(r"的(?=[\u4e00-\u9fff]{2,4}的)", "", text)


def without_capitals(words: list[str]) -> list[str]:
    """The words of a title, of which each begins with a capital, as they stand in a sentence."""
    long = [w for w in words[1:] if len(w) > 3 and not _SMALL.match(w)]  # noqa: PLR2004 - as `of` and `the`
    capitals = [w for w in long if re.fullmatch(r"[A-Z][a-z]+", w)]
    is_title = len(capitals) >= _TITLE_WORDS and not any(w[0].islower() for w in long)
    said = [
        w.lower() if (is_title and re.fullmatch(r"[A-Z][a-z]+", w)) or w in _NEVER_NAMES else w for w in words
    ]
    for at in range(1, len(said) - 1):  # one of them may be a name of code, two in a row are words
        two = said[at : at + 2]
        if all(re.fullmatch(r"[A-Z][a-z]+", w) and in_terms(w.lower()) for w in two):
            said[at : at + 2] = [w.lower() for w in two]
    return said


def _of(text: str) -> str | None:
    """A phrase that may have another behind `of`."""
    what, _, owner = without_article(text).partition(" of ")
    thing = _plain(what)
    if not owner or thing is None:
        return thing
    return _owned(what, _of(owner))


def _owned(what: str, whose: str | None) -> str | None:
    thing = _plain(what)
    known = thing and whose
    return tidy(say(LANGUAGE, "clause.owner", owner=whose, name=thing)) if known else None


def _plain(text: str) -> str | None:
    words = without_article(text).split()
    if not words or len(words) > _MOST_WORDS:
        return None
    parts, at, has_stayed = [], 0, False
    while at < len(words):
        found = next(
            (
                n
                for n in range(min(_MOST_OF_TERM, len(words) - at), 0, -1)
                if in_terms(" ".join(words[at : at + n]))
            ),
            0,
        )
        if found:
            parts.append(meaning(" ".join(words[at : at + found])) or "")
        elif is_name(words[at]):
            found = 1
            is_count = at == 0 and words[at].isdigit() and at + 1 < len(words) and in_terms(words[at + 1])
            parts.append(f"{words[at]} 个" if is_count else words[at])
        elif not has_stayed and may_stay(words[at], is_last=at + 1 == len(words)):
            found, has_stayed = 1, True
            parts.append(words[at])
        else:
            return None
        at += found
    if parts[-1].endswith("的"):  # an adjective without its noun
        return None
    parts[-1] = words[-1] if words[-1] in _BRANCHES else parts[-1]
    default, plain = (meaning(word) for word in ("default", "by default"))
    parts[:-1] = [str(plain) if part == default else part for part in parts[:-1]]
    return tidy(" ".join(parts))
