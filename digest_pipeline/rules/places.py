"""Says in Chinese what a verb does to a thing, and where: `Fix X in Y`, `Move X from A to B`. Pure.

Things and places are phrases that `terms` understands. A place that is not understood is left out only where
the sentence stays true without it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.lexicon import LANGUAGE, in_terms, is_name, may_stay
from digest_pipeline.rules.terms import term
from digest_pipeline.rules.vocabulary import words

PLACE = re.compile(
    r"\s(in|inside|within|on|at|across|for|to|into|onto|from|with|as|against|between|under|over|behind|about|per)\s"
)
FAULTY = words("fix correct avoid prevent handle")
"""Verbs whose object is the fault, to which a moment belongs."""
_MAY_END_EARLY = words("fix correct optimize improve add")
"""Verbs whose sentence stays true without the circumstance that follows their object."""
_MENDING = words("fix correct improve optimize")
FAULTS = re.compile(
    r"\b(?:issues?|errors?|bugs?|conflicts?|warnings?|problems?|crash\w*|races?|deadlocks?|leaks?|failures?"
    r"|typos?|regressions?|vulnerabilit\w+|inconsistenc\w+|hangs?|exceptions?|panics?|overflows?|segfaults?)\b",
    re.IGNORECASE,
)
"""Words for what nobody wants."""
_EVENT = re.compile(
    r"\b(?:(?!partition|section|function|option|version|connection|collection|expression|instruction|transaction)"
    r"\w+[ts]ion|errors?|failures?|crash|hover|click|exit|startup|shutdown|import|load|release|changes?|save|push|close|open"
    r"|timeout|event|install|upgrade|restart|reload|start|stop|commit|merge|SIG[A-Z0-9]+)$"
)
"""What happens, and is no place: `print the path on error`."""
_LEADS = re.compile(r"\b(?:calls?|references?|links?|redirects?)$")
"""What something has to another: `change references to X`."""
_SAME_PLACE = {"inside": "in", "within": "in", "across": "in", "into": "to", "onto": "to"}
_SENDING = words(
    "pass send move forward propagate write save upload copy migrate port convert rename bump update pin"
)
"""Verbs behind which `to` is where something goes, and no purpose."""
_OF_NAMES = words(
    "add introduce remove update bump use support replace enable disable revert drop include integrate"
)
"""Verbs that say enough of one word that is only a name."""
_BRINGING = words("add support optimize improve")
"""Verbs that say little of a thing that is only called by its sort."""
_MOVING = words("move migrate bump port convert copy increase reduce rename extend upload")
"""Verbs that end at what follows `to`."""


class Parts(NamedTuple):
    """What a verb is said of."""

    verb: str
    thing: str
    places: list[tuple[str, str]]
    """(sort, phrase), in the order of the sentence."""
    lead: str = ""
    """When a fault shows, in Chinese."""


def parts_of(verb: str, rest: str, lead: str = "") -> Parts:
    """What follows a verb, cut at its prepositions."""
    text = f" {rest}"
    cuts = list(PLACE.finditer(text))
    if not cuts:
        return Parts(verb, rest, [], lead)
    ends = [*(cut.start() for cut in cuts[1:]), len(text)]
    own = {sort for sort in _SAME_PLACE if f"clause.{verb}_{sort}" in labels(LANGUAGE)}
    places = [
        (cut[1] if cut[1] in own else _SAME_PLACE.get(cut[1], cut[1]), text[cut.end() : end])
        for cut, end in zip(cuts, ends, strict=True)
    ]
    return Parts(verb, text[: cuts[0].start()].strip(), places, lead)


def may_end_early(verb: str, thing: str) -> bool:
    """Whether a sentence stays true without the circumstance behind its object."""
    return verb in _MAY_END_EARLY or (verb in FAULTY and FAULTS.search(thing) is not None)


def told(parts: Parts) -> str | None:
    """The sentence of a verb, its object and what of its places is understood; None where too little is."""
    if [sort for sort, _ in parts.places] == ["from", "to"]:
        return _from_to(parts)
    if not parts.thing:
        return _without_thing(parts)
    thing = term(parts.thing)
    if thing is None or parts.verb == "warn":  # who is warned is no object
        return None
    text = _whole(parts, thing)
    is_word = re.fullmatch(r"[a-z]+", parts.thing) is not None
    if text is not None:  # one plain word says nothing by itself
        is_alone = is_word and not parts.places and not parts.lead and re.fullmatch(r"[a-z]+", thing)
        says_little = is_alone and parts.verb not in _OF_NAMES
        return None if says_little else text
    is_needed = any(sort == "as" for sort, _ in parts.places[:1])  # says what a thing becomes
    if not may_end_early(parts.verb, parts.thing) or is_needed or is_word or _is_bare(parts):
        return None
    return _plain(parts, thing)


def phrase(text: str) -> str | None:
    """A noun phrase in Chinese without the place behind it that is not understood."""
    place = PLACE.search(text)
    return term(text) or (term(text[: place.start()]) if place else None)


def _whole(parts: Parts, thing: str) -> str | None:
    """The sentence with all its places."""
    if not parts.places:
        return _plain(parts, thing)
    (sort, text), rest = parts.places[0], parts.places[1:]
    if rest and re.fullmatch(r"[a-z]+ing", text):  # what follows belongs to what is done
        return None
    if parts.verb == "add" and sort == "to" and re.fullmatch(r"\S+[./]\S+", text):
        sort = "in"  # a file takes things in
    if rest and rest[0][0] in ("in", "on") and parts.verb in FAULTY and (met := term(rest[0][1])):
        is_met = rest[0][0] == "on" and not _is_platform(met)
        lead = say(LANGUAGE, "clause.met_first" if is_met else f"clause.lead_{rest[0][0]}", place=met)
        parts, rest = parts._replace(lead=lead), rest[1:]
    # one word behind `to` may be a verb
    is_target = sort != "to" or parts.verb in _SENDING
    is_verb = not is_target and not in_terms(text) and may_stay(text, is_last=True)
    said = _placed(parts, thing, sort, None if is_verb else term(text))
    if said is None or not rest:
        return said
    # a fault in one place is one also where more is said of it
    return _in_front(rest, said) or (said if parts.verb in _MENDING else None)


def _placed(parts: Parts, thing: str, sort: str, place: str | None) -> str | None:
    known, key = labels(LANGUAGE), f"clause.{parts.verb}_{sort}"
    key = key if key in known else f"clause.{sort}"
    if place is None or key not in known:
        return None
    if parts.verb in FAULTY and sort == "on" and not _is_platform(place):
        key = "clause.met"
    elif sort == "to" and _LEADS.search(parts.thing):
        key = "clause.leading_to"
    elif sort == "on" and _EVENT.search(parts.places[0][1]):
        key = "clause.on_event"
    where = say(LANGUAGE, "clause.lead", lead=parts.lead, what=place) if parts.lead else place
    return say(LANGUAGE, key, verb=known[f"verb.{parts.verb}"], what=thing, place=where)


def _in_front(rest: list[tuple[str, str]], text: str) -> str | None:
    """A sentence with its second place before it; None where that is not understood."""
    key, place = f"clause.front_{rest[0][0]}", term(rest[0][1])
    is_known = len(rest) == 1 and place is not None and key in labels(LANGUAGE)
    return say(LANGUAGE, key, place=place, text=text) if is_known else None


def _plain(parts: Parts, thing: str) -> str:
    known = labels(LANGUAGE)
    key = "clause.led" if parts.lead else f"clause.{parts.verb}_plain"
    key = key if key in known else "clause.plain"
    return say(LANGUAGE, key, verb=known[f"verb.{parts.verb}"], what=thing, lead=parts.lead)


def _from_to(parts: Parts) -> str | None:
    """`move X from A to B`, also without the X."""
    old, new = (term(text) for _, text in parts.places)
    thing = term(parts.thing) if parts.thing else ""
    if old is None or new is None or thing is None:
        return None
    key = f"{'changed_' * (parts.verb not in _MOVING)}{'bare_' * (not thing)}from_to"
    verb = labels(LANGUAGE)[f"verb.{parts.verb}"]
    return say(LANGUAGE, f"clause.{key}", verb=verb, what=thing, old=old, new=new)


def _without_thing(parts: Parts) -> str | None:
    """`prepare for X`: the place is all that is said."""
    key = f"clause.{parts.verb}_bare_{parts.places[0][0]}" if len(parts.places) == 1 else ""
    place = term(parts.places[0][1]) if key in labels(LANGUAGE) else None
    return place and say(LANGUAGE, key, verb=labels(LANGUAGE)[f"verb.{parts.verb}"], place=place)


def _is_platform(place: str) -> bool:
    """Whether a place is only names, as `Windows` and `Python 3.14` are."""
    return all(is_name(word) for word in place.split())


def _is_bare(parts: Parts) -> bool:
    """Whether a thing says too little without what followed it."""
    is_one = len(parts.thing.split()) == 1 and in_terms(parts.thing.lower())
    return is_one and parts.verb in _BRINGING
