"""Events that cannot be: one message and exit code 2, or an answer that says what is short."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.events import drawn_needs
from optimizer.judges.rules import staffing_violations
from optimizer.judges.shortages import ShortageKind, hours_short, shortages
from optimizer.models.staffing.staffing import staff
from optimizer.requirement import Requirement
from scenarios.pipeline import staffing_problem
from scenarios.world import build_world
from tests.scenarios.test_bad_input import refused
from tests.scenarios.test_event_sites import FILES
from tests.scenarios.test_scorecard import RIVER, river
from tests.scenarios.town import Muster, Town, write_town

STEP = "ground,full,Exit only,只出不进,,people,1800,1500,exit_only,,,,,,test\n"
LOWER = "ground,more,More,更多,,people,1200,1000,exit_only,,,,,,test\n"

CASES = {
    "more gates than people": (
        ("nights.csv", "2000,,60", "1,,60"),
        ("nights.csv, row 1: the event has 2 gates for 2 people", "no more gates than people"),
    ),
    "thresholds out of order": (
        ("ladders.csv", STEP, STEP + LOWER),
        ("ladders.csv: ladder of ground: thresholds out of order", "1200 stands above full"),
    ),
    "negative attendance": (
        ("nights.csv", "2000,,60", "-5,,60"),
        ("nights.csv, row 1: peak is not a finite number of at least 1", "'-5'"),
    ),
    "more people than the ground can hold": (
        ("nights.csv", "2000,,60", "200000,,60"),
        ("nights.csv, row 1: 200000 people", "40.0 per m2", "at most 7.1 per m2"),
    ),
    "a peak of zero length": (
        ("nights.csv", "T21:00,2026-02-16T22:00", "T21:00,2026-02-16T21:00"),
        ("nights.csv, row 1: peak_to does not come after peak_from, or the span has no length",),
    ),
    "an event of zero length": (
        ("events.csv", "2027-02-06T00:00,", "2027-02-05T20:00,"),
        ("events.csv, row 1: the event ends before it starts", "start before end"),
    ),
    "a site outside the area": (
        ("events.csv", "W,357500,3450500", "W,457500,3450500"),
        ("events.csv, row 1: the event lies more than 500 m outside its district",),
    ),
}


@pytest.fixture
def fair(tmp_path: Path) -> Town:
    """The tiny town with a fairground and last year's crowd."""
    return write_town(tmp_path / "town", FILES)


@pytest.mark.parametrize("case", CASES)
def test_an_event_that_cannot_be(case: str, fair: Town, muster: Muster, tmp_path: Path) -> None:
    (name, old, new), told = CASES[case]
    fair.edit(name, old, new)
    refused(muster, tmp_path, "check", fair.path, told=told)


def test_rings_that_do_not_nest(fair: Town, muster: Muster, tmp_path: Path) -> None:
    """The core moved 300 m east, out of the control ring."""
    path = fair.folder / "sites.geojson"
    layer = json.loads(path.read_text(encoding="utf-8"))
    (core,) = (one for one in layer["features"] if one["properties"]["part"] == "core")
    for point in core["geometry"]["coordinates"][0]:
        point[0] += 300
    path.write_text(json.dumps(layer), encoding="utf-8")
    told = ("sites.geojson, passages.csv: ", "ring core reaches 100% beyond ring control")
    refused(muster, tmp_path, "check", fair.path, told=told)


@pytest.fixture
def riverside(fair: Town) -> Town:
    """The fairground with a river 500 m east of it."""
    (fair.folder / "river.geojson").write_text(river(("Bridge", 3452.0)), encoding="utf-8")
    fair.edit("tiny.toml", "[horizon]", RIVER.lstrip() + "[horizon]")
    fair.edit("tiny.toml", "[roads]", '[roads]\nbarrier_kinds = ["river"]')
    return fair


def test_an_event_beside_the_river_stands_dry(riverside: Town, muster: Muster) -> None:
    assert muster("check", riverside.path).code == 0


def test_an_event_in_the_river(riverside: Town, muster: Muster, tmp_path: Path) -> None:
    riverside.edit("events.csv", "W,357500,3450500", "W,357970,3450500")
    told = ("events.csv: event fair lies in a river (value: '30 m')", "or a bridge")
    refused(muster, tmp_path, "check", riverside.path, told=told)


def test_an_event_on_a_bridge(riverside: Town, muster: Muster) -> None:
    riverside.edit("events.csv", "W,357500,3450500", "W,357970,3452100")
    assert muster("check", riverside.path).code == 0


def test_a_zone_on_both_banks(riverside: Town, muster: Muster, tmp_path: Path) -> None:
    """The whole ground moved 500 m east, its middle into the river."""
    path = riverside.folder / "sites.geojson"
    layer = json.loads(path.read_text(encoding="utf-8"))
    for one in layer["features"]:
        for point in one["geometry"]["coordinates"][0]:
            point[0] += 500
    path.write_text(json.dumps(layer), encoding="utf-8")
    told = ("sites.geojson: zone a of site ground lies in a river or on both banks", "100 m of")
    refused(muster, tmp_path, "check", riverside.path, told=told)


def test_a_name_with_html_is_shown_as_text(fair: Town, muster: Muster, tmp_path: Path) -> None:
    fair.edit("events.csv", "Temple fair", "<img src=x onerror=alert(1)>")
    assert muster("run", fair.path, "--out", str(tmp_path / "out"), "--quick").code == 0
    pages = [*(tmp_path / "out").rglob("*.html")]
    assert len(pages) > 2
    assert not [page.name for page in pages if "<img" in page.read_text(encoding="utf-8")]
    assert any("&lt;img" in page.read_text(encoding="utf-8") for page in pages)


def test_ten_thousand_posts_for_a_hundred_officers_are_an_answer(fair: Town) -> None:
    """The report says by how many officer-hours posts are short; no rule gives way."""
    world = build_world(fair.load())
    needs = drawn_needs(world, 10_000, np.random.default_rng(1))
    asked = Requirement(needs, world.requirement.visit_officers)
    problem = staffing_problem(fair.load(), replace(world, requirement=asked), {})
    assert problem.force.headcount.sum() <= 100
    found = staff(problem)
    assert staffing_violations(problem, found) == ()
    posts = hours_short(shortages(problem, found))
    wanted = sum(need.required * (need.to_hour - need.from_hour) for need in needs)
    assert 0.95 * wanted < posts[ShortageKind.POST] < wanted
    assert found.value <= found.bound
