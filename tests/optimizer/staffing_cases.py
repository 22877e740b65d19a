"""Staffing problems for tests: one tiny town, drawn ones, and a synthetic city of any size."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from optimizer.force import Force, ForceType, UnitType
from optimizer.levels import LevelsInForce, ServiceLevel
from optimizer.requirement import PostNeed, Requirement
from optimizer.shifts import LabourRules, Shift, ShiftInstance, shift_instances
from optimizer.staffing_input import StaffingProblem

START = datetime(2027, 2, 5, tzinfo=UTC)
"""Midnight, so that hours of a horizon are clock hours."""

LEVELS = {
    "routine": ServiceLevel("routine", "Routine", "常态勤务", 0.25, 0.12),
    "2": ServiceLevel("2", "Level 2", "二级勤务", 0.45, 0.05),
    "1": ServiceLevel("1", "Level 1", "一级勤务", 0.60, 0.02),
    "1+": ServiceLevel("1+", "Level 1+", "一级加强勤务", 0.95, 0.0),
}

ALL_HANDS = {"routine": ServiceLevel("routine", "Routine", "常态勤务", 1.0, 0.0)}


def kind(
    force_id: str, *, can: str = "rpt", sworn: bool = True, pool: str = "routine"
) -> ForceType:
    """A force that may respond (r), man posts (p) and patrol (t)."""
    return ForceType(force_id, force_id, force_id, "r" in can, "p" in can, "t" in can, sworn, pool)


def car(force_id: str, officers: int = 2, unit_type: str = "car") -> UnitType:
    return UnitType(unit_type, unit_type, unit_type, force_id, officers, 1.0, 1.0, 2.0)


def shift(
    shift_id: str,
    start_hour: int,
    hours: int,
    *,
    street: float = 1.0,
    rest: float = 12.0,
    team: float = 1.0,
) -> Shift:
    return Shift(shift_id, shift_id, shift_id, start_hour, hours, street, rest, team)


def duty(start_h: int, hours: int, **terms: float) -> ShiftInstance:
    """One shift from `start_h` hours after the horizon's start."""
    return ShiftInstance(
        shift(f"s{start_h}", start_h % 24, hours, **terms), start_h, start_h + hours
    )


def along_a_line(districts: int, hours: int, apart_min: float) -> NDArray[np.float64]:
    """Minutes between districts in a row, `[lender, borrower, hour]`."""
    row = np.arange(districts)
    apart = np.abs(np.subtract.outer(row, row)) * apart_min
    return np.repeat(apart[..., None], hours, axis=2)


def post(post_id: str, hours: tuple[int, int], required: int, **terms: object) -> PostNeed:
    facts = {"district": 0, "priority": 1, "role": "police"} | terms
    return PostNeed(
        post_id=post_id,
        event_id="E1",
        event_en="Fair",
        event_zh="庙会",
        ring="core",
        phase="peak",
        from_hour=hours[0],
        to_hour=hours[1],
        lon=121.5,
        lat=31.2,
        required=required,
        source="test",
        **facts,
    )


def town(
    headcount: NDArray[np.int64] | list[list[int]],
    types: tuple[ForceType, ...],
    instances: tuple[ShiftInstance, ...],
    hours: int = 4,
    **terms: object,
) -> StaffingProblem:
    """One station a row, all in district 0 unless `station_district` says otherwise."""
    count = np.asarray(headcount, dtype=np.int64)
    district = np.asarray(terms.pop("station_district", np.zeros(len(count), dtype=np.int64)))
    n = int(district.max()) + 1
    units = terms.pop("unit_types", ())
    posts = terms.pop("posts", ())
    levels = terms.pop("level_of_hour", ("routine",) * hours)
    start = terms.pop("start", START)
    visits = terms.pop("visit_officers", np.zeros((n, hours)))
    facts = {
        "station_kind": ("station",) * len(count),
        "levels": ALL_HANDS,
        "in_force": LevelsInForce.everywhere(tuple(levels), n),
        "rules": LabourRules(min_presence=0),
        "unit_gain": {},
        "post_penalty": {1: 100.0, 2: 10.0, 3: 1.0},
        "loan_minutes": np.zeros((n, n, hours)),
    }
    return StaffingProblem(
        horizon=Horizon(start, hours),
        station_district=district,
        force=Force(types, units, count),
        instances=instances,
        requirement=Requirement(tuple(posts), visits),
        **(facts | terms),
    )


