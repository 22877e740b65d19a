"""Visits on routes in a run: planned, written, opened again, simulated, refused where wrong."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.judges.duties import visit_minutes
from scenarios.finished_run import open_run
from scenarios.order_sheets import OrderBook
from scenarios.orders import order_pages, sheet_head
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from scenarios.simulated import visits_between_calls
from scenarios.visit_report import visit_record, visits_text
from tests.scenarios.town import Muster, Town, write_town

ROUTES = "visits.method=routes"
BY_CAR = (ROUTES, 'visits.kinds=["patrol_car"]', "simulation.visits=preemptible")
LINES = """\
line_id,order,name_en,name_zh,lon,lat,visit_min,interval_h,from_clock,to_clock
L1,1,Night street,夜市街,355500,3450500,,2,20:00,00:00
L1,2,Night street,夜市街,356500,3450500,,2,20:00,00:00
"""


@pytest.fixture(scope="module")
def by_car(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run whose patrol cars make the visits; the town lies beside it."""
    folder, progress = tmp_path_factory.mktemp("by_car"), Progress(quiet=True)
    run = run_scenario(write_town(folder / "town").load("patrol.rounds=1", *BY_CAR), progress)
    write_run(run, folder / "out", progress)
    return run, folder / "out"


@pytest.fixture(scope="module")
def on_foot(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with foot patrols, points and a line."""
    folder = tmp_path_factory.mktemp("on_foot")
    town = write_town(folder / "town", {"lines.csv": LINES})
    loaded = town.load("patrol.rounds=1", ROUTES, "visits.lines=lines.csv")
    return run_scenario(loaded, Progress(quiet=True))


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def test_cars_make_all_visits_and_no_rule_is_broken(by_car: tuple[Run, Path]) -> None:
    run, _ = by_car
    plan = run.plan.visits
    assert run.violations == ()
    assert plan.due.tolist() == [2, 1]
    assert len(plan.visits) == 3
    assert {route.kind for route in plan.routes} == {"patrol_car"}
    assert not run.staffing.visit_officers.any()
    units = run.plan.deployment.units[0]
    for route in plan.routes:
        hours = slice(route.from_min // 60, route.to_min // 60)
        assert (units[route.place, hours] >= 1).all()
        assert 0.0 < route.free_min < route.to_min - route.from_min


def test_a_line_is_walked_by_a_foot_patrol(on_foot: Run) -> None:
    """1 km at 3 km/h: 20 min, every two hours."""
    points, plan = on_foot.world.situation.visit_points, on_foot.plan.visits
    assert on_foot.violations == ()
    assert points.places.place_ids == ("V1", "V2", "L1")
    assert points.visit_min.tolist() == [12, 10, 20]
    assert plan.due.tolist() == [2, 1, 2]
    assert all(route.on_foot for route in plan.routes)
    assert [v.minutes for v in plan.visits if v.point == 2] == [20, 20]


def test_foot_patrols_are_whole(on_foot: Run) -> None:
    """One sector in the west with the market and the line, one in the east: a patrol in each.

    Market and line are due in the same part of every second hour, which takes two in the west.
    The town has three officers for the two patrols, which makes one.
    """
    asked = on_foot.world.requirement.visit_officers
    assert asked.tolist() == [[2.0, 4.0, 2.0, 4.0], [2.0] * 4]
    given = on_foot.staffing.visit_officers.sum(axis=1)
    assert np.allclose(given, [[2.0, 3.0, 2.0, 3.0], [2.0] * 4])
    under_way = np.zeros(4, dtype=int)
    for route in on_foot.plan.visits.routes:
        under_way[route.from_min // 60 : route.to_min // 60] += 1
    assert under_way.tolist() == [2] * 4


def test_what_units_deliver_between_calls_is_measured(by_car: tuple[Run, Path]) -> None:
    run, _ = by_car
    assert run.simulated is not None
    assert run.simulated.visits is not None
    delivered, gaps = run.simulated.visits.delivered_min, run.simulated.visits.gap_min
    assert delivered.shape == gaps.shape == (20, 2)
    assert (delivered <= [24.0, 10.0]).all()
    assert 0.3 * 34.0 < delivered.sum(axis=1).mean() < 34.0
    assert (gaps <= 240.0).all()
    share = run.simulated.plan.visited_share
    assert np.allclose(delivered.sum(axis=1) / 34.0, share)


def test_patrols_on_foot_are_not_called(on_foot: Run) -> None:
    assert on_foot.simulated is not None
    assert on_foot.simulated.visits is not None
    part = on_foot.loaded.scenario.simulation
    assert visits_between_calls(part, on_foot.plan.visits) == ()
    assert (on_foot.simulated.visits.delivered_min == [24.0, 10.0, 40.0]).all()
    assert np.ptp(on_foot.simulated.visits.gap_min, axis=0).tolist() == [0, 0, 0]


def test_a_unit_that_holds_its_visit_delivers_more(
    by_car: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    _, folder = by_car
    shares = {}
    for way in ("preemptible", "held"):
        done = muster(
            "simulate", str(folder), "--out", str(tmp_path / way), "--json",
            "--set", f"simulation.visits={way}",
        )  # fmt: skip
        assert done.code == 0, done.err
        shares[way] = json.loads(done.out)["visited_share"]
    told = json.loads((folder / "run.json").read_text("utf-8"))["simulation"]["visited_share"]
    assert shares["preemptible"] == told < shares["held"]


def test_an_opened_run_has_its_routes(by_car: tuple[Run, Path]) -> None:
    run, folder = by_car
    opened = open_run(folder)
    assert opened.visits == run.plan.visits.visits
    told = [replace(route, free_min=round(route.free_min, 4)) for route in opened.routes]
    assert told == [replace(r, free_min=round(r.free_min, 4)) for r in run.plan.visits.routes]


def test_tables_tell_the_same(by_car: tuple[Run, Path]) -> None:
    _, folder = by_car
    visits, routes, dose = (table(folder, name) for name in ("visits", "routes", "visit_dose"))
    assert visits.groupby("route_id").size().to_dict() == dict(
        zip(routes["route_id"], routes["visits"], strict=True)
    )
    for _, own in visits.groupby("route_id"):
        assert own["order"].tolist() == list(range(1, len(own) + 1))
        assert own["start"].is_monotonic_increasing
    assert (visits["leave"] <= visits["start"]).all()
    assert (visits["start"] < visits["end"]).all()
    assert dose["visits_missed"].tolist() == [0, 0]
    assert dose["planned_min"].sum() == visits["minutes"].sum() == 34
    assert (dose["delivered_min"] <= dose["planned_min"]).all()
    assert (dose["longest_gap_min"] > 0).all()


def test_minutes_due_and_planned_agree_by_hour(by_car: tuple[Run, Path]) -> None:
    run, _ = by_car
    asked, planned = visit_minutes(run.world.situation, run.world.due_visits, run.plan.visits)
    assert np.array_equal(asked, planned)


def test_summary_and_record_tell_what_is_missed(by_car: tuple[Run, Path]) -> None:
    run, _ = by_car
    text = visits_text(run.world, run.plan.visits, None)
    assert "3 of 3 visits that are due, 34 of 34 minutes" in text
    assert "0 on foot" in text
    assert "on no route" not in text
    fewer = replace(run.plan.visits, visits=run.plan.visits.visits[1:])
    assert "Visits that are due and on no route: 1" in visits_text(run.world, fewer, None)
    record = visit_record(run.world, run.plan.visits, None)
    assert record is not None
    assert (record["planned_min"], record["bound_min"]) == (34.0, 34.0)


def test_routes_stand_on_the_sheet_of_the_station(by_car: tuple[Run, Path]) -> None:
    run, _ = by_car
    head = sheet_head(run.loaded, run.world, 0)
    pages = dict(order_pages(OrderBook(run), head))
    for route in run.plan.visits.routes:
        name = run.world.situation.stations.place_ids[route.station]
        assert f"{route.route_id}: " in pages[f"station-{name}.html"]


def test_same_seed_same_routes_and_another_day_others(town: Town) -> None:
    def visits(*overrides: str) -> list[int]:
        loaded = town.load("patrol.rounds=1", "simulation.replications=0", ROUTES, *overrides)
        plan = run_scenario(loaded, Progress(quiet=True)).plan.visits
        return [visit.minute for visit in plan.visits]

    assert visits() == visits()
    assert len({tuple(visits(f"seed={seed}")) for seed in range(4)}) > 1


def test_without_routes_nothing_is_told_of_them(by_car: tuple[Run, Path], town: Town) -> None:
    run = run_scenario(town.load("patrol.rounds=1"), Progress(quiet=True))
    assert run.world.visit_work is None
    assert run.plan.visits.routes == ()
    assert visits_text(run.world, run.plan.visits, None) == ""
    assert run.simulated is not None
    assert run.simulated.visits is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (('visits.kinds=["foot","tank"]', ROUTES), "some of foot, patrol_car"),
        (('visits.kinds=["foot","foot"]', ROUTES), "each once"),
        (("visits.kinds=[]", ROUTES), "visits.kinds does not name patrols"),
        (('visits.kinds=["patrol_car"]',), 'visits.method = "routes" with it'),
        (('visits.kinds=["patrol_car"]', ROUTES), 'simulation.visits = "preemptible" or "held"'),
        (("visits.method=walks",), "visits.method"),
    ],
)
def test_wrong_settings_are_told(
    town: Town, muster: Muster, settings: tuple[str, ...], told: str
) -> None:
    done = muster("check", town.path, *(word for each in settings for word in ("--set", each)))
    assert done.code == 2
    assert told in done.err


def test_lines_with_names_of_points_are_told(town: Town, muster: Muster) -> None:
    (town.folder / "lines.csv").write_text(LINES.replace("L1", "V1"), encoding="utf-8")
    done = muster("check", town.path, "--set", "visits.lines=lines.csv")
    assert done.code == 2
    assert "lines.csv: lines have the names of must-visit points (value: 'V1')" in done.err


def test_routes_of_a_run_that_were_changed_are_told(
    by_car: tuple[Run, Path], muster: Muster, tmp_path: Path
) -> None:
    _, folder = by_car
    path = folder / "routes.csv"
    kept = path.read_text("utf-8")
    path.write_text(kept.replace("R001,patrol_car", "R009,tank", 1), encoding="utf-8")
    done = muster("simulate", str(folder), "--out", str(tmp_path / "out"))
    path.write_text(kept, encoding="utf-8")
    assert done.code == 2
    assert "routes.csv, row 1: kind is not one of foot and the unit types" in done.err
    assert "visits.csv, row 1: route_id is not one of the routes of routes.csv" in done.err
