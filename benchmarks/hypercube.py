"""Hypercube: published systems to six digits, what approximations make of them, and speed.

The published cases stand in `queueing/hypercube_cases.json` with all figures of the exact model.
For each of them the judge of busy units is a second line and, where all units serve alike,
Larson's Q factors a third. Systems drawn at random and large ones follow.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.hypercube_drawn import DRAWN, drawn_line
from benchmarks.hypercube_methods import Judged, SmallSystem, exact, of_busy_units, of_larson
from benchmarks.hypercube_speed import SPEED, speed_line
from benchmarks.location import timed
from benchmarks.queueing_files import (
    CASES,
    Case,
    Figures,
    check_names,
    read_cases,
    told_deviation,
)
from benchmarks.record import Record, peak_mb
from optimizer.judges.hypercube import HypercubeState

FAMILY = "hypercube"

LARSON_ROUNDS = 3
"""Rounds after which Larson and Odoni's book prints the workloads."""


def run(folder: Path, names: Sequence[str]) -> Iterator[Record]:
    """Lines of the published cases, of systems drawn at random, of speed; or only of `names`.

    Raises
    ------
    BadInput
        When the file of cases is missing or faulty, or there is no instance of a name.
    """
    cases = read_cases(folder / CASES)
    check_names(FAMILY, names, [*(case.name for case in cases), *DRAWN, *SPEED])
    warm_up()
    for case in cases:
        if not names or case.name in names:
            yield from case_lines(case)
    for name in DRAWN:
        if not names or name in names:
            yield drawn_line(FAMILY, name)
    for name in SPEED:
        if not names or name in names:
            yield speed_line(FAMILY, name)


def warm_up() -> None:
    """Compile the kernels, so that no instance is charged for it."""
    for line in (False, True):
        tiny = SmallSystem(
            calls_per_h=np.array([0.5, 0.5]),
            order=np.array([[0, 1], [1, 0]]),
            units=np.array([1, 1]),
            services_per_h=np.ones(2),
            travel=np.ones((2, 2)),
            travel_after_wait=1.0,
            line=line,
        )
        exact(tiny)
        of_busy_units(tiny)


def case_lines(case: Case) -> Iterator[Record]:
    """The exact figures against the known ones, then the approximations against the exact."""
    (truth, state), exact_s = timed(lambda: exact(case.system))
    if not state.system.stable:
        yield _line(case, "", truth, "unstable: more calls than all units can serve", exact_s)
        return
    yield _line(case, "", truth, verdict(case, truth, state), exact_s)
    judged, judge_s = timed(lambda: of_busy_units(case.system))
    yield _line(case, "_busy_units", judged, told_error(judged, truth), judge_s)
    if len(set(case.system.services_per_h.tolist())) == 1:
        early = of_larson(case.system, LARSON_ROUNDS)
        settled, larson_s = timed(lambda: of_larson(case.system))
        status = f"{told_error(settled, truth)}; after {LARSON_ROUNDS} rounds {_four(early)}"
        yield _line(case, "_larson_1975", settled, status, larson_s)


def verdict(case: Case, truth: Judged, state: HypercubeState) -> str:
    """Whether every known figure comes out to six digits, and where it does least."""
    found: dict[str, Figures | float] = {
        "p_state": state.chance,
        "p_queue": state.line_chance,
        "p_all_busy": state.all_busy,
        "workload": state.workload,
        "f_nj": state.dispatched,
        "interdistrict_fraction": state.interdistrict,
        "mean_travel_time": truth.mean_travel,
        "T_Q": case.system.travel_after_wait,
        "Lq": state.waiting_calls,
        "Wq": state.wait_h,
    }
    said = told_deviation({name: (found[name], case.known[name]) for name in case.known})
    return (
        f"{said}; workloads {_four(truth)}; not from the first choice {state.interdistrict:.6f}; "
        f"mean travel {truth.mean_travel:.6f}"
    )


def told_error(judged: Judged, truth: Judged) -> str:
    """Error of an approximation against the exact hypercube, and its workloads."""
    error = np.abs(judged.workload - truth.workload)
    misplaced = 0.5 * np.abs(judged.dispatched - truth.dispatched).sum()
    travel = "no travel"
    if truth.mean_travel > 0.0:
        travel = f"mean travel {100.0 * (judged.mean_travel / truth.mean_travel - 1.0):+.2f} %"
    return (
        f"approximation: workload error mean {error.mean():.4f}, largest {error.max():.4f}; "
        f"{travel}; {100.0 * misplaced:.2f} % of dispatches from another place; "
        f"workloads {_four(judged)}"
    )


def _four(judged: Judged) -> str:
    """Workloads as the book prints them."""
    return " ".join(f"{share:.4f}".removeprefix("0") for share in judged.workload)


def _line(case: Case, suffix: str, judged: Judged, status: str, seconds: float) -> Record:
    system = case.system
    known = case.known.get("p_all_busy")
    return Record(
        family=FAMILY,
        instance=case.name + suffix,
        params=f"units={len(system.units)};atoms={len(system.calls_per_h)}"
        f";line={'infinite' if system.line else 'zero'};value=chance that all units are busy",
        value=None if np.isnan(judged.all_busy) else judged.all_busy,
        bound=None,
        known=None if known is None else float(known[0]),
        status=status,
        build_s=0.0,
        solve_s=seconds,
        peak_mb=peak_mb(),
    )
