"""The cell layer's geometry and the figures beside it."""

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from geodata.grid import Grid
from maps.cells import MONOMIALS, GridFrame, frames, locator, mesh
from maps.figures import city_figures, demand_by_class
from maps.metrics import METRICS


def test_frames_come_back_hour_by_hour() -> None:
    codes = np.array([[1, 2], [250, 3], [0, 255]], dtype=np.uint8)
    flat = np.frombuffer(zlib.decompress(base64.b64decode(frames(codes))), dtype=np.uint8)
    by_hour = np.cumsum(flat.reshape(2, 3), axis=0, dtype=np.uint8)
    assert by_hour.tolist() == [[1, 250, 0], [2, 3, 255]]


def test_locator_gives_the_column_and_row_of_exact_positions(city: Any) -> None:
    area = city.situation.area
    wide = np.arange(150, dtype=np.int64)
    grid = Grid(1000.0, 280 + wide, 3400 + wide, np.zeros(150, dtype=np.int64))
    frame = GridFrame(grid)
    rng = np.random.default_rng(7)
    col, row = rng.uniform(0, 150, size=(2, 500))
    lon, lat = frame.lonlat(area, col, row)
    found: dict[str, Any] = locator(area, frame)
    u = (lon - found["middle"][0]) / found["half"][0]
    v = (lat - found["middle"][1]) / found["half"][1]
    terms = np.stack([u**i * v**j for i, j in MONOMIALS], axis=1)
    error_m = np.abs(np.stack([terms @ found["col"] - col, terms @ found["row"] - row])) * 1000
    assert error_m.max() < 0.1


def test_mesh_holds_the_corners_of_every_block(city: Any) -> None:
    frame = GridFrame(city.situation.grid)
    frame.block = 8
    corners = np.array(mesh(city.situation.area, frame)).reshape(4, 4, 2)
    lon, lat = frame.lonlat(city.situation.area, np.array([16.0]), np.array([20.0]))
    np.testing.assert_allclose(corners[3, 2], [lat[0], lon[0]], atol=1e-7)


def test_mask_marks_the_cells_of_an_area_with_a_hole() -> None:
    grid = Grid(500.0, np.array([4, 6, 5]), np.array([9, 9, 10]), np.zeros(3, dtype=np.int64))
    frame = GridFrame(grid)
    assert frame.counts() == {"cells": 3, "cols": 3, "rows": 2, "block": 32}
    assert np.unpackbits(np.frombuffer(frame.mask(), dtype=np.uint8))[:6].tolist() == [
        *(1, 0, 1),
        *(0, 1, 0),
    ]


def test_city_figures_are_those_of_the_summary(city: Any) -> None:
    found = city_figures(city.situation, city.evaluation, city.plan.deployment.units)
    assert found["calls"].tolist() == pytest.approx([399 * 0.25] * 4)
    assert found["coverage"].tolist() == pytest.approx(
        [share * 398 / 399 for share in (0.95, 0.9, 0.8, 0.5)]
    )
    mean = [(397 * (7.96 + hour) / 2 + 30.0) / 399 for hour in range(4)]
    assert found["mean"].tolist() == pytest.approx(mean)
    assert found["p90"].tolist() == pytest.approx([8.0] * 4)
    assert found["unserved"].tolist() == pytest.approx([1 / 399] * 4)


def test_demand_by_class_adds_up_and_counts_what_is_out_of_reach() -> None:
    metric = METRICS[0]
    values = np.array([[4.9], [5.0], [np.inf], [np.nan]])
    shares = demand_by_class(metric, values, np.array([[1.0], [2.0], [1.0], [0.0]]))
    assert shares.tolist() == [[0, 0, 0.25, 0.5, 0, 0, 0.25]]


def test_an_hour_without_calls_has_no_shares() -> None:
    shares = demand_by_class(METRICS[0], np.array([[np.nan]]), np.array([[0.0]]))
    assert shares.sum() == 0
