"""A reader whose library can end the process on a broken file has a child process read it, wherever the file is opened."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import only
from data_samples.grids import write_grib
from data_samples.tables import write_wide_csv
from hostile_tools import refused

from stcore import readers
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers.grids import grib, stdata
from stcore.readers.tables import bare_table, wide_table

ABORTS = "import os\n\n\ndef open_datasets(*given, **named):\n    os.abort()\n"


def never(*given: Any) -> Any:
    raise AssertionError("read in this process")


def same(one: STData, other: STData) -> None:
    assert one.fingerprint == other.fingerprint
    assert one.findings == other.findings
    assert one.ds.attrs == other.ds.attrs
    assert one.layers == other.layers


def test_a_reader_that_says_so_is_run_in_a_child_which_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wide_csv(tmp_path)
    here = readers.open(path)
    monkeypatch.setattr(wide_table, "READER", replace(wide_table.READER, apart=True, read=never))
    same(readers.open(path), here)


@pytest.mark.slow
def test_layers_edges_and_places_are_carried_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = readers.open("demo")
    assert here.layers and here.edges is not None and here.locations is not None
    monkeypatch.setattr(stdata, "READER", replace(stdata.READER, apart=True, read=never))
    same(readers.open("demo"), here)


def test_what_the_child_asks_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "numbers.csv"
    np.savetxt(path, np.arange(400).reshape(20, 20)[:, :15] + 0.5, delimiter=",")
    monkeypatch.setattr(bare_table, "READER", replace(bare_table.READER, apart=True, read=never))
    with pytest.raises(DataError) as caught:
        readers.open(path)
    assert [finding.code for finding in caught.value.findings] == ["orientation"]
    assert set(caught.value.findings[0].choices) == {"steps-down", "steps-across"}
    assert readers.open(path, {"orientation": "steps-across"}).steps == 15


@pytest.mark.parametrize("opened", only([0], ["the file", "its folder"]))
def test_a_library_that_aborts_ends_in_words(opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "cfgrib.py").write_text(ABORTS)  # as ecCodes does on some damaged bytes
    path = os.pathsep.join([str(tmp_path / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "field.grib"
    file.write_bytes(b"GRIB\0\0\0\x02" + (24).to_bytes(8, "big") + bytes(4) + b"7777")
    assert "brought down the process" in refused(file if opened == "the file" else file.parent, "crashed")


def test_grib_is_read_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert grib.READER.apart
    path = write_grib(tmp_path)
    monkeypatch.setattr(grib, "READER", replace(grib.READER, read=never))
    data = readers.open(path)
    monkeypatch.undo()
    monkeypatch.setenv("STCORE_APART", "1")
    same(data, readers.open(path))
