"""Threshold ladders: how many people make which step necessary, and what the step does.

A ladder belongs to a site. Its steps stand in order of severity; a step adds its actions to those
of the steps below it. It is taken when what it watches reaches `at` and taken back when that falls
below `release` (hysteresis, so that gates are not turned every quarter-hour).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from geodata.crowd_network import Setting, Trigger, usual_setting
from geodata.sites import OUTSIDE, Site

MEASURES: tuple[str, ...] = ("people", "people_per_m2")
ACTIONS: tuple[str, ...] = ("gates", "exit_only", "one_way", "wave_release", "metro_skip")


@dataclass(frozen=True)
class Action:
    """What a step does.

    `gates` makes the first `gates_in` of the targets lead in, the next `gates_out` out and shuts
    the others; `exit_only` makes the targets lead out; `one_way` makes them lead in `direction`;
    `wave_release` opens them inwards for the share `in_share` of the time; `metro_skip` shuts the
    entrances of the stations named as targets. Without targets, `gates` means all gates of the
    site, `exit_only` and `wave_release` all passages to the world outside.
    """

    kind: str
    targets: tuple[str, ...] = ()
    gates_in: int = 0
    gates_out: int = 0
    direction: str = ""
    in_share: float = 1.0


@dataclass(frozen=True)
class Step:
    """One rung. It watches the zones named, or with none the whole site, in people or per m2."""

    step_id: str
    name_en: str
    name_zh: str
    zone_ids: tuple[str, ...]
    measure: str
    at: float
    release: float
    actions: tuple[Action, ...]
    source: str


@dataclass(frozen=True)
class Ladder:
    """Steps of one site in order of severity.

    Raises
    ------
    ValueError
        With everything that is wrong (`ladder_problems`).
    """

    site: Site
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        problems = ladder_problems(self.site, self.steps)
        if problems:
            raise ValueError(f"ladder of {self.site.site_id}: " + "; ".join(problems))


def ladder_problems(site: Site, steps: Sequence[Step]) -> list[str]:
    """What is wrong with a ladder, in words; empty when it fits the site."""
    ids = [step.step_id for step in steps]
    found = ["step ids repeat"] if len(set(ids)) != len(ids) else []
    for step in steps:
        found += [f"step {step.step_id} {problem}" for problem in _step_problems(site, step)]
        for action in step.actions:
            found += [f"step {step.step_id} {text}" for text in _action_problems(site, action)]
    return found + _order_problems(steps)


def _step_problems(site: Site, step: Step) -> list[str]:
    found = []
    if step.measure not in MEASURES:
        found.append(f"watches {step.measure!r}, not one of {', '.join(MEASURES)}")
    if not 0 <= step.release < step.at:
        found.append(f"is taken at {step.at:g} and back below {step.release:g}")
    unknown = [name for name in step.zone_ids if name not in site.zone_ids]
    if unknown:
        found.append(f"watches unknown zones: {', '.join(unknown[:3])}")
    return found


def _order_problems(steps: Sequence[Step]) -> list[str]:
    """Steps that watch the same thing as an earlier one and are not taken later than it."""
    found = []
    last: dict[tuple[str, tuple[str, ...]], Step] = {}
    for step in steps:
        watched = (step.measure, tuple(sorted(step.zone_ids)))
        below = last.get(watched)
        if below is not None and step.at <= below.at:
            found.append(
                f"thresholds out of order: {step.step_id} at {step.at:g} stands above "
                f"{below.step_id} at {below.at:g}"
            )
        last[watched] = step
    return found


def _action_problems(site: Site, action: Action) -> list[str]:
    if action.kind not in ACTIONS:
        return [f"asks for {action.kind!r}, not one of {', '.join(ACTIONS)}"]
    known = site.station_ids if action.kind == "metro_skip" else site.passage_ids
    found = [f"names {name!r}, unknown on the site" for name in action.targets if name not in known]
    if action.kind in ("one_way", "metro_skip") and not action.targets:
        found.append(f"names no target for {action.kind}")
    if action.kind == "one_way" and action.direction not in ("in", "out"):
        found.append(f"leads one way {action.direction!r}, neither in nor out")
    if action.kind == "wave_release" and not 0 <= action.in_share <= 1:
        found.append(f"is open {action.in_share:g} of the time, not 0 to 1")
    if action.kind == "gates":
        gates = len(action.targets or site.gates)
        if not 0 < action.gates_in + action.gates_out <= gates or action.gates_in < 0:
            found.append(f"turns {action.gates_in} in and {action.gates_out} out of {gates} gates")
    return found


def ladder_settings(site: Site, ladders: Sequence[Ladder]) -> tuple[Setting, ...]:
    """Settings of the site's passages for each combination of steps taken, the last ladder's first.

    `site` is the ladders' own, or one that theirs were joined into.
    """
    levels = [range(len(ladder.steps) + 1) for ladder in ladders]
    return tuple(_setting(site, ladders, taken) for taken in product(*levels))


def _setting(site: Site, ladders: Sequence[Ladder], taken: Sequence[int]) -> Setting:
    setting = usual_setting(site)
    for ladder, level in zip(ladders, taken, strict=True):
        for step in ladder.steps[:level]:
            for action in step.actions:
                setting = _applied(setting, site, ladder.site, action)
    return setting


def _applied(setting: Setting, site: Site, home: Site, action: Action) -> Setting:
    """The setting after one action; passages that stand closed stay so unless gates are named."""
    where = {name: number for number, name in enumerate(site.passage_ids)}
    numbers = [where[name] for name in action_targets(home, action)]
    direction, in_share = list(setting.direction), list(setting.in_share)
    for rank, number in enumerate(numbers):
        if action.kind == "wave_release":
            in_share[number] = action.in_share
        elif action.kind == "gates" or direction[number] != "closed":
            direction[number] = _direction(action, rank)
    return replace(setting, direction=tuple(direction), in_share=tuple(in_share))


def action_targets(home: Site, action: Action) -> tuple[str, ...]:
    """Passages of the ladder's site that an action turns, in its order."""
    if action.kind == "metro_skip":
        return tuple(p.passage_id for p in home.passages if p.station_id in action.targets)
    if action.targets:
        return action.targets
    if action.kind == "gates":
        return tuple(gate.passage_id for gate in home.gates)
    return tuple(p.passage_id for p in home.passages if p.outer_zone == OUTSIDE)


