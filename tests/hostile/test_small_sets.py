"""Distilled sets edited by hand: each part that says what the windows and sensors are, damaged one at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from distillations import distilled

from stcore import readers
from stcore.cli import main
from stcore.data.scale import fit
from stcore.distil.options import FILE
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.readers.archives.start_times import parse_step, step_text
from stcore.runs import Run, RunError, create, pictures
from stcore.training.tensors import scale_of_distilled

Change = Callable[[xr.Dataset], xr.Dataset]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished distillation of six sensors, whose data lie beside its runs."""
    folder = tmp_path_factory.mktemp("small")
    values = np.random.default_rng(0).random((300, 6)) * 10
    time = pd.date_range("2024-01-01", periods=300, freq="h")
    pd.DataFrame(values, time, list("abcdef")).to_csv(folder / "data.csv", index_label="time")
    return distilled(folder / "data.csv", folder / "runs", "small", name="stride", time=0.05, space=0.5, epochs=1)


def put(name: str, values: Callable[[int], Any], dims: str | tuple[str, ...]) -> Change:
    """Another variable in the place of one, made from how long it was."""
    return lambda ds: ds.drop_vars(name).assign({name: (dims, values(ds[name].size))})


def told(**attributes: Any) -> Change:
    return lambda ds: ds.assign_attrs(attributes)


def seen(ds: xr.Dataset) -> xr.DataArray:
    """Which steps a model sees, in windows of 6 + 4."""
    return xr.DataArray(np.arange(ds.sizes["time"]) % 10 < 6, dims="time")


CHANGES: dict[str, tuple[Change, str]] = {
    "lookback 0": (told(lookback=0), "whole numbers above zero"),
    "lookback huge": (told(lookback=2**62), "windows of 4611686018427387904 + 4"),
    "lookback text": (told(lookback="six"), "whole numbers above zero"),
    "lookback infinite": (told(lookback=np.inf), "whole numbers above zero"),
    "lookback twice": (told(lookback=[6, 6]), "whole numbers above zero"),
    "both 0": (told(lookback=0, horizon=0), "whole numbers above zero"),
    "starts overlap": (put("start", np.arange, "window"), "overlap"),
    "starts beyond": (put("start", lambda size: np.arange(size) * 10 + 900, "window"), "there are"),
    "starts below 0": (put("start", lambda size: np.arange(size) * 10 - 5, "window"), "step -5"),
    "starts text": (put("start", lambda size: np.array(["x"] * size, object), "window"), "whole numbers"),
    "starts unknown": (put("start", lambda size: np.full(size, np.nan), "window"), "whole numbers"),
    "starts a table": (put("start", lambda size: np.zeros((size, 2), int), ("window", "two")), "whole numbers"),
    "origin below 0": (put("origin", lambda size: np.full(size, -5), "window"), "one step for each window"),
    "origin too long": (put("origin", lambda size: np.arange(size + 3), "other"), "one step for each window"),
    "origin text": (put("origin", lambda size: np.array(["x"] * size, object), "window"), "whole numbers"),
    "weight 0": (put("weight", np.zeros, "sensor"), "not numbers above zero"),
    "weight unknown": (put("weight", lambda size: np.full(size, np.nan), "sensor"), "not numbers above zero"),
    "weight below 0": (put("weight", lambda size: -np.ones(size), "sensor"), "not numbers above zero"),
    "weight text": (put("weight", lambda size: np.array(["x"] * size, object), "sensor"), "each sensor"),
    "weight too long": (put("weight", lambda size: np.ones(size + 1), "other"), "each sensor"),
    "clock text": (put("clock", lambda size: np.array(["x"] * size, object), "time"), "date and time"),
    "clock numbers": (put("clock", np.arange, "time"), "date and time"),
    "clock short": (put("clock", lambda size: np.full(3, np.datetime64("2024-01-01", "ns")), "other"), "date and time"),
    "clock unknown": (put("clock", lambda size: np.full(size, np.datetime64("NaT", "ns")), "time"), "no date and time"),
    "weights beyond numbers": (put("weight", lambda size: np.full(size, 1e308), "sensor"), "too large to be added"),
    "no windows": (
        lambda ds: ds.drop_vars(["start", "origin"]).assign(start=("window", np.empty(0, int))),
        "no windows",
    ),
    "no targets": (lambda ds: ds.assign(value=ds["value"].where(seen(ds))), "nothing to forecast"),
    "grid of nothing": (told(grid=[2, 2]), "which cell of the grid"),
}


def changed(small: Run, place: Path, change: Change) -> Path:
    """The set, changed, as a new file."""
    with xr.open_dataset(small.path / FILE, engine="h5netcdf") as held:
        change(held.load().drop_encoding()).to_netcdf(place, engine="h5netcdf")
    return place


def train(small: Run, place: Path, runs: Path) -> int:
    data, sizes = small.spec.data.source, ["--lookback", "6", "--horizon", "4", "--set", "model.width=2"]
    return main(["train", data, "--distilled", str(place), *sizes, "--epochs", "1", "--runs", str(runs), "--quiet"])


