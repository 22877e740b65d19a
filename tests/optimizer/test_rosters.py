"""Rosters of several lines: against all rosters there are, their bound, and repeatable."""

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.roster_rules import roster_cost, roster_violations
from optimizer.models.rosters.rosters import RosterOptions, solve_rosters
from optimizer.plan import Status
from optimizer.roster_lines import OFF, DayShift, LineProblem, LineRules

FREE = LineRules("1", (99, 99), 0, 99_999, 1, 99, 1, 99)
SHIFTS = (DayShift("E", 480), DayShift("L", 480, frozenset({"E"})))


def drawn(seed: int, n_lines: int, n_days: int, rules: LineRules = FREE) -> LineProblem:
    rng = np.random.default_rng(seed)
    shape = (n_days, 2)
    return LineProblem(
        n_days,
        SHIFTS,
        tuple(replace(rules, line_id=str(line + 1)) for line in range(n_lines)),
        rng.integers(0, 3, shape),
        rng.integers(0, 30, shape),
        rng.integers(0, 9, shape),
        rng.integers(-4, 5, (n_lines, *shape)),
        base_cost=7,
    )


def least_cost(problem: LineProblem) -> int:
    """Over all rosters that the judge passes, line by line."""
    one_line = list(product((OFF, 0, 1), repeat=problem.n_days))
    good = [
        [
            duties
            for duties in one_line
            if not roster_violations(
                replace(problem, lines=(rules,), duty_cost=problem.duty_cost[:1]),
                np.array([duties]),
            )
        ]
        for rules in problem.lines
    ]
    return min(roster_cost(problem, np.array(roster)) for roster in product(*good))


@given(
    st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.booleans()
)
@settings(max_examples=25)
def test_cost_and_bound_enclose_the_optimum(
    seed: int, max_run: int, min_off: int, n_lines: int, many: bool
) -> None:
    rules = replace(FREE, max_run=max_run, min_off=min_off, min_minutes=480, most_of=(2, 3))
    problem = drawn(seed, n_lines, 4 if many else 3, rules)
    found = solve_rosters(problem, RosterOptions(repairs=3))
    best = least_cost(problem)
    assert roster_violations(problem, found.roster) == []
    assert roster_cost(problem, found.roster) == found.cost
    assert found.bound <= best <= found.cost
    assert (found.status == Status.OPTIMAL) == (found.cost == found.bound)
    if found.status == Status.OPTIMAL:
        assert found.cost == best


def test_a_known_optimum_is_proved() -> None:
    """Two lines of three days at most, one wanted each day of four: nothing need be missing."""
    rules = replace(FREE, max_run=2, min_off=2, max_minutes=960)
    problem = replace(
        drawn(1, 2, 4, rules),
        cover=np.array([[1, 0]] * 4),
        under_cost=np.full((4, 2), 50),
        over_cost=np.full((4, 2), 1),
        duty_cost=np.zeros((2, 4, 2), dtype=np.int64),
        base_cost=0,
    )
    found = solve_rosters(problem, RosterOptions())
    assert (found.cost, found.bound, found.status) == (0, 0, Status.OPTIMAL)


def test_a_line_without_a_roster_is_named() -> None:
    problem = drawn(3, 2, 4)
    stuck = replace(FREE, line_id="2", min_minutes=481 * 4)
    found = solve_rosters(replace(problem, lines=(problem.lines[0], stuck)), RosterOptions())
    assert found.status == Status.INFEASIBLE
    assert "line number 2" in found.reason


def test_the_same_seed_gives_the_same_roster() -> None:
    rules = LineRules("1", (9, 4), 3000, 4800, 2, 4, 2, 1)
    problem = drawn(5, 9, 14, rules)
    first, second = (solve_rosters(problem, RosterOptions(seed=4, repairs=2)) for _ in range(2))
    np.testing.assert_array_equal(first.roster, second.roster)
    assert (first.cost, first.bound) == (second.cost, second.bound)
    assert first.bound <= first.cost


def test_more_wanted_lines_never_cost_less_at_the_bound() -> None:
    """The bound of a relaxation rises with what is asked for, when nobody is too many."""
    problem = replace(drawn(8, 3, 7), over_cost=np.zeros((7, 2), dtype=np.int64))
    more = replace(problem, cover=problem.cover + 1)
    few, many = (solve_rosters(asked, RosterOptions(repairs=1)) for asked in (problem, more))
    assert few.bound <= many.bound
