"""The faults of real servers by name, for `modelserver.py`: what may go away, what stays, what ends a run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from digest_pipeline_tests.model_items import good
from digest_pipeline_tests.modelserver import Answer, Fault, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WAIT = 0.2
"""Seconds of the Retry-After headers."""

HANG = 8.0
"""Seconds; above the time limit of whoever uses these faults."""

_GOOD = good()
_HEADERS = {"retry-after": str(WAIT)}
_MARKUP = {
    "headline": "默认重试 <img src=x onerror=alert(1)> [点我](javascript:alert(1)) `Pool`",
    "summary": "# 标题\n\n| a | b |\n`Pool` 的默认值改变 ![x](http://evil.example/x) {{ 7 * 7 }} </details>",
}

TRANSIENT: dict[str, Answer] = {
    "429": Fault(429, code="rate_limit_exceeded"),
    "429 with Retry-After": Fault(429, headers=_HEADERS),
    "408": Fault(408),
    "409": Fault(409),
    "425": Fault(425),
    "500": Fault(500),
    "500 in plain text": Fault(500, raw=b"oops"),
    "502 with HTML": Fault(502, raw=b"<html>bad gateway</html>"),
    "503": Fault(503),
    "503 with Retry-After": Fault(503, headers=_HEADERS),
    "504": Fault(504),
    "529": Fault(529, code="overloaded_error"),
    "reset": Fault(reset=True),
    "hang": Fault(hang=HANG, content=_GOOD),
    "drip": Fault(drip=HANG, content=_GOOD),
    "HTML": Fault(raw=b"<html><body>It works!</body></html>"),
    "empty body": Fault(raw=b""),
    "broken JSON": Fault(raw=b'{"id": "x", "choices": [{"index'),
    "no choices": Fault(no_choices=True),
    "null content": Fault(content=None),
    "empty content": Fault(content=""),
    "blank content": Fault(content=" \n "),
    "cut off": Fault(content=_GOOD[:150], finish="length"),
    "cut off without saying so": Fault(content=_GOOD[:150]),
    "huge": Fault(content="长" * 300_000),
    "no JSON": Fault(content="我认为这个提交很好。"),
    "prose alone": Fault(content="Sure! Here is the analysis you asked for."),
    "wrong enum": Fault(content=good(change_type="wonderful")),
    "wrong type": Fault(content=good(headline=["a", "b"])),
    "field missing": Fault(content=json.dumps({"change_type": "fix"})),
    "wrong language": Fault(
        content=good(headline="Retry lost connections", summary="Retry them by default.")
    ),
    "empty object": Fault(content="{}"),
    "only an open thinking tag": Fault(content="<think>这个提交改变了"),
    "nothing that stands": Fault(content=good(headline="整体提速 30%", summary="延迟降低 12 ms。")),
}
"""A second call may be answered well."""

DECORATED: dict[str, Answer] = {
    "fenced": f"```json\n{_GOOD}\n```",
    "prose around JSON": f"好的，以下是分析：\n\n{_GOOD}\n\n希望对您有帮助！",
    "thinking tags": f"<think>先看差异 {{不是 JSON}}</think>\n{_GOOD}",
    "a list of one": f"[{_GOOD}]",
    "lone surrogates": _GOOD.replace("断开", "断\\ud800开"),
    "control characters": _GOOD.replace("断开", "断\\u0000\\u202e开"),
    "injected markup": good(**_MARKUP),
    "a synonym": good(change_type="Bugfix"),
    "more fields": good(extra={"a": 1}),
    "no usage": Fault(content=_GOOD, no_usage=True),
}
"""Odd, but an answer."""

LASTING: dict[str, tuple[Answer, str]] = {
    "refusal": (Fault(content=None, refusal="I can't help with that."), "refused"),
    "content filter": (Fault(content="", finish="content_filter"), "refused"),
    "content policy": (Fault(400, code="content_policy_violation"), "refused"),
    "400": (Fault(400), "bad_input"),
    "422": (Fault(422), "bad_input"),
    "413": (Fault(413), "too_long"),
    "context length": (Fault(400, code="context_length_exceeded"), "too_long"),
}
"""About the commit: at most two calls, and the word for it."""

FATAL: dict[str, tuple[Answer, str]] = {
    "401": (Fault(401, code="invalid_api_key"), "no_key"),
    "402": (Fault(402), "no_credit"),
    "403": (Fault(403), "forbidden"),
    "404": (Fault(404, code="model_not_found"), "no_model"),
    "quota": (Fault(429, code="insufficient_quota"), "no_credit"),
}
"""About the account: nobody is asked any more, and the word for it."""

MIXES: dict[str, tuple[str, ...]] = {
    "rates": ("429", "429 with Retry-After", "503", "503 with Retry-After", "529"),
    "servers": ("408", "409", "425", "500", "500 in plain text", "502 with HTML", "504", "reset", "HTML"),
    "silence": ("hang", "drip"),
    "silence among faults": ("hang", "drip", "429 with Retry-After", "500", "reset", "null content", "HTML"),
    "silence among most": ("hang", "429", "503", "500", "reset", "no choices", "cut off", "wrong language"),
    "answers": ("no choices", "null content", "cut off", "no JSON", "wrong enum", "wrong language", "huge"),
    "broken": ("broken JSON", "empty body", "empty content", "field missing", "wrong type", "empty object"),
    "odd": (*DECORATED,)[:9],
}
"""Each fault of a mix takes one request in ten."""

ALL = TRANSIENT | DECORATED


def mixed(names: Sequence[str], seed: int, share: float = 0.1) -> Callable[[Received], Answer]:
    """Answers of which each fault takes its share; the same requests in the same order fare the same."""

    def answer(received: Received) -> Answer:
        drawn = hashlib.sha256(f"{seed} {received.number}".encode()).digest()
        place = int(int.from_bytes(drawn[:4]) / 2**32 / share)
        return ALL[names[place]] if place < len(names) else _GOOD

    return answer
