"""The printed sheets of the tiny town: complete, with sums that hold and text that stays text."""

import html
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.judges.loan_times import loan_times
from optimizer.judges.violation import Violation
from optimizer.plan import Loan, PostAssignment
from scenarios.order_sheets import OrderBook, hour_parts
from scenarios.order_words import STATUSES
from scenarios.orders import WORKBOOK, css_text, file_names, order_pages, sheet_head, write_orders
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from tests.scenarios.town import TABLES, write_town

SCRIPT = "<script>alert(1)</script>"
POSTS = 22
"""Columns of the table of posts: 21 and one for the auxiliaries."""

POSTS_HEADING = 'Posts <span lang="zh">布警表'

PAYLOADS = (
    SCRIPT,
    SCRIPT + '"><b>',
    '<img src=x onerror="alert(1)">',
    "<svg onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "</title></svg><script>alert(1)</script>",
    "<!-- <b>",
    "{{ 7 * 7 }}{% for x in y %}",
    '" onmouseover="alert(1)',
    "javascript:alert(1)//\u2028]]><i>",
    "&lt;b&gt; &amp; <u>",
)
"""Names that would become markup, script or style if a sheet took them for that."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    town = write_town(tmp_path_factory.mktemp("orders") / "town")
    return run_scenario(town.load(), Progress(quiet=True))


def pages_of(run: Run, status: str = "draft") -> dict[str, str]:
    """Sheets of a run by their file names."""
    head = sheet_head(run.loaded, run.world, len(run.violations), status)
    return dict(order_pages(OrderBook(run), head))


class Rows(HTMLParser):
    """Rows of a page's tables as lists of cell texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def rows_under(page: str, heading: str) -> list[list[str]]:
    """Rows of all tables between the heading that begins so and the next one."""
    parts = page.partition("</main>")[0].split("<h2>")
    (found,) = (part for part in parts if part.startswith(heading))
    return Rows(found).rows


def numbers(row: list[str]) -> list[int]:
    return [int(text or 0) for text in row]


def renamed(run: Run, name_en: str) -> Run:
    """The run with another name for its first station."""
    situation = run.world.situation
    names = (name_en, *situation.stations.name_en[1:])
    stations = replace(situation.stations, name_en=names)
    world = replace(run.world, situation=replace(situation, stations=stations))
    return replace(run, world=world)


