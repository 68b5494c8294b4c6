from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.answers import Answer, Answers, AnswerState
from digest_pipeline.llm import CallError, ModelConfig, Price, Reply, Request
from digest_pipeline.model.asking import Asking
from digest_pipeline.model.questions import AnswerError, Outcome, Prompt, Tally
from digest_pipeline.model.retry import Cause, Fault, Patience
from digest_pipeline.models import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

NOW = 1_771_400_000
QUICK = Patience(backoff=0.001, longest_backoff=0.002)
RATE = Fault("RateLimitError", 429)
SERVER = Fault("InternalServerError", 500)
FATAL = Fault("AuthenticationError", 401)


@dataclasses.dataclass
class Ask:
    """A question whose good answers begin with `yes`."""

    text: str
    rank: tuple[int, ...] = (0,)
    bad_runs: int = 3
    models: Sequence[str] = ("p/one",)
    tally: Tally = dataclasses.field(default_factory=Tally)

    def prompt(self, model: str, *, shortened: bool) -> Prompt:
        key = f"{model} {self.text}{' short' if shortened else ''}"
        return Prompt(key, model, (("user", key),), {"type": "object"}, 100)

    def read(self, text: str, *, model: str, shortened: bool) -> str:  # noqa: ARG002 - as the protocol has it
        if not text.startswith("yes"):
            raise AnswerError("say yes")
        return text

    def repair(self, prompt: Prompt, text: str, complaint: str) -> Prompt:
        turns = (("assistant", text), ("user", complaint))
        return dataclasses.replace(prompt, messages=(*prompt.messages, *turns))

    def forget(self) -> None:
        """Nothing is kept."""


class FakeDoor:
    """Answers as a function says; keeps the requests with their moments."""

    def __init__(self, answer: Callable[[Request, int], str | Fault], price: Price | None = None) -> None:
        self._answer = answer
        self._price = price
        self._lock = threading.Lock()
        self.requests: list[tuple[float, Request]] = []
        self.missing: list[str] = []

    def complete(self, request: Request) -> Reply:
        with self._lock:
            before = sum(r.messages[0] == request.messages[0] for _, r in self.requests)
            self.requests.append((time.monotonic(), request))
        said = self._answer(request, before)
        if isinstance(said, Fault):
            raise CallError(said)
        return Reply(said, tokens_in=10, tokens_out=10)

    def missing_keys(self, model: str) -> list[str]:
        return self.missing if model.startswith("p/") else []

    def price_of(self, model: str) -> Price | None:  # noqa: ARG002 - one price for all
        return self._price

    def per_question(self) -> Counter[str]:
        return Counter(request.messages[0][1] for _, request in self.requests)


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    ledger = Answers(tmp_path / "answers.sqlite")
    yield ledger
    ledger.close()


def config(**fields: object) -> ModelConfig:
    return dataclasses.replace(ModelConfig("p/one", max_concurrency=4, patience=QUICK), **fields)


def ask(
    door: FakeDoor,
    answers: Answers,
    questions: Sequence[Ask],
    settings: ModelConfig | None = None,
    *,
    force: bool = False,
) -> tuple[list[Outcome[str]], Asking]:
    asking = Asking(settings or config(), answers, now=NOW, force=force, door=door)
    return asking.run(questions), asking


def yes(request: Request, before: int) -> str:  # noqa: ARG001 - as the door calls it
    return "yes"


def test_every_question_is_answered_once_and_a_second_run_asks_nothing(answers: Answers) -> None:
    door = FakeDoor(yes)
    questions = [Ask(str(n)) for n in range(30)]
    outcomes, first = ask(door, answers, questions)
    again, second = ask(door, answers, questions)
    assert [o.value for o in outcomes] == [o.value for o in again] == ["yes"] * 30
    assert (first.tally.calls, first.tally.hits) == (30, 0)
    assert (second.tally.calls, second.tally.hits) == (0, 30)
    assert len(door.requests) == 30


def test_force_asks_again_but_not_twice(answers: Answers) -> None:
    door = FakeDoor(yes)
    ask(door, answers, [Ask("a"), Ask("b")])
    _, run = ask(door, answers, [Ask("a"), Ask("b"), Ask("a")], force=True)
    assert run.tally.calls == 2
    assert len(door.requests) == 4


