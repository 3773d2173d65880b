"""Kept sets and training dynamics of a run: what is written is what the run recorded."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny
from training_runs import OPTIONS, trained

from stcore import exports
from stcore.exports.cartography import NEVER_LEARNT, dynamics, forgetfulness
from stcore.options import OptionError
from stcore.runs import Run, create

FIELDS = ["guid", "index", "threshold_closeness", "confidence", "variability", "correctness", "forgetfulness"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One that pruned windows, one that pruned cells, and one that has not begun."""
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "tiny.nc"
    tiny().save(data)
    return {
        "windows": trained(data, folder / "runs", "windows"),
        "cells": trained(data, folder / "runs", "cells", data={"samples": "cells"}),
        "new": create(data, OPTIONS, folder / "runs", "new"),
    }


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_kept_and_removed_are_written_as_they_were(runs: dict[str, Run], tmp_path: Path, suffix: str) -> None:
    run = runs["windows"]
    out = tmp_path / f"kept{suffix}"
    trace = run.trace()
    assert exports.write_kept(run, out) == trace["kept"].size
    frame = pd.read_csv(out, parse_dates=["first", "last"]) if suffix == ".csv" else pd.read_parquet(out)
    assert list(frame) == ["epoch", "sample", "first", "last", "set", "share", "weight"]
    kept = trace["kept"].values
    assert ((frame["set"] == "kept").to_numpy() == kept.ravel()).all() and set(frame["set"]) == {"kept", "removed"}
    assert frame["weight"].to_numpy() == pytest.approx(np.where(kept, trace["weight"].values, 0).ravel(), rel=1e-6)
    first = frame[frame["epoch"] == 1]
    assert (pd.DatetimeIndex(first["last"] - pd.Timedelta(11, "h")) == pd.DatetimeIndex(trace["time"].values)).all()
    assert (first["last"] - first["first"] == pd.Timedelta(23, "h")).all(), "lookback and horizon of 12 hours each"


def test_of_cells_the_share_is_told(runs: dict[str, Run]) -> None:
    frame = exports.kept_table(runs["cells"])
    share = runs["cells"].trace()["kept"].values.ravel()
    assert frame["share"].to_numpy() == pytest.approx(share) and ((share > 0) & (share < 1)).any()
    assert ((frame["set"] == "kept") == (share > 0)).all()


def test_what_has_no_epochs_yet_is_refused(runs: dict[str, Run], tmp_path: Path) -> None:
    for write, name in ((exports.write_kept, "a.csv"), (exports.write_cartography, "a.jsonl")):
        with pytest.raises(OptionError, match="no finished epoch"):
            write(runs["new"], tmp_path / name)
    for write, name in ((exports.write_kept, "a.xlsx"), (exports.write_cartography, "a.json")):
        with pytest.raises(OptionError, match="must end in"):
            write(runs["windows"], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_dynamics_are_written_in_the_fields_of_the_published_code(runs: dict[str, Run], tmp_path: Path) -> None:
    out = tmp_path / "td.jsonl"
    count = exports.write_cartography(runs["windows"], out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    trace = runs["windows"].trace()
    assert count == len(rows) == trace.sizes["sample"] and all(list(row) == FIELDS for row in rows)
    assert [row["index"] for row in rows] == list(range(count))
    assert pd.Timestamp(rows[5]["guid"]) == pd.Timestamp(trace["time"].values[5])
    hard = np.nanmean(trace["level"].values.astype(float), axis=0)
    assert np.corrcoef(hard, [row["confidence"] for row in rows])[0, 1] < -0.9, "what errs much is not confident"


def test_dynamics_by_hand() -> None:
    level = np.array([[0.0, 1.0, 3.0], [1.0, 1.0, 3.0], [0.0, 1.0, 3.0]])
    met = np.array([[True, True, True], [True, False, True], [False, True, True]])
    found = dynamics(level, met)
    assert found["confidence"].tolist() == pytest.approx([0.75, 0.5, 0.25])
    assert found["variability"].tolist() == pytest.approx([0.25, 0, 0])
    assert found["threshold_closeness"].tolist() == pytest.approx([0.1875, 0.25, 0.1875])
    assert found["correctness"].tolist() == pytest.approx([0.5, 0, 0]), "below the epoch's median, which is 1"
    assert found["forgetfulness"].tolist() == [1, NEVER_LEARNT, NEVER_LEARNT]


@pytest.mark.parametrize(
    ("trend", "times"), [("1111", 0), ("1010", 2), ("0111", 0), ("0000", NEVER_LEARNT), ("1-01", 1), ("10-0", 1)]
)
def test_forgetting_counts_falls_over_the_epochs_in_which_a_sample_was_met(trend: str, times: int) -> None:
    correct = np.array([[mark == "1"] for mark in trend])
    met = np.array([[mark != "-"] for mark in trend])
    assert forgetfulness(correct, met).tolist() == [times]