class Tags(HTMLParser):
    """Tags of a page with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *(name for name, _ in attrs)))


def everything_named(run: Run, text: str) -> Run:
    """The run with one name for its stations, points, districts, event and forces."""
    world, situation = run.world, run.world.situation
    area, points = situation.area, situation.visit_points
    districts = tuple(
        replace(one, name_en=text + one.district_id, name_zh=text) for one in area.districts
    )
    both = (text, text)
    named = replace(
        situation,
        area=replace(area, districts=districts),
        stations=replace(situation.stations, name_en=both, name_zh=both),
        visit_points=replace(points, places=replace(points.places, name_en=both, name_zh=both)),
    )
    types = tuple(replace(kind, name_en=text, name_zh=text) for kind in world.force.types)
    units = tuple(replace(kind, name_en=text, name_zh=text) for kind in world.force.unit_types)
    force = replace(world.force, types=types, unit_types=units)
    posts = run.plan.posts
    needs = tuple(replace(n, event_en=text, event_zh=text, source=text) for n in posts.needs)
    scenario = run.loaded.scenario.model_copy(update={"title_en": text, "title_zh": text})
    return replace(
        run,
        loaded=replace(run.loaded, scenario=scenario),
        world=replace(world, situation=named, force=force),
        plan=replace(run.plan, posts=replace(posts, needs=needs)),
    )


def test_every_station_and_event_has_a_sheet_that_the_index_names(run: Run) -> None:
    pages = pages_of(run)
    assert list(pages) == ["index.html", "station-S1.html", "station-S2.html", "event-fair.html"]
    linked = re.findall(r'href="([^"]*)"', pages["index.html"])
    assert sorted(linked) == sorted({*pages, WORKBOOK} - {"index.html"})
    for page in pages.values():
        assert set(re.findall(r'href="([^"]*)"', page)) <= {*pages, WORKBOOK}


def test_every_sheet_says_what_it_is(run: Run) -> None:
    for page in pages_of(run).values():
        for text in (
            "Tiny town",
            "小镇",
            "Draft, not approved",
            "草案",
            "2027-02-05 20:00 – 2027-02-06 00:00, 4 h",
            "02-05 20:00 Level 1",
            "一级勤务",
            f"tiny {run.loaded.digest()[:12]}",
            "Synthetic or assumed: ",
            "模拟或假设数据",
        ):
            assert text in page


def test_pages_are_closed(run: Run) -> None:
    policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\""
    for page in pages_of(run).values():
        assert policy in page
        assert not re.search(r"<script|<link|<img|\ssrc=|\son\w+=|https?:|url\(|@import", page)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_from_data_stay_text(run: Run, payload: str) -> None:
    """Every tag of a page is one that the page has without the name."""
    plain = pages_of(run)
    for name, page in pages_of(everything_named(run, payload)).items():
        assert Tags(page).found <= Tags(plain[name]).found
        assert html.escape(payload) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_names_in_the_style_of_a_page_stay_text() -> None:
    assert css_text("Draft 1") == '"Draft\\0000201"'
    assert css_text('"; }') == '"\\000022\\00003b\\000020\\00007d"'
    assert css_text("</style>") == '"\\00003c\\00002fstyle\\00003e"'
    assert css_text("草案") == '"\\008349\\006848"'


def test_names_from_files_stay_text(tmp_path: Path) -> None:
    named = TABLES["events.csv"].replace("Temple fair", "<i>Fair</i>")
    town = write_town(tmp_path / "town", {"events.csv": named})
    pages = pages_of(run_scenario(town.load(), Progress(quiet=True)))
    for page in pages.values():
        assert "<i>" not in page
    assert "&lt;i&gt;Fair&lt;/i&gt;" in pages["event-fair.html"]


def test_posts_are_required_have_and_need(run: Run) -> None:
    """The fair builds up until 21:00, peaks until 23:00 and has gone by midnight.

    Of its 30 staff, half stand in the core ring; a build-up takes 0.6 of them, so 9, of whom
    0.55 are police and 0.25 support: 5 and 3 after rounding up. One of the five leads the eight.
    No group of the build-up is as large but this one, all three of the peak are, two of the
    dispersal; the supervisor of the outer ring is not followed by another. The three rings are
    posts 1 to 3, as nothing tells their kinds apart, and their supervisors 1 to 3 too.
    """
    sheet = pages_of(run)["event-fair.html"]
    posts = [row for row in rows_under(sheet, POSTS_HEADING)[1:] if len(row) == POSTS]
    needs, have = run.plan.posts.needs, run.plan.posts.have()
    assert [int(row[0]) for row in posts] == list(range(1, len(needs) + 1))
    for row, need in zip(posts, needs, strict=True):
        required, there, missing, police, auxiliaries = numbers(row[7:12])
        assert (required, there) == (need.required, have[need.post_id])
        assert required == there + missing
        assert police + auxiliaries == there
        assert sum(map(int, re.findall(r"(\d+) (?:Officers|Auxiliaries)", row[5]))) == there
        assert row[12:15] == [*row[19:20], "", ""] == ["", "", ""]
    first = posts[0]
    assert first[1:3] == ["core 核心区", "1"]
    assert (first[4], first[15:18]) == ("supervisor 带班领导", ["20:00", "21:00", "21:00"])
    assert posts[1][6] == "supervisor, post 1 带班领导，点位 1"
    assert posts[1][7] == "4"
    peak = [*["23:00"] * 6, "–", *["23:00"] * 2]
    assert [row[17] for row in posts] == ["21:00"] * 7 + peak + ["–"] * 8
    assert "made up for the tests" in sheet


def test_totals_of_an_event_are_those_of_one_hour(run: Run) -> None:
    """In the hour in which most are missing, else in the busiest one; roles add up to all."""
    sheet = pages_of(run)["event-fair.html"]
    *groups, total = rows_under(sheet, "Required, have, need")[2:]
    assert len(groups) == 9
    assert groups[0][:4] == ["build-up 集聚", "core 核心区", "02-05 20:00", "02-05 21:00"]
    assert numbers(groups[0][13:]) == [8, 8, 0]
    needs, have = run.plan.posts.needs, run.plan.posts.have()
    hours = []
    for hour in range(4):
        there = [need for need in needs if need.from_hour <= hour < need.to_hour]
        required = sum(need.required for need in there)
        hours.append((required - sum(have[need.post_id] for need in there), required))
    missing, required = max(hours)
    assert numbers(total[-3:]) == [required, required - missing, missing]


def test_hours_of_an_event_are_those_of_its_posts(run: Run) -> None:
    sheet = pages_of(run)["event-fair.html"]
    hours, *rings, total = rows_under(sheet, "Required / have by hour")
    assert hours[1:] == ["20", "21", "22", "23"]
    assert [row[0] for row in rings] == ["core 核心区", "control 管控区", "outer 外围"]
    needs, have = run.plan.posts.needs, run.plan.posts.have()
    for hour, cell in enumerate(total[1:]):
        there = [need for need in needs if need.from_hour <= hour < need.to_hour]
        told = f"{sum(n.required for n in there)}{sum(have[n.post_id] for n in there)}"
        assert cell == told


def test_those_who_send_people_are_listed_on_both_sides(run: Run) -> None:
    """Commands send as many at one time as they man posts with, here and on stations' sheets."""
    pages = pages_of(run)
    needs = {need.post_id: need for need in run.plan.posts.needs}
    people: dict[tuple[int, str], np.ndarray] = {}
    for fill in run.plan.posts.fills:
        at = people.setdefault((fill.from_district, fill.force_id), np.zeros(4, dtype=int))
        at[needs[fill.post_id].from_hour : needs[fill.post_id].to_hour] += fill.officers
    commands = ("West 西区", "East 东区")
    forces = {"officers": "Officers 民警", "auxiliary": "Auxiliaries 辅警"}
    expected = {(commands[c], forces[f]): int(at.max()) for (c, f), at in people.items()}
    senders = rows_under(pages["event-fair.html"], "Who sends them")[1:]
    assert {(row[0], row[1]): int(row[4]) for row in senders} == expected
    own = rows_under(pages["station-S1.html"], "Event posts manned")[1:]
    assert {row[1]: int(row[4]) for row in own} == {
        force: most for (command, force), most in expected.items() if command == "West 西区"
    }
    assert own[0][0] == "Temple fair 庙会"


