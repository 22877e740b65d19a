"""Posts computed from a crowd: head-counts by phase, ring, kind and role, and for each step.

A block asks for the most that its rules count in any of its quarter-hours. Posts of a step are
blocks of their own, on place before the step may come. A share of a ring's posts (reserve,
supervisors) is taken of all posts of the ring that share time with the block.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.sites import RINGS
from optimizer.crowd_forecast import CrowdForecast
from optimizer.crowd_load import CrowdLoad, SitePostTerms, StepWindow, counted, crowd_load, turned
from optimizer.crowd_phases import QUARTERS_PER_H, PostBlock, crowd_phases, post_blocks
from optimizer.event_posts import RINGS as PRIORITIES
from optimizer.event_posts import SMALLEST_LED_GROUP
from optimizer.head_counts import ORGANISER, HeadCountRule
from optimizer.requirement import PostNeed
from optimizer.threshold_ladder import Ladder

_PRIORITY = {ring: priority for ring, _, priority in PRIORITIES}
_LAST_KINDS = ("reserve", "supervisor")
"""Kinds that may be a share of the ring's other posts, in the order they are computed."""


@dataclass(frozen=True)
class PostPlace:
    """The event that posts belong to, and the command and point that they lie in."""

    event_id: str
    event_en: str
    event_zh: str
    district: int
    lon: float
    lat: float


@dataclass(frozen=True)
class SitePosts:
    """`needs` ask for the force; `organiser` are the guards and volunteers, role `organiser`."""

    needs: tuple[PostNeed, ...]
    organiser: tuple[PostNeed, ...]


@dataclass(frozen=True)
class _Group:
    """People on posts of one kind and role that are asked for in a ring over some hours."""

    block: PostBlock
    ring: str
    kind: str
    role: str
    step_id: str
    heads: int
    sources: tuple[str, ...]


def site_posts(
    place: PostPlace,
    forecast: CrowdForecast,
    ladders: Sequence[Ladder],
    rules: Sequence[HeadCountRule],
    horizon: Horizon,
    terms: SitePostTerms | None = None,
) -> SitePosts:
    """Posts of one event on the hours of `horizon`, by block, ring, kind and role.

    `ladders` are those that the forecast was made with, in its order (or the same steps with
    their actions, where it only watched them).
    """
    terms = terms or SitePostTerms()
    load = crowd_load(forecast, ladders, terms)
    offset = round(horizon.hour_index(forecast.horizon.start))
    return posts_for(place, load, rules, horizon, offset, terms.lead_min)


def posts_for(
    place: PostPlace,
    load: CrowdLoad,
    rules: Sequence[HeadCountRule],
    horizon: Horizon,
    offset: int,
    lead_min: float,
) -> SitePosts:
    """Posts for a crowd whose first quarter-hour is `offset` hours after the horizon's start."""
    blocks = post_blocks(crowd_phases(load.inside, lead_min), offset, horizon)
    groups = [group for block in blocks for group in _block_groups(load, rules, block, offset)]
    needs = _needs(place, groups)
    return SitePosts(
        tuple(need for need in needs if need.role != ORGANISER),
        tuple(need for need in needs if need.role == ORGANISER),
    )


def _block_groups(
    load: CrowdLoad, rules: Sequence[HeadCountRule], block: PostBlock, offset: int
) -> list[_Group]:
    """Everything that the rules ask for in one block of a phase."""
    usual = [rule for rule in rules if not rule.action and rule.basis != "ring_staff"]
    jobs = dict.fromkeys((rule.kind, rule.role) for rule in usual)
    found = [
        group
        for job in jobs
        for group in _usual_groups(
            load, [rule for rule in usual if (rule.kind, rule.role) == job], block, offset
        )
    ]
    found += _step_groups(load, [rule for rule in rules if rule.action], block, offset)
    for kind in _LAST_KINDS:
        shares = [rule for rule in rules if rule.basis == "ring_staff" and rule.kind == kind]
        found += [group for rule in shares for group in _share_groups(block, rule, found)]
    return found


