"""Durations around their mean: spreads with mean one, and factors of groups shrunk to one."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

SLICES = 100
"""Equally likely values that stand for a distribution."""

LEAST = 0.05
"""Smallest factor that is drawn."""


@dataclass(frozen=True)
class Spread:
    """A distribution with mean one, held as equally likely values, ascending `[slice]`."""

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        values = frozen_array(self.values, np.float64, np.shape(self.values), "values")
        if not len(values) or values.min() < 0.0 or abs(values.mean() - 1.0) > 1e-9:
            raise ValueError("a spread needs values from 0 on with mean one")
        object.__setattr__(self, "values", values)

    @property
    def cv(self) -> float:
        """Coefficient of variation."""
        return float(self.values.std())

    def at(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values below which these shares of the distribution lie, 0 <= share < 1."""
        return np.asarray(self.values[(share * len(self.values)).astype(np.int64)])


CONSTANT = Spread(np.ones(1))
"""No spread at all."""


def spread_of(
    observed: NDArray[np.float64], expected: NDArray[np.float64], noise_var: float = 0.0
) -> Spread:
    """Distribution of `observed / expected`, arrays `[call]`, `expected` above 0.

    Sorted values are averaged in at most `SLICES` slices of equal size. `noise_var` (minutes
    squared) is the part of the variance that comes from the recording clock; deviations from
    the mean are drawn in so that it is left out.
    """
    if not observed.sum() > 0.0:
        return CONSTANT
    ratio = observed / expected
    slices = np.array_split(np.sort(ratio), min(SLICES, len(ratio)))
    values = np.array([part.mean() for part in slices])
    values /= values.mean()
    clock = noise_var * float(np.mean(expected**-2.0)) / float(ratio.mean()) ** 2
    total = float(values.var())
    kept = np.sqrt(max(total - clock, 0.0) / total) if total > 0.0 else 0.0
    values = np.maximum(1.0 + (values - 1.0) * kept, 0.0)
    return Spread(values / values.mean())


@dataclass(frozen=True)
class Factors:
    """By how much each group differs from the whole.

    `factor[group]` is the shrunken estimate, `error[group]` its standard error, `calls[group]`
    the sample.
    """

    factor: NDArray[np.float64]
    error: NDArray[np.float64]
    calls: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = np.shape(self.factor)
        for name, dtype in (("factor", float), ("error", float), ("calls", np.int64)):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))

    def of(self, group: NDArray[np.int64]) -> NDArray[np.float64]:
        """Factor of each entry; 1 for a group that is not known (-1)."""
        return np.append(self.factor, 1.0)[group]

    def redrawn(self, rng: np.random.Generator) -> "Factors":
        """Factors as they may be, given their standard errors; not below `LEAST`."""
        moved = self.factor + self.error * rng.standard_normal(len(self.factor))
        return replace(self, factor=np.maximum(moved, LEAST))


def shrunk_factors(
    observed: NDArray[np.float64],
    expected: NDArray[np.float64],
    group: NDArray[np.int64],
    n_groups: int,
) -> Factors:
    """Factors of the groups in `observed = factor * expected`, arrays `[call]`.

    The ratio of each group's sums is drawn to the common one by the share of its variance that
    is noise. The variance between groups is found by moments, DerSimonian and Laird (1986),
    Controlled Clinical Trials 7, 177-188. The factors keep the overall sum of `observed`;
    entries with group -1 take no part.
    """
    known = group >= 0
    group, observed, expected = group[known], observed[known], expected[known]
    calls = np.bincount(group, minlength=n_groups)
    base = np.bincount(group, expected, n_groups)
    seen = base > 0.0
    if not observed.sum() > 0.0:
        return Factors(np.ones(n_groups), np.zeros(n_groups), calls)
    overall = observed.sum() / expected.sum()
    ratio = np.bincount(group, observed, n_groups)[seen] / base[seen]
    residual = observed - overall * expected
    noise = residual.var() * calls[seen] / base[seen] ** 2
    between = _between(ratio, np.maximum(noise, 1e-12))
    kept = between / (between + np.maximum(noise, 1e-12))
    factor, error = np.full(n_groups, overall), np.full(n_groups, np.sqrt(between))
    factor[seen] = overall + kept * (ratio - overall)
    error[seen] = np.sqrt(kept * noise)
    scale = observed.sum() / (factor[group] * expected).sum()
    return Factors(factor * scale, error * scale, calls)


def _between(ratio: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    """Variance between groups by moments, from 0 on."""
    weight = 1.0 / noise
    centre = (weight * ratio).sum() / weight.sum()
    excess = (weight * (ratio - centre) ** 2).sum() - (len(ratio) - 1)
    room = weight.sum() - (weight**2).sum() / weight.sum()
    return float(max(excess / room, 0.0)) if room > 0.0 else 0.0
