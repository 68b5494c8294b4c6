"""A real `digest ui` on a free port of the loopback address, and questions to it in GraphQL."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
START_SECONDS, RUN_SECONDS = 180, 240


@dataclasses.dataclass(frozen=True)
class WebUI:
    """The address of a running web interface."""

    url: str
    pid: int
    """Of the first process of its session."""

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of a GraphQL answer; an answer with errors is a failed test."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]


def wait_for(what: str, ready: Callable[[], T | None], seconds: float) -> T:
    """The first true answer of `ready`; a server has no other way to say that it is done."""
    limit = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < limit:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            if answer := ready():
                return answer
        pause.wait(0.5)
    raise TimeoutError(f"{what} took more than {seconds} seconds")


def free_port() -> int:
    """A port of the loopback address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def web_ui(folder: Path) -> Iterator[WebUI]:
    """`digest ui` with the settings of a folder; what it printed is told when it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "ui.log"
    environ = {k: v for k, v in os.environ.items() if k not in ("DAGSTER_HOME", "DIGEST_SETTINGS")}
    command = [sys.executable, "-m", "digest_pipeline.cli", "ui", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env=environ, start_new_session=True
        )
    ui = WebUI(f"http://127.0.0.1:{port}", process.pid)
    try:
        try:
            wait_for(
                "the web interface", lambda: process.poll() is not None or ui.ask("{version}"), START_SECONDS
            )
        except TimeoutError as error:
            raise TimeoutError(log.read_text(errors="replace")) from error
        assert process.poll() is None, log.read_text(errors="replace")
        yield ui
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
