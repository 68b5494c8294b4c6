"""Which removed and added file of one commit are the same file, paired exactly as git pairs them.

Pure: contents come through a callable. libgit2's own detection pairs 12 % of the commits concerned
differently from git and loses renames beyond a thousand, so the pairing is done here. It was written from
a description of git's behaviour (copies off, similarity 50 %, limit 1000) and is compared with git by
`test_exact`.
"""

from __future__ import annotations

import itertools
import re
import stat
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from digest_pipeline.git.ends import between_ends, is_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Content = Callable[[str], bytes | None]
    """A blob by its id; None where it is missing."""

SCALE = 60_000
"""Similarity 100 % in git's whole numbers; rounding down decides ties, so it is kept."""
ENOUGH = SCALE // 2
ENOUGH_FOR_NAME = SCALE * 3 // 4
"""Files with a name that nothing else in the commit has pair before all others, from 75 % on."""
LIMIT = 1_000 * 1_000
"""Pairs beyond which git compares no contents (diff.renameLimit)."""
ALTERNATIVES = 100
"""How many files of the same content git looks at for one with the right name."""
COUNTS_TAIL = True
"""Whether bytes after the last line end count for similarity, as in git since 2.44."""
BEST = 4
"""Candidates that git remembers for each added file."""

SUBMODULE = 0o160000
"""The mode of a commit of another repository, which is not in this one."""
_Candidate = tuple[int, int, int, int]
"""(score, same name, source, target)."""
_CHUNK = re.compile(rb"[^\n]{64}|[^\n]*\n|[^\n]+")
_LONGEST_CHUNK = 64


class Side(NamedTuple):
    """A file that was removed or added."""

    path: bytes
    mode: int
    blob: str

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path[self.path.rfind(b"/") + 1 :]

    @property
    def is_regular(self) -> bool:
        """Not a link and not a submodule."""
        return stat.S_ISREG(self.mode)


def pair(removed: Sequence[Side], added: Sequence[Side], content: Content) -> dict[int, int]:
    """Numbers of `added` files to the numbers of the `removed` ones they were; both in order of path."""
    pairing = _Pairing(removed, added, content)
    pairing.by_content()
    pairing.by_unique_name()
    pairing.by_similarity()
    return pairing.pairs


