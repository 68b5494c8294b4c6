"""Station 1: one bare clone of each repository's tracked branch, brought up to date without a git program.

Here is what happens on disk: where a clone lies, who may write to it, how it is mended and kept small.
How a remote is asked and what its answers mean is in `transfer`; reading commits is station 2.

A clone `<folder>/<owner>+<name>.git` is an ordinary bare repository: HEAD names the tracked branch,
`refs/heads/<branch>` its tip, `refs/digest/kept/*` tips that a force-push has replaced (their objects
stay readable), `refs/digest/base` the commit whose history lies in the packs with a `.keep` file. One
process at a time writes to it, under a lock on `<owner>+<name>.lock`; reading needs no lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

from digest_pipeline.models import CloneError, Repository, TerminalCloneError
from digest_pipeline.transfer import (
    Address,
    Watch,
    address_of,
    branch_of,
    explain,
    fetch,
    isolate,
    list_heads,
    prepare,
    supervise,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKS = 32
"""So many fetched packs may lie beside the first ones before they are made into one."""
BASE = "refs/digest/base"
KEPT = "refs/digest/kept/"
FETCHED_AT = "digest.fetchedat"

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Clone:
    """A clone as it was after its last successful fetch."""

    path: Path
    """The bare repository."""
    branch: str
    tip: str
    """SHA of the branch's newest commit."""
    fetched_at: int
    """The moment of the fetch, in seconds since 1970."""


def clone_path(folder: Path, repository: Repository) -> Path:
    """Where the clone of a repository lies; different names never share a path."""
    return folder / ("+".join(quote(part, safe="") for part in repository.name.split("/")) + ".git")


def open_clone(folder: Path, repository: Repository) -> Clone | None:
    """The clone on disk, without network; None when there is none of the wanted branch."""
    isolate()
    path = clone_path(folder, repository)
    try:
        return _clone(_open(path), path, repository.branch)
    except (pygit2.GitError, KeyError, ValueError):
        return None


def remote_head(
    repository: Repository, *, token: str | None = None, deadline_seconds: float = 30
) -> tuple[str, str]:
    """(branch, SHA) of the tracked branch as the remote has it now; nothing is stored. Raises CloneError."""
    watch = Watch(repository, address_of(repository.url))

    def work() -> tuple[str, str]:
        prepare(deadline_seconds)
        with _explained(watch), tempfile.TemporaryDirectory() as folder:
            repo = pygit2.init_repository(folder, bare=True)
            return _head(repo, watch, token)

    return supervise(work, watch, deadline_seconds=deadline_seconds, cancelled=lambda: False, progress=None)


def sync_clone(  # noqa: PLR0913 - each is one thing that a caller decides
    repository: Repository,
    folder: Path,
    *,
    now: int,
    token: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    deadline_seconds: float = 1800,
) -> Clone:
    """Clone the repository, or fetch what is new, and return what is there afterwards.

    Args:
        repository: url, branch and name count.
        folder: the folder of all clones; it is made when it is missing.
        now: the moment that the clone remembers as that of its fetch.
        token: an access token; sent to the address's own host, stored nowhere.
        progress: called in this thread with (phase, done, total), at most ten times a second.
        cancelled: asked in this thread as often; when it says yes, the fetch is given up.
        deadline_seconds: for all of it, waiting for another process included.

    Raises:
        TerminalCloneError: address, branch or credentials are wrong, or the remote is empty.
        TransientCloneError: network, time-out, cancelled; the clone is as it was before.

    """
    watch = Watch(repository, address_of(repository.url))
    path = clone_path(folder, repository)
    limit = time.monotonic() + deadline_seconds

    def work() -> Clone:
        prepare(deadline_seconds)
        with _explained(watch), _locked(path, watch):
            return _sync(path, watch, token, now)

    def tidy() -> None:
        with _explained(watch), _locked(path, watch):
            _consolidate(path, watch)

    clone = supervise(work, watch, deadline_seconds=deadline_seconds, cancelled=cancelled, progress=progress)
    if len(_fetched_packs(path)) > PACKS:
        rest = limit - time.monotonic()
        try:
            supervise(tidy, watch, deadline_seconds=rest, cancelled=cancelled, progress=progress)
        except CloneError as error:  # the clone is good; the next fetch tries again
            _log.warning("%s (while packing what was fetched)", error)
    return clone


def _sync(path: Path, watch: Watch, token: str | None, now: int) -> Clone:
    repo = _prepared(path)
    watch.state = ("connecting", 0, 0)
    branch, sha = _head(repo, watch, token)
    ref = f"refs/heads/{branch}"
    old = _tip(repo, ref)
    if old != sha:
        with _source(path, watch, branch, sha) as url:
            fetch(repo, url, f"+{ref}:{ref}", watch, None if url != watch.address.url else token)
        repo = _open(path)
    new = _tip(repo, ref)
    if new is None:
        raise TerminalCloneError(watch.line(f"branch {branch!r} has gone or is no commit; check branch"))
    if old and not repo.descendant_of(new, old) and old != new:
        repo.references.create(f"{KEPT}{old}", old, force=True)
    _record(repo, watch.address, branch, now)
    if BASE not in repo.references:
        for pack in _fetched_packs(path):
            pack.with_suffix(".keep").touch()
        repo.references.create(BASE, new)
    return Clone(path, branch, new, now)


