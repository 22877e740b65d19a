import numpy as np
import pytest

from geodata.faults import FaultLog
from geodata.places import Places
from optimizer.force_file import ForceParts, read_force_parts, read_headcount, spread_headcount

TYPES = "force_id,name_en,name_zh,respond,post,patrol,sworn,pool_from_level"
UNITS = (
    "unit_type,name_en,name_zh,force_id,officers,speed_factor,turnout_street_min,"
    "turnout_station_min"
)
HEADCOUNT = "station_id,force_id,headcount"
RESPONSE = "response,Response,接处警,1,1,1,1,routine"
CAR = "car,Patrol car,巡逻车,response,2,1.0,1.0,2.5"


@pytest.fixture
def write_csv(tmp_path):
    def write(name, header, rows):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def stations() -> Places:
    names = ("S1", "S2", "B1")
    kinds = ("station", "station", "branch")
    zeros = np.zeros(3)
    return Places(names, kinds, names, names, zeros, zeros, zeros, zeros)


def test_types_units_and_headcounts(stations, write_csv) -> None:
    types = write_csv("types.csv", TYPES, [RESPONSE, "aux,Auxiliary,辅警,0,1,yes,no,1"])
    units = write_csv("units.csv", UNITS, [CAR])
    faults = FaultLog()
    parts = read_force_parts(types, units, faults, with_totals=False)
    path = write_csv("headcount.csv", HEADCOUNT, ["S2,response,12", "S1,aux,3", "B1,aux,0"])
    count = read_headcount(path, parts.types, stations, faults)
    faults.raise_if_any()
    assert [kind.force_id for kind in parts.types] == ["response", "aux"]
    response, auxiliary = parts.types
    assert response.sworn
    assert response.respond
    assert auxiliary.patrol
    assert not auxiliary.sworn
    assert auxiliary.pool_from_level == "1"
    assert (parts.unit_types[0].force_id, parts.unit_types[0].officers) == ("response", 2)
    assert count.tolist() == [[0, 3], [12, 0], [0, 0]]


def test_all_bad_rows_of_all_files_are_told_at_once(stations, write_csv) -> None:
    types = write_csv(
        "types.csv",
        TYPES,
        [
            RESPONSE,
            "response,Twice,重复,1,1,1,1,routine",
            "x,X,某,2,1,1,1,routine",
            "y,Y,某,1,1,1,1,weekends",
        ],
    )
    units = write_csv("units.csv", UNITS, [CAR, "moto,Motorcycle,铁骑,traffic,0,1,1,1"])
    faults = FaultLog()
    parts = read_force_parts(types, units, faults, with_totals=False)
    rows = ["S1,response,-3", "S2,response,2.5", "S9,response,1", "S1,pilots,1", "B1,response,x"]
    read_headcount(write_csv("headcount.csv", HEADCOUNT, rows), parts.types, stations, faults)
    found = {(fault.file, fault.row, fault.problem, fault.value) for fault in faults.faults}
    whole = "headcount is not a whole number of at least 0"
    assert found == {
        ("types.csv", 2, "the type stands in an earlier row", "response"),
        ("types.csv", 3, "respond is neither 1 nor 0", "2"),
        ("types.csv", 4, "pool_from_level is not one of the service levels", "weekends"),
        ("units.csv", 2, "force_id is not one of the types of personnel", "traffic"),
        ("units.csv", 2, "officers is not a whole number of at least 1", "0"),
        ("headcount.csv", 1, whole, "-3"),
        ("headcount.csv", 2, whole, "2.5"),
        ("headcount.csv", 5, whole, "x"),
        ("headcount.csv", 3, "station_id is not one of the stations", "S9"),
        ("headcount.csv", 4, "force_id is not one of the types of personnel", "pilots"),
    }
    assert all(fault.remedy and fault.expected for fault in faults.faults)


