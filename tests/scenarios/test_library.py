"""The scenarios that are shipped: whole, and true to the public figures they stand on."""

import csv
import json
from datetime import timedelta

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.context_file import metric_lines, metric_points
from geodata.faults import FaultLog
from geodata.files import shipped
from geodata.roads import DETOUR, ROAD_KINDS
from scenarios.ground import Ground, read_ground
from scenarios.scenario import library_names, load_scenario
from scenarios.world import World, build_world
from tests.scenarios.town import Muster

LINK = ROAD_KINDS.index("link")
SPEED_KMH = np.array([28.0, 28.0, 30.0, 42.0, 50.0, 75.0, 85.0])  # at night


@pytest.fixture(scope="module")
def ground() -> Ground:
    """The ground of Shanghai with its roads."""
    faults = FaultLog()
    found = read_ground(load_scenario("shanghai-chuxi-2027"), faults)
    faults.raise_if_any()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def district_rows() -> dict[str, dict[str, str]]:
    """The table of districts as it is shipped, by district."""
    with shipped("shanghai", "districts.csv").open(encoding="utf-8") as lines:
        return {row["district_id"]: row for row in csv.DictReader(lines)}


def arcs(ground: Ground) -> NDArray[np.object_]:
    """The road arcs as lines between cell centres, in metres."""
    grid, roads = ground.grid, ground.roads
    ends = [np.stack([grid.x[n], grid.y[n]], axis=1) for n in (roads.tail, roads.head)]
    lines: NDArray[np.object_] = shapely.linestrings(np.stack(ends, axis=1))
    return lines


@pytest.mark.parametrize("name", ["shanghai-chuxi-2027", "portland-2016"])
def test_shipped_scenarios_pass_the_check(name: str, muster: Muster) -> None:
    assert name in library_names()
    finished = muster("check", name, "--json")
    assert (finished.code, finished.err) == (0, "")
    assert json.loads(finished.out)["scenario"] == name


def test_residents_of_each_district_are_kept(
    shanghai: World, district_rows: dict[str, dict[str, str]]
) -> None:
    situation = shanghai.situation
    assert len(situation.area.districts) == 16
    people = np.bincount(situation.grid.district, situation.population)
    published = [float(district_rows[name]["population"]) for name in situation.area.district_ids]
    assert people.tolist() == pytest.approx(published)
    assert situation.population.sum() == pytest.approx(24_870_895)  # the census of 2020
    assert situation.population.min() >= 0


def test_stations_of_each_district(
    shanghai: World, district_rows: dict[str, dict[str, str]]
) -> None:
    stations, area = shanghai.situation.stations, shanghai.situation.area
    for kind, wanted in (
        ("station", [int(district_rows[name]["stations"]) for name in area.district_ids]),
        ("branch", [1] * 16),
    ):
        district = stations.district[stations.of_kind(kind)]
        assert np.bincount(district, minlength=16).tolist() == wanted


def test_cells_and_places_lie_on_land(shanghai: World) -> None:
    situation = shanghai.situation
    grid, districts = situation.grid, situation.area.districts
    for number, district in enumerate(districts):
        own = grid.district == number
        assert shapely.contains_xy(district.polygon, grid.x[own], grid.y[own]).all()
    for places in (situation.stations, situation.patrol_places, situation.visit_points.places):
        assert (places.cell >= 0).all()
        assert (places.cell < grid.n_cells).all()


def test_chongming_is_reached_over_its_link_only(ground: Ground) -> None:
    roads = ground.roads
    island = ground.grid.district == ground.area.district_ids.index("310151")
    joining = island[roads.tail] != island[roads.head]
    assert joining.sum() == 1
    assert roads.kind[joining].tolist() == [LINK]
    assert (roads.kind == LINK).sum() == 2  # the second one joins two of the islands


def test_only_an_island_without_a_bridge_is_cut_off(ground: Ground) -> None:
    """Hengsha in the mouth of the Yangtze has ferries only."""
    count, part = connected_components(ground.roads.minutes_matrix(SPEED_KMH), directed=False)
    assert count == 2
    alone = np.flatnonzero(part == np.argmin(np.bincount(part)))
    assert len(alone) < 100
    assert set(ground.grid.district[alone]) == {ground.area.district_ids.index("310151")}


