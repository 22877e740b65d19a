"""The scene of a cordon: roads and speeds of the hour, the units that stand, names of places."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.arc_travel import fastest_kmh
from geodata.context_file import metric_lines, metric_points
from geodata.faults import FaultLog
from geodata.situation import Situation
from optimizer.force import UnitType
from optimizer.ring_cordon import Pursuit, Squads
from scenarios.cordon_input import CordonRequest
from scenarios.finished_run import FinishedRun
from scenarios.ground import road_graph
from scenarios.tables import read_tables
from scenarios.world import hourly_speeds

STREET = "standby"
"""Kind of the places where units wait on the street; at the others they wait indoors."""


@dataclass(frozen=True)
class Scene:
    """The pursuit of a request in a finished run.

    `type_of_squad[squad]` indexes the force's unit types, `place_of_squad[squad]` the patrol
    places.
    """

    finished: FinishedRun
    request: CordonRequest
    pursuit: Pursuit
    type_of_squad: NDArray[np.int64]
    place_of_squad: NDArray[np.int64]

    @property
    def situation(self) -> Situation:
        """The world of the run."""
        return self.finished.world.situation

    @property
    def units(self) -> int:
        """Units that stand in the hour of the alarm."""
        return int(self.pursuit.squads.units.sum())


@dataclass(frozen=True)
class Stop:
    """A checkpoint or an exit: where it is, who comes and when; `squad` -1 where nobody does.

    `arrival_min` and `car_min` count from the alarm.
    """

    stop_id: str
    kind: str
    name_en: str
    name_zh: str
    lon: float
    lat: float
    district: int
    squad: int
    arrival_min: float
    car_min: float

    @property
    def slack_min(self) -> float:
        """Minutes between the unit and the car."""
        return self.car_min - self.arrival_min


def scene_of(finished: FinishedRun, request: CordonRequest) -> Scene:
    """Roads at the speeds of the hour, and the units of the plan as they stand in it.

    Raises
    ------
    BadInput
        When the scenario's speeds can no longer be read.
    """
    loaded, situation = finished.loaded, finished.world.situation
    faults = FaultLog()
    season = read_tables(loaded, faults).season
    speeds = hourly_speeds(loaded, situation.horizon, season, faults)
    faults.raise_if_any()
    kind, place = np.nonzero(finished.deployment.units[:, :, request.hour])
    pursuit = Pursuit(
        road_graph(loaded, situation.area, situation.grid, situation.zone, situation.context),
        request.cell,
        request.alarm_min,
        fastest_kmh(speeds, request.car_factor),
        speeds.speed_kmh[speeds.profile_of_hour[request.hour]],
        _squads(finished, request.hour, kind, place),
    )
    return Scene(finished, request, pursuit, kind, place)


def _squads(
    finished: FinishedRun, hour: int, kind: NDArray[np.int64], place: NDArray[np.int64]
) -> Squads:
    types: tuple[UnitType, ...] = finished.world.force.unit_types
    places = finished.world.situation.patrol_places
    outdoors = np.array([name == STREET for name in places.kind])[place]
    street = np.array([unit.turnout_street_min for unit in types])[kind]
    station = np.array([unit.turnout_station_min for unit in types])[kind]
    return Squads(
        node=places.cell[place],
        units=finished.deployment.units[kind, place, hour],
        turnout_min=np.where(outdoors, street, station),
        speed_factor=np.array([unit.speed_factor for unit in types])[kind],
    )


def arc_stops(
    scene: Scene, arcs: NDArray[np.int64], times: list[tuple[int, float, float]]
) -> tuple[Stop, ...]:
    """Checkpoints in the middle of arcs; `times` are squad, arrival and the car's minute of each.

    A checkpoint on a bridge or in a tunnel bears its name, any other that of its district.
    """
    situation, graph = scene.situation, scene.pursuit.graph
    grid, area = situation.grid, situation.area
    x = (grid.x[graph.tail[arcs]] + grid.x[graph.head[arcs]]) / 2.0
    y = (grid.y[graph.tail[arcs]] + grid.y[graph.head[arcs]]) / 2.0
    lon, lat = area.to_lonlat(x, y)
    names = _crossing_names(scene, arcs)
    stops = []
    for number, (arc, (squad, arrival_min, car_min)) in enumerate(
        zip(arcs.tolist(), times, strict=True)
    ):
        district = int(grid.district[graph.tail[arc]])
        own = area.districts[district]
        name_en, name_zh = names[number] or (own.name_en, own.name_zh)
        stops.append(
            Stop(
                f"C{number + 1:03d}",
                "checkpoint",
                name_en,
                name_zh,
                float(lon[number]),
                float(lat[number]),
                district,
                squad,
                arrival_min,
                car_min,
            )
        )
    return tuple(stops)


def _crossing_names(scene: Scene, arcs: NDArray[np.int64]) -> list[tuple[str, str] | None]:
    """English and local name of the crossing that each arc leads over, None where over none."""
    situation, graph = scene.situation, scene.pursuit.graph
    crossings = [line for line in situation.context if line.kind == "crossing"]
    kinds = scene.finished.loaded.scenario.roads.barrier_kinds
    barriers = metric_lines(situation.area, situation.context, *kinds)
    if not crossings or not barriers or not len(arcs):
        return [None] * len(arcs)
    xy = np.stack([situation.grid.x, situation.grid.y], axis=1)
    tail, head = xy[graph.tail[arcs]], xy[graph.head[arcs]]
    segments = shapely.linestrings(np.stack([tail, head], axis=1))
    over = np.asarray(shapely.intersects(segments, shapely.union_all(list(barriers))))
    at = metric_points(situation.area, situation.context, "crossing")
    apart = (tail + head)[:, None] / 2.0 - at
    nearest = np.hypot(apart[..., 0], apart[..., 1]).argmin(axis=1)
    named = [(line.name_en or line.name, line.name) for line in crossings]
    return [
        named[which] if crossed else None
        for which, crossed in zip(nearest.tolist(), over.tolist(), strict=True)
    ]


def cells_at_edge(situation: Situation, inside: NDArray[np.bool_]) -> int:
    """Cells inside that lack one of their four neighbours: the area ends there."""
    grid = situation.grid
    edge = np.zeros(grid.n_cells, dtype=bool)
    for east, north in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        edge |= grid.locate(grid.x + east * grid.cell_m, grid.y + north * grid.cell_m) < 0
    return int((edge & inside).sum())
