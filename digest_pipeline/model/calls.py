"""Calls under way: each in a thread of its own that makes the request and writes the answer down.

What to call and what to do with the answer is `asking.py`'s matter.
"""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from digest_pipeline import llm
from digest_pipeline.answers import Answer, AnswerState
from digest_pipeline.model.hedging import seconds_to_end
from digest_pipeline.model.retry import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from digest_pipeline.answers import Answers
    from digest_pipeline.model.budget import Budget, Reservation
    from digest_pipeline.model.questions import Prompt
    from digest_pipeline.model.retry import Fault
    from digest_pipeline.model.tries import Job

T = TypeVar("T")

A_MOMENT = 0.1
"""Seconds that a thread takes at most, as a rule, to write down an answer that is there."""

A_LOOK = 0.05
"""Seconds that it takes at most, as a rule, to see that an answer begins."""


class Door(Protocol):
    """What is used of the module `llm`; a test may pass another."""

    def complete(self, request: llm.Request) -> llm.Reply:
        """See `llm.complete`."""
        ...

    def missing_keys(self, model: str) -> list[str]:
        """See `llm.missing_keys`."""
        ...

    def price_of(self, model: str) -> llm.Price | None:
        """See `llm.price_of`."""
        ...


@dataclasses.dataclass(eq=False)
class Call(Generic[T]):
    """A request under way or over."""

    job: Job[T]
    prompt: Prompt
    request: llm.Request
    reservation: Reservation
    shortened: bool
    started: float
    """Of the monotonic clock, as all moments here."""
    begun: float | None = None
    """When the head of the answer was there, where the door tells it."""
    withdrawn: bool = False
    """It was not sent: another answer to its question was on its way."""
    ended: bool = False
    """The server has answered or failed; the thread still writes it down."""
    arrived: bool = False
    """The thread is done."""
    passed: bool = False
    """Late: its question is asked again beside it (`hedging.py`). Whichever is answered first counts."""
    overdue: bool = False
    """Nobody waits for it any more; what it still brings is kept all the same."""
    reply: llm.Reply | None = None
    """What came back and what it cost, also of a failed call that was billed."""
    fault: Fault | None = None
    answer: Answer | None = None
    """The text in the ledger, of a call without a fault."""
    error: Exception | None = None
    """Not a failed call, but a failure of ours or of the ledger."""

    def ends_by(self, seconds: float) -> float:
        """Until when an answer that has begun is given time to come whole; in the past before it begins."""
        return self.begun + seconds if self.begun is not None else self.started

    @property
    def given_up(self) -> bool:
        """Nobody but chance waits for it any more."""
        return self.passed or self.overdue

    @property
    def is_answered(self) -> bool:
        """Its question has an answer that stands."""
        return self.job.outcome is not None and self.job.outcome.answer is not None


@dataclasses.dataclass
class _Watch:
    """What the door asks and tells of a call, in the call's own thread."""

    calls: Calls[Any]
    call: Call[Any]

    def may_leave(self) -> bool:
        """Not once its question is answered, nor while another answer to it is coming."""
        job = self.call.job
        if any(call.job is job and call is not self.call for call in tuple(self.calls)):
            # What has reached this machine may still have to be read, by a thread that waits for this one.
            time.sleep(A_LOOK)
        return not job.outcome and self.calls.coming_until(job, besides=self.call) is None

    def has_begun(self) -> None:
        """Of an address that sends on to another, the first answer counts."""
        self.call.begun = self.call.begun or time.monotonic()


