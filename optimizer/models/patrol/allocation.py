"""Patrol allocation over the horizon: hours side by side, then in order, then their bounds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.force import UnitType
from optimizer.hours import each_chain, side_by_side
from optimizer.judges.baselines import demand_points_baseline, station_pools_baseline
from optimizer.judges.objective import hour_shortfall
from optimizer.models.patrol.cuts import UnitCut, unit_cut
from optimizer.models.patrol.dual import dual_bound
from optimizer.models.patrol.hour_rounds import HourAsk, HourFound, Judged, ask_of_hour, settle_hour
from optimizer.models.patrol.patrol_model import (
    BUSY_RANGE,
    guessed_busy,
    hour_problem,
    patrol_model,
)
from optimizer.models.patrol.placing import allocate_hour, marginal_gains, swap_units
from optimizer.models.patrol.steady import SteadyPlan, steady_plan
from optimizer.patrol_wishes import PatrolWishes, binds_hours, no_wishes

__all__ = [
    "PatrolAllocation",
    "allocate",
    "guessed_busy",
    "hour_problem",
    "patrol_model",
    "unit_value_curves",
]

CHAIN_H = 6
"""Hours that are solved one after the other, each from the busy shares of the one before."""

BOUND_ROUNDS = 100
GOOD_GAP = 0.003
"""Share of the missed minutes at which a bound is close enough."""


FREE_SWAPS = 2


@dataclass(frozen=True)
class PatrolAllocation:
    """Where the units of one type wait, how the judge sees it and how far from the best it is.

    `units[place, hour]`; `busy[cell, hour]` the final busy shares; `response_sum[hour]` the
    judge's weighted response in call-minutes an hour, and `practice_sum[hour]` the same for the
    better of the baselines within the pools; `kept_practice[hour]` is True where that one was
    better and stands; `converged[hour]` tells whether the judge's fixed point was reached.

    At the final busy shares, in weighted call-minutes an hour beyond bin zero: `missed[hour]` of
    the units, `missed_bound[hour]` what any allocation within the limits misses at least, and
    `wish_cost[hour]` how much less would be missed if only the pools bound the units. The first
    two count missed floors at their price, the last does not. `floor_toll[floor, hour]` is what
    a call in time was worth, `floor_short[floor, hour]` the calls an hour that the model sees
    missing.
    `cut_level[hour]` and `cut_slope[pool, hour]` say what the prices of the bound prove of other
    numbers of units: with `units[pool]` of their own the pools gain at most `cut_level +
    cut_slope @ units` in an hour, less missed floors, while `top[hour]` is to be gained.
    `weight[hour]` are weighted calls an hour, the denominator of a gap in minutes. Over a change
    budget the bounds of the hours hold together: `budget_worth` call-minutes belong to the sum.
    """

    units: NDArray[np.int64]
    busy: NDArray[np.float64]
    response_sum: NDArray[np.float64]
    practice_sum: NDArray[np.float64]
    kept_practice: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    missed: NDArray[np.float64]
    missed_bound: NDArray[np.float64]
    wish_cost: NDArray[np.float64]
    floor_toll: NDArray[np.float64]
    floor_short: NDArray[np.float64]
    weight: NDArray[np.float64]
    top: NDArray[np.float64]
    cut_level: NDArray[np.float64]
    cut_slope: NDArray[np.float64]
    budget_worth: float = 0.0

    def __post_init__(self) -> None:
        for name, dtype in (
            ("units", np.int64),
            ("busy", np.float64),
            ("response_sum", np.float64),
            ("practice_sum", np.float64),
            ("kept_practice", np.bool_),
            ("converged", np.bool_),
            ("missed", np.float64),
            ("missed_bound", np.float64),
            ("wish_cost", np.float64),
            ("floor_toll", np.float64),
            ("floor_short", np.float64),
            ("weight", np.float64),
            ("top", np.float64),
            ("cut_level", np.float64),
            ("cut_slope", np.float64),
        ):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, dtype, np.shape(array), name))


@dataclass(frozen=True)
class PatrolPlacing:
    """Where the units of one type wait and how the judge sees it, without any proof.

    `asks`, `found` and `judged` are by hour, `plan` holds the units `[place, hour]`.
    """

    asks: list[HourAsk]
    found: list[HourFound]
    plan: SteadyPlan
    judged: list[Judged]

    @property
    def response_sum(self) -> NDArray[np.float64]:
        """The judge's weighted response in call-minutes an hour, `[hour]`."""
        return np.array([hour.response_sum for hour in self.judged])

    @property
    def busy(self) -> NDArray[np.float64]:
        """Final busy shares, `[cell, hour]`."""
        return np.stack([hour.busy for hour in self.found], axis=1)

    @property
    def floor_short(self) -> NDArray[np.float64]:
        """Calls an hour that the model sees missing below each floor, `[floor, hour]`."""
        short = [
            ask.floors.short(ask.problem(found.busy), self.plan.units[:, hour])
            for hour, (ask, found) in enumerate(zip(self.asks, self.found, strict=True))
            if len(ask.floors.asked)
        ]
        return np.stack(short, axis=1) if short else np.zeros((0, len(self.asks)))


