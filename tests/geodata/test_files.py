import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyogrio import write_dataframe
from shapely.geometry import box, mapping

from geodata.area import StudyArea
from geodata.district_file import read_districts
from geodata.faults import BadInput, FaultLog
from geodata.files import Table, read_layer, read_table, shipped
from geodata.row_check import RowCheck


def problems(faults: FaultLog) -> list[str]:
    return [fault.problem for fault in faults.faults]


def test_csv_gzip_and_parquet_hold_the_same_table(tmp_path: Path) -> None:
    text = "a,b\n1,x\n2,y\n"
    (tmp_path / "t.csv").write_text(text, "utf-8")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode("utf-8-sig")))
    pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"]}).to_parquet(tmp_path / "t.parquet")
    faults = FaultLog()
    tables = [read_table(tmp_path / f"t{end}", "ab", faults) for end in (".csv", ".csv.gz")]
    tables.append(read_table(tmp_path / "t.parquet", "ab", faults))
    assert not faults.faults
    for table in tables:
        assert table is not None
        assert table.frame.to_numpy().tolist() == [["1", "x"], ["2", "y"]]


def test_text_stays_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,v\n007,NA\n", "utf-8")
    table = read_table(tmp_path / "t.csv", ("id",), FaultLog())
    assert table is not None
    assert table.frame.iloc[0].tolist() == ["007", "NA"]


CUT_SHORT = gzip.compress(b"a,b\n" + bytes(999), mtime=0)[:-9]
SPOILT = gzip.compress(b"a,b\n", mtime=0)[:10] + b"xxxxxxxxxxxx"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("gone.csv", None, "the file does not exist"),
        ("t.xlsx", b"x", "the kind of file is not known here"),
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"a,b\n1,2,3\n", "the file cannot be read"),
        ("t.csv", "a,b\n姓,1\n".encode("gbk"), "the file cannot be read"),
        ("t.csv.gz", b"no gzip", "the file cannot be read"),
        ("t.csv.gz", CUT_SHORT, "the file cannot be read"),
        ("t.csv.gz", SPOILT, "the file cannot be read"),
        ("t.parquet", b"no parquet", "the file cannot be read"),
        ("t.csv", b"a,b,a\n1,2,3\n", "a column name stands twice in the header"),
    ],
)
def test_a_table_that_cannot_be_used(
    tmp_path: Path, name: str, content: bytes | None, problem: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    faults = FaultLog()
    assert read_table(path, ("a", "b"), faults) is None
    assert problems(faults) == [problem]
    assert faults.faults[0].file == name
    assert str(tmp_path) not in str(faults.faults[0])


def test_every_missing_column_is_named_as_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n", "utf-8")
    faults = FaultLog()
    columns = {"b": "their_b"}
    assert read_table(tmp_path / "t.csv", ("a", "b", "c"), faults, columns=columns) is None
    assert [fault.value for fault in faults.faults] == ["their_b", "c"]
    assert faults.faults[0].expected == "the columns a, their_b, c"


def test_a_short_row_has_empty_fields(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n", "utf-8")
    faults = FaultLog()
    table = read_table(tmp_path / "t.csv", ("a", "b"), faults)
    assert table is not None
    check = RowCheck(table, faults)
    assert np.isnan(check.numbers("b")[1])
    assert [(fault.row, fault.problem) for fault in faults.faults] == [
        (2, "b is not a finite number")
    ]


def test_many_faults_of_a_kind_are_listed_up_to_twenty_then_counted() -> None:
    table = Table("t.csv", pd.DataFrame({"v": ["x"] * 153 + ["1"]}))
    faults = FaultLog()
    check = RowCheck(table, faults)
    check.numbers("v")
    assert len(faults.faults) == 21
    assert [fault.row for fault in faults.faults] == [*range(1, 21), None]
    assert faults.faults[-1].problem == "133 more rows: v is not a finite number"
    assert check.sound.sum() == 1


def test_whole_numbers_flags_and_choices() -> None:
    frame = pd.DataFrame(
        {"n": ["2", "2.5", "-1", ""], "f": ["yes", "0", "maybe", ""], "c": ["a", "b", "", "a"]}
    )
    faults = FaultLog()
    check = RowCheck(Table("t.csv", frame), faults)
    assert check.numbers("n", minimum=0, whole=True)[0] == 2
    assert check.flags("f") == [True, False, False, False]
    check.choices("c", ("a",), "the letters")
    found = [(fault.row, fault.problem, fault.value) for fault in faults.faults]
    assert found == [
        (2, "n is not a whole number of at least 0", "2.5"),
        (3, "n is not a whole number of at least 0", "-1"),
        (4, "n is not a whole number of at least 0", ""),
        (4, "f is empty", ""),
        (3, "f is neither 1 nor 0", "maybe"),
        (3, "c is empty", ""),
        (2, "c is not one of the letters", "b"),
    ]
    assert check.sound.tolist() == [True, False, False, False]


def layer(tmp_path: Path, features: Sequence[tuple[dict[str, str], object]]) -> Path:
    path = tmp_path / "districts.geojson"
    found = [
        {"type": "Feature", "properties": names, "geometry": shape} for names, shape in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}), "utf-8")
    return path


def names(district_id: str) -> dict[str, str]:
    return {"district_id": district_id, "name_en": district_id, "name_zh": "区", "command": "HQ"}


def squares(*wests: float) -> list[tuple[dict[str, str], object]]:
    """Squares of 0.1 degrees side by side, from the given longitudes."""
    return [
        (names(f"D{n}"), mapping(box(west, 31.0, west + 0.1, 31.1))) for n, west in enumerate(wests)
    ]


