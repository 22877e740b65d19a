"""Report on events at sites: steps and their posts, staff beside published staff, ways in."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from geodata.area import StudyArea
from geodata.crowd_density import CLASSES, crowd_class
from geodata.horizon import Horizon
from optimizer.crowd_access import crowd_access
from optimizer.crowd_forecast import StepForecast
from optimizer.crowd_load import StepWindow
from optimizer.published_nights import busiest, quarter_start
from optimizer.requirement import PostNeed
from scenarios.event_sites import SiteEvent


def steps_frame(events: Sequence[SiteEvent], horizon: Horizon) -> pd.DataFrame:
    """When each step of each event's ladder is expected, and which posts it needs from when.

    `expected` is the time with the median crowd, empty when that does not reach the threshold;
    `reached_share` the part of the drawn crowds that do, `p10` to `p90` the times among these. A
    step without `staffed` is too rare for posts of its own.
    """
    rows = [_step_row(one, told, horizon) for one in events for told in one.forecast.steps]
    columns = (
        "event_id date site_id step_id name_en name_zh expected reached_share p10 p50 p90 "
        "staffed on_post_from on_post_until people posts"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _step_row(one: SiteEvent, told: StepForecast, horizon: Horizon) -> tuple[object, ...]:
    step = next(
        step
        for ladder in one.ladders
        for step in ladder.steps
        if (ladder.site.site_id, step.step_id) == (told.site_id, told.step_id)
    )
    usual = quarter_start(one.forecast, told.median_crowd)
    own = [need for need in one.posts.needs if need.step_id == told.step_id]
    hours = (min(n.from_hour for n in own), max(n.to_hour for n in own)) if own else ()
    return (
        one.event.event_id,
        f"{one.event.start:%Y-%m-%d}",
        told.site_id,
        told.step_id,
        step.name_en,
        step.name_zh,
        "" if usual is None else usual.isoformat(),
        told.reached_share,
        *(_moment(one, quarter) for quarter in (told.p10, told.p50, told.p90)),
        window_of(one, told.step_id) is not None,
        *([horizon.at(hour).isoformat() for hour in hours] or ["", ""]),
        busiest(own) if own else 0,
        "; ".join(_by_kind(own)),
    )


def window_of(one: SiteEvent, step_id: str) -> StepWindow | None:
    """Window in which posts of a step are on place, None for a step too rare for posts."""
    found = (window for window in one.load.windows if window.step.step_id == step_id)
    return next(found, None)


def _moment(one: SiteEvent, quarter: float) -> str:
    if math.isnan(quarter):
        return ""
    moment = quarter_start(one.forecast, math.floor(quarter))
    return "" if moment is None else moment.isoformat()


def _by_kind(needs: Iterable[PostNeed]) -> list[str]:
    """People at once by kind and role, in the order of the posts."""
    groups: dict[tuple[str, str], list[PostNeed]] = {}
    for need in needs:
        groups.setdefault((need.kind, need.role), []).append(need)
    return [f"{kind} {role} {busiest(own)}" for (kind, role), own in groups.items()]


def event_staff_frame(events: Sequence[SiteEvent]) -> pd.DataFrame:
    """Computed posts of each event beside its published staff, people at once.

    `crowd_median` and `crowd_staffed` are the most people inside, with the median crowd and with
    the one that is staffed for; `most_per_m2` is the density that this one reaches in the
    `densest_zone`. `organiser` are the guards and volunteers that the site needs,
    `organiser_have` those there are; they are no part of `force`.
    """
    rows = []
    for one in events:
        force, guards = busiest(one.posts.needs), busiest(one.posts.organiser)
        median = float(one.forecast.median.inside[0].max())
        rows.append(
            (
                one.event.event_id,
                f"{one.event.start:%Y-%m-%d}",
                one.crowd.site_id,
                round(median),
                round(float(one.load.inside.max())),
                *_densest(one),
                force,
                *(_role(one, role) for role in ("police", "support", "supervisor")),
                1000.0 * force / median if median else math.nan,
                one.event.staff_reference,
                1000.0 * one.event.staff_reference / median if median else math.nan,
                guards,
                round(one.crowd.organiser_staff),
            )
        )
    columns = (
        "event_id date site_id crowd_median crowd_staffed densest_zone most_per_m2 density_class "
        "force police support supervisor per_1000 published published_per_1000 organiser "
        "organiser_have"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _densest(one: SiteEvent) -> tuple[str, float, str]:
    """Zone with the highest density of the crowd that is staffed for, the density, its class."""
    zones = one.forecast.site.zones
    most = one.load.people.max(axis=0) / np.array([zone.free_area_m2 for zone in zones])
    number = int(most.argmax())
    per_m2 = float(most[number])
    return zones[number].zone_id, per_m2, CLASSES[int(crowd_class(per_m2))]


def _role(one: SiteEvent, role: str) -> int:
    return busiest(need for need in one.posts.needs if need.role == role)


def organiser_frame(events: Sequence[SiteEvent], horizon: Horizon) -> pd.DataFrame:
    """Guards and volunteers that the organiser would have to send, by block and ring."""
    rows = [
        (
            need.event_id,
            need.phase,
            horizon.at(need.from_hour).isoformat(),
            horizon.at(need.to_hour).isoformat(),
            need.ring,
            need.kind,
            need.required,
            need.source,
        )
        for one in events
        for need in one.posts.organiser
    ]
    return pd.DataFrame(rows, columns="event_id phase start end ring kind required source".split())


def access_frame(events: Sequence[SiteEvent], area: StudyArea) -> pd.DataFrame:
    """Minutes from the ways in and from the reserve to the densest zone, inside the crowd."""
    rows = [
        (
            one.event.event_id,
            f"{one.event.start:%Y-%m-%d}",
            way.from_ring,
            way.reserve,
            way.where,
            way.target_zone,
            round(way.metres),
            *way.minutes,
        )
        for one in events
        for way in crowd_access(
            one.forecast.site,
            area,
            one.load.people[int(np.argmax(one.load.inside))],
            list(dict.fromkeys(n.ring for n in one.posts.needs if n.kind == "reserve")),
        )
    ]
    columns = "event_id date from_ring reserve where target_zone metres minutes_least minutes_most"
    return pd.DataFrame(rows, columns=columns.split())


def event_sites_text(events: Sequence[SiteEvent], area: StudyArea) -> str:
    """Section of the summary on events whose posts were computed; empty without any."""
    if not events:
        return ""
    lines = [line for one in events for line in _event_lines(one, area)]
    return (
        "## Events at sites: posts from the crowd\n\n"
        "Crowds are those of earlier nights, made from published figures (synthetic); posts follow "
        "the rules of head-counts, most of them assumptions. Lines of people are calibrated "
        "on one published night; the published staff stands beside. `event_steps.csv`, "
        "`event_staff.csv`, `event_access.csv` and `event_organiser.csv` have the details.\n\n"
        + "\n".join(lines)
    )


def _event_lines(one: SiteEvent, area: StudyArea) -> list[str]:
    (row,) = event_staff_frame([one]).to_dict("records")
    published = one.event.staff_reference
    beside = (
        f"; published of an earlier year, its busiest day: {published:,.0f}"
        if math.isfinite(published)
        else ""
    )
    lines = [
        f"* {one.event.name_en}, {one.event.start:%d %b}: {row['crowd_median']:,} people at most "
        f"are expected, {row['crowd_staffed']:,} staffed for, {row['most_per_m2']:.1f} per m2 "
        f"({row['density_class']}) in {row['densest_zone']}. {row['force']:,} people on post in "
        f"the busiest hour ({row['per_1000']:.0f} per 1,000 at the peak{beside}); the site needs "
        f"{row['organiser']:,} guards and volunteers, the organiser has {row['organiser_have']:,}."
    ]
    for told in one.forecast.steps:
        lines.append(f"  * {_step_text(one, told)}")
    for way in access_frame([one], area).to_dict("records"):
        start = f"reserve of the {way['from_ring']} ring" if way["reserve"] else "help from outside"
        if way["reserve"] or way["from_ring"] == "outer":
            lines.append(
                f"  * {start} ({way['where']}) to {way['target_zone']}: "
                f"{way['minutes_least']:.0f} to {way['minutes_most']:.0f} min through the crowd"
            )
    return lines


def _step_text(one: SiteEvent, told: StepForecast) -> str:
    usual = quarter_start(one.forecast, told.median_crowd)
    expected = "not expected" if usual is None else f"expected {usual:%H:%M}"
    own = [need for need in one.posts.needs if need.step_id == told.step_id]
    window = window_of(one, told.step_id)
    if window is None:
        posts = "too rare for posts of its own"
    elif own:
        on_post = _clock(one, window.from_quarter)
        posts = f"{busiest(own)} people on post by {on_post:%H:%M} ({'; '.join(_by_kind(own))})"
    else:
        posts = "its hours lie outside the plan"
    return f"step {told.step_id}: {expected}, {told.reached_share:.1%} of crowds; {posts}"


def _clock(one: SiteEvent, quarter: int) -> datetime:
    moment = quarter_start(one.forecast, max(quarter, 0))
    assert moment is not None  # quarter-hours from 0 on have a start
    return moment
