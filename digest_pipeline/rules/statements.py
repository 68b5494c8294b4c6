"""The facts of a diff as short lines in one language, for prompts and for the fields of an analysis.

Names are put in backticks only where they stand verbatim in the changed lines or their context; no line
holds any other mark, a backtick of the commit itself, or a line break.
"""

from __future__ import annotations

import collections
import itertools
import operator
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.catalogue import joined, labels, say
from digest_pipeline.rules.findings import bare_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from digest_pipeline.rules.findings import Dependency, Facts, Name, Signature, Value

_MOST_NAMES = 4
_MOST_OWNERS = 2
"""Of more, each name is given with its owner."""
_MOST_LINES = 24
_LONGEST_NAME = 80
_LONGEST_VALUE = 40
_TYPED = (".rs", ".go", ".c", ".h", ".zig")
"""Languages without classes."""


def code(text: str, known: Collection[str]) -> str:
    """A name or value in backticks where it may be looked up, plain otherwise, always one line."""
    plain = " ".join(text.split())
    if text in known and "`" not in text and plain == text and len(text) <= _LONGEST_NAME:
        return f"`{text}`"
    plain = plain.replace("`", "'")
    if len(plain) > _LONGEST_NAME and " " not in plain:  # the end of a key or a path tells it apart
        return f"…{plain[1 - _LONGEST_NAME :]}"
    return plain[:_LONGEST_NAME]


def path_code(path: str) -> str:
    """A path in backticks, however long, unless a mark in it forbids."""
    return f"`{path}`" if " ".join(path.split()) == path and "`" not in path else code(path, ())


def named(language: str, name: str, known: Collection[str]) -> str:
    """A qualified name: whole where it stands so in the diff, else its last part and its owner."""
    return all_named(language, [name], known)


def all_named(language: str, names: Sequence[str], known: Collection[str]) -> str:
    """The first names of a list; those of one owner stand together: `open`, `close` of `Store`."""
    names = list(dict.fromkeys(names))
    owners = [_owner(n, known) for n in names[:_MOST_NAMES]]
    if len([o for o, _ in itertools.groupby(owners)]) > _MOST_OWNERS:
        return listed(language, (code(n, known) for n in names))
    shown: list[str] = []
    for owner, members in itertools.groupby(zip(owners, names, strict=False), key=operator.itemgetter(0)):
        group = [name for _, name in members]
        if not owner:
            shown.append(joined(language, [code(n, known) for n in group]))
        else:
            listing = joined(language, [code(bare_name(n), known) for n in group])
            shown.append(say(language, "definition.of", owner=code(owner, known), name=listing))
    text = labels(language)["list.groups"].join(shown) if any(owners) else joined(language, shown)
    return text if len(names) <= _MOST_NAMES else say(language, "list.more", names=text, n=len(names))


def _owner(name: str, known: Collection[str]) -> str:
    """The class or module of a name, empty where the whole name stands in the diff."""
    return "" if name in known else name[: len(name) - len(bare_name(name))].rstrip(".:")


def listed(language: str, names: Iterable[str]) -> str:
    """The first names of a list, and how many there are when not all are shown."""
    every = list(names)
    text = joined(language, every[:_MOST_NAMES])
    return text if len(every) <= _MOST_NAMES else say(language, "list.more", names=text, n=len(every))


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


def is_zero(dependency: Dependency) -> bool:
    """Whether both versions are `0.y.z`, where the second number may break (semver 2.0.0, item 4)."""
    firsts = (re.search(r"\d+", v or "") for v in (dependency.old, dependency.new))
    return all(first is not None and int(first[0]) == 0 for first in firsts)


def developer_lines(facts: Facts, language: str) -> Iterator[str]:
    """What those who work on the project notice: moves, tests, documents, build, their dependencies."""
    if facts.moved:
        names = all_named(language, [m.new for m in facts.moved], facts.shown)
        yield say(language, "fact.moved_many", names=names)
    for key, found in (
        ("fact.sections_added", [n for n in facts.sections if n.kind == "new_section"]),
        ("fact.sections", [n for n in facts.sections if n.kind != "new_section"]),
        ("fact.tests_added", facts.tests_added),
        ("fact.tests_changed", facts.tests_changed if not facts.tests_added else ()),
    ):
        if found:
            path = found[0].path
            names = listed(language, (_title(n.name, facts, language) for n in found if n.path == path))
            yield say(language, key, names=names, path=path_code(path))
    yield from (_dependency(facts, d, language) for d in facts.dependencies if d.is_dev and not d.is_locked)
    yield from _set(facts, facts.plumbing, language)
    if locked := [d for d in facts.dependencies if d.is_locked]:
        bumps = (
            say(language, "list.bump", **{k: code(v or "", facts.shown) for k, v in _parts(d).items()})
            for d in locked
        )
        yield say(language, "fact.locked", names=listed(language, bumps))


def _title(name: str, facts: Facts, language: str) -> str:
    """A heading or the name of a test; in quotes where it is several words and not whole."""
    shown = code(name, facts.shown)
    return say(language, "list.quoted", text=shown) if " " in shown and shown[0] != "`" else shown


