"""Reads the rest that officers are owed from before the horizon."""

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.horizon import Horizon
from geodata.places import Places
from geodata.row_check import RowCheck
from optimizer.force import Force
from optimizer.rotations import RestDebt


def read_rest_debts(
    path: Path,
    stations: Places,
    force: Force,
    teams_of: Mapping[str, int],
    horizon: Horizon,
    timezone: str,
    faults: FaultLog,
) -> tuple[RestDebt, ...]:
    """Rest debts in file order, with those that end before the horizon (`until_h` below 0).

    `teams_of[force_id]` is the number of teams of a force with a rotation. A time `until`
    without an offset is on the clock of `timezone`. The optional column `team` counts from 1.
    To be used only when `faults` is empty.
    """
    table = read_table(path, ("station_id", "force_id", "officers", "until"), faults)
    if table is None:
        return ()
    check = RowCheck(table, faults)
    check.require_rows()
    homes = check.choices("station_id", stations.place_ids, "the stations")
    kinds = check.choices("force_id", force.ids, "the types of personnel")
    officers = check.numbers("officers", minimum=0.0, whole=True)
    until = check.moments("until", timezone)
    most_teams = np.array([teams_of.get(kind, 1) for kind in kinds], dtype=np.int64)
    team = _teams(check, most_teams)
    _refuse_more_than_all(check, stations, force, (homes, kinds, officers, team), most_teams)
    found = []
    for row in np.flatnonzero(check.sound).tolist():
        moment = until[row]
        assert moment is not None
        found.append(
            RestDebt(
                stations.place_ids.index(homes[row]),
                force.index(kinds[row]),
                int(officers[row]),
                horizon.hour_index(moment),
                None if np.isnan(team[row]) else int(team[row]) - 1,
            )
        )
    return tuple(found)


def _teams(check: RowCheck, most: NDArray[np.int64]) -> NDArray[np.float64]:
    """Team numbers from 1, NaN where none is named."""
    if "team" not in check.table.frame.columns:
        return np.full(len(check.sound), np.nan)
    team = check.numbers("team", minimum=1.0, whole=True, optional=True)
    check.refuse(
        team > most,
        "there is no such team",
        expected="a team of the force's rotation, or none where the force has no rotation",
        remedy="Correct the number, or leave it empty: the debt is then spread over all teams.",
        values=[f"{n:g} of {m}" for n, m in zip(team, most, strict=True)],
    )
    return team


def _refuse_more_than_all(
    check: RowCheck,
    stations: Places,
    force: Force,
    columns: tuple[list[str], list[str], NDArray[np.float64], NDArray[np.float64]],
    teams: NDArray[np.int64],
) -> None:
    """No more officers rest than belong to the station, or to its team."""
    homes, kinds, officers, team = columns
    row_of = {name: row for row, name in enumerate(stations.place_ids)}
    column_of = {name: column for column, name in enumerate(force.ids)}
    strength = np.array(
        [
            force.headcount[row_of[home], column_of[kind]]
            if home in row_of and kind in column_of
            else np.inf
            for home, kind in zip(homes, kinds, strict=True)
        ]
    )
    whole = list(zip(homes, kinds, strict=True))
    named = [
        (*pair, number) if not math.isnan(number) else None
        for pair, number in zip(whole, team.tolist(), strict=True)
    ]
    of_team = np.ceil(strength / teams)
    over = (_running(whole, officers) > strength) | (_running(named, officers) > of_team)
    check.refuse(
        over,
        "more officers rest than the station has of this type (or its team, where one is named)",
        expected="all rows of a station and type together at most its head-count",
        remedy="Correct officers, or the head-count.",
        values=[
            f"{count:g} of {least:g}"
            for count, least in zip(
                officers, np.where(np.isnan(team), strength, of_team), strict=True
            )
        ],
    )


def _running(keys: Sequence[Hashable | None], officers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Officers of a key up to each row; 0 where there is no key or no sound number."""
    total: dict[Hashable, float] = {}
    found = np.zeros(len(keys))
    for row, (key, count) in enumerate(zip(keys, officers.tolist(), strict=True)):
        if key is not None and not math.isnan(count):
            found[row] = total[key] = total.get(key, 0.0) + count
    return found
