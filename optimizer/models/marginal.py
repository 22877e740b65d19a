"""Marginal value: what the next units of a district or zone buy, and which are least missed.

The surrogate of the allocation at the busy shares it ended with: the standing units stay, the
units that come or go are chosen greedily, and their effects on weighted response, mean response
and coverage are read off the same counts of units. A sample is checked by solving hours again and
by the queueing judge, who also sees that more units make all less busy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.incidents import ZONES
from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.calls import CallLoad, PatrolTerms
from optimizer.force import UnitType
from optimizer.hour_problem import UNLIMITED
from optimizer.hours import each_hour
from optimizer.judges.objective import hour_objective
from optimizer.judges.queueing import busy_units
from optimizer.marginal_value import CHANGES, AreaValues, Checked, MarginalValue
from optimizer.models.marginal_steps import EFFECTS, tails_of, unit_steps_of_area
from optimizer.models.patrol import allocate_hour
from optimizer.models.patrol_model import PatrolModel, hour_problem, patrol_model
from optimizer.reach import place_of_entry, turnout_min

LEAST_BUSY = 1e-9
"""Busy share that stands for units that are never busy."""

SAMPLE = 6
"""Figures of each type of unit that are checked."""

SWAP_PASSES = 2
NEGLIGIBLE = 1e-6
"""Weighted call-minutes an hour below which a figure is not worth checking."""


@dataclass(frozen=True)
class Standing:
    """The plan that is asked about: model, units and busy shares, and the limits of places.

    `units`, `place_min` and `place_cap` `[place, hour]`, `busy[cell, hour]`.
    `levels[profile][entry]` is the first of the distinct response targets of the cell's zone that
    a unit from the place meets, and `target_min[zone, level]` these targets, ascending, filled
    up with inf.
    """

    model: PatrolModel
    units: NDArray[np.int64]
    busy: NDArray[np.float64]
    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]
    target_min: NDArray[np.float64]
    levels: tuple[NDArray[np.int16], ...]

    @property
    def situation(self) -> Situation:
        """The world of the plan."""
        return self.model.situation

    def command_units(self, hour: int) -> NDArray[np.int64]:
        """Units at the places of each command, `[command]`."""
        total = np.zeros(len(self.situation.area.commands), dtype=np.int64)
        np.add.at(total, self.situation.place_command, self.units[:, hour])
        return total

    def room(self, hour: int, *, more: bool) -> NDArray[np.int64]:
        """Units that can come to each place, or go from it, `[place]`."""
        units = self.units[:, hour]
        if more:
            return np.asarray(self.place_cap[:, hour] - units)
        return np.asarray(units - self.place_min[:, hour])


def marginal_value(
    situation: Situation,
    unit_type: UnitType,
    terms: PatrolTerms,
    units: NDArray[np.int64],
    busy: NDArray[np.float64],
    *,
    place_min: NDArray[np.int64] | None = None,
    place_cap: NDArray[np.int64] | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
) -> MarginalValue:
    """Marginal values of one type of unit around `units[place, hour]`.

    `busy[cell, hour]` are the busy shares of the allocation. No unit comes to a place that
    holds `place_cap[place, hour]` or goes from one that holds `place_min[place, hour]`. `sample`
    figures of districts, drawn with `seed`, are checked: see `Checked`.
    """
    plan = standing(situation, unit_type, terms, units, busy, place_min, place_cap)
    hours = each_hour(lambda hour: _hour_values(plan, hour), situation.horizon.hours)
    commands = len(situation.area.commands)
    table = np.stack(hours, axis=1)
    district = AreaValues(*np.moveaxis(table[:commands], -1, 0))
    zone = AreaValues(*np.moveaxis(table[commands:], -1, 0))
    return MarginalValue(
        unit_type.unit_type, district, zone, checked_sample(plan, district, sample, seed)
    )


def standing(
    situation: Situation,
    unit_type: UnitType,
    terms: PatrolTerms,
    units: NDArray[np.int64],
    busy: NDArray[np.float64],
    place_min: NDArray[np.int64] | None = None,
    place_cap: NDArray[np.int64] | None = None,
) -> Standing:
    """The plan with what all its hours share."""
    model = patrol_model(situation, unit_type, terms)
    target = distinct_targets(situation, unit_type)
    turnout = turnout_min(situation.patrol_places, unit_type)
    reach = situation.travel[unit_type.unit_type].reach
    levels = tuple(target_levels(lists, turnout, target[situation.zone]) for lists in reach)
    return Standing(
        model,
        units,
        np.maximum(busy, LEAST_BUSY),
        np.zeros_like(units) if place_min is None else place_min,
        np.full_like(units, UNLIMITED) if place_cap is None else place_cap,
        target,
        levels,
    )


def distinct_targets(situation: Situation, unit_type: UnitType) -> NDArray[np.float64]:
    """Distinct response targets of each zone, ascending, filled up with inf: `[zone, level]`."""
    answered = situation.classes.answered_by(unit_type.unit_type)
    distinct = [np.unique(row) for row in situation.classes.target_min[:, answered]]
    table = np.full((len(distinct), max(len(row) for row in distinct)), np.inf)
    for zone, row in enumerate(distinct):
        table[zone, : len(row)] = row
    return table


def target_levels(
    reach: ReachLists, turnout: NDArray[np.float64], target_min: NDArray[np.float64]
) -> NDArray[np.int16]:
    """Number of the cell's targets `[cell, level]` that each entry is too slow for, `[entry]`."""
    response = reach.minutes.astype(np.float64) + turnout[place_of_entry(reach)]
    missed = np.zeros(len(response), dtype=np.int16)
    for level in range(target_min.shape[1]):
        missed += response > target_min[reach.cell, level]
    return missed


