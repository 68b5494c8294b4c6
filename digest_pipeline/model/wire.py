"""The HTTP client behind the calls: a last look before a request leaves, a note when its answer begins.

litellm takes ten milliseconds of CPU and more between being asked for a call and sending it. In that time
an answer that was waited for too long may come; the request that was to replace it is then not sent. Whose
request it is follows from the thread, because each call is made in one of its own.

litellm uses the client for all servers that speak the shape of OpenAI. Where it takes one of its own
(Anthropic, Gemini and others), there is no note, and a call is late or not by the clock alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

_MOST_CONNECTIONS, _MOST_IDLE = 1000, 100
"""As the clients of openai have it; httpx's own limit is below what `max_concurrency` may be."""


class Watch(Protocol):
    """Who wants to know of a request; both are called in the thread that makes it."""

    def may_leave(self) -> bool:
        """Whether the request, which is about to be sent, is still wanted."""
        ...

    def has_begun(self) -> None:
        """The head of the answer is there."""
        ...


@dataclasses.dataclass
class Line:
    """What the thread's request is to do, and did."""

    watch: Watch | None
    withdrawn: bool = False
    """It was not sent."""


class _Threads(threading.local):
    line: Line | None = None


class _WithdrawnError(Exception):
    """Keeps a request from being sent; litellm makes an error of its own of it."""


_threads = _Threads()


@contextlib.contextmanager
def line_of(watch: Watch | None) -> Iterator[Line]:
    """The requests of this thread are watched."""
    _threads.line = Line(watch)
    try:
        yield _threads.line
    finally:
        _threads.line = None


def new_client(verify: object) -> httpx.Client:
    """A client whose requests are watched; `verify` as httpx takes it."""
    import httpx  # noqa: PLC0415 - loaded with litellm, on the first call

    return httpx.Client(
        verify=verify,  # pyright: ignore[reportArgumentType] - what litellm made of its settings
        follow_redirects=True,
        limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_IDLE),
        event_hooks={"request": [_leaves], "response": [_begins]},
    )


def _leaves(_request: httpx.Request) -> None:
    line = _threads.line
    if line and line.watch and not line.watch.may_leave():
        line.withdrawn = True
        raise _WithdrawnError


def _begins(_response: httpx.Response) -> None:
    line = _threads.line
    if line and line.watch:
        line.watch.has_begun()
