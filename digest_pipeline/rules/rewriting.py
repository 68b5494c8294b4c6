"""Which definitions were there before and after with other code: comments do not count. Pure."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from digest_pipeline.rules.comparing import has_owner
from digest_pipeline.rules.findings import Name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from digest_pipeline.models import FileText
    from digest_pipeline.rules.heads import Definition
    from digest_pipeline.rules.hunks import Line


def rewritten(
    text: FileText,
    old: Mapping[str, list[Definition]],
    new: Mapping[str, list[Definition]],
    code: Sequence[Line],
) -> list[Name]:
    """What has other code than before; classes and implementations where it is none of their members.

    `code` has the changed lines that are neither blank nor prose.
    """
    if text.old is None or text.new is None:
        return []
    numbers = {side: sorted(line.number for line in code if line.is_added is side) for side in (False, True)}
    found = [
        (new[name][0].kind, name)
        for name in old
        if name in new
        and [text.old[slice(*d.span)] for d in old[name]] != [text.new[slice(*d.span)] for d in new[name]]
        and (
            any(_reaches(d, text.old, numbers[False]) for d in old[name])
            or any(_reaches(d, text.new, numbers[True]) for d in new[name])
        )
    ]
    inner = {*(old.keys() ^ new.keys()), *(name for _, name in found)}
    return [
        Name(name, kind, text.change.path)
        for kind, name in found
        if kind not in ("class", "implementation")
        or not any(i != name and has_owner(i, {name.rpartition(" for ")[2]}) for i in inner)
    ]


def _reaches(definition: Definition, version: bytes, numbers: Sequence[int]) -> bool:
    """Whether one of some lines, sorted, stands in a definition."""
    first = version.count(b"\n", 0, definition.span[0]) + 1
    at = bisect.bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] <= first + version.count(b"\n", *definition.span)
