"""The facts of a diff as short lines in one language, for prompts and for the fields of an analysis.

Names are put in backticks only where they stand verbatim in the changed lines or their context; no line
holds any other mark, a backtick of the commit itself, or a line break.
"""

from __future__ import annotations

import collections
import itertools
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.catalogue import joined, labels, say
from digest_pipeline.rules.comparing import LONGEST_SHOWN
from digest_pipeline.rules.configuring import dependency_line, key_lines, locked_lines
from digest_pipeline.rules.findings import Name, Renamed, bare_name
from digest_pipeline.rules.grammars import is_inner_c
from digest_pipeline.rules.naming import MOST_NAMES, all_named, code, listed, named, owner_of, path_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digest_pipeline.rules.findings import Facts, Signature, Value

_MOST_LINES = 24
_TYPED = (".rs", ".go", ".c", ".h", ".zig")
"""Languages without classes."""
_FIRST_MODULE = re.compile(r"(?:^|/)src/(?:[^/]+|[^/]+/mod)\.rs$")
_EXPORTING = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte")


def fact_lines(facts: Facts, language: str) -> list[str]:
    """All facts as short lines, the interface first: at most 24, the same for the same facts."""
    lines = [
        *unread_lines(facts, language),
        *interface_lines(facts, language),
        *_inner_lines(facts, language),
    ]
    sizes = [
        say(
            language,
            "fact.size",
            kind=labels(language)[f"kind.{s.kind.value}"],
            files=s.files,
            insertions=s.insertions,
            deletions=s.deletions,
        )
        for s in facts.sizes
    ]
    if sizes:
        lines.append(say(language, "fact.sizes", sizes=joined(language, sizes)))
    return lines[-1:] + lines[:-1] if len(lines) <= _MOST_LINES else [lines[-1], *lines[: _MOST_LINES - 1]]


def developer_lines(facts: Facts, language: str) -> Iterator[str]:
    """What those who work on the project notice: moves, tests, documents, build, their dependencies."""
    if facts.moved:
        names = all_named(language, [m.new for m in facts.moved], facts.shown)
        yield say(language, "fact.moved_many", names=names)
    for key, found in (
        ("fact.sections_added", [n for n in facts.sections if n.kind == "new_section"]),
        ("fact.sections", [n for n in facts.sections if n.kind != "new_section"]),
        ("fact.tests_added", facts.tests_added),
        (
            "fact.tests_removed" if facts.removes_tests else "fact.tests_changed",
            facts.tests_changed if not facts.tests_added else (),
        ),
    ):
        if found:
            path = found[0].path
            titles = [_title(n.name, facts, language) for n in found if n.path == path]
            many = "_many" if len(titles) > 1 else ""
            yield say(language, key + many, names=listed(language, titles), path=path_code(path))
    yield from (
        dependency_line(facts, d, language) for d in facts.dependencies if d.is_dev and not d.is_locked
    )
    yield from key_lines(facts, facts.plumbing, language)
    yield from locked_lines(facts, language)


def _title(name: str, facts: Facts, language: str) -> str:
    """A heading or the name of a test; in quotes where it is several words and not whole."""
    shown = code(name, facts.shown)
    return say(language, "list.quoted", text=shown) if " " in shown and shown[0] != "`" else shown


def interface_lines(facts: Facts, language: str) -> list[str]:
    """What changes for those who use the code: one line for each sort of change."""
    lines = itertools.chain(
        by_kind(facts, facts.removed, "fact.removed", language),
        _deprecated(facts, language),
        (
            say(language, "fact.renamed", old=code(r.old, facts.shown), new=code(r.new, facts.shown))
            for r in facts.renamed
        ),
        (signature_line(facts, [s], language) for s in facts.signatures),
        by_kind(facts, facts.added, "fact.added", language),
        _usages(facts, language),
        (_value(facts, v, language) for v in facts.values),
        (_type(facts, v, language) for v in facts.types[:MOST_NAMES]),
        passing_lines(facts, "fact", language),
        key_lines(facts, facts.settings, language),
        (dependency_line(facts, d, language) for d in facts.dependencies if not d.is_dev),
    )
    return list(dict.fromkeys(lines))


def _deprecated(facts: Facts, language: str) -> Iterator[str]:
    if facts.deprecated:
        names = all_named(language, [n.name for n in facts.deprecated], facts.shown)
        yield say(language, "fact.deprecated", names=names)


def by_kind(facts: Facts, names: Sequence[Name], key: str, language: str) -> Iterator[str]:
    """One sentence for the names of each sort, as functions and classes."""
    groups: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    once: dict[tuple[str, str], Name] = {}
    for name in names:  # as a binding has it in two languages
        once.setdefault((sort_of(name), name.name.replace("::", ".")), name)
    for name in once.values():
        groups[sort_of(name), reach_of(name, language)].append(name.name)
    for (kind, reach), found in groups.items():
        label = kind_label(language, kind, len(found))
        owners = {owner_of(name, facts.shown) for name in found}
        owner = owners.pop() if len(owners) == 1 else ""
        if owner:
            shown = listed(language, dict.fromkeys(code(bare_name(n), facts.shown) for n in found))
            owner = code(owner, facts.shown)
            yield say(language, f"{key}_of", reach=reach, kind=label, names=shown, owner=owner)
        else:
            told = all_named(language, found, facts.shown)
            yield say(language, key, reach=reach, kind=label, names=told)


