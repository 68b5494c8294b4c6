"""Walks the heads of a parsed source file and says what it defines; function bodies are not entered."""

from __future__ import annotations

import bisect
import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.findings import bare_name
from digest_pipeline.grammars import FUNCTIONS, PASS_THROUGH, SCOPES, VALUES
from digest_pipeline.nodes import (
    Node,
    Parameter,
    declarator_of,
    field_of,
    first_of,
    folded,
    is_inside,
    modifiers_of,
    name_of,
    parameters_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_DEPTH = 8
_C = ("c", "cpp")
_JAVASCRIPT = ("javascript", "typescript", "tsx")
_CONSTANTS = ("const_item", "static_item", "const_spec", "preproc_def")
_ASSIGNMENTS = ("assignment", "variable_declarator", "var_spec")
_EXPORTED = re.compile(rb"(?:^|\n)\s*(?:export\s*\{([^}]*)\}|(?:module\.)?exports(?:\.\w+)?\s*=\s*([^;\n]*))")


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """One thing that a file defines."""

    name: str
    """Qualified by its classes and modules: `Engine.generate`, `Store::open`."""
    kind: str
    """`function`, `class`, `constant`, `field` or `macro`."""
    is_public: bool
    """Whether others may use it, by the rules of the language."""
    parameters: tuple[Parameter, ...] | None
    """None for what takes none: classes, constants, fields."""
    value: str | None
    """Of a constant or field, blanks folded."""
    span: tuple[int, int]
    """First byte and one after the last, for comparing bodies."""

    @property
    def bare_name(self) -> str:
        """The last part of the name."""
        return bare_name(self.name)


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: the names around it, how deep, and whether what is here can be seen outside."""

    scope: tuple[str, ...] = ()
    depth: int = 0
    is_public: bool = True

    def below(self, *names: str, is_public: bool) -> _Place:
        return _Place((*self.scope, *names), self.depth + 1, is_public)


class Reader:
    """Reads the heads of one file."""

    def __init__(
        self, language: str, source: bytes, spans: Sequence[tuple[int, int]], *, is_header: bool
    ) -> None:
        """`spans` are the ranges of bytes, in order, outside of which nothing is read."""
        self._spans = spans
        self._starts = [start for start, _ in spans]
        self._language = language
        self._source = source
        self._is_header = is_header
        self._joint = "::" if language in (*_C, "rust", "ruby") else "."
        self._exported = self._exports() if language in _JAVASCRIPT else frozenset()

    def definitions(self, root: Node) -> Iterator[Definition]:
        """The definitions that reach into the spans, in the order of the file."""
        return self._read(root, _Place())

    def _read(self, node: Node, place: _Place) -> Iterator[Definition]:
        if place.depth > _MAX_DEPTH:
            return
        # in a C++ class everything up to the first `public:` is private
        section = not is_inside(node, "class_specifier", 1) if self._language == "cpp" else True
        for child in node.named_children:
            if child.type == "access_specifier":
                section = "private" not in text_of(child, self._source)
                continue
            if self._is_wanted(child):
                here = place if section else dataclasses.replace(place, is_public=False)
                yield from self._one(child, here)

    def _is_wanted(self, node: Node) -> bool:
        """Whether a node reaches into one of the spans."""
        before = bisect.bisect_left(self._starts, node.end_byte)
        return before > 0 and self._spans[before - 1][1] > node.start_byte

    def _one(self, node: Node, place: _Place) -> Iterator[Definition]:
        if node.type in SCOPES and (place.depth > 0 or node.type != "module" or self._language == "ruby"):
            yield from self._scope(node, place)
        elif node.type in FUNCTIONS or self._declares_function(node):
            yield from self._function(node, place)
        elif node.type in VALUES:
            yield from self._value(node, place)
        elif node.type in PASS_THROUGH:
            yield from self._read(node, dataclasses.replace(place, depth=place.depth + 1))

    def _declares_function(self, node: Node) -> bool:
        return node.type in ("declaration", "field_declaration") and declarator_of(node) is not None

    def _scope(self, node: Node, place: _Place) -> Iterator[Definition]:
        name = name_of(node, self._source)
        if not name:
            yield from self._read(node, dataclasses.replace(place, depth=place.depth + 1))
            return
        shown = place.is_public and self._is_public(node, name, place.scope)
        kind = SCOPES[node.type]
        body = node.child_by_field_name("body") or first_of(node, PASS_THROUGH - {"decorated_definition"})
        names = () if node.type == "namespace_definition" else (name,)
        if kind and (body is not None or self._language not in _C):
            yield self._definition(node, (*place.scope, name), kind, is_public=shown)
        if body is not None:
            inside = place.is_public if node.type == "impl_item" else shown
            yield from self._read(body, place.below(*names, is_public=inside))

    def _function(self, node: Node, place: _Place) -> Iterator[Definition]:
        declarator = declarator_of(node) if self._language in _C else None
        head = node if declarator is None else declarator
        name = name_of(head, self._source)
        scope = self._receiver(node) or place.scope
        is_made = bool(scope) and (name == scope[-1] or name.startswith(("~", "operator")))
        if not name or (self._language in _C and is_made):
            return  # constructors and operators come and go with their class
        listing = head.child_by_field_name("parameters") or first_of(
            node, ("function_value_parameters", "formal_parameters")
        )
        parameters = () if listing is None else tuple(parameters_of(listing, self._source, self._language))
        shown = place.is_public and self._is_public(node, name, scope)
        yield self._definition(node, (*scope, name), "function", is_public=shown, parameters=parameters)

    def _receiver(self, node: Node) -> tuple[str, ...]:
        """The type of a Go method."""
        receiver = node.child_by_field_name("receiver") if self._language == "go" else None
        text = "" if receiver is None else text_of(receiver, self._source)
        owner = re.search(r"(\w+)(?:\[[^\]]*\])?\s*\)$", text)
        return (owner[1],) if owner else ()

    def _value(self, node: Node, place: _Place) -> Iterator[Definition]:
        name = name_of(node, self._source)
        is_constant = node.type in _CONSTANTS or (name.isupper() and node.type != "field_declaration")
        value = field_of(node, "value", "right")
        if value is None and (inner := node.child_by_field_name("declarator")) is not None:
            value = inner.child_by_field_name("value")
        if not name or not self._counts(node, place, is_constant=is_constant, has_value=value is not None):
            return
        text = None if value is None else folded(text_of(value, self._source))
        kind = "constant" if is_constant else "field" if place.scope else VALUES[node.type]
        shown = place.is_public and self._is_public(node, name, place.scope)
        yield self._definition(node, (*place.scope, name), kind, is_public=shown, value=text)

    def _counts(self, node: Node, place: _Place, *, is_constant: bool, has_value: bool) -> bool:
        """Whether a value is part of what a file offers: no local variable, no include guard."""
        if self._language in _C:
            return self._is_header if node.type == "field_declaration" else has_value
        if node.type in _ASSIGNMENTS and self._language == "python":
            return is_constant or bool(place.scope)
        return node.type != "variable_declarator" or self._language != "java" or bool(place.scope)

    def _definition(  # noqa: PLR0913 - the parts of one value
        self,
        node: Node,
        names: tuple[str, ...],
        kind: str,
        *,
        is_public: bool,
        parameters: tuple[Parameter, ...] | None = None,
        value: str | None = None,
    ) -> Definition:
        span = (node.start_byte, node.end_byte)
        return Definition(self._joint.join(names), kind, is_public, parameters, value, span)

    def _is_public(self, node: Node, name: str, scope: tuple[str, ...]) -> bool:
        """Whether the language lets others use the name (within a scope that they may use)."""
        language = self._language
        if language == "python":
            return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
        if language in _C:
            return self._is_header and not name.startswith("_") and "detail" not in scope
        if language == "go":
            return name[:1].isupper() and (not scope or scope[0][:1].isupper())
        return language != "bash" and self._is_shown(node, name, scope)

    def _is_shown(self, node: Node, name: str, scope: tuple[str, ...]) -> bool:
        """The same for languages with modifiers or exports."""
        modifiers = modifiers_of(node, self._source)
        if self._language == "rust":
            free = node.type in ("impl_item", "macro_definition") or is_inside(node, "trait_item", 2)
            return free or "pub" in modifiers
        if self._language == "java":
            return bool({"public", "protected"} & modifiers) or is_inside(node, "interface_body", 1)
        if self._language in _JAVASCRIPT and not scope:
            return name in self._exported or any(is_inside(node, "export_statement", n) for n in (1, 2))
        return not name.startswith(("_", "#")) and not {"private", "internal"} & modifiers

    def _exports(self) -> frozenset[str]:
        """The names that a module exports by a list or by `module.exports`."""
        found = b" ".join(part for match in _EXPORTED.findall(self._source) for part in match)
        return frozenset(re.findall(r"\w+", found.decode("utf-8", "replace")))
