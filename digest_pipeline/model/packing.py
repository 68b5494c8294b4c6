"""What a model is shown of a commit, under a budget of tokens: the same commit gives the same text.

Source comes before configuration, tests and documentation; hunks are taken in turn from all files, so that
no file is missing because another is long; lock, generated, vendored and binary files are named only. What
is left out is said in the text and counted in `coverage`. Secrets are redacted before anything is measured.
Nothing here knows of models, prompts or answers.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

from digest_pipeline.llm import estimated_tokens
from digest_pipeline.model.redaction import redact, redacted_lines
from digest_pipeline.models import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest_pipeline.models import Commit, FileChange, FileText

_ORDER = {
    FileKind.SOURCE: 0,
    FileKind.CONFIG: 1,
    FileKind.CI: 1,
    FileKind.BUILD: 2,
    FileKind.TEST: 3,
    FileKind.DOCS: 4,
    FileKind.DATA: 5,
}
"""Kinds whose hunks are shown, in this order; of the others the model sees names and counts."""

LONGEST_LINE = 400
"""Characters; longer lines are cut, and a file whose hunks are mostly such lines is minified."""

CUT = " [rest of the line not shown]"

MOST_PATHS = 120
"""Paths that are named; of more only the folders are counted."""

SMALLEST_HUNK, HEADING = 20, 20
"""Tokens below which no hunk is looked for any more, and of a file's line above its hunks."""

