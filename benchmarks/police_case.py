"""The police instance: incidents, driving times, centres, and cars on duty in each hour.

The published program has no list of cars: it gives a fixed number of cars to centres and shifts
by the work that they have had. `cars_on_duty` follows that rule.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.police_districting import read_square
from benchmarks.record import sibling
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.row_check import RowCheck

PREFIX = "simulation_"
INCIDENTS: tuple[str, ...] = ("priority", "cars", "length", "backlog", "location", "epoch")
WEEK_H = 168

CARS = 50.0
"""Cars on duty in the mean over a week, a setting of the published program."""

LEAST_CARS = 2
"""Cars on duty at each centre at any hour, as published."""

LENDING_MIN = 30.0
"""Drives from here on are too long for cars of another centre; the own ones drive any way."""


@dataclass(frozen=True)
class PoliceCase:
    """Incidents in the order of time, and the centres that answer them.

    `minute[incident]` whole minutes since 1970 (UTC); `cell`, `priority` (1 first), `cars` asked
    for, `scene_min`, `paperwork_min` (once for each incident); `drive_min[place, cell]` and
    `back_min[cell, place]` whole minutes, at least one; `lends[place, cell]` whether a centre
    lends cars there; `place_cell[place]`, `place_of_cell[cell]`; `on_duty[weekhour, place]` cars,
    the week from Monday 0 h.
    """

    minute: NDArray[np.int64]
    cell: NDArray[np.int64]
    priority: NDArray[np.int64]
    cars: NDArray[np.int64]
    scene_min: NDArray[np.int64]
    paperwork_min: NDArray[np.int64]
    drive_min: NDArray[np.int64]
    back_min: NDArray[np.int64]
    lends: NDArray[np.bool_]
    place_cell: NDArray[np.int64]
    place_of_cell: NDArray[np.int64]
    on_duty: NDArray[np.int64]

    @property
    def place(self) -> NDArray[np.int64]:
        """Centre responsible for each incident, `[incident]`."""
        return self.place_of_cell[self.cell]


def weekhour(minute: NDArray[np.int64]) -> NDArray[np.int64]:
    """Hour of the week, Monday 0 h first, of minutes since 1970."""
    day = minute // 1440
    return np.asarray((day + 3) % 7 * 24 + minute // 60 % 24)


def read_case(results: Path) -> PoliceCase:
    """The case whose published results are in `simulation_AREA_REST.csv`.

    Beside it lie `incidents_AREA.csv.gz`, `drivingtimes_AREA.csv.gz`, `shifts_8hours.csv` and
    `district_layout_AREA_REST.csv`.

    Raises
    ------
    BadInput
        When a file is missing or faulty, or the files do not fit together.
    """
    named = results.name.removeprefix(PREFIX)
    area = named.partition("_")[0]
    drive = read_square(sibling(results, f"drivingtimes_{area}.csv.gz"))
    faults = FaultLog()
    centre = _layout(sibling(results, f"district_layout_{named}"), len(drive), faults)
    incidents = _incidents(sibling(results, f"incidents_{area}.csv.gz"), len(drive), faults)
    shift = _shifts(sibling(results, "shifts_8hours.csv"), faults)
    faults.raise_if_any()
    priority, cars, scene_min, paperwork_min, location, epoch = incidents
    place_cell, place_of_cell = np.unique(centre, return_inverse=True)
    whole = np.maximum(np.rint(drive), 1.0).astype(np.int64)
    drive_min, exact = whole[place_cell], drive[place_cell]
    minute, cell = epoch // 60, location - 1
    place = place_of_cell[cell]
    work = cars * (2 * drive_min[place, cell] + scene_min) + paperwork_min
    return PoliceCase(
        minute,
        cell,
        priority,
        cars,
        scene_min,
        paperwork_min,
        drive_min,
        whole[:, place_cell],
        (exact <= LENDING_MIN) & (drive_min < LENDING_MIN),
        place_cell,
        place_of_cell,
        cars_on_duty(work_by_hour(work, place, len(place_cell), minute), shift),
    )


def work_by_hour(
    work_min: NDArray[np.int64], place: NDArray[np.int64], places: int, minute: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean minutes of work in each hour of the week, `[weekhour, place]`, over calendar weeks."""
    total = np.zeros((WEEK_H, places))
    np.add.at(total, (weekhour(minute), place), work_min)
    weeks = len(np.unique((minute // 1440 + 3) // 7))
    return total / max(weeks, 1)


def cars_on_duty(work_min: NDArray[np.float64], shift: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cars by hour of the week and centre, from `work_min[weekhour, place]`, `shift[weekhour]`.

    Every shift of every centre has `LEAST_CARS`; then car after car goes where the work of the
    shift's busiest hour exceeds the hours of its cars the most, until the car-hours of a week
    (`CARS` a week round) are given away.
    """
    shifts = int(shift.max())
    length = np.bincount(shift - 1, minlength=shifts)
    peak = np.stack([work_min[shift == number + 1].max(axis=0) for number in range(shifts)])
    short = peak - 60.0 * LEAST_CARS
    cars = np.full(short.shape, LEAST_CARS)
    left = (CARS - LEAST_CARS * short.shape[1]) * WEEK_H
    while left >= length.max():
        place, number = divmod(int(short.T.argmax()), shifts)
        short[number, place] -= 60.0
        cars[number, place] += 1
        left -= length[number]
    return np.asarray(cars[shift - 1])


def _layout(path: Path, cells: int, faults: FaultLog) -> NDArray[np.int64]:
    """Cell of the centre of each cell; cells are numbered from 1 in the file."""
    table = read_table(path, ("index", "location"), faults, allowed=("location",))
    if table is None:
        return np.zeros(cells, dtype=np.int64)
    check = RowCheck(table, faults)
    index, location = (
        check.numbers(name, minimum=1.0, whole=True) for name in ("index", "location")
    )
    complete = np.array_equal(np.sort(index), np.arange(1, cells + 1))
    if not complete or not (location <= cells).all():
        faults.add(
            path.name,
            f"{len(index)} areas that are not those of the driving times",
            expected=f"areas 1 to {cells}, each once, with centres among them",
            remedy="Correct the layout.",
        )
        return np.zeros(cells, dtype=np.int64)
    return np.asarray(location[np.argsort(index)].astype(np.int64) - 1)


def _incidents(path: Path, cells: int, faults: FaultLog) -> NDArray[np.int64]:
    """Columns of the incidents, `[column, incident]`, in the order of time."""
    table = read_table(path, INCIDENTS, faults, allowed=("location",))
    if table is None:
        return np.zeros((len(INCIDENTS), 0), dtype=np.int64)
    check = RowCheck(table, faults)
    check.require_rows()
    least = {"priority": 1.0, "cars": 1.0, "location": 1.0}
    columns = np.stack(
        [check.numbers(name, minimum=least.get(name, 0.0), whole=True) for name in INCIDENTS]
    )
    check.refuse(
        columns[4] > cells,
        "location is not an area",
        expected=f"1 to {cells}, as in the driving times",
        remedy="Correct the incident.",
        values=table.frame["location"],
    )
    known = np.where(np.isnan(columns), 0.0, columns).astype(np.int64)
    return np.asarray(known[:, np.argsort(known[5], kind="stable")])


def _shifts(path: Path, faults: FaultLog) -> NDArray[np.int64]:
    """Shift of each hour of the week, numbered from 1."""
    words = path.read_text("utf-8").split()
    numbers = [int(word) for word in words if word.isdigit()]
    without_gaps = {*numbers} == {*range(1, max(numbers, default=0) + 1)}
    if not len(numbers) == len(words) == WEEK_H or not without_gaps:
        faults.add(
            path.name,
            f"{len(numbers)} whole numbers in {len(words)} lines",
            expected=f"{WEEK_H} shift numbers from 1 on without gaps, one for each hour of a week",
            remedy="Correct the shifts.",
        )
        return np.ones(WEEK_H, dtype=np.int64)
    return np.array(numbers, dtype=np.int64)
