"""A service on loopback that takes notices, as apprise sends them to `json://`."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclasses.dataclass
class Receiver:
    """What arrived, and with which status the next ones are answered."""

    url: str
    status: int = 200
    taken: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.taken]


@contextlib.contextmanager
def receiver(path: str = "") -> Iterator[Receiver]:
    """A running receiver; `path` becomes a part of its address, as tokens of services are."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if here.status == 200:
                here.taken.append(json.loads(body))
            self.send_response(here.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the base
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Receiver(f"json://127.0.0.1:{server.server_address[1]}/{path}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
