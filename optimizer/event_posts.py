"""Event posts: head-counts by phase and ring from an event's reference staff."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from geodata.area import StudyArea
from geodata.events import EventWindow, occurrences
from geodata.horizon import Horizon
from optimizer.requirement import ROLES, PostNeed

RINGS: tuple[tuple[str, float, int], ...] = (
    ("core", 0.5, 1),
    ("control", 0.3, 2),
    ("outer", 0.2, 3),
)
"""Ring, its share of an event's staff and the priority of its posts (assumption)."""

PHASES: tuple[tuple[str, float], ...] = (("build_up", 0.6), ("peak", 1.0), ("dispersal", 0.7))
"""Phase and the share of the peak staff it asks for (assumption)."""

LONGEST_POST_H = 4
"""Hours after which a fixed post must be relieved; longer phases are cut into such blocks."""

SUPERVISOR_SPAN = 10
"""People that one supervisor leads (assumption).

A US city asks for a supervisor from six officers and an incident commander from ten; a British
support unit has an inspector and three sergeants for eighteen constables.
"""

SMALLEST_LED_GROUP = 6
"""People on a ring's posts from which they get a supervisor of their own (the same US city)."""

STAFF_PER_1000 = 40.0
"""Staff per 1,000 simultaneous visitors where no reference exists: the lowest published ratio."""


@dataclass(frozen=True)
class PostRules:
    """How the reference staff of an event is split.

    `police_share` must be sworn officers and `support_share` may be auxiliaries or armed
    police; the rest are the organiser's guards and volunteers, who are not drawn from the
    force. `off_peak_day_share` scales the other days of a recurring event. One supervisor leads
    up to `supervisor_span` people, police and support together.
    """

    police_share: float
    support_share: float
    off_peak_day_share: float
    supervisor_span: int = SUPERVISOR_SPAN


def event_posts(
    events: tuple[EventWindow, ...], area: StudyArea, horizon: Horizon, rules: PostRules
) -> tuple[PostNeed, ...]:
    """Post blocks of all events that touch the horizon, by event, time, ring and role."""
    return tuple(need for event in events for need in _posts_of(event, area, horizon, rules))


def _posts_of(
    event: EventWindow, area: StudyArea, horizon: Horizon, rules: PostRules
) -> Iterator[PostNeed]:
    command = int(area.command_of[area.district_ids.index(event.district_id)])
    reference, source = _reference_staff(event)
    for day in occurrences(event):
        peak_day = event.recurrence == "once" or day.peak_from == event.peak_from
        staff = reference * (1.0 if peak_day else rules.off_peak_day_share)
        for phase, phase_share, first, last in _blocks(day, horizon):
            for ring, ring_share, priority in RINGS:
                for role, required in _roles(staff * phase_share * ring_share, rules):
                    if required:
                        yield PostNeed(
                            f"{event.event_id}/{first:03d}/{phase}/{ring}/{role}",
                            event.event_id,
                            event.name_en,
                            event.name_zh,
                            ring,
                            phase,
                            first,
                            last,
                            command,
                            event.lon,
                            event.lat,
                            priority,
                            role,
                            required,
                            source,
                        )


def _roles(staff: float, rules: PostRules) -> tuple[tuple[str, int], ...]:
    """Head-counts of one ring and block by role, `ROLES` in order.

    Supervisors are part of the reference staff: they are taken off the police, so that the total
    stays what it is without them.
    """
    police, support = (
        math.ceil(staff * share - 1e-9) for share in (rules.police_share, rules.support_share)
    )
    group = police + support
    leaders = math.ceil(group / rules.supervisor_span) if group >= SMALLEST_LED_GROUP else 0
    leaders = min(leaders, police)
    return tuple(zip(ROLES, (leaders, police - leaders, support), strict=True))


def _reference_staff(event: EventWindow) -> tuple[float, str]:
    if math.isfinite(event.staff_reference):
        return event.staff_reference, event.source
    crowd = event.peak_simultaneous
    if not math.isfinite(crowd):
        return 0.0, "no reference staff and no crowd figure"
    ratio = f"assumption: {STAFF_PER_1000:g} staff per 1,000 at the peak"
    return crowd / 1000.0 * STAFF_PER_1000, ratio


def _blocks(day: EventWindow, horizon: Horizon) -> Iterator[tuple[str, float, int, int]]:
    """Phase, its share and hours of each block of at most `LONGEST_POST_H` hours."""
    bounds = _phase_bounds(day, horizon)
    for (phase, share), begins, ends in zip(PHASES, bounds[:-1], bounds[1:], strict=True):
        first, last = max(begins, 0), min(ends, horizon.hours)
        while first < last:
            until = min(first + LONGEST_POST_H, last)
            yield phase, share, first, until
            first = until


def _phase_bounds(day: EventWindow, horizon: Horizon) -> tuple[int, int, int, int]:
    """Whole hours at which build-up, peak and dispersal begin and the last one ends.

    Phases share no hour: each begins with the hour it begins in, the peak lasts at least one,
    and the last phase takes the hour it ends in.
    """
    start, peak_from, peak_to = (
        math.floor(horizon.hour_index(moment)) for moment in (day.start, day.peak_from, day.peak_to)
    )
    after_peak = max(peak_to, peak_from + 1)
    return start, peak_from, after_peak, max(after_peak, math.ceil(horizon.hour_index(day.end)))
