"""Says in Chinese what a short English subject says, where all of it is understood; else nothing. Pure.

A subject is read as a verb, an object and at most two places (`clauses`), and behind them a purpose, a means,
a moment, a second sentence or what it takes the place of. What is not understood is not guessed and not
quoted: a part that the sentence stays true without is left out, else `summaries` says it from the facts.
"""

from __future__ import annotations

import re

from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.clauses import begins_sentence, clause, employing, nested
from digest_pipeline.rules.lexicon import BLANK, LANGUAGE, QUOTE, in_terms, verb_of
from digest_pipeline.rules.places import FAULTY, may_end_early, phrase
from digest_pipeline.rules.terms import term, tidy, without_capitals
from digest_pipeline.rules.vocabulary import words

_MOST_WORDS = 40
_FEW_WORDS = 3
"""A sentence of so few says little without what it takes the place of."""
_VAGUE = words(
    "case cases issue issues bug bugs problem problems error errors behavior behaviour thing things"
)
"""What says nothing without when it shows."""
_REASONS = ("because", "since", "so that", "so")
"""Words before what a sentence stays true without, unless it says what is not done."""
_NOT = ("don't", "don’t", "do not", "no longer", "stop", "never")
_BRACKET = re.compile(r"\s+\([^()]*\)(?=[\s,;:]|$)")
_TAIL = re.compile(
    r"(?:\s(?P<instead>instead of|rather than|in favou?r of)|\s(?P<purpose>(?:in order )?to|so as to)"
    r"|\s(?P<means>by|via|using)"
    r"|\s(?P<moment>when|if|while|where|upon|after|before|during|once|until|unless|because|since|due to"
    r"|caused by|causing|so that|so|that|which|without|than)"
    r"|(?P<end>,? (?:together|along) with|,? including|,? such as|,? as well as"
    r"|\sfor(?=\s(?:better|improved|easier|faster|clarity|readability|consistency|brevity|now$)))"
    r"|(?P<also>;|,? and then|,? and|,| -| \+| &|:))\s"
)
_LAST_ADVERB = re.compile(
    r"(?<=[\w)\ue000]),? (correctly|properly|automatically|explicitly|gracefully|again|lazily|early"
    r"|separately|directly|on demand|in parallel|in place|(?:at|on) (?:runtime|startup)"
    r"|(?:if|when|where|whenever) (?:possible|needed|necessary|required|available))$"
)
_COMPLETED = words("allow enable change update ensure require force make use set")
"""Verbs that say something else without the infinitive behind their object."""


def in_chinese(text: str) -> str | None:
    """The sentence for a subject without its tags; None where a part of it is not understood.

    What stands in backticks is a name, whatever word it is.
    """
    text = re.sub(r"`([^`]*)`", lambda m: f"{QUOTE}{m[1].replace(' ', BLANK)}{QUOTE}", text)
    words = without_capitals(text.split())
    if not 1 < len(words) <= _MOST_WORDS:
        return None
    text = re.sub(r"^get rid of ", "remove ", " ".join(words).rstrip(".。"), flags=re.IGNORECASE)
    said = _sentence(re.sub(r"^Initial ", "add initial ", text))
    return None if said is None else tidy(said).replace(QUOTE, "").replace(BLANK, " ")


def _sentence(text: str) -> str | None:
    """A sentence with what may stand behind its places; what is in brackets is left out."""
    text = _BRACKET.sub("", text)
    if adverb := _LAST_ADVERB.search(text):
        main = _sentence(text[: adverb.start()])
        return main and say(LANGUAGE, f"adverb.{adverb[1].rpartition(' ')[2]}", text=main)
    for found in _TAIL.finditer(text):
        sort, rest = str(found.lastgroup), text[found.end() :]
        if found["means"] == "using" and " " not in text[: found.start()]:  # `stop using X`
            continue
        if _is_tail(sort, word := found[sort].strip(), rest):
            return _with_tail(text[: found.start()], sort, word, rest)
    return clause(text)


