"""Points of the plan: units, stations, event posts and must-visit points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.places import Places
from geodata.sites import RINGS as RING_ORDER
from geodata.situation import Situation
from maps.blocks import DataLayer, packed, packed_json
from maps.reserve_marks import reserve_content
from maps.style import UNIT_COLOURS
from maps.text import PHASES, RINGS, both, job, term
from optimizer.force import Force
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Plan
from optimizer.requirement import PostNeed, Requirement
from optimizer.reserve import NO_RESERVE, RESERVE, ReservePlan

NO_UNITS = 255


def point_layer(
    situation: Situation,
    force: Force,
    requirement: Requirement,
    plan: Plan,
    evaluation: Evaluation,
    reserve: ReservePlan = NO_RESERVE,
) -> DataLayer:
    """Layer with everything of the plan that stands at a point."""
    content = point_content(situation, force, requirement, plan, evaluation)
    content["reserve"] = reserve_content(reserve, plan.posts.have(), place_names(situation))
    return DataLayer("points", {"packed": packed_json(content)})


def place_names(situation: Situation) -> dict[str, dict[str, str]]:
    """Names of the patrol places in both languages, by id."""
    places = situation.patrol_places
    return {
        place_id: both(english, chinese)
        for place_id, english, chinese in zip(
            places.place_ids, places.name_en, places.name_zh, strict=True
        )
    }


def point_content(
    situation: Situation, force: Force, requirement: Requirement, plan: Plan, evaluation: Evaluation
) -> dict[str, Any]:
    """Everything of the plan that stands at a point, by kind."""
    return {
        "units": unit_content(situation, force, plan, evaluation),
        "stations": station_content(situation, plan),
        "posts": post_content(requirement, plan),
        "visits": visit_content(situation, plan),
    }


def place_content(area: StudyArea, places: Places, chosen: NDArray[np.int64]) -> dict[str, Any]:
    """Positions and names of chosen places, as columns."""
    lon, lat = area.to_lonlat(places.x[chosen], places.y[chosen])
    return {
        "lat": [round(float(value), 5) for value in lat],
        "lon": [round(float(value), 5) for value in lon],
        "names": [both(places.name_en[i], places.name_zh[i]) for i in chosen.tolist()],
        "district": places.district[chosen].tolist(),
    }


def unit_content(
    situation: Situation, force: Force, plan: Plan, evaluation: Evaluation
) -> dict[str, Any]:
    """Places that hold units in some hour, with counts and busy shares `[hour, type, place]`."""
    units = plan.deployment.units
    used = np.flatnonzero(units.sum(axis=(0, 2)))
    names = {kind.unit_type: both(kind.name_en, kind.name_zh) for kind in force.unit_types}
    busy = np.nan_to_num(np.rint(evaluation.utilisation * 100), nan=NO_UNITS, posinf=NO_UNITS)
    kinds = plan.deployment.unit_types
    return {
        **place_content(situation.area, situation.patrol_places, used),
        "types": [names.get(kind, both(kind, kind)) for kind in kinds],
        "colours": [UNIT_COLOURS[k % len(UNIT_COLOURS)] for k in range(len(kinds))],
        "counts": packed(by_hour(units[:, used], "<u2")),
        "busy": packed(by_hour(busy[:, used], "u1")),
        "noUnits": NO_UNITS,
        "origins": origin_content(plan, used, situation.horizon.hours),
    }


def origin_content(plan: Plan, used: NDArray[np.int64], hours: int) -> dict[str, Any]:
    """Where units come from: each way (type, place, station) once, with units by hour.

    Columns `[way]` and counts `[hour, way]`, both as differences to the one before.
    """
    kinds = {kind: row for row, kind in enumerate(plan.deployment.unit_types)}
    moves = plan.deployment.origins
    columns = np.array(
        [(kinds[m.unit_type], m.place, m.station, m.hour, m.units) for m in moves], dtype=np.int64
    ).reshape(-1, 5)
    columns[:, 1] = np.searchsorted(used, columns[:, 1])
    ways, number = np.unique(columns[:, :3], axis=0, return_inverse=True)
    counts = np.zeros((hours, len(ways)), dtype=np.uint8)
    np.add.at(counts, (columns[:, 3], number.ravel()), columns[:, 4].astype(np.uint8))
    counts[1:] -= counts[:-1].copy()
    steps = np.diff(ways, axis=0, prepend=0).astype("<i2")
    return {"ways": packed(steps.T.tobytes()), "counts": packed(counts.tobytes())}


def by_hour(values: NDArray[Any], dtype: str) -> bytes:
    """Array `[type, place, hour]` as bytes with the hour first."""
    return values.transpose(2, 0, 1).astype(dtype).tobytes()


def station_content(situation: Situation, plan: Plan) -> dict[str, Any]:
    """Stations with the officers on duty, `[hour, station]`."""
    on_duty = plan.roster.on_duty(situation.horizon.hours).sum(axis=1)
    everyone = np.arange(len(situation.stations))
    return {
        **place_content(situation.area, situation.stations, everyone),
        "branch": [kind == "branch" for kind in situation.stations.kind],
        "onDuty": packed(on_duty.T.astype("<u2").tobytes()),
    }


def post_content(requirement: Requirement, plan: Plan) -> list[dict[str, Any]]:
    """Event posts gathered by event and position, with one row per block of posts.

    The crews of the reserve are none of them: they have a layer of their own.
    """
    have = plan.posts.have()
    sites: dict[tuple[str, float, float], list[PostNeed]] = {}
    for need in requirement.posts:
        if need.ring == RESERVE:
            continue
        sites.setdefault((need.event_id, need.lon, need.lat), []).append(need)
    return [
        {
            "event": event,
            "names": both(needs[0].event_en, needs[0].event_zh),
            "lat": round(lat, 5),
            "lon": round(lon, 5),
            "district": needs[0].district,
            "rows": [post_row(need, have.get(need.post_id, 0)) for need in needs],
        }
        for (event, lon, lat), needs in sites.items()
    ]


def post_row(need: PostNeed, have: int) -> dict[str, Any]:
    """One block of posts: when, where in the event, and how many."""
    return {
        "ring": term(need.ring, RINGS),
        "ringRank": RING_ORDER.index(need.ring) if need.ring in RING_ORDER else len(RING_ORDER),
        "phase": term(need.phase, PHASES),
        "role": both(*job(need.kind, need.role)),
        "from": need.from_hour,
        "to": need.to_hour,
        "required": need.required,
        "have": have,
    }


def visit_content(situation: Situation, plan: Plan) -> dict[str, Any]:
    """Must-visit points with their dose and the minutes at which visits start."""
    points = situation.visit_points
    everyone = np.arange(len(points.places))
    starts: list[list[int]] = [[] for _ in everyone]
    for visit in sorted(plan.visits.visits, key=lambda visit: visit.minute):
        starts[visit.point].append(visit.minute)
    due = plan.visits.due.reshape(len(everyone), -1).sum(axis=1) if len(everyone) else []
    return {
        **place_content(situation.area, points.places, everyone),
        "minutes": points.visit_min.tolist(),
        "intervalH": points.interval_h.tolist(),
        "due": [int(count) for count in due],
        "starts": starts,
    }
