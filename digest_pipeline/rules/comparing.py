"""How the definitions of two versions of a file differ: what came, went, was renamed or changed. Pure."""

from __future__ import annotations

import collections
import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules import rust
from digest_pipeline.rules.findings import Dependency, Name, Renamed, Signature, Value
from digest_pipeline.rules.grammars import is_inner_c
from digest_pipeline.rules.renaming import renames_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digest_pipeline.models import FileKind, FileText
    from digest_pipeline.rules.heads import Definition
    from digest_pipeline.rules.nodes import Parameter
    from digest_pipeline.rules.usages import Usage

_MAX_VALUE = 80
LONGEST_SHOWN = 40
"""Characters of a value that a sentence shows."""


@dataclasses.dataclass
class Draft:
    """The facts while they are collected, file by file."""

    added: list[Name] = dataclasses.field(default_factory=list)
    removed: list[Name] = dataclasses.field(default_factory=list)
    renamed: list[Renamed] = dataclasses.field(default_factory=list)
    signatures: list[Signature] = dataclasses.field(default_factory=list)
    internal_signatures: list[Signature] = dataclasses.field(default_factory=list)
    values: list[Value] = dataclasses.field(default_factory=list)
    types: list[Value] = dataclasses.field(default_factory=list)
    passing: list[Value] = dataclasses.field(default_factory=list)
    changed: list[Name] = dataclasses.field(default_factory=list)
    raised: list[Value] = dataclasses.field(default_factory=list)
    edits: dict[FileKind, list[list[Value] | None]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(list)
    )
    internal_added: list[Name] = dataclasses.field(default_factory=list)
    internal_removed: list[Name] = dataclasses.field(default_factory=list)
    settings: list[Value] = dataclasses.field(default_factory=list)
    plumbing: list[Value] = dataclasses.field(default_factory=list)
    dependencies: list[Dependency] = dataclasses.field(default_factory=list)
    sections: list[Name] = dataclasses.field(default_factory=list)
    tests_added: list[Name] = dataclasses.field(default_factory=list)
    tests_changed: list[Name] = dataclasses.field(default_factory=list)
    usages: list[Usage] = dataclasses.field(default_factory=list)
    code_added: int = 0
    code_removed: int = 0
    source_read: int = 0
    same_code: int = 0
    prose_only: int = 0
    examples: int = 0
    """Programs among the documents."""
    unread: int = 0
    deprecations: int = 0
    deprecations_removed: int = 0
    deprecated: list[Name] = dataclasses.field(default_factory=list)
    tested_inside: bool = False
    """Whether tests changed that stand in a source file."""


def compare(
    draft: Draft,
    text: FileText,
    old: Mapping[str, list[Definition]],
    new: Mapping[str, list[Definition]],
    touched: Mapping[bool, str],
) -> None:
    """Add how the definitions of one file differ.

    `touched` has the added and the removed lines: a name that stands in none of them has
    neither come nor gone, whatever the parser made of a file that it did not understand.
    """
    path = text.change.path
    gone = _standing_in([_shown(old[name]) for name in old if name not in new], touched[False])
    come = _standing_in([_shown(new[name]) for name in new if name not in old], touched[True])
    if path.endswith(_PYTHON):
        come = [d for d in come if not _was_assigned(d, text.old)]
    pairs = renames_of(gone, come, text)
    for before, after in pairs:
        if _is_offered(before, path) and not after.is_public:
            continue  # who used it cannot use the other
        gone.remove(before)
        come.remove(after)
        if _is_offered(before, path):
            draft.renamed.append(Renamed(before.name, after.name, after.kind, path))
    gone, come = _without_same(gone, come, pairs, touched)
    gone, come = _without_members(gone, come, pairs)
    hidden, opened = _reopened(old, new, path)
    gone += _standing_in(hidden, touched[False])
    come += _standing_in(opened, touched[True])
    _add_names(come, draft.added, draft.internal_added, path)
    _add_names(gone, draft.removed, draft.internal_removed, path)
    for name in (n for n in old if n in new):
        olds, news = _unmatched(old[name], new[name])
        if len(olds) == len(news) == 1:
            _changed(draft, olds[0], news[0], path)
        elif len(news) > len(olds) and _is_offered(_shown(news), path):
            draft.added.append(_further(_shown(news), old[name], path))
        elif olds and not news and _is_offered(_shown(olds), path):
            # where some are left, they may take all that the others took
            draft.removed.append(_further(_shown(olds), new[name], path))


_PYTHON = (".py", ".pyi")


def _was_assigned(definition: Definition, version: bytes | None) -> bool:
    """Whether a field of Python is only annotated now: its methods had it before."""
    is_field = definition.kind == "field" and definition.value is None
    return is_field and b"self.%s" % definition.bare_name.encode() in (version or b"")


