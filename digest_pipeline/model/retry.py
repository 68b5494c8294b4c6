"""When to ask a model again: what a failure means, how long to wait, how many calls at once.

Only plain values and arithmetic live here: no clock, no thread, no library. `asking.py` acts on it.
The table behind `judge` was measured on litellm 1.106 against a server with these faults: the class of
the exception alone misleads (a 402 and a 409 arrive as BadRequestError, a missing key as a server error),
so the HTTP status decides, then the code in the body, then the class.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Cause(enum.StrEnum):
    """Why the asked analysis is not there: the fixed list of words that reaches the report."""

    NO_KEY = "no_key"
    FORBIDDEN = "forbidden"
    NO_MODEL = "no_model"
    NO_CREDIT = "no_credit"
    BUDGET_RUN = "budget_run"
    BUDGET_DAY = "budget_day"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"
    REFUSED = "refused"
    TOO_LONG = "too_long"
    BAD_INPUT = "bad_input"


FATAL_CAUSES = frozenset({Cause.NO_KEY, Cause.FORBIDDEN, Cause.NO_MODEL, Cause.NO_CREDIT})
"""Somebody has to change something first: no further call to that model is made in the run."""


class Verdict(enum.StrEnum):
    """What to do after a failed call."""

    AGAIN = "again"
    """The same request may succeed later."""
    TIMED_OUT = "timed_out"
    """Like `again`, but at most twice a question: each one costs the whole time limit."""
    FATAL = "fatal"
    """No request to this model can succeed."""
    FORMAT = "format"
    """The model does not know this form of structured output: step down the ladder."""
    TOO_LONG = "too_long"
    """The question does not fit: ask a shorter one, once."""
    REFUSED = "refused"
    """The model will not answer this question."""
    BAD_INPUT = "bad_input"
    """The server will not take this question."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A failed call as the door saw it."""

    kind: str
    """Class of the exception, or a word of the door's own: `Overdue`, `Empty`, `Cut`, `Refusal`."""
    status: int | None = None
    code: str | None = None
    """`error.code` or `error.type` of the response body."""
    text: str = ""
    """Lower case, at most 2,000 characters; for matching only, never shown or stored."""
    retry_after: float | None = None
    """Seconds from the moment of the response."""


_QUOTA_CODES = (
    "insufficient_quota",
    "insufficient_balance",
    "billing_hard_limit_reached",
    "billing_not_active",
    "account_deactivated",
)
_TOO_MUCH = (429, 503, 529)
"""The server says that it gets too many requests at once."""

_REFUSAL_CODES = ("content_policy_violation", "content_filter")
_FORMAT_WORDS = re.compile(r"response_?format|json_?schema|json_?object|structured.output|guided_|grammar")
_LENGTH_WORDS = re.compile(r"context.(?:length|window)|maximum context|too many tokens|prompt is too long")
_KEY_WORDS = re.compile(r"missing credentials|api_key client option|missing.{0,20}api.?key")