@pytest.mark.parametrize("name", CHANGES)
def test_a_damaged_set_is_refused_in_a_sentence(
    small: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    change, words = CHANGES[name]
    code = train(small, changed(small, tmp_path / "set.nc", change), tmp_path / "runs")
    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (2, "", 1), said.err
    assert words in said.err
    assert not (tmp_path / "runs").exists()


def test_origins_beyond_the_data_are_taken_for_unknown(small: Run, tmp_path: Path) -> None:
    far = put("origin", lambda size: np.full(size, 10**9), "window")
    assert train(small, changed(small, tmp_path / "set.nc", far), tmp_path / "runs") == 0
    spec = next((tmp_path / "runs").glob("*/spec.json"))
    data = readers.open(small.spec.data.source)
    assert Run(spec.parent).trace()["start"].values.max() < data.steps


@pytest.mark.parametrize("label", [2**31 - 1, -2, 6])
def test_clusters_that_cannot_be_are_damage(small: Run, label: int) -> None:
    file = small.path / "rows" / "cluster.bin"
    held = file.read_bytes()
    file.write_bytes(np.array([0, 1, 2, 0, 1, label], "<i4").tobytes())
    try:
        with pytest.raises(RunError, match=r"cluster\.bin"):
            pictures.clusters(small)
    finally:
        file.write_bytes(held)


IDLE = {
    "mask.name=dynst": "no mask and begins with no other set",
    "mask.sparsity=0.5": "no mask and begins with no other set",
    "distilled.source=other.nc": "no mask and begins with no other set",
    "distilled.warm=2": "no mask and begins with no other set",
    "prune.name=infobatch": "prunes nothing",
    "prune.keep=0.5": "prunes nothing",
}


@pytest.mark.parametrize("assignment", IDLE)
def test_a_distillation_takes_no_option_that_it_does_not_follow(
    small: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], assignment: str
) -> None:
    data, runs = small.spec.data.source, tmp_path / "runs"
    assert main(["distil", data, "--method", "stride", "--runs", str(runs), "--set", assignment]) == 2
    assert IDLE[assignment] in capsys.readouterr().err
    assert not runs.exists()


def test_a_set_that_cannot_be_written_is_kept_and_said_to_be(
    small: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(readers, "save", full)
    options = ["--lookback", "6", "--horizon", "4", "--set", "distil.epochs=1", "--set", "model.width=2", "--quiet"]
    out, runs, data = tmp_path / "set.nc", tmp_path / "runs", small.spec.data.source
    assert main(["distil", data, "--method", "stride", "--out", str(out), "--runs", str(runs), *options]) == 2
    said = capsys.readouterr().err
    assert "is finished and kept in" in said and "No space left" in said


def test_a_set_without_a_step_takes_that_of_the_data(small: Run, tmp_path: Path) -> None:
    """STemDist's file has no room for times; that the step is then taken for 5 minutes must not keep it from hourly data."""
    readers.save(jobs.distilled(small), tmp_path / "set.pt", "stemdist")
    run = create(small.spec.data.source, on(tmp_path / "set.pt"), tmp_path / "runs", "run")
    assert readers.open(run.path / FILE).step_seconds == 3600
    readers.save_answers(tmp_path / "set.pt", {"step": "15min"})
    with pytest.raises(OptionError, match="a step of 900 s and the data one of 3600 s"):
        create(small.spec.data.source, on(tmp_path / "set.pt"), tmp_path / "runs", "other")


def on(place: Path) -> dict[str, Any]:
    return {"data": {"lookback": 6, "horizon": 4}, "distilled": {"source": str(place)}, "model": {"width": 2}}


@pytest.mark.parametrize(("seconds", "said"), [(300, "5min"), (3600, "1h"), (86400, "1d"), (90, "90s"), (0.5, "")])
def test_a_step_is_written_as_it_is_read(seconds: float, said: str) -> None:
    assert step_text(seconds) == said
    assert not said or parse_step(said) == seconds


def test_of_a_folder_the_set_of_its_run_is_taken_or_one_file_is_to_be_named(small: Run, tmp_path: Path) -> None:
    data = small.spec.data.source
    assert create(data, on(small.path), tmp_path / "runs", "run").spec.distilled
    for name in ("one.nc", "two.nc"):
        (tmp_path / name).write_bytes((small.path / FILE).read_bytes())
    with pytest.raises(DataError, match=r"a folder with 2 files; choose one of them: one\.nc, two\.nc"):
        create(data, on(tmp_path), tmp_path / "runs", "other")
    plain = create(data, {}, tmp_path / "runs", "plain")
    with pytest.raises(DataError, match="has made no distilled set"):
        create(data, on(plain.path), tmp_path / "runs", "other")


def test_a_run_goes_on_with_the_set_that_it_was_made_with_or_not_at_all(small: Run, tmp_path: Path) -> None:
    run = create(small.spec.data.source, on(small.path), tmp_path, "run")
    other = changed(small, tmp_path / "other.nc", lambda ds: ds.assign(value=ds["value"] + 1))
    (run.path / FILE).write_bytes(other.read_bytes())
    with pytest.raises(RunError, match=r"distilled set in .*distilled\.nc has changed since run run was made"):
        jobs.Job(run).finish()
    assert run.status == "failed"


def test_standardised_values_stay_what_they_are_under_the_name_of_the_channel(small: Run, tmp_path: Path) -> None:
    """STemDist's own sets are z-scores of a channel without a name; they are not to be taken for readings of the data's."""
    torch = pytest.importorskip("torch")
    windows = {"x": torch.randn(5, 6, 3, 1), "y": torch.randn(5, 4, 3), "w": torch.ones(1, 1, 3)}
    torch.save(windows, tmp_path / "set.pt")
    run = create(small.spec.data.source, on(tmp_path / "set.pt"), tmp_path, "run")
    kept, data = readers.open(run.path / FILE), jobs.dataset(run)
    assert kept.channels == data.channels != ["value"]
    scale = scale_of_distilled(kept, fit(data.values))
    assert (scale.mean.tolist(), scale.spread.tolist()) == ([0.0], [1.0])


def test_an_empty_name_is_no_set(small: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", small.spec.data.source, "--distilled", "", "--runs", str(tmp_path / "runs")]) == 2
    assert capsys.readouterr().err == "The name of the distilled set is empty.\n"
