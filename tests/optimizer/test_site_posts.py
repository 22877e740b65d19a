"""Posts from a crowd: phases, head-counts by rule, posts of steps, worked out by hand.

The evening of the hand-worked case begins at 18:00: 1,000 people come at 19:00 and 1,000 at
20:00, each stays two hours, on 1,000 m2. So 1 person per m2 from 19:00, 2 (amber) from 20:00, 1
from 21:00 and nobody from 22:00.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.crowd import EventCrowd
from geodata.horizon import Horizon
from optimizer.crowd_forecast import CrowdForecast, crowd_forecast
from optimizer.crowd_load import SitePostTerms, crowd_load, step_windows
from optimizer.crowd_phases import PostBlock, crowd_phases, post_blocks
from optimizer.head_counts import HeadCountRule
from optimizer.requirement import PostNeed
from optimizer.site_posts import PostPlace, SitePosts, site_posts, staff_by_hour
from optimizer.threshold_ladder import Action, Ladder, Step, watched_only
from tests.geodata.crowd_cases import EVENING, attendance, crowd, one_zone, passage, site, zone

PLACE = PostPlace("fair", "Fair", "庙会", 3, 121.4, 31.2)
WIDE = one_zone(width_m=50.0)
ROOMY = site(
    [zone("a", free_area_m2=10_000.0)],
    [passage("in", "", "a", direction="in", width_m=500.0), passage("out", "", "a", width_m=500.0)],
)
"""Room for all that the property draws: density slows nobody."""

TWO_WAVES = crowd(attendance({4: 1000, 8: 1000}, 8))


def rule(rule_id: str, basis: str, heads: float, **change: object) -> HeadCountRule:
    usual = HeadCountRule(
        rule_id, "fixed", "", "police", basis, heads, 0, "", "", 0.0, f"source of {rule_id}"
    )
    return replace(usual, **change)  # type: ignore[arg-type]


GREEN = rule("green", "people", 10.0, density_class="green")
AMBER = rule("amber", "people", 20.0, density_class="amber")
GATES = rule("gates", "gate", 2.0, kind="gate")
RESERVE = rule("reserve", "ring_staff", 0.1, kind="reserve")
LEADERS = rule("leaders", "ring_staff", 0.1, kind="supervisor", role="supervisor")
TURN_AWAY = rule("turn", "gate", 4.0, kind="gate", action="exit_only")
FULL = Step("full", "Full", "满", (), "people", 1500, 1200, (Action("exit_only"),), "t")
LADDER = Ladder(WIDE, (FULL,))


def forecast(night: EventCrowd = TWO_WAVES, *ladders: Ladder, draws: int = 20) -> CrowdForecast:
    return crowd_forecast([WIDE], [night], ladders, draws=draws, seed=3)


def posts(*rules: HeadCountRule, ladders: tuple[Ladder, ...] = ()) -> SitePosts:
    return site_posts(PLACE, forecast(TWO_WAVES, *ladders), ladders, rules, EVENING)


def required(needs: tuple[PostNeed, ...]) -> dict[tuple[int, int, str, str], int]:
    return {(n.from_hour, n.to_hour, n.kind, n.role): n.required for n in needs}


def test_phases_follow_the_crowd() -> None:
    """Peak: 20:00 to 21:00; on post from 18:00, half an hour before 19:00; gone at 22:00."""
    inside = forecast().median.inside[0]
    assert inside[[3, 4, 7, 8, 11, 12, 15, 16]].tolist() == [
        0,
        1000,
        1000,
        2000,
        2000,
        1000,
        1000,
        0,
    ]
    assert crowd_phases(inside, 30.0) == (
        PostBlock("build_up", 0, 2),
        PostBlock("peak", 2, 3),
        PostBlock("dispersal", 3, 4),
    )
    assert crowd_phases(inside, 0.0)[0] == PostBlock("build_up", 1, 2)
    assert crowd_phases(np.zeros(8), 30.0) == ()


def test_a_peak_of_one_quarter_hour_lasts_one_hour_and_needs_no_other_phase() -> None:
    assert crowd_phases(np.array([0.0, 100.0, 0.0, 0.0]), 0.0) == (PostBlock("peak", 0, 1),)


def test_long_phases_are_cut_and_clipped_to_the_horizon() -> None:
    """A peak from hour 1 to 11, two hours before the start of a horizon of eight hours."""
    horizon = Horizon(EVENING.start, 8)
    found = list(post_blocks((PostBlock("peak", 1, 11),), -2, horizon))
    assert found == [PostBlock("peak", 0, 4), PostBlock("peak", 4, 8)]


def test_head_counts_by_phase() -> None:
    """10 per 1,000 on green, 20 on amber: 10, 40, 10; two gates with two each.

    A tenth stands by: 2 of 14, 5 of 44. A tenth of these leads: 2 of 16, 5 of 49.
    """
    found = required(posts(GREEN, AMBER, GATES, RESERVE, LEADERS).needs)
    assert found == {
        (0, 2, "fixed", "police"): 10,
        (0, 2, "gate", "police"): 4,
        (0, 2, "reserve", "police"): 2,
        (0, 2, "supervisor", "supervisor"): 2,
        (2, 3, "fixed", "police"): 40,
        (2, 3, "gate", "police"): 4,
        (2, 3, "reserve", "police"): 5,
        (2, 3, "supervisor", "supervisor"): 5,
        (3, 4, "fixed", "police"): 10,
        (3, 4, "gate", "police"): 4,
        (3, 4, "reserve", "police"): 2,
        (3, 4, "supervisor", "supervisor"): 2,
    }


def test_needs_carry_place_ring_priority_and_the_sources_that_count() -> None:
    need = posts(GREEN, AMBER).needs[1]
    assert (need.post_id, need.phase) == ("fair/002/peak/core/fixed/police", "peak")
    assert (need.event_id, need.event_zh, need.district) == ("fair", "庙会", 3)
    assert (need.ring, need.priority, need.step_id) == ("core", 1, "")
    assert need.source == "source of amber"


def test_few_people_get_no_supervisor_and_floors_hold() -> None:
    """1 per 1,000 with a floor of 5: five people, too few to be led."""
    floor = rule("people", "people", 1.0, floor=5)
    found = required(posts(floor, LEADERS).needs)
    assert found == {(a, b, "fixed", "police"): 5 for a, b in ((0, 2), (2, 3), (3, 4))}


def test_the_organisers_people_are_counted_apart_and_not_led_by_the_force() -> None:
    guards = rule("guards", "people", 100.0, kind="guard", role="organiser")
    found = posts(guards, LEADERS, RESERVE)
    assert found.needs == ()
    assert [need.required for need in found.organiser] == [100, 200, 100]


def test_posts_of_a_step_are_on_place_before_its_p10() -> None:
    """2,000 people at 20:15 pass 1,500; the step holds from 20:15, posts stand from 19:45.

    It is taken back when fewer than 1,200 are inside: after 21:15, in the hour to 22:00.
    """
    made = forecast(TWO_WAVES, LADDER)
    (window,) = step_windows(made, [LADDER], SitePostTerms())
    assert made.steps[0].p10 == 9
    assert (window.from_quarter, window.holds_from, window.to_quarter) == (7, 9, 13)
    found = [need for need in posts(TURN_AWAY, ladders=(LADDER,)).needs]
    assert [(n.from_hour, n.to_hour, n.phase, n.required) for n in found] == [
        (1, 2, "build_up", 8),
        (2, 3, "peak", 8),
        (3, 4, "dispersal", 8),
    ]
    assert {need.step_id for need in found} == {"full"}
    assert found[0].post_id == "fair/001/build_up/core/gate/police/full"


def test_a_step_that_few_crowds_reach_gets_no_posts() -> None:
    """Median 1,000 with a spread of 0.25: 1,500 is passed by 5 % of the crowds."""
    night = crowd(attendance({4: 1000}, 8), crowd_cv=0.25)
    made = forecast(night, LADDER, draws=400)
    assert 0.02 < made.steps[0].reached_share < 0.1
    assert site_posts(PLACE, made, [LADDER], [TURN_AWAY], EVENING).needs == ()
    surer = SitePostTerms(quantile=0.99)
    assert site_posts(PLACE, made, [LADDER], [TURN_AWAY], EVENING, surer).needs


def test_gates_are_counted_as_the_steps_set_them() -> None:
    """A gate that a step shuts is not open, so its posts go when the step holds."""
    shut = replace(FULL, actions=(Action("gates", gates_in=0, gates_out=1),))
    ladder = Ladder(WIDE, (shut,))
    load = crowd_load(forecast(TWO_WAVES, ladder), [ladder], SitePostTerms())
    assert load.is_open.sum(axis=1).tolist() == [2] * 9 + [1] * 4 + [2] * 11
    assert load.opens_in.sum(axis=1).tolist() == [1] * 9 + [0] * 4 + [1] * 11


def test_thresholds_that_are_only_watched_have_the_posts_of_the_full_ladder() -> None:
    made = forecast(TWO_WAVES, watched_only(LADDER))
    assert site_posts(PLACE, made, [LADDER], [TURN_AWAY], EVENING).needs[0].required == 8


def test_the_high_end_of_the_crowd_is_staffed_for() -> None:
    night = crowd(attendance({4: 1000}, 8), crowd_cv=0.25)
    per_head = rule("all", "people", 1000.0)
    made = forecast(night, draws=400)
    sizes = {
        quantile: staff_by_hour(
            site_posts(PLACE, made, [], [per_head], EVENING, SitePostTerms(quantile)).needs, 6
        ).max()
        for quantile in (0.5, 0.9)
    }
    assert sizes[0.5] == pytest.approx(1000, rel=0.05)
    assert sizes[0.9] == pytest.approx(1000 * np.exp(1.2816 * 0.2462), rel=0.08)


def test_lanes_are_those_the_arrivals_need_as_far_as_there_are_gates() -> None:
    """700 arrive in a quarter-hour through three gates of 150 a quarter-hour.

    450 come in and 250 wait: 4 x 450 + 250 = 2,050 an hour. Lanes of 800 an hour: 3; of 500: 5,
    but there are three gates; of 2,050: 1. A quarter-hour later 250 come in and nobody waits.
    """
    gates = [passage(f"g{n}", "", "a", direction="in") for n in range(3)]
    place = site([zone("a")], [*gates, passage("out", "", "a", direction="out", width_m=9.0)])
    night = crowd(attendance({4: 700}, 8))
    made = crowd_forecast([place], [night], [], draws=2, seed=0)
    for capacity, lanes in ((800.0, 3), (500.0, 3), (2050.0, 1)):
        lane = rule("lane", "lane", 4.0, kind="screening", ring="core", people_per_h=capacity)
        found = site_posts(PLACE, made, [], [lane], EVENING).needs
        assert found[0].required == 4 * lanes
    waiting = rule("waiting", "waiting", 8.0, ring="outer")
    (queue, *_) = site_posts(PLACE, made, [], [waiting], EVENING).needs
    assert (queue.ring, queue.priority, queue.required) == ("outer", 3, 2)


def test_passages_lie_in_the_ring_of_the_zone_they_lead_into() -> None:
    place = site(
        [zone("a"), zone("b", 1, ring="control")],
        [
            passage("street", "", "b", kind="crossing", width_m=50.0),
            passage("stairs", "b", "a", kind="stairs", width_m=50.0),
            passage("metro", "", "b", kind="metro", station_id="line10"),
        ],
    )
    made = crowd_forecast([place], [crowd(attendance({4: 100}, 8))], [], draws=2, seed=0)
    rules = [
        rule("stairs", "stairs", 4.0, kind="stairs"),
        rule("streets", "crossing", 2.0, kind="crossing"),
        rule("metro", "metro", 3.0, kind="gate"),
        rule("traffic", "outside_crossing", 5.0, kind="traffic", ring="outer"),
        rule("observer", "zone", 1.0, kind="observation"),
        rule("command", "site", 6.0, kind="command", ring="control"),
    ]
    found = site_posts(PLACE, made, [], rules, EVENING).needs
    assert {(n.kind, n.ring): n.required for n in found if n.phase == "peak"} == {
        ("stairs", "core"): 4,
        ("observation", "core"): 1,
        ("crossing", "control"): 2,
        ("gate", "control"): 3,
        ("observation", "control"): 1,
        ("command", "control"): 6,
        ("traffic", "outer"): 5,
    }


def test_a_plan_that_starts_later_has_the_rest_of_the_posts() -> None:
    later = Horizon(EVENING.at(2), 4)
    whole = site_posts(PLACE, forecast(), [], [GREEN, AMBER], EVENING).needs
    rest = site_posts(PLACE, forecast(), [], [GREEN, AMBER], later).needs
    assert [n.required for n in rest] == [n.required for n in whole[1:]]
    assert [(n.from_hour, n.to_hour) for n in rest] == [(0, 1), (1, 2)]


@given(
    arrivals=st.dictionaries(st.integers(0, 15), st.integers(1, 900), min_size=1, max_size=6),
    stay=st.integers(1, 8),
    factor=st.floats(1.0, 3.0),
)
def test_a_larger_crowd_never_needs_fewer_people(
    arrivals: dict[int, int], stay: int, factor: float
) -> None:
    """Without classes and steps; phases stay the same when every figure is multiplied.

    Every need is at most four hours long, and in every hour with people there is somebody.
    """
    rules = [rule("all", "people", 3.0), GATES, RESERVE, LEADERS]
    by_size = []
    for times in (1.0, factor):
        people = {quarter: count * times for quarter, count in arrivals.items()}
        night = crowd(attendance(people, stay))
        made = crowd_forecast([ROOMY], [night], [], draws=1, seed=0)
        needs = site_posts(PLACE, made, [], rules, EVENING).needs
        assert all(0 < need.to_hour - need.from_hour <= 4 for need in needs)
        assert len({need.post_id for need in needs}) == len(needs)
        by_size.append(staff_by_hour(needs, EVENING.hours))
        inside = made.median.inside[0].reshape(-1, 4).max(axis=1)
        assert (by_size[-1][inside >= 0.05 * inside.max()] > 0).all()
    assert (by_size[1] >= by_size[0]).all()
