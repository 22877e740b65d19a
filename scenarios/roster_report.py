"""What the rosters of a run come to: the record and a text for the planner."""

from datetime import date
from typing import Any

import pandas as pd

from optimizer.judges.violation import Violation
from scenarios.rosters import Rosters

VALID = "valid"
"""Status of rosters that break no rule, from a plan that breaks none."""

EVEN = 1
"""A difference between two lines that whole duties may force."""

SHORT_LISTED = 10
"""Homes that the text names where duties are short; the table has all."""

TALLIES = ("nights", "weekend", "festival")


def roster_record(
    rosters: Rosters, lines: pd.DataFrame, homes: pd.DataFrame, violations: list[Violation]
) -> dict[str, Any]:
    """Totals over all lines and homes, and how evenly nights and free days are spread.

    `lines` and `homes` are the tables of the rosters.
    """
    return {
        "festival_days": [day.isoformat() for day in sorted(rosters.problem.festival)],
        "violations": [str(violation) for violation in violations],
        "homes": int(homes["station_id"].nunique()),
        "lines": len(lines),
        "duties": int(homes["duties"].sum()),
        "duties_short": int(homes["duties_short"].sum()),
        "hours": int(lines["hours"].sum()),
        "hours_short": int(homes["hours_short"].sum()),
        "most_hours_of_a_line": int(lines["hours"].max()) if len(lines) else 0,
        "spread": {
            tally: {
                "most_apart": int(homes[f"{tally}_apart"].max()) if len(homes) else 0,
                "groups_uneven": int((homes[f"{tally}_apart"] > EVEN).sum()),
            }
            for tally in TALLIES
        },
        "groups": len(homes),
        "rest_owed_h": round(float(lines["rest_owed_h"].sum()), 2),
        "most_rest_owed_h": round(float(lines["rest_owed_h"].max()), 2) if len(lines) else 0.0,
    }


def roster_text(
    title: str, rosters: Rosters, record: dict[str, Any], lines: pd.DataFrame, homes: pd.DataFrame
) -> str:
    """The rosters in words and two tables: by force, and the homes that are short."""
    asked = record["duties"] + record["duties_short"]
    share = record["duties_short"] / asked if asked else 0.0
    days = [date.fromisoformat(day) for day in record["festival_days"]]
    parts = [
        f"# {title}: rosters",
        *_not_valid(record),
        f"{record['lines']:,} anonymous lines of {record['homes']:,} homes take "
        f"{record['duties']:,} duties ({record['hours']:,} officer-hours); "
        f"{record['duties_short']:,} of {asked:,} duties ({share:.1%}, "
        f"{record['hours_short']:,} officer-hours) are short, given to no line within all "
        "rules of rest, hours and nights. The busiest line has "
        f"{record['most_hours_of_a_line']:,} h.",
        f"Festival days: {', '.join(f'{day:%m-%d}' for day in days) or 'none'}.",
        _even_text(record),
        f"At the end {record['rest_owed_h']:,.0f} h of compensatory rest are owed, at most "
        f"{record['most_rest_owed_h']:,.0f} h to one line.",
        "## By force\n\n" + _by_force(rosters, lines, homes),
    ]
    if record["status"] == VALID:
        parts.append(
            "`sheets/index.html` leads to one sheet for each station, `calendars/` holds their "
            "calendars."
        )
    else:
        parts.append("`sheets/index.html` leads to one sheet for each station; no calendars.")
    short = _short_homes(rosters, homes)
    if short:
        parts.append(f"## Where duties are short\n\n{short}")
    return "\n\n".join(parts)


def _not_valid(record: dict[str, Any]) -> list[str]:
    """What a reader must know first of rosters that break a rule, or of a plan that does."""
    own, plan = len(record["violations"]), record["plan_rules_broken"]
    said = [f"**Not valid**: the rosters break {own:,} rules."] if own else []
    return said + ([f"**Not valid**: the plan of the run breaks {plan:,} rules."] if plan else [])


def _even_text(record: dict[str, Any]) -> str:
    apart = ", ".join(
        f"{name} {record['spread'][tally]['groups_uneven']:,} "
        f"(at most {record['spread'][tally]['most_apart']} apart)"
        for tally, name in zip(
            TALLIES, ("nights", "weekend duties", "festival duties"), strict=True
        )
    )
    return (
        f"Of {record['groups']:,} groups of lines (one team at one home), lines differ by more "
        f"than {EVEN} in: {apart}."
    )


def _by_force(rosters: Rosters, lines: pd.DataFrame, homes: pd.DataFrame) -> str:
    rows = ["| force | lines | duties | short | hours a line | most nights | rest owed, h |"]
    rows.append("|---|---|---|---|---|---|---|")
    for kind in rosters.world.force.types:
        had = lines[lines["force_id"] == kind.force_id]
        done = homes[homes["force_id"] == kind.force_id]
        if len(had):
            rows.append(
                f"| {kind.name_en} {kind.name_zh} | {len(had):,} | {done['duties'].sum():,} | "
                f"{done['duties_short'].sum():,} | {had['hours'].mean():.1f} | "
                f"{had['nights'].max()} | {had['rest_owed_h'].sum():,.0f} |"
            )
    return "\n".join(rows)


def _short_homes(rosters: Rosters, homes: pd.DataFrame) -> str:
    """The homes that miss most duties, most first; empty when none does."""
    stations = rosters.world.situation.stations
    names = dict(zip(stations.place_ids, stations.name_en, strict=True))
    missing = homes.groupby("station_id", sort=False)[["duties_short", "hours_short"]].sum()
    missing = missing[missing["duties_short"] > 0]
    if missing.empty:
        return ""
    worst = missing.sort_values("duties_short", ascending=False, kind="stable")
    rows = ["| station | duties short | officer-hours short |", "|---|---|---|"]
    rows += [
        f"| {names[str(home)]} ({home}) | {row['duties_short']:,} | {row['hours_short']:,} |"
        for home, row in worst.head(SHORT_LISTED).iterrows()
    ]
    if len(worst) > SHORT_LISTED:
        rows.append(f"\n{len(worst) - SHORT_LISTED:,} more homes are in `homes.csv`.")
    return "\n".join(rows)
