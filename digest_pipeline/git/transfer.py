"""Asking a remote what it has and fetching from it, so that a deadline, Ctrl-C and a refusal end it.

What the answers mean is `remotes`; where clones are kept and how they are mended is `clones`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pygit2
from pygit2.enums import ConfigLevel, CredentialType, Feature, RepositoryOpenFlag

from digest_pipeline.git.remotes import Address, Head, address_of, failure, line, same_server, unusable
from digest_pipeline.models import Repository, TerminalCloneError, TransientCloneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

TICK_SECONDS = 0.1
"""How often the caller's thread looks: the throttle of progress, the reaction to a deadline."""
GRACE_SECONDS = 1.0
"""How long an interrupted transfer may take to leave nothing behind."""
CONNECT_SECONDS = 20
SILENCE_SECONDS = 60
"""A server that sends nothing for so long is given up."""

_NO_KEY = "no ssh-agent has a key that opens it; load one with ssh-add, or use https and token_env"

T = TypeVar("T")


class _Stopped(Exception):  # noqa: N818 - not an error: nobody listens any more
    """The caller has gone."""


@dataclasses.dataclass
class Watch:
    """What the caller's thread and the thread inside libgit2 tell each other."""

    repository: Repository
    address: Address
    state: tuple[str, int, int] = ("connecting", 0, 0)
    """(phase, done, total)."""
    stop: threading.Event = dataclasses.field(default_factory=threading.Event)

    def check(self) -> None:
        """Leave libgit2 when the caller has gone."""
        if self.stop.is_set():
            raise _Stopped

    def line(self, text: str) -> str:
        """One line for a person: the repository, its address and what is wrong."""
        return line(self.repository.name, self.address, text)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raise the errors of libgit2 and of the system as CloneError."""
        try:
            yield
        except (pygit2.GitError, OSError, KeyError, ValueError) as error:
            kind = type(error).__name__ if isinstance(error, pygit2.GitError) else "OSError"
            text = str(error.args[0]) if isinstance(error, pygit2.GitError) and error.args else str(error)
            raise failure(self.repository.name, self.address, kind, text or kind) from error


def watch_of(repository: Repository) -> Watch:
    """A watch over one repository's transfer."""
    return Watch(repository, address_of(repository.url))


def supervise(
    work: Callable[[], T],
    watch: Watch,
    *,
    deadline_seconds: float,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[str, int, int], None] | None = None,
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
    shown: tuple[str, int, int] | None = None
    try:
        thread.start()
        while True:
            ended = concurrent.futures.wait([future], TICK_SECONDS).done
            if progress is not None and watch.state != shown:
                shown = watch.state
                progress(*shown)
            if ended:
                return future.result()
            if cancelled():
                _give_up(watch, "was cancelled", "run it again")
            if time.monotonic() > limit:
                _give_up(watch, f"not done after {deadline_seconds:g} seconds", "run it again later")
    except BaseException:
        watch.stop.set()
        concurrent.futures.wait([future], GRACE_SECONDS)
        raise


def _give_up(watch: Watch, what: str, advice: str) -> None:
    raise TransientCloneError(watch.line(f"{what}, while {watch.state[0]}; {advice}"))


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


def open_bare(path: Path) -> pygit2.Repository:
    """The bare repository at a path itself, never one around it. Raises pygit2.GitError."""
    return pygit2.Repository(str(path), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)


def open_any(path: Path) -> pygit2.Repository:
    """The repository at a path, bare or not, or around it. Raises pygit2.GitError."""
    return pygit2.Repository(str(path))


def new_bare(path: Path) -> pygit2.Repository:
    """A new bare repository at a path; what stands there already of one is kept."""
    return pygit2.init_repository(str(path), bare=True)


class _Callbacks(pygit2.RemoteCallbacks):
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
        """Looked up whenever the server says what it does.

        pygit2 decodes that text strictly and fails the fetch when it is not UTF-8 or cut inside a
        character, unless there is no callback. So there is none, but the look-up lets us stop.
        """
        self.watch.check()

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:  # noqa: ARG002, FBT001 - pygit2's
        """Accept what TLS and `known_hosts` accept; pygit2's own default accepts any ssh host."""
        return valid

    def credentials(self, url: str, username_from_url: str | None, allowed_types: CredentialType) -> Any:  # noqa: ANN401 - one of three classes
        """The token, the address's own password or the ssh agent: once, because libgit2 asks for ever."""
        watch, address = self.watch, self.watch.address
        watch.check()
        if allowed_types & CredentialType.USERNAME and not allowed_types & CredentialType.SSH_KEY:
            return pygit2.Username(address.user or "git")
        if allowed_types & CredentialType.SSH_KEY:
            if self.given or "SSH_AUTH_SOCK" not in os.environ:
                raise TerminalCloneError(watch.line(_NO_KEY))
            self.given = True
            return pygit2.KeypairFromAgent(username_from_url or address.user or "git")
        if self.given:
            raise TerminalCloneError(watch.line("the token was refused; renew it or check its rights"))
        self.given = True
        secret = self.token or address.password
        if not secret or not allowed_types & CredentialType.USERPASS_PLAINTEXT:
            raise TerminalCloneError(
                watch.line(
                    "it asks for credentials; check the address, and for a private repository set "
                    "token_env to a variable that holds a token"
                )
            )
        if not same_server(address, address_of(url)):
            moved = address_of(url).shown
            raise TerminalCloneError(watch.line(f"it has moved to {moved}; set url to the new address"))
        return pygit2.UserPass(address.user or "x-access-token", secret)


def list_heads(repo: pygit2.Repository, watch: Watch, token: str | None) -> list[Head]:
    """What the remote has now. `repo` only lends its connection code."""
    address = watch.address
    wrong = unusable(address, has_ssh=bool(Feature(pygit2.features) & Feature.SSH))
    if address.path is not None and not address.path.is_dir():
        wrong = "there is no such folder; check the path"
    if wrong:
        raise TerminalCloneError(watch.line(wrong))
    # The object stays connected, and a fetch with it would miss what comes later: it is used only here.
    remote = repo.remotes.create_anonymous(str(address.path or address.url))
    heads: Iterable[Any] = remote.list_heads(callbacks=_Callbacks(watch, token), proxy=True)
    return [Head(h.name or "", str(h.oid), h.symref_target) for h in heads]


def fetch(repo: pygit2.Repository, url: str, refspec: str, watch: Watch, token: str | None = None) -> None:
    """Fetch one refspec, complete, without tags."""
    remote = repo.remotes.create_anonymous(url)
    remote.fetch([refspec], callbacks=_Callbacks(watch, token), proxy=True)
