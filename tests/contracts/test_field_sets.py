"""LargeST, Torch-MTS and PyG-Temporal as published, each with everything that its files say beside the values."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_samples.arrays import write_largest, write_pygt_archive, write_pygt_arrays, write_torch_mts
from data_samples.values import HORIZON, LOOKBACK, SENSORS, STEPS, calendar, ring, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.data.windows import cut
from stcore.findings import Finding
from stcore.options import DataOptions

YEAR = 35_040


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def own_test(data: STData) -> list[int]:
    """Starts of the windows that are left for the test."""
    return cut(data, DataOptions(lookback=LOOKBACK, horizon=HORIZON)).test.starts.tolist()


@pytest.mark.parametrize("write", [write_torch_mts, write_largest])
def test_windows_and_split_are_the_files_own(write: Any, tmp_path: Path) -> None:
    data = readers.open(write(tmp_path))
    assert (data.ds.attrs["lookback"], data.ds.attrs["horizon"]) == (LOOKBACK, HORIZON)
    assert own_test(data) == list(range(68, STEPS - LOOKBACK - HORIZON + 1))
    assert "51 for train" in found(data, "windows").text


@pytest.mark.parametrize("write", [write_torch_mts, write_largest])
def test_the_file_of_values_opens_with_its_companions(write: Any, tmp_path: Path) -> None:
    folder = write(tmp_path)
    name = next(path.name for path in folder.iterdir() if path.name in ("his.npz", "data.npz"))
    data = readers.open(folder / name)
    np.testing.assert_allclose(data.values[:, :, 0], values(), rtol=2e-6)
    assert "split" in data.ds


def test_largest_names_its_scale(tmp_path: Path) -> None:
    data = readers.open(write_largest(tmp_path))
    said = found(data, "scaled")
    assert said.level == "repaired"
    assert f"multiplied by {np.nanstd(values()):.6g}" in said.text
    assert (data.channels, data.units) == (["flow"], {"flow": "veh/15 min"})


def test_largest_without_lists_is_still_unscaled(tmp_path: Path) -> None:
    folder = write_largest(tmp_path)
    for path in folder.glob("idx_*.npy"):
        path.unlink()
    data = readers.open(folder / "his.npz")
    np.testing.assert_allclose(data.values[:, :, 0], values(), rtol=2e-6)
    assert "start" not in data.ds


def test_a_year_of_largest_begins_with_its_year(tmp_path: Path) -> None:
    """The folder is called by the year, and the weekday agrees; the graph and the ids lie above it."""
    (folder := tmp_path / "2019").mkdir()
    stamps = pd.date_range("2019-01-01", periods=YEAR, freq="15min")
    day = (stamps.hour * 60 + stamps.minute).to_numpy() / 1440
    parts = [np.random.default_rng(0).normal(size=YEAR), day, stamps.day_of_week.to_numpy() / 7]
    held = np.repeat(np.stack(parts, axis=1)[:, None], SENSORS, axis=1)
    np.savez(folder / "his.npz", data=held, mean=200.0, std=100.0)
    np.save(tmp_path / "sd_rn_adj.npy", ring())
    rows = [f"{1114091 + n},{32.5 + n / 50},{-117 - n / 40},11,San Diego,{7884 + n}" for n in range(SENSORS)]
    (tmp_path / "sd_meta.csv").write_text("\n".join(["ID,Lat,Lng,District,County,ID2", *rows]))
    data = readers.open(tmp_path)
    assert data.sensors == [str(1114091 + n) for n in range(SENSORS)]
    assert data.locations is not None
    np.testing.assert_allclose(data.locations[:, 0], 32.5 + np.arange(SENSORS) / 50)
    assert (data.time == stamps).all()
    assert "start" not in (data.ds.attrs["assumed"] or "")
    assert data.edges is not None
    np.testing.assert_allclose(data.edges[2], ring()[ring() > 0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"std": 0.0}, "cannot be undone"),
        ({"mean": np.nan}, "cannot be undone"),
        ({"std": np.ones(3)}, "single numbers"),
    ],
)
def test_an_impossible_scale_is_refused(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    held = {"data": calendar(), "mean": 1.0, "std": 2.0} | change
    np.savez(tmp_path / "his.npz", **held)
    assert said in refused(tmp_path / "his.npz", "scaled")


def test_an_index_beyond_the_series_is_refused(tmp_path: Path) -> None:
    folder = write_torch_mts(tmp_path)
    rows = np.array([[0, 8, 12]]) + np.arange(90)[:, None]
    np.savez(folder / "index.npz", train=rows[:60], val=rows[60:70], test=rows[70:])
    assert "outside its 96 steps" in refused(folder, "windows")
    np.savez(folder / "index.npz", train=rows[:60], val=rows[60:70], test=rows[70:, :2])
    assert "for test" in refused(folder, "windows")


def test_overlapping_parts_are_cut_by_shares(tmp_path: Path) -> None:
    """Shuffled windows share steps; a split that cannot keep its promise is none."""
    folder = write_torch_mts(tmp_path)
    rows = np.random.default_rng(0).permutation(np.array([[0, 8, 12]]) + np.arange(85)[:, None])
    np.savez(folder / "index.npz", train=rows[:51], val=rows[51:68], test=rows[68:])
    data = readers.open(folder)
    assert "split" not in data.ds
    assert "overlap so much" in found(data, "windows").text


@pytest.mark.parametrize("write", [write_pygt_arrays, write_pygt_archive])
def test_pygt_brings_its_graph(write: Any, tmp_path: Path) -> None:
    data = readers.open(write(tmp_path))
    assert data.edges is not None
    np.testing.assert_array_equal(data.edges[:2], np.nonzero(ring()))
    np.testing.assert_allclose(data.edges[2], ring()[ring() > 0])
    assert data.step_seconds == 900


def test_a_matrix_of_another_size_in_an_archive(tmp_path: Path) -> None:
    write_pygt_arrays(tmp_path)
    np.save(tmp_path / "pygt" / "adj_mat.npy", np.ones((7, 7)))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("adj_mat.npy", "node_values.npy"):
            archive.write(tmp_path / "pygt" / name, f"METR-LA/{name}")
    assert "6 sensors" in refused(tmp_path / "a.zip", "adjacency")
    assert "6 sensors" in refused(tmp_path / "pygt", "adjacency")


TABLE = values().tolist()
PAIRS = [[number, (number + 1) % SENSORS] for number in range(SENSORS)]
WEIGHTS = [0.5 + number / 10 for number in range(SENSORS)]
STATIC = {"edges": PAIRS, "weights": WEIGHTS}
JSON: dict[str, tuple[dict[str, Any], int, str]] = {
    "windmill": (STATIC | {"block": TABLE}, 3600, "assumed"),
    "pedalme": (STATIC | {"X": TABLE}, 7 * 86_400, "assumed"),
    "pedalme by week": (
        STATIC | {str(n): {"index": n, "y": row, "year": 2020, "week": 28 + n} for n, row in enumerate(TABLE)},
        7 * 86_400,
        "2020-07-06",
    ),
    "wikimath": (
        STATIC
        | {"time_periods": STEPS}
        | {str(n): {"index": n, "year": 2019, "month": 3, "day": 16 + n % 15, "y": row} for n, row in enumerate(TABLE)},
        86_400,
        "2019-03-16",
    ),
    "encovid": (
        {
            "edge_mapping": {
                "edge_index": {str(n): PAIRS for n in range(STEPS)},
                "edge_weight": {str(n): WEIGHTS for n in range(STEPS)},
            },
            "time_periods": STEPS,
            "y": TABLE,
        },
        86_400,
        "assumed",
    ),
}


@pytest.mark.parametrize("kind", JSON)
def test_pygts_files_of_json(kind: str, tmp_path: Path) -> None:
    held, step, start = JSON[kind]
    (tmp_path / "set.json").write_text(json.dumps(held))
    data = readers.open(tmp_path / "set.json")
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))
    assert data.step_seconds == step
    assert start in found(data, "start").text
    assert data.edges is not None
    order = np.lexsort([data.edges[1], data.edges[0]])
    np.testing.assert_array_equal(data.edges[1][order], [(n + 1) % SENSORS for n in range(SENSORS)])
    np.testing.assert_allclose(data.edges[2][order], WEIGHTS)


@pytest.mark.parametrize("degrees", [True, False])
def test_montevideos_stops(degrees: bool, tmp_path: Path) -> None:
    """Ids, lengths of roads as links, and places where they are degrees (the published file has metres)."""
    table = values()
    table[5, 2] = 50
    where = [(-34.9, -56.2)] * SENSORS if degrees else [(6151987, 589196)] * SENSORS
    nodes = [
        {
            "bus_stop": 5289 + n,
            "in_degree": 0,
            "lon": where[n][1],
            "lat": where[n][0],
            "y": row,
            "X": {"y": row},
            "id": n,
        }
        for n, row in enumerate(table.T.tolist())
    ]
    links = [{"weight": 100.0 + n, "source": 5289 + n, "target": 5289 + (n + 1) % SENSORS} for n in range(SENSORS)]
    (tmp_path / "bus.json").write_text(json.dumps({"directed": True, "graph": {}, "nodes": nodes, "links": links}))
    data = readers.open(tmp_path / "bus.json")
    assert data.sensors == [str(5289 + n) for n in range(SENSORS)]
    np.testing.assert_array_equal(data.values[:, :, 0], table.astype(np.float32))
    assert data.edges is not None
    assert np.argmax(data.edges[2]) == 0  # the shortest road weighs most
    assert (data.locations is not None) == degrees
    if not degrees:
        assert "metres" in found(data, "places").text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"edges": [[0, 1]], "FX": [[1, 2], [3]]}', "shape"),
        ('{"edges": [[0, 1, 2]], "FX": [[1, 2], [3, 4]]}', "edges"),
        ('{"edges": [[0, 9]], "FX": [[1, 2], [3, 4]]}', "edges"),
        ('{"edges": [[0, 1]], "weights": [1, 2], "FX": [[1, 2], [3, 4]]}', "edges"),
        ('{"edges": [[0, 1]]}', "unknown-format"),
        ('{"edges": ' + "[" * 100_000, "damaged"),
        ('{"FX": [[1e999, 2], [1' + "0" * 400 + ", 4]]}", "shape"),
    ],
)
def test_json_with_the_wrong_content(text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text(text)
    refused(tmp_path / "set.json", code)


def test_the_real_chickenpox(real_data: Path) -> None:
    path = real_data / "format-fixtures/pygt/chickenpox.json"
    data, held = readers.open(path), json.loads(path.read_text())
    np.testing.assert_array_equal(data.values[:, :, 0], np.array(held["FX"], np.float32))
    assert data.sensors == sorted(held["node_ids"], key=held["node_ids"].get)
    assert data.edges is not None
    np.testing.assert_array_equal(np.stack(data.edges[:2], axis=1), held["edges"])
    assert (data.steps, data.step_seconds) == (521, 7 * 86_400)


def test_metr_la_cut_into_windows_is_metr_la_again(real_data: Path, tmp_path: Path) -> None:
    """The real week through DCRNN's cutting and back, beside its own graph."""
    week = readers.open(real_data / "metr-la-week")
    day = (week.time.hour * 60 + week.time.minute).to_numpy() / 1440
    both = np.stack([week.values[:, :, 0], np.broadcast_to(day[:, None], week.values.shape[:2])], axis=2)
    (folder := tmp_path / "METR-LA").mkdir()
    view = np.lib.stride_tricks.sliding_window_view(both, 24, axis=0).transpose(0, 3, 1, 2)
    for name, part in (("train", view[:1395]), ("val", view[1395:1594]), ("test", view[1594:])):
        np.savez(folder / f"{name}.npz", x=part[:, :12], y=part[:, 12:])
    (folder / "adj_mx.pkl").write_bytes((real_data / "metr-la-week/sensor_graph/adj_mx.pkl").read_bytes())
    data = readers.open(folder)
    np.testing.assert_array_equal(data.values, week.values)
    assert data.sensors == week.sensors
    assert data.edges is not None and week.edges is not None
    np.testing.assert_array_equal(data.edges, week.edges)
