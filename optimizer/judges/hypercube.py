"""The exact hypercube of a few units (Larson 1974): all combinations of idle and busy units.

Calls of an atom (a cell, or several) come at random and go to the first idle unit of the atom's
list. Services are exponential, at a rate of the unit. A call that finds all units of its list
busy is lost (zero line) or waits and is served in order of arrival by the next free unit
(infinite line; every list then names all units).

State `s` has unit `n` busy when bit `n` of `s` is set. The line adds nothing to solve: as long as
no call waits, the chain is that of the zero line, and a line begins and ends with all units busy.
So the infinite line has the zero line's chances in proportion, and a geometric tail with ratio
`r = calls / services` an hour.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.frozen import frozen_array

MOST_UNITS = 16
"""Units up to which all combinations are listed (65,536 of them)."""

TOLERANCE = 1e-13
"""Sum of the changes of all chances in a sweep below which the chain is solved."""

MAX_SWEEPS = 10_000


@dataclass(frozen=True)
class HypercubeSystem:
    """Atoms with calls and lists of units, and units with service rates.

    `calls_per_h[atom]`; `services_per_h[unit]`; `preference[atom, rank]` units, the first choice
    first, -1 behind the end of a list that does not name all units. With `line` calls wait.

    Raises
    ------
    ValueError
        When shapes, rates or lists are wrong, lists are not complete although calls wait, or
        there are more than `MOST_UNITS` units.
    """

    calls_per_h: NDArray[np.float64]
    services_per_h: NDArray[np.float64]
    preference: NDArray[np.int64]
    line: bool

    def __post_init__(self) -> None:
        atoms, units = len(self.calls_per_h), len(self.services_per_h)
        for name, dtype, shape in (
            ("calls_per_h", np.float64, (atoms,)),
            ("services_per_h", np.float64, (units,)),
            ("preference", np.int64, (atoms, units)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        if units > MOST_UNITS:
            raise ValueError(f"{units} units: all combinations are listed up to {MOST_UNITS}")
        if not np.isfinite(self.calls_per_h).all() or (self.calls_per_h < 0).any():
            raise ValueError("calls_per_h must be finite and not negative")
        if not np.isfinite(self.services_per_h).all() or (self.services_per_h <= 0).any():
            raise ValueError("services_per_h must be finite and positive")
        faulty = [a for a, row in enumerate(self.preference) if not _is_list(row, units)]
        if faulty:
            raise ValueError(f"atoms {faulty[:3]}: a list names units 0 to {units - 1} once each")
        short = np.flatnonzero((self.preference < 0).any(axis=1) & (self.calls_per_h > 0))
        if self.line and len(short):
            raise ValueError(f"atoms {short[:3].tolist()}: calls wait, but a unit is not listed")

    @property
    def offered_share(self) -> float:
        """Calls an hour in proportion to what all units can serve; inf without units."""
        calls, services = float(self.calls_per_h.sum()), float(self.services_per_h.sum())
        if calls == 0.0:
            return 0.0
        return calls / services if services > 0.0 else np.inf

    @property
    def stable(self) -> bool:
        """Whether there is a steady state: without a line always, else below saturation."""
        return not self.line or self.offered_share < 1.0


def _is_list(row: NDArray[np.int64], units: int) -> bool:
    named = row[row >= 0]
    ended = bool((row[len(named) :] < 0).all() and (row >= -1).all())
    return ended and len(np.unique(named)) == len(named) and bool((named < units).all())


@dataclass(frozen=True)
class HypercubeState:
    """Steady state of a system; where it has none, all figures are NaN.

    `chance[state]` of each combination with no call waiting; `workload[unit]` busy share;
    `at_once[unit, atom]` the share of all calls served that are the atom's and go to the unit
    without waiting, `after_wait[unit, atom]` the same for those that wait; `lost[atom]` share of
    the atom's calls; `line_chance` that calls wait; `all_busy` that no unit is idle;
    `waiting_calls` mean length of the line and `wait_h` mean wait of all calls, hours; `change`
    the sum of the changes of all chances in the last sweep.
    """

    system: HypercubeSystem
    chance: NDArray[np.float64]
    workload: NDArray[np.float64]
    at_once: NDArray[np.float64]
    after_wait: NDArray[np.float64]
    lost: NDArray[np.float64]
    line_chance: float
    all_busy: float
    waiting_calls: float
    wait_h: float
    change: float

    @property
    def converged(self) -> bool:
        """Whether the chain was solved within the tolerance."""
        return self.change < TOLERANCE

    @property
    def dispatched(self) -> NDArray[np.float64]:
        """Share of all calls served that are the atom's and go to the unit, `[unit, atom]`."""
        return self.at_once + self.after_wait

    @property
    def interdistrict(self) -> float:
        """Share of the calls served that do not go to the first choice of their atom."""
        atom = np.arange(self.dispatched.shape[1])
        own = sum(
            float(self.dispatched[first, atom[self.system.preference[:, 0] == first]].sum())
            for first in range(len(self.dispatched))
        )
        return float(self.dispatched.sum()) - own

    def mean_travel(self, travel: NDArray[np.float64], after_wait: float) -> float:
        """Mean travel of the calls served, in the unit of `travel[unit, atom]`.

        `after_wait` is the mean travel of calls that waited (see `travel_after_wait`).
        """
        return float((self.at_once * travel).sum() + self.after_wait.sum() * after_wait)


