"""Rules of a line: the judge by hand, and the search for one line against all rosters there are.

The search knows the rules as an automaton with counters, the judge reads the finished roster.
For each rule alone, and for drawn mixtures, both must agree on every roster of a short horizon.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.faults import BadInput
from optimizer.judges.roster_rules import roster_cost, roster_violations
from optimizer.models.rosters.line_search import LineSearch
from optimizer.roster_lines import OFF, DayShift, LineProblem, LineRules

EARLY_LATE = (DayShift("E", 480), DayShift("L", 600, frozenset({"E"})))
FREE = LineRules("1", (99, 99), 0, 99_999, 1, 99, 1, 99)


def problem(n_days: int, *lines: LineRules, **terms: object) -> LineProblem:
    cover = np.zeros((n_days, 2), dtype=np.int64)
    facts = {
        "shifts": EARLY_LATE,
        "cover": cover,
        "under_cost": cover + 100,
        "over_cost": cover + 1,
        "duty_cost": np.zeros((len(lines), n_days, 2), dtype=np.int64),
    }
    return LineProblem(n_days=n_days, lines=lines, **(facts | terms))


def broken(asked: LineProblem, *duties: int) -> list[str]:
    return [found.rule for found in roster_violations(asked, np.array([duties]))]


def test_every_rule_by_hand() -> None:
    week = problem(7, replace(FREE, min_minutes=480, max_minutes=1080))
    assert broken(week, 0, 1, OFF, OFF, OFF, OFF, OFF) == []
    assert broken(week, *[OFF] * 7) == ["least minutes"]
    assert broken(week, 1, 1, OFF, OFF, OFF, OFF, OFF) == ["most minutes"]
    assert broken(week, 1, 0, OFF, OFF, OFF, OFF, OFF) == ["succession"]
    assert broken(problem(3, replace(FREE, days_off=frozenset({1}))), OFF, 0, OFF) == ["day off"]
    assert broken(problem(3, replace(FREE, most_of=(1, 9))), 0, 0, 1) == ["shift limit"]
    assert broken(problem(3, replace(FREE, max_run=2)), 0, 0, 0) == ["longest run"]
    assert broken(problem(7, replace(FREE, max_weekends=0)), *[OFF] * 6, 1) == ["weekends"]


def test_runs_at_the_border_may_go_on_outside() -> None:
    asked = problem(5, replace(FREE, min_run=2, min_off=2))
    assert broken(asked, 0, OFF, OFF, 0, 0) == []
    assert broken(asked, OFF, 0, 0, OFF, OFF) == []
    assert broken(asked, OFF, 0, OFF, OFF, OFF) == ["shortest run"]
    assert broken(asked, 0, 0, OFF, 0, 0) == ["days off in a row"]


def test_cost_counts_requests_missing_and_surplus_lines() -> None:
    cover = np.array([[2, 0], [0, 0]])
    wish = np.array([[[-3, 0], [0, 5]]])
    asked = problem(2, FREE, cover=cover, duty_cost=wish, base_cost=3)
    assert roster_cost(asked, np.array([[OFF, OFF]])) == 3 + 200
    assert roster_cost(asked, np.array([[0, 1]])) == 0 + 100 + 5 + 1


def test_strange_rosters_are_told() -> None:
    asked = problem(2, FREE)
    assert broken(asked, 0) == ["shape"]
    assert broken(asked, 0, 2) == ["known shift"]


RULES = {
    "free": FREE,
    "minutes": replace(FREE, min_minutes=1500, max_minutes=2100),
    "limit": replace(FREE, most_of=(1, 2)),
    "none of a shift": replace(FREE, most_of=(0, 9)),
    "longest run": replace(FREE, max_run=2),
    "shortest run": replace(FREE, min_run=3),
    "off": replace(FREE, min_off=3),
    "weekends": replace(FREE, max_weekends=0),
    "days off": replace(FREE, days_off=frozenset({0, 3})),
    "all": LineRules("1", (3, 2), 900, 2600, 2, 3, 2, 1, frozenset({4})),
}


def cheapest_by_hand(asked: LineProblem, cost: np.ndarray) -> float:
    """Least cost over all rosters that the judge passes; infinite without one."""
    costs = [
        sum(cost[day, duty] for day, duty in enumerate(duties) if duty != OFF)
        for duties in product((OFF, 0, 1), repeat=asked.n_days)
        if not roster_violations(asked, np.array([duties]))
    ]
    return min(costs, default=np.inf)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_search_finds_the_cheapest_roster_that_the_judge_passes(rule: str, seed: int) -> None:
    asked = problem(7, RULES[rule])
    cost = np.random.default_rng(seed).integers(-50, 50, (7, 2)).astype(float)
    best = LineSearch(asked, 0).best(cost)
    assert best is not None
    assert roster_violations(asked, best[1][None]) == []
    assert best[0] == cheapest_by_hand(asked, cost)


@st.composite
def drawn_rules(draw: st.DrawFn) -> LineRules:
    min_run = draw(st.integers(1, 3))
    low = draw(st.integers(0, 4))
    return LineRules(
        "1",
        (draw(st.integers(0, 4)), draw(st.integers(0, 4))),
        480 * low,
        480 * low + draw(st.integers(0, 1500)),
        min_run,
        draw(st.integers(min_run, 4)),
        draw(st.integers(1, 3)),
        draw(st.integers(0, 1)),
        draw(st.frozensets(st.integers(0, 5), max_size=2)),
    )


@given(drawn_rules(), st.integers(0, 1000))
def test_search_and_judge_agree_on_drawn_rules(rules: LineRules, seed: int) -> None:
    asked = problem(6, rules)
    cost = np.random.default_rng(seed).integers(-9, 9, (6, 2)).astype(float)
    best = LineSearch(asked, 0).best(cost)
    assert (np.inf if best is None else best[0]) == cheapest_by_hand(asked, cost)


def test_all_faults_of_a_problem_are_told_at_once() -> None:
    bad = replace(FREE, min_run=3, max_run=2, min_minutes=9, max_minutes=8, min_off=0)
    with pytest.raises(BadInput) as found:
        problem(
            2,
            replace(bad, most_of=(1,), days_off=frozenset({7})),
            shifts=(DayShift("E", 0), DayShift("E", 5, frozenset({"X"}))),
            cover=np.zeros((3, 2)),
            over_cost=-np.ones((2, 2)),
        )
    text = str(found.value)
    for part in (
        "stand twice",
        "shift E has no length",
        "names an unknown one (value: 'X')",
        "limits of shifts",
        "least minutes exceed the most (value: (9, 8))",
        "runs of working days (value: (3, 2))",
        "run of days off",
        "days off (value: [7])",
        "cover has the wrong shape (value: (3, 2))",
        "over_cost is negative",
    ):
        assert part in text
