"""Which parts of a source file are worth a parse: the definitions that changed and what encloses them.

Pure, and no parser: lines are grouped by their indentation, their braces and a few words, as people lay
files out. What is cut wrongly costs a name at most, because names count only where the changed lines
show them. The cost of a file grows so with what changed in it, not with its size.
"""

from __future__ import annotations

import bisect
import itertools
import operator
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]
"""Half-open, in lines from 0 or in bytes."""
_LONGEST_SIGNATURE = 60
"""Lines in which the body of a definition begins."""
_LONGEST_HEAD = 20
"""Lines above a body that may say what it is the body of."""
_WHOLE_BYTES, _SHORT_BYTES = 8_000, 3_000
"""A file and a definition that are not cut."""
_WHOLE_LANGUAGES = frozenset(["bash"])
_C = frozenset(["c", "cpp"])
_TEMPLATED = frozenset(["javascript", "typescript", "tsx", "go"])
_LONGEST_TEMPLATE = 200
"""Lines of a string in backticks."""
_HIDDEN = 10_000
"""The indentation of a line inside of a string: deeper than any code."""
_CONTAINER = re.compile(
    rb"\b(?:class|struct|impl|mod|trait|interface|object|module|namespace|enum|union)\b|\bextern\s+\"C"
)
_OPENS_NAMESPACE = re.compile(
    rb"(?:inline\s+)?namespace\b[^;]*\{\s*(?://.*)?$|extern\s+\"C(?:\+\+)?\"\s*\{\s*$"
)
_CONDITIONAL = re.compile(rb"#\s*(?:if|el|endif)")
_ACCESS = re.compile(rb"(?:public|private|protected)\b[\w\s]*:(?!:)")
_CONTINUES = re.compile(rb"(?:else|elif|except|finally|end|rescue|ensure|where|case|default)\b")
_DOCSTRING = re.compile(rb"[rRuU]?(?:\"\"\"|''')")
_COMMENT = re.compile(rb"//|/\*|\*(?!\w)|#(?![\[!])")


class Rows:
    """The lines of a file and where they begin."""

    def __init__(self, source: bytes) -> None:
        self.rows = source.split(b"\n")
        lengths = map((1).__add__, map(len, self.rows))
        self.starts = [0, *itertools.accumulate(lengths)]
        self.starts[-1] = len(source)

    def bytes_of(self, lines: Iterable[Span]) -> list[Span]:
        """Ranges of lines, from 1 and with their last, as half-open ranges of bytes."""
        last = len(self.rows)
        return [(self.starts[min(max(a - 1, 0), last)], self.starts[min(b, last)]) for a, b in lines]


def regions_of(
    source: bytes, rows: Rows, language: str, lines: Iterable[Span], most: int
) -> tuple[list[Span], bool]:
    """The ranges of bytes that hold what stands on some lines, and whether they were cut at `most` bytes.

    In: the lines as first and last, from 1. Out: the ranges in order and apart. Enclosing classes and
    modules are there with their heads and ends, their untouched members are not; of a long function only
    the head and the end are. In C and C++ the conditions of the preprocessor are there too.
    """
    if len(source) <= _WHOLE_BYTES or language in _WHOLE_LANGUAGES:
        return ([(0, len(source))], False) if len(source) <= most else ([], True)
    layout = _Layout(source, rows, language)
    wanted = sorted((first - 1, max(first, last)) for first, last in lines)
    spans: list[Span] = []
    size = 0
    for first, last in layout.kept((0, len(rows.rows)), 0, wanted):
        a, b = rows.starts[first], rows.starts[last]
        size += b - a
        if size > most:
            return spans, True
        if spans and spans[-1][1] == a:
            a = spans.pop()[0]
        if b > a:
            spans.append((a, b))
    return spans, False


