"""The published approximation of the hypercube: independent units corrected by Q factors.

Set beside the judge of busy units, which corrects odds instead. Larson (1975) for single units,
with and without a line, and pools of several units at a place after Budge, Ingolfsson and Erkut
(2009), without a line.
"""

from math import factorial

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.erlang import erlang_b

ROUNDS = 200
CLOSE = 1e-9


def busy_counts(units: int, offered: float, *, line: bool) -> NDArray[np.float64]:
    """Chance of 0 to `units` busy units in M/M/c, all of them with a line of any length last."""
    chance = np.array([offered**k / factorial(k) for k in range(units + 1)])
    if line:
        chance[-1] /= 1.0 - offered / units
    return np.asarray(chance / chance.sum(), dtype=np.float64)


def q_factors(units: int, offered: float, *, line: bool) -> NDArray[np.float64]:
    """Larson's Q, `[j]`: j given units are busy and the next is idle, over independent units."""
    count = busy_counts(units, offered, line=line)
    busy = offered / units * (1.0 if line else 1.0 - count[-1])
    factors = np.zeros(units)
    for before in range(units):
        together = sum(
            count[k]
            * np.prod([(k - m) / (units - m) for m in range(before)])
            * (units - k)
            / (units - before)
            for k in range(before, units)
        )
        factors[before] = together / (busy**before * (1.0 - busy))
    return factors


def larson(
    calls_per_h: NDArray[np.float64],
    services_per_h: float,
    preference: NDArray[np.int64],
    *,
    line: bool,
    rounds: int = ROUNDS,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Workload of each unit, dispatches at once, and share of calls that wait (Larson 1975).

    Dispatches `[unit, atom]` are shares of all calls served. All units serve alike and every
    list names all; with `line` the work offered is below saturation. Starts from equal workloads.
    """
    atoms, units = preference.shape
    offered = float(calls_per_h.sum()) / services_per_h
    factor = q_factors(units, offered, line=line)
    full = float(busy_counts(units, offered, line=line)[-1])
    total = offered if line else offered * (1.0 - full)
    workload = np.full(units, total / units)
    for _ in range(rounds):
        asked = np.zeros(units)
        passed = np.ones(atoms)
        for rank, chosen in enumerate(preference.T):
            asked += np.bincount(chosen, calls_per_h * factor[rank] * passed, units)
            passed = passed * workload[chosen]
        asked /= services_per_h
        after_line = offered / units * full if line else 0.0
        found = (asked + after_line) / (1.0 + asked)
        found *= total / found.sum()
        change, workload = np.abs(found - workload).max(), found
        if change < CLOSE:
            break
    chance = np.zeros((units, atoms))
    passed = np.ones(atoms)
    for rank, chosen in enumerate(preference.T):
        chance[chosen, np.arange(atoms)] = factor[rank] * passed * (1.0 - workload[chosen])
        passed = passed * workload[chosen]
    waits = full if line else 0.0
    chance *= (1.0 - waits) / chance.sum(axis=0)
    return workload, chance * calls_per_h / calls_per_h.sum(), waits


def pooled(
    calls_per_h: NDArray[np.float64],
    services_per_h: float,
    order: NDArray[np.int64],
    units: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Busy share of the units of each place and share of all calls served `[place, atom]`.

    Pools with Q factors (after Budge, Ingolfsson and Erkut 2009), no line; `order[atom, place]`.
    Erlang's loss gives the chance that a pool is all busy, and in the factor the chance that
    given units of a symmetric system are (Palm-Jacobaeus).
    """
    atoms, places = order.shape
    total = int(units.sum())
    offered = float(calls_per_h.sum()) / services_per_h
    lost = np.array([erlang_b(k, offered) for k in range(total + 1)])
    together = lost[-1] / lost[::-1]
    all_busy = together[units]
    chance = np.zeros((places, atoms))
    for _ in range(ROUNDS):
        known = np.zeros(atoms, dtype=np.int64)
        passed, independent = np.ones(atoms), np.ones(atoms)
        for chosen in order.T:
            here = together[units[chosen]]
            factor = (together[known] - together[known + units[chosen]]) / (1.0 - here)
            chance[chosen, np.arange(atoms)] = (
                factor / independent * passed * (1.0 - all_busy[chosen])
            )
            passed, independent = passed * all_busy[chosen], independent * here
            known = known + units[chosen]
        carried = chance @ calls_per_h / services_per_h
        carried *= offered * (1.0 - lost[-1]) / carried.sum()
        found = np.array(
            [
                erlang_b(int(crew), work / (1.0 - busy))
                for crew, work, busy in zip(units, carried, all_busy, strict=True)
            ]
        )
        change = np.abs(found - all_busy).max()
        all_busy = 0.5 * (all_busy + found)
        if change < CLOSE:
            break
    served = chance * calls_per_h
    return carried / units, served / served.sum()
