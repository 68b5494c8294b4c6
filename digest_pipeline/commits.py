"""Station 2: the history of a clone: which commits it holds, and what each of them changed.

The one door to pygit2 for reading. Rows equal `git log --raw --numstat -M --diff-merges=first-parent`.
The decisions are elsewhere and pure: which commits (`history`), when they landed (`landing`), what the
object says (`messages`), renames (`renames`), counts that need no diff (`linecount`).
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pygit2
from pygit2.enums import DiffOption, ObjectType, Option

from digest_pipeline import history, messages
from digest_pipeline.kinds import file_kind
from digest_pipeline.models import Commit, FileChange, FileKind, FileText, Header, TerminalCloneError
from digest_pipeline.renames import Side, pair

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from digest_pipeline.models import Landing

SLICE = 256
"""Commits that one process reads in one go; also the batch that is in memory."""
_UNREAD_KINDS = frozenset({FileKind.LOCK, FileKind.GENERATED, FileKind.VENDORED})


def read_headers(clone: Path, tip: str, known_tip: str | None) -> Iterator[Header]:
    """The commits that `tip` reaches and `known_tip` does not, children before their parents.

    Without a `known_tip`, or with one that the clone has lost, all of them, streamed.
    """
    read = _header_reader(_open(clone))
    if known_tip is None or read(known_tip) is None:
        return history.all_headers(read, tip)
    return iter(history.new_headers(read, tip, known_tip))


def is_ancestor(clone: Path, old_tip: str, tip: str) -> bool:
    """Whether `tip` contains `old_tip`; False means that history was rewritten."""
    read = _header_reader(_open(clone))
    return read(old_tip) is not None and not history.new_headers(read, old_tip, tip, skew=None)


def unreachable(clone: Path, tip: str, old_tip: str) -> Iterator[str]:
    """SHAs that only `old_tip` reaches: what a force push took away; nothing when `old_tip` is lost."""
    read = _header_reader(_open(clone))
    if read(old_tip) is not None:
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
    With several `processes`, each reads contiguous slices, for libgit2's cache lives on neighbours and
    Python's lock is held during a diff. Worth it from some hundred commits on.
    """
    dated = [(landing, day_of_landing(landing)) for landing in landings]
    slices = [dated[start : start + SLICE] for start in range(0, len(dated), SLICE)]
    if processes == 1 or len(slices) == 1:
        for part in slices:
            yield from _read_slice(clone, repo, part)
        return
    context = multiprocessing.get_context("spawn")  # forking a process that has threads is not safe
    with ProcessPoolExecutor(min(processes, len(slices)), mp_context=context) as pool:
        waiting: deque[Future[list[Commit]]] = deque()
        try:
            for part in slices:
                waiting.append(pool.submit(_read_slice, clone, repo, part))
                if len(waiting) > 2 * processes:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def read_texts(
    clone: Path, commit: Commit, *, max_file_bytes: int = 400_000, max_total_bytes: int = 2_000_000
) -> tuple[FileText, ...]:
    """Both versions and the hunks of each changed file, in the order of the commit's rows.

    Lock files, generated and vendored ones, binary and missing contents, and what exceeds the two
    budgets (bytes of old and new version together) come without texts.
    """
    reader = _Reader(_open(clone), clone)
    return tuple(reader.texts(commit, max_file_bytes, max_total_bytes))


def _read_slice(clone: Path, repo: str, dated: Sequence[tuple[Landing, dt.date]]) -> list[Commit]:
    reader = _Reader(_open(clone), clone)
    return [reader.commit(repo, landing, day) for landing, day in dated]


def _open(clone: Path) -> pygit2.Repository:
    # Every object would be hashed again on reading, with collision detection: a third of the time.
    # Fetching verifies what comes from outside; `clones` switches it on for that.
    pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)  # noqa: FBT003 - libgit2's signature
    try:
        return pygit2.Repository(str(clone))
    except pygit2.GitError as error:
        raise TerminalCloneError(
            f"{clone}: not a readable clone ({error}); delete it and run again"
        ) from error


def _header_reader(repository: pygit2.Repository) -> history.Read:
    read = repository.odb.read

    def header(sha: str) -> Header | None:
        try:
            kind, raw = read(sha)
        except KeyError:
            return None
        if kind != ObjectType.COMMIT:
            return None
        fields, _ = messages.split_object(raw)
        author = messages.identity(fields.author, fields.encoding)
        committer = messages.identity(fields.committer, fields.encoding)
        return Header(sha, fields.parents, committer.at, author.email)

    return header


class _Delta(NamedTuple):
    """One changed file as the trees show it."""

    number: int
    status: str
    old: Side
    new: Side


class _Row(NamedTuple):
    """A row before its paths are text."""

    status: str
    old: Side
    new: Side
    counts: tuple[int, int] | None
    is_binary: bool


