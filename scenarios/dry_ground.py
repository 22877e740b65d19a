"""Events and the zones of their sites lie on dry ground: on one bank of every barrier."""

import numpy as np
import shapely

from geodata.context_file import metric_lines, metric_points
from geodata.event_file import EventCalendar
from geodata.faults import FaultLog
from scenarios.event_sites import SiteBook
from scenarios.ground import Ground
from scenarios.scenario import LoadedScenario

IN_THE_WATER_M = 50.0
"""An event nearer than this to the middle line of a barrier stands in it (assumption)."""

ON_A_BRIDGE_M = 300.0
"""An event nearer than this to a crossing stands on the bridge (assumption)."""


def refuse_events_in_water(
    loaded: LoadedScenario,
    ground: Ground,
    events: EventCalendar | None,
    sites: SiteBook | None,
    faults: FaultLog,
) -> None:
    """Note zones that a barrier divides and events in the middle of one."""
    lines = metric_lines(ground.area, ground.context, *loaded.scenario.roads.barrier_kinds)
    if not lines:
        return
    water = shapely.union_all(list(lines))
    part = loaded.scenario.events
    for site in sites.sites if sites else ():
        for zone in site.zones:
            if shapely.intersects(zone.polygon, water):
                faults.add(
                    loaded.path(str(part.sites)).name,
                    f"zone {zone.zone_id} of site {site.site_id} lies in a river or on both banks",
                    expected="ground on one side of every barrier of roads.barrier_kinds",
                    remedy="Correct the shape or its CRS, or draw one zone for each bank.",
                    value=f"{shapely.intersection(zone.polygon, water).length:.0f} m of the river",
                )
    placed = events.placed if events else ()
    lon, lat = (np.array([getattr(event, axis) for event in placed]) for axis in ("lon", "lat"))
    at = shapely.points(*ground.area.to_metric(lon, lat))
    bridges = shapely.multipoints(metric_points(ground.area, ground.context, "crossing"))
    to_bridge = np.nan_to_num(shapely.distance(at, bridges), nan=np.inf)
    for event, to_water in zip(
        placed,
        np.where(to_bridge < ON_A_BRIDGE_M, np.inf, shapely.distance(at, water)),
        strict=True,
    ):
        if to_water < IN_THE_WATER_M:
            faults.add(
                loaded.path(str(part.file)).name,
                f"event {event.event_id} lies in a river",
                expected=f"a place {IN_THE_WATER_M:g} m or more from its middle line, or a bridge",
                remedy="Correct lon and lat, or the CRS of the file.",
                value=f"{to_water:.0f} m",
            )
