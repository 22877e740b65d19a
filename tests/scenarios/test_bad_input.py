"""Bad input ends in one message, exit code 2 and nothing on disk."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from tests.scenarios.town import Muster, Town, districts, write_town

STATION_AT_SEA = ("stations.csv", "359500,3451500", "459500,3451500")

EDITS = {
    "unknown key": (
        ("tiny.toml", "hours = 4", "hours = 4\nminutes = 3"),
        ("tiny.toml", "unknown key horizon.minutes", "(value: 3)", "Check the spelling"),
    ),
    "misspelt table": (
        ("tiny.toml", "[visits]", "[vists]"),
        ("tiny.toml", "unknown key vists", "Check the spelling"),
    ),
    "missing key": (
        ("tiny.toml", 'districts_crs = "EPSG:32651"\n', ""),
        ("tiny.toml", "area.districts_crs is missing", "Add the key"),
    ),
    "TOML syntax": (
        ("tiny.toml", "hours = 4", "hours = = 4"),
        ("tiny.toml", "not readable as TOML", "line 15"),
    ),
    "missing file": (
        ("tiny.toml", '"stations.csv"', '"nowhere.csv"'),
        ("nowhere.csv", "the file does not exist", "Correct the path"),
    ),
    "missing column": (
        ("stations.csv", ",kind,", ",sort,"),
        ("stations.csv", "a column is missing (value: 'kind')", "station_id, name_en", "Add it"),
    ),
    "negative rate": (
        ("forecast.csv", "fight,0.2", "fight,-0.2"),
        ("forecast.csv, row 1:", "(value: '-0.2')", "of at least 0", "Correct the value"),
    ),
    "rate beyond reason": (
        ("forecast.csv", "fight,0.2", "fight,1e308"),
        ("forecast.csv, row 1:", "(value: '1e308')", "above 1,000,000"),
    ),
    "head-count beyond reason": (
        ("headcount.csv", "auxiliary,20", "auxiliary,1e308"),
        ("headcount.csv, row 2:", "(value: '1e308')", "a whole number"),
    ),
    "ring that is not closed": (
        ("districts.geojson", "[[[355000,", "[[[355100,"),
        ("districts.geojson: the file cannot be read", "closed linestring", "Save it again"),
    ),
    "rate not a number": (
        ("forecast.csv", "noise,0.6", "noise,nan"),
        ("forecast.csv, row 2:", "(value: 'nan')", "a finite number", "Correct the value"),
    ),
    "cell outside the area": (
        ("forecast.csv", "E0355N3450,", "E0999N3450,"),
        ("forecast.csv, row 1:", "'E0999N3450'", "one of the 18 cells", "same cell size"),
    ),
    "cell-hour twice": (
        ("forecast.csv", "22:00", "21:00"),
        ("forecast.csv, row 5:", "stands in an earlier row", "fight", "Remove one of the rows"),
    ),
    "time without a zone": (
        ("forecast.csv", "20:00+08:00", "20:00"),
        ("forecast.csv, row 1:", "start has no time zone", "2027-02-05T20:00", "Add the offset"),
    ),
    "station in the sea": (
        STATION_AT_SEA,
        ("stations.csv, row 2:", "outside the study area", "122.5", "declared EPSG:32651"),
    ),
    "CRS not declared": (
        ("tiny.toml", 'file = "stations.csv"\ncrs = "EPSG:32651"', 'file = "stations.csv"'),
        ("stations.csv: no CRS is declared", "wgs84, gcj02, bd09 or EPSG:n", "Declare the CRS"),
    ),
    "person data": (
        ("forecast.csv", "expected_incidents", "expected_incidents,caller_phone"),
        ("forecast.csv", "looks like person data", "'caller_phone'", "Remove the column"),
    ),
    "no horizon": (
        ("tiny.toml", "hours = 4", "hours = 0"),
        ("tiny.toml: horizon.hours", "greater than or equal to 1", "(value: 0)"),
    ),
    "horizon not on the hour": (
        ("tiny.toml", "start = 2027-02-05T20:00:00\nhours", "start = 2027-02-05T20:30:00\nhours"),
        ("scenario tiny: horizon", "not on the hour", "Correct horizon.start"),
    ),
    "event ends before it starts": (
        (
            "events.csv",
            "3450500,2027-02-05T20:00,2027-02-06",
            "3450500,2027-02-05T20:00,2027-02-04",
        ),
        ("events.csv, row 1:", "the event ends before it starts", "Correct the times"),
    ),
    "nonsense time zone": (
        ("tiny.toml", "Asia/Shanghai", "Mars/Olympus"),
        ("scenario tiny: area.timezone", "'Mars/Olympus'", "such as Asia/Shanghai"),
    ),
    "nonsense time zone of the events": (
        ("tiny.toml", 'local_timezone = "Asia/Shanghai"', 'local_timezone = "Mars/Olympus"'),
        ("scenario tiny: events.local_timezone", "'Mars/Olympus'", "Correct the name"),
    ),
    "level window ends before it starts": (
        ("tiny.toml", "end = 2027-02-06T00", "end = 2027-02-04T00"),
        ("scenario tiny: window 1 of levels.windows ends before it starts", "Swap the times"),
    ),
    "command without a station": (
        ("stations.csv", "S2,East station,东所,station,359500", "S2,E,东,station,355500"),
        ("stations.csv: commands without a station", "'East'", "area.group_column"),
    ),
    "class no unit answers": (
        ("classes.csv", "20,patrol_car", "20,helicopter"),
        ("classes.csv: class noise", "'helicopter'", "one of patrol_car", "Correct the value"),
    ),
    "no distance between standby points": (
        ("tiny.toml", "city = 1000", "city = 0"),
        ("patrol.standby_spacing_m.city", "greater than or equal to 100"),
    ),
    "cells larger than a district": (
        ("tiny.toml", "[horizon]", "[grid]\ncell_m = 5000\n\n[horizon]"),
        ("districts.geojson: districts without a cell of 5000 m", "grid.cell_m smaller"),
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_one_fault(case: str, town: Town, muster: Muster, tmp_path: Path) -> None:
    edit, told = EDITS[case]
    town.edit(*edit)
    refused(muster, tmp_path, "run", town.path, "--out", str(tmp_path / "out"), told=told)


def test_districts_that_overlap(town: Town, muster: Muster, tmp_path: Path) -> None:
    layer = districts(west_edge=358_300)
    (town.folder / "districts.geojson").write_text(layer, encoding="utf-8")
    told = ("districts.geojson: districts W and E overlap", "10.00% of the smaller one", "Cut the")
    refused(muster, tmp_path, "run", town.path, "--out", str(tmp_path / "out"), told=told)


@pytest.mark.parametrize(
    "name", ["classes", "stations", "types", "units", "shifts", "events", "forecast"]
)
def test_tables_without_rows(name: str, town: Town, muster: Muster, tmp_path: Path) -> None:
    path = town.folder / f"{name}.csv"
    header = path.read_text(encoding="utf-8").split("\n", maxsplit=1)[0]
    path.write_text(header + "\n", encoding="utf-8")
    told = (f"{name}.csv: the table has no rows", "Fill the file")
    refused(muster, tmp_path, "check", town.path, told=told)


def test_a_layer_without_districts(town: Town, muster: Muster, tmp_path: Path) -> None:
    path = town.folder / "districts.gpkg"
    layer = gpd.read_file(town.folder / "districts.geojson")
    layer.iloc[:0].set_crs("EPSG:32651", allow_override=True).to_file(path)
    town.edit("tiny.toml", "districts.geojson", "districts.gpkg")
    told = ("districts.gpkg: the table has no rows",)
    refused(muster, tmp_path, "check", town.path, told=told)


def test_zero_officers(town: Town, muster: Muster, tmp_path: Path) -> None:
    table = "station_id,force_id,headcount\nS1,officers,0\nS2,officers,0\n"
    (town.folder / "headcount.csv").write_text(table, encoding="utf-8")
    told = ("headcount.csv: the force has no officers at all", "(value: 0)", "Fill in")
    refused(muster, tmp_path, "run", town.path, "--out", str(tmp_path / "out"), told=told)


def test_a_scale_that_leaves_nobody(town: Town, muster: Muster, tmp_path: Path) -> None:
    told = ("scenario tiny: force.scale leaves no officers", "(value: 0.01)", "Make force.scale")
    refused(muster, tmp_path, "check", town.path, "--set", "force.scale=0.01", told=told)


OVERRIDES = {
    "grid.cell_m": ("--set: not of the form key=value", "'grid.cell_m'", "grid.cell_m=500"),
    "=3": ("--set: not of the form key=value", "'=3'"),
    "grid..cell_m=3": ("--set: not of the form key=value", "'grid..cell_m=3'"),
    "seed.x=3": ("--set: seed is not a table", "'seed.x=3'"),
    "horizon.hours=many": ("tiny.toml: horizon.hours", "'many'", "valid integer"),
    "gird.cell_m=3": ("tiny.toml: unknown key gird",),
    "labour.post_relief_h=-1": ("tiny.toml: labour.post_relief_h", "greater than or equal to 0"),
    "labour.post_relief_h=0.5": ("tiny.toml: labour.post_relief_h", "valid integer"),
    "events.supervisor_span=0": ("events.supervisor_span", "greater than or equal to 1"),
}


@pytest.mark.parametrize("override", OVERRIDES)
def test_malformed_overrides(override: str, town: Town, muster: Muster, tmp_path: Path) -> None:
    told = OVERRIDES[override]
    refused(muster, tmp_path, "check", town.path, "--set", override, told=told)


@pytest.mark.parametrize("name", ["shangai", "no/such/file.toml"])
def test_unknown_scenario(name: str, muster: Muster, tmp_path: Path) -> None:
    told = (f"{name}: no such scenario", "shanghai-chuxi-2027", "Check the name")
    refused(muster, tmp_path, "run", name, told=told)


def test_a_folder_that_is_no_run_is_not_replaced(
    town: Town, muster: Muster, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "letter.txt").write_text("keep me", encoding="utf-8")
    told = ("--out: something that is no run is there", "'papers'", "Name another folder")
    refused(muster, tmp_path, "run", town.path, "--out", str(papers), told=told)
    assert (papers / "letter.txt").read_text(encoding="utf-8") == "keep me"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("horizon.start=2030-01-01T00:00:00", ("calendar.csv: days of the horizon have no phase",)),
        ("grid.cell_m=5000", ("districts.geojson: districts without a cell", "310101")),
        ("incidents.classes=package:portland/incident_classes.csv", ("'share_pct'",)),
    ],
)
def test_shanghai_out_of_its_bounds(
    override: str, told: tuple[str, ...], muster: Muster, tmp_path: Path
) -> None:
    words = ("shanghai-chuxi-2027", "--set", override)
    refused(muster, tmp_path, "check", *words, told=told)


def test_five_faults_in_five_files_are_told_at_once(
    town: Town, muster: Muster, tmp_path: Path
) -> None:
    town.edit(*STATION_AT_SEA)
    town.edit("forecast.csv", "fight,0.2", "fight,inf")
    town.edit("events.csv", ",once,", ",weekly,")
    town.edit("visits.csv", "20:00,00:00", "20:15,00:00")
    town.edit("shifts.csv", "evening_8h,Evening,晚班,18,8", "evening_8h,Evening,晚班,24,8")
    told = (
        "5 faults; nothing was written.",
        "stations.csv, row 2: ",
        "forecast.csv, row 1: ",
        "events.csv, row 1: ",
        "visits.csv, row 1: ",
        "shifts.csv, row 2: ",
    )
    refused(muster, tmp_path, "check", town.path, told=told)


def test_an_unknown_option_is_a_usage_error(town: Town, muster: Muster) -> None:
    finished = muster("run", town.path, "--fast")
    assert finished.code == 2
    assert "--fast" in finished.err


def test_from_a_shell(tmp_path: Path) -> None:
    town = write_town(tmp_path / "town")
    town.edit("units.csv", "patrol_car,Patrol car,巡逻车,officers,2", "patrol_car,P,车,officers,0")
    command = [sys.executable, "-m", "scenarios.cli", "run", town.path, "--out", "out"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "units.csv, row 1: officers is not a whole number of at least 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


def refused(muster: Muster, folder: Path, *words: str, told: tuple[str, ...]) -> None:
    """The command ends with code 2, tells each text, and leaves the folder as it was."""
    before = sorted(folder.rglob("*"))
    finished = muster(*words)
    assert finished.code == 2, finished
    assert not finished.out
    for text in told:
        assert text in finished.err
    assert "nothing was written" in finished.err
    assert "Traceback" not in finished.err
    assert sorted(folder.rglob("*")) == before
