"""Layers that a user brings: four kinds of file, any coordinate system, small enough for a map, and said what was done."""

import json
import warnings
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pytest
from geopandas import GeoDataFrame
from shapely.geometry import GeometryCollection, LineString, Point, Polygon, box

from stcore.findings import DataError
from stcore.processes import oneshot
from stcore.readers.layers import layers
from stcore.readers.layers.layers import MOST_JSON, parse_layer, read_layer, write_layer

KINDS = ("geojson", "gpkg", "zip", "parquet")


def districts(crs: str | None = "EPSG:4326") -> GeoDataFrame:
    """Two districts side by side, east of each other, near Munich."""
    shapes = [box(11.4, 48.1, 11.5, 48.2), box(11.5, 48.1, 11.6, 48.2)]
    frame = GeoDataFrame({"name": ["West", "East"], "people": [10, 20]}, geometry=shapes, crs="EPSG:4326")
    return frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)


def written(frame: GeoDataFrame, folder: Path, kind: str) -> Path:
    """The frame as a file of a kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a frame has no system is the point of some tests
        return _written(frame, folder, kind)


def _written(frame: GeoDataFrame, folder: Path, kind: str) -> Path:
    if kind == "parquet":
        frame.to_parquet(folder / "areas.parquet")
    elif kind == "zip":
        (folder / "shape").mkdir()
        frame.to_file(folder / "shape" / "areas.shp")
        with zipfile.ZipFile(folder / "areas.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted((folder / "shape").iterdir()):
                archive.write(part, f"deep/{part.name}")
    elif kind == "geojson":
        (folder / "areas.geojson").write_text(frame.to_json(show_bbox=False, to_wgs84=frame.crs is not None))
    else:
        frame.to_file(folder / f"areas.{kind}")
    return folder / f"areas.{kind}"


def bounds(layer: layers.Layer) -> np.ndarray:
    return geopandas.GeoDataFrame.from_features(layer.collection).total_bounds


def codes(layer: layers.Layer) -> set[str]:
    return {finding.code for finding in layer.findings}


def refused(path: Path, **answers: str) -> DataError:
    with pytest.raises(DataError) as caught:
        read_layer(path, answers)
    return caught.value


# ---- what is read ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:25832"])
def test_every_kind_comes_to_the_same_layer_from_any_system(tmp_path: Path, kind: str, crs: str) -> None:
    layer = read_layer(written(districts(crs), tmp_path, kind))
    assert layer.name == "areas" and np.allclose(bounds(layer), [11.4, 48.1, 11.6, 48.2], atol=2e-5)
    assert [part["properties"] for part in layer.collection["features"]] == [
        {"name": "West", "people": "10"},
        {"name": "East", "people": "20"},
    ]
    assert ("reprojected" in codes(layer)) == (crs != "EPSG:4326" and kind != "geojson")


def test_a_layer_survives_being_written(tmp_path: Path) -> None:
    layer = read_layer(written(districts("EPSG:25832"), tmp_path, "gpkg"))
    write_layer(layer, tmp_path / "out.json")
    assert parse_layer((tmp_path / "out.json").read_text()) == layer


def test_one_feature_and_one_geometry_are_layers_too(tmp_path: Path) -> None:
    shape = box(1, 2, 3, 4).__geo_interface__
    for held in (shape, {"type": "Feature", "properties": None, "geometry": shape}):
        (tmp_path / "one.json").write_text(json.dumps(held))
        assert bounds(read_layer(tmp_path / "one.json")).tolist() == [1, 2, 3, 4]


def test_points_lines_collections_and_heights_are_taken_and_what_is_empty_is_left(tmp_path: Path) -> None:
    mixed = GeometryCollection([Point(1, 1), LineString([(0, 0), (2, 2)])])
    shapes = [Point(1, 2, 300), mixed, None, Polygon(), LineString([(0, 0), (1, 1)])]
    frame = GeoDataFrame({"name": list("abcde")}, geometry=shapes, crs=4326)
    found = read_layer(written(frame, tmp_path, "geojson")).collection["features"]
    assert [(part["properties"]["name"], part["geometry"]["type"]) for part in found] == [
        ("a", "Point"),
        ("b", "Point"),
        ("b", "LineString"),
        ("e", "LineString"),
    ]
    assert found[0]["geometry"]["coordinates"] == [1.0, 2.0]


def test_of_several_layers_the_first_is_taken_and_another_may_be_asked_for(tmp_path: Path) -> None:
    districts().to_file(tmp_path / "two.gpkg", layer="areas")
    districts()[:1].to_file(tmp_path / "two.gpkg", layer="zones")
    first, second = read_layer(tmp_path / "two.gpkg"), read_layer(tmp_path / "two.gpkg", {"layer": "zones"})
    assert len(first.collection["features"]) == 2 and len(second.collection["features"]) == 1
    (question,) = [part for part in first.findings if part.code == "layer"]
    assert set(question.choices) == {"areas", "zones"} and question.chosen == "areas"
    assert "no layer 'others'" in str(refused(tmp_path / "two.gpkg", layer="others"))


# ---- where it lies ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["gpkg", "zip", "parquet"])
def test_without_a_system_degrees_are_taken_and_said(tmp_path: Path, kind: str) -> None:
    layer = read_layer(written(districts(None), tmp_path, kind))
    (question,) = [part for part in layer.findings if part.code == "crs"]
    assert question.chosen == "EPSG:4326" and np.allclose(bounds(layer), [11.4, 48.1, 11.6, 48.2])


def test_without_a_system_other_numbers_are_a_question_that_an_epsg_code_answers(tmp_path: Path) -> None:
    path = written(districts("EPSG:25832").set_crs(None, allow_override=True), tmp_path, "zip")
    error = refused(path)
    assert error.findings[0].code == "crs" and error.findings[0].choices and "are no degrees" in str(error)
    assert np.allclose(bounds(read_layer(path, {"crs": "epsg:25832"})), [11.4, 48.1, 11.6, 48.2], atol=2e-5)
    for wrong in ("EPSG:999999", "/etc/passwd", "+proj=utm +nadgrids=/etc/passwd", ""):
        assert "There is no coordinate system" in str(refused(path, crs=wrong))


def test_degrees_that_cannot_be_are_a_question_too(tmp_path: Path) -> None:
    held = {"type": "FeatureCollection", "features": [{"geometry": box(4e5, 5e6, 5e5, 6e6).__geo_interface__}]}
    (tmp_path / "metres.geojson").write_text(json.dumps(held))
    assert refused(tmp_path / "metres.geojson").findings[0].code == "crs"
    assert len(read_layer(tmp_path / "metres.geojson", {"crs": "EPSG:25832"}).collection["features"]) == 1


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:EPSG::25832", "urn:ogc:def:crs:EPSG:9.8.1:25832", "urn:x-ogc:def:crs:EPSG:25832", "EPSG:25832"],
)
def test_the_crs_member_of_old_geojson_counts(name: str, tmp_path: Path) -> None:
    held = json.loads(districts("EPSG:25832").to_json())
    held["crs"] = {"type": "name", "properties": {"name": name}}
    (tmp_path / "old.geojson").write_text(json.dumps(held))
    assert np.allclose(bounds(read_layer(tmp_path / "old.geojson")), [11.4, 48.1, 11.6, 48.2], atol=2e-5)


# ---- how large it is -------------------------------------------------------------------------------------------------
def coast(points: int) -> Polygon:
    """A rugged island."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = 1 + 0.1 * np.sin(37 * angle) + 0.004 * np.random.default_rng(0).normal(size=points)
    return Polygon(np.stack([11 + radius * np.cos(angle), 48 + radius * np.sin(angle)], axis=1))


