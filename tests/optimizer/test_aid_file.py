"""Groups of mutual aid from a table: their way to each command, and every fault at once."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.faults import BadInput, FaultLog
from geodata.horizon import Horizon
from optimizer.aid_file import read_aid_groups
from optimizer.mutual_aid import AidGroup

HEADER = (
    "group_id,name_en,name_zh,force_id,officers,groups,notice_h,lon,lat,speed_kmh,"
    "available_from,available_to,max_hours,evidence"
)
AREA = StudyArea(
    "EPSG:32651",
    "Asia/Shanghai",
    (District("D1", "One", "一", box(350_000, 3_440_000, 360_000, 3_450_000)),),
)
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai")), 24)


def read(path: Path, rows: list[str], crs: str | None = "EPSG:32651") -> tuple[AidGroup, ...]:
    file = path / "aid.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    faults = FaultLog()
    middles = np.array([[355_000.0, 3_445_000.0], [355_000.0, 3_475_000.0]])
    found = read_aid_groups(file, AREA, crs, HORIZON, ("armed",), middles, faults)
    faults.raise_if_any()
    return found


def test_the_way_is_the_straight_line_with_a_detour(tmp_path: Path) -> None:
    """30 km south of the first command: 39 km by road at 39 km/h are an hour."""
    row = "psu,Unit,分队,armed,22,3,2,355000,3415000,39,2027-02-05T15:00,,8,assumption"
    (group,) = read(tmp_path, [row])
    assert group.travel_min == pytest.approx([60.0, 120.0], rel=1e-3)
    assert (group.officers, group.groups, group.max_hours) == (22, 3, 8)
    assert (group.available_from_h, group.available_to_h) == (3.0, 24.0)
    assert group.evidence == "assumption"
    assert group.arrives_h(1) == 5


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    rows = [
        "a,A,甲,navy,0,1,2,355000,3415000,40,,,8,",
        "b,B,乙,armed,22,-1,-2,355000,3415000,0,,,8,",
        "c,C,丙,armed,22,1,2,355000,3415000,40,2027-02-06T03:00,2027-02-05T15:00,8,",
        "c,C,丙,armed,22,1,2,355000,x,40,,,8,",
        "d,D,丁,armed,22,1,2,355000,3415000,40,,,0,",
    ]
    with pytest.raises(BadInput, match=r"aid\.csv") as caught:
        read(tmp_path, rows)
    text = str(caught.value)
    for word in ("navy", "officers", "groups", "notice_h", "speed_kmh", "available_to", "lat"):
        assert word in text
    assert "max_hours" in text


def test_a_table_without_a_declared_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no CRS is declared"):
        read(tmp_path, [], crs=None)
