"""The simulation of a city: its ground, its calls and the fleet of a deployment."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms, response_cutoff_min, units_asked
from optimizer.force import UnitType
from optimizer.judges.simulation.call_stream import (
    CallDraws,
    CallKinds,
    CallStream,
    drawn_calls,
)
from optimizer.judges.simulation.system import (
    Crossing,
    DispatchRules,
    Fleet,
    Ground,
    ground_of,
    warmed_ground,
)
from optimizer.judges.simulation.unit_lines import unit_lines
from optimizer.plan import Deployment
from optimizer.reach import cell_lists, turnout_min


@dataclass(frozen=True)
class SimulationTerms:
    """What a simulation of a city assumes beyond the situation.

    `draws` says how calls differ from their means, `crossing` and `returning` how units are
    sent (`DispatchRules`). The first `warm_up_h` hours repeat the first hour of the horizon and
    are not counted.
    """

    draws: CallDraws = field(default_factory=CallDraws)
    crossing: Crossing = Crossing.QUICKEST
    returning: bool = True
    warm_up_h: int = 2

    def __post_init__(self) -> None:
        if self.warm_up_h < 0:
            raise ValueError(f"warm_up_h is {self.warm_up_h}, expected whole hours from 0 on")


@dataclass(frozen=True, eq=False)
class City:
    """What every plan of a situation shares in the simulation.

    `street[k]` is the class of the situation that class k of the simulated calls is: those that
    ask for a unit. `rate_per_h[cell, hour, class]`, `units[class]` and `scene_min[class]` are
    theirs; hours include the warm-up. `unserved_min` is what a call counts that nobody reaches.
    """

    situation: Situation
    unit_types: tuple[UnitType, ...]
    ground: Ground
    street: NDArray[np.int64]
    kinds: CallKinds
    rate_per_h: NDArray[np.float32]
    units: NDArray[np.float64]
    scene_min: NDArray[np.float64]
    rules: DispatchRules
    terms: SimulationTerms
    grade_weight: NDArray[np.float64]
    unserved_min: float

    def drawn(self, seed: int, replication: int) -> CallStream:
        """Calls of one replication: the same for every plan."""
        rng = np.random.default_rng([seed, replication])
        return drawn_calls(self.rate_per_h, self.units, self.scene_min, self.terms.draws, rng)


def simulated_city(
    situation: Situation,
    unit_types: tuple[UnitType, ...],
    terms: PatrolTerms,
    simulation: SimulationTerms,
) -> City:
    """Everything but the plan. Types of units in the order of the deployments to come."""
    classes = situation.classes.classes
    by_name = {kind.unit_type: kind for kind in unit_types}
    names = list(by_name)
    street = np.array([k for k, kind in enumerate(classes) if kind.unit_type in names], np.int64)
    answered = np.array([[classes[k].unit_type == name for name in names] for k in street])
    grade = np.array([classes[k].grade for k in street], dtype=np.int64)
    rate = situation.forecast.rate_per_h[:, :, street]
    warm = simulation.warm_up_h
    ground = warmed_ground(_ground(situation, unit_types), warm)
    cutoff = max((response_cutoff_min(situation, kind) for kind in unit_types), default=0.0)
    return City(
        situation=situation,
        unit_types=unit_types,
        ground=ground,
        street=street,
        kinds=CallKinds(grade, answered.reshape(len(street), len(names))),
        rate_per_h=np.concatenate([np.repeat(rate[:, :1], warm, axis=1), rate], axis=1),
        units=np.array([units_asked(classes[k], by_name[classes[k].unit_type]) for k in street]),
        scene_min=np.array([classes[k].on_scene_min for k in street]),
        rules=DispatchRules(
            simulation.crossing, returning=simulation.returning, closing_min=terms.closing_min
        ),
        terms=simulation,
        grade_weight=np.asarray(terms.grade_weight)[grade - 1],
        unserved_min=cutoff + terms.penalty_min,
    )


def _ground(situation: Situation, unit_types: tuple[UnitType, ...]) -> Ground:
    travel = [situation.travel[kind.unit_type] for kind in unit_types]
    places = situation.patrol_places
    return ground_of(
        [times.reach for times in travel],
        np.stack([times.profile_of_hour for times in travel]),
        np.stack([turnout_min(places, kind) for kind in unit_types]),
        np.array([kind.turnout_street_min for kind in unit_types]),
        places.cell,
        situation.place_command,
        situation.area.command_of[situation.grid.district],
        max(times.cutoff_min for times in travel),
        cell_lists=[cell_lists(situation, kind) for kind in unit_types],
    )


def fleet_of(city: City, deployment: Deployment, pool_of_place: NDArray[np.int64]) -> Fleet:
    """Units of a deployment, warm-up included; they keep to their pool from hour to hour.

    Raises
    ------
    ValueError
        When the deployment lists other types of units than the city.
    """
    if deployment.unit_types != tuple(kind.unit_type for kind in city.unit_types):
        raise ValueError(f"deployment of {deployment.unit_types}, not of the city's unit types")
    lines = [
        unit_lines(units, city.situation.patrol_places, pool_of_place, city.situation.travel[name])
        for name, units in zip(deployment.unit_types, deployment.units, strict=True)
    ]
    kind = np.repeat(np.arange(len(lines)), [len(homes) for homes in lines])
    return Fleet(kind, np.concatenate(lines)).warmed(city.terms.warm_up_h)