def test_duties_are_those_of_the_roster(run: Run) -> None:
    pages = pages_of(run)
    for station, name in enumerate(("station-S1.html", "station-S2.html")):
        rows = rows_under(pages[name], "Duties")[1:]
        assert sum(int(row[-1]) for row in rows) == run.plan.roster.officers[station].sum()
        for row in rows:
            assert row[:3] in (
                ["Team duty 值班", "02-05 08:00", "02-06 08:00"],
                ["Evening 晚班", "02-05 18:00", "02-06 02:00"],
            )


def test_hours_of_a_station_add_up(run: Run) -> None:
    """People on duty, and units by place with their total."""
    pages = pages_of(run)
    on_duty = run.plan.roster.on_duty(4).sum(axis=1)
    for station, name in enumerate(("station-S1.html", "station-S2.html")):
        hours, duty = rows_under(pages[name], "On duty")[:2]
        assert hours[1:5] == ["20", "21", "22", "23"]
        assert numbers(duty[1:5]) == on_duty[station].tolist()
        assert len(hours) == len(duty) == 13
        *places, total = [row for row in rows_under(pages[name], "Units") if len(row) > 2][1:]
        sent = np.array([numbers(row[2:]) for row in places])
        expected = np.zeros(4, dtype=int)
        for move in run.plan.deployment.origins:
            if move.station == station:
                expected[move.hour] += move.units
        assert expected.any()
        assert sent.sum(axis=0).tolist() == numbers(total[1:]) == expected.tolist()
        assert total[1:] == [str(count) for count in expected]


def test_visits_stand_under_the_station_that_makes_them(run: Run) -> None:
    pages = pages_of(run)
    planned = run.plan.visits.visits
    assert {visit.station for visit in planned} == {0, 1}
    points = (["Market 市场", "V1", "12", "2"], ["Station square 站前", "V2", "10", "2"])
    for station, name in enumerate(("station-S1.html", "station-S2.html")):
        rows = rows_under(pages[name], "Visits")[1:]
        own = [visit for visit in planned if visit.station == station]
        starts = [f"02-05 {20 + v.minute // 60}:{v.minute % 60:02d}" for v in own]
        assert [row[0] for row in rows] == starts
        assert all(row[1:] == points[station] for row in rows)


def test_loans_are_told_to_both_commands(run: Run) -> None:
    loan = Loan("officers", from_district=1, to_district=0, instance=1, officers=3)
    roster = replace(run.plan.roster, loans=(loan,))
    pages = pages_of(replace(run, plan=replace(run.plan, roster=roster)))
    minutes = math.ceil(loan_times(run.problem, loan).back_min)
    way = math.ceil(loan_times(run.problem, loan).there_min)
    told = f", {way} min 车程{way}分钟"
    times = ["02-05 18:00", "02-05 19:00", "02-06 01:00", f"02-06 01:{minutes:02d}"]
    row = ["Officers 民警", "Evening 晚班", *times, "3"]
    assert rows_under(pages["station-S1.html"], "Lent to")[1:] == [[f"East 东区{told}", *row]]
    assert rows_under(pages["station-S2.html"], "Lent by")[1:] == [[f"West 西区{told}", *row]]
    assert "Lent by" not in pages["station-S1.html"]


