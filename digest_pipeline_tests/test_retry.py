from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.model.retry import (
    FATAL_CAUSES,
    Cause,
    Fault,
    Pace,
    Patience,
    Verdict,
    judge,
    wait_seconds,
)

REFUSED = Fault("RateLimitError", 429)


@pytest.mark.parametrize(
    ("fault", "verdict", "cause"),
    [
        (Fault("RateLimitError", 429), Verdict.AGAIN, Cause.RATE_LIMIT),
        (Fault("RateLimitError", 429, code="insufficient_quota"), Verdict.FATAL, Cause.NO_CREDIT),
        (Fault("AuthenticationError", 401), Verdict.FATAL, Cause.NO_KEY),
        (Fault("BadRequestError", 402), Verdict.FATAL, Cause.NO_CREDIT),
        (Fault("APIError", 403), Verdict.FATAL, Cause.FORBIDDEN),
        (Fault("NotFoundError", 404), Verdict.FATAL, Cause.NO_MODEL),
        (Fault("InternalServerError", 500, text="missing credentials. please"), Verdict.FATAL, Cause.NO_KEY),
        (Fault("BadRequestError", 400, text="llm provider not provided"), Verdict.FATAL, Cause.NO_MODEL),
        (Fault("BadRequestError", 408), Verdict.AGAIN, Cause.SERVER),
        (Fault("BadRequestError", 409), Verdict.AGAIN, Cause.SERVER),
        (Fault("InternalServerError", 500), Verdict.AGAIN, Cause.SERVER),
        (Fault("APIError", 529), Verdict.AGAIN, Cause.RATE_LIMIT),
        (Fault("APIConnectionError", None), Verdict.AGAIN, Cause.SERVER),
        (Fault("Timeout", 408), Verdict.TIMED_OUT, Cause.TIMEOUT),
        (Fault("Overdue"), Verdict.TIMED_OUT, Cause.TIMEOUT),
        (Fault("Empty"), Verdict.AGAIN, Cause.BAD_ANSWER),
        (Fault("Refusal"), Verdict.REFUSED, Cause.REFUSED),
        (Fault("ContentPolicyViolationError", 400), Verdict.REFUSED, Cause.REFUSED),
        (Fault("ContextWindowExceededError", 400), Verdict.TOO_LONG, Cause.TOO_LONG),
        (Fault("BadRequestError", 413), Verdict.TOO_LONG, Cause.TOO_LONG),
        (Fault("BadRequestError", 422, text="json_schema is not supported"), Verdict.FORMAT, Cause.BAD_INPUT),
        (Fault("UnsupportedParamsError", 400), Verdict.FORMAT, Cause.BAD_INPUT),
        (Fault("BadRequestError", 400), Verdict.BAD_INPUT, Cause.BAD_INPUT),
    ],
)
def test_status_decides_before_code_and_class(fault: Fault, verdict: Verdict, cause: Cause) -> None:
    assert judge(fault) == (verdict, cause)


def test_fatal_verdicts_have_fatal_causes() -> None:
    for status in range(400, 600):
        verdict, cause = judge(Fault("APIError", status))
        assert (verdict is Verdict.FATAL) == (cause in FATAL_CAUSES)


@given(
    st.text(max_size=50),
    st.none() | st.integers(0, 999),
    st.none() | st.text(max_size=20),
    st.text(max_size=50),
)
def test_every_failure_has_a_meaning(kind: str, status: int | None, code: str | None, text: str) -> None:
    verdict, cause = judge(Fault(kind, status, code, text))
    assert isinstance(verdict, Verdict)
    assert isinstance(cause, Cause)


def test_retry_after_is_kept_exactly_and_too_long_a_wait_is_left_to_the_next_run() -> None:
    patience = Patience(longest_retry_after=60)
    assert wait_seconds(Fault("RateLimitError", 429, retry_after=17.5), 3, "key", patience) == 17.5
    assert wait_seconds(Fault("RateLimitError", 429, retry_after=60.5), 1, "key", patience) is None


def test_waits_double_up_to_the_longest_and_spread_by_half() -> None:
    patience = Patience(backoff=1.0, longest_backoff=8.0)
    for failures, middle in [(1, 1), (2, 2), (3, 4), (4, 8), (9, 8)]:
        waits = {wait_seconds(Fault("APIError", 500), failures, str(n), patience) for n in range(50)}
        assert all(wait is not None and middle * 0.5 <= wait <= middle * 1.5 for wait in waits)
        assert len(waits) > 20


def test_the_same_question_waits_the_same_time() -> None:
    waits = {wait_seconds(Fault("APIError", 500), 2, "key", Patience()) for _ in range(5)}
    assert len(waits) == 1


def test_one_burst_of_refusals_lowers_the_pace_once_and_successes_raise_it_again() -> None:
    pace = Pace(16)
    for _ in range(16):
        pace.failed(REFUSED, started_at=0.0, now=1.0)
    assert pace.limit == 11
    pace.failed(REFUSED, started_at=2.0, now=3.0)
    assert pace.limit == 7
    for _ in range(200):
        pace.went_well()
    assert pace.limit == 16


def test_a_server_that_refuses_only_some_calls_is_asked_at_half_the_ceiling_at_least() -> None:
    pace = Pace(16)
    for moment in range(200):
        pace.went_well()
        pace.went_well()
        pace.failed(REFUSED, started_at=moment, now=moment)
        assert pace.limit >= 8


def test_the_pace_never_falls_below_one_call() -> None:
    pace = Pace(4)
    for moment in range(50):
        pace.failed(REFUSED, started_at=moment, now=moment)
    assert pace.limit == 1


@pytest.mark.parametrize("status", [429, 500, 503, 529, None])
def test_only_a_server_with_too_much_to_do_lowers_the_pace(status: int | None) -> None:
    pace = Pace(16)
    pace.failed(Fault("E", status), started_at=0.0, now=1.0)
    assert (pace.limit < 16) is (status in (429, 503, 529))


def test_a_retry_after_of_no_seconds_is_no_leave_to_ask_at_once() -> None:
    wait = wait_seconds(Fault("RateLimitError", 429, retry_after=0.0), 3, "key", Patience())
    assert wait is not None
    assert wait >= 0.5
