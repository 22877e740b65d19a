"""The published police simulation beside this project's, on the same incidents and cars.

Of 50,000 incidents on 510 hexagons with 12 centres the published program tells the mean response
of the first car and more. Its rules retold (`police_rules`) give its figures again, so incidents,
layout, driving times and cars on duty are the same here. What then differs are the rules:

* a car is lent by the centre with the fewest cars for each minute of its drive there, by the
  nearest one here;
* paperwork is a stock of minutes at each centre that gives way to own incidents while it is below
  an hour a car, and always bars lending; here it gives way to every call, or in another line to
  none (as a closing time, its mean for each car);
* missing cars are given up there when the first car's time on scene is over; here they are sent;
* there every waiting incident of a grade gets a first car before any gets a second, own ones
  before those of other centres, and at most one lent car a minute; here each call takes all the
  units it needs when its turn comes, and a unit that becomes free takes, in its own command or
  within reach, the call of the first grade that has waited longest;
* there shifts change a minute after the hour, and the cars of a centre are a number: one whose
  shift ends under a job is made up for by the next that comes back; here that unit itself goes.

Driving times are the same both ways in the published instance; the way back here is the way out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.police_case import LENDING_MIN, PoliceCase, read_case, weekhour
from benchmarks.police_rules import Answers, PublishedRules, published_answers
from benchmarks.record import Instance, Record, peak_mb
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck
from geodata.travel import ReachLists
from optimizer.judges.simulation.call_stream import CallKinds, CallStream
from optimizer.judges.simulation.replication import replicate
from optimizer.judges.simulation.system import (
    OFF_DUTY,
    Crossing,
    DispatchRules,
    Fleet,
    Ground,
    ground_of,
)

MEASURES = {
    "response_min": "response_time_first",
    "dispatch_min": "dispatch_time_first",
    "driving_min": "driving_time_first",
    "response_all_min": "response_time_all",
    "cars_sent": "dispatched_cars",
    "exchange_ratio": "exchange_ratio",
}
"""Figures of this benchmark and the published columns."""

OURS = "own simulation; differs by lending, paperwork, giving up, order of waiting, shift ends"
RETOLD = "published rules retold"


@dataclass(frozen=True)
class PoliceRecord(Record):
    """A line of this family: the value is the mean response of the first car, minutes.

    `measures` and `published` hold the figures `MEASURES` of the line and of the published
    program: first car dispatched, its drive, all cars there, cars for each incident, and the
    share of cars from other centres than the responsible one.
    """

    measures: dict[str, float]
    published: dict[str, float]


@dataclass(frozen=True)
class Variant:
    """One line: what its name adds, what is told of it, and its rules."""

    suffix: str
    status: str
    rules: DispatchRules | PublishedRules


def run(instance: Instance, seconds: float) -> Iterator[Record]:
    """The published program retold, this project's simulation, and variants of both.

    Nothing in them is random, and `seconds` limits nothing: each takes a few.
    """
    case, build_s = timed(lambda: read_case(instance.files[0]))
    published = read_published(instance)
    for variant in variants(case):
        answers, solve_s = timed(partial(answered, case, variant.rules))
        found = measured(answers)
        yield PoliceRecord(
            family=instance.family,
            instance=instance.name + variant.suffix,
            params=instance.params_text,
            value=found["response_min"],
            bound=None,
            known=instance.known,
            status=variant.status,
            build_s=build_s,
            solve_s=solve_s,
            peak_mb=peak_mb(),
            measures=found,
            published=published,
        )


def variants(case: PoliceCase) -> tuple[Variant, ...]:
    """Lines of the benchmark, the published rules first."""
    per_car = float(case.paperwork_min.sum() / case.cars.sum())
    own_first = DispatchRules(Crossing.OWN_FIRST, returning=False)
    after_scene = DispatchRules(Crossing.OWN_FIRST, returning=False, closing_min=per_car)
    return (
        Variant("_published_rules", f"{RETOLD}: same inputs", PublishedRules()),
        Variant(
            "_common_rules",
            f"{RETOLD}, but the nearest lends, no paperwork, no giving up",
            PublishedRules(nearest_lends=True, paperwork=False, gives_up=False),
        ),
        Variant("", f"{OURS}; paperwork gives way to every call", own_first),
        Variant(
            "_paperwork_first",
            f"{OURS}; {per_car:.1f} min of paperwork a car give way to none",
            after_scene,
        ),
        Variant(
            "_sent_on",
            f"{OURS}; cars on their way back are sent on, paperwork gives way to every call",
            DispatchRules(Crossing.OWN_FIRST, returning=True),
        ),
    )


def answered(case: PoliceCase, rules: DispatchRules | PublishedRules) -> Answers:
    """Answers of the published rules retold, or of this project's simulation."""
    if isinstance(rules, PublishedRules):
        return published_answers(case, rules)
    return simulated_answers(case, rules)


