"""The planner's limits and wishes: read, refused, turned into arrays, and told when they clash."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from geodata.travel import ReachLists, TravelTimes
from optimizer.calls import PatrolTerms
from optimizer.hour_problem import UNLIMITED
from optimizer.judges.floors import floor_service, reachable_service
from optimizer.judges.lone_unit import lone_unit_value
from optimizer.limit_file import PlaceLimit
from optimizer.patrol_wishes import CoverFloor, PatrolWishes
from optimizer.pools import pool_names, pool_neighbours, station_pools
from scenarios import pipeline
from scenarios.clash_report import Infeasible, refuse_clashes
from scenarios.floors import cover_floors, floor_notes
from scenarios.progress import Progress
from scenarios.reach_notes import reach_notes
from scenarios.scenario import LoadedScenario
from scenarios.schema import FloorsPart
from scenarios.wishes import nearest_place, patrol_wishes, resident_caps
from scenarios.world import World, build_world
from tests.optimizer.tiny_city import CAR, TERMS, places_at, tiny_city
from tests.scenarios.town import Muster, Town

HEADER = "place_id,unit_type,from,to,min,max,reason\n"
STANDBY = "SP-E0355N3450"


def with_limits(town: Town, *rows: str) -> Town:
    (town.folder / "limits.csv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    town.edit("tiny.toml", "rounds = 2", 'rounds = 2\nlimits = "limits.csv"')
    return town


def wishes_of(town: Town, *overrides: str) -> tuple[PatrolWishes, World]:
    loaded = town.load(*overrides)
    world = build_world(loaded)
    return patrol_wishes(loaded, world), world


def test_without_limits_units_stand_anywhere_in_their_command(town: Town) -> None:
    wishes, world = wishes_of(town)
    assert not wishes.place_min.any()
    assert (wishes.place_cap == UNLIMITED).all()
    assert wishes.pool_of_place.tolist() == world.situation.place_command.tolist()
    assert (wishes.floors, wishes.min_stay_h, wishes.cross_pool_share) == ((), 1, 0.0)


def test_rows_become_minima_and_maxima_of_hours(town: Town) -> None:
    with_limits(
        town,
        "S1,patrol_car,2027-02-05T21:00,2027-02-05T23:00,2,2,gate of the fair",
        f"{STANDBY},,,,,0,",
        "S2,,2027-02-05T22:00,,1,,",
        "S2,,,2027-02-05T23:00:00+08:00,,4,",
    )
    wishes, world = wishes_of(town)
    ids = list(world.situation.patrol_places.place_ids)
    west, east, closed = (ids.index(name) for name in ("S1", "S2", STANDBY))
    assert wishes.place_min[0, west].tolist() == [0, 2, 2, 0]
    assert wishes.place_cap[0, west].tolist() == [UNLIMITED, 2, 2, UNLIMITED]
    assert wishes.place_cap[0, closed].tolist() == [0, 0, 0, 0]
    assert wishes.place_min[0, east].tolist() == [0, 0, 1, 1]
    assert wishes.place_cap[0, east].tolist() == [4, 4, 4, UNLIMITED]
    assert world.limits[0] == PlaceLimit(1, west, (0,), 1, 3, 2, 2, "gate of the fair")
    assert [note for note in world.notes if note.startswith("limit")][:2] == [
        "limit of S1: pinned to 2 (patrol_car), 05 Feb 21:00 to 05 Feb 23:00: gate of the fair",
        f"limit of {STANDBY}: forbidden (patrol_car), 05 Feb 20:00 to 06 Feb 00:00",
    ]


REFUSED = {
    "unknown place": ("S9,,,,1,,", ("place_id is not one of the patrol places", "'S9'", "S1, S2")),
    "unknown type": ("S1,tank,,,1,,", ("unit_type is not one that the force has", "'tank'")),
    "no time": ("S1,,soon,,1,,", ("from is not a time", "'soon'")),
    "half past": ("S1,,2027-02-05T20:30,,1,,", ("from is not on the full hour", "whole hours")),
    "after the horizon": (
        "S1,,,2027-02-06T01:00,1,,",
        ("to lies outside the horizon", "2027-02-06T00:00:00+08:00"),
    ),
    "before the horizon": ("S1,,2027-02-04T20:00,,1,,", ("from lies outside the horizon",)),
    "backwards": (
        "S1,,2027-02-05T22:00,2027-02-05T21:00,1,,",
        ("from is not before to", "Swap the times"),
    ),
    "empty span": ("S1,,2027-02-05T22:00,2027-02-05T22:00,1,,", ("from is not before to",)),
    "min above max": ("S1,,,,3,2,", ("min is above max", "('3', '2')")),
    "half a unit": ("S1,,,,1.5,,", ("min is not a whole number of at least 0", "'1.5'")),
    "negative": ("S1,,,,,-1,", ("max is not a whole number of at least 0", "'-1'")),
    "nothing": ("S1,,,,,,why not", ("the row limits nothing", "in min, in max or in both")),
    "pin without a reason": ("S1,,,,2,2,", ("a pin gives no reason", "min = max = 2")),
    "beyond the force": (
        "S1,,,,99,,",
        ("min asks for more units than the whole force can man", "'patrol_car'"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_that_is_refused(case: str, town: Town, muster: Muster) -> None:
    row, told = REFUSED[case]
    finished = muster("check", with_limits(town, "S2,,,,1,,", row).path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("1 fault; ")
    for text in ("limits.csv, row 2: ", *told):
        assert text in finished.err


def test_all_faults_of_the_limits_and_of_other_files_at_once(town: Town, muster: Muster) -> None:
    with_limits(town, "S9,tank,,,1.5,,", "S1,,,,3,2,")
    town.edit("visits.csv", "20:00,00:00", "20:15,00:00")
    finished = muster("check", town.path, "--set", "patrol.max_minutes_per_resident=2")
    assert finished.code == 2
    assert finished.err.startswith("6 faults; ")
    for text in ("S9", "tank", "1.5", "min is above max", "20:15", "residents are not known"):
        assert text in finished.err


def test_rows_that_contradict_each_other(town: Town, muster: Muster) -> None:
    with_limits(
        town,
        "S1,,2027-02-05T20:00,2027-02-05T22:00,2,2,gate",
        "S1,,2027-02-05T21:00,,3,3,parade",
        "S1,patrol_car,2027-02-05T22:00,,,3,",
        "S1,,,2027-02-05T21:00,,1,",
    )
    finished = muster("check", town.path)
    assert finished.code == 2
    assert finished.err.splitlines() == [
        "2 faults; nothing was written.",
        "* limits.csv, row 2: contradicts row 1: exactly 2 there, exactly 3 here, for 1 h from "
        "2027-02-05T21:00:00+08:00 (value: 'S1, patrol_car'). Expected rows that can hold "
        "together for the same place, unit type and hour. Change one of the two rows, or its "
        "times.",
        "* limits.csv, row 4: contradicts row 1: exactly 2 there, 0 to 1 here, for 1 h from "
        "2027-02-05T20:00:00+08:00 (value: 'S1, patrol_car'). Expected rows that can hold "
        "together for the same place, unit type and hour. Change one of the two rows, or its "
        "times.",
    ]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("patrol.pool=county", "patrol.pool"),
        ("patrol.cross_pool_share=1.5", "patrol.cross_pool_share"),
        ("patrol.floors.zones={ moon = 0.5 }", "patrol.floors.zones.moon"),
        ("patrol.floors.district=90", "patrol.floors.district"),
        ("patrol.floors.price=-1", "patrol.floors.price"),
        ("patrol.backup_weight=2", "patrol.backup_weight"),
        ("patrol.min_stay_h=0", "patrol.min_stay_h"),
        ("patrol.move_min=-1", "patrol.move_min"),
        ("patrol.max_minutes_per_resident=0", "patrol.max_minutes_per_resident"),
        ("patrol.floor=1", "unknown key patrol.floor"),
        ("patrol.limits=nowhere.csv", "nowhere.csv: the file does not exist"),
    ],
)
def test_settings_out_of_range(override: str, told: str, town: Town, muster: Muster) -> None:
    finished = muster("check", town.path, "--set", override)
    assert finished.code == 2
    assert told in finished.err


def test_settings_become_wishes(town: Town) -> None:
    wishes, _ = wishes_of(
        town,
        "patrol.cross_pool_share=0.25",
        "patrol.backup_weight=0.5",
        "patrol.min_stay_h=3",
        "patrol.move_min=6",
        "patrol.floors={ district = 0.8, zones = { city = 0.9 }, price = 12 }",
    )
    assert (wishes.cross_pool_share, wishes.backup_weight) == (0.25, 0.5)
    assert (wishes.min_stay_h, wishes.move_min, wishes.floor_price) == (3, 6.0, 12.0)
    assert [(floor.name, floor.share, int(floor.cells.sum())) for floor in wishes.floors] == [
        ("district W", 0.8, 9),
        ("district E", 0.8, 9),
        ("zone city", 0.9, 18),
    ]


def test_the_limits_are_an_input_of_the_run(town: Town) -> None:
    before = town.load().digest()
    loaded = with_limits(town, "S1,,,,1,,").load()
    assert "limits.csv" in loaded.input_files()
    assert loaded.digest() != before
    digest = loaded.digest()
    town.edit("limits.csv", "S1,,,,1,,", "S1,,,,2,,")
    assert town.load().digest() != digest


def test_places_belong_to_the_nearest_station_of_their_command() -> None:
    # Stations at cells 0 and 1 (west) and 3 (east); the standby points 13 (west) and 14 (east).
    city = tiny_city()
    grid = city.grid
    stations = places_at(grid, (0, 1, 3), "station", "station", "branch")
    every = places_at(grid, (0, 1, 3, 13, 14), "station", "station", "branch", "standby", "standby")
    reach = ReachLists(np.zeros(6, dtype=int), np.zeros(0, dtype=int), np.zeros(0))
    times = TravelTimes(("day",), (reach,), np.zeros(2, dtype=int), 8.0)
    city = replace(city, stations=stations, patrol_places=every, travel={"car": times})
    places, homes = station_pools(city)
    assert places.tolist() == [0, 1, 2, 1, 2]
    assert homes.tolist() == [0, 1, 2]
    assert pool_names(city, places, homes) == ("station station0", "station station1", "East")
    # A branch beside a station has no pool of its own.
    mixed = replace(
        city,
        stations=places_at(grid, (0, 1, 3), "station", "branch", "station"),
        patrol_places=places_at(
            grid, (0, 1, 3, 13, 14), "station", "branch", "station", "standby", "standby"
        ),
    )
    places, homes = station_pools(mixed)
    assert (places.tolist(), homes.tolist()) == ([0, 0, 1, 0, 1], [0, 0, 1])
    assert pool_names(mixed, places, homes) == ("West", "East")


def test_pools_are_neighbours_by_the_middle_of_their_places() -> None:
    grid = tiny_city().grid
    places = places_at(grid, (0, 3, 1, 15), "station")
    found = pool_neighbours(places, np.array([0, 1, 2, 1]), 3)
    assert found.tolist() == [[2, 1], [2, 0], [0, 1]]


def test_caps_by_residents() -> None:
    # Sixteen cells of 1,000 residents. Places stand at cells 0, 3, 13 and 14: the two southern
    # rows belong to the corners, the two northern ones to the standby points.
    city = tiny_city()
    nearest = nearest_place(city.patrol_places, city.grid.x, city.grid.y)
    assert nearest.tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]
    # 4,000 residents x 0.05 minutes are 200 minutes an hour: three units and a third.
    assert resident_caps(city, 0.05).tolist() == [3, 3, 3, 3]
    assert (resident_caps(city, 0.001) == 1).all()
    assert (resident_caps(city, None) == UNLIMITED).all()


def test_an_explicit_maximum_goes_before_the_cap_by_residents(town: Town) -> None:
    with_limits(town, "S1,,,,,5,", "S2,,,,3,,")
    loaded = town.load()
    world = build_world(loaded)
    situation = replace(world.situation, population=np.full(18, 100.0))
    part = loaded.scenario.patrol.model_copy(update={"max_minutes_per_resident": 0.1})
    scenario = loaded.scenario.model_copy(update={"patrol": part})
    wishes = patrol_wishes(
        LoadedScenario(scenario, loaded.folder), replace(world, situation=situation)
    )
    assert wishes.place_cap[0, :3, 0].tolist() == [5, 3, 1]


def test_floors_count_missing_calls() -> None:
    city = tiny_city(hours=1)
    west = CoverFloor("west", np.arange(16) % 4 < 2, 0.9)
    best = reachable_service(city, (CAR,), (west,))
    # Cells 0 and 13 have places of their own: all five calls can be in time.
    assert best.calls.tolist() == [[5.0]]
    assert best.covered.tolist() == [[1.0]]
    assert best.short_calls.tolist() == [[0.0]]


def test_a_floor_nobody_can_reach_is_a_note() -> None:
    city = tiny_city(hours=2)
    strict = replace(city.classes, target_min=np.full_like(city.classes.target_min, 0.5))
    city = replace(city, classes=strict)
    # Within half a minute only the standby points, without turnout, reach their own cells: one
    # call of five in the west, two of two in the east.
    floors = cover_floors(city, FloorsPart(district=0.5))
    (note,) = floor_notes(city, (CAR,), floors)
    assert "the floor of 50.0% for district west is out of reach in 2 of 2 hours" in note
    assert "covers more than 20.0%, 1.5 calls an hour short" in note
    assert floor_notes(city, (CAR,), ()) == ()


def test_floors_are_recounted_from_the_evaluation(town: Town, quiet: Progress) -> None:
    run = pipeline.run_scenario(town.load(), quiet)
    evaluation = run.judged.evaluation
    west = run.world.situation.grid.district == 0
    found = floor_service((CoverFloor("W", west, 1.0), CoverFloor("E", ~west, 0.0)), evaluation)
    calls = evaluation.demand_per_h[west].sum(axis=0)
    in_time = np.nansum(evaluation.covered[west] * evaluation.demand_per_h[west], axis=0)
    np.testing.assert_allclose(found.covered[0], in_time / calls)
    np.testing.assert_allclose(found.short_calls[0], calls - in_time, atol=1e-12)
    assert not found.short_calls[1].any()


def test_what_nobody_reaches_is_a_note() -> None:
    # Places 1 and 3 reach nothing; of the cells with calls, 0, 13 and 14, only cell 0 is reached.
    city = tiny_city(hours=2)
    reach = ReachLists(np.array([0, 2, 2, 3, 3]), np.array([0, 1, 12]), np.array([0.0, 2.0, 2.0]))
    times = TravelTimes(("day",), (reach,), np.zeros(2, dtype=int), 8.0)
    idle, unreached = reach_notes(replace(city, travel={"car": times}), (CAR,))
    assert idle == (
        "car: 2 places reach no cell within 8 min in some hour, units there answer nothing: "
        "station3, standby14"
    )
    # Two trips of 1 km take 4 minutes together; the cells hold standby points themselves.
    assert unreached == (
        "car: 2 cells with 6 expected calls lie beyond 8 min of every place; the cut-off they "
        "would need, estimated from the straight line at the mean speed in reach: "
        "E0352N3453 (9 min), E0351N3453 (9 min)"
    )
    assert reach_notes(city, (CAR,)) == ()


def test_distant_cells_would_need_a_longer_cutoff() -> None:
    city = tiny_city(hours=1)
    reach = ReachLists(np.array([0, 1, 2, 2, 2]), np.array([1, 2]), np.array([5.0, 5.0]))
    places = places_at(city.grid, (0, 3, 1, 2), "station", "station", "standby", "standby")
    times = TravelTimes(("day",), (reach,), np.zeros(1, dtype=int), 8.0)
    far = replace(city, patrol_places=places, travel={"car": times})
    _, unreached = reach_notes(far, (CAR,))
    # 200 m a minute; cells 13 and 14 are 3 km from the nearest place, cell 0 holds one.
    assert unreached.endswith(
        "mean speed in reach: E0350N3450 (9 min), E0352N3453 (15 min), E0351N3453 (15 min)"
    )


def clashing(town: Town, *rows: str, overrides: tuple[str, ...] = ()) -> Infeasible:
    """What is told of two units in the west and one in the east."""
    loaded = with_limits(town, *rows).load(*overrides)
    world = build_world(loaded)
    units = np.tile(np.array([2, 1])[None, :, None], (1, 1, 4))
    with pytest.raises(Infeasible) as told:
        refuse_clashes(world, patrol_wishes(loaded, world), units, PatrolTerms())
    return told.value


def test_minima_above_the_pool_are_told_with_repairs(town: Town) -> None:
    told = clashing(
        town,
        "S1,,2027-02-05T21:00,2027-02-05T23:00,1,,",
        f"{STANDBY},,2027-02-05T21:00,2027-02-05T23:00,2,2,gate",
    )
    (clash,) = told.clashes
    assert str(told).splitlines()[:2] == [
        "No deployment keeps the limits: 1 clash; nothing was written.",
        "* West, patrol_car, 05 Feb 21:00-23:00 (2 hours): minima above the pool: 3 units "
        "against 2, 1 too many",
    ]
    assert [repair["kind"] for repair in clash["repairs"]] == [
        "lower minima",
        "lend units between pools",
    ]
    lower, lend = clash["repairs"]
    # The middle of the town reaches more than its corner, so the corner is given up first.
    assert lower["places"] == {STANDBY: 1}
    assert lower["cost_call_minutes"] > 0
    assert (lend["pools"], lend["cross_pool_share"]) == ({"East": 1}, 1.0)
    assert "patrol.cross_pool_share of 1 is needed" in lend["text"]


def test_each_repair_can_be_written_into_the_scenario(town: Town) -> None:
    rows = (
        "S1,,2027-02-05T21:00,2027-02-05T23:00,1,,",
        f"{STANDBY},,2027-02-05T21:00,2027-02-05T23:00,2,2,gate",
    )
    units = np.tile(np.array([2, 1])[None, :, None], (1, 1, 4))
    clashing(town, *rows)

    def check(*overrides: str) -> None:
        loaded = town.load(*overrides)
        world = build_world(loaded)
        refuse_clashes(world, patrol_wishes(loaded, world), units, PatrolTerms())

    check("patrol.cross_pool_share=1.0")
    town.edit("limits.csv", "2,2,gate", "1,1,gate")
    check()


def test_more_units_than_places_can_hold(town: Town) -> None:
    ids = build_world(town.load()).situation.patrol_places
    east = [name for name, d in zip(ids.place_ids, ids.district, strict=True) if d == 1]
    told = clashing(town, *[f"{name},,,,,0," for name in east])
    (clash,) = told.clashes
    assert (clash["pool"], clash["asked"], clash["possible"]) == ("East", 1, 0)
    raise_, cross, reserve = clash["repairs"]
    assert sum(raise_["places"].values()) == 1
    assert (cross["pools"], cross["cross_pool_share"]) == ({"West": 1}, 1.0)
    assert reserve["text"] == "hold 1 unit in reserve at the stations: East 1"


def test_of_many_clashes_the_largest_are_told(town: Town) -> None:
    # Each hour asks for another number of units, so that each is a clash of its own.
    clock = ["05T20", "05T21", "05T22", "05T23", "06T00"]
    rows = [
        f"S1,,2027-02-{begin}:00,2027-02-{end}:00,{asked},,"
        for asked, (begin, end) in enumerate(pairwise(clock), start=3)
    ]
    told = clashing(town, *rows)
    assert [clash["units"] for clash in told.clashes] == [4, 3, 2, 1]
    text = str(Infeasible(told.clashes * 6)).splitlines()
    assert text[0].startswith("No deployment keeps the limits: 24 clashes;")
    assert text[-1] == "* 4 more clashes; --json tells them all"
    assert sum(line.startswith("* West") for line in text) == 20


def test_limits_that_fit_pass(town: Town) -> None:
    loaded = with_limits(town, "S1,,,,1,,").load()
    world = build_world(loaded)
    units = np.ones((1, 2, 4), dtype=int)
    refuse_clashes(world, patrol_wishes(loaded, world), units, PatrolTerms())


@pytest.mark.parametrize("as_json", [False, True])
def test_an_infeasible_run_writes_nothing(
    as_json: bool, town: Town, muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_limits(town, "S1,,,,10,,", f"{STANDBY},,,,10,,")

    def stop_at_the_limits(loaded: LoadedScenario, *_: object, **__: object) -> None:
        world = build_world(loaded)
        units = np.full((1, 2, 4), 9)
        refuse_clashes(world, patrol_wishes(loaded, world), units, PatrolTerms())

    monkeypatch.setattr(pipeline, "run_scenario", stop_at_the_limits)
    words = ("run", town.path, "--out", str(tmp_path / "out"), *(["--json"] if as_json else []))
    finished = muster(*words)
    assert finished.code == 1
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]
    assert "West, patrol_car, 05 Feb 20:00-00:00 (4 hours)" in finished.err
    assert "20 units against 9, 11 too many" in finished.err
    assert "Traceback" not in finished.err
    if as_json:
        record = json.loads(finished.out)
        assert (record["scenario"], record["status"]) == ("tiny", "infeasible")
        assert [clash["units"] for clash in record["clashes"]] == [11]
    else:
        assert finished.out == ""


def test_a_lone_unit_saves_what_it_reaches() -> None:
    # From the eastern standby point (cell 14) cell 13 is 2 min away, cell 0 out of reach; an
    # unserved call counts 20: 2 calls x 20 + 1 call x 18.
    value = lone_unit_value(tiny_city(hours=1), CAR, TERMS)
    assert value[3, 0] == pytest.approx(2 * 20.0 + 1 * 18.0)


def test_a_city_of_one_cell_runs(town: Town, muster: Muster, tmp_path: Path) -> None:
    layer = json.loads((town.folder / "districts.geojson").read_text(encoding="utf-8"))
    layer["features"] = layer["features"][:1]
    west, south, east, north = 356e3, 3451e3, 357e3, 3452e3
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    layer["features"][0]["geometry"]["coordinates"] = [ring]
    (town.folder / "districts.geojson").write_text(json.dumps(layer), encoding="utf-8")
    rows = "cell_id,start,incident_class,expected_incidents\n"
    rows += "E0356N3451,2027-02-05T20:00+08:00,fight,1.5\n"
    (town.folder / "forecast.csv").write_text(rows, encoding="utf-8")
    town.edit("stations.csv", "S2,East station,东所,station,359500,3451500\n", "")
    town.edit("headcount.csv", "S2,officers,24\n", "")
    for name in ("events", "visits"):
        town.edit("tiny.toml", f'[{name}]\nfile = "{name}.csv"\ncrs = "EPSG:32651"\n', "")
    town.edit("tiny.toml", 'local_timezone = "Asia/Shanghai"\n', "")
    finished = muster("run", town.path, "--out", str(tmp_path / "out"))
    assert finished.code == 0, finished.err
