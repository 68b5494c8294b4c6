"""A server on loopback that speaks the shape of OpenAI's chat completions, with the faults of real ones.

A test gives a function from the number of the request and its body to what to answer: a text, or a Fault.
Every request is recorded with its moment, and so is every answer that was sent in whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import socket
import socketserver
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclasses.dataclass(frozen=True)
class Fault:
    """What to do instead of answering well."""

    status: int = 200
    code: str | None = None
    message: str = "fault"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    raw: bytes | None = None
    """The body as it is."""
    reset: bool = False
    hang: float = 0.0
    """Seconds until the answer."""
    drip: float = 0.0
    """Seconds over which the answer comes, byte by byte."""
    content: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    no_choices: bool = False
    no_usage: bool = False


Answer = str | Fault


@dataclasses.dataclass(frozen=True)
class Received:
    """One request."""

    at: float
    number: int
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """The text of the user's first message."""
        return next(m["content"] for m in self.body["messages"] if m["role"] == "user")

    @property
    def form(self) -> str:
        """The form of structured output that was asked for."""
        return (self.body.get("response_format") or {}).get("type", "plain")


class ModelServer:
    """A running server; `base` is its address."""

    def __init__(self, answer: Callable[[Received], Answer], latency: float = 0.0) -> None:
        self.answer = answer
        self.latency = latency
        self.received: list[Received] = []
        self.answered: list[Received] = []
        """Requests whose good answer was sent in whole."""
        self.statuses: dict[int, int] = {}
        """What was sent, by the number of the request."""
        self.waits: dict[int, float] = {}
        """Until when a Retry-After asked to wait, by the number of the request."""
        self.sent: dict[int, float] = {}
        """When an answer was sent in whole."""
        self.most_at_once = 0
        self._under_way = 0
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model_server = self
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @contextlib.contextmanager
    def running(self) -> Iterator[ModelServer]:
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def breaches(self) -> dict[str, int]:
        """How often a question was asked before its Retry-After had passed, or after a good answer."""
        early = again = 0
        for prompt in {r.prompt for r in self.received}:
            mine = [r for r in self.received if r.prompt == prompt]
            waits = [(r, self.waits.get(r.number)) for r in mine]
            early += sum(
                at is not None and other.number > r.number and other.at < at
                for r, at in waits
                for other in mine
            )
            good = [self.sent[r.number] for r in self.answered if r.prompt == prompt]
            again += sum(r.at > min(good) for r in mine) if good else 0
        return {"early": early, "again": again}

    def receive(self, body: dict[str, Any]) -> Received:
        with self._lock:
            received = Received(time.monotonic(), len(self.received), body)
            self.received.append(received)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            return received

    def leave(self) -> None:
        with self._lock:
            self._under_way -= 1


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    model_server: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of the server."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Nothing is printed."""

    def _model_server(self) -> ModelServer:
        assert isinstance(self.server, _Server)
        return self.server.model_server

    def do_POST(self) -> None:
        server = self._model_server()
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        received = server.receive(body)
        try:
            answer = server.answer(received)
            server.statuses[received.number] = 200 if isinstance(answer, str) else answer.status
            server.closing.wait(server.latency)
            if isinstance(answer, str):
                self._send(200, _envelope(body, Fault(content=answer)), {})
                server.sent[received.number] = time.monotonic()
                server.answered.append(received)
            else:
                if "retry-after" in answer.headers:
                    wait = float(answer.headers["retry-after"])
                    server.waits[received.number] = time.monotonic() + wait
                self._fail(answer, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            server.leave()

    def _fail(self, fault: Fault, body: dict[str, Any]) -> None:
        self._model_server().closing.wait(fault.hang)
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if fault.raw is not None:
            payload = fault.raw
        elif fault.status != 200:
            error = {"message": fault.message, "type": fault.code, "code": fault.code}
            payload = json.dumps({"error": error}).encode()
        else:
            payload = _envelope(body, fault)
        self._send(fault.status, payload, fault.headers, fault.drip)

    def _send(self, status: int, payload: bytes, headers: dict[str, str], drip: float = 0.0) -> None:
        self.send_response(status)
        kind = "text/html" if payload.startswith(b"<") else "application/json"
        for name, value in {"content-type": kind, "content-length": str(len(payload)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        pieces = 20 if drip else 1
        size = -(-len(payload) // pieces)
        for start in range(0, len(payload), size):
            self.wfile.write(payload[start : start + size])
            self.wfile.flush()
            self._model_server().closing.wait(drip / pieces)


def _envelope(body: dict[str, Any], fault: Fault) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": fault.content}
    if fault.refusal:
        message["refusal"] = fault.refusal
    choices = [] if fault.no_choices else [{"index": 0, "message": message, "finish_reason": fault.finish}]
    reply: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"]}
    reply["choices"] = choices
    if not fault.no_usage:
        reply["usage"] = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    return json.dumps(reply).encode()
