"""Which definitions got another name: those that came and went with nearly the same text. Pure."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest_pipeline.models import FileText
    from digest_pipeline.rules.heads import Definition

_MOST_PAIRS = 30
_FEW_WORDS = 12
"""A definition of so few words is like many others."""


def renames_of(
    gone: list[Definition], come: list[Definition], text: FileText
) -> list[tuple[Definition, Definition]]:
    """Pairs of one kind and scope whose text is the same, or nearly, but for the name."""
    pairs, taken = [], set()
    candidates = [
        (a, b) for a in gone for b in come if a.kind == b.kind != "implementation" and _scope(a) == _scope(b)
    ]
    for before, after in candidates[:_MOST_PAIRS]:
        if id(before) in taken or id(after) in taken or text.old is None or text.new is None:
            continue
        one = text.old[slice(*before.span)].decode("utf-8", "replace")
        two = text.new[slice(*after.span)].decode("utf-8", "replace")
        names = (before.bare_name, after.bare_name)
        is_short = len(re.findall(r"\w+", two)) < _FEW_WORDS
        if is_short and difflib.SequenceMatcher(None, *names).ratio() < 0.5:  # noqa: PLR2004 - half of the letters
            continue  # two prototypes are alike in all but their names
        if _is_like(one.replace(*names), two):
            pairs.append((before, after))
            taken |= {id(before), id(after)}
    return pairs


def _scope(definition: Definition) -> str:
    return definition.name[: len(definition.name) - len(definition.bare_name)]


def _is_like(one: str, two: str) -> bool:
    words = [re.findall(r"\w+|[^\w\s]", t) for t in (one, two)]
    if min(map(len, words)) < 8 or max(map(len, words)) > 1500:  # noqa: PLR2004 - too short to tell, too long to compare
        return words[0] == words[1] and len(words[0]) > 5  # noqa: PLR2004 - more than a bare `X = 1`
    matcher = difflib.SequenceMatcher(None, *words, autojunk=False)
    return matcher.real_quick_ratio() > 0.8 and matcher.quick_ratio() > 0.8 and matcher.ratio() > 0.8  # noqa: PLR2004 - four words of five
