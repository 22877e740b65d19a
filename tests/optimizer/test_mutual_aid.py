"""Groups called from outside: whole, after notice and travel, and only while they pay."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.faults import BadInput
from optimizer.judges.rules import check_aid, staffing_violations
from optimizer.judges.staffing_value import officers_on_street
from optimizer.models.solver import SolverOptions
from optimizer.models.staffing import staffing as staffing_model
from optimizer.models.staffing.staffing import staff
from optimizer.mutual_aid import AidCall, AidGroup
from optimizer.staffing_input import StaffingProblem
from tests.optimizer.staffing_cases import city, duty, kind, post, town

COPS, ARMED = kind("cops"), kind("armed", can="p")
EXACT = SolverOptions(relative_gap=0.0, nodes=100_000)


def group(**terms: object) -> AidGroup:
    """Two groups of 22, on the street from 2:30 after the call, four hours each."""
    facts = {
        "group_id": "psu",
        "name_en": "Support unit",
        "name_zh": "支援分队",
        "force_id": "armed",
        "officers": 22,
        "groups": 2,
        "notice_h": 2.0,
        "travel_min": np.array([30.0, 90.0]),
        "available_from_h": 0.0,
        "available_to_h": 10.0,
        "max_hours": 4,
    }
    return AidGroup(**(facts | terms))


def fair(**terms: object) -> StaffingProblem:
    """Two districts without people of their own, posts in both."""
    facts = {"aid": (group(),)} | terms
    return town(
        [[0, 0], [0, 0]],
        (COPS, ARMED),
        (duty(0, 10),),
        10,
        station_district=[0, 1],
        posts=(post("A", (3, 7), 30), post("B", (4, 8), 15, district=1)),
        **facts,
    )


def test_a_group_arrives_after_notice_and_travel() -> None:
    assert group().arrives_h(0) == 3
    assert group().arrives_h(1) == 4
    assert group(available_from_h=6.0).arrives_h(1) == 8
    assert list(group(available_to_h=5.0).duties(0, 10)) == [(3, 5), (4, 5)]
    assert list(group().duties(1, 6)) == [(4, 6), (5, 6)]


def test_groups_go_where_they_fill_most_and_come_whole() -> None:
    """The second group fills 8 more heads in the first district or 15 in the second."""
    result = staff(fair(), EXACT)
    assert result.roster.aid == (AidCall("psu", 0, 3, 7, 1), AidCall("psu", 1, 4, 8, 1))
    assert result.posts.have() == {"A": 22, "B": 15}
    assert officers_on_street(fair(), result.roster)[:, 1].tolist() == [
        [0] * 3 + [22] * 4 + [0] * 3,
        [0] * 4 + [22] * 4 + [0] * 2,
    ]
    assert staffing_violations(fair(), result) == ()
    assert result.bound == pytest.approx(result.value)


def test_dear_groups_stay_at_home() -> None:
    assert staff(fair(aid_cost=1e4), EXACT).roster.aid == ()


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (AidCall("psu", 0, 2, 6, 1), "aid notice"),
        (AidCall("psu", 1, 3, 7, 1), "aid notice"),
        (AidCall("psu", 0, 3, 8, 1), "aid duty"),
        (AidCall("psu", 0, 8, 11, 1), "aid duty"),
        (AidCall("psu", 0, 5, 5, 1), "aid duty"),
        (AidCall("psu", 0, 3, 7, 3), "aid groups"),
        (AidCall("psu", 0, 3, 7, 0), "aid group"),
        (AidCall("who", 0, 3, 7, 1), "aid group"),
    ],
)
def test_calls_that_break_a_rule_are_seen(call: AidCall, rule: str) -> None:
    problem = fair()
    right = staff(problem, EXACT)
    assert check_aid(problem, right) == []
    wrong = replace(right, roster=replace(right.roster, aid=(call,)))
    assert [one.rule for one in check_aid(problem, wrong)] == [rule]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.integers(1, 9),
    st.integers(0, 2),
    st.integers(1, 5),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([0.5, 20.0]),
)
def test_no_better_calls_exist(
    officers: int, groups: int, hours: int, first: int, second: int, cost: float
) -> None:
    """Every set of calls is tried: no call's groups could do better elsewhere."""
    problem = town(
        [[0], [0]],
        (COPS,),
        (duty(0, 6),),
        6,
        station_district=[0, 1],
        posts=(post("A", (1, 4), first), post("B", (3, 6), second, district=1, priority=2)),
        aid=(
            group(
                force_id="cops",
                officers=officers,
                groups=groups,
                notice_h=1.0,
                max_hours=hours,
                travel_min=np.array([0.0, 60.0]),
                available_to_h=6.0,
            ),
        ),
        aid_cost=cost,
    )
    duties = [(d, *span) for d in range(2) for span in problem.aid[0].duties(d, 6)]
    best = 0.0
    for counts in product(range(groups + 1), repeat=len(duties)):
        if sum(counts) > groups:
            continue
        street = np.zeros((2, 6))
        paid = 0.0
        for (district, start, end), count in zip(duties, counts, strict=True):
            street[district, start:end] += count * officers
            paid += cost * count * officers * (end - start)
        filled = 100.0 * 3 * min(first, street[0, 1:4].min())
        filled += 10.0 * 3 * min(second, street[1, 3:6].min())
        best = max(best, filled - paid)
    result = staff(problem, EXACT)
    assert staffing_violations(problem, result) == ()
    assert result.value - result.idle_value == pytest.approx(best, abs=1e-5)


def test_a_city_keeps_its_rules_with_groups_in_parts_of_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(staffing_model, "EXACT_UP_TO", 0)
    problem = city(districts=3, stations=3, scale=0.05)
    minutes = np.full(3, 40.0)
    aid = (group(force_id="armed_police", groups=5, travel_min=minutes, available_to_h=24.0),)
    result = staff(replace(problem, aid=aid))
    assert staffing_violations(replace(problem, aid=aid), result) == ()
    assert result.value <= result.bound + 1e-6


def test_groups_of_an_unknown_force_are_refused() -> None:
    with pytest.raises(BadInput, match="group psu"):
        fair(aid=(group(force_id="navy"),))
    with pytest.raises(ValueError, match="group psu needs officers"):
        group(officers=0)
    with pytest.raises(ValueError, match="cannot be negative"):
        group(notice_h=-1.0)
