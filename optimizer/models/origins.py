"""Which station each unit comes from: least travel from stations to waiting places."""

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from geodata.situation import Situation
from optimizer.plan import UnitMove

TENTHS = 10
BEYOND_REACH_M_PER_MIN = 250.0
"""Speed assumed for a place that a station does not reach within the cut-off (15 km/h)."""


def unit_origins(
    situation: Situation,
    unit_type: str,
    units: NDArray[np.int64],
    available: NDArray[np.int64],
) -> tuple[UnitMove, ...]:
    """Where the units at each place come from, by hour, station and place.

    `units[place, hour]` are to be manned from `available[station, hour]` units of the stations
    of the same command, each unit from one station, with the least total travel minutes
    (rounded to tenths). Equal costs are resolved by the solver, which is deterministic.

    Raises
    ------
    ValueError
        When a command has fewer units than its places are to hold.
    """
    place_command = situation.place_command
    station_command = place_command[: len(situation.stations)]
    travel = situation.travel[unit_type]
    cost = [_tenths(situation, unit_type, p) for p in range(len(travel.profiles))]
    moves: list[UnitMove] = []
    for hour in range(situation.horizon.hours):
        tenths = cost[int(travel.profile_of_hour[hour])]
        for command, name in enumerate(situation.area.commands):
            goals = np.flatnonzero((place_command == command) & (units[:, hour] > 0))
            homes = np.flatnonzero((station_command == command) & (available[:, hour] > 0))
            flow = least_travel(
                tenths[np.ix_(homes, goals)], available[homes, hour], units[goals, hour]
            )
            if flow is None:
                raise ValueError(
                    f"{name}, hour {hour}: {int(units[goals, hour].sum())} {unit_type} units "
                    f"to place, {int(available[homes, hour].sum())} available"
                )
            rows, columns = np.nonzero(flow)
            moves += [
                UnitMove(unit_type, hour, int(homes[i]), int(goals[j]), int(flow[i, j]))
                for i, j in zip(rows, columns, strict=True)
            ]
    return tuple(sorted(moves, key=lambda move: (move.hour, move.station, move.place)))


def _tenths(situation: Situation, unit_type: str, profile: int) -> NDArray[np.int64]:
    """Travel from stations to the cells of the places, tenths of a minute, `[station, place]`.

    A pair beyond the cut-off counts the cut-off or its straight line at a slow speed,
    whichever is longer.
    """
    travel = situation.travel[unit_type]
    stations, places = situation.stations, situation.patrol_places
    line = np.hypot(stations.x[:, np.newaxis] - places.x, stations.y[:, np.newaxis] - places.y)
    minutes = np.maximum(travel.cutoff_min, line / BEYOND_REACH_M_PER_MIN)
    reach = travel.reach[profile]
    to_cell = np.full(situation.grid.n_cells, np.inf)
    for station in range(len(stations)):
        entries = slice(reach.indptr[station], reach.indptr[station + 1])
        to_cell[reach.cell[entries]] = reach.minutes[entries]
        reached = to_cell[places.cell]
        minutes[station] = np.where(np.isfinite(reached), reached, minutes[station])
        to_cell[reach.cell[entries]] = np.inf
    minutes[np.arange(len(stations)), np.arange(len(stations))] = 0.0
    tenths: NDArray[np.int64] = np.rint(minutes * TENTHS).astype(np.int64)
    return tenths


def least_travel(
    cost: NDArray[np.int64], supply: NDArray[np.int64], demand: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Transport `demand` from `supply` at the least cost, `[home, goal]`; None if impossible."""
    homes, goals = cost.shape
    if demand.sum() > supply.sum():
        return None
    if not goals:
        return np.zeros((homes, 0), dtype=np.int64)
    solver = SimpleMinCostFlow()
    tail = np.repeat(np.arange(homes), goals)
    head = homes + np.tile(np.arange(goals), homes)
    room = np.minimum(np.repeat(supply, goals), np.tile(demand, homes))
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tail, head, room, cost.ravel())
    spare = homes + goals
    idle = solver.add_arcs_with_capacity_and_unit_cost(
        np.arange(homes), np.full(homes, spare), supply, np.zeros(homes, dtype=np.int64)
    )
    nodes = np.arange(spare + 1)
    left = int(supply.sum() - demand.sum())
    solver.set_nodes_supplies(nodes, np.concatenate([supply, -demand, [-left]]))
    status = solver.solve()
    if status != solver.OPTIMAL or len(idle) != homes:
        raise RuntimeError(f"the transport problem ended with status {status}")
    return np.asarray(solver.flows(arcs), dtype=np.int64).reshape(homes, goals)