def _is_tail(sort: str, word: str, rest: str) -> bool:
    """Whether what follows is no place and no further part of a list."""
    first, _, more = rest.partition(" ")
    if sort == "purpose":
        is_bare = first.islower() and not re.search(r"(?:ing|ed|(?<!s)s)$", first)
        return bool(more) and is_bare and verb_of(first) is not None
    return sort != "also" or word == ":" or begins_sentence(rest)


def _with_tail(head: str, sort: str, word: str, rest: str) -> str | None:
    verb = verb_of(head.split(" ", 1)[0]) or ""
    if verb == "make" and sort in ("means", "instead"):
        return None  # how it is made stands behind it
    if word == "by" and rest.partition(" ")[0] == "default":
        main = _sentence(head + rest.removeprefix("default"))
        return main and say(LANGUAGE, "clause.by_default", text=main)
    if sort == "end" or (word in _REASONS and not head.lower().startswith(_NOT)):
        return clause(head)
    if sort == "moment" or (word == "using" and verb in FAULTY):
        return _at_moment(verb, head, word, rest)
    if sort in ("purpose", "also"):
        return _with_sentence(verb, head, sort, rest)
    return _with_means(head, word, rest) if sort == "means" else _instead(verb, head, word, rest)


def _with_means(head: str, word: str, rest: str) -> str | None:
    main, means = clause(head), nested(rest) if word == "by" else term(rest)
    return say(LANGUAGE, f"clause.means_{word}", text=main, other=means) if main and means else main


def _instead(verb: str, head: str, word: str, rest: str) -> str | None:
    """A sentence with what it takes the place of, without which a short one says little."""
    main = clause(head)
    doing = nested(rest) if rest.split(" ", 1)[0].endswith("ing") else None
    other = doing or phrase(rest)
    if main is None or other is None:
        return main if len(head.split()) > _FEW_WORDS else None
    key = "favour" if word.startswith("in ") else "use_instead" if verb == "use" else "instead"
    return say(LANGUAGE, f"clause.{'instead_doing' if doing else key}", text=main, other=other)


def _with_sentence(verb: str, head: str, sort: str, rest: str) -> str | None:
    """What a change is for, or a second one."""
    is_completed = sort == "purpose" and verb in _COMPLETED
    # `use X to …` makes use of it, and does not go over to it
    main = nested(head) if is_completed and verb == "use" else clause(head)
    further = _sentence(employing(rest) if sort == "purpose" else rest) if main else None
    if main is None or further is None:
        return None if is_completed else main
    key = "able" if is_completed and verb in ("allow", "enable") else sort
    return say(LANGUAGE, f"clause.{key}", text=main, further=further)


def _at_moment(verb: str, head: str, word: str, rest: str) -> str | None:
    """A sentence with when it holds; the moment belongs to the fault where the object is one."""
    is_without = word == "without" and verb not in FAULTY
    moment = None if is_without else _moment(word, rest)
    if moment is None:
        is_vague = head.rpartition(" ")[2].lower() in _VAGUE and len(head.split()) <= _FEW_WORDS
        return clause(head) if may_end_early(verb, head) and not is_vague else None
    if verb in FAULTY:
        return clause(head, lead=moment)
    main = clause(head)
    return main and say(LANGUAGE, "clause.moment", moment=moment, text=main)


def _moment(word: str, rest: str) -> str | None:
    """When something holds: a time, what is being done, or a state."""
    key = f"clause.{word.replace(' ', '_')}"
    if key not in labels(LANGUAGE):
        return None
    state = re.fullmatch(r"(.+?) (?:is|are|was|were) (.+)", rest)
    if state is not None:
        what, how = term(state[1]), labels(LANGUAGE).get(f"state.{state[2].replace(' ', '_')}")
        return tidy(say(LANGUAGE, key, what=f"{what} {how}")) if what and how else None
    first = rest.split(" ", 1)[0]
    done = nested(rest) if first.endswith("ing") and not in_terms(first) else None
    what = done or term(rest)
    return None if what is None else tidy(say(LANGUAGE, key, what=what))
