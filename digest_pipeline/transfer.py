"""The remote side of station 1: what a remote has, fetching one branch of it, and what can go wrong.

Nothing here knows where clones are kept or how they are mended: that is `clones`.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import difflib
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

import pygit2
from pygit2.enums import ConfigLevel, CredentialType, Feature

from digest_pipeline.models import CloneError, Repository, TerminalCloneError, TransientCloneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TICK_SECONDS = 0.1
"""How often the caller's thread looks: the throttle of progress, the reaction to a deadline."""
GRACE_SECONDS = 3.0
"""How long an interrupted transfer may take to leave nothing behind."""
CONNECT_SECONDS = 20
SILENCE_SECONDS = 60
"""A server that sends nothing for so long is given up."""

T = TypeVar("T")
State = tuple[str, int, int]
"""(phase, done, total)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A repository's address, taken apart: what may be shown and stored, and what is secret."""

    url: str
    """What libgit2 is given: no password, over http no user either."""
    shown: str
    """For people: no user, no password, no query."""
    scheme: str
    """`https`, `http`, `ssh`, `git`, `local` …, in lower case."""
    host: str
    """With port; empty for local paths."""
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    path: Path | None = None
    """Only of local repositories."""


def address_of(url: str) -> Address:
    """Take apart anything that git can clone: a URL, `user@host:path` or a local path."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        scp = re.fullmatch(r"(?:([^/@:\s]+)@)([^/@:\s]+):(.+)", url)
        if scp:
            return Address(url, url, "ssh", scp[2], user=scp[1])
        return Address(url, url, "local", "", path=Path(url))
    authority, slash, path = rest.partition("/")
    if scheme.lower() == "file":
        return Address(url, url, "local", "", path=Path(unquote(slash + path)))
    login, _, host = authority.rpartition("@")
    user, _, password = login.partition(":")
    kept = f"{user}@" if user and not scheme.lower().startswith("http") else ""
    return Address(
        url=f"{scheme}://{kept}{host}{slash}{path}",
        shown=re.sub(r"[?#].*", "", f"{scheme}://{host}{slash}{path}"),
        scheme=scheme.lower(),
        host=host.lower(),
        user=unquote(user) or None,
        password=unquote(password) or None,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """One line of what a remote has."""

    name: str
    sha: str
    target: str | None = None
    """The branch that a symbolic reference stands for, as `refs/heads/main`."""


def branch_of(heads: Sequence[Head], branch: str | None) -> tuple[str, str] | str:
    """(branch, sha) of the wanted branch, by default the one that HEAD stands for; else what is wrong."""
    branches = {h.name.removeprefix("refs/heads/"): h.sha for h in heads if h.name.startswith("refs/heads/")}
    if not heads:
        return "it is empty (or of an object format other than SHA-1); push a first commit to it"
    if branch is not None:
        if branch in branches:
            return branch, branches[branch]
        close = difflib.get_close_matches(branch, branches, 3, 0.5) or sorted(branches)[:3]
        return f"it has no branch {branch!r}; set branch to one that it has, for example {', '.join(close)}"
    head = next((h for h in heads if h.name == "HEAD"), None)
    name = head.target.removeprefix("refs/heads/") if head and head.target else ""
    if name not in branches:
        # Old servers do not say what HEAD stands for: git then takes a branch with the same commit.
        same = sorted(b for b, sha in branches.items() if head and sha == head.sha)
        name = next((b for b in ("main", "master", *same) if b in same), "")
    if not name:
        return f"its HEAD stands for no branch; set branch, for example {', '.join(sorted(branches)[:3])}"
    return name, branches[name]


class _Stopped(Exception):  # noqa: N818 - not an error: nobody listens any more
    """The caller has gone."""


@dataclasses.dataclass
class Watch:
    """What the caller's thread and the thread inside libgit2 tell each other."""

    repository: Repository
    address: Address
    state: State = ("connecting", 0, 0)
    stop: threading.Event = dataclasses.field(default_factory=threading.Event)

    def check(self) -> None:
        """Leave libgit2 when the caller has gone."""
        if self.stop.is_set():
            raise _Stopped

    def line(self, text: str) -> str:
        """One line for a person: the repository, its address and what is wrong."""
        printable = "".join(c if c.isprintable() else " " for c in text)
        return f"{self.repository.name}: {self.address.shown}: {' '.join(printable.split())}"


