"""Hours that follow each other: units that stay, moves that cost, a plan to be changed little."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.hours import side_by_side
from optimizer.judges.wish_rules import forced_changes
from optimizer.models.patrol.greedy import slopes_of, unit_steps
from optimizer.models.patrol.hour_rounds import HourAsk, HourFound
from optimizer.models.patrol.placing import allocate_hour
from optimizer.models.patrol.price_kernels import earnings
from optimizer.patrol_wishes import PatrolWishes

BUDGET_ROUNDS = 12
SMALLEST_PRICE = 1e-6
"""Steps in which the price of a change is sought, between the dearest and this share of it; each
halves the range of its logarithm, because moves pay anything from seconds to hours."""


@dataclass(frozen=True)
class SteadyPlan:
    """Units `[place, hour]` under the wishes that bind hours together.

    `keep[place, hour]` and `move_cost[hour]` are what each hour was asked to keep and at what
    price a unit; `budget` the unit-hours that may leave their place (0 where none was priced).
    """

    units: NDArray[np.int64]
    keep: NDArray[np.int64]
    move_cost: NDArray[np.float64]
    budget: int


def steady_plan(
    asks: list[HourAsk], found: list[HourFound], wishes: PatrolWishes, kind: int
) -> SteadyPlan:
    """Go through the hours once more at their busy shares, under the wishes that bind them.

    With `max_changes` the price of a change is the smallest at which no more unit-hours of the
    given plan change, those apart that have to leave whatever one does; when even the highest
    price changes more, that plan is returned.
    """
    if wishes.given is None:
        return _one_pass(asks, found, wishes, None, 0.0)
    given = wishes.given[kind]
    if wishes.max_changes is None:
        return _one_pass(asks, found, wishes, given, 0.0)
    own = np.stack([ask.pool_units for ask in asks], axis=1)
    budget = wishes.max_changes + forced_changes(wishes, kind, given, own)
    free = _one_pass(asks, found, wishes, given, 0.0)
    if changes(free.units, given) <= budget:
        return free
    high = max(_dearest(ask, hour) for ask, hour in zip(asks, found, strict=True))
    low = SMALLEST_PRICE * high
    best = _one_pass(asks, found, wishes, given, high)
    for _ in range(BUDGET_ROUNDS):
        price = float(np.sqrt(low * high))
        plan = _one_pass(asks, found, wishes, given, price)
        if changes(plan.units, given) <= budget:
            best, high = plan, price
        else:
            low = price
    return replace(best, budget=budget)


def changes(units: NDArray[np.int64], given: NDArray[np.int64]) -> int:
    """Unit-hours of the given plan `[place, hour]` that are no longer where they stood."""
    return int(np.maximum(given - units, 0).sum())


def _dearest(ask: HourAsk, found: HourFound) -> float:
    """More than any move can gain in an hour: all that the first unit at a place can save."""
    problem = ask.problem(found.busy, found.toll)
    step = unit_steps(problem.busy, problem.backup, problem.total)
    nobody = np.zeros(problem.n_places, dtype=np.int64)
    slope, _ = slopes_of(problem.indptr, problem.cell, problem.bin, problem.gain, step, nobody)
    gains = earnings(problem.indptr, problem.cell, problem.bin, slope)
    return 2.0 * float(gains.max(initial=0.0))


def _one_pass(
    asks: list[HourAsk],
    found: list[HourFound],
    wishes: PatrolWishes,
    given: NDArray[np.int64] | None,
    price: float,
) -> SteadyPlan:
    """Hour after hour; a unit that came lately stays, another stays when its move costs more.

    Hours that only a given plan binds are worked on side by side.
    """
    if given is not None and wishes.min_stay_h == 1:
        return _side_by_side(asks, found, given, price)
    places, hours = len(found[0].judged.units), len(asks)
    units = np.zeros((places, hours), dtype=np.int64)
    keep, cost = np.zeros_like(units), np.zeros(hours)
    ages = np.zeros((places, wishes.min_stay_h), dtype=np.int64)
    for hour, (ask, settled) in enumerate(zip(asks, found, strict=True)):
        problem = ask.problem(settled.busy, settled.toll)
        if given is not None:
            keep[:, hour], cost[hour] = given[:, hour], price
        elif hour > 0:
            keep[:, hour] = units[:, hour - 1]
            cost[hour] = wishes.move_min / 60.0 * mean_unit_gain(problem, settled.judged.units)
        pinned = young_pins(problem, ages[:, :-1].sum(axis=1)) if hour > 0 else problem.place_min
        problem = replace(
            problem, place_min=pinned, keep=keep[:, hour], move_cost=float(cost[hour])
        )
        units[:, hour] = allocate_hour(problem, swap_passes=1)
        ages = aged(ages, units[:, hour], first=hour == 0)
    return SteadyPlan(units, keep, cost, 0)


def _side_by_side(
    asks: list[HourAsk], found: list[HourFound], given: NDArray[np.int64], price: float
) -> SteadyPlan:
    def near_given(hour: int) -> NDArray[np.int64]:
        problem = asks[hour].problem(found[hour].busy, found[hour].toll)
        return allocate_hour(problem.changed_from(given[:, hour], price), swap_passes=1)

    units = np.stack(side_by_side(near_given, len(asks)), axis=1)
    return SteadyPlan(units, given, np.full(len(asks), price), 0)


def young_pins(problem: HourProblem, young: NDArray[np.int64]) -> NDArray[np.int64]:
    """Minima that hold units which came lately, as far as the limits of the hour allow.

    `young[place]` units may not leave yet. Where a pool has to shrink below its young units, or
    other pools need the units, those at the highest place index go first.
    """
    pinned = np.maximum(problem.place_min, np.minimum(young, problem.place_cap))
    for pool in range(problem.n_groups):
        inside = np.flatnonzero(problem.group == pool)
        _let_go(pinned, problem.place_min, inside, int(problem.group_max[pool]))
    owed = np.maximum(problem.group_min, np.bincount(problem.group, pinned, problem.n_groups))
    spare = int(problem.total - owed.sum())
    for pool in range(problem.n_groups - 1, -1, -1):
        if spare >= 0:
            break
        inside = np.flatnonzero(problem.group == pool)
        before = max(int(pinned[inside].sum()), int(problem.group_min[pool]))
        room = max(before + spare, int(problem.group_min[pool]))
        _let_go(pinned, problem.place_min, inside, room)
        spare += before - max(int(pinned[inside].sum()), int(problem.group_min[pool]))
    return pinned


def _let_go(
    pinned: NDArray[np.int64],
    least: NDArray[np.int64],
    inside: NDArray[np.int64],
    room: int,
) -> None:
    """Lower the minima of the places `inside` in place until they sum to at most `room`."""
    over = int(pinned[inside].sum()) - room
    for place in inside[::-1]:
        if over <= 0:
            return
        gone = min(over, int(pinned[place] - least[place]))
        pinned[place] -= gone
        over -= gone


def aged(
    ages: NDArray[np.int64], units: NDArray[np.int64], *, first: bool = False
) -> NDArray[np.int64]:
    """Units by the hours they have stood, `[place, age]`, after one more hour.

    The last column counts all that may go. Those who leave a place are the ones that stood
    there longest; arrivals are new. In the first hour everybody counts as free to go.
    """
    older = np.zeros_like(ages)
    older[:, 1:] = ages[:, :-1]
    older[:, -1] += ages[:, -1]
    if ages.shape[1] == 1 or first:
        older[:] = 0
        older[:, -1] = units
        return older
    leaving = np.maximum(older.sum(axis=1) - units, 0)
    for age in range(ages.shape[1] - 1, -1, -1):
        gone = np.minimum(older[:, age], leaving)
        older[:, age] -= gone
        leaving -= gone
    older[:, 0] += units - older.sum(axis=1)
    return older


def mean_unit_gain(problem: HourProblem, units: NDArray[np.int64]) -> float:
    """Gain that the next unit beside each standing unit would add, averaged over the units."""
    if not units.any():
        return 0.0
    step = unit_steps(problem.busy, problem.backup, problem.total)
    slope, _ = slopes_of(problem.indptr, problem.cell, problem.bin, problem.gain, step, units)
    gains = earnings(problem.indptr, problem.cell, problem.bin, slope)
    return float((gains * units).sum() / units.sum())
