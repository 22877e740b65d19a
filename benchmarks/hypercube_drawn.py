"""Small systems drawn at random: the approximations of busy units against the exact hypercube."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.hypercube_methods import (
    Judged,
    SmallSystem,
    exact,
    of_busy_units,
    of_larson,
    of_pools,
)
from benchmarks.location import timed
from benchmarks.record import Record, peak_mb

SIZES: tuple[tuple[int, int], ...] = ((3, 1), (6, 1), (9, 1), (4, 3), (6, 2))
"""Places, and most units at a place."""

DRAWN: dict[str, tuple[int, int, bool]] = {
    f"drawn_{places}_places_of_{most}_{'infinite' if line else 'zero'}": (places, most, line)
    for line in (False, True)
    for places, most in SIZES
}
"""Instances by name: places, most units at a place, and whether calls wait."""

OFFERED: tuple[float, ...] = (0.2, 0.5, 0.8)
"""Work offered for each unit."""

SEEDS = 8
ATOMS = 20
MOST_UNITS = 10


def drawn_line(family: str, name: str) -> Record:
    """Mean error of busy shares of the product's judge; those of the Q factors in the status."""
    places, most, line = DRAWN[name]
    systems = [
        drawn_system(seed, places, most, offered, line=line)
        for offered in OFFERED
        for seed in range(SEEDS)
    ]
    truth, exact_s = timed(lambda: [exact(system)[0] for system in systems])
    judged, judge_s = timed(lambda: [of_busy_units(system) for system in systems])
    told = [("busy_units", judged), ("larson_1975", [of_larson(system) for system in systems])]
    if not line:
        told.append(("pools_with_q", [of_pools(system) for system in systems]))
    error = np.array([_errors(one, true)[0] for one, true in zip(judged, truth, strict=True)])
    loads = " ".join(f"{offered:g}" for offered in OFFERED)
    return Record(
        family=family,
        instance=name,
        params=f"systems={len(systems)};atoms={ATOMS};offered={loads}"
        ";value=mean error of busy shares",
        value=float(error.mean()),
        bound=None,
        known=None,
        status="; ".join(f"{method}: {told_errors(found, truth)}" for method, found in told),
        build_s=exact_s,
        solve_s=judge_s,
        peak_mb=peak_mb(),
    )


def told_errors(judged: list[Judged], truth: list[Judged]) -> str:
    """Errors over many systems: busy shares by work offered and largest, mean travel."""
    errors = np.array([_errors(one, true) for one, true in zip(judged, truth, strict=True)])
    by_load = errors[:, 0].reshape(len(OFFERED), SEEDS).mean(axis=1)
    shares = " ".join(f"{error:.4f}" for error in by_load)
    return (
        f"mean error {shares}, largest {errors[:, 1].max():.4f}, "
        f"mean travel {100.0 * errors[:, 2].mean():+.2f} %, "
        f"largest {100.0 * np.abs(errors[:, 2]).max():.2f} %"
    )


def _errors(judged: Judged, truth: Judged) -> tuple[float, float, float]:
    """Mean and largest error of the busy shares, and of mean travel as a share."""
    error = np.abs(judged.workload - truth.workload)
    travel = judged.mean_travel / truth.mean_travel - 1.0
    return float(error.mean()), float(error.max()), travel


def drawn_system(seed: int, places: int, most: int, offered: float, *, line: bool) -> SmallSystem:
    """Places and atoms in a square, uneven calls, services of an hour, nearest place first."""
    rng = np.random.default_rng(seed)
    at, atom_at = rng.random((places, 2)), rng.random((ATOMS, 2))
    units = _at_most(rng.integers(1, most + 1, places), MOST_UNITS)
    calls = rng.gamma(0.7, 1.0, ATOMS)
    calls *= offered * units.sum() / calls.sum()
    away = np.hypot(*(atom_at[:, None] - at[None]).transpose(2, 0, 1))
    between = np.hypot(*(atom_at[:, None] - atom_at[None]).transpose(2, 0, 1))
    share = calls / calls.sum()
    return SmallSystem(
        calls_per_h=calls,
        order=np.argsort(away, axis=1, kind="stable"),
        units=units,
        services_per_h=np.ones(places),
        travel=away.T,
        travel_after_wait=float(share @ between @ share),
        line=line,
    )


def _at_most(units: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Take units from the fullest place until `most` are left."""
    left = units.copy()
    while left.sum() > most:
        left[left.argmax()] -= 1
    return left
