"""Numba kernels of the dual bound: what prices earn, what cells keep, one round of the method."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

BISECTIONS = 50
"""Halvings of the bracket of a toll; the bound does not depend on how exact tolls are."""

OVERSTEP = 1.8
"""Length of a step relative to the proximal point it aims at (over-relaxation, Eckstein and
Bertsekas 1992); below 2. Three quarters of the rounds then give the bound of plain steps."""


@njit(cache=True, nogil=True)
def used_bins(gain: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins of each cell up to the last with a gain, `[cell]`; prices are zero from there on."""
    used = np.zeros(gain.shape[0], np.int64)
    for cell in range(gain.shape[0]):
        for b in range(gain.shape[1] - 1, -1, -1):
            if gain[cell, b] > 0.0:
                used[cell] = b + 1
                break
    return used


@njit(cache=True, nogil=True)
def later_sums(
    prices: NDArray[np.float64], used: NDArray[np.int64], total: NDArray[np.float64]
) -> None:
    """Sum of the prices of a cell from each bin on, into `total[cell, bin]`."""
    for cell in range(prices.shape[0]):
        later = 0.0
        for b in range(used[cell] - 1, -1, -1):
            later += prices[cell, b]
            total[cell, b] = later


@njit(cache=True, nogil=True)
def earnings(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    later: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What one unit at each place earns at the prices summed in `later`, `[place]`."""
    earned = np.zeros(len(indptr) - 1)
    for place in range(len(earned)):
        total = 0.0
        for k in range(indptr[place], indptr[place + 1]):
            total += later[np.uint32(cells[k]), np.uint32(bins[k])]
        earned[place] = total
    return earned


@njit(cache=True, nogil=True)
def value_of_steps(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Value of n units per gain, `[cell, n]`, one column more than `step`."""
    value = np.zeros((step.shape[0], step.shape[1] + 1))
    for cell in range(step.shape[0]):
        for n in range(step.shape[1]):
            value[cell, n + 1] = value[cell, n] + step[cell, n]
    return value


@njit(cache=True, nogil=True)
def cell_surplus(
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    value: NDArray[np.float64],
    prices: NDArray[np.float64],
    used: NDArray[np.int64],
) -> float:
    """Most that the cells keep after paying for units, `sum max_n (gain f(n) - price n)`."""
    total = 0.0
    for cell in range(gain.shape[0]):
        for b in range(used[cell]):
            worth = gain[cell, b]
            if worth <= 0.0:
                continue
            price = prices[cell, b]
            low, high = 0, step.shape[1]
            while low < high:
                middle = (low + high) // 2
                if worth * step[cell, middle] > price:
                    low = middle + 1
                else:
                    high = middle
            total += worth * value[cell, low] - price * low
    return total


@njit(cache=True, nogil=True)
def best_places(
    earned: NDArray[np.float64],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    total: int,
) -> float:
    """Most that `total` units can earn within all limits, and the bonus of those that stay.

    A place offers its units in two lots: those that stay earn `move_cost` more. The feasible
    allocations are the bases of a laminar polymatroid, so taking the best lot first is optimal.
    """
    places = len(earned)
    lot_worth = np.empty(2 * places)
    lot_size = np.empty(2 * places, np.int64)
    used = np.zeros(len(group_min), np.int64)
    worth = 0.0
    placed = 0
    for place in range(places):
        pinned = place_min[place]
        worth += pinned * earned[place] + min(pinned, keep[place]) * move_cost
        used[group[place]] += pinned
        placed += pinned
        staying = max(min(keep[place], place_cap[place]) - pinned, 0)
        lot_worth[2 * place] = earned[place] + move_cost
        lot_size[2 * place] = staying
        lot_worth[2 * place + 1] = earned[place]
        lot_size[2 * place + 1] = place_cap[place] - pinned - staying
    spare = total - placed
    for own in range(len(group_min)):
        spare -= max(group_min[own] - used[own], 0)
    for lot in np.argsort(-lot_worth, kind="mergesort"):
        own = group[lot // 2]
        owed = max(group_min[own] - used[own], 0)
        take = min(lot_size[lot], group_max[own] - used[own], owed + spare)
        if take > 0:
            worth += take * lot_worth[lot]
            used[own] += take
            spare -= max(take - owed, 0)
    return worth


@njit(cache=True, nogil=True)
def step_sizes(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    scale: NDArray[np.float64],
    used: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Diagonal steps for units `[place]` and prices `[cell, bin]` of size `scale[cell, bin]`."""
    later = np.zeros(scale.shape)
    later_sums(scale, used, later)
    unit_step = earnings(indptr, cells, bins, later)
    for place in range(len(unit_step)):
        unit_step[place] = 1.0 / unit_step[place] if unit_step[place] > 0.0 else 0.0
    count = np.zeros(scale.shape)
    for k in range(len(cells)):
        count[cells[k], bins[k]] += 1.0
    for cell in range(scale.shape[0]):
        for b in range(scale.shape[1]):
            if b > 0:
                count[cell, b] += count[cell, b - 1]
    price_step = np.zeros(scale.shape)
    for cell in range(scale.shape[0]):
        for b in range(scale.shape[1]):
            if count[cell, b] > 0.0:
                price_step[cell, b] = scale[cell, b] / count[cell, b]
    return unit_step, price_step


@njit(cache=True, nogil=True)
def near_units(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    placed: NDArray[np.float64],
    used: NDArray[np.int64],
    near: NDArray[np.float64],
) -> None:
    """Fractional units within each bin of each cell, written into `near[cell, bin]`."""
    for cell in range(near.shape[0]):
        for b in range(used[cell]):
            near[cell, b] = 0.0
    for place in range(len(placed)):
        here = placed[place]
        if here > 0.0:
            for k in range(indptr[place], indptr[place + 1]):
                near[np.uint32(cells[k]), np.uint32(bins[k])] += here
    for cell in range(near.shape[0]):
        for b in range(1, used[cell]):
            near[cell, b] += near[cell, b - 1]


@njit(cache=True, nogil=True)
def move_prices(
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    price_step: NDArray[np.float64],
    used: NDArray[np.int64],
    near: NDArray[np.float64],
    before: NDArray[np.float64],
    point: NDArray[np.float64],
    prices: NDArray[np.float64],
    sum_prices: NDArray[np.float64],
) -> None:
    """Proximal step of every price against the units `near` extrapolated from those `before`.

    The number of units n that a cell would buy falls in steps with the price; the new price is
    where `n = near + (price - old) / price_step`, with the old one in `point`. The method goes
    on from `point` and `before`, which step over the new prices and units.
    """
    last = step.shape[1] - 1
    for cell in range(gain.shape[0]):
        for b in range(used[cell]):
            worth = gain[cell, b]
            size = price_step[cell, b]
            old = point[cell, b]
            if worth <= 0.0 or size <= 0.0:
                sum_prices[cell, b] += prices[cell, b]
                continue
            here = 2.0 * near[cell, b] - before[cell, b]
            low = min(max(int(here), 0), last)
            reach = here * size - old
            while low > 0 and reach + worth * step[cell, low - 1] <= low * size:
                low -= 1
            while low < last and reach + worth * step[cell, low] > (low + 1) * size:
                low += 1
            edge = worth * step[cell, low]
            if reach + edge >= low * size:
                prices[cell, b] = edge
            else:
                prices[cell, b] = max(min(old + size * (low - here), worth * step[cell, 0]), 0.0)
            sum_prices[cell, b] += prices[cell, b]
            point[cell, b] += OVERSTEP * (prices[cell, b] - old)
            before[cell, b] += OVERSTEP * (near[cell, b] - before[cell, b])


@njit(cache=True, nogil=True)
def held_at(
    wish: float,
    unit_step: float,
    toll: float,
    keep: int,
    move_cost: float,
    low: int,
    high: int,
) -> float:
    """Units at a place that wishes for `wish`, at a toll per unit, within its limits."""
    plain = wish - unit_step * toll
    kept = plain + unit_step * move_cost
    if kept < keep:
        plain = kept
    elif plain < keep:
        plain = keep
    return min(max(plain, low), high)


@njit(cache=True, nogil=True)
def held_by_groups(
    wish: NDArray[np.float64],
    unit_step: NDArray[np.float64],
    toll: NDArray[np.float64],
    group: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Units of each group when its places pay `toll[group]`."""
    held = np.zeros(len(toll))
    for place in range(len(wish)):
        own = group[place]
        held[own] += held_at(
            wish[place],
            unit_step[place],
            toll[own],
            keep[place],
            move_cost,
            place_min[place],
            place_cap[place],
        )
    return held


@njit(cache=True, nogil=True)
def group_tolls(
    wish: NDArray[np.float64],
    unit_step: NDArray[np.float64],
    group: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    want: NDArray[np.int64],
    bracket: float,
) -> NDArray[np.float64]:
    """Toll of each group at which its places hold `want[group]` units, by bisection."""
    low = np.full(len(want), -bracket)
    high = np.full(len(want), bracket)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        held = held_by_groups(wish, unit_step, middle, group, keep, move_cost, place_min, place_cap)
        for own in range(len(want)):
            if held[own] > want[own]:
                low[own] = middle[own]
            else:
                high[own] = middle[own]
    return high


@njit(cache=True, nogil=True)
def settle_units(
    wish: NDArray[np.float64],
    unit_step: NDArray[np.float64],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    total: int,
    placed: NDArray[np.float64],
) -> None:
    """Nearest fractional allocation to `wish[place]` within all limits, into `placed`."""
    bracket = move_cost + 1e-9
    for place in range(len(wish)):
        if unit_step[place] > 0.0:
            span = max(abs(wish[place]), abs(wish[place] - min(place_cap[place], total)))
            bracket = max(bracket, 2.0 * span / unit_step[place] + move_cost)
    most = group_tolls(
        wish, unit_step, group, keep, move_cost, place_min, place_cap, group_max, bracket
    )
    toll = most
    if (group_min != group_max).any():
        least = group_tolls(
            wish, unit_step, group, keep, move_cost, place_min, place_cap, group_min, bracket
        )
        low, high = -bracket, bracket
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            toll = np.minimum(np.maximum(middle, most), least)
            held = held_by_groups(
                wish, unit_step, toll, group, keep, move_cost, place_min, place_cap
            )
            if held.sum() > total:
                low = middle
            else:
                high = middle
    for place in range(len(wish)):
        placed[place] = held_at(
            wish[place],
            unit_step[place],
            toll[group[place]],
            keep[place],
            move_cost,
            place_min[place],
            place_cap[place],
        )


@njit(cache=True, nogil=True)
def price_rounds(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    total: int,
    unit_step: NDArray[np.float64],
    price_step: NDArray[np.float64],
    rounds: int,
    placed: NDArray[np.float64],
    prices: NDArray[np.float64],
    sum_placed: NDArray[np.float64],
    sum_prices: NDArray[np.float64],
) -> None:
    """Rounds of the primal-dual method; changes the last four arrays in place.

    `placed[place]` and `prices[cell, bin]` are the point reached, the sums add up the points of
    all rounds. The first round starts from that point, a later one from where the one before
    stepped over its own.
    """
    used = used_bins(gain)
    near = np.zeros(gain.shape)
    before = np.zeros(gain.shape)
    later = np.zeros(gain.shape)
    from_placed, from_prices = placed.copy(), prices.copy()
    near_units(indptr, cells, bins, from_placed, used, before)
    for _ in range(rounds):
        later_sums(from_prices, used, later)
        wish = from_placed + unit_step * earnings(indptr, cells, bins, later)
        settle_units(
            wish,
            unit_step,
            group,
            group_min,
            group_max,
            place_min,
            place_cap,
            keep,
            move_cost,
            total,
            placed,
        )
        near_units(indptr, cells, bins, placed, used, near)
        move_prices(gain, step, price_step, used, near, before, from_prices, prices, sum_prices)
        sum_placed += placed
        from_placed += OVERSTEP * (placed - from_placed)