def calls_by_target(plan: Standing, hour: int) -> NDArray[np.float64]:
    """Calls an hour with each of the cell's targets, `[cell, level]`; the last level has none."""
    situation = plan.situation
    answered = situation.classes.answered_by(plan.model.unit_type.unit_type)
    rate = situation.forecast.rate_per_h[:, hour, answered].astype(np.float64)
    cell_target = plan.target_min[situation.zone]
    calls = np.zeros((len(rate), cell_target.shape[1] + 1))
    for number, kind in enumerate(answered):
        own = situation.classes.target_min[situation.zone, kind]
        calls[:, :-1] += rate[:, number, np.newaxis] * (cell_target == own[:, np.newaxis])
    return calls


@dataclass(frozen=True)
class _Area:
    """Places that units come to and go from; cells whose calls count, and those of the area."""

    adding: NDArray[np.int64]
    removing: NDArray[np.int64]
    counted: NDArray[np.bool_]
    own: NDArray[np.bool_]


def _areas(situation: Situation) -> list[_Area]:
    """The commands, then the zone tiers."""
    every_place = np.arange(len(situation.patrol_places))
    every_cell = np.ones(situation.grid.n_cells, dtype=np.bool_)
    cell_command = situation.area.command_of[situation.grid.district]
    place_zone = situation.zone[situation.patrol_places.cell]
    areas = []
    for command in range(len(situation.area.commands)):
        places = np.flatnonzero(situation.place_command == command)
        areas.append(_Area(places, places, every_cell, cell_command == command))
    for zone in range(len(ZONES)):
        inside = situation.zone == zone
        areas.append(_Area(every_place, np.flatnonzero(place_zone == zone), inside, inside))
    return areas


def _hour_values(plan: Standing, hour: int) -> NDArray[np.float64]:
    """Values of all areas in one hour, `[area, change, figure]` in the order of `AreaValues`."""
    stepper = _Stepper.of(plan, hour)
    free, spare = plan.room(hour, more=True), plan.room(hour, more=False)
    most, least = max(CHANGES), -min(CHANGES)
    table = []
    for area in _areas(plan.situation):
        _, gained = stepper.steps(area, area.adding, free[area.adding], most, more=True)
        _, lost = stepper.steps(area, area.removing, spare[area.removing], least, more=False)
        calls = float(stepper.load.calls_per_h[area.own].sum())
        table.append([stepper.figures(gained if n > 0 else lost, abs(n), calls) for n in CHANGES])
    return np.array(table)


