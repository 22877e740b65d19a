"""The analytic judge: what a deployment gives the city, cell by cell and hour by hour."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.calls import PatrolTerms, call_load, response_cutoff_min
from optimizer.force import Force, UnitType
from optimizer.hours import side_by_side
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, WITHIN_MIN, Evaluation
from optimizer.judges.queueing import BusyUnits, busy_units
from optimizer.plan import Deployment
from optimizer.reach import CellReach, cell_lists

QUANTILE = 0.9


@dataclass
class HourTally:
    """Sums over the calls of one hour while unit types are added up; calls an hour.

    `within[circle, cell]`, `hist[cell, bin]`, `class_hist[class, bin]`; the others `[cell]` or
    `[class]`. `minutes` are call-minutes; `busy` are answered calls times the busy share of the
    place that answers them.
    """

    calls: NDArray[np.float64]
    minutes: NDArray[np.float64]
    covered: NDArray[np.float64]
    within: NDArray[np.float64]
    served: NDArray[np.float64]
    busy: NDArray[np.float64]
    hist: NDArray[np.float64]
    class_calls: NDArray[np.float64]
    class_covered: NDArray[np.float64]
    class_minutes: NDArray[np.float64]
    class_hist: NDArray[np.float64]


@dataclass(frozen=True)
class JudgedType:
    """One type of unit with what the judge derives from it once for all hours."""

    unit_type: UnitType
    units: NDArray[np.int64]
    lists: tuple[CellReach, ...]
    profile_of_hour: NDArray[np.int64]
    answered: NDArray[np.int64]


def evaluate(
    situation: Situation, force: Force, deployment: Deployment, *, terms: PatrolTerms
) -> Evaluation:
    """Expected service of a deployment in every cell and hour.

    Each hour is a steady state of `busy_units`. A call counts as covered when the first unit
    arrives within the target of its class and zone. P90 is rounded up to `HISTOGRAM_MIN`.

    Raises
    ------
    ValueError
        When the deployment does not list the situation's places and hours.
    """
    hours, places = situation.horizon.hours, len(situation.patrol_places)
    shape = (len(deployment.unit_types), places, hours)
    if deployment.units.shape != shape:
        raise ValueError(f"deployment has shape {deployment.units.shape}, expected {shape}")
    by_name = {kind.unit_type: kind for kind in force.unit_types}
    judged = [
        judged_type(situation, by_name[name], deployment.units[number])
        for number, name in enumerate(deployment.unit_types)
    ]
    cutoffs = [response_cutoff_min(situation, kind.unit_type) for kind in judged]
    cutoff = max(cutoffs, default=0.0)
    bins = int(np.ceil(cutoff / HISTOGRAM_MIN)) + 2
    utilisation = np.full(shape, np.nan)

    def figures(hour: int) -> dict[str, NDArray[np.float64]]:
        tally = empty_tally(situation.grid.n_cells, len(situation.classes.ids), bins)
        for number, kind in enumerate(judged):
            state = judge_hour(situation, kind, hour, terms)
            manned = kind.units[:, hour] > 0
            utilisation[number, manned, hour] = state.utilisation[manned]
            unserved_min = cutoffs[number] + terms.penalty_min
            add_to_tally(tally, situation, kind, hour, state, unserved_min)
        return hour_figures(tally, situation)

    tallies = side_by_side(figures, hours)
    table = {name: np.stack([row[name] for row in tallies], axis=-1) for name in tallies[0]}
    for name in ("district_hist", "zone_hist", "class_hist"):
        table[name] = np.moveaxis(table[name], -1, 1)
    return Evaluation(utilisation=utilisation, unserved_min=cutoff + terms.penalty_min, **table)


def judged_type(situation: Situation, unit_type: UnitType, units: NDArray[np.int64]) -> JudgedType:
    """Reach lists and classes of one type of unit, `units[place, hour]`."""
    travel = situation.travel[unit_type.unit_type]
    lists = cell_lists(situation, unit_type)
    answered = situation.classes.answered_by(unit_type.unit_type)
    return JudgedType(unit_type, units, lists, travel.profile_of_hour, answered)


def judge_hour(situation: Situation, kind: JudgedType, hour: int, terms: PatrolTerms) -> BusyUnits:
    """Steady state of one type of unit in one hour."""
    load = call_load(situation, kind.unit_type, hour, terms)
    reach = kind.lists[int(kind.profile_of_hour[hour])]
    return busy_units(reach, kind.units[:, hour], load)


def empty_tally(cells: int, classes: int, bins: int) -> HourTally:
    """Sums over no calls."""
    cell, kind = np.zeros(cells), np.zeros(classes)
    return HourTally(
        calls=cell.copy(),
        minutes=cell.copy(),
        covered=cell.copy(),
        within=np.zeros((len(WITHIN_MIN), cells)),
        served=cell.copy(),
        busy=cell.copy(),
        hist=np.zeros((cells, bins)),
        class_calls=kind.copy(),
        class_covered=kind.copy(),
        class_minutes=kind.copy(),
        class_hist=np.zeros((classes, bins)),
    )


def add_to_tally(
    tally: HourTally,
    situation: Situation,
    kind: JudgedType,
    hour: int,
    state: BusyUnits,
    unserved_min: float,
) -> None:
    """Add the calls that one type of unit answers in one hour."""
    rate = situation.forecast.rate_per_h[:, hour, kind.answered].astype(np.float64)
    target = np.ascontiguousarray(situation.target_min()[:, kind.answered])
    calls = rate.sum(axis=1)
    classes = len(kind.answered)
    class_hist = np.zeros((classes, tally.hist.shape[1]))
    covered = np.zeros((len(calls), classes))
    minutes = np.zeros(len(calls))
    tally_cells(
        state.reach.indptr,
        state.reach.response_min,
        state.utilisation[state.reach.place],
        state.first,
        rate,
        target,
        minutes,
        covered,
        tally.busy,
        tally.within,
        tally.hist,
        class_hist,
    )
    minutes += state.lost * unserved_min
    tally.hist[:, -1] += calls * state.lost
    class_hist[:, -1] += state.lost @ rate
    tally.calls += calls
    tally.minutes += calls * minutes
    tally.covered += (rate * covered).sum(axis=1)
    tally.served += calls * (1.0 - state.lost)
    tally.class_calls[kind.answered] += rate.sum(axis=0)
    tally.class_covered[kind.answered] += (rate * covered).sum(axis=0)
    tally.class_minutes[kind.answered] += minutes @ rate
    tally.class_hist[kind.answered] += class_hist


@njit(cache=True, nogil=True)
def tally_cells(
    indptr: NDArray[np.int64],
    response_min: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    first: NDArray[np.float64],
    rate: NDArray[np.float64],
    target: NDArray[np.float64],
    minutes: NDArray[np.float64],
    covered: NDArray[np.float64],
    busy: NDArray[np.float64],
    within: NDArray[np.float64],
    hist: NDArray[np.float64],
    class_hist: NDArray[np.float64],
) -> None:
    """Sum the response distribution of every cell into the tables (all changed in place).

    `response_min`, `utilisation` and `first` are `[entry]`. `minutes[cell]` and
    `covered[cell, class]` are per call; `busy`, `within`, `hist` and `class_hist` count calls an
    hour.
    """
    for cell in range(len(minutes)):
        calls = rate[cell].sum()
        if calls <= 0.0:
            continue
        for k in range(indptr[cell], indptr[cell + 1]):
            share = first[k]
            if share <= 0.0:
                continue
            arrival = response_min[k]
            bin_of = min(int(np.ceil(arrival / HISTOGRAM_MIN - 1e-9)), hist.shape[1] - 2)
            minutes[cell] += share * arrival
            busy[cell] += share * calls * utilisation[k]
            hist[cell, bin_of] += share * calls
            for circle in range(len(WITHIN_MIN)):
                if arrival <= WITHIN_MIN[circle]:
                    within[circle, cell] += share * calls
            for kind in range(rate.shape[1]):
                class_hist[kind, bin_of] += share * rate[cell, kind]
                if arrival <= target[cell, kind]:
                    covered[cell, kind] += share


def hour_figures(tally: HourTally, situation: Situation) -> dict[str, NDArray[np.float64]]:
    """The tally of one hour as the arrays of an `Evaluation` without their hour axis."""
    out_of_reach = (tally.calls > 0) & (tally.served <= 0)
    mean = share_of(tally.minutes, tally.calls)
    return {
        "demand_per_h": tally.calls,
        "mean_min": np.where(out_of_reach, np.inf, mean),
        "p90_min": quantile_min(tally.hist),
        "covered": share_of(tally.covered, tally.calls),
        "within": share_of(tally.within, tally.calls),
        "served": share_of(tally.served, tally.calls),
        "cell_utilisation": np.where(out_of_reach, np.inf, share_of(tally.busy, tally.served)),
        "class_covered": share_of(tally.class_covered, tally.class_calls),
        "class_mean_min": share_of(tally.class_minutes, tally.class_calls),
        "district_hist": sum_by(tally.hist, situation.grid.district, len(situation.area.districts)),
        "zone_hist": sum_by(tally.hist, situation.zone, len(ZONES)),
        "class_hist": tally.class_hist,
    }


def share_of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """`part / whole`, NaN where there is no whole."""
    share = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def sum_by(hist: NDArray[np.float64], label: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """Histograms added up by label, `[group, bin]`."""
    total = np.zeros((groups, hist.shape[1]))
    np.add.at(total, label, hist)
    return total


def quantile_min(
    hist: NDArray[np.float64] | NDArray[np.int64], share: float = QUANTILE
) -> NDArray[np.float64]:
    """Minutes within which `share` of the calls of each histogram `[..., bin]` are answered.

    The upper edge of the bin that reaches the share; inf where that is the bin of the unserved,
    NaN without calls.
    """
    cumulative = hist.cumsum(axis=-1)
    total = cumulative[..., -1]
    reached = cumulative >= share * total[..., np.newaxis] * (1.0 - 1e-12)
    bin_of = reached.argmax(axis=-1)
    minutes = np.where(bin_of == hist.shape[-1] - 1, np.inf, bin_of * HISTOGRAM_MIN)
    return np.where(total > 0, minutes, np.nan)
