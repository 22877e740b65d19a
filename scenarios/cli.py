"""The command line: one function a command, from `muster run` to `muster schema`."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from geodata.faults import BadInput, Fault
from scenarios.progress import Progress
from scenarios.scenario import LoadedScenario, library_names, load_scenario

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Plan a city's police deployment: staffing, patrol, event posts and visits.",
)

ScenarioName = Annotated[
    str, typer.Argument(help=f"A scenario file, or one of: {', '.join(library_names())}")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one setting, e.g. grid.cell_m=500."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]


@app.command()
def run(
    scenario: ScenarioName,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run; runs/SCENARIO unless given.")
    ] = None,
    set_: Overrides = None,
    quick: Annotated[
        bool,
        typer.Option(help="One round of staffing and of allocation, not the scenario's number."),
    ] = False,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="RUN", help="Folder of a run whose plan is to change little."
        ),
    ] = None,
    changes: Annotated[
        int | None,
        typer.Option(min=0, help="Unit-hours that may leave their place in the plan of --from."),
    ] = None,
    stress: Annotated[
        bool, typer.Option(help="Judge the plan on worse nights too: more calls, fewer units.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Plan a scenario and write the run folder; ends with the headline table and the map."""
    overrides = [*(set_ or []), *(["patrol.rounds=1", "staffing.rounds=1"] if quick else [])]
    loaded = load_scenario(scenario, tuple(overrides))
    folder = out or Path("runs") / loaded.scenario.id
    _refuse_foreign(folder)
    _refuse_budget_alone(from_, changes)
    from scenarios.clash_report import Infeasible

    try:
        record, broken = _planned(loaded, folder, from_, changes, stress=stress)
    except Infeasible as error:
        _tell_clashes(loaded, error.clashes, str(error), as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(record, ensure_ascii=False, sort_keys=True))
    else:
        _print_headline(record, folder)
    if broken:
        raise typer.Exit(1)


def _refuse_foreign(folder: Path) -> None:
    """Before the work begins, so that a wrong folder costs nothing."""
    from scenarios.run_folder import refuse_foreign

    refuse_foreign(folder)


def _refuse_budget_alone(given: Path | None, changes: int | None) -> None:
    if given is None and changes is not None:
        raise BadInput(
            [
                Fault(
                    "--changes",
                    "a change budget without a plan to change",
                    "--from with the folder of an earlier run",
                    "Add --from RUN, or leave --changes out.",
                    value=changes,
                )
            ]
        )


def _planned(
    loaded: LoadedScenario,
    folder: Path,
    given: Path | None,
    changes: int | None,
    *,
    stress: bool,
) -> tuple[dict[str, Any], bool]:
    from scenarios.pipeline import run_scenario
    from scenarios.run_folder import write_run

    progress = Progress()
    finished = run_scenario(
        loaded, progress, given_folder=given, max_changes=changes, stress=stress
    )
    return write_run(finished, folder, progress), bool(finished.violations)


def _tell_clashes(
    loaded: LoadedScenario, clashes: list[dict[str, Any]], text: str, *, as_json: bool
) -> None:
    """The message on stderr, the same as values on stdout with `--json`."""
    print(text, file=sys.stderr)
    if as_json:
        record = {"scenario": loaded.scenario.id, "status": "infeasible", "clashes": clashes}
        print(json.dumps(record, ensure_ascii=False, sort_keys=True))


