"""What a source file defines, read with tree-sitter: the only module that knows of it.

In: a path (for the language), the bytes of one version and the lines that changed. Out: plain definitions,
by qualified name. Only what encloses the changed lines is parsed (`regions`), and only heads are read: a
function's body is not entered. Grammars are imported when first needed. For a file that is too large or of
no known language there is nothing; `facts` then falls back to the changed lines.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import importlib
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.grammars import BY_ENDING, HEADERS, LANGUAGES
from digest_pipeline.rules.heads import Definition, Reader
from digest_pipeline.rules.regions import Rows, regions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tree_sitter import Node, Parser, Tree

MAX_BYTES = 700_000
"""Larger files are not parsed; cutting one of this size into its definitions takes 15 ms."""
_MAX_LINE = 20_000


def language_of(path: str) -> str | None:
    """The language whose grammar reads a file, by the ending of its name."""
    return BY_ENDING.get(path.rpartition("/")[2].rpartition(".")[2].lower())


@dataclasses.dataclass(frozen=True, slots=True)
class Parsed:
    """One version of a source file, parsed where it changed."""

    language: str
    source: bytes
    tree: Tree
    spans: tuple[tuple[int, int], ...]
    """The bytes of the changed lines and their context; definitions elsewhere are not read."""
    is_header: bool
    is_cut: bool
    """Whether the budget ended before the file."""

    def definitions(self) -> dict[str, list[Definition]]:
        """The definitions that reach into the spans, by qualified name (overloads share a name)."""
        found: dict[str, list[Definition]] = {}
        reader = Reader(self.language, self.source, self.spans, is_header=self.is_header)
        for definition in reader.definitions(self.tree.root_node):
            found.setdefault(definition.name, []).append(definition)
        return found

    def prose_lines(self, numbers: Iterable[int]) -> set[int]:
        """Which of the given lines (counted from 1) begin in a comment of several lines or a docstring."""
        if self.language != "python" and b"/*" not in self.source:
            return set()
        texts = self.source.split(b"\n")
        prose: set[int] = set()
        for number in numbers:
            text = texts[number - 1] if number <= len(texts) else b""
            at = (number - 1, len(text) - len(text.lstrip()))
            node = self.tree.root_node.descendant_for_point_range(at, at)
            if node is not None and _is_prose(node):
                prose.add(number)
        return prose


def parse(
    path: str, source: bytes, lines: Sequence[tuple[int, int]], most: int, *, may_cut: bool
) -> tuple[Parsed | None, int]:
    """Some ranges of lines of one version with what encloses them, and the bytes that the parser read.

    None, and no bytes, where the language is not known, the file is not worth it, or more than `most` bytes
    would have to be parsed. `may_cut` takes the first of them then (for a file that is new as a whole).
    """
    language = language_of(path)
    if language is None or len(source) > MAX_BYTES or b"\0" in source[:8000]:
        return None, 0
    rows = Rows(source)
    if max(map(len, rows.rows)) > _MAX_LINE:
        return None, 0
    regions, is_cut = regions_of(source, rows, language, lines, most)
    if is_cut and not may_cut:
        return None, 0
    clean = _without_cuda(source) if language == "cpp" else source
    is_header = path.rpartition(".")[2].lower() in HEADERS
    tree = _tree(language, clean, rows, regions)
    spans = tuple(rows.bytes_of(lines))
    return Parsed(language, source, tree, spans, is_header, is_cut), sum(b - a for a, b in regions)


def _tree(language: str, source: bytes, rows: Rows, regions: Sequence[tuple[int, int]]) -> Tree:
    import tree_sitter  # noqa: PLC0415 - a compiled library, loaded by the first commit that needs it

    def point(byte: int) -> tuple[int, int]:
        line = bisect.bisect_right(rows.starts, byte, hi=len(rows.rows)) - 1
        return line, byte - rows.starts[line]

    parser = _parser(language)
    parser.included_ranges = [tree_sitter.Range(point(a), point(b), a, b) for a, b in regions]
    return parser.parse(source)


def _is_prose(node: Node) -> bool:
    for _ in range(3):
        if "comment" in node.type:
            return True
        if node.type == "string" and node.parent is not None:
            return node.parent.type == "expression_statement" and node.parent.named_child_count == 1
        if node.parent is None:
            return False
        node = node.parent
    return False


@functools.lru_cache(maxsize=len(LANGUAGES))
def _parser(language: str) -> Parser:
    import tree_sitter  # noqa: PLC0415 - a compiled library, loaded by the first commit that needs it

    module, function, _ = LANGUAGES[language]
    grammar = getattr(importlib.import_module(module), function)()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


_CUDA = re.compile(
    rb"__(?:global|device|host|forceinline|noinline|restrict|grid_constant)__\b"
    rb"|__launch_bounds__\([^()]{0,200}(?:\([^()]{0,200}\)[^()]{0,200}){0,8}\)"
)


def _without_cuda(source: bytes) -> bytes:
    """The same bytes with CUDA's qualifiers blanked, so that a C++ grammar reads them."""
    return _CUDA.sub(lambda m: b" " * len(m[0]), source) if b"__" in source else source
