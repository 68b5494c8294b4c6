"""A page as the dialog of Dagster's web interface can show it. Pure text work on our own Markdown.

The dialog (react-markdown with rehype-sanitize, dagster-webserver 1.13) drops all HTML, so that folds lose
their captions and anchors go; links that are not absolute lead out of the page into the interface itself;
of pictures only `http(s):` and `data:` load. So captions become lines, the contents go, links that would
lead nowhere become text, and the sparkline comes along inside the page.
"""

from __future__ import annotations

import base64
import bisect
import itertools
import re

LONGEST = 20_000
"""Bytes of a preview as Dagster stores it: each is kept for ever."""

_SUMMARY = re.compile(r"<summary>(.*)</summary>")
_FOLDS = frozenset(["<details>", "</details>"])
_LABEL = r"\[(?P<{0}>(?:[^\[\]\\]|\\.)*)\]"
_PARTS = re.compile(
    r"(?P<kept>\\.|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
    r'|(?P<anchor><a id="[\w-]*"></a>)'
    rf"|!{_LABEL.format('alt')}\((?P<picture>[^()\s]*)\)"
    rf"|{_LABEL.format('label')}\((?!https?://)[^()\s]*\)"
)


def preview_of(page: str, picture: str | None = None) -> str:
    """The beginning of a page for the dialog, cut where a part begins; `picture` is the page's SVG."""
    lines = (_line(line, picture) for line in _without_contents(page.splitlines()))
    shown = re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line is not None)).strip() + "\n"
    fitting = _fitting(shown)
    if fitting == len(shown):
        return shown
    cut = max(shown.rfind(part, 0, fitting) for part in ("\n## ", "\n### ", "\n#### "))
    return shown[: cut if cut > 0 else fitting].rstrip() + "\n\n…\n"


def _fitting(text: str) -> int:
    """How many characters fit: in Dagster's JSON a Chinese one takes six bytes, an emoji twelve."""
    sizes = itertools.accumulate(1 if c < "\x80" else 6 if c <= "\uffff" else 12 for c in text)
    return bisect.bisect_right(list(sizes), LONGEST)


def _without_contents(lines: list[str]) -> list[str]:
    """All parts but the contents, in which nothing could be clicked."""
    kept, inside = [], False
    for line in lines:
        if line.startswith(("### ", '<a id="')):
            inside = line.startswith("### 📋 ")
        if not inside:
            kept.append(line)
    return kept


def _line(line: str, picture: str | None) -> str | None:
    """One line as the dialog can show it; None for one that is only a tag."""
    if line in _FOLDS:
        return None
    caption = _SUMMARY.fullmatch(line)
    if caption:
        return f"**▾ {caption[1]}**"
    shown = _PARTS.sub(lambda found: _shown(found, picture), line)
    return None if line and not shown.strip() else shown


def _shown(found: re.Match[str], picture: str | None) -> str:
    if found["kept"]:
        return found["kept"]
    if found["anchor"]:
        return ""
    if found["picture"] is None:
        return found["label"]
    if picture is None:
        return found["alt"]
    data = base64.b64encode(picture.encode("utf-8")).decode("ascii")
    return f"![{found['alt']}](data:image/svg+xml;base64,{data})"
