"""A small made-up city for the maps: 20 x 20 cells, four hours, three places, one event."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.forecast import DemandForecast
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.incidents import IncidentClass, IncidentClasses
from geodata.places import Places, VisitPoints
from geodata.situation import ContextLine, Provenance, Situation
from geodata.travel import ReachLists, TravelTimes
from maps.page import plan_map
from optimizer.force import Force, ForceType, UnitType
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, Evaluation
from optimizer.plan import (
    Deployment,
    Plan,
    PostAssignment,
    PostFill,
    Roster,
    SolveReport,
    Status,
    Visit,
    VisitPlan,
)
from optimizer.requirement import PostNeed, Requirement
from optimizer.shifts import Shift, ShiftInstance

CELL_M = 500.0
COLS, ROWS = (694, 714), (6908, 6928)
HOURS = 4
DEMAND = 0.25
"""Calls an hour in every cell with demand: 1.0 an hour and square kilometre."""


PAYLOADS = (
    '<img src=x onerror="window.hit=1">',
    "</script><script>window.hit=1</script>",
    "<script>window.hit=1</script>",
    "<!--<script>window.hit=1",
    "x`);window.hit=1;(`",
    "';window.hit=1;//",
    '"onmouseover="window.hit=1',
    "{{ 7 * 7 }}{% for x in y %}",
    "<svg onload=window.hit=1>",
    "javascript:window.hit=1//\u2028</title><script>window.hit=1</script>",
)
"""Names that would run code if any part of the page took them for markup or script."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that takes a `payload` once for each of them."""
    if "payload" in metafunc.fixturenames:
        metafunc.parametrize("payload", PAYLOADS)


@dataclass(frozen=True)
class City:
    """Everything `plan_map` asks for."""

    situation: Situation
    force: Force
    requirement: Requirement
    plan: Plan
    evaluation: Evaluation
    baseline: Evaluation

    def page(self, **labels: Any) -> str:
        """HTML page of the plan."""
        given = {
            "title_en": "Test night",
            "title_zh": "测试之夜",
            "run_label": "run test",
            "opening_hour": 1,
        }
        return plan_map(
            self.situation,
            self.force,
            self.requirement,
            self.plan,
            self.evaluation,
            self.baseline,
            **(given | labels),
        )


def small_area() -> StudyArea:
    """Two districts side by side, 5 km by 10 km each."""
    west, east = COLS[0] * CELL_M, COLS[1] * CELL_M
    south, north = ROWS[0] * CELL_M, ROWS[1] * CELL_M
    middle = (west + east) / 2
    return StudyArea(
        "EPSG:32651",
        "Asia/Shanghai",
        (
            District("W", "Westside", "西区", box(west, south, middle, north)),
            District("E", "Eastside", "东区", box(middle, south, east, north)),
        ),
    )


def small_places(area: StudyArea, grid: Grid, kinds: dict[str, str], offset: int = 0) -> Places:
    """Places on the diagonal of the grid, named by their ids."""
    ids = tuple(kinds)
    cell = np.array([21 * (3 + offset + 5 * i) for i in range(len(ids))], dtype=np.int64)
    return Places(
        ids,
        tuple(kinds.values()),
        tuple(f"Place {name}" for name in ids),
        tuple(f"地点{name}" for name in ids),
        grid.x[cell],
        grid.y[cell],
        cell,
        grid.district[cell],
    )


def small_evaluation(n_cells: int, response_min: float) -> Evaluation:
    """P90 equal to `response_min` everywhere but in three cells.

    Cell 0 has no demand (NaN), cell 1 is out of reach (inf), cell 2 is answered at once (0).
    The mean is half the P90; coverage falls from hour to hour: 0.95, 0.9, 0.8, 0.5. All calls of
    the histograms take `response_min`.
    """
    demand = np.full((n_cells, HOURS), DEMAND)
    demand[0] = 0.0
    p90 = np.full((n_cells, HOURS), response_min) + np.arange(HOURS)
    p90[:3] = np.array([np.nan, np.inf, 0.0])[:, np.newaxis]
    covered = np.tile([0.95, 0.9, 0.8, 0.5], (n_cells, 1))
    covered[:2] = np.array([np.nan, 0.0])[:, np.newaxis]
    utilisation = np.full((2, 3, HOURS), 0.25)
    utilisation[1, 2] = np.nan
    return Evaluation(
        demand,
        p90 / 2,
        p90,
        covered,
        np.stack([covered] * 3),
        np.where(np.isfinite(p90), 1.0, 0.0),
        utilisation,
        np.full((2, HOURS), 0.8),
        np.full((2, HOURS), 5.0),
        histogram(2, response_min),
        histogram(5, response_min),
        histogram(2, response_min),
        unserved_min=30.0,
    )


def histogram(groups: int, response_min: float) -> NDArray[np.float64]:
    """Calls by response, `[group, hour, bin]`, all of them in one bin of 0.1 minutes."""
    calls = np.zeros((groups, HOURS, 302))
    calls[:, :, round(response_min / HISTOGRAM_MIN)] = 1.0
    return calls


