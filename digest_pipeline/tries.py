"""A question under way, and what to do after a call for it failed. Pure: no clock, no thread, no ledger."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

from digest_pipeline.answers import AnswerState
from digest_pipeline.retry import Cause, Fault, Patience, Verdict, judge, wait_seconds

if TYPE_CHECKING:
    from digest_pipeline.questions import Outcome, Question

T = TypeVar("T")


@dataclasses.dataclass(eq=False)
class Job(Generic[T]):
    """A question under way; the counts go over all models of its chain unless it says otherwise."""

    number: int
    question: Question[T]
    place: int = 0
    """Of the model that is asked, in the question's models."""
    shortened: bool = False
    plain: bool = False
    """Ask without structured output, to find out what a bare 400 means."""
    doubled: bool = False
    """Ask for twice the tokens, after an answer was cut off."""
    bad_text: tuple[str, str] | None = None
    """A text that is no answer, and what is wrong with it: the next call is the repair turn."""
    repaired: bool = False
    failures: int = 0
    """Of this model."""
    bad_answers: int = 0
    """Of this model."""
    timeouts: int = 0
    passed: int = 0
    """Late calls beside which it was asked again (`hedging.py`)."""
    waited: float = 0.0
    """Seconds spent on those."""
    bad_inputs: int = 0
    cause: Cause | None = None
    """Why the first model that was given up did not answer."""
    final: bool = True
    """No model that was given up would answer the next time."""
    looked_up: bool = False
    """The ledger knows no answer."""
    asked: bool = False
    outcome: Outcome[T] | None = None
    """How it ended."""

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self.question.models[self.place]

    @property
    def has_fallback(self) -> bool:
        """Whether another model comes after the one that is asked."""
        return self.place + 1 < len(self.question.models)

    def give_up(self, cause: Cause, *, final: bool) -> bool:
        """Turn to the next model; False when there is none."""
        self.cause = self.cause or cause
        self.final = self.final and final
        self.shortened = self.plain = self.doubled = self.repaired = False
        self.bad_text = None
        self.failures = self.bad_answers = 0
        if not self.has_fallback:
            return False
        self.place += 1
        return True


RECENT_CALLS = 64
WORKING_SHARE = 0.05


class Luck:
    """Whether asking works: at least a small share of the last calls brought an answer that can be used."""

    def __init__(self) -> None:
        self._recent: collections.deque[bool] = collections.deque(maxlen=RECENT_CALLS)

    def add(self, *, good: bool) -> bool:
        """Count one more call, and say whether asking works."""
        self._recent.append(good)
        return sum(self._recent) >= WORKING_SHARE * len(self._recent)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What to do with a job after a failure."""

    cause: Cause
    wait: float | None = None
    """Seconds until the same model is asked again; None: it is given up."""
    remember: AnswerState | None = None
    """What the ledger keeps under the key, so that no later run pays for the same failure."""
    final: bool = False
    last: bool = False
    """No other model is asked either."""


def after_failure(  # noqa: PLR0913 - what the run knows, one by one
    job: Job[T], fault: Fault, *, proven: bool, structured: bool, works: bool, patience: Patience
) -> Step:
    """The next step of a job whose call failed; counts the failure in the job.

    `proven`: the model has answered in this form in this run, so a bare 400 is about this question alone.
    `structured`: the call asked for structured output. `works`: other calls succeed.
    Fatal verdicts are the run's matter, and those of format while there is another form.
    """
    verdict, cause = judge(fault)
    if verdict is Verdict.TIMED_OUT:
        job.timeouts += 1
        again = job.timeouts + job.passed < patience.timeouts and not job.has_fallback
        return Step(cause, 0.0 if again else None, last=job.timeouts >= patience.timeouts)
    if verdict is Verdict.REFUSED:
        job.bad_inputs += 1
        last = job.bad_inputs >= patience.bad_inputs
        return Step(cause, remember=AnswerState.REFUSED, final=True, last=last)
    if verdict is Verdict.TOO_LONG:
        return _after_too_long(job, cause, patience)
    if verdict in (Verdict.BAD_INPUT, Verdict.FORMAT):
        return _after_bad_input(job, cause, proven=proven, structured=structured, patience=patience)
    job.failures += 1
    wait = wait_seconds(fault, job.failures, f"{job.number}", patience, works=works)
    limit = patience.failures if works else patience.failures_when_nothing_works
    return Step(cause, None if job.failures >= limit else wait)


def _after_too_long(job: Job[T], cause: Cause, patience: Patience) -> Step:
    job.bad_inputs += 1
    if job.shortened or job.bad_inputs >= patience.bad_inputs:
        last = job.bad_inputs >= patience.bad_inputs
        return Step(cause, remember=AnswerState.TOO_LONG, final=True, last=last)
    job.shortened = True
    return Step(cause, 0.0, remember=AnswerState.TOO_LONG)


def _after_bad_input(
    job: Job[T], cause: Cause, *, proven: bool, structured: bool, patience: Patience
) -> Step:
    job.bad_inputs += 1
    last = job.bad_inputs >= patience.bad_inputs
    if not proven and structured and not last:
        job.plain = True
        return Step(cause, 0.0)
    # A model that never answered in this run may be set up wrongly: that is not the question's fault.
    return Step(cause, remember=AnswerState.BAD_INPUT if proven else None, final=proven, last=last)


def after_bad_answer(
    job: Job[T], complaint: str | None, text: str, *, works: bool, patience: Patience
) -> Step:
    """The next step of a job whose answer could not be used; counts it in the job.

    `complaint`: what is wrong with the text, None when there is no whole text to repair.
    `works`: other answers can be used, so another try is worth its price.
    """
    job.bad_answers += 1
    job.bad_text = (text, complaint) if complaint and not job.repaired else None
    limit = patience.bad_answers if works else patience.bad_answers_when_nothing_works
    if job.bad_answers < limit:
        return Step(Cause.BAD_ANSWER, 0.0)
    return Step(Cause.BAD_ANSWER, remember=AnswerState.BAD_ANSWER)
