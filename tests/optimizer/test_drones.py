"""Drones by hand on a strip of cells, and what must hold for every fleet."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geodata.area import District, StudyArea
from geodata.forecast import DemandForecast
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from optimizer.drones import (
    DroneBase,
    DroneFleet,
    DroneService,
    NoFlyZone,
    drone_service,
    freed_unit_hours,
)
from tests.optimizer.tiny_city import CAR, incident_classes

WEST, SOUTH = 350e3, 345e4
CLASSES = ("theft", "noise")


def strip(cells: int) -> Grid:
    """Cells of 1 km side by side from west to east."""
    whole = box(WEST, SOUTH, WEST + 1000.0 * cells, SOUTH + 1000.0)
    return grid_over(
        StudyArea("EPSG:32651", "Asia/Shanghai", (District("S", "Strip", "条", whole),)), 1000.0
    )


def horizon(hours: int) -> Horizon:
    return Horizon(datetime(2027, 2, 5, 12, tzinfo=UTC), hours)


def base(cell: float = 0.0, **changes: object) -> DroneBase:
    """One drone at the middle of a cell, away for 10 + 20 minutes and 2 for every km."""
    made = DroneBase(
        base_id="D",
        name_en="Drones",
        name_zh="无人机",
        lon=121.4,
        lat=31.2,
        x=WEST + 500.0 + 1000.0 * cell,
        y=SOUTH + 500.0,
        drones=1,
        range_m=5000.0,
        speed_kmh=60.0,
        endurance_min=30.0,
        recharge_min=20.0,
        max_wind_ms=10.0,
        classes=("theft",),
        share=0.5,
        scene_min=10.0,
        source="assumption",
    )
    return replace(made, **changes)


def forecast(rate: np.ndarray) -> DemandForecast:
    """Thefts `rate[cell, hour]` and two noise calls an hour everywhere."""
    both = np.stack([rate, np.full(rate.shape, 2.0)], axis=2).astype(np.float32)
    return DemandForecast(both, *rate.shape, CLASSES)


def serve(fleet: DroneFleet, rate: list[list[float]]) -> DroneService:
    calls = np.array(rate)
    return drone_service(fleet, strip(len(calls)), horizon(calls.shape[1]), forecast(calls))


def test_one_drone_by_hand() -> None:
    """A call an hour keeps it away half an hour: lost 0.5 / 1.5, so two thirds of a flight."""
    service = serve(DroneFleet((base(),)), [[1.0]])
    assert service.flights[0, 0] == pytest.approx(2 / 3)
    assert service.busy[0, 0] == pytest.approx(1 / 3)
    np.testing.assert_allclose(service.cleared[0, 0], [1 / 3, 0.0])
    np.testing.assert_allclose(service.remaining.rate_per_h[0, 0], [2 / 3, 2.0], rtol=1e-6)


def test_way_there_and_back_counts() -> None:
    """Three km off the drone is away 36 minutes: lost 0.6 / 1.6."""
    service = serve(DroneFleet((base(),)), [[0.0], [0.0], [0.0], [1.0]])
    assert service.flights[0, 0] == pytest.approx(1.0 / 1.6)
    assert service.busy[0, 0] == pytest.approx(0.6 / 1.6)


def test_overflow_goes_to_the_next_base() -> None:
    """The far base is offered the third that the near one loses: a = 0.52 / 3 of its hour."""
    fleet = DroneFleet((base(1.0, base_id="far", scene_min=9.2), base()))
    service = serve(fleet, [[1.0], [0.0]])
    offered = (1 / 3) * (9.2 + 20.0 + 2.0) / 60.0
    assert service.flights[1, 0] == pytest.approx(2 / 3)
    assert service.flights[0, 0] == pytest.approx((1 / 3) / (1.0 + offered))


def test_two_bases_that_overflow_to_each_other() -> None:
    """Alike in mirror image: the lost share b solves b = a / (1 + a), a from both cells."""
    fleet = DroneFleet((base(0.0, base_id="a"), base(1.0, base_id="b")))
    service = serve(fleet, [[1.0], [1.0]])
    lost = 1.0 - service.flights.sum() / 2.0
    one = np.sqrt(lost)
    work = 0.5 + one * 32.0 / 60.0
    assert one == pytest.approx(work / (1.0 + work), abs=1e-6)
    np.testing.assert_allclose(service.busy[0], service.busy[1])


@pytest.mark.parametrize(
    ("changes", "reached"),
    [
        ({}, 6),
        ({"range_m": 2999.0}, 3),
        ({"endurance_min": 14.0}, 3),
        ({"endurance_min": 30.0, "speed_kmh": 12.0}, 3),
    ],
)
def test_range_and_endurance_bound_the_reach(changes: dict[str, float], reached: int) -> None:
    service = serve(DroneFleet((base(**changes),)), [[0.001]] * 8)
    left = service.remaining.rate_per_h[:, 0, 0]
    assert int((left < np.float32(0.001)).sum()) == reached


def test_wind_above_the_limit_keeps_drones_down() -> None:
    fleet = DroneFleet((base(),), wind_ms=np.array([10.0, 10.1]))
    service = serve(fleet, [[1.0, 1.0]])
    assert service.flying.tolist() == [[True, False]]
    assert service.flights[0, 1] == service.busy[0, 1] == 0.0
    assert service.remaining.rate_per_h[0, 1, 0] == 1.0


def test_closed_zone_shuts_cells_and_the_ways_across_it() -> None:
    """A circle in cell 1 for the second hour: cells 1 and 2 lose their drone, cell 0 does not."""
    start = datetime(2027, 2, 5, 13, 30, tzinfo=UTC)
    ring = Point(WEST + 1500.0, SOUTH + 500.0).buffer(200.0)
    zone = NoFlyZone("z", ring, (start, start.replace(minute=45)), "crowd")
    service = serve(DroneFleet((base(),), (zone,)), [[0.01] * 3] * 3)
    cleared = 0.01 - service.remaining.rate_per_h[:, :, 0].astype(float)
    assert (cleared > 1e-4).tolist() == [[True] * 3, [True, False, True], [True, False, True]]


def test_hours_are_independent() -> None:
    both = serve(DroneFleet((base(),)), [[1.0, 3.0]])
    alone = serve(DroneFleet((base(),)), [[3.0]])
    assert both.flights[0, 1] == alone.flights[0, 0]


def test_freed_unit_hours_by_hand() -> None:
    """A third of a call, one car for 30 minutes and 6 for closing: 0.2 unit-hours."""
    service = serve(DroneFleet((base(),)), [[1.0]])
    freed = freed_unit_hours(service, incident_classes(), (CAR,), closing_min=6.0)
    np.testing.assert_allclose(freed, [[0.2]])


def test_no_bases_change_nothing() -> None:
    service = serve(DroneFleet(()), [[1.0, 2.0]])
    np.testing.assert_array_equal(service.remaining.rate_per_h[0, :, 0], [1.0, 2.0])
    assert service.cleared.shape == (0, 2, 2)


@pytest.mark.parametrize(
    "wrong", [{"drones": 0}, {"share": 1.1}, {"scene_min": 30.0}, {"recharge_min": -1.0}]
)
def test_base_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="base D"):
        base(**wrong)


@st.composite
def fleets(draw: st.DrawFn) -> tuple[DroneFleet, np.ndarray]:
    cells = draw(st.integers(1, 6))
    share = draw(st.floats(0.0, 1.0))
    bases = tuple(
        base(
            draw(st.floats(-0.4, cells - 0.6)),
            base_id=f"D{number}",
            drones=draw(st.integers(1, 4)),
            range_m=draw(st.floats(500.0, 6000.0)),
            share=share,
            classes=draw(st.sampled_from([("theft",), ("noise",), CLASSES])),
        )
        for number in range(draw(st.integers(1, 3)))
    )
    rates = st.floats(0.0, 5.0, width=32)
    rate = np.array([[draw(rates)] for _ in range(cells)])
    return DroneFleet(bases), rate


@settings(max_examples=60)
@given(fleets())
def test_cleared_and_remaining_calls_are_the_forecast(
    case: tuple[DroneFleet, np.ndarray],
) -> None:
    fleet, rate = case
    before = forecast(rate)
    service = drone_service(fleet, strip(len(rate)), horizon(1), before)
    total = before.rate_per_h.sum(axis=0, dtype=np.float64)
    left = service.remaining.rate_per_h.sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(service.cleared.sum(axis=0) + left, total, rtol=1e-6, atol=1e-6)
    assert (service.busy >= 0).all()
    assert (service.busy < 1).all()


@settings(max_examples=60)
@given(fleets(), st.data())
def test_more_drones_never_clear_fewer_calls(
    case: tuple[DroneFleet, np.ndarray], data: st.DataObject
) -> None:
    fleet, rate = case
    number = data.draw(st.integers(0, len(fleet.bases) - 1))
    bases = list(fleet.bases)
    bases[number] = replace(bases[number], drones=bases[number].drones + 1)
    grid, calls = strip(len(rate)), forecast(rate)
    fewer = drone_service(fleet, grid, horizon(1), calls).cleared.sum()
    more = drone_service(DroneFleet(tuple(bases)), grid, horizon(1), calls).cleared.sum()
    assert more >= fewer - 1e-7


@settings(max_examples=30)
@given(fleets())
def test_no_fly_everywhere_leaves_the_forecast_as_it_is(
    case: tuple[DroneFleet, np.ndarray],
) -> None:
    fleet, rate = case
    everywhere = NoFlyZone("z", box(WEST - 1e4, SOUTH - 1e4, WEST + 1e5, SOUTH + 1e4), None, "all")
    service = drone_service(
        replace(fleet, no_fly=(everywhere,)), strip(len(rate)), horizon(1), forecast(rate)
    )
    np.testing.assert_array_equal(service.remaining.rate_per_h, forecast(rate).rate_per_h)
    assert not service.flying.any()
