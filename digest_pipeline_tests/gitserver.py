"""A git server on loopback for tests: smart HTTP before `git upload-pack`, with switches for its faults."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gzip
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest_pipeline.clones import Clone, sync_clone
from digest_pipeline.models import Repository
from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="serving needs the git program")


@dataclasses.dataclass
class GitServer:
    """Serves the repositories below `root`; a test changes the switches while it runs."""

    root: Path
    port: int = 0
    password: str | None = None
    """Basic authentication with this password is required."""
    status: int | None = None
    """Every request is answered with this status."""
    redirect: str | None = None
    """Every request is sent to this server instead."""
    hang: bool = False
    """No request is answered."""
    hang_after: int | None = None
    """A pack stops flowing after this many bytes, but the connection stays."""
    cut_after: int | None = None
    """A pack ends after this many bytes."""
    drip_after: int | None = None
    """What comes after so many bytes of a pack comes slowly, 80 kB a second."""
    flip_after: int | None = None
    """The byte at this place of a pack is another one."""
    murmur: bytes = b""
    """What the server says to the person in front of it before a pack."""
    page: bytes | None = None
    """Every request is answered with this web page."""
    requests: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """(what was asked, the user and password that came with it or "")."""
    stalled: threading.Event = dataclasses.field(default_factory=threading.Event)
    """Set as soon as a request hangs."""
    closing: threading.Event = dataclasses.field(default_factory=threading.Event)
    http: ThreadingHTTPServer | None = None

    def url(self, name: str) -> str:
        """The address of a repository below `root`."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """Close the port; what comes next is refused."""
        self.closing.set()
        if self.http is not None:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def stall(self) -> None:
        """Hang until the test is over."""
        self.stalled.set()
        self.closing.wait()


@contextlib.contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """A server that runs as long as the block."""
    server = GitServer(root)

    class Handler(_Handler):
        faults = server

    server.http = http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.block_on_close = False
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


@dataclasses.dataclass
class World:
    """A server with one repository, and a folder for its clone."""

    server: GitServer
    source: GitRepo
    folder: Path

    @property
    def repository(self) -> Repository:
        return Repository("ada/engine", self.server.url("engine.git"))

    @property
    def tip(self) -> str:
        return self.source.tip

    def sync(self, now: int = 1, **options: Any) -> Clone:  # noqa: ANN401 - those of sync_clone
        return sync_clone(self.repository, self.folder, now=now, **options)

    def litter(self) -> list[Path]:
        """What an interrupted transfer left."""
        return list(self.folder.rglob("pack_git2_*"))


@contextlib.contextmanager
def world_of(folder: Path) -> Iterator[World]:
    """A world whose repository has eight commits in a pack of some 320 kB."""
    source = GitRepo(folder / "served" / "engine.git")
    for n in range(8):
        # Random bytes do not shrink: the pack is long enough to be broken off in the middle.
        source.commit(f"2026-02-0{n + 1}T10:00:00+08:00", f"Change {n}", {f"f{n}.bin": os.urandom(40000)})
    with serving(source.path.parent) as server:
        yield World(server, source, folder / "clones")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: GitServer

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a client that gives up is what some tests are about
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        pass

    def do_GET(self) -> None:
        service = parse_qs(urlsplit(self.path).query).get("service", [""])[0]
        if self._refused() or service != "git-upload-pack":
            return
        advert = self._upload_pack(["--advertise-refs"], b"")
        self._send(b"001e# service=git-upload-pack\n0000" + advert, "advertisement")

    def do_POST(self) -> None:
        body = self._body()
        if self._refused():
            return
        faults, pack = self.faults, self._upload_pack([], body)
        if faults.murmur:
            said = b"%04x\x02%b" % (5 + len(faults.murmur), faults.murmur)
            pack = pack.replace(b"NAK\n", b"NAK\n" + said, 1)
        if faults.flip_after is not None and len(pack) > faults.flip_after:
            at = faults.flip_after
            pack = pack[:at] + bytes([pack[at] ^ 0xFF]) + pack[at + 1 :]
        self._send(pack, "result")

    def _refused(self) -> bool:
        faults = self.faults
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        login = base64.b64decode(encoded).decode() if kind == "Basic" else ""
        faults.requests.append((f"{self.command} {urlsplit(self.path).path}", login))
        if faults.hang:
            faults.stall()
            self.close_connection = True
            return True
        if faults.redirect is not None:
            self._answer(301, {"Location": faults.redirect + self.path})
        elif faults.status is not None:
            self._answer(faults.status, {})
        elif faults.page is not None:
            self._answer(200, {"Content-Type": "text/html"}, faults.page)
        elif faults.password is not None and login.partition(":")[2] != faults.password:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
        elif not self._repository().is_dir():
            self._answer(404, {})
        else:
            return False
        return True

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send(self, data: bytes, what: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{what}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if what == "advertisement":
            self.wfile.write(data)
            return
        faults, whole = self.faults, len(data)
        hang_after = faults.hang_after  # once: a test turns the switch back as soon as bytes arrive
        stop = min(x for x in (hang_after, faults.cut_after, whole) if x is not None)
        quick = min(stop, whole if faults.drip_after is None else faults.drip_after)
        self.wfile.write(data[:quick])
        for at in range(quick, stop, 800):
            faults.closing.wait(0.01)
            self.wfile.write(data[at : min(at + 800, stop)])
        if stop < whole:
            self.close_connection = True
            if hang_after is not None:
                faults.stall()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _repository(self) -> Path:
        name = urlsplit(self.path).path.removesuffix("/info/refs").removesuffix("/git-upload-pack")
        return self.faults.root / name.lstrip("/")

    def _upload_pack(self, options: list[str], body: bytes) -> bytes:
        command = ["git", "upload-pack", "--stateless-rpc", *options, str(self._repository())]
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(
            command, input=body, capture_output=True, check=True, env=os.environ | alone
        ).stdout
