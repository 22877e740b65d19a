"""What officers on the street of a district do: answer calls, man posts, make visits.

Relief at fixed posts is a rule by counting. Whoever's block of posts ends takes on no other for
`post_relief_h` hours. Blocks with the relief that follows them are intervals in time; interval
graphs are perfect, so they can be given to people one by one, in order of start, to whoever is
free, if those on the street are at no moment fewer than the blocks and reliefs that overlap. It
is enough to look at the hours in which the district has posts. A shift may end within a block:
somebody free takes over, stands for less than the block and is relieved with it.

Those whose shift ends with the block go home and need no relief at hand, but only if it is they
who stood. So they are counted as such: they start the block, which their shift covers, rested,
and are taken out of the count `post_relief_h` hours before it. Without that a count of those who
went home is not enough. Ten whose shift ends at 12:00 stood from 06:00 to 10:00, ten others, who
came at 08:00, until 12:00, and a block from 11:00 to 15:00 falls to the first ten. At noon they
leave it to people who have just been relieved, although ten standing and ten relieved are no
more than ten on the street and ten gone home.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.loan_times import loan_times
from optimizer.judges.staffing_value import officers_at_home, officers_on_street
from optimizer.models.solver import Index, LinearModel
from optimizer.models.staffing.apportion import ROUNDING
from optimizer.models.staffing.value_curves import ValueCurve
from optimizer.plan import Roster
from optimizer.requirement import PostNeed
from optimizer.staffing_input import StaffingProblem


@dataclass(frozen=True)
class SupplyRows:
    """Rows `[force, column]` (-1 where there is none): at most `share[force]` of the supply."""

    rows: Index
    share: NDArray[np.float64]

    def price(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """What one officer more in the supply adds through these rows, `[force, column]`."""
        found = np.where(self.rows >= 0, prices[self.rows], 0.0) * self.share[:, None]
        return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class StreetColumns:
    """Columns and rows of one district.

    `units[type, hour]`, `visits[force, hour]`, `fills[post, force]` and those of them who go home
    after the block, `homeward[post, force]`, are columns (-1 where there is none), posts in the
    order of `posts` (indices into the requirement). `supplied` are the rows that the supply
    fills: those in use, those on posts or relieved, supervisors, and those who go home.
    """

    posts: tuple[int, ...]
    units: Index
    visits: Index
    fills: Index
    homeward: Index
    supplied: tuple[SupplyRows, ...]

    def price(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """What one officer more in the supply adds, `[force, column]`, from the rows' prices."""
        every = [supply.price(prices) for supply in self.supplied]
        return np.asarray(np.sum(every, axis=0), dtype=np.float64)


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
    """Add one district's use of its `supply[force, column]` to a model.

    Columns are the hours, with the officers on the street, then `leaving_windows`, with those of
    them who go home. Leaders are counted in whole people when `integer`.
    `sworn_on_support` is the price of an officer-hour of a sworn officer on a support post,
    which an auxiliary or the armed police could man.
    """
    use = supply_rows(model, supply, np.arange(supply.shape[1]) < problem.horizon_hours)
    on_street = use[:, : problem.horizon_hours]
    pairs = model.add_rows(-np.inf, 0.0, (problem.horizon_hours,))
    sign = np.where(problem.may("sworn"), -1.0, 1.0)
    units = require_whole_crews(model, problem, curves, district, on_street, integer=integer)
    visits = offer_visits(model, problem, district, on_street)
    model.add_entries(pairs, visits, sign[:, None])
    posts = tuple(i for i, p in enumerate(problem.requirement.posts) if p.district == district)
    fills = np.full((len(posts), len(problem.force.types)), -1, dtype=np.int64)
    for row, post in enumerate(posts):
        need = problem.requirement.posts[post]
        hours = post_hours(need, problem.horizon_hours)
        fills[row] = offer_post(
            model, problem, need, on_street[:, hours], sworn_on_support, integer=integer
        )
        model.add_entries(pairs[hours][:, None], fills[row], sign)
    needs = [problem.requirement.posts[post] for post in posts]
    homeward = offer_way_home(model, problem, needs, fills, integer=integer)
    everyone = np.ones(len(use))
    supplied = (
        SupplyRows(use, everyone),
        SupplyRows(require_relief(model, problem, needs, fills, homeward, supply), everyone),
        SupplyRows(require_leaving(model, problem, needs, homeward, supply), everyone),
        require_leaders(model, problem, needs, fills, supply, integer=integer),
    )
    return StreetColumns(posts, units, visits, fills, homeward, supplied)