@dataclass(frozen=True)
class _Stepper:
    """One hour with its standing units: the tails that steps start from and come back to."""

    reach: ReachLists
    bins: NDArray[np.int16]
    levels: NDArray[np.int16]
    load: CallLoad
    busy: NDArray[np.float64]
    minutes: NDArray[np.float64]
    uncovered: NDArray[np.float64]
    work_minutes: NDArray[np.float64]
    work_uncovered: NDArray[np.float64]

    @classmethod
    def of(cls, plan: Standing, hour: int) -> "_Stepper":
        """Tails of the hour: minutes of a call, and calls beyond their targets."""
        model, units = plan.model, np.ascontiguousarray(plan.units[:, hour])
        reach, bins, _ = model.reach_of(hour)
        profile = int(plan.situation.travel[model.unit_type.unit_type].profile_of_hour[hour])
        levels = plan.levels[profile]
        busy = np.ascontiguousarray(plan.busy[:, hour])
        lists = (reach.indptr, reach.cell)
        width_min = np.full((len(busy), model.n_bins), model.terms.bin_min)
        width_min[:, -1] = model.terms.penalty_min
        minutes = tails_of(*lists, bins, width_min, busy, units)
        uncovered = tails_of(*lists, levels, calls_by_target(plan, hour), busy, units)
        return cls(
            reach,
            bins,
            levels,
            model.load(hour),
            busy,
            minutes,
            uncovered,
            minutes.copy(),
            uncovered.copy(),
        )

    def steps(
        self,
        area: _Area,
        places: NDArray[np.int64],
        room: NDArray[np.int64],
        steps: int,
        *,
        more: bool,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places of the units that come to or go from `places`, and effects of the first ones.

        The effects `[step, effect]` are summed over the units so far.
        """
        chosen, effects = unit_steps_of_area(
            self.reach.indptr,
            self.reach.cell,
            self.bins,
            self.levels,
            self.busy,
            np.where(area.counted, self.load.weight, 0.0),
            self.load.calls_per_h,
            area.own,
            self.minutes,
            self.uncovered,
            self.work_minutes,
            self.work_uncovered,
            places,
            room,
            steps,
            more,
        )
        return chosen, np.asarray(effects.cumsum(axis=0))

    def figures(
        self, effects: NDArray[np.float64], units: int, area_calls: float
    ) -> NDArray[np.float64]:
        """Figures of the first `units` steps in the order of `AreaValues`."""
        if len(effects) < units:
            return np.full(EFFECTS, np.nan)
        weighted, area_min, city_min, area_covered, city_covered = effects[units - 1]
        city_calls = float(self.load.calls_per_h.sum())
        return np.array(
            [
                weighted,
                _per(area_min, area_calls),
                _per(city_min, city_calls),
                _per(100.0 * area_covered, area_calls),
                _per(100.0 * city_covered, city_calls),
            ]
        )


def _per(total: float, calls: float) -> float:
    return total / calls if calls > 0.0 else float("nan")


def checked_sample(
    plan: Standing, values: AreaValues, sample: int, seed: int
) -> tuple[Checked, ...]:
    """Figures above `NEGLIGIBLE` of districts, drawn with `seed` and checked."""
    known = np.argwhere(np.nan_to_num(values.weighted_min_per_h) > NEGLIGIBLE)
    drawn = np.random.default_rng(seed).permutation(len(known))[:sample]
    rows = known[np.sort(drawn)]
    hours = np.unique(rows[:, 1]).tolist()
    found = each_hour(lambda n: _checked_hour(plan, values, rows, hours[n]), len(hours))
    return tuple(
        sorted(
            (one for of_hour in found for one in of_hour),
            key=lambda one: (one.command, one.hour, one.change),
        )
    )


def _checked_hour(
    plan: Standing, values: AreaValues, rows: NDArray[np.int64], hour: int
) -> list[Checked]:
    """The sampled figures of one hour; moving alone is solved once for all of them."""
    held = plan.command_units(hour)
    moved = _solved_again(plan, hour, held)
    standing_sum = _judged_sum(plan, hour, plan.units[:, hour])
    found = []
    for command, _, change in rows[rows[:, 1] == hour].tolist():
        sign = 1 if CHANGES[change] > 0 else -1
        limit = held.copy()
        limit[command] += CHANGES[change]
        changed = _changed_units(plan, hour, command, CHANGES[change])
        found.append(
            Checked(
                command,
                hour,
                change,
                predicted=float(values.weighted_min_per_h[command, hour, change]),
                resolved=sign * _solved_again(plan, hour, limit),
                moved=moved,
                judged=sign * (standing_sum - _judged_sum(plan, hour, changed)),
            )
        )
    return found


def _changed_units(plan: Standing, hour: int, command: int, change: int) -> NDArray[np.int64]:
    """The standing units with those of a change that come to or go from a command, `[place]`."""
    area = _areas(plan.situation)[command]
    places = area.adding if change > 0 else area.removing
    room = plan.room(hour, more=change > 0)[places]
    stepper = _Stepper.of(plan, hour)
    chosen, _ = stepper.steps(area, places, room, abs(change), more=change > 0)
    moving = np.bincount(chosen, minlength=len(plan.units))
    return np.asarray(plan.units[:, hour] + (moving if change > 0 else -moving))


def _solved_again(plan: Standing, hour: int, limit: NDArray[np.int64]) -> float:
    """Weighted call-minutes an hour that the best allocation of `limit[command]` units gains.

    Against the standing units, at the same busy shares.
    """
    model = plan.model
    problem = hour_problem(
        model,
        hour,
        model.load(hour),
        plan.busy[:, hour],
        limit,
        plan.place_min[:, hour],
        plan.place_cap[:, hour],
    )
    units = allocate_hour(problem, swap_passes=SWAP_PASSES)
    return hour_objective(problem, units) - hour_objective(problem, plan.units[:, hour])


def _judged_sum(plan: Standing, hour: int, units: NDArray[np.int64]) -> float:
    """The queueing judge's weighted response of units `[place]`, call-minutes an hour."""
    model, load = plan.model, plan.model.load(hour)
    _, _, reach = model.reach_of(hour)
    response = busy_units(reach, units, load).capped_response_min(model.unserved_min)
    return float(load.weight @ response)
