"""Rules of a deployment: units exist, and every unit comes from somewhere."""

import numpy as np

from optimizer.judges.violation import Violation
from optimizer.plan import Deployment
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult


def check_units_at_places(
    problem: StaffingProblem, staffing: StaffingResult, deployment: Deployment
) -> list[Violation]:
    """No home sends out more units of a type in an hour than it has.

    Where they may go is for `optimizer.judges.wish_rules`.
    """
    types = [kind.unit_type for kind in problem.force.unit_types]
    have = staffing.units_available
    sent = np.zeros_like(have)
    for move in deployment.origins:
        sent[types.index(move.unit_type), move.station, move.hour] += move.units
    return [
        Violation(
            "units available",
            f"station {station}, {types[kind]}",
            f"hour {hour}",
            float(sent[kind, station, hour]),
            float(have[kind, station, hour]),
        )
        for kind, station, hour in np.argwhere(sent > have)
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