class _Reader:
    """Reads commits of one repository; not for several threads."""

    def __init__(self, repository: pygit2.Repository, clone: Path) -> None:
        self._repo = repository
        self._clone = clone

    def commit(self, repo: str, landing: Landing, day: dt.date) -> Commit:
        fields, message = messages.split_object(self._object(landing.sha, ObjectType.COMMIT))
        author = messages.identity(fields.author, fields.encoding)
        committer = messages.identity(fields.committer, fields.encoding)
        subject, body = messages.split_message(messages.decode(message, fields.encoding))
        return Commit(
            repo=repo,
            sha=landing.sha,
            day=day,
            landed_at=landing.landed_at,
            committed_at=committer.at,
            authored_at=author.at,
            author_name=author.name,
            author_email=author.email,
            committer_name=committer.name,
            subject=subject,
            body=body,
            pr_number=messages.pr_number(subject, body),
            is_merge=len(fields.parents) > 1,
            landed_by=landing.landed_by,
            files=self._files(self._diff(fields)),
        )

    def _object(self, sha: str, kind: ObjectType) -> bytes:
        try:
            found, raw = self._repo.odb.read(sha)
        except KeyError as error:
            raise self._broken(sha, "is missing") from error
        if found != kind:
            raise self._broken(sha, "is of another type")
        return raw

    def _broken(self, sha: str, what: str) -> TerminalCloneError:
        return TerminalCloneError(f"{self._clone}: object {sha} {what}; delete the clone and run again")

    def _diff(self, fields: messages.RawHeader) -> pygit2.Diff:
        new = self._tree(fields.tree)
        if not fields.parents:
            # swap: the empty side is the old one
            return new.diff_to_tree(flags=DiffOption.INCLUDE_TYPECHANGE, swap=True)
        parent, _ = messages.split_object(self._object(fields.parents[0], ObjectType.COMMIT))
        try:
            return self._tree(parent.tree).diff_to_tree(new, flags=DiffOption.INCLUDE_TYPECHANGE)
        except KeyError as error:
            raise self._broken(str(error.args[0]), "is missing") from error

    def _tree(self, sha: str) -> pygit2.Tree:
        try:
            return self._repo[sha].peel(pygit2.Tree)
        except KeyError as error:
            raise self._broken(sha, "is missing") from error

    def _files(self, diff: pygit2.Diff) -> tuple[FileChange, ...]:
        rows = sorted(self._rows(diff), key=lambda row: row.new.path)
        paths = messages.path_texts({side.path for row in rows for side in (row.old, row.new)})
        return tuple(
            FileChange(
                path=paths[row.new.path],
                old_path=paths[row.old.path] if row.status == "R" else None,
                status=row.status,
                insertions=row.counts[0] if row.counts else None,
                deletions=row.counts[1] if row.counts else None,
                is_binary=row.is_binary,
                kind=file_kind(paths[row.new.path]),
            )
            for row in rows
        )

    def _rows(self, diff: pygit2.Diff) -> Iterator[_Row]:
        deltas = [_delta(number, delta) for number, delta in enumerate(diff.deltas)]
        removed = [d for d in deltas if d.status == "D"]
        added = [d for d in deltas if d.status == "A"]
        renamed: set[int] = set()
        if removed and added:
            pairs = pair([d.old for d in removed], [d.new for d in added], self._blob_or_none)
            for target, source in pairs.items():
                renamed |= {removed[source].number, added[target].number}
                yield self._row("R", removed[source].old, added[target].new)
        for delta in deltas:
            if delta.number not in renamed:
                yield self._row(delta.status, delta.old, delta.new)

    def _row(self, status: str, old: Side, new: Side) -> _Row:
        before = b"" if status == "A" else self._content(old)
        after = b"" if status == "D" else self._content(new)
        if before is None or after is None:
            return _Row(status, old, new, None, is_binary=False)
        if _is_binary(before) or _is_binary(after):
            return _Row(status, old, new, None, is_binary=True)
        return _Row(status, old, new, count(before, after), is_binary=False)

    def _content(self, side: Side) -> bytes | None:
        """What git compares: the file, the target of a link, a line for a submodule; None if missing."""
        if side.is_submodule:
            return b"Subproject commit %s\n" % side.blob.encode()
        return self._blob_or_none(side.blob)

    def _blob_or_none(self, blob: str) -> bytes | None:
        try:
            return self._repo.odb.read(blob)[1]
        except KeyError:
            return None

    def texts(self, commit: Commit, max_file_bytes: int, max_total_bytes: int) -> Iterator[FileText]:
        fields, _ = messages.split_object(self._object(commit.sha, ObjectType.COMMIT))
        rows = sorted(self._rows(self._diff(fields)), key=lambda row: row.new.path)
        left = max_total_bytes
        for change, row in zip(commit.files, rows, strict=True):
            if change.kind in _UNREAD_KINDS or row.counts is None:
                yield FileText(change, None, None, "")
                continue
            old = None if row.status == "A" else self._content(row.old)
            new = None if row.status == "D" else self._content(row.new)
            size = len(old or b"") + len(new or b"")
            if max(len(old or b""), len(new or b"")) > max_file_bytes or size > left:
                yield FileText(change, None, None, "")
                continue
            left -= size
            yield FileText(change, old, new, _hunks(old or b"", new or b""))


def _delta(number: int, delta: pygit2.DiffDelta) -> _Delta:
    old, new = delta.old_file, delta.new_file
    return _Delta(
        number,
        delta.status_char(),
        Side(old.raw_path, int(old.mode), str(old.id)),
        Side(new.raw_path, int(new.mode), str(new.id)),
    )


def _is_binary(data: bytes) -> bool:
    """Git's rule: a NUL among the first 8,000 bytes."""
    return data.find(0, 0, 8000) >= 0


def count(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed, as git counts them."""
    if old == new:
        return 0, 0
    if not old:
        return _lines(new), 0
    if not new:
        return 0, _lines(old)
    patch = pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT, context_lines=0, interhunk_lines=0)
    _, insertions, deletions = patch.line_stats
    return insertions, deletions


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _hunks(old: bytes, new: bytes) -> str:
    """The `@@` hunks of a unified diff; undecodable bytes as `�`."""
    patch = pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT)
    data = patch.data
    start = data.find(b"\n@@ ")
    return "" if start < 0 else data[start + 1 :].decode("utf-8", "replace")
