"""The staffing model against its rules, exhaustive search and its own bound."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optimizer.models.staffing.staffing as staffing_model
from geodata.faults import BadInput
from optimizer.judges.rules import staffing_violations
from optimizer.judges.staffing_value import officers_on_street, staffing_value
from optimizer.levels import ServiceLevel
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Loan, PostAssignment, Roster
from optimizer.shifts import LabourRules
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from tests.optimizer.staffing_cases import LEVELS, car, city, duty, kind, post, town

COPS = kind("cops")
AIDES = kind("aides", can="pt", sworn=False)
EXACT = SolverOptions(relative_gap=0.0)


def gain(per_hour: list[list[float]]) -> np.ndarray:
    """Gains of one district, `[hour][k]`."""
    return np.array([per_hour], dtype=np.float64)


def used(problem: StaffingProblem, result: StaffingResult) -> np.ndarray:
    """Officers in use on the street, counted by hand, `[district, force, hour]`."""
    total = result.visit_officers.copy()
    for row, unit in enumerate(problem.force.unit_types):
        force = problem.force.index(unit.force_id)
        for station, district in enumerate(problem.station_district):
            total[district, force] += unit.officers * result.units_available[row, station]
    needs = {need.post_id: need for need in problem.requirement.posts}
    for fill in result.posts.fills:
        need = needs[fill.post_id]
        force = problem.force.index(fill.force_id)
        total[fill.from_district, force, need.from_hour : need.to_hour] += fill.officers
    return total


def test_a_town_worked_out_by_hand() -> None:
    """Five officers, two shifts of two hours with no time to rest between them.

    A car (two officers) saves 10 min in hours 0-1, the second 4; in hours 2-3 they save 8 and
    6. All five early: 2 x (10 + 4) = 28 min; all late: 28 as well; three or two early and the
    others late: 2 x 10 + 2 x 8 = 36. Four officers do it, two a shift, at 0.01 an hour: 35.92.
    """
    hours = [[10.0, 4.0]] * 2 + [[8.0, 6.0]] * 2
    problem = town(
        [[5]],
        (COPS,),
        (duty(0, 2), duty(2, 2)),
        unit_types=(car("cops"),),
        unit_gain={"car": gain(hours)},
    )
    result = staff(problem, EXACT)
    assert result.roster.officers.tolist() == [[[2, 2]]]
    assert result.units_available.tolist() == [[[1, 1, 1, 1]]]
    assert result.value == pytest.approx(35.92)
    assert result.bound == pytest.approx(35.92)
    assert result.gap == pytest.approx(0.0, abs=1e-6)


def test_posts_come_first_by_price_and_the_rest_patrol() -> None:
    """Six officers for four hours; a post of three at 100 an officer-hour in hours 1-2.

    The post leaves three officers, so one car; outside it three cars at 5, 3 and 1 min.
    Value: 2 x 5 + 2 x 9 - 24 x 0.01 = 27.76.
    """
    problem = town(
        [[6]],
        (COPS,),
        (duty(0, 4),),
        unit_types=(car("cops"),),
        unit_gain={"car": gain([[5.0, 3.0, 1.0]] * 4)},
        posts=(post("A", (1, 3), 3),),
    )
    result = staff(problem, EXACT)
    assert result.posts.have() == {"A": 3}
    assert result.units_available[0, 0].tolist() == [3, 1, 1, 3]
    assert result.value == pytest.approx(27.76)


def test_support_posts_take_an_aide_for_every_officer_and_no_more() -> None:
    posts = (post("B", (0, 4), 10, role="support", priority=3),)
    problem = town([[3, 9]], (COPS, AIDES), (duty(0, 4),), posts=posts)
    by_force = {fill.force_id: fill.officers for fill in staff(problem, EXACT).posts.fills}
    assert by_force == {"cops": 3, "aides": 3}


def test_missing_visits_and_presence_are_counted_not_refused() -> None:
    asked = np.full((1, 4), 2.5)
    rules = LabourRules(min_presence=3)
    problem = town([[1]], (COPS,), (duty(0, 4),), visit_officers=asked, rules=rules)
    result = staff(problem, EXACT)
    assert result.visit_short.tolist() == [[1.5] * 4]
    assert result.roster.presence_short.tolist() == [[2] * 4]
    # 1.5 visiting officers short at 1, two present ones at 10, one officer on duty at 0.01.
    assert result.value == pytest.approx(-4 * (1.5 + 20.0 + 0.01))
    assert result.bound == pytest.approx(result.value)


def test_a_district_borrows_up_to_the_donor_share() -> None:
    """Twenty officers at home with nothing to do, a post of five next door: 15 % are lent."""
    problem = town(
        [[20], [0]],
        (COPS,),
        (duty(0, 4),),
        station_district=[0, 1],
        station_kind=("branch", "branch"),
        posts=(post("A", (0, 4), 5, district=1),),
        donor_floor=0.5,
    )
    result = staff(problem, EXACT)
    assert result.roster.loans == (Loan("cops", 0, 1, 0, 3),)
    # Half of those on duty must stay: three more than nobody needs.
    assert result.roster.officers.tolist() == [[[6]], [[0]]]
    assert result.posts.have() == {"A": 3}


def test_weekly_hours_are_kept_or_counted_as_overtime() -> None:
    """48 h: one officer may work 48/168 x 48 = 13.7 h; two shifts of 10 h make 6.3 h overtime."""
    hours = 48
    shifts = (duty(0, 10, rest=12.0), duty(24, 10, rest=12.0))
    terms = {
        "unit_types": (car("cops", 1),),
        "unit_gain": {"car": np.ones((1, hours, 1))},
        "rules": LabourRules(min_presence=0, max_overtime_h=40.0),
    }
    problem = town([[1]], (COPS,), shifts, hours, **terms)
    result = staff(problem, EXACT)
    assert result.roster.officers.tolist() == [[[1, 1]]]
    assert result.overtime_hours[0, 0] == pytest.approx(20 - 48 / 168 * 48)
    dear = staff(replace(problem, overtime_cost=5.0), EXACT)
    assert dear.roster.officers.sum() == 1
    assert dear.overtime_hours.sum() == 0


def test_protected_pools_are_used_only_when_relaxed_and_then_counted() -> None:
    protected = kind("community", can="pt", pool="never")
    problem = town([[4]], (protected,), (duty(0, 4),), posts=(post("A", (0, 2), 2),))
    closed = staff(problem, EXACT)
    assert closed.roster.officers.sum() == 0
    assert closed.protected_half_days == 0
    relaxed = staff(replace(problem, protected_relaxed=True), EXACT)
    assert relaxed.posts.have() == {"A": 2}
    assert relaxed.protected_half_days == 2


def test_crews_are_counted_at_home_and_mixed_ones_at_the_branch() -> None:
    """Three officers at each of two stations: a car each, and a third car from both."""
    problem = town(
        [[3], [3], [0]],
        (COPS,),
        (duty(0, 4),),
        station_kind=("station", "station", "branch"),
        unit_types=(car("cops"),),
        unit_gain={"car": gain([[5.0, 5.0, 5.0]] * 4)},
    )
    result = staff(problem, EXACT)
    assert result.units_available[0].tolist() == [[1] * 4, [1] * 4, [1] * 4]


def search(problem: StaffingProblem) -> float:
    """Best value by trying every roster, loan, fill and number of cars (one force, no visits)."""
    best = -np.inf
    head = problem.force.headcount[:, 0]
    shifts = len(problem.instances)
    ranges = [range(int(count) + 1) for count in head for _ in range(shifts)]
    lending = [range(-1, 2) if problem.n_districts == 2 else range(1)] * shifts
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    for flat in product(*ranges):
        officers = np.array(flat).reshape(problem.n_stations, 1, shifts)
        for lent in product(*lending):
            loans = tuple(
                Loan("cops", int(n < 0), int(n > 0), i, abs(n)) for i, n in enumerate(lent) if n
            )
            roster = Roster(problem.instances, officers, loans, nobody)
            best = max(best, *values(problem, roster))
    return best


def values(problem: StaffingProblem, roster: Roster) -> list[float]:
    """Values of every use of one roster; -inf where it breaks a rule."""
    idle = StaffingResult(
        roster=roster,
        posts=PostAssignment(problem.requirement.posts, ()),
        units_available=np.zeros((1, problem.n_stations, problem.horizon_hours), dtype=np.int64),
        visit_officers=np.zeros((problem.n_districts, 1, problem.horizon_hours)),
        visit_short=np.zeros((problem.n_districts, problem.horizon_hours)),
        overtime_hours=np.zeros((problem.n_districts, 1)),
        protected_half_days=0,
        value=0.0,
        bound=0.0,
        idle_value=0.0,
    )
    if staffing_violations(problem, idle):
        return [-np.inf]
    found = []
    for filled in product(*[range(need.required + 1) for need in problem.requirement.posts]):
        left = officers_on_street(problem, roster)[:, 0]
        shortage = 0.0
        for need, count in zip(problem.requirement.posts, filled, strict=True):
            left[need.district, need.from_hour : need.to_hour] -= count
            hours = need.to_hour - need.from_hour
            shortage += problem.post_penalty[need.priority] * (need.required - count) * hours
        if (left < 0).any():
            continue
        counted = np.arange(problem.unit_gain["car"].shape[2]) < (left // 2)[..., None]
        saved = float(problem.unit_gain["car"][counted].sum())
        found.append(saved - shortage + staffing_value(problem, idle) + unfilled(problem))
    return found


def unfilled(problem: StaffingProblem) -> float:
    """Price of leaving every post empty: the part of the idle value that fills replace."""
    return sum(
        problem.post_penalty[need.priority] * need.required * (need.to_hour - need.from_hour)
        for need in problem.requirement.posts
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.data())
def test_no_better_staffing_exists(data: st.DataObject) -> None:
    """One or two small districts, two shifts and a post: every staffing is tried."""
    two = data.draw(st.booleans())
    gains = st.lists(st.integers(0, 9), min_size=2, max_size=2).map(lambda g: sorted(g)[::-1])
    n = 1 + two
    gain_of = [[data.draw(gains) for _ in range(4)] for _ in range(n)]
    minutes = st.lists(st.sampled_from([0.0, 20.0, 60.0, 70.0]), min_size=4, max_size=4)
    ways = [[data.draw(minutes) if a != b else [0.0] * 4 for b in range(n)] for a in range(n)]
    problem = town(
        [[data.draw(st.integers(1, 4 - two))] for _ in range(n)],
        (COPS,),
        (duty(0, 3, street=data.draw(st.sampled_from([0.5, 1.0]))), duty(2, 2)),
        station_district=list(range(n)),
        unit_types=(car("cops"),),
        unit_gain={"car": np.array(gain_of, dtype=np.float64)},
        posts=(post("A", (1, 3), 2, priority=3, district=n - 1),),
        levels={"routine": ServiceLevel("routine", "Routine", "常态勤务", 0.75, 0.0)},
        donor_max_share=0.5,
        donor_floor=0.3,
        loan_minutes=np.array(ways),
        loan_notice_h=data.draw(st.sampled_from([0.0, 1.0])),
        loan_max_min=data.draw(st.sampled_from([30.0, 90.0])),
    )
    result = staff(problem, EXACT)
    assert staffing_violations(problem, result) == ()
    assert result.value == pytest.approx(search(problem), abs=1e-6)
    assert result.bound == pytest.approx(result.value, abs=1e-6)


@st.composite
def problems(draw: st.DrawFn) -> StaffingProblem:
    """Two or three districts, three forces, odd shares, posts and visits."""
    n = draw(st.integers(2, 3))
    hours = draw(st.sampled_from([6, 30]))
    homes = [d for d in range(n) for _ in range(3)]
    row = st.lists(st.integers(0, 9), min_size=3, max_size=3)
    count = draw(st.lists(row, min_size=3 * n, max_size=3 * n))
    starts = draw(st.lists(st.integers(-12, hours - 2), min_size=2, max_size=4, unique=True))
    instances = tuple(
        duty(
            start,
            draw(st.integers(2, 24)),
            street=draw(st.sampled_from([0.5, 0.85, 1.0])),
            rest=draw(st.sampled_from([0.0, 11.5, 24.0])),
            team=draw(st.sampled_from([0.25, 0.5, 1.0])),
        )
        for start in sorted(starts)
    )
    instances = tuple(i for i in instances if i.end_h > 0) or (duty(0, 4),)
    forces = (COPS, AIDES, kind("hq", can="p", pool=draw(st.sampled_from(["1", "never"]))))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    posts = tuple(
        post(
            f"P{i}",
            (int(first), int(first) + 4),
            int(rng.integers(1, 9)),
            district=int(rng.integers(n)),
            priority=int(rng.integers(1, 4)),
            role=("police", "support")[int(rng.integers(2))],
        )
        for i, first in enumerate(rng.integers(0, hours - 2, 3))
    )
    return town(
        count,
        forces,
        instances,
        hours,
        station_district=homes,
        station_kind=("station", "station", "branch") * n,
        unit_types=(car("cops"),),
        unit_gain={"car": np.sort(rng.uniform(0, 9, (n, hours, 20)), axis=2)[:, :, ::-1]},
        posts=posts,
        visit_officers=rng.uniform(0, 3, (n, hours)),
        levels=LEVELS,
        level_of_hour=tuple(draw(st.sampled_from(["2", "1", "1+"])) for _ in range(hours)),
        rules=LabourRules(min_presence=draw(st.integers(0, 2))),
        protected_relaxed=draw(st.booleans()),
        loan_minutes=rng.choice([0.0, 30.0, 80.0, np.inf], (n, n, hours)),
        loan_notice_h=draw(st.sampled_from([0.0, 2.0])),
    )


@pytest.mark.parametrize("exact_up_to", [0, 60])
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(problem=problems())
def test_drawn_staffings_keep_every_rule(
    monkeypatch: pytest.MonkeyPatch, exact_up_to: int, problem: StaffingProblem
) -> None:
    monkeypatch.setattr(staffing_model, "EXACT_UP_TO", exact_up_to)
    result = staff(problem)
    assert staffing_violations(problem, result) == ()
    assert result.value == pytest.approx(staffing_value(problem, result))
    assert result.value <= result.bound + 1e-5
    assert (used(problem, result) <= officers_on_street(problem, result.roster) + 1e-6).all()


def test_a_city_within_one_per_cent_twice_the_same() -> None:
    problem = city(districts=4, stations=6, scale=0.15)
    first, second = staff(problem), staff(problem)
    assert staffing_violations(problem, first) == ()
    assert first.relative_gap < 0.03
    assert np.array_equal(first.roster.officers, second.roster.officers)
    assert first.roster.loans == second.roster.loans
    assert first.posts.fills == second.posts.fills
    assert np.array_equal(first.units_available, second.units_available)
    assert np.array_equal(first.visit_officers, second.visit_officers)


@pytest.mark.parametrize("more", [0, 1, 2])
def test_another_officer_never_lowers_the_value(more: int) -> None:
    levels = {"routine": ServiceLevel("routine", "Routine", "常态勤务", 0.6, 0.1)}

    def best(count: int) -> float:
        problem = town(
            [[count]],
            (COPS,),
            (duty(0, 2), duty(1, 3), duty(2, 2)),
            unit_types=(car("cops"),),
            unit_gain={"car": gain([[9.0, 5.0, 2.0]] * 4)},
            levels=levels,
        )
        return staff(problem, EXACT).value

    assert best(5 + more) >= best(4 + more) - 1e-9


def test_bad_input_names_every_fault_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        town(
            [[2]],
            (COPS,),
            (duty(0, 4),),
            unit_types=(car("cops"),),
            unit_gain={"car": gain([[1.0, 2.0]] * 4), "boat": gain([[1.0]] * 4)},
            posts=(post("A", (0, 2), 1, priority=9, role="mascot"),),
            donor_floor=1.5,
            loan_cost=-1.0,
            level_of_hour=("5",) * 4,
        )
    text = str(caught.value)
    for word in ("car", "boat", "priority", "mascot", "donor_floor", "loan_cost", "'5'"):
        assert word in text
    assert len(caught.value.faults) == 7


def test_parts_of_other_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match=r"loan_minutes.*\(2, 2, 4\)"):
        town([[2]], (COPS,), (duty(0, 4),), loan_minutes=np.zeros((2, 2, 4)))
