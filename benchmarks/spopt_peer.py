"""spopt's p-median and maximal covering models on the published instances.

spopt (Feng and others 2021) is no dependency: this runs where it and PuLP are installed. Its
models are solved by PuLP's CBC with a time limit; the value is recomputed from the sites.
"""

import importlib
import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.mclp import great_circle_reach, planar_reach, read_city, read_planar
from benchmarks.pmedian import read_distances
from benchmarks.record import Instance, Record, number_in, peak_mb
from geodata.faults import FaultLog

FAMILIES: tuple[str, ...] = ("mclp", "pmedian")
"""Families that spopt has a model for."""


def check_peer(family: str, peer: str) -> None:
    """Refuse another peer, a family that spopt has no model for, and a Python without spopt.

    Raises
    ------
    BadInput
        In any of these cases.
    """
    faults = FaultLog()
    if peer != "spopt":
        faults.add(
            "--peer",
            f"peer {peer} does not solve family {family}",
            expected="spopt",
            remedy="Choose this one, or family city.",
        )
    if family not in FAMILIES:
        faults.add(
            "--peer",
            f"spopt has no model for family {family}",
            expected=" or ".join(FAMILIES),
            remedy="Choose one of these families, or no peer.",
        )
    missing = [name for name in ("spopt", "pulp") if importlib.util.find_spec(name) is None]
    if missing:
        faults.add(
            "--peer",
            f"not installed: {' and '.join(missing)}",
            expected="spopt and PuLP beside this package",
            remedy="Run `pip install spopt pulp`, or choose no peer.",
        )
    faults.raise_if_any()


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance with spopt for at most `seconds`.

    `build_s` is spopt's model building. CBC through PuLP tells no bound: it is None.
    """
    if instance.family == "pmedian":
        distance = read_distances(instance.files[0])
        weight = np.ones(distance.shape[1])
    else:
        distance, weight = _out_of_reach(instance)
    locate: Any = importlib.import_module("spopt.locate")
    sites = int(number_in(instance, "p"))

    def build() -> Any:
        if instance.family == "pmedian":
            return locate.PMedian.from_cost_matrix(distance.T, weight, p_facilities=sites)
        return locate.MCLP.from_cost_matrix(
            distance.T, weight, service_radius=0.5, p_facilities=sites
        )

    model, build_s = timed(build)
    (chosen, status), solve_s = timed(lambda: _solve(model, seconds))
    if chosen is None:
        value = None
    elif instance.family == "pmedian":
        value = float(distance[chosen].min(axis=0).sum())
    else:
        value = float(weight[distance[chosen].min(axis=0) == 0.0].sum())
    return Record(
        family=instance.family,
        instance=instance.name,
        params=f"{instance.params_text};peer=spopt, at most {seconds:g} s",
        value=value,
        bound=None,
        known=instance.known,
        status=status,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def _out_of_reach(instance: Instance) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """1 where a site does not cover a customer, `[site, customer]`, and the demand."""
    if len(instance.files) > 1:
        points, demand = read_planar(instance.files[0], instance.files[1])
        indptr, cell = planar_reach(points, number_in(instance, "radius"))
    else:
        points, demand = read_city(instance.files[0])
        indptr, cell = great_circle_reach(points, number_in(instance, "radius_m"))
    away = np.ones((len(demand), len(demand)))
    away[np.repeat(np.arange(len(demand)), np.diff(indptr)), cell] = 0.0
    return away, demand


def _solve(model: Any, seconds: float) -> tuple[NDArray[np.int64] | None, str]:
    """Sites that CBC chooses, or None, and how it ended.

    spopt raises a `RuntimeError` where CBC has no solution in time.
    """
    pulp: Any = importlib.import_module("pulp")
    try:
        solved = model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds), results=False)
    except RuntimeError:
        return None, "no solution in time"
    ended = solved.problem.sol_status
    used = [variable.value() for variable in solved.fac_vars]
    status = "optimal" if ended == pulp.LpSolutionOptimal else "feasible"
    return np.flatnonzero(np.rint(np.array(used, dtype=np.float64))), status
