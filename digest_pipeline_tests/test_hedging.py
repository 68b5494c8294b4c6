from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.answers import Answer, Answers, AnswerState
from digest_pipeline.llm import Request, WithdrawnError
from digest_pipeline.model.asking import Asking
from digest_pipeline.model.budget import Reservation
from digest_pipeline.model.calls import Call
from digest_pipeline.model.hedging import FEWEST_ANSWERS, Hedging, seconds_to_end
from digest_pipeline.model.retry import Fault
from digest_pipeline.model.tries import Job
from digest_pipeline_tests.test_asking import NOW, Ask, FakeDoor, ask, config, yes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 100.0


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    ledger = Answers(tmp_path / "answers.sqlite")
    yield ledger
    ledger.close()


def call(job: Job[str] | None = None, started: float = 0.0) -> Call[str]:
    job = job or Job(0, Ask("a"))
    prompt = job.question.prompt("p/one", shortened=False)
    request = Request("p/one", prompt.messages, {}, "plain", 100, LIMIT)
    return Call(job, prompt, request, Reservation(1, 0.0), shortened=False, started=started)


def learnt(*seconds: float) -> Hedging:
    hedging = Hedging(LIMIT)
    for took in seconds or (10.0,) * FEWEST_ANSWERS:
        hedging.took("p/one", took)
    return hedging


def test_no_call_is_late_before_it_is_known_how_long_one_takes() -> None:
    assert learnt(*(10.0,) * (FEWEST_ANSWERS - 1)).late_at(call()) is None


@pytest.mark.parametrize(("took", "late"), [(10.0, 20.0), (1.0, 10.0), (40.0, 50.0), (60.0, None)])
def test_a_call_is_late_after_twice_the_usual_time_within_bounds(took: float, late: float | None) -> None:
    assert learnt(*(took,) * FEWEST_ANSWERS).late_at(call()) == late


def test_a_late_call_is_passed_over_once_and_its_question_asked_again() -> None:
    hedging, slow = learnt(), call(started=5.0)
    assert hedging.pass_over([slow], 24.9) == []
    assert hedging.pass_over([slow], 25.0) == [slow.job]
    assert hedging.pass_over([slow], 99.0) == []


def test_a_third_call_takes_two_questions_that_hung_and_were_answered() -> None:
    hedging, job = learnt(), Job(0, Ask("a"))
    assert hedging.pass_over([call(job)], 20.0) == [job]
    second = call(job, started=20.0)
    assert hedging.pass_over([second], 99.0) == []
    hedging.helped = 2
    assert hedging.pass_over([second], 99.0) == [job]


def test_a_question_is_passed_over_for_three_time_limits_at_most() -> None:
    hedging, job = learnt(), Job(0, Ask("a"))
    hedging.helped = 2
    assert [bool(hedging.pass_over([call(job)], 20.0)) for _ in range(17)] == [True] * 15 + [False] * 2


def test_a_call_that_the_server_has_answered_is_not_late() -> None:
    slow = call()
    slow.ended = True
    assert learnt().pass_over([slow], 99.0) == []


def test_a_call_whose_answer_has_begun_to_come_is_not_late_until_it_had_time_to_end() -> None:
    slow = call()
    slow.begun = 15.0
    assert learnt().late_at(slow) == 15.0 + seconds_to_end(LIMIT)
    slow.begun = 1.0
    assert learnt().late_at(slow) == 20.0, "but one that drips from the start is late like all others"


def test_a_question_whose_late_answer_has_begun_is_not_sent_again(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest_pipeline.model.hedging.SOONEST_SECONDS", 60.0)
    started, begun, refused = threading.Event(), threading.Event(), threading.Event()

    def answer(request: Request, before: int) -> str:
        assert request.watch
        if not before:
            assert started.wait(30)
            request.watch.has_begun()
            begun.set()
            assert refused.wait(30)
            return "yes, late"
        started.set()
        assert begun.wait(30)
        assert not request.watch.may_leave()
        refused.set()
        raise WithdrawnError("an answer was on its way")

    (outcome,), asking = ask(FakeDoor(answer), answers, [Ask("a")], config(timeout_seconds=0.1))
    assert outcome.value == "yes, late"
    assert asking.tally.calls <= 1
    assert {c.status for c in answers.calls(0)} <= {"ok", "withdrawn", "sent"}


def test_a_retry_after_holds_although_another_call_was_under_way(answers: Answers) -> None:
    asking = Asking(config(), answers, now=NOW, door=FakeDoor(yes))
    slow = call()
    slow.overdue = slow.arrived = True
    slow.fault = Fault("RateLimitError", 429, retry_after=60.0)
    asking._land(slow)
    assert asking._has_to_wait(slow.job)
    assert asking._turns.take() is None, "it waits"
    assert not asking._has_to_wait(Job(1, Ask("b")))


def hanging(released: threading.Event, *texts: str, times: int = 1) -> FakeDoor:
    """Answers at once, but these questions not the first times."""

    def answer(request: Request, before: int) -> str:
        if request.messages[0][1] in texts and before < times:
            released.wait(5)
            return "yes, late"
        return yes(request, before)

    return FakeDoor(answer)


def test_questions_whose_calls_hang_are_answered_by_later_ones(answers: Answers) -> None:
    released = threading.Event()
    slow = [f"p/one {n}" for n in (12, 15, 18)]
    door = hanging(released, *slow)
    settings = config(timeout_seconds=3.0, max_concurrency=8)
    outcomes, run = ask(door, answers, [Ask(str(n), rank=(n,)) for n in range(30)], settings)
    released.set()
    assert [o.value for o in outcomes] == ["yes"] * 30
    assert [door.per_question()[text] for text in slow] == [2, 2, 2]
    assert run.tally.failures == Counter()


def test_an_answer_that_comes_late_does_not_replace_the_one_that_stands(answers: Answers) -> None:
    door = FakeDoor(yes)
    (outcome,), asking = ask(door, answers, [Ask("a")])
    late = Answer("p/one a", AnswerState.ARRIVED, "p/one", "no")
    answers.put(late, NOW)
    assert outcome.answer is not None
    asking._keep_what_stands(outcome, late)
    kept = answers.get("p/one a")
    assert kept is not None
    assert kept == dataclasses.replace(outcome.answer, runs=kept.runs)