@pytest.mark.slow
def test_a_large_layer_is_simplified_until_it_is_small_and_looks_the_same(tmp_path: Path) -> None:
    shape = coast(80_000)
    path = written(GeoDataFrame({"name": ["island"]}, geometry=[shape], crs=4326), tmp_path, "gpkg")
    layer = read_layer(path)
    assert path.stat().st_size > 1_200_000 and len(json.dumps(layer.collection)) <= MOST_JSON
    (said,) = [part.text for part in layer.findings if part.code == "simplified"]
    assert "simplified by up to" in said
    (drawn,) = geopandas.GeoDataFrame.from_features(layer.collection).geometry
    assert drawn.symmetric_difference(shape).area < 0.01 * shape.area


def test_a_small_layer_is_not_simplified(tmp_path: Path) -> None:
    assert codes(read_layer(written(districts(), tmp_path, "geojson"))) <= {"crs"}


def test_areas_that_touch_go_on_touching(tmp_path: Path) -> None:
    shape = coast(60_000)
    halves = [shape.intersection(box(9, 46, 11, 50)), shape.intersection(box(11, 46, 13, 50))]
    rugged = [half for half in halves if half.geom_type == "Polygon"]
    path = written(GeoDataFrame(geometry=rugged, crs=4326), tmp_path, "parquet")
    one, other = geopandas.GeoDataFrame.from_features(read_layer(path).collection).geometry
    assert one.intersection(other).area < 1e-9 and one.distance(other) == 0


def test_too_many_attributes_go_before_the_shapes_do_and_too_many_features_are_refused(tmp_path: Path) -> None:
    shapes = [Point(x / 1000, 1) for x in range(6000)]
    frame = GeoDataFrame({f"a{n}": ["x" * 100] * 6000 for n in range(14)}, geometry=shapes, crs=4326)
    layer = read_layer(written(frame, tmp_path, "parquet"))
    assert {"attributes", "columns"} <= codes(layer) and len(layer.collection["features"]) == 6000
    many = GeoDataFrame(geometry=[Point(x / 1000, 1) for x in range(30_000)], crs=4326)
    assert "too large for a map" in str(refused(written(many, tmp_path, "gpkg")))


# ---- in a process of its own -----------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_child_process_reads_an_upload_and_tells_what_it_asks(tmp_path: Path) -> None:
    good = written(districts("EPSG:25832"), tmp_path, "gpkg")
    assert oneshot.layer("areas.gpkg", good.read_bytes()) == read_layer(good)
    (tmp_path / "other").mkdir()
    bare = written(districts("EPSG:25832").set_crs(None, allow_override=True), tmp_path / "other", "zip")
    with pytest.raises(DataError) as caught:
        oneshot.layer("bare.zip", bare.read_bytes())
    assert caught.value.findings[0].code == "crs" and "<EPSG:number>" in caught.value.findings[0].choices
