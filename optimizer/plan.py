"""The plan: roster, deployment, posts and visits, with the report of how it was found."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.requirement import PostNeed
from optimizer.shifts import ShiftInstance


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True)
class SolveReport:
    """What was claimed, by what, in how long.

    `objective` is weighted expected response in call-minutes over the horizon (see
    docs/model.md); `bound` and `gap_min` stay None where no dual bound was computed.
    """

    status: Status
    objective: float
    seed: int
    rounds: int
    bound: float | None = None
    gap_min: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Loan:
    """Officers of one force lent from a district to another for one shift."""

    force_id: str
    from_district: int
    to_district: int
    instance: int
    officers: int


@dataclass(frozen=True)
class Roster:
    """Officers per station, force and shift, `officers[station, force, instance]`.

    Officers are counted at their home station also while they are on loan.
    `presence_short[station, hour]` counts officers missing from the minimum presence.
    """

    instances: tuple[ShiftInstance, ...]
    officers: NDArray[np.int64]
    loans: tuple[Loan, ...]
    presence_short: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("officers", "presence_short"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.int64, np.shape(array), name))

    def on_duty(self, hours: int) -> NDArray[np.int64]:
        """Officers on duty, `[station, force, hour]`."""
        active = np.stack([instance.on_duty(hours) for instance in self.instances])
        return self.officers @ active.astype(np.int64)


@dataclass(frozen=True)
class UnitMove:
    """Units of one type that a station sends to one place for one hour."""

    unit_type: str
    hour: int
    station: int
    place: int
    units: int


@dataclass(frozen=True)
class Deployment:
    """Where units stand, `units[type, place, hour]`, and which stations they come from."""

    unit_types: tuple[str, ...]
    units: NDArray[np.int64]
    origins: tuple[UnitMove, ...]

    def __post_init__(self) -> None:
        array = frozen_array(self.units, np.int64, np.shape(self.units), "units")
        object.__setattr__(self, "units", array)


@dataclass(frozen=True)
class PostFill:
    """Officers of one force and district that man one block of posts."""

    post_id: str
    force_id: str
    from_district: int
    officers: int


@dataclass(frozen=True)
class PostAssignment:
    """Who mans which posts; what is not filled is short."""

    needs: tuple[PostNeed, ...]
    fills: tuple[PostFill, ...]

    def have(self) -> dict[str, int]:
        """Officers assigned per post id."""
        total = {need.post_id: 0 for need in self.needs}
        for fill in self.fills:
            total[fill.post_id] += fill.officers
        return total


@dataclass(frozen=True)
class Visit:
    """A visit to a must-visit point by a foot patrol of two officers.

    Starts `minute` minutes after the horizon's start.
    """

    point: int
    minute: int
    minutes: float
    station: int


@dataclass(frozen=True)
class VisitPlan:
    """Visits that are planned and those that could not be, per point."""

    visits: tuple[Visit, ...]
    due: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "due", frozen_array(self.due, np.int64, np.shape(self.due), "due"))


@dataclass(frozen=True)
class Plan:
    """The whole decision."""

    roster: Roster
    deployment: Deployment
    posts: PostAssignment
    visits: VisitPlan
    report: SolveReport
