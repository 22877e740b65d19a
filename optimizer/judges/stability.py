"""Where calls ask for more than the units in reach can do: no line of waiting calls ever ends."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms, call_load, units_asked
from optimizer.force import Force, UnitType
from optimizer.judges.evaluation import judge_hour, judged_type
from optimizer.judges.evaluation_result import Evaluation
from optimizer.judges.waiting import waiting_lines
from optimizer.plan import Deployment

LOOK_FROM = 0.5
"""Busy share of the units of some district from which an hour is looked at; calls that find no
idle unit leave in the steady state behind it, so that an overload shows as less than 1."""


def unstable_calls(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    terms: PatrolTerms,
) -> NDArray[np.float64]:
    """Calls an hour from cells whose units in reach cannot do the work, `[cell, hour]`.

    Cells that no unit reaches do not belong to them, unless there is no unit at all. Hours in
    which no district's units are busy `LOOK_FROM` of the time are taken as stable; for the others
    see `waiting_lines`.
    """
    by_name = {kind.unit_type: kind for kind in force.unit_types}
    calls = np.zeros((situation.grid.n_cells, situation.horizon.hours))
    for row, name in enumerate(deployment.unit_types):
        kind = judged_type(situation, by_name[name], deployment.units[row])
        busy = np.nan_to_num(evaluation.utilisation[row])
        for hour in range(situation.horizon.hours):
            units = kind.units[:, hour]
            if units.any() and _busiest_district(situation, busy[:, hour], units) < LOOK_FROM:
                continue
            load = call_load(situation, kind.unit_type, hour, terms)
            state = judge_hour(situation, kind, hour, terms)
            grades = requests_by_grade(situation, kind.unit_type, hour)
            stable = waiting_lines(state, units, load, grades).stable
            if units.any():
                stable = stable | (np.diff(state.reach.indptr) == 0)
            calls[:, hour] += np.where(stable, 0.0, load.calls_per_h)
    return calls


def requests_by_grade(situation: Situation, unit_type: UnitType, hour: int) -> NDArray[np.float64]:
    """Units asked for an hour by the calls of each grade, `[cell, grade]`, grade 1 first."""
    requests = np.zeros((situation.grid.n_cells, 4))
    for number in situation.classes.answered_by(unit_type.unit_type).tolist():
        kind = situation.classes.classes[number]
        asked = units_asked(kind, unit_type)
        requests[:, kind.grade - 1] += situation.forecast.rate_per_h[:, hour, number] * asked
    return requests


def _busiest_district(
    situation: Situation, busy: NDArray[np.float64], units: NDArray[np.int64]
) -> float:
    """Highest busy share of the units of a district."""
    district, size = situation.patrol_places.district, len(situation.area.district_ids)
    there = np.bincount(district, units, size)
    worked = np.bincount(district, busy * units, size)
    return float((worked / np.maximum(there, 1.0)).max())