@dataclass(frozen=True)
class _Proof:
    """What the model says of one hour's units; see `PatrolAllocation`."""

    missed: float
    bound: float
    wish_cost: float
    short: NDArray[np.float64]
    top: float
    cut: UnitCut


def allocate(
    situation: Situation,
    unit_type: UnitType,
    pool_units: NDArray[np.int64],
    terms: PatrolTerms,
    *,
    rounds: int = 3,
    wishes: PatrolWishes | None = None,
    kind: int = 0,
    workers: int | None = None,
) -> PatrolAllocation:
    """Place `pool_units[pool, hour]` units of one type so that weighted response is least.

    As `place_units` does; then every hour gets its dual bound at its final busy shares.
    """
    placing = place_units(
        situation,
        unit_type,
        pool_units,
        terms,
        rounds=rounds,
        wishes=wishes,
        kind=kind,
        workers=workers,
    )
    return proven(placing, workers=workers)


def place_units(
    situation: Situation,
    unit_type: UnitType,
    pool_units: NDArray[np.int64],
    terms: PatrolTerms,
    *,
    rounds: int = 3,
    wishes: PatrolWishes | None = None,
    kind: int = 0,
    earlier: PatrolPlacing | None = None,
    workers: int | None = None,
) -> PatrolPlacing:
    """Place `pool_units[pool, hour]` units of one type so that weighted response is least.

    Each hour: allocate with a guessed busy share (the hour before gives it, within chains of
    `CHAIN_H` hours), let the queueing judge say how busy units near each cell would be, allocate
    again, `rounds` times, and keep the allocation the judge likes best; the baselines of
    practice are candidates too. With an `earlier` placing of as many or other units, every hour
    starts from the busy shares that it ended with there, and one round is enough. Wishes that
    bind hours together are met in a pass over the hours in order. `kind` is the row of the unit
    type in the wishes. The result does not depend on `workers`.
    """
    if wishes is None:
        wishes = no_wishes(situation, kind + 1)
    model = patrol_model(situation, unit_type, terms)
    hours = situation.horizon.hours
    asks = side_by_side(
        lambda hour: ask_of_hour(model, hour, wishes, kind, pool_units[:, hour]),
        hours,
        workers=workers,
    )
    practice = _practice(situation, unit_type, pool_units, terms, wishes)
    if earlier is None:
        found = each_chain(
            lambda chain: _settle_chain(asks, practice, rounds, chain),
            hours,
            CHAIN_H,
            workers=workers,
        )
    else:
        found = side_by_side(
            lambda hour: _settle_again(asks[hour], practice, earlier, hour),
            hours,
            workers=workers,
        )
    plan, judged = _as_found(found), [hour.judged for hour in found]
    if binds_hours(wishes):
        plan = steady_plan(asks, found, wishes, kind)
        judged = side_by_side(
            lambda hour: asks[hour].judge(plan.units[:, hour]), hours, workers=workers
        )
    return PatrolPlacing(asks, found, plan, judged)


def proven(placing: PatrolPlacing, *, workers: int | None = None) -> PatrolAllocation:
    """The placing with the dual bound of every hour at its final busy shares."""
    asks, found, plan = placing.asks, placing.found, placing.plan
    proofs = side_by_side(
        lambda hour: _prove(asks[hour], found[hour], plan, hour), len(asks), workers=workers
    )
    return _assembled(asks, found, plan, placing.judged, proofs)


def _practice(
    situation: Situation,
    unit_type: UnitType,
    pool_units: NDArray[np.int64],
    terms: PatrolTerms,
    wishes: PatrolWishes,
) -> tuple[NDArray[np.int64], ...]:
    """Baselines `[place, hour]` within the pools; none where pools are not the commands."""
    if not np.array_equal(wishes.pool_of_place, situation.place_command):
        return ()
    return (
        demand_points_baseline(situation, unit_type, pool_units, terms),
        station_pools_baseline(situation, unit_type, pool_units, terms),
    )


def _settle_chain(
    asks: list[HourAsk], practice: tuple[NDArray[np.int64], ...], rounds: int, chain: range
) -> list[HourFound]:
    """Hours one after the other; each starts from the busy shares of the one before."""
    found: list[HourFound] = []
    for hour in chain:
        ask = asks[hour]
        if found:
            busy = _busy_like(found[-1].busy, asks[hour - 1], ask)
        else:
            busy = guessed_busy(ask.load, int(ask.pool_units.sum()))
        usual = tuple(units[:, hour] for units in practice)
        found.append(settle_hour(ask, usual, busy, rounds))
    return found


def _settle_again(
    ask: HourAsk,
    practice: tuple[NDArray[np.int64], ...],
    earlier: PatrolPlacing,
    hour: int,
) -> HourFound:
    """One hour from the busy shares that it ended with under an earlier staffing."""
    busy = _busy_like(earlier.found[hour].busy, earlier.asks[hour], ask)
    usual = tuple(units[:, hour] for units in practice)
    return settle_hour(ask, usual, busy, 1)


