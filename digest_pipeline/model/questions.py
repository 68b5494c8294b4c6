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
    from digest_pipeline.model.retry import Cause

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

    @property
    def tally(self) -> Tally:
        """Where it is counted: with its day."""
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

    def forget(self) -> None:
        """The question is settled: what was made to ask it may go."""
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
    """What asking some questions took."""

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
    named: int = 0
    """Claims, names, figures and acronyms of the answers that were looked up."""
    proven: int = 0

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

    def figures(self) -> dict[str, float]:
        """All of it as numbers by name; what is not known is left out."""
        found: dict[str, float | None] = {
            "calls": self.calls,
            "hits": self.hits,
            "failures": self.failures.total(),
            **{f"failures_{cause}": count for cause, count in sorted(self.failures.items())},
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": self.cost_usd,
            "p50_ms": self.quantile_ms(0.5),
            "p95_ms": self.quantile_ms(0.95),
            "grounded_share": self.proven / self.named if self.named else None,
        }
        return {name: value for name, value in found.items() if value is not None}
