"""Figures of a model's sentence against the evidence: percentages, factors, times, sizes, bare numbers. Pure.

Invented figures are the most convincing of a model's faults. A figure stands when the commit has the same
number with the same unit, or under a name that tells the unit (`timeout_seconds = 30`); a bare number of two
digits or more when it stands in the commit; a figure in words when the commit has the same words. Numbers
that count or order things ("12 files", "第 3 步") are not looked up: no commit spells them out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest_pipeline.model.evidence import Evidence

_UNITS = (
    (r"%|％|percent\b", "percent(?:age)?"),
    (r"×|x\b|倍|times\b|-?fold\b", "factor|multiplier"),
    (r"ns\b|纳秒|nanoseconds?\b", "nanoseconds?|nanos|ns"),
    (r"ms\b|毫秒|milliseconds?\b", "milliseconds?|millis|ms"),
    (r"[uµ]s\b|微秒|microseconds?\b", "microseconds?|micros|us"),
    (r"s\b|secs?\b|seconds?\b|秒", "seconds?|secs?"),
    (r"mins?\b|minutes?\b|分钟", "minutes?|mins?"),
    (r"h\b|hours?\b|小时", "hours?"),
    (r"days?\b|天", "days?"),
    (r"bytes?\b|字节", "bytes?"),
    (r"[kK]i?B\b", "kbytes?|ki?b"),
    (r"[mM]i?B\b|兆", "mbytes?|mi?b"),
    (r"[gG]i?B\b", "gbytes?|gi?b"),
    (r"[tT]i?B\b", "tbytes?|ti?b"),
)
"""Ways to write one unit behind a number, and to name it before one."""

_NUMBER = r"\d{1,15}(?:[.,]\d{1,9}){0,3}"
_ANY_UNIT = "|".join(f"({unit})" for unit, _ in _UNITS)
_FIGURE = re.compile(
    rf"(?<![\w.])({_NUMBER})(?:\s*[%％]?\s*[-~–‑—到至]\s*({_NUMBER}))?\s*(?:{_ANY_UNIT})", re.ASCII
)
_COUNTED = (
    r"[个处条行项次类种份张组步页名位款段层套篇批家块例句点号道节章轮台路]"
    r"|(?:(?:new|more|other|public|unit|further|additional|of the)\s+){0,2}(?:files?|lines?|tests?|commits?"
    r"|functions?|methods?|class(?:es)?|cases?|places?|modules?|occurrences?|changes?|callers?|calls?|arguments?"
    r"|parameters?|options?|fields?|steps?|points?|items?|entries|words?|characters?|columns?|rows?)\b"
)
_BARE = re.compile(
    r"(?<![\w.,#/:第-])(?<!第 )(\d{2,15}(?:[.,]\d{1,9}){0,3}|\d\.\d{1,9})"
    rf"(?![\w%％]|[.,]\d)(?!\s*(?:{_COUNTED}))",
    re.ASCII | re.IGNORECASE,
)
_IN_WORDS = re.compile(
    r"百分之[〇零一二三四五六七八九十百点两]+|[一二两三四五六七八九十百千]+(?:点[零一二三四五六七八九]+)?倍|翻[了一两三四]{0,2}[倍番]"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|hundred)"
    r"(?:[- ]?fold\b|[ -]per ?cent\b|[ -]times (?:as|faster|slower|more|less|fewer|larger|smaller)\b)",
    re.IGNORECASE,
)


def figures(sentence: str, evidence: Evidence) -> Iterator[bool]:
    """Of each figure of a sentence without its backticked names, whether the commit has it."""
    # Digits of other scripts and widths are digits to a reader too.
    sentence = unicodedata.normalize("NFKC", sentence)
    for match in _FIGURE.finditer(sentence):
        unit = next(n for n, found in enumerate(match.groups()[2:]) if found)
        yield all(evidence.has_figure(number, *_UNITS[unit]) for number in match.groups()[:2] if number)
    for match in _BARE.finditer(_FIGURE.sub(" ", sentence)):
        yield evidence.has_number(match[1])
    for match in _IN_WORDS.finditer(sentence):
        yield evidence.has_text(match[0])
