"""What must hold in every simulation, whatever the numbers, and what odd input must not break."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimizer.judges.simulation.call_stream import (
    CallDraws,
    CallKinds,
    CallStream,
    drawn_calls,
    in_order,
)
from optimizer.judges.simulation.replication import Replication, VisitTask, replicate
from optimizer.judges.simulation.state import VISIT
from optimizer.judges.simulation.system import (
    Crossing,
    DispatchRules,
    Fleet,
    Ground,
    warmed_ground,
)
from tests.optimizer.simulation_cases import (
    alike,
    city_ground,
    given_calls,
    interval,
    steady_calls,
    steady_fleet,
)

STAMPS = ("dispatched", "arrived", "second", "cleared")


@settings(max_examples=60)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(0.0, 60.0)), min_size=1, max_size=60),
)
def test_one_more_unit_lengthens_no_wait_of_a_single_line(
    units: int, drawn: list[tuple[float, float]]
) -> None:
    """Calls served in order at one place: no call waits longer with more servers (Kiefer 1955)."""
    ready, scene = np.array(sorted(drawn)).T
    calls, ground = given_calls(ready, scene), city_ground([[0.0]], 6)
    fewer, more = (
        replicate(ground, steady_fleet([0] * n, 6), calls, alike([1]), DispatchRules())
        for n in (units, units + 1)
    )
    assert (more.wait_min <= fewer.wait_min + 1e-9).all()


def city_of_three(crossing: Crossing, units: int, seed: int) -> Replication:
    """Three places, six cells, two commands; `units` at each place and calls of two grades."""
    rng = np.random.default_rng(99)
    ground = city_ground(
        rng.random((3, 6)) * 9.0 + 1.0, 48, place_command=[0, 0, 1], cell_command=[0, 0, 0, 0, 1, 1]
    )
    calls = steady_calls(np.full((6, 2), 0.45), 48, 22.0, 1.0, seed)
    fleet = steady_fleet([0, 1, 2] * units, 48)
    return replicate(ground, fleet, calls, alike([1, 3]), DispatchRules(crossing))


@pytest.mark.parametrize("crossing", list(Crossing))
def test_more_units_shorten_the_mean_wait_of_a_city(crossing: Crossing) -> None:
    """No theorem run by run once units differ in place; in the mean of runs with the same calls.

    With Student's interval the gain of each unit more is told from none.
    """
    mean = np.array(
        [
            [city_of_three(crossing, units, seed).wait_min.mean() for units in (1, 2, 3)]
            for seed in range(20)
        ]
    )
    gain, half = interval(mean[:, :-1] - mean[:, 1:])
    assert (gain > half).all(), (gain, half)


def random_system(seed: int) -> tuple[NDArray[np.float64], Fleet, CallStream]:
    """Minutes `[place, cell]` without ties, units that move, calls for one to three units."""
    rng = np.random.default_rng(seed)
    travel = rng.random((4, 7)) * 20.0
    travel[rng.random((4, 7)) < 0.2] = np.inf
    fleet = Fleet(np.zeros(6, dtype=np.int64), rng.integers(-1, 4, (6, 5)))
    rate = rng.random((7, 5, 2)) * 1.5
    units, scene_min = np.array([1.6, 1.0]), np.array([15.0, 30.0])
    calls = drawn_calls(rate, units, scene_min, CallDraws(travel_cv=0.3), rng)
    return travel, fleet, calls


def outcome(travel: NDArray[np.float64], fleet: Fleet, calls: CallStream) -> Replication:
    return replicate(city_ground(travel, fleet.hours), fleet, calls, alike([2, 1]), DispatchRules())


def assert_same_stamps(one: NDArray[np.void], other: NDArray[np.void]) -> None:
    for name in (*STAMPS, "sent", "unit", "travel_min"):
        assert np.array_equal(one[name], other[name], equal_nan=True), name


@pytest.mark.parametrize("seed", range(10))
def test_numbering_the_cells_anew_changes_nothing(seed: int) -> None:
    """A simulation knows cells and places by travel alone: moving the map cannot change it.

    Only which cell a place lies in counts besides; so the cells of places move along.
    """
    travel, fleet, calls = random_system(seed)
    cells = np.random.default_rng(seed + 100).permutation(7)
    number = np.argsort(cells)
    before = outcome(travel, fleet, calls)
    ground = city_ground(travel[:, cells], fleet.hours)
    ground.places["cell"] = number[ground.places["cell"]]
    moved = calls._replace(cell=number[calls.cell])
    after = replicate(ground, fleet, moved, alike([2, 1]), DispatchRules())
    assert_same_stamps(before.calls, after.calls)
    assert np.array_equal(before.busy_min, after.busy_min)


@pytest.mark.parametrize("seed", range(10))
def test_numbering_the_places_anew_changes_nothing(seed: int) -> None:
    travel, fleet, calls = random_system(seed)
    places = np.random.default_rng(seed + 100).permutation(4)
    number = np.append(np.argsort(places), -1)
    before = outcome(travel, fleet, calls)
    ground = city_ground(travel[places], fleet.hours)
    ground.places["cell"] = places
    moved = Fleet(fleet.kind, number[fleet.home])
    after = replicate(ground, moved, calls, alike([2, 1]), DispatchRules())
    assert_same_stamps(before.calls, after.calls)
    assert np.array_equal(before.busy_min, after.busy_min)


def test_hours_of_warm_up_without_calls_only_move_the_clock() -> None:
    travel, fleet, calls = random_system(3)
    eighths = calls._replace(
        ready_min=np.sort(np.round(calls.ready_min * 8) / 8),
        scene_min=np.round(calls.scene_min * 8) / 8,
        pace=np.ones(len(calls.cell)),
    )
    coarse = np.round(travel)
    before = outcome(coarse, fleet, eighths)
    ground = warmed_ground(city_ground(coarse, fleet.hours), 3)
    later = eighths._replace(
        received_min=eighths.received_min + 180.0, ready_min=eighths.ready_min + 180.0
    )
    after = replicate(ground, fleet.warmed(3), later, alike([2, 1]), DispatchRules())
    for name in STAMPS:
        assert np.array_equal(before.calls[name] + 180.0, after.calls[name], equal_nan=True)
    assert np.array_equal(before.busy_min, after.busy_min[:, 3:])
    assert not after.busy_min[:, :3].any()


@pytest.mark.parametrize("seed", range(10))
def test_a_call_for_three_is_three_calls_for_one(seed: int) -> None:
    """Units go to a call one by one, so splitting it changes nothing while none is missing."""
    travel, few, calls = random_system(seed)
    fleet = Fleet(np.tile(few.kind, 30), np.tile(few.home[:, :1], (30, few.hours)))
    alone = CallStream(*(np.repeat(part, calls.units) for part in calls))
    split = outcome(travel, fleet, alone._replace(units=np.ones(len(alone.cell), dtype=np.int64)))
    whole = outcome(travel, fleet, calls)
    answered = np.isfinite(whole.calls["arrived"])
    assert (whole.calls["sent"] == np.where(answered, calls.units, 0)).all()
    assert np.array_equal(whole.busy_min, split.busy_min)
    number = np.repeat(np.arange(len(calls.cell)), calls.units)
    for call, record in enumerate(whole.calls):
        arrived = np.sort(split.calls["arrived"][number == call])
        told = np.array([record["arrived"], record["second"]])[: len(arrived)]
        assert np.array_equal(told, arrived[:2], equal_nan=True)
        assert record["sent"] == np.isfinite(arrived).sum()


def test_same_seed_same_bytes_on_any_number_of_threads() -> None:
    def run(seed: int) -> bytes:
        found = outcome(*random_system(seed))
        return found.calls.tobytes() + found.busy_min.tobytes() + found.over_min.tobytes()

    seeds = list(range(12)) * 3
    alone = [run(seed) for seed in seeds]
    for threads in (2, 5):
        with ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(run, seeds)) == alone
    assert len(set(alone)) == 12


def test_input_is_left_as_it_was() -> None:
    """Two plans meet the same calls: nothing of a run stays in what it was given."""
    travel, fleet, calls = random_system(1)
    table = np.zeros(1, dtype=VISIT)
    table["latest"], table["minutes"] = 200.0, 10.0
    task = VisitTask(table, np.array([True]), True)
    ground = city_ground(travel, fleet.hours)
    kept = [part.copy() for part in (*calls, ground.places, task.table)]
    runs = [replicate(ground, fleet, calls, alike([1, 1]), DispatchRules(), task) for _ in range(2)]
    assert runs[0].calls.tobytes() == runs[1].calls.tobytes()
    assert runs[0].visits.tobytes() == runs[1].visits.tobytes()
    for before, after in zip(kept, (*calls, ground.places, task.table), strict=True):
        assert before.tobytes() == after.tobytes()


def one_place(hours: int = 2) -> Ground:
    return city_ground([[4.0, np.inf]], hours)


def assert_never_answered(records: NDArray[np.void]) -> None:
    for name in (*STAMPS, "travel_min"):
        assert np.isnan(records[name]).all()
    assert (records["sent"] == 0).all()
    assert (records["unit"] == -1).all()


def test_no_calls() -> None:
    calls = steady_calls(np.zeros((2, 1)), 2, 10.0, 1.0, 0)
    run = replicate(one_place(), steady_fleet([0, 0], 2), calls, alike([1]), DispatchRules())
    assert len(run.calls) == 0
    assert run.busy_min.tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("calls_wait", [True, False])
def test_nobody_answers_without_units_or_off_duty(calls_wait: bool) -> None:
    calls, rules = given_calls([0.0, 30.0, 90.0], 10.0), DispatchRules(calls_wait=calls_wait)
    off = Fleet(np.zeros(2, dtype=np.int64), np.full((2, 2), -1))
    for fleet in (steady_fleet([], 2), off):
        run = replicate(one_place(), fleet, calls, alike([1]), rules)
        assert_never_answered(run.calls)
        assert np.isnan(run.response_min).all()
        assert run.busy_min.sum() == run.over_min.sum() == 0.0


def test_class_that_nobody_serves_and_cell_that_nothing_reaches_are_never_answered() -> None:
    """The unit answers class 0 in cell 0 alone; what waits for ever does not hold it up."""
    kinds = CallKinds(np.array([3, 1]), np.array([[True], [False]]))
    calls = given_calls(
        [1.0, 2.0, 3.0, 70.0],
        10.0,
        cell=[0, 1, 0, 0],
        class_of_call=[0, 0, 1, 0],
        units=[1, 2, 1, 1],
    )
    run = replicate(one_place(), steady_fleet([0], 2), calls, kinds, DispatchRules())
    assert_never_answered(run.calls[1:3])
    assert run.calls["arrived"][[0, 3]].tolist() == [5.0, 74.0]


def test_unit_that_comes_on_duty_takes_what_waited() -> None:
    fleet = Fleet(np.zeros(1, dtype=np.int64), np.array([[-1, 0]]))
    run = replicate(one_place(), fleet, given_calls([5.0], 10.0), alike([1]), DispatchRules())
    assert (run.calls["dispatched"][0], run.calls["arrived"][0]) == (60.0, 64.0)


def test_shift_that_ends_under_a_job_is_worked_to_its_end() -> None:
    """Dispatched at 50, there at 54, done at 84: 24 minutes after the end of the shift."""
    fleet = Fleet(np.zeros(1, dtype=np.int64), np.array([[0, -1]]))
    calls = given_calls([50.0, 55.0], 30.0)
    run = replicate(one_place(), fleet, calls, alike([1]), DispatchRules())
    assert run.over_min.tolist() == [24.0]
    assert run.busy_min.tolist() == [[10.0, 24.0]]
    assert_never_answered(run.calls[1:])


def test_call_at_the_first_moment_meets_the_first_hour() -> None:
    calls = given_calls([0.0, 120.0, 500.0], 1.0)
    run = replicate(one_place(), steady_fleet([0], 2), calls, alike([1]), DispatchRules())
    assert run.calls["arrived"].tolist() == [4.0, 124.0, 504.0]


def test_no_hours_no_calls() -> None:
    calls = drawn_calls(
        np.zeros((2, 0, 1)), np.ones(1), np.ones(1), CallDraws(), np.random.default_rng(0)
    )
    run = replicate(one_place(0), steady_fleet([0], 0), calls, alike([1]), DispatchRules())
    assert len(run.calls) == 0
    assert run.busy_min.shape == (1, 0)


def test_disorder_is_refused() -> None:
    ground, fleet = one_place(), steady_fleet([0], 2)
    late_first = given_calls([9.0, 3.0], 1.0)
    with pytest.raises(ValueError, match="order of time"):
        replicate(ground, fleet, late_first, alike([1]), DispatchRules())
    run = replicate(ground, fleet, in_order(late_first), alike([1]), DispatchRules())
    assert run.calls["ready"].tolist() == [3.0, 9.0]
    with pytest.raises(ValueError, match="fleet of 3 h on 2 h"):
        replicate(ground, steady_fleet([0], 3), late_first, alike([1]), DispatchRules())


@pytest.mark.parametrize(
    ("places", "cell", "class_of_call", "told"),
    [
        ([1], 0, 0, r"home \[1, 1\]: there are 1, from 0 on"),
        ([0], 2, 0, r"cell of a call \[2\]: there are 2"),
        ([0], -1, 0, r"cell of a call \[-1\]"),
        ([0], 0, 1, r"class of a call \[1\]: there are 1"),
    ],
)
def test_strangers_are_refused(places: list[int], cell: int, class_of_call: int, told: str) -> None:
    calls = given_calls([1.0], 5.0, cell=cell, class_of_call=class_of_call)
    with pytest.raises(ValueError, match=told):
        replicate(one_place(), steady_fleet(places, 2), calls, alike([1]), DispatchRules())


def test_times_that_are_none_and_calls_without_hours_are_refused() -> None:
    unknown = given_calls([1.0, np.nan, 2.0], 5.0)
    with pytest.raises(ValueError, match="order of time"):
        replicate(one_place(), steady_fleet([0], 2), unknown, alike([1]), DispatchRules())
    with pytest.raises(ValueError, match="no hour"):
        replicate(
            one_place(0), steady_fleet([0], 0), given_calls([1.0], 5.0), alike([1]), DispatchRules()
        )
