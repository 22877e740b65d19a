"""When movable tasks of one command begin: where posts, calls and each other ask least.

Levelling of a resource (Burgess and Killebrew 1962): choose a start for each task so that the
sum over hours of the squared officers asked for is least. A task by itself goes to the hours
that ask least; several keep out of each other's way. Squares are convex and an hour's tasks ask
for one of finitely many numbers of officers, so the chords between these make the model linear
and exact; of very many numbers only some chords are kept, which never lie above the square.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel, SolverOptions, minimise
from optimizer.operations import MovableTask, with_task

TIE_PRICE = 0.01
"""Squared officers that an hour away from the proposed start counts: it decides between equals."""

MOST_CHORDS = 64
"""Chords of an hour's square; with more counts than that some lie a little above the chords."""

QUICK = SolverOptions(relative_gap=1e-4, nodes=50)
"""Where the search ends: thirty tasks of a command then take seconds."""


@dataclass(frozen=True)
class TaskTimes:
    """Start of each task, the sum of squared officers asked for and a proven lower bound of it."""

    starts: tuple[int, ...]
    load: float
    bound: float


def task_times(
    asked: NDArray[np.float64],
    tasks: Sequence[MovableTask],
    options: SolverOptions = QUICK,
) -> TaskTimes:
    """Starts that level `asked[hour]`, the officers that the command is asked for without them.

    The bound leaves out what ties may cost, so that it holds for the load itself.

    Raises
    ------
    ValueError
        When a task has no possible start.
    """
    if any(not task.starts for task in tasks):
        raise ValueError("a task has no possible start")
    if not tasks:
        return TaskTimes((), float(asked @ asked), float(asked @ asked))
    model = LinearModel()
    begins = [_start_columns(model, asked, task) for task in tasks]
    for hour in range(len(asked)):
        _square(model, hour, tasks, begins)
    solution = minimise(model, options)
    chosen = [int(np.argmax(solution.at(columns))) for columns in begins]
    starts = tuple(task.starts[choice] for task, choice in zip(tasks, chosen, strict=True))
    load = squared_load(asked, tasks, starts)
    bound = float(asked @ asked) + solution.bound - sum(_most_tie(task) for task in tasks)
    return TaskTimes(starts, load, min(bound, load))


def squared_load(
    asked: NDArray[np.float64], tasks: Sequence[MovableTask], starts: Sequence[int]
) -> float:
    """Sum over hours of the squared officers asked for once the tasks begin at `starts`."""
    total = asked
    for task, start in zip(tasks, starts, strict=True):
        total = with_task(total, start, start + task.hours, task.officers)
    return float(total @ total)


def _start_columns(
    model: LinearModel, asked: NDArray[np.float64], task: MovableTask
) -> NDArray[np.int64]:
    """One column for each start, exactly one of them chosen; costs are those of `asked` alone."""
    there = np.array([asked[start : start + task.hours].sum() for start in task.starts])
    columns = model.add_columns(
        1.0, 2.0 * task.officers * there + _ties(task), (len(task.starts),), integer=True
    )
    model.add_entries(model.add_rows(1.0, 1.0, (1,)), columns, 1.0)
    return columns


def _ties(task: MovableTask) -> NDArray[np.float64]:
    return TIE_PRICE * np.abs(np.array(task.starts, dtype=np.float64) - task.proposed)


def _most_tie(task: MovableTask) -> float:
    return float(_ties(task).max())


def _square(
    model: LinearModel, hour: int, tasks: Sequence[MovableTask], begins: Sequence[Index]
) -> None:
    """The squared officers of the tasks in an hour, by chords between counts that can occur.

    Both columns count in shares of the most that can occur, for the solver's tolerances.
    """
    columns: list[int] = []
    officers: list[int] = []
    counts = {0}
    for task, own in zip(tasks, begins, strict=True):
        there = [
            int(column)
            for column, start in zip(own.tolist(), task.starts, strict=True)
            if start <= hour < start + task.hours
        ]
        columns += there
        officers += [task.officers] * len(there)
        counts |= {count + task.officers for count in counts} if there else set()
    reachable = np.array(sorted(counts), dtype=np.float64)
    if len(reachable) == 1:
        return
    most = float(reachable[-1])
    reachable /= most
    together = model.add_columns(1.0, 0.0, (1,))
    squared = model.add_columns(1.0, most**2, (1,))
    sums = model.add_rows(0.0, 0.0, (1,))
    model.add_entries(sums, np.array(columns), np.array(officers) / most)
    model.add_entries(sums, together, -1.0)
    every = len(reachable) - 1
    kept = np.rint(np.linspace(0, every - 1, min(every, MOST_CHORDS))).astype(np.int64)
    low, high = reachable[kept], reachable[kept + 1]
    chords = model.add_rows(-low * high, np.inf, (len(low),))
    model.add_entries(chords, squared, 1.0)
    model.add_entries(chords, together, -(low + high))