def travel_after_wait(calls_per_h: NDArray[np.float64], travel: NDArray[np.float64]) -> float:
    """Mean of `travel[atom, atom]` between two calls: a unit that is freed comes from the last."""
    total = float(calls_per_h.sum())
    if total == 0.0:
        return 0.0
    share = calls_per_h / total
    return float(share @ travel @ share)


def hypercube(system: HypercubeSystem) -> HypercubeState:
    """Steady state of the system; see `HypercubeState.converged`."""
    if not system.stable:
        return _no_state(system)
    calls, services, lists = system.calls_per_h, system.services_per_h, system.preference
    units = len(services)
    chance, change = steady_chances(rates_up(calls, lists, units), services, TOLERANCE, MAX_SWEEPS)
    share = system.offered_share if system.line else 0.0
    tail = float(chance[-1]) * share / (1.0 - share)
    chance, line_chance = chance / (1.0 + tail), tail / (1.0 + tail)
    all_busy, waiting_calls = float(chance[-1]) + line_chance, line_chance / (1.0 - share)
    found = first_idle_chances(chance, lists, units)
    lost = np.zeros(len(calls)) if system.line else 1.0 - found.sum(axis=0)
    served_per_h = float(calls @ (1.0 - lost))
    per_served_h = 1.0 / served_per_h if served_per_h > 0.0 else 0.0
    busy = (np.arange(len(chance))[:, None] >> np.arange(units)) & 1
    next_free = services / services.sum() * (all_busy if system.line else 0.0)
    return HypercubeState(
        system=system,
        chance=chance,
        workload=chance @ busy + line_chance,
        at_once=found * calls * per_served_h,
        after_wait=np.outer(next_free, calls * per_served_h),
        lost=lost,
        line_chance=line_chance,
        all_busy=all_busy,
        waiting_calls=waiting_calls,
        wait_h=waiting_calls * per_served_h,
        change=change,
    )


def _no_state(system: HypercubeSystem) -> HypercubeState:
    units, atoms = len(system.services_per_h), len(system.calls_per_h)
    return HypercubeState(
        system=system,
        chance=np.full(1 << units, np.nan),
        workload=np.full(units, np.nan),
        at_once=np.full((units, atoms), np.nan),
        after_wait=np.full((units, atoms), np.nan),
        lost=np.full(atoms, np.nan),
        line_chance=np.nan,
        all_busy=np.nan,
        waiting_calls=np.nan,
        wait_h=np.nan,
        change=0.0,
    )


@njit(cache=True, nogil=True)
def first_idle(state: int, choices: NDArray[np.int64]) -> int:
    """First idle unit of a list in a state; -1 when all are busy."""
    for unit in choices:
        if unit < 0:
            break
        if not (state >> unit) & 1:
            return int(unit)
    return -1


@njit(cache=True, nogil=True)
def rates_up(
    calls_per_h: NDArray[np.float64], preference: NDArray[np.int64], units: int
) -> NDArray[np.float64]:
    """Calls an hour that make a unit busy, `[state, unit]`."""
    rates = np.zeros((1 << units, units))
    for state in range(1 << units):
        for atom in range(len(calls_per_h)):
            unit = first_idle(state, preference[atom])
            if unit >= 0:
                rates[state, unit] += calls_per_h[atom]
    return rates


