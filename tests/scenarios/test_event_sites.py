"""Events at sites in a scenario: files, the posts of a run, its tables, and what is refused."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from geodata.events import occurrences
from optimizer.requirement import POST_KINDS
from optimizer.site_posts import staff_by_hour
from scenarios.event_report import access_frame, event_staff_frame, organiser_frame, steps_frame
from scenarios.event_sites import SiteEvent
from scenarios.world import World, build_world
from tests.scenarios.test_bad_input import refused
from tests.scenarios.town import SCENARIO, TABLES, Muster, Town, write_town

KEYS = """
sites = "sites.geojson"
sites_crs = "EPSG:32651"
passages = "passages.csv"
crowds = "nights.csv"
ladders = "ladders.csv"
site_posts = "posts.csv"
"""


def fairground() -> str:
    """A square of 200 m round the temple fair, its core of 100 m; one zone in the core."""
    parts = (("site", 100), ("core", 50), ("control", 100), ("outer", 200), ("zone", 50))
    features = []
    for part, half in parts:
        x0, x1, y0, y1 = 357_500 - half, 357_500 + half, 3_450_500 - half, 3_450_500 + half
        facts = {"ring": "core", "free_area_m2": 5000, "visit_share": 1} if part == "zone" else {}
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "site_id": "ground", "part": part, "zone_id": "a" if part == "zone" else "",
                    "name_en": "Ground", "name_zh": "庙会场地", "source": "test",
                    "ring": "", "free_area_m2": None, "visit_share": None, **facts,
                },
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]],
                },
            }
        )  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features})


FILES = {
    "tiny.toml": SCENARIO.replace('file = "events.csv"\n', 'file = "events.csv"' + KEYS),
    "sites.geojson": fairground(),
    "passages.csv": """\
site_id,passage_id,name_en,name_zh,kind,outer_zone,inner_zone,lon,lat,width_m,direction,\
people_per_m_min,arrival_share,station_id,source
ground,in,Way in,入口,gate,,a,357450,3450500,10,in,,1,,test
ground,out,Way out,出口,gate,,a,357550,3450500,10,out,,0,,test
""",
    "nights.csv": """\
event_id,name_en,name_zh,site_id,form,start,peak_from,peak_to,arrivals_to,end,dwell,peak,\
day_total,dwell_min,dwell_cv,organiser_staff,ticket_cap,staff_reference,crowd_cv,source
last_year,Last year,去年,ground,published,2026-02-16T20:00,2026-02-16T21:00,2026-02-16T22:00,\
2026-02-16T22:30,2026-02-16T23:00,lognormal,2000,,60,,20,,30,0.2,test
""",
    "ladders.csv": """\
site_id,step_id,name_en,name_zh,zone_ids,measure,at,release,action,targets,gates_in,gates_out,\
direction,in_share,source
ground,full,Exit only,只出不进,,people,1800,1500,exit_only,,,,,,test
""",
    "posts.csv": """\
site_id,rule_id,kind,ring,role,basis,heads,floor,density_class,action,people_per_h,source
*,gates,gate,,police,gate,2,0,,,,rule of gates
*,line,fixed,,support,people,2,0,,,,rule of the line
*,turn,gate,,police,gate,1,0,,exit_only,,rule of turned gates
*,reserve,reserve,core,police,site,2,0,,,,rule of the reserve
*,leaders,supervisor,,supervisor,ring_staff,0.1,0,,,,rule of leaders
*,guards,guard,,organiser,people,10,0,,,,rule of guards
""",
    "events.csv": TABLES["events.csv"]
    .replace("recurrence,source", "recurrence,source,site_id,crowd_id")
    .replace("made up for the tests", "made up for the tests,ground,last_year"),
}


@pytest.fixture
def fair(tmp_path: Path) -> Town:
    """The tiny town with a fairground and last year's crowd."""
    return write_town(tmp_path / "town", FILES)


def peak_heads(world: World) -> dict[str, int]:
    needs = [need for need in world.requirement.posts if need.phase == "peak"]
    return {f"{need.kind} {need.role}": need.required for need in needs}


def test_an_event_with_a_crowd_has_the_posts_of_its_rules(fair: Town) -> None:
    """2,000 at the median, 2,576 at P90: 6 on the line at 2 per 1,000, two gates with two each.

    The step at 1,800 is expected: one at each gate. 6 + 4 + 2 + 2 in reserve have two leaders.
    """
    world = build_world(fair.load())
    (one,) = world.site_events
    assert one.load.inside.max() == pytest.approx(2000 * np.exp(1.2816 * 0.198), rel=0.1)
    found = {(n.kind, n.role, n.step_id): n.required for n in one.posts.needs if n.phase == "peak"}
    assert found[("gate", "police", "")] == 4
    assert found[("gate", "police", "full")] == 2
    assert found[("fixed", "support", "")] in (5, 6)
    assert found[("reserve", "police", "")] == 2
    assert found[("supervisor", "supervisor", "")] == 2
    assert all(need.role != "organiser" for need in world.requirement.posts)
    assert {need.district for need in one.posts.needs} == {0}
    assert any("ground; those for any site (*) hold" in note for note in world.notes)