class _Layout:
    """How deep the lines of a file stand, and what they hold."""

    def __init__(self, source: bytes, rows: Rows, language: str) -> None:
        self._starts = rows.starts
        self._language = language
        self._code = [row.strip() for row in rows.rows]
        right = [row.rstrip() for row in rows.rows]
        self._indents = list(map(operator.sub, map(len, right), map(len, self._code)))
        if language == "python":
            self._hide_strings(source)
        elif language in _TEMPLATED:
            self._hide_templates()

    def _hide_strings(self, source: bytes) -> None:
        """Lines that begin inside of a triple-quoted string are no code at any depth."""
        opened, quote = 0, b""
        for match in re.finditer(rb"\"\"\"|'''", source):
            line = bisect.bisect_right(self._starts, match.start()) - 1
            if not quote:
                opened, quote = line, match[0]
            elif match[0] == quote:
                self._indents[opened + 1 : line + 1] = [_HIDDEN] * (line - opened)
                quote = b""

    def _hide_templates(self) -> None:
        """Likewise of a string in backticks; one that does not end soon is none."""
        opened = -1
        for line, code in enumerate(self._code):
            is_odd = code.count(b"`") % 2 == 1 and (opened >= 0 or not _COMMENT.match(code))
            if opened >= 0 and line - opened > _LONGEST_TEMPLATE:
                opened = -1
            if is_odd and opened >= 0:
                self._indents[opened + 1 : line + 1] = [_HIDDEN] * (line - opened)
            opened = (line if opened < 0 else -1) if is_odd else opened

    def kept(self, span: Span, indent: int, wanted: Sequence[Span]) -> Iterator[Span]:
        """The lines of a block that are worth a parse."""
        for chunk in self._chunks(span, indent):
            head = self._code[chunk[0]]
            if self._language in _C and (
                head.startswith(b"}") or _CONDITIONAL.match(head) or _OPENS_NAMESPACE.match(head)
            ):
                yield from self._container(chunk, indent, wanted) if chunk[1] - chunk[0] > 1 else [chunk]
            elif _ACCESS.match(head):
                yield chunk
            elif any(a < chunk[1] and chunk[0] < b for a, b in wanted):
                yield from self._container(chunk, indent, wanted)

    def _container(self, chunk: Span, indent: int, wanted: Sequence[Span]) -> Iterator[Span]:
        """A definition: in whole when it is short, else its head, its end, and what is wanted of a class."""
        first, last = chunk
        # a head of several lines is indented like its body, or deeper
        opened = self._head_end(first, last)
        body = next((n for n in range(opened + 1, last) if self._is_inside(n, indent)), None)
        if body is None or self._is_short(chunk):
            yield chunk
            return
        end = last
        while end > body and (self._indents[end - 1] <= indent or self._closes(opened, end - 1)):
            end -= 1
        yield (first, body)
        if _CONTAINER.search(b" ".join(self._code[first:body][-_LONGEST_HEAD:])):
            yield from self.kept((body, end), self._indents[body], wanted)
        elif self._language == "python":
            yield from self._ends((body, end), self._indents[body])
        yield (end, last)

    def _head_end(self, first: int, last: int) -> int:
        """The line that opens the body: with no bracket open, unless that is nowhere so."""
        depth, found, begins = 0, None, last
        for n in range(first, last):
            code = self._code[n]
            if _COMMENT.match(code) or not code:  # however long what is said above a head
                continue
            begins = min(begins, n)
            depth += code.count(b"(") - code.count(b")")
            if self._opens_body(code):
                found = n if found is None else found
                if depth <= 0:
                    return n
            if n - begins > _LONGEST_SIGNATURE:
                break
        return first if found is None else found

    def _ends(self, span: Span, indent: int) -> Iterator[Span]:
        """The first and the last statement of a long block: its docstring, and what closes it."""
        statements = list(self._chunks(span, indent))
        is_docstring = _DOCSTRING.match(self._code[span[0]]) is not None
        if len(statements) > 1 and (is_docstring or self._is_short(statements[0])):
            yield statements[0]
        if self._is_short(statements[-1]):
            yield statements[-1]
        else:
            yield from self._container(statements[-1], indent, ())

    def _is_short(self, chunk: Span) -> bool:
        return self._starts[chunk[1]] - self._starts[chunk[0]] <= _SHORT_BYTES

    def _opens_body(self, code: bytes) -> bool:
        mark = b":" if self._language == "python" else b"{"
        # TypeScript: `): Promise<{` opens the type of a result
        return code.endswith(mark) and not code.endswith(b"<{") and not _COMMENT.match(code)

    def _closes(self, opened: int, line: int) -> bool:
        """Whether a line closes what another opened below the name of a value, as in Java."""
        return self._code[line][:1] == b"}" and self._indents[line] == self._indents[opened]

    def _is_inside(self, line: int, indent: int) -> bool:
        code = self._code[line]
        return bool(code) and indent < self._indents[line] < _HIDDEN and not _ACCESS.match(code)

    def _chunks(self, span: Span, indent: int) -> Iterator[Span]:
        """The definitions of a block, one after another, with the comments and attributes above them."""
        start, is_open, is_pending = span[0], False, True
        inner = -1  # the indent of a value that stands below its name, as in Java
        indents, has_braces = self._indents, self._language not in ("python", "ruby")
        for n in range(*span):
            code = self._code[n]
            if not code:
                continue
            if indents[n] > indent:
                if not is_open and has_braces:
                    is_open, inner = code.endswith(b"{"), indents[n]
                elif indents[n] == inner and code[:1] == b"}":
                    is_open = False
                if is_pending:
                    is_pending = not self._completes(code)
                continue
            begins = not is_open and not is_pending and self._begins(code)
            alone = not is_open and self._stands_alone(code)
            if (begins or alone) and n > start:
                yield (start, n)
                start = n
            if code[:1] in b"})]" or not is_open:
                is_open = self._opens(code) and not alone
            is_pending = not alone and not is_open and not self._completes(code)
        yield (start, span[1])

    def _begins(self, code: bytes) -> bool:
        if code[:1] in b"})]{" or (self._language == "python" and code[:1] == b"#"):
            return self._language in _C and code[:1] == b"}"
        return not _CONTINUES.match(code)

    def _stands_alone(self, code: bytes) -> bool:
        if _ACCESS.match(code):
            return True
        return self._language in _C and bool(_CONDITIONAL.match(code) or _OPENS_NAMESPACE.match(code))

    def _opens(self, code: bytes) -> bool:
        is_brace = code.endswith(b"{") and self._language not in ("python", "ruby")
        return is_brace and not _COMMENT.match(code)

    def _completes(self, code: bytes) -> bool:
        """Whether a definition may end with this line; attributes and comments lead to the next."""
        if code.startswith((b"@", b"#[")) or (_COMMENT.match(code) and self._language != "python"):
            return self._language in _C and code.startswith(b"#")
        return self._language not in _C or code.endswith((b";", b"}", b":", b"*/", b"\\"))
