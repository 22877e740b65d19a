"""Minutes that help takes through a crowd: from the edge of the rings, or from a reserve inside.

In 2014 the first squad took five to eight minutes to push through. Inside a crowd people advance
at 0.3 to 0.5 m/s (assumption), so a reserve stands where it will be needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Point

from geodata.area import StudyArea
from geodata.sites import OUTSIDE, Site, Zone

ACCESS_M_PER_S: tuple[float, float] = (0.5, 0.3)
"""Quickest and slowest advance inside a crowd (assumption)."""


@dataclass(frozen=True)
class CrowdAccess:
    """Way to the densest zone of a site: `from_ring` is a ring's edge, or where a reserve stands.

    `where` names the way in, or the zone of the reserve. Distances in a straight line; the
    minutes are those at `ACCESS_M_PER_S`.
    """

    from_ring: str
    reserve: bool
    where: str
    target_zone: str
    metres: float

    @property
    def minutes(self) -> tuple[float, float]:
        """Least and most minutes."""
        quick, slow = (self.metres / speed / 60.0 for speed in ACCESS_M_PER_S)
        return quick, slow


def crowd_access(
    site: Site, area: StudyArea, people: NDArray[np.float64], reserves: Sequence[str]
) -> tuple[CrowdAccess, ...]:
    """Ways to the zone that is densest with `people[zone]`.

    From the nearest way in to the site, from the nearest edge of the core, and from the rings
    with a `reserve`, which stands in the ring's nearest other zone, or in the densest one itself
    where the ring has no other. Within a zone the way is the mean one from the middle of a disc
    of its area: two thirds of the radius.
    """
    density = people / np.array([zone.free_area_m2 for zone in site.zones])
    target = site.zones[int(density.argmax())]
    middle = target.polygon.representative_point()
    entrance, metres = _nearest_entrance(site, area, middle)
    found = [CrowdAccess("outer", False, entrance, target.zone_id, metres)]
    core = float(site.rings[0].boundary.distance(middle))
    if site.rings[0].covers(middle):
        found.append(CrowdAccess("core", False, "edge of the core", target.zone_id, core))
    for ring in reserves:
        zones = [zone for zone in site.zones if zone.ring == ring and zone is not target]
        if zones:
            away = [float(zone.polygon.representative_point().distance(middle)) for zone in zones]
            nearest = int(np.argmin(away))
            found.append(
                CrowdAccess(ring, True, zones[nearest].name_en, target.zone_id, away[nearest])
            )
        elif ring == target.ring:
            found.append(CrowdAccess(ring, True, target.name_en, target.zone_id, _within(target)))
    return tuple(found)


def _within(zone: Zone) -> float:
    return 2.0 / 3.0 * math.sqrt(zone.polygon.area / math.pi)


def _nearest_entrance(site: Site, area: StudyArea, target: Point) -> tuple[str, float]:
    """Way in from the world outside that lies nearest to a point, and the metres."""
    ways = [passage for passage in site.passages if passage.outer_zone == OUTSIDE]
    x, y = area.to_metric(np.array([p.lon for p in ways]), np.array([p.lat for p in ways]))
    metres = np.hypot(x - target.x, y - target.y)
    nearest = int(metres.argmin())
    return ways[nearest].name_en, float(metres[nearest])
