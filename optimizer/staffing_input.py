"""What staffing decides on: the force, the rules, and what an officer on the street is worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geodata.faults import FaultLog
from geodata.frozen import frozen_array
from geodata.horizon import Horizon
from optimizer.force import Force
from optimizer.levels import LevelsInForce, ServiceLevel
from optimizer.loan_travel import LoanWays, loan_ways
from optimizer.mutual_aid import AidGroup
from optimizer.plan import Loan
from optimizer.requirement import ROLES, Requirement
from optimizer.rotations import LeaveQuota, RestDebt, Rotation, Teams, split_in_teams
from optimizer.shifts import LabourRules, ShiftInstance

SOURCE = "staffing problem"


@dataclass(frozen=True)
class StaffingProblem:
    """Everything staffing needs, proved to fit together.

    `station_district[station]` and `station_kind` (`station` or `branch`) follow the rows of
    `force.headcount`; a station here is any home of officers. `unit_gain[unit_type]` is
    `[district, hour, k]`: weighted call-minutes saved in the hour by the (k+1)-th unit on the
    street, never negative and not increasing with k; a unit beyond the last k is worth nothing.
    `loan_minutes[lender, borrower, hour]` are the minutes of a way begun in that hour, the same
    in both directions, infinite where there is none; `ways` follow from them: no loan of a shift
    that begins within `loan_notice_h` of the horizon's start, none over more than `loan_max_min`
    and none to a borrower that has `loan_lenders` districts nearer than the lender, unless its
    posts ask for more than an hour a day of each of its people: then all may lend.

    `rotations` split forces into teams that take turns, `debts` are rests from before the
    horizon and `leave` the shares of every team that stay at home for some hours; `teams` follows
    from them. `aid` are groups that may be called from outside, at `aid_cost` an officer-hour.
    `agreed` loans need no notice and may be over any way that leaves an hour on the street. They
    are made as far as the rules allow; what is missing of one counts `agreed_penalty` an
    officer-hour.

    All prices are in weighted call-minutes: `post_penalty[priority]`, `visit_penalty` and
    `presence_penalty` per missing officer-hour, `officer_hour_cost` per hour on duty,
    `loan_cost` (for the hours under way once more) and `overtime_cost` per officer-hour on top
    of it, `order_penalty[level]` per
    officer-hour on duty below what that service level orders (its on-duty share of every pool
    that is open); a level that is not listed orders nothing.

    `donor_max_share` of a district's available officers of a force may be lent at one time;
    `donor_floor` is the share of its own responding officers on duty that must stay.
    `protected_relaxed` opens the pools that are otherwise never drawn on.

    Raises
    ------
    BadInput
        With every fault, when parts disagree in size, refer to something unknown or a value
        is out of its range.
    """

    horizon: Horizon
    station_district: NDArray[np.int64]
    station_kind: tuple[str, ...]
    force: Force
    levels: Mapping[str, ServiceLevel]
    in_force: LevelsInForce
    instances: tuple[ShiftInstance, ...]
    rules: LabourRules
    requirement: Requirement
    unit_gain: Mapping[str, NDArray[np.float64]]
    post_penalty: Mapping[int, float]
    loan_minutes: NDArray[np.float64]
    officer_hour_cost: float = 0.01
    loan_cost: float = 0.05
    visit_penalty: float = 1.0
    presence_penalty: float = 10.0
    overtime_cost: float = 0.1
    order_penalty: Mapping[str, float] = field(default_factory=dict)
    donor_max_share: float = 0.15
    donor_floor: float = 0.7
    loan_notice_h: float = 0.0
    loan_max_min: float = 90.0
    loan_lenders: int = 5
    protected_relaxed: bool = False
    rotations: tuple[Rotation, ...] = ()
    debts: tuple[RestDebt, ...] = ()
    leave: tuple[LeaveQuota, ...] = ()
    aid: tuple[AidGroup, ...] = ()
    aid_cost: float = 0.2
    agreed: tuple[Loan, ...] = ()
    agreed_penalty: float = 25.0
    teams: Teams = field(init=False)
    ways: LoanWays = field(init=False)

    def __post_init__(self) -> None:
        log = FaultLog()
        self._check_sizes(log)
        log.raise_if_any()
        self._check_values(log)
        self._check_ways(log)
        self._check_time_off(log)
        self._check_reinforcements(log)
        self._check_gains(log)
        self._check_posts(log)
        log.raise_if_any()
        self._freeze()
        teams = split_in_teams(
            self.force, self.horizon, self.instances, self.rules, self.rotations, self.debts
        )
        object.__setattr__(self, "teams", teams)
        ways = loan_ways(
            self.loan_minutes,
            self.instances,
            notice_h=self.loan_notice_h,
            max_min=self.loan_max_min,
            lenders=self._lenders(),
        )
        object.__setattr__(self, "ways", ways)

    @property
    def horizon_hours(self) -> int:
        """Hours of the horizon."""
        return self.horizon.hours

    @property
    def n_districts(self) -> int:
        """Number of districts."""
        return int(np.shape(self.requirement.visit_officers)[0])

    @property
    def n_stations(self) -> int:
        """Number of homes, branches included."""
        return len(self.station_kind)

    def stations_of(self, district: int) -> NDArray[np.int64]:
        """Homes in a district, ascending."""
        return np.nonzero(self.station_district == district)[0].astype(np.int64)

    def district_headcount(self) -> NDArray[np.int64]:
        """Officers of each district, `[district, force]`."""
        total = np.zeros((self.n_districts, len(self.force.types)), dtype=np.int64)
        np.add.at(total, self.station_district, self.force.headcount)
        return total

    def ordered(self) -> NDArray[np.int64]:
        """Officers on duty that the levels order, `[district, force, hour]`; rounded down.

        The on-duty share of the head-count for pools that are open in the hour, at the levels
        that have an `order_penalty`; a protected pool is never ordered, also where it is opened
        by relaxation.
        """
        orders = np.array(
            [[level in self.order_penalty for level in row] for row in self.in_force.by_command]
        )
        share = self.in_force.figure(self.levels, "on_duty_share") * orders
        useful = self.may("respond") | self.may("post") | self.may("patrol")
        ready = np.stack([self.in_force.is_open(kind.pool_from_level) for kind in self.force.types])
        ready &= useful[:, None, None]
        exact = self.district_headcount()[..., None] * (ready * share).transpose(1, 0, 2)
        return np.asarray(np.floor(exact + 1e-9), dtype=np.int64)

    def order_price(self) -> NDArray[np.float64]:
        """Price of an officer-hour below the order, `[district, hour]`."""
        return np.array(
            [
                [self.order_penalty.get(level, 0.0) for level in row]
                for row in self.in_force.by_command
            ]
        )

    def may(self, duty: str) -> NDArray[np.bool_]:
        """Which forces may do a duty (`respond`, `post`, `patrol`) or are `sworn`, `[force]`."""
        return np.array([bool(getattr(kind, duty)) for kind in self.force.types], dtype=np.bool_)

    def _lenders(self) -> NDArray[np.int64]:
        """How many of its nearest districts may lend to each, `[district]`."""
        asked = np.zeros(self.n_districts)
        for need in self.requirement.posts:
            asked[need.district] += need.required * (need.to_hour - need.from_hour)
        day_h = self.district_headcount().sum(axis=1) * self.horizon_hours / 24.0
        return np.where(asked > day_h, self.n_districts, self.loan_lenders)

    def _check_sizes(self, log: FaultLog) -> None:
        homes, hours, districts = self.n_stations, self.horizon_hours, self.n_districts
        for name, found, expected in (
            ("station_district", np.shape(self.station_district), (homes,)),
            ("force.headcount", np.shape(self.force.headcount), (homes, len(self.force.types))),
            (
                "in_force",
                (len(self.in_force.by_command), self.in_force.hours),
                (districts, hours),
            ),
            ("visit_officers", np.shape(self.requirement.visit_officers), (districts, hours)),
            ("loan_minutes", np.shape(self.loan_minutes), (districts, districts, hours)),
        ):
            if found != expected:
                log.add(
                    SOURCE,
                    f"{name} has the wrong shape",
                    expected=f"shape {expected}",
                    remedy="Build all parts from the same stations, districts and hours.",
                    value=found,
                )

    def _check_values(self, log: FaultLog) -> None:
        district = np.asarray(self.station_district)
        strangers = np.nonzero((district < 0) | (district >= self.n_districts))[0]
        if len(strangers):
            log.add(
                SOURCE,
                f"{len(strangers)} stations lie in no district, the first is {strangers[0]}",
                expected=f"a district from 0 to {self.n_districts - 1}",
                remedy="Correct the station's district.",
                value=int(district[strangers[0]]),
            )
        unknown = sorted(self.in_force.used - set(self.levels))
        if unknown:
            log.add(
                SOURCE,
                "levels are in force that nobody described",
                expected=f"one of {', '.join(self.levels)}",
                remedy="Add the level to the table of service levels.",
                value=unknown,
            )
        for name in ("donor_max_share", "donor_floor"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                self._out_of_range(log, name, share, "a share from 0 to 1")
        for level, price in self.order_penalty.items():
            if not (np.isfinite(price) and price >= 0.0):
                self._out_of_range(log, f"order_penalty of {level}", price, "a price of at least 0")
        for name in _PRICES:
            price = getattr(self, name)
            if not (np.isfinite(price) and price >= 0.0):
                self._out_of_range(log, name, price, "a finite price of at least 0")

    def _check_ways(self, log: FaultLog) -> None:
        for name, unit in (("loan_notice_h", "hours"), ("loan_max_min", "minutes")):
            limit = getattr(self, name)
            if not limit >= 0.0:
                self._out_of_range(log, name, limit, f"{unit} of at least 0")
        if self.loan_lenders < 1:
            self._out_of_range(log, "loan_lenders", self.loan_lenders, "at least 1 district")
        least = float(np.asarray(self.loan_minutes).min(initial=0.0))
        if not least >= 0.0:
            self._out_of_range(log, "loan_minutes", least, "minutes of at least 0")

    def _check_time_off(self, log: FaultLog) -> None:
        twice = [force_id for one in self.rotations for force_id in one.force_ids]
        for force_id in sorted({one for one in twice if twice.count(one) > 1}):
            self._out_of_range(log, f"rotation of {force_id}", "several", "one rotation a force")
        for debt in self.debts:
            if debt.officers < 0:
                self._out_of_range(log, "a rest debt", debt.officers, "officers of at least 0")
        for quota in self.leave:
            if not 0.0 <= quota.share <= 1.0 or quota.from_h >= quota.to_h:
                found = (quota.from_h, quota.to_h, quota.share)
                self._out_of_range(log, "a leave quota", found, "hours in order, a share 0 to 1")

    def _check_reinforcements(self, log: FaultLog) -> None:
        for group in self.aid:
            if group.force_id not in self.force.ids:
                self._out_of_range(log, f"group {group.group_id}", group.force_id, "a known force")
            if np.shape(group.travel_min) != (self.n_districts,):
                found_shape = np.shape(group.travel_min)
                self._out_of_range(log, f"travel of {group.group_id}", found_shape, "[district]")
        for loan in self.agreed:
            ends = (loan.from_district, loan.to_district)
            known = all(0 <= district < self.n_districts for district in ends)
            if not known or ends[0] == ends[1] or loan.officers < 1:
                self._out_of_range(log, "an agreed loan", ends, "officers between two districts")

    def _check_gains(self, log: FaultLog) -> None:
        known = {unit.unit_type for unit in self.force.unit_types}
        for unit_type in sorted(self.unit_gain):
            gain = np.asarray(self.unit_gain[unit_type])
            if unit_type not in known:
                self._out_of_range(log, "unit_gain", unit_type, "a unit type of the force")
            elif gain.ndim != 3 or gain.shape[:2] != (self.n_districts, self.horizon_hours):
                self._out_of_range(log, f"unit_gain of {unit_type}", gain.shape, "[d, hour, k]")
            elif not np.isfinite(gain).all() or (gain < 0).any():
                self._out_of_range(log, f"unit_gain of {unit_type}", "negative", "gains >= 0")
            elif (np.diff(gain, axis=2) > 1e-9).any():
                self._out_of_range(log, f"unit_gain of {unit_type}", "rising", "falling gains")

    def _check_posts(self, log: FaultLog) -> None:
        for need in self.requirement.posts:
            what = f"post {need.post_id}"
            if need.priority not in self.post_penalty:
                self._out_of_range(log, f"{what} priority", need.priority, "a priced priority")
            if not 0 <= need.district < self.n_districts:
                self._out_of_range(log, f"{what} district", need.district, "a known district")
            if need.role not in ROLES:
                self._out_of_range(log, f"{what} role", need.role, f"one of {', '.join(ROLES)}")

    @staticmethod
    def _out_of_range(log: FaultLog, what: str, value: object, expected: str) -> None:
        log.add(
            SOURCE,
            f"{what} cannot be used",
            expected=expected,
            remedy="Correct the value where it is set.",
            value=value,
        )

    def _freeze(self) -> None:
        homes = (self.n_stations,)
        ways = (self.n_districts, self.n_districts, self.horizon_hours)
        district = frozen_array(self.station_district, np.int64, homes, "station_district")
        minutes = frozen_array(self.loan_minutes, np.float64, ways, "loan_minutes")
        gains = {
            name: frozen_array(gain, np.float64, np.shape(gain), f"unit_gain of {name}")
            for name, gain in self.unit_gain.items()
        }
        object.__setattr__(self, "station_district", district)
        object.__setattr__(self, "loan_minutes", minutes)
        object.__setattr__(self, "unit_gain", MappingProxyType(gains))
        object.__setattr__(self, "levels", MappingProxyType(dict(self.levels)))
        object.__setattr__(self, "post_penalty", MappingProxyType(dict(self.post_penalty)))
        object.__setattr__(self, "order_penalty", MappingProxyType(dict(self.order_penalty)))


_PRICES = (
    "officer_hour_cost",
    "loan_cost",
    "visit_penalty",
    "presence_penalty",
    "overtime_cost",
    "aid_cost",
    "agreed_penalty",
)
