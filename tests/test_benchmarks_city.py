"""The synthetic city: its lines hold what the judge says, and bounds hold against every plan."""

import importlib.util
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks import city, peers, spopt_peer
from benchmarks.__main__ import main
from benchmarks.city_world import CitySize, synthetic_city
from benchmarks.record import read_instances
from geodata.faults import BadInput
from optimizer.calls import PatrolTerms
from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective, hour_shortfall
from optimizer.models.patrol.allocation import guessed_busy, hour_problem, patrol_model
from tests.optimizer.patrol_cases import by_definition, every_allocation, optimum, problems

HAMLET = CitySize(6, 500.0, 1, 4, 3, 2, 3.0, 15.0)
"""36 cells, a station and 4 standby places, 3 cars: 35 ways to place them."""

TIMES = {"build_s", "solve_s", "peak_mb"}
KEYS = [
    *("family", "instance", "params", "value", "bound", "known", "status"),
    *("build_s", "solve_s", "peak_mb", "gap_pct", "gap_min"),
]


def hamlet_hour() -> HourProblem:
    """The first hour of the hamlet, put together anew."""
    world = synthetic_city(HAMLET, city.SEED)
    model = patrol_model(world.situation, world.force.unit_types[0], PatrolTerms())
    load = model.load(0)
    return hour_problem(model, 0, load, guessed_busy(load, HAMLET.units), world.cars)


def steps(lines: list[city.CityRecord]) -> list[str]:
    return [line.params.partition("step=")[2].partition(";")[0] for line in lines]


def test_same_seed_same_lines() -> None:
    first, again = (list(city.measure("hamlet", HAMLET)) for _ in range(2))
    assert steps(first) == [
        "build, entries of reach lists",
        "greedy and swaps, first hour",
        "dual bound, first hour",
        "rounds with the queueing judge",
        "all hours, bounds of these rounds",
        "evaluation",
    ]
    for one, other in zip(first, again, strict=True):
        assert list(json.loads(one.to_json())) == KEYS
        same = {key: value for key, value in asdict(one).items() if key not in TIMES}
        assert same == {key: asdict(other)[key] for key in same}
        assert one.params.startswith("synthetic;seed=1;cells=36;cell_m=500;places=5;units=3;")


def test_missed_minutes_are_those_of_the_definition_and_no_plan_is_below_the_bound() -> None:
    problem = hamlet_hour()
    most = float(problem.gain.sum())
    missed = [most - by_definition(problem, units) for units in every_allocation(problem)]
    assert len(missed) == 35
    _, greedy, bound, *_ = city.measure("hamlet", HAMLET)
    assert min(abs(greedy.value - value) for value in missed) < 1e-5
    assert bound.value == greedy.value
    assert 0.0 < bound.bound <= min(missed) + 1e-6
    assert bound.gap_pct == pytest.approx(100 * (bound.value - bound.bound) / bound.value, abs=1e-3)


def test_bound_closes_to_within_the_stated_share_on_the_small_size() -> None:
    _, _, bound, _, hours, _ = city.measure("small", city.SIZES["small"])
    assert 0.0 <= bound.gap_pct <= 100 * city.CLOSE_ENOUGH
    assert bound.gap_min == pytest.approx((bound.value - bound.bound) / weighted_calls(), abs=1e-5)
    assert 0.0 <= hours.gap_pct <= 1.0
    missed_min = hours.gap_min * weighted_calls() * city.SIZES["small"].hours
    assert missed_min == pytest.approx(hours.value - hours.bound, abs=1e-4)


def weighted_calls() -> float:
    """20 calls an hour: a fifth urgent (weight 4), the others of grade 3 (weight 1)."""
    return 20 * (0.2 * 4 + 0.8 * 1)


def test_mean_response_of_the_evaluation_is_plausible() -> None:
    """Between the turnout of a unit on the spot and what an unserved call counts."""
    *_, last = city.measure("hamlet", HAMLET)
    assert 1.0 < last.value < 27.5


@pytest.mark.parametrize("name", ["cells5k", "cells25k", "cells100k"])
def test_large_sizes_are_what_their_names_say(name: str) -> None:
    size = city.SIZES[name]
    assert size.side_cells**2 == pytest.approx(1000 * int(name[5:-1]), rel=0.04)
    assert size.side_cells % size.side_districts == 0
    assert size.side_cells * size.cell_m == pytest.approx(80_000.0)
    assert size.calls_per_h * 24 == 9_000
    assert city.SIZES[f"{name}-places1k"] == replace(size, places=1_000)


