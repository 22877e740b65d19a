"""Recorded fire and EMS calls: fitted on one period, predicted and compared on a later one.

The record has four time stamps and positions, but no stations, roads or units: stations are
placed and units counted from the calls of the fitting period (`optimizer.judges.replay`).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from shapely.geometry import Polygon

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb
from geodata.area import District, StudyArea
from geodata.cad_file import CadExtract, CadReading, read_cad
from geodata.call_records import CallRecords, joined
from geodata.faults import FaultLog
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from optimizer.judges.replay.calibration import Calibration, calibrate
from optimizer.judges.replay.comparison import Comparison, compare
from optimizer.judges.replay.prediction import (
    CallTimes,
    predicted_again,
    predicted_anew,
    recorded_times,
)

FAMILY = "replay"
PATTERN = "south_metro/calls_*.csv*"
TIMEZONE = "America/Denver"
CRS = "EPSG:32613"
CELL_M = 500.0

FIT = (date(2019, 4, 1), date(2019, 5, 31))
CHECK = (date(2019, 6, 1), date(2019, 6, 15))
"""First and last days."""

REPLICATIONS = 40
REACH = {"mean": 0.05, "p90": 0.10}
"""Largest error to be reached in all calls together."""

BOX_M = (474_000.0, 4_344_000.0, 552_000.0, 4_411_000.0)
"""West, south, east and north of a rectangle around the service area; beyond it is a fault."""

SERVICE_AREA = StudyArea(
    CRS, TIMEZONE, (District("SM", "Service area", "", Polygon.from_bounds(*BOX_M)),)
)

SERIES: tuple[str, ...] = (
    "FIRE, EXPLOSION",
    "OVERPRESSURE, RUPTURE, EXPLOSION, OVERHEAT",
    "RESCUE, EMS",
    "HAZARDOUS CONDITION",
    "SERVICE CALL",
    "GOOD INTENT CALL",
    "FALSE ALARM, FALSE CALL",
    "SEVERE WEATHER, NATURAL DISASTER",
    "SPECIAL OR OTHER INCIDENT TYPE",
)
"""Series of the national fire incident reporting system; each is a class."""

EXTRACT = CadExtract(
    columns={"dispatched": "notified", "code": "category", "station": "station_first_due"},
    crs="wgs84",
    timezone=TIMEZONE,
    class_of_code={name: name for name in SERIES},
    leave_out_faulty=True,
)


def run(folder: Path, names: Sequence[str]) -> Iterator[Record]:
    """A line for each measure, statistic and group of calls of each period.

    `names` are periods to check, such as `2019-06-01/2019-06-15` (first and last day); without
    any, the first half of June 2019, and after it what else is recorded.

    Raises
    ------
    BadInput
        When files are missing or faulty, or a name is no period with calls.
    """
    grid = grid_over(SERVICE_AREA, CELL_M)
    readings = read_folder(folder, grid)
    records = joined([reading.records for reading in readings.values()])
    periods = check_periods(names, records)
    yield from (reading_line(file, reading) for file, reading in readings.items())
    fit_horizon = days(*FIT)
    fitting = within(records, fit_horizon)
    fitted, fit_s = timed(lambda: calibrate(fitting, grid))
    yield from estimate_lines(fitted, fit_s)
    seeds = range(REPLICATIONS)
    for name, horizon in periods.items():
        ways: dict[str, Callable[[], list[CallTimes]]] = {
            "recorded": partial(predicted_again, fitted, records, horizon, grid, seeds),
            "drawn": partial(predicted_anew, fitted, fitting, fit_horizon, horizon, grid, seeds),
        }
        checked = within(records, horizon)
        observed = recorded_times(checked, checked.station)
        for way, predict in ways.items():
            predicted, solve_s = timed(predict)
            found = compare(
                observed, predicted, records.clock_min, "station", len(records.station_ids)
            )
            yield from comparison_lines(name, way, found, records.station_ids, solve_s)


def read_folder(folder: Path, grid: Grid) -> dict[str, CadReading]:
    """All extracts of the folder by file name.

    Raises
    ------
    BadInput
        When there is none, one cannot be read or no call was received in the fitting period.
    """
    faults = FaultLog()
    paths = sorted(folder.glob(PATTERN))
    if not paths:
        faults.add(
            folder.name,
            "no recorded calls are there",
            expected=f"files {PATTERN}",
            remedy="Give the folder of the data with --data.",
        )
    readings = {path.name: read_cad(path, EXTRACT, SERVICE_AREA, grid, faults) for path in paths}
    faults.raise_if_any()
    if not sum(len(within(reading.records, days(*FIT))) for reading in readings.values()):
        faults.add(
            ", ".join(readings),
            "no call was received in the fitting period",
            expected=f"calls from {FIT[0]} to {FIT[1]}",
            remedy="Add the file that holds them.",
        )
    _refuse_overlaps(readings, faults)
    faults.raise_if_any()
    return readings


def _refuse_overlaps(readings: dict[str, CadReading], faults: FaultLog) -> None:
    """Calls that stand in two files would count twice."""
    spans = sorted(
        (float(reading.records.received_min[0]), float(reading.records.received_min[-1]), file)
        for file, reading in readings.items()
    )
    for (_, until, first), (since, _, second) in pairwise(spans):
        if since <= until:
            faults.add(
                second,
                f"its calls begin before those of {first} end",
                expected="files that follow each other in time",
                remedy="Keep one of the files, or cut one of them.",
            )


def days(first: date, last: date) -> Horizon:
    """All hours from the first day to the last."""
    zone = ZoneInfo(TIMEZONE)
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return Horizon(start, round((end.timestamp() - start.timestamp()) / 3600.0))


def within(records: CallRecords, horizon: Horizon) -> CallRecords:
    """The calls received in a horizon."""
    return records.received_within(horizon.start.timestamp() / 60.0, horizon.end.timestamp() / 60.0)


def check_periods(names: Sequence[str], records: CallRecords) -> dict[str, Horizon]:
    """Horizon of each period to check; all have calls and begin after the fitting period.

    Raises
    ------
    BadInput
        When a name is not such a period.
    """
    if not names:
        last = datetime.fromtimestamp(60.0 * records.received_min.max(), ZoneInfo(TIMEZONE)).date()
        later = (CHECK[1] + timedelta(days=1), last)
        names = [told(*period) for period in (CHECK, later) if period[0] <= min(period[1], last)]
    faults = FaultLog()
    found: dict[str, Horizon] = {}
    for name in names:
        period = _period(name)
        if period is None or not len(within(records, days(*period))):
            faults.add(
                f"{FAMILY} --instance",
                "no period after the fitting period with recorded calls",
                expected=f"first and last day after {FIT[1]}, such as {told(*CHECK)}",
                remedy="Correct the dates.",
                value=name,
            )
        else:
            found[name] = days(*period)
    faults.raise_if_any()
    return found


def told(first: date, last: date) -> str:
    """A period as it is named."""
    return f"{first.isoformat()}/{last.isoformat()}"


def _period(name: str) -> tuple[date, date] | None:
    """First and last day, None when the name is no period after the fitting period."""
    first, _, last = name.partition("/")
    try:
        period = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    return period if FIT[1] < period[0] <= period[1] else None


def reading_line(file: str, reading: CadReading) -> Record:
    """What became of the rows of a file."""
    reasons = ", ".join(f"{reason} {count}" for reason, count in reading.left_out.items())
    return _line(
        file,
        "measure=calls that were read",
        float(len(reading.records)),
        float(reading.rows),
        f"{reading.cancelled} cancelled; rows left out: {reasons or 'none'}",
    )


def estimate_lines(fitted: Calibration, fit_s: float) -> Iterator[Record]:
    """The estimates that all stations share."""
    line, stations, durations = fitted.line, fitted.stations, fitted.durations
    errors = np.zeros(0) if stations is None else stations.error_km[stations.error_km >= 0]
    for name, value, status in (
        ("handling_min", durations.handling.level, f"+-{durations.handling.level_error:.3f}"),
        ("turnout_min", line.turnout_min, f"+-{line.turnout_error:.3f}"),
        ("cruise_min_per_km", line.slope, f"+-{line.slope_error:.3f}"),
        ("travel_level", durations.travel.level, f"+-{durations.travel.level_error:.3f}"),
        ("scene_min", durations.scene.level, f"+-{durations.scene.level_error:.3f}"),
        ("handling_cv", durations.handling.cv, "within classes"),
        ("travel_cv", durations.travel.cv, "within classes"),
        ("scene_cv", durations.scene.cv, "within classes"),
        ("position_error_km", float(errors.mean()) if len(errors) else None, "mean of stations"),
        ("units", float(fitted.units.sum()), f"at {len(fitted.units)} stations"),
    ):
        params = f"estimate={name};calls={fitted.calls};undisturbed={fitted.undisturbed}"
        yield _line(told(*FIT), params, value, None, status, fit_s)


def comparison_lines(
    period: str,
    way: str,
    found: Sequence[Comparison],
    station_ids: Sequence[str],
    solve_s: float,
) -> Iterator[Record]:
    """One line for each comparison, and the mean size of the errors by hour and by station."""
    found = [part for part in found if part.calls]
    for part in found:
        group = station_ids[part.group] if part.scope == "station" else str(part.group)
        scope = "all" if part.scope == "all" else f"{part.scope} {group}"
        yield _line(
            period,
            f"calls={way};measure={part.measure};statistic={part.statistic};scope={scope};"
            f"n={part.calls}",
            part.predicted,
            part.observed,
            f"error {part.error:+.1%}, 95% of predictions {part.low:.2f} to {part.high:.2f}"
            + _reached(part),
            solve_s,
        )
    for key in dict.fromkeys((p.scope, p.measure, p.statistic) for p in found if p.scope != "all"):
        parts = [p for p in found if (p.scope, p.measure, p.statistic) == key]
        yield _line(
            period,
            f"calls={way};measure={key[1]};statistic={key[2]};scope=every {key[0]};"
            f"n={sum(part.calls for part in parts)}",
            mean_error(parts),
            None,
            "mean size of the errors, weighted by calls; "
            f"{sum(part.low <= part.observed <= part.high for part in parts)} of {len(parts)} "
            "observed figures within 95% of predictions",
            solve_s,
        )


def mean_error(parts: Sequence[Comparison]) -> float | None:
    """Mean of the errors' sizes weighted by calls; groups without an error do not count."""
    known = [part for part in parts if np.isfinite(part.error)]
    if not known:
        return None
    return float(np.average([abs(p.error) for p in known], weights=[p.calls for p in known]))


def _reached(part: Comparison) -> str:
    """Whether the error is as small as it should be, told for all calls together."""
    limit = REACH.get(part.statistic)
    if part.scope != "all" or limit is None:
        return ""
    return f"; {limit:.0%} {'reached' if abs(part.error) <= limit else 'missed'}"


def _line(
    instance: str,
    params: str,
    value: float | None,
    known: float | None,
    status: str,
    solve_s: float = 0.0,
) -> Record:
    return Record(
        family=FAMILY,
        instance=instance,
        params=params,
        value=_rounded(value),
        bound=None,
        known=_rounded(known),
        status=status,
        build_s=0.0,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def _rounded(value: float | None) -> float | None:
    """Four decimals; None for no number."""
    return None if value is None or not np.isfinite(value) else round(value, 4)
