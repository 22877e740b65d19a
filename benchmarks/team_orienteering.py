"""Published orienteering instances (Tsiligirides 1984; Chao, Golden, Wasil 1996), with a bound."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.record import Instance, Record, peak_mb
from geodata.faults import FaultLog
from optimizer.judges.route_rules import route_score, route_violations
from optimizer.models.visits.orienteering import RouteOptions, solve_routes
from optimizer.visit_routes import RoutePlan, RouteProblem, team_problem

HEAD = ("n", "m", "tmax")
"""First words of the first lines of a file with several routes."""

RECALLED = "FROM MEMORY"
"""Mark of a known value that was recalled and not read."""

SAME = 1e-6
"""Scores that differ by less are equal."""


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the score recomputed from the routes by the judge.

    The reading of the file and the compilation of the kernels count as building. Routes that
    broke a rule would have no value.
    """
    problem, build_s = timed(lambda: _read_and_warm_up(instance.files[0]))
    plan, solve_s = timed(lambda: solve_routes(problem, RouteOptions(seconds=seconds)))
    broken = route_violations(problem, plan)
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=None if broken else route_score(problem, plan.routes),
        bound=plan.bound,
        known=instance.known,
        status="rules broken" if broken else status_of(instance, plan),
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def status_of(instance: Instance, plan: RoutePlan) -> str:
    """How the solve ended, and what it says about the known value where that was recalled."""
    parts = [plan.status.value]
    recalled = RECALLED in instance.known_status
    if instance.known > plan.bound + SAME:
        parts.append("known value above the proven bound")
    elif plan.score > instance.known + SAME:
        parts.append("better than known")
    elif plan.bound <= instance.known + SAME and recalled:
        parts.append("recalled value cannot be beaten")
    if recalled:
        parts.append("known value from memory")
    return "; ".join(parts)


def _read_and_warm_up(path: Path) -> RouteProblem:
    line = np.arange(6.0)
    tiny = team_problem(line, np.zeros(6), np.ones(6), (0, 5), 1, 20.0)
    solve_routes(tiny, RouteOptions(starts=1, steps=1, bound_rounds=2))
    return read_orienteering(path)


def read_orienteering(path: Path) -> RouteProblem:
    """A problem from its text file: of a team (`n`, `m`, `tmax`, points) or of one route.

    The file of one route has its limit and number of routes in the first line and the end as
    the second point; that of a team has the end as the last one. The start is the first point.

    Raises
    ------
    BadInput
        When a line cannot be read, with every such line, or there are too few points.
    """
    log = FaultLog()
    lines = path.read_text("utf-8").split("\n")
    rows = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    is_team = bool(rows) and rows[0][1][0] == HEAD[0]
    head = [_head(path, row, log) for row in rows[:3]] if is_team else []
    table = _numbers(path, rows[3:] if is_team else rows[1:], 3, log)
    budget = _numbers(path, rows[:1], 2, log) if not is_team else np.zeros((1, 2))
    if len(table) < 2:
        log.add(path.name, "too few points", expected="a start and an end", remedy="Add them.")
    log.raise_if_any()
    limit, routes = (head[2], head[1]) if is_team else budget[0].tolist()
    ends = (0, len(table) - 1) if is_team else (0, 1)
    return team_problem(table[:, 0], table[:, 1], table[:, 2], ends, int(routes), limit)


def _head(path: Path, row: tuple[int, list[str]], log: FaultLog) -> float:
    """The number of one of the first lines, which begins with its name."""
    number, fields = row
    if fields[0] not in HEAD or len(fields) != 2:
        _unreadable(path, row, f"one of {', '.join(HEAD)} and a number", log)
        return 0.0
    return float(_numbers(path, [(number, fields[1:])], 1, log).sum())


def _numbers(
    path: Path, rows: list[tuple[int, list[str]]], width: int, log: FaultLog
) -> NDArray[np.float64]:
    """Rows of `width` finite numbers that are not negative where they are the last of a row."""
    found = []
    for row in rows:
        try:
            values = [float(field) for field in row[1]]
        except ValueError:
            values = []
        if len(values) != width or not np.isfinite(values).all() or values[-1] < 0:
            _unreadable(path, row, f"{width} numbers, the last not negative", log)
        else:
            found.append(values)
    return np.array(found, dtype=np.float64).reshape(-1, width)


def _unreadable(path: Path, row: tuple[int, list[str]], expected: str, log: FaultLog) -> None:
    log.add(
        path.name,
        f"line {row[0]} cannot be read",
        expected=expected,
        remedy="Correct the line.",
        value=" ".join(row[1]),
    )
