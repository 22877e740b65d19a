"""The sheet of an event at a site: its map, numbered posts, steps, organiser and ways in."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.judges.loan_times import loan_times
from optimizer.plan import Loan, PostFill
from optimizer.requirement import POST_KINDS
from scenarios.order_events import event_sheet, posts_by_sender, sender_rows, step_rows
from scenarios.order_insets import Ground, event_inset, letter, station_inset
from scenarios.order_posts import count_of, numbered_posts, post_key, post_rows
from scenarios.order_sheets import PLACES_BESIDE, OrderBook, most_used
from scenarios.order_words import TASKS, joined, kind_words, post_words, told
from scenarios.orders import write_orders
from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from tests.scenarios.test_event_sites import FILES
from tests.scenarios.test_orders import pages_of, rows_under
from tests.scenarios.town import write_town


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny town with a crowd at its fair, where a step is likely."""
    town = write_town(tmp_path_factory.mktemp("events") / "town", FILES)
    return run_scenario(town.load(), Progress(quiet=True))


@pytest.fixture(scope="module")
def book(run: Run) -> OrderBook:
    return OrderBook(run)


def test_posts_are_numbered_by_ring_kind_and_step(book: OrderBook) -> None:
    """Gates, gates that a step turns, the line, the reserve, leaders, then guards: all in core."""
    posts = numbered_posts(book, "fair")
    assert {post[:3]: number for post, number in posts.items()} == {
        ("core", "gate", ""): 1,
        ("core", "gate", "full"): 2,
        ("core", "fixed", ""): 3,
        ("core", "reserve", ""): 4,
        ("core", "supervisor", ""): 5,
        ("core", "guard", ""): 6,
    }


def test_the_key_says_where_posts_stand_and_for_which_step(book: OrderBook) -> None:
    gates, turned, line, *_ = post_key(book, "fair").values()
    assert gates.name == ("gate, core, 2 places", "核心区出入口岗（2处）")
    assert gates.places == turned.places == (("Way in", "入口"), ("Way out", "出口"))
    assert (gates.step, turned.step) == (None, ("Exit only", "只出不进"))
    assert (line.name, line.places) == (("fixed, core", "核心区定点岗"), ())


def test_rows_tell_leader_reserve_relief_and_task(book: OrderBook) -> None:
    """The crowd builds up from 20:00 and peaks in the hour from 22:00."""
    rows = post_rows(book, "fair")
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    gates = [row for row in rows if row.post == 1]
    assert [(row.begins, row.ends, row.relief) for row in gates] == [
        ("02-05 20:00", "02-05 22:00", "22:00"),
        ("02-05 22:00", "02-05 23:00", ""),
    ]
    assert {row.leader for row in gates} == {("supervisor, post 5", "带班领导，点位 5")}
    assert {row.reinforcement[0] for row in gates} == {"reserve, post 4"}
    assert {row.task for row in gates} == {TASKS["gate"]}
    steps = [row for row in rows if row.post == 2]
    assert {row.remarks[0].split(" go")[0][:14] for row in steps} == {"for: Exit only"}


def test_the_organisers_people_are_rows_without_a_count(book: OrderBook, run: Run) -> None:
    guards = [row for row in post_rows(book, "fair") if row.count is None]
    (day,) = run.world.site_events
    assert [row.guards for row in guards] == [need.required for need in day.posts.organiser]
    assert {(row.police, row.volunteers, row.remarks[0]) for row in guards} == {
        (0, 0, "the organiser's people")
    }
    sheet = rows_under(pages_of(run)["event-fair.html"], "The organiser")[1:]
    most = str(max(row.guards for row in guards))
    assert sheet == [["guard 保安", most, ""], ["All of the organiser 主办方合计", most, "20"]]


def test_counts_at_one_time_take_the_worst_hour(book: OrderBook, run: Run) -> None:
    """Two blocks of 4 and 6: 6 at most; with one missing of the 4, that hour is told."""
    first = replace(run.plan.posts.needs[0], from_hour=0, to_hour=1, required=4)
    second = replace(first, post_id="other", from_hour=1, to_hour=2, required=6)
    posts = replace(
        run.plan.posts,
        needs=(first, second),
        fills=(PostFill(first.post_id, "officers", 0, 4), PostFill("other", "officers", 0, 6)),
    )
    full = OrderBook(replace(run, plan=replace(run.plan, posts=posts)))
    count = count_of(full, (first, second))
    assert (count.required, count.have, count.need) == (6, 6, 0)
    short = replace(posts, fills=(replace(posts.fills[0], officers=3), posts.fills[1]))
    lacking = OrderBook(replace(run, plan=replace(run.plan, posts=short)))
    count = count_of(lacking, (first, second))
    assert (count.required, count.have, count.need) == (4, 3, 1)
    assert count_of(full, ()).required == 0