def _direction(action: Action, rank: int) -> str:
    """Where the target of this rank leads after the action."""
    if action.kind == "gates":
        turned_out = action.gates_in <= rank < action.gates_in + action.gates_out
        return "in" if rank < action.gates_in else "out" if turned_out else "closed"
    return {"exit_only": "out", "metro_skip": "closed"}.get(action.kind, action.direction)


def watched_only(ladder: Ladder) -> Ladder:
    """The same thresholds with nothing done at them: when they would be passed (Bund 2014)."""
    return replace(ladder, steps=tuple(replace(step, actions=()) for step in ladder.steps))


def ladder_triggers(site: Site, ladders: Sequence[Ladder]) -> tuple[tuple[Trigger, ...], ...]:
    """When each step of each ladder is taken, as weights on the zones of `site`."""
    return tuple(
        tuple(_trigger(site, ladder.site, step) for step in ladder.steps) for ladder in ladders
    )


def _trigger(site: Site, home: Site, step: Step) -> Trigger:
    watched = step.zone_ids or home.zone_ids
    room = sum(zone.free_area_m2 for zone in site.zones if zone.zone_id in watched)
    unit = 1.0 / room if step.measure == "people_per_m2" else 1.0
    weights = tuple(unit if name in watched else 0.0 for name in site.zone_ids)
    return Trigger(weights, step.at, step.release)
