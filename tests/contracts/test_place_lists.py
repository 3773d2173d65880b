"""Lists of locations in any usual form: names of columns, points as text, Parquet, GeoParquet in another coordinate system."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from data_samples.tables import write_parquet, write_wide_csv
from data_samples.values import IDS, SENSORS, raw
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import Finding

LAT, LON = 51.9 + np.arange(SENSORS) / 50, 7.6 + np.arange(SENSORS) / 40
ORDER = [4, 2, 0, 5, 1, 3]


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def table(lat: str = "lat", lon: str = "lon", name: str = "id") -> pd.DataFrame:
    frame = pd.DataFrame({name: IDS, "street": "x", lat: LAT, lon: LON})
    return frame.iloc[ORDER]


def placed(data: STData, within: float = 1e-12) -> None:
    assert data.sensors == IDS
    assert data.locations is not None
    np.testing.assert_allclose(data.locations, np.stack([LAT, LON], axis=1), atol=within)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "names",
    [
        ("Latitude", "Longitude", "Station ID"),
        ("y", "x", "name"),
        ("GPS_lat", "gps_lng", "code"),
        ("Breite", "Länge", "Messstelle"),
    ],
)
def test_usual_names_of_columns(names: tuple[str, str, str], kind: str, tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    frame = table(*names)
    frame.to_csv(tmp_path / "where.csv", index=False) if kind == "csv" else frame.to_parquet(tmp_path / "where.parquet")
    placed(readers.open(tmp_path))


def test_points_as_text(tmp_path: Path) -> None:
    write_parquet(tmp_path)
    points = [f"POINT ({lon} {lat})" for lat, lon in zip(LAT, LON, strict=True)]
    pd.DataFrame({"station": IDS, "geometry": points}).iloc[ORDER].to_csv(tmp_path / "where.csv", index=False)
    placed(readers.open(tmp_path))


@pytest.mark.parametrize("crs", [4326, 25832, 3857])
@pytest.mark.parametrize("index", [False, True])
def test_geoparquet_in_any_system_is_a_list_of_locations(crs: int, index: bool, tmp_path: Path) -> None:
    write_parquet(tmp_path)
    frame = geopandas.GeoDataFrame(table()[["id"]], geometry=geopandas.points_from_xy(LON[ORDER], LAT[ORDER]), crs=4326)
    frame = frame.set_index("id") if index else frame
    frame.to_crs(crs).to_parquet(tmp_path / "stations.parquet")
    data = readers.open(tmp_path)
    placed(data, 1e-9)
    if crs != 4326:
        assert found(data, "reprojected").level == "repaired"
        assert str(crs) in found(data, "reprojected").text


def write_geojson(path: Path, crs: int = 4326, ids: str = "sensor_id") -> None:
    """Stations as points; ``ids`` is an attribute, or ``of the feature``."""
    points = geopandas.GeoSeries(geopandas.points_from_xy(LON[ORDER], LAT[ORDER]), crs=4326).to_crs(crs)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [point.x, point.y]},
            "properties": {"road": "A 1"} | ({} if ids == "of the feature" else {ids: IDS[place]}),
        }
        | ({"id": IDS[place]} if ids == "of the feature" else {})
        for place, point in zip(ORDER, points, strict=True)
    ]
    named = {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}} if crs != 4326 else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **named, "features": features}))


@pytest.mark.parametrize(("crs", "ids"), [(4326, "sensor_id"), (25832, "sensor_id"), (4326, "of the feature")])
def test_geojson_of_points_is_a_list_of_locations(crs: int, ids: str, tmp_path: Path) -> None:
    write_parquet(tmp_path)
    write_geojson(tmp_path / "stations.geojson", crs, ids)
    data = readers.open(tmp_path)
    placed(data, 1e-9)
    assert not [finding for finding in data.findings if finding.code == "not-read"]
    if crs != 4326:
        assert "25832" in found(data, "reprojected").text


def test_geojson_of_roads_is_no_list_and_mixed_geojson_is_refused(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    road = {"type": "LineString", "coordinates": [[7.6, 51.9], [7.7, 52.0]]}
    held = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": 1}, "geometry": road}]}
    (tmp_path / "roads.geojson").write_text(json.dumps(held))
    assert "roads.geojson" in found(readers.open(tmp_path), "not-read").text
    write_geojson(tmp_path / "roads.geojson")
    mixed = json.loads((tmp_path / "roads.geojson").read_text())
    mixed["features"] = [*mixed["features"] * 20, *held["features"]]  # behind what is looked at first
    (tmp_path / "roads.geojson").write_text(json.dumps(mixed))
    assert "LineString" in refused(tmp_path, "coordinates")


def test_geoparquet_of_districts_is_no_list_of_locations(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    points = geopandas.points_from_xy(LON, LAT)
    frame = geopandas.GeoDataFrame({"id": IDS}, geometry=[point.buffer(0.1) for point in points], crs=4326)
    frame.to_parquet(tmp_path / "districts.parquet")
    data = readers.open(tmp_path)
    assert data.locations is None
    assert "districts.parquet" in found(data, "not-read").text


def test_projected_columns_with_and_without_an_answer(tmp_path: Path) -> None:
    from pyproj import Transformer

    write_wide_csv(tmp_path)
    east, north = Transformer.from_crs(4326, 25832, always_xy=True).transform(LON, LAT)
    frame = pd.DataFrame({"station": IDS, "Rechtswert": east, "Hochwert": north}).iloc[ORDER]
    frame.to_csv(tmp_path / "where.csv", index=False)
    assert "Which coordinate system" in refused(tmp_path, "projected")
    data = readers.open(tmp_path, {"projected": "EPSG:25832"})
    placed(data, 1e-7)
    assert found(data, "projected").chosen == "EPSG:25832"


def test_ids_with_leading_zeros_are_not_those_without(tmp_path: Path) -> None:
    """007 of the data is no 7 of the list, and a graph's 007 is the data's."""
    write_wide_csv(tmp_path)
    table().assign(id=[name.lstrip("0") for name in table()["id"]]).to_csv(tmp_path / "where.csv", index=False)
    (tmp_path / "edges.csv").write_text("from,to,weight\n007,0600,0.5\n0600,007,0.25\n")
    data = readers.open(tmp_path)
    assert data.locations is not None
    assert np.isnan(data.locations[:, 0]).tolist() == [name.startswith("0") for name in IDS]
    assert data.edges is not None
    assert [part.tolist() for part in data.edges] == [[0, 5], [5, 0], [0.5, 0.25]]


def test_an_id_with_two_locations_is_reported(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    pd.concat([table(), table().iloc[[1]].assign(lat=50.0)]).to_csv(tmp_path / "where.csv", index=False)
    data = readers.open(tmp_path)
    placed(data)
    assert IDS[2] in found(data, "places-twice").text


def test_saved_parquet_names_its_losses_and_keeps_the_rest(tmp_path: Path) -> None:
    ds = raw().assign(start=("window", np.arange(40)), lat=("sensor", [np.nan, *LAT[1:]]))
    ds = xr_channels(ds).assign_attrs(zone="UTC", local_zone="Europe/Berlin", title="Münster")
    data = STData.of(ds, answers={"graph": "gaussian"})
    said = " ".join(readers.save(data, tmp_path / "kept", "parquet"))
    assert "windows" in said and "findings" in said
    again = readers.open(tmp_path / "kept")
    np.testing.assert_array_equal(again.values, data.values)
    assert (again.channels, again.units) == (["time", "lat"], {"time": "s", "lat": "veh/h"})
    assert (again.zone, again.ds.attrs["local_zone"], again.title) == ("UTC", "Europe/Berlin", "Münster")
    np.testing.assert_array_equal(again.locations, data.locations)
    assert again.edges is not None and data.edges is not None
    for part, kept in zip(again.edges, data.edges, strict=True):
        np.testing.assert_array_equal(part, kept)
    frame = pd.read_parquet(tmp_path / "kept" / "values.parquet")
    assert list(frame.columns) == ["time", "sensor", "channel time", "lat"]
    assert geopandas.read_parquet(tmp_path / "kept" / "stations.parquet").crs.to_epsg() == 4326


def xr_channels(ds):  # type: ignore[no-untyped-def]
    """Two channels with names that a table of rows uses itself."""
    import xarray as xr

    ds = xr.concat([ds, ds.assign(value=ds["value"] + 1)], dim="channel", data_vars="minimal", coords="minimal")
    return ds.assign_coords(channel=["time", "lat"]).assign_attrs(units={"time": "s", "lat": "veh/h"})
