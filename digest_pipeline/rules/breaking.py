"""Whether a message says that a change breaks what people use, and in which words. Pure.

The marks are those of Conventional Commits 1.0.0 (`!` before the colon, `BREAKING CHANGE:` in the body), a
`[breaking]` tag, and a section of the message under a heading of its own, as pull request forms have it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.subjects import parse_subject, without_comments

if TYPE_CHECKING:
    from digest_pipeline.models import Commit

_MOST = 20_000
"""Characters of a message that are looked at."""
_FOOTER = re.compile(r"^(?:BREAKING[ -]CHANGES?)\s*[:：]", re.MULTILINE)
_SECTION = re.compile(
    r"^#{1,2} +\W{0,4}(?:API )?breaking changes?\W{0,4}$(?P<text>.*?)(?=^#{1,6} |\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
"""Deeper headings are those of release notes that a bump quotes."""
_NOTHING = re.compile(
    r"(?:[-*]\s+)?(?:(?:none|not|nothing|n/?a|nil|does(?: not|n't)|there are no|tbd|todo)\b|no\b(?! longer))"
    r"|\W*\Z",
    re.IGNORECASE,
)
"""What stands in a section that only the form asked for."""


def said_breaking(commit: Commit) -> str:
    """The first sentence in which the body says what breaks, on one line; empty where it does not."""
    paragraph = " ".join(re.split(r"\n\s*\n|\n(?=\s*[-*#])", _told(commit)[:1000], maxsplit=1)[0].split())
    return re.split(r"(?<=[.!?。])\s", paragraph.lstrip("-*# "), maxsplit=1)[0]


def is_breaking(commit: Commit) -> bool:
    """Whether a message marks its change as breaking: `!:`, `BREAKING CHANGE:`, a section, a tag."""
    subject = parse_subject(commit.subject)
    return (
        subject.breaking
        or any("breaking" in tag.lower() for tag in subject.tags)
        or _FOOTER.search(commit.body[:_MOST]) is not None
        or bool(_told(commit))
    )


def _told(commit: Commit) -> str:
    """What stands behind the footer or in the section, empty where the author left it so or says none."""
    if found := _FOOTER.search(commit.body[:_MOST]):
        return commit.body[found.end() :][:_MOST].strip()
    section = _SECTION.search(without_comments(commit.body[:_MOST]))
    text = section["text"].strip() if section else ""
    return "" if _NOTHING.match(text) else text
