"""Attendance: when people come to an event, and when they want to leave, by quarter-hour.

Whatever a source states (people inside, arrivals and how long they stay, or a published peak and
day total) becomes one noun: arrivals, and for each quarter-hour of entering the shares that want
to leave in each later one.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from geodata.frozen import frozen_array
from geodata.horizon import Horizon

QUARTER_MIN = 15.0
SHORTEST_STAY_MIN = QUARTER_MIN
DWELL_KINDS: tuple[str, ...] = ("lognormal", "constant")
DWELL_CV = 0.5
"""Spread of stays where none is stated (assumption)."""

P10_P90_Z = 1.2815515594600038
"""Standard normal quantile of 90 %."""

_FEWEST_PEOPLE = 1e-9


@dataclass(frozen=True)
class Dwell:
    """How long people stay: `lognormal` with mean and coefficient of variation, or `constant`.

    Raises
    ------
    ValueError
        When the kind is unknown, the mean is below one quarter-hour or the spread negative.
    """

    kind: str
    mean_min: float
    cv: float = DWELL_CV

    def __post_init__(self) -> None:
        if self.kind not in DWELL_KINDS:
            raise ValueError(f"dwell {self.kind!r} is none of {', '.join(DWELL_KINDS)}")
        if not (self.mean_min >= SHORTEST_STAY_MIN and self.cv >= 0):
            raise ValueError(
                f"a stay of {self.mean_min:g} min with spread {self.cv:g}; at least 15 min and 0"
            )


@dataclass(frozen=True)
class Attendance:
    """`arrivals[quarter]` people, and when they want to leave.

    `leave_share[entered, quarter]` is the part of those who entered in one quarter-hour that
    wants to leave in another, 0..1; the last column holds who stays beyond the horizon. People
    who have not got in by the quarter-hour `last_entry` turn away. `synthetic` marks a curve made
    from published totals, `source` says where the figures come from.

    Raises
    ------
    ValueError
        When arrivals are negative, shares do not sum to 1, or someone leaves before entering.
    """

    arrivals: NDArray[np.float64]
    leave_share: NDArray[np.float64]
    last_entry: int
    synthetic: bool
    source: str

    def __post_init__(self) -> None:
        n = len(self.arrivals)
        arrivals = frozen_array(self.arrivals, np.float64, (n,), "arrivals")
        leave = frozen_array(self.leave_share, np.float64, (n, n + 1), "leave_share")
        object.__setattr__(self, "arrivals", arrivals)
        object.__setattr__(self, "leave_share", leave)
        if not (np.isfinite(arrivals).all() and (arrivals >= 0).all()):
            raise ValueError(f"attendance is negative or not finite: {arrivals.min():g} people")
        if (leave < 0).any() or not np.allclose(leave.sum(axis=1), 1.0):
            raise ValueError("shares of leaving do not sum to 1")
        if np.tril(leave[:, :n]).any():
            raise ValueError("people leave before the quarter-hour after they entered")

    @property
    def quarters(self) -> int:
        """Quarter-hours of the horizon."""
        return len(self.arrivals)

    @property
    def total(self) -> float:
        """People who come in all."""
        return float(self.arrivals.sum())

    @cached_property
    def wanted(self) -> NDArray[np.float64]:
        """People inside at the end of each quarter-hour if no passage held anyone up."""
        leaving = self.arrivals @ self.leave_share
        return np.asarray(np.cumsum(self.arrivals - leaving[:-1]))

    @property
    def peak(self) -> float:
        """Most people inside at once if no passage held anyone up."""
        return float(self.wanted.max(initial=0.0))


@dataclass(frozen=True)
class StationClosure:
    """A metro station whose entrances let nobody through from `start` to `end`.

    `state` is `closed` (doors shut) or `skipped` (trains pass through); the crowd feels the same.
    """

    station_id: str
    state: str
    start: datetime
    end: datetime
    source: str


@dataclass(frozen=True)
class EventCrowd:
    """The crowd of one event on one site; `horizon` holds the quarter-hours of its attendance.

    There need be no organiser (`organiser_staff` 0) and no ticket cap (`ticket_cap` NaN).
    `crowd_cv` is the coefficient of variation of its size, `staff_reference` the published staff
    of that night, or NaN.

    Raises
    ------
    ValueError
        When the attendance does not have four quarter-hours for each hour of the horizon.
    """

    event_id: str
    name_en: str
    name_zh: str
    site_id: str
    horizon: Horizon
    attendance: Attendance
    organiser_staff: float
    ticket_cap: float
    staff_reference: float
    crowd_cv: float
    closures: tuple[StationClosure, ...]
    source: str

    def __post_init__(self) -> None:
        if self.attendance.quarters != 4 * self.horizon.hours:
            raise ValueError(
                f"event {self.event_id}: {self.attendance.quarters} quarter-hours of attendance "
                f"in {self.horizon.hours} h"
            )


STATION_STATES: tuple[str, ...] = ("closed", "skipped")


def quarter_of(horizon: Horizon, moment: datetime) -> float:
    """Quarter-hours from the horizon's start to `moment`; negative before it."""
    return 4.0 * horizon.hour_index(moment)