@njit(cache=True, nogil=True)
def first_idle_chances(
    chance: NDArray[np.float64], preference: NDArray[np.int64], units: int
) -> NDArray[np.float64]:
    """Chance that the unit is the first idle one of the atom's list, `[unit, atom]`."""
    found = np.zeros((units, len(preference)))
    for state in range(len(chance)):
        for atom in range(len(preference)):
            unit = first_idle(state, preference[atom])
            if unit >= 0:
                found[unit, atom] += chance[state]
    return found


@njit(cache=True, nogil=True)
def steady_chances(
    up: NDArray[np.float64], services_per_h: NDArray[np.float64], tolerance: float, sweeps: int
) -> tuple[NDArray[np.float64], float]:
    """Chance of each state of the chain with rates `up[state, unit]`, and the last change.

    Gauss-Seidel sweeps through the states in both directions. After each sweep the states with
    k busy units are scaled so that calls and services balance between k and k + 1 units, which
    is what sweeps are slowest to find (aggregation of Koury, McAllister and Stewart 1984).
    """
    states, units = up.shape
    busy = np.zeros(states, dtype=np.int64)
    for state in range(1, states):
        busy[state] = busy[state >> 1] + (state & 1)
    chance = start_chances(up, services_per_h)
    before = np.empty(states)
    change = 1.0
    for _ in range(sweeps):
        before[:] = chance
        for state in range(states):
            balance_state(state, up, services_per_h, chance)
        for state in range(states - 1, -1, -1):
            balance_state(state, up, services_per_h, chance)
        balance_levels(up, services_per_h, busy, units, chance)
        change = np.abs(chance - before).sum()
        if change < tolerance:
            break
    return chance, change


@njit(cache=True, nogil=True)
def start_chances(
    up: NDArray[np.float64], services_per_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Chances if units were busy independently; units that no call goes to are never busy."""
    states, units = up.shape
    asked = np.zeros(units)
    for unit in range(units):
        asked[unit] = up[:, unit].max() if states > 1 else 0.0
    chance = np.ones(states)
    for state in range(states):
        for unit in range(units):
            odds = asked[unit] / services_per_h[unit]
            chance[state] *= (odds if (state >> unit) & 1 else 1.0) / (1.0 + odds)
    return chance


@njit(cache=True, nogil=True)
def balance_state(
    state: int,
    up: NDArray[np.float64],
    services_per_h: NDArray[np.float64],
    chance: NDArray[np.float64],
) -> None:
    """Set the chance of a state so that it is left as often as it is entered."""
    entered, left = 0.0, 0.0
    for unit in range(len(services_per_h)):
        bit = 1 << unit
        if state & bit:
            entered += up[state - bit, unit] * chance[state - bit]
            left += services_per_h[unit]
        else:
            entered += services_per_h[unit] * chance[state + bit]
            left += up[state, unit]
    if left > 0.0:
        chance[state] = entered / left


@njit(cache=True, nogil=True)
def balance_levels(
    up: NDArray[np.float64],
    services_per_h: NDArray[np.float64],
    busy: NDArray[np.int64],
    units: int,
    chance: NDArray[np.float64],
) -> None:
    """Scale the states with k busy units, for each k, to balance with those of k + 1."""
    total, called, served = np.zeros(units + 1), np.zeros(units + 1), np.zeros(units + 1)
    for state in range(len(chance)):
        level = busy[state]
        total[level] += chance[state]
        for unit in range(units):
            if (state >> unit) & 1:
                served[level] += services_per_h[unit] * chance[state]
            else:
                called[level] += up[state, unit] * chance[state]
    scale = np.zeros(units + 1)
    weight, sum_of_weights = 1.0, 1.0
    scale[0] = 1.0 / total[0]
    for level in range(1, units + 1):
        if called[level - 1] <= 0.0 or served[level] <= 0.0:
            break
        weight *= called[level - 1] / total[level - 1] / (served[level] / total[level])
        scale[level] = weight / total[level]
        sum_of_weights += weight
    for state in range(len(chance)):
        chance[state] *= scale[busy[state]] / sum_of_weights
