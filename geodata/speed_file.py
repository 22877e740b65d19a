"""Reads road speeds by kind of road and profile, and the profile of each clock hour."""

from pathlib import Path

import numpy as np

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.roads import ROAD_KINDS
from geodata.routing import SpeedProfiles
from geodata.row_check import RowCheck


def read_speeds(
    speeds_path: Path,
    hours_path: Path,
    horizon: Horizon,
    day_kind: tuple[str, ...],
    faults: FaultLog,
) -> SpeedProfiles:
    """Speeds in km/h and the profile of each hour; `day_kind[hour]` names a column of `hours`.

    Raises
    ------
    BadInput
        With all faults in `faults`, when either file has any.
    """
    speeds = read_table(speeds_path, ("road",), faults)
    hours = read_table(hours_path, ("hour", *sorted(set(day_kind))), faults)
    faults.raise_if_any()
    assert speeds is not None
    assert hours is not None
    check = RowCheck(speeds, faults)
    profiles = tuple(str(c) for c in speeds.frame.columns if c not in ("road", "evidence"))
    if not profiles:
        faults.add(
            speeds.file,
            "the table has no speed profile",
            expected="a column of km/h for each profile, such as night, day and peak",
            remedy="Add the columns.",
        )
        faults.raise_if_any()
    roads = check.choices("road", ROAD_KINDS, "the kinds of road")
    check.unique(["road"], roads, "the kind of road")
    check.require_each(roads, ROAD_KINDS, "speeds of a kind of road")
    kmh = np.stack([check.numbers(name, minimum=1.0) for name in profiles])
    hour_check = RowCheck(hours, faults)
    clock = hour_check.clock_hours()
    named = {
        kind: hour_check.choices(kind, profiles, "the profiles") for kind in sorted(set(day_kind))
    }
    faults.raise_if_any()
    assert clock is not None
    profile_at = {
        kind: dict(zip(clock.tolist(), profile, strict=True)) for kind, profile in named.items()
    }
    order = [roads.index(kind) for kind in ROAD_KINDS]
    of_hour = [
        profiles.index(profile_at[kind][moment.hour])
        for kind, moment in zip(day_kind, horizon.starts, strict=True)
    ]
    return SpeedProfiles(profiles, kmh[:, order], np.array(of_hour, dtype=np.int64))
