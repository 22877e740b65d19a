"""Threshold ladders: what steps do to gates, when they are expected, and how sure that is."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from geodata.area import StudyArea
from geodata.crowd import crowd_band
from geodata.crowd_file import CrowdBook, read_crowds
from geodata.district_file import read_districts
from geodata.faults import FaultLog
from geodata.files import shipped
from geodata.site_file import read_sites
from geodata.sites import Site, joined_site
from optimizer.crowd_forecast import NEVER, crowd_forecast, passage_frame, zone_frame
from optimizer.ladder_file import read_ladders
from optimizer.threshold_ladder import (
    Action,
    Ladder,
    Step,
    ladder_problems,
    ladder_settings,
    ladder_triggers,
    watched_only,
)
from tests.geodata.crowd_cases import EVENING, attendance, crowd, one_zone, passage, site, zone

HEADER = (
    "site_id,step_id,name_en,name_zh,zone_ids,measure,at,release,action,targets,gates_in,"
    "gates_out,direction,in_share,source"
)


def step(step_id: str, at: float, *actions: Action, **change: object) -> Step:
    usual = Step(step_id, step_id, step_id, (), "people", at, at * 0.8, actions, "t")
    return replace(usual, **change)  # type: ignore[arg-type]


def eight_gates() -> Site:
    """Two gates in and six out, as at Yuyuan; stairs to b; a metro entrance."""
    gates = [passage(f"g{n}", "", "a", direction="in" if n <= 2 else "out") for n in range(1, 9)]
    stairs = passage("stairs", "a", "b", kind="stairs")
    metro = passage("metro", "", "a", kind="metro", station_id="line10")
    return site([zone("a"), zone("b", 1)], [*gates, stairs, metro])


def test_steps_turn_gates_one_after_the_other() -> None:
    """2 in/6 out, then 1 in/7 out, then exit only: the metro entrance turns with the gates."""
    place = eight_gates()
    ladder = Ladder(
        place,
        (
            step("s1", 25_000, Action("gates", gates_in=1, gates_out=7)),
            step("s2", 30_000, Action("exit_only")),
        ),
    )
    usual, first, second = ladder_settings(place, [ladder])
    assert usual.direction == ("in",) * 2 + ("out",) * 6 + ("both", "both")
    assert first.direction == ("in",) + ("out",) * 7 + ("both", "both")
    assert second.direction == ("out",) * 8 + ("both", "out")


def test_every_kind_of_action() -> None:
    place = eight_gates()
    ladder = Ladder(
        place,
        (
            step("wave", 10, Action("wave_release", ("g1", "g2"), in_share=0.5)),
            step("round", 20, Action("one_way", ("stairs",), direction="out")),
            step("skip", 30, Action("metro_skip", ("line10",))),
            step("some", 40, Action("gates", ("g1", "g2", "g3"), gates_in=1, gates_out=1)),
            step("shut", 50, Action("exit_only", ("g1",)), Action("wave_release", in_share=0.0)),
        ),
    )
    settings = ladder_settings(place, [ladder])
    assert settings[1].in_share[:3] == (0.5, 0.5, 1.0)
    assert settings[2].direction[8] == "out"
    assert settings[3].direction[9] == "closed"
    assert settings[4].direction[:4] == ("in", "out", "closed", "out")
    assert settings[5].direction[0] == "out"
    assert settings[5].in_share == (0.0,) * 8 + (1.0, 0.0)


def test_a_shut_passage_stays_shut_unless_gates_are_counted() -> None:
    gates = [passage("g", "", "a"), passage("h", "", "a", direction="closed")]
    place = site([zone("a")], gates)
    exit_only = Ladder(place, (step("s", 10, Action("exit_only")),))
    assert ladder_settings(place, [exit_only])[1].direction == ("out", "closed")
    counted = Ladder(place, (step("s", 10, Action("gates", gates_out=2)),))
    assert ladder_settings(place, [counted])[1].direction == ("out", "out")


def test_thresholds_can_be_watched_with_nothing_done(shanghai) -> None:
    """Yuyuan 2018 without its actions: the crowd grows as if there were no ladder."""
    _, sites, book, ladders = shanghai
    place = next(one for one in sites if one.site_id == "yuyuan")
    night = next(night for night in book.crowds if night.site_id == "yuyuan")
    watched = [watched_only(ladder) for ladder in ladders if ladder.site is place]
    seen = crowd_forecast([place], [night], watched, draws=1, seed=0)
    free = crowd_forecast([place], [night], [], draws=1, seed=0)
    assert (seen.median.occupancy == free.median.occupancy).all()
    assert [one.median_crowd >= 0 for one in seen.steps] == [True, True]


def test_triggers_watch_people_or_density() -> None:
    place = eight_gates()
    steps = (
        step("people", 100),
        step("zone", 50, zone_ids=("b",)),
        step("dense", 2.0, measure="people_per_m2"),
        step("dense_b", 3.0, measure="people_per_m2", zone_ids=("b",)),
    )
    (triggers,) = ladder_triggers(place, [Ladder(place, steps)])
    weights = [trigger.weights for trigger in triggers]
    assert weights == [(1, 1), (0, 1), (1 / 2000, 1 / 2000), (0, 1 / 1000)]
    assert (triggers[0].at, triggers[0].release) == (100, 80)


def test_everything_wrong_with_a_ladder_is_told() -> None:
    place = eight_gates()
    steps = [
        step("a", 30_000, Action("gates", gates_in=5, gates_out=4)),
        step("b", 25_000, Action("one_way", ("stairs",), direction="up")),
        step("c", 40_000, Action("metro_skip", ("line2",)), Action("close")),
        step("d", 50_000, Action("exit_only", ("gate9",)), zone_ids=("z",)),
        step("d", 60_000, Action("wave_release", in_share=1.5), release=60_000.0),
        step("e", 3, Action("one_way", direction="in"), measure="queue"),
    ]
    assert ladder_problems(place, steps) == [
        "step ids repeat",
        "step a turns 5 in and 4 out of 8 gates",
        "step b leads one way 'up', neither in nor out",
        "step c names 'line2', unknown on the site",
        "step c asks for 'close', not one of gates, exit_only, one_way, wave_release, metro_skip",
        "step d watches unknown zones: z",
        "step d names 'gate9', unknown on the site",
        "step d is taken at 60000 and back below 60000",
        "step d is open 1.5 of the time, not 0 to 1",
        "step e watches 'queue', not one of people, people_per_m2",
        "step e names no target for one_way",
        "thresholds out of order: b at 25000 stands above a at 30000",
    ]
    with pytest.raises(ValueError, match="ladder of site: step ids repeat; step a turns"):
        Ladder(place, tuple(steps))


def test_a_ladder_is_read_with_all_its_faults(tmp_path) -> None:
    place = eight_gates()

    def read(*rows: str) -> tuple[tuple[Ladder, ...], FaultLog]:
        path, faults = tmp_path / "ladders.csv", FaultLog()
        path.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
        return read_ladders(path, [place], faults), faults

    (ladder,), faults = read(
        "site,s1,One,一,,people,250,200,gates,,1,7,,,t",
        "site,s2,Two,二,a; b,people_per_m2,3,2,one_way,stairs,,,in,,t",
        "site,s2,Two,二,a; b,people_per_m2,3,2,metro_skip,line10,,,,,t",
    )
    faults.raise_if_any()
    assert [rung.step_id for rung in ladder.steps] == ["s1", "s2"]
    assert ladder.steps[0].actions == (Action("gates", gates_in=1, gates_out=7),)
    assert [action.kind for action in ladder.steps[1].actions] == ["one_way", "metro_skip"]
    assert ladder.steps[1].zone_ids == ("a", "b")
    none, faults = read(
        "site,s1,One,一,,people,30000,20000,exit_only,,,,,,t",
        "site,s2,Two,二,,people,25000,20000,exit_only,,,,,,t",
        "site,s2,Two,二,,people,26000,20000,exit_only,,,,,,t",
        "moon,s3,Three,三,,heads,-1,0,lock,,1.5,,,,",
    )
    assert none == ()
    assert {(fault.row, fault.problem) for fault in faults.faults} == {
        (3, "the step differs from an earlier row of it"),
        (4, "site_id is not one of the sites"),
        (4, "measure is not one of the measures"),
        (4, "at is not a finite number of at least 0"),
        (4, "action is not one of the actions"),
        (4, "gates_in is not a whole number of at least 0"),
        (4, "source is empty"),
        (None, "ladder of site: thresholds out of order: s2 at 25000 stands above s1 at 30000"),
    }
    assert read_ladders(tmp_path / "ladders.csv", [], FaultLog()) == ()


def test_when_a_step_is_expected_and_how_sure_that_is() -> None:
    """100 a quarter-hour come five times and stay ten: 250 inside after the third, so a step in 3.

    100 are left after quarter 13, below 200: taken back in 14. 650 are inside when the drawn
    crowd is 1.3 times the median one.
    """
    place = one_zone(width_m=50.0)
    people = attendance(dict.fromkeys(range(5), 100.0), 10)
    ladder = Ladder(place, (step("first", 250), step("second", 650)))
    forecast = crowd_forecast([place], [crowd(people, crowd_cv=0.3)], [ladder], draws=400, seed=3)
    first, second = forecast.steps
    assert (first.step_id, first.median_crowd, first.taken_back) == ("first", 3, 14)
    assert (second.median_crowd, second.taken_back) == (NEVER, NEVER)
    assert first.p10 <= first.p50 == 3 <= first.p90
    sizes = forecast.drawn.inside.max(axis=1)
    assert first.reached_share == pytest.approx(np.mean(sizes >= 250))
    assert second.reached_share == pytest.approx(np.mean(sizes >= 650))
    spread = np.log(1.3) / np.sqrt(np.log(1.09))
    assert second.reached_share == pytest.approx(_share_above(spread), abs=0.06)
    again = crowd_forecast([place], [crowd(people, crowd_cv=0.3)], [ladder], draws=400, seed=3)
    assert again.steps == forecast.steps
    assert (again.drawn.occupancy == forecast.drawn.occupancy).all()


def _share_above(z: float) -> float:
    """Share of a standard normal above z, by summing its density."""
    x = np.linspace(z, 10, 200_001)
    return float(np.trapezoid(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), x))


def test_a_step_that_no_draw_reaches_has_no_time() -> None:
    place = one_zone(width_m=50.0)
    ladder = Ladder(place, (step("far", 9e6),))
    night = crowd(attendance({0: 100}, 4))
    (far,) = crowd_forecast([place], [night], [ladder], draws=5, seed=1).steps
    assert (far.median_crowd, far.reached_share) == (NEVER, 0.0)
    assert np.isnan([far.p10, far.p50, far.p90]).all()


def test_ladders_of_two_sites_are_followed_side_by_side() -> None:
    """West fills an hour before east: four settings in all, each ladder watches its own site."""
    west = site([zone("w")], [passage("gw", "", "w", width_m=50.0)], "west")
    east = site([zone("e", 1)], [passage("ge", "", "e", width_m=50.0)], "east")
    shut = Action("exit_only")
    ladders = [Ladder(west, (step("w1", 100, shut),)), Ladder(east, (step("e1", 100, shut),))]
    assert len(ladder_settings(joined_site([west, east]), ladders)) == 4
    nights = [
        crowd(attendance({0: 120, 4: 50}, 20), "west", event_id="w"),
        crowd(attendance({4: 120, 6: 50}, 20), "east", event_id="e"),
    ]
    forecast = crowd_forecast([west, east], nights, ladders, draws=3, seed=1)
    assert [(s.site_id, s.median_crowd) for s in forecast.steps] == [("west", 1), ("east", 5)]
    assert forecast.median.occupancy[0, 10] == pytest.approx([120, 120])
    assert forecast.median.queue[0, 10] == pytest.approx([50, 50])
    with pytest.raises(ValueError, match="events on none of these sites: w"):
        crowd_forecast([east], nights, [])


def test_events_on_different_evenings_share_the_longer_horizon() -> None:
    place = one_zone(width_m=50.0)
    early = crowd(attendance({0: 100}, 2))
    late_start = replace(EVENING, start=EVENING.start + timedelta(hours=2))
    late = replace(early, event_id="late", horizon=late_start)
    forecast = crowd_forecast([place], [early, late], [], draws=2, seed=0)
    assert forecast.horizon.hours == 8
    assert forecast.median.inside[0, [0, 1, 2, 8, 9, 10]].tolist() == [100, 100, 0, 100, 100, 0]


def test_tables_of_zones_and_passages() -> None:
    place = site(
        [zone("a", free_area_m2=100.0), zone("b", 1)],
        [passage("g", "", "a", width_m=50.0), passage("s", "a", "b", kind="stairs", width_m=50.0)],
    )
    forecast = crowd_forecast([place], [crowd(attendance({0: 440}, 2))], [], draws=10, seed=0)
    zones, passages = zone_frame(forecast), passage_frame(forecast)
    assert zones["zone_id"].tolist() == ["a", "b"] * 24
    assert zones.loc[0, ["people", "per_m2", "class", "class_p90"]].tolist() == [
        220,
        2.2,
        "amber",
        "amber",
    ]
    assert zones.loc[0, "start"] == "2027-02-05T18:00:00+08:00"
    assert zones.loc[3, "start"] == "2027-02-05T18:15:00+08:00"
    assert passages.loc[:1, "class"].tolist() == ["amber", "red"]
    assert passages.loc[:1, "people_in"].tolist() == [440, 220]
    assert passages.loc[4, "people_out"] == 440


@pytest.fixture(scope="module")
def shanghai() -> tuple[StudyArea, tuple[Site, ...], CrowdBook, tuple[Ladder, ...]]:
    """The sites and published nights that come with the package."""
    faults = FaultLog()
    area = read_districts(
        shipped("shanghai", "districts.geojson"),
        None,
        "wgs84",
        faults,
        area_crs="EPSG:32651",
        timezone="Asia/Shanghai",
    )
    layer, table = (shipped("shanghai", n) for n in ("sites.geojson", "sites_passages.csv"))
    sites = read_sites(layer, table, area, "wgs84", faults)
    nights, shut, rungs = (
        shipped("shanghai", f"sites_{n}.csv") for n in ("nights", "closures", "ladders")
    )
    book = read_crowds(nights, None, shut, sites, faults, timezone="Asia/Shanghai")
    ladders = read_ladders(rungs, sites, faults)
    faults.raise_if_any()
    return area, sites, book, ladders


def test_the_library_holds_the_published_nights(shanghai) -> None:
    """Peaks and day totals as published; all curves are labelled synthetic and have a source."""
    _, sites, book, ladders = shanghai
    assert [one.site_id for one in sites] == ["bund", "bund_area", "yuyuan", "longhua"]
    assert [len(ladder.steps) for ladder in ladders] == [3, 3, 2, 2]
    nights = {night.event_id: night for night in book.crowds}
    published = {
        "bund_2014_12_31": 310_000,
        "bund_2016_12_31": 51_000,
        "bund_2017_12_31": 85_000,
        "bund_2019_12_31": 77_000,
        "bund_2020_10_01": 50_000,
        "bund_2024_12_31": 54_000,
        "bund_area_2019_10_02": 220_000,
        "longhua_2021_02_11": 7_500,
    }
    peaks = {name: nights[name].attendance.peak for name in published}
    assert peaks == pytest.approx(published)
    totals = {"2017_12_31": 320_000, "2019_12_31": 420_000, "2024_12_31": 378_000}
    found = {name: nights[f"bund_{name}"].attendance.total for name in totals}
    assert found == pytest.approx(totals)
    staff = {name: night.staff_reference for name, night in nights.items()}
    assert (staff["bund_2019_12_31"], staff["bund_2020_10_01"]) == (7400, 4300)
    assert (staff["yuyuan_2018_02_17"], staff["bund_2014_12_31"]) == (1400, 350)
    assert all(night.attendance.synthetic and night.source for night in book.crowds)
    assert nights["bund_2014_12_31"].organiser_staff == 0


def test_unhindered_the_model_gives_back_the_published_peaks(shanghai) -> None:
    """Without a ladder the passages of the Bund carry all of them; nobody is left at the end."""
    _, sites, book, _ = shanghai
    by_id = {one.site_id: one for one in sites}
    for night in book.crowds:
        if night.site_id.startswith("bund"):
            forecast = crowd_forecast([by_id[night.site_id]], [night], [], draws=1, seed=0)
            assert forecast.median.inside.max() == pytest.approx(night.attendance.peak, rel=1e-3)
            assert forecast.median.inside[0, -1] == pytest.approx(0, abs=1e-6)


def test_yuyuan_turns_its_gates_before_the_crowd_outgrows_it(shanghai) -> None:
    """36,000 want in at once; 25,000 and 30,000 are reached in this order and hold them back."""
    _, sites, book, ladders = shanghai
    by_id = {one.site_id: one for one in sites}
    night = next(night for night in book.crowds if night.site_id == "yuyuan")
    ladder = [ladder for ladder in ladders if ladder.site.site_id == "yuyuan"]
    free = crowd_forecast([by_id["yuyuan"]], [night], [], draws=1, seed=0)
    held = crowd_forecast([by_id["yuyuan"]], [night], ladder, draws=100, seed=0)
    first, second = held.steps
    assert 0 <= first.median_crowd < second.median_crowd
    assert first.reached_share >= second.reached_share > 0.5
    assert free.median.inside.max() > 33_000
    assert held.median.inside.max() < 31_000
    assert held.median.queue.sum(axis=2).max() > 1_000


def test_a_larger_crowd_reaches_each_step_earlier(shanghai) -> None:
    _, sites, book, ladders = shanghai
    place = next(one for one in sites if one.site_id == "bund_area")
    ladder = [ladder for ladder in ladders if ladder.site is place]
    night = next(night for night in book.crowds if night.event_id == "bund_2014_12_31")
    times = []
    for factor in (1.0, 1.3, 1.6):
        larger = replace(
            night,
            attendance=replace(night.attendance, arrivals=night.attendance.arrivals * factor),
        )
        steps = crowd_forecast([place], [larger], ladder, draws=1, seed=0).steps
        times.append([s.median_crowd if s.median_crowd != NEVER else 999 for s in steps])
    assert all(a >= b for early, late in pairwise(times) for a, b in zip(early, late, strict=True))
    assert times[0] != times[2]
    assert crowd_band(night)[1] == 1.0