@pytest.mark.parametrize("said", ["no", FATAL, SERVER, Fault("Refusal")], ids=str)
def test_an_answer_that_was_paid_stands_when_force_brings_none(answers: Answers, said: str | Fault) -> None:
    ask(FakeDoor(yes), answers, [Ask("a")])
    paid = answers.get("p/one a")
    outcomes, run = ask(FakeDoor(lambda _request, _before: said), answers, [Ask("a")], force=True)
    assert (outcomes[0].value, outcomes[0].cause) == ("yes", None)
    assert run.stopped is (Cause.NO_KEY if said == FATAL else None)
    kept = answers.get("p/one a")
    assert paid
    assert kept
    assert (kept.state, kept.text) == (paid.state, paid.text)


def test_what_comes_after_the_run_is_kept_and_its_reservation_released(answers: Answers) -> None:
    released = threading.Event()
    door = FakeDoor(lambda _request, _before: "yes" if released.wait(30) else "", Price(0.1, 0.1))
    outcomes, _ = ask(door, answers, [Ask("a")], config(timeout_seconds=0.05))
    assert outcomes[0].cause is Cause.TIMEOUT
    answers.close()
    assert answers.spent(0, NOW * 2).cost_usd > 4.0, "what was under way when the run ended stays reserved"
    released.set()
    for thread in [t for t in threading.enumerate() if t.name == "model call"]:
        thread.join()
    again = Answers(answers._path)
    kept = again.get("p/one a")
    assert kept
    assert kept.text == "yes"
    assert again.spent(0, NOW * 2).cost_usd == pytest.approx(4.0)
    again.close()
    with pytest.raises(StoreError):
        answers.get("p/one a")


def test_the_same_question_is_asked_once_even_when_it_comes_twice_at_once(answers: Answers) -> None:
    door = FakeDoor(lambda _request, _before: time.sleep(0.02) or "yes")
    outcomes, _ = ask(door, answers, [Ask("same") for _ in range(8)])
    assert len(door.requests) == 1
    assert all(outcome.value == "yes" for outcome in outcomes)


def test_the_most_important_questions_are_asked_first(answers: Answers) -> None:
    door = FakeDoor(yes)
    questions = [Ask(f"{n}", rank=(n % 3, -n)) for n in range(12)]
    ask(door, answers, questions, config(max_concurrency=1))
    asked = [request.messages[0][1].split()[1] for _, request in door.requests]
    assert asked == [q.text for q in sorted(questions, key=lambda q: q.rank)]


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_fatal_error_stops_the_run_and_leaves_the_rest_pending(answers: Answers, status: int) -> None:
    door = FakeDoor(lambda _request, _before: Fault("APIError", status))
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(50)])
    assert len(door.requests) <= 4 + 2
    assert run.stopped is not None
    assert {outcome.cause for outcome in outcomes} == {run.stopped}
    assert not any(outcome.final for outcome in outcomes)


def test_answers_that_came_before_a_fatal_error_are_kept(answers: Answers) -> None:
    door = FakeDoor(lambda request, _: "yes" if request.messages[0][1] < "p/one 5" else FATAL)
    questions = [Ask(str(n), rank=(n,)) for n in range(10)]
    outcomes, _ = ask(door, answers, questions, config(max_concurrency=1))
    assert [bool(o.value) for o in outcomes] == [True] * 5 + [False] * 5
    again, run = ask(FakeDoor(yes), answers, questions)
    assert all(o.value for o in again)
    assert run.tally.calls == 5


def test_a_missing_key_costs_no_request(answers: Answers) -> None:
    door = FakeDoor(yes)
    door.missing = ["P_API_KEY"]
    outcomes, run = ask(door, answers, [Ask("a")])
    assert not door.requests
    assert outcomes[0].cause is run.stopped is Cause.NO_KEY


def test_a_server_of_ones_own_is_asked_without_a_key(answers: Answers) -> None:
    door = FakeDoor(yes)
    door.missing = ["P_API_KEY"]
    outcomes, _ = ask(door, answers, [Ask("a")], config(api_base="http://127.0.0.1:1/v1"))
    assert outcomes[0].value == "yes"
    assert door.requests[0][1].api_key == "none"


def test_the_key_and_address_of_one_provider_never_go_to_another(answers: Answers) -> None:
    door = FakeDoor(lambda request, _: FATAL if request.model == "p/one" else "yes")
    settings = config(api_base="http://127.0.0.1:1/v1")
    asking = Asking(settings, answers, now=NOW, api_key="secret", door=door)
    asking.run([Ask("a", models=("p/one", "q/two"))])
    sent = {request.model: (request.api_base, request.api_key) for _, request in door.requests}
    assert sent == {"p/one": ("http://127.0.0.1:1/v1", "secret"), "q/two": (None, None)}


