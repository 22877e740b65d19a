"""The crowd that posts are staffed for, and what the rules of head-counts count on it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.crowd_density import CLASSES, crowd_class
from geodata.sites import OUTSIDE, RINGS, Site
from optimizer.crowd_forecast import CrowdForecast, StepForecast
from optimizer.crowd_phases import QUARTERS_PER_H
from optimizer.head_counts import PASSAGE_BASES, HeadCountRule
from optimizer.threshold_ladder import Ladder, Step, action_targets, ladder_settings


@dataclass(frozen=True)
class SitePostTerms:
    """How sure the posts are and how people get there.

    The `quantile` of the drawn crowds is staffed for; a step is, when at least the remaining
    share of them reaches it. People are on post `lead_min` before the build-up and before the
    P10 time of a step. `relief_factor` people are needed for one on post (1.25 to 1.5 over
    four-hour limits: assumption).
    """

    quantile: float = 0.9
    lead_min: float = 30.0
    relief_factor: float = 1.25


@dataclass(frozen=True)
class StepWindow:
    """A step that is staffed for, in quarter-hours `[from_quarter, to_quarter)` of the forecast.

    The window opens `lead_min` before the P10 of its first time and closes with the P90 of its
    last one, among the drawn crowds that reach it. `holds_from` is the P10 itself.
    """

    ladder: Ladder
    step: Step
    level: int
    from_quarter: int
    holds_from: int
    to_quarter: int


@dataclass(frozen=True)
class CrowdLoad:
    """A site under the crowd that is staffed for.

    `inside[quarter]` people; `people[quarter, zone]`; `waiting[quarter]` in queues outside;
    `to_enter_per_h[quarter]` people an hour who want in, the queue within the hour;
    `is_open[quarter, passage]` and `opens_in[quarter, passage]`, as the steps set them.
    """

    site: Site
    inside: NDArray[np.float64]
    people: NDArray[np.float64]
    waiting: NDArray[np.float64]
    to_enter_per_h: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    opens_in: NDArray[np.bool_]
    windows: tuple[StepWindow, ...]


def crowd_load(
    forecast: CrowdForecast, ladders: Sequence[Ladder], terms: SitePostTerms
) -> CrowdLoad:
    """The `quantile` of each figure over the drawn crowds, by quarter-hour.

    `ladders` are those of the forecast, in its order; their steps are looked up by place.
    """
    drawn, site = forecast.drawn, forecast.site
    outside = np.array([passage.outer_zone == OUTSIDE for passage in site.passages])
    queue = drawn.queue.sum(axis=2)
    entering = drawn.flow[:, :, ::2][:, :, outside].sum(axis=2)

    def staffed(figure: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.quantile(figure, terms.quantile, axis=0))

    windows = step_windows(forecast, ladders, terms)
    is_open, opens_in = _directions(site, ladders, windows, drawn.inside.shape[1])
    return CrowdLoad(
        site,
        staffed(drawn.inside),
        staffed(drawn.occupancy),
        staffed(queue),
        staffed(QUARTERS_PER_H * entering + queue),
        is_open,
        opens_in,
        windows,
    )


def step_windows(
    forecast: CrowdForecast, ladders: Sequence[Ladder], terms: SitePostTerms
) -> tuple[StepWindow, ...]:
    """Windows of the steps that a large enough share of the drawn crowds reaches."""
    found = []
    expected = iter(forecast.steps)
    for number, ladder in enumerate(ladders):
        for level, step in enumerate(ladder.steps):
            told = next(expected)
            if _is_staffed(told, terms):
                holds = forecast.drawn.step[:, :, number] > level
                last = holds.shape[1] - holds[:, ::-1].argmax(axis=1)[holds.any(axis=1)]
                found.append(
                    StepWindow(
                        ladder,
                        step,
                        level,
                        math.floor(told.p10 - terms.lead_min * QUARTERS_PER_H / 60.0),
                        math.floor(told.p10),
                        math.ceil(float(np.percentile(last, 90))),
                    )
                )
    return tuple(found)


def _is_staffed(told: StepForecast, terms: SitePostTerms) -> bool:
    return told.reached_share > 0 and told.reached_share >= 1.0 - terms.quantile - 1e-9


def _directions(
    site: Site, ladders: Sequence[Ladder], windows: Sequence[StepWindow], quarters: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which passages are open, and open inwards, `[quarter, passage]`."""
    settings = ladder_settings(site, ladders)
    number = np.zeros(quarters, dtype=np.int64)
    for ladder in ladders:
        level = np.zeros(quarters, dtype=np.int64)
        for window in windows:
            if window.ladder is ladder:
                held = slice(window.holds_from, window.to_quarter)
                level[held] = np.maximum(level[held], window.level + 1)
        number = number * (len(ladder.steps) + 1) + level
    lead = np.array([setting.direction for setting in settings])[number]
    return lead != "closed", (lead == "in") | (lead == "both")