class Calls(Generic[T]):
    """The calls under way."""

    def __init__(
        self, door: Door, answers: Answers, budget: Budget, seconds: float, moment: Callable[[], int]
    ) -> None:
        self._door = door
        self._answers = answers
        self._budget = budget
        self._seconds = seconds
        self._moment = moment
        self._events: queue.SimpleQueue[Call[T]] = queue.SimpleQueue()
        self._flying: list[Call[T]] = []
        self._overdue: list[Call[T]] = []

    def __len__(self) -> int:
        return len(self._flying)

    def __iter__(self) -> Iterator[Call[T]]:
        return iter(self._flying)

    def is_asked_by_another(self, key: str, job: Job[T]) -> bool:
        """Whether another job waits for the answer under a key: equal questions are not asked at once."""
        return any(c.prompt.key == key and c.job is not job and not c.job.outcome for c in self._flying)

    def coming_until(self, job: Job[T], besides: Call[T] | None = None) -> float | None:
        """Until when an answer to a job is to be waited for that is coming now; None if none is."""
        now = time.monotonic()
        others = [c for c in (*self._flying, *self._overdue) if c.job is job and c is not besides]
        moments = [now + A_MOMENT if c.ended else c.ends_by(seconds_to_end(self._seconds)) for c in others]
        return max((moment for moment in moments if moment > now), default=None)

    def start(self, job: Job[T], prompt: Prompt, request: llm.Request, reservation: Reservation) -> None:
        """Make a call."""
        call = Call(job, prompt, request, reservation, job.shortened, time.monotonic())
        call.request = dataclasses.replace(request, watch=_Watch(self, call))
        self._flying.append(call)
        self._answers.hold()
        # A daemon: a server that never lets go must not keep the process.
        threading.Thread(target=self._make, args=(call,), name="model call", daemon=True).start()

    def wait(self, until: float | None) -> list[Call[T]]:
        """The next call that is over, or those that reached the time limit; none at the moment `until`.

        A call that nobody waits for any more comes a second time when its thread is done.
        Raises what failed on our side.
        """
        limits = [self._limit(call) for call in self._flying if not call.ended]
        limits += [] if until is None else [until]
        if not limits and not self._flying:
            return []
        try:
            call = self._events.get(timeout=max(0.0, min(limits) - time.monotonic()) if limits else None)
        except queue.Empty:
            return self._give_up()
        if call.error:
            raise call.error
        call.arrived = True
        (self._overdue if call.overdue else self._flying).remove(call)
        return [call]

    def _limit(self, call: Call[T]) -> float:
        """The moment after which nobody waits for a call."""
        return max(call.started + self._seconds, call.ends_by(seconds_to_end(self._seconds)))

    def _give_up(self) -> list[Call[T]]:
        now = time.monotonic()
        late = [c for c in self._flying if now >= self._limit(c) and not c.ended]
        for call in late:
            call.overdue = True
            self._overdue.append(call)
            self._flying.remove(call)
        return late

    def _make(self, call: Call[T]) -> None:
        try:
            try:
                self._settle(call, self._asked(call))
            finally:
                self._answers.let_go()
        except Exception as error:  # noqa: BLE001 - the thread that waits raises it
            call.error = error
        self._events.put(call)

    def _asked(self, call: Call[T]) -> str:
        """Make the request; the word for how it ended."""
        try:
            call.reply = self._door.complete(call.request)
        except llm.CallError as error:
            call.fault, call.reply = error.fault, error.paid
            return judge(error.fault)[1].value
        except llm.WithdrawnError:
            call.withdrawn = True
            return "withdrawn"
        finally:
            call.ended = True
        return "ok"

    def _settle(self, call: Call[T], status: str) -> None:
        """Write a call and its answer to the ledger."""
        reply, model = call.reply or llm.Reply(""), call.request.model
        if reply.cost_usd is None:
            cost = self._budget.cost(model, reply.tokens_in, reply.tokens_out)
            reply = dataclasses.replace(reply, cost_usd=cost)
        call.reply = reply
        call.answer = Answer(
            key=call.prompt.key,
            state=AnswerState.ARRIVED,
            model=model,
            # What comes late must not take the place of the answer that stands.
            text="" if call.fault or call.is_answered else reply.text,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost_usd=reply.cost_usd,
            latency_ms=int((time.monotonic() - call.started) * 1000),
        )
        self._answers.settle(call.reservation.entry, status, call.answer, self._moment())
