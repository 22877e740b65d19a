"""The flow of crowds: followed by hand on small sites, and as properties on drawn ones."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.crowd import Attendance, StationClosure
from geodata.crowd_density import crowd_class, flow_share
from geodata.crowd_flow import CrowdFlow, crowd_flow
from geodata.crowd_network import (
    Setting,
    Trigger,
    build_network,
    egress_min,
    site_party,
    usual_setting,
)
from geodata.sites import Site, joined_site
from tests.geodata.crowd_cases import EVENING, attendance, one_zone, passage, site, zone

FULL = 150.0
"""People a gate of the test sites lets through in a quarter-hour."""


def flow_of(
    place: Site,
    people: Attendance,
    *settings_: Setting,
    closures: tuple[StationClosure, ...] = (),
    triggers: tuple[Trigger, ...] = (),
    factors: tuple[float, ...] = (1.0,),
) -> CrowdFlow:
    """One party on a site, with settings after the usual one for the steps of one ladder."""
    party = site_party(people, place)
    stands = (usual_setting(place), *settings_)
    network = build_network(place, [party], stands, closures, EVENING)
    return crowd_flow(network, [party], factors, [triggers] if triggers else [])


def people_everywhere(flow: CrowdFlow) -> np.ndarray:
    """Inside, in queues, gone and turned away `[draw, quarter]`."""
    return flow.inside + flow.queue.sum(axis=2) + flow.left + flow.turned_away


def test_a_queue_forms_at_a_gate_and_drains() -> None:
    """400 come at once, 150 a quarter-hour get in: queue 250, 100, 0; each stays two, then out."""
    flow = flow_of(one_zone(), attendance({0: 400}, 2))
    assert flow.queue[0, :4, 0] == pytest.approx([250, 100, 0, 0])
    assert flow.flow[0, :4, 0] == pytest.approx([150, 150, 100, 0])
    assert flow.inside[0, :6] == pytest.approx([150, 300, 250, 100, 0, 0])
    assert flow.left[0, :6] == pytest.approx([0, 0, 150, 300, 400, 400])


def test_a_full_site_empties_in_people_over_capacity() -> None:
    """1,200 let in at a wide gate want to leave at once by one of 150: 8 quarter-hours, 120 min."""
    gates = [
        passage("in", "", "a", direction="in", width_m=50.0),
        passage("out", "", "a", direction="out"),
    ]
    place = site([zone("a")], gates)
    flow = flow_of(place, attendance({0: 1200}, 4))
    inside = flow.inside[0]
    assert inside[3] == 1200
    assert inside[4:13] == pytest.approx(1200 - FULL * np.arange(1, 10).clip(max=8))
    assert 15 * int((inside[4:] > 1e-6).sum() + 1) == egress_min(place, 1200) == 120


@given(
    widths=st.lists(st.floats(0.5, 4.0), min_size=1, max_size=4),
    people=st.floats(100, 2000),
)
def test_egress_is_people_over_capacity_whatever_the_exits(
    widths: list[float], people: float
) -> None:
    """Below the density that slows the flow, all exits run full until the last quarter-hour."""
    gates = [passage("in", "", "a", direction="in", width_m=50.0)]
    gates += [
        passage(f"out{n}", "", "a", direction="out", width_m=width)
        for n, width in enumerate(widths)
    ]
    place = site([zone("a")], gates)
    flow = flow_of(place, attendance({0: people}, 1))
    capacity = FULL * sum(widths)
    expected = np.maximum(0.0, people - capacity * np.arange(24))
    assert flow.inside[0] == pytest.approx(expected, abs=1e-6)
    assert egress_min(place, people) == pytest.approx(15 * people / capacity)


def test_flow_falls_with_density_and_ends_at_the_physical_limit() -> None:
    """1,000 m2 hold 7,100; from 2.5 per m2 on gates let fewer in; at 7.1 a fifth gets out."""
    shares = [flow_share(density) for density in (0.0, 2.5, 4.8, 7.1, 9.0)]
    assert shares == pytest.approx([1, 1, 0.6, 0.2, 0.2])
    gates = [
        passage("in", "", "a", direction="in", width_m=20.0),
        passage("out", "", "a", direction="out"),
    ]
    flow = flow_of(site([zone("a")], gates), attendance({0: 9000}, 6))
    entered = flow.flow[0, :4, 0]
    assert entered[0] == 3000
    assert entered[1] == pytest.approx(3000 * (1 - 0.8 * 0.5 / 4.6))
    assert entered[2] == pytest.approx(3000 * (1 - 0.8 * ((3 + entered[1] / 1000) - 2.5) / 4.6))
    assert entered[3] == pytest.approx(7100 - entered[:3].sum())
    assert flow.density.max() == pytest.approx(7.1)
    assert flow.flow[0, 6, 3] == pytest.approx(FULL * 0.2)


def test_both_directions_share_a_passage() -> None:
    """A gate of 150: 100 want out when 200 want in, of whom 150 could: 60 and 90 get through."""
    place = site([zone("a")], [passage("gate", "", "a")])
    flow = flow_of(place, attendance({0: 100, 2: 200}, 2))
    assert flow.flow[0, 2] == pytest.approx([90, 60])
    assert flow.flow[0, :, :].sum(axis=1).max() <= FULL + 1e-9


def test_visitors_spread_over_the_zones_by_their_shares() -> None:
    """100 enter at a; c behind b draws three of four, b none: 25 stay in a, 75 walk to c."""
    zones = [
        zone("a", 0),
        zone("b", 1, visit_share=0.0),
        zone("c", 2, visit_share=3.0),
    ]
    place = site(zones, [passage("g", "", "a"), passage("x", "a", "b"), passage("y", "b", "c")])
    flow = flow_of(place, attendance({0: 100}, 3))
    assert flow.occupancy[0, 0] == pytest.approx([25, 0, 75])
    assert flow.occupancy[0, 3] == pytest.approx([0, 0, 0])
    assert flow.left[0, 3] == pytest.approx(100)


def test_one_way_stairs_send_people_round() -> None:
    """Stairs lead only from a to b, so b is left by its own exit."""
    place = site(
        [zone("a", 0), zone("b", 1, visit_share=3.0)],
        [
            passage("in", "", "a", direction="in"),
            passage("stairs", "a", "b", kind="stairs", direction="in"),
            passage("exit", "", "b", direction="out"),
        ],
    )
    flow = flow_of(place, attendance({0: 100}, 2))
    assert flow.flow[0, 2] == pytest.approx([0, 0, 25, 0, 0, 100])


def test_a_closed_station_sends_its_passengers_to_the_other_entrances() -> None:
    """60 of 100 use the metro; shut in the second hour, all come by the gate, and leave by it."""
    metro = passage("m", "", "a", kind="metro", station_id="S", arrival_share=0.6, direction="both")
    place = site([zone("a")], [passage("g", "", "a", arrival_share=0.4), metro])
    start = EVENING.start + timedelta(hours=1)
    shut = StationClosure("S", "skipped", start, start + timedelta(hours=1), "t")
    people = attendance({0: 100, 4: 100, 8: 100}, 3)
    flow = flow_of(place, people, closures=(shut,))
    assert flow.flow[0, 0] == pytest.approx([40, 0, 60, 0])
    assert flow.flow[0, 4] == pytest.approx([100, 0, 0, 0])
    assert flow.flow[0, 7] == pytest.approx([0, 100, 0, 0])
    assert flow.flow[0, 8] == pytest.approx([40, 0, 60, 0])


def test_who_waits_at_a_shut_entrance_walks_to_an_open_one() -> None:
    """500 at the metro, 150 get in; it shuts in quarter 4 of a two-hour queue: the gate's turn."""
    metro = passage("m", "", "a", kind="metro", station_id="S", arrival_share=1.0)
    place = site([zone("a")], [passage("g", "", "a"), metro])
    shut = StationClosure("S", "closed", EVENING.start + timedelta(minutes=30), EVENING.end, "t")
    flow = flow_of(place, attendance({0: 500}, 20), closures=(shut,))
    assert flow.queue[0, :5, 1] == pytest.approx([350, 200, 0, 0, 0])
    assert flow.queue[0, :5, 0] == pytest.approx([0, 0, 50, 0, 0])


