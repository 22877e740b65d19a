"""The comparison of runs in a planner's words: figures, settings, changes, what to beware of."""

import math

import pandas as pd

from scenarios.compare_figures import MEASURES, Measure, as_number
from scenarios.compared_run import ComparedRun
from scenarios.drawable import NOT_VALID
from scenarios.headline import shown

SETTINGS_LISTED = 20
WORST_LISTED = 3

DEMAND_PARTS = ("demand.", "horizon.", "incidents.", "population.", "drones.")
FORCE_PARTS = ("force.", "levels.", "labour.")


def compare_text(runs: list[ComparedRun], tables: dict[str, pd.DataFrame], map_note: str) -> str:
    """The whole comparison; `tables` are those that are written beside it."""
    first = runs[0]
    parts = [
        f"# {' against '.join(run.name for run in [*runs[1:], first][:2])}"
        if len(runs) == 2
        else f"# {len(runs)} runs against {first.name}",
        _runs_text(runs),
        _headline_text(runs),
        _worst_text(runs, tables["figures.csv"]),
        *(_changes_text(first, run, tables) for run in runs[1:]),
        *(_settings_text(run, tables["settings.csv"]) for run in runs[1:]),
        f"## Files\n\n{map_note} `figures.csv` has every measure by scope and hour.",
    ]
    return "\n\n".join(parts)


def caveats(first: ComparedRun, other: ComparedRun, settings: pd.DataFrame) -> list[str]:
    """What differs besides the plan, or leaves open which of the two is better."""
    keys = settings.loc[settings["run"] == other.name, "key"].tolist()
    found = [
        *_forecast(first, other, keys),
        *_seed(first, other),
        *_other_terms(first, other, keys),
        *_broken([first, other]),
        *_within_gap(first, other),
    ]
    if first.record["digest"] == other.record["digest"]:
        found.append("Both planned the same scenario: what differs is the version or the machine.")
    return found


def _forecast(first: ComparedRun, other: ComparedRun, keys: list[str]) -> list[str]:
    calls = [as_number(run.told("headline", "expected_calls")) for run in (first, other)]
    of_demand = [key for key in keys if key.startswith(DEMAND_PARTS)]
    files = set(_demand_files(first) + _demand_files(other))
    of_demand += [key for key in keys if key.removeprefix("file ") in files]
    if calls[0] == calls[1] and not of_demand:
        return []
    return [
        f"Another forecast ({calls[1]:,.0f} calls, {first.name} has {calls[0]:,.0f}"
        + (f"; {', '.join(of_demand)}" if of_demand else "")
        + "): differences of service are not those of the plans alone."
    ]


def _demand_files(run: ComparedRun) -> list[str]:
    return [str(value) for value in run.record["settings"]["demand"].values() if value]


def _seed(first: ComparedRun, other: ComparedRun) -> list[str]:
    if first.told("seed") == other.told("seed"):
        return []
    return [
        f"Another seed ({other.told('seed')}, {first.name} has {first.told('seed')}): residents, "
        "stations and times of visits that are drawn differ. A station of the same number may "
        "stand elsewhere, so changes by station and place are not those of one plan."
    ]


def _other_terms(first: ComparedRun, other: ComparedRun, keys: list[str]) -> list[str]:
    found = []
    cells = [run.record["settings"]["grid"]["cell_m"] for run in (first, other)]
    if cells[0] != cells[1]:
        found.append(
            f"Cells of {cells[1]:g} m, {first.name} has {cells[0]:g} m: response times are rounded "
            "to other distances."
        )
    if any(key.startswith(FORCE_PARTS) for key in keys):
        found.append(
            "Another force, level or rules of labour: the plans had other people to place."
        )
    versions = [run.told("versions") or {} for run in (first, other)]
    names = sorted(
        name
        for name in {*versions[0], *versions[1]}
        if versions[0].get(name) != versions[1].get(name)
    )
    if names:
        found.append(f"Other versions of {', '.join(names)}.")
    return found


def _broken(runs: list[ComparedRun]) -> list[str]:
    return [
        f"{run.name} is {NOT_VALID}: {len(run.record['violations'])} rules broken."
        for run in runs
        if run.record.get("violations")
    ]


def _within_gap(first: ComparedRun, other: ComparedRun) -> list[str]:
    """Whether what the plans differ in is no more than what their solvers left open."""
    objective = [
        as_number(run.told("headline", "objective_call_minutes", "plan")) for run in (first, other)
    ]
    gaps = [as_number(run.told("joint", "gap_call_minutes")) for run in (first, other)]
    apart, open_ = abs(objective[1] - objective[0]), max(gaps)
    if math.isnan(apart) or math.isnan(open_) or apart > open_:
        return []
    return [
        f"The weighted response differs by {apart:,.1f} call-minutes, no more than what the "
        f"bounds leave open ({open_:,.1f}): the search alone may have made it."
    ]


def _runs_text(runs: list[ComparedRun]) -> str:
    lines = ["| run | scenario | digest | seed | status |", "|---|---|---|---|---|"]
    lines += [
        f"| {_cell(run.name)} | {run.record['scenario']} | {run.record['digest'][:12]} | "
        f"{run.told('seed')} | {run.told('status')} |"
        for run in runs
    ]
    return "\n".join(lines)


