"""Event posts by hand: phases, rings, roles and blocks."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from math import nan
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.event_file import read_events
from geodata.events import EventWindow
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from optimizer.event_posts import PostRules, event_posts
from optimizer.requirement import PostNeed

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = PostRules(police_share=0.5, support_share=0.25, off_peak_day_share=0.5)
HORIZON = Horizon(datetime(2027, 2, 5, 12, tzinfo=SHANGHAI), 24)


def two_districts() -> StudyArea:
    """West and east under one command of that name each, west in the second group."""
    west, east = box(350e3, 345e4, 354e3, 3454e3), box(354e3, 345e4, 358e3, 3454e3)
    districts = (
        District("E", "East", "东区", east, group_en="Harbour"),
        District("W", "West", "西区", west, group_en="Old town"),
    )
    return StudyArea("EPSG:32651", "Asia/Shanghai", districts)


TWO_DISTRICTS = two_districts()


@pytest.fixture
def area() -> StudyArea:
    return TWO_DISTRICTS


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-02-{text}").replace(tzinfo=SHANGHAI)


def fair(
    start: str, peak_from: str, peak_to: str, end: str, staff: float = 80.0, crowd: float = nan
) -> EventWindow:
    times = (at(start), at(end), at(peak_from), at(peak_to))
    return EventWindow(
        "fair", "Fair", "庙会", "W", 121.45, 31.2, *times, crowd, staff, "once", "press"
    )


def spans(posts: tuple[PostNeed, ...]) -> list[tuple[str, int, int]]:
    """Phase and hours of the core's police blocks."""
    core = [need for need in posts if (need.ring, need.role) == ("core", "police")]
    return [(need.phase, need.from_hour, need.to_hour) for need in core]


def test_head_counts_by_phase_ring_and_role(area: StudyArea) -> None:
    """80 staff: 40 core, 24 control, 16 outer; half police and a quarter support, rounded up.

    Supervisors are some of the police.
    """
    event = fair("05T18:00", "05T20:00", "05T22:00", "05T23:00")
    posts = event_posts((event,), area, HORIZON, RULES)
    count: Counter[tuple[str, str, str]] = Counter()
    for need in posts:
        role = "police" if need.role == "supervisor" else need.role
        count[need.phase, need.ring, role] += need.required
    assert count == {
        ("build_up", "core", "police"): 12,
        ("build_up", "core", "support"): 6,
        ("build_up", "control", "police"): 8,  # 80 x 0.6 x 0.3 x 0.5 = 7.2
        ("build_up", "control", "support"): 4,  # 3.6
        ("build_up", "outer", "police"): 5,  # 4.8
        ("build_up", "outer", "support"): 3,  # 2.4
        ("peak", "core", "police"): 20,
        ("peak", "core", "support"): 10,
        ("peak", "control", "police"): 12,
        ("peak", "control", "support"): 6,
        ("peak", "outer", "police"): 8,
        ("peak", "outer", "support"): 4,
        ("dispersal", "core", "police"): 14,
        ("dispersal", "core", "support"): 7,
        ("dispersal", "control", "police"): 9,  # 8.4
        ("dispersal", "control", "support"): 5,  # 4.2
        ("dispersal", "outer", "police"): 6,  # 5.6
        ("dispersal", "outer", "support"): 3,  # 2.8
    }
    assert len({need.post_id for need in posts}) == len(posts)
    assert {need.district for need in posts} == {area.commands.index("Old town")}
    assert {(need.ring, need.priority) for need in posts} == {
        ("core", 1),
        ("control", 2),
        ("outer", 3),
    }
    assert {need.source for need in posts} == {"press"}


@pytest.mark.parametrize(
    ("staff", "span", "expected"),
    [
        # 40 in the core: 20 police and 10 support are 30 people, three groups of ten
        (80.0, 10, {"core": 3, "control": 2, "outer": 2}),
        (80.0, 18, {"core": 2, "control": 1, "outer": 1}),
        # 4 + 2, 3 + 2 (2.4 and 1.2) and 2 + 1: only six people get a supervisor of their own
        (16.0, 10, {"core": 1}),
        # every one of the 20 police of the core leads, and no more
        (80.0, 1, {"core": 20, "control": 12, "outer": 8}),
    ],
)
def test_groups_of_posts_have_supervisors(
    area: StudyArea, staff: float, span: int, expected: dict[str, int]
) -> None:
    event = fair("05T18:00", "05T20:00", "05T22:00", "05T23:00", staff=staff)
    posts = event_posts((event,), area, HORIZON, replace(RULES, supervisor_span=span))
    leading = [need for need in posts if (need.phase, need.role) == ("peak", "supervisor")]
    assert {need.ring: need.required for need in leading} == expected
    rank = {"core": 1, "control": 2, "outer": 3}
    assert all(need.priority == rank[need.ring] for need in leading)