def _further(definition: Definition, others: list[Definition], path: str) -> Name:
    """One more definition of a name: an overload, unless the others are of another kind, as a field is."""
    is_overload = any(d.kind == definition.kind for d in others)
    return Name(definition.name, "overload" if is_overload else definition.kind, path)


def _shown(definitions: list[Definition]) -> Definition:
    """Of several definitions of one name the first that others may use."""
    return max(definitions, key=lambda d: d.is_public)


def _reopened(
    old: Mapping[str, list[Definition]], new: Mapping[str, list[Definition]], path: str
) -> tuple[list[Definition], list[Definition]]:
    """What is still there and can no longer be used from outside, and what now can: by `pub` or `export`."""
    hidden, opened = [], []
    for name in (n for n in old if n in new):
        before, after = _shown(old[name]), _shown(new[name])
        if before.kind != after.kind or _is_offered(before, path) == _is_offered(after, path):
            continue
        if _is_offered(before, path):
            hidden.append(before)
        else:
            opened.append(after)
    return hidden, opened


def _standing_in(definitions: list[Definition], text: str) -> list[Definition]:
    """Those whose name stands in a text."""
    words = frozenset(re.findall(r"\w+", text)) if definitions else frozenset()
    return [d for d in definitions if words.issuperset(re.findall(r"\w+", d.bare_name))]


def _unmatched(old: list[Definition], new: list[Definition]) -> tuple[list[Definition], list[Definition]]:
    """The definitions of one name that have no equal on the other side; a single one always counts."""
    if len(old) == len(new) == 1:
        return old, new
    heads = [{(d.parameters, d.type, d.value) for d in side} for side in (old, new)]
    return (
        [d for d in old if (d.parameters, d.type, d.value) not in heads[1]],
        [d for d in new if (d.parameters, d.type, d.value) not in heads[0]],
    )


def _without_same(
    gone: list[Definition],
    come: list[Definition],
    renames: list[tuple[Definition, Definition]],
    touched: Mapping[bool, str],
) -> tuple[list[Definition], list[Definition]]:
    """Without the implementations of Rust that are still there: for a renamed type, or derived."""
    names = {before.bare_name: after.bare_name for before, after in renames}
    sides = (
        {_implemented(d.name, names) for d in gone if d.kind == "implementation"},
        {_implemented(d.name, {}) for d in come if d.kind == "implementation"},
    )
    if not any(sides):
        return gone, come

    def is_new(definition: Definition, renamed: Mapping[str, str], *, is_added: bool) -> bool:
        trait = _implemented(definition.name, renamed)
        is_derived = trait[0] in rust.derived(touched[not is_added])
        return definition.kind != "implementation" or not (is_derived or trait in sides[not is_added])

    return (
        [d for d in gone if is_new(d, names, is_added=False)],
        [d for d in come if is_new(d, {}, is_added=True)],
    )


def _without_members(
    gone: list[Definition], come: list[Definition], renames: list[tuple[Definition, Definition]]
) -> tuple[list[Definition], list[Definition]]:
    """Without the members that a type kept when it got another name."""
    names = {before.name: after.name for before, after in renames if before.kind == "class"}
    if not names:
        return gone, come
    known = {d.name for d in come}
    kept = {
        d.name: names[owner] + d.name[len(owner) :]
        for d in gone
        for owner in names
        if has_owner(d.name, {owner}) and names[owner] + d.name[len(owner) :] in known
    }
    return [d for d in gone if d.name not in kept], [d for d in come if d.name not in kept.values()]


def _implemented(name: str, renamed: Mapping[str, str]) -> tuple[str, str]:
    trait, kind = rust.implements(name)
    return renamed.get(trait, trait), renamed.get(kind, kind)


def _is_offered(definition: Definition, path: str) -> bool:
    """Whether others may use it; a macro of a C header beside the sources only serves these."""
    is_inner = definition.kind in ("macro", "constant") and is_inner_c(path)
    return definition.is_public and not is_inner and not _is_private(path)


def _add_names(definitions: list[Definition], public: list[Name], internal: list[Name], path: str) -> None:
    """Sort names by whether others may use them; a member goes with its class or trait."""
    owners = {d.name for d in definitions if d.kind in ("class", "type")}
    made = [d.span for d in definitions if d.kind == "implementation"]
    for d in definitions:
        is_made = any(start < d.span[0] and d.span[1] <= end for start, end in made)
        if not is_made and not has_owner(d.name, owners):
            (public if _is_offered(d, path) else internal).append(Name(d.name, d.kind, path))


_INTERNAL = frozenset(["internal", "internals", "detail", "impl"])
_SHADERS = (".wgsl", ".glsl", ".comp", ".metal", ".cl")
_PRIVATE_HEADER = re.compile(r"[-_](?:private|internal|p)\.(?:h|hh|hpp|hxx|cuh)$")
_PROGRAMS = frozenset(["scripts", "script", "tools", "hack", "ci", "dev"])


