"""Rings of checkpoints: by hand, against brute force, and the judge against rings that are wrong.

By hand: a street 0 - 1 - 2 - 3 of arcs that the car drives in 2 min each, so it is in their
middles after 1, 3 and 5 min. A squad at node 3 is off after 1 min and drives 1 min an arc: it is
in the middles after 3.5, 2.5 and 1.5 min. It is too late for the first arc by 2.5 min and in time
for the second, so the car is held at nodes 0 and 1, which it reaches within 2 min.
"""

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.roads import ROAD_KINDS, RoadGraph
from optimizer.judges.ring_rules import late_violations, ring_violations
from optimizer.models.location.least_cut import NEVER, least_cut
from optimizer.models.location.ring_cordon import smallest_ring
from optimizer.ring_cordon import (
    Checkpoint,
    Pursuit,
    RingCordon,
    RingTrial,
    Squads,
    Verdict,
    WiderRing,
)

CAR = np.full(len(ROAD_KINDS), 30.0)
UNITS = np.full(len(ROAD_KINDS), 60.0)


def squads(*each: tuple[int, int, float]) -> Squads:
    """Squads by node, units and turnout."""
    node, units, turnout = np.array(each).reshape(-1, 3).T
    return Squads(node, units, turnout, np.ones(len(each)))


def streets(n_nodes: int, *ends: tuple[int, int]) -> RoadGraph:
    """Arcs of 1 km: 2 min for the car, 1 min for units."""
    tail, head = np.array(ends).T
    length, kind = np.full(len(ends), 1000.0), np.zeros(len(ends), dtype=np.int64)
    return RoadGraph(n_nodes, tail, head, length, kind, 100.0)


STREET = streets(4, (0, 1), (1, 2), (2, 3))
BY_HAND = Pursuit(STREET, 0, 0.0, CAR, UNITS, squads((3, 1, 1.0)))


def rules(pursuit: Pursuit, cordon: RingCordon) -> set[str]:
    return {violation.rule for violation in ring_violations(pursuit, cordon)}


def test_by_hand() -> None:
    search = smallest_ring(BY_HAND, first_min=1.0, step_min=1.0)
    first, second = search.trials
    assert (first.ring_min, first.verdict, first.checkpoints) == (1.0, Verdict.LATE, 1)
    assert [(late.arc, late.late_min) for late in first.late] == [(0, 2.5)]
    assert (second.ring_min, second.verdict, second.proven) == (2.0, Verdict.HOLDS, True)
    assert search.cordon is not None
    assert search.cordon.inside.tolist() == [True, True, False, False]
    (checkpoint,) = search.cordon.checkpoints
    assert checkpoint == Checkpoint(1, 0, 2.5, 3.0)
    assert checkpoint.slack_min == 0.5
    assert rules(BY_HAND, search.cordon) == set()
    assert late_violations(BY_HAND, first) == ()


def test_a_head_start_takes_from_the_slack() -> None:
    """Half a minute is the slack; a little more and the next arc, met 3 min earlier, must do."""
    just = smallest_ring(replace(BY_HAND, head_start_min=0.49), first_min=1.0, step_min=1.0)
    assert just.cordon is not None
    assert just.cordon.checkpoints[0].arc == 1
    late = replace(BY_HAND, head_start_min=0.51)
    search = smallest_ring(late, first_min=1.0, step_min=1.0)
    assert search.cordon is not None
    assert search.cordon.checkpoints[0].arc == 2
    assert search.cordon.checkpoints[0].slack_min == pytest.approx(2.99)
    assert rules(late, search.cordon) == set()


def test_no_units_no_ring() -> None:
    alone = replace(BY_HAND, squads=squads())
    search = smallest_ring(alone, first_min=1.0, step_min=2.0)
    assert search.cordon is None
    assert [trial.verdict for trial in search.trials] == [Verdict.LATE] * 3
    assert all(np.isinf(late.late_min) for trial in search.trials for late in trial.late)
    assert all(late_violations(alone, trial) == () for trial in search.trials)
    assert smallest_ring(replace(BY_HAND, squads=squads((3, 0, 1.0)))).cordon is None


def test_a_car_that_is_everywhere_leaves_no_ring_to_try() -> None:
    search = smallest_ring(replace(BY_HAND, head_start_min=30.0))
    assert search.trials == ()
    assert search.cordon is None


STAR = streets(7, (0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6))
"""Three streets of two arcs from the start."""


def test_units_that_are_short_are_counted() -> None:
    """Two units at the start meet every arc at once; three streets need three."""
    pursuit = Pursuit(STAR, 0, 0.0, CAR, UNITS, squads((0, 2, 0.0)))
    search = smallest_ring(pursuit, first_min=1.0, step_min=1.0)
    assert search.cordon is None
    for trial in search.trials:
        assert (trial.verdict, trial.units_short, trial.proven) == (Verdict.SHORT, 1, True)
        assert len(trial.critical_arcs) == trial.checkpoints == 3
    held = smallest_ring(replace(pursuit, squads=squads((0, 3, 0.0))), first_min=1.0).cordon
    assert held is not None
    assert sorted(c.arc for c in held.checkpoints) == [0, 1, 2]


