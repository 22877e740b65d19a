"""Approvals of a run: draft, reviewed, approved, in a log that is only ever added to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.faults import BadInput, Fault
from scenarios.given_plan import RECORD

LOG = "approvals.jsonl"

DRAFT, REVIEWED, APPROVED = "draft", "reviewed", "approved"
STATUSES = (DRAFT, REVIEWED, APPROVED)
"""In the order in which a plan passes them."""

PAGES = ".html"
"""Ending of the files of a run that show its status, so that no approval can be about them."""

OF_THE_MACHINE = ("seconds", "peak_mb", "scenario_folder")
"""What a record tells of the machine and not of the plan."""

PLAN_TABLES = ("staffing.csv", "loans.csv", "deployment.csv", "posts.csv", "visits.csv")
"""Without these there is no plan to approve."""


@dataclass(frozen=True)
class Approval:
    """One line of the log: who, by function, gave the plan a status, when and why.

    `plan` is the digest of the plan's files, `files` each one's own, `previous` that of the line
    before ("" in the first), so that a line that is changed or taken out shows.
    """

    time: str
    status: str
    role: str
    reason: str
    plan: str
    files: Mapping[str, str]
    previous: str


@dataclass(frozen=True)
class Standing:
    """Status of the plan as it lies in the folder; `void` are approvals of other files."""

    status: str
    log: tuple[Approval, ...]
    void: tuple[Approval, ...]
    changed: tuple[str, ...]

    @property
    def note(self) -> str:
        """What a reader must know of approvals that no longer hold; empty without any."""
        if not self.void:
            return ""
        last = self.void[-1]
        return (
            f"The plan was {last.status} on {last.time} by the {last.role}, but its files have "
            f"changed since ({', '.join(self.changed)}): that is void, the plan is {self.status}."
        )


def plan_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of the plan, by name; that of the record leaves the machine out.

    Sheets and maps show the status and are not among them, nor are the folders that other commands
    add.
    """
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
        and path.name != LOG
        and path.suffix != PAGES
        and not path.name.startswith(".")
    }
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    timeless = {key: value for key, value in record.items() if key not in OF_THE_MACHINE}
    found[RECORD] = _digest(json.dumps(timeless, sort_keys=True))
    return found


def digest_of(files: Mapping[str, str]) -> str:
    """One digest of all files."""
    return _digest("\n".join(f"{name} {files[name]}" for name in sorted(files)))


def standing(folder: Path) -> Standing:
    """Status of the plan in a run folder: that of the last line about these very files.

    Raises
    ------
    BadInput
        When the log cannot be read or a line was changed or taken out.
    """
    log = read_log(folder)
    if not log:
        return Standing(DRAFT, (), (), ())
    files = plan_files(folder)
    digest = digest_of(files)
    if log[-1].plan == digest:
        return Standing(log[-1].status, log, (), ())
    before = log[-1].files
    names = sorted(set(files) | set(before))
    changed = tuple(name for name in names if files.get(name) != before.get(name))
    void = tuple(line for line in log if line.plan != digest)
    return Standing(DRAFT, log, void, changed)


def read_log(folder: Path) -> tuple[Approval, ...]:
    """All lines of the log, oldest first; none without a log.

    Raises
    ------
    BadInput
        When a line cannot be read or does not follow the one before.
    """
    path = folder / LOG
    if not path.is_file():
        return ()
    found: list[Approval] = []
    previous = ""
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        approval = _parsed(line, row)
        if approval.previous != previous:
            raise BadInput([_broken(row, "the line does not follow the one before")])
        found.append(approval)
        previous = _digest(line)
    return tuple(found)


def add_approval(
    folder: Path, log: tuple[Approval, ...], status: str, role: str, reason: str, now: datetime
) -> Approval:
    """Add a line to the log of the plan as it lies in the folder; returns it."""
    files = plan_files(folder)
    approval = Approval(
        time=now.isoformat(timespec="seconds"),
        status=status,
        role=role,
        reason=reason,
        plan=digest_of(files),
        files=files,
        previous=_digest(_line(log[-1])) if log else "",
    )
    with (folder / LOG).open("a", encoding="utf-8", newline="\n") as lines:
        lines.write(_line(approval) + "\n")
    return approval


def _line(approval: Approval) -> str:
    return json.dumps(asdict(approval), ensure_ascii=False, sort_keys=True)


def _parsed(line: str, row: int) -> Approval:
    try:
        approval = Approval(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise BadInput([_broken(row, f"the line cannot be read ({error})")]) from None
    if approval.status not in STATUSES[1:] or _line(approval) != line:
        raise BadInput([_broken(row, "the line is not as it was written")])
    return approval


def _broken(row: int, problem: str) -> Fault:
    return Fault(
        LOG,
        problem,
        "lines as `muster approve` wrote them, none changed and none taken out",
        "Put the log back from a copy; its lines are never edited.",
        row=row,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
