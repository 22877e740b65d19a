"""What changed between plans: people by station and shift, units by hour and place, posts."""

import pandas as pd

from scenarios.compared_run import ComparedRun

DUTY = ["station_id", "name_en", "name_zh", "force_id", "team", "shift_id", "start", "end"]
STANDING = ["start", "unit_type", "place_id", "lon", "lat"]
POST = [
    *("post_id", "event_id", "event_en", "event_zh", "command", "phase", "ring", "kind", "role"),
    *("start", "end"),
]
POST_COUNTS = ("required", "have", "need")


def staffing_changes(runs: list[ComparedRun]) -> pd.DataFrame:
    """Duties of a station with another number of officers than in the first run."""
    return _changes(runs, "staffing.csv", DUTY, "officers")


def deployment_changes(runs: list[ComparedRun]) -> pd.DataFrame:
    """Places and hours with another number of units than in the first run.

    A place that bears the same id but stands elsewhere is another one.
    """
    return _changes(runs, "deployment.csv", STANDING, "units")


def units_by_hour(runs: list[ComparedRun], changes: pd.DataFrame) -> pd.DataFrame:
    """Units of each type and hour, and how many of them stand elsewhere than in the first run.

    `come` stand where the first run has none or fewer, `gone` left such places; `moved`, the
    smaller of the two, only changed places.
    """
    keys = ["start", "unit_type"]
    first = runs[0].tables["deployment.csv"].groupby(keys)["units"].sum()
    parts = []
    for run in runs[1:]:
        own = run.tables["deployment.csv"].groupby(keys)["units"].sum()
        of_run = changes[changes["run"] == run.name]
        up, down = of_run["difference"].clip(lower=0), of_run["difference"].clip(upper=0)
        frame = pd.DataFrame({"first": first, "value": own}).fillna(0)
        by_hour = of_run[keys].assign(come=up, gone=-down).groupby(keys).sum()
        frame = frame.join(by_hour).fillna(0).astype("int64")
        frame["moved"] = frame[["come", "gone"]].min(axis=1)
        parts.append(frame.reset_index().assign(run=run.name))
    columns = ["run", *keys, "first", "value", "come", "gone", "moved"]
    return pd.DataFrame(pd.concat(parts, ignore_index=True)[columns])


def post_changes(runs: list[ComparedRun]) -> pd.DataFrame:
    """Blocks of posts with other numbers than in the first run: required, have, need."""
    first = runs[0].tables["posts.csv"].set_index(POST)[list(POST_COUNTS)]
    parts = []
    for run in runs[1:]:
        own = run.tables["posts.csv"].set_index(POST)[list(POST_COUNTS)]
        both = first.add_suffix("_first").join(own, how="outer").fillna(0).astype("int64")
        differs = (
            both[[f"{name}_first" for name in POST_COUNTS]].to_numpy()
            != both[list(POST_COUNTS)].to_numpy()
        ).any(axis=1)
        parts.append(both[differs].reset_index().assign(run=run.name))
    columns = ["run", *POST]
    columns += [name for count in POST_COUNTS for name in (f"{count}_first", count)]
    return pd.DataFrame(pd.concat(parts, ignore_index=True)[columns])


def _changes(runs: list[ComparedRun], table: str, keys: list[str], count: str) -> pd.DataFrame:
    """Rows of a table by `keys` whose `count` is not that of the first run; 0 where none stands."""
    first = runs[0].tables[table].groupby(keys)[count].sum()
    parts = []
    for run in runs[1:]:
        own = run.tables[table].groupby(keys)[count].sum()
        both = pd.DataFrame({"first": first, "value": own}).fillna(0).astype("int64")
        both["difference"] = both["value"] - both["first"]
        parts.append(both[both["difference"] != 0].reset_index().assign(run=run.name))
    columns = ["run", *keys, "first", "value", "difference"]
    return pd.DataFrame(pd.concat(parts, ignore_index=True)[columns])
