"""The demand of a scenario: by season, learnt from recorded calls, or the user's own file."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.call_file import read_calls, read_case_codes
from geodata.faults import FaultLog
from geodata.files import read_table
from geodata.forecast import DemandForecast
from geodata.forecast_file import read_forecast
from geodata.horizon import Horizon
from geodata.incident_file import ClassTable
from geodata.profile_file import read_profiles
from geodata.recorded_calls import RateModel, RecordedCalls, expected_demand
from geodata.row_check import RowCheck
from geodata.season import Season, seasonal_forecast
from scenarios.ground import Ground
from scenarios.scenario import LoadedScenario
from scenarios.tables import named_file


@dataclass(frozen=True)
class Demand:
    """The forecast, the recorded calls behind it where there are any, and notes for the report.

    `recorded[cell, class]` are the calls recorded on the day of the horizon's start.
    """

    forecast: DemandForecast
    recorded: NDArray[np.float64] | None
    notes: tuple[str, ...]


def read_demand(
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    classes: ClassTable,
    season: Season | None,
    faults: FaultLog,
) -> Demand | None:
    """Forecast of the scenario's method, scaled; None when a file has faults."""
    method = loaded.scenario.demand.method
    if method == "file":
        demand = _from_file(loaded, ground, horizon, classes, faults)
    elif method == "recorded_calls":
        demand = _from_calls(loaded, ground, horizon, classes, faults)
    else:
        demand = _from_season(loaded, ground, horizon, classes, season, faults)
    scale = loaded.scenario.demand.scale
    if demand is None or scale == 1.0:
        return demand
    forecast = demand.forecast
    scaled = DemandForecast(
        forecast.rate_per_h * np.float32(scale),
        forecast.n_cells,
        forecast.n_hours,
        forecast.class_ids,
    )
    return Demand(scaled, demand.recorded, (*demand.notes, f"demand scaled by {scale:g}"))


def _from_season(
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    classes: ClassTable,
    season: Season | None,
    faults: FaultLog,
) -> Demand | None:
    daily = faults.attempt(lambda log: _district_numbers(loaded, ground, "calls_per_day", log))
    if season is None or daily is None:
        return None
    if not np.isfinite(classes.share).all():
        faults.add(
            loaded.path(loaded.scenario.incidents.classes).name,
            "a column is missing",
            expected="share_pct, the share of each class in all calls, for a seasonal forecast",
            remedy="Add the column; it sums to 100.",
            value="share_pct",
        )
        return None
    forecast = seasonal_forecast(
        ground.grid,
        ground.zone,
        ground.population,
        horizon,
        classes.classes,
        season,
        calls_per_day=daily,
        share=classes.share,
        multiplier=classes.multiplier,
    )
    return Demand(forecast, None, ())


def station_counts(
    loaded: LoadedScenario, ground: Ground, faults: FaultLog
) -> dict[str, int] | None:
    """Stations of each district from the attributes table."""
    counts = faults.attempt(lambda log: _district_numbers(loaded, ground, "stations", log))
    if counts is None:
        return None
    return dict(zip(ground.area.district_ids, counts.astype(int).tolist(), strict=True))


def _district_numbers(
    loaded: LoadedScenario, ground: Ground, column: str, faults: FaultLog
) -> NDArray[np.float64]:
    """A column of the districts' attributes, in the order of the area."""
    found = np.zeros(len(ground.area.districts))
    path = named_file(loaded, loaded.scenario.area.attributes, "area.attributes", faults)
    table = None if path is None else read_table(path, ("district_id", column), faults)
    if table is None:
        return found
    check = RowCheck(table, faults)
    ids = check.choices("district_id", ground.area.district_ids, "the districts")
    values = check.numbers(column, minimum=0.0)
    for district, value in zip(ids, values.tolist(), strict=True):
        if district in ground.area.district_ids:
            found[ground.area.district_ids.index(district)] = value
    return found


