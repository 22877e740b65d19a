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
from geodata.crowd import Dwell, EventCrowd, StationClosure, attendance_from_arrivals
from geodata.forecast import DemandForecast
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.incidents import IncidentClass, IncidentClasses
from geodata.places import Places, VisitPoints
from geodata.sites import FLOW_LIMITS, Passage, Site, Zone
from geodata.situation import ContextLine, Provenance, Situation
from geodata.travel import ReachLists, TravelTimes
from maps.event_days import EventDay
from maps.page import plan_map
from optimizer.crowd_forecast import crowd_forecast
from optimizer.crowd_load import SitePostTerms, crowd_load
from optimizer.force import Force, ForceType, UnitType
from optimizer.judges.donor_hours import LenderHours
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, Evaluation
from optimizer.plan import (
    Deployment,
    Plan,
    PostAssignment,
    PostFill,
    Roster,
    SolveReport,
    Status,
    UnitMove,
    Visit,
    VisitPlan,
)
from optimizer.requirement import PostNeed, Requirement
from optimizer.shifts import Shift, ShiftInstance
from optimizer.threshold_ladder import Action, Ladder, Step

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
    "&lt;img src=x onerror=window.hit=1&gt; &amp;",
    "${window.hit=1} ]]> \u202eright to left\u202c",
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
    days: tuple[EventDay, ...] = ()
    lenders: tuple[LenderHours, ...] = ()

    def page(self, **labels: Any) -> str:
        """HTML page of the plan."""
        given = {
            "title_en": "Test night",
            "title_zh": "测试之夜",
            "run_label": "run test",
            "opening_hour": 1,
            "days": self.days,
            "lenders": self.lenders,
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
        Deployment(("car", "foot"), units, small_moves()),
        PostAssignment(needs, (PostFill("N1", "police", 0, 8),)),
        VisitPlan((Visit(0, 75, 12.0, 0),), np.array([2])),
        SolveReport(Status.FEASIBLE, 1.0, 0, 1),
    )


def small_moves() -> tuple[UnitMove, ...]:
    """The cars stay at the first station, foot patrols come from the second."""
    on_foot = [2, 2, 3, 3]
    cars = [UnitMove("car", hour, 0, 0, 5) for hour in range(HOURS)]
    return (*cars, *(UnitMove("foot", hour, 1, 2, on_foot[hour]) for hour in range(HOURS)))


def small_site(area: StudyArea, x: float, y: float) -> Site:
    """A square in a street, with a gate in, a gate out, two ways between and a metro entrance."""
    boxes = [box(x - side, y - side, x + side, y + side) for side in (60.0, 150.0, 250.0)]
    zones = (
        Zone("square", "Square", "广场", "core", boxes[0], 10_000.0, 1.0, "test"),
        Zone("street", "Street", "街道", "control", boxes[1] - boxes[0], 40_000.0, 0.0, "test"),
    )

    def passage(
        name: str, kind: str, outer: str, inner: str, east: float, north: float, way: str
    ) -> Passage:
        lon, lat = area.to_lonlat(np.array([x + east]), np.array([y + north]))
        return Passage(
            name, f"Passage {name}", f"通道{name}", kind, outer, inner, float(lon[0]),
            float(lat[0]), 4.0, way, FLOW_LIMITS[kind], 1.0 if outer == "" else 0.0,
            "M1" if kind == "metro" else "", "test",
        )  # fmt: skip

    passages = (
        passage("west", "gate", "", "street", -150.0, 0.0, "in"),
        passage("east", "gate", "", "street", 150.0, 0.0, "out"),
        passage("south", "metro", "", "street", 0.0, -150.0, "both"),
        passage("stairs", "stairs", "street", "square", -60.0, 0.0, "both"),
        passage("crossing", "crossing", "street", "square", 60.0, 0.0, "both"),
    )
    return Site(
        "lanterns", "Lantern street", "灯会街", boxes[2], tuple(boxes), zones, passages, "-"
    )


def small_day(situation: Situation) -> EventDay:
    """A thousand people from 19:00 on, let out only above 500; the metro skips from 20 to 21."""
    grid, horizon = situation.grid, situation.horizon
    site = small_site(situation.area, float(grid.x[250]), float(grid.y[250]))
    arrivals = np.zeros(4 * HOURS)
    arrivals[:5] = 200.0
    attendance = attendance_from_arrivals(arrivals, Dwell("constant", 60.0), 12, "test")
    skipped = StationClosure("M1", "skipped", horizon.at(1), horizon.at(2), "test")
    crowd = EventCrowd(
        "bund", "Lantern evening", "灯会", site.site_id, horizon, attendance, 0.0, float("nan"),
        float("nan"), 0.2, (skipped,), "test",
    )  # fmt: skip
    steps = (
        Step(
            "out", "Exit only", "只出不进", (), "people", 500.0, 300.0, (Action("exit_only"),), "-"
        ),
        Step("full", "Close the square", "封闭广场", (), "people", 9000.0, 8000.0, (), "-"),
    )
    ladders = (Ladder(site, steps),)
    forecast = crowd_forecast([site], [crowd], ladders, draws=20, seed=1)
    load = crowd_load(forecast, ladders, SitePostTerms())
    return EventDay("Lantern evening", "灯会", crowd, ladders, forecast, load)


def small_lender() -> LenderHours:
    """Westside lends five officers to Eastside in the first two hours."""
    return LenderHours(
        0,
        (1,),
        np.array([[5, 5, 0, 0]]),
        np.array([0.9, 0.8, 0.9, np.nan]),
        np.array([0.95, 0.9, 0.9, np.nan]),
        np.array([6.0, np.inf, 6.0, np.nan]),
        np.array([5.0, 7.5, 6.0, np.nan]),
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
        (small_day(situation),),
        (small_lender(),),
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

    districts = tuple(
        replace(district, name_en=text + " " * number, name_zh=text)
        for number, district in enumerate(situation.area.districts)
    )
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
        days=tuple(renamed_day(day, text) for day in city.days),
        situation=other,
        requirement=replace(city.requirement, posts=posts),
        force=replace(city.force, unit_types=kinds),
    )


def renamed_day(day: EventDay, text: str) -> EventDay:
    """The same day with `text` as the name of its event, site, zones, passages and steps."""
    names = {"name_en": text, "name_zh": text}
    site = replace(
        day.forecast.site,
        zones=tuple(replace(zone, **names) for zone in day.forecast.site.zones),
        passages=tuple(replace(passage, **names) for passage in day.forecast.site.passages),
        **names,
    )
    ladders = tuple(
        Ladder(site, tuple(replace(step, **names) for step in ladder.steps))
        for ladder in day.ladders
    )
    forecast = replace(day.forecast, site=site)
    return replace(day, name_en=text, name_zh=text, ladders=ladders, forecast=forecast)


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