def is_program(path: str) -> bool:
    """Whether a file is a program of those who work on the project: as in `scripts/` and `tools/`."""
    return path.partition("/")[0] in _PROGRAMS and "/" in path


def _is_private(path: str) -> bool:
    """Whether a folder or file is marked as internal: `_private/`, `_module.py`, `internal/`, `scripts/`.

    So is what runs on a graphics card: only the program that loads a shader calls what is in it.
    """
    parts = path.split("/")
    is_marked = any((p.startswith("_") and not p.startswith("__")) or p in _INTERNAL for p in parts)
    is_marked |= _PRIVATE_HEADER.search(parts[-1]) is not None
    return is_marked or is_program(path) or path.endswith(_SHADERS)


def has_owner(name: str, owners: set[str]) -> bool:
    """Whether one of the classes or modules that qualify a name is among some."""
    pieces = re.split(r"(\.|::)", name)
    return any("".join(pieces[:i]) in owners for i in range(1, len(pieces), 2))


def _changed(draft: Draft, old: Definition, new: Definition, path: str) -> None:
    """Add how one definition changed its parameters, and a public one its defaults, types or value."""
    is_offered = _is_offered(old, path) and new.is_public
    if old.parameters is not None and new.parameters is not None and old.parameters != new.parameters:
        kept, gained, lost = _matched(old.parameters, new.parameters, by_name=path.endswith(BY_NAME))
        if gained or lost:
            required = tuple(p.name for p in gained if p.is_required)
            came, went = (tuple(p.name for p in side) for side in (gained, lost))
            signatures = draft.signatures if is_offered else draft.internal_signatures
            signatures.append(Signature(new.name, path, came, went, required))
        for one, two in kept if is_offered else ():
            if one.default != two.default and _is_short(one.default, two.default):
                draft.values.append(Value(f"{new.name}({two.name})", one.default, two.default, path))
            _retyped(draft, f"{new.name}({two.name})", one.type, two.type, path)
            if one.passing != two.passing:
                draft.passing.append(Value(f"{new.name}({two.name})", one.passing, two.passing, path))
    if not is_offered:
        return
    is_value = old.parameters is None or new.parameters is None or old.parameters == new.parameters
    if (
        is_value
        and old.value != new.value
        and old.kind in ("constant", "field", "variable")
        and _is_short(old.value, new.value)
        and not _is_code(old.value, new.value)
    ):
        draft.values.append(Value(new.name, old.value, new.value, path))
    _retyped(draft, new.name if new.parameters is None else f"{new.name}()", old.type, new.type, path)


BY_NAME = (".py", ".pyi", ".kt", ".kts", ".rb")
"""Languages whose callers may name an argument; elsewhere a parameter with another name is the same."""


def _matched(
    old: tuple[Parameter, ...], new: tuple[Parameter, ...], *, by_name: bool
) -> tuple[list[tuple[Parameter, Parameter]], list[Parameter], list[Parameter]]:
    """The parameters that are there before and after, those that came, and those that went."""
    after = {p.name: p for p in new}
    kept = [(p, after[p.name]) for p in old if p.name in after]
    gained = [p for p in new if p.name not in {q.name for q in old}]
    lost = [p for p in old if p.name not in after]
    if not by_name:
        same_place = len(old) == len(new)
        for one in list(lost):
            at = old.index(one)
            two = next((p for p in gained if (same_place and new.index(p) == at) or p.type == one.type), None)
            if two is not None:
                lost.remove(one)
                gained.remove(two)
                kept.append((one, two))
    return kept, gained, lost


def _retyped(draft: Draft, name: str, old: str, new: str, path: str) -> None:
    """Add a declared type that changed, unless it is the same in a newer spelling."""
    old, new = (re.sub(r"^\*+:?\s*", "", text) if path.endswith(_PYTHON) else text for text in (old, new))
    if _spelt(old) != _spelt(new) and _is_short(old, new):
        draft.types.append(Value(name, old or None, new or None, path))


def _spelt(kind: str) -> str:
    """A type without what is only its spelling: `Optional[List[int]]` is `list[int] | None`."""
    plain = re.sub(r"[\"'\s]|\b(?:typing|t|std|typing_extensions)(?:\.|::)", "", kind)
    plain = re.sub(r"\b(List|Dict|Tuple|Set|Type|FrozenSet)\[", lambda m: m[0].lower(), plain)
    return re.sub(r"^Optional\[(.*)\]$", r"\1|None", plain)


def _is_code(*values: str | None) -> bool:
    """Whether values are calls too long to be shown, of which nothing is told but that they differ."""
    return any(len(v or "") > LONGEST_SHOWN for v in values) and all(
        re.search(r"^[\w.:<>]+\(", v or "") for v in values
    )


def _is_short(*values: str | None) -> bool:
    return all(v is None or len(v) <= _MAX_VALUE for v in values)
