"""Which drone base watches which place in which hour: a small integer model over all hours."""

from collections.abc import Sequence

import numpy as np

from geodata.horizon import Horizon
from optimizer.drones import DroneFleet
from optimizer.models.solver import LinearModel, SolverOptions, minimise
from optimizer.observation import (
    DRONE_HOUR_COST,
    NOBODY,
    PRIORITY_WEIGHT,
    ObservationPlan,
    ObservationTask,
    hours_asked,
    may_fly,
    needed,
    plan_value,
)

EXACT = SolverOptions(relative_gap=1e-6)


def observation_flights(
    fleet: DroneFleet,
    tasks: Sequence[ObservationTask],
    horizon: Horizon,
    options: SolverOptions = EXACT,
) -> ObservationPlan:
    """Most watched hours by priority with the drones that every base has, few drones next.

    One base watches a task in an hour, with all the drones that take turns for it.
    """
    count = needed(fleet, tasks)
    open_hours = hours_asked(tasks, horizon)[:, None, :] & may_fly(fleet, tasks, horizon)
    open_hours &= (count > 0)[:, :, None]
    model = LinearModel()
    columns = np.full(open_hours.shape, -1, dtype=np.int64)
    weight = np.array([PRIORITY_WEIGHT[task.priority] for task in tasks]).reshape(-1, 1)
    cost = np.broadcast_to((DRONE_HOUR_COST * count - weight)[:, :, None], open_hours.shape)
    size = int(open_hours.sum())
    columns[open_hours] = model.add_columns(1.0, cost[open_hours], (size,), integer=True)
    once = model.add_rows(-np.inf, 1.0, (len(tasks), horizon.hours))
    model.add_entries(once[:, None, :], columns, 1.0)
    drones = np.array([base.drones for base in fleet.bases], dtype=np.float64)
    fits = model.add_rows(-np.inf, drones[:, None], (len(drones), horizon.hours))
    model.add_entries(fits[None], columns, count[:, :, None].astype(np.float64))
    solution = minimise(model, options)
    chosen = solution.whole(columns)
    base = np.where(chosen.any(axis=1), chosen.argmax(axis=1), NOBODY)
    draft = ObservationPlan(tuple(tasks), base, 0.0, -solution.bound)
    return ObservationPlan(draft.tasks, base, plan_value(fleet, draft), draft.bound)