def _headline_text(runs: list[ComparedRun]) -> str:
    first = runs[0]
    lines = [
        "## Headline",
        "",
        f"In brackets the difference to {first.name}.",
        "",
        f"| | unit | {' | '.join(_cell(run.name) for run in runs)} |",
        f"|---|---|{'---:|' * len(runs)}",
    ]
    for measure in MEASURES:
        values = [as_number(measure.of(run)) for run in runs]
        if all(math.isnan(value) for value in values):
            continue
        cells = [shown(values[0], measure.form)]
        cells += [_beside(value, values[0], measure) for value in values[1:]]
        lines.append(f"| {measure.title} | {measure.unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _beside(value: float, first: float, measure: Measure) -> str:
    """A figure and what it is more than the first run's; of shares in points of a hundred."""
    more = value - first
    if measure.form.endswith("%"):
        difference = shown(100.0 * more, f"+{measure.form[:-1]}f") + " points"
    else:
        difference = shown(more, f"+{measure.form}")
    return f"{shown(value, measure.form)} ({difference})"


def _worst_text(runs: list[ComparedRun], figures: pd.DataFrame) -> str:
    """The districts that a run leaves worst off, and those that lose most against the first."""
    lines = ["## Worst-off districts", ""]
    whole = figures[(figures["scope"] == "district") & (figures["hour"] == "all")]
    for run in runs:
        table = whole[whole["run"] == run.name].pivot(index="id", columns="measure", values="value")
        worst = table.sort_values(["covered", "mean_min"], ascending=[True, False])
        told = [
            f"{run.district(str(name))} ({shown(covered, '.1%')}, P90 {shown(p90_min, '.1f')} min)"
            for name, covered, p90_min in worst.head(WORST_LISTED)[
                ["covered", "p90_min"]
            ].itertuples()
        ]
        lines.append(f"* {run.name}, least within target: {', '.join(told)}")
    for run in runs[1:]:
        of_mean = whole[(whole["run"] == run.name) & (whole["measure"] == "mean_min")]
        losing = of_mean[of_mean["difference"] > 0].sort_values("difference", ascending=False)
        told = [
            f"{run.district(str(row.id))} (+{row.difference:.3f} to {row.value:.3f} min)"
            for row in losing.head(WORST_LISTED).itertuples()
        ]
        others = f", {len(losing)} districts in all" if len(losing) > WORST_LISTED else ""
        lines.append(
            f"* {run.name}, longer mean response than in {runs[0].name}: "
            f"{', '.join(told) or 'none'}{others}"
        )
    return "\n".join(lines)


def _changes_text(first: ComparedRun, run: ComparedRun, tables: dict[str, pd.DataFrame]) -> str:
    notes = caveats(first, run, tables["settings.csv"])
    lines = [f"## {run.name} against {first.name}", ""]
    lines += [f"* **Beware.** {note}" for note in notes]
    lines += [
        f"* {line}"
        for line in (
            _staffing_line(run, tables["staffing_changes.csv"]),
            _units_line(run, tables["units_by_hour.csv"]),
            _posts_line(run, tables["post_changes.csv"]),
        )
    ]
    return "\n".join(lines)


def _staffing_line(run: ComparedRun, changes: pd.DataFrame) -> str:
    own = changes[changes["run"] == run.name]
    if own.empty:
        return "Staffing: the same officers on every shift of every station."
    come, gone = own["difference"].clip(lower=0), -own["difference"].clip(upper=0)
    by_shift = own.assign(come=come, gone=gone).groupby(["force_id", "shift_id", "start"])
    moved = int(by_shift[["come", "gone"]].sum().min(axis=1).sum())
    return (
        f"Staffing: {int(come.sum()):,} officers come to a shift of a station and "
        f"{int(gone.sum()):,} leave one, at {own['station_id'].nunique()} stations; {moved:,} of "
        "them only change the station on the same shift (`staffing_changes.csv`)."
    )


def _units_line(run: ComparedRun, by_hour: pd.DataFrame) -> str:
    own = by_hour[by_hour["run"] == run.name]
    elsewhere = own[["come", "gone"]].max(axis=1)
    if not elsewhere.sum():
        return "Deployment: every unit stands where it stood."
    hours = own.assign(elsewhere=elsewhere).groupby("start")["elsewhere"].sum()
    most = hours.idxmax()
    return (
        f"Deployment: {int(own['moved'].sum()):,} unit-hours stand elsewhere, "
        f"{int((own['come'] - own['moved']).sum()):,} are more and "
        f"{int((own['gone'] - own['moved']).sum()):,} fewer than before; most change at {most} "
        f"({int(hours.max()):,} units; `units_by_hour.csv`, `deployment_changes.csv`)."
    )


def _posts_line(run: ComparedRun, changes: pd.DataFrame) -> str:
    own = changes[changes["run"] == run.name]
    if own.empty:
        return "Posts: the same, with the same numbers on them."
    required = int((own["required"] - own["required_first"]).sum())
    have = int((own["have"] - own["have_first"]).sum())
    return (
        f"Posts: {len(own):,} blocks differ at {own['event_id'].nunique()} events; in all "
        f"{required:+,} people required and {have:+,} on post (`post_changes.csv`)."
    )


def _settings_text(run: ComparedRun, settings: pd.DataFrame) -> str:
    own = settings[settings["run"] == run.name]
    lines = [f"## Settings of {run.name} that differ", ""]
    if own.empty:
        return "\n".join([*lines, "None."])
    lines += ["| key | first run | this run |", "|---|---|---|"]
    lines += [
        f"| {row.key} | {_cell(str(row.first))} | {_cell(str(row.value))} |"
        for row in own.head(SETTINGS_LISTED).itertuples()
    ]
    if len(own) > SETTINGS_LISTED:
        lines += ["", f"{len(own) - SETTINGS_LISTED} more: `settings.csv`."]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")
