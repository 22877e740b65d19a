"""What drones watch: a table by place and hour, a section of the summary, and notes."""

import numpy as np
import pandas as pd

from geodata.horizon import Horizon
from optimizer.judges.observation_rules import check_observation
from optimizer.judges.violation import Violation
from optimizer.observation import committed_drones, hours_asked, needed
from scenarios.drones import Drones

_COLUMNS = (
    "task_id name_en name_zh event_id hour asked watched base_id drones_aloft drones_taking_turns"
).split()


def observation_frame(drones: Drones | None, horizon: Horizon) -> pd.DataFrame:
    """Every watched place in every hour that asks for it: from which base, by how many drones."""
    rows: list[tuple[object, ...]] = []
    if drones is not None:
        plan, bases = drones.observation, drones.fleet.bases
        count = needed(drones.fleet, plan.tasks)
        for row, hour in np.argwhere(hours_asked(plan.tasks, horizon)).tolist():
            task, base = plan.tasks[row], int(plan.base[row, hour])
            watched = bool(plan.watched[row, hour])
            rows.append(
                (
                    task.task_id,
                    task.name_en,
                    task.name_zh,
                    task.event_id,
                    horizon.at(hour).isoformat(),
                    1,
                    int(watched),
                    bases[base].base_id if watched else "",
                    task.aloft if watched else 0,
                    int(count[row, base]) if watched else 0,
                )
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def observation_text(drones: Drones | None, horizon: Horizon) -> str:
    """The summary's section on observation flights; empty where none are asked for."""
    if drones is None or not drones.observation.tasks:
        return ""
    plan, fleet = drones.observation, drones.fleet
    asked, kept = hours_asked(plan.tasks, horizon), committed_drones(fleet, plan)
    lines = [
        f"* {task.name_en} ({task.name_zh}): {task.aloft} drone{'s' * (task.aloft > 1)} above it "
        f"in {int(plan.watched[row].sum())} of {int(asked[row].sum())} hours asked for, from "
        + (", ".join(_bases(drones, row)) or "no base")
        for row, task in enumerate(plan.tasks)
    ]
    return "\n".join(
        [
            "## Observation flights",
            "",
            f"{int(kept.sum()):,} drone-hours are kept for watching, by turns; such drones take no "
            f"calls. {drones.post_hours_freed:,} officer-hours on observation posts are not "
            "asked for while they watch (assumption of the table). Of what any plan of these "
            f"drones could watch, weighed by priority, {_share(plan.value, plan.bound):.1%} is "
            "watched (proved).",
            "",
            *lines,
        ]
    )


def _bases(drones: Drones, row: int) -> list[str]:
    """Names of the bases that watch a place, in the order of the fleet."""
    plan = drones.observation
    numbers = np.unique(plan.base[row][plan.watched[row]]).tolist()
    return [drones.fleet.bases[number].name_en for number in numbers]


def _share(value: float, bound: float) -> float:
    return value / bound if bound > 0.0 else 1.0


def watch_notes(drones: Drones | None, horizon: Horizon) -> tuple[str, ...]:
    """Places that are not watched as asked for, and events that need no fewer people by it."""
    if drones is None:
        return ()
    plan = drones.observation
    asked, watched = (
        hours.sum(axis=1) for hours in (hours_asked(plan.tasks, horizon), plan.watched)
    )
    notes = [
        f"no drone watches {task.name_en} in {asked[row] - watched[row]} of {asked[row]} hours "
        "asked for (out of reach, too few drones, wind or closed zones)"
        for row, task in enumerate(plan.tasks)
        if watched[row] < asked[row]
    ]
    if any(task.posts_freed for task in plan.tasks) and not drones.post_hours_freed:
        notes.append(
            "posts_freed of the observation flights frees nobody: no event named has observation "
            "posts in a block that is watched throughout"
        )
    return tuple(notes)


def watch_violations(drones: Drones | None, horizon: Horizon) -> tuple[Violation, ...]:
    """Rules that the observation flights break."""
    if drones is None:
        return ()
    return check_observation(drones.fleet, drones.observation, horizon)
