"""Plan minus baseline: symmetric about zero, true to the class breaks, readable by everyone."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from maps.differences import (
    BETTER_TO_WORSE,
    ONLY_BASELINE,
    ONLY_PLAN,
    Difference,
)
from maps.figures import difference_by_class
from maps.metrics import GOOD_TO_BAD, METRICS
from maps.steps import NO_DATA, OUT_OF_REACH, Steps
from maps.style import (
    CELL_OPACITY,
    MAP_COLOURS,
    ONLY_BASELINE_COLOUR,
    ONLY_PLAN_COLOUR,
    UNREACHED_COLOUR,
)

DIFFERENCES = {metric.key: metric.difference for metric in METRICS if metric.difference}
every_difference = pytest.mark.parametrize(
    "difference", DIFFERENCES.values(), ids=list(DIFFERENCES)
)
VALUES = st.floats(0, 200, allow_nan=False) | st.just(np.inf) | st.just(np.nan)
MINUTES = Difference((Steps(2, 2, 1), Steps(4, 1, 0)), (0.5, 2), lower_is_better=True)


def one(value: float) -> NDArray[np.float64]:
    return np.array([value])


@every_difference
@given(plan=VALUES, baseline=VALUES)
def test_no_difference_changes_its_class_by_storing_it(
    difference: Difference, plan: float, baseline: float
) -> None:
    code = int(difference.codes(one(plan), one(baseline))[0])
    found = int(difference.classes(one(plan), one(baseline))[0])
    if np.isfinite([plan, baseline]).all():
        assert difference.class_of_code()[code] == found
    else:
        marks = [ONLY_PLAN, ONLY_BASELINE, OUT_OF_REACH, NO_DATA]
        assert marks[found - len(difference.palette)] == code


@every_difference
@given(size=st.floats(0, 200, allow_nan=False))
def test_what_is_won_mirrors_what_is_lost(difference: Difference, size: float) -> None:
    last = len(difference.palette) - 1
    up = difference.classes(one(size), one(0.0))[0]
    down = difference.classes(one(0.0), one(size))[0]
    assert up == last - down
    codes = [int(difference.codes(*pair)[0]) for pair in ((one(size), one(0)), (one(0), one(size)))]
    assert sum(codes) == 2 * (len(difference.edges) - 1)


@every_difference
def test_a_difference_next_to_a_break_stays_on_its_side(difference: Difference) -> None:
    middle = len(difference.breaks)
    for number, edge in enumerate(difference.breaks, 1):
        assert difference.classes(one(edge), one(0.0))[0] == middle + number
        assert difference.classes(one(edge - 1e-8), one(0.0))[0] == middle + number - 1
        assert difference.classes(one(0.0), one(edge))[0] == middle - number
        assert difference.classes(one(0.0), one(edge - 1e-8))[0] == middle - number + 1


def test_codes_and_classes_by_hand() -> None:
    """Steps 0, 0.5, 1, 1.5, 2, 3, 4: zero has code 6; 2.3 - 1.8 is 0.5 but for its rounding."""
    assert 2.3 - 1.8 < 0.5
    plan = np.array([5.0, 2.3, 1.8, 5.0, 9.0, 1.0, np.inf, 2.0, np.inf, np.nan])
    baseline = np.array([5.0, 1.8, 2.3, 6.4, 2.0, 9.0, 2.0, np.inf, np.inf, np.nan])
    assert MINUTES.codes(plan, baseline).tolist() == [
        *(6, 7, 5, 4, 12, 0),
        *(ONLY_BASELINE, ONLY_PLAN, OUT_OF_REACH, NO_DATA),
    ]
    assert MINUTES.classes(plan, baseline).tolist() == [2, 3, 1, 1, 4, 0, 6, 5, 7, 8]
    assert MINUTES.signed_breaks == (-2, -0.5, 0.5, 2)
    assert MINUTES.class_of_code().tolist() == [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4]


def test_blue_is_better_for_minutes_and_for_shares() -> None:
    sooner = DIFFERENCES["p90"].classes(one(2.0), one(9.0))[0]
    assert DIFFERENCES["p90"].palette[sooner] == BETTER_TO_WORSE[0]
    more = DIFFERENCES["coverage"].classes(one(0.9), one(0.4))[0]
    assert DIFFERENCES["coverage"].palette[more] == BETTER_TO_WORSE[0]


def test_shares_of_calls_by_class_of_the_difference() -> None:
    plan = np.array([[3.0], [4.0], [np.inf], [2.0]])
    baseline = np.array([[3.1], [9.0], [5.0], [np.inf]])
    demand = np.array([[1.0], [2.0], [4.0], [1.0]])
    shares = difference_by_class(MINUTES, plan, baseline, demand)
    assert shares.tolist() == [[2 / 8, 0, 1 / 8, 0, 0, 1 / 8, 4 / 8, 0]]


def test_a_difference_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(ValueError, match=r"breaks \[0.7\] are not edges"):
        Difference((Steps(2, 2, 1),), (0.7, 1), lower_is_better=True)
    with pytest.raises(ValueError, match=r"breaks \(0, 1\) are not all above zero"):
        Difference((Steps(2, 2, 1),), (0, 1), lower_is_better=True)
    with pytest.raises(ValueError, match="5 colours, 3 breaks a side"):
        Difference((Steps(2, 2, 1),), (0.5, 1, 2), lower_is_better=True)
    with pytest.raises(ValueError, match="201 steps, at most 126"):
        Difference((Steps(1, 200, 1),), (0.5, 1), lower_is_better=True)


SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Machado, Oliveira and Fernandes (2009), severity 1: linear sRGB as it is seen."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def srgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])


def lab(colour: str, eye: str, theme: str = "light") -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of a cell's colour over the land, as an eye sees it."""
    over = CELL_OPACITY * srgb(colour) + (1 - CELL_OPACITY) * srgb(MAP_COLOURS[theme]["land"])
    linear = np.where(over <= 0.04045, over / 12.92, ((over + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN_BY[eye]) @ linear, 0, 1)
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ seen / TO_XYZ.sum(axis=1), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", list(MAP_COLOURS))
@pytest.mark.parametrize("eye", list(SEEN_BY))
def test_every_two_colours_of_a_difference_are_told_apart(eye: str, theme: str) -> None:
    shown = [*BETTER_TO_WORSE, ONLY_PLAN_COLOUR, ONLY_BASELINE_COLOUR, UNREACHED_COLOUR]
    pairs = itertools.combinations(shown, 2)
    apart = {
        (one, two): float(np.linalg.norm(lab(one, eye, theme) - lab(two, eye, theme)))
        for one, two in pairs
    }
    assert {pair: round(far, 1) for pair, far in apart.items() if far < 12} == {}


@pytest.mark.parametrize("eye", list(SEEN_BY))
def test_the_middle_is_the_lightest_and_both_sides_darken(eye: str) -> None:
    lightness = [lab(colour, eye)[0] for colour in BETTER_TO_WORSE]
    assert lightness[0] < lightness[1] < lightness[2] > lightness[3] > lightness[4]
    assert abs(lightness[0] - lightness[4]) < 12
    assert abs(lightness[1] - lightness[3]) < 12


@pytest.mark.parametrize("eye", list(SEEN_BY))
def test_good_to_bad_darkens_step_by_step(eye: str) -> None:
    lightness = np.array([lab(colour, eye)[0] for colour in GOOD_TO_BAD])
    assert (np.diff(lightness) < -4).all()
