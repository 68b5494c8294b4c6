from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.answers import Answer, Answers, AnswerState, Cap
from digest_pipeline.models import ModelCall, StoreError

if TYPE_CHECKING:
    from pathlib import Path

NO_CAP = Cap(0, 10**10)


def answer(key: str = "k", text: str = "{}", state: AnswerState = AnswerState.ARRIVED) -> Answer:
    return Answer(key, state, "m", text, tokens_in=10, tokens_out=5, cost_usd=0.5, latency_ms=7)


def call(key: str = "k", at: int = 100, cost: float | None = 0.9) -> ModelCall:
    return ModelCall(key, "m", at, 0, "sent", 100, 50, cost)


def test_an_answer_comes_back_as_it_was_put(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "sub" / "a.sqlite")
    assert answers.get("k") is None
    answers.put(answer(text="emoji 🎯 and\nlines"), 5)
    assert answers.get("k") == answer(text="emoji 🎯 and\nlines")
    answers.close()


def test_answers_and_calls_outlive_the_process_without_a_close(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from digest_pipeline.answers import *\n"
        "from digest_pipeline.models import ModelCall\n"
        "a = Answers(pathlib.Path(sys.argv[1]))\n"
        "n = a.reserve(ModelCall('k', 'm', 100, 0, 'sent', 100, 50, 0.9), Cap(0, 999))\n"
        "a.settle(n, 'ok', Answer('k', AnswerState.ARRIVED, 'm', 'text', 1, 2, 0.1, 3), 101)\n"
        "a.reserve(ModelCall('other', 'm', 102, 0, 'sent', 7, 8, 0.2), Cap(0, 999))\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.sqlite")], check=False)
    assert done.returncode == 9
    answers = Answers(tmp_path / "a.sqlite")
    kept = answers.get("k")
    assert kept is not None
    assert kept.text == "text"
    assert answers.calls(0) == [
        ModelCall("k", "m", 100, 3, "ok", 1, 2, 0.1),
        ModelCall("other", "m", 102, 0, "sent", 7, 8, 0.2),
    ]
    answers.close()


def test_a_failed_call_leaves_no_answer_and_no_answer_is_lost_to_it(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    answers.put(answer(text="good"), 1)
    number = answers.reserve(call(), NO_CAP)
    assert number is not None
    answers.settle(number, "server", answer(text=""), 2)
    kept = answers.get("k")
    assert kept is not None
    assert kept.text == "good"
    answers.close()


def test_calls_under_way_count_with_the_most_that_they_may_cost(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    cap = Cap(0, 1000, cost_usd=1.0)
    first = answers.reserve(call(cost=0.6), cap)
    assert first is not None
    assert answers.reserve(call(cost=0.6), cap) is None
    answers.settle(first, "ok", answer(), 101)
    assert answers.reserve(call(cost=0.5), cap) is not None
    assert answers.spent(0, 1000).cost_usd == pytest.approx(1.0)
    answers.close()


def test_the_cap_counts_the_calls_of_its_own_day_alone(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    answers.reserve(call(at=99), NO_CAP)
    answers.reserve(call(at=200), NO_CAP)
    assert answers.spent(100, 200).calls == 0
    assert answers.reserve(call(at=100), Cap(100, 200, tokens=150)) is not None
    assert answers.reserve(call(at=199), Cap(100, 200, tokens=150)) is None
    answers.close()


def test_two_connections_cannot_both_get_the_last_of_a_cap(tmp_path: Path) -> None:
    both = [Answers(tmp_path / "a.sqlite"), Answers(tmp_path / "a.sqlite")]
    got: list[int] = []

    def reserve(answers: Answers) -> None:
        for _ in range(20):
            number = answers.reserve(call(cost=0.1), Cap(0, 1000, cost_usd=1.05))
            got.extend([number] if number else [])

    threads = [threading.Thread(target=reserve, args=(answers,)) for answers in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 10
    for answers in both:
        answers.close()


def test_many_threads_settle_at_once_and_each_finds_its_answer_on_the_disk(tmp_path: Path) -> None:
    answers, other = Answers(tmp_path / "a.sqlite"), Answers(tmp_path / "a.sqlite")
    missing: list[str] = []

    def settle(key: str) -> None:
        number = answers.reserve(call(key), NO_CAP)
        assert number is not None
        answers.settle(number, "ok", answer(key), 5)
        if other.get(key) is None:
            missing.append(key)

    threads = [threading.Thread(target=settle, args=(str(n),)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    assert [c.status for c in answers.calls(0)] == ["ok"] * 60
    answers.close()
    other.close()


def test_runs_count_how_often_a_question_ended_badly(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    counts = []
    for moment in range(3):
        answers.put(answer(), moment)
        answers.put(answer(text="", state=AnswerState.BAD_ANSWER), moment)
        kept = answers.get("k")
        counts.append(kept.runs if kept else None)
    assert counts == [1, 2, 3]
    answers.close()


def test_a_ledger_of_a_newer_program_is_refused_in_one_line(tmp_path: Path) -> None:
    Answers(tmp_path / "a.sqlite").close()
    with sqlite3.connect(tmp_path / "a.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match=r"a\.sqlite: the ledger of answers has version 99") as caught:
        Answers(tmp_path / "a.sqlite")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_ledger_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Answers(tmp_path / "a.sqlite")
    assert "\n" not in str(caught.value)


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    answers.close()
    with pytest.raises(StoreError, match="closed"):
        answers.get("k")
