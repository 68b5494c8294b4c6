"""One process at a time: a fair queue on a lock file, with a time limit. No database in here.

The kernel wakes the waiters of a blocking `flock`; asking again and again instead was 4 to 10 times
worse at its longest wait. The kernel also drops the lock of a process that is killed, so nothing is
ever left locked. The file itself stays: removing it would let two processes lock two different files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.models import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


OWN_SECONDS = 60
"""Nobody else locks a file of one's own; this only ends a wait that should never be."""


@contextlib.contextmanager
def locked(path: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the lock on the file `path`, created with its folder when missing.

    Threads of one process exclude each other as processes do; the lock cannot be taken twice by one
    thread. Raises StoreError after `wait_seconds`, naming the process that holds the lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Each call opens the file anew: `flock` belongs to the open file, so two threads never share it.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
    if not _Waiter(descriptor).acquire(wait_seconds):
        raise StoreError(
            f"{path}: waited {wait_seconds:g} s for {_holder(path)}, which holds the lock; "
            "wait until it is done, or end it"
        )
    try:
        with contextlib.suppress(OSError):  # a full disk: then the holder has no name
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {Path(sys.argv[0]).name}".encode("utf-8", "replace"), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a lock file of one's own that shows others that this process lives.

    The file is there from the moment on at which it is locked, and gone afterwards. Raises StoreError.
    """
    new = path.with_name(f"{path.name}.new")
    with locked(new, OWN_SECONDS):
        new.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether some process, this one included, holds the lock on a file; False if there is no file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class _Waiter:
    """Waits for the lock in a thread of its own, as a blocking `flock` has no time limit.

    A waiter that gave up cannot be woken: when its turn comes at last, it lets go at once.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._settled = threading.Lock()
        self._done = threading.Event()
        self._gave_up = False
        self._error: OSError | None = None

    def acquire(self, seconds: float) -> bool:
        """Whether the lock is held; if not, the descriptor is closed as soon as that is possible."""
        threading.Thread(target=self._wait, name="lockfile", daemon=True).start()
        held = False
        try:
            held = self._done.wait(seconds) and self._error is None
        finally:  # also when Ctrl-C ends the waiting
            if not held:
                self._let_go()
        if self._error:
            raise StoreError(f"the data folder does not allow locks: {self._error.strerror}") from self._error
        return held

    def _let_go(self) -> None:
        with self._settled:
            self._gave_up = True
            if self._done.is_set():
                os.close(self._descriptor)

    def _wait(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            self._error = error
        with self._settled:
            if self._gave_up:
                os.close(self._descriptor)
            self._done.set()


def _holder(path: Path) -> str:
    """`process 123 (digest)`: what the holder wrote when it got the lock."""
    with contextlib.suppress(OSError):
        pid, _, program = path.read_text("utf-8", "replace").partition(" ")
        if pid:
            return f"process {pid} ({program})"
    return "another process"
