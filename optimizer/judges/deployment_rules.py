"""Rules of a deployment: units exist, and every unit comes from somewhere."""

import numpy as np

from optimizer.judges.violation import Violation
from optimizer.plan import Deployment
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult


def check_units_at_places(
    problem: StaffingProblem, staffing: StaffingResult, deployment: Deployment
) -> list[Violation]:
    """No district sends out more units of a type in an hour than its homes have."""
    types = [kind.unit_type for kind in problem.force.unit_types]
    shape = (len(types), problem.n_districts, problem.horizon_hours)
    sent, have = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for move in deployment.origins:
        district = problem.station_district[move.station]
        sent[types.index(move.unit_type), district, move.hour] += move.units
    for station, district in enumerate(problem.station_district):
        have[:, district] += staffing.units_available[:, station]
    return [
        Violation(
            "units available",
            f"district {district}, {types[kind]}",
            f"hour {hour}",
            float(sent[kind, district, hour]),
            float(have[kind, district, hour]),
        )
        for kind, district, hour in np.argwhere(sent > have)
    ]


def check_origins(deployment: Deployment) -> list[Violation]:
    """Units at each place are those sent there, no more and no fewer."""
    sent = np.zeros_like(deployment.units)
    for move in deployment.origins:
        sent[deployment.unit_types.index(move.unit_type), move.place, move.hour] += move.units
    return [
        Violation(
            "origins",
            f"place {place}, {deployment.unit_types[kind]}",
            f"hour {hour}",
            float(sent[kind, place, hour]),
            float(deployment.units[kind, place, hour]),
        )
        for kind, place, hour in np.argwhere(sent != deployment.units)
    ]
