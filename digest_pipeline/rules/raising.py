"""Which exceptions functions raise that they did not raise before. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.findings import Value
from digest_pipeline.rules.rewriting import around

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from digest_pipeline.models import FileText
    from digest_pipeline.rules.heads import Definition
    from digest_pipeline.rules.hunks import Line

_RAISES = re.compile(
    r"^\s*raise\s+([A-Z][\w.]*)"
    r"|\bthrow\s+(?:new\s+)?((?:std::)?[a-z_]+_error|(?:\w+(?:::|\.))*[A-Z]\w*)\s*\("
)
"""`raise X`, `throw X(…)`, `throw new X(…)`, `throw std::x_error(…)`; what is only passed on has no name."""
_MOST = 4


def raised(
    text: FileText,
    old: Mapping[str, list[Definition]],
    new: Mapping[str, list[Definition]],
    code: Sequence[Line],
) -> list[Value]:
    """For each function that was there before, what it raises now: no `old` value, the exception as `new`.

    `code` has the changed lines that are neither blank nor prose. Of a file with many nothing is told.
    """
    if text.old is None or text.new is None:
        return []
    # of an overload that is new nothing was there before
    known = {name: found for name, found in new.items() if len(old.get(name, ())) == len(found)}
    matches = {line.number: m for line in code if line.is_added and (m := _RAISES.search(line.text))}
    found: dict[Value, None] = {}
    for number, place in around(text.change.path, text.new, known, [*matches]).items():
        exception = matches[number][1] or matches[number][2]
        is_function = place.kind == "function"
        if is_function and not _raised_before(exception, text.old, old.get(place.name, ())):
            found[Value(place.name, None, exception, text.change.path)] = None
    return list(found) if len(found) <= _MOST else []


def _raised_before(exception: str, version: bytes, definitions: Sequence[Definition]) -> bool:
    """Whether a function named an exception before, wherever."""
    return any(exception.encode() in version[slice(*d.span)] for d in definitions)
