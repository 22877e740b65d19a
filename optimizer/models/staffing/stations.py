"""District totals split over stations, whole officers and all labour rules kept."""

import numpy as np
from numpy.typing import NDArray

from optimizer.hours import side_by_side
from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.districts import KINDS
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.models.staffing.station_model import SplitPrices, parts_by_model
from optimizer.models.staffing.totals import WHOLE, district_totals
from optimizer.staffing_input import StaffingProblem

FRACTION = 1e-3
"""Claim of a home with no fraction left: it gets more only when nobody else has room."""


def split_over_stations(
    problem: StaffingProblem,
    limits: ShiftLimits,
    target: NDArray[np.float64],
    worth: NDArray[np.float64],
    lent: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Officers `[station, team, instance]` close to `target[district, kind, team, instance]`.

    Totals are rounded within the district's limits, so that `lent[district, force, instance]` can
    be spared, then shared out in proportion to head-counts, stations first up to their minimum
    presence. What no home may work any more under its own limits is dropped, so the rules always
    hold; `worth[district, force, instance]` is what an officer dropped from a shift costs.
    """
    home_caps = limits.teams.station_caps(), limits.forces.station_caps()

    def split(district: int) -> NDArray[np.int64]:
        found = np.zeros(
            (problem.n_stations, len(problem.teams.teams), len(problem.instances)), dtype=np.int64
        )
        totals = district_totals(problem, limits, district, target[district], lent[district])
        for force in range(len(problem.force.types)):
            total = totals[:, problem.teams.of_force(force)]
            if total.any():
                prices = SplitPrices(worth[district, force], problem.presence_penalty)
                _share_district(problem, limits, district, force, total, home_caps, prices, found)
        return found

    districts = side_by_side(split, problem.n_districts)
    return np.asarray(np.sum(districts, axis=0), dtype=np.int64)


def _share_district(
    problem: StaffingProblem,
    limits: ShiftLimits,
    district: int,
    force: int,
    total: NDArray[np.int64],
    home_caps: tuple[NDArray[np.float64], NDArray[np.float64]],
    prices: SplitPrices,
    officers: NDArray[np.int64],
) -> None:
    """Enter the homes' parts of `total[kind, team, instance]` of a force into `officers`."""
    homes, teams = problem.stations_of(district), problem.teams.of_force(force)
    presence = problem.rules.min_presence if problem.force.types[force].respond else 0
    kinds = np.array([KINDS.index(problem.station_kind[home]) for home in homes])
    for row, kind in enumerate(KINDS):
        members = homes[kinds == row]
        at = np.ix_(members, teams)
        least = presence if kind == "station" else 0
        terms = (
            total[row],
            problem.teams.headcount[at],
            home_caps[0][at],
            home_caps[1][members, force],
            least,
        )
        given = share_out(limits, *terms)
        if _wanting(limits, given, total[row], least):
            parts = parts_by_model(limits, *terms, prices)
            tried = [
                given,
                share_out(limits, *terms, parts=parts),
                share_out(limits, *terms, scarce_first=True),
                share_out(limits, *terms, parts=parts, scarce_first=True),
            ]
            given = _best(limits, tried, least, prices)
        officers[at] = given


def _wanting(
    limits: ShiftLimits, given: NDArray[np.int64], total: NDArray[np.int64], presence: int
) -> bool:
    """Whether officers were dropped or a home is short of presence."""
    dropped = bool((given.sum(axis=0) < total).any())
    return dropped or bool((_present(limits, given) < presence).any())


def _best(
    limits: ShiftLimits,
    tried: list[NDArray[np.int64]],
    presence: int,
    prices: SplitPrices,
) -> NDArray[np.int64]:
    """The split that costs least: presence that is short, less what those given out are worth."""

    def cost(given: NDArray[np.int64]) -> float:
        short = np.maximum(presence - _present(limits, given), 0).sum()
        return float(prices.presence * short - given.sum(axis=(0, 1)) @ prices.worth)

    return min(tried, key=cost)


def _present(limits: ShiftLimits, given: NDArray[np.int64]) -> NDArray[np.int64]:
    """Officers on duty at every home and hour."""
    return np.asarray(given.sum(axis=1) @ limits.active.astype(np.int64))


def share_out(
    limits: ShiftLimits,
    total: NDArray[np.int64],
    headcount: NDArray[np.int64],
    team_cap: NDArray[np.float64],
    force_cap: NDArray[np.float64],
    presence: int,
    *,
    parts: NDArray[np.float64] | None = None,
    scarce_first: bool = False,
) -> NDArray[np.int64]:
    """Officers `[home, team, instance]` that sum to `total[team, instance]` where limits allow.

    `headcount[home, team]`, `team_cap[home, team, row]` and `force_cap[home, row]` are those of
    one force. Each home owes its quota of all shifts so far; largest remainders are paid first,
    so that a home that was rounded up once is rounded down the next time. With `parts` each home
    gets its part of a shift, and its fraction decides who is rounded up.

    Shifts are shared out in order of start, or with `scarce_first` those of hours with the fewest
    on duty before the others: what homes have no room for is then left out where more remain.
    """
    officers = np.zeros((*headcount.shape, total.shape[1]), dtype=np.int64)
    left_team, left_force = team_cap.copy(), force_cap.copy()
    owed = np.zeros(headcount.shape)
    for instance in _scarce_first(limits, total) if scarce_first else _used(total):
        rows = limits.teams.pattern[:, instance]
        of_all = limits.forces.pattern[:, instance]
        for team in np.nonzero(total[:, instance])[0]:
            if not headcount[:, team].any():
                continue
            room = np.minimum(_room(left_team[:, team], rows), _room(left_force, of_all))
            most = room.clip(0, headcount[:, team]).astype(np.int64)
            wanted = int(total[team, instance])
            if parts is None:
                owed[:, team] += _quota(wanted, headcount[:, team], presence)
                given = apportion(wanted, np.maximum(owed[:, team], 0.0), most)
                owed[:, team] -= given
            else:
                given = _near_parts(wanted, parts[:, team, instance], most)
            officers[:, team, instance] = given
            left_team[:, team] -= given[:, None] * rows
            left_force -= given[:, None] * of_all
    return officers


def _used(total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shifts that somebody works, in order of start."""
    return np.flatnonzero(total.any(axis=0))


def _scarce_first(limits: ShiftLimits, total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shifts that somebody works, by the fewest on duty in one of their hours."""
    used = _used(total)
    on_duty = total.sum(axis=0) @ limits.active.astype(np.int64)
    fewest = np.where(limits.active[used], on_duty, on_duty.max(initial=0)).min(axis=1)
    return np.asarray(used[np.argsort(fewest, kind="stable")])


def _quota(wanted: int, headcount: NDArray[np.int64], presence: int) -> NDArray[np.float64]:
    """Each home's part of a shift: presence first, the rest by head-count."""
    manned = headcount > 0
    base = min(float(presence), wanted / manned.sum()) * manned
    return np.asarray(base + (wanted - base.sum()) * headcount / headcount.sum())


def _near_parts(
    wanted: int, parts: NDArray[np.float64], most: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Whole officers of each home: its part rounded down, what is left by largest fractions."""
    base = np.minimum(np.floor(parts + WHOLE).astype(np.int64), most)
    fraction = np.maximum(parts - base, 0.0) + FRACTION
    more = apportion(max(wanted - int(base.sum()), 0), fraction, most - base)
    return np.asarray(base + more, dtype=np.int64)


def _room(left: NDArray[np.float64], counted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Officers that a shift may still take at every home, from what is `left[home, row]`."""
    times = counted > 0
    if not times.any():
        return np.full(len(left), np.inf)
    return np.asarray(np.floor((left[:, times] / counted[times] + WHOLE).min(axis=1)))
