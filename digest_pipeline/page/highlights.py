"""The three to six sentences that a reader takes away from a day. Pure, chosen by rules alone.

What changes behaviour or interfaces, fixes a security hole or takes something away goes first; what
was merged and reverted on the same page is told once, as a thread.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType, Tier
from digest_pipeline.page.markdown import columns, cut, plain
from digest_pipeline.page.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest_pipeline.page.chains import Thread
    from digest_pipeline.page.entries import Entry
    from digest_pipeline.page.words import Words

FEWEST, MOST = 3, 6
WIDTH = {"zh": 100, "en": 150}
"""Columns of a sentence with its area and link: 60 Chinese characters are 120 columns."""
WORDS = 25
RULES = "rules"
"""`Analysis.source` where no model spoke."""
_CONCERNS_USERS = frozenset(
    [
        "breaking",
        "default_changed",
        "dependency_major",
        "deprecation",
        "option_removed",
        "public_name_removed",
        "removal",
        "security",
        "signature_broken",
    ]
)
"""Reasons of a score that tell of something that a user of the project may have to act on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cited:
    """An entry on which a highlight rests."""

    anchor: str
    label: str
    """The pull request, or the short SHA."""


@dataclasses.dataclass(frozen=True, slots=True)
class Highlight:
    """One bullet: a sentence on some entries, or a thread that came to nothing."""

    sentence: str
    """Plain text with `backticks`; empty for a thread."""
    cited: tuple[Cited, ...]
    area: str | None = None
    thread: Thread | None = None


def highlights_of(
    entries: Sequence[Entry],
    threads: Sequence[Thread],
    language: str,
    told: Iterable[tuple[str, Sequence[str]]] = (),
) -> tuple[Highlight, ...]:
    """At most six, the most important first; fewer than three only when the day has fewer entries.

    `told` are a model's sentences with the SHAs that each rests on; without any that rests on an entry
    of the page the rules choose.
    """
    return _by_model(entries, told) or _by_rules(entries, threads, language)


def _by_model(entries: Sequence[Entry], told: Iterable[tuple[str, Sequence[str]]]) -> tuple[Highlight, ...]:
    known = {entry.sha: _cited(entry) for entry in entries}
    made = (Highlight(said, tuple(known[sha] for sha in shas if sha in known)) for said, shas in told)
    return tuple(highlight for highlight in made if highlight.cited)[:MOST]


def _by_rules(entries: Sequence[Entry], threads: Sequence[Thread], language: str) -> tuple[Highlight, ...]:
    undone = _undone(threads)
    ranked = sorted((e for e in entries if e.sha not in undone), key=_rank)
    notable = [e for e in ranked if e.tier is Tier.HIGH or _first_class(e)]
    if len(notable) < FEWEST:
        notable = ranked[:FEWEST]
    chosen = [_sentence(e, language) for e in notable[:MOST]]
    here = {entry.sha: _cited(entry) for entry in entries}
    for thread in dict.fromkeys(undone.values()):
        if len(chosen) < MOST:
            chosen.append(
                Highlight("", tuple(here[s.sha] for s in thread.steps if s.sha in here), None, thread)
            )
    return tuple(chosen)


def _cited(entry: Entry) -> Cited:
    return Cited(entry.anchor, entry.pr_label or entry.short)


def _undone(threads: Sequence[Thread]) -> dict[str, Thread]:
    """The commits of this page whose whole effect was taken back on the same page."""
    return {
        step.sha: thread
        for thread in threads
        if thread.effect == "none" and all(step.same_day for step in thread.steps)
        for step in thread.steps
    }


def _first_class(entry: Entry) -> bool:
    """Behaviour, interfaces, security, removals: what may concern a reader who uses the project."""
    if entry.tier is Tier.LOW:
        return False
    concerns = any(r.points > 0 and r.code in _CONCERNS_USERS for r in entry.reasons)
    return entry.change_type is ChangeType.SECURITY or bool(entry.behaviour) or concerns


def _rank(entry: Entry) -> tuple[int, int, float, int, str]:
    tier = list(Tier).index(entry.tier)
    return (0 if _first_class(entry) else 1, tier, -entry.score, -entry.landed_at, entry.sha)


def _sentence(entry: Entry, language: str) -> Highlight:
    cited = _cited(entry)
    room = WIDTH[language] - columns(entry.area) - columns(cited.label) - 4
    words = WORDS - len(entry.area.split()) - 1 if language == "en" else room
    ways = _ways_to_say(entry, language)
    sentence = next((way for way in ways if shorten(way, room, words) == way), shorten(ways[-1], room, words))
    return Highlight(sentence, (cited,), entry.area)


_MARKS = re.compile(r"^(?:\[[^\[\]]{1,60}\]\s*|[\w./&-]{1,40}(?:\([^()]{0,80}\))?!?:\s+)+")
"""What stands before the words of a title: `[Tag]`, `area:`, `feat(area)!:`. The area is told already."""


def _ways_to_say(entry: Entry, language: str) -> list[str]:
    """What to say of an entry in one sentence, the fullest way first.

    A model's sentence on behaviour stands for itself. The rules' summary says what it is about and then what
    was found in the diff; where not all of it fits, the last facts go first, then the items of a list, then
    all of the facts. Where the rules do not say what it is about, but facts alone, the title says it.
    """
    summary = first_sentence(entry.summary) or entry.title
    if entry.source != RULES:
        return [first_sentence(entry.behaviour[0]) if entry.behaviour else summary]
    words = words_of(language)
    stop = str(words.table["stop"])
    about, join, facts = taken_apart(words, summary)
    if about.startswith(("「", words.touched)) or about in entry.behaviour:
        about, join, facts = bare_title(entry), words.colon, []
    unsaid = [sentence for sentence in entry.behaviour[:1] if not facts or sentence[1:] not in summary]
    facts += [fact for sentence in unsaid for fact in sentence.rstrip("。.").split(stop)]
    ways = [f"{about}{join}{stop.join(facts[:n])}" for n in range(len(facts), 0, -1)]
    first, more, _ = facts[0].partition(words.comma) if facts else ("", "", "")
    return [*ways, *([f"{about}{join}{first}…"] if more else []), about]


def bare_title(entry: Entry) -> str:
    """The words of a title, without tags and prefix."""
    return _MARKS.sub("", plain(entry.title))


def taken_apart(words: Words, summary: str) -> tuple[str, str, list[str]]:
    """What a summary of the rules is about, what stands behind that, and the facts of the diff."""
    stop = str(words.table["stop"])
    about, join, found = summary.rstrip("。.").partition(words.colon)
    if not found:
        about, join, found = about.partition(stop)
    return about, join or stop, found.split(stop) if found else []


def first_sentence(value: str) -> str:
    """Up to the first full stop; the stop of a file name, a version or a backtick span is none."""
    value = plain(value)
    for stop in re.finditer(r"[。！？]|[.!?](?=\s)", value):
        if value.count("`", 0, stop.end()) % 2 == 0:
            return value[: stop.end()]
    return value


def shorten(value: str, width: int, words: int) -> str:
    """At most so many columns and words; what is cut ends in `…`, never inside backticks or 「 」."""
    parts = value.split(" ")
    short = value if len(parts) <= words else " ".join(parts[:words]) + "…"
    if columns(short) > width:
        short = cut(short, width - 2)
    if short.count("`") % 2:
        short = short[: short.rindex("`")].rstrip() + "…"
    return short + "」" if short != value and short.count("「") > short.count("」") else short