def small_situation() -> Situation:
    """Two stations, one standby point, one must-visit point and a river."""
    area = small_area()
    grid = grid_over(area, CELL_M)
    horizon = Horizon(datetime(2027, 2, 5, 19, tzinfo=ZoneInfo("Asia/Shanghai")), HOURS)
    classes = IncidentClasses(
        (
            IncidentClass("urgent", "Urgent", "紧急", 1, 4, 2, 60, "car"),
            IncidentClass("advice", "Advice", "咨询", 4, 1, 0, 10, ""),
        ),
        np.column_stack([[1.0, 3.0, 5.0, 10.0, 10.0], [60.0] * 5]),
    )
    rate = np.full((grid.n_cells, HOURS, 2), DEMAND / 2, dtype=np.float32)
    reach = ReachLists(np.array([0, 1, 2, 3]), np.array([63, 168, 273]), np.ones(3))
    travel = TravelTimes(("night",), (reach,), np.zeros(HOURS), 30.0)
    stations = small_places(area, grid, {"S1": "station", "S2": "branch"})
    patrol = small_places(area, grid, {"S1": "station", "S2": "branch", "P1": "standby"})
    lon, lat = area.to_lonlat(grid.x[[5, 210, 390]], grid.y[[5, 210, 390]])
    return Situation(
        area,
        grid,
        horizon,
        np.arange(grid.n_cells) % 5,
        classes,
        DemandForecast(rate, grid.n_cells, HOURS, classes.ids),
        stations,
        patrol,
        VisitPoints(
            small_places(area, grid, {"V1": "must_visit"}, offset=1),
            np.array([12.0]),
            np.array([2.0]),
            np.array([0]),
            np.array([HOURS]),
        ),
        MappingProxyType({"car": travel, "foot": travel}),
        np.full(grid.n_cells, 1000.0),
        (
            ContextLine("river", "黄浦江", np.column_stack([lon, lat])),
            ContextLine("crossing", "一号隧道", np.array([[lon[1], lat[1]]])),
            ContextLine("metro", "1", np.column_stack([lon + 0.01, lat])),
            ContextLine("metro_station", "广场", np.array([[lon[1] + 0.01, lat[1]]])),
            ContextLine("expressway", "中环路", np.column_stack([lon - 0.01, lat])),
            ContextLine("link", "大桥", np.column_stack([lon, lat])[:2]),
        ),
        (
            Provenance("district borders", "行政区界", "real", "OSM"),
            Provenance("stations", "派出所", "synthetic", "made up for the test"),
        ),
    )


def small_plan(needs: tuple[PostNeed, ...]) -> Plan:
    """Five cars at the first place, two on foot at the third; posts two officers short."""
    units = np.zeros((2, 3, HOURS), dtype=np.int64)
    units[0, 0] = 5
    units[1, 2] = [2, 2, 3, 3]
    shift = Shift("night", "Night", "夜班", 18, 12, 1.0, 11.0, 1.0)
    return Plan(
        Roster(
            (ShiftInstance(shift, -1, 11),),
            np.array([[[30]], [[12]]]),
            (),
            np.zeros((2, HOURS)),
        ),
        Deployment(("car", "foot"), units, ()),
        PostAssignment(needs, (PostFill("N1", "police", 0, 8),)),
        VisitPlan((Visit(0, 75, 12.0, 0),), np.array([2])),
        SolveReport(Status.FEASIBLE, 1.0, 0, 1),
    )


def small_city() -> City:
    """Build the whole small city."""
    situation = small_situation()
    lon, lat = situation.area.to_lonlat(situation.grid.x[[250]], situation.grid.y[[250]])
    need = PostNeed(
        "N1", "bund", "Lantern evening", "灯会", "core", "peak", 1, 3, 1,
        float(lon[0]), float(lat[0]), 1, "police", 10, "test",
    )  # fmt: skip
    force = Force(
        (ForceType("police", "Police", "民警", True, True, True, True, "routine"),),
        (
            UnitType("car", "Car", "巡逻车", "police", 2, 1.0, 1.0, 2.0),
            UnitType("foot", "Foot patrol", "步巡", "police", 2, 0.2, 0.5, 1.0),
        ),
        np.array([[40], [20]]),
    )
    n_cells = situation.grid.n_cells
    return City(
        situation,
        force,
        Requirement((need,), np.zeros((2, HOURS))),
        small_plan((need,)),
        small_evaluation(n_cells, 7.96),
        small_evaluation(n_cells, 12.0),
    )


@pytest.fixture(scope="session")
def city() -> City:
    """The small city."""
    return small_city()


@pytest.fixture(scope="session")
def renamed() -> Callable[[City, str], City]:
    """Function that gives everything in a city the same name."""
    return renamed_city


def renamed_city(city: City, text: str) -> City:
    """The same city with `text` as the name of everything that has a name."""
    situation, needs = city.situation, city.requirement.posts

    def places(given: Places) -> Places:
        names = (text,) * len(given)
        return replace(given, name_en=names, name_zh=names)

    districts = tuple(replace(d, name_en=text, name_zh=text) for d in situation.area.districts)
    points = situation.visit_points
    other = replace(
        situation,
        area=replace(situation.area, districts=districts),
        stations=places(situation.stations),
        patrol_places=places(situation.patrol_places),
        visit_points=replace(points, places=places(points.places)),
        context=tuple(replace(line, name=text) for line in situation.context),
        provenance=(Provenance(text, text, text, text), Provenance(text, text, "real", text)),
    )
    posts = tuple(
        replace(need, event_en=text, event_zh=text, ring=text, phase=text) for need in needs
    )
    kinds = tuple(replace(kind, name_en=text, name_zh=text) for kind in city.force.unit_types)
    return replace(
        city,
        situation=other,
        requirement=replace(city.requirement, posts=posts),
        force=replace(city.force, unit_types=kinds),
    )


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Callable[..., "OpenPage"]:
    """Function that opens HTML in the browser."""

    def opened(html: str, **options: Any) -> OpenPage:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        return OpenPage(browser, file, **options)

    return opened


class OpenPage:
    """A page opened from a file, with everything it asked for and complained about."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        given = {"offline": True, "viewport": {"width": 1440, "height": 900}} | options
        self.context = browser.new_context(**given)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("body.muster-ready", timeout=15_000)

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def __enter__(self) -> "OpenPage":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