def test_fallbacks_answer_in_order_and_the_next_run_takes_their_answer(answers: Answers) -> None:
    models = ("p/one", "q/two", "q/three")
    door = FakeDoor(lambda request, _: FATAL if request.model == "p/one" else f"yes {request.model}")
    questions = [Ask(str(n), models=models) for n in range(10)]
    outcomes, run = ask(door, answers, questions)
    assert {o.value for o in outcomes} == {"yes q/two"}
    assert {o.answer.model for o in outcomes if o.answer} == {"q/two"}
    assert run.stopped is None
    _, again = ask(FakeDoor(yes), answers, questions)
    assert (again.tally.calls, again.tally.hits) == (0, 10)


def test_retry_after_is_waited_out_while_others_go_on(answers: Answers) -> None:
    wait = 0.15
    limited = Fault("RateLimitError", 429, retry_after=wait)
    slow = ("p/one 0", "p/one 1")
    door = FakeDoor(lambda r, before: limited if r.messages[0][1] in slow and not before else "yes")
    outcomes, _ = ask(door, answers, [Ask(str(n), rank=(n,)) for n in range(10)])
    assert all(o.value for o in outcomes)
    for text in slow:
        first, second = [at for at, r in door.requests if r.messages[0][1] == text]
        assert second - first >= wait
        assert sum(first < at < second for at, r in door.requests if r.messages[0][1] not in slow) >= 4


def test_a_server_that_always_fails_is_given_up_and_asked_again_by_the_next_run(answers: Answers) -> None:
    door = FakeDoor(lambda _request, _before: SERVER)
    outcomes, _ = ask(door, answers, [Ask("a")])
    assert len(door.requests) == QUICK.fewest_failures
    assert (outcomes[0].cause, outcomes[0].final) == (Cause.SERVER, False)
    again, _ = ask(FakeDoor(yes), answers, [Ask("a")])
    assert again[0].value == "yes"


def test_a_hanging_call_costs_at_most_two_time_limits_and_blocks_nobody(answers: Answers) -> None:
    released, waited_out = threading.Event(), []

    def hang() -> str:
        waited_out.append(not released.wait(60))
        return "no"

    door = FakeDoor(lambda r, _: "yes" if r.messages[0][1] != "p/one 0" else hang())
    outcomes, _ = ask(door, answers, [Ask(str(n), rank=(n,)) for n in range(20)], config(timeout_seconds=0.1))
    released.set()
    assert not any(waited_out)
    assert door.per_question()["p/one 0"] == 2
    assert outcomes[0].cause is Cause.TIMEOUT
    assert all(o.value for o in outcomes[1:])


def test_an_answer_that_comes_after_the_time_limit_is_not_paid_again(answers: Answers) -> None:
    released = threading.Event()

    def late(_request: Request, before: int) -> str:
        if not before:
            released.wait(5)
            return "yes, late"
        released.set()
        time.sleep(0.5)
        return "yes, second"

    outcomes, _ = ask(FakeDoor(late), answers, [Ask("a")], config(timeout_seconds=0.1))
    assert outcomes[0].value == "yes, late"


def test_a_bad_input_costs_at_most_two_calls_and_none_in_the_next_run(answers: Answers) -> None:
    bad = Fault("BadRequestError", 400)
    door = FakeDoor(lambda r, _: bad if r.messages[0][1] == "p/one bad" else "yes")
    questions = [Ask("good", rank=(0,)), Ask("bad", rank=(1,))]
    outcomes, _ = ask(door, answers, questions, config(max_concurrency=1))
    assert outcomes[0].value == "yes"
    assert (outcomes[1].cause, outcomes[1].final) == (Cause.BAD_INPUT, True)
    assert door.per_question()["p/one bad"] <= 2
    _, again = ask(door, answers, questions)
    assert again.tally.calls == 0


def test_when_everything_is_a_bad_input_nothing_is_held_against_the_questions(answers: Answers) -> None:
    door = FakeDoor(lambda _request, _before: Fault("BadRequestError", 400))
    outcomes, _ = ask(door, answers, [Ask("a"), Ask("b")])
    assert set(door.per_question().values()) == {2}
    assert not any(o.final for o in outcomes)
    again, _ = ask(FakeDoor(yes), answers, [Ask("a"), Ask("b")])
    assert all(o.value for o in again)