def _busy_like(busy: NDArray[np.float64], before: HourAsk, ask: HourAsk) -> NDArray[np.float64]:
    """Busy shares found for other calls and units, by what these make of the guessed share."""
    guess = guessed_busy(ask.load, int(ask.pool_units.sum()))
    earlier = guessed_busy(before.load, int(before.pool_units.sum()))
    return np.clip(busy * guess / earlier, *BUSY_RANGE)


def _as_found(found: list[HourFound]) -> SteadyPlan:
    """Every hour as it was settled."""
    units = np.stack([hour.judged.units for hour in found], axis=1)
    return SteadyPlan(units, np.zeros_like(units), np.zeros(len(found)), 0)


def _prove(ask: HourAsk, found: HourFound, plan: SteadyPlan, hour: int) -> _Proof:
    """Model figures of one hour, its bound, and what the units would miss without wishes.

    With a floor's toll w the bound of the problem whose calls in time gain w each, less w times
    the calls asked for, holds for the value with missed floors at their price as long as w is at
    most that price. A change budget is priced in the same way over all hours.
    """
    units = plan.units[:, hour]
    plain = ask.problem(found.busy)
    short = ask.floors.short(plain, units)
    penalty = ask.floors.price * float(short.sum())
    missed = hour_shortfall(plain, units) + penalty
    most = float((plain.gain * (1.0 + plain.backup[:, np.newaxis])).sum())
    value = most - missed
    toll = np.minimum(found.toll, ask.floors.price)
    priced = ask.problem(found.busy, toll)
    if plan.budget:
        priced = priced.changed_from(plan.keep[:, hour], float(plan.move_cost[hour]))
    asked = float(toll @ ask.floors.asked)
    bound = dual_bound(
        priced, units, rounds=BOUND_ROUNDS, good_enough=value + asked + GOOD_GAP * missed
    )
    cost = missed - penalty - _missed_free(ask, found, units) if ask.has_wishes else 0.0
    cut = unit_cut(bound, ask.pool_units, cross_share=ask.wishes.cross_pool_share)
    cut = UnitCut(cut.level - asked, cut.slope)
    return _Proof(missed, most - (bound.value - asked), cost, short, most, cut)


def _missed_free(ask: HourAsk, found: HourFound, units: NDArray[np.int64]) -> float:
    """What as many units would miss if nothing but the pools bound them; never more than these."""
    problem = ask.problem(found.busy).free()
    moved = units.copy()
    swap_units(problem, moved, FREE_SWAPS)
    fresh = allocate_hour(problem, swap_passes=FREE_SWAPS)
    return min(hour_shortfall(problem, each) for each in (units, moved, fresh))


def _assembled(
    asks: list[HourAsk],
    found: list[HourFound],
    plan: SteadyPlan,
    judged: list[Judged],
    proofs: list[_Proof],
) -> PatrolAllocation:
    return PatrolAllocation(
        plan.units,
        np.stack([hour.busy for hour in found], axis=1),
        np.array([hour.response_sum for hour in judged]),
        np.array([hour.practice_sum for hour in found]),
        np.array([hour.kept_practice for hour in found]),
        np.array([hour.converged for hour in judged]),
        np.array([proof.missed for proof in proofs]),
        np.array([proof.bound for proof in proofs]),
        np.array([proof.wish_cost for proof in proofs]),
        np.stack([hour.toll for hour in found], axis=1),
        np.stack([proof.short for proof in proofs], axis=1),
        np.array([float(ask.load.weight.sum()) for ask in asks]),
        np.array([proof.top for proof in proofs]),
        np.array([proof.cut.level for proof in proofs]),
        np.stack([proof.cut.slope for proof in proofs], axis=1),
        plan.budget * float(plan.move_cost.max(initial=0.0)),
    )


def unit_value_curves(
    situation: Situation,
    unit_type: UnitType,
    total_units: NDArray[np.int64],
    terms: PatrolTerms,
    busy: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weighted call-minutes saved an hour by the k-th unit of a command, `[command, hour, k]`.

    `total_units[hour]` units are put wherever in the city they save most. `busy[cell, hour]`
    comes from an earlier allocation; without it the busy share is guessed. Curves never
    increase in k and end in zeros.
    """
    model = patrol_model(situation, unit_type, terms)
    commands = len(situation.area.commands)
    nobody = np.zeros(commands, dtype=np.int64)

    def curve(hour: int) -> NDArray[np.float64]:
        load = model.load(hour)
        total = int(total_units[hour])
        share = guessed_busy(load, total) if busy is None else busy[:, hour]
        return marginal_gains(hour_problem(model, hour, load, share, nobody), total)

    curves = side_by_side(curve, situation.horizon.hours)
    width = max(curve.shape[1] for curve in curves)
    padded = [np.pad(curve, ((0, 0), (0, width - curve.shape[1]))) for curve in curves]
    return np.stack(padded, axis=1)
