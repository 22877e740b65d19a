"""The difference between two plans: steps and classes on both sides of zero.

A difference is stored by its sign and the step of its size, so that a class on one side of zero
is the mirror image of the one on the other side. Differences of minutes or shares carry the
rounding of a subtraction; it is taken off before they are stored, so that 8.3 - 7.8 is as much
as 0.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.steps import NO_DATA, OUT_OF_REACH, Steps, require_steps, step_edges, step_of

ONLY_PLAN = 252
"""Code of a cell that units reach with the plan and not with the baseline."""

ONLY_BASELINE = 253
"""Code of a cell that units reach with the baseline and not with the plan."""

MOST_STEPS = ONLY_PLAN // 2
"""Steps on each side of zero; the first of them is around zero and common to both sides."""

ROUNDING_DIGITS = 9

BETTER_TO_WORSE = ("#0b4f96", "#8dbbe2", "#f4f2ee", "#eda966", "#8f3d06")
"""Blue, near white, brown: told apart with each kind of colour blindness."""


@dataclass(frozen=True)
class Difference:
    """Plan minus baseline of one quantity: how it is stored, cut into classes and coloured.

    `breaks` are sizes above zero; the classes lie symmetric about zero, the middle one around
    it. `lower_is_better` says which end of `BETTER_TO_WORSE` the negative classes get.

    Raises
    ------
    ValueError
        When a break is not the edge of a step or not above zero, the palette does not fit or
        there are more than `MOST_STEPS` steps.
    """

    steps: tuple[Steps, ...]
    breaks: tuple[float, ...]
    lower_is_better: bool

    def __post_init__(self) -> None:
        require_steps("difference", self.breaks, self.edges, MOST_STEPS)
        if min(self.breaks) <= 0:
            raise ValueError(f"difference: breaks {self.breaks} are not all above zero")
        if len(self.palette) != 2 * len(self.breaks) + 1:
            raise ValueError(
                f"difference: {len(self.palette)} colours, {len(self.breaks)} breaks a side"
            )

    @property
    def edges(self) -> NDArray[np.float64]:
        """Lower edge of the size of each step, ascending from 0."""
        return step_edges(self.steps)

    @property
    def palette(self) -> tuple[str, ...]:
        """Colours from the lowest class to the highest."""
        return BETTER_TO_WORSE if self.lower_is_better else BETTER_TO_WORSE[::-1]

    @property
    def signed_breaks(self) -> tuple[float, ...]:
        """Breaks on both sides of zero, ascending."""
        return (*(-edge for edge in reversed(self.breaks)), *self.breaks)

    def codes(self, plan: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Code of each difference; the code of zero is the number of steps less one."""
        sign, size = signed_size(plan, baseline)
        code = len(self.edges) - 1 + sign * step_of(size, self.edges)
        return with_marks(
            code, plan, baseline, (ONLY_PLAN, ONLY_BASELINE, OUT_OF_REACH, NO_DATA)
        ).astype(np.uint8)

    def classes(
        self, plan: NDArray[np.float64], baseline: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Colour class of each difference.

        After the classes of the palette come: in reach only with the plan, only with the
        baseline, with neither; no data.
        """
        sign, size = signed_size(plan, baseline)
        found = len(self.breaks) + sign * np.searchsorted(self.breaks, size, side="right")
        last = len(self.palette)
        return with_marks(found, plan, baseline, (last, last + 1, last + 2, last + 3))

    def class_of_code(self) -> NDArray[np.int64]:
        """Colour class of each code of a difference, by the size of its step."""
        size = self.edges
        below = self.classes(-size[:0:-1], np.zeros(len(size) - 1))
        return np.concatenate([below, self.classes(size, np.zeros(len(size)))])


def signed_size(
    plan: NDArray[np.float64], baseline: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sign and size of plan minus baseline; 0 where one of them is not finite."""
    finite = np.isfinite(plan) & np.isfinite(baseline)
    change = np.zeros(np.shape(plan))
    np.subtract(plan, baseline, out=change, where=finite)
    change = change.round(ROUNDING_DIGITS)
    return np.sign(change).astype(np.int64), np.abs(change)


def with_marks(
    code: NDArray[np.int64],
    plan: NDArray[np.float64],
    baseline: NDArray[np.float64],
    marks: tuple[int, int, int, int],
) -> NDArray[np.int64]:
    """Codes with those of values that have no difference in place.

    `marks`: in reach only with the plan, only with the baseline, with neither; no data.
    """
    lost, gained = np.isinf(plan), np.isinf(baseline)
    nothing = np.isnan(plan) | np.isnan(baseline)
    found = np.select(
        [nothing, lost & gained, lost, gained], [marks[3], marks[2], marks[1], marks[0]], code
    )
    return np.asarray(found, dtype=np.int64)
