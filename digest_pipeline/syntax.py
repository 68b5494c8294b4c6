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
    from collections.abc import Mapping

    from tree_sitter import Node, Parser

MAX_BYTES = 400_000
"""Larger files are not parsed (redis' largest source file has 400 kB and takes 70 ms)."""
_MAX_LINE = 20_000


def language_of(path: str) -> str | None:
    """The language whose grammar reads a file, by the ending of its name."""
    return BY_ENDING.get(path.rpartition("/")[2].rpartition(".")[2].lower())


def definitions_of(path: str, source: bytes) -> Mapping[str, list[Definition]] | None:
    """The definitions of one version of a file, by qualified name (overloads share a name)."""
    language = language_of(path)
    if language is None or not is_readable(source):
        return None
    tree = _parser(language).parse(_without_cuda(source) if language in ("c", "cpp") else source)
    reader = Reader(language, source, is_header=path.rpartition(".")[2].lower() in HEADERS)
    found: dict[str, list[Definition]] = {}
    for definition in reader.definitions(tree.root_node):
        found.setdefault(definition.name, []).append(definition)
    return found


def is_readable(source: bytes) -> bool:
    """Whether a file is of a size and shape that is worth a parse."""
    if len(source) > MAX_BYTES or b"\0" in source[:8000]:
        return False
    return len(source) < _MAX_LINE or max(map(len, source.split(b"\n"))) < _MAX_LINE


def prose_lines(path: str, source: bytes, lines: set[int]) -> set[int]:
    """Which of the given lines (counted from 1) hold only comment or docstring."""
    language = language_of(path)
    if language is None or not lines or not is_readable(source):
        return set()
    root = _parser(language).parse(source).root_node
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


@functools.lru_cache(maxsize=len(LANGUAGES))
def _parser(language: str) -> Parser:
    import tree_sitter  # noqa: PLC0415 - a compiled library, loaded by the first commit that needs it

    module, function, _ = LANGUAGES[language]
    grammar = getattr(importlib.import_module(module), function)()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


_CUDA = re.compile(
    rb"__(?:global|device|host|forceinline|noinline|restrict|grid_constant)__\b"
    rb"|__launch_bounds__\([^()]*(?:\([^()]*\)[^()]*)*\)"
)


def _without_cuda(source: bytes) -> bytes:
    """The same bytes with CUDA's qualifiers blanked, so that a C++ grammar reads them."""
    return _CUDA.sub(lambda m: b" " * len(m[0]), source) if b"__" in source else source
