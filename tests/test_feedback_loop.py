"""Twenty rounds of forecast, plan and recorded calls: the forecast must not feed on the plan.

Patrols find incidents where they are sent. A forecast that learns from these sends more patrols
there, which find more: the runaway feedback of Ensign et al. (2018), Proceedings of Machine
Learning Research 81, 160-171. The door to recorded calls drops what officers started, so the
district shares that the forecast learns must stay within the noise of counts, round after round.
The control reads the same files with the found incidents declared as public calls.

The city has 8 x 8 cells of 1 km, four districts of 4 x 4 cells and one command, so that its eight
cars may stand in any district. The public's calls do not depend on who patrols.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from scipy.stats import chi2
from shapely.geometry import box

from geodata.area import District
from geodata.call_file import read_calls
from geodata.faults import FaultLog
from geodata.forecast import DemandForecast
from geodata.grid import grid_over
from geodata.horizon import Horizon
from geodata.incidents import IncidentClasses
from geodata.recorded_calls import RateModel, expected_demand
from geodata.situation import Situation
from optimizer.models.patrol.allocation import allocate
from tests.optimizer.tiny_city import CAR, TERMS, manhattan_times, places_at, tiny_city

pytestmark = pytest.mark.slow

ROUNDS, ROUND_DAYS, FIRST_DAY = 20, 14, date(2027, 3, 1)
CARS = 8
TRUE_SHARE = np.array([0.4, 0.3, 0.2, 0.1])
SPREAD = np.array([[8, 1, 2, 1], [1, 4, 1, 2], [2, 1, 6, 1], [1, 3, 1, 5]]) / 40.0
PUBLIC_RATE = 200.0 * np.kron(TRUE_SHARE.reshape(2, 2), SPREAD).ravel()
"""Calls a day `[cell]`; so uneven that the estimate keeps to each cell's own count."""

FOUND_PER_CAR_DAY, NEAR_MIN = 25.0, 2.0
"""Eight cars find as many incidents near them as the public reports."""

SURE_SE, SURE_P = 3.3, 0.001
"""Noise goes beyond these standard errors, or below this p-value, once in a thousand times."""

NOISE = float(chi2.isf(SURE_P, ROUNDS * (len(TRUE_SHARE) - 1)))

Door = tuple[dict[str, str], tuple[str, ...]]
PUBLIC_ONLY: Door = ({"CALL": "theft"}, ("FOUND",))
EVERYTHING: Door = ({"CALL": "theft", "FOUND": "theft"}, ())
"""Class of each code, and the codes that officers started."""


@dataclass(frozen=True)
class Loop:
    """By round: shares learnt and of all incidents, calls trained on, rows dropped, the plan."""

    share: np.ndarray
    share_of_all: np.ndarray
    calls: np.ndarray
    dropped: np.ndarray
    units: np.ndarray


def city() -> Situation:
    """Each district has a station in its south-west and three standby points two cells apart."""
    tiny = tiny_city(hours=1)
    corners = [(x, y) for y in (3_450_000, 3_454_000) for x in (350_000, 354_000)]
    districts = tuple(
        District(name, name, name, box(x, y, x + 4000, y + 4000), group_en="City")
        for name, (x, y) in zip("ABCD", corners, strict=True)
    )
    area = replace(tiny.area, districts=districts)
    grid = grid_over(area, 1000.0)
    stations, standby = (0, 4, 32, 36), (2, 6, 16, 18, 20, 22, 34, 38, 48, 50, 52, 54)
    places = places_at(grid, stations + standby, *["station"] * 4, *["standby"] * 12)
    theft = replace(tiny.classes.classes[0], on_scene_min=10.0)
    return replace(
        tiny,
        area=area,
        grid=grid,
        zone=np.full(64, tiny.zone[0]),
        classes=IncidentClasses((theft,), tiny.classes.target_min[:, :1]),
        forecast=DemandForecast(np.zeros((64, 1, 1), dtype=np.float32), 64, 1, ("theft",)),
        stations=places_at(grid, stations, "station"),
        patrol_places=places,
        travel=MappingProxyType({"car": manhattan_times(grid, places, 1)}),
        population=np.full(64, 1000.0),
    )


def found_rate(world: Situation, units: np.ndarray, per_car_day: float) -> np.ndarray:
    """Incidents a day that officers find, `[cell]`: each car finds as many in all cells near it."""
    reach, rate = world.travel["car"].reach[0], np.zeros(64)
    for place, cars in enumerate(units.tolist()):
        inside = slice(reach.indptr[place], reach.indptr[place + 1])
        near = reach.cell[inside][reach.minutes[inside] <= NEAR_MIN]
        rate[near] += per_car_day * cars / len(near)
    return rate


