"""What a commit of one or two changed lines changed in them, short enough to be quoted. Pure.

Anything larger is told by the names of what changed; see `comparing` and `rewriting`.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules.findings import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from digest_pipeline.rules.hunks import Line

_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|(?:pub\s+)?use\s+[\w:]+.*;$|#\s*include\b|require(?:_relative)?\b"
    r"|using\s+[\w.:]+;|(?:const|let|var)\s.*\brequire\()"
)
"""What only brings in a name that another line uses."""
_WORDS = r"\w+|\s+|[^\w\s]"
_MOST_LINES = 4
"""Changed lines of one file among which a single change is looked for."""
_MOST_EDITS = 2
_LONGEST = 60
"""Characters of a line that is quoted in whole."""
_LONGEST_PART = 80
_LEAST = 3
"""Letters and digits without which a quotation says nothing."""


def edits_of(path: str, lines: Sequence[Line], code: Sequence[Line]) -> list[Value] | None:
    """The changes of a file where each is one line added, removed or replaced; None where one is larger.

    `lines` are all changed lines, `code` those that count. What they stand in, their name, is left open.
    """
    code = [line for line in code[: _MOST_LINES * 2] if _letters(line.text)]
    rest = [line for line in code if not _IMPORT.match(line.text)]
    code = rest or code
    if not 0 < len(code) <= _MOST_LINES:
        return None
    added, removed = ({x.text.strip() for x in code if x.is_added is side} for side in (True, False))
    if added & removed:
        return None  # moved
    found = []
    wanted = frozenset((line.is_added, line.number) for line in code)
    for gone, come in itertools.starmap(_without_commas, _runs(lines, wanted)):
        is_pairwise = len(gone) == len(come) <= _MOST_EDITS
        if not is_pairwise and len(gone) + len(come) > 1:
            return None
        for one, two in itertools.zip_longest(gone, come, fillvalue=""):
            old, new = _shortened(one.strip(), two.strip())
            if not _is_telling(old, new):
                return None
            found.append(Value("", old or None, new or None, path))
    return found


def told(by_kind: Mapping[FileKind, list[list[Value] | None]]) -> tuple[Value, ...]:
    """The edits of a commit: of its source, or of all files where no code changed; none of a large one."""
    groups = by_kind.get(FileKind.SOURCE) or [group for groups in by_kind.values() for group in groups]
    edits = _as_one([edit for group in groups for edit in group or ()])
    if None in groups or len({(e.old, e.new) for e in edits}) > _MOST_EDITS:
        return ()
    return tuple(sorted(edits, key=lambda e: e.path))


def _without_commas(gone: list[str], come: list[str]) -> tuple[list[str], list[str]]:
    """Without the line that only got or lost the comma at its end, as the last entry of a list does."""
    same = {line.rstrip().rstrip(",") for line in gone} & {line.rstrip().rstrip(",") for line in come}
    if len(gone) == len(come):
        return gone, come
    return [g for g in gone if g.rstrip().rstrip(",") not in same], [
        c for c in come if c.rstrip().rstrip(",") not in same
    ]


def _as_one(edits: list[Value]) -> list[Value]:
    """One word in the place of another on several lines is one edit, told by the word."""
    words = {_differing(re.findall(_WORDS, e.old or ""), re.findall(_WORDS, e.new or ""), 0) for e in edits}
    if len({(e.old, e.new) for e in edits}) < _MOST_EDITS or len(words) > 1:
        return edits
    old, new = words.pop()
    is_word = min(_letters(old), _letters(new)) >= _LEAST
    return [dataclasses.replace(e, old=old, new=new) for e in edits] if is_word else edits


def _runs(lines: Sequence[Line], wanted: Collection[tuple[bool, int]]) -> list[tuple[list[str], list[str]]]:
    """The wanted removed and added lines that lie together."""
    runs: list[tuple[list[str], list[str]]] = []
    more, end = 0, -1
    for line in lines:
        at = line.number - more * line.is_added
        if at != end or not runs:
            runs.append(([], []))
        more += 1 if line.is_added else -1
        end = at + (not line.is_added)
        if (line.is_added, line.number) in wanted:
            runs[-1][line.is_added].append(line.text)
    return [run for run in runs if any(run)]


def _shortened(old: str, new: str) -> tuple[str, str]:
    """Both lines, or the words that differ where one is too long."""
    if len(old) <= _LONGEST and len(new) <= _LONGEST:
        return old, new
    if not (old and new):
        return old, new
    for pattern, around in ((_WORDS, 0), (r"\S+|\s+", 0), (r"\S+|\s+", 2)):
        first, last = _differing(re.findall(pattern, old), re.findall(pattern, new), around)
        is_whole = not any(part.count(quote) % 2 for part in (first, last) for quote in "\"'")
        if is_whole and max(_letters(first), _letters(last)) >= _LEAST:
            return first, last
    return old, new


def _differing(old: list[str], new: list[str], around: int) -> tuple[str, str]:
    """Both lines without what they begin and end with alike, but for so many words and blanks `around`."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    start, end = max(start - around, 0), max(end - around, 0)
    return "".join(old[start : len(old) - end]).strip(), "".join(new[start : len(new) - end]).strip()


def _letters(text: str) -> int:
    return len(re.findall(r"\w", text))


def _is_telling(old: str, new: str) -> bool:
    """Whether a quotation is one line of bearable length, without marks, that says something."""
    is_plain = all(len(t) <= _LONGEST_PART and "`" not in t and " ".join(t.split()) == t for t in (old, new))
    return is_plain and old != new and max(_letters(old), _letters(new)) >= _LEAST
