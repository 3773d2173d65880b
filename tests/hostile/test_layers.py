"""Map layers made by somebody who means harm: bombs, ways out of the file, markup, formulas, damage."""

import io
import json
import os
import sqlite3
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from geopandas import GeoDataFrame
from shapely.geometry import box

from stcore.charts.maps.districts import district_means, district_names, district_of, district_overlay
from stcore.charts.maps.overlays import plain_overlay
from stcore.charts.maps.page import SensorMap, flat_sensor_map, sensor_map
from stcore.charts.theme import LIGHT
from stcore.findings import DataError
from stcore.readers.layers.layers import read_layer

MARKUP = "<img src=x onerror=alert(1)>"
FORMULA = "@@=constructor.constructor('alert(1)')()"
OUTSIDE = "/vsicurl/http://localhost:9/secret"


def areas(name: str = "West", crs: str = "EPSG:4326") -> GeoDataFrame:
    return GeoDataFrame({"name": [name]}, geometry=[box(11.4, 48.1, 11.5, 48.2)], crs=4326).to_crs(crs)


def shapefile(folder: Path, crs: str = "EPSG:4326") -> dict[str, bytes]:
    """The parts of a Shapefile by their suffix."""
    (folder / "parts").mkdir()
    areas(crs=crs).to_file(folder / "parts" / "a.shp")
    return {part.suffix: part.read_bytes() for part in (folder / "parts").iterdir()}


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def refused(path: Path, code: str = "") -> str:
    with pytest.raises(DataError) as caught:
        read_layer(path)
    said = str(caught.value)
    assert said and "\n" not in said and "Traceback" not in said
    assert not code or caught.value.findings[0].code == code, said
    return said


# ---- more than there is room for -------------------------------------------------------------------------------------
def test_a_zip_that_unzips_to_far_more(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.shp": bytes(300_000_000), "a.dbf": b"", "a.shx": b""})
    assert path.stat().st_size < 400_000 and "unzips to" in refused(path, "bomb")


def test_a_zip_of_very_many_files(tmp_path: Path) -> None:
    refused(archive(tmp_path / "a.zip", {f"{number}.shp": b"x" for number in range(1001)}), "bomb")


def test_a_locked_zip(tmp_path: Path) -> None:
    raw = bytearray(archive(tmp_path / "a.zip", {"a.shp": b"x" * 200}).read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    assert "password" in refused(tmp_path / "a.zip", "locked")


def test_very_many_features_and_very_deep_json(tmp_path: Path) -> None:
    part = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}}
    (tmp_path / "many.json").write_text(json.dumps({"type": "FeatureCollection", "features": [part] * 50_001}))
    refused(tmp_path / "many.json", "too-many")
    (tmp_path / "deep.json").write_text('{"type":' * 100_000)
    refused(tmp_path / "deep.json", "damaged")


# ---- ways out of the file --------------------------------------------------------------------------------------------
def test_names_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    (tmp_path / "in").mkdir()
    for number, stem in enumerate(("../../out", "/tmp/out", "..\\out", OUTSIDE)):
        path = archive(tmp_path / "in" / f"{number}.zip", {stem + suffix: content for suffix, content in parts.items()})
        layer = read_layer(path)
        assert layer.name == str(number) and layer.collection["features"][0]["properties"] == {"name": "West"}
    assert sorted(os.listdir(tmp_path)) == ["in", "parts"]


@pytest.mark.parametrize(
    "text",
    [
        OUTSIDE,
        "/etc/passwd",
        "GeoJSON:/etc/passwd",
        "PG:dbname=x",
        "",
        "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        '{"type": "link", "href": "file:///etc/passwd"}',
        '{"type": "FeatureCollection", "features": "/etc/passwd"}',
    ],
)
def test_a_text_that_names_another_file_is_no_layer(tmp_path: Path, text: str) -> None:
    for name in ("a.geojson", "a.vrt"):
        (tmp_path / name).write_text(text)
        refused(tmp_path / name, "unknown-format")
    refused(archive(tmp_path / "a.zip", {"a.vrt": text.encode(), "a.geojson": text.encode()}), "unknown-format")


def geopackage(path: Path, *commands: str) -> Path:
    """A GeoPackage with a table ``areas`` that somebody has changed."""
    areas().to_file(path, layer="areas")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = ON")
        for command in commands:
            database.execute(command)
    database.close()
    return path


