"""What is expected of a crowd: flow of the median and of drawn crowds, and when steps come."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.crowd import EventCrowd, crowd_factors, on_horizon
from geodata.crowd_density import CLASSES, crowd_class
from geodata.crowd_flow import CrowdFlow, crowd_flow
from geodata.crowd_network import build_network, site_party
from geodata.horizon import Horizon
from geodata.sites import OUTSIDE, Site, joined_site
from optimizer.threshold_ladder import Ladder, ladder_settings, ladder_triggers

DRAWS = 200
_BAND = (10, 50, 90)
NEVER = -1


@dataclass(frozen=True)
class StepForecast:
    """When a step is expected, in quarter-hours of the forecast's horizon.

    `median_crowd` and `taken_back` are those of the median crowd, `NEVER` when it does not come to
    that. `reached_share` is the share of the drawn crowds in which the step is taken, 0..1; `p10`,
    `p50`, `p90` are quantiles of its time among these, NaN when there are none.
    """

    site_id: str
    step_id: str
    median_crowd: int
    taken_back: int
    reached_share: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class CrowdForecast:
    """`median` is the flow of the median crowd (one draw), `drawn` that of the drawn ones."""

    site: Site
    horizon: Horizon
    median: CrowdFlow
    drawn: CrowdFlow
    steps: tuple[StepForecast, ...]


def crowd_forecast(
    sites: Sequence[Site],
    crowds: Sequence[EventCrowd],
    ladders: Sequence[Ladder],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> CrowdForecast:
    """Forecast of events on one site, or on neighbouring ones laid together.

    Each crowd is drawn by itself. All of them stand on one horizon, which runs from the first
    start to the last end.

    Raises
    ------
    ValueError
        When a crowd's site is not among `sites`, or shared zones differ between them.
    """
    homes = {site.site_id: site for site in sites}
    strangers = [crowd.event_id for crowd in crowds if crowd.site_id not in homes]
    if strangers:
        raise ValueError(f"events on none of these sites: {', '.join(strangers[:3])}")
    site = sites[0] if len(sites) == 1 else joined_site(sites)
    horizon = common_horizon(crowds)
    laid = [on_horizon(crowd, horizon) for crowd in crowds]
    parties = [site_party(crowd.attendance, homes[crowd.site_id], site) for crowd in laid]
    closures = [closure for crowd in crowds for closure in crowd.closures]
    network = build_network(site, parties, ladder_settings(site, ladders), closures, horizon)
    triggers = ladder_triggers(site, ladders)
    factors = np.stack([crowd_factors(crowd, draws, seed) for crowd in crowds], axis=1)
    median = crowd_flow(network, parties, np.ones(1), triggers)
    drawn = crowd_flow(network, parties, factors, triggers)
    steps = [
        _step_forecast(ladder, number, level, median, drawn)
        for number, ladder in enumerate(ladders)
        for level in range(len(ladder.steps))
    ]
    return CrowdForecast(site, horizon, median, drawn, tuple(steps))


def common_horizon(crowds: Sequence[EventCrowd]) -> Horizon:
    """The shortest horizon that holds those of all crowds."""
    start = min((crowd.horizon.start for crowd in crowds), key=lambda moment: moment.timestamp())
    end = max(crowd.horizon.end.timestamp() for crowd in crowds)
    return Horizon(start, round((end - start.timestamp()) / 3600))


def _step_forecast(
    ladder: Ladder, number: int, level: int, median: CrowdFlow, drawn: CrowdFlow
) -> StepForecast:
    holds = drawn.step[:, :, number] > level
    reached = holds.any(axis=1)
    first = holds.argmax(axis=1)[reached]
    times = np.percentile(first, _BAND) if len(first) else np.full(3, np.nan)
    usual = np.flatnonzero(median.step[0, :, number] > level)
    return StepForecast(
        ladder.site.site_id,
        ladder.steps[level].step_id,
        int(usual[0]) if len(usual) else NEVER,
        int(usual[-1]) + 1 if len(usual) and usual[-1] + 1 < median.step.shape[1] else NEVER,
        float(reached.mean()),
        *(float(time) for time in times),
    )


def zone_frame(forecast: CrowdForecast) -> pd.DataFrame:
    """People, density and class of each zone and quarter-hour: median crowd and P10 to P90.

    `start` is the local start of the quarter-hour; the figures hold at its end.
    """
    people = np.percentile(forecast.drawn.occupancy, _BAND, axis=0)
    median = forecast.median.occupancy[0]
    density = median / forecast.median.network.area_m2
    dense_p90 = people[2] / forecast.median.network.area_m2
    quarters, zones = median.shape
    classes = np.array(CLASSES, dtype=object)
    return pd.DataFrame(
        {
            "zone_id": np.tile(forecast.site.zone_ids, quarters),
            "ring": np.tile([zone.ring for zone in forecast.site.zones], quarters),
            "start": np.repeat(_starts(forecast.horizon), zones),
            "people": median.ravel(),
            "people_p10": people[0].ravel(),
            "people_p50": people[1].ravel(),
            "people_p90": people[2].ravel(),
            "per_m2": density.ravel(),
            "class": classes[crowd_class(density)].ravel(),
            "class_p90": classes[crowd_class(dense_p90)].ravel(),
        }
    )


def passage_frame(forecast: CrowdForecast) -> pd.DataFrame:
    """Queue, people through and class of each passage and quarter-hour.

    A passage's density is that of its denser end; stairs are classed one band stricter.
    """
    median, passages = forecast.median, forecast.site.passages
    queue = median.queue[0]
    stairs = np.array([passage.kind == "stairs" for passage in passages])
    classes = np.array(CLASSES, dtype=object)
    quarters = len(queue)
    return pd.DataFrame(
        {
            "passage_id": np.tile(forecast.site.passage_ids, quarters),
            "kind": np.tile([passage.kind for passage in passages], quarters),
            "start": np.repeat(_starts(forecast.horizon), len(passages)),
            "queue": queue.ravel(),
            "queue_p90": np.percentile(forecast.drawn.queue, 90, axis=0).ravel(),
            "people_in": median.flow[0, :, ::2].ravel(),
            "people_out": median.flow[0, :, 1::2].ravel(),
            "class": classes[crowd_class(median.passage_density[0], stairs)].ravel(),
            "to_outside": np.tile([p.outer_zone == OUTSIDE for p in passages], quarters),
        }
    )


def _starts(horizon: Horizon) -> list[str]:
    """Local start of each quarter-hour, ISO 8601."""
    return [
        hour.replace(minute=minute).isoformat()
        for hour in horizon.starts
        for minute in (0, 15, 30, 45)
    ]