@given(st.floats(1.0, 3000.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(1, 30))
def test_supervisors_leave_the_totals_as_they_are(
    staff: float, police: float, support: float, span: int
) -> None:
    event = fair("05T18:00", "05T20:00", "05T22:00", "05T23:00", staff=staff)
    rules = PostRules(police, support, 1.0)
    few = event_posts((event,), TWO_DISTRICTS, HORIZON, replace(rules, supervisor_span=span))
    none = event_posts((event,), TWO_DISTRICTS, HORIZON, replace(rules, supervisor_span=10**6))
    assert totals(few) == totals(none)
    for place, people in totals(few).items():
        leaders = sum(n.required for n in few if group(n) == place and n.role == "supervisor")
        police_people = sum(n.required for n in few if group(n) == place and n.role != "support")
        assert leaders >= min(police_people, people / span) or people < 6


def group(need: PostNeed) -> tuple[str, int, str]:
    return need.event_id, need.from_hour, need.ring


def totals(posts: tuple[PostNeed, ...]) -> dict[tuple[str, int, str], int]:
    """People of all roles on the posts of a ring and block."""
    found: Counter[tuple[str, int, str]] = Counter()
    for need in posts:
        found[group(need)] += need.required
    return dict(found)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        # each phase takes the hour it begins in, the last one also that it ends in
        (
            ("05T18:30", "05T20:30", "05T22:30", "05T23:30"),
            [("build_up", 6, 8), ("peak", 8, 10), ("dispersal", 10, 12)],
        ),
        # nine hours of build-up are relieved after four and eight
        (
            ("05T12:00", "05T21:00", "05T22:00", "05T23:00"),
            [
                *(("build_up", first, last) for first, last in ((0, 4), (4, 8), (8, 9))),
                ("peak", 9, 10),
                ("dispersal", 10, 11),
            ],
        ),
        # what lies before or after the horizon is left out
        (
            ("05T08:00", "05T11:00", "05T14:00", "05T15:00"),
            [("peak", 0, 2), ("dispersal", 2, 3)],
        ),
        (
            ("06T09:00", "06T11:00", "06T13:00", "06T15:00"),
            [("build_up", 21, 23), ("peak", 23, 24)],
        ),
        # a peak of half an hour is manned all the same
        (
            ("05T23:00", "06T00:05", "06T00:35", "06T02:00"),
            [("build_up", 11, 12), ("peak", 12, 13), ("dispersal", 13, 14)],
        ),
        # no dispersal is left when all ends within the hour of the peak
        (
            ("05T23:00", "06T00:05", "06T00:35", "06T00:50"),
            [("build_up", 11, 12), ("peak", 12, 13)],
        ),
    ],
)
def test_hours_of_the_phases(
    area: StudyArea, times: tuple[str, str, str, str], expected: list[tuple[str, int, int]]
) -> None:
    assert spans(event_posts((fair(*times),), area, HORIZON, RULES)) == expected


def test_a_daily_event_is_smaller_on_other_days(area: StudyArea) -> None:
    """Half the staff on the 5th; on the peak day, the 6th, 80 x 0.5 x 0.5 police in the core.

    Two of the ten and three of the twenty lead them and their five or ten of support.
    """
    event = EventWindow(
        "fair",
        "Fair",
        "庙会",
        "W",
        121.45,
        31.2,
        at("05T16:00"),
        at("07T20:00"),
        at("06T18:00"),
        at("06T19:00"),
        nan,
        80.0,
        "daily",
        "press",
    )
    horizon = Horizon(at("05T12:00"), 48)
    posts = event_posts((event,), area, horizon, RULES)
    peaks = {
        need.from_hour: need.required
        for need in posts
        if (need.phase, need.ring, need.role) == ("peak", "core", "police")
    }
    assert peaks == {6: 8, 30: 17}


def test_without_a_reference_the_crowd_decides(area: StudyArea) -> None:
    """40 staff for 1,000 visitors: 5,000 need 200, of these 50 police in the core, 8 leading."""
    times = ("05T18:00", "05T20:00", "05T22:00", "05T23:00")
    posts = event_posts((fair(*times, staff=nan, crowd=5_000.0),), area, HORIZON, RULES)
    assert max(need.required for need in posts) == 42
    assert all("assumption: 40 staff per 1,000" in need.source for need in posts)
    assert event_posts((fair(*times, staff=nan),), area, HORIZON, RULES) == ()


def test_an_event_without_a_district_is_staffed_by_the_one_it_lies_in(
    area: StudyArea, tmp_path: Path
) -> None:
    header = (
        "event_id,name_en,name_zh,district_id,lon,lat,start,end,peak_from,peak_to,"
        "peak_simultaneous,staff_reference,recurrence,source"
    )
    times = ",".join(f"2027-02-05T{clock}+08:00" for clock in ("18:00", "23:00", "20:00", "22:00"))
    rows = [f"in,In,内,,351000,3452000,{times},,80,once,press"]
    rows += [f"quay,Quay,码头,,358300,3452000,{times},,80,once,press"]
    path = tmp_path / "events.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    faults = FaultLog()
    found = read_events(path, area, HORIZON, "EPSG:32651", faults)
    faults.raise_if_any()
    assert [event.district_id for event in found.placed] == ["W", "E"]
    posts = event_posts(found.placed, area, HORIZON, RULES)
    assert {(need.event_id, area.commands[need.district]) for need in posts} == {
        ("in", "Old town"),
        ("quay", "Harbour"),
    }
