"""Independent work side by side, by hour or district: same results in the same order."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def side_by_side(work: Callable[[int], T], count: int, *, workers: int | None = None) -> list[T]:
    """Results of `work(number)` for numbers 0 to `count` - 1, in that order.

    Threads, one per processor unless `workers` says otherwise: the kernels and the solver that
    take the time run outside the interpreter's lock.
    """
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        return list(pool.map(work, range(count)))


def each_chain(
    work: Callable[[range], list[T]], hours: int, length: int, *, workers: int | None = None
) -> list[T]:
    """Results of `work` on consecutive chains of `length` hours, side by side, in hour order.

    Within a chain an hour may build on the one before. The chains do not depend on `workers`.
    """
    chains = [range(first, min(first + length, hours)) for first in range(0, hours, length)]
    found = side_by_side(lambda number: work(chains[number]), len(chains), workers=workers)
    return [result for chain in found for result in chain]
