from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.model.questions import AnswerError
from digest_pipeline.model.replies import FORMS, Given, GivenHigh, GivenMedium, read, schema_of
from digest_pipeline.models import ChangeType, Tier
from digest_pipeline_tests.model_items import good

GOOD = good()


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\n",
        f"Here is the JSON you asked for:\n\n{GOOD}\n\nLet me know!",
        f'<think>They want {{"a": 1}} … hm</think>\n{GOOD}',
        f"<thinking>never closed properly</thinking>{GOOD}",
        f"thought without a beginning</think>\n```json\n{GOOD}\n```",
        f"\ufeff  {GOOD}",
        f"[{GOOD}]",
        GOOD.replace("断开的连接会", "断开的\n连接会"),
    ],
)
def test_decoration_around_the_json_does_not_matter(text: str) -> None:
    given_answer = read(text, GivenHigh)
    assert given_answer.change_type is ChangeType.FIX
    assert given_answer.scope == ["net/pool.py"]


def test_fields_that_are_missing_or_null_are_empty_and_unknown_ones_are_ignored() -> None:
    text = json.dumps({"change_type": "Bugfix", "headline": "h", "summary": "s", "risks": None, "more": 1})
    answer = read(text, GivenHigh)
    assert answer.change_type is ChangeType.FIX
    assert (answer.risks, answer.behaviour, answer.insights.security) == ([], [], None)


def test_claims_given_as_plain_texts_have_no_ground() -> None:
    answer = read(good(advice=["do it", {"text": "x", "file": None, "quote": None}, None, ""]), GivenMedium)
    assert [(c.text, c.file, c.quote) for c in answer.advice] == [("do it", None, None), ("x", None, None)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no JSON object"),
        ("I cannot do that.", "no JSON object"),
        ("{}", "change_type: Field required"),
        (GOOD[: len(GOOD) // 2], "no JSON object|Field required"),
        (good(change_type="improvement"), "change_type: Input should be 'feature'"),
        (good(headline=""), "headline: String should have at least 1 character"),
        (good(headline="x" * 3000), "headline: String should have at most"),
        (good(summary=["a", "b"]), "summary: Input should be a valid string"),
        (good(importance={"move": "critical"}), "importance.move: Input should be 'none'"),
        (good(risks=[{"text": "r"}] * 50), "risks: .* at most 12 items"),
    ],
)
def test_what_is_wrong_is_told_in_words_for_the_model(text: str, complaint: str) -> None:
    with pytest.raises(AnswerError, match=complaint) as caught:
        read(text, GivenHigh)
    assert len(str(caught.value)) < 300


def test_deep_nesting_is_no_answer() -> None:
    for depth in (400, 900, 5000, 100_000):
        deep = "[" * depth + "]" * depth
        with pytest.raises(AnswerError):
            read('{"change_type": ' + deep + ', "headline": "h"}', Given)


def test_lone_surrogates_can_be_stored_afterwards() -> None:
    answer = read('{"change_type": "fix", "headline": "a\\ud800b"}', Given)
    assert answer.headline.encode("utf-8") == b"ab"


@pytest.mark.parametrize("tier", Tier)
def test_schemas_are_as_strict_structured_output_wants_them(tier: Tier) -> None:
    def objects(part: object) -> list[dict[str, object]]:
        if isinstance(part, list):
            return [found for value in part for found in objects(value)]
        if not isinstance(part, dict):
            return []
        inner = [found for value in part.values() for found in objects(value)]
        return [part, *inner] if part.get("type") == "object" else inner

    schema = schema_of(FORMS[tier])
    found = objects(schema)
    assert found
    for part in found:
        assert part["additionalProperties"] is False
        assert isinstance(part["properties"], dict)
        assert part["required"] == list(part["properties"])
    text = json.dumps(schema)
    assert not any(f'"{word}"' in text for word in ("default", "title", "maxLength", "minLength"))


@given(st.text(max_size=400))
def test_any_text_is_an_answer_or_an_answer_error(text: str) -> None:
    try:
        read(text, GivenHigh)
    except AnswerError:
        return
    raise AssertionError("a random text was taken for an answer")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(list(GivenHigh.model_fields)), json_values))
def test_any_fields_are_an_answer_or_an_answer_error(fields: dict[str, object]) -> None:
    try:
        answer = read(json.dumps(json.loads(GOOD) | fields), GivenHigh)
    except AnswerError:
        return
    answer.model_dump_json()
