"""A ring of checkpoints around a point: who mans them, and why a smaller ring does not hold."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.roads import RoadGraph


@dataclass(frozen=True)
class Squads:
    """Units of one type that stand at one place; arrays `[squad]`.

    `node` of the road graph, `units` that can be sent, `turnout_min` from the alarm to moving
    off, `speed_factor` on the speeds of the roads.
    """

    node: NDArray[np.int64]
    units: NDArray[np.int64]
    turnout_min: NDArray[np.float64]
    speed_factor: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = np.shape(self.node)
        for name, dtype in (
            ("node", np.int64),
            ("units", np.int64),
            ("turnout_min", np.float64),
            ("speed_factor", np.float64),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True)
class Pursuit:
    """A car that leaves the node `start`, and the units that are to stop it.

    The car has `head_start_min` minutes before the alarm; all other times count from the alarm.
    `car_kmh[kind]` and `unit_kmh[kind]` are speeds on the kinds of road of `graph`.
    """

    graph: RoadGraph
    start: int
    head_start_min: float
    car_kmh: NDArray[np.float64]
    unit_kmh: NDArray[np.float64]
    squads: Squads

    def __post_init__(self) -> None:
        for name in ("car_kmh", "unit_kmh"):
            speed = getattr(self, name)
            object.__setattr__(self, name, frozen_array(speed, np.float64, np.shape(speed), name))
        if not 0 <= self.start < self.graph.n_nodes:
            raise ValueError(f"start {self.start} is none of {self.graph.n_nodes} nodes")
        if not 0.0 <= self.head_start_min < np.inf:
            raise ValueError(f"a head start of {self.head_start_min} min; 0 or more is needed")


@dataclass(frozen=True)
class Checkpoint:
    """A unit of a squad in the middle of an arc, `manned_min` after the alarm.

    `car_min` is when the car can be there first if nothing stops it.
    """

    arc: int
    squad: int
    manned_min: float
    car_min: float

    @property
    def slack_min(self) -> float:
        """Minutes between the unit and the car."""
        return self.car_min - self.manned_min


@dataclass(frozen=True)
class LateCheckpoint:
    """A checkpoint that would be needed, but that the first unit reaches after the car.

    `first_unit_min` is infinite where no unit gets there.
    """

    arc: int
    first_unit_min: float
    car_min: float

    @property
    def late_min(self) -> float:
        """Minutes by which the first unit is too late."""
        return self.first_unit_min - self.car_min


@dataclass(frozen=True)
class RingCordon:
    """Checkpoints that keep the car among the nodes `inside[node]`.

    All of these it can reach within `ring_min` minutes after the alarm.
    """

    ring_min: float
    inside: NDArray[np.bool_]
    checkpoints: tuple[Checkpoint, ...]

    def __post_init__(self) -> None:
        inside = frozen_array(self.inside, np.bool_, np.shape(self.inside), "inside")
        object.__setattr__(self, "inside", inside)


class Verdict(StrEnum):
    """What came out of a ring."""

    HOLDS = "holds"
    LATE = "late"
    """A way out has no checkpoint that any unit reaches in time."""
    SHORT = "short"
    """Every way out can be met in time, but not all by units of their own."""


@dataclass(frozen=True)
class RingTrial:
    """One ring that was tried.

    Attributes
    ----------
    ring_min
        The car must not get further than this many minutes after the alarm.
    checkpoints
        How many the best try has.
    late
        Those of it that are reached too late; the worst is late by the least that can be.
    critical_arcs
        Checkpoints of it that too few units reach in time.
    units_short
        Units that would have to reach the critical ones in time besides.
    proven
        Whether it is proved that no set of checkpoints does; otherwise none was found.
    """

    ring_min: float
    verdict: Verdict
    checkpoints: int
    late: tuple[LateCheckpoint, ...] = ()
    critical_arcs: tuple[int, ...] = ()
    units_short: int = 0
    proven: bool = True


@dataclass(frozen=True)
class WiderRing:
    """A ring beyond the one that holds: every cordon of it has at least `fewest` checkpoints."""

    ring_min: float
    fewest: int


@dataclass(frozen=True)
class RingSearch:
    """Rings from the smallest on, up to the first that holds; `cordon` is None when none does.

    `wider` are those beyond it that may do with fewer checkpoints than any before them.
    """

    trials: tuple[RingTrial, ...]
    cordon: RingCordon | None
    wider: tuple[WiderRing, ...] = ()
