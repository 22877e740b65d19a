"""Speed: the exact hypercube of 15 units, the judge of busy units for cities of many units."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb
from optimizer.calls import CallLoad
from optimizer.judges.erlang import erlang_b
from optimizer.judges.hypercube import HypercubeSystem, hypercube
from optimizer.judges.queueing import busy_units
from optimizer.judges.waiting import waiting_lines
from optimizer.reach import CellReach

BUSY = 0.7
"""Work offered for each unit."""

CELLS_PER_UNIT = 3
NEAREST_PLACES = 60
GRADE_SHARES: tuple[float, ...] = (0.1, 0.3, 0.4, 0.2)
MIN_PER_KM = 2.0
SPACING_KM = 1.0


def exact_line(family: str, name: str, units: int) -> Record:
    """All units alike, 60 atoms with lists drawn at random: Erlang's loss is known."""
    rng = np.random.default_rng(units)
    calls = rng.random(60)
    calls *= BUSY * units / calls.sum()
    lists = np.argsort(rng.random((60, units)), axis=1)
    system = HypercubeSystem(calls, np.ones(units), lists, line=False)
    state, solve_s = timed(lambda: hypercube(system))
    known = erlang_b(units, BUSY * units)
    return Record(
        family=family,
        instance=name,
        params=f"units={units};atoms=60;line=zero;value=chance that all units are busy",
        value=state.all_busy,
        bound=None,
        known=known,
        status=f"exact, off Erlang's loss by {abs(state.all_busy - known):.1e}"
        + ("" if state.converged else "; NOT converged"),
        build_s=0.0,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def city_line(family: str, name: str, units: int) -> Record:
    """Units drawn over the places of a square city, calls over its cells; with and without line."""
    (reach, crews, load, by_grade), build_s = timed(lambda: square_city(units))
    state, loss_s = timed(lambda: busy_units(reach, crews, load))
    lines, line_s = timed(lambda: waiting_lines(state, crews, load, by_grade))
    calls = load.calls_per_h / load.calls_per_h.sum()
    waits = " ".join(f"{minutes:.3g}" for minutes in calls @ lines.wait_min)
    return Record(
        family=family,
        instance=name,
        params=f"units={units};cells={reach.n_cells};offered={BUSY:g}"
        ";value=mean response in minutes of calls that find an idle unit",
        value=float(calls @ state.capped_response_min(0.0) / (calls @ (1.0 - state.lost))),
        bound=None,
        known=None,
        status=f"busy units {loss_s:.3f} s in {state.rounds} rounds"
        + ("" if state.converged else ", NOT converged")
        + f"; waiting lines {line_s:.3f} s more; {100.0 * (calls @ state.lost):.3g} % lost or "
        f"{100.0 * (calls @ lines.waits):.3g} % waiting, minutes by grade {waits}",
        build_s=build_s,
        solve_s=loss_s + line_s,
        peak_mb=peak_mb(),
    )


def square_city(
    units: int,
) -> tuple[CellReach, NDArray[np.int64], CallLoad, NDArray[np.float64]]:
    """Half as many places as units, each with at least one, and the nearest of them for a cell."""
    rng = np.random.default_rng(units)
    places, cells = units // 2, CELLS_PER_UNIT * units
    side_km = SPACING_KM * np.sqrt(places)
    at, cell_at = rng.random((places, 2)) * side_km, rng.random((cells, 2)) * side_km
    crews = 1 + np.bincount(rng.integers(0, places, units - places), minlength=places)
    away_km, near = cKDTree(at).query(cell_at, k=min(NEAREST_PLACES, places))
    minutes = MIN_PER_KM * away_km.ravel()
    reach = CellReach(np.arange(cells + 1) * near.shape[1], near.ravel(), minutes + 1.0, minutes)
    calls = rng.gamma(1.0, 1.0, cells)
    service_h = 0.5 + minutes.reshape(near.shape)[:, 0] / 60.0
    calls *= BUSY * units / (calls @ service_h)
    load = CallLoad(calls, calls, calls, np.full(cells, 0.5))
    return reach, crews, load, np.outer(calls, GRADE_SHARES)


SPEED: dict[str, tuple[Callable[[str, str, int], Record], int]] = {
    "exact_10_units": (exact_line, 10),
    "exact_15_units": (exact_line, 15),
    "city_of_300_units": (city_line, 300),
    "city_of_2000_units": (city_line, 2000),
}
"""Instances by name: what makes the line, and the number of units."""


def speed_line(family: str, name: str) -> Record:
    """The line of one instance."""
    make, units = SPEED[name]
    return make(family, name, units)
