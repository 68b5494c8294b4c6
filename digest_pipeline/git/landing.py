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

_ABSENT = -1
_SHA = 20


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

    All headers are taken before the first landing is given, in a compact form (about 180 bytes a
    commit); the landings are streamed.
    """
    graph = _Graph(headers, tip)
    graph.forget(known)
    landed_at = last_landed_at
    position = last_position
    for mainline in reversed(graph.first_parent_line()):
        at = min(graph.committed_at[mainline], fetched_at)
        landed_at = at if landed_at is None else max(landed_at, at)
        group = graph.take(mainline)
        for number in group:
            position += 1
            yield graph.landing(number, mainline, landed_at, position, len(group))


class _Graph:
    """Commits as numbers, in the order of their headers, with one flat array per property.

    Objects would take more than a gigabyte for a million commits. SHAs become numbers only when all
    headers are taken, so that the dictionary does not stand beside the one of the walk that gives them.
    """

    def __init__(self, headers: Iterable[Header], tip: str) -> None:
        self._shas = bytearray()
        self._parent_shas = bytearray()
        self._starts = array("I", [0])
        """Where the parents of a number begin; one more for the end."""
        self.committed_at = array("q")
        self._email = array("i")
        self._emails: dict[str, int] = {}
        for header in headers:
            self._shas += bytes.fromhex(header.sha)
            self._parent_shas += bytes.fromhex("".join(header.parents))
            self._starts.append(len(self._parent_shas) // _SHA)
            self.committed_at.append(header.committed_at)
            self._email.append(self._emails.setdefault(header.author_email, len(self._emails)))
        self._email_texts = list(self._emails)
        self._here = bytearray(b"\1") * len(self._email)
        """1 for what is to land; 0 for what has landed or was known before."""
        numbers = {self._key(self._shas, n): n for n in reversed(range(len(self._email)))}
        self._parent_numbers = array(
            "i", (numbers.get(self._key(self._parent_shas, n), _ABSENT) for n in range(self._starts[-1]))
        )
        self._tip = numbers.get(bytes.fromhex(tip), _ABSENT)

    @staticmethod
    def _key(shas: bytearray, number: int) -> bytes:
        return bytes(shas[_SHA * number : _SHA * number + _SHA])

    def forget(self, known: Callable[[str], bool]) -> None:
        """Drop the known commits: asked are those without parents here, then the children of the known."""
        asked = [n for n in range(len(self._here)) if self._is_lowest(n) and known(self.sha(n))]
        children: dict[int, list[int]] = {}
        for number in range(len(self._here)) if asked else ():
            for parent in self._parents(number):
                children.setdefault(parent, []).append(number)
        while asked:
            number = asked.pop()
            self._here[number] = 0
            asked += [c for c in children.get(number, ()) if self._is_lowest(c) and known(self.sha(c))]

    def _is_lowest(self, number: int) -> bool:
        return bool(self._here[number]) and not self._parents(number)

    def first_parent_line(self) -> array[int]:
        """The mainline from the tip down to the last commit that is here."""
        line = array("i")
        number = self._tip
        while number != _ABSENT and self._here[number]:
            line.append(number)
            start, end = self._starts[number : number + 2]
            number = self._parent_numbers[start] if start < end else _ABSENT
        return line

    def _parents(self, number: int) -> list[int]:
        """The parents that are here."""
        start, end = self._starts[number : number + 2]
        return [p for p in self._parent_numbers[start:end] if p != _ABSENT and self._here[p]]

    def take(self, mainline: int) -> list[int]:
        """What `mainline` brings: itself and all it reaches that nobody took; parents before children.

        Among those whose parents are placed, the oldest is next. Those before it on the mainline are
        taken already, so its own branch is not entered.
        """
        found = {mainline}
        stack = [mainline]
        while stack:
            for parent in self._parents(stack.pop()):
                if parent not in found:
                    found.add(parent)
                    stack.append(parent)
        order = [mainline] if len(found) == 1 else self._oldest_first(found)
        for number in found:
            self._here[number] = 0
        return order

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
        return self._key(self._shas, number).hex()

    def landing(self, number: int, mainline: int, landed_at: int, position: int, landed_with: int) -> Landing:
        parents = range(*self._starts[number : number + 2])
        return Landing(
            sha=self.sha(number),
            parents=tuple(self._key(self._parent_shas, parent).hex() for parent in parents),
            committed_at=self.committed_at[number],
            author_email=self._email_texts[self._email[number]],
            landed_by=self.sha(mainline),
            landed_at=landed_at,
            position=position,
            landed_with=landed_with,
        )
