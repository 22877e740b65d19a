"""Rest owed from before the horizon, from a file."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.places import Places
from optimizer.force import Force, ForceType
from optimizer.rotations import RestDebt
from optimizer.time_off_file import read_rest_debts

ZONE = "Asia/Shanghai"
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=ZoneInfo(ZONE)), 24)
NAMES = ("S1", "S2")
ZEROS = np.zeros(2)
STATIONS = Places(NAMES, ("station",) * 2, NAMES, NAMES, ZEROS, ZEROS, ZEROS, ZEROS)
KINDS = tuple(
    ForceType(name, name, name, True, True, True, True, "routine") for name in ("cop", "aux")
)
FORCE = Force(KINDS, (), np.array([[9, 4], [6, 0]]))
HEADER = "station_id,force_id,officers,until,team\n"


def read(folder: Path, text: str) -> tuple[tuple[RestDebt, ...], list[str]]:
    path = folder / "rest_debt.csv"
    path.write_text(text, encoding="utf-8")
    faults = FaultLog()
    found = read_rest_debts(path, STATIONS, FORCE, {"cop": 4}, HORIZON, ZONE, faults)
    return found, [str(fault) for fault in faults.faults]


def test_debts_by_hand(tmp_path: Path) -> None:
    """18:30 on the local clock is 6.5 h after noon; 00:00 UTC is 08:00 of the next morning."""
    rows = "S1,cop,3,2027-02-05T18:30,2\nS2,aux,0,2027-02-06T00:00Z,\nS2,cop,6,2027-02-05T10:00,\n"
    found, told = read(tmp_path, HEADER + rows)
    assert told == []
    assert found == (
        RestDebt(0, 0, 3, 6.5, 1),
        RestDebt(1, 1, 0, 20.0, None),
        RestDebt(1, 0, 6, -2.0, None),
    )


def test_the_column_team_may_be_absent(tmp_path: Path) -> None:
    text = "station_id,force_id,officers,until\nS1,cop,9,2027-02-05T18:00\n"
    assert read(tmp_path, text) == ((RestDebt(0, 0, 9, 6.0, None),), [])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("S1,cop,-1,2027-02-05T18:00,", "officers is not a whole number of at least 0 (value: '-"),
        ("S9,cop,1,2027-02-05T18:00,", "station_id is not one of the stations (value: 'S9')"),
        ("S1,dog,1,2027-02-05T18:00,", "force_id is not one of the types of personnel"),
        ("S1,cop,1,tonight,", "until is not a time (value: 'tonight')"),
        ("S1,cop,10,2027-02-05T18:00,", "more officers rest than the station has"),
        ("S1,cop,4,2027-02-05T18:00,1", "(value: '4 of 3')"),
        ("S1,cop,1,2027-02-05T18:00,5", "there is no such team (value: '5 of 4')"),
        ("S1,aux,1,2027-02-05T18:00,2", "there is no such team (value: '2 of 1')"),
        ("S1,cop,1,2027-02-05T18:00,0", "team is not a whole number of at least 1"),
    ],
)
def test_one_message_each(rows: str, told: str, tmp_path: Path) -> None:
    _, faults = read(tmp_path, HEADER + rows + "\n")
    assert len(faults) == 1
    assert faults[0].startswith("rest_debt.csv, row 1: ")
    assert told in faults[0]


def test_rows_of_a_station_are_added_up(tmp_path: Path) -> None:
    """Five and four officers of nine may rest, a tenth may not."""
    five, four, one = (f"S1,cop,{n},2027-02-05T18:00,\n" for n in (5, 4, 1))
    assert read(tmp_path, HEADER + five + four)[1] == []
    _, faults = read(tmp_path, HEADER + five + four + one)
    assert len(faults) == 1
    assert "row 3: more officers rest than the station has" in faults[0]
