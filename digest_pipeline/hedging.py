"""When to ask once more beside a call that takes too long: a hedged request. Pure: no clock, no thread.

A server that loses one request in ten answers the next one at once, and the time limit is far above what
an answer takes; waiting it out, twice at most, would leave one commit in a hundred without an analysis.
The call that is passed over goes on, and what it brings is kept. A question that makes every server hang
is not asked a third time: that takes questions that hung and were then answered, so that hanging is known
to be the server's way and not the question's.
"""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.calls import Call
    from digest_pipeline.tries import Job

T = TypeVar("T")

FEWEST_ANSWERS = 10
"""Answers of a model before it is known how long one takes."""

SLOW_SHARE, SLOW_TIMES = 0.95, 2.0
"""An answer is late after so many times what this share of the last answers took at most."""

SOONEST = 0.1
"""Share of the time limit before which no answer is late."""

ENOUGH_HELPED = 2


class Hedging:
    """What a run knows of how long its models take, and whether asking once more helps."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._took: dict[str, collections.deque[float]] = {}
        self._late: dict[str, float] = {}
        self._helped = 0

    def took(self, model: str, seconds: float) -> None:
        """A text of this model came after so many seconds."""
        last = self._took.setdefault(model, collections.deque(maxlen=200))
        last.append(seconds)
        if len(last) >= FEWEST_ANSWERS:
            usual = sorted(last)[math.ceil(SLOW_SHARE * len(last)) - 1]
            self._late[model] = max(SLOW_TIMES * usual, SOONEST * self._timeout)

    def helped(self) -> None:
        """A question that one call left without an answer got it from a later one."""
        self._helped += 1

    def late_at(self, call: Call[Any]) -> float | None:
        """The moment when a call is to be passed over; None: it has its whole time limit.

        A question waits for one time limit in this way, and for one in the plain way.
        """
        job, late = call.job, self._late.get(call.request.model)
        if call.passed or job.outcome or late is None or job.waited + late > self._timeout:
            return None
        in_vain = job.timeouts + job.passed
        return call.started + late if not in_vain or self._helped >= ENOUGH_HELPED else None

    def pass_over(self, calls: Iterable[Call[T]], now: float) -> list[Job[T]]:
        """Give up waiting for the calls that are late; the jobs that are to be asked again beside them."""
        late = [call for call in calls if (moment := self.late_at(call)) is not None and moment <= now]
        for call in late:
            call.passed = True
            call.job.passed += 1
            call.job.waited += now - call.started
        return [call.job for call in late]
