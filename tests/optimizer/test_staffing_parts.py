"""Apportionment, value curves and labour rows, worked out by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.models.solver import LinearModel, SolverOptions, minimise
from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.limits import ShiftLimits, shift_limits
from optimizer.models.staffing.station_model import SplitPrices, parts_by_model
from optimizer.models.staffing.stations import share_out
from optimizer.models.staffing.totals import whole_totals
from optimizer.models.staffing.value_curves import value_curve
from optimizer.rotations import LeaveQuota, RestDebt
from optimizer.shifts import LabourRules
from tests.optimizer.staffing_cases import duty, kind, town


def test_largest_remainders_by_hand() -> None:
    # Quotas 4.2, 3.5 and 2.3 of ten: the one left over goes to the largest fraction.
    assert apportion(10, [42, 35, 23], [9, 9, 9]).tolist() == [4, 4, 2]
    assert apportion(10, [42, 35, 23], [9, 2, 9]).tolist() == [5, 2, 3]
    assert apportion(10, [1, 1], [2, 2]).tolist() == [2, 2]
    assert apportion(3, [0, 0], [1, 5]).tolist() == [1, 2]


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 9)), min_size=1), st.integers(0, 60))
def test_apportionment_gives_all_that_caps_admit(places: list, total: int) -> None:
    weights, caps = zip(*places, strict=True)
    given_out = apportion(total, weights, caps)
    assert given_out.sum() == min(total, sum(caps))
    assert (given_out >= 0).all()
    assert (given_out <= caps).all()


def test_value_curves_never_promise_too_much_and_say_what_they_leave_out() -> None:
    gain = np.sort(np.random.default_rng(1).uniform(0, 9, (2, 3, 60)), axis=2)[:, :, ::-1]
    curve = value_curve(gain)
    true = np.cumsum(gain, axis=2)
    thinned = np.cumsum(np.repeat(curve.slope, curve.length, axis=2), axis=2)
    left_out = true - thinned
    assert curve.length.sum() == 60
    assert left_out.min() > -1e-9
    assert np.allclose(left_out.max(axis=2), curve.largest_error)
    assert np.allclose(left_out[:, :, :12], 0.0)


def test_labour_rows_are_merged_to_the_tightest() -> None:
    """Two shifts that never meet but share a rest: on duty apart, at rest together."""
    rules = LabourRules(min_rest_h=2.0, min_presence=0)
    pair = (duty(0, 2, rest=0.0, team=0.5), duty(3, 1, rest=0.0, team=0.75))
    limits = shift_limits(town([[9]], (kind("cops"),), pair, rules=rules))
    on_duty, rest = limits.forces, limits.teams
    rows = [tuple(row) for row in on_duty.pattern]
    assert dict(zip(rows, on_duty.share[0, 0], strict=True)) == {
        (0, 0): 1.0,
        (1, 0): 0.5,
        (0, 1): 0.75,
    }
    assert dict(zip(rows, on_duty.district_caps()[0, 0], strict=True))[(1, 0)] == 4
    assert dict(zip(rows, on_duty.station_caps()[0, 0], strict=True))[(1, 0)] == 5
    assert (rest.share == 1.0).all()


def test_people_away_are_taken_off_what_rows_allow() -> None:
    """Three of nine rest until hour 2; a half rounds down in the district and up at home."""
    debt = RestDebt(0, 0, 3, 2.0)
    problem = town(
        [[9]], (kind("cops"),), (duty(0, 2),), debts=(debt,), leave=(LeaveQuota(0, 1, 0.5),)
    )
    rest = shift_limits(problem).teams
    assert sorted(rest.district_caps()[0, 0].tolist()) == [4.0, 6.0]
    assert sorted(rest.station_caps()[0, 0].tolist()) == [5.0, 6.0]


def test_the_solver_finds_a_known_optimum_and_bound() -> None:
    # Most of x + 2 y with x + y <= 3.5 and y <= 2 in whole numbers: x = 1, y = 2.
    model = LinearModel()
    columns = model.add_columns([9, 2], [-1.0, -2.0], (2,), integer=True)
    model.add_entries(model.add_rows(-np.inf, 3.5, (1,)), columns, 1.0)
    solution = minimise(model, SolverOptions(relative_gap=0.0))
    assert solution.whole(columns).tolist() == [1, 2]
    assert solution.cost == -5.0
    assert solution.bound == -5.0
    assert minimise(LinearModel(), SolverOptions()).cost == 0.0


@given(st.integers(0, 10_000), st.integers(0, 2))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_parts_of_the_model_keep_all_caps_and_lose_no_more(seed: int, presence: int) -> None:
    rng = np.random.default_rng(seed)
    shifts = tuple(duty(int(s), int(rng.integers(2, 9)), rest=6.0) for s in range(0, 20, 5))
    problem = town(
        rng.integers(0, 9, (4, 1)).tolist(),
        (kind("cops"),),
        shifts,
        24,
        rules=LabourRules(min_rest_h=6.0, min_presence=presence),
        leave=(LeaveQuota(4, 12, float(rng.uniform(0.0, 0.8))),),
    )
    limits = shift_limits(problem)
    head, caps = problem.teams.headcount, limits.teams.station_caps()
    force_caps = limits.forces.station_caps()[:, 0]
    district = limits.teams.district_caps()[0], limits.forces.district_caps()[0, 0]
    wanted = rng.uniform(0, head.sum(), (1, 1, len(shifts)))
    total = whole_totals(limits, np.minimum(wanted, 9.0), *district)[0]
    terms = (limits, total, head, caps, force_caps, presence)
    parts = parts_by_model(*terms, SplitPrices(limits.hours.astype(np.float64), 3.0))
    assert (parts.sum(axis=0) <= total + 1e-6).all()
    found = share_out(*terms, parts=parts)
    scarce = share_out(*terms, parts=parts, scarce_first=True)
    for split in (parts, found, scarce):
        assert (split @ limits.teams.pattern.T <= caps + 1e-6).all()
        assert (split.sum(axis=1) @ limits.forces.pattern.T <= force_caps + 1e-6).all()
    for split in (found, scarce):
        assert (split >= 0).all()
        assert (split.sum(axis=0) <= total).all()
    in_order = share_out(*terms)
    assert lost(limits, parts, presence) <= lost(limits, in_order, presence) + 1e-3


def lost(limits: ShiftLimits, given: np.ndarray, presence: int) -> float:
    """Officer-hours of presence short, three times, less those worked, above nobody's."""
    present = given.sum(axis=1) @ limits.active.astype(np.int64)
    most = len(given) * 9 * int(limits.hours.sum())
    return float(
        most + 3.0 * np.maximum(presence - present, 0).sum() - (given @ limits.hours).sum()
    )
