"""The headings of documents under which lines changed, and the titles of new tests. Pure and forgiving."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.rules import hunks
from digest_pipeline.rules.findings import Name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from digest_pipeline.models import FileText

_MOST_LINES = 400
"""Changed lines of one document or test that are looked at."""
_MOST_BYTES = 300_000
_LONGEST, _LONGEST_WORD = 60, 120
_COMMENTED = re.compile(r"\s*(?://[/!]|\*)\s*#{1,6}\s+(\S.*)")
_MARKDOWN = ("md", "mdx", "markdown")
_HEADING = re.compile(r"#{1,6}\s+(.+?)(?:\s+#+|\s*\{[^{}]*\})?\s*$")
_UNDERLINE = re.compile(r"([=\-~^\"'`*+#])\1{2,}\s*$")
_TEST = re.compile(
    r"""^\s*(?:(?:async\s+)?def\s+(test_\w+)|(?:public\s+)?(?:void|fun)\s+(test\w+)\s*\(|func\s+(?:\([^)]*\)\s+)?((?:Test|Benchmark|Fuzz)\w+)\s*\(|(?:pub\s+)?(?:async\s+)?fn\s+(\w+)\s*\(\)
    |(?:it|test)(?:\.\w+)?\(\s*(?P<quote>["'`])((?:(?!(?P=quote)).){3,200})(?P=quote)|test\s+\{([^{}]{3,200})\}|test\s+"([^"]{3,200})"
    |TEST(?:_[FP])?\(\s*(\w+\s*,\s*\w+)\s*\))""",
    re.VERBOSE,
)

_MARK = re.compile(r"\s*(?:@[A-Za-z]|#\[)")
_QUOTE = _TEST.groupindex["quote"]
_HUNK = re.compile(r"@@ [^@]{1,60} @@ ?(.{0,200})")


def sections_of(text: FileText) -> list[Name]:
    """The nearest heading above each changed line of a Markdown or reStructuredText file, in their order."""
    ending = text.change.path.rpartition(".")[2].lower()
    if text.new is None or text.change.status == "A" or len(text.new) > _MOST_BYTES:
        return []
    if ending not in (*_MARKDOWN, "rst"):
        return []
    is_markdown = ending in _MARKDOWN
    headings = _headings_of(text.new, is_markdown=is_markdown)
    found: dict[str, str] = {}
    was = {title for _, title in _headings_of(text.old, is_markdown=is_markdown)}
    now = {title for _, title in headings}
    is_replaced = len(was) == len(now) and was != now
    for line in hunks.changed_lines(text.patch, _MOST_LINES):
        is_text = line.is_added and line.text.strip()
        if is_text and (above := [title for number, title in headings if number <= line.number]):
            found[above[-1]] = "section" if is_replaced or above[-1] in was else "new_section"
    return [Name(title, kind, text.change.path) for title, kind in found.items()]


def _headings_of(version: bytes | None, *, is_markdown: bool) -> list[tuple[int, str]]:
    rows = (version or b"").decode("utf-8", "replace").split("\n")
    return _headings(rows, is_markdown=is_markdown)


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")


def _headings(rows: list[str], *, is_markdown: bool) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    fence = ""
    for number, row in enumerate(rows, 1):
        if is_markdown:
            fence = _fence_after(row, fence)
            match = None if fence else _HEADING.match(row)
            title = match[1] if match else ""
        else:
            title = rows[number - 2].strip() if number > 1 and _UNDERLINE.match(row) else ""
        plain = _plain(title) if title else ""
        if plain and not _UNDERLINE.match(plain):
            found.append((number - (not is_markdown), _cut(plain)))
    return found


def _fence_after(row: str, fence: str) -> str:
    """The fence that is open behind a line, empty outside of code (CommonMark 0.31, section 4.5)."""
    match = _FENCE.match(row.lstrip())
    if match is None:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2].strip()
    return "" if closes else fence


def _plain(title: str) -> str:
    title = re.sub(r"<([A-Z]\w*)[^<>]{0,200}>[^<>]{0,80}</\1>|</?\w[^<>]{0,200}>", "", title)  # with badges
    return " ".join(re.sub(r"\[([^\[\]]*)\]\([^()]*\)|[`*\[\]<>|]", r"\1", title).split())


def headings_in_comments(path: str, lines: Iterable[hunks.Line]) -> list[Name]:
    """The headings that were added to the documentation in comments, as in Rust and JavaScript."""
    found = (_COMMENTED.match(line.text) for line in lines if line.is_added)
    titles = dict.fromkeys(_cut(_plain(match[1].rstrip(" :"))) for match in found if match)
    return [Name(title, "section", path) for title in titles if title]


def tests_of(text: FileText, among: Collection[hunks.Line] | None) -> tuple[list[Name], list[Name]]:
    """The tests whose first line was added and not removed, and the others in which lines changed.

    Where lines changed in no other test the second ones are those that went, of the kind `removed_test`.
    `among` has the lines that may begin a test; None for all.
    """
    sides: dict[bool, dict[str, None]] = {True: {}, False: {}}
    for line in hunks.changed_lines(text.patch, _MOST_LINES):
        if (among is None or line in among) and (title := _title(line.text)):
            sides[line.is_added][title] = None
    if "/fixtures/" in f"/{text.change.path}":  # what tests are run on
        return [], []
    added = [title for title in sides[True] if title not in sides[False]]
    gone = [title for title in sides[False] if title not in sides[True]]
    seen = dict.fromkeys([*(t for t in sides[True] if t in sides[False]), *_around(text.patch[:_MOST_BYTES])])
    path = text.change.path
    kept = [Name(t, "test", path) for t in seen if t not in added and t not in gone]
    return [Name(t, "test", path) for t in added], kept or [Name(t, "removed_test", path) for t in gone]


def _around(patch: str) -> Iterator[str]:
    """The title that stands last above each changed line, in the head of its hunk or in its context."""
    above, is_pending = "", False
    for row in patch.split("\n")[: _MOST_LINES * 4]:
        if row.startswith("@@") and (match := _HUNK.match(row)):
            above, is_pending = _title(match[1]), False
            continue
        title, is_changed = _title(row[1:]), row[:1] in ("+", "-") and row[1:].strip() != ""
        above = title or above
        if is_changed and _MARK.match(row[1:]):
            is_pending = True  # what stands above a title is of the test below
        elif above and (is_changed or (title and is_pending)):
            yield above
        is_pending = is_pending and not title


def _title(line: str) -> str:
    match = _TEST.match(line)
    groups = [g for name, g in enumerate(match.groups(), 1) if g and name != _QUOTE] if match else []
    if match and line.lstrip().startswith("TEST") and groups:
        return ".".join(part.strip() for part in groups[0].split(","))  # as GoogleTest prints it
    return _cut(" ".join(groups[0].split())) if groups else ""


def _cut(title: str) -> str:
    """A title of bearable length, cut between words; an identifier stays whole."""
    if len(title) <= _LONGEST or (" " not in title and len(title) <= _LONGEST_WORD):
        return title
    return f"{title[:_LONGEST].rpartition(' ')[0].rstrip(' ,;:') or title[:_LONGEST]}…"
