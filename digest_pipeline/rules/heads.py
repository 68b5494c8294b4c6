"""Walks the heads of a parsed source file and says what it defines; function bodies are not entered."""

from __future__ import annotations

import bisect
import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules import rust
from digest_pipeline.rules.findings import bare_name
from digest_pipeline.rules.grammars import ALIASES, FUNCTIONS, PASS_THROUGH, SCOPES, VALUES
from digest_pipeline.rules.nodes import (
    Node,
    Parameter,
    declarator_of,
    field_of,
    first_of,
    folded,
    is_inside,
    name_of,
    parameters_of,
    result_of,
    text_of,
)
from digest_pipeline.rules.visibility import Candidate, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_DEPTH = 8
_C = ("c", "cpp")
_CONSTANTS = ("const_item", "static_item", "const_spec", "preproc_def")
_NEVER_CONSTANT = ("field_declaration", "var_spec")
_PROPERTY = re.compile(rb"@(?:\w+\.)*(?:cached_)?property\b")
_NESTED = ("class_specifier", "struct_specifier", "enum_specifier", "union_specifier")
"""What stands as a field of a C++ class where it is declared within one."""
_ASSIGNMENTS = ("assignment", "variable_declarator", "var_spec")
_HIDDEN_NAMESPACES = frozenset(["", "detail", "details", "internal", "impl"])
_LONGEST_ALIAS = 120


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """One thing that a file defines."""

    name: str
    """Qualified by its classes and modules: `Engine.generate`, `Store::open`."""
    kind: str
    """`function`, `kernel`, `class`, `type`, `constant`, `variable`, `field`, `macro`,
    or `implementation` of a trait."""
    is_public: bool
    """Whether others may use it, by the rules of the language."""
    parameters: tuple[Parameter, ...] | None
    """None for what takes none: classes, constants, fields."""
    value: str | None
    """Of a constant or field, blanks folded."""
    span: tuple[int, int]
    """First byte and one after the last, for comparing bodies."""
    type: str = ""
    """What a function returns, a field holds or an alias stands for, as written; else empty."""

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
        self._is_public = Visibility(language, source, is_header=is_header).is_public

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
            if self._is_wanted(child) and not self._holds_tests(child):
                here = place if section else dataclasses.replace(place, is_public=False)
                yield from self._one(child, here)

    def _is_wanted(self, node: Node) -> bool:
        """Whether a node reaches into one of the spans."""
        before = bisect.bisect_left(self._starts, node.end_byte)
        return before > 0 and self._spans[before - 1][1] > node.start_byte

    def _holds_tests(self, node: Node) -> bool:
        return node.type == "mod_item" and rust.is_for_tests(self._source, node.start_byte)

    def _one(self, node: Node, place: _Place) -> Iterator[Definition]:
        if node.type in SCOPES and (place.depth > 0 or node.type != "module" or self._language == "ruby"):
            yield from self._scope(node, place)
        elif node.type == "field_declaration" and (inner := first_of(node, _NESTED)) is not None:
            yield from self._scope(inner, place)
        elif node.type in FUNCTIONS or self._declares_function(node):
            yield from self._function(node, place)
        elif node.type in ALIASES:
            yield from self._alias(node, place)
        elif node.type in VALUES:
            yield from self._value(node, place)
        elif node.type in PASS_THROUGH:
            yield from self._read(node, dataclasses.replace(place, depth=place.depth + 1))

    def _declares_function(self, node: Node) -> bool:
        head = declarator_of(node) if node.type in ("declaration", "field_declaration") else None
        # `void (*close)(int)` is a value
        return head is not None and first_of(head, ("parenthesized_declarator",)) is None

    def _scope(self, node: Node, place: _Place) -> Iterator[Definition]:
        if node.type == "namespace_definition":
            named = node.child_by_field_name("name")
            parts = {
                "" if named is None else part for part in text_of(named or node, self._source).split("::")
            }
            shown = place.is_public and not parts & _HIDDEN_NAMESPACES
            body = node.child_by_field_name("body")
            yield from self._read(body or node, place.below(is_public=shown))
            return
        trait, made_for = node.child_by_field_name("trait"), node.child_by_field_name("type")
        if trait is not None and made_for is not None:
            yield from self._implementation(node, trait, made_for, place)
            return
        name = name_of(node, self._source)
        if not name:
            yield from self._read(node, dataclasses.replace(place, depth=place.depth + 1))
            return
        shown = place.is_public and self._is_public(Candidate(node, name, place.scope))
        kind = SCOPES[node.type]
        body = node.child_by_field_name("body") or first_of(node, PASS_THROUGH - {"decorated_definition"})
        # a Ruby module that holds classes is opened anew in every file
        is_only_scope = node.type == "module" and body is not None and first_of(body, ("class", "module"))
        if kind and (body is not None or self._language not in _C) and not is_only_scope:
            yield self._definition(node, (*place.scope, name), kind, is_public=shown)
        if body is not None:
            inside = place.is_public if node.type == "impl_item" else shown
            yield from self._read(body, place.below(name, is_public=inside))

    def _implementation(self, node: Node, trait: Node, made_for: Node, place: _Place) -> Iterator[Definition]:
        """A trait implemented for a type: told where others may use both, and what is inside it."""
        what, whole = (folded(text_of(n, self._source)) for n in (trait, made_for))
        is_generic = made_for.type == "generic_type"
        bare = (made_for.child_by_field_name("type") if is_generic else None) or made_for
        name = folded(text_of(bare, self._source))  # with its path: `From<A> for old::B`
        hides = any(rust.hides(self._source, word) for word in re.findall(r"\w+", f"{what} {name}"))
        if len(what) + len(whole) <= _LONGEST_ALIAS:
            made = f"{what} for {name}"
            yield self._definition(node, (made,), "implementation", is_public=place.is_public and not hides)
        if (body := node.child_by_field_name("body")) is not None:
            yield from self._read(body, place.below(name, is_public=place.is_public))

    def _alias(self, node: Node, place: _Place) -> Iterator[Definition]:
        if is_inside(node, "impl_item", 2):
            return  # a type that a trait asks for comes and goes with the implementation
        name, target = name_of(node, self._source), field_of(node, "value", "type")
        if name and target is not None:
            shown = place.is_public and self._is_public(Candidate(node, name, place.scope))
            means = folded(text_of(target, self._source))[:_LONGEST_ALIAS]
            yield self._definition(node, (*place.scope, name), "type", is_public=shown, type=means)

    def _function(self, node: Node, place: _Place) -> Iterator[Definition]:
        if self._language in _C and not self._is_header and node.type in ("declaration", "field_declaration"):
            return  # a prototype in a source file announces what is defined elsewhere
        declarator = declarator_of(node) if self._language in _C else None
        head = node if declarator is None else declarator
        name = name_of(head, self._source)
        scope = self._receiver(node) or place.scope
        is_made = bool(scope) and (name == scope[-1] or name.startswith(("~", "operator")))
        if not name or (self._language in _C and (is_made or self._is_initialised(node, head))):
            return  # constructors and operators come and go with their class
        listing = head.child_by_field_name("parameters") or first_of(
            node, ("function_value_parameters", "formal_parameters", "preproc_params")
        )
        parameters = () if listing is None else tuple(parameters_of(listing, self._source, self._language))
        shown = place.is_public and self._is_public(Candidate(node, name, scope))
        yield self._definition(
            node,
            (*scope, name),
            self._kind_of(node, head),
            is_public=shown,
            parameters=parameters,
            type=result_of(node, self._source),
        )

    def _is_initialised(self, node: Node, head: Node) -> bool:
        """Whether a name is a member that a constructor sets, hidden by a macro: `M value(T v) : a(v) {`."""
        before = self._source[node.start_byte : head.start_byte]
        return re.search(rb"\)\s*(?<!:):(?!:)\s*(?:\w+\([^()]*\)\s*,\s*)*$", before) is not None

    def _kind_of(self, node: Node, head: Node) -> str:
        if node.type == "preproc_function_def":
            return "macro"
        above = node.parent
        if above is not None and above.type == "decorated_definition":
            decorators = self._source[above.start_byte : node.start_byte]
            return "property" if _PROPERTY.search(decorators) else "function"
        before = self._source[max(0, node.start_byte - 200) : head.start_byte]
        is_kernel = self._language == "cpp" and b"__global__" in re.split(rb"[;{}]", before)[-1]
        return "kernel" if is_kernel else "function"

    def _receiver(self, node: Node) -> tuple[str, ...]:
        """The type of a Go method."""
        receiver = node.child_by_field_name("receiver") if self._language == "go" else None
        text = "" if receiver is None else text_of(receiver, self._source)
        owner = re.search(r"(\w+)(?:\[[^\]]*\])?\s*\)$", text)
        return (owner[1],) if owner else ()

    def _value(self, node: Node, place: _Place) -> Iterator[Definition]:
        name = name_of(node, self._source)
        is_constant = node.type in _CONSTANTS or (name.isupper() and node.type not in _NEVER_CONSTANT)
        value = field_of(node, "value", "right")
        if value is None and (inner := node.child_by_field_name("declarator")) is not None:
            value = inner.child_by_field_name("value")
        if name in ("", "_") or not self._counts(
            node, place, is_constant=is_constant, has_value=value is not None
        ):
            return
        text = None if value is None else folded(text_of(value, self._source))
        kind = "constant" if is_constant else "field" if place.scope else VALUES[node.type]
        shown = place.is_public and self._is_public(Candidate(node, name, place.scope))
        yield self._definition(
            node, (*place.scope, name), kind, is_public=shown, value=text, type=result_of(node, self._source)
        )

    def _counts(self, node: Node, place: _Place, *, is_constant: bool, has_value: bool) -> bool:
        """Whether a value is part of what a file offers: no local variable, no include guard."""
        if self._language in _C:
            return (
                self._is_header
                if node.type == "field_declaration"
                else has_value or node.type == "enumerator"
            )
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
        type: str = "",  # noqa: A002 - the word of `Definition`
    ) -> Definition:
        span = (self._start_of(node), node.end_byte)
        return Definition(self._joint.join(names), kind, is_public, parameters, value, span, type)

    def _start_of(self, node: Node) -> int:
        """The first byte of a definition with the decorators or attributes above it."""
        if node.parent is not None and node.parent.type == "decorated_definition":
            return node.parent.start_byte
        is_rust = self._language == "rust"
        return rust.start_of(self._source, node.start_byte) if is_rust else node.start_byte