def _head(repo: pygit2.Repository, watch: Watch, token: str | None) -> tuple[str, str]:
    found = branch_of(list_heads(repo, watch, token), watch.repository.branch)
    if isinstance(found, str):
        raise TerminalCloneError(watch.line(found))
    return found


def _open(path: Path) -> pygit2.Repository:
    return pygit2.Repository(str(path), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)


def _tip(repo: pygit2.Repository, ref: str) -> str | None:
    """SHA of a branch whose newest commit is there with its tree."""
    try:
        commit = repo[repo.references[ref].target]
        return str(commit.id) if commit.type == ObjectType.COMMIT and commit.tree is not None else None
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _clone(repo: pygit2.Repository, path: Path, branch: str | None) -> Clone | None:
    head = str(repo.references["HEAD"].target).removeprefix("refs/heads/")
    tip = _tip(repo, f"refs/heads/{branch or head}")
    return Clone(path, branch or head, tip, repo.config.get_int(FETCHED_AT)) if tip else None


def _record(repo: pygit2.Repository, address: Address, branch: str, now: int) -> None:
    """Write down what was fetched, in a form in which `git fetch` does the same by hand."""
    repo.set_head(f"refs/heads/{branch}")
    repo.config["remote.origin.url"] = address.url
    repo.config["remote.origin.fetch"] = f"+refs/heads/{branch}:refs/heads/{branch}"
    repo.config["remote.origin.tagOpt"] = "--no-tags"
    repo.config[FETCHED_AT] = now


@contextlib.contextmanager
def _explained(watch: Watch) -> Iterator[None]:
    try:
        yield
    except (pygit2.GitError, OSError, KeyError, ValueError) as error:
        raise explain(error, watch) from error


@contextlib.contextmanager
def _locked(path: Path, watch: Watch) -> Iterator[None]:
    """Be the only one who writes to a clone; the lock falls with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as file:
        watch.state = ("waiting for another process", 0, 0)
        fcntl.flock(file, fcntl.LOCK_EX)
        watch.check()
        yield


def _prepared(path: Path) -> pygit2.Repository:
    """The clone, without what a killed process left in it; made anew when it cannot be read."""
    shutil.rmtree(_work(path), ignore_errors=True)
    for litter in (*path.glob("objects/pack/pack_git2_*"), *path.rglob("*.lock")):
        litter.unlink()
    try:
        repo = _open(path)
        if all(_tip(repo, ref) for ref in repo.references):
            return repo
    except pygit2.GitError:
        pass
    if path.exists():
        shutil.rmtree(path)
    return pygit2.init_repository(str(path), bare=True)


def _work(path: Path) -> Path:
    return path.with_suffix(".work")


@contextlib.contextmanager
def _source(path: Path, watch: Watch, branch: str, sha: str) -> Iterator[str]:
    """What to fetch from: the remote itself, or for a local one a window that shows one branch of it.

    libgit2 packs all branches of a local repository whatever is asked for, at each fetch again.
    """
    address = watch.address
    if address.path is None:
        yield address.url
        return
    watch.state = ("packing", 0, 0)
    source = pygit2.Repository(str(address.path))
    if source.is_shallow:
        raise TerminalCloneError(watch.line("is a shallow clone; complete it with git fetch --unshallow"))
    common = Path(source.path)
    if (common / "commondir").is_file():  # a linked worktree
        common = common / (common / "commondir").read_text().strip()
    window = _work(path)
    pygit2.init_repository(str(window), bare=True)
    (window / "objects/info/alternates").write_text(f"{common.resolve()}/objects\n")
    _open(window).references.create(f"refs/heads/{branch}", sha)
    try:
        yield str(window)
    finally:
        shutil.rmtree(window)


def _fetched_packs(path: Path) -> list[Path]:
    packs = sorted(path.glob("objects/pack/pack-*.pack"))
    return [p for p in packs if not p.with_suffix(".keep").exists()]


def _consolidate(path: Path, watch: Watch) -> None:
    """Make one pack of all that was fetched since the base, as a fetch from the clone itself does.

    A fetched pack holds whole copies of what its deltas rest on, and each pack slows every look-up down.
    Readers are safe: libgit2 looks for new packs when an object is not where it was.
    """
    old = _fetched_packs(path)
    work = _work(path)
    shutil.rmtree(work, ignore_errors=True)
    watch.state = ("packing", 0, 0)
    pygit2.init_repository(str(work), bare=True)
    packs, made = path / "objects/pack", work / "objects/pack"
    for keep in packs.glob("pack-*.keep"):
        for suffix in (".pack", ".idx"):
            (made / keep.name).with_suffix(suffix).symlink_to(keep.with_suffix(suffix).resolve())
    repo = _open(work)
    repo.references.create(BASE, _open(path).references[BASE].target)
    fetch(repo, str(path), "+refs/*:refs/*", watch, None)
    new = [p for p in made.glob("pack-*.pack") if not p.is_symlink()]
    for pack in new:
        for file in (pack, pack.with_suffix(".idx")):  # a pack is looked at once its index is there
            with file.open("rb") as written:
                os.fsync(written.fileno())
            file.replace(packs / file.name)
    for pack in old:
        if pack.name not in {p.name for p in new}:
            pack.with_suffix(".idx").unlink()
            pack.unlink()
    shutil.rmtree(work)
