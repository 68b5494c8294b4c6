"""Says in Chinese what a verb of an English subject says with what belongs to it. Pure.

`Fix X in Y`, `Make X optional`, `Avoid loading X`, `Don't skip X`: the verb decides how the rest is read;
things and their places are told by `places`.
"""

from __future__ import annotations

import re

from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.lexicon import LANGUAGE, in_terms, is_name, verb_of
from digest_pipeline.rules.places import FAULTS, PLACE, parts_of, told
from digest_pipeline.rules.terms import term, without_article
from digest_pipeline.rules.vocabulary import words

_NEGATIONS = re.compile(r"(?:do not|don't|don’t|no longer|stop|stops|never)\s(?=\w)", re.IGNORECASE)
_TAKES_CLAUSE = words("avoid prevent allow support enable disable stop skip improve optimize")
_OF_DOING = words("fix correct improve optimize")
"""Verbs of which what is done to a thing is the object: `fix parsing X` is about how X is parsed."""
_COMMON = words(
    "add fix remove refactor update improve enable disable move rename use change replace implement introduce"
    " optimize simplify cleanup bump allow handle correct support extend convert migrate merge split reduce"
    " increase expose deprecate document skip avoid prevent resolve make"
)
"""Verbs that subjects begin with in the past tense too, and that surely begin a second sentence."""
_ALSO_NOUNS = words(
    "build cache log report format link release lock store load run cover gate share forward track set show "
    "start stop return call display request process record trace mark match address type order default"
)
"""Verbs that are as often nouns: an article or a name must follow."""
_OFTEN_DONE = words(
    "build cache log report format link release store load run cover share track set show start stop return"
    " call display record mark match address"
)
"""Those of them that are verbs where a phrase follows that is no name of its own."""
_CHANGES = re.compile(
    r"\b(?:fix(?:es)?|clean-?ups?|updates?|tweaks?|changes?|improvements?|refactor(?:ing)?)$"
)
_MEASURES = words("multiple several empty invalid nested large missing unnecessary unused")
_USING = re.compile(r"^us(?:e|es|ing)\s", re.IGNORECASE)
_REMARKS = re.compile(r"\b(?:comments?|todos?)\b", re.IGNORECASE)
_SUPPORTED = re.compile(r"(?:\w+ )?[Ss]upport (?:for|of) (.+)$|(\S+(?: \S+)?) [Ss]upport$")


def begins_sentence(text: str) -> bool:
    """Whether a second sentence begins, and no further part of a list."""
    first, _, rest = text.partition(" ")
    verb, plain = verb_of(first), first.lower()
    is_verb = verb in _COMMON or not (in_terms(plain) or plain in _ALSO_NOUNS)
    return bool(rest) and verb is not None and (is_verb or _is_object(rest))


def clause(text: str, lead: str = "") -> str | None:
    """A verb with its object and its places; `lead` is when the fault shows that it names, in Chinese."""
    if negated := _NEGATIONS.match(text):
        text = text[negated.end() :]
        rest = nested(text)
        return _happening(text) or (rest and say(LANGUAGE, "clause.not", text=rest))
    first, _, rest = text.partition(" ")
    adverb = f"adverb.{first.lower()}"
    if adverb in labels(LANGUAGE):
        more = clause(rest, lead)
        return more and say(LANGUAGE, adverb, text=more)
    verb = verb_of(first)
    if verb is None or not _is_done(first.lower(), verb, rest):
        return None
    if first.lower() == "better" and begins_sentence(rest):  # `better document X`
        return clause(rest, lead)
    return _with_verb(verb, without_article(rest), lead)


def nested(text: str) -> str | None:
    """A clause within another."""
    return clause(employing(text))


def employing(text: str) -> str:
    """A clause within another, where what is used does not take the place of something else."""
    return _USING.sub("employ ", text)


def _is_done(first: str, verb: str, rest: str) -> bool:
    """Whether a word in front is what is done, and no part of a name: `fused X`, `cache size`."""
    is_participle = first.endswith("ed") and verb not in (*_COMMON, first)
    is_noun = first in _ALSO_NOUNS and not _is_object(rest)
    if is_noun and first in _OFTEN_DONE and " " in rest:  # `cache size` and `build docs fix` are names
        is_noun = in_terms(f"{first} {rest.split(' ', 1)[0]}") or _CHANGES.search(rest) is not None
    return bool(rest) and not is_participle and not is_noun


def _happening(text: str) -> str | None:
    """That something no longer happens, with what it happened on before it: `don't panic on X`."""
    first, _, rest = text.partition(" ")
    known = labels(LANGUAGE)
    what = known.get(f"happening.{first.lower()}")
    if what is None:
        return None
    what = say(LANGUAGE, "clause.not", text=what)
    place = PLACE.match(f" {rest} ")
    where = term(f" {rest}"[place.end() :]) if place else None
    if not rest or place is None or where is None:
        return None if rest else what
    key = f"clause.happening_{place[1]}"
    return say(LANGUAGE, key, what=what, place=where) if key in known else None


def _with_verb(verb: str, rest: str, lead: str) -> str | None:
    made = _made(rest) if verb in ("make", "keep") else None
    if made or verb == "make":
        return made
    if verb == "resolve" and (FAULTS.search(rest) or _REMARKS.search(rest)):
        verb = "fix"
    if verb == "prevent" and (prevented := re.match(r"(.+?) from (\w+ing .+)$", rest)):
        thing, doing = term(prevented[1]), nested(prevented[2])
        return say(LANGUAGE, "clause.from_doing", what=thing, text=doing) if thing and doing else None
    if verb in ("add", "introduce", "implement") and (supported := _SUPPORTED.match(rest)):
        verb, rest = "support", supported[1] or supported[2]
    return _done(verb, rest, lead) or told(parts_of(verb, rest, lead))


def _is_object(rest: str) -> bool:
    """Whether the words behind one that may be a noun begin as an object does."""
    first = rest.split(" ", 1)[0]
    return rest != without_article(rest) or is_name(first) or first in _MEASURES


def _made(rest: str) -> str | None:
    """`make X optional`: the last words are how it is now."""
    place = PLACE.search(rest)
    rest = rest[: place.start()] if place else rest
    for blank in re.finditer(" ", rest):
        how = labels(LANGUAGE).get(f"adjective.{rest[blank.end() :].replace(' ', '_')}")
        thing = term(rest[: blank.start()]) if how else None
        if thing:
            return say(LANGUAGE, "clause.made", what=thing, how=how)
    return None


def _done(verb: str, rest: str, lead: str) -> str | None:
    """`avoid loading X` and `fix parsing X`: what is done is the object."""
    first, _, after = rest.partition(" ")
    is_done = first.endswith("ing") and after and (not in_terms(first) or _is_object(after))
    inner = verb_of(first) if is_done and not after.startswith("of ") else None
    if inner is None:
        return None
    known = labels(LANGUAGE)
    if verb in _OF_DOING:
        thing = None if PLACE.search(after) else term(after)
        doing = known[f"verb.{inner}"]
        thing = say(LANGUAGE, "clause.lead", lead=lead, what=thing) if lead and thing else thing
        return thing and say(LANGUAGE, "clause.doing", verb=known[f"verb.{verb}"], what=thing, doing=doing)
    said = nested(rest) if verb in _TAKES_CLAUSE else None
    said = said and known[f"verb.{verb}"] + said
    return say(LANGUAGE, "clause.moment", moment=lead, text=said) if lead and said else said
