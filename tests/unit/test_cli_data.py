"""The command line on data: inspect, answers, saving in a layout, and which methods there are."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cli_tools import QUICK, refused
from running import done, small_data

from stcore.data import STData
from stcore.runs import Run

INSPECT_KEYS = {
    "steps",
    "sensors",
    "channels",
    "step_seconds",
    "start",
    "zone",
    "coordinates",
    "edges",
    "units",
    "missing_share",
    "zero_share",
    "fingerprint",
    "reader",
    "findings",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def zeros_file(folder: Path) -> Path:
    """Data in which a tenth of the readings are exactly zero."""
    ds = small_data().ds.copy(deep=True)
    ds["value"].values[np.random.default_rng(1).random(ds["value"].shape) < 0.1] = 0
    path = folder / "zeros.nc"
    STData.of(ds).save(path)
    return path


# ---- data and methods ----------------------------------------------------------------------------------------------
def test_inspect_prints_one_document(small_file: Path, folder: Path) -> None:
    found = done(folder, "inspect", small_file, "--json").document
    assert set(found) >= INSPECT_KEYS
    assert (found["steps"], found["step_seconds"], found["coordinates"]) == (600, 3600.0, False)
    assert found["fingerprint"] == small_data().fingerprint
    assert found["missing_share"] == pytest.approx(0.02, abs=0.005)
    assert all({"level", "code", "text"} <= set(finding) for finding in found["findings"])


def test_answers_decide_and_travel_with_the_run(zeros_file: Path, folder: Path) -> None:
    answers = folder / "answers.json"
    answers.write_text(json.dumps({"zeros": "missing"}))
    raw = folder / "zeros.csv"  # a file whose question is still open
    values = STData.of(xr.open_dataset(zeros_file, engine="h5netcdf")[["value"]].load()).ds["value"].values[..., 0]
    time = pd.date_range("2024-01-01", periods=len(values), freq="h")
    pd.DataFrame(values, time, [f"s{place}" for place in range(4)]).to_csv(raw, index_label="time")
    kept = done(folder, "inspect", raw, "--json").document
    gone = done(folder, "inspect", raw, "--answers", answers, "--json").document
    assert kept["fingerprint"] != gone["fingerprint"]
    assert (gone["zero_share"], gone["missing_share"] > kept["missing_share"] + 0.05) == (0.0, True)
    made = done(folder, "train", raw, *QUICK, "--answers", answers, "--runs", folder / "zeros", "--id", "a", "--json")
    spec = Run(folder / "zeros" / "a").spec
    assert spec.data.answers["zeros"] == "missing"
    assert spec.data.fingerprint == gone["fingerprint"]
    rows = done(
        folder, "forecast", "a", "--runs", folder / "zeros", "--test", "--out", folder / "a.csv", "--json"
    ).document
    table = pd.read_csv(folder / "a.csv")
    assert len(table) == rows["rows"] and not (table["truth"] == 0).any()
    mae = (table["forecast"] - table["truth"]).abs().mean()
    assert mae == pytest.approx(made.document["metrics"]["test"]["mae"], rel=1e-5)


def test_a_sparsity_without_a_mask_is_refused(small_file: Path, folder: Path) -> None:
    assert "--sparsity needs a mask" in refused(folder, "train", small_file, "--sparsity", "0.5")


def test_data_are_saved_as_others_read_them(zeros_file: Path, folder: Path) -> None:
    saved = done(folder, "save", zeros_file, folder / "other", "--as", "parquet", "--json").document
    assert (saved["layout"], saved["path"]) == ("parquet", str(folder / "other"))
    about = done(folder, "inspect", folder / "other", "--json").document
    assert about["zero_share"] == pytest.approx(0.1, abs=0.02)
    assert "exists" not in refused(folder, "save", zeros_file, folder / "x", "--as", "spreadsheet")
    assert "already" in refused(folder, "save", zeros_file, folder / "other", "--as", "parquet")


def test_methods_are_listed(folder: Path) -> None:
    found = done(folder, "methods", "--json").document
    assert set(found) == {"models", "strategies", "masks", "distillers", "readers"}
    assert all(
        {"name", "summary", "source", "ours", "options"} <= set(card) for cards in found.values() for card in cards
    )
    names = {kind: [card["name"] for card in cards] for kind, cards in found.items()}
    assert names["models"][:4] == ["persistence", "seasonal-naive", "dlinear", "stid"]
    assert {"full", "random", "infobatch", "st-prune"} <= set(names["strategies"])
    assert "st-prune" in done(folder, "methods").stdout
