"""Which definitions were there before and after with other code: comments do not count. Pure."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.comparing import BY_NAME, has_owner
from digest_pipeline.rules.findings import Name, bare_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from digest_pipeline.models import FileText
    from digest_pipeline.rules.heads import Definition
    from digest_pipeline.rules.hunks import Line


_TEST = re.compile(r"^tests?_|^Test[A-Z]|(?<!For)(?<=[a-z0-9])Tests?$")
"""Functions that test, also within a source file, as C projects have them."""


_ATTRIBUTES = 2
"""So many lines above a definition what is written of it may stand."""
_MAKERS = frozenset(["__init__", "__new__", "__post_init__", "constructor"])
"""Methods whose callers name the class."""


def rewritten(
    text: FileText,
    old: Mapping[str, list[Definition]],
    new: Mapping[str, list[Definition]],
    code: Sequence[Line],
) -> tuple[list[Name], list[Name]]:
    """What has other code than before, and the tests among it; classes where it is none of their members.

    `code` has the changed lines that are neither blank nor prose.
    """
    if text.old is None or text.new is None:
        return [], []
    path = text.change.path
    numbers = {side: sorted(line.number for line in code if line.is_added is side) for side in (False, True)}
    found = [
        (new[name][0].kind, name)
        for name in old
        if name in new
        and _code_of(text.old, old[name], path) != _code_of(text.new, new[name], path)
        and (
            any(_reaches(d, text.old, numbers[False]) for d in old[name])
            or any(_reaches(d, text.new, numbers[True]) for d in new[name])
        )
    ]
    inner = {*(old.keys() ^ new.keys()), *(name for _, name in found)}
    kept = [
        (kind, name)
        for kind, name in found
        if kind not in ("class", "implementation")
        or not any(i != name and has_owner(i, {name.rpartition(" for ")[2]}) for i in inner)
    ]
    # Go has its tests in files of their own
    may_test = not path.endswith(".go")
    tests = [n for kind, n in kept if may_test and kind == "function" and _TEST.search(bare_name(n))]
    return [Name(n, k, path) for k, n in kept if n not in tests], [Name(n, "test", path) for n in tests]


def _code_of(version: bytes, definitions: Sequence[Definition], path: str) -> list[list[bytes]]:
    """The text of definitions without what is only layout, nor how a prototype names its parameters."""
    return [_text_of(version, d, by_name=path.endswith(BY_NAME)).split() for d in definitions]


def _text_of(version: bytes, definition: Definition, *, by_name: bool) -> bytes:
    code = re.sub(
        rb"^pub(?:\([^)]*\))?\s+", b"", version[slice(*definition.span)]
    )  # told as added or removed
    if by_name or not definition.parameters or b"{" in code:
        return code
    names = b"|".join(re.escape(p.name.encode()) for p in definition.parameters)
    return re.sub(rb"\b(?:%s)\b" % names, b"", code)


def place_of(
    text: FileText,
    old: Mapping[str, list[Definition]],
    new: Mapping[str, list[Definition]],
    code: Sequence[Line],
    names: Sequence[str],
) -> str:
    """The one changed definition in which all changed lines stand; empty without one."""
    if len(names) != 1 or text.old is None or text.new is None:
        return ""
    sides = ((False, old[names[0]], text.old), (True, new[names[0]], text.new))
    for is_added, definitions, version in sides:
        ends = [_lines_of(d, version) for d in definitions]
        if any(
            not any(first <= line.number <= last for first, last in ends)
            for line in code
            if line.is_added is is_added
        ):
            return ""
    return names[0]


def around(
    path: str, version: bytes | None, definitions: Mapping[str, list[Definition]], lines: Sequence[int]
) -> dict[int, Name]:
    """The innermost definition around each of some lines, or that begins right below one, by line."""
    if version is None or not lines:
        return {}
    places = [(*_lines_of(d, version), d) for several in definitions.values() for d in several]
    found: dict[int, Name] = {}
    for number in lines:
        holding = [(first, -last, d) for first, last, d in places if first - _ATTRIBUTES <= number <= last]
        inside = [place for place in holding if place[0] <= number] or holding
        if inside:
            kept = max(inside, key=lambda place: place[:2])[2]
            is_made = bare_name(kept.name) in _MAKERS and "." in kept.name
            name, kind = (kept.name.rpartition(".")[0], "class") if is_made else (kept.name, kept.kind)
            found[number] = Name(name, kind, path)
    return found


def _reaches(definition: Definition, version: bytes, numbers: Sequence[int]) -> bool:
    """Whether one of some lines, sorted, stands in a definition."""
    first, last = _lines_of(definition, version)
    at = bisect.bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] <= last


def _lines_of(definition: Definition, version: bytes) -> tuple[int, int]:
    """The first and the last line of a definition, counted from 1."""
    first = version.count(b"\n", 0, definition.span[0]) + 1
    return first, first + version.count(b"\n", *definition.span)