def stay_shares(dwell: Dwell, quarters: int) -> NDArray[np.float64]:
    """Shares that stay k quarter-hours, k = 0..`quarters`; the last one holds all longer stays.

    A stay between two whole quarter-hours is split between them so that the mean is exact. Nobody
    stays less than one quarter-hour.
    """
    edges = QUARTER_MIN * np.arange(-1.0, quarters + 2)
    within = _expected_minimum(dwell, edges)
    shares = (2 * within[1:-1] - within[2:] - within[:-2]) / QUARTER_MIN
    shares = np.maximum(shares, 0.0)
    shares[1] += shares[0]
    shares[0] = 0.0
    shares[-1] = max(0.0, 1.0 - float(shares[:-1].sum()))
    return shares


def _expected_minimum(dwell: Dwell, limit_min: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of min(stay, limit), minutes; lognormal by its partial expectation."""
    if dwell.kind == "constant" or dwell.cv == 0:
        return np.minimum(dwell.mean_min, limit_min)
    spread = math.sqrt(math.log1p(dwell.cv**2))
    positive = np.maximum(limit_min, 1e-12)
    z = (np.log(positive / dwell.mean_min) + spread**2 / 2) / spread
    mean = dwell.mean_min * ndtr(z - spread) + positive * (1.0 - ndtr(z))
    return np.asarray(np.where(limit_min > 0, mean, limit_min))


def leave_by_dwell(dwell: Dwell, quarters: int, end: int) -> NDArray[np.float64]:
    """`leave_share` of people who stay as `dwell` says; all want to be gone by quarter `end`.

    `end` beyond the horizon asks nobody to leave; whoever enters later stays one quarter-hour.
    """
    stay = stay_shares(dwell, quarters)
    leave = np.zeros((quarters, quarters + 1))
    for entered in range(quarters):
        last = min(max(end, entered + 1), quarters)
        ahead = last - entered
        leave[entered, entered:last] = stay[:ahead]
        leave[entered, last] = stay[ahead:].sum()
    return leave


def attendance_from_arrivals(
    arrivals: ArrayLike, dwell: Dwell, end: int, source: str, *, synthetic: bool = False
) -> Attendance:
    """Attendance of counted arrivals `[quarter]` who stay as `dwell` says, at most until `end`."""
    people = np.asarray(arrivals, dtype=np.float64)
    leave = leave_by_dwell(dwell, len(people), end)
    return Attendance(people, leave, min(end, len(people)), synthetic, source)


def attendance_from_occupancy(occupancy: ArrayLike, end: int, source: str) -> Attendance:
    """Attendance that gives `occupancy[quarter]` people inside at the end of each quarter-hour.

    A rise is arrivals and a fall is leaving: first come, first gone, and no coming and going
    beyond that, so the day total is the least that fits the curve.
    """
    inside = np.asarray(occupancy, dtype=np.float64)
    change = np.diff(inside, prepend=0.0)
    arrivals = np.maximum(change, 0.0)
    came, gone = np.cumsum(arrivals), np.cumsum(np.maximum(-change, 0.0))
    quarters = len(inside)
    leave = np.zeros((quarters, quarters + 1))
    for entered in range(quarters):
        before = came[entered] - arrivals[entered]
        if arrivals[entered] > _FEWEST_PEOPLE:
            left_by = np.clip(gone, before, came[entered])
            leave[entered, :-1] = np.diff(left_by, prepend=before) / arrivals[entered]
        else:
            due = int(np.searchsorted(gone, came[entered], side="left"))
            leave[entered, min(max(due, entered + 1), quarters)] = 1.0
        leave[entered, -1] = max(0.0, 1.0 - float(leave[entered, :-1].sum()))
    return Attendance(arrivals, leave, min(end, quarters), False, source)


@dataclass(frozen=True)
class PublishedCurve:
    """Times of a synthetic curve, in quarter-hours of the horizon (fractions are fine).

    Arrivals rise in a straight line from `start` to `peak_from`, stay level to `peak_to` and fall
    in a straight line to none at `arrivals_to`; at `end` whoever is left wants to go.

    Raises
    ------
    ValueError
        When the times are not in this order, or the window has no length.
    """

    start: float
    peak_from: float
    peak_to: float
    arrivals_to: float
    end: float

    def __post_init__(self) -> None:
        order = (self.start, self.peak_from, self.peak_to, self.arrivals_to, self.end)
        if list(order) != sorted(order) or not self.start < self.arrivals_to:
            raise ValueError(f"quarter-hours out of order or without length: {order}")

    def arrival_shares(self, quarters: int) -> NDArray[np.float64]:
        """Share of the arrivals in each quarter-hour: the trapezium's area."""
        time = np.arange(quarters + 1.0)
        rise, fall = self.peak_from - self.start, self.arrivals_to - self.peak_to
        level = self.peak_to - self.peak_from
        up = np.clip(time - self.start, 0.0, rise)
        down = np.clip(time - self.peak_to, 0.0, fall)
        came = np.clip(time - self.peak_from, 0.0, level) + down
        came += up**2 / (2 * rise) if rise > 0 else 0.0
        came -= down**2 / (2 * fall) if fall > 0 else 0.0
        return np.diff(came) / (rise / 2 + level + fall / 2)


def published_attendance(
    curve: PublishedCurve, quarters: int, peak: float, day_total: float, dwell: Dwell, source: str
) -> Attendance:
    """Synthetic attendance with a published peak and day total.

    With both figures the mean stay is searched so that the highest occupancy equals the peak
    (`dwell.mean_min` is then not used, its kind and spread are). With one of them NaN the stated
    mean stay gives the other: peak = total x highest share inside at once.

    Raises
    ------
    ValueError
        When neither figure is given, the curve leaves the horizon, or no stay fits both figures.
    """
    shares = curve.arrival_shares(quarters)
    if not math.isclose(shares.sum(), 1.0, rel_tol=1e-9):
        raise ValueError("arrivals lie outside the horizon")
    end = math.ceil(curve.end)
    if math.isfinite(peak) and math.isfinite(day_total):
        dwell = _calibrated(shares, end, peak / day_total, dwell)
    unit = attendance_from_arrivals(shares, dwell, end, source, synthetic=True)
    total = day_total if math.isfinite(day_total) else peak / unit.peak
    if not math.isfinite(total):
        raise ValueError("neither a peak nor a day total is given")
    return replace(unit, arrivals=unit.arrivals * total)


def _calibrated(shares: NDArray[np.float64], end: int, peak_share: float, dwell: Dwell) -> Dwell:
    """The dwell whose highest occupancy is `peak_share` of all arrivals, by bisection."""

    def highest(mean_min: float) -> float:
        stay = stay_shares(replace(dwell, mean_min=mean_min), len(shares))
        still_there = 1.0 - np.cumsum(stay)
        return float(np.convolve(shares, still_there)[: min(end, len(shares))].max())

    low, high = SHORTEST_STAY_MIN, QUARTER_MIN * len(shares) * 4
    if not highest(low) <= peak_share <= highest(high):
        raise ValueError(
            f"a peak of {peak_share:.1%} of the day total; with these times it lies between "
            f"{highest(low):.1%} (all stay 15 min) and {highest(high):.1%} (all stay to the end)"
        )
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if highest(middle) < peak_share else (low, middle)
    return replace(dwell, mean_min=(low + high) / 2)


def scaled(crowd: EventCrowd, factor: float) -> EventCrowd:
    """The same event with `factor` times as many people (what-ifs of +30 % and +60 %)."""
    attendance = replace(crowd.attendance, arrivals=crowd.attendance.arrivals * factor)
    return replace(crowd, attendance=attendance)


def show_cancelled(crowd: EventCrowd, factor: float = 1.0) -> EventCrowd:
    """The show is cancelled and the organiser's staff with it; the crowd comes all the same."""
    return replace(scaled(crowd, factor), organiser_staff=0.0, ticket_cap=float("nan"))


def with_closures(crowd: EventCrowd, closures: Sequence[StationClosure]) -> EventCrowd:
    """The same event with more metro stations closed or skipped."""
    return replace(crowd, closures=(*crowd.closures, *closures))


def shifted(crowd: EventCrowd, by: timedelta) -> EventCrowd:
    """The same night at another date, its closed stations with it."""
    closures = tuple(replace(c, start=c.start + by, end=c.end + by) for c in crowd.closures)
    horizon = replace(crowd.horizon, start=crowd.horizon.start + by)
    return replace(crowd, horizon=horizon, closures=closures)


def on_horizon(crowd: EventCrowd, horizon: Horizon) -> EventCrowd:
    """The same crowd on a longer horizon, so that events can be laid over each other.

    Raises
    ------
    ValueError
        When the horizon does not hold the crowd's own one.
    """
    first, quarters = round(quarter_of(horizon, crowd.horizon.start)), 4 * horizon.hours
    last = first + crowd.attendance.quarters
    if first < 0 or last > quarters:
        raise ValueError(f"event {crowd.event_id} leaves the horizon of {horizon.hours} h")
    arrivals = np.zeros(quarters)
    arrivals[first:last] = crowd.attendance.arrivals
    leave = np.eye(quarters, quarters + 1, k=1)
    leave[first:last] = 0.0
    leave[first:last, first:last] = crowd.attendance.leave_share[:, :-1]
    leave[first:last, -1] += crowd.attendance.leave_share[:, -1]
    last_entry = first + crowd.attendance.last_entry
    attendance = replace(
        crowd.attendance, arrivals=arrivals, leave_share=leave, last_entry=last_entry
    )
    return replace(crowd, horizon=horizon, attendance=attendance)


def crowd_factors(crowd: EventCrowd, draws: int, seed: int) -> NDArray[np.float64]:
    """Drawn sizes of the crowd relative to the forecast, `[draw]`: lognormal, median 1.

    Each event has its own stream of numbers: what is drawn for one does not depend on others.
    """
    rng = np.random.default_rng([seed, zlib.crc32(crowd.event_id.encode())])
    return np.exp(_log_spread(crowd.crowd_cv) * rng.standard_normal(draws))


def crowd_band(crowd: EventCrowd) -> NDArray[np.float64]:
    """Factors of the P10, P50 and P90 crowd."""
    return np.exp(_log_spread(crowd.crowd_cv) * np.array([-P10_P90_Z, 0.0, P10_P90_Z]))


def _log_spread(cv: float) -> float:
    return math.sqrt(math.log1p(cv**2))
