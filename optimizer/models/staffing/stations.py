"""District totals split over stations, whole officers and all labour rules kept."""

import numpy as np
from numpy.typing import NDArray

from optimizer.models.staffing.apportion import apportion
from optimizer.models.staffing.districts import KINDS
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.staffing_input import StaffingProblem

WHOLE = 1e-6


def split_over_stations(
    problem: StaffingProblem, limits: ShiftLimits, target: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Officers `[station, force, instance]` close to `target[district, kind, force, instance]`.

    Totals are rounded within the district's limits, then shared out in proportion to
    head-counts, stations first up to their minimum presence. What no home may work any more
    under its own limits is dropped, so the rules always hold.
    """
    shape = (problem.n_stations, len(problem.force.types), len(problem.instances))
    officers = np.zeros(shape, dtype=np.int64)
    caps = limits.district_caps(problem.district_headcount())
    for district in range(problem.n_districts):
        homes = problem.stations_of(district)
        for force in range(shape[1]):
            if target[district, :, force].max(initial=0.0) <= WHOLE:
                continue
            total = whole_totals(limits, target[district, :, force], caps[district, force])
            for kind, name in enumerate(KINDS):
                members = np.array(
                    [home for home in homes if problem.station_kind[home] == name], dtype=np.int64
                )
                officers[members, force] = share_out(
                    limits,
                    total[kind],
                    problem.force.headcount[members, force],
                    problem.rules.min_presence if problem.force.types[force].respond else 0,
                )
    return officers


def whole_totals(
    limits: ShiftLimits, target: NDArray[np.float64], cap: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Round `target[kind, instance]`: down, then up by largest fraction while `cap[row]` holds."""
    whole = np.floor(target + WHOLE).astype(np.int64)
    fraction = target - whole
    used = limits.pattern @ whole.sum(axis=0)
    for flat in np.argsort(-fraction, axis=None, kind="stable"):
        kind, instance = divmod(int(flat), target.shape[1])
        if fraction[kind, instance] <= WHOLE:
            break
        more = used + limits.pattern[:, instance]
        if (more <= cap).all():
            whole[kind, instance] += 1
            used = more
    return whole


def share_out(
    limits: ShiftLimits,
    total: NDArray[np.int64],
    headcount: NDArray[np.int64],
    presence: int,
) -> NDArray[np.int64]:
    """Officers `[home, instance]` that sum to `total[instance]` where the homes' limits allow.

    Each home owes its quota of all shifts so far; largest remainders are paid first, so that
    a home that was rounded up once is rounded down the next time.
    """
    officers = np.zeros((len(headcount), len(total)), dtype=np.int64)
    manned = headcount > 0
    if not manned.any():
        return officers
    caps = limits.station_caps(headcount)
    used = np.zeros_like(caps)
    owed = np.zeros(len(headcount))
    for instance in np.nonzero(total)[0]:
        rows = limits.pattern[:, instance] == 1
        free = np.minimum(headcount, (caps - used)[:, rows].min(axis=1))
        base = min(float(presence), total[instance] / manned.sum()) * manned
        owed += base + (total[instance] - base.sum()) * headcount / headcount.sum()
        given = apportion(int(total[instance]), np.maximum(owed, 0.0), np.maximum(free, 0))
        officers[:, instance] = given
        owed -= given
        used[:, rows] += given[:, None]
    return officers
