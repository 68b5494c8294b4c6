"""Station 2: the history of a clone: which commits it holds, and what each of them changed.

Rows equal `git log --raw --numstat -M --diff-merges=first-parent`. This module carries values from one to
the next: objects come from `objects`; which commits (`history`), when they landed (`landing`), what they say
(`messages`) and which rows follow (`changes`, `renames`) are decided in pure modules.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import math
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from digest_pipeline.git import changes, history, messages
from digest_pipeline.git.linguist import Linguist
from digest_pipeline.git.objects import FOR_DIFFS, FOR_HEADERS, Objects
from digest_pipeline.git.processes import in_order, worth
from digest_pipeline.models import Commit, FileChange, FileKind, FileText

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from digest_pipeline.git.linguist import Marks
    from digest_pipeline.git.renames import Side
    from digest_pipeline.models import Header, Landing

SLICE = 4_096
"""Commits that are read together, so that the versions of a file come one after the other."""
ROWS = 40_000
"""Rows after which no further commit is taken along: a bound for memory."""
PER_PROCESS = 1_024
"""Commits that pay for a process of their own: it takes as long to start as 200 to 400 take to be read."""
_UNREAD_KINDS = frozenset({FileKind.GENERATED, FileKind.VENDORED})
_LOCK_BYTES, _LOCK_LINES = 1_000_000, 400
"""Up to which size and how many changed lines the hunks of a lock file are read: they name versions."""


def read_headers(clone: Path, tip: str, known_tip: str | None) -> Iterator[Header]:
    """The commits that `tip` reaches and `known_tip` does not, children before their parents.

    Without a `known_tip`, or with one that the clone has lost, all of them, streamed.
    """
    with contextlib.closing(Objects(clone, FOR_HEADERS)) as objects:
        if known_tip is None or known_tip not in objects:
            yield from history.all_headers(objects.header, tip)
        else:
            yield from history.new_headers(objects.header, tip, known_tip)


def is_ancestor(clone: Path, old_tip: str, tip: str) -> bool:
    """Whether `tip` contains `old_tip`; False means that history was rewritten, or the clone lost it."""
    return old_tip in Objects(clone, FOR_HEADERS) and not any(unreachable(clone, tip, old_tip))


def unreachable(clone: Path, tip: str, old_tip: str) -> Iterator[str]:
    """SHAs that only `old_tip` reaches: what a force push took away; nothing when `old_tip` is lost."""
    objects = Objects(clone, FOR_HEADERS)
    if old_tip in objects:
        yield from (header.sha for header in history.new_headers(objects.header, old_tip, tip, skew=None))


def read_commits(
    clone: Path,
    repo: str,
    landings: Sequence[Landing],
    day_of_landing: Callable[[Landing], dt.date],
    *,
    processes: int | None = None,
) -> Iterator[Commit]:
    """The commits of `landings`, in their order, with their file rows; streamed.

    Rows are those of git whatever the settings exclude: who sums them up leaves excluded paths out.
    With several `processes` (None: as many as pay), each reads contiguous slices, because what is next to
    each other shares trees and files; threads would wait for each other, because a diff holds Python's
    lock. A single slice is read here.
    """
    dated = ((landing, day_of_landing(landing)) for landing in landings)
    processes = processes or worth(len(landings), PER_PROCESS)
    reader = _Reader(clone)
    if processes == 1 or len(landings) <= PER_PROCESS:
        yield from reader.commits(repo, dated)
        return
    every = list(dated)
    # As many turns for each, and two at least: what is newer takes longer, and none is to wait at the end.
    turns = max(2, math.ceil(len(every) / (processes * SLICE)))
    each = math.ceil(len(every) / (processes * turns))
    slices = [every[start : start + each] for start in range(0, len(every), each)]
    others = functools.partial(_read_slice, clone, repo)
    yield from in_order(others, functools.partial(reader.commits, repo), slices, processes)


def read_texts(
    clone: Path, commit: Commit, *, max_file_bytes: int = 400_000, max_total_bytes: int = 2_000_000
) -> tuple[FileText, ...]:
    """Both versions and the hunks of each changed file, in the order of the commit's rows.

    Generated and vendored files, binary and missing contents, and what exceeds the two budgets (bytes of
    old and new version together, spent on the most changed files first) come without texts; of lock files
    only the hunks come, if they are small.
    """
    return _Reader(clone).texts(commit, max_file_bytes, max_total_bytes)


_FIELDS = operator.attrgetter(*(field.name for field in dataclasses.fields(Commit) if field.name != "files"))


class _Parcel(list[Commit]):
    """Commits that go to another process as bare tuples, which takes half the time."""

    def __reduce__(self) -> tuple[Callable[..., list[Commit]], tuple[Any, ...]]:
        return _unpacked, ([(_FIELDS(commit), [tuple(file) for file in commit.files]) for commit in self],)


def _unpacked(bare: list[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]) -> list[Commit]:
    return [Commit(*fields, files=tuple(map(FileChange._make, files))) for fields, files in bare]


def _read_slice(clone: Path, repo: str, dated: Sequence[tuple[Landing, dt.date]]) -> list[Commit]:
    return _Parcel(_reader_of(clone).commits(repo, dated))


@functools.lru_cache(1)
def _reader_of(clone: Path) -> _Reader:
    """The reader of a process that reads slices of one clone."""
    return _Reader(clone)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for cycles: there are none in what a slice makes, and all of it would be searched often."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


class _Draft(NamedTuple):
    """A commit whose rows have no numbers yet."""

    landing: Landing
    day: dt.date
    fields: messages.RawHeader
    message: bytes
    changes: list[changes.Change]
    marks: Callable[[bytes], Marks]


class _Reader:
    """Reads commits of one clone; not for several threads."""

    def __init__(self, clone: Path) -> None:
        self._objects = Objects(clone, FOR_DIFFS)
        self._linguist = Linguist(self._objects)

    def commits(self, repo: str, dated: Iterable[tuple[Landing, dt.date]]) -> Iterator[Commit]:
        pending = iter(dated)
        while True:
            with _collector_paused():
                finished = list(self._finished(repo, self._drafts(pending)))
            if not finished:
                return
            yield from finished

    def _drafts(self, dated: Iterator[tuple[Landing, dt.date]]) -> list[_Draft]:
        """The next commits that are read together."""
        drafts: list[_Draft] = []
        rows = 0
        for landing, day in dated:
            fields, message = self._objects.fields(landing.sha)
            old_tree = self._objects.old_tree(fields)
            deltas = self._objects.deltas(old_tree, fields.tree)
            marks = self._linguist.at(landing.sha, fields.tree, old_tree, (d.new.path for d in deltas))
            rows_of = changes.pair_up(deltas, self._objects.blob)
            drafts.append(_Draft(landing, day, fields, message, rows_of, marks))
            rows += len(rows_of)
            if len(drafts) >= SLICE or rows >= ROWS:
                break
        return drafts

    def _changes(self, fields: messages.RawHeader) -> list[changes.Change]:
        deltas = self._objects.deltas(self._objects.old_tree(fields), fields.tree)
        return changes.pair_up(deltas, self._objects.blob)

    def _finished(self, repo: str, drafts: Sequence[_Draft]) -> Iterator[Commit]:
        counts = changes.count_all([draft.changes for draft in drafts], self._objects)
        for (landing, day, fields, message, rows, marks), counted in zip(drafts, counts, strict=True):
            files = changes.file_changes(rows, counted, marks)
            yield messages.commit_of(repo, landing, day, fields, message, files=files)

    def texts(self, commit: Commit, max_file_bytes: int, max_total_bytes: int) -> tuple[FileText, ...]:
        objects = self._objects
        rows = self._changes(objects.fields(commit.sha)[0])
        paths = changes.texts_of(rows)
        by_path = {(paths[row.new.path], row.status): row for row in rows}
        left = max_total_bytes
        texts: dict[FileChange, FileText] = {}
        for change in sorted(commit.files, key=lambda change: -change.lines):
            texts[change] = FileText(change, None, None, "")
            row = by_path.get((change.path, change.status))
            if row is None or change.kind in _UNREAD_KINDS or change.insertions is None:
                continue
            sizes = [0 if side is None else objects.size(side) for side in _sides(row)]
            if change.kind is FileKind.LOCK:
                if max(sizes) <= _LOCK_BYTES and change.lines <= _LOCK_LINES:
                    texts[change] = FileText(change, None, None, self._hunks(row)[2])
            elif max(sizes) <= max_file_bytes and sum(sizes) <= left:
                left -= sum(sizes)
                texts[change] = FileText(change, *self._hunks(row))
        return tuple(texts[change] for change in commit.files)

    def _hunks(self, row: changes.Change) -> tuple[bytes | None, bytes | None, str]:
        """Both versions of a file, and how they differ."""
        old, new = (side and changes.content(side, self._objects.blob) for side in _sides(row))
        return old, new, self._objects.hunks(old or b"", new or b"")


def _sides(row: changes.Change) -> tuple[Side | None, Side | None]:
    return (None if row.status == "A" else row.old, None if row.status == "D" else row.new)
