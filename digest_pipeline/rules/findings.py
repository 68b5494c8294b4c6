"""The facts of a commit's diff as values: what `facts` finds, `triage` weighs and `statements` says."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, TypeVar

from digest_pipeline.models import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclasses.dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency added (no `old`), removed (no `new`) or changed."""

    name: str
    old: str | None
    new: str | None
    path: str
    is_dev: bool
    """Only for developing, testing, building or pinned in a lock file."""
    is_locked: bool = False
    """Whether a lock file says it."""

    @property
    def is_major(self) -> bool:
        """Whether the first number that is not zero changed (semver 2.0.0, item 4 for 0.y.z)."""
        if self.old is None or self.new is None or self.name.startswith("golang.org/x/"):
            return False  # Go's own repositories beside it do not break, though they stay at 0.y
        old, new = _leading(self.old), _leading(self.new)
        return bool(old and new) and old != new


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """A named value that changed; None where it did not exist before or does not any more."""

    name: str
    old: str | None
    new: str | None
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """A name and the file that defines it."""

    name: str
    kind: str
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class Renamed:
    """A definition with a new name and the same body, or the same definition in another file."""

    old: str
    new: str
    kind: str
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class Signature:
    """A public function whose parameters changed."""

    name: str
    path: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    required: tuple[str, ...]
    """The gained ones without a default."""


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """What a commit changes in files of one kind."""

    kind: FileKind
    files: int
    insertions: int
    deletions: int
    added_files: int
    deleted_files: int

    @property
    def lines(self) -> int:
        """Lines that were added or removed."""
        return self.insertions + self.deletions


Placed = TypeVar("Placed", Dependency, Name, Signature, Value)


