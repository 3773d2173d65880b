"""Data saved in DCRNN's layout have the structure that pandas and PyTables write and DCRNN's code reads."""

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from data_samples.values import IDS, raw, times, values

import stcore.readers as readers
from stcore.data import STData

FREE = {"freq"}
"""An attribute that differs between files and that reading does not need."""


def structure(path: Path, key: str) -> dict[str, Any]:
    """Groups, arrays and attributes with the kind of each, but for their values."""
    seen: dict[str, Any] = {}

    def look(name: str, item: h5py.HLObject) -> None:
        kind = f"{item.dtype.kind} {item.ndim}" if isinstance(item, h5py.Dataset) else "group"
        marks = {}
        for mark in set(item.attrs) - FREE:
            attribute = h5py.h5a.open(item.id, mark.encode())
            text = isinstance(attribute.get_type(), h5py.h5t.TypeStringID)
            held = None if mark == "kind" and "axis1" in name else str(item.attrs[mark])
            marks[mark] = (
                attribute.get_space().get_simple_extent_type(),
                text and attribute.get_type().get_cset(),
                held,
            )
        seen[name] = (kind, marks)

    with h5py.File(path) as file:
        look("/", file)
        file.visititems(look)
    return seen


def test_the_table_has_the_structure_of_the_published_one(real_data: Path, tmp_path: Path) -> None:
    published = real_data / "metr-la-week/metr-la.h5"
    data = readers.open(real_data / "metr-la-week")
    readers.save(data, tmp_path / "saved", "dcrnn")
    ours, theirs = structure(tmp_path / "saved/data.h5", "df"), structure(published, "df")
    name = {place: {mark: held for mark, held in marks.items() if mark != "name"} for place, (_, marks) in ours.items()}
    assert ours.keys() == theirs.keys()
    for place, (kind, marks) in theirs.items():
        assert ours[place][0] == kind
        assert name[place] == {mark: held for mark, held in marks.items() if mark != "name"}
    with h5py.File(published) as one, h5py.File(tmp_path / "saved/data.h5") as other:
        np.testing.assert_array_equal(other["df/axis0"][()], one["df/axis0"][()])
        np.testing.assert_array_equal(other["df/axis1"][()], one["df/axis1"][()])
        np.testing.assert_array_equal(other["df/block0_values"][()], one["df/block0_values"][()].astype(np.float32))
        assert other["df/axis1"].attrs["kind"] == b"datetime64"  # the only kind that every pandas takes


def test_dcrnns_code_unpickles_the_graph(tmp_path: Path) -> None:
    data = STData.of(raw())
    readers.save(data, tmp_path / "saved", "dcrnn")
    content = (tmp_path / "saved/sensor_graph/adj_mx.pkl").read_bytes()
    ids, place, matrix = pickle.loads(content, encoding="latin1")  # a file of our own; the program never does this
    assert (ids, place) == (IDS, {name: number for number, name in enumerate(IDS)})
    assert data.edges is not None
    np.testing.assert_array_equal(matrix[data.edges[0], data.edges[1]], data.edges[2].astype(np.float32))
    assert matrix.dtype == np.float32
    assert b"numpy._core" not in content  # which numpys before 1.26 do not know


def test_lists_beside_the_table(tmp_path: Path) -> None:
    readers.save(STData.of(raw()), tmp_path / "saved", "dcrnn")
    beside = tmp_path / "saved/sensor_graph"
    assert (beside / "graph_sensor_ids.txt").read_text().split(",") == IDS
    assert not any("commas" in text for text in readers.save(STData.of(raw()), tmp_path / "again", "dcrnn"))
    places = pd.read_csv(beside / "graph_sensor_locations.csv", dtype={"sensor_id": str})
    assert list(places.columns) == ["index", "sensor_id", "latitude", "longitude"]
    assert places["sensor_id"].tolist() == IDS


def test_other_channels_and_missing_readings_are_reported(tmp_path: Path) -> None:
    both = raw().reindex(channel=["count", "speed"], fill_value=1.0)
    lost = " ".join(readers.save(STData.of(both), tmp_path / "saved", "dcrnn"))
    assert "Of 2 channels the first, count" in lost
    assert "1 missing readings" in lost


@pytest.mark.parametrize("names", [["ä", "東京", "c d", "=1", "a,b", "6"]])
def test_names_of_any_letters_come_back(names: list[str], tmp_path: Path) -> None:
    lost = readers.save(STData.of(raw().assign_coords(sensor=names)), tmp_path / "saved", "dcrnn")
    assert any("1 sensor contain commas" in text for text in lost)
    data = readers.open(tmp_path / "saved")
    assert data.sensors == names
    assert data.edges is not None and len(data.edges[0]) == len(np.asarray(STData.of(raw()).edges)[0])
    assert data.locations is not None and np.isfinite(data.locations).all()
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))
    assert (data.time == times()).all()
