"""What a run must have to be drawn: just planned, or read back from its folder."""

from collections.abc import Collection
from typing import Protocol

from maps.event_days import EventDay
from maps.page import plan_map
from maps.tiles import TileServer
from optimizer.judges.donor_hours import LenderHours
from optimizer.plan import Plan
from optimizer.staffing_input import StaffingProblem
from scenarios.approval import DRAFT
from scenarios.practice import Judged
from scenarios.scenario import LoadedScenario
from scenarios.world import World

NOT_VALID = "not valid"
"""Status of a plan that breaks a rule, whatever the solver said of it."""


class Drawable(Protocol):
    """A plan with its world and judgements.

    Map and sheets may use these parts only: whatever more they need must be read back from the
    tables of the run folder too (`scenarios/read_back.py`).
    """

    @property
    def loaded(self) -> LoadedScenario:
        """The scenario."""

    @property
    def world(self) -> World:
        """Its world."""

    @property
    def problem(self) -> StaffingProblem:
        """What staffing decided on."""

    @property
    def plan(self) -> Plan:
        """The decision."""

    @property
    def judged(self) -> Judged:
        """What the judge says of the plan."""

    @property
    def baseline(self) -> Judged:
        """The deployment that the plan is shown beside."""

    @property
    def lenders(self) -> tuple[LenderHours, ...]:
        """The commands that lend, hour by hour."""

    @property
    def violations(self) -> Collection[object]:
        """Rules that the plan breaks."""


def opening_hour(loaded: LoadedScenario, world: World) -> int:
    """Hour in which the map opens: the scenario's clock, else the first."""
    clocks = [f"{moment:%H:%M}" for moment in world.situation.horizon.starts]
    clock = loaded.scenario.opening_clock
    return clocks.index(clock) if clock in clocks else 0


def run_label(run: Drawable) -> str:
    """Scenario and version of a run, and the broken rules where there are any."""
    broken = f", {NOT_VALID}: {len(run.violations)} rules broken" if run.violations else ""
    return f"{run.loaded.scenario.id} {run.loaded.digest()[:12]}{broken}"


def map_page(
    run: Drawable,
    *,
    status: str = DRAFT,
    titles: tuple[str, str] | None = None,
    label: str = "",
) -> str:
    """The map of a run beside its baseline as one HTML page, marked unless it is approved.

    `titles` (English, Chinese) stand for those of the scenario, `label` for the run's.
    """
    scenario, world = run.loaded.scenario, run.world
    title_en, title_zh = titles or (scenario.title_en, scenario.title_zh)
    tiles_url = scenario.map.tiles_url
    return plan_map(
        world.situation,
        world.force,
        world.requirement,
        run.plan,
        run.judged.evaluation,
        run.baseline.evaluation,
        title_en=title_en,
        title_zh=title_zh,
        run_label=label or run_label(run),
        opening_hour=opening_hour(run.loaded, world),
        status=status,
        days=event_days(world),
        lenders=run.lenders,
        reserve=world.reserve,
        tiles=TileServer(tiles_url) if tiles_url else None,
    )


def event_days(world: World) -> tuple[EventDay, ...]:
    """The days of events at sites, as the map draws them."""
    return tuple(
        EventDay(
            one.event.name_en, one.event.name_zh, one.crowd, one.ladders, one.forecast, one.load
        )
        for one in world.site_events
    )
