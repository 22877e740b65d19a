"""Work on independent hours side by side: same results in the same order as one by one."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def each_hour(work: Callable[[int], T], hours: int, *, workers: int | None = None) -> list[T]:
    """Results of `work(hour)` for hours 0 to `hours` - 1, in that order.

    Threads, one per processor unless `workers` says otherwise: the kernels that take the time
    run outside the interpreter's lock.
    """
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        return list(pool.map(work, range(hours)))
