"""Marginal value: what the next units of a district or zone buy, and which are least missed.

The standing units stay. The units that come or go are chosen greedily by the surrogate of the
allocation at the busy shares it ended with; what they give or take is the queueing judge's
figure, who also sees that more units make all less busy. A sample is checked by solving hours
again and by judging afresh.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.force import UnitType
from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.hours import side_by_side
from optimizer.judges.objective import hour_objective
from optimizer.judges.queueing import busy_units
from optimizer.judges.relief import (
    HourState,
    Judged,
    after_changes,
    before_losses,
    hour_state,
    working_copy,
)
from optimizer.marginal_value import CHANGES, AreaValues, Checked, MarginalValue
from optimizer.models.patrol.marginal_steps import near_places, tails_of, unit_steps_of_area
from optimizer.models.patrol.patrol_model import PatrolModel, patrol_model
from optimizer.models.patrol.placing import allocate_hour, swap_units

LEAST_BUSY = 1e-9
"""Busy share that stands for units that are never busy."""

NEGLIGIBLE_SHARE = 1e-9
"""Chance that all nearer units are busy below which a place no longer counts for a cell."""

SAMPLE = 4
"""Figures of each type of unit that are checked."""

SWAP_PASSES = 1
NEGLIGIBLE = 1e-6
"""Weighted call-minutes an hour below which a figure is not worth checking."""

AFRESH = 1e-6
"""Tolerance of the judge where two of his figures are subtracted."""

MORE = tuple(units for units in CHANGES if units > 0)
FEWER = tuple(units for units in CHANGES if units < 0)


@dataclass(frozen=True)
class Standing:
    """The plan that is asked about: model, units and busy shares, and the limits of places.

    `units`, `place_min` and `place_cap` `[place, hour]`, `busy[cell, hour]`.
    """

    model: PatrolModel
    units: NDArray[np.int64]
    busy: NDArray[np.float64]
    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]

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
    plan = Standing(
        patrol_model(situation, unit_type, terms),
        units,
        np.maximum(busy, LEAST_BUSY),
        np.zeros_like(units) if place_min is None else place_min,
        np.full_like(units, UNLIMITED) if place_cap is None else place_cap,
    )
    hours = side_by_side(lambda hour: _hour_values(plan, hour), situation.horizon.hours)
    commands = len(situation.area.commands)
    table = np.stack(hours, axis=1)
    district = AreaValues(*np.moveaxis(table[:commands], -1, 0))
    zone = AreaValues(*np.moveaxis(table[commands:], -1, 0))
    return MarginalValue(
        unit_type.unit_type, district, zone, checked_sample(plan, district, sample, seed)
    )


def near_problem_of(plan: Standing, hour: int) -> HourProblem:
    """The hour's problem with the places that matter while the units stand nearly as they do.

    A cell's list ends where all units before are busy with a chance below `NEGLIGIBLE_SHARE`,
    even if as many units went as the largest change takes away.
    """
    model, units = plan.model, np.ascontiguousarray(plan.units[:, hour])
    busy = plan.busy[:, hour]
    _, _, reach = model.reach_of(hour)
    enough = np.ceil(np.log(NEGLIGIBLE_SHARE) / np.log(busy)).astype(np.int64) - min(FEWER)
    lists = (reach.indptr, reach.place, reach.response_min)
    indptr, cell, bins = near_places(*lists, units, enough, model.terms.bin_min, model.n_bins - 1)
    held = plan.command_units(hour)
    return HourProblem(
        indptr=indptr,
        cell=cell,
        bin=bins,
        gain=model.gain(model.load(hour)),
        busy=busy,
        group=plan.situation.place_command,
        group_min=held,
        group_max=held,
        total=int(held.sum()),
        place_min=plan.place_min[:, hour],
        place_cap=plan.place_cap[:, hour],
    )


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


@dataclass(frozen=True)
class _Stepper:
    """One hour with its standing units: the tails that steps start from and come back to."""

    plan: Standing
    hour: int
    problem: HourProblem
    tail: NDArray[np.float64]
    work_tail: NDArray[np.float64]

    @classmethod
    def of(cls, plan: Standing, hour: int) -> "_Stepper":
        """The hour with the tails of its units."""
        problem = near_problem_of(plan, hour)
        units = np.ascontiguousarray(plan.units[:, hour])
        lists = (problem.indptr, problem.cell, problem.bin)
        tail = tails_of(*lists, problem.gain, problem.busy, units)
        return cls(plan, hour, problem, tail, tail.copy())

    def steps(
        self, area: _Area, steps: int, *, more: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places of the units that come or go, and what each gains or loses at fixed shares."""
        places = area.adding if more else area.removing
        problem = self.problem
        chosen, changes = unit_steps_of_area(
            problem.indptr,
            problem.cell,
            problem.bin,
            problem.busy,
            area.counted,
            self.tail,
            self.work_tail,
            places,
            self.plan.room(self.hour, more=more)[places],
            steps,
            more,
        )
        return chosen, changes

    def changed_units(self, chosen: NDArray[np.int64], change: int) -> NDArray[np.int64]:
        """The standing units after the first steps of a change, `[place]`."""
        moving = np.bincount(chosen[: abs(change)], minlength=len(self.plan.units))
        return np.asarray(self.plan.units[:, self.hour] + np.sign(change) * moving)


