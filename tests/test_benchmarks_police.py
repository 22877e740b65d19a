"""The police simulation benchmark: the published rules by hand, and where both programs agree."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.police_case import (
    CARS,
    LEAST_CARS,
    WEEK_H,
    PoliceCase,
    cars_on_duty,
    read_case,
    weekhour,
    work_by_hour,
)
from benchmarks.police_rules import PublishedRules, published_answers
from benchmarks.police_simulation import MEASURES, measured, simulated_answers
from optimizer.judges.simulation.system import Crossing, DispatchRules

PUBLISHED = PublishedRules()
COMMON = PublishedRules(nearest_lends=True, paperwork=False, gives_up=False)
OWN_FIRST = DispatchRules(Crossing.OWN_FIRST, returning=False)

LAST = (600, 0, 1, 1, 1, 0)
"""An incident long after all others: the published program ends five minutes after the last."""

DRIVE = [[1, 4, 20, 35], [4, 1, 10, 9], [20, 10, 1, 2], [35, 9, 2, 1]]
"""Minutes between four cells; centres in cells 0 and 3, cells 0 and 1 belong to the first."""


def case_of(
    incidents: list[tuple[int, int, int, int, int, int]],
    cars: list[int],
    centres: tuple[int, ...] = (0, 3),
) -> PoliceCase:
    """Incidents `(minute, cell, priority, cars, scene, paperwork)`; `cars` of each centre."""
    drive = np.array(DRIVE)
    place_cell = np.array(centres)
    minute, cell, priority, asked, scene, paperwork = np.array(incidents).T
    return PoliceCase(
        minute=minute,
        cell=cell,
        priority=priority,
        cars=asked,
        scene_min=scene,
        paperwork_min=paperwork,
        drive_min=drive[place_cell],
        back_min=drive[:, place_cell],
        lends=drive[place_cell] < 30,
        place_cell=place_cell,
        place_of_cell=drive[place_cell].argmin(axis=0),
        on_duty=np.tile(cars, (WEEK_H, 1)),
    )


def test_own_cars_go_first_then_others_lend_then_calls_wait() -> None:
    """One car each. Cell 1: own car, 4 min; again: lent by centre 3, 9 min. Cell 2 finds both out.

    The car of centre 3 is back after 9 + 10 + 9 minutes, at 1 + 28; cell 2 waits from 5 to 29.
    """
    incidents = [(0, 1, 1, 1, 50, 0), (1, 1, 1, 1, 10, 0), (5, 2, 1, 1, 10, 0), LAST]
    answers = published_answers(case_of(incidents, [1, 1]), PUBLISHED)
    assert answers.dispatch_min[:3].tolist() == [0, 0, 24]
    assert answers.response_min[:3].tolist() == [4, 9, 26]
    assert answers.own[:3].tolist() == [1, 0, 1]
    assert measured(answers)["exchange_ratio"] == 0.25


def test_incidents_of_the_first_priority_come_first_in_a_minute() -> None:
    """The one car of centre 3 drives to cell 3; cell 2 gets that of centre 0, 20 minutes away."""
    incidents = [(0, 2, 2, 1, 5, 0), (0, 3, 1, 1, 5, 0), LAST]
    answers = published_answers(case_of(incidents, [1, 1]), PUBLISHED)
    assert answers.response_min[:2].tolist() == [20, 1]
    assert answers.own[:2].tolist() == [0, 1]


def test_the_fewest_cars_for_a_minute_of_drive_are_lent() -> None:
    """To cell 1 drive 10 minutes from the 1 car in cell 2 (1/10), 9 from the 3 in cell 3 (3/9)."""
    case = case_of([(0, 1, 1, 1, 5, 0), LAST], [0, 1, 3], (0, 2, 3))
    assert published_answers(case, PUBLISHED).response_min[0] == 10.0
    assert published_answers(case, COMMON).response_min[0] == 9.0


def test_missing_cars_are_given_up_when_the_first_has_finished() -> None:
    """Two cars asked, one there: after its 5 minutes on scene nobody comes, or the same car."""
    case = case_of([(0, 0, 1, 2, 5, 0), LAST], [1, 0])
    given_up = published_answers(case, PUBLISHED)
    assert (given_up.sent[0], given_up.response_all_min[0]) == (1, 390.0)
    kept = published_answers(case, COMMON)
    assert (kept.sent[0], kept.response_all_min[0]) == (2, 8.0)


def test_paperwork_gives_way_to_own_calls_below_an_hour_a_car() -> None:
    """Back at 7: of 80 minutes of paperwork 79 are left at 8, and less than 60 from 28 on."""
    for paperwork, waits in ((60, 0.0), (80, 18.0)):
        case = case_of([(0, 0, 1, 1, 5, paperwork), (10, 0, 1, 1, 5, 0), LAST], [1, 0])
        assert published_answers(case, PUBLISHED).dispatch_min[1] == waits
        free = published_answers(case, replace(PUBLISHED, paperwork=False))
        assert free.dispatch_min[1] == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_both_programs_agree_where_their_rules_do(seed: int) -> None:
    """One priority, one car a call, own cars only, no paperwork, the same cars all week."""
    rng = np.random.default_rng(seed)
    incidents = [
        (int(minute), int(rng.integers(0, 4)), 1, 1, int(rng.integers(1, 60)), 0)
        for minute in np.sort(rng.integers(10_000, 14_000, 200))
    ]
    case = case_of([*incidents, (20_000, 0, 1, 1, 1, 0)], [2, 2])
    case = replace(case, lends=np.zeros((2, 4), dtype=np.bool_))
    theirs = published_answers(case, COMMON)
    ours = simulated_answers(case, DispatchRules(Crossing.OWN_ONLY, returning=False))
    assert theirs.dispatch_min.max() > 30.0
    for name in ("dispatch_min", "response_min", "response_all_min", "sent", "own"):
        assert np.array_equal(getattr(theirs, name), getattr(ours, name)), name


def test_own_simulation_lends_from_the_nearest() -> None:
    """Cell 1 asks for three cars: its own one at 4 minutes, two of centre 3 at 9 minutes."""
    case = case_of([(0, 1, 1, 3, 5, 0), LAST], [1, 2])
    answers = simulated_answers(case, OWN_FIRST)
    assert (answers.response_min[0], answers.response_all_min[0]) == (4.0, 9.0)
    assert (answers.sent[0], answers.own[0]) == (3, 1)


def test_weeks_begin_on_monday() -> None:
    """1 January 1970 was a Thursday."""
    assert weekhour(np.array([0, 60 * 96, 60 * 95 + 59])).tolist() == [72, 0, 167]
    work = work_by_hour(np.array([30, 10, 20]), np.array([0, 1, 0]), 2, np.array([5, 6, 10_085]))
    assert work[72].tolist() == [25.0, 5.0]


def test_cars_are_dealt_where_the_busiest_hour_is_short() -> None:
    """All car-hours are given away, and nobody is a car worse off than somebody who got one."""
    rng = np.random.default_rng(4)
    shift = np.repeat(np.arange(1, 22), 8)
    work = rng.gamma(2.0, 400.0, (WEEK_H, 3))
    cars = cars_on_duty(work, shift)
    assert cars.sum() == CARS * WEEK_H
    assert cars.min() >= LEAST_CARS
    peak = work.reshape(21, 8, 3).max(axis=1)
    short = peak - 60.0 * cars[::8]
    dealt = cars[::8] > LEAST_CARS
    assert short.max() <= short[dealt].min() + 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published layout: four areas, two centres, incidents that 50 cars answer at once."""
    inside = tmp_path / "police"
    inside.mkdir()
    (tmp_path / "known_values.csv").write_text(
        "family,instance,file,params,sense,value,status,source\n"
        "police_simulation,toy,police/simulation_toy_two.csv,a note,sim,2.5,published,by hand\n",
        "utf-8",
    )
    (inside / "simulation_toy_two.csv").write_text(
        ",".join(MEASURES.values()) + "\n2.5,0,2.5,3,1,0\n", "utf-8"
    )
    (inside / "district_layout_toy_two.csv").write_text(
        "index,location\n1.0,1.0\n2.0,1.0\n3.0,4.0\n4.0,4.0\n", "utf-8"
    )
    (inside / "shifts_8hours.csv").write_text("1\n" * 84 + "2\n" * 84, "utf-8")
    zipped(inside / "drivingtimes_toy.csv.gz", "\n".join(" ".join(map(str, r)) for r in DRIVE))
    zipped(
        inside / "incidents_toy.csv.gz",
        "incidentid,priority,cars,length,backlog,location,epoch\n"
        "1,1,1,10,5,2,345600\n2,2,2,10,5,4,345660\n",
    )
    return tmp_path


