"""Sites and crowds read from files, and every fault told at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from geodata.crowd_file import CrowdBook, read_crowds
from geodata.faults import FaultLog
from geodata.site_file import read_sites
from geodata.sites import Site
from tests.geodata.crowd_cases import one_zone

PASSAGES = (
    "site_id,passage_id,name_en,name_zh,kind,outer_zone,inner_zone,lon,lat,width_m,direction,"
    "people_per_m_min,arrival_share,station_id,source"
)
EVENTS = (
    "event_id,name_en,name_zh,site_id,form,start,peak_from,peak_to,arrivals_to,end,dwell,peak,"
    "day_total,dwell_min,dwell_cv,organiser_staff,ticket_cap,staff_reference,crowd_cv,source"
)
TIMES = "2027-02-05T18:00,2027-02-05T20:00,2027-02-05T21:00,2027-02-05T22:00,2027-02-05T23:00"


@pytest.fixture
def write_layer(tmp_path: Path, area):
    """Writes features of a layer; shapes are boxes in metres from the area's corner."""

    def write(rows: list[tuple[Any, ...]]) -> Path:
        features = []
        for site_id, part, zone_id, bounds, free in rows:
            west, south, east, north = bounds
            x = np.array([west, east, east, west, west]) + 350_000.0
            y = np.array([south, south, north, north, south]) + 3_450_000.0
            corners = list(zip(*area.to_lonlat(x, y), strict=True))
            properties = {
                "site_id": site_id, "part": part, "zone_id": zone_id,
                "name_en": f"<b>{part}</b>", "name_zh": "", "ring": "core" if zone_id else "",
                "free_area_m2": free, "visit_share": 1 if zone_id else None, "source": "test",
            }  # fmt: skip
            shape = {"type": "Polygon", "coordinates": [corners]}
            features.append({"type": "Feature", "properties": properties, "geometry": shape})
        path = tmp_path / "sites.geojson"
        layer = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(layer), encoding="utf-8")
        return path

    return write


def square(site_id: str, at: float = 1000, **change: tuple[int, int, int, int]) -> list[Any]:
    """The parts of a site of 100 m by 100 m with one zone."""
    here = (at, at, at + 100, at + 100)
    parts = dict.fromkeys(("site", "core", "control", "outer"), here) | change
    rows = [(site_id, part, "", bounds, None) for part, bounds in parts.items()]
    return [*rows, (site_id, "zone", f"{site_id}_a", here, 8000)]


def gate(site_id: str, lonlat: Any, *, name: str = "g", more: str = "both,,1,") -> str:
    lon, lat = lonlat(1000, 1000)
    return f"{site_id},{name},Gate,口,gate,,{site_id}_a,{lon},{lat},6,{more},test"


def test_a_site_is_read(area, write_layer, write_csv, lonlat) -> None:
    rows = [
        gate("s", lonlat),
        gate("s", lonlat, name="lane", more="in,12,0,"),
        gate("s", lonlat, name="m", more="both,,2,line2").replace("gate", "metro"),
    ]
    faults = FaultLog()
    (found,) = read_sites(
        write_layer(square("s")), write_csv("passages.csv", PASSAGES, rows), area, "wgs84", faults
    )
    faults.raise_if_any()
    assert found.name_en == "<b>site</b>"
    assert found.polygon.area == pytest.approx(10_000, rel=1e-4)
    assert found.zone_ids == ("s_a",)
    assert found.free_area_m2 == 8000
    limits = [passage.flow_limit for passage in found.passages]
    assert [limit.people_per_m_min for limit in limits] == [82, 12, 66]
    assert "council" in limits[0].source
    assert limits[1].source == "test"
    assert found.passages[0].people_per_quarter == 6 * 82 * 15
    assert found.station_ids == ("line2",)
    assert [p.passage_id for p in found.gates] == ["g", "lane"]


def test_every_fault_of_the_sites_is_told(area, write_layer, write_csv, lonlat) -> None:
    layer = write_layer(
        [
            *square("nested", core=(1000, 1000, 1200, 1100)),
            *square("away", 20_000),
            *square("good"),
        ]
    )
    rows = [
        gate("nested", lonlat),
        gate("away", lonlat),
        gate("good", lonlat, more="in,,1,"),
        gate("good", lonlat, name="far").replace(str(lonlat(1000, 1000)[1]), "31.3"),
    ]
    faults = FaultLog()
    found = read_sites(layer, write_csv("p.csv", PASSAGES, rows), area, "wgs84", faults)
    assert found == ()
    problems = [fault.problem for fault in faults.faults]
    assert problems[0] == "site nested: ring core reaches 50% beyond ring control"
    assert problems[1] == "site away lies outside the study area"
    assert faults.faults[1].value == "100% outside"
    assert problems[2].startswith("site away: passage g lies 26")
    assert problems[3].startswith("site good: passage far lies")
    assert len(problems) == 4