def test_prices_find_the_cut_that_can_be_manned() -> None:
    """The least cut is the two arcs 1-3 and 2-3, both met by one unit alone; three others do.

    The car drives 0 - 1 - 3 and 0 - 2 - 3, then over 3-4, 3-5 and 3-6 to the outside. Beyond 3
    each arc has a unit of its own in time, before 3 only those at node 1.
    """
    graph = streets(7, (0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (3, 6))
    at = squads((1, 1, 1.4), (4, 1, 4.4), (5, 1, 4.4), (6, 1, 4.4))
    pursuit = Pursuit(graph, 0, 0.0, CAR, UNITS, at)
    search = smallest_ring(pursuit, first_min=4.0)
    assert search.cordon is not None
    assert sorted(c.arc for c in search.cordon.checkpoints) == [4, 5, 6]
    assert rules(pursuit, search.cordon) == set()
    two = smallest_ring(replace(pursuit, squads=squads((1, 2, 1.4))), first_min=4.0).cordon
    assert two is not None
    assert sorted(c.arc for c in two.checkpoints) == [2, 3]


def test_wider_rings_may_need_fewer_checkpoints() -> None:
    """A bridge beyond three parallel streets: three checkpoints close in, one further out."""
    graph = streets(6, (0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4), (4, 5))
    pursuit = Pursuit(graph, 0, 0.0, CAR, UNITS, squads((0, 3, 0.0)))
    search = smallest_ring(pursuit, first_min=1.0, step_min=1.0)
    assert search.cordon is not None
    assert len(search.cordon.checkpoints) == 3
    assert search.wider == (WiderRing(4.0, 1),)


WRONG = {
    "car held": [Checkpoint(1, 0, 3.1, 3.0)],
    "checkpoint manned": [Checkpoint(1, 0, 2.0, 3.0)],
    "units of a squad": [Checkpoint(1, 0, 2.5, 3.0), Checkpoint(2, 0, 1.5, 5.0)],
    "one checkpoint an arc": [Checkpoint(1, 0, 2.5, 3.0), Checkpoint(1, 0, 2.5, 3.0)],
}


@pytest.mark.parametrize("rule", WRONG)
def test_judge_finds_what_is_wrong(rule: str) -> None:
    inside = np.array([True, True, False, False])
    assert rule in rules(BY_HAND, RingCordon(2.0, inside, tuple(WRONG[rule])))


def test_judge_drives_through_a_gap() -> None:
    nothing = RingCordon(2.0, np.array([True, True, False, False]), ())
    assert {v.where for v in ring_violations(BY_HAND, nothing)} == {"node 2", "node 3"}


def test_judge_measures_the_ring() -> None:
    """Nodes inside must be within the ring's minutes."""
    held = RingCordon(1.0, np.array([True, True, False, False]), (Checkpoint(1, 0, 2.5, 3.0),))
    assert rules(BY_HAND, held) == {"inside the ring"}


def test_judge_does_not_believe_in_lateness_where_a_ring_would_hold() -> None:
    trial = RingTrial(2.0, Verdict.LATE, 1)
    assert [violation.rule for violation in late_violations(BY_HAND, trial)] == ["way out"]


def test_a_pursuit_is_checked() -> None:
    with pytest.raises(ValueError, match="start 4"):
        replace(BY_HAND, start=4)
    with pytest.raises(ValueError, match="head start"):
        replace(BY_HAND, head_start_min=-1.0)


@st.composite
def pursuits(draw: st.DrawFn) -> Pursuit:
    """Up to six nodes and nine arcs of whole minutes, up to three squads; no ties in time."""
    n_nodes = draw(st.integers(3, 6))
    pairs = list(combinations(range(n_nodes), 2))
    ends = draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=9))
    tail, head = np.array(ends).T
    length = 500.0 * np.array(
        draw(st.lists(st.integers(1, 6), min_size=len(ends), max_size=len(ends)))
    )
    graph = RoadGraph(n_nodes, tail, head, length, np.zeros(len(ends), np.int64), 100.0)
    each = draw(
        st.lists(
            st.tuples(st.integers(0, n_nodes - 1), st.integers(0, 2), st.integers(0, 3)),
            max_size=3,
        )
    )
    at = squads(*[(node, units, turnout + 0.1) for node, units, turnout in each])
    return Pursuit(graph, 0, float(draw(st.integers(0, 2))), CAR, UNITS, at)


