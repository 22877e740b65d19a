"""Small sites whose crowds can be followed by hand."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry import box

from geodata.crowd import Attendance, EventCrowd
from geodata.horizon import Horizon
from geodata.sites import FlowLimit, Passage, Site, Zone

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = Horizon(datetime(2027, 2, 5, 18, tzinfo=SHANGHAI), 6)
"""24 quarter-hours from 18:00."""

TEN = FlowLimit(10.0, "test: 10 people per metre and minute")
"""A passage of 1 m lets 150 people through in a quarter-hour."""


def zone(zone_id: str, number: int = 0, **change: Any) -> Zone:
    """A square of 100 m by 100 m in the row of zones, 1,000 m2 of it free."""
    x, y = 350_100.0 + 100 * number, 3_450_100.0
    usual = Zone(zone_id, zone_id, zone_id, "core", box(x, y, x + 100, y + 100), 1000.0, 1.0, "t")
    return replace(usual, **change)


def passage(passage_id: str, outer: str, inner: str, **change: Any) -> Passage:
    """A gate of 1 m for both directions, 150 people a quarter-hour."""
    usual = Passage(
        passage_id, passage_id, passage_id, "gate", outer, inner, 121.4, 31.2, 1.0, "both", TEN,
        0.0, "", "t",
    )  # fmt: skip
    return replace(usual, **change)


def site(zones: list[Zone], passages: list[Passage], site_id: str = "site") -> Site:
    """A site of some zones; its rings are their polygon with margins."""
    polygon = shapely.union_all([zone.polygon for zone in zones])
    rings = (polygon, polygon.buffer(20), polygon.buffer(50))
    return Site(site_id, "Site", "场地", polygon, rings, tuple(zones), tuple(passages), "t")


def one_zone(**change: Any) -> Site:
    """A zone with a gate in and a gate out."""
    gates = [
        passage("way_in", "", "a", direction="in", **change),
        passage("way_out", "", "a", direction="out", **change),
    ]
    return site([zone("a")], gates)


def attendance(arrivals: dict[int, float], stay: int, quarters: int = 24) -> Attendance:
    """People by the quarter-hour they come in; all stay so many quarter-hours."""
    people = np.zeros(quarters)
    for quarter, count in arrivals.items():
        people[quarter] = count
    leave = np.zeros((quarters, quarters + 1))
    for entered in range(quarters):
        leave[entered, min(entered + stay, quarters)] = 1.0
    return Attendance(people, leave, quarters, False, "test")


def crowd(people: Attendance, site_id: str = "site", **change: Any) -> EventCrowd:
    usual = EventCrowd(
        "night", "Night", "夜", site_id, EVENING, people, 0.0, float("nan"), float("nan"), 0.0,
        (), "test",
    )  # fmt: skip
    return replace(usual, **change)