def measured(answers: Answers) -> dict[str, float]:
    """Figures of the answers, rounded as the published ones are."""
    response, dispatch = answers.response_min.mean(), answers.dispatch_min.mean()
    sent = answers.sent.sum()
    figures = {
        "response_min": response,
        "dispatch_min": dispatch,
        "driving_min": response - dispatch,
        "response_all_min": answers.response_all_min.mean(),
        "cars_sent": answers.sent.mean(),
        "exchange_ratio": 1.0 - answers.own.sum() / sent if sent else 0.0,
    }
    return {name: round(float(value), 5) for name, value in figures.items()}


def simulated_answers(case: PoliceCase, rules: DispatchRules) -> Answers:
    """Put the incidents to this project's simulation.

    An incident for k cars is k calls for one at the same moment, which is the same to the
    simulation and keeps a record of every car.
    """
    start = case.minute[0] // 60 * 60
    hours = int((case.minute[-1] - start) // 60) + 1
    incident = np.repeat(np.arange(len(case.cell)), case.cars)
    ready = (case.minute - start).astype(np.float64)[incident]
    fleet, home = _fleet(case, int(start), hours)
    calls = CallStream(
        ready,
        ready,
        case.cell[incident],
        case.priority[incident] - 1,
        np.ones(len(incident), dtype=np.int64),
        case.scene_min[incident].astype(np.float64),
        np.ones(len(incident)),
    )
    grade = np.arange(1, int(case.priority.max()) + 1)
    kinds = CallKinds(grade, np.ones((len(grade), 1), dtype=np.bool_))
    cars = replicate(_ground(case, hours), fleet, calls, kinds, rules).calls
    first = np.concatenate([[0], np.cumsum(case.cars)[:-1]])
    own = home[cars["unit"]] == case.place[incident]
    return Answers(
        np.minimum.reduceat(cars["dispatched"] - ready, first),
        np.minimum.reduceat(cars["arrived"] - ready, first),
        np.maximum.reduceat(cars["arrived"] - ready, first),
        np.add.reduceat(cars["sent"], first),
        np.add.reduceat(own & (cars["sent"] > 0), first, dtype=np.int64),
    )


def _ground(case: PoliceCase, hours: int) -> Ground:
    """Centres that drive at once; other centres reach what they may lend cars to."""
    places = len(case.drive_min)
    reached = case.lends | (case.place_of_cell == np.arange(places)[:, None])
    place, cell = np.nonzero(reached)
    reach = ReachLists(
        np.searchsorted(place, np.arange(places + 1)),
        cell.astype(np.int32),
        case.drive_min[place, cell].astype(np.float32),
    )
    return ground_of(
        [[reach]],
        np.zeros((1, hours), dtype=np.int64),
        np.zeros((1, places)),
        np.zeros(1),
        case.place_cell,
        np.arange(places),
        case.place_of_cell,
        LENDING_MIN,
    )


def _fleet(case: PoliceCase, start: int, hours: int) -> tuple[Fleet, NDArray[np.int64]]:
    """Cars that belong to one centre, the first of them on duty, and their centres `[unit]`."""
    on_duty = case.on_duty[weekhour(start + 60 * np.arange(hours))]
    most = case.on_duty.max(axis=0)
    place = np.repeat(np.arange(len(most)), most)
    number = np.concatenate([np.arange(cars) for cars in most.tolist()])
    home = np.where(number[:, None] < on_duty[:, place].T, place[:, None], OFF_DUTY)
    return Fleet(np.zeros(len(place), dtype=np.int64), home), place


def read_published(instance: Instance) -> dict[str, float]:
    """Published figures in the file of the instance.

    Raises
    ------
    BadInput
        When the file is faulty.
    """
    faults = FaultLog()
    table = read_table(instance.files[0], tuple(MEASURES.values()), faults)
    faults.raise_if_any()
    assert table is not None
    check = RowCheck(table, faults)
    check.require_rows()
    found = {name: check.numbers(column) for name, column in MEASURES.items()}
    faults.raise_if_any()
    return {name: float(values[0]) for name, values in found.items()}
