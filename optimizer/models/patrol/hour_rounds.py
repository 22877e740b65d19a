"""One hour of patrol: allocate, see who is busy, allocate again; keep what the judge likes best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import CallLoad
from optimizer.hour_problem import HourProblem
from optimizer.judges.backup import second_response_min
from optimizer.judges.queueing import busy_units
from optimizer.models.patrol.floors import HourFloors, hour_floors, tolls_between
from optimizer.models.patrol.patrol_model import BUSY_RANGE, PatrolModel
from optimizer.models.patrol.placing import allocate_hour, swap_units
from optimizer.patrol_wishes import PatrolWishes, binds_hours
from optimizer.reach import CellReach

DAMPING = 0.5
FLOOR_ROUNDS = 6
"""Rounds more that an hour gets when it misses a coverage floor."""

FINAL_SWAPS = 1


@dataclass(frozen=True)
class HourAsk:
    """What one hour asks of the units of a type: calls, pools, limits, floors.

    `pool_units[pool]` are the pool's own; `place_min` and `place_cap` `[place]`; `backup[cell]`
    is the weight of the second unit.
    """

    model: PatrolModel
    hour: int
    load: CallLoad
    wishes: PatrolWishes
    pool_units: NDArray[np.int64]
    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]
    backup: NDArray[np.float64]
    floors: HourFloors

    @property
    def gain(self) -> NDArray[np.float64]:
        """Gain of the response alone, `[cell, bin]`."""
        return self.model.gain(self.load)

    @property
    def has_wishes(self) -> bool:
        """Whether more is asked than that pools place their own units."""
        wishes = self.wishes
        limited = self.place_min.any() or (self.place_cap < self.pool_units.sum()).any()
        return bool(limited or wishes.floors or binds_hours(wishes))

    @property
    def reach(self) -> CellReach:
        """Places that reach each cell, the quickest first."""
        return self.model.reach_of(self.hour)[2]

    def problem(
        self, busy: NDArray[np.float64], toll: NDArray[np.float64] | None = None
    ) -> HourProblem:
        """The hour's problem at busy shares `[cell]` and tolls `[floor]` of a call in time."""
        reach, bins, _ = self.model.reach_of(self.hour)
        low, high = self.wishes.pool_range(self.pool_units)
        gain = self.gain
        if toll is not None and len(toll):
            gain = gain + self.floors.extra_gain(toll)
        return HourProblem(
            indptr=reach.indptr,
            cell=reach.cell,
            bin=bins,
            gain=gain,
            busy=busy,
            group=self.wishes.pool_of_place,
            group_min=low,
            group_max=high,
            total=int(self.pool_units.sum()),
            place_min=self.place_min,
            place_cap=self.place_cap,
            backup=self.backup,
        )

    def judge(self, units: NDArray[np.int64]) -> "Judged":
        """What the queueing judge says of units `[place]`."""
        state = busy_units(self.reach, units, self.load)
        response = state.capped_response_min(self.model.unserved_min)
        total = float(self.load.weight @ response)
        second = 0.0
        if self.backup.any():
            minutes = second_response_min(state, units, self.model.unserved_min)
            second = float((self.load.weight * self.backup) @ minutes)
        near = np.clip(state.near_busy, *BUSY_RANGE)
        missed = 0.0
        if len(self.floors.asked):
            missed = float(self.floors.short(self.problem(near), units).sum())
        counted = total + second + self.floors.price * missed
        return Judged(units, total, counted, near, state.converged)


@dataclass(frozen=True)
class Judged:
    """Units `[place]` and what the queueing judge says of them.

    `response_sum` weighted call-minutes an hour of the first unit; `counted` that with second
    units and missed floors, the figure by which allocations are compared; `near_busy[cell]`.
    """

    units: NDArray[np.int64]
    response_sum: float
    counted: float
    near_busy: NDArray[np.float64]
    converged: bool


