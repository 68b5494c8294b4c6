"""Work on slices in several processes, results in the order of the slices, few of them in memory.

Nothing about repositories is known here. The function and its arguments have to be picklable, and may not
be of the main module.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4
"""Processes that work at once, however many cores there are: each takes memory of its own."""

_log = logging.getLogger(__name__)


def worth(items: int, per_process: int) -> int:
    """How many processes so many items pay for, when a process has to have `per_process` of them to pay.

    1, which means none beside this one, for little work, on one core, and where no child may be started.
    """
    if multiprocessing.current_process().daemon:
        return 1
    return max(1, min(_cores(), MOST, items // per_process))


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux knows what is allowed
        return os.cpu_count() or 1


def in_order(
    work: Callable[[Sequence[Item]], list[Result]],
    own: Callable[[Sequence[Item]], Iterable[Result]],
    slices: Sequence[Sequence[Item]],
    processes: int,
) -> Generator[Result]:
    """What is made of each slice, one after the other; one slice a process is ahead at most.

    This process is one of `processes` and takes its turn, with `own`, which has to give what `work` gives: a
    process less is started, and less has to be handed over. An error of either is raised here. Where
    processes cannot be started or are killed, this one does what is left.
    """
    context = multiprocessing.get_context("spawn")  # forking a process that has threads is not safe
    others = max(1, processes - 1)
    pool = ProcessPoolExecutor(others, mp_context=context, initializer=_become_helper)
    waiting: deque[tuple[Sequence[Item], Future[list[Result]] | None]] = deque()
    try:
        for number, part in enumerate(slices):
            waiting.append((part, _handed_over(pool, work, part) if number % (others + 1) else None))
            if len(waiting) > processes:
                yield from _result(own, *waiting.popleft())
        while waiting:
            yield from _result(own, *waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _handed_over(
    pool: ProcessPoolExecutor, work: Callable[[Sequence[Item]], list[Result]], part: Sequence[Item]
) -> Future[list[Result]] | None:
    try:
        with _empty_main():
            return pool.submit(work, part)
    except (BrokenProcessPool, OSError, ImportError):
        return None


@contextlib.contextmanager
def _empty_main() -> Iterator[None]:
    """Keep new processes from running the main module: it may be Dagster's, or have no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _result(
    own: Callable[[Sequence[Item]], Iterable[Result]],
    part: Sequence[Item],
    future: Future[list[Result]] | None,
) -> Iterable[Result]:
    if future is not None:
        try:
            return future.result()
        except BrokenProcessPool as error:
            _log.warning("other processes cannot help (%s); this one goes on alone", error)
    return own(part)


def _become_helper() -> None:
    """Leave Ctrl-C to the process that asked for help, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
