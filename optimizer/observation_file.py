"""Reads the places that drones watch."""

from datetime import datetime
from pathlib import Path

import numpy as np

from geodata.area import StudyArea
from geodata.faults import FaultLog
from geodata.points import open_points
from geodata.row_check import RowCheck
from optimizer.observation import PRIORITY_WEIGHT, ObservationTask

_COLUMNS = (
    "task_id name_en name_zh event_id lon lat from to aloft posts_freed priority source"
).split()


def read_observation(
    path: Path,
    area: StudyArea,
    crs: str | None,
    faults: FaultLog,
    *,
    local_timezone: str | None = None,
) -> tuple[ObservationTask, ...]:
    """Tasks in file order; `event_id` and `posts_freed` may be empty.

    Times without an offset are a fault unless `local_timezone` is given. To be used only when
    `faults` is empty.
    """
    opened = open_points(path, _COLUMNS, area, crs, faults)
    if opened is None:
        return ()
    check, points = opened
    ids = check.texts("task_id")
    check.unique(["task_id"], ids, "the task")
    spans = _spans(check, local_timezone)
    aloft = check.numbers("aloft", minimum=1.0, whole=True)
    freed = check.numbers("posts_freed", minimum=0.0, whole=True, optional=True)
    events = check.texts("event_id", optional=True)
    check.refuse(
        [count > 0 and event == "" for count, event in zip(freed, events, strict=True)],
        "posts_freed without an event",
        expected="the event whose observation posts need fewer people",
        remedy="Name the event in event_id, or leave posts_freed empty.",
        values=freed.tolist(),
    )
    priorities = check.choices("priority", [str(p) for p in PRIORITY_WEIGHT], "the priorities")
    names_en, names_zh = check.texts("name_en"), check.texts("name_zh", optional=True)
    sources = check.texts("source")
    return tuple(
        ObservationTask(
            ids[row],
            names_en[row],
            names_zh[row],
            events[row],
            float(points.lon[row]),
            float(points.lat[row]),
            float(points.x[row]),
            float(points.y[row]),
            *spans[row],
            aloft=int(aloft[row]),
            posts_freed=int(np.nan_to_num(freed[row])),
            priority=int(priorities[row]),
            source=sources[row],
        )
        for row in np.flatnonzero(check.sound).tolist()
    )


def _spans(check: RowCheck, local_timezone: str | None) -> dict[int, tuple[datetime, datetime]]:
    """From when to when each place is watched, by row."""
    first, last = (check.moments(name, local_timezone) for name in ("from", "to"))
    pairs = list(zip(first, last, strict=True))
    check.refuse(
        [a is not None and b is not None and a >= b for a, b in pairs],
        "the flight ends before it begins",
        expected="from before to",
        remedy="Correct the times; one that runs over midnight ends on the next date.",
        values=[f"{a and a.isoformat()} to {b and b.isoformat()}" for a, b in pairs],
    )
    return {row: (a, b) for row, (a, b) in enumerate(pairs) if a is not None and b is not None}
