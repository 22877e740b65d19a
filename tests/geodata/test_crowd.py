"""Attendance: how people come and go, by hand and as properties."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.crowd import (
    Attendance,
    Dwell,
    PublishedCurve,
    StationClosure,
    attendance_from_arrivals,
    attendance_from_occupancy,
    crowd_band,
    crowd_factors,
    leave_by_dwell,
    on_horizon,
    published_attendance,
    quarter_of,
    scaled,
    shifted,
    show_cancelled,
    stay_shares,
    with_closures,
)
from geodata.horizon import Horizon
from tests.geodata.crowd_cases import EVENING, SHANGHAI, attendance, crowd


def test_constant_stays_are_split_between_quarter_hours() -> None:
    """20 min: two thirds stay one quarter-hour and one third two, 20 min on average."""
    shares = stay_shares(Dwell("constant", 20.0), 4)
    assert shares == pytest.approx([0, 2 / 3, 1 / 3, 0, 0])


@pytest.mark.parametrize("mean_min", [60.0, 90.0, 200.0])
def test_lognormal_stays_keep_mean_and_spread(mean_min: float) -> None:
    """Splitting between two quarter-hours adds at most (15 min)^2 / 4 to the variance."""
    quarters = 400
    shares = stay_shares(Dwell("lognormal", mean_min, 0.5), quarters)
    minutes = 15.0 * np.arange(quarters + 1)
    mean = float(shares @ minutes)
    variance = float(shares @ (minutes - mean) ** 2)
    assert shares.sum() == pytest.approx(1.0)
    assert mean == pytest.approx(mean_min, rel=0.01)
    assert (0.5 * mean_min) ** 2 * 0.98 < variance < (0.5 * mean_min) ** 2 + 15**2 / 4 + 1


def test_whoever_is_left_wants_to_go_at_the_end() -> None:
    """Stays of four quarter-hours, end after three: who came in quarter 1 leaves in 3, not 5."""
    leave = leave_by_dwell(Dwell("constant", 60.0), 6, 3)
    assert [int(row.argmax()) for row in leave] == [3, 3, 3, 4, 5, 6]
    assert leave.max(axis=1) == pytest.approx(1.0)
    unending = leave_by_dwell(Dwell("constant", 60.0), 6, 99)
    assert [int(row.argmax()) for row in unending] == [4, 5, 6, 6, 6, 6]


def test_people_inside_by_hand() -> None:
    """100 come in quarters 0 and 1 and stay two: 100, 200, 100, none."""
    people = attendance_from_arrivals([100, 100, 0, 0, 0], Dwell("constant", 30.0), 5, "t")
    assert people.wanted == pytest.approx([100, 200, 100, 0, 0])
    assert (people.peak, people.total) == (pytest.approx(200), 200)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40))
def test_an_occupancy_curve_is_met_exactly(inside: list[int]) -> None:
    people = attendance_from_occupancy(inside, len(inside), "t")
    assert people.wanted == pytest.approx(np.array(inside, dtype=float), abs=1e-6)
    rises = [max(b - a, 0) for a, b in pairwise([0, *inside])]
    assert people.total == pytest.approx(sum(rises))


def test_first_come_first_gone() -> None:
    """100 and then 50 come; 60 leave, then the other 40 with 50: all by order of arrival."""
    people = attendance_from_occupancy([100, 150, 90, 0], 4, "t")
    assert people.leave_share[0] == pytest.approx([0, 0, 0.6, 0.4, 0])
    assert people.leave_share[1] == pytest.approx([0, 0, 0, 1, 0])


def test_arrivals_of_a_published_night_are_a_trapezium() -> None:
    """Up over 4 quarters, level for 2, down over 2: area 2 + 2 + 1 = 5."""
    curve = PublishedCurve(0, 4, 6, 8, 8)
    shares = curve.arrival_shares(8)
    expected = [0.125, 0.375, 0.625, 0.875, 1, 1, 0.75, 0.25]
    assert shares == pytest.approx(np.array(expected) / 5)
    sudden = PublishedCurve(1.5, 1.5, 3.5, 3.5, 4)
    assert sudden.arrival_shares(5) == pytest.approx([0, 0.25, 0.5, 0.25, 0])


@given(
    share=st.floats(0.12, 0.85),
    total=st.floats(100, 1e6),
    kind=st.sampled_from(["lognormal", "constant"]),
)
def test_published_peak_and_day_total_are_both_met(share: float, total: float, kind: str) -> None:
    curve = PublishedCurve(8, 36, 48, 49, 60)
    people = published_attendance(curve, 64, share * total, total, Dwell(kind, 60.0), "t")
    assert people.peak == pytest.approx(share * total, rel=1e-6)
    assert people.total == pytest.approx(total)
    assert people.wanted[-1] == pytest.approx(0, abs=1e-6 * total)
    assert people.synthetic


def test_one_published_figure_and_a_stay_give_the_other() -> None:
    curve, dwell = PublishedCurve(0, 8, 16, 20, 24), Dwell("lognormal", 90.0)
    by_total = published_attendance(curve, 24, float("nan"), 5000, dwell, "t")
    by_peak = published_attendance(curve, 24, by_total.peak, float("nan"), dwell, "t")
    assert by_peak.arrivals == pytest.approx(by_total.arrivals)


def test_figures_that_cannot_be_are_told() -> None:
    curve, dwell = PublishedCurve(0, 8, 16, 20, 24), Dwell("lognormal", 90.0)
    nan = float("nan")
    with pytest.raises(ValueError, match=r"a peak of 120\.0% of the day total; .* between"):
        published_attendance(curve, 24, 1200, 1000, dwell, "t")
    with pytest.raises(ValueError, match=r"a peak of 1\.0% of the day total"):
        published_attendance(curve, 24, 10, 1000, dwell, "t")
    with pytest.raises(ValueError, match="neither a peak nor a day total"):
        published_attendance(curve, 24, nan, nan, dwell, "t")
    with pytest.raises(ValueError, match="outside the horizon"):
        published_attendance(curve, 12, 100, 1000, dwell, "t")
    with pytest.raises(ValueError, match="out of order or without length"):
        PublishedCurve(4, 4, 4, 4, 8)
    with pytest.raises(ValueError, match="'weibull'"):
        Dwell("weibull", 60)
    with pytest.raises(ValueError, match="at least 15 min"):
        Dwell("constant", 5)


def test_an_attendance_checks_itself() -> None:
    good = attendance({0: 10}, 2, 4)
    with pytest.raises(ValueError, match="negative or not finite: -1 people"):
        replace(good, arrivals=np.array([0, -1, 0, 0]))
    with pytest.raises(ValueError, match="do not sum to 1"):
        replace(good, leave_share=good.leave_share / 2)
    with pytest.raises(ValueError, match="before the quarter-hour after"):
        Attendance(good.arrivals, np.eye(4, 5), 4, False, "t")
    with pytest.raises(ValueError, match="4 quarter-hours of attendance in 6 h"):
        crowd(good)


def test_what_ifs_change_copies() -> None:
    """+30 %; show cancelled: the organiser's staff goes, the crowd does not."""
    night = crowd(attendance({4: 1000}, 4), organiser_staff=200.0, ticket_cap=2000.0)
    assert scaled(night, 1.3).attendance.total == pytest.approx(1300)
    spontaneous = show_cancelled(night, 1.6)
    assert spontaneous.attendance.total == pytest.approx(1600)
    assert spontaneous.organiser_staff == 0
    assert np.isnan(spontaneous.ticket_cap)
    assert (night.attendance.total, night.organiser_staff) == (1000, 200)


