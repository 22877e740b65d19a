"""Two finished runs of the tiny town: as it is, and with six tenths of its people."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.pipeline import Run, run_scenario
from scenarios.progress import Progress
from scenarios.run_folder import write_run
from tests.scenarios.town import write_town

LOANS = """\
force_id,from_district,to_district,shift_id,day,officers
officers,W,E,evening_8h,2027-02-05,2
auxiliary,W,E,evening_8h,2027-02-05,1
"""


@dataclass(frozen=True)
class TwoRuns:
    """The town and both runs beside each other in `folder`; `full` is the run of the first."""

    folder: Path
    full: Run

    @property
    def first(self) -> Path:
        return self.folder / "full"

    @property
    def second(self) -> Path:
        return self.folder / "fewer"

    def copied(self, to: Path) -> "TwoRuns":
        """A copy to be spoilt."""
        shutil.copytree(self.folder, to)
        return TwoRuns(to, self.full)


def plan_two(folder: Path) -> TwoRuns:
    """Plan the town twice in `folder`."""
    town, quiet = write_town(folder / "town", {"agreed.csv": LOANS}), Progress(quiet=True)
    town.edit("tiny.toml", "[patrol]\n", '[staffing]\nloans = "agreed.csv"\n\n[patrol]\n')
    settings = {
        "full": ("patrol.rounds=1", "simulation.replications=2"),
        "fewer": ("patrol.rounds=1", "simulation.replications=2", "force.scale=0.6"),
    }
    runs = {name: run_scenario(town.load(*words), quiet) for name, words in settings.items()}
    for name, run in runs.items():
        write_run(run, folder / name, quiet)
    return TwoRuns(folder, runs["full"])


def edit_record(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the record of a run."""
    path = folder / "run.json"
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


def edit_table(path: Path, old: str, new: str) -> None:
    """Change the first `old` in a table."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