def is_offered(path: str) -> bool:
    """Whether users of a project surely reach what a file declares.

    In C and C++ only in headers meant for them, in Rust only in the first modules of a crate: one deeper may
    be private.
    """
    if path.endswith(".rs"):
        return _FIRST_MODULE.search(path) is not None
    return not is_inner_c(path)


def reach_of(name: Name | Renamed, language: str) -> str:
    """Who may use a definition, before its sort.

    What a module of JavaScript exports need not be what its package offers, and what a C header beside the
    sources declares not more than what these share. What is `pub` in Rust may stand in a module that is not.
    """
    bare = name.name if isinstance(name, Name) else name.old
    is_exported = name.path.endswith(_EXPORTING) and "." not in bare
    if name.path.endswith(".rs"):
        key = "declared" if sort_of(name) in ("variant", "implementation") else "pub"
    else:
        key = "exported" if is_exported else "public" if is_offered(name.path) else "declared"
    return labels(language)[f"definition.{key}"]


def sort_of(name: Name | Renamed) -> str:
    """The sort of a definition in the words of its language: Rust, Go and C have types and variants."""
    if name.kind in ("class", "type") and (name.kind == "type" or name.path.endswith(_TYPED)):
        return "type"
    bare = bare_name(name.name if isinstance(name, Name) else name.new)
    is_variant = name.kind == "field" and name.path.endswith(".rs") and bare[:1].isupper()
    return "variant" if is_variant else name.kind


def kind_label(language: str, kind: str, count: int) -> str:
    """What a sort of definition is called, for one or for several."""
    return labels(language)[f"definition.{kind}" if count == 1 else f"definition.{kind}_many"]


def signature_line(facts: Facts, signatures: Sequence[Signature], language: str) -> str:
    """Which parameters functions have gained and lost, all of them the same ones."""
    signature = signatures[0]
    name = all_named(language, [s.name for s in signatures], facts.shown)
    gained = listed(language, (code(p, facts.shown) for p in signature.gained))
    lost = listed(language, (code(p, facts.shown) for p in signature.lost))
    key = "fact.gains_loses" if gained and lost else "fact.gains" if gained else "fact.loses"
    many = "_many" if len({s.name for s in signatures}) > 1 else ""
    return say(language, key + many, name=name, names=gained or lost, lost=lost)


def _usages(facts: Facts, language: str) -> Iterator[str]:
    for key in (
        "options_added",
        "options_removed",
        "env_added",
        "env_removed",
        "endpoints_added",
        "endpoints_removed",
    ):
        names: tuple[str, ...] = getattr(facts, key)
        if names:
            yield say(language, f"fact.{key}", names=listed(language, (code(n, facts.shown) for n in names)))


def _value(facts: Facts, value: Value, language: str) -> str:
    old, new = code(value.old or "", facts.shown), code(value.new or "", facts.shown)
    if value.name.endswith(")"):
        owner, _, name = value.name[:-1].partition("(")
        key = (
            "fact.default_changed" if old and new else "fact.default_added" if new else "fact.default_removed"
        )
        return say(
            language,
            key,
            owner=named(language, owner, facts.shown),
            name=code(name, facts.shown),
            old=old,
            new=new,
        )
    is_short = 0 < len(old) <= LONGEST_SHOWN and 0 < len(new) <= LONGEST_SHOWN
    key = "fact.value_changed" if is_short else "fact.value_changed_long"
    return say(language, key, name=named(language, value.name, facts.shown), old=old, new=new)


def passing_lines(facts: Facts, group: str, language: str) -> Iterator[str]:
    """Which parameters of a function callers have to pass in another way; `group` names the labels."""
    found: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for value in facts.passing:
        owner, _, name = value.name[:-1].partition("(")
        found[owner, value.new or "any"].append(code(name, facts.shown))
    for (owner, way), names in found.items():
        if (key := f"{group}.passing_{way}") in labels(language):
            yield say(language, key, owner=named(language, owner, facts.shown), names=listed(language, names))


def _type(facts: Facts, value: Value, language: str) -> str:
    """What a parameter, a result, a field or an alias is declared as."""
    old, new = code(value.old or "", facts.shown), code(value.new or "", facts.shown)
    owner, _, name = value.name.removesuffix(")").partition("(")
    sort = "parameter" if name else "result" if value.name.endswith("()") else "type"
    step = "changed" if old and new else "added" if new else "removed"
    shown = {"owner": named(language, owner, facts.shown), "name": code(name, facts.shown)}
    return say(language, f"fact.{sort}_{step}", **shown, old=old, new=new)


def unread_lines(facts: Facts, language: str) -> list[str]:
    """That names may be missing, where a commit is too large to look at all its files."""
    return [say(language, "fact.unread", n=facts.unread)] if facts.unread else []


def _inner_lines(facts: Facts, language: str) -> Iterator[str]:
    """What is worth knowing of the inside."""
    yield from by_kind(facts, facts.internal_added, "fact.internal_added", language)
    yield from by_kind(facts, facts.internal_removed, "fact.internal_removed", language)
    yield from developer_lines(facts, language)
    if facts.deprecations and not facts.deprecated:
        yield say(language, "fact.deprecations", n=facts.deprecations)
    for key in ("formatting_only", "prose_only"):
        if getattr(facts, f"is_{key}"):
            yield say(language, f"fact.{key}")
