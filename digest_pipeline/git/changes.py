"""What a commit changed: from the differences of two trees to rows that equal git's.

Pure: contents and counts of the repository come through `Contents`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from digest_pipeline.git.ends import is_binary
from digest_pipeline.git.kinds import file_kind
from digest_pipeline.git.linguist import NONE
from digest_pipeline.git.messages import path_texts
from digest_pipeline.git.renames import SUBMODULE, pair
from digest_pipeline.git.trees import Change
from digest_pipeline.models import FileChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from digest_pipeline.git.linguist import Marks
    from digest_pipeline.git.renames import Side


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

    def count_blobs(self, old: str, new: str) -> Counts:
        """The lines between two blobs."""
        ...

    def count_texts(self, old: bytes, new: bytes) -> Counts:
        """The lines between two texts."""
        ...


def pair_up(changes: list[Change], blob: Callable[[str], bytes | None]) -> list[Change]:
    """The rows of a commit, renames found, from the differences of its trees; both by the bytes of paths."""
    removed = [change for change in changes if change.status == "D"]
    added = [change for change in changes if change.status == "A"]
    if not (removed and added):
        return changes
    pairs = pair([change.old for change in removed], [change.new for change in added], blob)
    gone = set(pairs.values())
    rows = [Change("R", removed[source].old, added[target].new) for target, source in pairs.items()]
    rows += [change for change in changes if change.status not in {"A", "D"}]
    rows += [change for number, change in enumerate(removed) if number not in gone]
    rows += [change for number, change in enumerate(added) if number not in pairs]
    return sorted(rows, key=lambda row: (row.new.path, row.status))


def count_all(commits: Sequence[Sequence[Change]], contents: Contents) -> list[list[Counts]]:
    """The numbers of the rows of several commits, oldest first, as `git log --numstat` prints them.

    Files are taken one after the other, each with all its versions: a pack keeps these as differences
    from one another, and `contents` reads each only once.
    """
    counts = [[MISSING] * len(changes) for changes in commits]
    versions = [
        (change.new.path, commit, row)
        for commit, changes in enumerate(commits)
        for row, change in enumerate(changes)
    ]
    for _, commit, row in sorted(versions):
        counts[commit][row] = count(commits[commit][row], contents)
    return counts


def file_changes(
    changes: Sequence[Change], counts: Sequence[Counts], marks_of: Callable[[bytes], Marks]
) -> tuple[FileChange, ...]:
    """The rows as they are stored."""
    texts = texts_of(changes)
    rows: list[FileChange] = []
    for (status, old, new), (insertions, deletions, binary) in zip(changes, counts, strict=True):
        path, marks = texts[new.path], marks_of(new.path)
        kind = file_kind(path) if marks is NONE else file_kind(path, **marks._asdict())
        old_path = texts[old.path] if status == "R" else None
        rows.append(FileChange(path, old_path, status, insertions, deletions, binary, kind))
    return tuple(rows)


def texts_of(changes: Iterable[Change]) -> dict[bytes, str]:
    """All paths of a commit as text."""
    paths = {new.path for _, _, new in changes}
    paths.update(old.path for status, old, _ in changes if status == "R")  # the others have one path
    return path_texts(paths)


def count(change: Change, contents: Contents) -> Counts:
    """The numbers of one row, as `git log --numstat` prints them."""
    status, old, new = change
    if status in ("M", "R") and old.blob != new.blob and new.mode != SUBMODULE:
        return contents.count_blobs(old.blob, new.blob)
    before = b"" if status == "A" else content(old, contents.blob)
    after = b"" if status == "D" else content(new, contents.blob)
    if before is None or after is None:
        return MISSING
    if is_binary(before) or is_binary(after):
        return BINARY
    if not before or not after or before == after:
        return Counts(0, 0) if before == after else Counts(lines(after), lines(before))
    return contents.count_texts(before, after)


def content(side: Side, blob: Callable[[str], bytes | None]) -> bytes | None:
    """What git compares: the file, the target of a link, a line for a submodule; None if missing."""
    if side.mode == SUBMODULE:
        return b"Subproject commit %s\n" % side.blob.encode()
    return blob(side.blob)


def lines(data: bytes) -> int:
    """Lines of a file; the last one counts without a line end too."""
    return data.count(b"\n") + (not data.endswith(b"\n") if data else 0)
