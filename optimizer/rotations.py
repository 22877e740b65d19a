"""Team rotations: which team of a force works which shift on which day."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from optimizer.force import Force
from optimizer.shifts import LabourRules, Shift, ShiftInstance

FREE = ""
"""A day of a cycle without a shift."""

T = TypeVar("T", np.int64, np.float64)


@dataclass(frozen=True)
class Rotation:
    """A cycle of days that equal teams of some forces go through, one after the other.

    `cycle[day]` is the id of the shift that a team works on that day of its cycle, empty on a
    day without duty (standby or rest). The first team begins its cycle on `first_day`, each
    other one `len(cycle) / teams` days after the one before it. The shifts of a cycle are
    worked by the team whose turn it is and by no other team of these forces; all other shifts
    are reinforcements that every team may work. `shifts` are those of the cycle.

    Raises
    ------
    ValueError
        When there is no team or no duty, the cycle cannot be shared among the teams, or one of
        its shifts is not described.
    """

    rotation_id: str
    name_en: str
    name_zh: str
    force_ids: tuple[str, ...]
    teams: int
    cycle: tuple[str, ...]
    first_day: date
    shifts: tuple[Shift, ...]
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.teams < 1:
            raise ValueError(f"rotation {self.rotation_id} has {self.teams} teams")
        if not self.shift_ids:
            raise ValueError(f"rotation {self.rotation_id} has a cycle without any shift")
        if len(self.cycle) % self.teams:
            raise ValueError(
                f"rotation {self.rotation_id}: a cycle of {len(self.cycle)} days cannot be shared "
                f"by {self.teams} teams"
            )
        unknown = sorted(self.shift_ids - self._by_id.keys())
        if unknown:
            raise ValueError(f"rotation {self.rotation_id}: nobody described {', '.join(unknown)}")

    @property
    def _by_id(self) -> dict[str, Shift]:
        return {shift.shift_id: shift for shift in self.shifts}

    @property
    def shift_ids(self) -> frozenset[str]:
        """Shifts of the cycle."""
        return frozenset(self.cycle) - {FREE}

    def shift_on(self, team: int, day: date) -> str:
        """Shift that a team works on a day, empty when it has none."""
        step = len(self.cycle) // self.teams
        return self.cycle[((day - self.first_day).days - team * step) % len(self.cycle)]

    def week_hours(self) -> float:
        """Hours of duty a week on average, hand-over included."""
        shifts = self._by_id
        worked = sum(shifts[shift_id].duty_h for shift_id in self.cycle if shift_id != FREE)
        return 7.0 * worked / len(self.cycle)

    def rests(self) -> tuple[tuple[Shift, Shift, float], ...]:
        """Each shift with the next one of the cycle and the hours between them."""
        shifts, found = self._by_id, []
        days = [day for day, shift_id in enumerate(self.cycle) if shift_id != FREE]
        for day, after in zip(days, [*days[1:], days[0] + len(self.cycle)], strict=True):
            first, second = shifts[self.cycle[day]], shifts[self.cycle[after % len(self.cycle)]]
            between = 24.0 * (after - day) + second.start_hour - first.start_hour - first.duty_h
            found.append((first, second, between))
        return tuple(found)

    def last_duties(self, team: int, horizon: Horizon) -> tuple[ShiftInstance, ...]:
        """Duties of a team that ended before the horizon, over one cycle."""
        found, shifts = [], self._by_id
        for back in range(len(self.cycle) + 1):
            day = (horizon.start - timedelta(days=back)).date()
            shift_id = self.shift_on(team, day)
            if shift_id != FREE:
                shift = shifts[shift_id]
                moment = horizon.start.replace(
                    year=day.year, month=day.month, day=day.day, hour=shift.start_hour
                )
                start = round(horizon.hour_index(moment))
                if start + shift.hours <= 0:
                    found.append(ShiftInstance(shift, start, start + shift.hours))
        return tuple(found)


@dataclass(frozen=True)
class Team:
    """One team of a force: its number from 0 and how many teams the force has."""

    force: int
    number: int
    of: int

    @property
    def label(self) -> str:
        """Number for people, empty where the whole force is one team."""
        return str(self.number + 1) if self.of > 1 else ""


@dataclass(frozen=True)
class Teams:
    """The teams of all forces, by force and number; a force without a rotation is one team.

    `headcount[station, team]` officers; `may_work[team, instance]` whose turn a shift is;
    `resting[station, team, hour]` officers whose rest from before the horizon is not over.
    """

    teams: tuple[Team, ...]
    headcount: NDArray[np.int64]
    may_work: NDArray[np.bool_]
    resting: NDArray[np.int64]

    def __post_init__(self) -> None:
        homes, size = np.shape(self.headcount)[0], len(self.teams)
        for name, kind, shape in (
            ("headcount", np.int64, (homes, size)),
            ("may_work", np.bool_, (size, np.shape(self.may_work)[1])),
            ("resting", np.int64, (homes, size, np.shape(self.resting)[2])),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), kind, shape, name))

    @property
    def force(self) -> NDArray[np.int64]:
        """Force of each team, `[team]`."""
        return np.array([team.force for team in self.teams], dtype=np.int64)

    def of_force(self, force: int) -> NDArray[np.int64]:
        """Rows of the teams of a force, ascending."""
        return np.flatnonzero(self.force == force).astype(np.int64)

    def by_force(self, by_team: NDArray[T], forces: int, axis: int) -> NDArray[T]:
        """Sums over the teams of each force along an axis."""
        moved: NDArray[T] = np.moveaxis(by_team, axis, 0)
        total = np.zeros((forces, *moved.shape[1:]), dtype=by_team.dtype)
        np.add.at(total, self.force, moved)
        return np.moveaxis(total, 0, axis)


@dataclass(frozen=True)
class RestDebt:
    """Officers of a force at a station whose rest from before the horizon ends at `until_h`.

    `team` is a number from 0, None where the officers are spread over the teams.
    """

    station: int
    force: int
    officers: int
    until_h: float
    team: int | None = None


@dataclass(frozen=True)
class LeaveQuota:
    """A share of every team that no duty touches in hours [from_h, to_h): leave, a night at home.

    It holds for the forces and commands named by index, for all where none is named.
    """

    from_h: int
    to_h: int
    share: float
    forces: tuple[int, ...] = ()
    commands: tuple[int, ...] = ()

    def touches(self, duty: ShiftInstance) -> bool:
        """Whether a duty shares time with these hours."""
        return duty.start_h < self.to_h and duty.end_h > self.from_h


@dataclass(frozen=True)
class TimeOff:
    """Rest still owed from before the horizon, and leave within it."""

    debts: tuple[RestDebt, ...] = ()
    leave: tuple[LeaveQuota, ...] = ()


def split_in_teams(
    force: Force,
    horizon: Horizon,
    instances: tuple[ShiftInstance, ...],
    rules: LabourRules,
    rotations: tuple[Rotation, ...] = (),
    debts: tuple[RestDebt, ...] = (),
) -> Teams:
    """Teams of every force, as equal at every home as whole officers allow.

    The officers left over go to other teams at each home. A team that had its turn before the
    horizon, as its rotation says, rests as long as that duty asks for.
    """
    rotation_of = {force_id: one for one in rotations for force_id in one.force_ids}
    teams, may_work, rest_until = [], [], []
    for row, force_id in enumerate(force.ids):
        rotation = rotation_of.get(force_id)
        for number in range(1 if rotation is None else rotation.teams):
            teams.append(Team(row, number, 1 if rotation is None else rotation.teams))
            may_work.append([_its_turn(rotation, number, horizon, duty) for duty in instances])
            rest_until.append(_rests_until(rotation, number, horizon, rules))
    headcount = np.stack([_size(force, team) for team in teams], axis=1)
    resting = np.zeros((*headcount.shape, horizon.hours), dtype=np.int64)
    hours = np.arange(horizon.hours)
    for row, until in enumerate(rest_until):
        resting[:, row, hours < until] = headcount[:, row, None]
    split = Teams(tuple(teams), headcount, np.array(may_work, dtype=np.bool_), resting)
    for debt in debts:
        for row, officers in _in_debt(split, debt):
            resting[debt.station, row, hours < debt.until_h] += officers
    return Teams(split.teams, headcount, split.may_work, np.minimum(resting, headcount[..., None]))


def _size(force: Force, team: Team) -> NDArray[np.int64]:
    """Officers of a team at every home."""
    count = force.headcount[:, team.force]
    turn = (team.number - np.arange(len(count))) % team.of
    return np.asarray(count // team.of + (turn < count % team.of), dtype=np.int64)


def _its_turn(
    rotation: Rotation | None, number: int, horizon: Horizon, duty: ShiftInstance
) -> bool:
    if rotation is None or duty.shift.shift_id not in rotation.shift_ids:
        return True
    return rotation.shift_on(number, horizon.at(duty.start_h).date()) == duty.shift.shift_id


def _rests_until(
    rotation: Rotation | None, number: int, horizon: Horizon, rules: LabourRules
) -> float:
    """Hour until which a team rests from the duties that it had before the horizon."""
    if rotation is None:
        return 0.0
    duties = rotation.last_duties(number, horizon)
    return max((duty.rests_until(rules) for duty in duties), default=0.0)


def _in_debt(teams: Teams, debt: RestDebt) -> list[tuple[int, int]]:
    """Row and officers of each team that a debt falls on."""
    rows = teams.of_force(debt.force)
    if debt.team is not None:
        return [(int(rows[debt.team]), debt.officers)]
    each, more = divmod(debt.officers, len(rows))
    return [(row, each + (number < more)) for number, row in enumerate(rows.tolist())]
