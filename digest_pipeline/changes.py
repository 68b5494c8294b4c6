"""What a commit changed: from the differences of two trees to rows that equal git's.

Pure: contents and counts of the repository come through `Contents`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from digest_pipeline.kinds import file_kind
from digest_pipeline.messages import path_texts
from digest_pipeline.models import FileChange
from digest_pipeline.renames import Side, pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from digest_pipeline.linguist import Marks


class Delta(NamedTuple):
    """One file that differs between two trees: status A, D, M or T; for A and D, both sides are the same."""

    number: int
    """Its place in the diff."""
    status: str
    old: Side
    new: Side


class Change(NamedTuple):
    """One row: a delta, or the two deltas of a rename."""

    status: str
    """A, D, M, R or T."""
    old: Side
    new: Side
    number: int | None = None
    """The delta's place in the diff; None for a rename, which the diff does not hold."""


class Counts(NamedTuple):
    """Lines added and removed; None for binary and for missing contents."""

    insertions: int | None
    deletions: int | None
    is_binary: bool = False


BINARY = Counts(None, None, is_binary=True)
MISSING = Counts(None, None)


class Contents(Protocol):
    """What the rows need to know of a repository."""

    def blob(self, sha: str) -> bytes | None:
        """The content of a blob; None where it is missing."""
        ...

    def count_delta(self, number: int) -> Counts | None:
        """The lines of a modified file of the diff; None where it has no textual difference."""
        ...

    def count_texts(self, old: bytes, new: bytes) -> Counts:
        """The lines between two texts."""
        ...


def pair_up(deltas: Iterable[Delta], blob: Callable[[str], bytes | None]) -> list[Change]:
    """The rows of a commit, renames found, in the order of their paths' bytes."""
    everything = list(deltas)
    removed = [delta for delta in everything if delta.status == "D"]
    added = [delta for delta in everything if delta.status == "A"]
    pairs = pair([d.old for d in removed], [d.new for d in added], blob) if removed and added else {}
    changes = [Change("R", removed[source].old, added[target].new) for target, source in pairs.items()]
    gone = {removed[source].number for source in pairs.values()} | {added[target].number for target in pairs}
    changes += [Change(d.status, d.old, d.new, d.number) for d in everything if d.number not in gone]
    return sorted(changes, key=lambda change: (change.new.path, change.status))


def file_changes(
    changes: Sequence[Change], contents: Contents, marks_of: Callable[[bytes], Marks]
) -> tuple[FileChange, ...]:
    """The rows as they are stored."""
    texts = texts_of(changes)
    rows: list[FileChange] = []
    for change in changes:
        path = texts[change.new.path]
        counts = count(change, contents)
        generated, vendored, documentation = marks_of(change.new.path)
        rows.append(
            FileChange(
                path=path,
                old_path=texts[change.old.path] if change.status == "R" else None,
                status=change.status,
                insertions=counts.insertions,
                deletions=counts.deletions,
                is_binary=counts.is_binary,
                kind=file_kind(path, generated=generated, vendored=vendored, documentation=documentation),
            )
        )
    return tuple(rows)


def texts_of(changes: Iterable[Change]) -> dict[bytes, str]:
    """All paths of a commit as text."""
    return path_texts({side.path for change in changes for side in (change.old, change.new)})


def count(change: Change, contents: Contents) -> Counts:
    """The numbers of one row, as `git log --numstat` prints them."""
    _, old, new, number = change
    if change.status == "M" and number is not None and old.blob != new.blob and not new.is_submodule:
        counts = contents.count_delta(number)
        if counts is not None:
            return counts
    before = b"" if change.status == "A" else content(old, contents.blob)
    after = b"" if change.status == "D" else content(new, contents.blob)
    if before is None or after is None:
        return MISSING
    if is_binary(before) or is_binary(after):
        return BINARY
    if not before or not after or before == after:
        return Counts(0, 0) if before == after else Counts(lines(after), lines(before))
    return contents.count_texts(before, after)


def content(side: Side, blob: Callable[[str], bytes | None]) -> bytes | None:
    """What git compares: the file, the target of a link, a line for a submodule; None if missing."""
    if side.is_submodule:
        return b"Subproject commit %s\n" % side.blob.encode()
    return blob(side.blob)


def is_binary(data: bytes) -> bool:
    """Git's rule: a NUL among the first 8,000 bytes."""
    return data.find(0, 0, 8000) >= 0


def lines(data: bytes) -> int:
    """Lines of a file; the last one counts without a line end too."""
    return data.count(b"\n") + (not data.endswith(b"\n") if data else 0)