def test_phases_that_come_twice_are_told_twice(run: Run) -> None:
    """A phase with a gap of two hours between its blocks is two rows of the totals."""
    first = replace(run.plan.posts.needs[0], phase="peak", from_hour=0, to_hour=1)
    again = replace(first, post_id="again", from_hour=3, to_hour=4)
    posts = replace(run.plan.posts, needs=(first, again), fills=())
    book = OrderBook(replace(run, plan=replace(run.plan, posts=posts)))
    spans = [
        (row["begins"], row["ends"]) for row in event_sheet(book, Ground(book), "fair")["totals"]
    ]
    assert spans == [("02-05 20:00", "02-05 21:00"), ("02-05 23:00", "02-06 00:00")]


def test_steps_are_told_with_their_posts(book: OrderBook, run: Run) -> None:
    (step,) = step_rows(book, "fair")
    assert (step["name"], step["at"][0]) == (("Exit only", "只出不进"), "1,800 people, site")
    own = [need for need in run.plan.posts.needs if need.step_id == "full"]
    assert step["count"].required == max(need.required for need in own)
    assert step["from"] <= step["expected"] < step["until"]
    (row,) = rows_under(pages_of(run)["event-fair.html"], "Steps, and who")[1:]
    assert row[0] == "Exit only 只出不进"


def test_the_map_shows_rings_zones_ways_in_and_every_post(book: OrderBook) -> None:
    """The square of 400 m and its margin are 112 mm high: core 100 m of 476 m."""
    inset = event_inset(book, Ground(book), "fair")
    for ring in ("core", "control", "outer"):
        assert len(re.findall(rf'<path class="{ring}"', inset.svg)) == 1
    assert inset.svg.count('<g class="gate"') == 2
    assert inset.zones == (("A", ("Ground", "庙会场地")),)
    numbers = re.findall(r'<g class="post"[^>]*><path[^>]*/><text>(\d+)<', inset.svg)
    assert sorted(map(int, numbers)) == list(numbered_posts(book, "fair").values())
    core = re.findall(r'<path class="core" d="([^"]*)"', inset.svg)[0]
    xs = [int(x) for x in re.findall(r"[ML](-?\d+) ", core)]
    assert max(xs) - min(xs) == pytest.approx(1120 * 0.84 * 100 / 400, abs=2)
    told_of = {words[0] for _, words in inset.key}
    assert {"post", "zone", "gate", "core ring", "control ring", "outer ring"} <= told_of
    assert "river" not in told_of


def test_an_event_without_a_site_is_a_point_on_its_map(run: Run) -> None:
    book = OrderBook(replace(run, world=replace(run.world, site_events=())))
    inset = event_inset(book, Ground(book), "fair")
    assert inset.svg.count('<g class="event"') == 1
    assert 'class="core"' not in inset.svg
    assert inset.zones == ()


def test_posts_at_points_of_their_own_have_numbers_and_positions(run: Run) -> None:
    """An operation with posts at two points: two dots on the map, two positions in the key."""
    first = replace(run.plan.posts.needs[0], event_id="raid", kind="operation", ring="operation")
    second = replace(first, post_id="second", lon=first.lon + 0.01)
    posts = replace(run.plan.posts, needs=(first, second), fills=())
    book = OrderBook(replace(run, plan=replace(run.plan, posts=posts)))
    inset = event_inset(book, Ground(book), "raid")
    assert re.findall(r"<text>(\d+)</text>", inset.svg) == ["1", "2"]
    assert 'class="event"' not in inset.svg
    places = [post.places for post in post_key(book, "raid").values()]
    assert places == [((f"{n.lon:.5f}, {n.lat:.5f}", ""),) for n in (first, second)]


