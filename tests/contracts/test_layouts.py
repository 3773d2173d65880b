"""Data saved in a layout of the field are equal when read back."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from data_samples.values import distilled, raw

import stcore.readers as readers
from stcore import registry
from stcore.data import STData
from stcore.findings import DataError


@pytest.mark.parametrize("layout", readers.layouts())
def test_data_saved_in_a_layout_are_read_back(layout: str, tmp_path: Path) -> None:
    """Values and times always; ids, locations and edges too, or a sentence says that the layout has no room for them."""
    data = STData.of(distilled() if layout == "stemdist" else raw())
    lost = " ".join(readers.save(data, tmp_path / "saved", layout))
    again = readers.open(tmp_path / "saved")
    assert again.ds.attrs["reader"] == readers.layouts()[layout].reader
    np.testing.assert_allclose(again.values, data.values, rtol=2e-6)
    assert (again.time == data.time).all() or "times" in lost
    assert again.sensors == data.sensors or "ids" in lost
    assert again.channels == data.channels or "channel" in lost
    assert again.units == data.units or "units" in lost
    if "locations" not in lost:
        assert again.locations is not None and data.locations is not None
        np.testing.assert_allclose(again.locations, data.locations)
    if "graph" not in lost:
        assert again.edges is not None and data.edges is not None
        np.testing.assert_array_equal(again.edges[:2], data.edges[:2])
        np.testing.assert_allclose(again.edges[2], data.edges[2], rtol=1e-6)
    with pytest.raises(DataError, match="already"):
        readers.save(data, tmp_path / "saved", layout)


def test_an_unknown_layout_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="netcdf, parquet, zarr"):
        readers.save(STData.of(raw()), tmp_path / "saved", "spreadsheet")


def test_every_reader_that_writes_is_a_layout() -> None:
    writing = {name for name, card in registry.cards("readers").items() if card.load().write}
    assert {layout.reader for layout in readers.layouts().values()} == writing


@pytest.mark.parametrize("layout", ["netcdf", "dcrnn"])
def test_a_packed_dataset_is_one_file_that_is_read_back(layout: str, tmp_path: Path) -> None:
    data = STData.of(raw())
    name, content, lost = readers.pack(data, "mine", layout)
    (tmp_path / name).write_bytes(content)
    assert name == {"netcdf": "mine.nc", "dcrnn": "mine.zip"}[layout]
    if layout == "dcrnn":
        shutil.unpack_archive(tmp_path / name, tmp_path)
    again = readers.open(tmp_path / "mine" if layout == "dcrnn" else tmp_path / name)
    np.testing.assert_allclose(again.values, data.values, rtol=2e-6)
    assert bool(lost) == (layout == "dcrnn")


def test_a_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError):  # it has no weights of clusters, so it is no distilled set
        readers.save(STData.of(raw()), tmp_path / "set.pt", "stemdist")
    with pytest.raises(DataError, match="no folder"):
        readers.save(STData.of(raw()), tmp_path / "none" / "set.nc")
    assert list(tmp_path.iterdir()) == []