def test_the_crowd_of_a_night_comes_on_the_events_date(fair: Town) -> None:
    (one,) = build_world(fair.load()).site_events
    assert one.crowd.horizon.start.isoformat() == "2027-02-05T20:00:00+08:00"
    assert one.crowd.event_id == "fair"


def test_a_larger_crowd_and_a_surer_plan_need_more_people(fair: Town) -> None:
    usual, double, surer = (
        peak_heads(build_world(fair.load(*change)))["fixed support"]
        for change in ((), ("events.crowd_scale=2",), ("events.staffed_quantile=0.99",))
    )
    assert usual < surer < double


def test_a_day_that_is_not_the_peak_day_has_a_smaller_crowd(fair: Town) -> None:
    fair.edit(
        "events.csv", "2027-02-06T00:00,2027-02-05T21:00", "2027-02-07T00:00,2027-02-06T21:00"
    )
    fair.edit("events.csv", "2027-02-05T23:00", "2027-02-06T23:00")
    fair.edit("events.csv", ",once,", ",daily,")
    (one,) = build_world(fair.load()).site_events
    assert one.crowd.attendance.peak == pytest.approx(1000)


def test_the_files_of_events_are_inputs_of_the_run(fair: Town) -> None:
    loaded = fair.load()
    names = {"sites.geojson", "passages.csv", "nights.csv", "ladders.csv", "posts.csv"}
    assert names < set(loaded.input_files())
    before = loaded.digest()
    fair.edit("posts.csv", "gate,2,0", "gate,3,0")
    assert fair.load().digest() != before
    items = [part.item_en for part in build_world(loaded).situation.provenance]
    assert "Crowds and posts at event sites" in items


def test_without_the_files_the_reference_staff_is_asked_for(fair: Town) -> None:
    fair.edit("tiny.toml", KEYS, "\n")
    world = build_world(fair.load())
    assert world.site_events == ()
    assert {need.kind for need in world.requirement.posts} == {"mixed"}


