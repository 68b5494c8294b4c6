"""Ask many questions at once and keep every answer: the run of station 3 and of the day's highlights.

All that decides happens in the thread that calls `Asking.run`; `calls.py` makes the requests. What to
ask, and whether a text is an answer, is the question's matter (`questions.py`); what a failure means is
`retry.py`'s and `tries.py`'s, whose turn it is `turns.py`'s.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from digest_pipeline import llm
from digest_pipeline.answers import Answer, Answers, AnswerState
from digest_pipeline.model.at_hand import at_hand
from digest_pipeline.model.budget import Budget
from digest_pipeline.model.calls import Call, Calls, Door
from digest_pipeline.model.hedging import Hedging
from digest_pipeline.model.learnt import Learnt
from digest_pipeline.model.questions import AnswerError, Outcome, Question, Tally
from digest_pipeline.model.retry import FATAL_CAUSES, Cause, Fault, Pace, Patience, Verdict, judge
from digest_pipeline.model.tries import Job, Luck, Step, after_bad_answer, after_failure
from digest_pipeline.model.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Asking:
    """One run of the pipeline: what it learnt, spent and counted holds for all its questions."""

    def __init__(  # noqa: PLR0913 - each is a thing from outside
        self,
        config: llm.ModelConfig,
        answers: Answers,
        *,
        now: int,
        force: bool = False,
        api_key: str | None = None,
        door: Door = llm,
    ) -> None:
        self.config = config
        self.tally = Tally()
        """Of all questions."""
        self.stopped: Cause | None = None
        """The fatal cause that left a question without a model to ask."""
        self._answers = answers
        self._force = force
        self._now, self._began = now, time.monotonic()
        self._learnt = Learnt(config, door, api_key)
        self._budget = Budget(config, answers, door.price_of)
        self._pace = Pace(config.max_concurrency)
        self._calls: Calls[Any] = Calls(door, answers, self._budget, config.timeout_seconds, self._moment)
        self._hedging = Hedging(config.timeout_seconds)
        self._luck = Luck()
        self._patience = config.patience
        self._turns: Turns[Any] = Turns([])
        self._fresh: set[str] = set()
        self._reading: str | None = None
        self._left = 0
        self._progress: Callable[[], None] = lambda: None

    def run(
        self,
        questions: Sequence[Question[T]],
        *,
        patience: Patience | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Outcome[T]]:
        """Ask what the ledger does not know; the outcomes are in the order of the questions.

        Questions are made and looked up when their turn is near: of a long range only those under way are
        in the memory. Raises StoreError when the ledger fails; nothing that arrived is lost.
        """
        jobs = [Job(number, question) for number, question in enumerate(questions)]
        self._patience = patience or self.config.patience
        self._turns = Turns(jobs)
        self._left = len(jobs)
        self._progress = lambda: progress(len(jobs) - self._left, len(jobs)) if progress else None
        while self._left:
            advanced = self._advance()
            for call in self._calls.wait(time.monotonic() if advanced else self._next_moment()):
                self._land(call)
            for job in self._hedging.pass_over(self._calls, time.monotonic()):
                self._turns.put(job)
        return [job.outcome for job in jobs if job.outcome]

    # Making calls

    def _advance(self) -> bool:
        """Look up the next question, or make the next call; False when there is nothing to do now."""
        self._turns.wake(time.monotonic())
        full = len(self._calls) >= self._pace.limit
        job = self._turns.take_ahead(self.config.max_concurrency) if full else self._turns.take()
        if job is None:
            return False
        if not job.looked_up:
            job.looked_up = True
            if self._force:
                job.stands = at_hand(self._answers, Job(job.number, job.question))
            elif self._known(job):
                return True
        if not full and self._start(job):
            return True
        self._turns.put(job)
        return full

    def _next_moment(self) -> float | None:
        """When there is something to do although no call is over."""
        moments = [self._turns.next_moment(), *map(self._hedging.late_at, self._calls)]
        return min((moment for moment in moments if moment is not None), default=None)

    def _known(self, job: Job[Any]) -> bool:
        """Finish a job whose question needs no call."""
        outcome = at_hand(self._answers, job)
        if outcome is None:
            return False
        for tally in self._tallies(job):
            tally.hits += outcome.answer is not None
        self._finish(job, outcome)
        return True

    def _start(self, job: Job[Any]) -> bool:
        """Make a job's next call, or finish it; False: first see what the calls under way will cost."""
        while cause := self._learnt.why_out(job.model):
            if not self._next_model(job, cause, final=False):
                return True
        prompt = job.question.prompt(job.model, shortened=job.shortened)
        if prompt.key == self._reading or self._calls.is_asked_by_another(prompt.key, job):
            self._turns.park(prompt.key, job)
            return True
        if (prompt.key in self._fresh and self._known(job)) or self._has_to_wait(job):
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

    def _has_to_wait(self, job: Job[Any]) -> bool:
        """Put a job aside while a Retry-After has not passed or an answer to it is coming."""
        until = max(job.not_before, self._calls.coming_until(job) or 0.0)
        wait = until - time.monotonic()
        if wait > self._patience.longest_retry_after:
            if self._next_model(job, Cause.RATE_LIMIT, final=False):
                self._turns.put(job)
        elif wait > 0:
            self._turns.put(job, until)
        return wait > 0

    def _moment(self) -> int:
        """The current moment, as the run's `now` goes on."""
        return self._now + int(time.monotonic() - self._began)

    # What calls bring

    def _tallies(self, job: Job[Any]) -> tuple[Tally, Tally]:
        """Where a job is counted: in the run, and in the day of its question."""
        return self.tally, job.question.tally

    def _land(self, call: Call[Any]) -> None:
        """A call is over, or nobody waits for it any more."""
        if call.arrived:
            self._budget.settle(call.reservation, call.reply)
        if call.arrived and not call.withdrawn:
            for tally in self._tallies(call.job):
                tally.add(call.reply)
        if call.fault and call.fault.retry_after and call.request.model == call.job.model:
            call.job.not_before = time.monotonic() + call.fault.retry_after
        if not call.arrived:
            self._failed(call, Fault("Overdue"))
        elif call.withdrawn:
            if not call.given_up:
                self._turns.put(call.job)
        elif call.fault and not call.overdue:
            self._failed(call, call.fault)
        elif not call.fault:
            self._pace.went_well()
            self._learnt.answered(call)
            # The free place is filled before the answer is read, but not with the same question.
            self._reading = call.prompt.key
            self._advance()
            self._reading = None
            self._read(call)
        self._turns.release(call.prompt.key)

    def _read(self, call: Call[Any]) -> None:
        """Finish a job with the text that arrived, or ask again."""
        job, answer, model = call.job, call.answer, call.request.model
        if answer is None:
            return
        for tally in self._tallies(job):
            tally.latencies.append(answer.latency_ms)
        if not call.overdue:
            self._hedging.took(model, answer.latency_ms / 1000)
        if job.outcome:
            self._keep_what_stands(job.outcome, answer)
            return
        try:
            value = job.question.read(answer.text, model=model, shortened=call.shortened)
        except AnswerError as error:
            if not call.given_up:
                for tally in self._tallies(job):
                    tally.failures[Cause.BAD_ANSWER] += 1
                self._ask_better(call, str(error), answer.text)
            return
        if job.timeouts + job.passed and not call.given_up:
            self._hedging.helped += 1
        self._luck.add(good=True)
        self._fresh.add(call.prompt.key)
        self._finish(job, Outcome(value, answer))

    def _keep_what_stands(self, outcome: Outcome[Any], late: Answer) -> None:
        """Put the answer that stands back when a later one was written in the moment before it was known."""
        stands = outcome.answer
        if stands and late.text and late.key == stands.key and late != stands:
            self._answers.put(stands, self._moment())

    def _failed(self, call: Call[Any], fault: Fault) -> None:
        """Decide what to do after a call without a text."""
        job = call.job
        verdict, cause = judge(fault)
        for tally in self._tallies(job):
            tally.failures[cause] += 1
        self._pace.failed(fault, call.started, time.monotonic())
        if verdict is Verdict.FATAL:
            self._learnt.put_out(call.request.model, cause)
        if job.outcome or call.passed:
            return
        if cause is Cause.BAD_ANSWER:
            job.doubled = job.doubled or fault.kind == "Cut"
            self._ask_better(call, None, "")
        elif verdict is Verdict.FATAL or (verdict is Verdict.FORMAT and self._learnt.step_down(call)):
            self._turns.put(job)
        else:
            step = after_failure(
                job,
                fault,
                proven=self._learnt.is_proven(call),
                structured=call.request.format != "plain",
                share=self._luck.add(good=False),
                helps=self._hedging.helps,
                patience=self._patience,
            )
            self._follow(call, step)

    def _ask_better(self, call: Call[Any], complaint: str | None, text: str) -> None:
        """Decide what to do after a text that is no answer, or none at all."""
        share = self._luck.add(good=False)
        self._follow(call, after_bad_answer(call.job, complaint, text, share=share, patience=self._patience))

    def _follow(self, call: Call[Any], step: Step) -> None:
        """Take the next step of a job."""
        job, key = call.job, call.prompt.key
        final = step.final
        if step.remember:
            self._answers.put(Answer(key, step.remember, call.request.model), self._moment())
        if step.remember is AnswerState.BAD_ANSWER:
            kept = self._answers.get(key)
            final = kept is not None and kept.runs >= job.question.bad_runs
        if step.wait is not None:
            self._turns.put(job, time.monotonic() + step.wait if step.wait else None)
        elif step.last:
            job.give_up(step.cause, final=final)
            self._finish(job, Outcome(cause=job.cause, final=job.final))
        elif self._next_model(job, step.cause, final=final):
            self._turns.put(job)

    def _next_model(self, job: Job[Any], cause: Cause, *, final: bool) -> bool:
        """Turn to the next model of a job's chain; finish the job when there is none."""
        if job.give_up(cause, final=final):
            return True
        self._finish(job, Outcome(cause=job.cause, final=job.final))
        return False

    def _finish(self, job: Job[Any], outcome: Outcome[Any]) -> None:
        if outcome.cause in FATAL_CAUSES:
            self.stopped = self.stopped or outcome.cause
        if job.stands and job.stands.answer and not outcome.answer:
            self._answers.put(job.stands.answer, self._moment())
            outcome = job.stands
        job.outcome = outcome
        job.question.forget()
        self._left -= 1
        self._progress()
