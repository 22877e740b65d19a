"""Upper bounds of location problems: one price per cell (Lagrangean relaxation).

For prices u[cell] >= 0 no choice of places is worth more than

    sum_i u_i  +  max over the choices of sum_p G_p(u),  G_p = sum_i max(0, worth_ip - u_i):

a cell gets at most u_i + max(0, worth_ip - u_i) from its best open place p (Cornuejols, Fisher
and Nemhauser 1977; the relaxation of the assignment constraints). The prices are improved by
subgradient steps with Polyak's length (Held, Wolfe and Crowder 1974), deflected by the direction
before (Camerini, Fratta and Maffioli 1975).
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.location import CLOSED, FREE, OPEN, Location

SHORTEST = 0.002
"""Stride at which the steps end."""

DEFLECTION = 0.9
"""Weight of the direction before."""


MEMORY = 0.05
"""Weight of the newest choice in the average that guides branching."""


@dataclass(frozen=True)
class Pace:
    """Length and number of the steps: `stride` shrinks after `patience` steps in vain."""

    steps: int
    stride: float
    shrink: float
    patience: int = 10


@dataclass(frozen=True)
class LocationBound:
    """No choice of places with this fate is worth more than `value`, or none worth the cut.

    `prices[cell]` prove it. Places in `fate[place]` are decided because the other decision
    could not reach the cut; `choice` is the relaxation's choice of places at the best prices and
    `share[place]` how often each place was chosen lately.
    """

    value: float
    prices: NDArray[np.float64]
    fate: NDArray[np.int8]
    choice: NDArray[np.bool_]
    share: NDArray[np.float64]


def bound_location(
    location: Location,
    fate: NDArray[np.int8],
    prices: NDArray[np.float64],
    cut: float,
    margin: float,
    pace: Pace,
) -> LocationBound:
    """Bound the value of all choices within `fate`; stops early once it is below `cut`."""
    decided = fate.copy()
    best_prices = prices.copy()
    choice = np.zeros(location.n_places, dtype=np.bool_)
    share = np.zeros(location.n_places)
    value = subgradient(
        location.start,
        location.place,
        location.worth,
        location.sites,
        cut,
        margin,
        pace.steps,
        pace.stride,
        pace.shrink,
        pace.patience,
        decided,
        best_prices,
        choice,
        share,
    )
    return LocationBound(value, best_prices, decided, choice, share)


@njit(cache=True, nogil=True)
def place_earnings(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    prices: NDArray[np.float64],
    earned: NDArray[np.float64],
) -> None:
    """Write what each place earns beyond the prices into `earned[place]`."""
    earned[:] = 0.0
    for cell in range(len(prices)):
        price = prices[cell]
        for k in range(start[cell], start[cell + 1]):
            if worth[k] <= price:
                break
            earned[place[k]] += worth[k] - price


@njit(cache=True, nogil=True)
def choose_places(
    earned: NDArray[np.float64],
    fate: NDArray[np.int8],
    sites: int,
    chosen: NDArray[np.bool_],
) -> tuple[float, float, float]:
    """Choose the places that earn most; equal ones by index.

    Returns the sum they earn, the least that a free chosen place earns and the most that a free
    place not chosen earns (infinite where there is none); minus infinity when the fates leave
    too many or too few places.
    """
    opened, free = 0, 0
    total = 0.0
    key = np.empty(len(fate))
    for p in range(len(fate)):
        chosen[p] = fate[p] == OPEN
        if fate[p] == OPEN:
            opened += 1
            total += earned[p]
        elif fate[p] == FREE:
            key[free] = earned[p]
            free += 1
    wanted = sites - opened
    if wanted < 0 or wanted > free:
        return -np.inf, np.inf, -np.inf
    if wanted == 0:
        return total, np.inf, key[:free].max() if free > 0 else -np.inf
    edge = np.partition(key[:free], free - wanted)[free - wanted]
    above = 0
    for p in range(len(fate)):
        if fate[p] == FREE and earned[p] > edge:
            chosen[p] = True
            total += earned[p]
            above += 1
    most = -np.inf
    for p in range(len(fate)):
        if fate[p] != FREE or earned[p] > edge:
            continue
        if earned[p] == edge and above < wanted:
            chosen[p] = True
            total += earned[p]
            above += 1
        else:
            most = max(most, earned[p])
    return total, edge, most


@njit(cache=True, nogil=True)
def decide_places(
    bound: float,
    least: float,
    most: float,
    cut: float,
    earned: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    fate: NDArray[np.int8],
) -> int:
    """Decide the places whose other decision would bring the bound below the cut.

    Opening a place not chosen costs the least chosen one, closing a chosen one brings in the
    best of the others. Returns how many were decided.
    """
    decided = 0
    for p in range(len(fate)):
        if fate[p] != FREE:
            continue
        if chosen[p] and bound - (earned[p] - most) < cut:
            fate[p] = OPEN
            decided += 1
        elif not chosen[p] and bound - (least - earned[p]) < cut:
            fate[p] = CLOSED
            decided += 1
    return decided


@njit(cache=True, nogil=True)
def subgradient(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    sites: int,
    cut: float,
    margin: float,
    steps: int,
    stride: float,
    shrink: float,
    patience: int,
    fate: NDArray[np.int8],
    prices: NDArray[np.float64],
    choice: NDArray[np.bool_],
    share: NDArray[np.float64],
) -> float:
    """Improve `prices` in place and return the least bound; writes `fate`, `choice`, `share`.

    Stops after `steps`, or once no choice within the fates can reach `cut`.
    """
    cells, places = len(prices), len(fate)
    now = prices.copy()
    ceiling = np.zeros(cells)
    for cell in range(cells):
        if start[cell] < start[cell + 1]:
            ceiling[cell] = worth[start[cell]]
    earned = np.empty(places)
    chosen = np.zeros(places, np.bool_)
    direction = np.zeros(cells)
    best = np.inf
    waited = 0
    weight = 1.0
    for number in range(steps):
        place_earnings(start, place, worth, now, earned)
        total, least, most = choose_places(earned, fate, sites, chosen)
        bound = total + now.sum()
        if bound < cut:
            return bound
        decide_places(bound, least, most, cut, earned, chosen, fate)
        for p in range(places):
            share[p] += weight * ((1.0 if chosen[p] else 0.0) - share[p])
        weight = max(MEMORY, 1.0 / (number + 2))
        waited += 1
        if bound < best:
            if bound < best - 1e-4 * (best - cut):
                waited = 0
            best = bound
            prices[:] = now
            choice[:] = chosen
        aim = cut - max(best - cut, margin)
        if waited >= patience:
            stride *= shrink
            if stride < SHORTEST:
                break
            waited = 0
        length = 0.0
        for cell in range(cells):
            served = 0
            for k in range(start[cell], start[cell + 1]):
                if worth[k] <= now[cell]:
                    break
                if chosen[place[k]]:
                    served += 1
            push = served - 1.0 + DEFLECTION * direction[cell]
            if (push < 0 and now[cell] <= 0.0) or (push > 0 and now[cell] >= ceiling[cell]):
                push = 0.0
            direction[cell] = push
            length += push * push
        if length == 0.0:
            break
        size = stride * (bound - aim) / length
        for cell in range(cells):
            now[cell] = min(max(now[cell] + size * direction[cell], 0.0), ceiling[cell])
    return best
