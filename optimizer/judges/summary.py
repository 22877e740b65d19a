"""An evaluation added up: tables by city, district, zone and class."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.incidents import ZONES
from geodata.situation import Situation
from optimizer.judges.evaluation import quantile_min, share_of
from optimizer.judges.evaluation_result import HISTOGRAM_MIN, WITHIN_MIN, Evaluation

COLUMNS: tuple[str, ...] = (
    "scope",
    "id",
    "hour",
    "calls",
    "covered",
    "mean_min",
    "p50_min",
    "p90_min",
    "p99_min",
    "within_1",
    "within_3",
    "within_5",
    "served",
    "utilisation",
    "uncommitted_unit_h",
)

QUANTILES: Mapping[str, float] = MappingProxyType({"p50_min": 0.5, "p90_min": 0.9, "p99_min": 0.99})


def summarise(
    situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]
) -> pd.DataFrame:
    """One row per scope (city, district, zone, class), id and hour, and one for all hours.

    `hour` is the hour of the horizon or `all`. Means and shares are weighted by calls; an
    unserved call counts `evaluation.unserved_min`. P50, P90 and P99 are quantiles of the pooled
    calls, inf when the unserved ones are more than the rest leaves. `utilisation` is the busy
    share of the units (`units[type, place, hour]`) of the city or district and
    `uncommitted_unit_h` the unit-hours not busy, NaN for zones and classes.
    """
    rows = [*_city_rows(situation, evaluation, units)]
    rows += _district_rows(situation, evaluation, units)
    rows += _zone_rows(situation, evaluation)
    rows += _class_rows(situation, evaluation)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def city_service(
    situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]
) -> Mapping[str, float]:
    """Figures of the whole city over all hours, by the names of `COLUMNS`."""
    whole = _city_rows(situation, evaluation, units)[-1]
    return MappingProxyType(
        {name: float(value) for name, value in zip(COLUMNS[3:], whole[3:], strict=True)}
    )


Row = tuple[str | float | int, ...]


def _city_rows(situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]) -> list[Row]:
    cells = np.ones(situation.grid.n_cells, dtype=bool)
    busy = _busy_units(evaluation, units)
    hist = evaluation.district_hist.sum(axis=0)
    return _rows("city", "city", _cell_sums(evaluation, cells), hist, busy, units.sum(axis=(0, 1)))


def _district_rows(
    situation: Situation, evaluation: Evaluation, units: NDArray[np.int64]
) -> list[Row]:
    rows: list[Row] = []
    for number, name in enumerate(situation.area.district_ids):
        inside = situation.patrol_places.district == number
        busy = _busy_units(evaluation, units, inside)
        sums = _cell_sums(evaluation, situation.grid.district == number)
        crews = units[:, inside].sum(axis=(0, 1))
        rows += _rows("district", name, sums, evaluation.district_hist[number], busy, crews)
    return rows


def _zone_rows(situation: Situation, evaluation: Evaluation) -> list[Row]:
    rows: list[Row] = []
    nobody = np.zeros(situation.horizon.hours)
    for number, name in enumerate(ZONES):
        sums = _cell_sums(evaluation, situation.zone == number)
        rows += _rows("zone", name, sums, evaluation.zone_hist[number], nobody, nobody)
    return rows


def _class_rows(situation: Situation, evaluation: Evaluation) -> list[Row]:
    rows: list[Row] = []
    nobody = np.zeros(situation.horizon.hours)
    for number, kind in enumerate(situation.classes.classes):
        if kind.unit_type:
            sums = _class_sums(evaluation, number)
            hist = evaluation.class_hist[number]
            rows += _rows("class", kind.class_id, sums, hist, nobody, nobody)
    return rows


def _busy_units(
    evaluation: Evaluation, units: NDArray[np.int64], places: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Busy units of the given places, `[hour]`."""
    busy = np.nan_to_num(evaluation.utilisation) * units
    total: NDArray[np.float64] = (busy if places is None else busy[:, places]).sum(axis=(0, 1))
    return total


def _cell_sums(evaluation: Evaluation, cells: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Calls, covered calls, call-minutes, ... of some cells, `[hour]` each."""
    calls = evaluation.demand_per_h[cells]
    mean = np.where(
        np.isinf(evaluation.mean_min[cells]), evaluation.unserved_min, evaluation.mean_min[cells]
    )
    figures = {"calls": np.ones_like(calls), "covered": evaluation.covered[cells], "mean_min": mean}
    for circle, minutes in enumerate(WITHIN_MIN):
        figures[f"within_{minutes:.0f}"] = evaluation.within[circle][cells]
    figures["served"] = evaluation.served[cells]
    return {name: (calls * np.nan_to_num(value)).sum(axis=0) for name, value in figures.items()}


def _class_sums(evaluation: Evaluation, number: int) -> dict[str, NDArray[np.float64]]:
    """Calls, covered calls, call-minutes, ... of one class, `[hour]` each."""
    hist = evaluation.class_hist[number]
    calls = hist.sum(axis=1)
    sums = {
        "calls": calls,
        "covered": calls * np.nan_to_num(evaluation.class_covered[number]),
        "mean_min": calls * np.nan_to_num(evaluation.class_mean_min[number]),
    }
    for minutes in WITHIN_MIN:
        edge = min(round(minutes / HISTOGRAM_MIN), hist.shape[1] - 2)
        sums[f"within_{minutes:.0f}"] = hist[:, : edge + 1].sum(axis=1)
    sums["served"] = hist[:, :-1].sum(axis=1)
    return sums


def _rows(
    scope: str,
    name: str,
    sums: dict[str, NDArray[np.float64]],
    hist: NDArray[np.float64],
    busy: NDArray[np.float64],
    crews: NDArray[np.float64] | NDArray[np.int64],
) -> list[Row]:
    """Rows of one id: every hour, then all hours together."""
    columns = {name: _with_total(value) for name, value in sums.items()}
    calls, on_street = columns["calls"], _with_total(crews)
    table = {name: share_of(value, calls) for name, value in columns.items()}
    pooled = np.concatenate([hist, hist.sum(axis=0, keepdims=True)])
    table |= {name: quantile_min(pooled, share) for name, share in QUANTILES.items()}
    not_busy = on_street - _with_total(busy)
    table["calls"] = calls
    table["utilisation"] = share_of(_with_total(busy), on_street)
    table["uncommitted_unit_h"] = np.where(on_street > 0, not_busy, np.nan)
    labels: list[int | str] = [*range(len(busy)), "all"]
    figures = np.stack([table[key] for key in COLUMNS[3:]], axis=1).tolist()
    return [(scope, name, label, *row) for label, row in zip(labels, figures, strict=True)]


def _with_total(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Values of the hours and their sum, `[hour + 1]`."""
    return np.append(np.asarray(values, dtype=np.float64), values.sum())
