"""Formulas for units that all calls share: loss, waiting line, and a line with priorities.

`servers` units take every call; `offered` is the work offered in erlangs, unit-hours an hour.
Calls come at random (Poisson); for the waiting line services are exponential.
"""

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray


@njit(cache=True, nogil=True)
def erlang_b(servers: int, offered: float) -> float:
    """Share of arrivals lost by `servers` units offered `offered` erlangs (Erlang 1917)."""
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Share of arrivals that wait when an unlimited line is allowed; 1 from saturation on."""
    if offered >= servers:
        return 1.0
    blocked = erlang_b(servers, offered)
    return float(servers * blocked / (servers - offered * (1.0 - blocked)))


def mean_wait(servers: int, offered: float) -> float:
    """Mean wait of all arrivals of M/M/c in mean service times; inf from saturation on."""
    if offered >= servers:
        return math.inf
    return erlang_c(servers, offered) / (servers - offered)


def priority_waits(
    servers: int, services_per_h: float, calls_per_h: Sequence[float] | ArrayLike
) -> NDArray[np.float64]:
    """Mean wait in hours of each grade of calls, `[grade]`, the most urgent grade first.

    M/M/c without preemption (Cobham 1954): the next free unit takes the oldest waiting call of
    the most urgent grade. With `s_k` the utilisation by grades up to `k`,

        wait_k = (chance that all units are busy / (servers * services_per_h))
                 / ((1 - s_{k-1}) (1 - s_k)).

    Grades whose line grows without limit (`s_k >= 1`, or no unit) get inf; the more urgent ones
    then find all units busy always and still have a finite wait.

    Raises
    ------
    ValueError
        When a rate is negative or not finite, or `services_per_h` is not positive.
    """
    rates = np.asarray(calls_per_h, dtype=np.float64)
    if not np.isfinite(rates).all() or (rates < 0).any():
        raise ValueError(f"calls_per_h must be finite and not negative, not {rates.tolist()}")
    if not 0.0 < services_per_h < math.inf:
        raise ValueError(f"services_per_h must be positive and finite, not {services_per_h}")
    offered = float(rates.sum()) / services_per_h
    if servers < 1:
        return np.full(rates.shape, math.inf)
    next_free_h = erlang_c(servers, offered) / (servers * services_per_h)
    return next_free_h * waits_by_grade(rates / (servers * services_per_h))


def waits_by_grade(load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wait by grade as a multiple of the wait for the next free unit (Cobham 1954).

    `load[..., grade]` is the share of the units' time that each grade asks for, the most urgent
    first. Returns the same shape; inf where the grades up to this one ask for all of it.
    """
    reached = np.cumsum(load, axis=-1)
    left = np.clip(1.0 - reached, 0.0, None)
    left_before = np.clip(1.0 - (reached - load), 0.0, None)
    room = left * left_before
    waits = np.full(load.shape, math.inf)
    np.divide(1.0, room, out=waits, where=room > 0.0)
    return waits