def test_what_is_missing_at_a_station_is_said(run: Run) -> None:
    assert "Short of the minimum presence" not in pages_of(run)["station-S1.html"]
    short = np.array([[0, 2, 0, 0], [0, 0, 0, 0]])
    roster = replace(run.plan.roster, presence_short=short)
    pages = pages_of(replace(run, plan=replace(run.plan, roster=roster)))
    row = rows_under(pages["station-S1.html"], "On duty")[2]
    assert row[:5] == ["Short of the minimum presence 最低在岗缺口", "", "2", "", ""]
    assert "Short of the minimum presence" not in pages["station-S2.html"]


def test_a_plan_that_breaks_a_rule_is_no_order(run: Run) -> None:
    broken = Violation("filled once", "district W", "hour 2", 9.0, 7.0)
    for page in pages_of(replace(run, violations=(broken,))).values():
        assert "Not valid: 1 rules broken" in page
        assert "无效" in page
        assert "Draft, not approved" not in page


@pytest.mark.parametrize("status", STATUSES)
def test_the_state_of_the_plan_stands_on_every_page(run: Run, status: str) -> None:
    """In the head of each sheet and in the margin of each printed page."""
    english, chinese = STATUSES[status]
    for page in pages_of(run, status).values():
        assert f'{english} <span lang="zh">{chinese}' in page
        assert css_text(english)[1:-1] in page
        assert css_text(run.loaded.digest()[:12])[1:-1] in page


def test_a_night_without_events_has_an_index_that_says_so(run: Run) -> None:
    plan = replace(run.plan, posts=PostAssignment((), ()))
    pages = pages_of(replace(run, plan=plan))
    assert "No event asks for posts." in pages["index.html"]
    assert "event-fair.html" not in pages


def test_written_again_they_are_the_same(run: Run, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_orders(run, tmp_path / name / "orders")
    first = {path.name: path.read_bytes() for path in (tmp_path / "first/orders").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "second/orders").iterdir()}
    assert first == second
    assert WORKBOOK in first
    pages = {name: text.decode() for name, text in first.items() if name != WORKBOOK}
    assert pages == pages_of(run)
    assert str(tmp_path).encode() not in b"".join(first.values())


def test_hours_are_cut_to_the_width_of_a_page() -> None:
    assert hour_parts(12) == [range(12)]
    assert hour_parts(30) == [range(12), range(12, 24), range(24, 30)]


def test_file_names_by_hand() -> None:
    ids = ("S1", "s1", "a b", "a/b", "../../etc", "外滩", "a_b-2", "x" * 300)
    assert file_names("station", ids) == (
        "station-S1.html",
        "station-s1-2.html",
        "station-a_b.html",
        "station-a_b-2.html",
        "station-______etc.html",
        "station-__.html",
        "station-a_b-2-2.html",
        f"station-{'x' * 80}.html",
    )


@given(st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["a", "A", "a-2", "é", "a\n"]))))
def test_file_names_are_safe_and_distinct(ids: list[str]) -> None:
    names = file_names("event", ids)
    assert len({name.lower() for name in names}) == len(ids)
    assert all(re.fullmatch(r"event-[A-Za-z0-9_-]*\.html", name) for name in names)


@pytest.fixture
def printer(browser: Any) -> Iterator[Any]:
    """A page of Chromium as wide as A4 within its margins, laid out for print."""
    page = browser.new_page(viewport={"width": 703, "height": 1000})
    page.emulate_media(media="print")
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["West station", "W" * 300])
def test_no_sheet_is_wider_than_the_paper(
    run: Run, printer: Any, tmp_path: Path, name: str
) -> None:
    """Without margins 186 mm of A4 are 703 pixels, 396 mm of A3 1,496; nobody complains."""
    said: list[str] = []
    printer.on("console", lambda message: said.append(message.text))
    write_orders(renamed(run, name), tmp_path)
    for path in sorted(tmp_path.iterdir()):
        if path.suffix != ".html":
            continue
        width = 1496 if path.name.startswith("event") else 703
        printer.set_viewport_size({"width": width, "height": 1000})
        printer.goto(path.as_uri())
        assert printer.evaluate("document.documentElement.scrollWidth") == width, path.name
    assert said == []
