"""Station 1: one bare clone of each repository's tracked branch, brought up to date without a git program.

Here is what happens on disk: where a clone lies, who may write to it, how it is mended. How a remote is
asked is `transfer`, what its answers mean `remotes`, how a clone stays small `packs`; reading commits is
station 2.

A clone `<folder>/<owner>+<name>.git` is an ordinary bare repository: HEAD names the tracked branch,
`refs/heads/<branch>` its tip, and `refs/digest/kept/*` tips that a force-push has replaced, so that their
commits stay readable. One process at a time writes to it, under a lock on `<owner>+<name>.lock`; reading
needs no lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import logging
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pygit2
from pygit2.enums import ObjectType

from digest_pipeline.git.local import adopt, objects_of
from digest_pipeline.git.packs import BASE, PACKS, consolidate, drop_litter, fetched_packs, set_base
from digest_pipeline.git.remotes import branch_of
from digest_pipeline.git.transfer import (
    Watch,
    fetch,
    isolate,
    list_heads,
    new_bare,
    open_bare,
    prepare,
    supervise,
    watch_of,
)
from digest_pipeline.models import CloneError, Repository, TerminalCloneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """The moment of that fetch, in seconds since 1970."""


def clone_path(folder: Path, repository: Repository) -> Path:
    """Where the clone of a repository lies; different names never share a path."""
    return folder / ("+".join(quote(part, safe="") for part in repository.name.split("/")) + ".git")


def open_clone(folder: Path, repository: Repository) -> Clone | None:
    """The clone on disk, without network; None when there is none of the wanted branch."""
    isolate()
    path = clone_path(folder, repository)
    try:
        repo = open_bare(path)
        branch = repository.branch or str(repo.references["HEAD"].target).removeprefix("refs/heads/")
        tip = _tip(repo, f"refs/heads/{branch}")
        return Clone(path, branch, tip, repo.config.get_int(FETCHED_AT)) if tip else None
    except (pygit2.GitError, KeyError, ValueError):
        return None


def remote_head(
    repository: Repository, *, token: str | None = None, deadline_seconds: float = 30
) -> tuple[str, str]:
    """(branch, SHA) of the tracked branch as the remote has it now; nothing is stored. Raises CloneError."""
    watch = watch_of(repository)

    def work() -> tuple[str, str]:
        prepare(deadline_seconds)
        with watch.explained(), tempfile.TemporaryDirectory() as folder:
            return _head(new_bare(Path(folder)), watch, token)

    return supervise(work, watch, deadline_seconds=deadline_seconds)


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
        repository: name, url and branch count.
        folder: the folder of all clones; it is made when it is missing.
        now: the moment that the clone remembers as that of its fetch.
        token: an access token; sent to the address's own host, stored nowhere.
        progress: called in this thread with (phase, done, total), at most ten times a second.
        cancelled: asked in this thread as often; when it says yes, the fetch is given up.
        deadline_seconds: for all of it, waiting for another process included.

    Raises:
        TerminalCloneError: address, branch or credentials are wrong, or the remote has no commit.
        TransientCloneError: network, time-out, cancelled. The clone is then as it was before.

    """
    watch = watch_of(repository)
    path = clone_path(folder, repository)
    limit = time.monotonic() + deadline_seconds

    def work() -> Clone:
        prepare(deadline_seconds)
        with watch.explained(), _locked(path, watch):
            return _sync(path, watch, token, now)

    def pack() -> None:
        with watch.explained(), _locked(path, watch):
            consolidate(path, _work(path), watch)

    clone = supervise(work, watch, deadline_seconds=deadline_seconds, cancelled=cancelled, progress=progress)
    if len(fetched_packs(path)) > PACKS:
        rest = limit - time.monotonic()
        try:
            supervise(pack, watch, deadline_seconds=rest, cancelled=cancelled, progress=progress)
        except CloneError as error:  # the clone is good all the same, and the next fetch tries again
            _log.warning("%s (while packing what was fetched)", error)
    return clone


