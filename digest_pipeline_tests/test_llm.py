"""The real litellm against a real server on loopback; it is imported in this file's process alone."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from digest_pipeline import llm
from digest_pipeline.llm import CallError, ModelConfig, Reply, Request, estimated_tokens, seconds_of
from digest_pipeline.model.retry import Verdict, judge
from digest_pipeline.models import Tier
from digest_pipeline_tests.modelserver import Answer, Fault, ModelServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# litellm leaves sockets and pydantic's remarks about its own models behind; both are not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]

ROOT = Path(__file__).parents[1]
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
COMPROMISED = {"1.82.7", "1.82.8", "1.107.0"}


@contextlib.contextmanager
def asking(answer: Answer, **fields: object) -> Iterator[tuple[Request, ModelServer]]:
    with ModelServer(lambda _received: answer).running() as server:
        values: dict[str, object] = {
            "model": "openai/some-model",
            "messages": (("system", "s"), ("user", "u")),
            "schema": SCHEMA,
            "format": "json_schema",
            "max_tokens": 77,
            "timeout_seconds": 5.0,
            "api_base": server.base,
            "api_key": "sk-test",
        }
        yield Request(**{**values, **fields}), server  # pyright: ignore[reportArgumentType] - a test's fields


def test_a_good_answer_comes_back_with_what_it_cost() -> None:
    with asking('{"a": 1}') as (request, server):
        assert llm.complete(request) == Reply('{"a": 1}', 1000, 200, None)
    body = server.received[0].body
    assert body["messages"] == [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert body["max_tokens"] == 77
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


class Watcher:
    """Notes what the door tells of a request."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self.begun = 0

    def may_leave(self) -> bool:
        return self.wanted

    def has_begun(self) -> None:
        self.begun += 1


def test_who_watches_a_request_hears_when_its_answer_begins() -> None:
    watcher = Watcher(wanted=True)
    with asking("{}", watch=watcher) as (request, _):
        llm.complete(request)
        assert watcher.begun == 1
    with asking(Fault(500), watch=watcher) as (request, _), pytest.raises(CallError):
        llm.complete(request)
    assert watcher.begun == 2


def test_a_request_that_is_not_wanted_any_more_does_not_leave() -> None:
    with asking("{}", watch=Watcher(wanted=False)) as (request, server):
        with pytest.raises(llm.WithdrawnError):
            llm.complete(request)
        assert server.received == []


def test_a_known_price_is_counted_and_an_unknown_one_is_none() -> None:
    with asking("{}", model="openai/gpt-4o") as (request, _):
        assert llm.complete(request).cost_usd == pytest.approx(1000 * 2.5e-6 + 200 * 1e-5)
    assert llm.price_of("openai/gpt-4o") == llm.Price(2.5e-6, 1e-5)
    assert llm.price_of("openai/some-model") is None


@pytest.mark.parametrize("form", llm.FORMATS)
def test_each_rung_of_structured_output_is_what_goes_over_the_wire(form: str) -> None:
    with asking("{}", format=form) as (request, server):
        llm.complete(request)
    assert server.received[0].form == form


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Fault(429, headers={"retry-after": "7"}), Verdict.AGAIN),
        (Fault(429, "insufficient_quota"), Verdict.FATAL),
        (Fault(401), Verdict.FATAL),
        (Fault(402), Verdict.FATAL),
        (Fault(403), Verdict.FATAL),
        (Fault(404), Verdict.FATAL),
        (Fault(408), Verdict.AGAIN),
        (Fault(409), Verdict.AGAIN),
        (Fault(500), Verdict.AGAIN),
        (Fault(502), Verdict.AGAIN),
        (Fault(503), Verdict.AGAIN),
        (Fault(529), Verdict.AGAIN),
        (Fault(reset=True), Verdict.AGAIN),
        (Fault(raw=b"<html><body>Bad gateway</body></html>"), Verdict.AGAIN),
        (Fault(raw=b'{"id": "x", "choi'), Verdict.AGAIN),
        (Fault(no_choices=True), Verdict.AGAIN),
        (Fault(content=None), Verdict.AGAIN),
        (Fault(content="  "), Verdict.AGAIN),
        (Fault(content='{"a": ', finish="length"), Verdict.AGAIN),
        (Fault(content="x" * 300_000), Verdict.AGAIN),
        (Fault(content=None, refusal="I cannot"), Verdict.REFUSED),
        (Fault(content="", finish="content_filter"), Verdict.REFUSED),
        (Fault(400, "content_policy_violation", "content management policy"), Verdict.REFUSED),
        (Fault(400, "context_length_exceeded", "maximum context length is 8192 tokens"), Verdict.TOO_LONG),
        (Fault(413), Verdict.TOO_LONG),
        (Fault(400, message="This response_format type is unavailable now"), Verdict.FORMAT),
        (Fault(400), Verdict.BAD_INPUT),
        (Fault(422), Verdict.BAD_INPUT),
    ],
    ids=lambda value: value.value if isinstance(value, Verdict) else f"{value.status} {value.code}",
)
def test_a_fault_on_the_wire_is_one_request_and_has_its_meaning(fault: Fault, verdict: Verdict) -> None:
    with asking(fault) as (request, server), pytest.raises(CallError) as caught:
        llm.complete(request)
    assert len(server.received) == 1
    assert judge(caught.value.fault)[0] is verdict