_RULES: tuple[tuple[Callable[[Fault], object], Verdict, Cause], ...] = (
    (lambda f: f.kind in ("Timeout", "APITimeoutError", "Overdue"), Verdict.TIMED_OUT, Cause.TIMEOUT),
    (lambda f: f.kind in ("Empty", "Cut"), Verdict.AGAIN, Cause.BAD_ANSWER),
    (lambda f: f.kind == "Refusal", Verdict.REFUSED, Cause.REFUSED),
    (lambda f: f.status == HTTPStatus.UNAUTHORIZED, Verdict.FATAL, Cause.NO_KEY),
    (lambda f: f.status == HTTPStatus.PAYMENT_REQUIRED, Verdict.FATAL, Cause.NO_CREDIT),
    (lambda f: f.status == HTTPStatus.FORBIDDEN, Verdict.FATAL, Cause.FORBIDDEN),
    (lambda f: f.status == HTTPStatus.NOT_FOUND, Verdict.FATAL, Cause.NO_MODEL),
    (lambda f: _KEY_WORDS.search(f.text), Verdict.FATAL, Cause.NO_KEY),
    (lambda f: "llm provider not provided" in f.text, Verdict.FATAL, Cause.NO_MODEL),
    (
        lambda f: f.status == HTTPStatus.TOO_MANY_REQUESTS and f.code in _QUOTA_CODES,
        Verdict.FATAL,
        Cause.NO_CREDIT,
    ),
    (lambda f: f.status in _TOO_MUCH, Verdict.AGAIN, Cause.RATE_LIMIT),
    (lambda f: f.kind == "UnsupportedParamsError", Verdict.FORMAT, Cause.BAD_INPUT),
    (lambda f: f.status is None or f.status in (408, 409, 425), Verdict.AGAIN, Cause.SERVER),
    (lambda f: (f.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR, Verdict.AGAIN, Cause.SERVER),
    (lambda f: f.kind == "ContextWindowExceededError", Verdict.TOO_LONG, Cause.TOO_LONG),
    (
        lambda f: f.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or f.code == "context_length_exceeded",
        Verdict.TOO_LONG,
        Cause.TOO_LONG,
    ),
    (lambda f: _LENGTH_WORDS.search(f.text), Verdict.TOO_LONG, Cause.TOO_LONG),
    (lambda f: f.kind == "ContentPolicyViolationError", Verdict.REFUSED, Cause.REFUSED),
    (lambda f: f.code in _REFUSAL_CODES, Verdict.REFUSED, Cause.REFUSED),
    (lambda f: _FORMAT_WORDS.search(f.text), Verdict.FORMAT, Cause.BAD_INPUT),
)
"""The first rule that fits decides; what fits none is a 4xx about the question itself."""


def judge(fault: Fault) -> tuple[Verdict, Cause]:
    """What a failed call means, and the word for it, should it be the last."""
    for fits, verdict, cause in _RULES:
        if fits(fault):
            return verdict, cause
    return Verdict.BAD_INPUT, Cause.BAD_INPUT


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one question of a run is tried."""

    backoff: float = 0.25
    """First wait in seconds without Retry-After; doubles each time."""
    longest_backoff: float = 8.0
    longest_backoff_while_others_succeed: float = 1.5
    """A server that answers the others has no need of a pause."""
    longest_retry_after: float = 300.0
    """A server that asks for more is asked again in the next run."""
    fewest_failures: int = 6
    """Unpaid failures (429, 5xx, network) of one question before it is given up."""
    most_failures: int = 100
    """Likewise, when many other calls fail too, but not all."""
    fewest_bad_answers: int = 3
    """Paid answers to one question that could not be used."""
    most_bad_answers: int = 88
    timeouts: int = 2
    bad_inputs: int = 2


def wait_seconds(
    fault: Fault, failures: int, key: str, patience: Patience, *, works: bool = False
) -> float | None:
    """Seconds to wait before the next try of `key` after `failures` >= 1; None: not in this run.

    Retry-After is kept exactly; one of 0 seconds says nothing. Otherwise the wait doubles, less far while
    other calls succeed (`works`), spread by half around its middle so that calls that failed together do
    not come back together; the spread is the key's own, not chance.
    """
    if fault.retry_after:
        return fault.retry_after if fault.retry_after <= patience.longest_retry_after else None
    longest = patience.longest_backoff_while_others_succeed if works else patience.longest_backoff
    middle = min(patience.backoff * 2 ** (failures - 1), longest)
    share = hashlib.sha256(f"{key} {failures}".encode()).digest()[0] / 255
    return middle * (0.5 + share)


class Pace:
    """How many calls may run at once: a little more after each success, fewer when pushed back.

    Calls that were under way when the limit fell do not lower it again: one burst is one sign. A server
    that refuses only some calls, whatever their number, is not asked at less than half the ceiling: only
    when most calls are refused does fewer help.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = float(ceiling)
        self._limit = float(ceiling)
        self._lowered_at = float("-inf")
        self._refused: collections.deque[bool] = collections.deque(maxlen=2 * ceiling)

    @property
    def limit(self) -> int:
        """Calls at once, at least 1."""
        return max(1, int(self._limit))

    def went_well(self) -> None:
        """A call was answered."""
        self._refused.append(False)
        self._limit = min(self._ceiling, self._limit + 2 / self._limit)

    def failed(self, fault: Fault, started_at: float, now: float) -> None:
        """A call started at `started_at` failed: perhaps because the server has too much to do."""
        pushed_back = fault.status in _TOO_MUCH
        self._refused.append(pushed_back)
        if pushed_back and started_at >= self._lowered_at:
            mostly = sum(self._refused) > len(self._refused) / 2
            self._limit = max(1.0 if mostly else self._ceiling / 2, self._limit * 0.7)
            self._lowered_at = now
