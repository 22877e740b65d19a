"""What a site must be, and neighbouring sites laid together."""

from dataclasses import replace

import pytest
from shapely.geometry import box

from geodata.crowd_network import Setting, egress_min
from geodata.sites import FLOW_LIMITS, Site, joined_site, passage_problems, shape_problems
from tests.geodata.crowd_cases import one_zone, passage, site, zone


def test_flow_limits_carry_their_source() -> None:
    """82 people per metre and minute on the level, 66 on stairs; 2 m of stairs in 15 min: 1,980."""
    assert (FLOW_LIMITS["gate"].people_per_m_min, FLOW_LIMITS["stairs"].people_per_m_min) == (
        82,
        66,
    )
    assert all(limit.source for limit in FLOW_LIMITS.values())
    stairs = passage("s", "", "a", kind="stairs", width_m=2.0, flow_limit=FLOW_LIMITS["stairs"])
    assert stairs.people_per_quarter == 1980


def test_rings_that_do_not_nest_are_told_with_the_share_beyond() -> None:
    """Half of the core lies beyond the control ring; the polygon within the outer one."""
    square = box(0, 0, 100, 100)
    rings = (square, box(50, 0, 150, 100), box(-50, -50, 200, 200))
    assert shape_problems(square, rings, [zone("a", polygon=box(0, 0, 50, 50))]) == [
        "ring core reaches 50% beyond ring control"
    ]
    swapped = shape_problems(square, (square.buffer(50), square.buffer(20), square), [])
    assert [text.split(" beyond ")[1] for text in swapped[:2]] == ["ring control", "ring outer"]


def test_zones_are_checked() -> None:
    square = box(0, 0, 100, 100)
    zones = [
        zone("a", polygon=box(0, 0, 10, 10), free_area_m2=500.0),
        zone("a", polygon=box(90, 20, 190, 120), ring="inner"),
    ]
    assert shape_problems(square, (square, square, square), zones) == [
        "zone ids repeat or are empty",
        "zone a has 500 m2 free of 100",
        "zone a lies in the unknown ring 'inner'",
        "zone a reaches beyond the site's polygon",
    ]


def test_zones_that_overlap_are_told() -> None:
    """Half of b lies on a; c only touches a."""
    square = box(0, 0, 100, 100)
    zones = [
        zone("a", polygon=box(0, 0, 50, 50)),
        zone("b", polygon=box(25, 0, 75, 40)),
        zone("c", polygon=box(0, 50, 50, 100)),
    ]
    assert shape_problems(square, (square, square, square), zones) == [
        "zones a and b overlap by 50% of the smaller one"
    ]


def test_passages_are_checked() -> None:
    zones = [zone("a"), zone("b", 1), zone("c", 2)]
    passages = [
        passage("g", "", "a", direction="in"),
        passage("g", "", "b", direction="out"),
        passage("h", "", "x"),
        passage("i", "a", "a", kind="door"),
        passage("j", "a", "b", width_m=0.0),
        passage("k", "", "a", kind="metro"),
    ]
    assert passage_problems(zones, passages) == [
        "passage ids repeat",
        "passage h leads to an unknown zone",
        "passage i leads from a zone to itself",
        "passage i is a 'door' with direction 'both'",
        "passage j has a width, flow limit or share below its least",
        "passage k: a station belongs to metro entrances only",
        "zone c has no way in",
        "zone c has no way out",
    ]


def test_a_site_refuses_all_its_problems_at_once() -> None:
    with pytest.raises(ValueError, match=r"site s: ring core .*; zone b has no way in"):
        Site(
            "s", "S", "", box(0, 0, 200, 200), (box(0, 0, 200, 200), box(0, 0, 100, 200),
            box(0, 0, 200, 200)), (zone("b", polygon=box(0, 0, 100, 100)),),
            (passage("g", "", "b", direction="out"),), "t",
        )  # fmt: skip


def test_neighbours_share_a_zone_once() -> None:
    shared = zone("street", 1)
    west = site([zone("w"), shared], [passage("gw", "", "w"), passage("x", "w", "street")], "west")
    east_zone = zone("e", 2)
    east = site(
        [east_zone, replace(shared, visit_share=3.0)],
        [passage("ge", "", "street"), passage("y", "e", "street")],
        "e",
    )
    both = joined_site([west, east])
    assert both.zone_ids == ("w", "street", "e")
    assert both.passage_ids == ("gw", "x", "ge", "y")
    assert both.free_area_m2 == 3000
    assert both.site_id == "west+e"
    other = site([zone("street", 0)], [passage("g", "", "street")], "other")
    with pytest.raises(ValueError, match="zone street differs"):
        joined_site([west, other])


def test_minutes_to_empty_a_site_through_its_exits() -> None:
    """One exit of 150 people in 15 min: 600 people take an hour; with no exit for ever."""
    place = one_zone()
    assert egress_min(place, 600) == 60.0
    assert egress_min(place, 600, Setting(("out", "out"), (1.0, 1.0))) == 30.0
    assert egress_min(place, 600, Setting(("in", "closed"), (1.0, 1.0))) == float("inf")
