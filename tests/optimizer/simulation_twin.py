"""A second simulation of the same rules, written with SimPy and plain Python, slow and plain.

Cars are processes that live through rest, jobs, visits and ways home; a dispatcher sends them.
Nothing is shared with the simulation under test but the input. At the same moment the hour
changes first, then cars act in the order of their numbers, then calls, then visits.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

Activity = Generator[simpy.Event, Any, None]

HOUR_RANK, CAR_RANK, CALL_RANK, VISIT_RANK = 1, 2, 10_000, 20_000
NO_PLACE = -1


@dataclass(frozen=True)
class TwinCity:
    """Input of the twin as plain lists.

    `travel[kind][profile][place][cell]` minutes, inf for out of reach; `profile[kind][hour]`;
    `turnout[kind][place]`; `moving_turnout[kind]`; `place_cell`, `place_command`,
    `cell_command`; cars by `car_kind[car]` and `home[car][hour]`, -1 for off duty; calls as
    `(ready, cell, class, units, scene, pace)`; visits as `(start, latest, minutes, cell, car)`,
    car -1 for any.
    """

    travel: list[list[list[list[float]]]]
    profile: list[list[int]]
    turnout: list[list[float]]
    moving_turnout: list[float]
    place_cell: list[int]
    place_command: list[int]
    cell_command: list[int]
    beyond: float
    car_kind: list[int]
    home: list[list[int]]
    calls: list[tuple[float, int, int, int, float, float]]
    grade: list[int]
    answered_by: list[list[bool]]
    visits: list[tuple[float, float, float, int, int]]
    visited_by: list[bool]
    preemptible: bool
    own_first: bool
    own_only: bool
    calls_wait: bool
    returning: bool
    closing: float


@dataclass
class TwinCall:
    """A call and what became of it."""

    number: int
    cell: int
    class_: int
    asked: int
    scene: float
    pace: float
    sent: int = 0
    dispatched: float = math.nan
    arrivals: list[tuple[float, int, float]] = field(default_factory=list)
    cleared: float = math.nan


@dataclass
class TwinVisit:
    """A visit and the minutes delivered."""

    start: float
    latest: float
    minutes: float
    cell: int
    car: int
    delivered: float = 0.0
    begun: float = 0.0


@dataclass
class Car:
    """A car: where it can be sent from and since when, what it does, and its books."""

    number: int
    kind: int
    home: int = NO_PLACE
    stand: int = NO_PLACE
    since: int = 0
    turnout: float = 0.0
    on_call: bool = False
    last: TwinCall | None = None
    visit: TwinVisit | None = None
    visit_from: float = 0.0
    over_from: float = 0.0
    over: float = 0.0
    busy: list[tuple[float, float]] = field(default_factory=list)
    activity: Activity | None = None
    process: simpy.Process | None = None
    woken: bool = False


class Moment(simpy.Event):
    """A timeout with a rank among the events of the same moment."""

    def __init__(self, env: simpy.Environment, delay: float, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, rank, delay)


class Twin:
    """The city at work."""

    def __init__(self, city: TwinCity) -> None:
        self.city, self.env = city, simpy.Environment()
        self.cars = [Car(number, kind) for number, kind in enumerate(city.car_kind)]
        self.calls = [
            TwinCall(number, cell, class_, asked, scene, pace)
            for number, (_, cell, class_, asked, scene, pace) in enumerate(city.calls)
        ]
        self.visits = [TwinVisit(*visit) for visit in city.visits]
        self.waiting: list[TwinCall] = []
        self.due: list[TwinVisit] = []
        self.hour, self.stood = 0, 0
        for car in self.cars:
            car.process = self.env.process(self.life(car))
        self.env.process(self.clock())
        self.env.process(self.caller())
        self.env.process(self.visit_desk())
        self.env.run()

    def clock(self) -> Activity:
        for hour in range(len(self.city.profile[0])):
            yield Moment(self.env, 60.0 * hour - self.env.now, HOUR_RANK)
            self.hour = hour
            for car in self.cars:
                self.change_post(car, self.city.home[car.number][hour])
            for car in self.cars:
                self.look_for_work(car)

    def caller(self) -> Activity:
        for (ready, *_), call in zip(self.city.calls, self.calls, strict=True):
            yield Moment(self.env, ready - self.env.now, CALL_RANK + call.number)
            while call.sent < call.asked:
                car = self.choose(call)
                if car is None:
                    if self.city.calls_wait:
                        self.waiting.append(call)
                    break
                self.send(car, call)

    def visit_desk(self) -> Activity:
        for number, visit in enumerate(self.visits):
            yield Moment(self.env, visit.start - self.env.now, VISIT_RANK + number)
            if visit.car >= 0:
                own = self.cars[visit.car]
                car = own if own.stand != NO_PLACE and own.visit is None else None
            else:
                kinds = self.city.visited_by
                car = self.quickest(visit.cell, kinds, own_only=False, not_visiting=True)
            if car is None or not self.begin_visit(car, visit):
                self.due.append(visit)

    def life(self, car: Car) -> Activity:
        """Do what the car is told, until told otherwise."""
        while True:
            try:
                doing = car.activity
                if doing is None:
                    yield self.env.event()
                else:
                    yield from doing
                    if car.activity is doing:
                        car.activity = None
            except simpy.Interrupt:
                car.woken = False

    def tell(self, car: Car, activity: Activity | None) -> None:
        """Give the car something else to do; one that acts itself goes on with it at once."""
        car.activity = activity
        if self.env.active_process is not car.process and not car.woken:
            assert car.process is not None
            car.woken = True
            car.process.interrupt()

    def pause(self, car: Car, minutes: float) -> Moment:
        return Moment(self.env, minutes, CAR_RANK + car.number)

    def minutes(self, kind: int, place: int, cell: int) -> float:
        return self.city.travel[kind][self.city.profile[kind][self.hour]][place][cell]

    def stand_at(self, car: Car, place: int, turnout: float) -> None:
        self.stood += 1
        car.stand, car.since, car.turnout = place, self.stood, turnout

    def near(self, kind: int, cell: int) -> int:
        """Place with the shortest way to a cell; of equals the one with the shorter turnout."""
        turnout = self.city.turnout[kind]
        ways = [(self.minutes(kind, p, cell), turnout[p], p) for p in range(len(turnout))]
        shortest, _, place = min(ways)
        return place if shortest < math.inf else NO_PLACE

    def quickest(
        self, cell: int, kinds: Sequence[bool], *, own_only: bool, not_visiting: bool
    ) -> Car | None:
        """Car that is expected first, by type, place in the cell's list and time there."""
        found: tuple[float, int, float, int, int, int] | None = None
        for car in self.cars:
            if car.stand == NO_PLACE or not kinds[car.kind]:
                continue
            if not_visiting and car.visit is not None:
                continue
            own = self.city.place_command[car.home] == self.city.cell_command[cell]
            way = self.minutes(car.kind, car.stand, cell)
            if way == math.inf or (own_only and not own):
                continue
            listed = way + self.city.turnout[car.kind][car.stand]
            key = (way + car.turnout, car.kind, listed, car.stand, car.since, car.number)
            found = key if found is None else min(found, key)
        return None if found is None else self.cars[found[-1]]

    def choose(self, call: TwinCall) -> Car | None:
        kinds, city = self.city.answered_by[call.class_], self.city
        own = city.own_first or city.own_only
        car = self.quickest(call.cell, kinds, own_only=own, not_visiting=False)
        if car is None and city.own_first:
            car = self.quickest(call.cell, kinds, own_only=False, not_visiting=False)
        return car

    def send(self, car: Car, call: TwinCall) -> None:
        now = self.env.now
        way = self.minutes(car.kind, car.stand, call.cell) * call.pace
        arrival = now + car.turnout + way
        off_scene = arrival + call.scene
        self.break_visit(car)
        if call.sent == 0:
            call.dispatched, call.cleared = now, off_scene
        call.sent += 1
        call.cleared = max(call.cleared, off_scene)
        call.arrivals.append((arrival, car.number, way))
        car.stand, car.on_call, car.last = NO_PLACE, True, call
        car.busy.append((now, off_scene + self.city.closing))
        self.tell(car, self.job(car, call.cell, off_scene + self.city.closing - now))

    def job(self, car: Car, cell: int, minutes: float) -> Activity:
        yield self.pause(car, minutes)
        car.on_call = False
        yield from self.released(car, cell)

    def released(self, car: Car, cell: int) -> Activity:
        """After a job or a visit: the end of the shift, or the way home."""
        if car.home == NO_PLACE:
            car.over += self.env.now - car.over_from
            self.off(car)
            return
        doing = car.activity
        way_home = self.way_home(car, cell)
        self.look_for_work(car)
        if car.activity is doing:
            yield from self.follow(car, way_home)

    def follow(self, car: Car, legs: list[tuple[float, int, float]]) -> Activity:
        """Drive the legs of a way home, unless other work was found on the way."""
        doing = car.activity
        for minutes, place, turnout in legs:
            if car.activity is not doing:
                return
            yield self.pause(car, minutes)
            self.stand_at(car, place, turnout)
            self.look_for_work(car)

    def way_home(self, car: Car, cell: int) -> list[tuple[float, int, float]]:
        """Set out for home; what is left to do: minutes, and the stand after them."""
        way = self.minutes(car.kind, car.home, cell)
        way = self.city.beyond if way == math.inf else way
        waiting = self.city.turnout[car.kind][car.home]
        if way <= 0.0:
            self.stand_at(car, car.home, waiting)
            return []
        if not self.city.returning:
            car.stand = NO_PLACE
            return [(way, car.home, waiting)]
        near, moving = self.near(car.kind, cell), self.city.moving_turnout[car.kind]
        self.stand_at(car, car.home if near == NO_PLACE else near, moving)
        return [(way / 2, car.home, moving), (way / 2, car.home, waiting)]

    def off(self, car: Car) -> None:
        self.break_visit(car)
        car.stand = NO_PLACE
        self.tell(car, None)

    def change_post(self, car: Car, home: int) -> None:
        before, now = car.home, self.env.now
        if home == before:
            return
        car.home = home
        if car.on_call or (car.visit is not None and car.stand == NO_PLACE):
            if home == NO_PLACE:
                car.over_from = now
            elif before == NO_PLACE:
                car.over += now - car.over_from
        elif home == NO_PLACE:
            self.off(car)
        elif before == NO_PLACE:
            self.stand_at(car, home, self.city.turnout[car.kind][home])
        elif car.visit is None:
            cell = self.city.place_cell[before if car.stand == NO_PLACE else car.stand]
            self.tell(car, self.follow(car, self.way_home(car, cell)))

    def look_for_work(self, car: Car) -> None:
        """A waiting call of the first grade that waits longest, else a visit that is due."""
        if car.stand != NO_PLACE:
            suited = [call for call in self.waiting if self.may_take(car, call)]
            if suited:
                call = min(suited, key=lambda call: (self.city.grade[call.class_], call.number))
                self.send(car, call)
                if call.sent == call.asked:
                    self.waiting.remove(call)
        if car.stand != NO_PLACE and car.visit is None and self.city.visited_by[car.kind]:
            self.due = [visit for visit in self.due if visit.latest >= self.env.now]
            for visit in self.due:
                if visit.car in (-1, car.number) and self.begin_visit(car, visit):
                    self.due.remove(visit)
                    break

    def may_take(self, car: Car, call: TwinCall) -> bool:
        command = self.city.place_command[car.home]
        return (
            car.last is not call
            and not (call.sent and call.cleared <= self.env.now)
            and self.city.answered_by[call.class_][car.kind]
            and self.minutes(car.kind, car.stand, call.cell) < math.inf
            and (not self.city.own_only or self.city.cell_command[call.cell] == command)
        )

    def begin_visit(self, car: Car, visit: TwinVisit) -> bool:
        now = self.env.now
        begin = now + car.turnout + self.minutes(car.kind, car.stand, visit.cell)
        if begin > visit.latest:
            return False
        car.visit, car.visit_from, car.stand = visit, begin, NO_PLACE
        if self.city.preemptible:
            near = self.near(car.kind, visit.cell)
            moving = self.city.moving_turnout[car.kind]
            self.stand_at(car, car.home if near == NO_PLACE else near, moving)
        else:
            car.busy.append((now, begin + visit.minutes))
        self.tell(car, self.make_visit(car, visit, begin + visit.minutes - now))
        return True

    def make_visit(self, car: Car, visit: TwinVisit, minutes: float) -> Activity:
        yield self.pause(car, minutes)
        self.break_visit(car)
        yield from self.released(car, visit.cell)

    def break_visit(self, car: Car) -> None:
        if car.visit is not None:
            stayed = max(self.env.now - car.visit_from, 0.0)
            car.visit.begun = car.visit_from
            car.visit.delivered = min(stayed, car.visit.minutes)
            car.visit = None

    def busy_min(self, car: Car) -> list[float]:
        """Busy minutes of each hour."""
        hours = range(len(self.city.profile[0]))
        return [
            sum(max(min(end, 60.0 * h + 60) - max(begin, 60.0 * h), 0.0) for begin, end in car.busy)
            for h in hours
        ]
