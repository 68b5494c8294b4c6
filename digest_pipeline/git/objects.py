"""The door to pygit2 for reading: the objects of one clone, tree differences and line counts.

What is made of them is decided elsewhere and without pygit2: `history`, `messages`, `changes`, `linguist`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import AttrCheck, DiffOption

from digest_pipeline.git import changes, messages
from digest_pipeline.git.renames import Side
from digest_pipeline.git.transfer import isolate
from digest_pipeline.models import Header, TerminalCloneError

if TYPE_CHECKING:
    from pathlib import Path

_MB = 1024 * 1024
FOR_HEADERS = (_MB, _MB)
"""Bytes of libgit2's object cache, and of a pack that are mapped at a time. A walk reads each commit once,
and mapped pages count as memory of this process: with more, a million commits take a gigabyte."""
FOR_DIFFS = (64 * _MB, 64 * _MB)
"""Diffs come back to the same trees and packs; smaller windows cost them a tenth."""
_DIFF = DiffOption.INCLUDE_TYPECHANGE
"""Without it, a file that becomes a link would be a removal and an addition."""


class Objects:
    """The objects of one clone; not for several threads. Raises TerminalCloneError where it is none."""

    def __init__(self, clone: Path, sizes: tuple[int, int]) -> None:
        # Every object would be hashed again on reading, with collision detection: a third of the time.
        # Fetching verifies what comes from outside; `clones` switches it on for that.
        isolate()
        pygit2.settings.enable_strict_hash_verification(value=False)
        cache, window = sizes
        pygit2.settings.cache_max_size(cache)
        pygit2.settings.mwindow_size = window
        pygit2.settings.mwindow_mapped_limit = 4 * window
        self._clone = clone
        try:
            self._repo = pygit2.Repository(str(clone))
        except pygit2.GitError as error:
            raise TerminalCloneError(
                f"{clone}: not a readable clone ({error}); delete it and run again"
            ) from error
        self._is_shallow = self._repo.is_shallow
        # In the order of landing, a commit's first parent is mostly the one that was read before it.
        self.fields = functools.lru_cache(64)(self._read_fields)
        self._tree = functools.lru_cache(8)(self._read_tree)
        # In the order of paths, the new version of a file is the old one of the next change.
        self._blob = functools.lru_cache(4)(self._read_blob)

    def __contains__(self, sha: str) -> bool:
        return sha in self._repo

    def header(self, sha: str) -> Header | None:
        """A commit's header; None for what lies beyond the end of a shallow clone."""
        raw = self._raw(sha)
        if raw is None and self._is_shallow:
            return None
        fields, _ = self._split(raw, sha)
        author = messages.identity(fields.author, fields.encoding)
        committer = messages.identity(fields.committer, fields.encoding)
        return Header(sha, fields.parents, committer.at, author.email)

    def _read_fields(self, sha: str) -> tuple[messages.RawHeader, bytes]:
        """A commit's header lines and its undecoded message."""
        return self._split(self._raw(sha), sha)

    def _split(self, raw: bytes | None, sha: str) -> tuple[messages.RawHeader, bytes]:
        try:
            return messages.split_object(raw or b"")
        except ValueError as error:
            raise self._broken(sha) from error

    def _raw(self, sha: str) -> bytes | None:
        try:
            return self._repo.odb.read(sha)[1]
        except KeyError:
            return None

    def deltas(self, fields: messages.RawHeader) -> list[changes.Delta]:
        """What differs between a commit's tree and its first parent's; a root's and an empty one."""
        sha = fields.tree
        try:
            new = self._tree(sha)
            if fields.parents:
                sha = self.fields(fields.parents[0])[0].tree
                diff = self._tree(sha).diff_to_tree(new, flags=_DIFF)
            else:
                diff = new.diff_to_tree(flags=_DIFF, swap=True)  # swap: the empty side is the old one
        except (KeyError, pygit2.GitError) as error:
            raise self._broken(sha) from error
        return [_delta(delta) for delta in diff.deltas]

    def _read_tree(self, sha: str) -> pygit2.Tree:
        return self._repo[sha].peel(pygit2.Tree)

    def _broken(self, sha: str) -> TerminalCloneError:
        return TerminalCloneError(
            f"{self._clone}: object {sha} is missing or broken; delete the clone and run again"
        )

    # --- changes.Contents ------------------------------------------------------------------------

    def blob(self, sha: str) -> bytes | None:
        """The content of a blob; None where it is missing."""
        blob = self._blob(sha)
        return None if blob is None else blob.data

    def _read_blob(self, sha: str) -> pygit2.Blob | None:
        try:
            found = self._repo[sha]
        except KeyError:
            return None
        return found if isinstance(found, pygit2.Blob) else None

    def count_blobs(self, old: str, new: str) -> changes.Counts:
        """The lines between two blobs."""
        before, after = self._blob(old), self._blob(new)
        if before is None or after is None:
            return changes.MISSING
        # Without a path, libgit2 looks for no attribute files: a third of the time of a small file.
        return _counts(before.diff(after, old_as_path="", new_as_path=""))

    def count_texts(self, old: bytes, new: bytes) -> changes.Counts:
        """The lines between two texts; libgit2 hashes both, so blobs are better counted as blobs."""
        return _counts(pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT, context_lines=0))

    # --- the text of a difference ----------------------------------------------------------------

    def size(self, side: Side) -> int:
        """Bytes of a file; 0 where it is a submodule or missing."""
        try:
            return 0 if side.is_submodule else self._repo.odb.read_header(side.blob)[1]
        except KeyError:
            return 0

    def hunks(self, old: bytes, new: bytes) -> str:
        """The `@@` hunks of a unified diff; undecodable bytes as `�`."""
        data = pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT).data
        start = data.find(b"\n@@ ")
        return "" if start < 0 else data[start + 1 :].decode("utf-8", "replace")

    # --- linguist.Attributes ---------------------------------------------------------------------

    def file(self, tree: str, folder: bytes) -> str | None:
        """The id of the attribute file in a folder of a tree; None where there is none."""
        path = (folder + b"/.gitattributes" if folder else b".gitattributes").decode(
            "utf-8", "surrogateescape"
        )
        try:
            return str(self._tree(tree)[path].id)
        except KeyError:
            return None

    def is_set(self, commit: str, path: bytes, attribute: str) -> bool:
        """Whether the attribute files of a commit set an attribute of a path."""
        flags = AttrCheck.INCLUDE_COMMIT | AttrCheck.NO_SYSTEM
        return self._repo.get_attr(path, attribute, flags, commit) in {True, "true"}


def _delta(delta: pygit2.DiffDelta) -> changes.Delta:
    status = delta.status_char()
    file = delta.old_file if status == "D" else delta.new_file
    new = Side(file.raw_path, int(file.mode), str(file.id))
    if status in {"A", "D"}:
        return changes.Delta(status, new, new)
    old = delta.old_file
    # Asking for a mode makes an enum, which costs more than the rest; what was modified kept its type.
    mode = new.mode if status == "M" else int(old.mode)
    return changes.Delta(status, Side(new.path, mode, str(old.id)), new)


def _counts(patch: pygit2.Patch) -> changes.Counts:
    if patch.delta.is_binary:
        return changes.BINARY
    _, insertions, deletions = patch.line_stats
    return changes.Counts(insertions, deletions)
