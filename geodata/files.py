"""The one door to files: tables (CSV, Parquet) and layers (GeoJSON, GeoPackage).

Nothing is converted here: a CSV table arrives as text, and each reader says what its columns
mean. Columns that look like person data make the load fail before a row is read.
"""

import csv
import gzip
import warnings
import zlib
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyogrio import read_info
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from geodata.faults import FaultLog
from geodata.person_data import refuse_person_data

_TABLE_ENDINGS = (".csv", ".csv.gz", ".parquet")
_LAYER_ENDINGS = (".geojson", ".json", ".gpkg")
_UNREADABLE = (
    OSError,
    EOFError,
    UnicodeDecodeError,
    zlib.error,
    csv.Error,
    pd.errors.ParserError,
    pd.errors.EmptyDataError,
    pa.ArrowException,
)


@dataclass(frozen=True)
class Table:
    """Rows of one file; `file` is its name without folders, row 1 stands first in `frame`."""

    file: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Layer:
    """Features of one layer in the axis order x, y; the CRS is left to the reader."""

    file: str
    frame: gpd.GeoDataFrame


def shipped(*parts: str) -> Path:
    """Path of a data file that comes with the package: `shipped("portland", "calls.csv.gz")`."""
    return Path(__file__).parent.joinpath("data", *parts)


def read_table(
    path: Path,
    required: Collection[str],
    faults: FaultLog,
    *,
    columns: Mapping[str, str] | None = None,
    allowed: Collection[str] = (),
) -> Table | None:
    """Table with at least the `required` columns, or None with the reasons noted in `faults`.

    `columns` maps the names used here to those of the file; `allowed` names columns of the
    file that the person-data guard lets pass because they speak of places.
    """
    if not _usable(path, _TABLE_ENDINGS, faults):
        return None
    try:
        header = _header(path)
        if not _header_is_sound(path.name, header, faults, allowed):
            return None
        frame = _rows(path, header)
    except _UNREADABLE as error:
        _note_unreadable(path.name, error, faults)
        return None
    names = {theirs: ours for ours, theirs in (columns or {}).items()}
    frame = frame.rename(columns=names)
    table = Table(path.name, frame)
    return table if _has_columns(table, required, columns or {}, faults) else None


def read_layer(
    path: Path, required: Collection[str], faults: FaultLog, allowed: Collection[str] = ("name",)
) -> Layer | None:
    """Layer with at least the `required` columns, or None with the reasons noted in `faults`."""
    if not _usable(path, _LAYER_ENDINGS, faults):
        return None
    try:
        info = read_info(path)
        header = [str(name) for name in info["fields"]]
        if info["geometry_type"] is None:
            _note_no_geometry(path.name, faults)
            return None
        if refuse_person_data(path.name, header, faults, allowed):
            return None
        frame = _features(path)
    except (DataSourceError, DataLayerError, ShapelyError, OSError, UnicodeDecodeError) as error:
        _note_unreadable(path.name, error, faults)
        return None
    table = Table(path.name, frame)
    return Layer(path.name, frame) if _has_columns(table, required, {}, faults) else None


def _features(path: Path) -> gpd.GeoDataFrame:
    """Features of a layer; GDAL's own warnings are left out, the readers tell every fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gpd.read_file(path)


def _usable(path: Path, endings: tuple[str, ...], faults: FaultLog) -> bool:
    if not path.name.lower().endswith(endings):
        faults.add(
            path.name,
            "the kind of file is not known here",
            expected=f"a name that ends in {', '.join(endings)}",
            remedy="Convert the file, or correct the name in the scenario.",
        )
        return False
    if not path.is_file():
        faults.add(
            path.name,
            "the file does not exist",
            expected="a readable file",
            remedy="Correct the path in the scenario; it is taken from the scenario's folder.",
        )
        return False
    return True


def _open_text(path: Path) -> AbstractContextManager[TextIO]:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("r", encoding="utf-8-sig", newline="")


def _header(path: Path) -> list[str]:
    if path.name.lower().endswith(".parquet"):
        return [str(name) for name in pq.read_schema(path).names]
    with _open_text(path) as lines:
        return [name.strip() for name in next(csv.reader(lines), [])]


def _rows(path: Path, header: list[str]) -> pd.DataFrame:
    if path.name.lower().endswith(".parquet"):
        return pd.DataFrame(pd.read_parquet(path))
    with _open_text(path) as lines:
        frame = pd.read_csv(lines, header=None, dtype=str, keep_default_na=False)
    frame = frame.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index(header)
    return frame


def _header_is_sound(
    file: str, header: list[str], faults: FaultLog, allowed: Collection[str]
) -> bool:
    repeated = sorted({name for name in header if header.count(name) > 1})
    for name in repeated:
        faults.add(
            file,
            "a column name stands twice in the header",
            expected="each column once",
            remedy="Remove or rename one of them.",
            value=name,
        )
    if not header:
        faults.add(
            file, "the file is empty", expected="a header row", remedy="Write the column names."
        )
    personal = refuse_person_data(file, header, faults, allowed)
    return bool(header) and not repeated and not personal


def _has_columns(
    table: Table, required: Collection[str], columns: Mapping[str, str], faults: FaultLog
) -> bool:
    missing = [name for name in required if name not in table.frame.columns]
    for name in missing:
        faults.add(
            table.file,
            "a column is missing",
            expected=f"the columns {', '.join(columns.get(name, name) for name in required)}",
            remedy="Add it, or correct its name; docs/data-formats.md describes the file.",
            value=columns.get(name, name),
        )
    return not missing


def _note_no_geometry(file: str, faults: FaultLog) -> None:
    faults.add(
        file,
        "the layer has no geometry",
        expected="features with points, lines or polygons",
        remedy="Export the layer with its geometry.",
    )


def _note_unreadable(file: str, error: Exception, faults: FaultLog) -> None:
    reason = str(error).strip().splitlines()
    faults.add(
        file,
        "the file cannot be read",
        expected="CSV in UTF-8 with as many fields in each row as in the header, Parquet, "
        "GeoJSON or GeoPackage",
        remedy="Save it again in one of these formats.",
        value=f"{type(error).__name__}: {reason[0]}" if reason else type(error).__name__,
    )
