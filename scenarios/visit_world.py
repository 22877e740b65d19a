"""Must-visit points and lines of a scenario, and what its patrols are to deliver on routes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.places import VisitPoints, joined_points
from geodata.routing import SpeedProfiles
from geodata.situation import Situation
from geodata.visit_file import NO_VISIT_POINTS, read_visit_points
from geodata.visit_line_file import read_visit_lines
from optimizer.force_file import ForceParts
from optimizer.visit_patrols import FOOT
from optimizer.visit_sectors import VisitWork, visit_work
from optimizer.visit_ways import VisitRoads
from optimizer.visits import due_visits, visit_officers
from scenarios.ground import Ground
from scenarios.scenario import LoadedScenario


def scenario_visit_points(
    loaded: LoadedScenario, ground: Ground, faults: FaultLog
) -> VisitPoints | None:
    """Must-visit points, then lines; None where a table has faults."""
    part = loaded.scenario.visits
    points: VisitPoints | None = NO_VISIT_POINTS
    lines: VisitPoints | None = NO_VISIT_POINTS
    if part.file is not None:
        table = loaded.path(part.file)
        points = faults.attempt(
            lambda log: read_visit_points(table, ground.area, ground.grid, part.crs, log)
        )
    if part.lines is not None:
        of_lines = loaded.path(part.lines)
        lines = faults.attempt(
            lambda log: read_visit_lines(of_lines, ground.area, ground.grid, part.crs, log)
        )
    if points is None or lines is None:
        return None
    if not len(lines.places):
        return points
    known = set(points.places.place_ids)
    twice = [name for name in lines.places.place_ids if name in known]
    if twice:
        faults.add(
            loaded.path(str(part.lines)).name,
            "lines have the names of must-visit points",
            expected="line_id that is no point_id of the other table",
            remedy="Rename the lines.",
            value=", ".join(twice[:3]),
        )
        return None
    return joined_points(points, lines)


def refuse_wrong_kinds(loaded: LoadedScenario, force: ForceParts | None, faults: FaultLog) -> None:
    """Note what patrols cannot make routes: unknown ones, and units that are never sent."""
    part, simulation = loaded.scenario.visits, loaded.scenario.simulation
    file = f"scenario {loaded.scenario.id}"
    if part.method != "routes":
        if part.kinds != (FOOT,):
            faults.add(
                file,
                "visits.kinds names patrols although no routes are made",
                expected='visits.method = "routes" with it',
                remedy="Set the method, or remove visits.kinds.",
                value=", ".join(part.kinds),
            )
        return
    if force is not None:
        known = [FOOT, *(unit.unit_type for unit in force.unit_types)]
        strange = [kind for kind in part.kinds if kind not in known]
        if strange or not part.kinds or len(set(part.kinds)) < len(part.kinds):
            faults.add(
                file,
                "visits.kinds does not name patrols, each once",
                expected=f"some of {', '.join(known)}",
                remedy="Correct the names.",
                value=", ".join(part.kinds),
            )
    if simulation.replications and simulation.visits == "reserved" and part.kinds != (FOOT,):
        faults.add(
            file,
            "visits.kinds gives routes to units, which the simulation does not send on visits",
            expected='simulation.visits = "preemptible" or "held"',
            remedy="Say what a unit does when a call comes during a visit, or leave visits to "
            "patrols on foot.",
            value=simulation.visits,
        )


@dataclass(frozen=True)
class VisitsAsked:
    """Visits due, `[visit, 2]` (point, minute), and officers on foot for them, `[command, hour]`.

    `work` is what routes are to deliver, None where visits are made one by one.
    """

    due: NDArray[np.int64]
    officers: NDArray[np.float64]
    work: VisitWork | None


def visits_asked(
    loaded: LoadedScenario,
    ground: Ground,
    speeds: SpeedProfiles,
    situation: Situation,
    density: NDArray[np.float64],
) -> VisitsAsked:
    """What the must-visit points ask for, with the pace of intervals `density[point, hour]`."""
    scenario, points, horizon = loaded.scenario, situation.visit_points, situation.horizon
    command, commands = situation.area.command_of[points.places.district], situation.area.commands
    walk_min = scenario.visits.walk_min
    if scenario.visits.method == "nearest":
        due = due_visits(points, horizon, seed=scenario.seed, density=density)
        officers = visit_officers(
            points, due, command, len(commands), horizon.hours, walk_min=walk_min
        )
        return VisitsAsked(due, officers, None)
    roads = VisitRoads(ground.roads, speeds, ground.grid, ground.zone, scenario.patrol.cutoff_min)
    work = visit_work(
        points,
        command,
        horizon,
        density,
        roads,
        kinds=scenario.visits.kinds,
        walk_min=walk_min,
        seed=scenario.seed,
    )
    return VisitsAsked(work.due(), work.officers(len(commands)), work)
