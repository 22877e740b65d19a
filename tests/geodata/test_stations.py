import pytest

from geodata.faults import FaultLog
from geodata.grid import grid_over
from geodata.station_file import read_stations

HEADER = "station_id,name_en,name_zh,kind,lon,lat,district_id"


def test_stations_get_district_and_cell(area, grid, write_csv, lonlat) -> None:
    west, east = lonlat(1500, 2500), lonlat(6500, 500)
    path = write_csv(
        "stations.csv",
        HEADER,
        [
            f"S1,First,一所,station,{west[0]},{west[1]},",
            f"B1,Branch,分局,branch,{east[0]},{east[1]},W",  # stands in E, serves W
        ],
    )
    faults = FaultLog()
    places = read_stations(path, area, grid, "wgs84", faults)
    faults.raise_if_any()
    assert places.place_ids == ("S1", "B1")
    assert places.kind == ("station", "branch")
    assert places.name_zh == ("一所", "分局")
    # 8 cells a row: column 1 of row 2, column 6 of row 0
    assert places.cell.tolist() == [17, 6]
    assert places.district.tolist() == [0, 0]
    assert places.x == pytest.approx([351_500, 356_500], abs=0.05)


def test_a_station_at_the_edge_belongs_to_the_nearest_cell(area, write_csv, lonlat) -> None:
    """Cells of 3 km: the area's eastern 2 km lie in cells whose centre is outside."""
    coarse = grid_over(area, 3000.0)
    point = lonlat(7900, 500)
    path = write_csv(
        "stations.csv",
        HEADER.removesuffix(",district_id"),
        [f"S1,First,,station,{point[0]},{point[1]}"],
    )
    faults = FaultLog()
    places = read_stations(path, area, coarse, "wgs84", faults)
    faults.raise_if_any()
    distance = (coarse.x - places.x[0]) ** 2 + (coarse.y - places.y[0]) ** 2
    assert places.cell[0] == distance.argmin()
    assert places.district[0] == 1


def test_all_bad_stations_are_told_at_once(area, grid, write_csv, lonlat) -> None:
    inside, sea = lonlat(500, 500), lonlat(20_000, 500)
    path = write_csv(
        "stations.csv",
        HEADER,
        [
            f"S1,First,,station,{inside[0]},{inside[1]},W",
            f"S1,Again,,station,{inside[0]},{inside[1]},W",
            f"S3,At sea,,station,{sea[0]},{sea[1]},",
            f"S4,,,station,{inside[0]},{inside[1]},",
            f"S5,Kiosk,,kiosk,{inside[0]},{inside[1]},",
            f"S6,North,,station,{inside[0]},north,",
            f"S7,Elsewhere,,station,{inside[0]},{inside[1]},Z",
        ],
    )
    faults = FaultLog()
    places = read_stations(path, area, grid, "wgs84", faults)
    found = {(fault.row, fault.problem, fault.value) for fault in faults.faults}
    assert {(row, problem) for row, problem, _ in found} == {
        (2, "the station stands in an earlier row"),
        (3, "the point lies outside the study area"),
        (4, "name_en is empty"),
        (5, "kind is not one of the kinds"),
        (6, "lat is not a finite number"),
        (7, "district_id is not a district of the area"),
    }
    assert (5, "kind is not one of the kinds", "kiosk") in found
    at_sea = next(fault for fault in faults.faults if fault.row == 3)
    assert at_sea.file == "stations.csv"
    assert at_sea.value == pytest.approx(sea)
    assert "declared wgs84, the area is EPSG:32651" in at_sea.remedy
    assert places.place_ids == ("S1",)


def test_coordinates_in_another_datum_are_outside_or_moved(area, grid, write_csv, lonlat) -> None:
    """A wrong declaration shows: GCJ-02 lies some 450 m east of WGS84 here."""
    point = lonlat(1500, 2500)
    path = write_csv("stations.csv", HEADER, [f"S1,A,,station,{point[0]},{point[1]},"])
    faults = FaultLog()
    places = read_stations(path, area, grid, "gcj02", faults)
    faults.raise_if_any()
    assert 300 < 351_500 - places.x[0] < 700


@pytest.mark.parametrize("crs", [None, "gaode"])
def test_without_a_known_crs_nothing_is_placed(area, grid, write_csv, lonlat, crs) -> None:
    point = lonlat(500, 500)
    path = write_csv("stations.csv", HEADER, [f"S1,A,,kiosk,{point[0]},{point[1]},"])
    faults = FaultLog()
    read_stations(path, area, grid, crs, faults)
    assert [fault.row for fault in faults.faults] == [None, 1]
    assert "CRS" in faults.faults[0].problem


def test_a_missing_file_and_person_columns(area, grid, tmp_path, write_csv) -> None:
    faults = FaultLog()
    assert len(read_stations(tmp_path / "none.csv", area, grid, "wgs84", faults)) == 0
    path = write_csv("stations.csv", HEADER + ",contact_phone", [])
    assert len(read_stations(path, area, grid, "wgs84", faults)) == 0
    assert [fault.file for fault in faults.faults] == ["none.csv", "stations.csv"]
    assert faults.faults[1].value == "contact_phone"
