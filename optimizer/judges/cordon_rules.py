"""Rules of a cordon: one unit on each exit, arrivals as told, and no cordon complete sooner."""

import numpy as np
from numpy.typing import NDArray

from optimizer.cordon import Cordon
from optimizer.judges.claims import TOLERANCE
from optimizer.judges.violation import Violation

ARRIVAL = "arrival"


def cordon_violations(minutes: NDArray[np.float64], cordon: Cordon) -> tuple[Violation, ...]:
    """All rules that a cordon breaks, `minutes[unit, exit]` as the model was given."""
    found = check_sealed(minutes, cordon) if cordon.sealed else check_not_sealed(minutes, cordon)
    return tuple(found + check_not_sooner(minutes, cordon))


def check_sealed(minutes: NDArray[np.float64], cordon: Cordon) -> list[Violation]:
    """Each exit has a unit that reaches it, no unit has two, the arrivals are as told."""
    units, exits = minutes.shape
    assigned = cordon.unit_of_exit
    if len(assigned) != exits:
        return [Violation("exits sealed", "all exits", ARRIVAL, float(len(assigned)), float(exits))]
    strangers = (assigned < 0) | (assigned >= units)
    found = [
        Violation("exit has a unit", f"exit {place}", ARRIVAL, float(assigned[place]), units - 1.0)
        for place in np.flatnonzero(strangers).tolist()
    ]
    exits_of_unit = np.bincount(assigned[~strangers], minlength=units)
    found += [
        Violation("one exit a unit", f"unit {unit}", ARRIVAL, float(exits_of_unit[unit]), 1.0)
        for unit in np.flatnonzero(exits_of_unit > 1).tolist()
    ]
    if found:
        return found
    arrival_min = minutes[assigned, np.arange(exits)]
    latest_min, total_min = float(arrival_min.max(initial=0.0)), float(arrival_min.sum())
    return _differs("latest arrival", cordon.latest_min, latest_min) + _differs(
        "sum of arrivals", cordon.total_min, total_min
    )


def check_not_sealed(minutes: NDArray[np.float64], cordon: Cordon) -> list[Violation]:
    """Where no cordon is possible, the exits named are those that too few units reach."""
    reached = np.isfinite(minutes)
    nobody = tuple(np.flatnonzero(~reached.any(axis=0)).tolist())
    critical = list(cordon.critical_exits)
    short = len(critical) - int(reached[:, critical].any(axis=1).sum())
    found = _differs("units short", float(cordon.units_short), float(short))
    if nobody != cordon.unreached_exits:
        told, true = float(len(cordon.unreached_exits)), float(len(nobody))
        found.append(Violation("exits nobody reaches", "all exits", ARRIVAL, told, true))
    return found


def check_not_sooner(minutes: NDArray[np.float64], cordon: Cordon) -> list[Violation]:
    """The bound is proved: fewer units than critical exits reach one of them before it."""
    if cordon.bound_min <= 0:
        return []
    critical = list(cordon.critical_exits)
    sooner = int((minutes[:, critical] < cordon.bound_min).any(axis=1).sum())
    if sooner < len(critical):
        return []
    when = f"before {cordon.bound_min:g} min"
    return [
        Violation("units for critical exits", "critical exits", when, sooner, len(critical) - 1)
    ]


def _differs(rule: str, told: float, true: float) -> list[Violation]:
    if told == true or abs(told - true) <= TOLERANCE * max(1.0, abs(true)):
        return []
    return [Violation(rule, "whole cordon", ARRIVAL, told, true)]