def _hour_values(plan: Standing, hour: int) -> NDArray[np.float64]:
    """Values of all areas in one hour, `[area, change, figure]` in the order of `AreaValues`."""
    stepper = _Stepper.of(plan, hour)
    areas = _areas(plan.situation)
    coming = [stepper.steps(area, max(MORE), more=True)[0] for area in areas]
    going = [stepper.steps(area, -min(FEWER), more=False)[0] for area in areas]
    state = _state(plan, hour, coming)
    may_go = [np.bincount(chosen, minlength=len(plan.units)) for chosen in going]
    losing = before_losses(state, np.max(may_go, axis=0))
    work, before = working_copy(state), state.judged()
    table = np.full((len(areas), len(CHANGES), len(AreaValues.__dataclass_fields__)), np.nan)
    for number, area in enumerate(areas):
        directions = ((state, coming[number], MORE), (losing, going[number], FEWER))
        for start, chosen, changes in directions:
            possible = [change for change in changes if abs(change) <= len(chosen)]
            units = [stepper.changed_units(chosen, change) for change in possible]
            judged = after_changes(start, work, units)
            for change, after in zip(possible, judged, strict=True):
                row = _figures(state, area, before, after)
                table[number, CHANGES.index(change)] = np.sign(change) * row + 0.0
    return table


def _state(plan: Standing, hour: int, coming: list[NDArray[np.int64]]) -> HourState:
    """The judge's steady state of the standing units; more may come to places `coming[area]`."""
    situation, model = plan.situation, plan.model
    answered = situation.classes.answered_by(model.unit_type.unit_type)
    may_come = np.zeros(len(plan.units), dtype=np.bool_)
    may_come[np.concatenate(coming)] = True
    return hour_state(
        model.reach_of(hour)[2],
        plan.units[:, hour],
        model.load(hour),
        situation.forecast.rate_per_h[:, hour, answered].astype(np.float64),
        np.ascontiguousarray(situation.target_min()[:, answered]),
        model.unserved_min,
        may_come,
    )


def _figures(state: HourState, area: _Area, before: Judged, after: Judged) -> NDArray[np.float64]:
    """What is better after a change than before, in the order of `AreaValues`."""
    cells, calls = after.cells, state.load.calls_per_h
    saved_min = before.response_min[cells] - after.response_min
    in_time = after.calls_in_time - before.calls_in_time[cells]
    weighted = state.load.weight[cells] * saved_min
    minutes, own = calls[cells] * saved_min, area.own[cells]
    area_calls, city_calls = float(calls[area.own].sum()), float(calls.sum())
    return np.array(
        [
            weighted[area.counted[cells]].sum(),
            _per(minutes[own].sum(), area_calls),
            _per(minutes.sum(), city_calls),
            _per(100.0 * in_time[own].sum(), area_calls),
            _per(100.0 * in_time.sum(), city_calls),
        ]
    )


def _per(total: float, calls: float) -> float:
    return total / calls if calls > 0.0 else float("nan")


def checked_sample(
    plan: Standing, values: AreaValues, sample: int, seed: int
) -> tuple[Checked, ...]:
    """Figures beyond `NEGLIGIBLE` of districts, drawn with `seed` and checked."""
    known = np.argwhere(np.abs(np.nan_to_num(values.weighted_min_per_h)) > NEGLIGIBLE)
    drawn = np.random.default_rng(seed).permutation(len(known))[:sample]
    rows = known[np.sort(drawn)]
    hours = np.unique(rows[:, 1]).tolist()
    found = side_by_side(lambda n: _checked_hour(plan, values, rows, hours[n]), len(hours))
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
    stepper = _Stepper.of(plan, hour)
    areas = _areas(plan.situation)
    units = np.ascontiguousarray(plan.units[:, hour])
    moved = _solved_again(stepper, units)
    standing_sum = _judged_sum(plan, hour, units)
    found = []
    for command, _, number in rows[rows[:, 1] == hour].tolist():
        change = CHANGES[number]
        sign = 1 if change > 0 else -1
        chosen, worth = stepper.steps(areas[command], abs(change), more=change > 0)
        changed = stepper.changed_units(chosen, change)
        found.append(
            Checked(
                command,
                hour,
                number,
                told=float(values.weighted_min_per_h[command, hour, number]),
                judged=sign * (standing_sum - _judged_sum(plan, hour, changed)),
                unrelieved=float(worth.sum()),
                resolved=sign * _solved_again(stepper, changed),
                moved=moved,
            )
        )
    return found


def _solved_again(stepper: _Stepper, units: NDArray[np.int64]) -> float:
    """Weighted call-minutes an hour that as many units as `units[place]` gain, free to move.

    Against the standing units, at the same busy shares. The better of two solutions: from
    nothing, and from `units`, both improved by swaps.
    """
    plan, standing = stepper.plan, stepper.problem
    held = np.bincount(standing.group, units, standing.n_groups).astype(np.int64)
    problem = replace(standing, group_min=held, group_max=held, total=int(held.sum()))
    warm = units.copy()
    swap_units(problem, warm, SWAP_PASSES)
    fresh = allocate_hour(problem, swap_passes=SWAP_PASSES)
    best = max(hour_objective(problem, warm), hour_objective(problem, fresh))
    return best - hour_objective(standing, plan.units[:, stepper.hour])


def _judged_sum(plan: Standing, hour: int, units: NDArray[np.int64]) -> float:
    """The queueing judge's weighted response of units `[place]`, call-minutes an hour."""
    model, load = plan.model, plan.model.load(hour)
    state = busy_units(model.reach_of(hour)[2], units, load, tolerance=AFRESH)
    return float(load.weight @ state.capped_response_min(model.unserved_min))