def test_who_is_not_in_by_the_last_entry_turns_away() -> None:
    people = replace(attendance({0: 400, 5: 30}, 10), last_entry=2)
    flow = flow_of(one_zone(), people)
    assert flow.turned_away[0, :6] == pytest.approx([0, 0, 100, 100, 100, 130])
    assert flow.inside[0, 2] == pytest.approx(300)


def test_a_step_turns_gates_and_is_taken_back_below_a_lower_value() -> None:
    """Exit only from 300 inside, back below 200. 150 a quarter-hour come and go.

    Inside 150, 300: the step holds from quarter 2. Nobody enters, those of quarter 0 leave in
    quarter 3: 150 are left, so it ends in quarter 4.
    """
    place = one_zone()
    exit_only = Setting(("out", "out"), (1.0, 1.0))
    people = attendance(dict.fromkeys(range(8), FULL), 3)
    trigger = Trigger((1.0,), 300.0, 200.0)
    flow = flow_of(place, people, exit_only, triggers=(trigger,))
    assert flow.step[0, :6, 0].tolist() == [0, 0, 1, 1, 0, 0]
    assert flow.inside[0, :5] == pytest.approx([150, 300, 300, 150, 150])
    assert flow.queue[0, :5].sum(axis=1) == pytest.approx([0, 0, 150, 300, 300])
    at_once = replace(trigger, release=300.0)
    fickle = flow_of(place, attendance({0: 150, 1: 150, 2: 100}, 3), exit_only, triggers=(at_once,))
    assert fickle.step[0, :5, 0].tolist() == [0, 0, 1, 1, 0]


