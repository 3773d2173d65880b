"""HDF5 that wants to read other files, to fill the memory or to run: refused before a value is read."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from data_samples.grids import write_grid, write_stdata
from data_samples.hdf5 import write_metr_la
from data_samples.values import STEPS, values
from hostile_tools import Bomb, refused
from tiny import tiny

import stcore.readers as readers
from stcore.findings import DataError
from stcore.readers.safe import hdf5

SECRET = b"root:x:0:0: this must not be read "


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_bytes(SECRET * 200)
    return path


def table(path: Path) -> h5py.Group:
    """An open pandas table that lacks its values."""
    write_metr_la(path.parent).rename(path)
    group = h5py.File(path, "r+")["df"]
    del group["block0_values"]
    return group


def test_external_storage(tmp_path: Path, secret: Path) -> None:
    group = table(tmp_path / "a.h5")
    group.create_dataset("block0_values", (4, 6), "u1", external=[(str(secret), 0, 24)])
    group.file.close()
    assert "another file" in refused(tmp_path / "a.h5", "leads-elsewhere")


def test_external_storage_beside_an_honest_table(tmp_path: Path, secret: Path) -> None:
    path = write_metr_la(tmp_path)
    with h5py.File(path, "r+") as file:
        file.create_dataset("deep/inside/elsewhere", (24,), "u1", external=[(str(secret), 0, 24)])
    refused(path, "leads-elsewhere")


@pytest.mark.parametrize("link", ["external", "soft"])
def test_links(tmp_path: Path, link: str) -> None:
    other = write_metr_la(tmp_path).rename(tmp_path / "other.h5")
    group = table(tmp_path / "a.h5")
    group["block0_values"] = (
        h5py.ExternalLink(str(other), "/df/block0_values") if link == "external" else h5py.SoftLink("/df/axis1")
    )
    group.file.close()
    assert "link" in refused(tmp_path / "a.h5", "leads-elsewhere")


def test_virtual_values(tmp_path: Path) -> None:
    other = write_metr_la(tmp_path).rename(tmp_path / "other.h5")
    group = table(tmp_path / "a.h5")
    layout = h5py.VirtualLayout((STEPS, 6), "f8")
    layout[:] = h5py.VirtualSource(str(other), "df/block0_values", (STEPS, 6))
    group.create_virtual_dataset("block0_values", layout)
    group.file.close()
    refused(tmp_path / "a.h5", "leads-elsewhere")


@pytest.mark.parametrize("rows", [10**12, 2**40])
def test_a_terabyte_declared(tmp_path: Path, rows: int) -> None:
    group = table(tmp_path / "a.h5")
    group.create_dataset("block0_values", (rows, 6), "f8", chunks=(1000, 6))
    group.file.close()
    assert (tmp_path / "a.h5").stat().st_size < 50_000
    assert "TB" in refused(tmp_path / "a.h5", "too-large")


def test_a_netcdf_of_a_terabyte(tmp_path: Path) -> None:
    path = write_grid(tmp_path)
    with h5py.File(path, "r+") as file:
        file.create_dataset("huge", (10**12,), "f4", chunks=(10**6,))
    refused(path, "too-large")


def test_texts_are_counted_by_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of any length declares 16 bytes; what counts is what reading it would bring."""
    path = write_grid(tmp_path)
    with h5py.File(path, "r+") as file:
        file.create_dataset("names", (300,), h5py.string_dtype())[:] = ["x" * 4000] * 300
    monkeypatch.setattr(hdf5, "MOST_ATTRIBUTE_BYTES", 10**6)
    assert "texts" in refused(path, "too-large")


def test_groups_that_contain_themselves(tmp_path: Path) -> None:
    path = write_metr_la(tmp_path)
    with h5py.File(path, "r+") as file:
        file["df/again"] = file["df"]
        file["df/root"] = file["/"]
    assert readers.open(path).values.shape == (STEPS, 6, 1)


def test_pickled_attributes_are_never_run(tmp_path: Path) -> None:
    """What makes pandas run a program is only bytes here."""
    path = write_metr_la(tmp_path)
    mark = tmp_path / "ran"
    with h5py.File(path, "r+") as file:
        for place in ("df", "df/axis0", "df/axis1", "df/block0_values"):
            for name in ("freq", "name", "index_class", "nan_rep", "errors"):
                file[place].attrs[name] = np.void(pickle.dumps(Bomb(mark), protocol=0))
    np.testing.assert_array_equal(readers.open(path).values[:, :, 0], values().astype(np.float32))
    assert not mark.exists()