def _parts(dependency: Dependency) -> dict[str, str | None]:
    return {"name": dependency.name, "old": dependency.old, "new": dependency.new}


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
        (_type(facts, v, language) for v in facts.types[:_MOST_NAMES]),
        _set(facts, facts.settings, language),
        (_dependency(facts, d, language) for d in facts.dependencies if not d.is_dev),
    )
    return list(dict.fromkeys(lines))


def _deprecated(facts: Facts, language: str) -> Iterator[str]:
    if facts.deprecated:
        names = all_named(language, [n.name for n in facts.deprecated], facts.shown)
        yield say(language, "fact.deprecated", names=names)


def by_kind(facts: Facts, names: Sequence[Name], key: str, language: str) -> Iterator[str]:
    """One sentence for the names of each sort, as functions and classes."""
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for name in names:
        groups[sort_of(name)].append(name.name)
    for kind, found in groups.items():
        label = kind_label(language, kind, len(set(found)))
        owners = {_owner(name, facts.shown) for name in found}
        owner = owners.pop() if len(owners) == 1 else ""
        if owner:
            shown = listed(language, [code(bare_name(n), facts.shown) for n in dict.fromkeys(found)])
            yield say(language, f"{key}_of", kind=label, names=shown, owner=code(owner, facts.shown))
        else:
            yield say(language, key, kind=label, names=all_named(language, found, facts.shown))


def sort_of(name: Name) -> str:
    """The sort of a definition in the words of its language: Rust, Go and C have types and variants."""
    if name.kind == "class" and name.path.endswith(_TYPED):
        return "type"
    is_variant = name.kind == "field" and name.path.endswith(".rs") and bare_name(name.name)[:1].isupper()
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
    if gained and lost:
        return say(language, "fact.gains_loses", name=name, names=gained, lost=lost)
    return say(language, "fact.gains" if gained else "fact.loses", name=name, names=gained or lost)


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
    is_short = 0 < len(old) <= _LONGEST_VALUE and 0 < len(new) <= _LONGEST_VALUE
    key = "fact.value_changed" if is_short else "fact.value_changed_long"
    return say(language, key, name=named(language, value.name, facts.shown), old=old, new=new)


def _type(facts: Facts, value: Value, language: str) -> str:
    """What a parameter, a result, a field or an alias is declared as."""
    old, new = code(value.old or "", facts.shown), code(value.new or "", facts.shown)
    owner, _, name = value.name.removesuffix(")").partition("(")
    sort = "parameter" if name else "result" if value.name.endswith("()") else "type"
    step = "changed" if old and new else "added" if new else "removed"
    shown = {"owner": named(language, owner, facts.shown), "name": code(name, facts.shown)}
    return say(language, f"fact.{sort}_{step}", **shown, old=old, new=new)


def _set(facts: Facts, keys: Sequence[Value], language: str) -> Iterator[str]:
    """What came, went and changed among the keys of configuration files."""
    for step in ("added", "removed"):
        found = [v for v in keys if (v.old if step == "added" else v.new) is None and v.old != v.new]
        for sort in ("setting", "feature", "job"):
            names = (_key(v, facts) for v in found if _sort_of_key(v) == sort)
            if several := list(dict.fromkeys(names)):
                yield say(language, f"fact.{sort}_{step}", names=listed(language, several))
    both = [v for v in keys if (v.old is None) == (v.new is None)]
    changed = [v for v in both if v.old and v.new and len(v.old) + len(v.new) < _LONGEST_NAME]
    texts = [code(v.name, facts.shown) for v in both if v not in changed]
    for v in changed[:_MOST_NAMES]:
        old_new = {"old": code(v.old or "", facts.shown), "new": code(v.new or "", facts.shown)}
        yield say(language, "fact.setting_changed", name=code(v.name, facts.shown), **old_new)
    if texts:
        yield say(language, "fact.setting_text", names=listed(language, texts))


def _sort_of_key(key: Value) -> str:
    """What a key is: a feature of a crate, a job of a workflow, or a setting like any other."""
    table, _, rest = key.name.partition(".")
    if table == "features" and key.path.endswith("Cargo.toml"):
        return "feature"
    is_job = table == "jobs" and rest and "." not in rest and key.path.startswith(".github/workflows/")
    return "job" if is_job else "setting"


def _key(key: Value, facts: Facts) -> str:
    is_plain = _sort_of_key(key) == "setting"
    return code(key.name if is_plain else key.name.partition(".")[2], facts.shown)


def _dependency(facts: Facts, dependency: Dependency, language: str) -> str:
    name, old, new = (
        code(part or "", facts.shown) for part in (dependency.name, dependency.old, dependency.new)
    )
    if dependency.old is None or dependency.new is None:
        key = "fact.dependency_added" if dependency.old is None else "fact.dependency_removed"
        return say(language, key, name=name, new=new).strip()
    key = "fact.dependency_changed"
    if dependency.is_major:
        key = "fact.dependency_zero" if is_zero(dependency) else "fact.dependency_major"
    return say(language, key, name=name, old=old or "-", new=new or "-")


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
