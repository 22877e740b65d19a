"""Where a reserve stands: by hand in the tiny city, and beside every other choice there is."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from optimizer.models.location.reserve import stand_by
from optimizer.models.location.reserve_blocks import reserve_block
from optimizer.reserve import (
    MORE,
    OWN,
    ReservePlan,
    ReserveUnit,
    StandbyTask,
    manned_units,
    own_in_time,
    post_id_of,
    reserve_posts,
    site_minutes,
)
from tests.optimizer.reserve_cases import (
    CITY,
    MILL,
    PARK,
    QUAY,
    START,
    block,
    kind,
    tiny_people,
)

SWORN = {"rapid": True, "guard": False}


def standing(units: tuple[ReserveUnit, ...]) -> list[tuple[int, int, int]]:
    return [(unit.place, unit.site, unit.rank) for unit in units]


def test_each_site_has_its_nearest_unit() -> None:
    found = block()
    assert standing(found.units) == [(2, 0, OWN), (3, 1, OWN)]
    assert found.promised_min.tolist() == [3.0, 3.0]
    assert found.choice.own.cost == pytest.approx(6.0)
    assert found.choice.own.bound == pytest.approx(6.0)
    assert found.minutes[:, :, 0].tolist() == [[3.0, 5.0], [5.0, 3.0]]
    assert found.unplaced == 0


def test_a_third_unit_is_a_second_one_for_the_nearest_site() -> None:
    """Both near places are full, so it stands at a station, seven minutes away, too late."""
    found = block(of=kind(units=3, within_min=6.0))
    (third,) = [unit for unit in found.units if unit.rank == MORE]
    assert (third.place, third.site) in ((0, 0), (1, 1))
    task = found.task
    assert found.choice.more.cost == pytest.approx(7.0 + task.late_price + task.none_price)


def test_two_units_at_a_place_where_there_is_room() -> None:
    found = block(of=kind(units=4, most_a_place=2))
    assert standing(found.units) == [(2, 0, OWN), (2, 0, MORE), (3, 1, OWN), (3, 1, MORE)]


def test_a_command_without_people_is_helped_by_its_neighbour() -> None:
    """The east has people for no crew: the western place serves the mill, the quay is late."""
    found = block(force=tiny_people(east=3), of=kind(units=2))
    assert set(found.command.tolist()) == {0}
    assert found.task.strength.tolist() == [3, 0]
    assert standing(found.units) == [(0, 0, OWN), (2, 1, OWN)]
    assert found.promised_min.tolist() == [7.0, 5.0]


def test_too_few_people_leave_units_without_a_place() -> None:
    found = block(force=tiny_people(west=4, east=3), of=kind(units=3))
    assert len(found.units) == 1
    assert found.unplaced == 2


def test_nobody_is_held_twice() -> None:
    """The second reserve draws on what the first leaves of the west: 12 less 4, in units of 8."""
    first = block(MILL, of=kind(units=1, within_min=20.0))
    assert first.command.tolist() == [0]
    other = kind(reserve_id="armed", officers=8, units=3)
    assert block(of=other, earlier=(first,)).task.strength.tolist() == [1, 1]
    later = replace(first, from_hour=2, to_hour=4)
    assert block(of=other, earlier=(later,)).task.strength.tolist() == [1, 1]
    assert block(of=kind(units=4), earlier=(first,)).task.strength.tolist() == [2, 3]
    assert block(of=kind(units=4), earlier=(later,)).task.strength.tolist() == [3, 3]
    guards = kind(force_ids=("guard",), officers=5)
    assert block(of=guards, earlier=(first,)).task.strength.tolist() == [2, 2]


def test_share_of_the_people_is_kept() -> None:
    assert block(of=kind(most_share=0.5)).task.strength.tolist() == [1, 1]


def test_cores_stay_free() -> None:
    """With the core of a crowd over cell 13, the mill is served from 14 or the station."""
    x, y = CITY.grid.x[13], CITY.grid.y[13]
    found = block(MILL, of=kind(units=1), cores=(box(x - 400, y - 400, x + 400, y + 400),))
    assert found.place_ids == ("standby14",)
    assert found.promised_min.tolist() == [5.0]


def test_speed_and_turnout_count() -> None:
    found = block(MILL, of=kind(units=1, speed_factor=2.0, turnout_min=0.5))
    assert found.promised_min.tolist() == [1.5]


def test_without_a_site_nobody_stands() -> None:
    found = reserve_block(kind(), range(2), (), (), (), CITY, tiny_people())
    assert (found.units, found.unplaced) == ((), 2)
    assert reserve_posts(ReservePlan((found,)), SWORN) == ()
    assert site_minutes(found, manned_units(found, {})) == ()
    with pytest.raises(ValueError, match="needs a site"):
        stand_by(found.task)


def test_blocks_are_at_most_four_hours() -> None:
    hours = [(0, 4), (4, 6)]
    assert list(kind(end=START + timedelta(hours=9)).blocks(CITY.horizon)) == hours
    half = kind(start=START + timedelta(minutes=90), end=START + timedelta(minutes=150))
    assert half.blocks(CITY.horizon) == ((1, 3),)
    assert kind(end=START, start=START - timedelta(hours=3)).blocks(CITY.horizon) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"end": START},
        {"units": 0},
        {"officers": 0},
        {"force_ids": ()},
        {"within_min": 0.0},
        {"turnout_min": -1.0},
        {"most_share": 0.0},
    ],
)
def test_impossible_kinds_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="reserve rapid_units"):
        kind(**change)


def test_crews_are_posts_of_priority_one() -> None:
    found = block(of=kind(units=4, most_a_place=2))
    posts = reserve_posts(ReservePlan((found,)), SWORN)
    assert [(p.post_id, p.required, p.role, p.district) for p in posts] == [
        ("rapid_units/000/standby13", 8, "police", 0),
        ("rapid_units/000/standby14", 8, "police", 1),
    ]
    assert {(p.kind, p.ring, p.priority, p.force_ids) for p in posts} == {
        ("reserve", "reserve", 1, ("rapid",))
    }
    mixed = block(of=kind(force_ids=("rapid", "guard")))
    assert {p.role for p in reserve_posts(ReservePlan((mixed,)), SWORN)} == {"support"}


def test_only_whole_crews_count_and_own_units_first() -> None:
    """Places 13 and 14 want eight each; seven make one unit, the own one of the mill."""
    found = block(of=kind(units=4, most_a_place=2))
    mill, quay = post_id_of(found, 0), post_id_of(found, 2)
    assert manned_units(found, {mill: 7, quay: 8}).tolist() == [True, False, True, True]
    assert manned_units(found, {mill: 3}).tolist() == [False] * 4


def test_minutes_of_own_unit_and_of_the_next() -> None:
    found = block()
    lines = site_minutes(found, np.array([True, True]))
    assert [(line.own, line.own_min, line.next_best, line.next_min) for line in lines[:2]] == [
        (0, 3.0, 1, 5.0)
    ] * 2
    assert [(line.site, line.hour) for line in lines] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    alone = site_minutes(found, np.array([False, True]))
    assert (alone[0].own, alone[0].own_min, alone[0].next_best) == (-1, np.inf, 1)
    assert own_in_time(found, lines).tolist() == [True, True]
    assert own_in_time(found, alone).tolist() == [False, True]


def cost_of(task: StandbyTask, pairs: list[tuple[int, int]]) -> float:
    minutes = [task.minutes[place, site] for place, site in pairs]
    return sum(m + task.late_price * (m > task.within_min) for m in minutes)


def fits(task: StandbyTask, pairs: list[tuple[int, int]]) -> bool:
    places = np.bincount([p for p, _ in pairs] or [0], minlength=len(task.command))
    places[0] -= not pairs
    held = np.bincount(task.command, weights=places, minlength=len(task.strength))
    return bool(
        (places <= task.most_a_place).all()
        and (held <= task.strength).all()
        and len(pairs) <= task.units
    )


def best_by_trying(task: StandbyTask) -> tuple[float, float]:
    """Costs of both levels of the best choice: all own units, then all of the others."""
    places, sites = task.minutes.shape
    some = [(p, s) for p in range(places) for s in range(sites) if np.isfinite(task.minutes[p, s])]
    best = (np.inf, np.inf)
    for places_of in product([-1, *range(places)], repeat=sites):
        own = [(p, s) for s, p in enumerate(places_of) if p >= 0]
        if not set(own) <= set(some) or not fits(task, own):
            continue
        first = cost_of(task, own) + task.none_price * (sites - len(own))
        if first > best[0] + 1e-9:
            continue
        for rest in combinations_with_replacement([None, *some], task.units - len(own)):
            more = [pair for pair in rest if pair is not None]
            if fits(task, own + more):
                second = cost_of(task, more) + task.unplaced_price * (len(rest) - len(more))
                count = np.bincount([s for _, s in more], minlength=sites) if more else [0] * sites
                second += task.none_price * sum(
                    (n == 0) + max(n - task.even_share, 0) for n in count
                )
                best = min(best, (round(first, 9), second))
    return best


@st.composite
def tasks(draw: st.DrawFn) -> StandbyTask:
    places, sites = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    minutes = st.sampled_from([1.0, 2.5, 4.0, 7.0, np.inf])
    table = draw(st.lists(minutes, min_size=places * sites, max_size=places * sites))
    commands = draw(st.lists(st.integers(0, 1), min_size=places, max_size=places))
    strength = draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))
    return StandbyTask(
        np.array(table).reshape(places, sites),
        np.array(commands),
        np.array(strength),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 3)),
        3.0,
        18.0,
    )


@settings(max_examples=40, deadline=None)
@given(tasks())
def test_choice_is_as_good_as_the_best_by_trying(task: StandbyTask) -> None:
    found = stand_by(task)
    own, more = best_by_trying(task)
    assert found.own.cost == pytest.approx(own, abs=1e-6)
    assert found.more.cost == pytest.approx(more, abs=1e-4)
    assert found.own.bound == pytest.approx(own, abs=1e-5)
    assert found.more.bound == pytest.approx(more, abs=1e-3)
    assert fits(task, [(unit.place, unit.site) for unit in found.units])


def test_same_task_same_places() -> None:
    task = block(of=kind(units=3)).task
    assert stand_by(task) == stand_by(task)


def test_more_units_never_make_the_own_ones_slower() -> None:
    costs = [block(of=kind(units=n)).choice.own.cost for n in (2, 3, 4)]
    late = block(of=kind(units=1))
    assert costs[0] == pytest.approx(costs[1]) == pytest.approx(costs[2])
    assert late.choice.own.cost == pytest.approx(3.0 + late.task.none_price)


def test_quay_and_park_by_the_east_station() -> None:
    """The park has the western station beside it, one minute away, and the quay place 14."""
    found = block(QUAY, PARK)
    assert standing(found.units) == [(3, 0, OWN), (0, 1, OWN)]
    assert found.promised_min.tolist() == [3.0, 1.0]
