"""The plan on worse nights: nothing is planned again, the judge says what is left."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from optimizer.calls import PatrolTerms
from optimizer.judges.robustness import (
    units_of_stations,
    with_more_calls,
    without_nearest_units,
    without_own_units,
    without_sick,
)
from optimizer.judges.summary import city_service
from optimizer.plan import Deployment
from scenarios.closing import without_a_crossing
from scenarios.practice import judge
from scenarios.scenario import LoadedScenario
from scenarios.world import World

SICK_SHARE = 0.1


@dataclass(frozen=True)
class StressCase:
    """One worse night: the city's figures of the plan and of the baseline over all hours.

    `text` says what happens. The figures have the names of `optimizer.judges.summary.COLUMNS`
    and `weighted_response`, call-minutes over the horizon.
    """

    case_id: str
    text: str
    plan: Mapping[str, float]
    baseline: Mapping[str, float]


@dataclass(frozen=True)
class _Night:
    """What is judged in one case."""

    case_id: str
    text: str
    world: World
    plan: Deployment
    baseline: Deployment


def stress_cases(
    loaded: LoadedScenario,
    world: World,
    plan: Deployment,
    baseline: Deployment,
    terms: PatrolTerms,
) -> tuple[StressCase, ...]:
    """Plan and baseline with more calls, without a station, a crossing, a tenth of the units.

    The closed crossing is left out where the scenario has none.
    """
    nights = [
        *(_busier(world, plan, baseline, factor) for factor in (1.2, 1.5)),
        _station_out(world, plan, baseline),
        *_crossing_closed(loaded, world, plan, baseline),
        _sick(world, plan, baseline, loaded.scenario.seed),
    ]
    return tuple(
        StressCase(
            night.case_id,
            night.text,
            _figures(night.world, night.plan, terms),
            _figures(night.world, night.baseline, terms),
        )
        for night in nights
    )


def _figures(world: World, deployment: Deployment, terms: PatrolTerms) -> dict[str, float]:
    judged = judge(world, deployment, terms)
    service = city_service(world.situation, judged.evaluation, deployment.units)
    return {**service, "weighted_response": judged.response_sum}


def _busier(world: World, plan: Deployment, baseline: Deployment, factor: float) -> _Night:
    more = round((factor - 1.0) * 100.0)
    situation = with_more_calls(world.situation, factor)
    text = f"{more} % more calls everywhere"
    return _Night(f"calls_{more}_more", text, replace(world, situation=situation), plan, baseline)


def _station_out(world: World, plan: Deployment, baseline: Deployment) -> _Night:
    """Without the station that sends most unit-hours, and without its units.

    A branch is no station: units that are made up from several homes are counted there.
    """
    situation = world.situation
    stations, hours = situation.stations, situation.horizon.hours
    sent = units_of_stations(plan.origins, plan.unit_types, len(stations), hours)
    homes = stations.of_kind("station") if "station" in stations.kind else np.arange(len(stations))
    busiest = int(homes[sent.sum(axis=(0, 2))[homes].argmax()])
    gone = sent[:, busiest]
    text = (
        f"{stations.name_en[busiest]} ({stations.place_ids[busiest]}), which sends most units, "
        f"is out with all its units, up to {gone.sum(axis=0).max()} in an hour"
    )
    return _Night(
        "station_out",
        text,
        world,
        without_own_units(plan, busiest),
        without_nearest_units(baseline, situation.patrol_places, busiest, gone),
    )


def _crossing_closed(
    loaded: LoadedScenario, world: World, plan: Deployment, baseline: Deployment
) -> list[_Night]:
    closed = without_a_crossing(loaded, world)
    if closed is None:
        return []
    text = f"{', '.join(closed.names)} is closed"
    night = replace(world, situation=closed.situation)
    return [_Night("crossing_closed", text, night, plan, baseline)]


def _sick(world: World, plan: Deployment, baseline: Deployment, seed: int) -> _Night:
    """Without a tenth of the units, drawn anew from the same seed for plan and baseline."""
    left = [
        without_sick(deployment, SICK_SHARE, np.random.default_rng(seed))
        for deployment in (plan, baseline)
    ]
    return _Night("units_sick", f"{SICK_SHARE:.0%} of the units are missing", world, *left)