class _Pairing:
    def __init__(self, removed: Sequence[Side], added: Sequence[Side], content: Content) -> None:
        self._removed, self._added, self._content = removed, added, content
        self._sources = dict.fromkeys(range(len(removed)))
        self._targets = dict.fromkeys(range(len(added)))
        """What is left; dictionaries because they keep the order and forget in no time."""
        self.pairs: dict[int, int] = {}

    def _join(self, source: int, target: int) -> None:
        self.pairs[target] = source
        del self._sources[source], self._targets[target]

    def by_content(self) -> None:
        """The same blob: the first of the same name, else the first."""
        same: defaultdict[str, list[int]] = defaultdict(list)
        for source, side in enumerate(self._removed):
            same[side.blob].append(source)
        for target, side in enumerate(self._added):
            free = [s for s in same.get(side.blob, ()) if _may_be_one(self._removed[s], side)][:ALTERNATIVES]
            if free:
                source = next((s for s in free if self._removed[s].name == side.name), free[0])
                same[side.blob].remove(source)
                self._join(source, target)

    def by_unique_name(self) -> None:
        """A name that is left once on either side."""
        sources, targets = (
            _unique_names(self._removed, self._sources),
            _unique_names(self._added, self._targets),
        )
        for name, source in sources.items():
            target = targets.get(name)
            if target is not None and self._is_similar(source, target, ENOUGH_FOR_NAME):
                self._join(source, target)

    def by_similarity(self) -> None:
        """The best pairs of all that are left, greedily; the order of candidates decides ties."""
        if not self._sources or len(self._sources) * len(self._targets) > LIMIT:
            return
        scores = self._scores()
        worth: defaultdict[int, set[int]] = defaultdict(set)
        for source, target in scores:
            worth[target].add(source)
        by_name: defaultdict[bytes, list[int]] = defaultdict(list)
        for source in self._sources:
            by_name[self._removed[source].name].append(source)
        first = list(itertools.islice(self._sources, BEST))
        candidates: list[_Candidate] = []
        for target in self._targets:
            # After the first ones, nothing that shares neither a line nor the name can take a place.
            looked_at = worth[target].union(by_name.get(self._added[target].name, ()), first)
            candidates += self._best_sources(target, sorted(looked_at), scores)
        candidates.sort(key=lambda c: (-c[0], -c[1]))
        for score, _, source, target in candidates:
            if score >= ENOUGH and source in self._sources and target in self._targets:
                self._join(source, target)

    def _best_sources(
        self, target: int, sources: list[int], scores: dict[tuple[int, int], int]
    ) -> list[_Candidate]:
        """Up to four of the `sources`, in their order; a better one takes the place of the first worst."""
        name = self._added[target].name
        slots: list[_Candidate] = []
        for source in sources:
            same_name = int(self._removed[source].name == name)
            found = (scores.get((source, target), 0), same_name, source, target)
            if len(slots) < BEST:
                slots.append(found)
                continue
            worst = min(range(BEST), key=lambda i: slots[i][:2])
            if found[:2] > slots[worst][:2]:
                slots[worst] = found
        return slots

    def _scores(self) -> dict[tuple[int, int], int]:
        """Similarity by (source, target), where there is any.

        The chunks of the shorter side are held, at most a thousand files; the other side passes by.
        """
        sources_held = len(self._sources) <= len(self._targets)
        held, passing = (self._removed, self._added) if sources_held else (self._added, self._removed)
        held_left, passing_left = (
            (self._sources, self._targets) if sources_held else (self._targets, self._sources)
        )
        sizes: dict[int, int] = {}
        holders: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number in held_left:
            sizes[number], chunks = self._counted(held[number])
            for chunk, times in chunks.items():
                holders[chunk].append((number, times))
        scores: dict[tuple[int, int], int] = {}
        for number in passing_left:
            size, chunks = self._counted(passing[number])
            shared: defaultdict[int, int] = defaultdict(int)
            for chunk in holders.keys() & chunks:
                length, times = len(chunk), chunks[chunk]
                for holder, other in holders[chunk]:
                    # `min` takes twice as long, and this runs for each line that two files share.
                    shared[holder] += length * (times if times < other else other)  # noqa: FURB136
            for holder, common in shared.items():
                pair_of = (holder, number) if sources_held else (number, holder)
                scores[pair_of] = _score(sizes[holder], size, common)
        return scores

    def _is_similar(self, source: int, target: int, enough: int) -> bool:
        """Whether two files have this similarity; mostly both ends that they share are enough to say so."""
        old, new = self._regular(self._removed[source]), self._regular(self._added[target])
        if old is None or new is None:
            return False
        if _score(len(old), len(new), shared_at_ends(old, new)) >= enough:
            return True
        chunks, others = chunks_of(old), chunks_of(new)
        shared = sum(len(chunk) * min(chunks[chunk], others[chunk]) for chunk in chunks.keys() & others)
        return _score(len(old), len(new), shared) >= enough

    def _regular(self, side: Side) -> bytes | None:
        """The content of a file; None for what is not compared: links, submodules, missing blobs."""
        return self._content(side.blob) if side.is_regular else None

    def _counted(self, side: Side) -> tuple[int, dict[bytes, int]]:
        """Size and chunks; no chunks for what is not compared."""
        data = self._regular(side)
        return (0, {}) if data is None else (len(data), chunks_of(data))


def shared_at_ends(old: bytes, new: bytes) -> int:
    """Bytes of chunks that two files surely share: those at both ends, less the ones that may be cut.

    Chunks follow from where their line begins, so they are the same in front of a difference, except for
    the last one, and behind the first line end after it. The last line is left out (`COUNTS_TAIL`), and
    where a carriage return may not count, nothing is said.
    """
    if b"\r" in old or b"\r" in new:
        return 0
    start, tail, _, _ = between_ends(old, new)
    first, last = old.find(b"\n", tail) + 1, old.rfind(b"\n", tail) + 1
    return max(0, start - _LONGEST_CHUNK) + (last - first if first else 0)


def chunks_of(data: bytes) -> Counter[bytes]:
    """How often a file has each chunk; a chunk ends with a line or after 64 bytes.

    In text, a carriage return before a line feed does not count. Chunks are compared as they are, where
    git compares hashes of them.
    """
    if not is_binary(data):
        data = data.replace(b"\r\n", b"\n")
    counted = Counter(_CHUNK.findall(data))
    if not COUNTS_TAIL:
        last = data[data.rfind(b"\n") + 1 :]
        rest = last[len(last) // 64 * 64 :]
        if rest:
            counted[rest] -= 1
    return counted


def _may_be_one(old: Side, new: Side) -> bool:
    return (old.is_regular and new.is_regular) or old.mode == new.mode


def _unique_names(sides: Sequence[Side], left: dict[int, None]) -> dict[bytes, int]:
    times = Counter(sides[number].name for number in left)
    return {sides[number].name: number for number in left if times[sides[number].name] == 1}


def _score(old_size: int, new_size: int, shared: int) -> int:
    """Shared bytes over the larger size; 0 where the sizes alone rule out 50 %."""
    larger = max(old_size, new_size)
    if larger * (SCALE - ENOUGH) < abs(old_size - new_size) * SCALE or not new_size:
        return 0
    return int(shared * float(SCALE) / larger)
