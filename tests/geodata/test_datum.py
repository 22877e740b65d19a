import numpy as np
import prcoords
import pytest

from geodata.datum import datum_fault, to_wgs84

# People's Square, Shanghai
LON, LAT = 121.4737, 31.2304


def metres(lon: float, lat: float) -> float:
    """Distance from People's Square, flat-earth."""
    return float(np.hypot((lon - LON) * 111_320 * np.cos(np.radians(LAT)), (lat - LAT) * 110_860))


def test_wgs84_is_left_alone() -> None:
    lon, lat = to_wgs84(LON, LAT, "wgs84")
    assert (lon[0], lat[0]) == (LON, LAT)


@pytest.mark.parametrize(("crs", "shift"), [("gcj02", prcoords.wgs_gcj), ("bd09", prcoords.wgs_bd)])
def test_shifted_datums_come_back_within_a_millimetre(crs: str, shift) -> None:
    shifted = shift((LAT, LON))
    assert 300 < metres(shifted.lon, shifted.lat) < 1500  # reading it as WGS84 would be that wrong
    lon, lat = to_wgs84([shifted.lon], [shifted.lat], crs)
    assert metres(lon[0], lat[0]) < 0.001


def test_gcj02_in_shanghai_lies_north_of_wgs84_by_the_known_shift() -> None:
    """Published maps agree on about 0.0045 degrees east and -0.0019 north in central Shanghai."""
    lon, lat = to_wgs84([LON + 0.0045], [LAT - 0.0019], "gcj02")
    assert metres(lon[0], lat[0]) < 60


def test_projected_coordinates_are_converted() -> None:
    # The central meridian of UTM zone 51 is 123 E: easting 500 km lies on it.
    lon, lat = to_wgs84([500_000.0], [3_450_000.0], "EPSG:32651")
    assert lon[0] == pytest.approx(123.0, abs=1e-9)
    assert lat[0] == pytest.approx(31.18, abs=0.02)


def test_points_that_cannot_lie_in_the_datum_become_nan() -> None:
    assert np.isnan(to_wgs84([-122.6], [45.5], "gcj02")[0][0])
    assert np.isnan(to_wgs84([121.0], [95.0], "wgs84")[1][0])
    lon, _ = to_wgs84([np.nan, LON], [LAT, LAT], "bd09")
    assert np.isnan(lon[0])
    assert lon[1] == pytest.approx(LON, abs=0.02)


@pytest.mark.parametrize("crs", ["WGS 84", "gcj-02", "", "EPSG:999999", "EPSG:x"])
def test_an_unknown_datum_is_refused(crs: str) -> None:
    assert repr(crs) in str(datum_fault(crs))
    with pytest.raises(ValueError, match=r"is not a known EPSG code|is none of"):
        to_wgs84([LON], [LAT], crs)


@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09", "EPSG:4326", "EPSG:32651"])
def test_known_datums_have_no_fault(crs: str) -> None:
    assert datum_fault(crs) is None