def zipped(path: Path, text: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write(text)


def test_lines_stand_beside_the_published_figures(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4 minutes to cell 2 and 1 to cell 4: 2.5 in the mean, whatever the rules."""
    assert main(["police_simulation", "--data", str(folder)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [line["instance"].removeprefix("toy") for line in found]
    assert names == ["_published_rules", "_common_rules", "", "_paperwork_first", "_sent_on"]
    for line in found:
        assert (line["value"], line["known"]) == (2.5, 2.5)
        assert line["measures"]["cars_sent"] == 1.5
        assert line["published"]["response_all_min"] == 3.0
        assert list(line["measures"]) == list(line["published"]) == list(MEASURES)


def test_case_is_read(folder: Path) -> None:
    case = read_case(folder / "police" / "simulation_toy_two.csv")
    assert case.place_cell.tolist() == [0, 3]
    assert case.place.tolist() == [0, 1]
    assert case.minute.tolist() == [5760, 5761]
    assert case.lends.tolist() == [[True, True, True, False], [False, True, True, True]]
    assert case.on_duty.sum() == CARS * WEEK_H


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("district_layout_toy_two.csv", "index,location\n1,1\n2,1\n", "2 areas that are not"),
        ("shifts_8hours.csv", "1\n" * 100, "100 whole numbers in 100 lines"),
        ("shifts_8hours.csv", "3\n" * 168, "168 whole numbers in 168 lines"),
        ("shifts_8hours.csv", "", "0 whole numbers"),
        (
            "incidents_toy.csv.gz",
            "incidentid,priority,cars,length,backlog,location,epoch\n1,1,0,10,5,9,0\n",
            "location is not an area",
        ),
        ("simulation_toy_two.csv", "requested_cars\n1\n", "response_time_first"),
        ("drivingtimes_toy.csv.gz", "1 2\n", "not a square table"),
    ],
)
def test_faulty_files_are_told(
    folder: Path, file: str, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "police" / file
    if path.suffix == ".gz":
        zipped(path, text)
    else:
        path.write_text(text, "utf-8")
    assert main(["police_simulation", "--data", str(folder)]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert file in captured.err
    assert captured.out == ""
