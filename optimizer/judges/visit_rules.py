"""Rules of the visit plan: it takes no more people than are on visits, and no visit not due."""

import numpy as np

from geodata.situation import Situation
from optimizer.judges.violation import Violation
from optimizer.plan import VisitPlan
from optimizer.staffing_result import StaffingResult
from optimizer.visits import visit_officers

EPSILON = 1e-6


def check_visit_plan(
    situation: Situation, plan: VisitPlan, staffing: StaffingResult, *, walk_min: float
) -> tuple[Violation, ...]:
    """Planned visits fit the officers on visits of their command, and are no more than due."""
    points = situation.visit_points
    starts = np.array([(v.point, v.minute) for v in plan.visits], dtype=np.int64).reshape(-1, 2)
    command = situation.area.command_of[points.places.district]
    hours = situation.horizon.hours
    commands = situation.area.commands
    used = visit_officers(points, starts, command, len(commands), hours, walk_min=walk_min)
    have = staffing.visit_officers.sum(axis=1)
    found = [
        Violation("visits manned", commands[c], f"hour {h}", float(used[c, h]), float(have[c, h]))
        for c, h in np.argwhere(used > have + EPSILON)
    ]
    made = np.bincount(starts[:, 0], minlength=len(points.places))
    found += [
        Violation(
            "visits due",
            points.places.place_ids[point],
            "all hours",
            float(made[point]),
            float(plan.due[point]),
        )
        for point in np.flatnonzero(made > plan.due)
    ]
    return tuple(found)