def test_two_events_on_neighbouring_sites_add_in_the_zone_they_share() -> None:
    """100 of west and 60 of east all want to be in the street between: 160 there."""
    shared = zone("street", 1)
    west = site(
        [zone("w", 0, visit_share=0.0), shared],
        [passage("gw", "", "w"), passage("x", "w", "street")],
    )
    east_zone = zone("e", 2, visit_share=0.0)
    east = site([east_zone, shared], [passage("ge", "", "e"), passage("y", "e", "street")], "e")
    both = joined_site([west, east])
    parties = [
        site_party(attendance({0: 100}, 4), west, both),
        site_party(attendance({1: 60}, 4), east, both),
    ]
    network = build_network(both, parties, [usual_setting(both)], [], EVENING)
    flow = crowd_flow(network, parties, np.array([[1.0, 1.0], [0.5, 2.0]]))
    assert both.zone_ids == ("w", "street", "e")
    assert flow.occupancy[0, :2] == pytest.approx(np.array([[0, 100, 0], [0, 160, 0]]))
    assert flow.occupancy[1, 1] == pytest.approx([0, 170, 0])
    assert people_everywhere(flow)[:, -1] == pytest.approx([160, 170])


def test_classes_of_density() -> None:
    assert crowd_class([0, 1.9, 2, 3, 4, 9]).tolist() == [0, 0, 1, 2, 3, 3]
    assert crowd_class([0, 0.9, 1, 2, 3, 9], True).tolist() == [0, 0, 1, 2, 3, 3]
    assert crowd_class([2.5, 2.5], [True, False]).tolist() == [2, 1]


def test_a_passage_is_as_dense_as_its_denser_end() -> None:
    place = site([zone("a"), zone("b", 1)], [passage("g", "", "a"), passage("x", "a", "b")])
    flow = flow_of(place, attendance({0: 100}, 4))
    assert flow.occupancy[0, 0] == pytest.approx([50, 50])
    assert flow.passage_density[0, 0] == pytest.approx([0.05, 0.05])


def test_inputs_that_do_not_fit_are_refused() -> None:
    place = one_zone()
    party = site_party(attendance({0: 1}, 1), place)
    network = build_network(place, [party], [usual_setting(place)], [], EVENING)
    with pytest.raises(ValueError, match=r"1 settings for ladders of \[2\]"):
        crowd_flow(network, [party], [1.0], [[Trigger((1.0,), 2.0, 1.0)]])
    with pytest.raises(ValueError, match="factors are negative"):
        crowd_flow(network, [party], [-1.0])
    short = site_party(attendance({0: 1}, 1, 8), place)
    with pytest.raises(ValueError, match="does not have 24 quarter-hours"):
        crowd_flow(network, [short], [1.0])


