"""What calls ask of one type of unit, and the terms on which response is weighed."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.incidents import IncidentClass
from geodata.situation import Situation
from optimizer.force import UnitType


@dataclass(frozen=True)
class PatrolTerms:
    """How response times are weighed and calls take up units.

    `closing_min` minutes a unit spends on each call after leaving the scene; `grade_weight`
    what a minute of waiting counts for grades 1 to 4; a call that no idle unit in reach can
    take counts the cut-off plus `penalty_min`; models round response to `bin_min`.
    """

    closing_min: float = 5.0
    grade_weight: tuple[float, float, float, float] = (4.0, 2.0, 1.0, 0.5)
    penalty_min: float = 10.0
    bin_min: float = 0.5

    def __post_init__(self) -> None:
        if min(self.closing_min, self.penalty_min, *self.grade_weight) < 0 or self.bin_min <= 0:
            raise ValueError("patrol terms must not be negative and bins must have a width")


@dataclass(frozen=True)
class CallLoad:
    """Calls for one type of unit in one hour, `[cell]`.

    `calls_per_h`; `weight` calls an hour weighted by grade; `requests_per_h` units asked for,
    a call that needs several counts once for each; `scene_h` mean hours such a request takes
    on scene and closing, travel not included. `several` is the part of `weight` that needs a
    second unit (empty for none).
    """

    calls_per_h: NDArray[np.float64]
    weight: NDArray[np.float64]
    requests_per_h: NDArray[np.float64]
    scene_h: NDArray[np.float64]
    several: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        shape = np.shape(self.calls_per_h)
        if not len(self.several):
            object.__setattr__(self, "several", np.zeros(shape))
        for name in self.__dataclass_fields__:
            array = frozen_array(getattr(self, name), np.float64, shape, name)
            if not np.isfinite(array).all() or (array < 0).any():
                raise ValueError(f"{name} must be finite and not negative")
            object.__setattr__(self, name, array)


def call_load(situation: Situation, unit_type: UnitType, hour: int, terms: PatrolTerms) -> CallLoad:
    """Calls of the classes that a type of unit answers, in one hour of the horizon."""
    answered = situation.classes.answered_by(unit_type.unit_type)
    rate = situation.forecast.rate_per_h[:, hour, answered].astype(np.float64)
    classes = [situation.classes.classes[k] for k in answered]
    grade = np.array([terms.grade_weight[kind.grade - 1] for kind in classes])
    units = np.array([units_asked(kind, unit_type) for kind in classes])
    minutes = np.array([kind.on_scene_min + terms.closing_min for kind in classes])
    requests = rate @ units
    work_h = rate @ (units * minutes) / 60.0
    scene_h = np.divide(work_h, requests, out=np.zeros_like(work_h), where=requests > 0)
    several = rate @ (grade * np.clip(units - 1.0, 0.0, 1.0))
    return CallLoad(rate.sum(axis=1), rate @ grade, requests, scene_h, several)


def units_asked(kind: IncidentClass, unit_type: UnitType) -> float:
    """Units that a call of a class asks for on average: its own number, or its officers' units."""
    return max(kind.units, kind.officers / unit_type.officers)


def response_cutoff_min(situation: Situation, unit_type: UnitType) -> float:
    """Longest response that counts as in reach: the travel cut-off after the longest turnout."""
    turnout = max(unit_type.turnout_station_min, unit_type.turnout_street_min)
    return situation.travel[unit_type.unit_type].cutoff_min + turnout