def test_a_night_moves_to_another_date_and_onto_a_longer_horizon() -> None:
    start = datetime(2027, 2, 5, 20, tzinfo=SHANGHAI)
    closed = StationClosure("m", "closed", start, start + timedelta(hours=1), "t")
    night = with_closures(crowd(attendance({4: 1000, 6: 500}, 3)), [closed])
    later = shifted(night, timedelta(days=1))
    assert later.horizon.start == EVENING.start + timedelta(days=1)
    assert later.closures[0].end == start + timedelta(days=1, hours=1)
    day = Horizon(datetime(2027, 2, 5, 8, tzinfo=SHANGHAI), 24)
    laid = on_horizon(night, day)
    assert quarter_of(day, EVENING.start) == 40
    assert laid.attendance.wanted[40:64] == pytest.approx(night.attendance.wanted)
    assert laid.attendance.wanted.sum() == pytest.approx(night.attendance.wanted.sum())
    with pytest.raises(ValueError, match="leaves the horizon"):
        on_horizon(later, day)


def test_drawn_crowds_have_median_one_and_the_stated_spread() -> None:
    night = crowd(attendance({0: 1}, 1), crowd_cv=0.25)
    factors = crowd_factors(night, 20_000, 7)
    assert np.median(factors) == pytest.approx(1.0, abs=0.01)
    assert factors.std() / factors.mean() == pytest.approx(0.25, abs=0.01)
    assert np.quantile(factors, [0.1, 0.9]) == pytest.approx(crowd_band(night)[[0, 2]], rel=0.02)
    assert (factors == crowd_factors(night, 20_000, 7)).all()
    assert (factors != crowd_factors(replace(night, event_id="other"), 20_000, 7)).any()
    assert (crowd_factors(replace(night, crowd_cv=0.0), 5, 1) == 1).all()
