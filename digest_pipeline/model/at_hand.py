"""What the ledger knows of a question before it is asked: its answer, or why it is not asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from digest_pipeline.answers import Answer, Answers, AnswerState
from digest_pipeline.model.questions import AnswerError, Outcome, Question
from digest_pipeline.model.retry import Cause

if TYPE_CHECKING:
    from digest_pipeline.model.tries import Job

T = TypeVar("T")


def at_hand(answers: Answers, job: Job[T]) -> Outcome[T] | None:
    """How a job ends without a call; else None, and the job is at the first model still to be asked."""
    open_places: list[tuple[int, bool, tuple[str, str] | None]] = []
    for place, model in enumerate(job.question.models):
        shortened, answer = _look_up(answers, job.question, model)
        if answer is None or (answer.state is AnswerState.BAD_ANSWER and answer.runs < job.question.bad_runs):
            open_places.append((place, shortened, None))
        elif answer.state is not AnswerState.ARRIVED:
            job.cause = job.cause or Cause(answer.state.value)
        else:
            try:
                value = job.question.read(answer.text, model=model, shortened=shortened)
            except AnswerError as error:
                open_places.append((place, shortened, (answer.text, str(error))))
            else:
                return Outcome(value, answer)
    if open_places:
        job.place, job.shortened, job.bad_text = open_places[0]
        return None
    return Outcome(cause=job.cause, final=True)


def _look_up(answers: Answers, question: Question[T], model: str) -> tuple[bool, Answer | None]:
    """Whether the question has to be shortened for a model, and the answer to that form of it."""
    answer = answers.get(question.prompt(model, shortened=False).key)
    if answer is None or answer.state is not AnswerState.TOO_LONG:
        return False, answer
    return True, answers.get(question.prompt(model, shortened=True).key)