def _sync(path: Path, watch: Watch, token: str | None, now: int) -> Clone:
    repo = _prepared(path)
    watch.state = ("connecting", 0, 0)
    branch, sha = _head(repo, watch, token)
    ref = f"refs/heads/{branch}"
    old = _tip(repo, ref)
    if old != sha:
        _make_way(repo, ref)
        if not _adopted(repo, path, watch, ref, sha):
            with _source(path, watch, branch, sha) as url:
                watch.state = ("receiving", 0, 0)
                fetch(repo, url, f"+{ref}:{ref}", watch, token)
    new = _tip(repo, ref)
    if new is None:
        raise TerminalCloneError(watch.line(f"branch {branch!r} has gone or is no commit; check branch"))
    if old is not None and old != new and not repo.descendant_of(new, old):
        _keep(repo, old)
    # What was fetched is written down in a form in which `git fetch` does the same by hand.
    repo.set_head(ref)
    repo.config["remote.origin.url"] = watch.address.url
    repo.config["remote.origin.fetch"] = f"+{ref}:{ref}"
    repo.config["remote.origin.tagOpt"] = "--no-tags"
    repo.config[FETCHED_AT] = now
    if BASE not in repo.references and len(fetched_packs(path)) == 1:
        set_base(path, new)
    return Clone(path, branch, new, now)


def _keep(repo: pygit2.Repository, tip: str) -> None:
    repo.references.create(f"{KEPT}{tip}", tip, force=True)


def _make_way(repo: pygit2.Repository, ref: str) -> None:
    """Put away branches that were tracked before and that git cannot have beside `ref`: a and a/b."""
    for other in list(repo.references):
        if other.startswith(f"{ref}/") or ref.startswith(f"{other}/"):
            _keep(repo, str(repo.references[other].target))
            repo.references.delete(other)


def _head(repo: pygit2.Repository, watch: Watch, token: str | None) -> tuple[str, str]:
    found = branch_of(list_heads(repo, watch, token), watch.repository.branch)
    if isinstance(found, str):
        raise TerminalCloneError(watch.line(found))
    return found


def _tip(repo: pygit2.Repository, ref: str) -> str | None:
    """SHA of a reference's commit, when the commit is there with its tree."""
    try:
        commit = repo[repo.references[ref].target]
        return str(commit.id) if commit.type == ObjectType.COMMIT and commit.tree is not None else None
    except (pygit2.GitError, KeyError, ValueError):
        return None


@contextlib.contextmanager
def _locked(path: Path, watch: Watch) -> Iterator[None]:
    """Be the only one who writes to a clone; the lock falls with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as file:
        watch.state = ("waiting for another process", 0, 0)
        fcntl.flock(file, fcntl.LOCK_EX)
        watch.check()
        yield


def _work(clone: Path) -> Path:
    """A folder beside the clone for the time of the lock."""
    return clone.with_suffix(".work")


def _prepared(path: Path) -> pygit2.Repository:
    """The clone, without what a killed process left in it; made anew when it cannot be read."""
    shutil.rmtree(_work(path), ignore_errors=True)
    drop_litter(path)
    for lock in path.rglob("*.lock"):
        lock.unlink()
    try:
        repo = open_bare(path)
        if all(_tip(repo, ref) for ref in repo.references):
            return repo
    except pygit2.GitError:
        pass
    if path.exists():
        shutil.rmtree(path)
    return new_bare(path)


def _adopted(repo: pygit2.Repository, path: Path, watch: Watch, ref: str, sha: str) -> bool:
    """Whether a first clone of a local repository could take its objects over, without a fetch."""
    if watch.address.path is None or list(repo.references):
        return False
    if not adopt(objects_of(watch.address.path, watch), path, watch):
        return False
    open_bare(path).references.create(ref, sha)
    if len(fetched_packs(path)) <= PACKS:
        set_base(path, sha)
    return True


@contextlib.contextmanager
def _source(path: Path, watch: Watch, branch: str, sha: str) -> Iterator[str]:
    """What to fetch from: the remote itself, or for a local one a window that shows one branch of it.

    libgit2 packs all branches of a local repository whatever is asked for, and at each fetch again.
    """
    if watch.address.path is None:
        yield watch.address.url
        return
    objects = objects_of(watch.address.path, watch)
    window = _work(path)
    try:
        new_bare(window)
        (window / "objects/info/alternates").write_text(f"{objects}\n")
        open_bare(window).references.create(f"refs/heads/{branch}", sha)
        yield str(window)
    finally:
        shutil.rmtree(window, ignore_errors=True)
