"""What lending leaves at home: limits and crews by hand, service against the evaluation."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.judges.donors import (
    command_service,
    crews_lent,
    floor_room,
    home_of_loan,
    lent_by_shift,
    share_room,
)
from optimizer.judges.evaluation import evaluate
from optimizer.models.patrol.returned import with_units_back
from optimizer.models.staffing.loan_worth import limit_prices
from optimizer.models.staffing.officer_worth import around
from optimizer.models.staffing.staffing import staff
from optimizer.plan import Deployment, Loan, Roster
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import car, duty, kind, post, town
from tests.optimizer.tiny_city import CALLS, CAR, TERMS, tiny_city, tiny_force

COPS = kind("cops")


def lending_town(floor: float = 0.7, share: float = 1.0, **terms: object) -> StaffingProblem:
    """Ten officers in district 0, one in district 1, where a post asks for twenty."""
    posts = (post("P", (0, 4), 20, district=1),)
    return town(
        [[10], [1]],
        (COPS,),
        (duty(0, 4),),
        posts=posts,
        station_district=[0, 1],
        donor_floor=floor,
        donor_max_share=share,
        **terms,
    )


def roster_of(problem: StaffingProblem, officers: list[list[int]], *loans: Loan) -> Roster:
    counts = np.array(officers, dtype=np.int64)[:, None, :]
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    return Roster(problem.instances, counts, loans, nobody)


def test_room_under_the_limits_by_hand() -> None:
    """30 % of ten on duty may leave, 40 % of ten may be lent; two are."""
    problem = lending_town(share=0.4)
    roster = roster_of(problem, [[10], [1]], Loan("cops", 0, 1, 0, 2))
    assert lent_by_shift(problem, roster)[:, 0, 0].tolist() == [2, 0]
    assert floor_room(problem, roster).tolist() == [[1] * 4, [0] * 4]
    assert share_room(problem, roster)[:, 0].tolist() == [[2] * 4, [0] * 4]


def test_lent_crews_are_whole_and_of_the_first_type_that_takes_them() -> None:
    types = (car("cops", 2), car("cops", 1, "motorcycle"))
    shifts = (duty(0, 4, street=0.5), duty(2, 2))
    problem = town([[20], [1]], (COPS,), shifts, station_district=[0, 1], unit_types=types, hours=4)
    loans = (Loan("cops", 0, 1, 0, 6), Loan("cops", 0, 1, 1, 3))
    roster = roster_of(problem, [[6, 3], [0, 0]], *loans)
    # Half of six are on the street, then three more: one car, from hour 2 three cars.
    assert crews_lent(problem, roster).tolist() == [
        [[1, 1, 3, 3], [0] * 4],
        [[0] * 4, [0] * 4],
    ]


def test_the_home_of_a_loan_is_known_where_only_one_can_lend() -> None:
    problem = town([[5], [5], [1]], (COPS,), (duty(0, 2), duty(2, 2)), station_district=[0, 0, 1])
    roster = roster_of(problem, [[5, 0], [5, 4], [0, 0]])
    assert home_of_loan(problem, roster, Loan("cops", 0, 1, 0, 1)) is None
    assert home_of_loan(problem, roster, Loan("cops", 0, 1, 1, 1)) == 1


@pytest.mark.parametrize(
    ("floor", "share", "lent", "prices"),
    [
        (0.7, 1.0, 3, (400 - 0.2, 0)),  # the fourth would fill four hours of the post
        (0.7, 0.3, 3, (0, 0)),  # both limits hold back: neither alone lets anybody go
        (0.0, 1.0, 10, (0, 0)),  # nobody is left to lend
    ],
)
def test_the_price_of_a_limit_is_the_loan_that_it_forbids(
    floor: float, share: float, lent: int, prices: tuple[float, float]
) -> None:
    problem = lending_town(floor, share)
    result = staff(problem)
    assert sum(loan.officers for loan in result.roster.loans) == lent
    (found,) = limit_prices(around(problem, result.roster), result.roster)
    assert found.district == 0
    assert (found.floor, found.share) == pytest.approx(prices, abs=1e-5)


@pytest.mark.parametrize(("floor", "share"), [(0.7, 1.0), (0.0, 0.3)])
def test_what_an_officer_is_worth_at_home_is_deducted(floor: float, share: float) -> None:
    """At home too a post of priority 2 (10 an hour) is short of everyone."""
    problem = lending_town(floor, share)
    asked = (*problem.requirement.posts, post("Q", (0, 4), 20, district=0, priority=2))
    both = replace(problem, requirement=replace(problem.requirement, posts=asked))
    result = staff(both)
    (found,) = limit_prices(around(both, result.roster), result.roster)
    price = 400 - 40 - 0.2
    expected = (price, 0.0) if floor else (0.0, price)
    assert (found.floor, found.share) == pytest.approx(expected, abs=1e-5)


def test_service_of_a_command_is_that_of_its_cells() -> None:
    """West has cells 0 and 13, 4 and 1 calls an hour; hour 1 alone has units there."""
    situation = tiny_city()
    units = np.zeros((1, 4, 2), dtype=np.int64)
    units[0, 1] = 8  # the eastern station
    units[0, 0, 1] = 8
    deployment = Deployment(("car",), units, ())
    judged = evaluate(situation, tiny_force(), deployment, terms=TERMS)
    west = [0, 13]
    for hours in ([True, False], [False, True], [True, True]):
        inside = np.array(hours)
        calls = judged.demand_per_h[west][:, inside]
        covered = (calls * judged.covered[west][:, inside]).sum() / calls.sum()
        found = command_service(situation, judged, 0, inside)
        assert found.covered == pytest.approx(covered)
    alone = command_service(situation, judged, 0, np.array([False, True]))
    without = command_service(situation, judged, 0, np.array([True, False]))
    assert alone.covered > without.covered
    assert alone.p90_min < without.p90_min
    nothing = command_service(situation, judged, 0, np.zeros(2, dtype=np.bool_))
    assert np.isnan(nothing.covered)
    assert np.isnan(nothing.p90_min)


def back(units: np.ndarray, more: list[int], cap: np.ndarray | None = None) -> np.ndarray:
    situation = tiny_city(hours=1)
    return with_units_back(
        situation,
        CAR,
        TERMS,
        units,
        np.full((16, 1), 0.4),
        np.array(more)[:, None],
        place_min=np.zeros_like(units),
        place_cap=np.full_like(units, 9) if cap is None else cap,
    )[:, 0]


def expected_min(units: np.ndarray) -> float:
    """Call-minutes an hour when every unit is busy with chance 0.4, by the words of the model."""
    situation = tiny_city(hours=1)
    reach = situation.travel["car"].reach[0]
    total = 0.0
    for cell, calls in CALLS.items():
        arrivals = []
        for place, count in enumerate(units):
            inside = slice(reach.indptr[place], reach.indptr[place + 1])
            for minutes in reach.minutes[inside][reach.cell[inside] == cell]:
                arrivals += [minutes + (1.0 if place < 2 else 0.0)] * count
        for rank, minutes in enumerate(sorted(arrivals)):
            total += calls * 0.6 * 0.4**rank * minutes
        total += calls * 0.4 ** len(arrivals) * 20.0
    return total


@pytest.mark.parametrize("standing", [[0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [2, 0, 1, 0]])
@pytest.mark.parametrize("command", [0, 1])
def test_a_unit_comes_back_where_it_saves_most(standing: list[int], command: int) -> None:
    units = np.array(standing)
    places = [[0, 2], [1, 3]][command]
    best = min(places, key=lambda place: expected_min(units + np.eye(4, dtype=int)[place]))
    more = [1 - command, command]
    assert back(units[:, None], more).tolist() == (units + np.eye(4, dtype=int)[best]).tolist()
    assert back(units[:, None], [0, 0]).tolist() == standing


def test_units_without_a_free_place_are_left_out() -> None:
    standing = np.array([[1], [1], [0], [0]])
    cap = np.array([[1], [9], [2], [9]])
    assert back(standing, [5, 0], cap).tolist() == [1, 1, 2, 0]
