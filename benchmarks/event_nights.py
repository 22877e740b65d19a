"""Posts computed for published nights, set beside the staff that was published of them."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.record import Record, peak_mb, refuse_unknown
from geodata.area import StudyArea
from geodata.crowd import EventCrowd
from geodata.district_file import read_districts
from geodata.faults import FaultLog
from optimizer.crowd_forecast import CrowdForecast, crowd_forecast
from optimizer.crowd_load import SitePostTerms
from optimizer.head_counts import rules_of
from optimizer.published_nights import (
    NightComparison,
    classes_passed,
    compare_night,
    night_posts,
    steps_short,
)
from optimizer.threshold_ladder import Ladder, watched_only
from scenarios.event_sites import SiteBook, read_site_book
from scenarios.scenario import LoadedScenario, load_scenario

SCENARIO = "shanghai-chuxi-2027"
WATCHED: tuple[str, ...] = ("bund_2014_12_31",)
"""Nights on which people saw the crowd grow and no threshold had an action."""

TOLD_RULES = 3
"""Rules told for each night, those that most posts hang on."""


@dataclass(frozen=True)
class EventNightRecord(Record):
    """A line of this family: `value` people of the force on post at once, `known` the published.

    `with_relief` people are needed to man them, `at_median` posts for the median crowd instead
    of the one staffed for (`crowd`). `rules` tells, for the rules that weigh most, how many posts
    hang on each, its heads and the heads that would meet the published staff; `times_to_meet` is
    the factor on the heads of all rules that would. For nights on which thresholds were watched
    only, `steps` tells the posts of each step that the published staff could have manned and
    `classes` when zones passed density classes.
    """

    peak: float
    crowd: float
    per_1000: float
    published_per_1000: float | None
    at_median: int
    with_relief: float
    organiser: int
    times_to_meet: float | None
    rules: dict[str, dict[str, float | None]]
    steps: dict[str, dict[str, str | int]]
    classes: dict[str, str]


def run(names: Sequence[str]) -> Iterator[EventNightRecord]:
    """Lines of the nights named, or of all that come with the package.

    Raises
    ------
    BadInput
        When a night is unknown.
    """
    loaded = load_scenario(SCENARIO)
    book = shipped_sites(loaded)
    known = [crowd.event_id for crowd in book.crowds]
    refuse_unknown("event_nights", "night", names, known)
    for crowd in book.crowds:
        if not names or crowd.event_id in names:
            yield _line(crowd, book, loaded.scenario.seed)


def shipped_sites(loaded: LoadedScenario) -> SiteBook:
    """Sites, nights, ladders and rules of the scenario.

    Raises
    ------
    BadInput
        With every fault of the files.
    """
    faults = FaultLog()
    book = read_site_book(loaded, _area(loaded, faults), faults)
    faults.raise_if_any()
    if book is None:
        raise AssertionError("the sites are missing although no fault was noted")
    return book


def _area(loaded: LoadedScenario, faults: FaultLog) -> StudyArea:
    part = loaded.scenario.area
    area = read_districts(
        loaded.path(part.districts),
        None,
        part.districts_crs,
        faults,
        area_crs=part.crs,
        timezone=part.timezone,
    )
    faults.raise_if_any()
    return area


def _line(crowd: EventCrowd, book: SiteBook, seed: int) -> EventNightRecord:
    site = next(site for site in book.sites if site.site_id == crowd.site_id)
    ladders = [ladder for ladder in book.ladders if ladder.site.site_id == crowd.site_id]
    watched = crowd.event_id in WATCHED
    followed = [watched_only(ladder) for ladder in ladders] if watched else ladders
    rules, terms = rules_of(site.site_id, book.rules), SitePostTerms()
    begin = time.perf_counter()
    forecast = crowd_forecast([site], [crowd], followed, seed=seed)
    night_posts(crowd, forecast, ladders, rules, terms)
    seconds = time.perf_counter() - begin
    found = compare_night(crowd, forecast, ladders, rules, terms)
    return EventNightRecord(
        family="event_nights",
        instance=crowd.event_id,
        params=f"site={crowd.site_id};quantile={terms.quantile:g};watched={int(watched)}",
        value=float(found.posts),
        bound=None,
        known=_finite(crowd.staff_reference),
        status="computed",
        build_s=0.0,
        solve_s=round(seconds, 3),
        peak_mb=peak_mb(),
        peak=round(found.peak),
        crowd=round(found.crowd),
        per_1000=round(found.per_1000, 1),
        published_per_1000=_finite(found.published_per_1000),
        at_median=found.posts_median,
        with_relief=found.people,
        organiser=found.organiser,
        times_to_meet=_finite(found.times_to_meet),
        rules=_rules(found),
        steps=_steps(crowd, forecast, ladders, book) if watched else {},
        classes=_classes(forecast) if watched else {},
    )


def _rules(found: NightComparison) -> dict[str, dict[str, float | None]]:
    return {
        weight.rule.rule_id: {
            "posts": weight.heads_less,
            "heads": weight.rule.heads,
            "heads_to_meet": _finite(weight.heads_to_meet),
        }
        for weight in found.weights[:TOLD_RULES]
    }


def _steps(
    crowd: EventCrowd, forecast: CrowdForecast, ladders: Sequence[Ladder], book: SiteBook
) -> dict[str, dict[str, str | int]]:
    rules = rules_of(crowd.site_id, book.rules)
    posts = night_posts(crowd, forecast, ladders, rules, SitePostTerms())
    return {
        step.step_id: {
            "needed_from": f"{step.needed_from:%H:%M}",
            "passed": _clock(step.passed),
            "required": step.required,
            "have": step.have,
        }
        for step in steps_short(forecast, ladders, posts, round(crowd.staff_reference))
    }


def _classes(forecast: CrowdForecast) -> dict[str, str]:
    """Times at which the median crowd brings zones to density classes, those that it does."""
    passed = classes_passed(forecast).items()
    return {f"{zone}: {name}": _clock(moment) for (zone, name), moment in passed if moment}


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M}"


def _finite(value: float) -> float | None:
    """The value to four digits, None where it is not finite."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
