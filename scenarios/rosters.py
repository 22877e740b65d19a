"""Rosters of anonymous lines from a staffing: what is to be covered, and the lines as tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.duty_lines import (
    DutyLines,
    LineGroup,
    LineLimits,
    ProtectedTime,
    hours_inside,
)
from optimizer.judges.duty_line_rules import LineTally, line_tallies, spread
from optimizer.judges.violation import Violation
from optimizer.rotations import Team, Teams, split_in_teams
from optimizer.shifts import ShiftInstance
from scenarios.world import World

LABEL_COLUMNS = ("force_id", "team")
"""Columns that tell the lines of one home apart."""


@dataclass(frozen=True)
class GroupLabel:
    """What sets those of a home apart who share lines: `ids` by `LABEL_COLUMNS`, and the names."""

    ids: tuple[str, ...]
    name_en: str
    name_zh: str


def roster_teams(world: World, instances: tuple[ShiftInstance, ...]) -> Teams:
    """Teams of every force, split as staffing does; a force without a rotation is one team."""
    horizon, debts = world.situation.horizon, world.time_off.debts
    return split_in_teams(world.force, horizon, instances, world.rules, world.rotations, debts)


def group_label(world: World, team: Team) -> GroupLabel:
    """Label of a team: its force, and its number where the force has several."""
    kind, number = world.force.types[team.force], team.label
    if not number:
        return GroupLabel((kind.force_id, ""), kind.name_en, kind.name_zh)
    names = f"{kind.name_en}, team {number}", f"{kind.name_zh} {number}班"
    return GroupLabel((kind.force_id, number), *names)


@dataclass(frozen=True)
class Rosters:
    """The lines of every home, with the duties that they had to cover.

    The teams share lines: their order is that of the second axis of `problem`.
    """

    world: World
    teams: Teams
    problem: DutyLines
    groups: tuple[LineGroup, ...]

    @cached_property
    def labels(self) -> tuple[GroupLabel, ...]:
        """Labels of the groups, by `LineGroup.force`."""
        return tuple(group_label(self.world, team) for team in self.teams.teams)

    @cached_property
    def tallies(self) -> tuple[tuple[LineTally, ...], ...]:
        """What every line has, in the order of `groups`."""
        return tuple(line_tallies(self.problem, group) for group in self.groups)

    def ids(self, group: LineGroup) -> tuple[str, ...]:
        """Station and label of a group, as its rows begin."""
        station_ids = self.world.situation.stations.place_ids
        return (station_ids[group.station], *self.labels[group.force].ids)


def duty_lines(
    world: World,
    teams: Teams,
    instances: tuple[ShiftInstance, ...],
    officers: NDArray[np.int64],
    festival: Iterable[date] = (),
    protected: tuple[ProtectedTime, ...] = (),
) -> DutyLines:
    """What the lines of every home must cover, `officers[station, team, instance]`.

    A home has as many lines of a team as are not absent at its command's level with the fewest
    absent, rounded up as staffing does.
    """
    absent = world.in_force.figure(world.levels, "absent_share").min(axis=1)[world.home_command]
    lines = np.ceil(teams.headcount * (1.0 - absent[:, None]) - 1e-9).astype(np.int64)
    return DutyLines(
        horizon=world.situation.horizon,
        instances=instances,
        need=officers,
        lines=lines,
        limits=LineLimits(
            labour=world.rules,
            max_nights_in_row=world.rules.max_nights_in_row,
            max_days_in_row=world.rules.max_days_in_row,
        ),
        festival=frozenset(festival),
        protected=protected,
        resting=teams.resting,
    )


def rest_debt_violations(rosters: Rosters) -> list[Violation]:
    """Groups of which too few lines are still without duty when rest from before is not over.

    Rest owed at the start ends at some hour for so many of a team. They can be lines of the
    roster if, up to every hour, as many lines have not yet begun a duty as still rest then.
    """
    problem, found = rosters.problem, []
    starts = np.array([duty.start_h for duty in problem.instances], dtype=np.float64)
    hours = np.arange(problem.horizon.hours)
    for group in rosters.groups:
        begins = np.where(group.works, starts, np.inf).min(axis=1)
        waiting = (begins[:, None] > hours).sum(axis=0)
        owed = np.minimum(rosters.teams.resting[group.station, group.force], len(group.works))
        for hour in np.flatnonzero(waiting < owed)[:1].tolist():
            where = " ".join(part for part in rosters.ids(group) if part)
            when = problem.horizon.at(hour).isoformat()
            counts = float(waiting[hour]), float(owed[hour])
            found.append(Violation("rest from before", where, when, *counts))
    return found


def duties_of(
    problem: DutyLines, groups: Iterable[LineGroup]
) -> Iterator[tuple[LineGroup, int, ShiftInstance]]:
    """Every duty of every line, in order of group, line and start."""
    for group in groups:
        for line, works in enumerate(group.works):
            for at in np.flatnonzero(works).tolist():
                yield group, line, problem.instances[at]


def rosters_frame(rosters: Rosters) -> pd.DataFrame:
    """Every duty of every line: station, force, team, line, day, shift, start, end."""
    horizon = rosters.problem.horizon
    clocks = {
        duty: (
            horizon.at(duty.start_h).date().isoformat(),
            duty.shift.shift_id,
            horizon.at(duty.start_h).isoformat(),
            horizon.at(duty.end_h).isoformat(),
        )
        for duty in rosters.problem.instances
    }
    rows = [
        (*rosters.ids(group), line + 1, *clocks[duty])
        for group, line, duty in duties_of(rosters.problem, rosters.groups)
    ]
    columns = ["station_id", *LABEL_COLUMNS, *"line day shift_id start end".split()]
    return pd.DataFrame(rows, columns=columns)


def lines_frame(rosters: Rosters) -> pd.DataFrame:
    """What every line has and the compensatory rest that it is owed, in hours."""
    rows = [
        (
            *rosters.ids(group),
            tally.line + 1,
            tally.hours,
            tally.nights,
            tally.weekend,
            tally.festival,
            tally.all_nights,
            round(tally.owed_h, 2),
        )
        for group, tallies in zip(rosters.groups, rosters.tallies, strict=True)
        for tally in tallies
    ]
    own = "line hours nights weekend festival all_nights rest_owed_h".split()
    columns = ["station_id", *LABEL_COLUMNS, *own]
    return pd.DataFrame(rows, columns=columns)


def homes_frame(rosters: Rosters) -> pd.DataFrame:
    """Per home and team: lines, duties missing, and how far lines are apart (most less least)."""
    problem = rosters.problem
    hours = np.array([hours_inside(problem.horizon, duty) for duty in problem.instances])
    rows = [
        (
            *rosters.ids(group),
            len(tallies),
            int(group.works.sum()),
            int(group.short.sum()),
            int(group.short @ hours),
            spread(tally.nights for tally in tallies),
            spread(tally.weekend for tally in tallies),
            spread(tally.festival for tally in tallies),
            round(sum(tally.owed_h for tally in tallies), 2),
        )
        for group, tallies in zip(rosters.groups, rosters.tallies, strict=True)
    ]
    own = (
        "lines duties duties_short hours_short nights_apart weekend_apart festival_apart "
        "rest_owed_h"
    )
    columns = ["station_id", *LABEL_COLUMNS, *own.split()]
    return pd.DataFrame(rows, columns=columns)
