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
    missing = [kind for kind in ROAD_KINDS if kind not in roads]
    if missing:
        faults.add(
            speeds.file,
            "speeds of a kind of road are missing",
            expected=", ".join(ROAD_KINDS),
            remedy="Add a row for each.",
            value=", ".join(missing),
        )
    kmh = np.stack([check.numbers(name, minimum=1.0) for name in profiles])
    hour_check = RowCheck(hours, faults)
    clock = hour_check.numbers("hour", minimum=0.0, whole=True)
    if sorted(clock.tolist()) != list(range(24)):
        faults.add(
            hours.file,
            "the hours are not 0 to 23, each once",
            expected="24 rows",
            remedy="Add or remove rows.",
            value=len(clock),
        )
    profile_at = {
        kind: dict(
            zip(clock.tolist(), hour_check.choices(kind, profiles, "the profiles"), strict=True)
        )
        for kind in sorted(set(day_kind))
    }
    faults.raise_if_any()
    order = [roads.index(kind) for kind in ROAD_KINDS]
    of_hour = [
        profiles.index(profile_at[kind][float(moment.hour)])
        for kind, moment in zip(day_kind, horizon.starts, strict=True)
    ]
    return SpeedProfiles(profiles, kmh[:, order], np.array(of_hour, dtype=np.int64))
