"""The largest event sites: how many idle units are near them at their peak.

Minutes of units that may be sent anywhere would read as if they were a reserve. So units are
counted that stand idle within some minutes of the site; a reserve is told apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.force import Force
from optimizer.plan import Deployment
from optimizer.reach import cell_lists
from optimizer.requirement import PostNeed
from optimizer.reserve import RESERVE

TOP_SITES = 10
NEAR_SITE_MIN: tuple[float, ...] = (5.0, 10.0)


@dataclass(frozen=True)
class Site:
    """One event site in the hour in which its posts ask for most people; `cell` of the grid."""

    event_id: str
    name_en: str
    name_zh: str
    hour: int
    required: int
    cell: int


def largest_sites(
    situation: Situation, needs: tuple[PostNeed, ...], count: int = TOP_SITES
) -> tuple[Site, ...]:
    """The events whose posts ask for most people in one hour, the largest first.

    The first such hour is the peak. Equal ones stay in the order of the posts. A reserve is no
    event.
    """
    hours = situation.horizon.hours
    asked: dict[str, NDArray[np.int64]] = {}
    first: dict[str, PostNeed] = {}
    for need in needs:
        if need.ring == RESERVE:
            continue
        by_hour = asked.setdefault(need.event_id, np.zeros(hours, dtype=np.int64))
        by_hour[need.from_hour : need.to_hour] += need.required
        first.setdefault(need.event_id, need)
    sites = [
        Site(
            event_id,
            first[event_id].event_en,
            first[event_id].event_zh,
            int(by_hour.argmax()),
            int(by_hour.max()),
            nearest_cell(situation, first[event_id].lon, first[event_id].lat),
        )
        for event_id, by_hour in asked.items()
    ]
    return tuple(sorted(sites, key=lambda site: -site.required)[:count])


def nearest_cell(situation: Situation, lon: float, lat: float) -> int:
    """Cell that holds a point, or the nearest one at the edge of the area."""
    x, y = situation.area.to_metric(np.array([lon]), np.array([lat]))
    cell = int(situation.grid.locate(x, y)[0])
    if cell >= 0:
        return cell
    return int(np.argmin(np.hypot(situation.grid.x - x[0], situation.grid.y - y[0])))


def idle_units_near(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    utilisation: NDArray[np.float64],
    sites: tuple[Site, ...],
) -> NDArray[np.float64]:
    """Expected idle units of all types within `NEAR_SITE_MIN` minutes, `[minutes, site]`.

    `utilisation[type, place, hour]` is the busy share of the units. Minutes include the turnout.
    """
    idle = deployment.units * (1.0 - np.minimum(np.nan_to_num(utilisation), 1.0))
    found = np.zeros((len(NEAR_SITE_MIN), len(sites)))
    by_name = {kind.unit_type: kind for kind in force.unit_types}
    for row, name in enumerate(deployment.unit_types):
        lists = cell_lists(situation, by_name[name])
        profile_of_hour = situation.travel[name].profile_of_hour
        for number, site in enumerate(sites):
            reach = lists[int(profile_of_hour[site.hour])]
            entries = slice(reach.indptr[site.cell], reach.indptr[site.cell + 1])
            there = idle[row, reach.place[entries], site.hour]
            for circle, minutes in enumerate(NEAR_SITE_MIN):
                found[circle, number] += there[reach.response_min[entries] <= minutes].sum()
    return found
