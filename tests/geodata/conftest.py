"""A city of two square districts on a 1 km grid, small enough to count by hand."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import box

from geodata.area import District, StudyArea
from geodata.grid import Grid, grid_over
from geodata.horizon import Horizon
from geodata.places import Places


@pytest.fixture
def area() -> StudyArea:
    """West and east, 4 km by 4 km each, side by side near Shanghai."""
    west = box(350_000, 3_450_000, 354_000, 3_454_000)
    east = box(354_000, 3_450_000, 358_000, 3_454_000)
    districts = (District("W", "West", "西区", west), District("E", "East", "东区", east))
    return StudyArea("EPSG:32651", "Asia/Shanghai", districts)


@pytest.fixture
def grid(area: StudyArea) -> Grid:
    """32 cells of 1 km: 8 columns, 4 rows."""
    return grid_over(area, 1000.0)


@pytest.fixture
def horizon() -> Horizon:
    """24 hours from 08:00 on Spring Festival Eve 2027."""
    return Horizon(datetime(2027, 2, 5, 8, tzinfo=ZoneInfo("Asia/Shanghai")), 24)


@pytest.fixture
def stations(area: StudyArea, grid: Grid) -> Places:
    """One station in each district."""
    x, y = [351_500.0, 356_500.0], [3_452_500.0, 3_452_500.0]
    cell = grid.locate(x, y)
    names = ("S1", "S2")
    return Places(names, ("station", "station"), names, names, x, y, cell, [0, 1])


@pytest.fixture
def lonlat(area: StudyArea) -> Callable[[float, float], tuple[float, float]]:
    """Degrees of the point that lies so many metres east and north of the south-west corner."""

    def at(east_m: float, north_m: float) -> tuple[float, float]:
        lon, lat = area.to_lonlat(350_000.0 + east_m, 3_450_000.0 + north_m)
        return round(float(lon), 7), round(float(lat), 7)

    return at


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[[str, str, Sequence[str]], Path]:
    """Writes a header and rows to a file."""

    def write(name: str, header: str, rows: Sequence[str]) -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write
