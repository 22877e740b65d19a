"""The scorecard of a run and of the baselines of practice, as tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optimizer.calls import PatrolTerms
from optimizer.judges.scorecard import (
    Figures,
    deployment_figures,
    duty_figures,
    scorecard_table,
)
from optimizer.judges.sites import Site, largest_sites
from optimizer.judges.stability import unstable_calls
from optimizer.judges.summary import city_service
from scenarios.pipeline import Run
from scenarios.practice import Baseline, Judged
from scenarios.stress import StressCase

STRESS_MEASURES: tuple[str, ...] = (
    "covered",
    "mean_min",
    "p90_min",
    "p99_min",
    "within_5",
    "no_idle_unit",
    "utilisation",
    "weighted_response",
)


def scorecard_frame(run: Run) -> pd.DataFrame:
    """Every measure of the plan beside that of the strongest baseline, in long form."""
    sites = run_sites(run)
    plan = [
        *_figures_of(run, run.judged, sites),
        *duty_figures(run.world.situation, run.plan.posts, run.world.due_visits, run.plan.visits),
    ]
    baseline = _figures_of(run, run.baseline, sites)
    hours = run.world.situation.horizon.hours
    plan += _stress_figures(run.stress, [case.plan for case in run.stress], hours)
    baseline += _stress_figures(run.stress, [case.baseline for case in run.stress], hours)
    return scorecard_table(plan, baseline)


def run_sites(run: Run) -> tuple[Site, ...]:
    """The largest event sites of the run."""
    return largest_sites(run.world.situation, run.plan.posts.needs)


def _figures_of(run: Run, judged: Judged, sites: tuple[Site, ...]) -> list[Figures]:
    world, patrol = run.world, run.loaded.scenario.patrol
    terms = PatrolTerms(patrol.closing_min, patrol.grade_weight)
    unstable = unstable_calls(
        world.situation, world.force, judged.deployment, judged.evaluation, terms
    )
    return deployment_figures(
        world.situation, world.force, judged.deployment, judged.evaluation, unstable, sites
    )


def _stress_figures(
    cases: tuple[StressCase, ...], services: list[Mapping[str, float]], hours: int
) -> list[Figures]:
    """Figures of the worse nights over all hours."""
    ids = tuple(case.case_id for case in cases)
    found = []
    for measure in STRESS_MEASURES:
        values = np.full((len(ids), hours + 1), np.nan)
        values[:, -1] = [stress_value(service, measure) for service in services]
        found.append(Figures("stress", ids, measure, values))
    return found


def stress_value(service: Mapping[str, float], measure: str) -> float:
    """A figure of the scorecard from the figures of the city."""
    return 1.0 - service["served"] if measure == "no_idle_unit" else service[measure]


def baselines_frame(run: Run) -> pd.DataFrame:
    """The plan and every baseline of practice: the city's figures over all hours.

    `gain_of_plan` is the share that the plan takes off the weighted response.
    """
    situation, plan = run.world.situation, run.judged
    service = city_service(situation, plan.evaluation, plan.deployment.units)
    own = Baseline("plan", plan.deployment, plan.response_sum, service)
    rows = [
        (
            practice.name,
            int(practice.deployment.units.sum()),
            practice.response_sum,
            *(practice.service[name] for name in ("covered", "mean_min", "p90_min", "served")),
            np.nan if practice is own else gain_over(run, practice),
            int(practice is run.strongest),
        )
        for practice in (own, *run.baselines)
    ]
    columns = (
        "name unit_hours weighted_response covered mean_min p90_min served gain_of_plan strongest"
    )
    return pd.DataFrame(rows, columns=columns.split())


def gain_over(run: Run, practice: Baseline) -> float:
    """Share that the plan takes off the weighted response of a baseline, NaN without calls."""
    if not practice.response_sum:
        return float("nan")
    return 1.0 - run.judged.response_sum / practice.response_sum
