"""Erlang's formulas and lines with priorities against closed forms and values by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.erlang import erlang_b, erlang_c, mean_wait, priority_waits, waits_by_grade


@pytest.mark.parametrize(
    ("servers", "offered", "lost", "waits"),
    [
        (1, 0.5, 0.333333333, 0.5),
        (2, 1.0, 0.2, 0.333333333),
        (3, 1.5, 0.134328358, 0.236842105),
        (5, 4.0, 0.199066874, 0.554112554),
        (8, 5.6, 0.100151848, 0.270602932),
        (100, 95.0, 0.048804206, 0.506456854),
    ],
)
def test_formulas_give_tabulated_values(
    servers: int, offered: float, lost: float, waits: float
) -> None:
    assert erlang_b(servers, offered) == pytest.approx(lost, abs=1e-9)
    assert erlang_c(servers, offered) == pytest.approx(waits, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 25), st.floats(0.01, 40.0))
def test_loss_is_the_last_of_the_truncated_poisson_weights(servers: int, offered: float) -> None:
    weights = [offered**k / math.factorial(k) for k in range(servers + 1)]
    assert erlang_b(servers, offered) == pytest.approx(weights[-1] / sum(weights), rel=1e-9)


@given(st.floats(0.01, 0.99))
def test_one_and_two_units_have_closed_forms(load: float) -> None:
    """M/M/1 waits with chance r, M/M/2 with 2 r^2 / (1 + r)."""
    assert erlang_b(1, load) == pytest.approx(load / (1 + load))
    assert erlang_c(1, load) == pytest.approx(load)
    assert erlang_c(2, 2 * load) == pytest.approx(2 * load**2 / (1 + load))
    assert mean_wait(1, load) == pytest.approx(load / (1 - load))


def test_without_units_all_is_lost_and_without_calls_nothing() -> None:
    assert erlang_b(0, 3.0) == 1.0
    assert erlang_b(4, 0.0) == 0.0
    assert erlang_c(4, 0.0) == 0.0
    assert mean_wait(4, 0.0) == 0.0


def test_every_call_waits_once_the_line_is_saturated() -> None:
    assert erlang_c(3, 3.0) == 1.0
    assert mean_wait(3, 3.0) == math.inf
    assert mean_wait(0, 0.0) == math.inf


def test_three_units_of_a_textbook() -> None:
    """Bronson 24.6: 300 calls and 182.5 services an hour, 3 units."""
    wait_h = mean_wait(3, 300 / 182.5) / 182.5
    assert wait_h == pytest.approx(0.001175, abs=5e-7)
    assert 300 * wait_h == pytest.approx(0.352, abs=5e-4)


def test_two_grades_on_one_unit_by_hand() -> None:
    """0.3 and 0.5 calls, one service an hour: 0.8 / 0.7 and 0.8 / (0.7 x 0.2) hours."""
    assert priority_waits(1, 1.0, [0.3, 0.5]) == pytest.approx([0.8 / 0.7, 0.8 / 0.14])


@pytest.mark.parametrize(
    ("servers", "services", "calls", "waits"),
    [
        (3, 1.0, [0.5, 0.8, 1.0], [0.237520742, 0.419154250, 1.496979465]),
        (5, 2.0, [1, 2, 3, 2], [0.061568062, 0.087954374, 0.197897341, 0.692640693]),
    ],
)
def test_priorities_give_tabulated_waits(
    servers: int, services: float, calls: list[float], waits: list[float]
) -> None:
    assert priority_waits(servers, services, calls) == pytest.approx(waits, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4))
def test_priorities_only_share_out_the_waiting(servers: int, calls: list[float]) -> None:
    """The mean wait of all calls is that without priorities, and urgent calls wait less."""
    rates = np.array(calls) * 0.9 * servers / sum(calls)
    waits = priority_waits(servers, 1.0, rates)
    assert rates @ waits / rates.sum() == pytest.approx(mean_wait(servers, rates.sum()), rel=1e-9)
    assert (np.diff(waits) >= 0).all()


def test_urgent_calls_have_a_wait_where_the_others_have_none() -> None:
    """One unit, always busy: the urgent grade waits 1 / (1 - 0.5) services."""
    assert priority_waits(1, 1.0, [0.5, 0.8]).tolist() == [2.0, math.inf]
    assert priority_waits(1, 1.0, [1.5, 0.2]).tolist() == [math.inf, math.inf]


def test_without_calls_or_units_waits_are_defined() -> None:
    assert priority_waits(2, 1.0, [0.0, 0.0]).tolist() == [0.0, 0.0]
    assert priority_waits(0, 1.0, [0.0, 0.1]).tolist() == [math.inf, math.inf]


@pytest.mark.parametrize(
    ("services", "calls", "told"),
    [(1.0, [-0.1], "calls_per_h"), (1.0, [math.nan], "calls_per_h"), (0.0, [0.1], "services")],
)
def test_rates_that_are_none_are_refused(services: float, calls: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        priority_waits(1, services, calls)


def test_grades_of_many_pools_at_once() -> None:
    found = waits_by_grade(np.array([[0.5, 0.25], [0.0, 1.0]]))
    assert found.tolist() == [[2.0, 8.0], [1.0, math.inf]]
