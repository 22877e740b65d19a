"""Units that come on top of a deployment, each where it saves most: lent crews back at home."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms
from optimizer.force import UnitType
from optimizer.hours import side_by_side
from optimizer.models.patrol.marginal import LEAST_BUSY, Standing, near_problem_of
from optimizer.models.patrol.patrol_model import patrol_model
from optimizer.models.patrol.placing import allocate_hour


def with_units_back(
    situation: Situation,
    unit_type: UnitType,
    terms: PatrolTerms,
    units: NDArray[np.int64],
    busy: NDArray[np.float64],
    more: NDArray[np.int64],
    *,
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The standing `units[place, hour]` and `more[command, hour]` besides them, `[place, hour]`.

    They are placed greedily at the busy shares `busy[cell, hour]` of the plan while all others
    stay; units for which a command has no free place are left out.
    """
    model = patrol_model(situation, unit_type, terms)
    plan = Standing(model, units, np.maximum(busy, LEAST_BUSY), place_min, place_cap)
    hours = side_by_side(lambda hour: _hour_with(plan, more[:, hour], hour), more.shape[1])
    return np.stack(hours, axis=1)


def _hour_with(plan: Standing, more: NDArray[np.int64], hour: int) -> NDArray[np.int64]:
    units = np.ascontiguousarray(plan.units[:, hour])
    if not more.any():
        return units
    problem = near_problem_of(plan, hour)
    free = np.minimum(problem.place_cap - units, int(more.sum()))
    room = np.bincount(problem.group, free, len(more)).astype(np.int64)
    held = problem.group_min + np.minimum(more, room)
    fuller = replace(
        problem, place_min=units, group_min=held, group_max=held, total=int(held.sum())
    )
    return allocate_hour(fuller, swap_passes=0)