def supervise(
    work: Callable[[], T],
    watch: Watch,
    *,
    deadline_seconds: float,
    cancelled: Callable[[], bool],
    progress: Callable[[str, int, int], None] | None,
) -> T:
    """Do `work` in a thread of its own and return what it returns, or raise what it raises.

    libgit2 holds back signals until it returns, and what is raised inside its callbacks can get lost.
    So this thread stays in Python, where Ctrl-C, the deadline and `cancelled` act at once: they tell
    `work` to stop, wait a moment for it to tidy up, and raise. Work that is stuck in a silent connection
    ends a little later with its time-out; until then it keeps the lock of its clone.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            future.set_exception(error)

    thread = threading.Thread(target=run, name=f"fetch {watch.repository.name}", daemon=True)
    limit = time.monotonic() + deadline_seconds
    shown: State | None = None
    try:
        thread.start()
        while True:
            ended = concurrent.futures.wait([future], TICK_SECONDS).done
            if progress is not None and watch.state != shown:
                shown = watch.state
                progress(*shown)
            if ended:
                return future.result()
            _give_up(watch, cancelled, deadline_seconds, limit)
    except BaseException:
        watch.stop.set()
        concurrent.futures.wait([future], GRACE_SECONDS)
        raise


def _give_up(watch: Watch, cancelled: Callable[[], bool], deadline_seconds: float, limit: float) -> None:
    if cancelled():
        raise TransientCloneError(watch.line(f"was cancelled while {watch.state[0]}; run it again"))
    if time.monotonic() > limit:
        raise TransientCloneError(
            watch.line(
                f"not done after {deadline_seconds:g} seconds, still {watch.state[0]}; "
                "run it again when network and server are faster"
            )
        )


def isolate() -> None:
    """Keep this user's and this machine's git configuration out of libgit2, for the whole process."""
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    pygit2.settings.owner_validation = False  # a container's volume often belongs to another user


def prepare(deadline_seconds: float) -> None:
    """Options of libgit2 for fetching, for the whole process: time-outs, and hashes are verified."""
    isolate()
    pygit2.settings.enable_strict_hash_verification(value=True)
    limit = max(1, int(deadline_seconds * 1000))
    pygit2.settings.server_connect_timeout = min(CONNECT_SECONDS * 1000, limit)
    pygit2.settings.server_timeout = min(SILENCE_SECONDS * 1000, limit)


class Callbacks(pygit2.RemoteCallbacks):
    """What libgit2 asks while it transfers: credentials, and whether to go on."""

    def __init__(self, watch: Watch, token: str | None) -> None:
        super().__init__()
        self.watch = watch
        self.token = token
        self.given = False

    def transfer_progress(self, stats: Any) -> None:  # noqa: ANN401 - pygit2 exports no name for it
        """Note how far the pack is; called for each object."""
        self.watch.check()
        if stats.total_deltas and stats.received_objects == stats.total_objects:
            self.watch.state = ("resolving", stats.indexed_deltas, stats.total_deltas)
        else:
            self.watch.state = ("receiving", stats.received_objects, stats.total_objects)

    @property
    def sideband_progress(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - see below
        """Asked for whenever the server says what it does.

        pygit2 decodes that text strictly and fails the fetch when it is not UTF-8 or cut inside a
        character, unless there is no callback. So there is none, but looking for it lets us stop.
        """
        self.watch.check()

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:  # noqa: ARG002, FBT001 - pygit2's
        """Accept what TLS and `known_hosts` accept; pygit2's own default accepts any ssh host."""
        return valid

    def credentials(self, url: str, username_from_url: str | None, allowed_types: CredentialType) -> Any:  # noqa: ANN401 - one of three classes
        """The token, the address's own password or the ssh agent: once, a refused one is never repeated."""
        watch, address = self.watch, self.watch.address
        watch.check()
        if allowed_types & CredentialType.USERNAME and not allowed_types & CredentialType.SSH_KEY:
            return pygit2.Username(address.user or "git")
        if self.given:
            raise TerminalCloneError(watch.line("the credentials were refused; renew the token or key"))
        self.given = True
        if allowed_types & CredentialType.SSH_KEY:
            return pygit2.KeypairFromAgent(username_from_url or address.user or "git")
        secret = self.token or address.password
        if secret is None or not allowed_types & CredentialType.USERPASS_PLAINTEXT:
            raise TerminalCloneError(
                watch.line(
                    "the server asks for credentials; check the address, and for a private repository "
                    "set token_env to a variable that holds a token"
                )
            )
        if not _same_server(address, url):
            moved = address_of(url).shown
            raise TerminalCloneError(watch.line(f"has moved to {moved}; set url to the new address"))
        return pygit2.UserPass(address.user or "x-access-token", secret)