def counted(load: CrowdLoad, rule: HeadCountRule) -> NDArray[np.float64]:
    """What a rule without action counts, `[quarter, ring]`, `RINGS` in order."""
    count, rings = _BASIS[rule.basis](load, rule)
    found = np.zeros((len(load.inside), len(RINGS)))
    for column, ring in enumerate(rings):
        found[:, RINGS.index(rule.ring or ring)] += count[:, column]
    return found


def turned(window: StepWindow, rule: HeadCountRule) -> NDArray[np.float64]:
    """Passages that a step turns by the rule's action, `[ring]`."""
    site = window.ladder.site
    passages = {passage.passage_id: passage for passage in site.passages}
    rings = dict(zip(site.passage_ids, passage_rings(site), strict=True))
    names = {
        name
        for action in window.step.actions
        if action.kind == rule.action
        for name in action_targets(site, action)
        if passages[name].kind == rule.basis
    }
    found = np.zeros(len(RINGS))
    for name in names:
        found[RINGS.index(rule.ring or rings[name])] += 1.0
    return found


def passage_rings(site: Site) -> tuple[str, ...]:
    """Ring of each passage: that of the zone it leads into."""
    ring_of = {zone.zone_id: zone.ring for zone in site.zones}
    return tuple(ring_of[passage.inner_zone] for passage in site.passages)


Counted = tuple[NDArray[np.float64], Sequence[str]]
"""Counts `[quarter, element]` and the ring of each element."""


def _zones(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    return np.ones(load.people.shape), [zone.ring for zone in load.site.zones]


def _people(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    thousands = load.people / 1000.0
    if rule.density_class:
        area_m2 = np.array([zone.free_area_m2 for zone in load.site.zones])
        in_class = crowd_class(load.people / area_m2) == CLASSES.index(rule.density_class)
        thousands = np.where(in_class, thousands, 0.0)
    return thousands, [zone.ring for zone in load.site.zones]


def _passages(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    of_kind = np.array([passage.kind == rule.basis for passage in load.site.passages])
    return (load.is_open & of_kind).astype(np.float64), passage_rings(load.site)


def _outside_crossings(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    leads_out = [p.kind == "crossing" and p.outer_zone == OUTSIDE for p in load.site.passages]
    count = np.broadcast_to(np.array(leads_out, dtype=np.float64), load.is_open.shape)
    return count, passage_rings(load.site)


def _lanes(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    gates = np.array([passage in load.site.gates for passage in load.site.passages])
    there = (load.opens_in & gates).sum(axis=1)
    wanted = np.ceil(load.to_enter_per_h / rule.people_per_h)
    return np.minimum(wanted, there)[:, None], [rule.ring]


def _once(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    return np.ones((len(load.inside), 1)), [rule.ring]


def _waiting(load: CrowdLoad, rule: HeadCountRule) -> Counted:
    return load.waiting[:, None] / 1000.0, [rule.ring]


_BASIS: dict[str, Callable[[CrowdLoad, HeadCountRule], Counted]] = {
    **dict.fromkeys(PASSAGE_BASES, _passages),
    "site": _once,
    "zone": _zones,
    "people": _people,
    "waiting": _waiting,
    "outside_crossing": _outside_crossings,
    "lane": _lanes,
}