def _from_file(
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    classes: ClassTable,
    faults: FaultLog,
) -> Demand | None:
    part = loaded.scenario.demand
    path = named_file(loaded, part.file, "demand.file", faults)
    if path is None:
        return None
    reading = faults.attempt(
        lambda log: read_forecast(
            path, ground.grid, ground.area, horizon, classes.classes.ids, part.crs, log
        )
    )
    if reading is None:
        return None
    notes: tuple[str, ...] = (f"{path.name}: {reading.rows} rows read",)
    if reading.rows_outside_horizon:
        notes += (f"{path.name}: {reading.rows_outside_horizon} rows lie outside the horizon",)
    return Demand(reading.forecast, None, notes)


def _from_calls(
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    classes: ClassTable,
    faults: FaultLog,
) -> Demand | None:
    part = loaded.scenario.demand
    calls_path = named_file(loaded, part.calls, "demand.calls", faults)
    codes_path = named_file(loaded, part.case_classes, "demand.case_classes", faults)
    own_path = named_file(loaded, part.officer_initiated, "demand.officer_initiated", faults)
    profile_path = named_file(loaded, part.profile, "demand.profile", faults)
    if not (calls_path and codes_path and own_path and profile_path):
        return None
    codes = faults.attempt(lambda log: read_case_codes(codes_path, "class_id", log))
    own = faults.attempt(lambda log: read_case_codes(own_path, "reason", log))
    column = part.profile_column or "share_pct"
    profiles = faults.attempt(lambda log: read_profiles(profile_path, log, only=column))
    if codes is None or own is None or profiles is None:
        return None
    profile = profiles[column]
    reading = faults.attempt(
        lambda log: read_calls(
            calls_path,
            {"code": "case_code"},
            ground.area,
            ground.grid,
            part.calls_crs,
            codes,
            own,
            log,
        )
    )
    if reading is None:
        return None
    forecast = _learnt(loaded, ground, horizon, classes, reading.calls, profile, faults)
    if forecast is None:
        return None
    notes = (
        f"{calls_path.name}: {reading.rows} rows, {reading.officer_initiated} officer-initiated "
        f"ones dropped, {reading.outside_area} outside the area left out",
        "the recorded calls have dates only; the hours follow a stated profile "
        f"({profile_path.name}, column {column}), an assumption",
    )
    today = horizon.start.date()
    recorded = reading.calls.counts([today]) if today in reading.calls.days else None
    if recorded is not None:
        recorded = _in_class_order(recorded, reading.calls, classes)
    return Demand(forecast, recorded, notes)


def _learnt(
    loaded: LoadedScenario,
    ground: Ground,
    horizon: Horizon,
    classes: ClassTable,
    calls: RecordedCalls,
    profile: NDArray[np.float64],
    faults: FaultLog,
) -> DemandForecast | None:
    part = loaded.scenario.demand
    first, last = part.train_from, part.train_to
    days = () if first is None or last is None else _days(first, (last - first).days + 1)
    inside = [day for day in days if day in calls.days]
    strangers = sorted(set(calls.class_ids) - set(classes.classes.ids))
    if len(inside) < len(days) or not days or strangers:
        faults.add(
            f"scenario {loaded.scenario.id}",
            "the training days are not in the recorded calls"
            if not strangers
            else "a case class is not among the incident classes",
            expected="demand.train_from and train_to within the record, and known classes",
            remedy="Correct the days, or the table of case classes.",
            value=", ".join(strangers) or f"{first} to {last}",
        )
        return None
    learnt = expected_demand(calls, ground.grid, days, horizon, profile, RateModel())
    rate = _in_class_order(learnt.rate_per_h, calls, classes)
    return DemandForecast(rate, ground.grid.n_cells, horizon.hours, classes.classes.ids)


def _days(first: date, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range(count))


def _in_class_order(
    values: NDArray[Any], calls: RecordedCalls, classes: ClassTable
) -> NDArray[Any]:
    """Last axis from the record's class order to that of the incident classes (0 where absent)."""
    ordered = np.zeros((*values.shape[:-1], len(classes.classes.ids)), dtype=values.dtype)
    for position, class_id in enumerate(calls.class_ids):
        ordered[..., classes.classes.ids.index(class_id)] = values[..., position]
    return ordered