def _same_server(address: Address, url: str) -> bool:
    """Whether a redirect stayed where the secret may go: the same host, not from https to http."""
    other = address_of(url)
    if other.scheme == address.scheme:
        return other.host == address.host
    names = {urlsplit(f"//{host}").hostname for host in (other.host, address.host)}
    return other.scheme == "https" and address.scheme == "http" and len(names) == 1


_TERMINAL = (
    (r"status code: 404", "there is no such repository; check the address, a private one needs token_env"),
    (
        r"status code: (401|403|407|410|451)$",
        "access is refused; check the address, the token and its rights",
    ),
    (r"object format", "repositories with SHA-256 hashes cannot be read; use a SHA-1 mirror"),
    (r"^invalid packet line", "the remote is a shallow clone or no git server; use a complete repository"),
    (r"^could not find repository|Repository not found", "there is no repository; check the address"),
    (r"^(unsupported URL|malformed|invalid url|invalid argument: '(port|url))", "check the address"),
    (r"^object not found", "the remote lacks a part of its history; use a complete repository"),
)


def explain(error: BaseException, watch: Watch) -> CloneError:
    """An error of libgit2 or of the system as ours: what failed, and what to do."""
    if isinstance(error, CloneError):
        return error
    what = str(error).strip("'\"") or type(error).__name__
    if isinstance(error, pygit2.AuthError):
        return TerminalCloneError(watch.line(f"{what}; check the token, or load a key into ssh-agent"))
    if isinstance(error, pygit2.CertificateError):
        trust = "known_hosts" if watch.address.scheme == "ssh" else "the system's certificates"
        return TerminalCloneError(watch.line(f"{what}; check the address and {trust}"))
    if isinstance(error, pygit2.GitError):
        for pattern, advice in _TERMINAL:
            if re.search(pattern, what):
                return TerminalCloneError(watch.line(f"{what}; {advice}"))
    return TransientCloneError(watch.line(f"{what}; run it again later"))


def _require(watch: Watch) -> None:
    """Raise TerminalCloneError for an address that cannot work here."""
    address = watch.address
    if address.scheme not in {"http", "https", "ssh", "git", "local"}:
        raise TerminalCloneError(watch.line("no protocol of git; use https://, ssh:// or a local path"))
    if address.scheme == "ssh" and not Feature(pygit2.features) & Feature.SSH:
        raise TerminalCloneError(watch.line("this pygit2 was built without ssh; use https and token_env"))
    if address.path is not None and not address.path.is_dir():
        raise TerminalCloneError(watch.line("there is no such folder; check the path"))


def list_heads(repo: pygit2.Repository, watch: Watch, token: str | None) -> list[Head]:
    """What the remote has now, over a connection that is closed again."""
    _require(watch)
    # The object stays connected and would fetch by this list for ever, so it is used only once.
    remote = repo.remotes.create_anonymous(_url(watch.address))
    heads: Iterable[Any] = remote.list_heads(callbacks=Callbacks(watch, token), proxy=True)
    return [Head(h.name or "", str(h.oid), h.symref_target) for h in heads]


def fetch(repo: pygit2.Repository, url: str, refspec: str, watch: Watch, token: str | None) -> None:
    """Fetch one refspec, without tags, never shallow."""
    remote = repo.remotes.create_anonymous(url)
    remote.fetch([refspec], callbacks=Callbacks(watch, token), proxy=True)


def _url(address: Address) -> str:
    return str(address.path) if address.path else address.url