def test_a_coarser_grid_is_the_same_city() -> None:
    fine = synthetic_city(CitySize(12, 500.0, 2, 6, 8, 1, 9.0, 15.0), 3)
    coarse = synthetic_city(CitySize(8, 750.0, 2, 6, 8, 1, 9.0, 15.0), 3)
    for world, cells in ((fine, 144), (coarse, 64)):
        grid = world.situation.grid
        assert grid.n_cells == cells
        assert np.bincount(grid.district).tolist() == [cells // 4] * 4
        assert world.situation.forecast.rate_per_h.sum() == pytest.approx(9.0, rel=1e-5)
        assert world.cars.sum() == 8


@settings(max_examples=25, deadline=None)
@given(problems(groups=2))
def test_plain_model_with_its_bound_is_right_up_to_the_ranks_it_leaves_out(
    problem: HourProblem,
) -> None:
    plain = peers.plain_model(problem)
    answer = peers.solve_plain(plain, 0.0, 20.0)
    best = optimum(problem)
    assert answer.status == "optimal"
    assert answer.units is not None
    assert answer.bound is not None
    assert np.bincount(problem.group, answer.units, 2).tolist() == problem.group_max.tolist()
    tolerance = 1e-6 + 1e-4 * best
    assert answer.bound >= best - 1e-6
    assert hour_objective(problem, answer.units) >= best - plain.left_out - tolerance
    assert answer.bound <= best + plain.left_out + tolerance


def test_plain_model_says_what_the_ranks_it_leaves_out_could_add() -> None:
    """10 units of busy share 0.5 near a call: 7 ranks bring 0.5^7 below 1 %."""
    idle = np.full(1, 0.5)
    problem = replace(
        hamlet_hour(),
        **dict.fromkeys(("group_min", "group_max"), np.array([10])),
        indptr=np.array([0, 1]),
        cell=np.zeros(1, np.int32),
        bin=np.zeros(1, np.int16),
        gain=np.array([[4.0]]),
        busy=idle,
        backup=np.zeros(1),
        keep=np.zeros(1, np.int64),
        group=np.zeros(1, np.int64),
        place_min=np.zeros(1, np.int64),
        place_cap=np.array([10]),
        total=10,
    )
    assert peers.ranks_needed(problem) == 7
    assert peers.plain_model(problem).left_out == 4.0 * 0.5**7
    assert peers.ranks_needed(replace(problem, busy=np.zeros(1))) == 1


def test_naive_peer_solves_the_same_hour() -> None:
    lines = list(city.beside_naive("hamlet", HAMLET, 20.0))
    assert steps(lines)[-1] == "peer naive, at most 20 s"
    ours, theirs = lines[-2], lines[-1]
    assert theirs.status == "optimal"
    assert theirs.bound <= ours.value + 1e-6
    assert theirs.value >= ours.bound - 1e-6
    problem = hamlet_hour()
    missed = [hour_shortfall(problem, units) for units in every_allocation(problem)]
    assert min(abs(theirs.value - value) for value in missed) < 1e-5
    assert min(missed) >= theirs.bound - 1e-6


def test_naive_peer_that_takes_too_long_to_build_says_so() -> None:
    answer = peers.naive_allocation(hamlet_hour(), 10.0, build_limit_s=0.0)
    assert answer.status == "not built: no answer within 0 s"
    assert answer.units is None
    assert answer.bound is None


def test_naive_peer_refuses_what_it_cannot_model() -> None:
    backed = replace(hamlet_hour(), backup=np.full(36, 0.5))
    with pytest.raises(ValueError, match="neither a second unit"):
        peers.naive_allocation(backed, 1.0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["city", "--instance", "vast"], "no city of size vast"),
        (["city", "--peer", "spopt"], "peer spopt does not plan cities"),
        (["pmedian", "--peer", "naive"], "peer naive does not solve family pmedian"),
    ],
)
def test_wrong_size_or_peer_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


def test_missing_spopt_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"not installed: spopt and pulp.*pip install spopt pulp"):
        spopt_peer.check_peer("pmedian", "spopt")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_spopt_finds_the_median_and_the_cover_worked_out_by_hand(tmp_path: Path) -> None:
    """Path 1-2-3-4 with unit edges: one site in the middle costs 4.

    Points at 0, 100, 200 and 900 m with demand 5, 1, 5, 7: one site covers 11 within 100 m.
    """
    pytest.importorskip("spopt")
    (tmp_path / "path.txt").write_text("4 3 1\n1 2 1\n2 3 1\n3 4 1\n", "utf-8")
    (tmp_path / "line.txt").write_text("4\n0 0\n100 0\n200 0\n900 0\n", "utf-8")
    (tmp_path / "demand.dat").write_text("5\n1\n5\n7\n", "utf-8")
    (tmp_path / "known_values.csv").write_text(
        "family,instance,file,params,sense,value,status\n"
        "pmedian,path,path.txt,p=1,min,4,optimal\n"
        "mclp,line,line.txt;demand.dat,radius=100;p=1,max,11,optimal\n",
        "utf-8",
    )
    for family in spopt_peer.FAMILIES:
        spopt_peer.check_peer(family, "spopt")
        (instance,) = read_instances(tmp_path, family)
        line = spopt_peer.run(instance, 20.0)
        assert line.value == line.known
        assert line.status == "optimal"
        assert line.params.endswith("peer=spopt, at most 20 s")
