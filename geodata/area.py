"""The study area: its districts, in one metric coordinate reference system."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely import STRtree
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geodata.datum import to_wgs84


@dataclass(frozen=True)
class District:
    """One police district; `polygon` in the area's CRS, `population` NaN where unknown.

    `group_en` names the command above it (a precinct), empty where there is none.
    """

    district_id: str
    name_en: str
    name_zh: str
    polygon: Polygon | MultiPolygon
    population: float = float("nan")
    group_en: str = ""


@dataclass(frozen=True)
class StudyArea:
    """Districts that do not overlap, in a projected CRS with metres as its unit.

    Raises
    ------
    ValueError
        When the CRS is not projected in metres, ids repeat or two districts overlap by
        more than one per cent of the smaller one.
    """

    crs: str
    timezone: str
    districts: tuple[District, ...]

    def __post_init__(self) -> None:
        crs = CRS.from_user_input(self.crs)
        if not crs.is_projected or crs.axis_info[0].unit_name not in ("metre", "meter"):
            raise ValueError(f"area CRS {self.crs} is not projected in metres")
        ids = [district.district_id for district in self.districts]
        if len(set(ids)) != len(ids):
            raise ValueError("district ids repeat")
        overlaps = overlapping_districts(self.districts)
        if overlaps:
            first, second, share = overlaps[0]
            raise ValueError(f"districts {first} and {second} overlap by {share:.1%}")

    @property
    def district_ids(self) -> tuple[str, ...]:
        """Ids in the order of the arrays indexed by district."""
        return tuple(district.district_id for district in self.districts)

    @property
    def commands(self) -> tuple[str, ...]:
        """Names of the commands that staff the districts, in the order of their first district.

        A district without a group is its own command.
        """
        return tuple(dict.fromkeys(d.group_en or d.name_en for d in self.districts))

    @property
    def command_of(self) -> NDArray[np.int64]:
        """Command of each district, an index into `commands`."""
        number = {name: index for index, name in enumerate(self.commands)}
        return np.array([number[d.group_en or d.name_en] for d in self.districts], dtype=np.int64)

    def to_metric(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """WGS84 degrees to metres in the area's CRS."""
        return Transformer.from_crs("EPSG:4326", self.crs, always_xy=True).transform(lon, lat)

    def to_lonlat(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres in the area's CRS to WGS84 degrees."""
        return Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True).transform(x, y)


def metric_polygon(
    shape: BaseGeometry | None, crs: str, area_crs: str
) -> Polygon | MultiPolygon | None:
    """A polygon declared to be in `crs`, flat and in metres of the area's CRS.

    None where the shape is no polygon or cannot lie in the declared CRS.
    """
    if not isinstance(shape, Polygon | MultiPolygon):
        return None
    flat = shapely.force_2d(shape)
    vertices = shapely.get_coordinates(flat)
    lonlat = to_wgs84(vertices[:, 0], vertices[:, 1], crs)
    project = Transformer.from_crs("EPSG:4326", area_crs, always_xy=True)
    metric = np.stack(project.transform(*lonlat), axis=1)
    return shapely.set_coordinates(flat, metric) if np.isfinite(metric).all() else None


def overlapping_districts(
    districts: tuple[District, ...], tolerance: float = 0.01
) -> list[tuple[str, str, float]]:
    """Pairs of districts that share more than `tolerance` of the smaller one's area."""
    polygons = [district.polygon for district in districts]
    left, right = STRtree(polygons).query(polygons, predicate="intersects")
    found = []
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        if i < j:
            smaller = min(polygons[i].area, polygons[j].area)
            share = polygons[i].intersection(polygons[j]).area / smaller
            if share > tolerance:
                found.append((districts[i].district_id, districts[j].district_id, share))
    return found
