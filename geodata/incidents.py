"""Incident classes: what a call asks for and how soon it must be answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

ZONES: tuple[str, ...] = ("hub", "commercial", "city", "fringe", "rural")
"""Zone tiers in the order of every array indexed by zone."""

ZONES_ZH: tuple[str, ...] = ("枢纽景区", "商业区", "城区", "近郊", "农村")


@dataclass(frozen=True)
class IncidentClass:
    """One class of calls.

    `grade` 1 (most urgent) to 4; `officers` and `units` are what one call needs on average,
    `on_scene_min` the mean minutes a unit spends there, `unit_type` the kind of unit that
    answers first. A class whose `unit_type` is empty is handled at the station or by phone and
    asks for no unit on the street.
    """

    class_id: str
    name_en: str
    name_zh: str
    grade: int
    officers: float
    units: float
    on_scene_min: float
    unit_type: str


@dataclass(frozen=True)
class IncidentClasses:
    """All classes with their response targets, `target_min[zone, class]` minutes."""

    classes: tuple[IncidentClass, ...]
    target_min: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = (len(ZONES), len(self.classes))
        target = frozen_array(self.target_min, np.float64, shape, "target_min")
        object.__setattr__(self, "target_min", target)

    @property
    def ids(self) -> tuple[str, ...]:
        """Class ids in array order."""
        return tuple(incident.class_id for incident in self.classes)

    def answered_by(self, unit_type: str) -> NDArray[np.int64]:
        """Indices of the classes that a type of unit answers."""
        found = [k for k, incident in enumerate(self.classes) if incident.unit_type == unit_type]
        return np.array(found, dtype=np.int64)