def test_the_map_of_a_station_shows_where_its_units_stand(book: OrderBook) -> None:
    ground = Ground(book)
    for station in (0, 1):
        inset = station_inset(book, ground, station)
        used = {move.place for move in book.moves[station]} - {station}
        assert set(inset.numbers) == used
        assert sorted(inset.numbers.values()) == list(range(1, len(used) + 1))
        assert inset.svg.count('<g class="standby"') == len(used)
        assert inset.svg.count('<g class="here"') == 1
        assert inset.svg.count('<g class="visit"') == 1


def test_only_the_most_used_places_have_a_number(book: OrderBook, run: Run) -> None:
    """Of equally used ones the first; the others are drawn without."""
    first = run.plan.deployment.origins[0]
    places = len(book.situation.patrol_places)
    moves = [replace(first, station=0, hour=0, place=p, units=1) for p in range(places)]
    moves += [replace(moves[-1], hour=hour) for hour in (1, 2)]
    deployment = replace(run.plan.deployment, origins=tuple(moves))
    many = OrderBook(replace(run, plan=replace(run.plan, deployment=deployment)))
    assert places > PLACES_BESIDE
    assert most_used(many, 0) == [*range(PLACES_BESIDE - 1), places - 1]
    inset = station_inset(many, Ground(many), 0)
    assert len(inset.numbers) == PLACES_BESIDE - 1
    assert inset.svg.count('<g class="place"') == places - PLACES_BESIDE
    sheet = pages_of(replace(run, plan=replace(run.plan, deployment=deployment)))
    assert f"{places - PLACES_BESIDE} more below." in sheet["station-S1.html"]


def test_senders_and_lenders_are_summed_up(run: Run) -> None:
    """Two loans of 3 and 2 to the event's command overlap: 5 at one time from 20:00 on."""
    loans = (
        Loan("officers", from_district=1, to_district=0, instance=1, officers=3),
        Loan("auxiliary", from_district=1, to_district=0, instance=0, officers=2),
    )
    roster = replace(run.plan.roster, loans=loans)
    lending = replace(run, plan=replace(run.plan, roster=roster))
    row = rows_under(pages_of(lending)["event-fair.html"], "Lent to the command")[1]
    way = max(loan_times(run.problem, loan).there_min for loan in loans)
    assert row == ["East 东区", str(math.ceil(way)), "02-05 20:00", "02-05 23:00", "5"]
    book = OrderBook(run)
    found = [row for rows in posts_by_sender(book).values() for row in rows]
    assert [r["most"] for r in found] == [r["most"] for r in sender_rows(book, "fair")]
    assert {row["event"] for row in found} == {"fair"}


def test_every_kind_of_post_has_a_task_and_a_name() -> None:
    assert set(TASKS) == set(POST_KINDS)
    for kind in POST_KINDS:
        assert all(kind_words(kind))
        assert all(post_words(kind, "police"))


def test_words_in_both_languages() -> None:
    assert told(("Fair", "庙会")) == "Fair 庙会"
    assert told(("Fair", "Fair")) == told(("Fair", "")) == "Fair"
    assert joined([("a", "甲"), ("b", "")]) == ("a; b", "甲；b")


def test_zones_have_letters_without_end() -> None:
    assert [letter(n) for n in (0, 1, 25, 26, 27, 51, 52)] == [
        "A",
        "B",
        "Z",
        "AA",
        "AB",
        "AZ",
        "BA",
    ]


@pytest.fixture
def paper(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.browser
def test_sheets_print_on_their_paper_with_whole_rows(run: Run, paper: Any, tmp_path: Path) -> None:
    """Events on A3 landscape, the others on A4; rows stay whole and headers are repeated."""
    write_orders(run, tmp_path)
    for name, width, height in (
        ("event-fair.html", 1190.6, 841.9),
        ("station-S1.html", 595.3, 841.9),
        ("index.html", 595.3, 841.9),
    ):
        paper.goto((tmp_path / name).as_uri())
        boxes = re.findall(rb"/MediaBox \[([^\]]*)\]", paper.pdf(prefer_css_page_size=True))
        sizes = {tuple(map(float, box.split()[2:])) for box in boxes}
        assert sizes, name
        assert all(size == pytest.approx((width, height), abs=1.0) for size in sizes), name
        style = "e => [getComputedStyle(e).breakInside, getComputedStyle(e).display]"
        whole = {row[0] for row in paper.eval_on_selector_all("tr", f"l => l.map({style})")}
        heads = {row[1] for row in paper.eval_on_selector_all("thead", f"l => l.map({style})")}
        assert (whole, heads) == ({"avoid"}, {"table-header-group"})
