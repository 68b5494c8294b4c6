"""When to ask once more beside a call that takes too long: a hedged request. Pure: no clock, no thread.

A server that loses one request in ten answers the next one at once, and the time limit is far above what
an answer takes; waiting it out, twice at most, would leave one commit in a hundred without an analysis.
The call that is passed over goes on, and what it brings is kept. An answer that has begun to come is waited
for: it is whole in a moment, unless the server lets it drip. A question that makes every server hang
is not asked a third time: that takes questions that hung and were then answered, so that hanging is known
to be the server's way and not the question's.
"""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.model.calls import Call
    from digest_pipeline.model.tries import Job

T = TypeVar("T")

FEWEST_ANSWERS = 10
"""Answers of a model before it is known how long one takes."""

SLOW_SHARE, SLOW_TIMES = 0.95, 2.0
"""An answer is late after so many times what this share of the last answers took at most."""

SOONEST_SHARE, SOONEST_SECONDS, LATEST_SHARE = 0.1, 0.5, 0.5
"""Shares of the time limit, and seconds, before which no answer is late and after which each one is.

Where the usual answers take longer than that, none is late: each has its whole time limit.
"""


def seconds_to_end(timeout_seconds: float) -> float:
    """How long an answer that has begun is given to come whole, whatever time it took to begin."""
    return max(SOONEST_SHARE * timeout_seconds, SOONEST_SECONDS)


PATIENCE = 3.0
"""Time limits that a question waits in this way; after that its last call has the whole limit."""

ENOUGH_HELPED = 2
"""Questions that hung and were then answered, before any is asked a third time."""


class Hedging:
    """What a run knows of how long its models take, and whether asking once more helps."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._took: dict[str, collections.deque[float]] = {}
        self._late: dict[str, float | None] = {}
        self.helped = 0
        """Questions that one call left without an answer and a later one answered."""

    def took(self, model: str, seconds: float) -> None:
        """A text of this model came after so many seconds."""
        last = self._took.setdefault(model, collections.deque(maxlen=200))
        last.append(seconds)
        if len(last) >= FEWEST_ANSWERS:
            usual = sorted(last)[math.ceil(SLOW_SHARE * len(last)) - 1]
            soonest = seconds_to_end(self._timeout)
            latest = LATEST_SHARE * self._timeout
            late = min(max(SLOW_TIMES * usual, soonest), latest)
            self._late[model] = late if usual <= latest else None

    @property
    def helps(self) -> bool:
        """Whether hanging is known to be the server's way, and not a question's."""
        return self.helped >= ENOUGH_HELPED

    def late_at(self, call: Call[Any]) -> float | None:
        """The moment when a call is to be passed over; None: it has its whole time limit."""
        job, late = call.job, self._late.get(call.request.model)
        if call.passed or call.ended or job.outcome or late is None:
            return None
        if (job.passed + 1) * late > PATIENCE * self._timeout:
            return None
        if job.timeouts + job.passed and not self.helps:
            return None
        return max(call.started + late, call.ends_by(seconds_to_end(self._timeout)))

    def pass_over(self, calls: Iterable[Call[T]], now: float) -> list[Job[T]]:
        """Give up waiting for the calls that are late; the jobs that are to be asked again beside them."""
        late = [call for call in calls if (moment := self.late_at(call)) is not None and moment <= now]
        for call in late:
            call.passed = True
            call.job.passed += 1
        return [call.job for call in late]
