"""Reads the season's calendar."""

from pathlib import Path

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.profile_file import read_profiles
from geodata.row_check import RowCheck
from geodata.season import Season, SeasonPhase, zone_multipliers

_MULTIPLIERS = (
    "residential_mult",
    "migrant_suburb_mult",
    "commercial_mult",
    "hub_mult",
    "scenic_mult",
    "traffic_mult",
    "night_nuisance_mult",
)


def read_season(calendar_path: Path, profile_path: Path, faults: FaultLog) -> Season:
    """Calendar phases with their multipliers and profiles.

    Raises
    ------
    BadInput
        With all faults in `faults`, when either file has any.
    """
    profiles = read_profiles(profile_path, faults)
    table = read_table(
        calendar_path, ("phase", "from", "to", "profile", "speed_day", *_MULTIPLIERS), faults
    )
    faults.raise_if_any()
    assert table is not None
    check = RowCheck(table, faults)
    names = check.texts("phase")
    first, last = check.dates("from"), check.dates("to")
    check.refuse(
        [a is not None and b is not None and b < a for a, b in zip(first, last, strict=True)],
        "the phase ends before it starts",
        expected="`to` on or after `from`",
        remedy="Swap the dates.",
        values=last,
    )
    profile = check.choices("profile", profiles, "the hourly profiles")
    speed_day = check.texts("speed_day")
    factor = {name: check.numbers(name, minimum=0.0) for name in _MULTIPLIERS}
    faults.raise_if_any()
    phases = []
    for row, (begins, ends) in enumerate(zip(first, last, strict=True)):
        assert begins is not None
        assert ends is not None
        values = {name: float(factor[name][row]) for name in _MULTIPLIERS}
        phases.append(
            SeasonPhase(
                names[row],
                begins,
                ends,
                profile[row],
                speed_day[row],
                zone_multipliers(values),
                values["traffic_mult"],
                values["night_nuisance_mult"],
            )
        )
    return Season(tuple(phases), profiles)
