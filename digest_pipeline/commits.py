"""Station 2: the history of a clone: which commits it holds, and what each of them changed.

The one door to pygit2 for reading. Rows equal `git log --raw --numstat -M --diff-merges=first-parent`.
The decisions are elsewhere and pure: which commits (`history`), when they landed (`landing`), what the
object says (`messages`), and which rows follow (`changes`, `renames`).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import AttrCheck, DiffOption

from digest_pipeline import changes, history, messages
from digest_pipeline.linguist import Linguist
from digest_pipeline.models import FileKind, FileText, Header, TerminalCloneError
from digest_pipeline.processes import in_order
from digest_pipeline.renames import Side
from digest_pipeline.transfer import isolate

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from digest_pipeline.models import Commit, FileChange, Landing

SLICE = 256
"""Commits that a process reads in one go."""
_MB = 1024 * 1024
_FOR_HEADERS = (_MB, _MB)
"""Bytes of libgit2's object cache, and of a pack that are mapped at a time. A walk reads each commit once,
and mapped pages count as memory of this process: with more, a million commits take a gigabyte."""
_FOR_DIFFS = (64 * _MB, 64 * _MB)
"""Diffs come back to the same trees and packs; smaller windows cost them a tenth."""
_DIFF = DiffOption.INCLUDE_TYPECHANGE
"""Without it, a file that becomes a link would be a removal and an addition."""
_UNREAD_KINDS = frozenset({FileKind.LOCK, FileKind.GENERATED, FileKind.VENDORED})


def read_headers(clone: Path, tip: str, known_tip: str | None) -> Iterator[Header]:
    """The commits that `tip` reaches and `known_tip` does not, children before their parents.

    Without a `known_tip`, or with one that the clone has lost, all of them, streamed.
    """
    repository = _open(clone, _FOR_HEADERS)
    read = _header_reader(repository, clone)
    if known_tip is None or known_tip not in repository:
        return history.all_headers(read, tip)
    return iter(history.new_headers(read, tip, known_tip))


def is_ancestor(clone: Path, old_tip: str, tip: str) -> bool:
    """Whether `tip` contains `old_tip`; False means that history was rewritten, or the clone lost it."""
    return _open(clone, _FOR_HEADERS).get(old_tip) is not None and not any(unreachable(clone, tip, old_tip))


def unreachable(clone: Path, tip: str, old_tip: str) -> Iterator[str]:
    """SHAs that only `old_tip` reaches: what a force push took away; nothing when `old_tip` is lost."""
    repository = _open(clone, _FOR_HEADERS)
    if old_tip in repository:
        read = _header_reader(repository, clone)
        yield from (header.sha for header in history.new_headers(read, old_tip, tip, skew=None))


def read_commits(
    clone: Path,
    repo: str,
    landings: Sequence[Landing],
    day_of_landing: Callable[[Landing], dt.date],
    *,
    processes: int = 1,
) -> Iterator[Commit]:
    """The commits of `landings`, in their order, with their file rows; streamed.

    Rows are those of git whatever the settings exclude: who sums them up leaves excluded paths out.
    With several `processes`, each reads contiguous slices, because libgit2's cache lives on neighbours;
    threads would wait for each other, because a diff holds Python's lock. A single slice is read here.
    """
    if processes == 1 or len(landings) <= SLICE:
        reader = _Reader(_open(clone, _FOR_DIFFS), clone)
        for landing in landings:
            yield reader.commit(repo, landing, day_of_landing(landing))
        return
    dated = [(landing, day_of_landing(landing)) for landing in landings]
    slices = [dated[start : start + SLICE] for start in range(0, len(dated), SLICE)]
    yield from in_order(functools.partial(_read_slice, clone, repo), slices, processes)


def read_texts(
    clone: Path, commit: Commit, *, max_file_bytes: int = 400_000, max_total_bytes: int = 2_000_000
) -> tuple[FileText, ...]:
    """Both versions and the hunks of each changed file, in the order of the commit's rows.

    Lock files, generated and vendored ones, binary and missing contents, and what exceeds the two
    budgets (bytes of old and new version together) come without texts.
    """
    reader = _Reader(_open(clone, _FOR_DIFFS), clone)
    return tuple(reader.texts(commit, max_file_bytes, max_total_bytes))


def _read_slice(clone: Path, repo: str, dated: Sequence[tuple[Landing, dt.date]]) -> list[Commit]:
    reader = _Reader(_open(clone, _FOR_DIFFS), clone)
    return [reader.commit(repo, landing, day) for landing, day in dated]


def _open(clone: Path, sizes: tuple[int, int]) -> pygit2.Repository:
    # Every object would be hashed again on reading, with collision detection: a third of the time.
    # Fetching verifies what comes from outside; `clones` switches it on for that.
    isolate()
    pygit2.settings.enable_strict_hash_verification(value=False)
    cache, window = sizes
    pygit2.settings.cache_max_size(cache)
    pygit2.settings.mwindow_size = window
    pygit2.settings.mwindow_mapped_limit = 4 * window
    try:
        return pygit2.Repository(str(clone))
    except pygit2.GitError as error:
        raise TerminalCloneError(
            f"{clone}: not a readable clone ({error}); delete it and run again"
        ) from error


def _header_reader(repository: pygit2.Repository, clone: Path) -> history.Read:
    """Reads headers; a missing commit is an error unless the clone is shallow, where history ends there."""
    is_shallow = repository.is_shallow

    def header(sha: str) -> Header | None:
        raw = _object(repository, sha)
        if raw is None and is_shallow:
            return None
        fields, _ = _split(raw, sha, clone)
        author = messages.identity(fields.author, fields.encoding)
        committer = messages.identity(fields.committer, fields.encoding)
        return Header(sha, fields.parents, committer.at, author.email)

    return header


def _split(raw: bytes | None, sha: str, clone: Path) -> tuple[messages.RawHeader, bytes]:
    try:
        return messages.split_object(raw or b"")
    except ValueError as error:
        raise _broken(clone, sha) from error


def _broken(clone: Path, sha: str) -> TerminalCloneError:
    return TerminalCloneError(f"{clone}: object {sha} is missing or broken; delete the clone and run again")


class _Reader:
    """Reads commits of one repository; not for several threads."""

    def __init__(self, repository: pygit2.Repository, clone: Path) -> None:
        self._repo = repository
        self._clone = clone
        self._linguist = Linguist(_Attributes(repository))
        # In walk order, a commit's first parent is the next to be read.
        self._fields = functools.lru_cache(64)(self._read_fields)

    def commit(self, repo: str, landing: Landing, day: dt.date) -> Commit:
        fields, message = self._fields(landing.sha)
        return messages.commit_of(repo, landing, day, fields, message, files=self._files(landing.sha, fields))

    def _files(self, sha: str, fields: messages.RawHeader) -> tuple[FileChange, ...]:
        contents = _Contents(self._repo, self._diff(fields))
        rows = changes.pair_up(contents.deltas(), contents.blob)
        return changes.file_changes(rows, contents, self._linguist.at(sha, fields.tree))

    def texts(self, commit: Commit, max_file_bytes: int, max_total_bytes: int) -> Iterator[FileText]:
        fields, _ = self._fields(commit.sha)
        contents = _Contents(self._repo, self._diff(fields))
        rows = changes.pair_up(contents.deltas(), contents.blob)
        paths = changes.texts_of(rows)
        by_path = {(paths[row.new.path], row.status): row for row in rows}
        left = max_total_bytes
        for change in commit.files:
            row = by_path.get((change.path, change.status))
            if row is None or change.kind in _UNREAD_KINDS or change.insertions is None:
                yield FileText(change, None, None, "")
                continue
            sizes = [0 if side is None else contents.size(side) for side in _sides(row)]
            if max(sizes) > max_file_bytes or sum(sizes) > left:
                yield FileText(change, None, None, "")
                continue
            left -= sum(sizes)
            old, new = (side and changes.content(side, contents.blob) for side in _sides(row))
            yield FileText(change, old, new, _hunks(old or b"", new or b""))

    def _read_fields(self, sha: str) -> tuple[messages.RawHeader, bytes]:
        return _split(_object(self._repo, sha), sha, self._clone)

    def _diff(self, fields: messages.RawHeader) -> pygit2.Diff:
        """Against the first parent; a root against nothing."""
        sha = fields.tree
        try:
            new = self._repo[sha].peel(pygit2.Tree)
            if not fields.parents:
                # swap: the empty side is the old one
                return new.diff_to_tree(flags=_DIFF, context_lines=0, interhunk_lines=0, swap=True)
            sha = self._fields(fields.parents[0])[0].tree
            old = self._repo[sha].peel(pygit2.Tree)
            return old.diff_to_tree(new, flags=_DIFF, context_lines=0, interhunk_lines=0)
        except (KeyError, pygit2.GitError) as error:
            raise _broken(self._clone, sha) from error


class _Contents:
    """The `changes.Contents` of one diff."""

    def __init__(self, repository: pygit2.Repository, diff: pygit2.Diff) -> None:
        self._repo = repository
        self._diff = diff

    def deltas(self) -> Iterator[changes.Delta]:
        for number, delta in enumerate(self._diff.deltas):
            status = delta.status_char()
            new = _side(delta.old_file if status == "D" else delta.new_file)
            old = new if status in {"A", "D"} else _side(delta.old_file)
            yield changes.Delta(number, status, old, new)

    def blob(self, sha: str) -> bytes | None:
        return _object(self._repo, sha)

    def size(self, side: Side) -> int:
        try:
            return 0 if side.is_submodule else self._repo.odb.read_header(side.blob)[1]
        except KeyError:
            return 0

    def count_delta(self, number: int) -> changes.Counts | None:
        try:
            patch = self._diff[number]  # lazy: only this file's contents are loaded
        except KeyError:
            return changes.MISSING
        return None if patch is None else _counts(patch)

    def count_texts(self, old: bytes, new: bytes) -> changes.Counts:
        return _counts(pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT))


class _Attributes:
    """The `linguist.Attributes` of a repository."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repo = repository
        self._tree: tuple[str, pygit2.Tree | dict[str, pygit2.Object]] = ("", {})

    def file(self, tree: str, folder: bytes) -> str | None:
        path = (folder + b"/.gitattributes" if folder else b".gitattributes").decode(
            "utf-8", "surrogateescape"
        )
        if tree != self._tree[0]:
            self._tree = (tree, self._repo[tree].peel(pygit2.Tree))
        try:
            return str(self._tree[1][path].id)
        except KeyError:
            return None

    def blob(self, sha: str) -> bytes | None:
        return _object(self._repo, sha)

    def is_set(self, commit: str, path: bytes, attribute: str) -> bool:
        flags = AttrCheck.INCLUDE_COMMIT | AttrCheck.NO_SYSTEM
        return self._repo.get_attr(path, attribute, flags, commit) in {True, "true"}


def _object(repository: pygit2.Repository, sha: str) -> bytes | None:
    try:
        return repository.odb.read(sha)[1]
    except KeyError:
        return None


def _counts(patch: pygit2.Patch) -> changes.Counts:
    if patch.delta.is_binary:
        return changes.BINARY
    _, insertions, deletions = patch.line_stats
    return changes.Counts(insertions, deletions)


def _side(file: pygit2.DiffFile) -> Side:
    return Side(file.raw_path, int(file.mode), str(file.id))


def _sides(row: changes.Change) -> tuple[Side | None, Side | None]:
    return (None if row.status == "A" else row.old, None if row.status == "D" else row.new)


def _hunks(old: bytes, new: bytes) -> str:
    """The `@@` hunks of a unified diff; undecodable bytes as `�`."""
    data = pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT).data
    start = data.find(b"\n@@ ")
    return "" if start < 0 else data[start + 1 :].decode("utf-8", "replace")
