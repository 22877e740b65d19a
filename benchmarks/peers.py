"""What a user would pick instead for the city: a plain OR-Tools model of the same hour.

The model is the textbook one (Daskin 1983, with response bins in place of one radius): a whole
number of units for each place, and for each cell, response bin and rank a variable that tells
whether a unit of that rank arrives in time. It is built the plain way, one Python object after
the other, and solved by HiGHS with the settings it comes with.
"""

import multiprocessing
import resource
import sys
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

from benchmarks.record import peak_mb
from optimizer.hour_problem import HourProblem

LEFT_OUT = 0.01
"""Ranks are modelled until the chance that all units so far are busy is at most this."""

BUILD_LIMIT_S = 300.0
GRACE_S = 60.0
"""How much longer than it may a solve goes on until it is ended from outside."""

MEMORY_LIMIT_MB = 8_192

Message = TypeVar("Message")


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer made of an hour.

    `units[place]` is None when it found no allocation, `bound` (no allocation of the problem is
    worth more) is None when it proved none. Times in seconds; `peak_mb` of its own process.
    """

    units: NDArray[np.int64] | None
    bound: float | None
    status: str
    build_s: float
    solve_s: float
    peak_mb: float


@dataclass(frozen=True)
class PlainModel:
    """The model, its variables `units[place]`, and the value beyond the modelled ranks."""

    model: mathopt.Model
    units: list[mathopt.Variable]
    left_out: float


def naive_allocation(
    problem: HourProblem,
    seconds: float,
    *,
    build_limit_s: float = BUILD_LIMIT_S,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
) -> PeerAnswer:
    """Solve an hour with the plain model for at most `seconds`, in a process of its own.

    The process is ended when building takes longer than `build_limit_s` or needs more memory
    than `memory_limit_mb`; the status of the answer then says so.

    Raises
    ------
    ValueError
        When the hour has a second unit or units that stand already: the model knows neither.
    """
    if problem.backup.any() or problem.move_cost > 0:
        raise ValueError("the plain model knows neither a second unit nor the cost of moves")
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_work, args=(far, problem, seconds, memory_limit_mb), daemon=True)
    child.start()
    far.close()
    began, build_s = perf_counter(), None
    try:
        build_s = _receive(near, build_limit_s, float)
        return _receive(near, seconds + GRACE_S, PeerAnswer)
    except _EndedEarlyError as end:
        reason = str(end)
    finally:
        child.kill()
        child.join()
        near.close()
    spent_s = perf_counter() - began
    if build_s is None:
        return _no_answer(f"not built: {reason}", spent_s, 0.0)
    return _no_answer(f"not solved: {reason}", build_s, spent_s - build_s)


class _EndedEarlyError(Exception):
    """The process of the peer gave no answer; says why."""


def _receive(near: Connection, seconds: float, kind: type[Message]) -> Message:
    if not near.poll(seconds):
        raise _EndedEarlyError(f"no answer within {seconds:g} s")
    try:
        message = near.recv()
    except EOFError:
        raise _EndedEarlyError("the process broke off, most likely out of memory") from None
    if not isinstance(message, kind):
        raise _EndedEarlyError(str(message))
    return message


def _no_answer(status: str, build_s: float, solve_s: float) -> PeerAnswer:
    """An answer without allocation; the memory is that of the largest child so far."""
    per_mb = 2**20 if sys.platform == "darwin" else 2**10
    peak = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / per_mb, 1)
    return PeerAnswer(None, None, status, round(build_s, 3), round(solve_s, 3), peak)


def _work(far: Connection, problem: HourProblem, seconds: float, memory_limit_mb: int) -> None:
    """Build and solve within the memory limit; send the build time, then the answer."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_mb * 2**20,) * 2)
    try:
        began = perf_counter()
        plain = plain_model(problem)
        build_s = round(perf_counter() - began, 3)
        far.send(build_s)
        far.send(solve_plain(plain, build_s, seconds))
    except MemoryError:
        far.send(f"more than {memory_limit_mb} MB of memory")


def plain_model(problem: HourProblem) -> PlainModel:
    """Model an hour with one variable per place and one per cell, response bin and rank.

    A unit of rank k adds `(1 - busy) busy^(k - 1)` of the gain. Ranks beyond the last one are
    left out, as they are in practice; `left_out` is the most they could add.
    """
    model = mathopt.Model(name="one hour")
    units = [
        model.add_integer_variable(lb=int(low), ub=int(min(cap, problem.total)), name=f"units_{p}")
        for p, (low, cap) in enumerate(zip(problem.place_min, problem.place_cap, strict=True))
    ]
    for group in range(problem.n_groups):
        held = mathopt.fast_sum([units[p] for p in np.flatnonzero(problem.group == group)])
        model.add_linear_constraint(held >= int(problem.group_min[group]))
        model.add_linear_constraint(held <= int(problem.group_max[group]))
    model.add_linear_constraint(mathopt.fast_sum(units) == problem.total)
    ranks = ranks_needed(problem)
    terms = []
    for cell, near in enumerate(places_by_bin(problem)):
        busy = float(problem.busy[cell])
        within: list[mathopt.Variable] = []
        for b in range(problem.n_bins):
            within += [units[place] for place in near.get(b, [])]
            gain = float(problem.gain[cell, b])
            if gain == 0.0 or not within:
                continue
            arrived = [
                model.add_variable(lb=0.0, ub=1.0, name=f"arrived_{cell}_{b}_{rank}")
                for rank in range(ranks)
            ]
            model.add_linear_constraint(mathopt.fast_sum(arrived) <= mathopt.fast_sum(within))
            terms += [gain * (1.0 - busy) * busy**k * z for k, z in enumerate(arrived)]
    model.maximize(mathopt.fast_sum(terms))
    left_out = float((problem.gain * problem.busy[:, np.newaxis] ** ranks).sum())
    return PlainModel(model, units, left_out if ranks < problem.total else 0.0)


def ranks_needed(problem: HourProblem) -> int:
    """Units of a cell that the plain model tells apart."""
    busy = float(problem.busy.max(initial=0.0))
    ranks, left = 1, busy
    while left > LEFT_OUT and ranks < problem.total:
        ranks, left = ranks + 1, left * busy
    return ranks


def places_by_bin(problem: HourProblem) -> list[dict[int, list[int]]]:
    """For each cell the places that reach it, by response bin."""
    near: list[dict[int, list[int]]] = [{} for _ in range(problem.n_cells)]
    for place in range(problem.n_places):
        for k in range(problem.indptr[place], problem.indptr[place + 1]):
            near[problem.cell[k]].setdefault(int(problem.bin[k]), []).append(place)
    return near


def solve_plain(plain: PlainModel, build_s: float, seconds: float) -> PeerAnswer:
    """Solve the model for at most `seconds`; its bound is made valid for all ranks."""
    began = perf_counter()
    result: Any = mathopt.solve(
        plain.model,
        mathopt.SolverType.HIGHS,
        params=mathopt.SolveParameters(time_limit=timedelta(seconds=seconds)),
    )
    solve_s = round(perf_counter() - began, 3)
    found = result.has_primal_feasible_solution()
    units = np.rint(result.variable_values(plain.units)).astype(np.int64) if found else None
    bound = result.best_objective_bound() + plain.left_out
    status = result.termination.reason.name.lower()
    proven = bound if np.isfinite(bound) else None
    return PeerAnswer(units, proven, status, build_s, solve_s, peak_mb())
