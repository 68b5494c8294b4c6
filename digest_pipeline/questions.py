"""What is asked of a model and how it ended: the values between `asking.py` and those who ask.

No input or output, no thread, no library.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from digest_pipeline.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from digest_pipeline.answers import Answer
    from digest_pipeline.llm import Reply
    from digest_pipeline.retry import Cause

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class AnswerError(ModelError):
    """A text is not an answer to the question; the message tells the model what is wrong with it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Prompt:
    """A question as it is sent to one model."""

    key: str
    """Hash of exactly what determines the answer."""
    model: str
    messages: tuple[tuple[str, str], ...]
    """(role, text)."""
    schema: Mapping[str, Any]
    max_tokens: int


class Question(Protocol[T_co]):
    """Something to ask."""

    @property
    def rank(self) -> tuple[int, ...]:
        """Smaller is asked first."""
        ...

    @property
    def bad_runs(self) -> int:
        """In how many runs it may end without a usable answer before it is not asked any more."""
        ...

    @property
    def models(self) -> Sequence[str]:
        """Whom to ask, in order; at least one."""
        ...

    def prompt(self, model: str, *, shortened: bool) -> Prompt:
        """What to send; shortened: at half the budget, for a model that found it too long."""
        ...

    def read(self, text: str, *, model: str, shortened: bool) -> T_co:
        """What an answer says. Raises AnswerError."""
        ...

    def repair(self, prompt: Prompt, text: str, complaint: str) -> Prompt:
        """The same question, with the bad answer and what is wrong with it; the key stays."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a question ended: with a value and the answer it was read from, or with the cause why not."""

    value: T | None = None
    answer: Answer | None = None
    cause: Cause | None = None
    final: bool = False
    """Nothing would change if it were asked again."""


@dataclasses.dataclass
class Tally:
    """What a run did."""

    hits: int = 0
    """Questions that the ledger answered."""
    calls: int = 0
    failures: Counter[str] = dataclasses.field(default_factory=Counter)
    """Failed calls and unusable answers, by cause."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    """None while no call had a known price."""
    latencies: list[int] = dataclasses.field(default_factory=list)
    """Milliseconds of the calls that brought a text."""
    stopped: Cause | None = None
    """The fatal cause that left a question without a model to ask."""

    def add(self, reply: Reply | None) -> None:
        """Count a call that is over, and what it cost."""
        self.calls += 1
        if reply is None:
            return
        self.tokens_in += reply.tokens_in
        self.tokens_out += reply.tokens_out
        if reply.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + reply.cost_usd

    def quantile_ms(self, share: float) -> int | None:
        """The latency that a share of the calls with a text did not exceed (nearest rank)."""
        ordered = sorted(self.latencies)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