def test_faulty_rows_of_layer_and_passages(area, write_layer, write_csv, lonlat) -> None:
    layer = write_layer(
        [
            *square("s"),
            ("s", "zone", "", (1000, 1000, 1010, 1010), 50),
            ("s", "yard", "", (1000, 1000, 1010, 1010), 50),
            ("t", "site", "", (1000, 1000, 1010, 1010), None),
        ]
    )
    rows = [
        gate("s", lonlat, more="up,,1,"),
        gate("s", lonlat, name="x", more="in,0,-1,").replace(",6,", ",0,"),
        gate("u", lonlat, name="y"),
        gate("s", lonlat, name="z"),
        gate("s", lonlat, name="z"),
    ]
    faults = FaultLog()
    assert read_sites(layer, write_csv("p.csv", PASSAGES, rows), area, "wgs84", faults) == ()
    told = {(fault.file, fault.row, fault.problem) for fault in faults.faults}
    assert told == {
        ("sites.geojson", 6, "zone_id does not belong to the part"),
        ("sites.geojson", 6, "ring is not one of the rings"),
        ("sites.geojson", 7, "part is not one of the parts of a site"),
        ("sites.geojson", None, "a site lacks a part"),
        ("p.csv", 1, "direction is not one of the directions"),
        ("p.csv", 2, "width_m is not a finite number of at least 0.1"),
        ("p.csv", 2, "people_per_m_min is not a finite number of at least 1"),
        ("p.csv", 2, "arrival_share is not a finite number of at least 0"),
        ("p.csv", 3, "site_id is not one of the layer's sites"),
        ("p.csv", 5, "the passage of the site stands in an earlier row"),
    }
    lacking = [f.value for f in faults.faults if f.problem == "a site lacks a part"]
    assert lacking == ["t: core", "t: control", "t: outer"]


def test_a_shape_that_crosses_itself_and_a_crs_that_cannot_be(area, write_csv, tmp_path) -> None:
    bow = {
        "type": "Polygon",
        "coordinates": [[[121, 31], [122, 32], [122, 31], [121, 32], [121, 31]]],
    }
    point = mapping(box(121, 31, 122, 32).centroid)
    features = [
        {"type": "Feature", "geometry": shape, "properties": {
            "site_id": "s", "part": part, "zone_id": "", "name_en": "x", "name_zh": "", "ring": "",
            "free_area_m2": None, "visit_share": None, "source": "t"}}
        for part, shape in (("site", bow), ("core", point))
    ]  # fmt: skip
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    faults = FaultLog()
    passages = write_csv("p.csv", PASSAGES, ["s,g,G,,gate,,a,121,31,6,both,,1,,t"])
    assert read_sites(path, passages, area, "wgs84", faults) == ()
    values = [f.value for f in faults.faults if "no valid polygon" in f.problem]
    assert [str(value).split("[")[0] for value in values] == [
        "s: Self-intersection",
        "s: Valid Geometry",
    ]
    refused = FaultLog()
    assert read_sites(path, passages, area, None, refused) == ()
    assert refused.faults[0].problem == "no CRS is declared"


def read(
    write_csv: Any,
    rows: list[str],
    place: Site | None = None,
    *,
    curves: list[str] | None = None,
    closures: list[str] | None = None,
) -> tuple[CrowdBook, FaultLog]:
    faults = FaultLog()
    closure_header = "event_id,station_id,state,start,end,source"
    book = read_crowds(
        write_csv("nights.csv", EVENTS, rows),
        write_csv("curves.csv", "event_id,time,people", curves) if curves else None,
        write_csv("closures.csv", closure_header, closures) if closures else None,
        [place or one_zone()],
        faults,
        timezone="Asia/Shanghai",
    )
    return book, faults


def night(
    event_id: str, figures: str, *, form: str = "published", times: str = TIMES, site: str = "site"
) -> str:
    """A row; `figures` are dwell, peak, day_total, dwell_min, dwell_cv and the staff columns."""
    return f"{event_id},<i>Night</i>,夜,{site},{form},{times},{figures},test"


