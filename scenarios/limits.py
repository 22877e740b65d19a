"""The planner's limits of places: read against the world they hold in, told with their reasons."""

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import Places
from optimizer.force import UnitType
from optimizer.force_file import ForceParts
from optimizer.hour_problem import UNLIMITED
from optimizer.limit_file import PlaceLimit, read_limits
from scenarios.ground import Ground
from scenarios.scenario import LoadedScenario

LISTED = 10
"""Limits that the notes list; the others are counted."""


def place_limits(
    loaded: LoadedScenario,
    parts: ForceParts | None,
    places: Places | None,
    headcount: NDArray[np.int64] | None,
    horizon: Horizon,
    faults: FaultLog,
) -> tuple[PlaceLimit, ...] | None:
    """The planner's limits; while the head-counts have faults, minima are not held against them."""
    name = loaded.scenario.patrol.limits
    if name is None:
        return ()
    if places is None or parts is None:
        return None
    crews = np.full(len(parts.unit_types), UNLIMITED)
    if headcount is not None:
        of_force = dict(zip((t.force_id for t in parts.types), headcount.sum(axis=0), strict=True))
        crews = np.array([of_force[unit.force_id] // unit.officers for unit in parts.unit_types])
    path = loaded.path(name)
    return faults.attempt(
        lambda log: read_limits(path, places, parts.unit_types, crews, horizon, log)
    )


def refuse_unknown_residents(loaded: LoadedScenario, ground: Ground, faults: FaultLog) -> None:
    """Note a cap by residents in a city whose residents are not known."""
    cap = loaded.scenario.patrol.max_minutes_per_resident
    if cap is not None and not np.isfinite(ground.population).all():
        faults.add(
            f"scenario {loaded.scenario.id}",
            "patrol.max_minutes_per_resident is set, but the residents are not known",
            expected="a population for every district in area.attributes",
            remedy="Add the populations, or remove the key.",
            value=cap,
        )


def limit_notes(
    limits: tuple[PlaceLimit, ...],
    place_ids: tuple[str, ...],
    unit_types: tuple[UnitType, ...],
    horizon: Horizon,
) -> tuple[str, ...]:
    """The planner's limits with their reasons, pins first."""
    ordered = sorted(limits, key=lambda limit: (not limit.pinned, limit.row))
    notes = [_limit_text(limit, place_ids, unit_types, horizon) for limit in ordered[:LISTED]]
    if len(ordered) > LISTED:
        notes.append(f"{len(ordered) - LISTED} more limits of places hold")
    return tuple(notes)


def _limit_text(
    limit: PlaceLimit,
    place_ids: tuple[str, ...],
    unit_types: tuple[UnitType, ...],
    horizon: Horizon,
) -> str:
    if limit.pinned:
        what = f"pinned to {limit.least}"
    elif limit.most == 0:
        what = "forbidden"
    elif limit.most == UNLIMITED:
        what = f"at least {limit.least}"
    else:
        what = f"{limit.least} to {limit.most}"
    names = ", ".join(unit_types[kind].unit_type for kind in limit.unit_types)
    begin, end = (f"{horizon.at(hour):%d %b %H:%M}" for hour in (limit.from_hour, limit.to_hour))
    reason = f": {limit.reason}" if limit.reason else ""
    return f"limit of {place_ids[limit.place]}: {what} ({names}), {begin} to {end}{reason}"
