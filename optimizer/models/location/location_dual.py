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

from optimizer.models.location.location import CLOSED, FREE, OPEN, Location

SHORTEST = 0.002
"""Stride at which the steps end."""

DEFLECTION = 0.9
"""Weight of the direction before."""


NOTEWORTHY = 1e-4
"""A bound that closes less than this share of the gap to the cut counts as none."""

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
    value: float = subgradient(
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
    free = np.flatnonzero(fate == FREE)
    wanted = sites - int((fate == OPEN).sum())
    if wanted < 0 or wanted > len(free):
        return -np.inf, np.inf, -np.inf
    edge = np.inf
    if wanted > 0:
        edge = np.partition(earned[free], len(free) - wanted)[len(free) - wanted]
    level = wanted - int((earned[free] > edge).sum())
    total, most = 0.0, -np.inf
    for p in range(len(fate)):
        chosen[p] = fate[p] == OPEN or (fate[p] == FREE and earned[p] > edge)
        if fate[p] == FREE and earned[p] == edge and level > 0:
            chosen[p] = True
            level -= 1
        if chosen[p]:
            total += earned[p]
        elif fate[p] == FREE:
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
) -> None:
    """Decide the places whose other decision would bring the bound below the cut.

    Opening a place not chosen costs the least chosen one, closing a chosen one brings in the
    best of the others.
    """
    for p in range(len(fate)):
        if fate[p] != FREE:
            continue
        if chosen[p] and bound - (earned[p] - most) < cut:
            fate[p] = OPEN
        elif not chosen[p] and bound - (least - earned[p]) < cut:
            fate[p] = CLOSED


@njit(cache=True, nogil=True)
def turn_direction(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    prices: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    direction: NDArray[np.float64],
) -> float:
    """Bring `direction[cell]` up to date and return its squared length.

    A price rises with the chosen places that serve its cell beyond the first; it stays between
    zero and what the cell's best place is worth.
    """
    length = 0.0
    for cell in range(len(prices)):
        if start[cell] == start[cell + 1]:
            continue
        push = DEFLECTION * direction[cell] - 1.0
        for k in range(start[cell], start[cell + 1]):
            if worth[k] <= prices[cell]:
                break
            push += chosen[place[k]]
        stuck = prices[cell] <= 0.0 if push < 0.0 else prices[cell] >= worth[start[cell]]
        direction[cell] = 0.0 if stuck else push
        length += direction[cell] * direction[cell]
    return length


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

    The steps aim below the cut by the gap to it, at least by `margin`: a bound that settles at
    the cut proves nothing. They end after `steps`, when they have become short, or once no
    choice within the fates can reach the cut.
    """
    now = prices.copy()
    earned = np.empty(len(fate))
    chosen = np.zeros(len(fate), np.bool_)
    direction = np.zeros(len(prices))
    best = np.inf
    waited = 0
    for number in range(steps):
        place_earnings(start, place, worth, now, earned)
        total, least, most = choose_places(earned, fate, sites, chosen)
        bound = total + now.sum()
        if bound < cut:
            return float(bound)
        decide_places(bound, least, most, cut, earned, chosen, fate)
        share += max(MEMORY, 1.0 / (number + 1)) * (chosen - share)
        waited = 0 if bound < best - NOTEWORTHY * (best - cut) else waited + 1
        if bound < best:
            best = bound
            prices[:] = now
            choice[:] = chosen
        if waited >= patience:
            stride *= shrink
            waited = 0
        length = turn_direction(start, place, worth, now, chosen, direction)
        if length == 0.0 or stride < SHORTEST:
            break
        size = stride * (bound - cut + max(best - cut, margin)) / length
        for cell in range(len(now)):
            if start[cell] < start[cell + 1]:
                moved = now[cell] + size * direction[cell]
                now[cell] = min(max(moved, 0.0), worth[start[cell]])
    return float(best)
