"""Single nodes of a syntax tree: their text, the name they give, their parameters.

Knows nodes only by the few attributes of `Node`; the parser itself is in `syntax`.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Protocol

from digest_pipeline.rules.grammars import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_NAME = 120
_OPTIONAL = re.compile(r"splat|variadic|rest_|spread|optional|block_parameter")
_KEYWORDS = frozenset(
    [
        "const",
        "constexpr",
        "noexcept",
        "static",
        "volatile",
        "inline",
        "override",
        "final",
        "typename",
        "namespace",
    ]
)
_PATTERNS = frozenset(["object_pattern", "array_pattern", "tuple_pattern", "pattern_list"])
_SPLATS = ("list_splat_pattern", "dictionary_splat_pattern")
_SEPARATORS = frozenset(["self_parameter", "keyword_separator", "positional_separator"])


class Node(Protocol):
    """What is needed of a tree-sitter node."""

    @property
    def type(self) -> str:
        """What the grammar calls it."""
        ...

    @property
    def children(self) -> Sequence[Node]:
        """All children, also keywords and punctuation."""
        ...

    @property
    def named_children(self) -> Sequence[Node]:
        """The children that the grammar names."""
        ...

    @property
    def parent(self) -> Node | None:
        """None for the root."""
        ...

    @property
    def start_byte(self) -> int:
        """The first byte."""
        ...

    @property
    def end_byte(self) -> int:
        """One after the last byte."""
        ...

    def child_by_field_name(self, name: str, /) -> Node | None:
        """The child in a role."""
        ...

    def children_by_field_name(self, name: str, /) -> Sequence[Node]:
        """The children in a role."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; `default` and `type` as written, blanks folded."""

    name: str
    default: str | None
    type: str = ""
    """With what else is said of the parameter (`*`, `&`, `mut`, `...`); empty where nothing is."""
    is_required: bool = True
    """False with a default, and where it stands for any number of arguments, also none."""
    passing: str = ""
    """`position` or `keyword` where a caller has no choice, as Python has it."""


def text_of(node: Node, source: bytes) -> str:
    """The text of a node, undecodable bytes replaced."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def text_before(node: Node, source: bytes, *, on_line: bool = False) -> str:
    """What stands above a node, at most 400 bytes of it, or before it on its line."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1 if on_line else max(0, node.start_byte - 400)
    return source[start : node.start_byte].decode("utf-8", "replace")


def comment_above(node: Node, source: bytes) -> Iterator[str]:
    """The lines of the `#` comment above a node, the nearest first; blank lines may lie between."""
    for line in reversed(text_before(node, source).splitlines()):
        if text := line.strip():
            if not text.startswith("#"):
                return
            yield text


