"""The situation: everything known about the world, proved to fit together."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.forecast import DemandForecast
from geodata.frozen import frozen_array
from geodata.grid import Grid
from geodata.horizon import Horizon
from geodata.incidents import ZONES, IncidentClasses
from geodata.places import Places, VisitPoints
from geodata.travel import TravelTimes


@dataclass(frozen=True)
class Provenance:
    """Where one part of the situation comes from; `status` real, synthetic or assumption."""

    item_en: str
    item_zh: str
    status: str
    source: str


@dataclass(frozen=True)
class ContextLine:
    """A line drawn for orientation: `lonlat` [vertex, 2] in WGS84 degrees.

    `name` is the local one; `name_en` is empty where there is no English one.
    """

    kind: str
    name: str
    lonlat: NDArray[np.float64]
    name_en: str = ""


@dataclass(frozen=True, eq=False)
class Situation:
    """The world a plan is made for; equal only to itself.

    `zone[cell]` indexes `ZONES`. `patrol_places` are the places where units may wait: the
    stations first (in the order of `stations`), then the standby points. `travel` maps a unit
    type to the travel times of its vehicles; all of them list `patrol_places`.

    Raises
    ------
    ValueError
        When two parts disagree in size.
    """

    area: StudyArea
    grid: Grid
    horizon: Horizon
    zone: NDArray[np.int64]
    classes: IncidentClasses
    forecast: DemandForecast
    stations: Places
    patrol_places: Places
    visit_points: VisitPoints
    travel: MappingProxyType[str, TravelTimes]
    population: NDArray[np.float64]
    context: tuple[ContextLine, ...]
    provenance: tuple[Provenance, ...]

    def __post_init__(self) -> None:
        n = self.grid.n_cells
        object.__setattr__(self, "zone", frozen_array(self.zone, np.int64, (n,), "zone"))
        population = frozen_array(self.population, np.float64, (n,), "population")
        object.__setattr__(self, "population", population)
        if n and not 0 <= self.zone.min() <= self.zone.max() < len(ZONES):
            raise ValueError("zone tiers lie outside the known ones")
        self._require("forecast cells", self.forecast.n_cells, n)
        self._require("forecast hours", self.forecast.n_hours, self.horizon.hours)
        if self.forecast.class_ids != self.classes.ids:
            raise ValueError("the forecast's classes are not the incident classes")
        head = self.patrol_places.place_ids[: len(self.stations)]
        if head != self.stations.place_ids:
            raise ValueError("patrol places must begin with the stations")
        for unit_type, times in self.travel.items():
            self._require(f"{unit_type} hours", len(times.profile_of_hour), self.horizon.hours)
            for reach in times.reach:
                self._require(f"{unit_type} places", reach.n_places, len(self.patrol_places))

    @staticmethod
    def _require(what: str, found: int, expected: int) -> None:
        if found != expected:
            raise ValueError(f"{what}: {found}, expected {expected}")

    @property
    def place_command(self) -> NDArray[np.int64]:
        """Command of each patrol place, the stations first; indexes `area.commands`."""
        return self.area.command_of[self.patrol_places.district]

    def target_min(self) -> NDArray[np.float64]:
        """Response target of each cell and class, minutes `[cell, class]`."""
        return self.classes.target_min[self.zone]
