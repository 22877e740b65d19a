from geodata.faults import FaultLog
from geodata.force_file import read_force

TYPES = "force_id,name_en,name_zh,respond,post,patrol,sworn,pool_from_level"
HEADCOUNT = "station_id,force_id,headcount"
LEVELS = ("routine", "1", "never")


def test_types_and_headcounts(stations, write_csv) -> None:
    types = write_csv(
        "types.csv",
        TYPES,
        ["response,Response,接处警,1,1,1,1,routine", "auxiliary,Auxiliary,辅警,0,1,yes,no,1"],
    )
    count = write_csv("headcount.csv", HEADCOUNT, ["S2,response,12", "S1,auxiliary,3"])
    faults = FaultLog()
    force = read_force(types, count, stations, LEVELS, faults)
    faults.raise_if_any()
    assert [kind.force_id for kind in force.types] == ["response", "auxiliary"]
    assert force.types[0].sworn
    assert force.types[1].patrol
    assert not force.types[1].sworn
    assert force.types[1].pool_from_level == "1"
    assert force.headcount.tolist() == [[0, 3], [12, 0]]


def test_all_bad_rows_of_both_files_are_told_at_once(stations, write_csv) -> None:
    types = write_csv(
        "types.csv",
        TYPES,
        [
            "response,Response,接处警,1,1,1,1,routine",
            "response,Twice,重复,1,1,1,1,routine",
            "x,X,某,2,1,1,1,routine",
            "y,Y,某,1,1,1,1,weekends",
        ],
    )
    count = write_csv(
        "headcount.csv",
        HEADCOUNT,
        ["S1,response,-3", "S2,response,2.5", "S9,response,1", "S1,pilots,1", "S1,response,many"],
    )
    faults = FaultLog()
    read_force(types, count, stations, LEVELS, faults)
    found = {(fault.file, fault.row, fault.problem, fault.value) for fault in faults.faults}
    whole = "headcount is not a whole number of at least 0"
    assert found == {
        ("types.csv", 2, "the type stands in an earlier row", "response"),
        ("types.csv", 3, "respond is neither 1 nor 0", "2"),
        ("types.csv", 4, "pool_from_level is not one of levels", "weekends"),
        ("headcount.csv", 1, whole, "-3"),
        ("headcount.csv", 2, whole, "2.5"),
        ("headcount.csv", 5, whole, "many"),
        ("headcount.csv", 3, "station_id is not one of the stations", "S9"),
        ("headcount.csv", 4, "force_id is not one of the types of personnel", "pilots"),
    }
    assert all(fault.remedy and fault.expected for fault in faults.faults)


def test_the_same_station_and_type_twice(stations, write_csv) -> None:
    types = write_csv("types.csv", TYPES, ["response,Response,接处警,1,1,1,1,routine"])
    count = write_csv("headcount.csv", HEADCOUNT, ["S1,response,3", "S1,response,4"])
    faults = FaultLog()
    read_force(types, count, stations, LEVELS, faults)
    (fault,) = faults.faults
    assert (fault.row, fault.value) == (2, ("S1", "response"))


def test_a_force_without_officers_is_a_fault(stations, write_csv) -> None:
    types = write_csv("types.csv", TYPES, ["response,Response,接处警,1,1,1,1,routine"])
    for rows in ([], ["S1,response,0", "S2,response,0"]):
        faults = FaultLog()
        read_force(types, write_csv("headcount.csv", HEADCOUNT, rows), stations, LEVELS, faults)
        (fault,) = faults.faults
        assert fault.problem == "the force has no officers at all"
        assert fault.file == "headcount.csv"


def test_a_missing_types_file_does_not_blame_the_headcounts(stations, tmp_path, write_csv) -> None:
    count = write_csv("headcount.csv", HEADCOUNT, ["S1,response,3"])
    faults = FaultLog()
    read_force(tmp_path / "types.csv", count, stations, LEVELS, faults)
    assert [(fault.file, fault.problem) for fault in faults.faults] == [
        ("types.csv", "the file does not exist")
    ]