def parents_of(node: Node) -> Iterator[Node]:
    """What a node stands in, the innermost first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def folded(text: str) -> str:
    """One line with single blanks."""
    return " ".join(text.split())


def field_of(node: Node, *fields: str) -> Node | None:
    """The child in the first role that there is."""
    return next((n for f in fields if (n := node.child_by_field_name(f)) is not None), None)


def first_of(node: Node, types: Iterable[str]) -> Node | None:
    """The first named child of one of some types."""
    return next((c for c in node.named_children if c.type in types), None)


def is_inside(node: Node, kind: str, steps: int) -> bool:
    """Whether the node so many steps up is of a type."""
    above: Node | None = node
    for _ in range(steps):
        above = above.parent if above is not None else None
    return above is not None and above.type == kind


def declarator_of(node: Node) -> Node | None:
    """The `function_declarator` of a C declaration, below pointers and references."""
    inner = node.child_by_field_name("declarator")
    for _ in range(6):
        if inner is None or inner.type == "function_declarator":
            return inner
        inner = field_of(inner, "declarator") or _declarator_among(inner)
    return None


def _declarator_among(node: Node) -> Node | None:
    return next((c for c in node.named_children if c.type.endswith("declarator")), None)


def name_of(node: Node, source: bytes) -> str:
    """The name that a definition gives; empty where it has none or it is not one plain name."""
    inner = node if node.type in NAMES else field_of(node, "name", "left", "declarator")
    if inner is not None and inner.type in _PATTERNS:
        return ""  # several names at once
    if inner is None and node.type == "impl_item":
        inner = node.child_by_field_name("type")
    for _ in range(4):
        if inner is not None and inner.type == "scoped_type_identifier":  # `a::B` is B
            inner = inner.child_by_field_name("name")
        if inner is None or inner.type in NAMES:
            break
        inner = field_of(inner, "declarator", "type") or first_of(inner, NAMES) or _declarator_among(inner)
    if inner is None:
        # Kotlin's `val x: T? = null` has another name behind its own
        variable = first_of(node, ["variable_declaration"])
        inner = first_of(node if variable is None else variable, NAMES)
    name = text_of(inner, source) if inner is not None else ""
    if name in _KEYWORDS:
        return ""  # of a macro's arguments
    return name if len(name) <= _LONGEST_NAME and re.fullmatch(r"[\w~:$#?!=.+*/<>\[\]-]+", name) else ""


def parameters_of(listing: Node, source: bytes, language: str) -> Iterator[Parameter]:
    """The parameters of a list of parameters, in order, without the receiver."""
    if language == "python":
        yield from _parameters_of_python(listing, source)
        return
    pending: Parameter | None = None
    for child in listing.named_children:
        if "comment" in child.type or child.type in _SEPARATORS:
            continue
        if language == "kotlin":  # its defaults follow the parameter as nodes of their own
            if child.type == "parameter":
                if pending is not None:
                    yield pending
                pending = next(_parameters(child, source, language, None), None)
            elif pending is not None:
                yield dataclasses.replace(pending, default=folded(text_of(child, source)), is_required=False)
                pending = None
            continue
        yield from _parameters(child, source, language, field_of(child, "value", "default_value", "right"))
    if pending is not None:
        yield pending


def _parameters_of_python(listing: Node, source: bytes) -> Iterator[Parameter]:
    """Those before `/` are passed by position, those behind `*` or `*args` by keyword (PEP 570, PEP 3102)."""
    found: list[Parameter] = []
    passing = ""
    for child in listing.named_children:
        if child.type == "positional_separator":
            found = [dataclasses.replace(parameter, passing="position") for parameter in found]
        elif child.type == "keyword_separator":
            passing = "keyword"
        elif "comment" not in child.type:
            several = _parameters(child, source, "python", field_of(child, "value"))
            is_rest = "splat" in child.type or first_of(child, _SPLATS) is not None
            found += [dataclasses.replace(p, passing="" if is_rest else passing) for p in several]
            passing = "keyword" if is_rest else passing
    yield from found


def _parameters(node: Node, source: bytes, language: str, value: Node | None) -> Iterator[Parameter]:
    default = None if value is None else folded(text_of(value, source))
    whole = text_of(node, source)
    head = whole if value is None else whole[: -len(text_of(value, source))].rstrip().removesuffix("=")
    names = _parameter_names(node, source, language)
    is_required = value is None and not any(_OPTIONAL.search(n.type) for n in (node, *node.named_children))
    if language in ("c", "cpp"):
        # without a name there is only what is said of the type
        names = [name for name in _without_macro(names, head) if re.search(r"\w", name)]
    for name in names:
        if name not in ("self", "cls"):
            yield Parameter(
                name,
                default,
                _type_beside(head, names, is_last=language in ("c", "cpp", "java")),
                is_required,
            )


def _without_macro(names: list[str], head: str) -> list[str]:
    """The names without a macro that stands for more parameters: `int a MORE_PARAMS` is `a`."""
    words = re.findall(r"[A-Za-z_]\w*", head)
    if not words or not re.fullmatch(r"[A-Z0-9]+_[A-Z0-9_]+", words[-1]):
        return names
    return [] if len(words) == 1 else words[-2:-1] if len(words) > 2 else names  # noqa: PLR2004 - type, name, macro


def _type_beside(head: str, names: Sequence[str], *, is_last: bool) -> str:
    """What stands beside the names of a parameter: `: int`, `const char *`, `uint32`.

    `is_last` for the languages that write the name behind the type.
    """
    for name in names:
        at = _find_word(head, name, is_last=is_last)
        head = head if at < 0 else head[:at] + head[at + len(name) :]
    return folded(head.replace(",", " ") if len(names) > 1 else head).strip(" :")


def _find_word(text: str, word: str, *, is_last: bool) -> int:
    """Where a word stands first or last as a whole; -1 where it does not."""
    at = len(text) if is_last else -1
    while (at := text.rfind(word, 0, at) if is_last else text.find(word, at + 1)) >= 0:
        if not re.search(r"\w", text[max(at - 1, 0) : at] + text[at + len(word) : at + len(word) + 1]):
            return at
        at += len(word) - 1 if is_last else 0
    return -1


def result_of(node: Node, source: bytes) -> str:
    """The type of what a function returns, as written; empty where it is not said."""
    found = field_of(node, "return_type", "result", "type")
    return "" if found is None else folded(text_of(found, source)).lstrip(": ")


def _parameter_names(node: Node, source: bytes, language: str) -> list[str]:
    if node.type in NAMES:
        return [text_of(node, source)]
    if language == "go":
        return [text_of(n, source) for n in node.children_by_field_name("name")] or [text_of(node, source)]
    inner = field_of(node, "name", "pattern", "declarator", "left")
    if inner is not None:
        return _parameter_names(inner, source, language) or [folded(text_of(inner, source))[:60]]
    # Python's `*args: Any` names below its star
    first = _declarator_among(node) or first_of(node, NAMES) or first_of(node, _SPLATS)
    return _parameter_names(first, source, language) if first is not None else []


def modifiers_of(node: Node, source: bytes) -> set[str]:
    """The words of a definition's visibility and other modifiers."""
    kinds = ("visibility_modifier", "modifiers", "accessibility_modifier")
    return {word for child in node.children if child.type in kinds for word in text_of(child, source).split()}
