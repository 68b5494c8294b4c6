"""What a model's text says: JSON found in it, its fields typed. Whether it is true is `verify.py`'s matter.

The schemas of the tiers are also what is sent as structured output. Reading is tolerant of how models
decorate JSON, and strict about what the fields mean.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from digest_pipeline.model.questions import AnswerError
from digest_pipeline.models import ChangeType, Tier

_SYNONYMS = {
    "bugfix": "fix",
    "bug": "fix",
    "hotfix": "fix",
    "feat": "feature",
    "enhancement": "feature",
    "performance": "perf",
    "optimization": "perf",
    "refactoring": "refactor",
    "documentation": "docs",
    "doc": "docs",
    "tests": "test",
    "dependencies": "build",
    "deps": "build",
    "configuration": "config",
    "other": "chore",
    "style": "chore",
}


def _change_type(value: object) -> object:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return _SYNONYMS.get(word, word)


def _claim(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


def _without_nothing(value: object) -> object:
    """A list without null and empty claims; null is an empty list."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [item for item in items if item not in (None, "", {})]


Text = Annotated[str, Field(max_length=4000)]
Kind = Annotated[ChangeType, BeforeValidator(_change_type)]


class GivenClaim(BaseModel):
    """A statement as the model gives it."""

    text: Text
    file: Text | None = None
    quote: Text | None = None


Claims = Annotated[
    list[Annotated[GivenClaim, BeforeValidator(_claim)]],
    BeforeValidator(_without_nothing),
    Field(max_length=12),
]
MaybeClaim = Annotated[GivenClaim | None, BeforeValidator(_claim)]


class GivenInsights(BaseModel):
    """Insights as the model gives them; null where the diff gives no ground."""

    architecture: MaybeClaim = None
    performance: MaybeClaim = None
    security: MaybeClaim = None


class GivenMove(BaseModel):
    """Whether the rules' importance is off by one, and why."""

    move: Literal["none", "up", "down"] = "none"
    reason: Text = ""


class Given(BaseModel):
    """An answer about a commit of low importance, and what those of the other tiers have in common."""

    change_type: Kind
    headline: Annotated[str, Field(min_length=1, max_length=2000)]
    importance: GivenMove = GivenMove()


class GivenMedium(Given):
    """An answer about a commit of medium importance."""

    summary: Text
    scope: Annotated[list[Text], BeforeValidator(_without_nothing), Field(max_length=200)] = []
    behaviour: Claims = []
    advice: Claims = []


class GivenHigh(GivenMedium):
    """An answer about a commit of high importance."""

    insights: GivenInsights = GivenInsights()
    risks: Claims = []


class GivenBullet(BaseModel):
    """A bullet of the day's highlights as the model gives it."""

    text: Text
    commits: Annotated[list[int], Field(max_length=50)]


class GivenHighlights(BaseModel):
    """All bullets of a day."""

    bullets: Annotated[list[GivenBullet], Field(max_length=20)]


FORMS: dict[Tier, type[Given]] = {Tier.HIGH: GivenHigh, Tier.MEDIUM: GivenMedium, Tier.LOW: Given}

M = TypeVar("M", bound=BaseModel)


@functools.cache
def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a form as strict structured output wants it: all fields named, none added."""
    schema = _bare(form.model_json_schema())
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part["additionalProperties"] = False
            part["required"] = list(part["properties"])
    return schema


_UNKNOWN_WORDS = ("default", "title", "description", "maxLength", "minLength", "maxItems")
"""Words of JSON schema that some servers refuse; what they say is checked here anyway."""


def _bare(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """A schema without the words that only describe; names of fields stay, whatever they are."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in _UNKNOWN_WORDS}
    fields = {name: _bare(field) for name, field in schema.get("properties", {}).items()}
    return {key: fields if key == "properties" else _bare(value) for key, value in kept.items()}


def read(text: str, form: type[M]) -> M:
    """The typed answer in a text. Raises AnswerError, with what is wrong in words for the model."""
    value = _object_in(text)
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AnswerError(f"{place}: {first['msg']}") from None


def _object_in(text: str) -> dict[str, Any]:
    """The first JSON object of a text, without what models put around it."""
    text = re.sub(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = text.partition("</think>")[2] or text
    candidates = [text.strip()]
    candidates += re.findall(r"```(?:json)?\s*\n(.*?)```", text, flags=re.DOTALL | re.IGNORECASE)
    for candidate in candidates:
        found = _loaded(candidate)
        if found is not None:
            return found
    decoder = json.JSONDecoder(strict=False)
    for start in [m.start() for m in re.finditer(r"\{", text)][:50]:
        try:
            value, _ = decoder.raw_decode(text, start)
            if isinstance(value, dict) and value:
                return _clean(value)
        except (ValueError, RecursionError):
            continue
    raise AnswerError("the answer has no JSON object")


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, strict=False)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return _clean(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON whose texts are one line each and can be encoded, stored and shown."""
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else value