def supply_rows(model: LinearModel, supply: NDArray[np.float64], which: NDArray[np.bool_]) -> Index:
    """Rows of at most the supply in some of its columns, -1 in the others."""
    rows = np.full(supply.shape, -1, dtype=np.int64)
    rows[:, which] = model.add_rows(-np.inf, supply[:, which], (len(supply), int(which.sum())))
    return rows


def leaving_windows(problem: StaffingProblem) -> tuple[tuple[int, int], ...]:
    """Ends of blocks with which shifts end, and the start of a block before which these began.

    Officers on loan end their time on the street when they travel back.
    """
    if not problem.rules.post_relief_h:
        return ()
    blocks = {
        (need.to_hour, need.from_hour)
        for need in problem.requirement.posts
        if 0 < need.to_hour < problem.horizon_hours
    }
    spans = {(one.start_h, one.end_h) for one in problem.instances} | set(problem.ways.spans)
    for loan in problem.agreed:
        way = (loan.from_district, loan.to_district, loan.instance)
        spans.add((int(problem.ways.on_h[way]), int(problem.ways.off_h[way])))
    first: dict[int, int] = {}
    for on, off in spans:
        first[off] = min(on, first.get(off, on))
    return tuple(sorted(one for one in blocks if first.get(one[0], one[1] + 1) <= one[1]))


def leaving_shares(problem: StaffingProblem) -> NDArray[np.float64]:
    """Part of a shift's officers on the street who go home, `[instance, window]`."""
    windows = leaving_windows(problem)
    found = np.zeros((len(problem.instances), len(windows)))
    for row, one in enumerate(problem.instances):
        found[row] = one.shift.street_share * leaving_share(windows, one.start_h, one.end_h)
    return found


def leaving_share(
    windows: tuple[tuple[int, int], ...], on_h: int, off_h: int
) -> NDArray[np.float64]:
    """1 for the windows with whose blocks those on the street in hours [on_h, off_h) leave it."""
    return np.array([float(off_h == end and on_h <= start) for end, start in windows])


