"""What every reader promises, other people's too: equal values, real times, its name, and words for what is damaged."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
from data_samples import EVERY, SAMPLES, Sample
from data_samples.hdf5 import write_metr_la
from data_samples.values import IDS, SENSORS, STEPS, raw, times, values

import stcore.readers as readers
from stcore import registry
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers import Raw, Reader
from stcore.readers.recognise import recognise
from stcore.readers.source import Source
from stcore.registry import Card
from stcore.testing import BrokenPromise, Example, Promise, check_reader
from stcore.testing.readers import reader_promises


def example(sample: Sample) -> Example:
    """What a sample holds. One without names numbers its sensors, or names grid cells by their locations."""
    numbers = None if sample.times else [str(number) for number in range(SENSORS)]
    return Example(
        sample.make,
        values(),
        times() if sample.times else None,
        IDS if sample.ids else numbers,
        sample.ordered,
        sample.exact,
    )


CASES = [
    pytest.param(promise, id=f"{sample.name}-{promise.name}")
    for name, sample in EVERY
    for promise in reader_promises(name, example(sample))
]


@pytest.mark.parametrize("promise", CASES)
def test_it_keeps_its_promise(promise: Promise) -> None:
    promise.hold()


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(registry.cards("readers")) == {card.name for card in readers.CARDS}


def test_grids_remember_the_places_of_their_cells(tmp_path: Path) -> None:
    data = readers.open(SAMPLES["netcdf-grid"][0].make(tmp_path))
    assert data.sensors[:2] == ["52N 7E", "52N 8E"]
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations[:3], [[52, 7], [52, 8], [52, 9]])
    assert list(data.ds.attrs["grid"]) == [2, 3]
    assert data.ds["cell"].values.tolist() == list(range(6))


@pytest.mark.parametrize(
    ("unit", "kind"), [("ns", "datetime64"), ("ns", "datetime64[ns]"), ("us", "datetime64[us]"), ("s", "datetime64[s]")]
)
@pytest.mark.parametrize("key", ["df", "speed", "t", "readings", "whatever", "2019/data"])
def test_both_generations_of_pandas_and_any_key(unit: str, kind: str, key: str, tmp_path: Path) -> None:
    data = readers.open(write_metr_la(tmp_path, unit=unit, kind=kind, key=key))
    assert (data.time == times()).all()
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))


def test_pandas_blocks_of_several_types_keep_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "mixed.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group["axis0"] = np.array([b"x", b"y", b"z"])
        group["axis1"] = times().values.astype("datetime64[ns]").astype(np.int64)
        group["axis1"].attrs["kind"] = np.bytes_("datetime64")
        group["block0_items"], group["block0_values"] = np.array([b"x", b"z"]), np.tile([1.5, 3.5], (STEPS, 1))
        group["block1_items"], group["block1_values"] = np.array([b"y"]), np.full((STEPS, 1), 2)
    data = readers.open(path)
    assert data.sensors == ["x", "y", "z"]
    assert data.values[0, :, 0].tolist() == [1.5, 2.0, 3.5]


def test_importing_the_readers_is_light(tmp_path: Path) -> None:
    heavy = ("torch", "sklearn", "pyarrow.parquet", "geopandas", "h5netcdf", "pyproj", "zarr", "numcodecs")
    code = f"import stcore.readers, sys; print([name for name in {heavy!r} if name in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_answers_beside_the_data_are_used_and_said(tmp_path: Path) -> None:
    path = SAMPLES["pems-npz"][0].make(tmp_path)
    written = readers.save_answers(path, {"start": "2023-04-01 00:00"})
    assert readers.save_answers(path, {"step": "1h"}) == written
    data = readers.open(path)
    assert data.time[0] == pd.Timestamp("2023-04-01")
    assert data.step_seconds == 3600
    assert "answers" in [finding.code for finding in data.findings]
    assert readers.open(path, {"step": "10min"}).step_seconds == 600
    written.write_text("[1]")
    with pytest.raises(DataError, match="answers"):
        readers.open(path)
    (tmp_path / "secret").write_text('{"step": "1h"}')
    written.unlink()
    written.symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match="a link"):
        readers.open(path)


def test_links_are_not_followed_and_are_told(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "set").mkdir()
    SAMPLES["wide-table"][0].make(tmp_path / "set")
    other = SAMPLES["metr-la-hdf5"][0].make(tmp_path / "elsewhere")
    (tmp_path / "set" / "more.h5").symlink_to(other)
    (tmp_path / "set" / "whole").symlink_to(tmp_path / "elsewhere")
    data = readers.open(tmp_path / "set")
    assert data.ds.attrs["reader"] == "wide-table"
    told = next(finding.text for finding in data.findings if finding.code == "not-read")
    assert "more.h5 (a link)" in told and "whole (a link)" in told


def test_a_link_beside_a_file_is_not_followed_either(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "set").mkdir()
    np.savez(tmp_path / "set" / "PEMS08.npz", data=np.ones((30, 4, 1)) * np.arange(30)[:, None, None])
    (tmp_path / "elsewhere" / "table.csv").write_text("from,to,cost\n0,1,100\n1,2,200\n2,3,150\n")
    (tmp_path / "set" / "PEMS08.csv").symlink_to(tmp_path / "elsewhere" / "table.csv")
    assert readers.open(tmp_path / "set" / "PEMS08.npz").edges is None


@pytest.mark.parametrize("start", ["2023-04-01 00:00+02:00", "nat", "9999-01-01", "soon"])
def test_a_start_that_cannot_be_is_refused(start: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "PEMS08.npz", data=np.ones((30, 4, 1)) * np.arange(30)[:, None, None])
    with pytest.raises(DataError, match="2023-04-01 00:00"):
        readers.open(tmp_path / "PEMS08.npz", {"start": start})


def test_parquet_keeps_that_data_are_simulated_and_their_times_assumed(tmp_path: Path) -> None:
    ds = raw().assign_attrs(simulated=1, assumed="start, step")
    readers.save(STData.of(ds), tmp_path / "city", "parquet")
    readers.save(STData.of(raw()), tmp_path / "measured", "parquet")
    city, measured = readers.open(tmp_path / "city"), readers.open(tmp_path / "measured")
    assert (city.simulated, city.assumed) == (True, "start, step")
    assert (measured.simulated, measured.assumed) == (False, "")


def test_an_answer_to_no_question_is_told(tmp_path: Path) -> None:
    data = readers.open(SAMPLES["wide-table"][0].make(tmp_path), {"zeroes": "missing"})
    assert any(finding.code == "unused-answers" and "zeroes" in finding.text for finding in data.findings)


def test_a_pems_set_asks_for_its_times_and_takes_its_table(tmp_path: Path) -> None:
    data = readers.open(SAMPLES["pems-npz"][0].make(tmp_path))
    asked = {finding.code: finding for finding in data.findings if finding.choices}
    assert {"start", "step"} <= set(asked)
    assert "assumed" in asked["start"].text
    assert (data.time[0], data.step_seconds) == (pd.Timestamp("2000-01-03"), 300)
    assert data.edges is not None
    assert data.edges[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert data.edges[1].tolist() == [1, 2, 3, 4, 5, 0]
    with pytest.raises(DataError, match="no date"):
        readers.open(tmp_path / "roads.npz", {"start": "soon"})


def test_a_published_set_is_known_by_its_name_and_width(tmp_path: Path) -> None:
    np.savez(tmp_path / "PEMS08.npz", data=np.ones((30, 170, 3)) * np.arange(30)[:, None, None])
    data = readers.open(tmp_path / "PEMS08.npz")
    assert data.channels == ["flow", "occupancy", "speed"]
    said = next(finding for finding in data.findings if finding.code == "start")
    assert data.time[0] == pd.Timestamp("2000-01-03")  # 30 of 17856 steps, which may be any
    assert "that of 17856 steps, and these are 30" in said.text
    assert readers.open(tmp_path / "PEMS08.npz", {"start": next(iter(said.choices))}).time[0] == pd.Timestamp(
        "2016-07-01"
    )


def test_nothing_there_is_said(tmp_path: Path) -> None:
    for name, text in (("absent.csv", "There is no file"), ("empty.nc", "empty"), ("folder", "No file in folder")):
        path = tmp_path / name
        if name == "empty.nc":
            path.touch()
        if name == "folder":
            path.mkdir()
        with pytest.raises(DataError, match=text):
            readers.open(path)


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "weather.bufr"
    path.write_bytes(b"BUFR" + bytes(100))
    with pytest.raises(DataError, match="a kind that is not known here"):
        readers.open(path)
    assert recognise(Source(path)) is None


def test_cards_describe_themselves() -> None:
    described = [card.to_json() for card in readers.CARDS]
    assert all(json.dumps(card) and card["summary"].endswith(".") for card in described)
    assert [card["name"] for card in described if card["ours"]] == ["stdata"]


def test_a_reader_of_other_people_is_asked_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package brings a card by an entry point; its reader then takes part like ours."""
    theirs = ModuleType("their_reader")
    theirs.READER = Reader(lambda source: float(source.head[:4] == b"BIKE"), lambda source, answers: Raw(raw(), [], {}))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "their_reader", theirs)
    card = Card("bike-log", "Counters of bicycles.", "their manual", "their_reader:READER")
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group: [SimpleNamespace(load=lambda: card)] if group == "stcore.readers" else [],
    )
    registry.forget()
    try:
        (tmp_path / "log.bin").write_bytes(b"BIKE\x00\x01")
        data = readers.open(tmp_path / "log.bin")
    finally:
        registry.forget()
    assert data.ds.attrs["reader"] == "bike-log"
    assert data.sensors == IDS