def test_a_virtual_table_in_a_geopackage_is_not_opened(tmp_path: Path) -> None:
    for number, made in enumerate(("VirtualShape('/etc/passwd', UTF8, 4326)", f"VirtualOGR('{OUTSIDE}')")):
        master = "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES "
        row = f"('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING {made.replace(chr(39), chr(39) * 2)}')"
        refused(geopackage(tmp_path / f"{number}.gpkg", master + row), "reaches-out")


def test_a_view_is_not_run(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    commands = ("ALTER TABLE areas RENAME TO hidden", f"CREATE VIEW areas AS {endless}")
    names = ("gpkg_geometry_columns", "gpkg_contents")
    back = [f"UPDATE {table} SET table_name = 'areas' WHERE table_name = 'hidden'" for table in names]
    refused(geopackage(tmp_path / "a.gpkg", "PRAGMA foreign_keys = OFF", *commands, *back))


def test_another_database_is_no_geopackage(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("CREATE TABLE secrets (word TEXT)")
    database.close()
    refused(tmp_path / "a.gpkg", "unknown-format")


def test_a_coordinate_system_that_names_files_is_refused(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    parts[".prj"] = (
        b'PROJCS["x",GEOGCS["x",DATUM["x",SPHEROID["x",6378137,298.25]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925]],'
        b'PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",9],UNIT["metre",1],'
        b'EXTENSION["PROJ4","+proj=tmerc +lon_0=9 +ellps=bessel +nadgrids=/etc/passwd +units=m"]]'
    )
    refused(archive(tmp_path / "a.zip", {"a" + suffix: content for suffix, content in parts.items()}), "crs")


# ---- what stands in attributes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [MARKUP, FORMULA, OUTSIDE, "a\x00b\x1b[31m\u202ec", "=HYPERLINK(1)", "x" * 9999])
def test_attributes_are_short_plain_text_on_every_map(tmp_path: Path, text: str) -> None:
    held = json.loads(areas().to_json())
    held["features"][0]["properties"] = {text: text, "nested": {"a": [text]}, "__proto__": text}
    (tmp_path / "a.json").write_text(json.dumps(held))
    collection = read_layer(tmp_path / "a.json").collection
    told = collection["features"][0]["properties"]
    assert all(len(word) <= 120 and word.isprintable() for pair in told.items() for word in pair)
    places = np.array([[48.15, 11.45]])
    table = district_means(collection, district_of(collection, places), {"error": np.ones(1)})
    for part in (
        plain_overlay(FORMULA, collection),
        district_overlay("x", collection, table, "error", ("error", "km/h")),
    ):
        sensors = SensorMap([FORMULA], places, np.ones(1), FORMULA, overlays=[part])
        deck = sensor_map(sensors, LIGHT)
        assert set(deck._tooltip) == {"text", "style"}
        said = [
            held["properties"]["said"] for layer in json.loads(deck.to_json())["layers"][:2] for held in layer["data"]
        ]
        assert said and not any(word.startswith("@@") for word in said)
        flat = [word for trace in flat_sensor_map(sensors, LIGHT).data for word in (trace.name, trace.text)]
        assert not any("<img" in str(word) for word in flat)


# ---- damage ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["geojson", "gpkg", "zip", "parquet"])
def test_a_damaged_file_ends_in_a_sentence(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(7)
    if kind == "zip":
        whole = archive(
            tmp_path / "a.zip", {"a" + suffix: raw for suffix, raw in shapefile(tmp_path).items()}
        ).read_bytes()
    elif kind == "parquet":
        areas().to_parquet(buffer := io.BytesIO())
        whole = buffer.getvalue()
    else:
        areas().to_file(tmp_path / f"whole.{kind}")
        whole = (tmp_path / f"whole.{kind}").read_bytes()
    path = tmp_path / f"damaged.{kind}"
    for number in range(40):
        raw = bytearray(whole)
        if number % 2:
            raw = raw[: rng.integers(len(raw))]
        else:
            for place in rng.integers(0, len(raw), 20):
                raw[place] = rng.integers(256)
        path.write_bytes(raw)
        try:
            layer = read_layer(path)
        except DataError as error:
            assert str(error) and "Traceback" not in str(error)
        else:
            json.dumps(layer.collection, allow_nan=False)


# ---- numbers and nests that lead nowhere -----------------------------------------------------------------------------
SQUARE = {"type": "Polygon", "coordinates": [[[10, 48], [11, 48], [11, 49], [10, 49], [10, 48]]]}


def collection(folder: Path, *shapes: dict, said: object = None, crs: str = "") -> Path:
    """A GeoJSON file of shapes, each with the attributes ``said``."""
    features = [{"type": "Feature", "properties": said, "geometry": shape} for shape in shapes]
    named = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **named}))
    return path


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_shape_with_a_coordinate_that_is_no_number_is_left_out(bad: float, place: int, tmp_path: Path) -> None:
    turn = [10.5, 48.5]
    turn[place] = bad
    ring = {"type": "Polygon", "coordinates": [[[10, 48], turn, [11, 49], [10, 49], [10, 48]]]}
    layer = read_layer(collection(tmp_path, {"type": "LineString", "coordinates": [[10, 48], turn]}, SQUARE, ring))
    assert json.loads(json.dumps(layer.collection, allow_nan=False))["features"][0]["geometry"]["type"] == "Polygon"
    assert len(layer.collection["features"]) == 1
    assert any("2 of 3 features" in finding.text for finding in layer.findings)
    refused(collection(tmp_path, {"type": "Point", "coordinates": turn}), "no-place")


def test_numbers_that_are_no_degrees_are_told_shortly(tmp_path: Path) -> None:
    assert len(refused(collection(tmp_path, {"type": "Point", "coordinates": [1e308, 48]}), "crs")) < 200


def test_collections_in_collections_are_opened(tmp_path: Path) -> None:
    shape: dict = SQUARE
    for _ in range(20):
        shape = {"type": "GeometryCollection", "geometries": [shape, {"type": "GeometryCollection", "geometries": []}]}
    (feature,) = read_layer(collection(tmp_path, shape)).collection["features"]
    assert feature["geometry"]["type"] == "Polygon"


@pytest.mark.parametrize("said", [{"geometry": "elsewhere"}, ["no", "attributes"], "text"])
def test_attributes_take_no_shapes_place(said: object, tmp_path: Path) -> None:
    (feature,) = read_layer(collection(tmp_path, SQUARE, said=said)).collection["features"]
    assert feature["geometry"]["coordinates"][0][0] == [10.0, 48.0]


@pytest.mark.parametrize(
    "crs", ["EPSG:9999", "EPSG:5703", "EPSG:4978"]
)  # unknown, heights only, from the earth's middle
def test_a_system_that_no_map_has_counts_as_none(crs: str, tmp_path: Path) -> None:
    layer = read_layer(collection(tmp_path, SQUARE, crs=crs))
    assert [finding.code for finding in layer.findings] == ["crs"]
    assert "names no known coordinate system" in layer.findings[0].text
    assert layer.collection["features"][0]["geometry"]["coordinates"][0][0] == [10.0, 48.0]


@pytest.mark.slow
def test_areas_upon_each_other_are_simplified_each_by_itself(tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 81)
    rings = [np.round([10 + 0.001 * k + np.cos(angle), 48 + np.sin(angle)], 9).T.tolist() for k in range(900)]
    layer = read_layer(collection(tmp_path, *({"type": "Polygon", "coordinates": [ring]} for ring in rings)))
    assert len(layer.collection["features"]) == 900
    (text,) = [finding.text for finding in layer.findings if finding.code == "simplified"]
    assert "2,220 m" in text or "1,110 m" in text  # together they would need more than ten times that, and minutes


def test_very_many_districts_are_named_at_once() -> None:
    features = [{"type": "Feature", "properties": {"name": f"n{k % 9000}"}, "geometry": SQUARE} for k in range(12_000)]
    began = time.perf_counter()
    names = district_names({"features": features})
    assert len(set(names)) == 12_000 and time.perf_counter() - began < 1


def test_a_shapefile_without_its_index_is_half_of_one(tmp_path: Path) -> None:
    parts = {f"a{suffix}": content for suffix, content in shapefile(tmp_path).items() if suffix != ".shx"}
    assert "vsi" not in refused(archive(tmp_path / "a.zip", parts), "half")
