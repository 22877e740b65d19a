"""Event posts computed and filled: all events of the Spring Festival on one day, and many posts."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb, refuse_unknown
from optimizer.calls import PatrolTerms
from optimizer.event_posts import LONGEST_POST_H, SUPERVISOR_SPAN
from optimizer.judges.rules import staffing_violations
from optimizer.models.staffing.staffing import staff
from optimizer.requirement import PostNeed, Requirement
from optimizer.reserve import RESERVE
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from scenarios.joint_plan import unit_gains
from scenarios.pipeline import staffing_problem
from scenarios.scenario import LoadedScenario, load_scenario
from scenarios.world import World, build_world

SCENARIO = "shanghai-chuxi-2027"
POSTS: dict[str, int] = {"posts_1000": 1_000, "posts_10000": 10_000}
FESTIVAL = "spring_festival"
INSTANCES = (FESTIVAL, *POSTS)
ROLE_SHARES = {"supervisor": 1, "police": 5, "support": 4}
"""Posts of each role among ten drawn ones."""


@dataclass(frozen=True)
class EventsRecord(Record):
    """A line of this family: value and bound of the staffing in weighted call-minutes.

    `events` with posts, `posts` blocks of at most four hours, `asked_h` officer-hours that they
    ask for and `short_h` those nobody fills. `gap_share` is the gap as a share of what the best
    staffing adds to nobody on duty. `build_s` reads the world and, for the festival, computes
    crowds and posts; `solve_s` values units and fills the posts. `broken` rules.
    """

    events: int
    posts: int
    asked_h: int
    short_h: int
    gap_share: float
    broken: int


def run(names: Sequence[str]) -> Iterator[EventsRecord]:
    """Lines of the instances named, or of all.

    Raises
    ------
    BadInput
        When an instance is unknown.
    """
    refuse_unknown("events", "instance", names, INSTANCES)
    for name in names or INSTANCES:
        yield festival() if name == FESTIVAL else drawn_posts(name, POSTS[name])


def festival() -> EventsRecord:
    """All events of the calendar, each moved by whole days so that its peak begins in one day."""
    plain = load_scenario(SCENARIO)
    with tempfile.TemporaryDirectory() as folder:
        moved = Path(folder) / "events.csv"
        calendar = moved_calendar(plain)
        calendar.to_csv(moved, index=False)
        loaded = load_scenario(SCENARIO, (f"events.file={moved}",))
        world, build_s = timed(lambda: build_world(loaded))
    return _filled(FESTIVAL, loaded, world, f"synthetic dates;rows={len(calendar)}", build_s)


def moved_calendar(loaded: LoadedScenario) -> pd.DataFrame:
    """The calendar of a scenario with every peak in the 24 h from its horizon's start."""
    table = pd.read_csv(loaded.path(str(loaded.scenario.events.file)), dtype=str)
    start = loaded.scenario.horizon.start.replace(tzinfo=None)
    times = ["start", "end", "peak_from", "peak_to"]
    for row in table.index:
        peak = datetime.fromisoformat(str(table.loc[row, "peak_from"]))
        days = timedelta(days=-((peak - start) // timedelta(days=1)))
        for column in times:
            moment = datetime.fromisoformat(str(table.loc[row, column])) + days
            table.loc[row, column] = moment.isoformat(timespec="minutes")
    return table


def drawn_posts(name: str, count: int) -> EventsRecord:
    """As many drawn blocks of posts in place of the scenario's events (synthetic)."""
    loaded = load_scenario(SCENARIO)
    world, build_s = timed(lambda: build_world(loaded))
    posts = drawn_needs(world, count, np.random.default_rng(loaded.scenario.seed))
    asked = replace(world.requirement, posts=posts)
    params = f"synthetic posts;seed={loaded.scenario.seed}"
    return _filled(name, loaded, replace(world, requirement=asked), params, build_s)


def drawn_needs(world: World, count: int, rng: np.random.Generator) -> tuple[PostNeed, ...]:
    """Blocks of two to four hours in all commands, ten to an event; few people on each."""
    hours = world.situation.horizon.hours
    commands = len(world.requirement.visit_officers)
    roles = [role for role, share in ROLE_SHARES.items() for _ in range(share)]
    posts = []
    for number in range(count):
        event = number // len(roles)
        if number % len(roles) == 0:
            command = int(rng.integers(commands))
            length = int(rng.integers(2, LONGEST_POST_H + 1))
            first = int(rng.integers(hours - length + 1))
            group = int(rng.integers(1, 6))
        role = roles[number % len(roles)]
        posts.append(
            PostNeed(
                f"drawn-{event:04d}/{number:05d}",
                f"drawn-{event:04d}",
                f"Drawn event {event}",
                f"抽取的活动{event}",
                ("core", "control", "outer")[event % 3],
                "peak",
                first,
                first + length,
                command,
                0.0,
                0.0,
                1 + event % 3,
                role,
                -(-9 * group // SUPERVISOR_SPAN) if role == "supervisor" else group,
                "drawn",
            )
        )
    return tuple(posts)


def _filled(
    name: str, loaded: LoadedScenario, world: World, params: str, build_s: float
) -> EventsRecord:
    (problem, found), solve_s = timed(lambda: _staffed(loaded, world))
    asked, short = _officer_hours(problem.requirement, found, problem.horizon_hours)
    return EventsRecord(
        family="events",
        instance=name,
        params=f"{loaded.scenario.id};{params}",
        value=round(found.value, 2),
        bound=round(found.bound, 2),
        known=None,
        status="feasible",
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
        events=len({n.event_id for n in problem.requirement.posts if n.ring != RESERVE}),
        posts=len(problem.requirement.posts),
        asked_h=asked,
        short_h=short,
        gap_share=round(found.relative_gap, 6),
        broken=len(staffing_violations(problem, found)),
    )


def _staffed(loaded: LoadedScenario, world: World) -> tuple[StaffingProblem, StaffingResult]:
    terms = PatrolTerms(loaded.scenario.patrol.closing_min, loaded.scenario.patrol.grade_weight)
    problem = staffing_problem(loaded, world, unit_gains(world, terms))
    return problem, staff(problem)


def _officer_hours(
    requirement: Requirement, found: StaffingResult, horizon_hours: int
) -> tuple[int, int]:
    """Officer-hours asked for and not filled, within the horizon."""
    have = found.posts.have()
    asked = short = 0
    for need in requirement.posts:
        hours = min(need.to_hour, horizon_hours) - max(need.from_hour, 0)
        asked += hours * need.required
        short += hours * (need.required - have.get(need.post_id, 0))
    return asked, short