def test_a_question_that_is_too_long_is_shortened_once_and_the_next_run_knows(answers: Answers) -> None:
    long = Fault("ContextWindowExceededError", 400)
    door = FakeDoor(lambda r, _: "yes" if r.messages[0][1].endswith("short") else long)
    outcomes, run = ask(door, answers, [Ask("a")])
    assert (outcomes[0].value, run.tally.calls) == ("yes", 2)
    _, again = ask(door, answers, [Ask("a")])
    assert (again.tally.calls, again.tally.hits) == (0, 1)


def test_what_is_still_too_long_or_refused_is_not_asked_again(answers: Answers) -> None:
    faults = {"a": Fault("BadRequestError", 413), "b": Fault("Refusal")}
    door = FakeDoor(lambda r, _: faults[r.messages[0][1].split()[1]])
    outcomes, run = ask(door, answers, [Ask("a"), Ask("b")])
    assert [(o.cause, o.final) for o in outcomes] == [(Cause.TOO_LONG, True), (Cause.REFUSED, True)]
    assert run.tally.calls == 3
    again, second = ask(door, answers, [Ask("a"), Ask("b")])
    assert second.tally.calls == 0
    assert [o.cause for o in again] == [Cause.TOO_LONG, Cause.REFUSED]


def test_a_bad_answer_is_repaired_with_what_is_wrong_with_it(answers: Answers) -> None:
    door = FakeDoor(lambda r, _: "yes" if len(r.messages) == 3 else "no")
    outcomes, run = ask(door, answers, [Ask("a")])
    assert outcomes[0].value == "yes"
    assert run.tally.calls == 2
    assert door.requests[1][1].messages[1:] == (("assistant", "no"), ("user", "say yes"))


def test_a_model_that_never_answers_well_is_asked_three_times_in_three_runs(answers: Answers) -> None:
    door = FakeDoor(lambda _request, _before: "no")
    finals = []
    for _ in range(4):
        outcomes, _ = ask(door, answers, [Ask("a")])
        assert outcomes[0].cause is Cause.BAD_ANSWER
        finals.append((len(door.requests), outcomes[0].final))
    assert finals == [(3, False), (6, False), (9, True), (9, True)]


def test_a_model_that_mostly_answers_well_gets_more_patience(answers: Answers) -> None:
    door = FakeDoor(lambda r, before: "no" if r.messages[0][1] == "p/one bad" and before < 6 else "yes")
    questions = [*(Ask(str(n), rank=(0, n)) for n in range(5)), Ask("bad", rank=(1,))]
    outcomes, _ = ask(door, answers, questions, config(max_concurrency=1))
    assert all(o.value for o in outcomes)


def test_an_answer_that_was_cut_off_is_asked_for_with_more_room(answers: Answers) -> None:
    door = FakeDoor(lambda r, _: "yes" if r.max_tokens == 200 else Fault("Cut"))
    outcomes, run = ask(door, answers, [Ask("a")])
    assert (outcomes[0].value, run.tally.calls) == ("yes", 2)


def test_an_answer_that_arrived_before_a_kill_is_not_asked_again_and_a_bad_one_is_repaired(
    answers: Answers,
) -> None:
    answers.put(Answer("p/one good", AnswerState.ARRIVED, "p/one", "yes"), NOW)
    answers.put(Answer("p/one bad", AnswerState.ARRIVED, "p/one", "no"), NOW)
    door = FakeDoor(lambda r, _: "yes" if len(r.messages) == 3 else "no")
    outcomes, run = ask(door, answers, [Ask("good"), Ask("bad")])
    assert [o.value for o in outcomes] == ["yes", "yes"]
    assert run.tally.calls == 1


@pytest.mark.parametrize(
    ("unknown", "learnt"), [({"json_schema"}, "json_object"), ({"json_schema", "json_object"}, "plain")]
)
def test_the_form_of_structured_output_is_learnt_once_a_run(
    answers: Answers, unknown: set[str], learnt: str
) -> None:
    fault = Fault("BadRequestError", 400, text="this response_format type is unavailable now")
    door = FakeDoor(lambda r, _: fault if r.format in unknown else "yes")
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(40)])
    assert all(o.value == "yes" for o in outcomes)
    assert run.tally.calls <= 40 + 4 * len(unknown)
    assert {r.format for _, r in door.requests[-30:]} == {learnt}