def test_the_huangpu_is_crossed_at_the_crossings_only(ground: Ground) -> None:
    (river,) = metric_lines(ground.area, ground.context, "river")
    crossings = metric_points(ground.area, ground.context, "crossing")
    assert len(crossings) == 26
    over = shapely.intersects(arcs(ground), river)
    middle = shapely.get_coordinates(shapely.centroid(arcs(ground)[over]))
    offset = np.hypot(*(middle[:, None, :] - crossings[None, :, :]).transpose(2, 0, 1))
    assert over.sum() == 26
    assert offset.min(axis=1).max() < 500.0  # half a cell


def test_the_other_bank_is_not_as_near_as_it_looks(ground: Ground) -> None:
    """From the Bund to Lujiazui, two cells east over a river without a bridge there."""
    x, y = ground.area.to_metric(np.array([121.4865, 121.4985]), np.array([31.2385, 31.2385]))
    bund, opposite = ground.grid.locate(x, y).tolist()
    names = [ground.area.districts[ground.grid.district[c]].name_en for c in (bund, opposite)]
    assert names == ["Huangpu", "Pudong"]
    minutes = dijkstra(ground.roads.minutes_matrix(SPEED_KMH), indices=bund)
    straight_min = 2000.0 * DETOUR / (28_000.0 / 60.0)
    assert minutes[opposite] > 1.5 * straight_min


def test_calls_of_the_night(shanghai: World) -> None:
    assert 5_000 < shanghai.situation.forecast.calls() < 12_000
    assert shanghai.recorded is None


def test_all_hands_from_ten_to_one(shanghai: World) -> None:
    starts = shanghai.situation.horizon.starts
    clocks = [
        f"{t:%H:%M}"
        for t, level in zip(starts, shanghai.in_force.highest, strict=True)
        if level == "1+"
    ]
    assert clocks == ["22:00", "23:00", "00:00"]
    assert shanghai.in_force.used == {"1", "1+"}
    assert len(set(shanghai.in_force.by_command)) == 1


def test_the_first_of_four_teams_has_the_eve(shanghai: World) -> None:
    """Station officers by four teams; the second has the morning after, the fourth rests."""
    (four,) = shanghai.rotations
    assert four.teams == 4
    eve = shanghai.situation.horizon.start.date()
    on_duty = [
        [team for team in range(4) if four.shift_on(team, eve + timedelta(days=days))]
        for days in (-1, 0, 1)
    ]
    assert on_duty == [[3], [0], [1]]
    community = shanghai.force.types[shanghai.force.index("community")]
    assert community.pool_from_level == "never"
    assert community.force_id not in four.force_ids


def test_the_force_is_spread_whole(shanghai: World) -> None:
    with shipped("shanghai", "force_types.csv").open(encoding="utf-8") as lines:
        totals = {row["force_id"]: int(row["headcount"]) for row in csv.DictReader(lines)}
    found = dict(zip(shanghai.force.ids, shanghai.force.headcount.sum(axis=0), strict=True))
    assert found == totals


def test_made_up_parts_say_so(shanghai: World) -> None:
    status = {part.item_en: part.status for part in shanghai.situation.provenance}
    assert status["Districts"] == status["Residents by district"] == "real"
    assert status["Stations"] == status["Calls"] == "synthetic"
    assert status["Head-counts of the force"] == "assumption"


def test_portland_is_staffed_by_precincts(portland: World) -> None:
    situation = portland.situation
    assert len(situation.area.districts) == 60
    assert sorted(situation.area.commands) == [
        "Central Precinct",
        "East Precinct",
        "North Precinct",
    ]
    command = situation.area.command_of[situation.stations.district]
    assert sorted(command.tolist()) == [0, 1, 2]
    assert portland.requirement.posts == ()


def test_portland_learns_from_august(portland: World) -> None:
    reading, profile = portland.notes
    assert reading.startswith("calls.csv.gz: 37818 rows, 3209 officer-initiated ones dropped")
    assert "dates only" in profile
    assert "an assumption" in profile
    assert portland.recorded is not None
    assert portland.situation.forecast.calls() == pytest.approx(portland.recorded.sum(), rel=0.25)


@pytest.mark.slow
def test_a_week_of_shanghai_in_half_kilometre_cells_builds() -> None:
    loaded = load_scenario("shanghai-chuxi-2027", ("grid.cell_m=500", "horizon.hours=168"))
    world = build_world(loaded)
    situation = world.situation
    assert situation.grid.n_cells == pytest.approx(4 * 6813, rel=0.02)
    assert situation.horizon.hours == world.in_force.hours == 168
    assert situation.population.sum() == pytest.approx(24_870_895)
    assert 40_000 < situation.forecast.calls() < 80_000
