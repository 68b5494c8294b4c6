"""A server with some fifty faults, the real litellm, and what becomes of the commits.

The script benchmarks/faults.py measures the mixes over thousands of commits.
"""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from digest_pipeline import llm
from digest_pipeline.answers import Answers
from digest_pipeline.llm import ModelConfig
from digest_pipeline.model.retry import Patience
from digest_pipeline.models import AnalysisState
from digest_pipeline_tests.faults import ALL, DECORATED, FATAL, LASTING, MIXES, TRANSIENT, WAIT, mixed
from digest_pipeline_tests.model_items import Ran, good, item, ran
from digest_pipeline_tests.modelserver import Answer, ModelServer, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    # litellm keeps the connections of its clients open.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]

QUICK = Patience(backoff=0.01, longest_backoff=0.1, longest_backoff_while_others_succeed=0.05)
SECONDS = 20.0
"""Time limit of a call: on a loaded machine a tenth of it has to be enough for an answer."""

SECONDS_TO_HANG = 5.0
"""Where calls hang: less than they do."""


@pytest.fixture(scope="module", autouse=True)
def _no_client_is_left_open() -> Iterator[None]:
    """Whoever collects a forgotten one later would get its warning."""
    yield
    if not llm._litellm.cache_info().currsize:  # no test that runs in this process has asked
        return
    import litellm

    litellm.in_memory_llm_clients_cache.flush_cache()
    assert litellm.client_session
    litellm.client_session.close()
    llm._litellm.cache_clear()  # the next call makes a new client
    gc.collect()


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    ledger = Answers(tmp_path / "answers.sqlite")
    yield ledger
    ledger.close()


def analysed(
    answer: Callable[[Received], Answer],
    answers: Answers,
    count: int,
    concurrency: int = 16,
    seconds: float = SECONDS,
) -> tuple[Ran, ModelServer]:
    """A run over some commits; a second one over the same commits asks nothing."""
    with ModelServer(answer).running() as server:
        config = ModelConfig(
            "openai/model",
            api_base=server.base,
            max_concurrency=concurrency,
            timeout_seconds=seconds,
            patience=QUICK,
        )
        items = [item(number) for number in range(count)]
        run = ran(items, config, answers)
        asked = len(server.received)
        if not left(run):
            assert ran(items, config, answers).tally.hits == count
            assert len(server.received) == asked
        return run, server


def left(run: Ran) -> Counter[str | None]:
    """The reasons of the commits without an analysis."""
    return Counter(a.reason for a in run.analyses.values() if a.state is not AnalysisState.OK)


def test_there_are_some_fifty_faults() -> None:
    assert len(ALL | LASTING | FATAL) >= 50
    assert {name for mix in MIXES.values() for name in mix} <= set(ALL)
    assert all(len(mix) <= 9 for mix in MIXES.values())


def test_every_transient_fault_goes_away_with_a_second_or_third_call(answers: Answers) -> None:
    """Each commit meets a fault of its own first, all at the same time."""
    names = [name for name in TRANSIENT if name not in ("hang", "drip")]
    met: dict[str, str] = {}

    def answer(received: Received) -> Answer:
        if received.prompt in met:
            return good()
        met[received.prompt] = names[len(met) % len(names)]
        return TRANSIENT[met[received.prompt]]

    run, server = analysed(answer, answers, len(names))
    assert left(run) == {}
    assert server.breaches() == {"early": 0, "again": 0}
    assert all(count <= 3 for count in Counter(r.prompt for r in server.received).values())


def test_odd_answers_are_answers(answers: Answers) -> None:
    odd = list(DECORATED.values())
    run, server = analysed(lambda received: odd[received.number % len(odd)], answers, len(odd))
    assert left(run) == {}
    assert len(server.received) == len(odd)
    texts = "".join(f"{a.summary}{a.behaviour}{a.risks}" for a in run.analyses.values())
    assert not any(bad in texts for bad in ("\ud800", "\0", "http"))


@pytest.mark.parametrize("mix", ["rates", "silence among most", "answers"])
def test_of_any_mix_of_transient_faults_all_commits_are_analysed_in_the_same_run(
    answers: Answers, mix: str
) -> None:
    run, server = analysed(mixed(MIXES[mix], seed=1), answers, 60, seconds=SECONDS_TO_HANG)
    assert left(run) == {}
    assert server.breaches()["early"] == 0


@pytest.mark.parametrize("name", LASTING)
def test_what_is_about_the_commit_costs_two_calls_and_no_other_commit(answers: Answers, name: str) -> None:
    fault, word = LASTING[name]
    run, server = analysed(lambda r: fault if "part 7\n" in r.prompt else good(), answers, 12, concurrency=1)
    assert left(run) == {word: 1}
    assert sum("part 7\n" in r.prompt for r in server.received) <= 2


@pytest.mark.parametrize("name", FATAL)
def test_what_is_about_the_account_stops_the_run_at_once(answers: Answers, name: str) -> None:
    fault, word = FATAL[name]
    run, server = analysed(lambda _received: fault, answers, 40, concurrency=4)
    assert left(run) == {word: 40}
    assert run.stopped == word
    assert len(server.received) <= 4 + 2


def test_a_commit_that_always_hangs_costs_two_calls_and_no_other_commit(answers: Answers) -> None:
    run, server = analysed(
        lambda r: TRANSIENT["hang"] if "part 7\n" in r.prompt else good(),
        answers,
        40,
        concurrency=4,
        seconds=SECONDS_TO_HANG,
    )
    assert left(run) == {"timeout": 1}
    assert sum("part 7\n" in r.prompt for r in server.received) == 2


def test_no_question_is_asked_before_its_retry_after_has_passed(answers: Answers) -> None:
    limited = TRANSIENT["429 with Retry-After"]
    seen: Counter[str] = Counter()

    def answer(received: Received) -> Answer:
        seen[received.prompt] += 1
        return limited if seen[received.prompt] <= 2 else good()

    run, server = analysed(answer, answers, 20)
    assert left(run) == {}
    assert server.breaches() == {"early": 0, "again": 0}
    moments: dict[str, list[float]] = {}
    for received in server.received:
        moments.setdefault(received.prompt, []).append(received.at)
    assert all(b - a >= WAIT for at in moments.values() for a, b in itertools.pairwise(at))
