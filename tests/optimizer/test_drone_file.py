"""Files of drone bases, closed zones and wind: what is read, and every fault at once."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from optimizer.drone_file import read_drone_bases, read_no_fly, read_wind
from tests.optimizer.tiny_city import incident_classes

AREA = StudyArea(
    "EPSG:32651", "Asia/Shanghai", (District("W", "West", "西", box(350e3, 345e4, 354e3, 3454e3)),)
)
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=UTC), 2)
LOCAL = "Asia/Shanghai"
BASES = (
    "base_id,name_en,name_zh,lon,lat,drones,range_m,speed_kmh,endurance_min,recharge_min,"
    "max_wind_ms,classes,share,scene_min,source\n"
)
ZONES = "zone_id,lon,lat,radius_m,polygon,from,to,reason\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def problems(faults: FaultLog) -> dict[int | None, str]:
    return {fault.row: fault.problem for fault in faults.faults}


def test_base_is_read(tmp_path: Path) -> None:
    row = "D1,West base,西机场,351000,3451000,2,3000,45,35,20,10,theft;theft,0.5,8,assumption\n"
    faults = FaultLog()
    (base,) = read_drone_bases(
        written(tmp_path, BASES + row), AREA, incident_classes(), "EPSG:32651", faults
    )
    faults.raise_if_any()
    assert (base.x, base.y) == pytest.approx((351000.0, 3451000.0), abs=1e-3)
    assert (base.drones, base.classes, base.share, base.scene_min) == (2, ("theft",), 0.5, 8.0)
    assert base.radius_m == 3000.0


def test_every_fault_of_the_bases_is_told(tmp_path: Path) -> None:
    rows = (
        "a,A,甲,351000,3451000,0,3000,45,35,20,10,theft,0.5,8,assumption",
        "b,B,乙,351000,3451000,2,3000,45,35,20,10,theft,1.5,8,assumption",
        "c,C,丙,351000,3451000,2,3000,45,8,20,10,theft,0.5,8,assumption",
        "d,D,丁,351000,3451000,2,3000,45,35,20,10,theft;noise,0.5,8,assumption",
        "e,E,戊,951000,3451000,2,3000,45,35,20,10,theft,0.5,8,assumption",
        "f,F,己,351000,3451000,2,3000,45,35,20,10,theft,0.5,8,",
        "g,G,庚,351000,3451000,2,3000,0,35,20,10,theft,0.5,8,assumption",
    )
    faults = FaultLog()
    path = written(tmp_path, BASES + "\n".join(rows) + "\n")
    assert read_drone_bases(path, AREA, incident_classes(), "EPSG:32651", faults) == ()
    assert problems(faults) == {
        1: "drones is not a whole number of at least 1",
        2: "share is above 1",
        3: "scene_min leaves no time to fly",
        4: "classes names something that is no incident class asking for a unit",
        5: "the point lies outside the study area",
        6: "source is empty",
        7: "speed_kmh is not a finite number of at least 1",
    }


def test_circles_and_polygons_are_closed(tmp_path: Path) -> None:
    rows = (
        "c,351000,3451000,500,,2027-02-05T20:00,2027-02-05T22:00,crowd\n"
        'p,,,,"POLYGON ((350000 3450000, 352000 3450000, 352000 3451000, 350000 3450000))",,,'
        "port\n"
    )
    faults = FaultLog()
    circle, polygon = read_no_fly(
        written(tmp_path, ZONES + rows), AREA, "EPSG:32651", faults, local_timezone=LOCAL
    )
    faults.raise_if_any()
    assert circle.shape.area == pytest.approx(np.pi * 500**2, rel=0.01)
    assert circle.hours is not None
    assert circle.hours[0] == datetime(2027, 2, 5, 12, tzinfo=UTC)
    assert polygon.shape.area == pytest.approx(1e6, rel=1e-6)
    assert polygon.hours is None
    assert polygon.reason == "port"


def test_every_fault_of_the_zones_is_told(tmp_path: Path) -> None:
    rows = (
        "a,351000,3451000,,,,,crowd",
        'b,351000,3451000,500,"POLYGON ((350000 3450000, 352000 3450000, 352000 3451000, '
        '350000 3450000))",,,crowd',
        "c,,,,POINT (350000 3450000),,,crowd",
        "d,351000,3451000,500,,2027-02-05T20:00,2027-02-05T20:00,crowd",
        "e,351000,3451000,500,,2027-02-05T20:00,,crowd",
        "f,351000,3451000,500,,,,",
    )
    faults = FaultLog()
    path = written(tmp_path, ZONES + "\n".join(rows) + "\n")
    assert read_no_fly(path, AREA, "EPSG:32651", faults, local_timezone=LOCAL) == ()
    assert problems(faults) == {
        1: "the zone is neither one circle nor one polygon",
        2: "the zone is neither one circle nor one polygon",
        3: "polygon is no polygon",
        4: "the zone's times are not right",
        5: "the zone's times are not right",
        6: "reason is empty",
    }


def test_a_polygon_that_cannot_lie_in_the_declared_crs_is_told(tmp_path: Path) -> None:
    row = (
        'a,,,,"POLYGON ((350000 3450000, 352000 3450000, 352000 3451000, 350000 3450000))",,,crowd'
    )
    faults = FaultLog()
    assert read_no_fly(written(tmp_path, ZONES + row + "\n"), AREA, "wgs84", faults) == ()
    assert problems(faults) == {1: "polygon is no polygon"}


def test_wind_of_the_horizon_is_read(tmp_path: Path) -> None:
    text = "hour,wind_ms\n2027-02-05T19:00,9\n2027-02-05T21:00,4\n2027-02-05T20:00,3\n"
    faults = FaultLog()
    wind = read_wind(written(tmp_path, text), HORIZON, faults, local_timezone=LOCAL)
    faults.raise_if_any()
    assert wind.tolist() == [3.0, 4.0]


def test_faults_of_the_wind_are_told(tmp_path: Path) -> None:
    text = "hour,wind_ms\n2027-02-05T20:30,3\n2027-02-05T20:00,-1\n2027-02-06T20:00,1\n"
    faults = FaultLog()
    read_wind(written(tmp_path, text), HORIZON, faults, local_timezone=LOCAL)
    assert problems(faults) == {
        1: "hour is not a full hour",
        2: "wind_ms is not a finite number of at least 0",
        None: "2 hours of the horizon have no wind",
    }
