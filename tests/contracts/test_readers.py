"""What every reader promises, other people's too: equal values, real times, its name, and words for what is damaged."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
from data_samples import EVERY, SAMPLES, Sample, files
from data_samples.hdf5 import write_metr_la
from data_samples.values import IDS, SENSORS, STEPS, raw, times, values

import stcore.readers as readers
from stcore import registry
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers import Raw, Reader
from stcore.readers.recognise import recognise
from stcore.readers.source import Folder, Source
from stcore.registry import Card

GRIDS = ("netcdf-grid", "grib", "weatherbench", "zarr")  # whose sensors are called after their places
every = pytest.mark.parametrize(("name", "sample"), EVERY, ids=[sample.name for _, sample in EVERY])


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(registry.cards("readers")) == {card.name for card in readers.CARDS}


@every
def test_values_times_and_sensors_are_those_of_the_file(name: str, sample: Sample, tmp_path: Path) -> None:
    data = readers.open(sample.make(tmp_path))
    assert data.ds.attrs["reader"] == name
    if not sample.ordered:
        data = data.like(IDS, data.channels)
    if sample.exact:
        np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))
    else:
        np.testing.assert_allclose(data.values[:, :, 0], values(), rtol=2e-6)
    assert ("start" in (data.ds.attrs.get("assumed") or "")) == (not sample.times)
    if sample.times:
        assert (data.time == times()).all()
    if sample.ids:
        assert data.sensors == IDS
    elif name not in GRIDS:
        assert data.sensors == [str(number) for number in range(SENSORS)]


def test_grids_remember_the_places_of_their_cells(tmp_path: Path) -> None:
    data = readers.open(SAMPLES["netcdf-grid"][0].make(tmp_path))
    assert data.sensors[:2] == ["52N 7E", "52N 8E"]
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations[:3], [[52, 7], [52, 8], [52, 9]])
    assert list(data.ds.attrs["grid"]) == [2, 3]
    assert data.ds["cell"].values.tolist() == list(range(6))


@every
def test_one_reader_alone_is_sure(name: str, sample: Sample, tmp_path: Path) -> None:
    path = sample.make(tmp_path)
    loaded = {card.name: card.load() for card in registry.cards("readers").values()}
    if path.is_dir():
        members = {reader: found.members(Folder(path)) for reader, found in loaded.items() if hasattr(found, "members")}
        assert [reader for reader, found in members.items() if found] == [name]
        return
    source = Source(path)
    scores = {reader: found.recognises(source) for reader, found in loaded.items() if isinstance(found, Reader)}
    assert all(0 <= score <= 1 for score in scores.values())
    best = max(scores.values())
    assert [reader for reader, score in scores.items() if score == best] == [name]


@every
def test_content_decides_over_suffix(name: str, sample: Sample, tmp_path: Path) -> None:
    path = sample.make(tmp_path)
    if path.is_dir():
        pytest.skip("the names of a folder's files say which is which")
    lying = path.rename(path.with_name("lying.docx"))
    assert readers.open(lying).ds.attrs["reader"] == name
    lying = lying.rename(path.with_name("lying.h5" if Source(lying).content != "hdf5" else "lying.csv"))
    data = readers.open(lying)
    assert data.ds.attrs["reader"] == name
    assert "suffix" in [finding.code for finding in data.findings]


@every
def test_opening_is_repeatable_and_survives_saving(name: str, sample: Sample, tmp_path: Path) -> None:
    path = sample.make(tmp_path)
    data, again = readers.open(path), readers.open(path)
    assert data.fingerprint == again.fingerprint
    data.save(tmp_path / "again.nc")
    saved = readers.open(tmp_path / "again.nc")
    assert saved.fingerprint == data.fingerprint
    assert saved.answers == data.answers
    assert saved.units == data.units


@every
def test_an_answer_that_is_no_choice_is_refused(name: str, sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="graph"):
        readers.open(sample.make(tmp_path), {"graph": "spaghetti"})


@every
def test_a_file_cut_off_is_refused_in_words(name: str, sample: Sample, tmp_path: Path) -> None:
    path = sample.make(tmp_path)
    cut = files(path)[0]
    whole = cut.read_bytes()
    for part in (0.0, 0.0005, 0.01, *np.linspace(0.03, 0.999, 27)):
        cut.write_bytes(whole[: int(part * len(whole))])
        try:
            data = readers.open(path)
        except DataError as error:
            assert any(said in str(error) for said in (path.name, cut.name, "time step"))
            assert "Traceback" not in str(error)
        else:  # what is cut between two lines or messages is shorter; of a folder another file may be left
            assert cut.suffix in (".csv", ".grib2") or path.is_dir()
            if path.is_file() and sample.exact:
                left = values().astype(np.float32)[: len(data.values) - 1]
                assert np.array_equal(data.values[:-1, :, 0], left, equal_nan=True)


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
    with pytest.raises(DataError, match="no kind that is known here"):
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
