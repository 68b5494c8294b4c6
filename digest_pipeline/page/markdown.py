"""Untrusted text made safe for Markdown: what it says stays readable, what it could do is gone.

Everything that comes from a commit, a path, a name or a model passes through here before it stands
in a page. Names between single `backticks` are shown as code, as GitHub shows them in titles. The
functions are pure and return `Markdown`, a string that is ready to stand anywhere in a line: in a
paragraph, a list entry, a heading, a table cell or the label of a link. The rules are
those of CommonMark 0.31 and of GitHub's extensions (tables, strikethrough, autolinks, footnotes,
alerts, mentions, `$` mathematics), and `{{` and `{%` of Liquid (GitHub Pages) and Jinja are broken.
No template and no wording lives here.
"""

from __future__ import annotations

import re
import unicodedata


class Markdown(str):
    """Text that is already Markdown: made by a function of this module or by a template."""

    __slots__ = ()


_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d")


def plain(value: str) -> str:
    """One line of visible characters.

    Colour codes, control characters and invisible marks go; line ends and tabs become spaces; halves
    of surrogate pairs become U+FFFD; a mark that changes the direction of writing is shown by its
    number, because what it hides is what a reader must see (Trojan Source, CVE-2021-42574).
    """
    if value.isprintable():
        return value.strip()
    value = _ANSI.sub("", value)
    return "".join(_visible(value, at) for at in range(len(value))).strip()


def _visible(value: str, at: int) -> str:
    char = value[at]
    if char.isspace():
        return " "
    if char in _DIRECTION:
        return f"⟦U+{ord(char):04X}⟧"
    if char in _JOINERS:  # emoji and several scripts are written with them, ASCII is not
        around = value[max(at - 1, 0) : at] + value[at + 1 : at + 2]
        return "" if around.isascii() else char
    return {"Cc": "", "Cf": "", "Cs": "\ufffd"}.get(unicodedata.category(char), char)


_LAST = r"[^\s|`<>{.,;:!?)\]}'\"*_~\\]"
_ADDRESS = r"(?:https?|ftps?)://|www\.|mailto:|xmpp:"
# What GitHub turns into a link or a mention by itself; in a code span it stays what it is.
_ACTIVE = rf"(?:(?:{_ADDRESS})[^\s|`<>{{]*{_LAST}|(?<![\w.+%/@-])[\w.+%/-]*@[\w.+%/@-]*\w)+"
# What the author marked as code, where nothing follows that would have to be code of its own.
_MARKED = (
    r"(?<!`)`(?![\s`])(?:[^`|{]|\{(?![{%\#]))*(?<!\s)`"
    rf"(?!`|{_ADDRESS}|[\w.+%/-]*@)"
)
_AS_CODE = re.compile(rf"(?P<marked>{_MARKED})|{_ACTIVE}", re.IGNORECASE)
_ALWAYS = (
    r"\\(?=[!-/:-@\[-`{-~]|\Z)"  # a backslash that would escape what follows
    r"|[`<|~$]"
    r"|(?<!\s)\*|\*(?=\S)"  # a star between spaces is no emphasis
    r"|(?<![^\W_])_|_(?![^\W_])"  # nor is an underscore inside a word
    r"|&(?=\#?\w+;)"
    r"|(?<=\{)[{%\#]"
    r"|(?<=\s)\#(?=\#*\s*\Z)"  # the closing sequence of a heading
)
_IN_A_LINE = re.compile(_ALWAYS + r"|\](?=\()|\[(?=\^)")
_IN_A_LABEL = re.compile(_ALWAYS + r"|[\[\]]")
_ENTITIES = {"<": "&lt;", "&": "&amp;", "$": "&#36;"}
_BLOCK = re.compile(r"[-+=](?=[\s\-=]|\Z)|>|\#{1,6}(?=\s|\Z)|\[(?=[ xX]\]|[!^]|.*\]:)|(?<=\d)[.)](?=\s|\Z)")


def cell(value: str) -> Markdown:
    """A plain text inside a line that something else began: a table cell, a heading, after a colon."""
    return Markdown(_escaped(plain(value), _IN_A_LINE))


def text(value: str) -> Markdown:
    """A plain text that may also stand at the beginning of a line."""
    return _not_a_block(cell(value))


def label(value: str) -> Markdown:
    """A plain text inside the label of a link."""
    return Markdown(_escaped(plain(value), _IN_A_LABEL))


def code(value: str) -> Markdown:
    """A path, a name or a figure as a code span; as plain text where no code span can hold it safely."""
    value = plain(value)
    if not value or re.search(r"\||\{[{%#]", value):
        return text(value)
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest + 1)
    space = " " if "`" in (value[0], value[-1]) else ""
    return Markdown(f"{fence}{space}{value}{space}{fence}")


def prose(value: str) -> Markdown:
    """A sentence in which `backticks` mark names: these become code spans, the rest is plain text."""
    made = ""
    for number, piece in enumerate(re.split("`([^`]+)`", plain(value))):
        new = code(piece) if number % 2 else _escaped(piece, _IN_A_LINE)
        made += " " + new if made.endswith("`") and new.startswith("`") else new
    return _not_a_block(re.sub(r"(?<=\{)(?=[{%#])", r"\\", made.strip()))


def link(caption: Markdown, url: str | None) -> Markdown:
    """A link, or only its caption where there is no address; `url` is made by `links` or a template."""
    return Markdown(f"[{caption}]({url})") if url else caption


def _escaped(value: str, special: re.Pattern[str]) -> str:
    parts, at, start = [], 0, 0
    while found := _AS_CODE.search(value, start):
        if found["marked"] and parts and found.start() == at:
            start += 1  # two code spans side by side would be one: this backtick is text
            continue
        made = found[0] if found["marked"] else f"`{found[0]}`"
        parts += [special.sub(_escape, value[at : found.start()]), made]
        at = start = found.end()
    parts.append(special.sub(_escape, value[at:]))
    return "".join(parts)


def _escape(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0]) or "\\" + match[0]


def _not_a_block(value: str) -> Markdown:
    digits = re.match(r"\d{0,9}", value)
    at = digits.end() if digits else 0
    start = _BLOCK.match(value, at)
    if start is None or (at and start[0] not in ".)"):
        return Markdown(value)
    return Markdown(f"{value[:at]}\\{value[at:]}")


def columns(value: str) -> int:
    """The width of a text in columns of a terminal: Chinese characters and most emoji take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in value)


_INSIDE = re.compile(r"[!-~]{2}")


def cut(value: str, width: int, mark: str = "…") -> str:
    """The text, or as much of it as fits into `width` columns together with `mark`, cut between words."""
    if len(value) * 2 <= width or columns(value) <= width:
        return value
    room, kept = width - columns(mark), []
    for char in value:
        room -= columns(char)
        if room < 0:
            break
        kept.append(char)
    short = "".join(kept)
    if _INSIDE.match(value[len(short) - 1 : len(short) + 1]) and " " in short[len(short) // 2 :]:
        short = short.rpartition(" ")[0]
    return short.rstrip(" ,;:(，；：、（") + mark
