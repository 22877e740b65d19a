"""The plan: roster, deployment, posts and visits, with the report of how it was found."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.joint_report import JointReport
from optimizer.mutual_aid import AidCall
from optimizer.requirement import PostNeed
from optimizer.shifts import ShiftInstance


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True)
class PatrolBound:
    """How far the deployment can be from the best one, hour by hour, at its final busy shares.

    In weighted call-minutes an hour beyond the response in bin zero, `[type, hour]`: `missed` by
    the units as they stand, `bound` what every allocation within the limits misses at least.
    Coverage floors that are missed count in both, at their price. `weight[type, hour]` are
    weighted calls an hour. Under a change budget only the sum over the hours is bounded, by
    `bound.sum() - budget_worth`.
    """

    unit_types: tuple[str, ...]
    missed: NDArray[np.float64]
    bound: NDArray[np.float64]
    weight: NDArray[np.float64]
    budget_worth: float = 0.0

    def __post_init__(self) -> None:
        shape = np.shape(self.missed)
        for name in ("missed", "bound", "weight"):
            array = frozen_array(getattr(self, name), np.float64, shape, name)
            object.__setattr__(self, name, array)

    @property
    def gap_call_min(self) -> float:
        """Weighted call-minutes over the horizon between the units and the bound."""
        return float(self.missed.sum() - self.bound.sum() + self.budget_worth)

    @property
    def gap_min(self) -> float:
        """The gap in minutes per weighted call; 0 without calls."""
        calls = float(self.weight.sum())
        return self.gap_call_min / calls if calls else 0.0

    @property
    def gap_share(self) -> float:
        """The gap as a share of the minutes that the units miss; 0 when they miss none."""
        missed = float(self.missed.sum())
        return self.gap_call_min / missed if missed else 0.0


@dataclass(frozen=True)
class SolveReport:
    """What was claimed, by what, in how long.

    `objective` is weighted expected response in call-minutes over the horizon, as the queueing
    judge sees it; `patrol` bounds the allocation model at the final busy shares (see
    docs/model.md for how the two differ), None where no allocation was made; `joint` bounds
    staffing and patrol together.
    """

    status: Status
    objective: float
    seed: int
    rounds: int
    patrol: PatrolBound | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    joint: JointReport | None = None


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
    `by_team[station, team, instance]` are the same officers by their teams (the whole force is
    one team where there are no rotations); without it every force is one team. `aid` are the
    groups called from outside.
    """

    instances: tuple[ShiftInstance, ...]
    officers: NDArray[np.int64]
    loans: tuple[Loan, ...]
    presence_short: NDArray[np.int64]
    by_team: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0, 0), dtype=np.int64))
    aid: tuple[AidCall, ...] = ()

    def __post_init__(self) -> None:
        if not self.by_team.size:
            object.__setattr__(self, "by_team", self.officers)
        for name in ("officers", "presence_short", "by_team"):
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
    """Officers of one force and district that man one block of posts.

    `homeward` of them end their shift with the block and go home; the others are relieved.
    """

    post_id: str
    force_id: str
    from_district: int
    officers: int
    homeward: int = 0


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
    """A visit to a must-visit point, by a foot patrol of two officers unless a route says else.

    Starts `minute` minutes after the horizon's start. On a route, `route` is its number; the
    patrol sets out for the point at minute `leave` and has done there at `end`; the visit is the
    one due from minute `due_from` on, to begin by `latest`.
    """

    point: int
    minute: int
    minutes: float
    station: int
    route: int = -1
    leave: int = -1
    end: int = -1
    due_from: int = -1
    latest: int = -1


@dataclass(frozen=True)
class PatrolRoute:
    """A round of visits: by a patrol on foot, or by a unit between calls.

    `kind` is `foot` or the type of unit; `station` sends the patrol, which starts and ends at the
    patrol place `place` (on foot: the station). `unit` numbers the units of a type, -1 on foot.
    Minutes from the horizon's start; `free_min` of them are left by calls.
    """

    route_id: str
    kind: str
    officers: int
    station: int
    place: int
    unit: int
    from_min: int
    to_min: int
    free_min: float

    @property
    def on_foot(self) -> bool:
        """Whether it is made by officers who answer no calls."""
        return self.unit < 0


@dataclass(frozen=True)
class VisitPlan:
    """Visits that are planned and those that could not be, per point.

    Visits on `routes` name them by number; `bound_min` minutes of visits are more than any routes
    of these patrols can deliver, infinite where nothing is known.
    """

    visits: tuple[Visit, ...]
    due: NDArray[np.int64]
    routes: tuple[PatrolRoute, ...] = ()
    bound_min: float = float("inf")

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