def test_column_names_kept_as_pickles(tmp_path: Path) -> None:
    group = table(tmp_path / "a.h5")
    del group["axis0"]
    mark = tmp_path / "ran"
    names = group.create_dataset("axis0", (1,), h5py.vlen_dtype(np.uint8))
    names[0] = np.frombuffer(pickle.dumps(Bomb(mark)), np.uint8)
    names.attrs["kind"] = np.bytes_("object")
    group["block0_values"] = values()
    group.file.close()
    refused(tmp_path / "a.h5", "columns")
    assert not mark.exists()


def test_values_that_are_no_numbers(tmp_path: Path) -> None:
    for number, wrong in enumerate((np.array([[b"x"] * 6] * STEPS), np.zeros(STEPS), np.zeros((STEPS, 6), complex))):
        group = table(tmp_path / f"{number}.h5")
        group["block0_values"] = wrong
        group.file.close()
        refused(tmp_path / f"{number}.h5", "not-numbers")


def test_rows_and_times_that_do_not_fit(tmp_path: Path) -> None:
    group = table(tmp_path / "a.h5")
    group["block0_values"] = values()[:-1]
    group.file.close()
    assert "96" in refused(tmp_path / "a.h5", "shape")
    group = table(tmp_path / "b.h5")
    group["block0_values"] = values()[:, :-1]
    group.file.close()
    assert "6" in refused(tmp_path / "b.h5", "shape")


def test_a_calendar_that_no_clock_has(tmp_path: Path) -> None:
    path = tmp_path / "model.nc"
    time = xr.DataArray(np.arange(STEPS), dims="time", attrs={"units": "days since 2000-01-01", "calendar": "360_day"})
    xr.Dataset(
        {"t": (("time", "lat", "lon"), np.ones((STEPS, 2, 2)))}, coords={"time": time, "lat": [0.0, 1], "lon": [0.0, 1]}
    ).to_netcdf(path, engine="h5netcdf")
    assert refused(path)


def test_wild_units_of_time(tmp_path: Path) -> None:
    for number, units in enumerate(
        (
            "fortnights since the flood",
            "seconds since 99999999-01-01",
            "days since 0000-00-00",
            "seconds since 1970-01-01",
        )
    ):
        path = tmp_path / f"{number}.nc"
        time = xr.DataArray(np.arange(STEPS, dtype=np.int64) * 10**15, dims="time", attrs={"units": units})
        ds = xr.Dataset({"t": (("time", "station"), np.ones((STEPS, 2)))}, coords={"time": time, "station": ["a", "b"]})
        ds.to_netcdf(path, engine="h5netcdf")
        assert refused(path)


def test_ground_layers_that_are_no_json(tmp_path: Path) -> None:
    for attribute in ("units", "layers", "findings"):
        path = write_stdata(tmp_path)
        for wrong in ("{", "[" * 100_000, '[{"level": 1}]', "17"):
            with h5py.File(path, "r+") as file:
                file.attrs[attribute] = wrong[:60_000]
            if attribute == "findings" and wrong.startswith("[{"):
                refused(path, "damaged")
            elif wrong != "17":
                refused(path)


@pytest.mark.parametrize(
    ("attribute", "held", "words"),
    [
        ("units", '["km/h"]', "a unit for each channel by its name"),
        ("units", "null", "a unit for each channel by its name"),
        ("units", "5", "a unit for each channel by its name"),
        ("layers", "5", "GeoJSON collections"),
        ("layers", "[1]", "GeoJSON collections"),
        ("layers", '{"roads": 5}', "GeoJSON collections"),
        ("findings", "5", "the findings of"),
    ],
)
def test_ground_parts_of_another_kind_are_told_in_plain_words(
    attribute: str, held: str, words: str, tmp_path: Path
) -> None:
    tiny(60).save(tmp_path / "data.nc")
    with h5py.File(tmp_path / "data.nc", "r+") as file:
        file.attrs[attribute] = held
    with pytest.raises(DataError) as caught:
        readers.open(tmp_path / "data.nc")
    said = str(caught.value)
    assert said.startswith(f"The attribute {attribute!r} of data.nc has to hold {words}"), said
    assert said.endswith("and holds something else.")
