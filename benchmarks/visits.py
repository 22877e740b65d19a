"""Visits on routes at the scale of a city: communities and road sections on a fireworks night.

The points are drawn, not surveyed: 8,600 communities and 2,080 road sections are the numbers that
a city published for such a night, where they lie is by lot where people live.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb, refuse_unknown
from geodata.places import LineEnds, Places, VisitPoints, joined_points
from geodata.situation import Situation
from geodata.visit_line_file import LINE_KMH
from optimizer.judges.routed_visit_rules import routed_visit_violations
from optimizer.models.visits.night_routing import ON_THE_NIGHT
from optimizer.models.visits.sector_routing import routed_visits
from optimizer.plan import Deployment
from optimizer.routed_visits import RoutedVisits
from optimizer.visit_sectors import VisitWork, visit_work
from scenarios.scenario import load_scenario
from scenarios.world import World, build_world

SCENARIO = "shanghai-chuxi-2027"
SIZES: dict[str, tuple[int, int]] = {"city": (8_600, 2_080), "tenth": (860, 208)}
"""Communities and road sections."""

COMMUNITY_MIN = 5.0
SECTION_M = 600.0
INTERVAL_H = 2.0
FROM_CLOCK, TO_CLOCK = 20, 0
SEED = 4


@dataclass(frozen=True)
class VisitsRecord(Record):
    """A line of this family: `value` minutes of visits on routes, `bound` what none exceeds.

    `due_min` are asked for at `points` in `sectors`; `patrols` on foot make `visits` of `due`.
    `gap_min` is the longest time without a visit anywhere, `late` the points longer without one
    than their interval, `missed` those never visited; `broken` rules.
    """

    points: int
    sectors: int
    patrols: int
    officers: int
    visits: int
    due: int
    due_min: float
    gap_min: float
    late: int
    missed: int
    broken: int


def run(names: Sequence[str]) -> Iterator[VisitsRecord]:
    """Lines of the sizes named, or of all.

    Raises
    ------
    BadInput
        When a size is unknown.
    """
    refuse_unknown("visits", "size", names, SIZES)
    world = build_world(load_scenario(SCENARIO, ("visits.method=routes",)))
    for name in names or SIZES:
        yield fireworks_night(world, name, *SIZES[name])


def fireworks_night(world: World, name: str, communities: int, sections: int) -> VisitsRecord:
    """Routes on foot for so many drawn points and lines, with all the patrols they ask for."""
    work, build_s = timed(lambda: drawn_work(world, communities, sections))
    situation = world.situation
    officers = work.officers(len(situation.area.commands))
    horizon, stations = situation.horizon, situation.stations
    found, solve_s = timed(
        lambda: routed_visits(
            work,
            horizon,
            stations,
            situation.patrol_places,
            world.home_command,
            officers,
            [],
            night=SEED,
            options=ON_THE_NIGHT,
        )
    )
    nobody = Deployment((), np.zeros((0, 0, horizon.hours), dtype=np.int64), ())
    broken = routed_visit_violations(
        horizon, found, work.density, officers, nobody, np.zeros((0, 0, horizon.hours))
    )
    return _record(name, work, found, len(broken), build_s, solve_s)


def _record(
    name: str, work: VisitWork, found: RoutedVisits, broken: int, build_s: float, solve_s: float
) -> VisitsRecord:
    plan, points = found.plan, work.points
    gaps = np.concatenate([sector.night.longest_gap_min for sector in found.sectors])
    interval_min = 60.0 * np.concatenate([sector.points.interval_h for sector in found.sectors])
    made = np.bincount([visit.point for visit in plan.visits], minlength=len(plan.due))
    return VisitsRecord(
        family="visits",
        instance=name,
        params="drawn points and lines, on foot",
        value=float(sum(visit.minutes for visit in plan.visits)),
        bound=plan.bound_min,
        known=None,
        status="rules broken" if broken else "feasible",
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
        points=len(points.places),
        sectors=len(work.rows),
        patrols=int(work.foot.sum(axis=0).max()),
        officers=int(work.officers(int(work.command.max()) + 1).sum(axis=0).max()),
        visits=len(plan.visits),
        due=int(plan.due.sum()),
        due_min=float((plan.due * points.visit_min).sum()),
        gap_min=float(gaps.max()),
        late=int((gaps > interval_min).sum()),
        missed=int((made == 0).sum()),
        broken=broken,
    )


def drawn_work(world: World, communities: int, sections: int) -> VisitWork:
    """What the drawn points and lines ask for."""
    given = world.visit_work
    if given is None:
        raise ValueError("the world makes no routes")
    situation, rng = world.situation, np.random.default_rng(SEED)
    points = joined_points(
        _communities(situation, communities, rng), _sections(situation, sections, rng)
    )
    return visit_work(
        points,
        situation.area.command_of[points.places.district],
        situation.horizon,
        np.ones((len(points.places), situation.horizon.hours)),
        given.roads,
        kinds=given.kinds,
        walk_min=0.0,
        seed=SEED,
    )


def _communities(situation: Situation, count: int, rng: np.random.Generator) -> VisitPoints:
    places = _drawn_places(situation, count, "community", rng)
    return _dosed(places, np.full(count, COMMUNITY_MIN), None)


def _sections(situation: Situation, count: int, rng: np.random.Generator) -> VisitPoints:
    """Straight sections that start where people live and end in the area."""
    grid = situation.grid
    places = _drawn_places(situation, count, "section", rng)
    angle = rng.uniform(0.0, 2.0 * np.pi, count)
    x, y = places.x + SECTION_M * np.cos(angle), places.y + SECTION_M * np.sin(angle)
    cell = grid.locate(x, y)
    outside = cell < 0
    x, y = np.where(outside, places.x, x), np.where(outside, places.y, y)
    ends = LineEnds(x, y, np.where(outside, places.cell, cell))
    minutes = np.full(count, SECTION_M / (LINE_KMH * 1000.0 / 60.0))
    return _dosed(places, minutes, ends)


def _drawn_places(situation: Situation, count: int, what: str, rng: np.random.Generator) -> Places:
    grid = situation.grid
    share = situation.population / situation.population.sum()
    cell = rng.choice(grid.n_cells, count, p=share)
    offset = rng.uniform(-0.5, 0.5, (2, count)) * grid.cell_m
    ids = tuple(f"{what}-{number}" for number in range(count))
    names = (f"Synthetic {what}",) * count
    return Places(
        ids,
        ("must_visit",) * count,
        names,
        names,
        grid.x[cell] + offset[0],
        grid.y[cell] + offset[1],
        cell,
        grid.district[cell],
    )


def _dosed(places: Places, minutes: np.ndarray, ends: LineEnds | None) -> VisitPoints:
    count = len(places)
    return VisitPoints(
        places,
        np.ceil(minutes),
        np.full(count, INTERVAL_H),
        np.full(count, FROM_CLOCK),
        np.full(count, TO_CLOCK),
        ends,
    )