CITY_FORCES = (
    (kind("station_response"), 9500, True),
    (kind("community", can="pt", pool="never"), 5300, True),
    (kind("station_case_office", can="p", pool="2"), 5200, True),
    (kind("traffic"), 6000, False),
    (kind("swat_patrol"), 2000, False),
    (kind("transport_hubs", can="pt"), 4500, False),
    (kind("detectives_specialists", can="p", pool="1+"), 9500, False),
    (kind("hq_support", can="p", pool="1"), 8000, False),
    (kind("auxiliary", can="pt", sworn=False), 20000, True),
    (kind("armed_police", can="pt"), 2000, False),
    (kind("event_security", can="p", sworn=False), 1500, False),
    (kind("volunteers", can="", sworn=False), 3000, False),
)

CITY_SHIFTS = (
    shift("duty_24h", 8, 24, street=0.5, rest=48.0, team=0.25),
    shift("day", 8, 12, street=0.85, rest=12.0, team=0.5),
    shift("night", 20, 12, street=0.85, rest=24.0, team=0.5),
    shift("early_8h", 6, 8, street=0.9),
    shift("late_8h", 14, 8, street=0.9),
    shift("eve_8h", 17, 8, street=0.9),
    shift("eve_10h", 16, 10, street=0.9),
    shift("mid_8h", 22, 8, street=0.9),
    shift("noon_8h", 11, 8, street=0.9),
    shift("peak_6h", 19, 6, street=0.95),
)


def city(
    districts: int = 16, stations: int = 20, hours: int = 24, scale: float = 1.0, seed: int = 7
) -> StaffingProblem:
    """A synthetic city: `stations` and a branch in each district, level 1+ on the big night."""
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.5, 2.0, districts)
    weight /= weight.sum()
    district = np.repeat(np.arange(districts), stations + 1)
    kinds = (("station",) * stations + ("branch",)) * districts
    count = np.zeros((len(kinds), len(CITY_FORCES)), dtype=np.int64)
    at_station = np.array([name == "station" for name in kinds])
    for force, (_, total, at_stations) in enumerate(CITY_FORCES):
        homes = at_station if at_stations else ~at_station
        share = weight[district] / (stations if at_stations else 1) * rng.uniform(0.8, 1.2)
        count[homes, force] = np.rint(total * scale * share)[homes]
    horizon = Horizon(datetime(2027, 2, 5, 8, tzinfo=UTC), hours)
    clock = horizon.hour_of_day
    level = tuple("1+" if h >= 22 or h < 1 else "1" if 16 <= h or h < 8 else "2" for h in clock)
    return StaffingProblem(
        horizon=horizon,
        station_district=district,
        station_kind=kinds,
        force=Force(
            tuple(force for force, _, _ in CITY_FORCES),
            (
                car("station_response", 2),
                car("traffic", 1, "motorcycle"),
                car("swat_patrol", 5, "rapid"),
            ),
            count,
        ),
        levels=LEVELS,
        in_force=LevelsInForce.everywhere(level, districts),
        instances=shift_instances(horizon, CITY_SHIFTS),
        rules=LabourRules(),
        requirement=Requirement(
            _city_posts(rng, districts, hours, scale),
            rng.uniform(0.0, 30.0 * scale, (districts, hours)),
        ),
        unit_gain={
            "car": _gains(rng, weight, clock, int(400 * scale) + 8),
            "motorcycle": _gains(rng, weight, clock, int(300 * scale) + 8),
            "rapid": _gains(rng, weight, clock, int(40 * scale) + 4),
        },
        post_penalty={1: 60.0, 2: 20.0, 3: 8.0},
        loan_minutes=along_a_line(districts, hours, 12.0),
    )


def _city_posts(
    rng: np.random.Generator, districts: int, hours: int, scale: float
) -> tuple[PostNeed, ...]:
    found = []
    for event in range(max(2, int(26 * hours / 24 * min(scale * 2, 1.0)))):
        district = int(rng.integers(districts))
        start = int(rng.integers(0, hours - 8)) if hours > 12 else 0
        for ring, priority in (("core", 1), ("control", 2), ("outer", 3)):
            for block in range(2):
                first = start + 4 * block
                found.append(
                    post(
                        f"P{event:03d}-{ring}-{block}",
                        (first, first + 4),
                        int(rng.integers(5, 300) * scale) + 1,
                        district=district,
                        priority=priority,
                        role="police" if ring == "core" else "support",
                    )
                )
    return tuple(found)


def _gains(
    rng: np.random.Generator, weight: NDArray[np.float64], clock: NDArray[np.int64], most: int
) -> NDArray[np.float64]:
    """Falling gains: about as many units are worth sending as the district has calls."""
    load = 1.0 + 0.6 * np.sin((clock - 13) / 24 * 2 * np.pi)
    size = most * weight[:, None] * load * rng.uniform(0.8, 1.2, (len(weight), 1))
    k = np.arange(most)
    return 40.0 * np.exp(-3.0 * k / np.maximum(size, 1.0)[..., None])
