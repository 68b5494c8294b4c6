"""Whether the rules of a language let others use a name: exports, modifiers, underscores, linkage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from digest_pipeline.rules.nodes import (
    Node,
    comment_above,
    is_inside,
    modifiers_of,
    parents_of,
    text_before,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Candidate(NamedTuple):
    """What is asked about."""

    node: Node
    name: str
    scope: tuple[str, ...]
    """The names around it."""


_RUBY_PRIVATE = re.compile(r"\s*(?:private|protected|private_class_method)\b")
_RUBY_NAMES = r"(?:private|protected|private_class_method|private_constant)\b"
_RUBY_HIDDEN = re.compile(r"#\s*(?:@(?:api\s+)?private|:nodoc:)\s*")
"""What YARD and RDoc write above what is not for users."""
_EXPORTED = re.compile(rb"(?:^|\n)\s*(?:export\s*\{([^}]*)\}|(?:module\.)?exports(?:\.\w+)?\s*=\s*([^;\n]*))")
_ALL = re.compile(
    rb"^__all__\b[^=\n]{0,80}=[ \t]*(?:\(([^)]*)\)|\[([^\]]*)\]|([^\n\[(]*))[ \t]*$", re.MULTILINE
)
_LISTED = re.compile(r"[\"'](\w+)[\"']|#[^\n]*|[\s,]+")


class Visibility:
    """The rules of one language for the names of one file."""

    def __init__(self, language: str, source: bytes, *, is_header: bool) -> None:
        """`is_header` says that the file declares what others may use, in C and C++."""
        self._source = source
        self._is_header = is_header
        self._exported = _exports(source) if language in ("javascript", "typescript", "tsx") else frozenset()
        self._all = _all_of(source) if language == "python" else None
        rules: dict[str, Callable[[Candidate], bool]] = {
            "python": self._in_python,
            "c": self._in_c,
            "cpp": self._in_c,
            "go": self._in_go,
            "rust": self._in_rust,
            "java": self._in_java,
            "javascript": self._in_javascript,
            "typescript": self._in_javascript,
            "tsx": self._in_javascript,
            "ruby": self._in_ruby,
            "bash": lambda _: False,
        }
        self.is_public = rules.get(language, self._by_modifiers)
        """Whether others may use a definition, within names that they may use."""

    def _in_python(self, found: Candidate) -> bool:
        if self._all is not None and not found.scope:
            return found.name in self._all
        is_special = found.name.startswith("__") and found.name.endswith("__")
        is_called = found.node.type == "function_definition"  # `__slots__` and `__test__` are nobody's
        return not found.name.startswith("_") or (is_special and is_called)

    def _in_c(self, found: Candidate) -> bool:
        if found.name.startswith("_") or self._is_header:
            return not found.name.startswith("_")
        # of a source file, other files can use the free functions that are not static
        classes = (c for c in found.node.children if c.type == "storage_class_specifier")
        is_static = any(text_of(c, self._source) == "static" for c in classes)
        return found.node.type == "function_definition" and not (
            is_static or found.scope or "::" in found.name or found.name == "main"
        )

    def _in_go(self, found: Candidate) -> bool:
        return found.name[:1].isupper() and (not found.scope or found.scope[0][:1].isupper())

    def _in_rust(self, found: Candidate) -> bool:
        free = found.node.type in ("impl_item", "macro_definition", "enum_variant")
        return (
            free or is_inside(found.node, "trait_item", 2) or "pub" in modifiers_of(found.node, self._source)
        )

    def _in_java(self, found: Candidate) -> bool:
        free = found.node.type == "enum_constant" or is_inside(found.node, "interface_body", 1)
        return free or bool({"public", "protected"} & modifiers_of(found.node, self._source))

    def _in_ruby(self, found: Candidate) -> bool:
        """Not below a bare `private`, in it, named by it, or in what its comment calls private."""
        if found.name.startswith("_"):
            return False
        for node in (found.node, *parents_of(found.node)):
            if any(_RUBY_HIDDEN.fullmatch(line) for line in comment_above(node, self._source)):
                return False
            above = node.parent
            if above is None or above.type not in ("body_statement", "argument_list", "program"):
                continue
            if above.type == "argument_list":  # `private def x`
                return not _RUBY_PRIVATE.match(text_before(node, self._source, on_line=True))
            if self._is_hidden_in(above, found):
                return False
        return True

    def _is_hidden_in(self, body: Node, found: Candidate) -> bool:
        """Whether a class says `private` above a definition, or of its name."""
        named = re.compile(rf"{_RUBY_NAMES}.*:{re.escape(found.name)}\b", re.DOTALL)
        section = "public"
        for node in body.named_children:
            if node.type == "call" and self._source.startswith((b"private", b"protected"), node.start_byte):
                if named.match(text_of(node, self._source)):
                    return True
            elif node.type == "identifier" and node.start_byte < found.node.start_byte:
                word = text_of(node, self._source)
                section = word if word in ("public", "private", "protected") else section
        return section != "public"

    def _in_javascript(self, found: Candidate) -> bool:
        if not found.scope:
            return found.name in self._exported or any(
                is_inside(found.node, "export_statement", n) for n in (1, 2)
            )
        return self._by_modifiers(found)

    def _by_modifiers(self, found: Candidate) -> bool:
        # Kotlin's `actual` is what an `expect` announces: nothing new by itself
        hidden = {"private", "internal", "actual"} & modifiers_of(found.node, self._source)
        return not found.name.startswith(("_", "#")) and not hidden


def _exports(source: bytes) -> frozenset[str]:
    """The names that a JavaScript module exports by a list or by `module.exports`."""
    found = b" ".join(part for match in _EXPORTED.findall(source) for part in match)
    return frozenset(re.findall(r"\w+", found.decode("utf-8", "replace")))


def _all_of(source: bytes) -> frozenset[str] | None:
    """The names of a Python module's `__all__`; None where there is none that is one plain list."""
    lists = _ALL.findall(source)
    if len(lists) != 1 or source.count(b"__all__") != 1:
        return None
    text = b"".join(lists[0]).decode("utf-8", "replace")
    names = frozenset(m[1] for m in _LISTED.finditer(text) if m[1])
    return names if names and not _LISTED.sub("", text) else None
