"""The force of a scenario: who belongs to which home."""

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.places import Places
from optimizer.force import Force
from optimizer.force_file import ForceParts, read_headcount, spread_headcount
from scenarios.demand import Demand
from scenarios.ground import Ground
from scenarios.scenario import LoadedScenario
from scenarios.tables import named_file


def scenario_force(
    loaded: LoadedScenario,
    ground: Ground,
    parts: ForceParts | None,
    stations: Places | None,
    demand: Demand | None,
    faults: FaultLog,
) -> Force | None:
    """The force at its homes; None while this or what it needs has faults."""
    if parts is None or stations is None:
        return None
    count = _headcount(loaded, ground, parts, stations, demand, faults)
    if count is None:
        return None
    return Force(parts.types, parts.unit_types, _scaled(loaded, count, faults))


def _headcount(
    loaded: LoadedScenario,
    ground: Ground,
    parts: ForceParts,
    stations: Places,
    demand: Demand | None,
    faults: FaultLog,
) -> NDArray[np.int64] | None:
    """Head-counts from the file, or the totals of the types spread over their homes."""
    part = loaded.scenario.force
    if part.method == "file":
        path = named_file(loaded, part.headcount, "force.headcount", faults)
        if path is None:
            return None
        return faults.attempt(lambda log: read_headcount(path, parts.types, stations, log))
    if demand is None or not _homes_exist(loaded, parts, stations, faults):
        return None
    return spread_headcount(parts, stations, _work_of_homes(ground, stations, demand))


def _homes_exist(
    loaded: LoadedScenario, parts: ForceParts, stations: Places, faults: FaultLog
) -> bool:
    """Whether each type of personnel has a place to belong to."""
    homeless = [
        kind.force_id
        for kind, home in zip(parts.types, parts.home, strict=True)
        if home not in stations.kind
    ]
    if homeless:
        faults.add(
            loaded.path(loaded.scenario.force.types).name,
            "types of personnel belong to a kind of home that no station is of",
            expected=f"home among {', '.join(sorted(set(stations.kind)))}",
            remedy="Correct home, add such stations, or give the head-counts by station.",
            value=", ".join(homeless),
        )
    return not homeless


def _scaled(
    loaded: LoadedScenario, count: NDArray[np.int64], faults: FaultLog
) -> NDArray[np.int64]:
    """Head-counts times `force.scale`, rounded half up; a force without officers is a fault."""
    scale = loaded.scenario.force.scale
    scaled: NDArray[np.int64] = np.floor(count * scale + 0.5).astype(np.int64)
    if not scaled.sum():
        faults.add(
            f"scenario {loaded.scenario.id}",
            "force.scale leaves no officers at all",
            expected="a scale that leaves at least one officer",
            remedy="Make force.scale larger.",
            value=scale,
        )
    return scaled


def _work_of_homes(ground: Ground, stations: Places, demand: Demand) -> NDArray[np.float64]:
    """Expected calls of each home: of the cells nearest to a station, of a branch's district."""
    calls = demand.forecast.rate_per_h.sum(axis=(1, 2), dtype=np.float64)
    district_calls = np.bincount(ground.grid.district, calls, minlength=len(ground.area.districts))
    work = district_calls[stations.district]
    for district in range(len(ground.area.districts)):
        cells = np.flatnonzero(ground.grid.district == district)
        own = stations.of_kind("station")
        own = own[stations.district[own] == district]
        if len(own) == 0:
            continue
        dx = ground.grid.x[cells, None] - stations.x[own]
        dy = ground.grid.y[cells, None] - stations.y[own]
        nearest = np.argmin(np.hypot(dx, dy), axis=1)
        work[own] = np.bincount(nearest, calls[cells], minlength=len(own))
    return np.maximum(work, 1e-9)