def minutes_from(pursuit: Pursuit, node: int, minutes: np.ndarray) -> np.ndarray:
    """Least minutes to all nodes by relaxing every arc as often as there are nodes."""
    found = np.full(pursuit.graph.n_nodes, np.inf)
    found[node] = 0.0
    for _ in range(pursuit.graph.n_nodes):
        for tail, head, way in zip(pursuit.graph.tail, pursuit.graph.head, minutes, strict=True):
            found[head] = min(found[head], found[tail] + way)
            found[tail] = min(found[tail], found[head] + way)
    return found


def tables(pursuit: Pursuit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The car's minutes at nodes and in the middle of arcs, and who meets which arc in time."""
    graph = pursuit.graph
    car_way, unit_way = graph.length_m / 500.0, graph.length_m / 1000.0
    car = minutes_from(pursuit, 0, car_way) - pursuit.head_start_min
    middle = np.minimum(car[graph.tail], car[graph.head]) + car_way / 2.0
    rows = []
    for node, units, turnout in zip(
        pursuit.squads.node, pursuit.squads.units, pursuit.squads.turnout_min, strict=True
    ):
        at = minutes_from(pursuit, node, unit_way)
        arrival = np.minimum(at[graph.tail], at[graph.head]) + unit_way / 2.0 + turnout
        rows += [arrival <= middle] * int(units)
    return car, middle, np.array(rows).reshape(-1, len(middle))


def can_be_manned(in_time: np.ndarray, arcs: tuple[int, ...], taken: frozenset[int]) -> bool:
    if not arcs:
        return True
    return any(
        can_be_manned(in_time, arcs[1:], taken | {unit})
        for unit in range(len(in_time))
        if unit not in taken and in_time[unit, arcs[0]]
    )


def escapes(pursuit: Pursuit, car: np.ndarray, ring_min: float, closed: tuple[int, ...]) -> bool:
    seen, stack = {0}, [0]
    while stack:
        node = stack.pop()
        for arc, ends in enumerate(zip(pursuit.graph.tail, pursuit.graph.head, strict=True)):
            if arc not in closed and node in ends:
                other = int(ends[0] + ends[1] - node)
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
    return any(car[node] > ring_min for node in seen)


def brute_force(pursuit: Pursuit, ring_min: float) -> tuple[bool, int | None]:
    """Whether a set of checkpoints holds, and the fewest arcs in time that separate at all."""
    car, _, in_time = tables(pursuit)
    met = [arc for arc in range(in_time.shape[1]) if in_time[:, arc].any()]
    every = chain.from_iterable(combinations(met, size) for size in range(len(met) + 1))
    closing = [arcs for arcs in every if not escapes(pursuit, car, ring_min, arcs)]
    holds = any(can_be_manned(in_time, arcs, frozenset()) for arcs in closing)
    return holds, min((len(arcs) for arcs in closing), default=None)


@given(pursuits())
def test_no_ring_is_better(pursuit: Pursuit) -> None:
    search = smallest_ring(pursuit, first_min=1.0, step_min=2.0)
    for trial in search.trials:
        holds, fewest = brute_force(pursuit, trial.ring_min)
        if trial.verdict is Verdict.HOLDS:
            assert holds
        elif trial.verdict is Verdict.LATE:
            assert fewest is None
            assert late_violations(pursuit, trial) == ()
        else:
            assert fewest is not None
            assert not (trial.proven and holds)
        if fewest is not None:
            assert trial.checkpoints >= fewest
    if search.cordon is not None:
        assert ring_violations(pursuit, search.cordon) == ()
        assert all(c.slack_min >= 0.0 for c in search.cordon.checkpoints)


@given(pursuits())
def test_same_pursuit_same_ring(pursuit: Pursuit) -> None:
    first, second = (smallest_ring(pursuit, first_min=1.0, step_min=2.0) for _ in range(2))
    assert first.trials == second.trials
    if first.cordon is not None and second.cordon is not None:
        assert first.cordon.checkpoints == second.cordon.checkpoints


@given(st.data())
def test_least_cut_against_brute_force(data: st.DataObject) -> None:
    n_nodes = data.draw(st.integers(2, 5))
    arc = st.tuples(
        st.integers(0, n_nodes - 1), st.integers(0, n_nodes - 1), st.sampled_from((0, 1, 3, NEVER))
    )
    arcs = np.array(data.draw(st.lists(arc, min_size=1, max_size=8)))
    tail, head, weight = arcs.T
    value, side = least_cut(n_nodes, tail, head, weight, 0, n_nodes - 1)
    sides = (
        np.array([True, *((n >> k) & 1 == 1 for k in range(n_nodes - 2)), False])
        for n in range(2 ** (n_nodes - 2))
    )
    assert value == min(int(weight[s[tail] != s[head]].sum()) for s in sides)
    assert side[0]
    assert not side[-1]
    assert int(weight[side[tail] != side[head]].sum()) == value
