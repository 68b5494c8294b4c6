"""A builder of git repositories whose commits have the dates, names and files that a test names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING

import pygit2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Content = bytes | str | tuple[int, bytes | str] | None
"""A file's content; with a mode for links, programs and submodules (then a SHA); None removes the file."""


@dataclasses.dataclass
class GitRepo:
    """A bare repository; every call makes one commit and returns its SHA."""

    path: Path
    branch: str = "main"

    def __post_init__(self) -> None:
        self.repo = pygit2.init_repository(str(self.path), bare=True, initial_head=self.branch)

    @property
    def tip(self) -> str:
        return str(self.repo.references[f"refs/heads/{self.branch}"].target)

    def commit(  # noqa: PLR0913 - a test names only what it is about
        self,
        when: str,
        message: str | bytes = "Change something",
        files: Mapping[str, Content] | None = None,
        *,
        author: str = "Ada Lovelace <ada@example.com>",
        authored: str | None = None,
        branch: str | None = None,
        parents: list[str] | None = None,
    ) -> str:
        """Commit `files` over the first parent's tree; `when` is ISO 8601 with an offset."""
        ref = f"refs/heads/{branch or self.branch}"
        if parents is None:
            parents = [str(self.repo.references[ref].target)] if ref in self.repo.references else []
        tree = self._tree(parents[0] if parents else None, files or {})
        committer = self._signature(author, when)
        writer = self._signature(author, authored or when)
        raw = message.encode() if isinstance(message, str) else message
        header = "".join(f"parent {p}\n" for p in parents)
        body = f"tree {tree}\n{header}author {writer}\ncommitter {committer}\n\n".encode() + raw
        sha = self.repo.odb.write(pygit2.enums.ObjectType.COMMIT, body)
        self.repo.references.create(ref, sha, force=True)
        return str(sha)

    def merge(
        self,
        when: str,
        other: str,
        message: str = "Merge a branch",
        files: Mapping[str, Content] | None = None,
    ) -> str:
        """Merge `other` into the branch: the first parent's tree plus `files`."""
        return self.commit(when, message, files, parents=[self.tip, other])

    def _signature(self, who: str, when: str) -> str:
        moment = dt.datetime.fromisoformat(when)
        if moment.tzinfo is None:
            raise ValueError(f"{when}: a test's moment needs an offset")
        return f"{who} {int(moment.timestamp())} {moment:%z}"

    def _tree(self, parent: str | None, files: Mapping[str, Content]) -> pygit2.Oid:
        index = pygit2.Index()
        if parent:
            index.read_tree(self.repo[parent].peel(pygit2.Tree))
        for path, content in files.items():
            if content is None:
                index.remove(path)
                continue
            mode, data = content if isinstance(content, tuple) else (0o100644, content)
            raw = data.encode() if isinstance(data, str) else data
            blob = pygit2.Oid(hex=raw.decode()) if mode == 0o160000 else self.repo.create_blob(raw)
            index.add(pygit2.IndexEntry(path, blob, pygit2.enums.FileMode(mode)))
        return index.write_tree(self.repo)


def name_and_email(author: str) -> tuple[str, str]:
    """Split `Ada Lovelace <ada@example.com>`."""
    match = re.fullmatch(r"(.*) <(.*)>", author)
    if match is None:
        raise ValueError(author)
    return match[1], match[2]
