"""Whose turn it is: the questions of a run in the order in which they are asked. Pure."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.model.tries import Job

T = TypeVar("T")


class Turns(Generic[T]):
    """Four lines: those nobody has looked at, to be asked now, not before a moment, not before another."""

    def __init__(self, jobs: Sequence[Job[T]]) -> None:
        self._new = sorted(jobs, key=lambda job: job.question.rank, reverse=True)
        self._ready: list[tuple[bool, tuple[int, ...], int, Job[T]]] = []
        self._waiting: list[tuple[float, int, Job[T]]] = []
        self._parked: dict[str, list[Job[T]]] = {}
        self._order = itertools.count()

    def put(self, job: Job[T], at: float | None = None) -> None:
        """Ask a job when its turn comes, not before the moment `at`.

        What was asked before goes first: it is the most important that is left, and its next call may
        teach something about the model.
        """
        if at is None:
            heapq.heappush(self._ready, (not job.asked, job.question.rank, next(self._order), job))
        else:
            heapq.heappush(self._waiting, (at, next(self._order), job))

    def park(self, key: str, job: Job[T]) -> None:
        """Another asks the same under this key: wait for what it is told."""
        self._parked.setdefault(key, []).append(job)

    def release(self, key: str) -> None:
        """Those that waited for this key may be asked."""
        for job in self._parked.pop(key, []):
            self.put(job)

    def wake(self, now: float) -> None:
        """Those that have waited long enough may be asked."""
        while self._waiting and self._waiting[0][0] <= now:
            self.put(heapq.heappop(self._waiting)[-1])

    def next_moment(self) -> float | None:
        """When the next job will have waited long enough."""
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> Job[T] | None:
        """The job whose turn it is; None when there is none now."""
        while self._ready:
            job = heapq.heappop(self._ready)[-1]
            if not job.outcome:
                return job
        return self._new.pop() if self._new else None

    def take_ahead(self, most: int) -> Job[T] | None:
        """The next job that nobody has looked at, while fewer than `most` are ready to be asked."""
        return self._new.pop() if self._new and len(self._ready) < most else None
