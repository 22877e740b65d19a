"""Evenness between districts and over residents."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.judges.equity import (
    gini,
    gini_of_coverage,
    highest,
    lowest,
    patrol_min_per_1000,
    ratio_of_extremes,
)
from tests.optimizer.tiny_city import tiny_city


def test_gini_by_hand() -> None:
    """One of four people has all: 3/4; a fifth of the people has half, the rest half: 0.3."""
    assert gini(np.array([1.0, 0, 0, 0]), np.ones(4)) == pytest.approx(0.75)
    assert gini(np.array([1.0, 0]), np.array([1.0, 3])) == pytest.approx(0.75)
    assert gini(np.array([4.0, 1.0]), np.array([1.0, 4])) == pytest.approx(0.3)
    assert gini(np.array([2.0, 2, 2]), np.array([1.0, 5, 2])) == pytest.approx(0.0)


def test_nothing_to_share_has_no_gini() -> None:
    assert np.isnan(gini(np.zeros(3), np.ones(3)))
    assert np.isnan(gini(np.zeros(0), np.zeros(0)))
    assert np.isnan(gini(np.ones(2), np.zeros(2)))


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.integers(1, 50)), min_size=1, max_size=12),
    st.floats(0.1, 10),
)
def test_gini_is_a_share_and_counts_people(groups: list[tuple[float, int]], scale: float) -> None:
    """Neither the scale of the figure nor the grouping of people matters."""
    values, people = np.array(groups).T
    found = gini(values, people)
    assert -1e-12 <= found < 1
    assert gini(scale * values, 3.0 * people) == pytest.approx(found, abs=1e-9)
    one_by_one = np.repeat(values, people.astype(int))
    pairs = np.abs(one_by_one[:, None] - one_by_one).mean() / (2 * one_by_one.mean())
    assert found == pytest.approx(pairs, abs=1e-9)


def test_coverage_over_residents_leaves_out_cells_without_calls() -> None:
    """Cell 0 is covered in 3 of 4 calls, cell 13 in 1 of 1, cell 14 has calls and no residents."""
    population = np.full(16, 1000.0)
    population[14] = 0.0
    city = replace(tiny_city(), population=population)
    calls, covered = np.zeros((16, 2)), np.full((16, 2), np.nan)
    calls[0], covered[0] = [1.0, 3.0], [0.0, 1.0]
    calls[13], covered[13] = [1.0, 0.0], [1.0, np.nan]
    calls[14], covered[14] = [9.0, 9.0], [0.0, 0.0]
    values = np.array([0.75, 1.0])
    assert gini_of_coverage(city, covered, calls) == pytest.approx(gini(values, np.ones(2)))
    unknown = replace(city, population=np.full(16, np.nan))
    assert np.isnan(gini_of_coverage(unknown, covered, calls))


def test_extremes_skip_what_is_not_known() -> None:
    values = np.array([[2.0, np.nan, 3.0, np.inf, 0.0], [4.0, np.nan, np.nan, 2.0, 5.0]])
    assert lowest(values)[[0, 2, 3, 4]].tolist() == [2, 3, 2, 0]
    assert highest(values)[[0, 2, 3, 4]].tolist() == [4, 3, np.inf, 5]
    assert np.isnan([lowest(values)[1], highest(values)[1]]).all()
    ratio = ratio_of_extremes(values)
    assert ratio[[0, 2, 3, 4]].tolist() == [2, 1, np.inf, np.inf]
    assert np.isnan(ratio[1])


def test_two_infinite_or_two_empty_districts_have_no_ratio() -> None:
    assert np.isnan(ratio_of_extremes(np.array([[np.inf, 0.0], [np.inf, 0.0]]))).all()


def test_patrol_minutes_count_the_street_only() -> None:
    """8,000 residents a district: two cars at 13 are 15 minutes for 1,000; stations count not."""
    units = np.array([[[9, 1], [9, 1], [2, 0], [0, 4]]])
    assert patrol_min_per_1000(tiny_city(), units).tolist() == [[15, 0], [0, 30]]
    unknown = replace(tiny_city(), population=np.full(16, np.nan))
    assert np.isnan(patrol_min_per_1000(unknown, units)).all()