_MESSAGE_SHARE = 0.3
_FACTS_SHARE = 0.1
_HUNK_START = re.compile(r"^@@ ", re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Packed:
    """What is sent of a commit."""

    message: str
    files: str
    """One line a file: status, path, lines added and removed."""
    facts: str
    """What rules found out, one a line."""
    diff: str
    coverage: float
    """Share of the changed lines of files that count that `diff` holds; 1.0 when nothing counts."""

    @property
    def text(self) -> str:
        """All parts."""
        return f"{self.message}\n{self.files}\n{self.facts}\n{self.diff}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Hunk:
    file: int
    raw: str
    """As in the patch: it is redacted when it is chosen, so that what is not shown costs little."""
    changed: int
    adds: bool

    @property
    def text(self) -> str:
        """As it is shown."""
        return "\n".join(_short(line) for line in redacted_lines(self.raw).splitlines())


def pack(commit: Commit, texts: Sequence[FileText], fact_lines: Sequence[str], budget: int) -> Packed:
    """What to send of a commit within about `budget` tokens."""
    subject_and_body = f"{commit.subject}\n\n{commit.body}".strip()
    message = _clipped(redacted_lines(subject_and_body), int(budget * _MESSAGE_SHARE))
    facts = _clipped(redacted_lines("\n".join(fact_lines)), int(budget * _FACTS_SHARE))
    files = redact(_file_list(commit.files))
    used = estimated_tokens(message) + estimated_tokens(facts) + estimated_tokens(files)
    # The diff always gets a part, however long the list of files is.
    diff, shown = _diff(texts, max(budget - used, budget // 3))
    total = sum(_counted_lines(change) for change in commit.files)
    return Packed(message, files, facts, diff, min(1.0, shown / total) if total else 1.0)


def _counted_lines(change: FileChange) -> int:
    """Changed lines of a file that ought to be read: not of lock, generated or vendored ones."""
    return change.lines if change.kind in _ORDER else 0


def _clipped(text: str, budget: int) -> str:
    """The first whole lines of a text within a budget, and how many were left out."""
    lines = [_short(line) for line in text.splitlines()]
    used = 0
    for kept, line in enumerate(lines):
        used += estimated_tokens(line) + 1
        if used > budget and kept:
            return "\n".join([*lines[:kept], f"[{len(lines) - kept} more lines not shown]"])
    return "\n".join(lines)


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}{CUT}"


def _file_list(changes: Sequence[FileChange]) -> str:
    ordered = sorted(changes, key=lambda c: (_ORDER.get(c.kind, 9), c.path))
    lines = [_file_line(change) for change in ordered[:MOST_PATHS]]
    rest = Counter(c.path.rpartition("/")[0] or "." for c in ordered[MOST_PATHS:])
    lines += [f"[{count} more files in {_short(folder)}]" for folder, count in rest.most_common(20)]
    hidden = sum(rest.values()) - sum(count for _, count in rest.most_common(20))
    return "\n".join([*lines, f"[{hidden} more files elsewhere]"] if hidden else lines)


def _file_line(change: FileChange) -> str:
    counts = "binary" if change.is_binary else f"+{change.insertions or 0} -{change.deletions or 0}"
    moved = f" (was {_short(change.old_path)})" if change.old_path else ""
    kind = "" if change.kind in _ORDER else f" [{change.kind.value}, not shown]"
    return f"{change.status} {_short(change.path)}{moved} {counts}{kind}"


def _diff(texts: Sequence[FileText], budget: int) -> tuple[str, int]:
    """The hunks that fit, grouped by file in the order of the list, and how many changed lines they have."""
    shown_kinds = [t for t in texts if t.patch and t.change.kind in _ORDER]
    ordered = sorted(
        shown_kinds, key=lambda t: (_ORDER[t.change.kind], -_counted_lines(t.change), t.change.path)
    )
    hunks = [_hunks(number, text.patch) for number, text in enumerate(ordered)]
    chosen: dict[tuple[int, int], _Hunk] = {}
    left = budget
    for place, hunk in _in_turn(hunks):
        if left < SMALLEST_HUNK:
            break
        heading = 0 if any(file == hunk.file for file, _ in chosen) else HEADING
        cost = heading + sum(estimated_tokens(_short(line)) for line in hunk.raw.splitlines())
        if cost <= left:
            chosen[place] = hunk
            left -= cost
    if not chosen:
        chosen, left = _first_piece(hunks, budget)
    parts: list[str] = []
    for number, text in enumerate(ordered):
        mine = [chosen[number, n].text for n in range(len(hunks[number])) if (number, n) in chosen]
        missing = [h for n, h in enumerate(hunks[number]) if (number, n) not in chosen]
        if mine or missing:
            parts.append(_file_part(text.change, mine, missing))
    return "\n".join(parts), sum(hunk.changed for hunk in chosen.values())


def _file_part(change: FileChange, shown: list[str], missing: list[_Hunk]) -> str:
    lines = [f"--- {_short(change.path)}", *shown]
    if missing:
        lines.append(f"[{len(missing)} hunks with {sum(h.changed for h in missing)} changed lines not shown]")
    return "\n".join(lines)


def _hunks(file: int, patch: str) -> list[_Hunk]:
    """The hunks of a patch."""
    starts = [m.start() for m in _HUNK_START.finditer(patch)]
    if not starts:
        return []
    found: list[_Hunk] = []
    for start, end in itertools.pairwise([*starts, len(patch)]):
        lines = patch[start:end].splitlines()
        added = sum(line.startswith("+") for line in lines)
        removed = sum(line.startswith("-") for line in lines)
        found.append(_Hunk(file, patch[start:end], added + removed, adds=added > 0))
    return found


def _in_turn(hunks: Sequence[Sequence[_Hunk]]) -> Iterable[tuple[tuple[int, int], _Hunk]]:
    """((file, hunk number), hunk): one of each file in turn; what only deletes comes last."""
    for adds in (True, False):
        queues = [[(n, h) for n, h in enumerate(of_file) if h.adds == adds] for of_file in hunks]
        for round_number in range(max((len(q) for q in queues), default=0)):
            for file, queue in enumerate(queues):
                if round_number < len(queue):
                    number, hunk = queue[round_number]
                    yield (file, number), hunk


def _first_piece(hunks: Sequence[Sequence[_Hunk]], budget: int) -> tuple[dict[tuple[int, int], _Hunk], int]:
    """The first lines of the first hunk, where no whole hunk fits."""
    for file, of_file in enumerate(hunks):
        if of_file:
            text = _clipped(of_file[0].text, budget)
            changed = sum(line.startswith(("+", "-")) for line in text.splitlines())
            return {(file, 0): _Hunk(file, text, changed, adds=True)}, 0
    return {}, budget
