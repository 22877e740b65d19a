"""`muster approve RUN`: a plan reviewed or approved, by function and with a reason."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.faults import BadInput, Fault
from scenarios.approval import (
    APPROVED,
    DRAFT,
    PLAN_TABLES,
    REVIEWED,
    STATUSES,
    Standing,
    add_approval,
    standing,
)
from scenarios.drawable import NOT_VALID
from scenarios.finished_run import read_record
from scenarios.role_words import reason_faults, role_faults

AFTER = {DRAFT: (REVIEWED,), REVIEWED: (REVIEWED, APPROVED), APPROVED: ()}
"""Statuses that may follow each one; several functions may review."""

PLACE_COLUMNS = ("name_en", "name_zh")


def approve_run(
    folder: Path, status: str, role: str, reason: str, now: datetime
) -> tuple[dict[str, Any], str]:
    """Note that a function has reviewed or approved the plan in `folder`; the record and a text.

    Raises
    ------
    BadInput
        When no whole run lies there, its plan breaks rules, the status is unknown or does not
        follow the one it has, or role or reason look like data about a person; all at once.
    """
    record = read_record(folder)
    _refuse_half(folder)
    before = standing(folder)
    role, reason = role.strip(), reason.strip()
    faults = [
        *_status_faults(status, before),
        *_rule_faults(record),
        *role_faults(role, _places(folder)),
        *reason_faults(reason),
    ]
    if faults:
        raise BadInput(faults)
    line = add_approval(folder, before.log, status, role, reason, now)
    told = {
        "run": record["digest"],
        "scenario": record["scenario"],
        "status": line.status,
        "before": before.status,
        "time": line.time,
        "role": line.role,
        "reason": line.reason,
        "plan": line.plan,
        "void": [{"status": old.status, "time": old.time} for old in before.void],
    }
    return told, _text(record, line.status, before, line.plan)


def _text(record: dict[str, Any], status: str, before: Standing, plan: str) -> str:
    parts = [before.note] if before.note else []
    parts.append(
        f"The plan of {record['scenario']} is {status} (it was {before.status}); "
        f"plan {plan[:12]}, any change of its files makes this void."
    )
    parts.append("Map and sheets show it once `muster map` has drawn them again.")
    return "\n".join(parts)


def _status_faults(status: str, before: Standing) -> list[Fault]:
    if status not in STATUSES[1:]:
        return [
            Fault(
                "--status",
                "no such status",
                f"one of {', '.join(STATUSES[1:])}",
                "Correct the status; every plan begins as a draft.",
                value=status,
            )
        ]
    allowed = AFTER[before.status]
    if status in allowed:
        return []
    return [
        Fault(
            "--status",
            f"the plan is {before.status}"
            + (": what it had before is void, its files have changed" if before.void else ""),
            " or ".join(allowed) if allowed else "nothing: approved is the last status",
            "Follow the order draft, reviewed, approved; plan again to begin anew.",
            value=status,
        )
    ]


def _rule_faults(record: dict[str, Any]) -> list[Fault]:
    broken = record.get("violations", [])
    if not broken and record.get("status") != NOT_VALID:
        return []
    return [
        Fault(
            "run.json",
            f"the plan breaks {len(broken)} rules, the first: {broken[0] if broken else NOT_VALID}",
            "a plan that keeps every rule",
            "Change the scenario and plan again; violations.csv lists the rules.",
        )
    ]


def _refuse_half(folder: Path) -> None:
    gone = [name for name in PLAN_TABLES if not (folder / name).is_file()]
    if gone:
        raise BadInput(
            Fault(
                name,
                "the file of the plan is gone",
                "every table that `muster run` wrote",
                "Put it back, or plan the scenario again.",
            )
            for name in gone
        )


def _places(folder: Path) -> list[str]:
    """Names of stations, and of the commands that send people to posts or to each other."""
    found: dict[str, None] = {}
    for table, columns in (
        ("staffing.csv", PLACE_COLUMNS),
        ("posts.csv", ("command",)),
        ("loans.csv", ("from_command", "to_command")),
    ):
        with (folder / table).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found |= dict.fromkeys(row.get(name) or "" for name in columns)
    return list(found)
