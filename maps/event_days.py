"""Event sites of the map: shapes, passages and, hour by hour, crowd, queues and steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import nearest_points

from geodata.area import StudyArea
from geodata.crowd import EventCrowd
from geodata.crowd_density import crowd_class
from geodata.horizon import Horizon
from geodata.sites import OUTSIDE, RINGS, Passage, Site
from maps.blocks import DataLayer
from maps.lines import rings, steps_of
from maps.text import both
from optimizer.crowd_forecast import CrowdForecast, StepForecast
from optimizer.crowd_load import CrowdLoad
from optimizer.threshold_ladder import Ladder, Step, ladder_settings

QUARTERS_PER_H = 4
RING_COLOURS = ("#c81e3a", "#e07b00", "#2458b8")
"""Outlines of core, control and outer ring, as on a 布警图."""

NEAR_M = 60.0
SHAPE_M = 2.0
"""Site shapes are simplified to about so many metres."""

STATES = {"in": "i", "out": "o", "both": "b", "closed": "c"}
"""Letter of each direction of a passage; `s` is a metro entrance whose trains do not stop."""

Shape = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True)
class EventDay:
    """One day of an event at a site: its name, crowd, ladders and what is expected of them."""

    name_en: str
    name_zh: str
    crowd: EventCrowd
    ladders: tuple[Ladder, ...]
    forecast: CrowdForecast
    load: CrowdLoad

    @cached_property
    def levels(self) -> NDArray[np.int64]:
        """Steps of each ladder that the expected crowd comes to, `[hour, ladder]`."""
        return _most_in_hour(self.forecast.median.step[0])

    @property
    def hours(self) -> int:
        """Hours of the forecast."""
        return self.forecast.horizon.hours


def event_layer(area: StudyArea, horizon: Horizon, days: Sequence[EventDay]) -> DataLayer:
    """Layer with the sites of the events and what is expected on them in every hour."""
    sites = {day.forecast.site.site_id: day.forecast.site for day in days}
    numbers = {site_id: number for number, site_id in enumerate(sites)}
    content = {
        "colours": RING_COLOURS,
        "sites": [_site_content(area, site) for site in sites.values()],
        "days": [
            {"site": numbers[day.forecast.site.site_id], **_day_content(day, horizon)}
            for day in days
        ],
    }
    return DataLayer("sites", content)


def _site_content(area: StudyArea, site: Site) -> dict[str, Any]:
    return {
        "names": both(site.name_en, site.name_zh),
        "rings": [_outline(area, shape) for shape in site.rings],
        "zones": [
            {
                "names": both(zone.name_en, zone.name_zh),
                "ring": RINGS.index(zone.ring),
                "outline": _outline(area, zone.polygon),
            }
            for zone in site.zones
        ],
        "passages": [_passage_content(area, site, passage) for passage in site.passages],
    }


def _outline(area: StudyArea, shape: Shape) -> list[list[int]]:
    """Rings of a shape as steps of 1e-5 degrees."""
    simple = shape.simplify(SHAPE_M)
    return [steps_of(np.column_stack(area.to_lonlat(*ring.T))) for ring in rings(simple)]


def _passage_content(area: StudyArea, site: Site, passage: Passage) -> dict[str, Any]:
    """Names, kind and place of a passage, and the unit vector (east, north) that leads inwards."""
    east, north = _inwards(area, site, passage)
    return {
        "names": both(passage.name_en, passage.name_zh),
        "kind": passage.kind,
        "entrance": passage.outer_zone == OUTSIDE,
        "lat": round(passage.lat, 5),
        "lon": round(passage.lon, 5),
        "inwards": [round(east, 3), round(north, 3)],
    }


def _inwards(area: StudyArea, site: Site, passage: Passage) -> tuple[float, float]:
    """From the passage to the middle of what lies near it of the inner zone."""
    inner = next(zone.polygon for zone in site.zones if zone.zone_id == passage.inner_zone)
    x, y = area.to_metric(np.array([passage.lon]), np.array([passage.lat]))
    here = shapely.Point(float(x[0]), float(y[0]))
    near = inner.intersection(here.buffer(NEAR_M))
    head = near.centroid if not near.is_empty else nearest_points(inner, here)[0]
    east, north = head.x - here.x, head.y - here.y
    length = float(np.hypot(east, north))
    return (east / length, north / length) if length else (0.0, 1.0)


def _day_content(day: EventDay, horizon: Horizon) -> dict[str, Any]:
    """What is expected on the site in each hour; lists begin with the hour `from`.

    `inside`, `staffed`, `people` and `queue` are the most people of the hour: inside with the
    expected crowd and with the one that is staffed for, on each zone, at each passage.
    """
    first = round(horizon.hour_index(day.forecast.horizon.start))
    median = day.forecast.median
    occupancy = median.occupancy[0]
    return {
        "event": day.crowd.event_id,
        "names": both(day.name_en, day.name_zh),
        "from": first,
        "inside": _whole(_most_in_hour(median.inside[0])),
        "staffed": _whole(_most_in_hour(day.load.inside)),
        "people": _whole(_most_in_hour(occupancy)),
        "class": _most_in_hour(crowd_class(median.density[0])).tolist(),
        "queue": _whole(_most_in_hour(median.queue[0])),
        "state": passage_states(day),
        "levels": day.levels.tolist(),
        "ladders": [_ladder_content(day, number) for number in range(len(day.ladders))],
    }


def _most_in_hour(quarters: NDArray[Any]) -> NDArray[Any]:
    """Largest of the four quarter-hours of each hour, `[quarter, ...]` to `[hour, ...]`."""
    hours = quarters.reshape(-1, QUARTERS_PER_H, *quarters.shape[1:])
    return np.asarray(hours.max(axis=1))


def _whole(people: NDArray[np.float64]) -> list[Any]:
    found: list[Any] = np.rint(people).astype(np.int64).tolist()
    return found


def passage_states(day: EventDay) -> list[str]:
    """How the passages stand in each hour with the expected crowd, one letter a passage.

    An hour in which a step is taken shows the passages as they stand after it, and a metro
    entrance is shut in every hour in which its station is closed or skipped.
    """
    site = day.forecast.site
    settings = ladder_settings(site, day.ladders)
    found = []
    for hour, levels in enumerate(day.levels.tolist()):
        number = 0
        for ladder, level in zip(day.ladders, levels, strict=True):
            number = number * (len(ladder.steps) + 1) + level
        shut = _shut_stations(day, hour)
        found.append(
            "".join(
                shut.get(passage.station_id, STATES[direction])
                for passage, direction in zip(
                    site.passages, settings[number].direction, strict=True
                )
            )
        )
    return found


def _shut_stations(day: EventDay, hour: int) -> dict[str, str]:
    """Metro stations that are closed (`c`) or skipped (`s`) in an hour of the forecast."""
    found = {}
    for closure in day.crowd.closures:
        if day.forecast.horizon.overlaps(closure.start, closure.end)[hour]:
            found[closure.station_id] = "s" if closure.state == "skipped" else "c"
    return found


def _ladder_content(day: EventDay, number: int) -> list[dict[str, Any]]:
    """Steps of a ladder: threshold, chance over the night and in each hour, expected times."""
    ladder = day.ladders[number]
    before = sum(len(other.steps) for other in day.ladders[:number])
    return [
        _step_content(day, step, day.forecast.steps[before + level], _chances(day, number, level))
        for level, step in enumerate(ladder.steps)
    ]


def _chances(day: EventDay, ladder: int, level: int) -> list[float]:
    """Share of the drawn crowds in which a step holds at some time of each hour."""
    holds = day.forecast.drawn.step[:, :, ladder] > level
    by_hour = holds.reshape(len(holds), -1, QUARTERS_PER_H).any(axis=2)
    return [round(float(share), 3) for share in by_hour.mean(axis=0)]


def _step_content(
    day: EventDay, step: Step, told: StepForecast, chances: list[float]
) -> dict[str, Any]:
    return {
        "names": both(step.name_en, step.name_zh),
        "at": step.at,
        "perM2": step.measure == "people_per_m2",
        "chance": round(told.reached_share, 3),
        "clocks": [_clock(day, quarter) for quarter in (told.p10, told.p50, told.p90)],
        "chances": chances,
    }


def _clock(day: EventDay, quarter: float) -> str:
    """Clock time of a quarter-hour of the forecast, empty for none."""
    if np.isnan(quarter):
        return ""
    moment = day.forecast.horizon.start + timedelta(minutes=15 * int(quarter))
    return f"{moment:%H:%M}"