def write_records(
    path: Path, world: Situation, days: list[date], rates: Mapping[str, np.ndarray], seed: int
) -> None:
    """Poisson counts by day and cell as rows; each code has its own stream of random numbers."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["date", "code", "lon", "lat"])
        for stream, (code, rate) in enumerate(rates.items()):
            drawn = np.random.default_rng([seed, stream]).poisson(rate, (len(days), len(rate)))
            for day, cell in np.argwhere(drawn).tolist():
                row = [days[day].isoformat(), code, world.grid.x[cell], world.grid.y[cell]]
                rows.writerows([row] * int(drawn[day, cell]))


def run_loop(path: Path, door: Door, found_per_car_day: float = FOUND_PER_CAR_DAY) -> Loop:
    """Each forecast learns from the days since the one before it; nobody patrols at first."""
    world, history = city(), []
    units = np.zeros(len(world.patrol_places), dtype=np.int64)
    for number in range(ROUNDS):
        days = [FIRST_DAY + timedelta(days=number * ROUND_DAYS + n) for n in range(ROUND_DAYS)]
        rates = {"CALL": PUBLIC_RATE, "FOUND": found_rate(world, units, found_per_car_day)}
        write_records(path, world, days, rates, seed=number)
        faults = FaultLog()
        reading = read_calls(path, {}, world.area, world.grid, world.area.crs, *door, faults)
        faults.raise_if_any()
        evening = Horizon(datetime.combine(days[-1] + timedelta(days=1), time(20), UTC), 1)
        flat_day, model = np.full(24, 1 / 24), RateModel()
        forecast = expected_demand(reading.calls, world.grid, days, evening, flat_day, model)
        ahead = replace(world, horizon=evening, forecast=forecast)
        units = allocate(ahead, CAR, np.array([[CARS]]), TERMS).units[:, 0]
        learnt = district_share(world, forecast.rate_per_h[:, 0, 0])
        every = district_share(world, sum(rates.values()))
        calls = int(reading.calls.calls.sum())
        history.append((learnt, every, calls, reading.officer_initiated, units))
    return Loop(*(np.array(column) for column in zip(*history, strict=True)))


def district_share(world: Situation, by_cell: np.ndarray) -> np.ndarray:
    return np.bincount(world.grid.district, by_cell) / by_cell.sum(dtype=np.float64)


def misfit(loop: Loop, expected: np.ndarray) -> float:
    """Pearson's chi-square of the learnt shares, summed over rounds that have no day in common.

    For multinomial counts with the `expected` shares, rounds x (districts - 1) degrees of freedom.
    """
    return float((loop.calls[:, None] * np.square(loop.share - expected) / expected).sum())


def trend_se(loop: Loop) -> np.ndarray:
    """Least-squares slope of each share over the rounds in its standard errors, `[district]`.

    The share p of a round of n calls has the variance p (1 - p) / n.
    """
    centred = np.arange(ROUNDS) - (ROUNDS - 1) / 2
    spread = np.sqrt(TRUE_SHARE * (1 - TRUE_SHARE) * (centred**2 / loop.calls).sum())
    return np.asarray(centred @ loop.share / spread)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    return run_loop(tmp_path_factory.mktemp("guarded") / "records.csv", PUBLIC_ONLY)


def test_district_shares_do_not_drift_beyond_noise(guarded: Loop) -> None:
    assert misfit(guarded, TRUE_SHARE) < NOISE
    assert np.abs(trend_se(guarded)).max() < SURE_SE


def test_what_officers_find_changes_no_forecast_and_no_plan(guarded: Loop, tmp_path: Path) -> None:
    """About half of the rows are found incidents; without them the loop is the same to the bit."""
    assert guarded.dropped[0] == 0
    assert guarded.dropped[1:] == pytest.approx(guarded.calls[1:], rel=0.15)
    assert len(np.unique(guarded.units, axis=0)) > 1  # the plans do follow the forecasts
    unseen = run_loop(tmp_path / "records.csv", PUBLIC_ONLY, found_per_car_day=0.0)
    assert not unseen.dropped.any()
    assert guarded.share.tobytes() == unseen.share.tobytes()
    assert np.array_equal(guarded.units, unseen.units)


def test_found_incidents_taken_for_public_calls_drift(guarded: Loop, tmp_path: Path) -> None:
    """The control: the same city and public calls, but the door drops nothing.

    What the forecast then learns is, within noise, public calls and found incidents together.
    """
    fed_back = run_loop(tmp_path / "records.csv", EVERYTHING)
    assert not fed_back.dropped.any()
    assert np.array_equal(fed_back.share[0], guarded.share[0])
    assert misfit(fed_back, TRUE_SHARE) > 5 * NOISE
    assert np.abs(trend_se(fed_back)).max() > SURE_SE
    assert misfit(fed_back, fed_back.share_of_all) < NOISE
