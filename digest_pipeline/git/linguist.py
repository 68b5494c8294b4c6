"""Which files a repository itself calls generated, vendored or documentation, in its `.gitattributes`.

Pure: trees, blobs and the matching of patterns come through `Attributes`. A look-up by libgit2 costs 22
microseconds an attribute, so it is only made where an attribute file above the path speaks of linguist,
and once for each path and state of those files. Which files there are is looked up once for all commits
between two that change one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Marks(NamedTuple):
    """What the attribute files say of a path."""

    generated: bool = False
    vendored: bool = False
    documentation: bool = False


NONE = Marks()
"""What most paths have: compared by identity."""
STATES = 64
"""Trees whose attribute files are remembered: a commit's first parent is among those read before it."""


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
        self._states: dict[str, dict[bytes, tuple[str, ...]]] = {}

    def at(
        self, commit: str, tree: str, old_tree: str | None, changed: Iterable[bytes]
    ) -> Callable[[bytes], Marks]:
        """The marks of the paths of one commit, whose tree differs from `old_tree` in the `changed` paths."""
        state = self._state(tree, old_tree, changed)

        def above(folder: bytes) -> tuple[str, ...]:
            """The attribute files that hold for a folder, from the root down."""
            files = state.get(folder)
            if files is None:
                outer = above(folder.rpartition(b"/")[0]) if folder else ()
                own = self._attributes.file(tree, folder)
                files = state[folder] = (*outer, own) if own else outer
            return files

        def marks(path: bytes) -> Marks:
            files = above(path.rpartition(b"/")[0])
            if not files or not any(map(self._speaks_of_linguist, files)):
                return NONE
            if (files, path) not in self._known:
                found = Marks(
                    *(self._attributes.is_set(commit, path, f"linguist-{name}") for name in Marks._fields)
                )
                self._known[files, path] = found if any(found) else NONE
            return self._known[files, path]

        return marks

    def _state(
        self, tree: str, old_tree: str | None, changed: Iterable[bytes]
    ) -> dict[bytes, tuple[str, ...]]:
        """What is known of the folders of a tree; trees with the same attribute files share it."""
        state = self._states.pop(tree, None)
        if state is None and old_tree in self._states and not any(map(_is_attribute_file, changed)):
            state = self._states[old_tree]
        self._states[tree] = {} if state is None else state  # the last one in the order of the dictionary
        if len(self._states) > STATES:
            del self._states[next(iter(self._states))]
        return self._states[tree]

    def _speaks_of_linguist(self, blob: str) -> bool:
        if blob not in self._speaks:
            self._speaks[blob] = b"linguist-" in (self._attributes.blob(blob) or b"")
        return self._speaks[blob]


def _is_attribute_file(path: bytes) -> bool:
    return path.endswith(b".gitattributes")
