"""Events at sites: their files, and the posts computed from the crowd of each of their days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from geodata.area import StudyArea
from geodata.crowd import EventCrowd, scaled, shifted
from geodata.crowd_file import read_crowds
from geodata.events import EventWindow, occurrences
from geodata.faults import FaultLog
from geodata.horizon import Horizon
from geodata.site_file import read_sites
from geodata.sites import Site
from optimizer.crowd_forecast import CrowdForecast, crowd_forecast
from optimizer.crowd_load import CrowdLoad, SitePostTerms, crowd_load
from optimizer.head_counts import SiteRules, rules_of
from optimizer.ladder_file import read_ladders
from optimizer.requirement import PostNeed
from optimizer.site_post_file import read_site_posts
from optimizer.site_posts import PostPlace, SitePosts, posts_for
from optimizer.threshold_ladder import Ladder
from scenarios.scenario import LoadedScenario

_FILES = ("sites", "passages", "crowds", "ladders", "site_posts")
"""Keys of the table `events` that are given together or not at all."""


@dataclass(frozen=True)
class SiteBook:
    """Sites with their crowds, threshold ladders and rules of head-counts; `notes` for readers."""

    sites: tuple[Site, ...]
    crowds: tuple[EventCrowd, ...]
    ladders: tuple[Ladder, ...]
    rules: SiteRules
    notes: tuple[str, ...]

    @property
    def site_of_crowd(self) -> Mapping[str, str]:
        """Site of each crowd by its id."""
        return {crowd.event_id: crowd.site_id for crowd in self.crowds}


@dataclass(frozen=True)
class SiteEvent:
    """One day of an event at a site: crowd, forecast, what is staffed for, and its posts."""

    event: EventWindow
    crowd: EventCrowd
    ladders: tuple[Ladder, ...]
    forecast: CrowdForecast
    load: CrowdLoad
    posts: SitePosts


NO_SITES = SiteBook((), (), (), {}, ())


def read_site_book(loaded: LoadedScenario, area: StudyArea, faults: FaultLog) -> SiteBook | None:
    """The files that the scenario names, an empty book when it names none."""
    part = loaded.scenario.events
    given = {name: loaded.path(path) for name in _FILES if (path := getattr(part, name))}
    if not given:
        return NO_SITES
    missing = [name for name in _FILES if name not in given]
    if missing:
        faults.add(
            "events",
            f"{', '.join(missing)} not given",
            expected=f"{', '.join(_FILES)} together, for posts computed from crowds",
            remedy="Name the files in the table [events] of the scenario, or none of them.",
        )
        return None
    return faults.attempt(lambda log: _read(loaded, area, log))


def _read(loaded: LoadedScenario, area: StudyArea, faults: FaultLog) -> SiteBook:
    part = loaded.scenario.events
    layer, passages, nights, rungs, counts = (
        loaded.path(str(getattr(part, name))) for name in _FILES
    )
    curves, closures = (
        None if name is None else loaded.path(name) for name in (part.curves, part.closures)
    )
    sites = read_sites(layer, passages, area, part.sites_crs, faults)
    zone = part.local_timezone or area.timezone
    book = read_crowds(nights, curves, closures, sites, faults, timezone=zone)
    ladders = read_ladders(rungs, sites, faults)
    rules = read_site_posts(counts, [site.site_id for site in sites], ladders, faults)
    notes = tuple(f"{counts.name}: {note}" for note in rules.notes)
    return SiteBook(sites, book.crowds, ladders, rules.rules, (*book.warnings, *notes))


def site_post_terms(loaded: LoadedScenario) -> SitePostTerms:
    """How sure posts are to be, as the scenario says."""
    part = loaded.scenario.events
    return SitePostTerms(quantile=part.staffed_quantile, lead_min=part.post_lead_min)


def site_events(
    loaded: LoadedScenario,
    events: Sequence[EventWindow],
    book: SiteBook,
    area: StudyArea,
    horizon: Horizon,
) -> tuple[SiteEvent, ...]:
    """Days of the events that name a crowd, as far as they have posts within the horizon.

    The crowd of a night comes at the same clock times on the event's date. On days of a recurring
    event other than its peak day it is `off_peak_day_share` as large.
    """
    nights = {crowd.event_id: crowd for crowd in book.crowds}
    found = []
    for event in events:
        for day, size in _days(loaded, event) if event.crowd_id else ():
            crowd = _on_date(nights[event.crowd_id], day, size)
            if crowd.horizon.end > horizon.start and crowd.horizon.start < horizon.end:
                found.append(_site_event(loaded, day, crowd, book, area, horizon))
    return tuple(one for one in found if one.posts.needs)


def _days(loaded: LoadedScenario, event: EventWindow) -> Iterator[tuple[EventWindow, float]]:
    """Each day of an event, with the size of its crowd relative to the night it is taken from."""
    part = loaded.scenario.events
    for day in occurrences(event):
        peak_day = event.recurrence == "once" or day.peak_from == event.peak_from
        yield day, part.crowd_scale * (1.0 if peak_day else part.off_peak_day_share)


def _on_date(night: EventCrowd, day: EventWindow, factor: float) -> EventCrowd:
    """The crowd of a night moved to the date of a day, under the event's id."""
    by = timedelta(days=(day.start.date() - night.horizon.start.date()).days)
    return replace(scaled(shifted(night, by), factor), event_id=day.event_id)


def _site_event(
    loaded: LoadedScenario,
    day: EventWindow,
    crowd: EventCrowd,
    book: SiteBook,
    area: StudyArea,
    horizon: Horizon,
) -> SiteEvent:
    site = next(site for site in book.sites if site.site_id == crowd.site_id)
    ladders = tuple(one for one in book.ladders if one.site.site_id == crowd.site_id)
    draws, seed = loaded.scenario.events.crowd_draws, loaded.scenario.seed
    forecast = crowd_forecast([site], [crowd], ladders, draws=draws, seed=seed)
    terms = site_post_terms(loaded)
    load = crowd_load(forecast, ladders, terms)
    command = int(area.command_of[area.district_ids.index(day.district_id)])
    place = PostPlace(day.event_id, day.name_en, day.name_zh, command, day.lon, day.lat)
    offset = round(horizon.hour_index(forecast.horizon.start))
    rules = rules_of(site.site_id, book.rules)
    posts = posts_for(place, load, rules, horizon, offset, terms.lead_min)
    return SiteEvent(day, crowd, ladders, forecast, load, posts)


def needs_of(events: Sequence[SiteEvent]) -> tuple[PostNeed, ...]:
    """Posts that the events ask of the force."""
    return tuple(need for one in events for need in one.posts.needs)
