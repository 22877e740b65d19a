"""The datum of coordinates: every file declares it, and all points end in WGS84.

Chinese web maps show shifted coordinates: GCJ-02 (Gaode and official services) and BD-09
(Baidu) lie up to about 700 m from WGS84, so a wrong guess moves a point by more than a cell.
Nothing is guessed.
"""

import numpy as np
import prcoords
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

_SHIFTED = {"gcj02": prcoords.gcj_wgs_bored, "bd09": prcoords.bd_wgs_bored}
_SHIFTED_LON = (72.004, 137.8347)
_SHIFTED_LAT = (0.8293, 55.8271)


def datum_fault(crs: str) -> str | None:
    """What is wrong with a declared CRS, or None: `wgs84`, `gcj02`, `bd09` or `EPSG:n`."""
    if crs in ("wgs84", *_SHIFTED):
        return None
    if not crs.upper().startswith("EPSG:"):
        return f"{crs!r} is none of wgs84, gcj02, bd09 and EPSG:n"
    try:
        CRS.from_user_input(crs)
    except CRSError:
        return f"{crs!r} is not a known EPSG code"
    return None


def to_wgs84(
    x: ArrayLike, y: ArrayLike, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude in WGS84 degrees of points in the declared CRS, arrays `[point]`.

    `x` is the longitude or easting, `y` the latitude or northing. GCJ-02 and BD-09 are
    inverted by fixed-point iteration (error below 1 mm). NaN where a point cannot lie in that
    CRS: beyond the poles, or outside the rectangle around China where the shift is defined.

    Raises
    ------
    ValueError
        When the CRS is not one of those in `datum_fault`.
    """
    fault = datum_fault(crs)
    if fault is not None:
        raise ValueError(fault)
    first = np.atleast_1d(np.asarray(x, dtype=np.float64))
    second = np.atleast_1d(np.asarray(y, dtype=np.float64))
    if crs in _SHIFTED:
        lon, lat = _unshift(first, second, crs)
    elif crs == "wgs84":
        lon, lat = first, second
    else:
        transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        lon, lat = transformer.transform(first, second)
    valid = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    return np.where(valid, lon, np.nan), np.where(valid, lat, np.nan)


def _unshift(
    lon: NDArray[np.float64], lat: NDArray[np.float64], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Invert the shift once per distinct point; NaN outside the rectangle around China."""
    points, where = np.unique(np.stack([lat, lon], axis=1), axis=0, return_inverse=True)
    inside = (
        (points[:, 0] >= _SHIFTED_LAT[0])
        & (points[:, 0] <= _SHIFTED_LAT[1])
        & (points[:, 1] >= _SHIFTED_LON[0])
        & (points[:, 1] <= _SHIFTED_LON[1])
    )
    found = np.full(points.shape, np.nan)
    inverse = _SHIFTED[crs]
    for row in np.nonzero(inside)[0].tolist():
        found[row] = inverse((points[row, 0], points[row, 1]), check_china=False)
    where = where.ravel()
    return found[where, 1], found[where, 0]
