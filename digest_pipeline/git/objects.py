"""The door to pygit2 for reading: the objects of one clone, tree differences and line counts.

What is made of them is decided elsewhere and without pygit2: `history`, `messages`, `changes`, `linguist`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import AttrCheck, DiffOption

from digest_pipeline.git import alignment, changes, messages, trees
from digest_pipeline.git.renames import SUBMODULE
from digest_pipeline.git.transfer import isolate
from digest_pipeline.models import Header, TerminalCloneError

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.git.renames import Side

_MB = 1024 * 1024
FOR_HEADERS = _MB
"""Bytes of a pack that are mapped at a time. A walk reads each commit once, and mapped pages count as memory
of this process: with more, a million commits take a gigabyte."""
FOR_DIFFS = 64 * _MB
"""Diffs come back to the same places of a pack; smaller windows cost them a tenth."""


class Objects:
    """The objects of one clone; not for several threads. Raises TerminalCloneError where it is none."""

    def __init__(self, clone: Path, window: int) -> None:
        # Every object would be hashed again on reading, with collision detection: a third of the time.
        # Fetching verifies what comes from outside; `clones` switches it on for that.
        isolate()
        pygit2.settings.enable_strict_hash_verification(value=False)
        # What is read again is kept below, in the form that is needed: libgit2 would keep it once more.
        pygit2.settings.enable_caching(value=False)
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
        # `read` of the repository looks for a loose object too, to be sure that there is only one: a quarter
        # of the time of a small object. Nearly all are in packs, whose backend comes first.
        self._read_packed = next(iter(self._repo.odb.backends)).read
        # In the order of landing, a commit's first parent is mostly the one that was read before it.
        self.fields = functools.lru_cache(64)(self._read_fields)
        self._tree = functools.lru_cache(8)(self._read_tree)
        self._raw_tree = functools.lru_cache(256)(self._read_raw_tree)
        # In the order of paths, the new version of a file is the old one of the next change.
        self._blob = functools.lru_cache(4)(self._read_blob)
        # A merge of one commit changes its files as that commit did: in click, a third of all changes.
        self.count_blobs = functools.lru_cache(64)(self._count_blobs)

    def close(self) -> None:
        """Unmap the packs now: pygit2's repository is part of a cycle, which may be found much later."""
        self._repo.free()

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
            return self._read(sha)
        except KeyError:
            return None

    def _read(self, sha: str) -> bytes:
        """The bytes of an object; KeyError where it is missing."""
        try:
            return self._read_packed(sha)[1]
        except KeyError:
            return self._repo.read(sha)[1]

    def old_tree(self, fields: messages.RawHeader) -> str | None:
        """The tree of a commit's first parent; None for a root, which is compared with the empty one."""
        return self.fields(fields.parents[0])[0].tree if fields.parents else None

    def deltas(self, old: str | None, new: str) -> list[trees.Change]:
        """What differs between two trees."""
        try:
            return trees.differences(old, new, self._raw_tree)
        except ValueError as error:
            raise self._broken(new) from error

    def _read_raw_tree(self, sha: str) -> trees.Tree:
        try:
            return trees.Tree(self._read(sha))
        except (KeyError, pygit2.GitError) as error:
            raise self._broken(sha) from error

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
        return None if blob is None else bytes(blob)  # `data` would read and inflate it once more

    def _read_blob(self, sha: str) -> pygit2.Blob | None:
        try:
            found = self._repo[sha]
        except KeyError:
            return None
        return found if isinstance(found, pygit2.Blob) else None

    def _count_blobs(self, old: str, new: str) -> changes.Counts:
        """The lines between two blobs."""
        before, after = self._blob(old), self._blob(new)
        if before is None or after is None:
            return changes.MISSING
        if alignment.LARGE <= before.size + after.size < alignment.HUGE:
            certain = alignment.certain_counts(bytes(before), bytes(after))
            if certain is not None:
                return changes.Counts(*certain)
        # Without a path, libgit2 looks for no attribute files: a third of the time of a small file. Without
        # context it has fewer lines to hand on; the numbers do not depend on it.
        return _counts(
            before.diff(after, old_as_path="", new_as_path="", context_lines=0)  # pyright: ignore[reportCallIssue]  # missing in the stubs
        )

    def count_texts(self, old: bytes, new: bytes) -> changes.Counts:
        """The lines between two texts; libgit2 hashes both, so blobs are better counted as blobs."""
        return _counts(pygit2.Patch.create_from(old, new, flag=DiffOption.FORCE_TEXT, context_lines=0))

    # --- the text of a difference ----------------------------------------------------------------

    def size(self, side: Side) -> int:
        """Bytes of a file; 0 where it is a submodule or missing."""
        try:
            return 0 if side.mode == SUBMODULE else self._repo.odb.read_header(side.blob)[1]
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


def _counts(patch: pygit2.Patch) -> changes.Counts:
    _, insertions, deletions = patch.line_stats
    if not (insertions or deletions) and patch.delta.is_binary:
        return changes.BINARY
    return changes.Counts(insertions, deletions)
