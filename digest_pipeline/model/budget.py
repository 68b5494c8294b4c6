"""What a run may spend: caps for the run and for the UTC day, reserved in the ledger before each call."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from digest_pipeline.answers import Cap
from digest_pipeline.model.retry import Cause
from digest_pipeline.models import ModelCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest_pipeline.answers import Answers
    from digest_pipeline.llm import ModelConfig, Price, Reply

DAY_SECONDS = 86_400


@dataclasses.dataclass(frozen=True, slots=True)
class Reservation:
    """A call that may be made: its number in the ledger and the most that it may cost."""

    entry: int
    cost_usd: float


class Budget:
    """Reserves before each call what it may cost at most, and counts what the run's calls did cost.

    A model without a known price costs 0 USD here; the cap on tokens is the one that holds it.
    """

    def __init__(
        self, config: ModelConfig, answers: Answers, price_of: Callable[[str], Price | None]
    ) -> None:
        self._config = config
        self._answers = answers
        self._price_of = price_of
        self._prices: dict[str, Price | None] = {}
        self._reserved_usd = 0.0
        self._spent_usd = 0.0

    def reserve(self, key: str, model: str, now: int, tokens_in: int, tokens_out: int) -> Reservation | Cause:
        """Write down a call of at most so many tokens, or say which cap forbids it."""
        cost = self.cost(model, tokens_in, tokens_out)
        run_cap = self._config.max_cost_usd_per_run
        if run_cap is not None and self._spent_usd + self._reserved_usd + (cost or 0.0) > run_cap:
            return Cause.BUDGET_RUN
        today = now - now % DAY_SECONDS
        cap = Cap(
            today, today + DAY_SECONDS, self._config.max_cost_usd_per_day, self._config.max_tokens_per_day
        )
        call = ModelCall(key, model, now, 0, "sent", tokens_in, tokens_out, cost)
        entry = self._answers.reserve(call, cap)
        if entry is None:
            return Cause.BUDGET_DAY
        self._reserved_usd += cost or 0.0
        return Reservation(entry, cost or 0.0)

    def settle(self, reservation: Reservation, reply: Reply | None) -> None:
        """A call is over: release what it reserved and count what it cost."""
        self._reserved_usd -= reservation.cost_usd
        self._spent_usd += (reply.cost_usd or 0.0) if reply else 0.0

    def cost(self, model: str, tokens_in: int, tokens_out: int) -> float | None:
        """USD of so many tokens, None where no price is known."""
        if model not in self._prices:
            self._prices[model] = self._price_of(model)
        price = self._prices[model]
        return None if price is None else tokens_in * price.tokens_in + tokens_out * price.tokens_out
