"""What a source file defines, read with tree-sitter: the only module that knows of it.

In: a path (for the language) and the bytes of one version. Out: plain definitions, by qualified name.
Only heads are read: a function's body is not entered. Grammars are imported when first needed. A file
that is too large, of no known language, or that the parser cannot make sense of gives None; `facts`
then falls back to the changed lines.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node, Parser

MAX_BYTES = 400_000
"""Larger files are not parsed (redis' largest source file has 400 kB and takes 70 ms)."""
_MAX_LINE = 20_000
_MAX_DEPTH = 8
_LANGUAGES = {
    "python": ("tree_sitter_python", "language", "py pyi"),
    "c": ("tree_sitter_c", "language", "c"),
    "cpp": ("tree_sitter_cpp", "language", "h cc cpp cxx hpp hh hxx inl ipp cu cuh hip"),
    "rust": ("tree_sitter_rust", "language", "rs"),
    "go": ("tree_sitter_go", "language", "go"),
    "java": ("tree_sitter_java", "language", "java"),
    "kotlin": ("tree_sitter_kotlin", "language", "kt kts"),
    "javascript": ("tree_sitter_javascript", "language", "js jsx mjs cjs"),
    "typescript": ("tree_sitter_typescript", "language_typescript", "ts mts cts"),
    "tsx": ("tree_sitter_typescript", "language_tsx", "tsx"),
    "ruby": ("tree_sitter_ruby", "language", "rb rake"),
    "bash": ("tree_sitter_bash", "language", "sh bash"),
}
_BY_ENDING = {ending: name for name, (_, _, endings) in _LANGUAGES.items() for ending in endings.split()}
_HEADERS = ("h", "hpp", "hh", "hxx", "cuh", "inl", "ipp")


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; `default` as written."""

    name: str
    default: str | None


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
    head: str
    """The text up to the body, blanks folded."""
    value: str | None
    """Of a constant or field, blanks folded."""
    span: tuple[int, int]
    """First and last byte, for comparing bodies."""

    @property
    def bare_name(self) -> str:
        """The last part of the name."""
        return re.split(r"\.|::", self.name)[-1]


def language_of(path: str) -> str | None:
    """The language whose grammar reads a file, by the ending of its name."""
    return _BY_ENDING.get(path.rpartition("/")[2].rpartition(".")[2].lower())


def definitions_of(path: str, source: bytes) -> Mapping[str, list[Definition]] | None:
    """The definitions of one version of a file, by qualified name (overloads share a name)."""
    language = language_of(path)
    if language is None or not is_readable(source):
        return None
    tree = _parser(language).parse(_without_cuda(source) if language in ("c", "cpp") else source)
    reader = _Reader(language, source, is_header=path.lower().endswith(tuple("." + h for h in _HEADERS)))
    found: dict[str, list[Definition]] = {}
    for definition in reader.read(tree.root_node, (), 0, is_public=True):
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
        node = node.parent
        if node is None:
            return False
    return False


@functools.lru_cache(maxsize=len(_LANGUAGES))
def _parser(language: str) -> Parser:
    import tree_sitter  # noqa: PLC0415 - a compiled library, loaded by the first commit that needs it

    module, function, _ = _LANGUAGES[language]
    grammar = getattr(importlib.import_module(module), function)()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


_CUDA = re.compile(
    rb"__(?:global|device|host|forceinline|noinline|restrict|grid_constant)__\b|__launch_bounds__\([^()]*(?:\([^()]*\)[^()]*)*\)"
)


def _without_cuda(source: bytes) -> bytes:
    """The same bytes with CUDA's qualifiers blanked, so that a C++ grammar reads them."""
    return _CUDA.sub(lambda m: b" " * len(m[0]), source) if b"__" in source else source


_SCOPES = {
    "class_definition": "class", "class_specifier": "class", "struct_specifier": "class", "impl_item": "",
    "trait_item": "class", "struct_item": "class", "enum_item": "class", "class_declaration": "class",
    "interface_declaration": "class", "enum_declaration": "class", "record_declaration": "class",
    "object_declaration": "class", "abstract_class_declaration": "class", "class": "class", "module": "class",
    "mod_item": "", "type_spec": "class", "companion_object": "", "union_specifier": "class",
    "enum_specifier": "class", "type_item": "class", "type_alias_declaration": "class", "namespace_definition": "",
}  # fmt: skip
_FUNCTIONS = frozenset(
    ["function_definition", "function_item", "function_declaration", "method_declaration", "method_definition",
     "function_signature_item", "constructor_declaration", "method", "singleton_method", "method_signature",
     "generator_function_declaration", "abstract_method_signature", "macro_definition", "method_elem"]
)  # fmt: skip
_VALUES = {
    "const_item": "constant", "static_item": "constant", "const_spec": "constant", "var_spec": "constant",
    "preproc_def": "constant", "preproc_function_def": "macro", "variable_declarator": "constant",
    "property_declaration": "field", "field_declaration": "field", "property_signature": "field",
    "public_field_definition": "field", "assignment": "constant", "typed_assignment": "field",
}  # fmt: skip
_PASS_THROUGH = frozenset(
    ["decorated_definition", "if_statement", "try_statement", "block", "else_clause", "except_clause", "module",
     "translation_unit", "source_file", "program", "preproc_ifdef", "preproc_if", "preproc_else", "preproc_elif",
     "linkage_specification", "declaration_list", "template_declaration", "field_declaration_list", "class_body",
     "enum_class_body", "interface_body", "body_statement", "const_declaration", "type_declaration", "var_declaration",
     "export_statement", "lexical_declaration", "variable_declaration", "expression_statement", "declaration",
     "enum_body_declarations", "enum_body", "struct_type", "interface_type", "ambient_declaration", "type_definition",
     "statement_block", "internal_module", "var_spec_list"]
)  # fmt: skip
_NAMES = frozenset(
    ["identifier", "type_identifier", "field_identifier", "property_identifier", "constant", "simple_identifier",
     "namespace_identifier", "qualified_identifier", "word", "destructor_name", "operator_name",
     "private_property_identifier", "shorthand_property_identifier_pattern", "scoped_identifier", "string"]
)  # fmt: skip


class _Reader:
    """Walks the heads of one file."""

    def __init__(self, language: str, source: bytes, *, is_header: bool) -> None:
        self.language = language
        self.source = source
        self.is_header = is_header
        self.joint = "::" if language in ("c", "cpp", "rust", "ruby") else "."

    def read(
        self, node: Node, scope: tuple[str, ...], depth: int, *, is_public: bool
    ) -> Iterator[Definition]:
        """The definitions under a node, in the order of the file."""
        if depth > _MAX_DEPTH:
            return
        for child in node.named_children:
            kind = child.type
            if kind in _SCOPES and (depth > 0 or kind != "module" or self.language == "ruby"):
                yield from self._scope(child, scope, depth, is_public=is_public)
            elif self._is_function(child):
                yield from self._function(child, scope, is_public=is_public)
            elif kind in _VALUES and not (
                kind == "variable_declarator" and self.language == "java" and not scope
            ):
                yield from self._value(child, scope, is_public=is_public)
            elif kind in _PASS_THROUGH:
                shown = is_public and self._passes(child, scope)
                yield from self.read(child, scope, depth + 1, is_public=shown)

    def _passes(self, node: Node, scope: tuple[str, ...]) -> bool:
        """In JavaScript and TypeScript only what is exported is public."""
        if self.language not in ("javascript", "typescript", "tsx") or scope:
            return True
        return node.type in ("export_statement", "program") or (
            node.parent is not None and node.parent.type == "export_statement"
        )

    def _is_function(self, node: Node) -> bool:
        if node.type in _FUNCTIONS:
            return True
        return node.type in ("declaration", "field_declaration") and self._declarator(node) is not None

    def _declarator(self, node: Node) -> Node | None:
        """The `function_declarator` of a C declaration, below pointers and references."""
        inner = node.child_by_field_name("declarator")
        for _ in range(6):
            if inner is None or inner.type == "function_declarator":
                return inner
            inner = inner.child_by_field_name("declarator") or next(
                (c for c in inner.named_children if c.type.endswith("declarator")), None
            )
        return None

    def _scope(
        self, node: Node, scope: tuple[str, ...], depth: int, *, is_public: bool
    ) -> Iterator[Definition]:
        name = self._name(node)
        if not name:
            yield from self.read(node, scope, depth + 1, is_public=is_public)
            return
        shown = is_public and self._is_public(node, name, scope)
        kind = _SCOPES[node.type]
        body = node.child_by_field_name("body") or next(
            (c for c in node.named_children if c.type in _PASS_THROUGH and c.type != "decorated_definition"),
            None,
        )
        inner = scope if node.type == "namespace_definition" else (*scope, name)
        if kind and (body is not None or self.language not in ("c", "cpp")):
            yield self._definition(node, inner, kind, shown, None, body)
        if body is not None:
            passed = is_public if node.type == "impl_item" else shown
            yield from self.read(body, inner, depth + 1, is_public=passed)

    def _function(self, node: Node, scope: tuple[str, ...], *, is_public: bool) -> Iterator[Definition]:
        declarator = self._declarator(node) if self.language in ("c", "cpp") else None
        name = self._name(declarator if declarator is not None else node)
        if not name:
            return
        if self.language == "go":
            receiver = node.child_by_field_name("receiver")
            owner = re.search(r"(\w+)(?:\[[^\]]*\])?\s*\)$", self._text(receiver)) if receiver else None
            scope = (owner[1],) if owner else scope
        shown = is_public and self._is_public(node, name, scope)
        listed = (declarator if declarator is not None else node).child_by_field_name("parameters") or next(
            (c for c in node.named_children if c.type in ("function_value_parameters", "formal_parameters")),
            None,
        )
        parameters = tuple(self._parameters(listed)) if listed is not None else ()
        body = node.child_by_field_name("body") or next(
            (c for c in node.named_children if c.type == "function_body"), None
        )
        yield self._definition(node, (*scope, name), "function", shown, parameters, body)

    def _value(self, node: Node, scope: tuple[str, ...], *, is_public: bool) -> Iterator[Definition]:
        name = self._name(node)
        if not name or (
            self.language in ("c", "cpp") and node.type == "field_declaration" and not self.is_header
        ):
            return
        is_constant = (
            node.type in ("const_item", "static_item", "const_spec", "preproc_def") or name.isupper()
        )
        if node.type in ("assignment", "variable_declarator", "var_spec") and not (
            is_constant or scope or self.language != "python"
        ):
            return
        shown = is_public and self._is_public(node, name, scope)
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is None and node.type == "field_declaration":
            inner = node.child_by_field_name("declarator")
            value = inner.child_by_field_name("value") if inner is not None else None
        kind = "constant" if is_constant else "field" if scope else _VALUES[node.type]
        start, end = node.start_byte, node.end_byte
        text = None if value is None else _folded(self._text(value))
        yield Definition(
            self.joint.join((*scope, name)),
            kind,
            shown,
            None,
            _folded(self._text(node))[:300],
            text,
            (start, end),
        )

    def _definition(  # noqa: PLR0913 - the parts of one value
        self,
        node: Node,
        names: tuple[str, ...],
        kind: str,
        shown: bool,
        parameters: tuple[Parameter, ...] | None,
        body: Node | None,  # noqa: FBT001
    ) -> Definition:
        end = body.start_byte if body is not None else node.end_byte
        head = self.source[node.start_byte : min(end, node.start_byte + 4000)].decode("utf-8", "replace")
        return Definition(
            self.joint.join(names),
            kind,
            shown,
            parameters,
            _folded(head).rstrip("{: "),
            None,
            (node.start_byte, node.end_byte),
        )

    def _parameters(self, node: Node) -> Iterator[Parameter]:
        previous = None
        for child in node.named_children:
            if "comment" in child.type or child.type in (
                "self_parameter",
                "keyword_separator",
                "positional_separator",
            ):
                continue
            if self.language == "kotlin" and child.type != "parameter":
                if previous is not None:
                    yield Parameter(previous, _folded(self._text(child)))
                    previous = None
                continue
            if previous is not None:
                yield Parameter(previous, None)
                previous = None
            names = self._parameter_names(child)
            value = child.child_by_field_name("value") or child.child_by_field_name("default_value")
            if self.language == "kotlin" and names:
                previous = names[0]
                continue
            for name in names:
                if name not in ("self", "cls"):
                    yield Parameter(name, None if value is None else _folded(self._text(value)))
        if previous is not None:
            yield Parameter(previous, None)

    def _parameter_names(self, node: Node) -> list[str]:
        if node.type in _NAMES:
            return [self._text(node)]
        if self.language == "go":
            return [self._text(n) for n in node.children_by_field_name("name")] or [self._text(node)]
        for field in ("name", "pattern", "declarator"):
            inner = node.child_by_field_name(field)
            if inner is not None:
                return self._parameter_names(inner) or [_folded(self._text(inner))[:60]]
        first = next(
            (c for c in node.named_children if c.type in _NAMES or c.type.endswith("declarator")), None
        )
        return self._parameter_names(first) if first is not None else []

    def _name(self, node: Node) -> str:
        """The name that a definition gives; empty where it has none or it is not one plain name."""
        inner = (
            node.child_by_field_name("name")
            or node.child_by_field_name("left")
            or node.child_by_field_name("declarator")
        )
        if inner is None and node.type == "impl_item":
            inner = node.child_by_field_name("type")
        for _ in range(4):
            if inner is None or inner.type in _NAMES:
                break
            inner = (
                inner.child_by_field_name("declarator")
                or inner.child_by_field_name("type")
                or next(
                    (c for c in inner.named_children if c.type in _NAMES or c.type.endswith("declarator")),
                    None,
                )
            )
        if inner is None:
            inner = next(
                (c for c in node.named_children if c.type in _NAMES or c.type == "variable_declaration"), None
            )
            if inner is not None and inner.type == "variable_declaration":
                inner = next((c for c in inner.named_children if c.type in _NAMES), None)
        name = self._text(inner) if inner is not None else ""
        return name if len(name) <= 120 and re.fullmatch(r"[\w~:$#?!=.+*/<>\[\]-]+", name) else ""  # noqa: PLR2004 - longer is no name

    def _is_public(self, node: Node, name: str, scope: tuple[str, ...]) -> bool:
        language = self.language
        if language == "python":
            return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
        if language in ("c", "cpp"):
            return self.is_header and not name.startswith("_") and "detail" not in scope
        if language == "go":
            return name[:1].isupper() and (not scope or scope[0][:1].isupper())
        if language == "bash":
            return False
        modifiers = self._modifiers(node)
        if language == "rust":
            in_trait = (
                node.parent is not None
                and node.parent.parent is not None
                and node.parent.parent.type == "trait_item"
            )
            return "pub" in modifiers or in_trait or node.type in ("impl_item", "macro_definition")
        if language == "java":
            in_interface = node.parent is not None and node.parent.type == "interface_body"
            return "public" in modifiers or "protected" in modifiers or in_interface
        return not name.startswith(("_", "#")) and not {"private", "internal"} & modifiers

    def _modifiers(self, node: Node) -> set[str]:
        words: set[str] = set()
        for child in node.children:
            if child.type in ("visibility_modifier", "modifiers", "accessibility_modifier"):
                words.update(self._text(child).split())
        return words

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _folded(text: str) -> str:
    return " ".join(text.split())
