"""Ask many questions at once and keep every answer: the run of station 3 and of the day's highlights.

All that decides happens in the thread that calls `Asking.run`; `calls.py` makes the requests. What to
ask, and whether a text is an answer, is the question's matter (`questions.py`); what a failure means is
`retry.py`'s and `tries.py`'s.
"""

from __future__ import annotations

import collections
import heapq
import itertools
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from digest_pipeline import llm
from digest_pipeline.answers import Answer, Answers, AnswerState
from digest_pipeline.budget import Budget
from digest_pipeline.calls import Call, Calls, Door
from digest_pipeline.learnt import Learnt
from digest_pipeline.questions import AnswerError, Outcome, Question, Tally
from digest_pipeline.retry import FATAL_CAUSES, Cause, Fault, Pace, Verdict, judge, pushes_back
from digest_pipeline.tries import Job, Step, after_bad_answer, after_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

RECENT_CALLS = 64
WORKING_SHARE = 0.05
"""Asking works while at least this share of the last calls brought an answer that can be used."""


class Asking(Generic[T]):
    """One run: make it, `run` it once, look at `tally`."""

    def __init__(  # noqa: PLR0913 - each is a thing from outside
        self,
        config: llm.ModelConfig,
        answers: Answers,
        *,
        now: int,
        force: bool = False,
        api_key: str | None = None,
        door: Door = llm,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.tally = Tally()
        self._config = config
        self._answers = answers
        self._force = force
        self._progress = progress
        self._now, self._began = now, time.monotonic()
        self._learnt = Learnt(config, door, api_key)
        self._budget = Budget(config, answers, door.price_of)
        self._pace = Pace(config.max_concurrency)
        self._calls: Calls[T] = Calls(door, answers, self._budget, config.timeout_seconds, self._moment)
        self._fresh: set[str] = set()
        self._recent: collections.deque[bool] = collections.deque(maxlen=RECENT_CALLS)
        self._ready: list[tuple[tuple[int, ...], int, Job[T]]] = []
        self._waiting: list[tuple[float, int, Job[T]]] = []
        self._parked: dict[str, list[Job[T]]] = {}
        self._order = itertools.count()
        self._outcomes: dict[int, Outcome[T]] = {}
        self._total = 0

    def run(self, questions: Sequence[Question[T]]) -> list[Outcome[T]]:
        """Ask what the ledger does not know; the outcomes are in the order of the questions.

        Raises StoreError when the ledger fails; nothing that arrived is lost.
        """
        self._total = len(questions)
        for number, question in enumerate(questions):
            job = Job(number, question)
            if self._force or not self._known(job):
                self._queue(job)
        while self._ready or self._waiting or self._calls:
            self._start_calls()
            for call in self._calls.wait(self._waiting[0][0] if self._waiting else None):
                self._land(call)
        return [self._outcomes[number] for number in range(len(questions))]

    # What the ledger knows

    def _known(self, job: Job[T]) -> bool:
        """Finish a job from the ledger, or place it at the first model that is still to be asked."""
        open_places: list[tuple[int, bool, tuple[str, str] | None]] = []
        for place, model in enumerate(job.question.models):
            shortened, answer = self._look_up(job.question, model)
            if answer is None or (
                answer.state is AnswerState.BAD_ANSWER and answer.runs < job.question.bad_runs
            ):
                open_places.append((place, shortened, None))
            elif answer.state is not AnswerState.ARRIVED:
                job.cause = job.cause or Cause(answer.state.value)
            else:
                try:
                    value = job.question.read(answer.text, model=model, shortened=shortened)
                except AnswerError as error:
                    open_places.append((place, shortened, (answer.text, str(error))))
                else:
                    self.tally.hits += 1
                    self._finish(job, Outcome(value, answer))
                    return True
        if open_places:
            job.place, job.shortened, job.bad_text = open_places[0]
            return False
        self._finish(job, Outcome(cause=job.cause, final=True))
        return True

    def _look_up(self, question: Question[T], model: str) -> tuple[bool, Answer | None]:
        """Whether the question has to be shortened for a model, and the answer to that form of it."""
        answer = self._answers.get(question.prompt(model, shortened=False).key)
        if answer is None or answer.state is not AnswerState.TOO_LONG:
            return False, answer
        return True, self._answers.get(question.prompt(model, shortened=True).key)

    # Making calls

    def _queue(self, job: Job[T], at: float | None = None) -> None:
        """Ask a job when its turn comes, not before the moment `at`."""
        if at is None:
            # What was asked before goes first: its next call may teach something about the model.
            place = (*job.question.rank, not job.asked)
            heapq.heappush(self._ready, (place, next(self._order), job))
        else:
            heapq.heappush(self._waiting, (at, next(self._order), job))

    def _start_calls(self) -> None:
        """Fill the free places with the first jobs that may be asked now."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            self._queue(heapq.heappop(self._waiting)[-1])
        while self._ready and len(self._calls) < self._pace.limit:
            job = heapq.heappop(self._ready)[-1]
            if not job.done and not self._start(job):
                self._queue(job)
                return

    def _start(self, job: Job[T]) -> bool:
        """Make a job's next call, or finish it; False: first see what the calls under way will cost."""
        while cause := self._learnt.why_out(job.model):
            if not self._next_model(job, cause, final=False):
                return True
        prompt = job.question.prompt(job.model, shortened=job.shortened)
        if prompt.key in self._calls:
            self._parked.setdefault(prompt.key, []).append(job)
            return True
        if prompt.key in self._fresh and self._known(job):
            return True
        if job.bad_text:
            prompt = job.question.repair(prompt, *job.bad_text)
        request = self._learnt.request(job, prompt)
        tokens_in = sum(llm.estimated_tokens(text) for _, text in prompt.messages)
        reserved = self._budget.reserve(prompt.key, job.model, self._moment(), tokens_in, request.max_tokens)
        if isinstance(reserved, Cause):
            if self._calls:
                return False
            job.cause = job.cause or reserved
            self._finish(job, Outcome(cause=job.cause))
            return True
        if job.bad_text:
            job.bad_text, job.repaired = None, True
        job.asked = True
        self._calls.start(job, prompt, request, reserved)
        return True

    def _moment(self) -> int:
        """The current moment, as the run's `now` goes on."""
        return self._now + int(time.monotonic() - self._began)

    # What calls bring

    def _land(self, call: Call[T]) -> None:
        """A call is over, or nobody waits for it any more."""
        if call.arrived:
            self._budget.settle(call.reservation, call.reply)
            self.tally.add(call.reply)
        if not call.arrived:
            self._failed(call, Fault("Overdue"))
        elif call.fault and not call.overdue:
            self._failed(call, call.fault)
        elif not call.fault:
            self._pace.went_well()
            self._learnt.answered(call)
            self._start_calls()
            self._read(call)
        for job in self._parked.pop(call.prompt.key, []):
            self._queue(job)

    def _read(self, call: Call[T]) -> None:
        """Finish a job with the text that arrived, or ask again."""
        job, answer, model = call.job, call.answer, call.request.model
        if job.done or answer is None:
            return
        self.tally.latencies.append(answer.latency_ms)
        try:
            value = job.question.read(answer.text, model=model, shortened=call.shortened)
        except AnswerError as error:
            if not call.overdue:
                self._bad_answer(call, str(error), answer.text)
            return
        self._recent.append(True)
        self._fresh.add(call.prompt.key)
        self._finish(job, Outcome(value, answer))

    def _failed(self, call: Call[T], fault: Fault) -> None:
        """Decide what to do after a call without a text."""
        job = call.job
        if job.done:
            return
        verdict, cause = judge(fault)
        if pushes_back(fault):
            self._pace.pushed_back(call.started, time.monotonic())
        else:
            self._pace.failed_otherwise()
        if cause is Cause.BAD_ANSWER:
            job.doubled = job.doubled or fault.kind == "Cut"
            self._bad_answer(call, None, "")
            return
        self.tally.failures[cause] += 1
        if verdict is Verdict.FATAL:
            self._learnt.put_out(call.request.model, cause)
            self._queue(job)
        elif verdict is Verdict.FORMAT and self._learnt.step_down(call):
            self._queue(job)
        else:
            step = after_failure(
                job,
                fault,
                proven=self._learnt.is_proven(call),
                structured=call.request.format != "plain",
                works=self._works(),
                patience=self._config.patience,
            )
            self._follow(call, step)

    def _works(self) -> bool:
        """Count one more failed call, and say whether others succeed."""
        self._recent.append(False)
        return sum(self._recent) >= WORKING_SHARE * len(self._recent)

    def _bad_answer(self, call: Call[T], complaint: str | None, text: str) -> None:
        """Decide what to do after an answer that cannot be used."""
        self.tally.failures[Cause.BAD_ANSWER] += 1
        step = after_bad_answer(
            call.job, complaint, text, works=self._works(), patience=self._config.patience
        )
        self._follow(call, step)

    def _follow(self, call: Call[T], step: Step) -> None:
        """Take the next step of a job."""
        job, key = call.job, call.prompt.key
        final = step.final
        if step.remember:
            self._answers.put(Answer(key, step.remember, call.request.model), self._moment())
        if step.remember is AnswerState.BAD_ANSWER:
            kept = self._answers.get(key)
            final = kept is not None and kept.runs >= job.question.bad_runs
        if step.wait is not None:
            self._queue(job, time.monotonic() + step.wait if step.wait else None)
        elif step.last:
            job.give_up(step.cause, final=final)
            self._finish(job, Outcome(cause=job.cause, final=job.final))
        elif self._next_model(job, step.cause, final=final):
            self._queue(job)

    def _next_model(self, job: Job[T], cause: Cause, *, final: bool) -> bool:
        """Turn to the next model of a job's chain; finish the job when there is none."""
        if job.give_up(cause, final=final):
            return True
        self._finish(job, Outcome(cause=job.cause, final=job.final))
        return False

    def _finish(self, job: Job[T], outcome: Outcome[T]) -> None:
        job.done = True
        self._outcomes[job.number] = outcome
        if outcome.cause in FATAL_CAUSES:
            self.tally.stopped = self.tally.stopped or outcome.cause
        if self._progress:
            self._progress(len(self._outcomes), self._total)
