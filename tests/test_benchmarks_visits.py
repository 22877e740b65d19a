"""The family of visits at its smallest: points and lines drawn over the town, judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.visits import SECTION_M, drawn_work, fireworks_night
from scenarios.world import World, build_world
from tests.scenarios.town import write_town


def peopled(folder: Path) -> World:
    """The town with routes, and as many residents in every cell."""
    world = build_world(write_town(folder / "town").load("visits.method=routes"))
    residents = np.ones(world.situation.grid.n_cells)
    return replace(world, situation=replace(world.situation, population=residents))


def test_drawn_points_and_lines_are_routed_by_the_rules(tmp_path: Path) -> None:
    world = peopled(tmp_path)
    record = fireworks_night(world, "few", 12, 4)
    assert (record.broken, record.status) == (0, "feasible")
    assert record.points == 16
    assert record.due == 32
    assert record.value is not None
    assert record.bound is not None
    assert 0.5 * record.due_min < record.value <= record.bound <= record.due_min
    assert 0 < record.visits <= record.due
    assert record.gap_min <= 240.0
    again = fireworks_night(world, "few", 12, 4)
    assert (again.value, again.gap_min) == (record.value, record.gap_min)


def test_drawn_lines_are_as_long_as_they_should_be(tmp_path: Path) -> None:
    world = peopled(tmp_path)
    points = drawn_work(world, 0, 30).points
    length = ((points.end.x - points.places.x) ** 2 + (points.end.y - points.places.y) ** 2) ** 0.5
    assert all(abs(one - SECTION_M) < 1e-6 or one == 0.0 for one in length.tolist())
    assert (length > 0).sum() > 15
    assert points.visit_min.tolist() == [12.0] * 30


def test_a_world_without_routes_and_unknown_sizes_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="makes no routes"):
        drawn_work(build_world(write_town(tmp_path / "town").load()), 3, 1)
    assert main(["visits", "--instance", "village"]) == 2
    assert "no size village" in capsys.readouterr().err