def read(path: Path, attributes: Path | None = None, crs: str | None = "wgs84") -> StudyArea:
    return read_districts(
        path,
        attributes,
        crs,
        FaultLog(),
        area_crs="EPSG:32651",
        timezone="Asia/Shanghai",
        group_column="command",
    )


def test_districts_with_their_populations(tmp_path: Path) -> None:
    attributes = tmp_path / "districts.csv"
    attributes.write_text("district_id,population\nD1,20\nD0,10\n", "utf-8")
    area = read(layer(tmp_path, squares(121.0, 121.1)), attributes)
    assert area.district_ids == ("D0", "D1")
    assert [district.population for district in area.districts] == [10.0, 20.0]
    assert {district.group_en for district in area.districts} == {"HQ"}
    # 0.1 by 0.1 degrees at 31 N: about 9.55 km by 11.09 km
    assert area.districts[0].polygon.area / 1e6 == pytest.approx(9.55 * 11.09, rel=0.01)


def test_overlapping_districts_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(layer(tmp_path, squares(121.0, 121.08)))
    (fault,) = caught.value.faults
    assert fault.problem == "districts D0 and D1 overlap"
    assert str(fault.value).startswith("20.0")
    assert fault.file == "districts.geojson"


def test_all_faults_of_layer_and_attributes_are_told_at_once(tmp_path: Path) -> None:
    bow_tie = {
        "type": "Polygon",
        "coordinates": [[[122, 31], [122.1, 31.1], [122.1, 31], [122, 31.1], [122, 31]]],
    }
    features = squares(121.0, 121.05)
    features += [(names("X"), bow_tie), (names("P"), {"type": "Point", "coordinates": [121, 31]})]
    attributes = tmp_path / "districts.csv"
    attributes.write_text("district_id,population\nD0,-1\nQ,5\nD0,3\n", "utf-8")
    with pytest.raises(BadInput) as caught:
        read(layer(tmp_path, features), attributes)
    found = [(fault.file, fault.row, fault.problem) for fault in caught.value.faults]
    assert found == [
        ("districts.geojson", 4, "the district has no polygon"),
        ("districts.geojson", 3, "the district's geometry is not valid"),
        ("districts.geojson", None, "districts D0 and D1 overlap"),
        ("districts.csv", 2, "district_id is not one of the layer's districts"),
        ("districts.csv", 3, "the district stands in an earlier row"),
        ("districts.csv", 1, "population is not a finite number of at least 0"),
        ("districts.csv", None, "a district of the layer has no row"),
    ]
    values = {fault.problem: fault.value for fault in caught.value.faults}
    assert "X: Self-intersection" in str(values["the district's geometry is not valid"])
    assert values["a district of the layer has no row"] == "D1"


@pytest.mark.parametrize(("crs", "value"), [(None, None), ("wgs-84", "wgs-84")])
def test_the_crs_of_the_layer_must_be_declared(
    tmp_path: Path, crs: str | None, value: str | None
) -> None:
    with pytest.raises(BadInput) as caught:
        read(layer(tmp_path, squares(121.0)), crs=crs)
    (fault,) = caught.value.faults
    assert "CRS" in fault.problem
    assert fault.value == value
    assert fault.expected == "wgs84, gcj02, bd09 or EPSG:n"


def test_a_layer_outside_the_declared_datum(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot lie in the declared CRS"):
        read(layer(tmp_path, squares(-122.0)), crs="gcj02")


def test_a_shifted_layer_moves_back(tmp_path: Path) -> None:
    path = layer(tmp_path, squares(121.4))
    moved = read(path, crs="gcj02").districts[0].polygon.centroid
    plain = read(path).districts[0].polygon.centroid
    assert 300 < moved.distance(plain) < 700
    assert moved.x < plain.x  # GCJ-02 lies east of WGS84 in Shanghai


def test_an_area_crs_in_degrees_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not projected in metres"):
        read_districts(
            layer(tmp_path, squares(121.0)),
            None,
            "wgs84",
            FaultLog(),
            area_crs="EPSG:4326",
            timezone="Asia/Shanghai",
        )


def test_a_layer_with_person_columns_or_broken_text_is_refused(tmp_path: Path) -> None:
    path = layer(tmp_path, [({**names("A"), "owner_phone": "1"}, squares(121.0)[0][1])])
    faults = FaultLog()
    assert read_layer(path, ("district_id",), faults) is None
    path.write_text("{", "utf-8")
    assert read_layer(path, ("district_id",), faults) is None
    assert problems(faults) == [
        "a column looks like person data or free text",
        "the file cannot be read",
    ]


def test_a_layer_without_geometry_is_refused(tmp_path: Path) -> None:
    write_dataframe(pd.DataFrame({"district_id": ["A"]}), tmp_path / "districts.gpkg")
    faults = FaultLog()
    assert read_layer(tmp_path / "districts.gpkg", ("district_id",), faults) is None
    assert problems(faults) == ["the layer has no geometry"]


def test_portland_districts_are_clean() -> None:
    area = read_districts(
        shipped("portland", "districts.geojson"),
        None,
        "wgs84",
        FaultLog(),
        area_crs="EPSG:32610",
        timezone="America/Los_Angeles",
        group_column="precinct_en",
    )
    assert len(area.districts) == 60
    assert {district.group_en for district in area.districts} == {
        "North Precinct",
        "Central Precinct",
        "East Precinct",
    }
    assert sum(d.polygon.area for d in area.districts) / 1e6 == pytest.approx(382.3, abs=0.1)