def in_order(found: Iterable[Placed]) -> tuple[Placed, ...]:
    """Each once, by path and name."""
    return tuple(sorted(set(found), key=lambda item: (item.path, item.name)))


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What one commit's diff shows; every sequence is sorted by path and position, without repeats."""

    sizes: tuple[Size, ...] = ()
    added: tuple[Name, ...] = ()
    """Public names that are new, without the members of a class that is itself new."""
    removed: tuple[Name, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    moved: tuple[Renamed, ...] = ()
    signatures: tuple[Signature, ...] = ()
    internal_signatures: tuple[Signature, ...] = ()
    values: tuple[Value, ...] = ()
    """Public constants, fields and defaults of parameters that changed."""
    types: tuple[Value, ...] = ()
    """Declared types that changed: of a parameter `f(x)`, of what `f()` returns, of a field or alias."""
    passing: tuple[Value, ...] = ()
    """Parameters that callers pass otherwise: by `position` or `keyword` only, or as they like (empty)."""
    changed: tuple[Name, ...] = ()
    """Functions and classes that were there before and after, with another text, also internal ones."""
    raised: tuple[Value, ...] = ()
    """Functions that were there before, and as the new value an exception that they did not raise."""
    edits: tuple[Value, ...] = ()
    """The changed lines of a commit that changes one or two; their name is empty."""
    internal_added: tuple[Name, ...] = ()
    internal_removed: tuple[Name, ...] = ()
    settings: tuple[Value, ...] = ()
    plumbing: tuple[Value, ...] = ()
    """Keys of build and continuous integration that changed: of interest to those who work on the project."""
    env_added: tuple[str, ...] = ()
    env_removed: tuple[str, ...] = ()
    options_added: tuple[str, ...] = ()
    options_removed: tuple[str, ...] = ()
    endpoints_added: tuple[str, ...] = ()
    endpoints_removed: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    sections: tuple[Name, ...] = ()
    """The headings of documents under which lines changed."""
    tests_added: tuple[Name, ...] = ()
    """The tests that are new, by name or title."""
    tests_changed: tuple[Name, ...] = ()
    """The tests in which lines changed, where git shows their first line."""
    code_added: int = 0
    """Lines of source that hold code, without blanks, comments and docstrings."""
    code_removed: int = 0
    is_formatting_only: bool = False
    """Source changed, but only in layout."""
    is_prose_only: bool = False
    """Source changed, but only in comments and docstrings."""
    is_example: bool = False
    """Documents changed, and each of them is a program: of `examples/`, where some projects keep tools."""
    unread: int = 0
    """Source files in which no names were looked for, because the commit is too large."""
    deprecations: int = 0
    """Added lines of code that warn of a deprecation, in files that were there before."""
    deprecated: tuple[Name, ...] = ()
    """Functions and classes in which such lines came; a class for the function that makes it."""
    deprecations_gone: int = 0
    """Lines of code that warned of a deprecation, as many more as were removed than added."""
    breaking_notes: int = 0
    """Added lines of a change log that call something breaking."""
    is_tested_inside: bool = False
    """Whether tests changed that stand in a source file, as they may in Rust."""
    shown: frozenset[str] = frozenset()
    """Those of the names and values above that stand verbatim in the changed lines or their context."""

    def size(self, *kinds: FileKind) -> Size:
        """The sum over some kinds, all without an argument."""
        sizes = [s for s in self.sizes if not kinds or s.kind in kinds]
        first = kinds[0] if kinds else FileKind.SOURCE
        totals = (
            sum(getattr(s, f) for s in sizes)
            for f in ("files", "insertions", "deletions", "added_files", "deleted_files")
        )
        return Size(first, *totals)

    @property
    def kinds(self) -> frozenset[FileKind]:
        """The kinds of file that changed."""
        return frozenset(s.kind for s in self.sizes)

    @property
    def lines(self) -> tuple[int, int]:
        """Lines of code added and removed; those of the source files where no code was read."""
        seen = self.is_prose_only or self.is_formatting_only or self.is_tested_inside
        read = self.code_added or self.code_removed or seen
        source = self.size(FileKind.SOURCE)
        return (self.code_added, self.code_removed) if read else (source.insertions, source.deletions)

    @property
    def is_tested(self) -> bool:
        """Whether a test changed with it."""
        return FileKind.TEST in self.kinds

    @property
    def has_tests(self) -> bool:
        """Whether a test changed with it, in a file of its own or among the source."""
        return self.is_tested or self.is_tested_inside

    @property
    def removes_tests(self) -> bool:
        """Whether the tests that are not as before are gone."""
        return bool(self.tests_changed) and all(n.kind == "removed_test" for n in self.tests_changed)

    def words(self) -> set[str]:
        """Every name and value that a sentence about these facts may put in backticks."""
        names = {
            n.name
            for group in (
                *(self.added, self.removed, self.changed, self.internal_added, self.internal_removed),
                *(self.sections, self.tests_added, self.tests_changed, self.deprecated),
            )
            for n in group
        }
        names |= {word for r in (*self.renamed, *self.moved) for word in (r.old, r.new)}
        for signature in (*self.signatures, *self.internal_signatures):
            names |= {signature.name, *signature.gained, *signature.lost}
        for value in (
            *self.values,
            *self.types,
            *self.passing,
            *self.raised,
            *self.settings,
            *self.plumbing,
            *self.dependencies,
        ):
            names |= {value.name, value.old or "", value.new or ""}
        names |= {name[:-1].partition("(")[2] for name in names if name.endswith(")")}
        names |= {name.partition("(")[0] for name in names}
        names |= {
            part for name in names for part in (bare_name(name), name[: -len(bare_name(name))].rstrip(".:"))
        }
        for used in (self.env_added, self.env_removed, self.options_added, self.options_removed):
            names.update(used)
        names |= {text or "" for edit in self.edits for text in (edit.old, edit.new)}
        return {*names, *self.endpoints_added, *self.endpoints_removed} - {""}


def bare_name(name: str) -> str:
    """The last part of a qualified name: `generate` of `Engine.generate`."""
    return re.split(r"\.|::", name)[-1]


def _leading(version: str) -> tuple[int, ...]:
    """The numbers up to the first that is not zero; none of what is no version, as a commit is."""
    match = re.search(r"\d{1,9}(?:\.\d{1,9})*", re.sub(r"\b[0-9a-f]{7,64}\b", "", version))
    leading: list[int] = []
    for number in (int(n) for n in match[0].split(".")[:4]) if match else ():
        leading.append(number)
        if number:
            break
    return tuple(leading)
