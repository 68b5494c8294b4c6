"""What a run learns about its models: which are out of the run, their keys, their forms of output.

Nothing is asked here but whether the environment has a key, once a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digest_pipeline import llm
from digest_pipeline.model.retry import Cause

if TYPE_CHECKING:
    from digest_pipeline.model.calls import Call, Door
    from digest_pipeline.model.questions import Prompt
    from digest_pipeline.model.tries import Job

PLAIN = "plain"


class Learnt:
    """The models of one run."""

    def __init__(self, config: llm.ModelConfig, door: Door, api_key: str | None) -> None:
        self._config = config
        self._door = door
        self._api_key = api_key
        self._out: dict[str, Cause] = {}
        self._keys: dict[str, str | None] = {}
        self._formats: dict[str, int] = {}
        self._proven: set[tuple[str, str]] = set()

    def why_out(self, model: str) -> Cause | None:
        """Why a model is not to be asked, None if it is; looks for its key before the first request."""
        if model not in self._keys:
            self._keys[model] = self._key_of(model)
        return self._out.get(model)

    def put_out(self, model: str, cause: Cause) -> None:
        """A fatal error: no further request to this model."""
        self._out.setdefault(model, cause)

    def request(self, job: Job[Any], prompt: Prompt) -> llm.Request:
        """The request for a prompt, in the best form of output that the model is not known to refuse."""
        rung = PLAIN if job.plain else llm.FORMATS[self._formats.get(job.model, 0)]
        return llm.Request(
            model=job.model,
            messages=prompt.messages,
            schema=prompt.schema,
            format=rung,
            max_tokens=prompt.max_tokens * (2 if job.doubled else 1),
            timeout_seconds=self._config.timeout_seconds,
            api_base=self._config.base_of(job.model),
            api_key=self._keys.get(job.model),
        )

    def answered(self, call: Call[Any]) -> None:
        """A model sent a text: it takes requests in this form."""
        request = call.request
        self._proven.add((request.model, request.format))
        if call.job.plain:
            self._formats[request.model] = llm.FORMATS.index(PLAIN)

    def is_proven(self, call: Call[Any]) -> bool:
        """Whether the model has answered to the form of this call."""
        return (call.request.model, call.request.format) in self._proven

    def step_down(self, call: Call[Any]) -> bool:
        """The model does not know the form of this call: take the next one; False on the last rung."""
        model, used = call.request.model, llm.FORMATS.index(call.request.format)
        if used + 1 == len(llm.FORMATS):
            return False
        self._formats[model] = max(self._formats.get(model, 0), used + 1)
        return True

    def _key_of(self, model: str) -> str | None:
        """The key to send, None to leave it to the environment; a model without one is out."""
        own = self._config.is_own(model)
        if own and self._api_key:
            return self._api_key
        if not self._door.missing_keys(model):
            return None
        if own and self._config.api_base:
            # A server of one's own mostly wants no key, but the clients of some providers do.
            return "none"
        self._out[model] = Cause.NO_KEY
        return None
