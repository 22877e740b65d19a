"""The file of planned operations: what is read, and every fault at once."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from optimizer.operation_file import read_operations
from optimizer.operations import Operation
from tests.optimizer.tiny_city import CAR

SHANGHAI = ZoneInfo("Asia/Shanghai")
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=SHANGHAI), 24)
AREA = StudyArea(
    "EPSG:32651",
    "Asia/Shanghai",
    (
        District("W", "West", "西区", box(350e3, 345e4, 354e3, 3454e3)),
        District("E", "East", "东区", box(354e3, 345e4, 358e3, 3454e3)),
    ),
)
HEADER = (
    "operation_id,name_en,name_zh,district_id,lon,lat,start,end,window_from,window_to,officers,"
    "role,unit_type,priority,source"
)
ESCORT = (
    "escort,Escort,警卫,E,355000,3451000,2027-02-05T20:30,2027-02-05T21:30,,,4,police,car,1,order"
)
FIRE = (
    "fire,Fire inspection,消防检查,W,351000,3451000,2027-02-05T20:00,2027-02-05T22:00,"
    "2027-02-05T18:00,2027-02-06T00:00,6,support,,3,plan"
)


def read(folder: Path, *rows: str) -> tuple[tuple[Operation, ...], FaultLog]:
    path = folder / "operations.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    faults = FaultLog()
    found = read_operations(
        path, AREA, HORIZON, (CAR,), "EPSG:32651", faults, local_timezone="Asia/Shanghai"
    )
    return found, faults


def test_fixed_and_movable_operations_are_read(tmp_path: Path) -> None:
    (escort, fire), faults = read(tmp_path, ESCORT, FIRE)
    faults.raise_if_any()
    assert (escort.command, escort.officers, escort.unit_type, escort.window) == (1, 4, "car", None)
    assert escort.start == datetime(2027, 2, 5, 20, 30, tzinfo=SHANGHAI)
    assert (fire.role, fire.priority, fire.length_h) == ("support", 3, 2.0)
    assert fire.possible_starts(HORIZON) == (6, 7, 8, 9, 10)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    late = "2027-02-05T20:00,2027-02-05T22:00"
    rows = (
        "a,A,甲,W,351000,3451000,2027-02-05T22:00,2027-02-05T20:00,,,4,police,,1,order",
        f"b,B,乙,W,351000,3451000,{late},2027-02-05T20:00,2027-02-05T21:00,4,police,,1,order",
        f"c,C,丙,W,351000,3451000,{late},2027-02-05T20:00,,4,police,,1,order",
        f"d,D,丁,W,351000,3451000,{late},2027-02-05T20:30,2027-02-05T22:40,4,police,,1,order",
        f"e,E,戊,W,351000,3451000,{late},,,0,police,,1,order",
        f"f,F,己,X,351000,3451000,{late},,,4,police,,1,order",
        f"g,G,庚,W,951000,3451000,{late},,,4,police,,1,order",
        f"h,H,辛,W,351000,3451000,{late},,,3,police,car,1,order",
        f"i,I,壬,W,351000,3451000,{late},,,4,police,tank,1,order",
        f"j,J,癸,W,351000,3451000,{late},,,4,guard,,1,order",
        f"k,K,子,W,351000,3451000,{late},,,4,police,,4,order",
        ESCORT,
        ESCORT,
    )
    _, faults = read(tmp_path, *rows)
    told = {fault.row: fault.problem for fault in faults.faults}
    assert told == {
        1: "the operation ends before it starts",
        2: "the window is shorter than the operation",
        3: "only one of window_from and window_to is given",
        4: "the operation fits its window from no full hour on",
        5: "officers is not a whole number of at least 1",
        6: "district_id is not one of the districts",
        7: "the point lies outside the study area",
        8: "officers are no whole number of units",
        9: "unit_type is not one of the force's",
        10: "role is not one of the roles",
        11: "priority is not one of the priorities",
        13: "the operation stands in an earlier row",
    }
    assert len(faults.faults) == len(told)


def test_time_without_a_zone_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "operations.csv"
    path.write_text(f"{HEADER}\n{ESCORT}\n", encoding="utf-8")
    faults = FaultLog()
    assert read_operations(path, AREA, HORIZON, (CAR,), "EPSG:32651", faults) == ()
    assert [fault.problem for fault in faults.faults] == [
        "start has no time zone",
        "end has no time zone",
    ]
