"""Which files a repository itself calls generated, vendored or documentation, in its `.gitattributes`.

Pure: trees, blobs and the matching of patterns come through `Attributes`. A look-up by libgit2 costs 22
microseconds an attribute, so it is only made where an attribute file above the path speaks of linguist,
and once for each path and state of those files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Marks(NamedTuple):
    """What the attribute files say of a path."""

    generated: bool = False
    vendored: bool = False
    documentation: bool = False


class Attributes(Protocol):
    """What the marks need to know of a repository."""

    def file(self, tree: str, folder: bytes) -> str | None:
        """The id of the attribute file in a folder of a tree; None where there is none."""
        ...

    def blob(self, sha: str) -> bytes | None:
        """The content of a blob; None where it is missing."""
        ...

    def is_set(self, commit: str, path: bytes, attribute: str) -> bool:
        """Whether the attribute files of a commit set an attribute of a path."""
        ...


class Linguist:
    """The marks of all paths of a repository; remembers what it looked up."""

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._speaks: dict[str, bool] = {}
        self._known: dict[tuple[tuple[str, ...], bytes], Marks] = {}

    def at(self, commit: str, tree: str) -> Callable[[bytes], Marks]:
        """The marks of the paths of one commit."""
        folders: dict[bytes, tuple[str, ...]] = {}

        def above(folder: bytes) -> tuple[str, ...]:
            """The attribute files that hold for a folder, from the root down."""
            if folder not in folders:
                outer = above(folder.rpartition(b"/")[0]) if folder else ()
                own = self._attributes.file(tree, folder)
                folders[folder] = (*outer, own) if own else outer
            return folders[folder]

        def marks(path: bytes) -> Marks:
            files = above(path.rpartition(b"/")[0])
            if not any(map(self._speaks_of_linguist, files)):
                return Marks()
            if (files, path) not in self._known:
                self._known[files, path] = Marks(
                    *(self._attributes.is_set(commit, path, f"linguist-{name}") for name in Marks._fields)
                )
            return self._known[files, path]

        return marks

    def _speaks_of_linguist(self, blob: str) -> bool:
        if blob not in self._speaks:
            self._speaks[blob] = b"linguist-" in (self._attributes.blob(blob) or b"")
        return self._speaks[blob]