@dataclass(frozen=True)
class HourFound:
    """The kept units of an hour, the busy shares `[cell]` and tolls `[floor]` they were found at.

    `practice_sum` is the judge's figure for the best baseline (NaN without one), `kept_practice`
    whether a baseline stands.
    """

    judged: Judged
    busy: NDArray[np.float64]
    toll: NDArray[np.float64]
    practice_sum: float
    kept_practice: bool


def ask_of_hour(
    model: PatrolModel,
    hour: int,
    wishes: PatrolWishes,
    kind: int,
    pool_units: NDArray[np.int64],
) -> HourAsk:
    """What one hour asks of the units of type number `kind`."""
    load = model.load(hour)
    backup = np.zeros(len(load.weight))
    if wishes.backup_weight > 0:
        several = np.divide(
            load.several, load.weight, out=np.zeros_like(load.weight), where=load.weight > 0
        )
        backup = wishes.backup_weight * np.minimum(several, 1.0)
    return HourAsk(
        model,
        hour,
        load,
        wishes,
        pool_units,
        wishes.place_min[kind, :, hour],
        wishes.place_cap[kind, :, hour],
        backup,
        hour_floors(model, hour, wishes.floors, wishes.floor_price),
    )


def settle_hour(
    ask: HourAsk,
    practice: tuple[NDArray[np.int64], ...],
    busy: NDArray[np.float64],
    rounds: int,
) -> HourFound:
    """Allocate `rounds` times from busy shares `[cell]`, and keep what the judge likes best.

    A round that misses a coverage floor raises the floor's toll; such hours get more rounds. At
    the busy shares of the best round its units are improved once more by swaps. A baseline of
    `practice` (`[place]` each) stands where the judge prefers it.

    Raises
    ------
    ValueError
        When `rounds` is not at least 1.
    """
    if rounds < 1:
        raise ValueError(f"{rounds} rounds; at least 1 is needed")
    low = np.zeros(len(ask.floors.asked))
    high = np.full(len(low), 2.0 * ask.floors.price)
    toll = low
    best: Judged | None = None
    best_toll = toll
    number = 0
    while number < rounds or (high[high > low].any() and number < rounds + FLOOR_ROUNDS):
        problem = ask.problem(busy, toll)
        found = ask.judge(allocate_hour(problem, swap_passes=0))
        if best is None or found.counted < best.counted:
            best, best_toll = found, toll
        if len(toll):
            short = ask.floors.short(ask.problem(found.near_busy), found.units)
            if number == 0:
                high = np.where(short > 0, high, 0.0)
            else:
                low, high = tolls_between(low, high, short)
            toll = 0.5 * (low + high)
        busy = (1.0 - DAMPING) * busy + DAMPING * found.near_busy
        number += 1
    if best is None:
        raise ValueError("no round was made")
    return _kept(ask, best, best_toll, practice)


def _kept(
    ask: HourAsk, best: Judged, toll: NDArray[np.float64], practice: tuple[NDArray[np.int64], ...]
) -> HourFound:
    """The better of the best round, its units after swaps, and the baselines."""
    busy = best.near_busy
    units = best.units.copy()
    swap_units(ask.problem(busy, toll), units, FINAL_SWAPS)
    swapped = ask.judge(units)
    kept = swapped if swapped.counted < best.counted else best
    usual = [ask.judge(units) for units in practice]
    strongest = min((each.response_sum for each in usual), default=np.nan)
    for each in usual:
        if each.counted < kept.counted and _allowed(ask, each.units):
            kept, busy = each, each.near_busy
    stands = any(kept is each for each in usual)
    return HourFound(kept, busy, toll, strongest, stands)


def _allowed(ask: HourAsk, units: NDArray[np.int64]) -> bool:
    """Whether units `[place]` keep the limits of places and pools."""
    low, high = ask.wishes.pool_range(ask.pool_units)
    held = np.bincount(ask.wishes.pool_of_place, units, len(low))
    places = (units >= ask.place_min).all() and (units <= ask.place_cap).all()
    return bool(places and (held >= low).all() and (held <= high).all())