def test_retry_after_comes_through_in_seconds() -> None:
    with asking(Fault(429, headers={"retry-after": "7"})) as (request, _), pytest.raises(CallError) as caught:
        llm.complete(request)
    assert caught.value.fault.retry_after == 7


def test_a_hanging_server_is_left_at_the_time_limit() -> None:
    with (
        asking(Fault(content="{}", hang=3), timeout_seconds=0.3) as (request, _),
        pytest.raises(CallError) as caught,
    ):
        llm.complete(request)
    assert judge(caught.value.fault)[0] is Verdict.TIMED_OUT


def test_what_a_refusal_cost_is_told() -> None:
    with asking(Fault(content=None, refusal="no")) as (request, _), pytest.raises(CallError) as caught:
        llm.complete(request)
    assert caught.value.paid is not None
    assert caught.value.paid.tokens_in == 1000


def test_an_answer_without_usage_is_counted_by_estimate() -> None:
    with asking(Fault(content='{"a": "某个回答"}', no_usage=True)) as (request, _):
        reply = llm.complete(request)
    assert (reply.tokens_in, reply.tokens_out) == (2, estimated_tokens('{"a": "某个回答"}'))


def test_lone_surrogates_do_not_get_through() -> None:
    raw = b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    raw += b'{"role":"assistant","content":"a\\ud800b"},"finish_reason":"stop"}]}'
    with asking(Fault(raw=raw)) as (request, _):
        try:
            text = llm.complete(request).text
        except CallError:
            return
    text.encode("utf-8")


def test_messages_of_errors_show_neither_key_nor_address() -> None:
    fault = Fault(401, message="key sk-test at http://internal is wrong")
    with asking(fault) as (request, _), pytest.raises(CallError) as caught:
        llm.complete(request)
    assert str(caught.value) == "the model did not answer: AuthenticationError 401"
    assert "sk-test" not in repr(request)


def test_a_missing_key_is_found_without_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert llm.missing_keys("deepseek/deepseek-chat") == ["DEEPSEEK_API_KEY"]
    assert llm.missing_keys("ollama/qwen3") == []
    monkeypatch.setenv("DEEPSEEK_API_KEY", "k")
    assert llm.missing_keys("deepseek/deepseek-chat") == []


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    llm.price_of("no/such-model")
    with asking(Fault(500)) as (request, _), contextlib.suppress(CallError):
        llm.complete(request)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        ("0.05", 0.05),
        ("-1", 0.0),
        ("soon", None),
        ("nan", None),
        ("Wed, 18 Feb 2026 00:00:10 GMT", 10.0),
        ("Wed, 18 Feb 2026 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, 1771372800.0) == seconds


def test_the_models_of_a_tier_are_asked_in_order_and_each_once() -> None:
    config = ModelConfig("a/x", models={Tier.HIGH: "b/y"}, fallbacks=("a/x", "c/z"))
    assert config.chain(Tier.HIGH) == ("b/y", "a/x", "c/z")
    assert config.chain(Tier.LOW) == ("a/x", "c/z")


def test_estimated_tokens_are_high_rather_than_low() -> None:
    assert estimated_tokens("a" * 360) == 100
    assert estimated_tokens("提交" * 50) >= 110


def test_the_resolved_litellm_is_not_a_compromised_release() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    resolved = {p["version"] for p in lock["package"] if p["name"] == "litellm"}
    assert resolved
    assert not (resolved | {importlib.metadata.version("litellm")}) & COMPROMISED
    (wanted,) = [
        d
        for d in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        if re.match(r"litellm\b", d)
    ]
    floor = re.search(r">=(\d+)\.(\d+)", wanted)
    assert floor is not None
    assert (int(floor[1]), int(floor[2])) > (1, 82)
    assert "!=1.107.0" in wanted


def test_no_file_of_a_compromised_release_lies_in_the_environment() -> None:
    found = importlib.util.find_spec("litellm")
    assert found is not None
    assert found.origin is not None
    packages = Path(found.origin).parents[1]
    bad = ("litellm_init.pth", "cook.pth", "cook.py", "sitecustomize.py")
    assert [name for name in bad if (packages / name).exists()] == []


def test_every_file_of_the_lock_has_a_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    files = [
        f for p in lock["package"] for f in (*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else []))
    ]
    assert len(files) > 100
    assert [f["url"] for f in files if not f.get("hash", "").startswith("sha256:")] == []


def test_importing_the_door_and_station_3_does_not_import_litellm() -> None:
    code = (
        "import sys; import digest_pipeline.analyses, digest_pipeline.llm;"
        " print([m for m in ('litellm', 'openai', 'httpx', 'detect_secrets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_server_that_the_environment_names_is_known_before_litellm_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    config = llm.ModelConfig(model="openai/gpt-5")
    assert config.base_of("gpt-5") is None
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:1/v1")
    assert config.base_of("openai/gpt-5") == config.base_of("gpt-5") == "http://127.0.0.1:1/v1"
    assert config.base_of("anthropic/claude") is None
    own = llm.ModelConfig(model="openai/gpt-5", api_base="http://127.0.0.1:2/v1")
    assert own.base_of("openai/gpt-5") == "http://127.0.0.1:2/v1"
    monkeypatch.setenv("NEW_AI_BASE_URL", "http://127.0.0.1:3")
    assert own.base_of("new-ai/one") == "http://127.0.0.1:3"
