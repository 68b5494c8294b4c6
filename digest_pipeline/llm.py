"""The one door to language models: `complete` makes one HTTP request with litellm and returns its text.

litellm is imported inside one function, on the first request of the process: it costs seconds of CPU and
180 MB, and a run whose answers are all in the ledger must not pay that. No retry, no cache, no router, no
tools of litellm are used (its own retries send seven requests for three and hide the cause; its cache keys
lack the server's address). When to ask again is `retry.py`'s matter, and asking is `asking.py`'s.
"""

from __future__ import annotations

import dataclasses
import email.utils
import functools
import logging
import math
import os
import time
from typing import TYPE_CHECKING, Any

from digest_pipeline.model.retry import Fault, Patience
from digest_pipeline.model.wire import Watch, line_of, new_client
from digest_pipeline.models import ModelError, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEMPERATURE = 0
"""The same question is to have the same answer; a part of its key."""

LONGEST_ANSWER = 200_000
"""Characters; a longer answer is no answer."""

FORMATS = ("json_schema", "json_object", "plain")
"""The ladder of structured output, best first."""


@dataclasses.dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which models to ask, and how much that may cost: `[analysis]` of the settings."""

    model: str
    models: Mapping[Tier, str] = dataclasses.field(default_factory=dict)
    """Another model for a tier."""
    fallbacks: tuple[str, ...] = ()
    """Asked in this order when the model cannot answer."""
    api_base: str | None = None
    """For models of the same provider as `model`."""
    max_concurrency: int = 16
    timeout_seconds: float = 120.0
    """Time limit of a call as a whole."""
    max_cost_usd_per_run: float | None = None
    max_cost_usd_per_day: float | None = None
    """Per UTC day, over all repositories that share the ledger."""
    max_tokens_per_day: int | None = None
    """Likewise, in and out, for models without a known price too."""
    prompts_dir: Path | None = None
    """Folder whose templates replace the built-in ones of the same name."""
    patience: Patience = dataclasses.field(default_factory=Patience)

    def chain(self, tier: Tier) -> tuple[str, ...]:
        """The models to ask for a tier, in order, each once."""
        return tuple(dict.fromkeys((self.models.get(tier, self.model), *self.fallbacks)))

    def base_of(self, model: str) -> str | None:
        """`api_base` if it is meant for this model, else the server that the environment names.

        litellm would read the environment itself, but a question's key must know whom it asks.
        """
        return self.api_base if self.api_base and self.is_own(model) else _base_in(os.environ, model)

    def is_own(self, model: str) -> bool:
        """Whether a model has the provider that `api_base` and the key belong to."""
        return model.partition("/")[0] == self.model.partition("/")[0]


def _base_in(environ: Mapping[str, str], model: str) -> str | None:
    """The server of a model's provider by the variables that litellm reads, such as `OPENAI_BASE_URL`."""
    provider = (model.partition("/")[0] if "/" in model else "openai").upper().replace("-", "_")
    return environ.get(f"{provider}_BASE_URL") or environ.get(f"{provider}_API_BASE") or None


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    model: str
    messages: tuple[tuple[str, str], ...]
    """(role, text)."""
    schema: Mapping[str, Any]
    """JSON schema of the answer."""
    format: str
    """One of FORMATS."""
    max_tokens: int
    timeout_seconds: float
    api_base: str | None = None
    api_key: str | None = dataclasses.field(default=None, repr=False)
    watch: Watch | None = dataclasses.field(default=None, repr=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back and what it cost."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    """None where no price is known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    """USD for one token."""

    tokens_in: float
    tokens_out: float


class CallError(ModelError):
    """A call failed; `fault` says how, the message nothing that must not be shown."""

    def __init__(self, fault: Fault, paid: Reply | None = None) -> None:
        super().__init__(f"the model did not answer: {fault.kind} {fault.status or ''}".rstrip())
        self.fault = fault
        self.paid = paid
        """What the failed call cost, when it was billed: a refusal, an answer that was cut off."""


class WithdrawnError(ModelError):
    """The request was not sent, because `watch` did not want it any more."""


def complete(request: Request) -> Reply:
    """Make one request and return what came back.

    Raises CallError, and WithdrawnError when the request's `watch` kept it from being sent.
    """
    litellm = _litellm()
    with line_of(request.watch) as line:
        try:
            response = litellm.completion(**_arguments(request))
        except Exception as error:  # noqa: BLE001 - litellm raises its own, openai's, httpx's and bare ones
            if line.withdrawn:
                raise WithdrawnError("an answer was on its way") from None
            raise CallError(_fault_of(error)) from None
    return _reply_of(response, request)


def missing_keys(model: str) -> list[str]:
    """The variables with keys that the model's provider needs and the environment lacks; no request."""
    found = _litellm().validate_environment(model)
    return [name for name in found.get("missing_keys") or () if name.endswith(("_KEY", "_TOKEN"))]


def price_of(model: str) -> Price | None:
    """The price of a model, None where litellm's bundled table has none."""
    try:
        info = _litellm().get_model_info(model)
    except Exception:  # noqa: BLE001 - litellm raises a bare Exception for a model that it does not know
        return None
    tokens_in, tokens_out = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if not tokens_in and not tokens_out:
        return None
    return Price(float(tokens_in or 0), float(tokens_out or 0))


@functools.cache
def _litellm() -> Any:  # noqa: ANN401 - a module without usable types
    """The module litellm, imported without a look at the network and without noise, and made warm."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    import litellm  # noqa: PLC0415 - the reason of this module
    from litellm.llms.custom_httpx.http_handler import get_ssl_configuration  # noqa: PLC0415 - likewise

    litellm.suppress_debug_info = True
    litellm.client_session = new_client(get_ssl_configuration())
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    _warm_up(litellm)
    return litellm


def _warm_up(litellm: Any) -> None:  # noqa: ANN401 - a module without usable types
    """Make a call that does not leave the process.

    The first call imports 500 more modules, a second of CPU: with sixteen first calls at once that was up
    to three seconds, which would count against their time limit.
    """
    import httpx  # noqa: PLC0415 - loaded with litellm
    import openai  # noqa: PLC0415 - likewise

    message = {"role": "assistant", "content": "{}"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "0", "object": "chat.completion", "created": 0, "model": "none", "choices": [choice]}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=body))
    with httpx.Client(transport=transport) as http:
        client = openai.OpenAI(api_key="none", base_url="http://localhost", http_client=http)
        request = Request("openai/none", (("user", "{}"),), {"type": "object"}, "plain", 1, 1.0)
        litellm.completion(**_arguments(request), client=client)


def _arguments(request: Request) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": role, "content": text} for role, text in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": TEMPERATURE,
        "timeout": request.timeout_seconds,
        "max_retries": 0,
        # A model that takes no temperature or no response_format is asked without: both are wishes.
        "drop_params": True,
    }
    if request.format == "json_schema":
        schema = {"name": "answer", "schema": dict(request.schema), "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif request.format == "json_object":
        arguments["response_format"] = {"type": "json_object"}
    if request.api_base:
        arguments["api_base"] = request.api_base
    if request.api_key:
        arguments["api_key"] = request.api_key
    return arguments


def _fault_of(error: Exception) -> Fault:
    """The parts of an exception of litellm that decide what to do."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else {}
    code = inner.get("code") or inner.get("type") if isinstance(inner, dict) else None
    headers = getattr(error, "litellm_response_headers", None) or {}
    response = getattr(error, "response", None)
    headers = headers or getattr(response, "headers", None) or {}
    status = getattr(error, "status_code", None)
    # litellm calls a 408 of the server a time-out too; only the one without a response took the whole limit.
    kind = type(error).__name__
    return Fault(
        kind="ServerTimeout" if kind == "Timeout" and headers else kind,
        status=status if isinstance(status, int) else None,
        code=str(code) if code else getattr(error, "code", None),
        text=str(error).lower()[:2000],
        retry_after=seconds_of(headers.get("retry-after"), time.time()),
    )


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(retry_after).timestamp() - now
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _reply_of(response: Any, request: Request) -> Reply:  # noqa: ANN401 - litellm's answers have no usable types
    """The text and the price of a response; CallError when there is no text to use."""
    if not response.choices:
        raise CallError(Fault("Empty", text="no choices"))
    choice = response.choices[0]
    text = _scrubbed(choice.message.content or "")
    extra = getattr(choice.message, "provider_specific_fields", None) or {}
    usage = getattr(response, "usage", None)
    tokens_in = int(getattr(usage, "prompt_tokens", 0) or 0)
    tokens_out = int(getattr(usage, "completion_tokens", 0) or 0)
    reply = Reply(
        text=text,
        tokens_in=tokens_in or sum(estimated_tokens(part) for _, part in request.messages),
        tokens_out=tokens_out or estimated_tokens(text),
        cost_usd=(getattr(response, "_hidden_params", None) or {}).get("response_cost"),
    )
    if choice.finish_reason == "content_filter" or (not text and extra.get("refusal")):
        raise CallError(Fault("Refusal", text="refusal"), reply)
    if not text.strip():
        raise CallError(Fault("Empty", text="no text"), reply)
    if choice.finish_reason == "length" or len(text) > LONGEST_ANSWER:
        raise CallError(Fault("Cut", text="cut off"), reply)
    return reply


def _scrubbed(text: str) -> str:
    """Text that can be encoded and stored: without lone surrogates and NUL."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def estimated_tokens(text: str) -> int:
    """Tokens of a text for budgets, without a tokenizer: a little high for all common models."""
    ascii_count = len(text.encode("ascii", "ignore"))
    return math.ceil(ascii_count / 3.6 + (len(text) - ascii_count) * 1.1)