@app.command()
def simulate(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    replications: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Nights to simulate.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the calls.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change one setting, e.g. simulation.travel_cv=0.3."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; RUN/simulation unless given.")
    ] = None,
    calls: Annotated[
        bool, typer.Option(help="Also write one record per call of the first replication.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate the plan of a finished run beside the strongest practice."""
    from scenarios.simulate_run import simulate_run, with_settings

    overrides = with_settings(set_ or [], replications, seed)
    record, text = simulate_run(run, overrides, out or run / "simulation", one_per_call=calls)
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


@app.command()
def replay(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    calls: Annotated[
        Path, typer.Option(metavar="FILE", help="TOML file that describes the recorded calls.")
    ],
    replications: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Times that the calls are simulated.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of what is drawn.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; RUN/replay unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run recorded calls through the plan of a finished run, beside what was observed."""
    from scenarios.replay import replay_run

    record, text = replay_run(run, calls, out or run / "replay", replications, seed)
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


@app.command()
def rosters(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the rosters; RUN/rosters unless given.")
    ] = None,
    festival: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATE",
            help="Festival day whose duties are spread evenly, instead of the season's holidays; "
            "may be given several times.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Roster the staffing of a finished run: anonymous lines as tables, sheets and calendars."""
    from scenarios.drawable import NOT_VALID
    from scenarios.roster_run import roster_run

    record, text = roster_run(run, out or run / "rosters", festival)
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)
    if record["status"] == NOT_VALID:
        raise typer.Exit(1)


@app.command()
def cordon(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    at: Annotated[
        str, typer.Option(metavar="LON,LAT", help="Point that the car leaves, e.g. 121.47,31.23.")
    ],
    time: Annotated[
        str, typer.Option(metavar="TIME", help="Moment of the alarm, e.g. 2027-02-05T21:30.")
    ],
    crs: Annotated[str, typer.Option(help="CRS of the point and of the exits.")] = "wgs84",
    alarm_min: Annotated[
        float, typer.Option(help="Minutes that the car has before the alarm.")
    ] = 0.0,
    car_factor: Annotated[
        float, typer.Option(help="Speed of the car over the quickest speeds of the roads.")
    ] = 1.2,
    ring_min: Annotated[
        float, typer.Option(help="The first ring to try, minutes of the car after the alarm.")
    ] = 5.0,
    exits: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Table of exits to seal, instead of a ring.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the cordon; RUN/cordon unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a point in with the units as they stand: a ring that a car cannot leave, or exits."""
    from scenarios.cordon_input import CordonWords
    from scenarios.cordon_run import cordon_run, is_held

    words = CordonWords(at, crs, time, alarm_min, car_factor, ring_min, exits)
    record, text = cordon_run(run, words, out or run / "cordon")
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)
    if not is_held(record):
        raise typer.Exit(1)


@app.command("map")
def draw_map(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    against: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="A second run, shown against the first."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page; RUN/map.html unless given, of two runs RUN2/map-against-RUN1.html.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a finished run again, with its status; of two runs show the second against the first."""
    from scenarios.map_run import map_run

    record, text = map_run(run, against, out)
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)
    if record["rules_broken"]:
        raise typer.Exit(1)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of finished runs; the first is the measure.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for the comparison; runs/comparison unless given."
        ),
    ] = None,
    with_map: Annotated[
        bool, typer.Option("--map/--no-map", help="Draw the map of two runs side by side.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Set finished runs side by side: figures, what was changed, and what to beware of."""
    from scenarios.compare_run import compare_runs

    record, text = compare_runs(runs, out or Path("runs/comparison"), with_map=with_map)
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


@app.command()
def approve(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    status: Annotated[str, typer.Option(help="reviewed, then approved.")],
    role: Annotated[
        str,
        typer.Option(help="Function that decides, e.g. 'duty commander'; never a person's name."),
    ],
    reason: Annotated[str, typer.Option(help="What was looked at and why it will do; no names.")],
    as_json: AsJson = False,
) -> None:
    """Note that a plan was reviewed or approved, by function and with a reason; no names go in."""
    from scenarios.approve_run import approve_run

    record, text = approve_run(run, status, role, reason, datetime.now().astimezone())
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


@app.command()
def levels(
    scenario: ScenarioName,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the list; runs/SCENARIO-levels unless given.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--level", metavar="LEVEL", help="Only these levels, e.g. --level 2."),
    ] = None,
    set_: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Plan the same night at every service level and print what each buys and costs."""
    _refuse_unknown_levels(only)
    loaded = load_scenario(scenario, tuple(set_ or []))
    from optimizer.levels import LEVELS
    from scenarios.clash_report import Infeasible
    from scenarios.level_prices import list_levels

    wanted = tuple(level for level in LEVELS if only is None or level in only)
    folder = out or Path("runs") / f"{loaded.scenario.id}-levels"
    try:
        record, text = list_levels(loaded, folder, wanted)
    except Infeasible as error:
        _tell_clashes(loaded, error.clashes, str(error), as_json=as_json)
        raise typer.Exit(1) from None
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


@app.command()
def why(
    scenario: ScenarioName,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the answer; runs/SCENARIO-why unless given.")
    ] = None,
    set_: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say where and when a night is short, and staff it again with the cheapest repairs."""
    loaded = load_scenario(scenario, tuple(set_ or []))
    from scenarios.why import explain

    record, text = explain(loaded, out or Path("runs") / f"{loaded.scenario.id}-why")
    print(json.dumps(record, ensure_ascii=False, sort_keys=True) if as_json else text)


def _refuse_unknown_levels(asked: list[str] | None) -> None:
    from optimizer.levels import LEVELS

    unknown = [level for level in asked or [] if level not in LEVELS]
    if unknown:
        raise BadInput(
            Fault(
                "--level",
                "no such service level",
                f"one of {', '.join(LEVELS)}",
                "Correct the level.",
                value=level,
            )
            for level in unknown
        )


@app.command()
def check(scenario: ScenarioName, set_: Overrides = None, as_json: AsJson = False) -> None:
    """Read every file of a scenario and list all faults at once."""
    loaded = load_scenario(scenario, tuple(set_ or []))
    from scenarios.world import build_world

    world = build_world(loaded)
    situation = world.situation
    facts = {
        "scenario": loaded.scenario.id,
        "cells": situation.grid.n_cells,
        "hours": situation.horizon.hours,
        "stations": len(situation.stations),
        "patrol_places": len(situation.patrol_places),
        "expected_calls": round(situation.forecast.calls(), 3),
        "force": int(world.force.headcount.sum()),
        "post_blocks": len(world.requirement.posts),
        "visits_due": len(world.due_visits),
        "notes": list(world.notes),
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, sort_keys=True))
        return
    print(f"{loaded.scenario.id}: no faults")
    for name, value in facts.items():
        if name not in ("scenario", "notes"):
            print(f"  {name.replace('_', ' ')}: {value:,}")
    for note in world.notes:
        print(f"  note: {note}")


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files."""
    from scenarios.schema import Scenario

    print(json.dumps(Scenario.model_json_schema(), ensure_ascii=False, indent=1))


def _print_headline(record: dict[str, Any], folder: Path) -> None:
    from scenarios.headline import NAMES, shown

    console = Console(width=110)
    table = Table(title=f"{record['scenario']} ({record['status']}, draft)")
    table.add_column("")
    for name in ("coverage", "mean min", "P90 min", "within 3 min", "within 5 min"):
        table.add_column(name, justify="right")
    for name, service in record["headline"]["service"].items():
        table.add_row(
            NAMES[name],
            shown(service["covered"], ".1%"),
            shown(service["mean_min"], ".2f"),
            shown(service["p90_min"], ".1f"),
            shown(service["within_3"], ".1%"),
            shown(service["within_5"], ".1%"),
        )
    console.print(table)
    figures = record["headline"]
    posts, visits = figures["posts"], figures["visits"]
    print(f"Expected calls: {figures['expected_calls']:,.0f}")
    print(f"Units on the street: up to {figures['units_on_street']['most']:,}")
    print(f"People on duty: up to {figures['officers_on_duty']['most']:,}")
    print(
        f"Posts: required {posts['required']:,}, have {posts['have']:,}, need {posts['need']:,} "
        "(people per block of at most 4 h)"
    )
    print(f"Visits: {visits['planned']:,} of {visits['due']:,} due")
    if record.get("recorded_calls"):
        real = record["recorded_calls"]
        print(f"Real calls of the day: {real['calls']:,.0f}, covered {real['covered_plan']:.1%}")
    made_up = [part["item"] for part in record["provenance"] if part["status"] != "real"]
    print(f"Synthetic or assumed: {', '.join(made_up)}")
    print(f"Rules broken: {len(record['violations'])}")
    print(f"Summary: {folder / 'summary.md'}")
    print(f"Map: {folder / 'map.html'}")


def main() -> None:
    """Entry point: bad input ends in one message and exit code 2, never in a traceback."""
    try:
        app()
    except BadInput as error:
        print(_faults_text(error), file=sys.stderr)
        sys.exit(2)


def _faults_text(error: BadInput) -> str:
    count = len(error.faults)
    title = "1 fault" if count == 1 else f"{count} faults"
    return "\n".join([f"{title}; nothing was written.", *(f"* {fault}" for fault in error.faults)])


if __name__ == "__main__":
    main()
