"""What the changed lines of a diff say by themselves, in any language.

Works on the hunks alone, so it holds where a file does not parse or was not read in whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from digest_pipeline.rules import rust
from digest_pipeline.rules.heads import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINES = 4000
_MAX_WIDTH = 1000
_HEADER = re.compile(r"^@@+ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@", re.MULTILINE)
_COMMENT = re.compile(
    r"^\s*(#(?!\[|!\[|\s*(?:include|define|if|ifdef|ifndef|else|elif|endif|pragma|undef|error)\b)|//|/\*|\*/|\*\s|\*$|--\s|;;|<!--|\"\"\"|''')"
)


class Line(NamedTuple):
    """One added or removed line."""

    is_added: bool
    number: int
    """In the version that has it, from 1."""
    text: str
    is_code: bool
    """Whether it is neither blank nor a comment, as far as one line can tell."""


def changed_lines(patch: str, most: int = MAX_LINES) -> list[Line]:
    """The added and removed lines in order, at most 4,000 or fewer, each cut at 1,000 characters."""
    lines: list[Line] = []
    old = new = 0
    for row in patch.split("\n"):
        if row.startswith("@@") and (match := _HEADER.match(row)):
            old, new = int(match[1]), int(match[3])
        elif row.startswith("+"):
            lines.append(_line(row, new))
            new += 1
        elif row.startswith("-"):
            lines.append(_line(row, old))
            old += 1
        elif not row.startswith("\\"):
            old, new = old + 1, new + 1
        if len(lines) >= most:
            break
    return lines


def _line(row: str, number: int) -> Line:
    text = row[1:_MAX_WIDTH]
    is_code = not (text.isspace() or not text) and _COMMENT.match(text) is None
    return Line(row[0] == "+", number, text, is_code)


def shown_lines(patch: str, *, is_new: bool) -> list[tuple[int, int]]:
    """First and last line of each hunk, context included, in the old or the new version."""
    first, count = (3, 4) if is_new else (1, 2)
    found = ((int(m[first]), int(m[count] or 1)) for m in _HEADER.finditer(patch))
    return [(start, start + max(lines, 1) - 1) for start, lines in found]


_HEAD = re.compile(
    r"""^(?P<indent>\s*)(?:@\w+\s+)*
    (?P<modifiers>(?:(?:pub(?:\([\w\s:]+\))?|public|private|protected|internal|static|export|default|async|abstract|final
    |override|suspend|open|inline|virtual|unsafe|extern|const)\s+)*)
    (?P<word>def|class|fn|func|fun|function|struct|enum|trait|interface|object|module|type)\s+
    (?:\([^()]*\)\s*)?(?:self\.)?(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE,
)
_CLASS_WORDS = frozenset(["class", "struct", "enum", "trait", "interface", "object", "module", "type"])


def heads(lines: Iterable[Line], path: str, *, is_added: bool) -> dict[str, list[Definition]]:
    """The definitions whose first line was added or removed, by the keywords that start one.

    For files that were not parsed: only the outermost level is taken, and the names are not qualified.
    """
    ending = path.rpartition(".")[2].lower()
    found: dict[str, list[Definition]] = {}
    for line in lines:
        match = _HEAD.match(line.text) if line.is_added is is_added else None
        if match is None or match["indent"]:
            continue
        name, modifiers = match["name"], match["modifiers"].split()
        if ending == "rs":
            is_public = "pub" in modifiers
        elif ending == "go":
            is_public = name[0].isupper()
        else:
            is_public = not name.startswith("_") and not {"private", "internal", "static"} & {*modifiers}
        kind = "class" if match["word"] in _CLASS_WORDS else "function"
        found.setdefault(name, []).append(Definition(name, kind, is_public, None, None, (0, 0)))
    return found


def texts(lines: Iterable[Line]) -> dict[bool, str]:
    """The added (True) and removed (False) lines as one text each."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    for line in lines:
        sides[line.is_added].append(line.text)
    return {side: "\n".join(rows) for side, rows in sides.items()}


def code_only(lines: Iterable[Line]) -> list[Line]:
    """The lines that hold code, as far as single lines can tell."""
    return [line for line in lines if line.is_code]


_LAYOUT = b" \t\n\r\f\v,;"
_RUST_TESTS = re.compile(
    rb"^%s\s*\n(?:#\[[^\n]*\]\s*\n)*(?:pub(?:\([^)\n]*\))? )?mod \w+ \{" % rust.FOR_TESTS.pattern,
    re.MULTILINE,
)
_ONE_QUOTE = bytes.maketrans(b"'", b'"')


def is_same_code(lines: Iterable[Line], old: bytes | None, new: bytes | None) -> bool:
    """Whether two versions differ in layout only: blanks, line breaks, commas, semicolons, sorts of quotes.

    The changed lines are compared first; the whole files, where they are known, tell a moved line apart.
    """
    sides = texts(lines)
    if _bare(sides[False].encode("utf-8", "replace")) != _bare(sides[True].encode("utf-8", "replace")):
        return False
    return old is None or new is None or _bare(old) == _bare(new)


def _bare(text: bytes) -> bytes:
    return text.replace(b"\\\n", b"").translate(_ONE_QUOTE, _LAYOUT)


def before_tests(lines: Iterable[Line], path: str, old: bytes | None, new: bytes | None) -> list[Line]:
    """The lines without those of the tests at the end of a Rust file (`#[cfg(test)] mod …`)."""
    if not path.endswith(".rs"):
        return list(lines)
    starts = {}
    for side, source in ((False, old), (True, new)):
        match = _RUST_TESTS.search(source or b"")
        starts[side] = (source or b"").count(b"\n", 0, match.start()) + 1 if match else None
    return [line for line in lines if (start := starts[line.is_added]) is None or line.number < start]
