"""The speed of the simulation: the same city every time, units that move within their district."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks import simulation
from benchmarks.__main__ import main
from benchmarks.city_world import CitySize, synthetic_city

TOWN = CitySize(8, 500.0, 2, 12, 10, 6, 12.0, 15.0)
"""64 cells, 4 stations and 12 standby places, 10 cars, 6 hours of 12 calls."""

TIMES = {"build_s", "solve_s", "draw_s", "peak_mb"}


def test_same_seed_same_figures() -> None:
    first, again = (asdict(simulation.measure("town", TOWN, 3)) for _ in range(2))
    assert {k: v for k, v in first.items() if k not in TIMES} == {
        k: v for k, v in again.items() if k not in TIMES
    }
    assert first["params"] == (
        "synthetic;seed=1;cells=64;places=16;units=10;hours=6;moving=0.3;replications=3"
    )
    assert 40.0 < first["calls"] < 110.0
    assert first["dispatches"] == first["calls"]
    assert 0.0 < first["half_min"] < first["value"] < 15.0


def test_units_move_within_their_district_every_hour() -> None:
    world = synthetic_city(TOWN, 1)
    fleet = simulation.moving_fleet(world, TOWN, np.random.default_rng(1))
    district = world.situation.patrol_places.district[fleet.home]
    assert (district == district[:, :1]).all()
    assert np.bincount(district[:, 0], minlength=4).tolist() == world.cars.tolist()
    moves = (np.diff(fleet.home, axis=1) != 0).mean()
    assert 0.1 < moves <= simulation.MOVING + 0.1


def test_unknown_size_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulation", "--instance", "fortnight"]) == 2
    captured = capsys.readouterr()
    assert "no size fortnight" in captured.err
    assert captured.out == ""
