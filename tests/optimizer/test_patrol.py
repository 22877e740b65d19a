"""The patrol engine against hand calculation, brute force and the judge's own objective."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective, hour_shortfall, units_within
from optimizer.models.patrol.greedy import shorten_lists
from optimizer.models.patrol.placing import allocate_hour, marginal_gains, swap_units
from tests.optimizer.patrol_cases import (
    by_definition,
    every_allocation,
    optimum,
    problem_of,
    problems,
)


def two_cells(busy: float, units: int) -> HourProblem:
    """Two cells with 4 calls and 1 call an hour, a place in each, 8 minutes apart.

    Response is capped at 10 minutes, an unserved call counts 20. With two units:

    | busy | both at 0 | one each | both at 1 |
    |---|---|---|---|
    | 0   | 8  | 0  | 32 |
    | 0.5 | 4 x 5 + 11 = 31 | 5 x 7 = 35 | 4 x 11 + 5 = 49 |

    (0.5: a cell with both units waits 0.25 x 20 = 5, one 8 minutes off 0.75 x 8 + 5 = 11, with
    one here and one there 0.25 x 8 + 5 = 7.) So busy units belong together and idle ones apart.
    """
    weight = np.array([4.0, 1.0])
    gain = np.repeat(weight[:, np.newaxis], 11, axis=1)
    gain[:, -1] = weight * 10.0
    return problem_of([[0, 8], [8, 0]], gain, busy, limit=[units])


@pytest.mark.parametrize(
    ("busy", "units", "missed"),
    [(0.0, [2, 0], 8), (0.0, [1, 1], 0), (0.5, [2, 0], 31), (0.5, [1, 1], 35), (0.5, [0, 2], 49)],
)
def test_objective_is_the_response_worked_out_by_hand(
    busy: float, units: list[int], missed: float
) -> None:
    found = hour_shortfall(two_cells(busy, 2), np.array(units))
    assert found == pytest.approx(missed)


@pytest.mark.parametrize(("busy", "units"), [(0.0, [1, 1]), (0.5, [2, 0])])
def test_tiny_city_gets_its_best_allocation(busy: float, units: list[int]) -> None:
    assert allocate_hour(two_cells(busy, 2)).tolist() == units


@settings(max_examples=60, deadline=None)
@given(problems())
def test_one_group_stays_within_the_greedy_guarantee(problem: HourProblem) -> None:
    found = hour_objective(problem, allocate_hour(problem))
    best = optimum(problem)
    assert found >= (1.0 - 1.0 / np.e) * best - 1e-9
    assert found <= best + 1e-9


@settings(max_examples=60, deadline=None)
@given(problems(groups=2))
def test_groups_get_exactly_their_units(problem: HourProblem) -> None:
    units = allocate_hour(problem)
    assert np.bincount(problem.group, units, 2).tolist() == problem.group_max.tolist()
    assert hour_objective(problem, units) >= 0.5 * optimum(problem) - 1e-9


@settings(max_examples=150, deadline=None)
@given(problems(groups=2, rich=True))
def test_every_limit_is_kept(problem: HourProblem) -> None:
    units = allocate_hour(problem)
    held = np.bincount(problem.group, units, 2)
    assert units.sum() == problem.total
    assert (held >= problem.group_min).all()
    assert (held <= problem.group_max).all()
    assert (units >= problem.place_min).all()
    assert (units <= problem.place_cap).all()
    assert hour_objective(problem, units) <= optimum(problem) + 1e-9


@settings(max_examples=40, deadline=None)
@given(problems(groups=2, rich=True))
def test_judge_computes_the_objective_as_defined(problem: HourProblem) -> None:
    units = allocate_hour(problem)
    assert hour_objective(problem, units) == pytest.approx(by_definition(problem, units))


@settings(max_examples=40, deadline=None)
@given(problems())
def test_gains_of_the_solver_add_up_to_the_judges_objective(problem: HourProblem) -> None:
    total = problem.total
    curve = marginal_gains(problem, total)
    greedy = hour_objective(problem, allocate_hour(problem, swap_passes=0))
    assert curve.sum() == pytest.approx(greedy, abs=1e-9)
    assert (np.diff(curve, axis=1) <= 0).all()


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 4))
def test_one_more_unit_never_lowers_the_objective(problem: HourProblem, where: int) -> None:
    units = allocate_hour(problem)
    more = units.copy()
    more[where % problem.n_places] += 1
    assert hour_objective(problem, more) >= hour_objective(problem, units) - 1e-12


@settings(max_examples=40, deadline=None)
@given(problems(groups=2, rich=True))
def test_swaps_never_lower_the_objective_and_repeat_exactly(problem: HourProblem) -> None:
    units = allocate_hour(problem, swap_passes=0)
    before = hour_objective(problem, units)
    swap_units(problem, units, 3)
    assert hour_objective(problem, units) >= before - 1e-9
    again = allocate_hour(problem, swap_passes=3)
    assert again.tolist() == units.tolist()


def random_times(rng: np.random.Generator, places: int, cells: int) -> np.ndarray:
    where, sites = rng.random((cells, 2)), rng.random((places, 2))
    distance = np.hypot(*(sites[:, np.newaxis] - where).transpose(2, 0, 1))
    return np.rint(distance * 14).astype(int)


def test_most_small_instances_are_solved_to_optimality() -> None:
    rng = np.random.default_rng(5)
    solved = 0
    for _ in range(40):
        gain = np.repeat(rng.random((12, 1)), 20, axis=1)
        busy = float(rng.choice([0.0, 0.2, 0.5]))
        problem = problem_of(random_times(rng, 7, 12).tolist(), gain, busy, limit=[3])
        found = hour_objective(problem, allocate_hour(problem))
        solved += found >= optimum(problem) - 1e-9
    assert solved >= 34


def test_never_busy_units_with_a_ramp_are_the_p_median() -> None:
    rng = np.random.default_rng(11)
    times, weight = random_times(rng, 7, 12), rng.random(12)
    gain = np.repeat(weight[:, np.newaxis], 20, axis=1)
    problem = problem_of(times.tolist(), gain, 0.0, limit=[2])
    for units in every_allocation(problem):
        nearest = times[units > 0].min(axis=0)
        assert hour_shortfall(problem, units) == pytest.approx(float(weight @ nearest))
    assert hour_objective(problem, allocate_hour(problem)) == pytest.approx(optimum(problem))


def test_never_busy_units_with_a_step_cover_as_the_mclp() -> None:
    rng = np.random.default_rng(12)
    times, weight = random_times(rng, 7, 12), rng.random(12)
    gain = np.zeros((12, 20))
    gain[:, 4] = weight
    problem = problem_of(times.tolist(), gain, 0.0, limit=[2])
    for units in every_allocation(problem):
        covered = (times[units > 0] <= 4).any(axis=0)
        assert hour_objective(problem, units) == pytest.approx(float(weight @ covered))
    assert hour_objective(problem, allocate_hour(problem)) == pytest.approx(optimum(problem))


def test_units_within_counts_each_unit_from_its_bin_on() -> None:
    counted = units_within(two_cells(0.5, 2), np.array([2, 1]))
    assert counted[0].tolist() == [2] * 8 + [3] * 3
    assert counted[1].tolist() == [1] * 8 + [3] * 3


def test_pins_hold_and_forbidden_places_stay_empty() -> None:
    gain = np.repeat(np.array([[4.0], [1.0], [2.0]]), 10, axis=1)
    bins = [[0, 8, 4], [8, 0, 4], [4, 4, 0]]
    pinned = problem_of(bins, gain, 0.2, limit=[3], place_min=[0, 2, 0], place_cap=[0, 9, 9])
    units = allocate_hour(pinned)
    assert units[0] == 0
    assert units[1] >= 2
    assert units.sum() == 3


def test_a_second_unit_can_be_worth_more_than_a_first_elsewhere() -> None:
    """4 calls and 1 call an hour in two cells that reach nothing else, units never busy.

    Without backup one unit stands in each: 4 + 1 = 5 against 4. When the second unit counts half,
    both in the first cell give 4 + 2 = 6.
    """
    gain = np.array([[4.0], [1.0]])
    bins = [[0, -1], [-1, 0]]
    assert allocate_hour(problem_of(bins, gain, 0.0, limit=[2])).tolist() == [1, 1]
    backed = problem_of(bins, gain, 0.0, limit=[2], backup=np.array([0.5, 0.5]))
    assert allocate_hour(backed).tolist() == [2, 0]
    assert hour_objective(backed, np.array([2, 0])) == 6.0


def test_a_unit_moves_only_when_the_move_pays() -> None:
    """Moving from the second cell (1 call) to the first (4 calls) gains 3 calls."""
    gain = np.array([[4.0], [1.0]])
    bins = [[0, -1], [-1, 0]]
    for cost, best in ((2.9, [1, 0]), (3.1, [0, 1])):
        standing = problem_of(bins, gain, 0.0, limit=[1], keep=[0, 1], move_cost=cost)
        assert allocate_hour(standing).tolist() == best


def test_units_cross_into_another_group_as_far_as_both_allow() -> None:
    """Group 0 has nothing to do; its floor of 1 lets one of its two units go to group 1."""
    gain = np.array([[0.0], [4.0], [3.0]])
    bins = [[0, -1, -1], [-1, 0, -1], [-1, -1, 0]]
    problem = problem_of(bins, gain, 0.0, group=[0, 1, 1], limit=[1, 1], group_max=[3, 2], total=3)
    assert allocate_hour(problem).tolist() == [1, 1, 1]


def test_the_quick_greedy_takes_what_a_plain_one_takes() -> None:
    """Forty units of three busy shares, so that most entries of the lists are spent on the way."""
    rng = np.random.default_rng(5)
    for busy in (0.0, 0.05, 0.4):
        gain = rng.random((12, 6))
        bins = np.where(rng.random((9, 12)) < 0.8, rng.integers(0, 6, (9, 12)), -1)
        problem = problem_of(bins.tolist(), gain, busy, limit=[40])
        units = np.zeros(9, dtype=np.int64)
        for _ in range(40):
            values = [hour_shortfall(problem, units + one) for one in np.eye(9, dtype=np.int64)]
            units[int(np.argmin(values))] += 1
        found = allocate_hour(problem, swap_passes=0)
        assert found.sum() == 40
        assert hour_shortfall(problem, found) == pytest.approx(
            hour_shortfall(problem, units), rel=1e-9, abs=1e-12
        )


def test_spent_entries_leave_the_lists() -> None:
    """Two places, two cells: what cell 1 has left counts as zero and its entries go."""
    slope = np.array([[4.0, 1.0], [1e-9, 1e-10]])
    slot = np.array([0, 2, 1, 3], dtype=np.uint32)
    start, end = np.array([0, 2]), np.array([2, 4])
    shorten_lists(start, end, slot, slope, np.array([1e-6, 1e-6]))
    assert end.tolist() == [1, 3]
    assert slot[[0, 2]].tolist() == [0, 1]
    assert slope.tolist() == [[4.0, 1.0], [0.0, 0.0]]


def test_ties_go_to_the_lower_place() -> None:
    problem = problem_of([[0], [0], [0]], np.ones((1, 3)), 0.5, limit=[1])
    assert allocate_hour(problem).tolist() == [1, 0, 0]


def test_a_group_without_room_is_refused_by_number() -> None:
    with pytest.raises(ValueError, match=r"group 0 must hold at least 3 units and can hold 2"):
        problem_of([[0], [0]], np.ones((1, 2)), 0.5, limit=[3], place_cap=[1, 1])


@pytest.mark.parametrize(
    ("busy", "gain", "message"),
    [
        (1.0, np.ones((1, 2)), "busy probabilities"),
        (0.5, -np.ones((1, 2)), "gains must be finite"),
        (0.5, np.full((1, 2), np.nan), "gains must be finite"),
        (0.5, np.ones((1, 1)), "response bins must lie in 0..0"),
    ],
)
def test_arrays_out_of_range_are_refused(busy: float, gain: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        problem_of([[1]], gain, busy, limit=[1])
