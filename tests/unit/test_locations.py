"""What may be wrong with places (rows 23 to 27 of the table of bad input): found, named, and never changed silently."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stcore.data import STData, graph
from stcore.findings import DataError, Finding

T, N = 40, 30
RNG = np.random.default_rng(8)
VALUES = RNG.uniform(20, 80, (T, N)).round(1)
LAT, LON = 51.9 + RNG.random(N) / 9, 7.5 + RNG.random(N) / 9


def of(lat: np.ndarray, lon: np.ndarray, zone: str = "unknown", **answers: str) -> STData:
    ds = xr.Dataset(
        {"value": (("time", "sensor"), VALUES), "lat": ("sensor", lat), "lon": ("sensor", lon)},
        coords={"time": pd.date_range("2024-05-06", periods=T, freq="h"), "sensor": [f"s{n}" for n in range(N)]},
        attrs={"zone": zone},
    )
    return STData.of(ds, answers=answers)


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def changed(values: np.ndarray, where: list[int], to: float) -> np.ndarray:
    values = values.copy()
    values[where] = to
    return values


def test_good_places_raise_no_question() -> None:
    assert not codes(of(LAT, LON, "Europe/Berlin")) & {
        "far-away",
        "swapped",
        "zero-coordinates",
        "same-place",
        "no-place",
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_places_swapped_within_what_degrees_may_be_are_offered(zone: str) -> None:
    """Row 24: both readings are on the earth; the zone of the clock says where."""
    lat, lon = (LAT, LON) if zone.startswith("Europe") else (LAT - 39, LON + 70)
    assert "swapped" not in codes(of(lat, lon, zone))
    data = of(lon, lat, zone)
    assert (found(data, "swapped").level, found(data, "swapped").chosen) == ("note", "keep")
    assert zone in found(data, "swapped").text
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations[:, 0], lon)
    put_right = of(lon, lat, zone, swapped="swap")
    np.testing.assert_array_equal(put_right.locations, np.stack([lat, lon], axis=1))
    assert found(put_right, "swapped").level == "repaired"
    assert "swapped" not in codes(of(lon, lat))


def test_places_that_cannot_be_are_swapped_or_refused() -> None:
    data = of(LON - 120, LAT)
    assert found(data, "swapped").level == "repaired"
    with pytest.raises(DataError, match="is impossible"):
        of(LAT, changed(LON, [3], -250))


def test_far_places_are_named_and_may_be_left_out() -> None:
    """As in California's list of detectors: some lie in another state or in the sea."""
    odd = [4, 9, 17]
    lat, lon = changed(LAT, odd, 36.0), changed(LON, odd, -75.0)
    lat[9] += 3
    data = of(lat, lon)
    assert "3 sensors" in found(data, "far-away").text
    assert all(f"s{n}" in found(data, "far-away").text for n in odd)
    assert found(data, "far-away").chosen == "keep"
    assert data.locations is not None and np.isfinite(data.locations).all()
    without = of(lat, lon, **{"far-away": "leave-out"})
    assert without.locations is not None
    assert np.isnan(without.locations[odd]).all() and np.isfinite(np.delete(without.locations, odd, axis=0)).all()
    assert found(without, "far-away").level == "repaired"
    assert "s4, s9, s17" in found(without, "no-place").text
    np.testing.assert_array_equal(without.values, data.values)
    assert without.edges is not None and not np.isin(without.edges[0], odd).any()
    with pytest.raises(DataError, match="far-away"):
        of(lat, lon, **{"far-away": "move"})


def test_a_spread_network_has_no_far_places() -> None:
    assert "far-away" not in codes(of(LAT + RNG.normal(0, 2, N), LON + RNG.normal(0, 2, N)))


def test_zero_and_identical_places() -> None:
    data = of(changed(LAT, [1, 2], 0), changed(LON, [1, 2], 0))
    assert "s1, s2" in found(data, "zero-coordinates").text
    assert found(data, "zero-coordinates").level == "note"
    without = of(changed(LAT, [1, 2], 0), changed(LON, [1, 2], 0), **{"zero-coordinates": "leave-out"})
    assert without.locations is not None and np.isnan(without.locations[[1, 2]]).all()
    assert not codes(without) & {"same-place", "far-away"}
    same = of(changed(LAT, [5, 6, 7], 52.0), changed(LON, [5, 6, 7], 7.6))
    assert "3 sensors" in found(same, "same-place").text and "s5" in found(same, "same-place").text
    nowhere = of(np.zeros(N), np.zeros(N), **{"zero-coordinates": "leave-out"})
    assert nowhere.locations is None and "no-coordinates" in codes(nowhere)


def test_no_places_at_all() -> None:
    data = STData.of(of(LAT, LON).ds.drop_vars(["lat", "lon"]).drop_dims("edge"))
    assert data.locations is None
    assert found(data, "no-coordinates").level == "note"


@pytest.mark.parametrize("code", ["EPSG:25832", "25832", "epsg:31467"])
def test_projected_places_with_their_system(code: str) -> None:
    from pyproj import Transformer

    east, north = Transformer.from_crs(4326, int(code[-5:]), always_xy=True).transform(LON, LAT)
    with pytest.raises(DataError, match="Which coordinate system"):
        of(north, east)
    data = of(north, east, projected=code)
    assert data.locations is not None
    np.testing.assert_allclose(data.locations, np.stack([LAT, LON], axis=1), atol=2e-3 if "31467" in code else 1e-7)
    assert found(data, "projected").level == "repaired"
    with pytest.raises(DataError, match="coordinate system"):
        of(north, east, projected="Gauss")


def test_distances_across_the_date_line() -> None:
    """Row 27: places on either side of it are near, and are each other's neighbours."""
    lon = (179.5 + 9 * (LON - 7.5) + 180) % 360 - 180
    assert lon.min() < -179 and lon.max() > 179
    data = of(LAT - 70, lon)
    assert "far-away" not in codes(data)
    assert data.locations is not None and data.edges is not None
    apart = graph.haversine(data.locations, data.locations)
    assert apart.max() < 200
    assert (np.sign(lon[data.edges[0]]) != np.sign(lon[data.edges[1]])).any()


def test_two_cities_are_both_where_they_are() -> None:
    assert "far-away" not in codes(of(np.where(np.arange(N) < 12, LAT - 8, LAT), LON))