def test_a_run_tells_posts_by_kind_and_writes_the_tables_of_events(
    fair: Town, muster: Muster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    finished = muster("run", fair.path, "--out", str(out), "--quick")
    assert finished.code == 0, finished.err
    with (out / "posts.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["kind"] for row in rows} == {"gate", "fixed", "reserve", "supervisor"}
    assert {row["step_id"] for row in rows} == {"", "full"}
    for row in rows:
        assert int(row["required"]) - int(row["have"]) == int(row["need"])
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert "## Events at sites: posts from the crowd" in summary
    assert "the organiser has 20" in summary
    assert "step full: expected" in summary
    with (out / "event_steps.csv").open(encoding="utf-8") as lines:
        (step,) = csv.DictReader(lines)
    assert (step["staffed"], step["posts"]) == ("True", "gate police 2")
    assert step["on_post_from"] <= step["p10"] <= step["p50"] <= step["p90"]
    with (out / "event_organiser.csv").open(encoding="utf-8") as lines:
        assert {row["kind"] for row in csv.DictReader(lines)} == {"guard"}
    sheet = (out / "orders" / "event-fair.html").read_text(encoding="utf-8")
    assert "出入口岗、民警" in sheet


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        (
            [("events.csv", ",ground,last_year", ",moon,last_year")],
            ("events.csv, row 1: site_id is not a site", "(value: 'moon')", "ground"),
        ),
        (
            [("events.csv", ",ground,last_year", ",ground,never")],
            ("events.csv, row 1: crowd_id is not a crowd of the site", "never"),
        ),
        (
            [("events.csv", ",ground,last_year", ",ground,")],
            ("events.csv, row 1: crowd_id is not a crowd of the site",),
        ),
        (
            [("events.csv", "W,357500,3450500", ",,")],
            ("events.csv, row 1: an event at a site has no position",),
        ),
        (
            [("tiny.toml", 'ladders = "ladders.csv"\n', "")],
            ("events: ladders not given", "sites, passages, crowds, ladders, site_posts together"),
        ),
        (
            [("posts.csv", "exit_only", "wave_release")],
            ("posts.csv: step full of ground: exit_only at a gate has no posts",),
        ),
        (
            [("posts.csv", "gates,gate,,police,gate,2", "gates,watchtower,,police,gate,-2")],
            ("posts.csv, row 1: heads is not a finite number of at least 0", "-2"),
        ),
        (
            [("posts.csv", "*,line,fixed", "mars,line,fixed")],
            ("posts.csv, row 2: site_id is not one of the sites", "mars"),
        ),
        (
            [
                ("posts.csv", "gates,gate,", "gates,watchtower,"),
                ("ladders.csv", "1800,1500", "1800,1900"),
                ("nights.csv", "2000,,60", "-5,,60"),
            ],
            ("posts.csv, row 1: ", "ladders.csv: ", "nights.csv, row 1: "),
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    fair: Town,
    muster: Muster,
    tmp_path: Path,
    edits: list[tuple[str, str, str]],
    told: tuple[str, ...],
) -> None:
    for edit in edits:
        fair.edit(*edit)
    refused(muster, tmp_path, "check", fair.path, told=told)


def of_shanghai(shanghai: World, event_id: str) -> list[SiteEvent]:
    return [one for one in shanghai.site_events if one.event.event_id == event_id]


def test_the_eve_in_shanghai_has_longhua_and_yuyuan(shanghai: World) -> None:
    """Longhua asks for about half of its published person-shifts at one time, as calibrated."""
    (longhua,) = of_shanghai(shanghai, "longhua_chuxi")
    assert 900 < staff_by_hour(longhua.posts.needs, 24).max() < 1900
    assert of_shanghai(shanghai, "yuyuan_lantern")
    frame = event_staff_frame(shanghai.site_events).set_index("event_id")
    assert frame.loc["longhua_chuxi", "published"] == 1900
    assert frame.loc["longhua_chuxi", "crowd_staffed"] < 7600
    people = longhua.load.people[:, 0].max()
    assert frame.loc["longhua_chuxi", "densest_zone"] == "longhua_temple"
    assert frame.loc["longhua_chuxi", "most_per_m2"] == pytest.approx(people / 6000)
    assert frame.loc["longhua_chuxi", "density_class"] == "green"
    ids = [need.post_id for need in shanghai.requirement.posts]
    assert len(set(ids)) == len(ids)
    assert {need.kind for need in shanghai.requirement.posts} <= set(POST_KINDS)


def test_posts_of_steps_stand_before_the_steps_p10(shanghai: World) -> None:
    """In every event; and the table says so."""
    horizon = shanghai.situation.horizon
    frame = steps_frame(shanghai.site_events, horizon)
    staffed = frame[frame["staffed"] & (frame["on_post_from"] != "")]
    assert len(staffed)
    assert (staffed["on_post_from"] <= staffed["p10"]).all()
    assert (staffed["reached_share"] >= 0.1).all()
    for one in shanghai.site_events:
        for window in one.load.windows:
            first = min(
                (n.from_hour for n in one.posts.needs if n.step_id == window.step.step_id),
                default=0,
            )
            offset = horizon.hour_index(one.forecast.horizon.start)
            assert first <= max(offset + window.from_quarter / 4, 0)


def test_every_block_of_an_event_has_police_and_leaders(shanghai: World) -> None:
    (longhua,) = of_shanghai(shanghai, "longhua_chuxi")
    roles: dict[tuple[int, int], set[str]] = defaultdict(set)
    for need in longhua.posts.needs:
        if not need.step_id:
            roles[need.from_hour, need.to_hour].add(need.role)
    assert all(found == {"police", "support", "supervisor"} for found in roles.values())


def test_minutes_to_the_core_are_told_for_each_event(shanghai: World) -> None:
    frame = access_frame(shanghai.site_events, shanghai.situation.area)
    longhua = frame[frame["event_id"] == "longhua_chuxi"].set_index(["from_ring", "reserve"])
    outside, inside = longhua.loc[("outer", False)], longhua.loc[("core", True)]
    assert inside["minutes_most"] < outside["minutes_least"]
    assert outside["minutes_most"] / outside["minutes_least"] == pytest.approx(5 / 3)
    assert len(organiser_frame(shanghai.site_events, shanghai.situation.horizon))


def test_days_of_a_daily_event_have_their_own_posts(shanghai: World) -> None:
    """Yuyuan on the Eve and on the morning after, half as many people as on its peak day."""
    days = of_shanghai(shanghai, "yuyuan_lantern")
    assert [f"{one.event.start:%m-%d}" for one in days] == ["02-05", "02-06"]
    event = next(e for e in shanghai.events.placed if e.event_id == "yuyuan_lantern")
    assert len(occurrences(event)) > 2
    assert days[0].crowd.attendance.peak == pytest.approx(days[1].crowd.attendance.peak)
