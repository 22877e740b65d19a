"""Values in one byte: no value changes its class, and the codes that are no values stay apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.metrics import METRICS, Metric
from maps.steps import NO_DATA, OUT_OF_REACH, Steps

BY_KEY = {metric.key: metric for metric in METRICS}
every_metric = pytest.mark.parametrize("metric", METRICS, ids=list(BY_KEY))


@every_metric
@given(value=st.floats(0, 200, allow_nan=False))
def test_no_value_changes_its_class_by_storing_it(metric: Metric, value: float) -> None:
    code = int(metric.codes(np.array([value]))[0])
    assert metric.class_of_code()[code] == metric.classes(np.array([value]))[0]


@every_metric
def test_a_value_next_to_a_break_stays_on_its_side(metric: Metric) -> None:
    breaks = np.array(metric.breaks)
    below = np.nextafter(breaks, 0.0)
    classes = metric.class_of_code()
    assert classes[metric.codes(breaks)].tolist() == list(range(1, len(breaks) + 1))
    assert classes[metric.codes(below)].tolist() == list(range(len(breaks)))


@every_metric
def test_zero_out_of_reach_and_no_data_have_codes_of_their_own(metric: Metric) -> None:
    codes = metric.codes(np.array([0.0, np.inf, np.nan, 1e6]))
    assert codes.tolist() == [0, OUT_OF_REACH, NO_DATA, len(metric.edges) - 1]


def test_minutes_are_stored_to_the_decimal_that_is_shown() -> None:
    metric = BY_KEY["p90"]
    code = int(metric.codes(np.array([7.96]))[0])
    assert metric.edges[code] == 7.95
    assert metric.edges[code + 1] == 8.0


def test_edges_count_in_whole_steps() -> None:
    metric = Metric("m", (Steps(1, 2, 1), Steps(3, 1, 0)), (1,), ("#000000", "#ffffff"))
    assert metric.edges.tolist() == [0, 0.5, 1, 2, 3]


def test_a_break_between_two_edges_is_refused() -> None:
    with pytest.raises(ValueError, match=r"m: breaks \[0.7\] are not edges"):
        Metric("m", (Steps(1, 2, 1),), (0.7,), ("#000000", "#ffffff"))


def test_a_palette_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="m: 1 colours, 1 breaks"):
        Metric("m", (Steps(1, 2, 1),), (0.5,), ("#000000",))


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="m: 401 steps, at most 254"):
        Metric("m", (Steps(4, 100, 1),), (), ("#000000",))
