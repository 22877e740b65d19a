"""The published police simulation, minute by minute, as its public program does it.

Written anew from reading that program, to know what its rules do to its figures. Every minute, the
first priority first: the own centre sends one car to each of its incidents, then all that they
miss; then every incident that still misses cars gets one from another centre in reach that has
idle cars, the one with the fewest cars for each minute of its drive. Cars at paperwork go to own
incidents only while a centre has less than an hour of it for each car. Cars cannot be sent before
they are back. Nobody is sent any more once the first car's time on scene is over.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.police_case import PoliceCase, weekhour

PAPERWORK_LIMIT_MIN = 60
WAITS_AT_MOST_MIN = 360
NEVER_MIN = 30
"""Drive that the published program counts for cars that never came."""

LAST_MINUTES = 5
NEVER = -1


@dataclass(frozen=True)
class PublishedRules:
    """The rules as published, and three that can be changed to see what they do.

    `nearest_lends` takes the nearest other centre with an idle car; without `paperwork` nothing
    is left to do after a scene; without `gives_up` missing cars are sent until all have come.
    """

    nearest_lends: bool = False
    paperwork: bool = True
    gives_up: bool = True


@dataclass(frozen=True)
class Answers:
    """What each incident got: minutes from the first to the last, `[incident]`.

    First dispatch, first arrival and last arrival since receipt; cars sent, and those of them
    from the responsible centre.
    """

    dispatch_min: NDArray[np.float64]
    response_min: NDArray[np.float64]
    response_all_min: NDArray[np.float64]
    sent: NDArray[np.int64]
    own: NDArray[np.int64]


@dataclass
class Town:
    """The centres and incidents at one minute; `later` arrays hold what is to come.

    `idle[place]` cars (below 0 when a shift ended under jobs), `at_desk[place]` cars at
    paperwork, `desk_min[place]` minutes of it.
    """

    case: PoliceCase
    rules: PublishedRules
    received: NDArray[np.int64] = field(init=False)
    idle: NDArray[np.int64] = field(init=False)
    at_desk: NDArray[np.int64] = field(init=False)
    desk_min: NDArray[np.int64] = field(init=False)
    on_duty: NDArray[np.int64] = field(init=False)
    idle_later: NDArray[np.int64] = field(init=False)
    desk_later: NDArray[np.int64] = field(init=False)
    missing: NDArray[np.int64] = field(init=False)
    first: NDArray[np.int64] = field(init=False)
    arrival: NDArray[np.int64] = field(init=False)
    last: NDArray[np.int64] = field(init=False)
    own: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        case, places = self.case, len(self.case.place_cell)
        self.received = case.minute - case.minute[0]
        minutes = int(self.received[-1]) + LAST_MINUTES
        reserve = int(case.drive_min.max() + case.back_min.max() + case.scene_min.max()) + 1
        self.idle, self.at_desk, self.desk_min = np.zeros((3, places), dtype=np.int64)
        self.idle_later = np.zeros((minutes + reserve, places), dtype=np.int64)
        self.desk_later = np.zeros_like(self.idle_later)
        # The published program changes shifts one minute after the hour.
        clock = case.minute[0] + np.maximum(np.arange(minutes) - 1, 0)
        self.on_duty = case.on_duty[weekhour(clock)]
        self.idle_later[:minutes] = np.diff(self.on_duty, axis=0, prepend=0 * self.on_duty[:1])
        self.missing, self.own = case.cars.copy(), np.zeros_like(case.cars)
        self.first, self.arrival, self.last = np.full((3, len(case.cars)), NEVER)

    def send(self, incident: int, place: int, cars: int, now: int) -> None:
        """Cars drive there, stay for the scene and drive back."""
        case, cell = self.case, self.case.cell[incident]
        arrival = now + case.drive_min[place, cell]
        back = arrival + case.scene_min[incident] + case.back_min[cell, place]
        self.idle_later[back, place] += cars
        if self.first[incident] == NEVER:
            self.first[incident], self.arrival[incident] = now, arrival
            if self.rules.paperwork:
                self.desk_later[back, place] += case.paperwork_min[incident]
        self.arrival[incident] = min(self.arrival[incident], arrival)
        self.missing[incident] -= cars
        if self.missing[incident] == 0:
            self.last[incident] = arrival

    def send_own(self, incident: int, place: int, most: int, now: int) -> None:
        """Up to `most` idle cars of the own centre, or one from its desks."""
        if self.missing[incident] == 0:
            return
        if self.idle[place] > 0:
            cars = min(most, int(self.missing[incident]), int(self.idle[place]))
            self.idle[place] -= cars
        elif (
            self.at_desk[place] > 0
            and self.desk_min[place] < PAPERWORK_LIMIT_MIN * self.on_duty[now, place]
        ):
            cars = 1
            self.at_desk[place] -= 1
        else:
            return
        self.own[incident] += cars
        self.send(incident, place, cars, now)

    def lend(self, incident: int, now: int) -> None:
        """One car of another centre."""
        cell = self.case.cell[incident]
        able = np.flatnonzero((self.idle > 0) & self.case.lends[:, cell])
        if not len(able):
            return
        drive = self.case.drive_min[able, cell]
        order = drive if self.rules.nearest_lends else self.idle[able] / drive
        place = int(able[np.argmin(order)])
        self.idle[place] -= 1
        self.send(incident, place, 1, now)

    def end_minute(self) -> None:
        """Idle cars do paperwork, a minute each, until there is none left."""
        seated = np.where(self.desk_min > 0, np.clip(self.idle, 0, self.desk_min), 0)
        self.idle -= seated
        self.at_desk += seated
        done = self.desk_min == 0
        self.idle += np.where(done, self.at_desk, 0)
        self.at_desk[done] = 0
        self.desk_min = np.maximum(self.desk_min - self.at_desk, 0)

    def open(self, incident: int, now: int) -> bool:
        """Whether an incident stays on the list for the next minute."""
        if self.missing[incident] == 0 or now - self.received[incident] >= WAITS_AT_MOST_MIN:
            return False
        begun = self.rules.gives_up and self.first[incident] != NEVER
        return not begun or bool(now - self.first[incident] < self.case.scene_min[incident])

    def answers(self) -> Answers:
        """What the incidents got; what never came counts as in the published figures."""
        never = self.received + WAITS_AT_MOST_MIN
        first = np.where(self.first == NEVER, never, self.first)
        arrival = np.where(self.first == NEVER, never + NEVER_MIN, self.arrival)
        last = np.where(self.last == NEVER, never + NEVER_MIN, self.last)
        return Answers(
            (first - self.received).astype(np.float64),
            (arrival - self.received).astype(np.float64),
            (last - self.received).astype(np.float64),
            self.case.cars - self.missing,
            self.own,
        )


def published_answers(case: PoliceCase, rules: PublishedRules) -> Answers:
    """Run all incidents through the published rules; nothing in them is random."""
    town = Town(case, rules)
    waiting: dict[int, list[int]] = {p: [] for p in np.unique(case.priority).tolist()}
    coming, place, every = 0, case.place, int(case.cars.max())
    for now in range(len(town.on_duty)):
        town.idle += town.idle_later[now]
        town.desk_min += town.desk_later[now]
        while coming < len(case.cell) and town.received[coming] == now:
            waiting[int(case.priority[coming])].append(coming)
            coming += 1
        for incidents in filter(None, waiting.values()):
            incidents.sort(key=lambda incident: (place[incident], incident))
            for most in (1, every):
                for incident in incidents:
                    town.send_own(incident, int(place[incident]), most, now)
            for incident in [i for i in incidents if town.missing[i] > 0]:
                town.lend(incident, now)
            incidents[:] = [i for i in incidents if town.open(i, now)]
        town.end_minute()
    return town.answers()
