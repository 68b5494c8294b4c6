"""Work on slices in several processes, results in the order of the slices, few of them in memory.

Nothing about repositories is known here. The function and its arguments have to be picklable.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Sequence[Item]], list[Result]], slices: Sequence[Sequence[Item]], processes: int
) -> Generator[Result]:
    """What `work` makes of each slice, one after the other; two slices a process are ahead at most."""
    context = multiprocessing.get_context("spawn")  # forking a process that has threads is not safe
    with ProcessPoolExecutor(min(processes, len(slices)), mp_context=context) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        try:
            for part in slices:
                waiting.append(pool.submit(work, part))
                if len(waiting) > 2 * processes:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
