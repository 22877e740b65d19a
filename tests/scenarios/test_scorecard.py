"""Baselines, scorecard and worse nights of a run of the tiny town."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from geodata.situation import Situation
from optimizer.judges.scorecard import COLUMNS
from scenarios.closing import without_a_crossing
from scenarios.headline import NAMES
from scenarios.pipeline import Run, run_scenario
from scenarios.practice import PRACTICES, by_command, on_posts_and_visits
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from scenarios.world import build_world
from tests.scenarios.town import Muster, Town, write_town

RIVER = """
[[context]]
kind = "river"
file = "river.geojson"
where = { kind = "river" }

[[context]]
kind = "crossing"
file = "river.geojson"
where = { kind = "crossing" }
label_en = "name_en"

"""
"""Two layers of one file, as the shipped scenario has them."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """One run of the town with its worse nights, and its folder."""
    folder = tmp_path_factory.mktemp("scored")
    town, progress = write_town(folder / "town"), Progress(quiet=True)
    run = run_scenario(town.load(), progress, stress=True)
    write_run(run, folder / "out", progress)
    return run, folder / "out"


def river(*bridges: tuple[str, float]) -> str:
    """The river between west and east, running north, with bridges at some northings (km)."""

    def feature(name: str, kind: str, shape: str, points: object) -> dict[str, object]:
        geometry = {"type": shape, "coordinates": points}
        properties = {"kind": kind, "name_en": name}
        return {"type": "Feature", "properties": properties, "geometry": geometry}

    to_lonlat = Transformer.from_crs("EPSG:32651", "EPSG:4326", always_xy=True).transform
    line = [list(to_lonlat(358_000.0, north)) for north in (3_449_000.0, 3_454_000.0)]
    features = [feature("Grand canal", "river", "LineString", line)]
    for name, north in bridges:
        at = list(to_lonlat(358_000.0, north * 1000.0))
        features.append(feature(name, "crossing", "Point", at))
    return json.dumps({"type": "FeatureCollection", "features": features})


def riverside(folder: Path, *bridges: tuple[str, float]) -> Town:
    """The town with a river between its districts."""
    town = write_town(folder, {"river.geojson": river(*bridges)})
    town.edit("tiny.toml", "[horizon]", RIVER.lstrip() + "[horizon]")
    town.edit("tiny.toml", "[roads]", '[roads]\nbarrier_kinds = ["river"]')
    return town


def over_the_river(situation: Situation) -> tuple[int, int]:
    """Pairs of place and cell on the same bank and on two banks within reach."""
    reach = situation.travel["patrol_car"].at(0)
    place = np.repeat(np.arange(reach.n_places), np.diff(reach.indptr))
    places, grid = situation.patrol_places, situation.grid
    same = places.district[place] == grid.district[reach.cell]
    return int(same.sum()), int((~same).sum())


def test_all_practices_have_the_same_units_every_hour(finished: tuple[Run, Path]) -> None:
    run, _ = finished
    units = run.plan.deployment.units
    assert tuple(practice.name for practice in run.baselines) == PRACTICES
    assert set(NAMES) == {"plan", *PRACTICES}
    for practice in run.baselines:
        if practice.name != "flat_shifts":
            assert (practice.deployment.units.sum(axis=1) == units.sum(axis=1)).all()


def test_flat_shifts_have_the_same_unit_hours_and_level_the_street(
    finished: tuple[Run, Path],
) -> None:
    run, _ = finished
    situation, unit = run.world.situation, run.world.force.unit_types[0]
    (flat,) = [p.deployment.units[0] for p in run.baselines if p.name == "flat_shifts"]
    own, even = (by_command(situation, u) for u in (run.plan.deployment.units[0], flat))
    assert (own.sum(axis=1) == even.sum(axis=1)).all()
    elsewhere = on_posts_and_visits(run.world, run.staffing)
    elsewhere = elsewhere[:, run.world.force.index(unit.force_id)]
    street = elsewhere + unit.officers * even
    assert elsewhere.sum() > 0
    assert np.ptp(street, axis=1).max() <= unit.officers


def test_the_strongest_practice_is_the_one_judged_in_full(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    assert run.baseline.response_sum == min(p.response_sum for p in run.baselines)
    assert run.baseline.deployment is run.strongest.deployment
    figures = json.loads((folder / "run.json").read_text("utf-8"))["headline"]
    assert figures["strongest_baseline"] == run.strongest.name
    assert f"`{run.strongest.name}`" in (folder / "summary.md").read_text("utf-8")
    assert set(figures["objective_call_minutes"]) == {"plan", *PRACTICES}


def test_the_table_of_baselines_shows_the_gain(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    table = pd.read_csv(folder / "baselines.csv").set_index("name")
    assert table.index.tolist() == ["plan", *PRACTICES]
    assert table["strongest"].sum() == 1
    assert table.loc[run.strongest.name, "strongest"] == 1
    assert (table["unit_hours"] == run.plan.deployment.units.sum()).all()
    gain = 1 - table.loc["plan", "weighted_response"] / table["weighted_response"]
    assert table["gain_of_plan"].drop("plan").tolist() == pytest.approx(gain.drop("plan").tolist())
    assert pd.isna(table.loc["plan", "gain_of_plan"])


def test_the_scorecard_has_every_scope(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    table = pd.read_csv(folder / "scorecard.csv", dtype={"id": str, "hour": str})
    assert tuple(table.columns[:-1]) == COLUMNS
    scopes = ["city", "command", "district", "zone", "class", "site", "stress"]
    assert table["scope"].unique().tolist() == scopes
    assert set(table.loc[table["scope"] == "site", "id"]) == {"fair"}
    assert set(table.loc[table["scope"] == "site", "hour"]) == {"1"}  # from 21:00
    whole = table[(table["scope"] == "city") & (table["hour"] == "all")].set_index("measure")
    assert whole.loc["visit_dose", "value"] == len(run.plan.visits.visits) / 3
    figures = json.loads((folder / "run.json").read_text("utf-8"))["headline"]["service"]
    assert whole.loc["covered", "value"] == pytest.approx(figures["plan"]["covered"], abs=1e-6)
    best = figures[run.strongest.name]
    assert whole.loc["p90_min", "baseline"] == pytest.approx(best["p90_min"])


def test_worse_nights_are_worse(finished: tuple[Run, Path]) -> None:
    run, folder = finished
    cases = {case.case_id: case for case in run.stress}
    assert list(cases) == ["calls_20_more", "calls_50_more", "station_out", "units_sick"]
    before = run.judged.response_sum
    after = {name: case.plan["weighted_response"] for name, case in cases.items()}
    assert min(after.values()) > before
    assert after["calls_50_more"] > after["calls_20_more"]
    text = (folder / "summary.md").read_text("utf-8")
    assert "## Worse nights" in text
    assert all(case.text in text for case in run.stress)


def test_without_the_option_no_worse_night_is_judged(town: Town, muster: Muster) -> None:
    out = town.folder.parent / "out"
    assert muster("run", town.path, "--out", str(out), "--quick").code == 0
    assert "## Worse nights" not in (out / "summary.md").read_text("utf-8")
    assert "stress" not in set(pd.read_csv(out / "scorecard.csv")["scope"])


def test_closing_the_only_bridge_parts_the_banks(tmp_path: Path) -> None:
    town = riverside(tmp_path / "town", ("Old bridge", 3451.5))
    world = build_world(town.load())
    closed = without_a_crossing(town.load(), world)
    assert closed is not None
    assert closed.names == ("Old bridge",)
    assert over_the_river(world.situation)[1] > 0
    assert over_the_river(closed.situation)[1] == 0
    assert over_the_river(closed.situation)[0] == over_the_river(world.situation)[0]


def test_the_bridge_with_the_longest_way_round_is_closed(tmp_path: Path) -> None:
    """Two bridges lead over one street; the third, at the other end, is the only one there."""
    bridges = (("North A", 3452.4), ("North B", 3452.6), ("South", 3450.5))
    town = riverside(tmp_path / "town", *bridges)
    world = build_world(town.load())
    closed = without_a_crossing(town.load(), world)
    assert closed is not None
    assert closed.names in {("North A", "North B"), ("South",)}
    assert over_the_river(closed.situation)[1] > 0
    slower = closed.situation.travel["patrol_car"].at(0).minutes.sum()
    assert slower > world.situation.travel["patrol_car"].at(0).minutes.sum()


def test_a_town_without_crossings_closes_none(town: Town) -> None:
    assert without_a_crossing(town.load(), build_world(town.load())) is None
