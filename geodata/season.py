"""The season's calendar: how demand of a phase differs from a normal day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from geodata.forecast import DemandForecast
from geodata.frozen import frozen_array
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.incidents import ZONES, IncidentClasses

ZONE_ATTRACTION: tuple[float, ...] = (3.0, 1.8, 1.0, 0.9, 0.8)
"""Calls per resident of each zone tier relative to the city tier (assumption)."""

NIGHT_ENDS_HOUR = 6
"""Hours before this clock hour still belong to the evening before."""


@dataclass(frozen=True)
class SeasonPhase:
    """A span of days (both included) with its multipliers and its daily profile.

    `zone_multiplier[zone]` applies to calls by place; `traffic` and `nuisance` to those
    classes wherever they happen. `profile` names the hourly profile, `speed_day` the kind of
    day the road speeds follow.
    """

    name: str
    first: date
    last: date
    profile: str
    speed_day: str
    zone_multiplier: tuple[float, ...]
    traffic: float
    nuisance: float


@dataclass(frozen=True)
class Season:
    """Phases and the hourly profiles (shares of a day's calls, summing to 1)."""

    phases: tuple[SeasonPhase, ...]
    profiles: dict[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        shares = {}
        for name, share in self.profiles.items():
            array = frozen_array(share, np.float64, (24,), f"profile {name}")
            if abs(array.sum() - 1.0) > 1e-3:
                raise ValueError(f"profile {name} sums to {array.sum():.4f}, not 1")
            shares[name] = array
        object.__setattr__(self, "profiles", shares)
        for phase in self.phases:
            if phase.profile not in shares:
                raise ValueError(f"phase {phase.name} names an unknown profile {phase.profile}")

    def phase_at(self, moment: datetime) -> SeasonPhase:
        """Phase of a local moment; the small hours belong to the evening before.

        The shortest of the phases that hold the day applies.

        Raises
        ------
        ValueError
            When no phase holds the day.
        """
        day = _evening_of(moment)
        holding = [phase for phase in self.phases if phase.first <= day <= phase.last]
        if not holding:
            raise ValueError(f"the season's calendar has no phase for {day.isoformat()}")
        return min(holding, key=lambda phase: (phase.last - phase.first, phase.first))

    def days_without_phase(self, horizon: Horizon) -> tuple[date, ...]:
        """Days that hours of the horizon belong to and no phase holds, in order."""
        days = sorted({_evening_of(moment) for moment in horizon.starts})
        return tuple(
            day
            for day in days
            if not any(phase.first <= day <= phase.last for phase in self.phases)
        )


def _evening_of(moment: datetime) -> date:
    """Day that a local moment belongs to: for the small hours the one before."""
    return (moment - timedelta(hours=NIGHT_ENDS_HOUR)).date()


def seasonal_forecast(
    grid: Grid,
    zone: NDArray[np.int64],
    population: NDArray[np.float64],
    horizon: Horizon,
    classes: IncidentClasses,
    season: Season,
    *,
    calls_per_day: NDArray[np.float64],
    share: NDArray[np.float64],
    multiplier: tuple[str, ...],
) -> DemandForecast:
    """Expected calls from district totals, a class mix and the season's multipliers.

    `calls_per_day[district]` on a normal day and `share[class]` (summing to 1) are spread over
    the cells of the district by residents and the attraction of the zone. `multiplier[class]`
    is `zone` (the phase's multiplier of the cell's zone), `traffic`, `nuisance`, or a number.
    """
    attraction = np.asarray(ZONE_ATTRACTION)[zone]
    weight = population * attraction
    total = np.bincount(grid.district, weight, minlength=len(calls_per_day))
    daily = calls_per_day[grid.district] * weight / total[grid.district]
    rate = np.zeros((grid.n_cells, horizon.hours, len(classes.ids)), dtype=np.float32)
    for hour, moment in enumerate(horizon.starts):
        phase = season.phase_at(moment)
        of_hour = season.profiles[phase.profile][moment.hour]
        by_zone = np.asarray(phase.zone_multiplier)[zone]
        for kind, rule in enumerate(multiplier):
            rate[:, hour, kind] = daily * share[kind] * of_hour * _factor(rule, phase, by_zone)
    return DemandForecast(rate, grid.n_cells, horizon.hours, classes.ids)


def _factor(
    rule: str, phase: SeasonPhase, by_zone: NDArray[np.float64]
) -> NDArray[np.float64] | float:
    if rule == "zone":
        return by_zone
    if rule == "traffic":
        return phase.traffic
    if rule == "nuisance":
        return phase.nuisance
    return float(rule)


def zone_multipliers(row: dict[str, float]) -> tuple[float, ...]:
    """Multipliers in zone order from a calendar row.

    Hubs take the mean of the hub and scenic columns, fringe cells the migrant suburbs'; the
    city and rural tiers the residential one.
    """
    by_zone = {
        "hub": (row["hub_mult"] + row["scenic_mult"]) / 2.0,
        "commercial": row["commercial_mult"],
        "city": row["residential_mult"],
        "fringe": row["migrant_suburb_mult"],
        "rural": row["residential_mult"],
    }
    return tuple(by_zone[zone] for zone in ZONES)