def _usual_groups(
    load: CrowdLoad, rules: Sequence[HeadCountRule], block: PostBlock, offset: int
) -> Iterator[_Group]:
    """Posts of one kind and role: the most that their rules together ask for at one time."""
    span = _quarters(block, offset, len(load.inside))
    heads = [_heads(rule, counted(load, rule)[span]) for rule in rules]
    most = np.sum(heads, axis=0).max(axis=0)
    for number, ring in enumerate(RINGS):
        if most[number]:
            pairs = zip(rules, heads, strict=True)
            sources = tuple(rule.source for rule, each in pairs if each[:, number].any())
            kind, role = rules[0].kind, rules[0].role
            yield _Group(block, ring, kind, role, "", int(most[number]), sources)


def _step_groups(
    load: CrowdLoad, rules: Sequence[HeadCountRule], block: PostBlock, offset: int
) -> Iterator[_Group]:
    """Posts of the steps that may hold within the block."""
    for window in load.windows:
        part = _overlap(block, window, offset)
        for rule in rules if part is not None else ():
            for ring, heads in zip(RINGS, _heads(rule, turned(window, rule)).tolist(), strict=True):
                if heads and part is not None:
                    step_id, source = window.step.step_id, (rule.source,)
                    yield _Group(part, ring, rule.kind, rule.role, step_id, heads, source)


def _share_groups(
    block: PostBlock, rule: HeadCountRule, others: Iterable[_Group]
) -> Iterator[_Group]:
    """A share of the force's other posts of each ring; few people get no supervisor."""
    led = [group for group in others if group.role not in (ORGANISER, "supervisor")]
    least = SMALLEST_LED_GROUP if rule.kind == "supervisor" else 1
    for ring in [rule.ring] if rule.ring else RINGS:
        people = sum(group.heads for group in led if group.ring == ring)
        heads = int(_heads(rule, np.array(people))) if people >= least else 0
        if heads:
            yield _Group(block, ring, rule.kind, rule.role, "", heads, (rule.source,))


def _heads(rule: HeadCountRule, units: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole people for so many units of the basis, none where there are none."""
    asked = np.maximum(np.ceil(rule.heads * units - 1e-9), rule.floor)
    return np.where((units > 0) & (rule.heads > 0), asked, 0).astype(np.int64)


def _quarters(block: PostBlock, offset: int, quarters: int) -> slice:
    """Quarter-hours of the forecast in a block; the first one, for hours before it begins."""
    first = QUARTERS_PER_H * (block.from_hour - offset)
    last = QUARTERS_PER_H * (block.to_hour - offset)
    return slice(min(max(first, 0), quarters - 1), max(last, 1))


def _overlap(block: PostBlock, window: StepWindow, offset: int) -> PostBlock | None:
    first = max(block.from_hour, math.floor(window.from_quarter / QUARTERS_PER_H) + offset)
    last = min(block.to_hour, math.ceil(window.to_quarter / QUARTERS_PER_H) + offset)
    return PostBlock(block.phase, first, last) if first < last else None


def _needs(place: PostPlace, groups: Sequence[_Group]) -> tuple[PostNeed, ...]:
    """One need for each block, ring, kind, role and step, in order of time and priority."""
    merged: dict[tuple[PostBlock, str, str, str, str], list[_Group]] = {}
    for group in groups:
        key = (group.block, group.ring, group.kind, group.role, group.step_id)
        merged.setdefault(key, []).append(group)
    found = [_need(place, same) for same in merged.values()]
    return tuple(sorted(found, key=lambda need: (need.from_hour, need.priority)))


def _need(place: PostPlace, same: Sequence[_Group]) -> PostNeed:
    first = same[0]
    block = first.block
    name = (place.event_id, f"{block.from_hour:03d}", block.phase, first.ring, first.kind)
    step = (first.step_id,) if first.step_id else ()
    return PostNeed(
        post_id="/".join((*name, first.role, *step)),
        event_id=place.event_id,
        event_en=place.event_en,
        event_zh=place.event_zh,
        ring=first.ring,
        phase=block.phase,
        from_hour=block.from_hour,
        to_hour=block.to_hour,
        district=place.district,
        lon=place.lon,
        lat=place.lat,
        priority=_PRIORITY[first.ring],
        role=first.role,
        required=sum(group.heads for group in same),
        source="; ".join(dict.fromkeys(text for group in same for text in group.sources)),
        kind=first.kind,
        step_id=first.step_id,
    )


def staff_by_hour(needs: Iterable[PostNeed], hours: int) -> NDArray[np.int64]:
    """People on posts in each hour."""
    found = np.zeros(hours, dtype=np.int64)
    for need in needs:
        found[need.from_hour : need.to_hour] += need.required
    return found
