"""A question under way, and what to do after a call for it failed. Pure: no clock, no thread, no ledger."""

from __future__ import annotations

import collections
import dataclasses
import math
from typing import TYPE_CHECKING, Generic, TypeVar

from digest_pipeline.answers import AnswerState
from digest_pipeline.model.retry import Cause, Fault, Patience, Verdict, judge, wait_seconds

if TYPE_CHECKING:
    from digest_pipeline.model.questions import Outcome, Question

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
    bad_inputs: int = 0
    not_before: float = 0.0
    """The moment until which a Retry-After of this model asks to wait."""
    cause: Cause | None = None
    """Why the first model that was given up did not answer."""
    final: bool = True
    """No model that was given up would answer the next time."""
    looked_up: bool = False
    """The ledger knows no answer."""
    stands: Outcome[T] | None = None
    """What the ledger knows of a question that is asked again all the same: better than no answer."""
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
        self.not_before = 0.0
        if not self.has_fallback:
            return False
        self.place += 1
        return True


RECENT_CALLS = 128
FEWEST_GOOD = 0.01
"""Below this share of good answers nothing works: more tries than the fewest are of no use."""

BAD_LUCK = 0.0001
"""Chance that a question which is no worse than the others is given up."""


class Luck:
    """The share of the last calls that brought an answer that can be used."""

    def __init__(self) -> None:
        self._recent: collections.deque[bool] = collections.deque(maxlen=RECENT_CALLS)

    def add(self, *, good: bool) -> float:
        """Count one more call, and give the share; 0 when asking does not work at all."""
        self._recent.append(good)
        share = sum(self._recent) / len(self._recent)
        return share if share >= FEWEST_GOOD else 0.0


def tries(share: float, fewest: int, most: int) -> int:
    """How often to try before a failure is the question's own fault and not bad luck.

    `share`: of the calls that bring a good answer. With 95 % of them four tries tell, with 10 % 88 do.
    """
    if not 0 < share < 1:
        return fewest
    return min(max(fewest, math.ceil(math.log(BAD_LUCK) / math.log(1 - share))), most)


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
    job: Job[T],
    fault: Fault,
    *,
    proven: bool,
    structured: bool,
    share: float,
    helps: bool,
    patience: Patience,
) -> Step:
    """The next step of a job whose call failed; counts the failure in the job.

    `proven`: the model has answered in this form in this run, so a bare 400 is about this question alone.
    `structured`: the call asked for structured output. `share`: of the last calls that succeeded.
    `helps`: others that hung were answered when asked again, so late calls do not count as time-outs.
    Fatal verdicts are the run's matter, and those of format while there is another form.
    """
    verdict, cause = judge(fault)
    if verdict is Verdict.TIMED_OUT:
        job.timeouts += 1
        in_vain = job.timeouts + (0 if helps else job.passed)
        again = in_vain < patience.timeouts and not job.has_fallback
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
    wait = wait_seconds(fault, job.failures, f"{job.number}", patience, works=share > 0)
    limit = tries(share, patience.fewest_failures, patience.most_failures)
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
    job: Job[T], complaint: str | None, text: str, *, share: float, patience: Patience
) -> Step:
    """The next step of a job whose answer could not be used; counts it in the job.

    `complaint`: what is wrong with the text, None when there is no whole text to repair.
    `share`: of the last calls whose answers could be used: it says whether another try is worth its price.
    """
    job.bad_answers += 1
    job.bad_text = (text, complaint) if complaint and not job.repaired else None
    if job.bad_answers < tries(share, patience.fewest_bad_answers, patience.most_bad_answers):
        return Step(Cause.BAD_ANSWER, 0.0)
    return Step(Cause.BAD_ANSWER, remember=AnswerState.BAD_ANSWER)
