"""Routes of visits as tables of a run, and read back from them."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.row_check import RowCheck
from optimizer.plan import PatrolRoute, Visit, VisitPlan
from optimizer.visit_patrols import FOOT
from scenarios.world import World

ROUTES = "routes.csv"

_TIMES = ("leave", "end", "due_from", "latest")


def routes_frame(world: World, plan: VisitPlan) -> pd.DataFrame:
    """Routes by their number, with the minutes of their visits and ways."""
    situation = world.situation
    rows = []
    for number, route in enumerate(plan.routes):
        own = [visit for visit in plan.visits if visit.route == number]
        rows.append(
            (
                route.route_id,
                route.kind,
                route.officers,
                situation.stations.place_ids[route.station],
                situation.patrol_places.place_ids[route.place],
                route.unit + 1,
                _moment(situation.horizon, route.from_min),
                _moment(situation.horizon, route.to_min),
                route.free_min,
                len(own),
                sum(visit.minutes for visit in own),
                sum(visit.minute - visit.leave for visit in own),
            )
        )
    columns = (
        "route_id kind officers station_id place_id unit start end free_min visits visit_min "
        "way_min"
    )
    return pd.DataFrame(rows, columns=columns.split())


def with_route_columns(frame: pd.DataFrame, world: World, plan: VisitPlan) -> pd.DataFrame:
    """The table of visits with the route of each, its place in the order and its times."""
    routes, horizon = plan.routes, world.situation.horizon
    added = {
        "route_id": [routes[visit.route].route_id for visit in plan.visits],
        "kind": [routes[visit.route].kind for visit in plan.visits],
        "order": order_on_route(plan.visits).tolist(),
        **{
            name: [_moment(horizon, getattr(visit, name)) for visit in plan.visits]
            for name in _TIMES
        },
    }
    officers = [routes[visit.route].officers for visit in plan.visits]
    return frame.assign(officers=officers, **added)


def order_on_route(visits: tuple[Visit, ...]) -> NDArray[np.int64]:
    """Number of each visit on its route, from 1 on; visits are in the order of their start."""
    done: dict[int, int] = {}
    order = np.zeros(len(visits), dtype=np.int64)
    for number, visit in enumerate(visits):
        done[visit.route] = order[number] = done.get(visit.route, 0) + 1
    return order


def _moment(horizon: Horizon, minute: int) -> str:
    return (horizon.start + pd.Timedelta(minutes=minute)).isoformat()


def read_routes(folder: Path, world: World, faults: FaultLog) -> tuple[PatrolRoute, ...]:
    """Routes in the order of the table; none where the scenario makes none."""
    if world.visit_work is None:
        return ()
    columns = "route_id kind officers station_id place_id unit start end free_min".split()
    table = read_table(folder / ROUTES, columns, faults)
    if table is None:
        return ()
    check, situation = RowCheck(table, faults), world.situation
    homes, places = situation.stations.place_ids, situation.patrol_places.place_ids
    kinds = (FOOT, *(unit.unit_type for unit in world.force.unit_types))
    ids, kind = check.texts("route_id"), check.choices("kind", kinds, "foot and the unit types")
    home = check.choices("station_id", homes, "the scenario's stations")
    place = check.choices("place_id", places, "the scenario's places")
    start, end = (_minutes(check, name, situation.horizon) for name in ("start", "end"))
    numbers = {name: check.numbers(name, minimum=0.0, whole=True) for name in ("officers", "unit")}
    free_min = check.numbers("free_min", minimum=0.0)
    return tuple(
        PatrolRoute(
            ids[row],
            kind[row],
            int(numbers["officers"][row]),
            homes.index(home[row]),
            places.index(place[row]),
            int(numbers["unit"][row]) - 1,
            start[row],
            end[row],
            float(free_min[row]),
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def on_routes(
    path: Path,
    world: World,
    visits: tuple[Visit, ...],
    routes: tuple[PatrolRoute, ...],
    faults: FaultLog,
) -> tuple[Visit, ...]:
    """The visits of a table with the routes that it names; as they are where there are none."""
    if world.visit_work is None:
        return visits
    table = read_table(path, ("route_id", *_TIMES), faults)
    if table is None:
        return ()
    check, ids = RowCheck(table, faults), [route.route_id for route in routes]
    route = check.choices("route_id", ids, f"the routes of {ROUTES}")
    times = {name: _minutes(check, name, world.situation.horizon) for name in _TIMES}
    if not check.sound.all() or len(visits) != len(route):
        return ()
    return tuple(
        replace(
            visit,
            route=ids.index(route[row]),
            **{name: times[name][row] for name in _TIMES},
        )
        for row, visit in enumerate(visits)
    )


def _minutes(check: RowCheck, column: str, horizon: Horizon) -> list[int]:
    """Whole minutes from the start of the horizon; 0 in rows with a fault."""

    def minute(moment: datetime | None) -> int:
        return 0 if moment is None else round((moment - horizon.start).total_seconds() / 60.0)

    return [minute(moment) for moment in check.moments(column)]
