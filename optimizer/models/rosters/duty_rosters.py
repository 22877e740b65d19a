"""Lines for every home and force of a staffing."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from optimizer.duty_lines import DutyLines, LineGroup
from optimizer.models.rosters.duty_annealing import anneal
from optimizer.models.rosters.duty_facts import DutyFacts, duty_facts
from optimizer.models.rosters.duty_search import Works, as_arrays, fill

STEPS_A_LINE = 10_000
"""Steps of annealing for each line of a home that is not covered or not even."""

EVEN = 1
"""A difference between the tallies of two lines that whole duties may force."""


def roster_lines(problem: DutyLines, seed: int = 0) -> tuple[LineGroup, ...]:
    """Lines of every home and force that has a duty, homes first; what is missing is short."""
    facts = duty_facts(problem)
    homes = np.argwhere(problem.need.any(axis=2)).tolist()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        return tuple(threads.map(lambda at: _group(problem, facts, at[0], at[1], seed), homes))


def _group(problem: DutyLines, facts: DutyFacts, station: int, force: int, seed: int) -> LineGroup:
    """Lines of one home: first in order of start, then annealed if that leaves to be wished."""
    need = problem.need[station, force]
    free, n_lines = problem.open_lines(station, force), int(problem.lines[station, force])
    duties = as_arrays(facts)
    works = fill(duties, need, free, n_lines)
    if _wanting(facts, need, works) > (0, 0) and free[need > 0].any():
        rng = np.random.default_rng((seed, station, force))
        annealed = anneal(duties, need, free, works, STEPS_A_LINE * n_lines, rng)
        works = min(works, annealed, key=lambda lines: _wanting(facts, need, lines))
    return LineGroup(station, force, works, need - works.sum(axis=0))


def _wanting(facts: DutyFacts, need: NDArray[np.int64], works: Works) -> tuple[int, int]:
    """Duties that nobody works, and by how much lines differ beyond `EVEN` in what is tallied."""
    if not len(works):
        return int(need.sum()), 0
    apart = np.ptp(works.astype(np.int64) @ facts.tally, axis=0) - EVEN
    return int(need.sum() - works.sum()), int(np.maximum(apart, 0).sum())