# ---- the contract sees what is broken -----------------------------------------------------------------------------------
def bike_log(shift: float = 0.0) -> Reader:
    """A reader of logs of bicycles, whose values are right but for a ``shift``."""

    def read(source: Source, answers: Mapping[str, str]) -> Raw:
        rows = np.frombuffer(source.path.read_bytes()[4:], np.float32)
        data = raw().isel(time=slice(len(rows) // SENSORS))
        data["value"].values[:, :, 0] = rows[: data.sizes["time"] * SENSORS].reshape(-1, SENSORS) + shift
        return Raw(data, [], {})

    return Reader(lambda source: float(source.head[:4] == b"BIKE"), read)


def write_log(folder: Path) -> Path:
    (folder / "log.bin").write_bytes(b"BIKE" + values().astype(np.float32).tobytes())
    return folder / "log.bin"


SHIFTED = bike_log(0.5)
GREEDY = Reader(lambda source: 2.0, bike_log().read)


@pytest.mark.parametrize(
    ("reader", "words"), [("SHIFTED", "readings differ"), ("GREEDY", "scores lie between 0 and 1")]
)
def test_a_broken_promise_is_named(reader: str, words: str) -> None:
    card = Card("bike-log", "Counters of bicycles.", "their manual", f"{__name__}:{reader}")
    with pytest.raises(BrokenPromise, match="The reader 'bike-log' breaks a promise") as refused:
        check_reader(card, Example(write_log, values(), times(), IDS))
    assert words in str(refused.value)