def test_the_three_forms_of_a_crowd(write_csv) -> None:
    """Published: peak 800 of 2,000; a curve of 600 at 20:00 and 21:00; 300 arrivals at 19:00."""
    rows = [
        night("a", "lognormal,800,2000,,,50,,70,0.2"),
        night("b", ",,,,,,,,", form="occupancy"),
        night("c", "constant,,,60,,,,,", form="arrivals"),
    ]
    curves = ["b,2027-02-05T20:00,600", "b,2027-02-05T21:00,600", "c,2027-02-05T19:00,300"]
    book, faults = read(write_csv, rows, curves=curves)
    faults.raise_if_any()
    a, b, c = book.crowds
    assert (a.name_en, a.organiser_staff, a.staff_reference, a.crowd_cv) == (
        "<i>Night</i>",
        50,
        70,
        0.2,
    )
    assert a.attendance.synthetic
    assert a.attendance.peak == pytest.approx(800)
    assert a.attendance.total == pytest.approx(2000)
    assert a.horizon.start.isoformat() == "2027-02-05T18:00:00+08:00"
    assert a.horizon.hours == 5 + 3
    assert not b.attendance.synthetic
    assert b.attendance.wanted[[3, 7, 11, 15, 19]] == pytest.approx([300, 600, 600, 300, 0])
    assert np.isnan(b.ticket_cap)
    assert c.attendance.arrivals[4] == c.attendance.total == 300
    assert c.attendance.wanted[[3, 4, 7, 8]] == pytest.approx([0, 300, 300, 0])
    assert book.warnings == ()


def test_a_dense_crowd_is_a_warning_and_an_impossible_one_a_fault(write_csv) -> None:
    """1,000 m2: 5,000 people are 5 per m2, 8,000 are 8."""
    book, faults = read(
        write_csv,
        [night("dense", ",5000,9000,,,,,,"), night("crush", ",8000,20000,,,,,,")],
    )
    assert book.warnings[0].startswith(
        "dense: 5000 people at the peak want to be 5.0 per m2 in a, above 4.7"
    )
    (fault,) = faults.faults
    assert fault.problem == "8000 people at the peak on 1000 m2 are 8.0 per m2"
    assert (fault.row, fault.value) == (2, "crush")
    assert "7.1 per m2" in fault.expected


def test_every_fault_of_the_nights_is_told(write_csv) -> None:
    swapped = TIMES.replace("T20:00", "T21:30")
    empty = TIMES.replace("T21:00", "T20:00")
    rows = [
        night("swapped", ",800,2000,,,,,,", times=swapped),
        night("empty", ",800,2000,,,,,,", times=empty),
        night("away", ",800,2000,,,,,,", site="moon"),
        night("less", ",-5,2000,,,,,,"),
        night("form", ",800,2000,,,,,,", form="guess"),
        night("stay", "weibull,800,2000,,,,,,"),
        night("few", ",800,,,,,,,"),
        night("more", ",2000,800,,,,,,"),
        night("gates", "constant,,1,60,,,,,"),
        night("tickets", ",800,2000,,,,1500,,"),
        night("bare", ",,,60,,,,,", form="occupancy"),
        night("nostay", ",,,,,,,,", form="arrivals"),
        night("good", ",800,2000,,,,,,"),
        night("good", ",800,2000,,,,,,"),
    ]
    curves = ["nostay,2027-02-05T19:00,5", "who,2027-02-05T19:00,5", "nostay,2027-02-05T19:10,5",
              "nostay,2027-02-05T20:00,-5"]  # fmt: skip
    closures = ["good,line2,closed,2027-02-05T19:00,2027-02-05T19:00,t"]
    book, faults = read(write_csv, rows, curves=curves, closures=closures)
    told = {(f.file, f.row, f.problem) for f in faults.faults}
    assert {row for file, row, _ in told if file == "nights.csv"} == {*range(1, 13), 14}
    assert {
        ("nights.csv", 1, "peak_to does not come after peak_from, or the span has no length"),
        ("nights.csv", 2, "peak_to does not come after peak_from, or the span has no length"),
        ("nights.csv", 4, "peak is not a finite number of at least 1"),
        ("nights.csv", 7, "fewer than two of peak, day_total and dwell_min are given"),
        ("nights.csv", 9, "the event has 2 gates for 1 people"),
        ("nights.csv", 10, "2000 people come with 1500 tickets"),
        ("nights.csv", 11, "the event of the form occupancy has no points in the table of curves"),
        ("nights.csv", 12, "arrivals need the mean stay dwell_min"),
        ("curves.csv", 2, "event_id is not one of the events"),
        ("curves.csv", 3, "time is not on a quarter-hour"),
        ("curves.csv", 4, "people is not a finite number of at least 0"),
        ("closures.csv", 1, "the station has no entrance on the event's site"),
        ("closures.csv", 1, "the closure ends before it starts, or has no length"),
    } <= told
    assert any(row == 8 and "a peak of 250.0% of the day total" in text for _, row, text in told)
    assert book.crowds[-1].event_id == "good"


def test_nothing_is_read_without_sites(write_csv) -> None:
    faults = FaultLog()
    path = write_csv("nights.csv", EVENTS, [night("a", ",800,2000,,,,,,")])
    assert read_crowds(path, None, None, [], faults, timezone="Asia/Shanghai").crowds == ()
    assert not faults.faults
