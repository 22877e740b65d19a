"""Calls to simulate: drawn from a forecast, the same for every plan, or recorded ones."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class CallKinds:
    """What the classes of calls ask of dispatch.

    `grade[class]` 1 (first) to 4, `answered_by[class, kind]` whether a type of unit may answer.
    Waiting calls stand in lines: all classes with the same grade and the same types share one.
    Derived are `line_of_class[class]`, `line_grade[line]`, ascending, and
    `line_kinds[line, kind]`, who serves a line.
    """

    grade: NDArray[np.int64]
    answered_by: NDArray[np.bool_]
    line_of_class: NDArray[np.int64] = field(init=False)
    line_grade: NDArray[np.int64] = field(init=False)
    line_kinds: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        classes, kinds = np.shape(self.answered_by)
        object.__setattr__(self, "grade", frozen_array(self.grade, np.int64, (classes,), "grade"))
        answered = frozen_array(self.answered_by, np.bool_, (classes, kinds), "answered_by")
        object.__setattr__(self, "answered_by", answered)

        rows = np.column_stack([self.grade, answered])
        found, line = np.unique(rows, axis=0, return_inverse=True)
        lines = len(found)
        object.__setattr__(
            self, "line_of_class", frozen_array(line.reshape(-1), np.int64, (classes,), "line")
        )
        object.__setattr__(
            self, "line_grade", frozen_array(found[:, 0], np.int64, (lines,), "line_grade")
        )
        object.__setattr__(
            self, "line_kinds", frozen_array(found[:, 1:], np.bool_, (lines, kinds), "line_kinds")
        )


class CallStream(NamedTuple):
    """Calls in the order in which they are ready for dispatch; `[call]` each.

    `received_min` and `ready_min` (received and handled) from the start of the simulation;
    `cell`, `class_of_call` (class); `units` asked for; `scene_min` minutes on scene; `pace`
    multiplies the travel time of the units that are sent.
    """

    received_min: NDArray[np.float64]
    ready_min: NDArray[np.float64]
    cell: NDArray[np.int64]
    class_of_call: NDArray[np.int64]
    units: NDArray[np.int64]
    scene_min: NDArray[np.float64]
    pace: NDArray[np.float64]


@dataclass(frozen=True)
class CallDraws:
    """How calls differ from their means.

    `handling_min` is the mean time from receipt to being ready for dispatch. The `_cv` are
    coefficients of variation: of handling and scene times (gamma) and of travel times
    (lognormal with mean one); 0 takes the mean itself, 1 makes scene times exponential.
    """

    handling_min: float = 1.0
    handling_cv: float = 0.5
    scene_cv: float = 0.5
    travel_cv: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not 0.0 <= value < np.inf:
                raise ValueError(f"{name} is {value}, expected a number from 0 on")


def drawn_calls(
    rate_per_h: NDArray[np.floating],
    units: NDArray[np.float64],
    scene_min: NDArray[np.float64],
    draws: CallDraws,
    rng: np.random.Generator,
) -> CallStream:
    """One draw of the calls of `rate_per_h[cell, hour, class]` (Poisson, constant in an hour).

    `units[class]` and `scene_min[class]` are means; a call asks for the whole number below or
    above so that the mean holds, at least one. Times run from the start of the first hour. All
    draws of a call are its own: which units stand where does not change them.
    """
    received, cell, kind = _poisson(rate_per_h, rng)
    calls = len(received)
    handling = draws.handling_min * _gamma(draws.handling_cv, calls, rng)
    asked = np.maximum(np.floor(units[kind] + rng.random(calls)), 1.0).astype(np.int64)
    scene = scene_min[kind] * _gamma(draws.scene_cv, calls, rng)
    pace = _lognormal(draws.travel_cv, calls, rng)
    return in_order(CallStream(received, received + handling, cell, kind, asked, scene, pace))


def in_order(calls: CallStream) -> CallStream:
    """The calls sorted by the time they are ready, then by receipt."""
    order = np.lexsort((calls.received_min, calls.ready_min))
    return CallStream(
        calls.received_min[order],
        calls.ready_min[order],
        calls.cell[order],
        calls.class_of_call[order],
        calls.units[order],
        calls.scene_min[order],
        calls.pace[order],
    )


def _poisson(
    rate_per_h: NDArray[np.floating], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Minutes, cells and classes of a non-homogeneous Poisson process, by hour."""
    _, hours, classes = rate_per_h.shape
    minutes, cells, kinds = [], [], []
    for hour in range(hours):
        upto = rate_per_h[:, hour, :].astype(np.float64).ravel().cumsum()
        total = float(upto[-1]) if len(upto) else 0.0
        count = int(rng.poisson(total))
        at = np.searchsorted(upto, rng.random(count) * total, side="right")
        minutes.append(60.0 * (hour + rng.random(count)))
        cells.append(at // max(classes, 1))
        kinds.append(at % max(classes, 1))
    return (
        np.concatenate([*minutes, np.zeros(0)]),
        np.concatenate([*cells, np.zeros(0)]).astype(np.int64),
        np.concatenate([*kinds, np.zeros(0)]).astype(np.int64),
    )


def _gamma(cv: float, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gamma variates with mean 1; ones when `cv` is 0."""
    if cv == 0.0:
        return np.ones(count)
    return rng.gamma(cv**-2, cv**2, count)


def _lognormal(cv: float, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lognormal variates with mean 1; ones when `cv` is 0."""
    if cv == 0.0:
        return np.ones(count)
    sigma = np.sqrt(np.log1p(cv**2))
    return np.asarray(np.exp(sigma * rng.standard_normal(count) - 0.5 * sigma**2))
