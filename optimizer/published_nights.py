"""Posts computed for a night set beside the staff that was published of it.

Published totals count everyone on duty that night, often far beyond the site; the posts are those
of the site at the same time. The difference is told by the rule that weighs most: what the posts
would be without it, and how many times its heads would meet the published figure.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from geodata.crowd import EventCrowd
from geodata.crowd_density import CLASS_FROM_PER_M2, CLASSES
from optimizer.crowd_forecast import CrowdForecast
from optimizer.crowd_load import CrowdLoad, SitePostTerms, crowd_load
from optimizer.head_counts import ORGANISER, HeadCountRule
from optimizer.requirement import POST_KINDS, PostNeed
from optimizer.site_posts import PostPlace, SitePosts, posts_for, staff_by_hour
from optimizer.threshold_ladder import Ladder

MostPosts = Callable[[Sequence[HeadCountRule]], int]

MOST_TIMES = 1000.0
"""Beyond so many times its heads a rule is not said to explain a difference."""

TOLERANCE = 1e-3
"""Relative error of a factor."""


@dataclass(frozen=True)
class RuleWeight:
    """How much of the posts hangs on one rule.

    `heads_less` people fewer at the busiest hour without it, with the reserve and supervisors
    that go with them; `heads_to_meet` is the value of its `heads` at which posts and published
    staff are equal, NaN when no value does it or none is published.
    """

    rule: HeadCountRule
    heads_less: int
    heads_to_meet: float


@dataclass(frozen=True)
class NightComparison:
    """A night's computed posts and its published staff (NaN where there is none).

    `peak` people inside with the median crowd if nothing held them up; `crowd` inside at most
    with the crowd that is staffed for. `posts` people of the force at once in the busiest hour,
    `posts_median` the same for the median crowd, `people` with relief, `organiser` beside them.
    `times_to_meet` is the factor on the heads of all rules that count something on the site at
    which the posts are as many as the published staff. `weights` are the rules in order of what
    hangs on them, those without any weight left out.
    """

    night: EventCrowd
    peak: float
    crowd: float
    posts: int
    posts_median: int
    people: float
    organiser: int
    times_to_meet: float
    weights: tuple[RuleWeight, ...]

    @property
    def per_1000(self) -> float:
        """Computed people on post per 1,000 at the peak."""
        return 1000.0 * self.posts / self.peak

    @property
    def published_per_1000(self) -> float:
        """Published staff per 1,000 at the peak."""
        return 1000.0 * self.night.staff_reference / self.peak


@dataclass(frozen=True)
class StepShort:
    """A step of a night: its posts, those that `staff` people could man, and when it came.

    `needed_from` is when the posts had to be on place, `passed` when the median crowd passed the
    threshold (None when it did not).
    """

    step_id: str
    needed_from: datetime
    passed: datetime | None
    required: int
    have: int


def compare_night(
    night: EventCrowd,
    forecast: CrowdForecast,
    ladders: Sequence[Ladder],
    rules: Sequence[HeadCountRule],
    terms: SitePostTerms,
) -> NightComparison:
    """Posts of a night beside its published staff."""
    load = crowd_load(forecast, ladders, terms)
    median = crowd_load(forecast, ladders, replace(terms, quantile=0.5))

    def most(changed: Sequence[HeadCountRule]) -> int:
        return busiest(_posts(night, load, changed, terms).needs)

    posts = most(rules)
    weights = []
    for number, rule in enumerate(rules):
        less = posts - most(_scaled(rules, {number}, 0.0))
        if less > 0:
            times = _times_to_meet(rules, {number}, night.staff_reference, most)
            weights.append(RuleWeight(rule, less, times * rule.heads))
    counted = {n for n, rule in enumerate(rules) if rule.basis != "ring_staff"}
    return NightComparison(
        night=night,
        peak=night.attendance.peak,
        crowd=float(load.inside.max()),
        posts=posts,
        posts_median=busiest(_posts(night, median, rules, terms).needs),
        people=posts * terms.relief_factor,
        organiser=busiest(_posts(night, load, rules, terms).organiser),
        times_to_meet=_times_to_meet(rules, counted, night.staff_reference, most),
        weights=tuple(sorted(weights, key=lambda weight: -weight.heads_less)),
    )


def _posts(
    night: EventCrowd, load: CrowdLoad, rules: Sequence[HeadCountRule], terms: SitePostTerms
) -> SitePosts:
    """Posts of a night on its own horizon; the command they lie in does not matter."""
    place = PostPlace(night.event_id, night.name_en, night.name_zh, 0, float("nan"), float("nan"))
    return posts_for(place, load, rules, night.horizon, 0, terms.lead_min)


def night_posts(
    night: EventCrowd,
    forecast: CrowdForecast,
    ladders: Sequence[Ladder],
    rules: Sequence[HeadCountRule],
    terms: SitePostTerms,
) -> SitePosts:
    """Posts of a night on its own horizon."""
    return _posts(night, crowd_load(forecast, ladders, terms), rules, terms)


def busiest(needs: Iterable[PostNeed]) -> int:
    """Most people on these posts in one hour."""
    listed = tuple(needs)
    hours = max((need.to_hour for need in listed), default=1)
    return int(staff_by_hour(listed, hours).max())


def _scaled(
    rules: Sequence[HeadCountRule], numbers: Collection[int], times: float
) -> list[HeadCountRule]:
    """The rules with some of them asking for another number of heads."""
    return [
        replace(rule, heads=rule.heads * times) if number in numbers else rule
        for number, rule in enumerate(rules)
    ]


def _times_to_meet(
    rules: Sequence[HeadCountRule], numbers: Collection[int], staff: float, most: MostPosts
) -> float:
    """Factor on the heads of some rules at which the posts reach the staff, by bisection."""
    low, high = 0.0, MOST_TIMES
    if not most(_scaled(rules, numbers, low)) <= staff <= most(_scaled(rules, numbers, high)):
        return float("nan")
    while high - low > TOLERANCE * high:
        middle = (low + high) / 2
        reached = most(_scaled(rules, numbers, middle)) >= staff
        low, high = (low, middle) if reached else (middle, high)
    return high


def manned(needs: Iterable[PostNeed], staff: int) -> dict[str, int]:
    """Posts that so many people can man at once: by priority, then kind.

    In every hour the same people are shared out; a block is manned by the fewest it has in any of
    its hours.
    """
    force = [need for need in needs if need.role != ORGANISER]
    order = sorted(
        force,
        key=lambda need: (need.priority, POST_KINDS.index(need.kind), need.post_id),
    )
    left = np.full(max((need.to_hour for need in force), default=1), staff, dtype=np.int64)
    found = {}
    for need in order:
        hours = slice(need.from_hour, need.to_hour)
        found[need.post_id] = min(need.required, int(left[hours].min()))
        left[hours] -= found[need.post_id]
    return found


def steps_short(
    forecast: CrowdForecast, ladders: Sequence[Ladder], posts: SitePosts, staff: int
) -> tuple[StepShort, ...]:
    """The posts of each step as the staff of that night could have manned them, at most at once."""
    have = manned(posts.needs, staff)
    passed = {step.step_id: step.median_crowd for step in forecast.steps}
    found = []
    for step_id in [step.step_id for ladder in ladders for step in ladder.steps]:
        own = [need for need in posts.needs if need.step_id == step_id]
        if own:
            first = min(need.from_hour for need in own)
            at_first = [need for need in own if need.from_hour <= first < need.to_hour]
            found.append(
                StepShort(
                    step_id,
                    forecast.horizon.at(first),
                    quarter_start(forecast, passed[step_id]),
                    sum(need.required for need in at_first),
                    sum(have[need.post_id] for need in at_first),
                )
            )
    return tuple(found)


def quarter_start(forecast: CrowdForecast, quarter: int) -> datetime | None:
    """Local start of a quarter-hour of the forecast; None for `NEVER`."""
    if quarter < 0:
        return None
    return forecast.horizon.at(quarter // 4).replace(minute=15 * (quarter % 4))


def classes_passed(forecast: CrowdForecast) -> dict[tuple[str, str], datetime | None]:
    """When the median crowd brings each zone to each density class; None when it does not."""
    found = {}
    for number, zone in enumerate(forecast.site.zones):
        density = forecast.median.density[0, :, number]
        for name, limit in zip(CLASSES[1:], CLASS_FROM_PER_M2, strict=True):
            over = np.flatnonzero(density >= limit)
            moment = quarter_start(forecast, int(over[0]) + 1) if len(over) else None
            found[zone.zone_id, name] = moment
    return found