def test_a_bare_400_is_asked_once_more_without_structured_output(answers: Answers) -> None:
    door = FakeDoor(lambda r, _: "yes" if r.format == "plain" else Fault("BadRequestError", 400))
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(40)])
    assert all(o.value == "yes" for o in outcomes)
    assert run.tally.calls <= 40 + 4


def test_the_cap_of_the_day_leaves_the_least_important_pending(answers: Answers) -> None:
    door = FakeDoor(yes, Price(0.001, 0.001))
    settings = config(max_cost_usd_per_day=0.3, max_concurrency=1)
    outcomes, run = ask(door, answers, [Ask(str(n), rank=(n,)) for n in range(20)], settings)
    done = [o for o in outcomes if o.value]
    assert outcomes[: len(done)] == done
    assert {o.cause for o in outcomes[len(done) :]} == {Cause.BUDGET_DAY}
    assert run.tally.cost_usd is not None
    assert 0.15 < run.tally.cost_usd <= 0.3
    again, second = ask(door, answers, [Ask(str(n), rank=(n,)) for n in range(20)], settings)
    assert second.tally.calls == 0
    assert sum(o.value is not None for o in again) == len(done)


def test_calls_under_way_at_once_never_pass_the_cap_together(answers: Answers) -> None:
    door = FakeDoor(lambda _request, _before: time.sleep(0.005) or "yes", Price(0.001, 0.001))
    settings = config(max_cost_usd_per_run=0.3, max_concurrency=8)
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(40)], settings)
    assert run.tally.cost_usd is not None
    assert 0.15 < run.tally.cost_usd <= 0.3
    assert {o.cause for o in outcomes if not o.value} == {Cause.BUDGET_RUN}


def test_a_model_without_a_price_is_held_by_the_cap_on_tokens(answers: Answers) -> None:
    door = FakeDoor(yes)
    settings = config(max_tokens_per_day=300, max_cost_usd_per_day=0.01, max_concurrency=1)
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(20)], settings)
    assert run.tally.cost_usd is None
    assert 0 < sum(o.value is not None for o in outcomes) < 20


def test_progress_counts_every_question_once(answers: Answers) -> None:
    seen: list[tuple[int, int]] = []
    asking = Asking(config(), answers, now=NOW, door=FakeDoor(yes))
    questions = [Ask(str(n)) for n in range(5)]
    asking.run(questions, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 5) for n in range(1, 6)]


def test_a_ledger_that_fails_stops_the_run_with_its_error(answers: Answers) -> None:
    def closing(_request: Request, _before: int) -> str:
        with answers._lock:
            answers._db.close()
        return "yes"

    with pytest.raises(StoreError):
        ask(FakeDoor(closing), answers, [Ask(str(n)) for n in range(3)])


def test_a_fault_of_our_own_is_raised_and_not_taken_for_a_failed_call(answers: Answers) -> None:
    def broken(_request: Request, _before: int) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(FakeDoor(broken), answers, [Ask("a")])


def test_no_more_calls_at_once_than_allowed_and_fewer_when_pushed_back(answers: Answers) -> None:
    at_once, most, lock = [0], [0], threading.Lock()

    def slow(_request: Request, before: int) -> str | Fault:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.003)
        with lock:
            at_once[0] -= 1
        return RATE if before == 0 else "yes"

    outcomes, _ = ask(FakeDoor(slow), answers, [Ask(str(n)) for n in range(30)])
    assert all(o.value for o in outcomes)
    assert 2 <= most[0] <= 4


def test_with_half_of_all_calls_failing_every_question_is_answered_and_none_twice(answers: Answers) -> None:
    faults = [RATE, SERVER, Fault("Empty"), Fault("Cut"), Fault("APIError", 529)]

    def shaky(request: Request, before: int) -> str | Fault:
        chance = hashlib.sha256(f"{request.messages[0][1]} {before}".encode()).digest()[0] % 10
        return faults[chance] if chance < 5 else "no" if chance == 5 else "yes"

    door = FakeDoor(shaky)
    outcomes, run = ask(door, answers, [Ask(str(n)) for n in range(100)], config(max_concurrency=16))
    assert sum(o.value is not None for o in outcomes) == 100
    good = Counter(r.messages[0][1] for (_, r) in door.requests)
    assert sum(good.values()) == run.tally.calls
