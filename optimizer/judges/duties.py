"""Posts and visits against what they ask for, hour by hour."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.plan import PostAssignment, VisitPlan

PRIORITIES: tuple[int, ...] = (1, 2, 3)


def posts_at_start(
    posts: PostAssignment, commands: int, hours: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Officers required and present when post blocks start, `[command, hour]` of the start."""
    required, present = np.zeros((commands, hours)), np.zeros((commands, hours))
    have = posts.have()
    for need in posts.needs:
        required[need.district, need.from_hour] += need.required
        present[need.district, need.from_hour] += min(have[need.post_id], need.required)
    return required, present


def unfilled_post_hours(posts: PostAssignment, commands: int, hours: int) -> NDArray[np.float64]:
    """Officers missing on posts, `[priority, command, hour]` in the order of `PRIORITIES`."""
    short = np.zeros((len(PRIORITIES), commands, hours))
    have = posts.have()
    for need in posts.needs:
        missing = max(need.required - have[need.post_id], 0)
        row = PRIORITIES.index(need.priority)
        short[row, need.district, need.from_hour : need.to_hour] += missing
    return short


def visit_minutes(
    situation: Situation, due: NDArray[np.int64], plan: VisitPlan
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes of visits due and planned, `[district, hour]` of their start.

    `due[visit, 2]` are point and start in minutes from the horizon's start; a planned visit that
    has a window counts in the hour in which that begins, as what is due there does.
    """
    hours, points = situation.horizon.hours, situation.visit_points
    shape = (len(situation.area.districts), hours)
    asked, planned = np.zeros(shape), np.zeros(shape)
    district = points.places.district
    last = np.minimum(due[:, 1] // 60, hours - 1)
    np.add.at(asked, (district[due[:, 0]], last), points.visit_min[due[:, 0]])
    for visit in plan.visits:
        minute = visit.minute if visit.due_from < 0 else visit.due_from
        planned[district[visit.point], min(minute // 60, hours - 1)] += visit.minutes
    return asked, planned