def street_supply(problem: StaffingProblem, roster: Roster) -> NDArray[np.float64]:
    """Whole officers of a roster on the street, `[district, force, column]` of `add_street`."""
    leaving = officers_at_home(problem, roster) @ leaving_shares(problem)
    windows = leaving_windows(problem)
    for loan in roster.loans:
        times, share = (
            loan_times(problem, loan),
            problem.instances[loan.instance].shift.street_share,
        )
        back = leaving_share(windows, times.on_h, times.off_h)
        force = problem.force.index(loan.force_id)
        leaving[loan.to_district, force] += share * loan.officers * back
    found = np.floor(leaving + ROUNDING)
    return np.concatenate([officers_on_street(problem, roster), found], axis=2)


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
    if need.role != "support":
        eligible = eligible & problem.may("sworn")
    if need.role == "supervisor":
        eligible = eligible & (leader_shares(problem) > 0.0)
    if need.force_ids:
        eligible = eligible & np.isin(problem.force.ids, need.force_ids)
    hours = use.shape[1]
    if eligible.any() and hours and need.required:
        price = sworn_on_support * problem.may("sworn") * (need.role == "support")
        cost = (price - problem.post_penalty[need.priority]) * hours
        shape = (int(eligible.sum()),)
        columns[eligible] = model.add_columns(need.required, cost[eligible], shape, integer=integer)
        model.add_entries(use, columns[:, None], 1.0)
        model.add_entries(model.add_rows(0.0, need.required, (1,)), columns, 1.0)
        if integer and need.crew > 1:
            crews = model.add_columns(need.required // need.crew, 0.0, (1,), integer=True)
            whole = model.add_rows(0.0, 0.0, (1,))
            model.add_entries(whole, columns, 1.0)
            model.add_entries(whole, crews, -need.crew)
    return columns


def leader_shares(problem: StaffingProblem) -> NDArray[np.float64]:
    """Part of the officers of each force who may lead, `[force]`."""
    return np.array([kind.leader_share for kind in problem.force.types])


def offer_way_home(
    model: LinearModel,
    problem: StaffingProblem,
    needs: list[PostNeed],
    fills: Index,
    *,
    integer: bool,
) -> Index:
    """Officers of a block who go home after it, `[post, force]`: at most those who man it."""
    windows = leaving_windows(problem)
    homeward = np.full(fills.shape, -1, dtype=np.int64)
    for row, need in enumerate(needs):
        manned = fills[row] >= 0
        if manned.any() and (need.to_hour, need.from_hour) in windows:
            shape = (int(manned.sum()),)
            homeward[row, manned] = model.add_columns(need.required, 0.0, shape, integer=integer)
            part = model.add_rows(-np.inf, 0.0, shape)
            model.add_entries(part, homeward[row, manned], 1.0)
            model.add_entries(part, fills[row, manned], -1.0)
    return homeward


def require_relief(
    model: LinearModel,
    problem: StaffingProblem,
    needs: list[PostNeed],
    fills: Index,
    homeward: Index,
    supply: NDArray[np.float64],
) -> Index:
    """Those on posts, relieved or kept for their last block are different people on the street."""
    hour, relief_h = np.arange(supply.shape[1]), problem.rules.post_relief_h
    spans = np.array([(n.from_hour, n.to_hour) for n in needs], dtype=np.int64).reshape(-1, 2, 1)
    begins, ends = spans[:, 0], spans[:, 1]
    inside = hour < problem.horizon_hours
    standing = (begins <= hour) & (hour < ends) & inside
    relieved = (ends <= hour) & (hour < ends + relief_h) & inside
    before = (begins - relief_h <= hour) & (hour < begins) & inside
    before &= np.any(homeward >= 0, axis=1)[:, None]
    which = np.asarray(np.any(standing, axis=0) & np.any(relieved | before, axis=0))
    rows = supply_rows(model, supply, which)
    for row in range(len(needs)):
        tied = (standing[row] | relieved[row]) & which
        model.add_entries(rows[:, tied], fills[row][:, None], 1.0)
        model.add_entries(rows[:, relieved[row] & which], homeward[row][:, None], -1.0)
        model.add_entries(rows[:, before[row] & which], homeward[row][:, None], 1.0)
    return rows


def require_leaving(
    model: LinearModel,
    problem: StaffingProblem,
    needs: list[PostNeed],
    homeward: Index,
    supply: NDArray[np.float64],
) -> Index:
    """Those who go home after a block are officers whose shift covers it and ends with it.

    It is enough to look at the blocks with one end that begin up to each of their starts: the
    shifts that cover an early one also cover the later ones.
    """
    windows = leaving_windows(problem)
    some = np.asarray(np.any(homeward >= 0, axis=1))
    own = {(n.to_hour, n.from_hour) for n, is_open in zip(needs, some, strict=True) if is_open}
    which = np.zeros(supply.shape[1], dtype=np.bool_)
    which[problem.horizon_hours :] = [window in own for window in windows]
    rows = supply_rows(model, supply, which)
    for column, (end, start) in enumerate(windows, start=problem.horizon_hours):
        for row, need in enumerate(needs):
            if which[column] and need.to_hour == end and need.from_hour <= start:
                model.add_entries(rows[:, column], homeward[row], 1.0)
    return rows


def require_leaders(
    model: LinearModel,
    problem: StaffingProblem,
    needs: list[PostNeed],
    fills: Index,
    supply: NDArray[np.float64],
    *,
    integer: bool,
) -> SupplyRows:
    """Supervisors on posts are among the leaders of their force who are on the street."""
    share = leader_shares(problem)
    led = np.zeros(supply.shape[1], dtype=np.bool_)
    for need in needs:
        if need.role == "supervisor":
            led[post_hours(need, problem.horizon_hours)] = True
    leaders = share[:, None] * supply
    rows = supply_rows(model, np.floor(leaders + ROUNDING) if integer else leaders, led)
    for need, columns in zip(needs, fills, strict=True):
        if need.role == "supervisor":
            hours = post_hours(need, problem.horizon_hours)
            model.add_entries(rows[:, hours], columns[:, None], 1.0)
    return SupplyRows(rows, share)