@st.composite
def _places(draw: st.DrawFn) -> Site:
    """Two or three zones in a row, gates to each with drawn widths and directions."""
    count = draw(st.integers(2, 3))
    widths = st.floats(0.5, 5.0)
    zones = [
        zone(name, number, visit_share=draw(st.floats(0.1, 3.0)))
        for number, name in enumerate("abc"[:count])
    ]
    passages = [passage("main", "", "a", width_m=draw(widths), arrival_share=1.0)]
    for number in range(draw(st.integers(0, 3))):
        home = "abc"[number % count]
        direction = draw(st.sampled_from(["in", "out", "both", "closed"]))
        share = draw(st.floats(0.0, 1.0))
        passages.append(
            passage(
                f"g{number}", "", home, width_m=draw(widths), direction=direction,
                arrival_share=share,
            )
        )  # fmt: skip
    for first, second in ("ab", "bc")[: count - 1]:
        passages.append(passage(first + second, first, second, width_m=draw(widths)))
    return site(zones, passages)


@settings(max_examples=60)
@given(
    place=_places(),
    arrivals=st.lists(st.floats(0, 3000), min_size=24, max_size=24),
    stay=st.integers(1, 8),
    at=st.floats(50, 2000),
)
def test_people_are_neither_made_nor_lost_and_flows_stay_within_capacity(
    place: Site, arrivals: list[float], stay: int, at: float
) -> None:
    people = attendance(dict(enumerate(arrivals)), stay)
    stand = usual_setting(place)
    turned = Setting(("out",) + ("both",) * (len(stand.direction) - 1), stand.in_share)
    halved = Setting(stand.direction, (0.5,) * len(stand.in_share))
    triggers = tuple(
        Trigger((1.0,) * len(place.zones), at * factor, at * factor * 0.8) for factor in (1, 1.5)
    )
    factors = (0.5, 1.0, 2.0)
    flow = flow_of(place, people, halved, turned, triggers=triggers, factors=factors)
    came = np.outer(factors, np.cumsum(arrivals))
    assert people_everywhere(flow) == pytest.approx(came, rel=1e-9, abs=1e-6)
    assert min(flow.occupancy.min(), flow.queue.min(), flow.flow.min()) >= 0
    through = flow.flow[:, :, ::2] + flow.flow[:, :, 1::2]
    assert (through <= flow.network.capacity * (1 + 1e-9)).all()
    assert (flow.density <= 7.1 + 1e-9).all()
    assert set(np.unique(flow.step)) <= {0, 1, 2}
    shut = np.array([passage.direction == "closed" for passage in place.passages])
    normal = flow.step[:, :, 0] == 0
    assert not flow.flow[normal][:, np.repeat(shut, 2)].any()
    waves = flow.step[:, :, 0] == 1
    assert (flow.flow[waves][:, ::2] <= flow.network.capacity * 0.5 * (1 + 1e-9)).all()


@settings(max_examples=20)
@given(place=_places(), arrivals=st.lists(st.floats(0, 3000), min_size=24, max_size=24))
def test_more_people_never_leave_a_site_emptier_without_a_ladder(
    place: Site, arrivals: list[float]
) -> None:
    """Ten per cent more arrivals: nobody fewer inside and waiting, summed over the evening."""
    flow = flow_of(place, attendance(dict(enumerate(arrivals)), 4), factors=(1.0, 1.1))
    waiting = (flow.inside + flow.queue.sum(axis=2)).sum(axis=1)
    assert waiting[1] >= waiting[0] - 1e-6


def test_draws_do_not_depend_on_each_other() -> None:
    place, people = one_zone(), attendance({0: 300, 3: 500}, 4)
    alone = flow_of(place, people, factors=(1.3,))
    among = flow_of(place, people, factors=(0.2, 1.3, 4.0))
    assert (alone.occupancy[0] == among.occupancy[1]).all()
