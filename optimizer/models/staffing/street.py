"""What officers on the street of a district do: answer calls, man posts, make visits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel
from optimizer.models.staffing.value_curves import ValueCurve
from optimizer.requirement import PostNeed
from optimizer.staffing_input import StaffingProblem


@dataclass(frozen=True)
class StreetColumns:
    """Columns and rows of one district.

    `units[type, hour]`, `visits[force, hour]` and `fills[post, force]` are columns (-1 where
    there is none), posts in the order of `posts` (indices into the requirement).
    `use[force, hour]` are rows: officers in use, at most those on the street.
    """

    posts: tuple[int, ...]
    units: Index
    visits: Index
    fills: Index
    use: Index


def add_street(
    model: LinearModel,
    problem: StaffingProblem,
    curves: dict[str, ValueCurve],
    district: int,
    supply: NDArray[np.float64],
    *,
    integer: bool,
    sworn_on_support: float = 0.0,
) -> StreetColumns:
    """Add one district's use of `supply[force, hour]` officers on the street to a model.

    `sworn_on_support` is the price of an officer-hour of a sworn officer on a support post,
    which an auxiliary or the armed police could man.
    """
    use = model.add_rows(-np.inf, supply, supply.shape)
    pairs = model.add_rows(-np.inf, 0.0, (problem.horizon_hours,))
    sign = np.where(problem.may("sworn"), -1.0, 1.0)
    units = require_whole_crews(model, problem, curves, district, use, integer=integer)
    visits = offer_visits(model, problem, district, use)
    model.add_entries(pairs, visits, sign[:, None])
    posts = tuple(i for i, p in enumerate(problem.requirement.posts) if p.district == district)
    fills = np.full((len(posts), len(problem.force.types)), -1, dtype=np.int64)
    for row, post in enumerate(posts):
        need = problem.requirement.posts[post]
        hours = post_hours(need, problem.horizon_hours)
        fills[row] = offer_post(
            model, problem, need, use[:, hours], sworn_on_support, integer=integer
        )
        model.add_entries(pairs[hours][:, None], fills[row], sign)
    return StreetColumns(posts, units, visits, fills, use)


def post_hours(need: PostNeed, horizon_hours: int) -> slice:
    """Hours of the horizon that a block of posts covers."""
    return slice(max(need.from_hour, 0), max(min(need.to_hour, horizon_hours), 0))


def require_whole_crews(
    model: LinearModel,
    problem: StaffingProblem,
    curves: dict[str, ValueCurve],
    district: int,
    use: Index,
    *,
    integer: bool,
) -> Index:
    """Units of each type, valued by their curve; a unit takes its whole crew. `[type, hour]`."""
    hours = problem.horizon_hours
    columns = np.full((len(problem.force.unit_types), hours), -1, dtype=np.int64)
    for row, kind in enumerate(problem.force.unit_types):
        if kind.unit_type not in curves:
            continue
        curve = curves[kind.unit_type]
        pieces = (hours, len(curve.length))
        most = int(curve.length.sum())
        columns[row] = model.add_columns(most, 0.0, (hours,), integer=integer)
        piece = model.add_columns(curve.length, -curve.slope[district], pieces)
        sums = model.add_rows(0.0, 0.0, (hours,))
        model.add_entries(sums, columns[row], -1.0)
        model.add_entries(sums[:, None], piece, 1.0)
        model.add_entries(use[problem.force.index(kind.force_id)], columns[row], kind.officers)
    return columns


def offer_visits(model: LinearModel, problem: StaffingProblem, district: int, use: Index) -> Index:
    """Officers of patrolling forces on must-visit rounds, at most those asked for."""
    asked = problem.requirement.visit_officers[district]
    patrols = np.nonzero(problem.may("patrol"))[0]
    columns = np.full(use.shape, -1, dtype=np.int64)
    if asked.any() and len(patrols):
        shape = (len(patrols), problem.horizon_hours)
        columns[patrols] = model.add_columns(asked, -problem.visit_penalty, shape)
        model.add_entries(use, columns, 1.0)
        model.add_entries(model.add_rows(0.0, asked, asked.shape), columns, 1.0)
    return columns


def offer_post(
    model: LinearModel,
    problem: StaffingProblem,
    need: PostNeed,
    use: Index,
    sworn_on_support: float,
    *,
    integer: bool,
) -> Index:
    """Officers of each force on one block of posts, `[force]`; `use[force, hour]` its hours."""
    columns = np.full(len(use), -1, dtype=np.int64)
    eligible = problem.may("post")
    if need.role == "police":
        eligible = eligible & problem.may("sworn")
    hours = use.shape[1]
    if eligible.any() and hours and need.required:
        price = sworn_on_support * problem.may("sworn") * (need.role == "support")
        cost = (price - problem.post_penalty[need.priority]) * hours
        shape = (int(eligible.sum()),)
        columns[eligible] = model.add_columns(need.required, cost[eligible], shape, integer=integer)
        model.add_entries(use, columns[:, None], 1.0)
        model.add_entries(model.add_rows(0.0, need.required, (1,)), columns, 1.0)
    return columns
