"""Made-up evaluations for the benchmark of the map: smooth like real ones, or mere noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.city_world import PATROL_CAR, City, CitySize, synthetic_city
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, WITHIN_MIN, Evaluation
from optimizer.plan import (
    Deployment,
    Plan,
    PostAssignment,
    Roster,
    SolveReport,
    Status,
    VisitPlan,
)
from optimizer.requirement import Requirement
from optimizer.shifts import Shift, ShiftInstance

MOVES_EVERY_H = 4
STREET_KM_MIN = 0.4
TURNOUT_MIN = 1.0
BINS = 302
UNSERVED_MIN = 30.0


@dataclass(frozen=True)
class Drawn:
    """Everything the map of a plan asks for."""

    city: City
    requirement: Requirement
    plan: Plan
    evaluation: Evaluation
    baseline: Evaluation


def drawn_plan(size: CitySize, seed: int, *, noise: bool = False, compared: bool = True) -> Drawn:
    """Build a synthetic city, a plan and the evaluations of plan and baseline.

    With `noise` every value is drawn alone: nothing can be compressed. Where the two are not
    `compared`, the plan stands for its own baseline.
    """
    city = synthetic_city(size, seed)

    def evaluated(seed: int, *, moving: bool) -> Evaluation:
        rng = np.random.default_rng(seed)
        return noisy(city, rng) if noise else smooth(city, rng, moving=moving)

    plan = evaluated(seed + 1, moving=True)
    baseline = evaluated(seed + 2, moving=False) if compared else plan
    requirement = Requirement((), np.zeros((1, size.hours)))
    stations = len(city.situation.stations)
    return Drawn(city, requirement, standing_plan(city, stations, size.hours), plan, baseline)


def standing_plan(city: City, stations: int, hours: int) -> Plan:
    """One car at every place in every hour."""
    places = len(city.situation.patrol_places)
    shift = Shift("night", "Night", "夜班", 18, 12, 1.0, 11.0, 1.0)
    return Plan(
        Roster(
            (ShiftInstance(shift, 0, min(hours, 12)),),
            np.full((stations, 1, 1), 10),
            (),
            np.zeros((1, hours), dtype=np.int64),
        ),
        Deployment((PATROL_CAR,), np.ones((1, places, hours), dtype=np.int64), ()),
        PostAssignment((), ()),
        VisitPlan((), np.zeros(0, dtype=np.int64)),
        SolveReport(Status.FEASIBLE, 0.0, 0, 1),
    )


def smooth(city: City, rng: np.random.Generator, *, moving: bool) -> Evaluation:
    """Minutes to the nearest two places in use, weighted by how busy the hour is.

    With `moving` other places are used every `MOVES_EVERY_H` hours; traffic and load follow the
    time of day.
    """
    grid, hours = city.situation.grid, city.situation.horizon.hours
    near, next_ = np.zeros((2, grid.n_cells, hours))
    for hour in range(hours):
        if hour == 0 or (moving and hour % MOVES_EVERY_H == 0):
            away_km = kilometres_to_places(city, rng)
        slowness = 1.0 + 0.3 * np.sin(2 * np.pi * hour / 24)
        near[:, hour], next_[:, hour] = (away_km * slowness / STREET_KM_MIN + TURNOUT_MIN).T
    busy = 0.3 + 0.15 * np.sin(2 * np.pi * (np.arange(hours) - 6) / 24)
    load = busy * (0.7 + 0.3 * np.cos(near / 3.0))
    return evaluation(city, (1 - load) * near + load * next_, next_, load)


def kilometres_to_places(city: City, rng: np.random.Generator) -> NDArray[np.float64]:
    """Kilometres from each cell to the two nearest of the places in use, `[cell, 2]`."""
    places, grid = city.situation.patrol_places, city.situation.grid
    used = rng.random(len(places)) < 0.6
    used[:2] = True
    tree = cKDTree(np.column_stack([places.x, places.y])[used])
    metres, _ = tree.query(np.column_stack([grid.x, grid.y]), k=2)
    return np.asarray(metres / 1000.0)


def noisy(city: City, rng: np.random.Generator) -> Evaluation:
    """Every value on its own, evenly over all steps."""
    shape = (city.situation.grid.n_cells, city.situation.horizon.hours)
    mean, p90 = rng.uniform(0, 12, shape), rng.uniform(0, 12, shape)
    return evaluation(city, mean, p90, rng.random(shape))


def evaluation(
    city: City,
    mean_min: NDArray[np.float64],
    p90_min: NDArray[np.float64],
    busy: NDArray[np.float64],
) -> Evaluation:
    """Evaluation with these minutes and busy shares, the other shares following from them."""
    situation = city.situation
    demand = situation.forecast.rate_per_h.sum(axis=2).astype(np.float64)
    hours = demand.shape[1]
    profile = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(hours) / 24)
    groups = [len(situation.area.districts), 5, len(situation.classes.ids)]
    hist = [np.zeros((group, hours, BINS)) for group in groups]
    for calls in hist:
        calls[:, :, round(float(np.median(mean_min)) / HISTOGRAM_MIN)] = 1.0
    return Evaluation(
        demand * profile,
        mean_min,
        np.ceil(p90_min / HISTOGRAM_MIN) * HISTOGRAM_MIN,
        np.clip(1.2 - mean_min / 12.0, 0.0, 1.0),
        np.stack([1.0 / (1.0 + np.exp((mean_min - circle) / 0.7)) for circle in WITHIN_MIN]),
        np.ones(demand.shape),
        np.full((1, len(situation.patrol_places), hours), 0.3),
        np.full((groups[2], hours), 0.8),
        np.full((groups[2], hours), 5.0),
        district_hist=hist[0],
        zone_hist=hist[1],
        class_hist=hist[2],
        cell_utilisation=busy,
        unserved_min=UNSERVED_MIN,
    )
