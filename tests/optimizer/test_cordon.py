"""Sealing exits: against brute force, and the judge against cordons that are wrong.

By hand, minutes of units a, b, c to exits 0 and 1: a 1 and 2, b 3 and 9, c 8 and 5. With a on
exit 0 the quickest to exit 1 is c in 5; with b on exit 0 in 3 min unit a seals exit 1 in 2. So
the cordon is complete after 3 min, and not sooner, because before 3 min only a reaches either.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.cordon import Cordon
from optimizer.judges.cordon_rules import cordon_violations
from optimizer.models.location.cordon import seal

BY_HAND = np.array([[1.0, 2.0], [3.0, 9.0], [8.0, 5.0]])


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    """Minutes of up to five units to up to four exits, with ties and pairs out of reach."""
    units, exits = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    times = st.sampled_from([0.0, 1.0, 2.5, 4.0, 7.0, np.inf])
    flat = draw(st.lists(times, min_size=units * exits, max_size=units * exits))
    return np.array(flat, dtype=np.float64).reshape(units, exits)


def by_trying_all(minutes: np.ndarray) -> tuple[float, float]:
    """Least last arrival, and the least sum among the cordons complete by then."""
    units, exits = minutes.shape
    ends = []
    for chosen in permutations(range(units), exits):
        arrivals = minutes[list(chosen), np.arange(exits)]
        ends.append((float(arrivals.max(initial=0.0)), float(arrivals.sum())))
    return min(ends, default=(np.inf, np.inf))


def rules_broken(minutes: np.ndarray, cordon: Cordon) -> list[str]:
    return [violation.rule for violation in cordon_violations(minutes, cordon)]


def test_by_hand() -> None:
    cordon = seal(BY_HAND)
    assert cordon.unit_of_exit.tolist() == [1, 0]
    assert (cordon.latest_min, cordon.total_min, cordon.bound_min) == (3.0, 5.0, 3.0)
    assert cordon.critical_exits == (0, 1)
    assert cordon.sealed
    assert rules_broken(BY_HAND, cordon) == []


def test_least_total_among_the_quickest() -> None:
    """Exit 1 takes 6 min whoever goes, so unit 0 is on exit 0: 1 + 6 and not 5 + 6."""
    cordon = seal(np.array([[1.0, 6.0], [5.0, 6.0]]))
    assert (cordon.latest_min, cordon.total_min) == (6.0, 7.0)
    assert cordon.unit_of_exit.tolist() == [0, 1]


@given(tables())
def test_no_cordon_is_better(minutes: np.ndarray) -> None:
    cordon = seal(minutes)
    latest_min, total_min = by_trying_all(minutes)
    assert cordon.latest_min == latest_min
    assert cordon.total_min == pytest.approx(total_min)
    assert cordon.sealed == np.isfinite(latest_min)
    assert rules_broken(minutes, cordon) == []


@given(tables())
def test_same_table_same_cordon(minutes: np.ndarray) -> None:
    assert seal(minutes).unit_of_exit.tolist() == seal(minutes.copy()).unit_of_exit.tolist()


def test_exits_nobody_reaches_are_named() -> None:
    """Nobody reaches exit 2; exits 0 and 1 have only unit 0; exit 3 has unit 1 to itself."""
    far = np.inf
    minutes = np.array([[1.0, 2.0, far, far], [far, far, far, 4.0], [far, far, far, 5.0]])
    cordon = seal(minutes)
    assert not cordon.sealed
    assert cordon.unreached_exits == (2,)
    assert cordon.critical_exits == (0, 1, 2)
    assert cordon.units_short == 2
    assert cordon.unit_of_exit.tolist() == [-1] * 4
    assert rules_broken(minutes, cordon) == []


@pytest.mark.parametrize(
    "minutes", [np.array([1.0]), np.array([[-1.0]]), np.array([[np.nan]])], ids=str
)
def test_times_must_be_a_table_of_minutes(minutes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="travel times"):
        seal(minutes)


@pytest.mark.parametrize(
    ("wrong", "rules"),
    [
        ({"unit_of_exit": [0, 0]}, ["one exit a unit"]),
        ({"unit_of_exit": [1, -1]}, ["exit has a unit"]),
        ({"unit_of_exit": [1, 3]}, ["exit has a unit"]),
        ({"unit_of_exit": [1]}, ["exits sealed"]),
        ({"unit_of_exit": [1, 2]}, ["latest arrival", "sum of arrivals"]),
        ({"latest_min": 2.0}, ["latest arrival"]),
        ({"total_min": 4.0}, ["sum of arrivals"]),
        ({"bound_min": 4.0}, ["units for critical exits"]),
        ({"critical_exits": (0,)}, ["units for critical exits"]),
        ({"critical_exits": ()}, ["units for critical exits"]),
    ],
    ids=str,
)
def test_judge_sees_what_is_wrong(wrong: dict[str, object], rules: list[str]) -> None:
    assert rules_broken(BY_HAND, replace(seal(BY_HAND), **wrong)) == rules


@pytest.mark.parametrize(
    ("wrong", "rules"),
    [
        ({"units_short": 2}, ["units short"]),
        ({"unreached_exits": (0,)}, ["exits nobody reaches"]),
        ({"critical_exits": (0,)}, ["units short", "units for critical exits"]),
    ],
    ids=str,
)
def test_judge_does_not_believe_that_a_cordon_is_impossible(
    wrong: dict[str, object], rules: list[str]
) -> None:
    one_unit = np.array([[1.0, 2.0]])
    impossible = seal(one_unit)
    assert rules_broken(one_unit, impossible) == []
    assert rules_broken(one_unit, replace(impossible, **wrong)) == rules
