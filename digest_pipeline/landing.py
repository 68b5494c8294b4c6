"""On which mainline commit, and so at which moment, each commit landed on the tracked branch.

Pure: headers in, landings out. The mainline is the first-parent line of the tip; a commit lands with the
first mainline commit that contains it. A mainline commit's moment is its committer time, never earlier
than the mainline commit before it (clocks differ) and never later than the fetch that brought it.
"""

from __future__ import annotations

import heapq
from array import array
from typing import TYPE_CHECKING

from digest_pipeline.models import Landing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from digest_pipeline.models import Header

_ABSENT, _NONE, _TAKEN = -2, -1, 1


def assign(  # noqa: PLR0913 - the state of the index is four values
    headers: Iterable[Header],
    tip: str,
    *,
    known: Callable[[str], bool],
    last_landed_at: int | None,
    last_position: int,
    fetched_at: int,
) -> Iterator[Landing]:
    """Landings of those `headers` that are not `known`, by rising position (from `last_position` + 1).

    The first assignment wins: known commits keep theirs, however the mainline runs now. What a known
    commit reaches must be known too; so `known` is asked of few commits, from the oldest ones up.
    `last_landed_at` is the latest landing among the known commits that the tip still reaches (None: there
    is none); the new ones land no earlier. Headers come in any order; repeats are harmless.

    All headers are taken before the first landing is given, in a compact form (about 200 bytes a
    commit); the landings are streamed.
    """
    graph = _Graph()
    for header in headers:
        graph.add(header)
    graph.forget(known)
    landed_at = last_landed_at
    position = last_position
    for mainline in reversed(graph.first_parent_line(tip)):
        at = min(graph.committed_at[mainline], fetched_at)
        landed_at = at if landed_at is None else max(landed_at, at)
        group = graph.take(mainline)
        for number in group:
            position += 1
            yield graph.landing(number, mainline, landed_at, position, len(group))


class _Graph:
    """Commits as numbers, in the order of their first mention, with one array per property.

    A dictionary of objects would take more than a gigabyte for a million commits.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._shas = bytearray()
        self._first_parent = array("i")
        self._other_parents: dict[int, tuple[int, ...]] = {}
        self.committed_at = array("q")
        self._email = array("i")
        self._emails: dict[str, int] = {}
        self._email_texts: list[str] = []
        self._taken = bytearray()

    def _number(self, sha: str) -> int:
        key = bytes.fromhex(sha)
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._first_parent):
            self._shas += key
            self._first_parent.append(_ABSENT)
            self.committed_at.append(0)
            self._email.append(0)
            self._taken.append(0)
        return number

    def add(self, header: Header) -> None:
        number = self._number(header.sha)
        parents = tuple(map(self._number, header.parents))
        self._first_parent[number] = parents[0] if parents else _NONE
        if len(parents) > 1:
            self._other_parents[number] = parents[1:]
        self.committed_at[number] = header.committed_at
        self._email[number] = self._emails.setdefault(header.author_email, len(self._emails))
        if len(self._email_texts) < len(self._emails):
            self._email_texts.append(header.author_email)

    def forget(self, known: Callable[[str], bool]) -> None:
        """Drop the known commits: asked are those without parents here, then the children of the known."""
        asked = [n for n in range(len(self._taken)) if self._is_lowest(n) and known(self.sha(n))]
        children: dict[int, list[int]] = {}
        for number in range(len(self._taken)) if asked else ():
            for parent in self._parents(number):
                children.setdefault(parent, []).append(number)
        while asked:
            number = asked.pop()
            self._first_parent[number] = _ABSENT
            asked += [c for c in children.get(number, ()) if self._is_lowest(c) and known(self.sha(c))]

    def _is_here(self, number: int) -> bool:
        return self._first_parent[number] != _ABSENT

    def _is_lowest(self, number: int) -> bool:
        return self._is_here(number) and not any(map(self._is_here, self._parents(number)))

    def first_parent_line(self, tip: str) -> array[int]:
        """The mainline from the tip down to the last commit whose header is here."""
        line = array("i")
        number = self._number(tip)
        while number >= 0 and self._is_here(number):
            line.append(number)
            number = self._first_parent[number]
        return line

    def _parents(self, number: int) -> tuple[int, ...]:
        first = self._first_parent[number]
        return () if first < 0 else (first, *self._other_parents.get(number, ()))

    def take(self, mainline: int) -> list[int]:
        """What `mainline` brings: itself and all it reaches that nobody took; parents before children.

        Among those whose parents are placed, the oldest is next. Those before it on the mainline are
        taken already, so its own branch is not entered.
        """
        found = {mainline}
        self._taken[mainline] = _TAKEN
        stack = [mainline]
        while stack:
            for parent in self._parents(stack.pop()):
                if not self._taken[parent] and self._is_here(parent):
                    self._taken[parent] = _TAKEN
                    found.add(parent)
                    stack.append(parent)
        return [mainline] if len(found) == 1 else self._oldest_first(found)

    def _oldest_first(self, found: set[int]) -> list[int]:
        waits: dict[int, int] = {}
        children: dict[int, list[int]] = {}
        for number in found:
            inside = [parent for parent in set(self._parents(number)) if parent in found]
            waits[number] = len(inside)
            for parent in inside:
                children.setdefault(parent, []).append(number)
        ready = [(self.committed_at[n], self.sha(n), n) for n in found if not waits[n]]
        heapq.heapify(ready)
        order: list[int] = []
        while ready:
            number = heapq.heappop(ready)[2]
            order.append(number)
            for child in children.get(number, ()):
                waits[child] -= 1
                if not waits[child]:
                    heapq.heappush(ready, (self.committed_at[child], self.sha(child), child))
        return order

    def sha(self, number: int) -> str:
        return self._shas[20 * number : 20 * number + 20].hex()

    def landing(self, number: int, mainline: int, landed_at: int, position: int, landed_with: int) -> Landing:
        return Landing(
            sha=self.sha(number),
            parents=tuple(map(self.sha, self._parents(number))),
            committed_at=self.committed_at[number],
            author_email=self._email_texts[self._email[number]],
            landed_by=self.sha(mainline),
            landed_at=landed_at,
            position=position,
            landed_with=landed_with,
        )
