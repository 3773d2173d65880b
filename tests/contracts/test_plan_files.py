"""Every file format of a plan against one contract: all sensors, the promised columns, EPSG:4326, hostile names harmless."""

import json
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from cases import mostly_slow
from planning import copied, masked_run

from stcore import exports
from stcore.data import STData
from stcore.evidence.plan import Plan, plan
from stcore.options import OptionError
from stcore.runs import Run

COLUMNS = ["sensor", "kept", "importance", "expected_error", "reason"]
HOSTILE = ["=1+1", "<script>alert(1)</script>", "</script><b>", "@cmd", 'a"b', "o'x", "naïve ö", "../../up"]


@pytest.fixture(scope="module", params=mostly_slow(["placed", "some", "bare", "hostile"], ["placed", "hostile"]))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder, data = tmp_path_factory.mktemp("plan"), copied()
    if request.param == "some":
        ds = data.ds.copy(deep=True)
        ds["lat"][2:4], ds["lon"][2:4] = np.nan, np.nan
        data = STData.of(ds)
    elif request.param == "bare":
        data = STData.of(data.ds.drop_dims("edge").drop_vars(["lat", "lon"]))
    elif request.param == "hostile":
        data = STData.of(data.ds.assign_coords(sensor=HOSTILE))
    run: Run = masked_run(folder, "run", {"name": "any"}, data)
    return plan(run, 3, with_curve=True)


def read(made: Plan, suffix: str, folder: Path) -> pd.DataFrame:
    out = folder / f"plan{suffix}"
    assert exports.write_plan(made, out) == 8
    return pd.read_csv(out, keep_default_na=False, na_values=[""]) if suffix == ".csv" else geopandas.read_file(out)


@pytest.mark.parametrize("suffix", [".csv", ".geojson", ".gpkg"])
def test_every_sensor_has_a_row_with_the_promised_columns(made: Plan, suffix: str, tmp_path: Path) -> None:
    found = read(made, suffix, tmp_path)
    assert list(found.columns)[:5] == COLUMNS and len(found) == 8
    assert found["kept"].dtype == bool and found["kept"].tolist() == made.keep.tolist()
    np.testing.assert_allclose(found["expected_error"], made.expected)
    np.testing.assert_allclose(found["importance"], made.importance)
    assert found["reason"].tolist() == list(made.reasons)
    if suffix != ".csv":
        assert found["sensor"].tolist() == made.data.sensors


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg"])
def test_places_are_points_in_longitude_and_latitude(made: Plan, suffix: str, tmp_path: Path) -> None:
    found, places = read(made, suffix, tmp_path), made.data.locations
    assert found.crs is not None and found.crs.to_epsg() == 4326
    known = np.zeros(8, bool) if places is None else np.isfinite(places).all(axis=1)
    assert (found.geometry.notna() & ~found.geometry.is_empty).tolist() == known.tolist()
    if places is not None:
        np.testing.assert_allclose(found.geometry[known].x, places[known, 1], atol=1e-6)
        np.testing.assert_allclose(found.geometry[known].y, places[known, 0], atol=1e-6)


def test_no_text_in_a_table_is_a_formula(made: Plan, tmp_path: Path) -> None:
    read(made, ".csv", tmp_path)
    cells = [cell for line in (tmp_path / "plan.csv").read_text("utf-8").splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.strip('"')[:1] in ("=", "@", "+")]


class Scripts(HTMLParser):
    """Tags as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_is_whole_and_asks_nothing_of_anybody(made: Plan, tmp_path: Path) -> None:
    exports.write_plan(made, tmp_path / "plan.html")
    page = (tmp_path / "plan.html").read_text("utf-8")
    reader = Scripts()
    reader.feed(page)
    assert "default-src 'none'" in page and "alert(1)</script>" not in page and "</script><b>" not in page
    assert not [attrs for _, attrs in reader.found if "src" in attrs or "href" in attrs]
    maps = 0 if made.data.locations is None else 1
    assert sum(attrs.get("class") == "figure" for _, attrs in reader.found) == maps + 1
    assert ("no coordinates" in page) == (maps == 0)
    for text in page.split('type="application/json"')[1:]:
        json.loads(text[text.index(">") + 1 : text.index("</script>")])


def test_a_geopackage_holds_one_layer(made: Plan, tmp_path: Path) -> None:
    exports.write_plan(made, tmp_path / "plan.gpkg")
    with sqlite3.connect(tmp_path / "plan.gpkg") as file:
        assert file.execute("select table_name, srs_id from gpkg_contents").fetchall() == [("plan", 4326)]


def test_other_files_and_missing_folders_are_refused_before_any_work(tmp_path: Path) -> None:
    for name, words in (("plan.xlsx", ".csv, .geojson, .gpkg or .html"), ("none/plan.csv", "no folder")):
        with pytest.raises(OptionError, match=words):
            exports.check_plan(tmp_path / name)
