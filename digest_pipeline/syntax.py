"""What a source file defines, read with tree-sitter: the only module that knows of it.

In: a path (for the language) and the bytes of one version. Out: plain definitions, by qualified name.
Only heads are read: a function's body is not entered. Grammars are imported when first needed. A file
that is too large, of no known language, or that the parser cannot make sense of gives None; `facts`
then falls back to the changed lines.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import TYPE_CHECKING

from digest_pipeline.grammars import BY_ENDING, HEADERS, LANGUAGES
from digest_pipeline.heads import Definition, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Node, Parser, Tree

MAX_BYTES = 400_000
"""Larger files are not parsed (redis' largest source file has 400 kB and takes 70 ms)."""
_MAX_LINE = 20_000


def language_of(path: str) -> str | None:
    """The language whose grammar reads a file, by the ending of its name."""
    return BY_ENDING.get(path.rpartition("/")[2].rpartition(".")[2].lower())


def definitions_of(
    path: str, source: bytes, lines: Sequence[tuple[int, int]]
) -> Mapping[str, list[Definition]] | None:
    """The definitions in some ranges of lines of one version, by qualified name (overloads share a name).

    C and C++ files other than headers give nothing: what they define is nobody's interface, and they are
    the largest files there are.
    """
    language = language_of(path)
    if language is None or not is_readable(source):
        return None
    is_header = path.rpartition(".")[2].lower() in HEADERS
    if language in ("c", "cpp") and not is_header:
        return {}
    root = _tree(language, _without_cuda(source) if language == "cpp" else source).root_node
    found: dict[str, list[Definition]] = {}
    spans = _bytes_of(source, lines)
    for definition in Reader(language, source, spans, is_header=is_header).definitions(root):
        found.setdefault(definition.name, []).append(definition)
    return found


def _bytes_of(source: bytes, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of lines, from 1 and with their last, as half-open ranges of bytes."""
    starts = [0, *(m.end() for m in re.finditer(rb"\n", source)), len(source)]
    last = len(starts) - 1
    return [(starts[min(max(a - 1, 0), last)], starts[min(b, last)]) for a, b in lines]


def is_readable(source: bytes) -> bool:
    """Whether a file is of a size and shape that is worth a parse."""
    if len(source) > MAX_BYTES or b"\0" in source[:8000]:
        return False
    return len(source) < _MAX_LINE or max(map(len, source.split(b"\n"))) < _MAX_LINE


def docstring_lines(path: str, source: bytes, lines: set[int]) -> set[int]:
    """Which of the given lines (counted from 1) stand in a comment or docstring of a Python file."""
    language = language_of(path)
    if language != "python" or not lines or not is_readable(source):
        return set()
    root = _tree(language, source).root_node
    texts = source.split(b"\n")
    prose: set[int] = set()
    for number in lines:
        text = texts[number - 1] if number <= len(texts) else b""
        column = len(text) - len(text.lstrip())
        node = root.descendant_for_point_range((number - 1, column), (number - 1, column))
        if node is not None and _is_prose(node):
            prose.add(number)
    return prose


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


@functools.lru_cache(maxsize=4)
def _tree(language: str, source: bytes) -> Tree:
    """The tree of one version; kept for a moment, because docstrings and definitions are read apart."""
    return _parser(language).parse(source)


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