def test_the_same_station_and_type_twice(stations, write_csv) -> None:
    types = write_csv("types.csv", TYPES, [RESPONSE])
    faults = FaultLog()
    parts = read_force_parts(types, write_csv("units.csv", UNITS, [CAR]), faults, with_totals=False)
    rows = ["S1,response,3", "S1,response,4", "S2,response,0", "B1,response,0"]
    read_headcount(write_csv("headcount.csv", HEADCOUNT, rows), parts.types, stations, faults)
    (fault,) = faults.faults
    assert (fault.row, fault.value) == (2, ("S1", "response"))


def test_a_force_without_officers_is_a_fault(stations, write_csv) -> None:
    units = write_csv("units.csv", UNITS, [CAR])
    faults = FaultLog()
    parts = read_force_parts(
        write_csv("types.csv", TYPES, [RESPONSE]), units, faults, with_totals=False
    )
    for rows in ([], ["S1,response,0", "S2,response,0"]):
        path = write_csv("headcount.csv", HEADCOUNT, rows)
        read_headcount(path, parts.types, stations, faults)
    totals = write_csv("totals.csv", TYPES + ",headcount,home", [RESPONSE + ",0,station"])
    read_force_parts(totals, units, faults, with_totals=True)
    assert [(fault.file, fault.problem) for fault in faults.faults] == [
        ("headcount.csv", "the force has no officers at all"),
        ("headcount.csv", "the force has no officers at all"),
        ("totals.csv", "the force has no officers at all"),
    ]


def test_city_totals_are_spread_over_homes_of_their_kind(stations, write_csv) -> None:
    """100 officers, weights 3 and 1: 65 by weight (48.75, 16.25) and 35 evenly (17.5 each)."""
    totals = write_csv("types.csv", TYPES + ",headcount,home", [RESPONSE + ",100,station"])
    faults = FaultLog()
    parts: ForceParts = read_force_parts(
        totals, write_csv("units.csv", UNITS, [CAR]), faults, with_totals=True
    )
    faults.raise_if_any()
    count = spread_headcount(parts, stations, np.array([3.0, 1.0, 9.0]))
    assert count[:, 0].tolist() == [66, 34, 0]


def test_a_station_without_any_row_is_named(stations, write_csv) -> None:
    types = write_csv("types.csv", TYPES, [RESPONSE])
    units = write_csv("units.csv", UNITS, [CAR])
    faults = FaultLog()
    parts = read_force_parts(types, units, faults, with_totals=False)
    faults.raise_if_any()
    read_headcount(
        write_csv("headcount.csv", HEADCOUNT, ["S2,response,12"]), parts.types, stations, faults
    )
    (told,) = (str(fault) for fault in faults.faults)
    assert told.startswith("headcount.csv: 2 of 3 stations have no head-count (value: 'S1, B1')")
    assert "write 0 if nobody serves there" in told


def test_leaders_are_sworn_and_a_part_of_their_type(stations, write_csv) -> None:
    """No share says 0.12 for sworn types and nobody else; a share of 0 stands."""
    header = TYPES + ",leader_share"
    aides = "aux,Auxiliary,辅警,0,1,1,0,1"
    rows = [
        RESPONSE + ",",
        "swat,SWAT,特警,0,1,1,1,routine,0.3",
        "hq,HQ,机关,0,1,0,1,1,0",
        aides + ",",
    ]
    units = write_csv("units.csv", UNITS, [CAR])
    faults = FaultLog()
    parts = read_force_parts(write_csv("t.csv", header, rows), units, faults, with_totals=False)
    plain = write_csv("plain.csv", TYPES, [RESPONSE, aides])
    without = read_force_parts(plain, units, faults, with_totals=False)
    faults.raise_if_any()
    assert [kind.leader_share for kind in parts.types] == [0.12, 0.3, 0.0, 0.0]
    assert [kind.leader_share for kind in without.types] == [0.12, 0.0]
    bad = [RESPONSE + ",1.2", "x,X,某,0,1,1,1,routine,-0.1", aides + ",0.5"]
    read_force_parts(write_csv("bad.csv", header, bad), units, faults, with_totals=False)
    assert [(fault.row, fault.problem) for fault in faults.faults] == [
        (2, "leader_share is not a finite number of at least 0"),
        (1, "leader_share is above 1"),
        (3, "leader_share of a type that is not sworn"),
    ]
