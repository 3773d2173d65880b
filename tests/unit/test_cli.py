"""The command line: what it prints, where, and with which exit code."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cli_tools import QUICK, refused
from running import Command, done, small_data

from stcore.cli.following import epoch_text
from stcore.data import STData
from stcore.runs import Run

RUN_KEYS = {
    "run",
    "kind",
    "status",
    "options",
    "metrics",
    "naive",
    "visits",
    "seconds",
    "epochs",
    "best_epoch",
    "path",
}


METRIC_KEYS = {"mae", "rmse", "mape", "by_horizon"}
COLUMNS = ["sensor", "issued", "time", "horizon", "target", "forecast", "truth", "persistence", "seasonal_naive"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def trained(small_file: Path, folder: Path) -> Command:
    return done(folder, "train", small_file, *QUICK, "--runs", folder / "runs", "--id", "first", "--json")


@pytest.fixture(scope="module")
def run(trained: Command, folder: Path) -> Run:
    return Run(folder / "runs" / "first")


# ---- train, show, resume, runs, compare ----------------------------------------------------------------------------
def test_train_prints_one_document(trained: Command, run: Run) -> None:
    found = trained.document
    assert set(found) >= RUN_KEYS
    assert (found["run"], found["status"], found["epochs"], found["path"]) == ("first", "done", 3, str(run.path))
    for metrics in (*found["metrics"].values(), *found["naive"].values()):
        assert set(metrics) >= METRIC_KEYS
        assert [row["horizon"] for row in metrics["by_horizon"]] == list(range(1, 13))
        assert all({"horizon", "mae", "rmse", "mape"} <= set(row) for row in metrics["by_horizon"])
    assert set(found["metrics"]) == {"validation", "test"}
    assert set(found["naive"]) == {"persistence", "seasonal_naive"}
    assert found["visits"]["full"] == 3 * 337
    assert found["visits"]["share"] == found["visits"]["kept"] / found["visits"]["full"]
    assert set(found["seconds"]) == {"total", "train", "score", "select", "evaluate"}
    assert found["seconds"]["total"] == pytest.approx(
        sum(seconds for name, seconds in found["seconds"].items() if name != "total")
    )
    best = min(run.epochs(), key=lambda event: event["validation"]["mae"])
    assert found["best_epoch"] == best["epoch"] + 1
    assert found["metrics"]["validation"]["mae"] == pytest.approx(best["validation"]["mae"], rel=1e-6)


def test_progress_goes_to_stderr_with_the_time_left(trained: Command) -> None:
    lines = trained.stderr.splitlines()
    assert lines[0].startswith("run first: 337 samples, batch 64, learning rate ")
    assert [line.split(":")[0] for line in lines[-3:]] == ["epoch 1", "epoch 2", "epoch 3"]
    assert all(line.endswith(" s left") for line in lines[-3:]), lines


def test_show_and_resume_print_the_same(trained: Command, run: Run, folder: Path) -> None:
    for command in (("show", "first"), ("resume", "first"), ("show", run.path)):
        assert done(folder, *command, "--runs", folder / "runs", "--json").document == trained.document


def test_text_for_people(run: Run, folder: Path) -> None:
    said = done(folder, "show", run.path)
    lines = said.stdout.splitlines()
    assert lines[0] == "run first: done"
    assert any(line.startswith("test: MAE ") and "missing truths are left out" in line for line in lines)
    assert any(line.startswith("persistence: MAE ") for line in lines)
    assert said.stderr == ""


def test_a_configuration_gives_the_same_run(run: Run, small_file: Path, folder: Path) -> None:
    spec = run.path / "spec.json"
    parts = ("--config", spec, "--runs", folder / "runs", "--json", "--quiet")
    again = done(folder, "train", small_file, *parts, "--id", "again")
    assert again.stderr == ""
    assert again.document["options"] == run.spec.options_json
    assert again.document["metrics"] == (run.result or {})["metrics"]
    other = done(folder, "train", small_file, *parts, "--id", "other", "--prune", "full", "--set", "seed=7").document
    assert other["options"]["seed"] == 7
    assert other["options"]["prune"]["name"] == "full"
    assert other["options"]["train"] == run.spec.options_json["train"]


def test_set_reaches_every_nested_option(small_file: Path, folder: Path) -> None:
    given = {
        "model.width": 3,
        "prune.tail": 0.5,
        "train.milestones": [1, 2],
        "data.mape_floor": 1.5,
        "data.targets": ["flow"],
        "train.optimizer": "adamw",
    }
    texts = {**given, "train.milestones": "1,2", "data.targets": "flow"}
    parts = [part for name, value in texts.items() for part in ("--set", f"{name}={value}")]
    made = done(
        folder,
        "train",
        small_file,
        *parts,
        "--batch",
        "64",
        "--epochs",
        "4",
        "--runs",
        folder / "set",
        "--json",
        "--split",
        "0.5,0.25,0.25",
        "--lookback",
        "6",
        "--horizon",
        "3",
        "--seed",
        "5",
        "--lr",
        "1e-3",
        "--keep",
        "0.6",
    )
    options = made.document["options"]
    for name, value in given.items():
        group, _, leaf = name.partition(".")
        assert options[group][leaf] == value
    assert options["data"]["split"] == [0.5, 0.25, 0.25]
    assert (options["data"]["lookback"], options["data"]["horizon"], options["seed"]) == (6, 3, 5)
    assert (options["train"]["lr"], options["prune"]["keep"]) == (1e-3, 0.6)
    assert made.document["visits"]["share"] == pytest.approx(0.6, abs=0.002)


def test_runs_are_listed_newest_first(run: Run, folder: Path) -> None:
    listed = done(folder, "runs", "--runs", folder / "runs", "--json").document["runs"]
    assert all(set(row) >= RUN_KEYS for row in listed)
    assert "first" in [row["run"] for row in listed]
    created = [Run(folder / "runs" / row["run"]).spec.created for row in listed]
    assert created == sorted(created, reverse=True)
    assert done(folder, "runs", "--runs", folder / "none", "--json").document == {"runs": [], "damaged": []}
    assert "first" in done(folder, "runs", "--runs", folder / "runs").stdout


def test_runs_are_compared(run: Run, small_file: Path, folder: Path) -> None:
    runs = ("--runs", folder / "runs", "--json", "--quiet")
    full = done(folder, "train", small_file, *QUICK, "--prune", "full", "--id", "full", *runs).document
    found = done(folder, "compare", "first", "full", "--runs", folder / "runs", "--json").document
    assert found["runs"] == ["first", "full"]
    assert found["differing"]["prune.name"] == ["st-prune", "full"]
    assert "train.batch" not in found["differing"]
    assert found["figures"]["test MAE"] == [
        (run.result or {})["metrics"]["test"]["mae"],
        full["metrics"]["test"]["mae"],
    ]
    share = found["figures"]["visits"][1] / found["figures"]["visits"][0] - 1
    assert found["difference"]["visits"] == [0.0, pytest.approx(share)]
    assert "prune.name" in done(folder, "compare", "first", "full", "--runs", folder / "runs").stdout


# ---- forecast ------------------------------------------------------------------------------------------------------
def test_the_next_horizon_is_forecast(run: Run, folder: Path) -> None:
    tables = {}
    for suffix in ("csv", "parquet", "nc"):
        out = folder / f"next.{suffix}"
        told = done(folder, "forecast", run.path, "--out", out, "--json").document
        assert told == {"run": "first", "path": str(out), "rows": 12 * 4}
        tables[suffix] = read_table(out)
    for table in tables.values():
        assert list(table)[: len(COLUMNS)] == COLUMNS
        assert sorted(set(table["sensor"])) == ["s0", "s1", "s2", "s3"]
        last = small_data().time[-1]
        assert set(table["issued"]) == {last}
        assert (table["time"] == last + pd.to_timedelta(table["horizon"], unit="h")).all()
        assert table["truth"].isna().all() and table["forecast"].notna().all()
        np.testing.assert_allclose(table["forecast"], tables["nc"]["forecast"], rtol=1e-6)


def test_every_test_forecast_is_written(run: Run, folder: Path) -> None:
    out = folder / "test.parquet"
    done(folder, "forecast", run.path, "--test", "--out", out)
    table, data = read_table(out), small_data()
    assert len(table) == run.spec.windows.test * 12 * 4
    truth = pd.DataFrame(data.values[..., 0], data.time, data.sensors).stack()
    found = table.set_index(["time", "sensor"])["truth"].dropna()
    np.testing.assert_array_equal(found, truth.loc[found.index])
    metrics, naive = (run.result or {})["metrics"]["test"], (run.result or {})["naive"]
    for column, mae in (
        ("forecast", metrics["mae"]),
        ("persistence", naive["persistence"]["mae"]),
        ("seasonal_naive", naive["seasonal_naive"]["mae"]),
    ):
        assert (table[column] - table["truth"]).abs().mean() == pytest.approx(mae, rel=1e-5)


def test_newer_data_of_the_same_sensors_are_forecast(run: Run, folder: Path) -> None:
    whole = small_data(steps=700)
    short = folder / "short.nc"
    STData.of(whole.ds.isel(time=slice(-30, None))).save(short)
    out = folder / "short.csv"
    assert done(folder, "forecast", run.path, short, "--out", out, "--json").document["rows"] == 12 * 4
    table = read_table(out)
    assert set(table["issued"]) == {whole.time[-1]}
    assert table[["forecast", "persistence", "seasonal_naive"]].notna().all(axis=None)


def read_table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, parse_dates=["issued", "time"])
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        frame = ds.load().to_dataframe().reset_index()
    return frame[COLUMNS].sort_values(["issued", "sensor", "target", "horizon"], ignore_index=True)


# ---- what is refused -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "nonsense"], "there is no 'nonsense' among the models"),
        (["--model", "persistence"], "persistence has nothing to train"),
        (["--prune", "nonsense"], "there is no 'nonsense' among the strategies"),
        (["--prune", "st-prune", "--keep", "0.01"], "the smallest share is"),
        (["--set", "model.nonsense=1"], "there is no option 'nonsense'; known are width, layers, dropout"),
        (["--set", "train.nonsense=1"], "there is no option 'train.nonsense'"),
        (["--set", "nonsense"], "--set takes name=value"),
        (["--set", "model.width=0"], "greater than or equal to 1"),
        (["--set", "train.lr=nan"], "option 'train.lr'"),
        (["--split", "0.9,0.2,0.2"], "three shares above 0 that sum to 1"),
        (["--split", "0.9"], "option 'data.split'"),
        (["--epochs", "0"], "option 'train.epochs'"),
        (["--epochs", "many"], "Invalid value for '--epochs': "),
        (["--nonsense"], "No such option: --nonsense"),
        (["--lookback", "400"], "choose a shorter lookback or horizon"),
        (["--set", "data.targets=speed"], "There is no channel 'speed'; the channels are flow."),
        (["--id", "../out"], "A run's id is letters, digits"),
        (["--config", "missing.json"], "There is no file missing.json."),
        (["--answers", "missing.json"], "There is no file missing.json."),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(
    arguments: list[str], words: str, small_file: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    assert words in refused(tmp_path, "train", small_file, "--runs", runs, *arguments)
    assert not runs.exists() or not list(runs.iterdir())


def test_wrong_files_are_refused(run: Run, small_file: Path, tmp_path: Path) -> None:
    broken, listed, wrong = tmp_path / "broken.json", tmp_path / "list.json", tmp_path / "wrong.json"
    broken.write_text("{")
    listed.write_text("[1]")
    wrong.write_text(json.dumps({"graph": "nonsense"}))
    assert "cannot be read as JSON" in refused(tmp_path, "inspect", small_file, "--answers", broken)
    assert "must hold a JSON object" in refused(tmp_path, "inspect", small_file, "--answers", listed)
    assert "'nonsense'" in refused(tmp_path, "inspect", small_file, "--answers", wrong)
    assert "nowhere.csv" in refused(tmp_path, "inspect", tmp_path / "nowhere.csv")
    assert "nowhere.csv" in refused(tmp_path, "train", tmp_path / "nowhere.csv", "--runs", tmp_path)
    for command in ("show", "resume", "stop", "pause", "forecast"):
        assert "'nobody' is not on this machine" in refused(tmp_path, command, "nobody", "--runs", tmp_path)
    assert "must end in .csv, .parquet, .nc" in refused(tmp_path, "forecast", run.path, "--out", tmp_path / "a.txt")
    assert "There is no folder" in refused(tmp_path, "forecast", run.path, "--out", tmp_path / "none" / "a.csv")
    small_data(sensors=3).save(tmp_path / "other.nc")
    words = refused(tmp_path, "forecast", run.path, tmp_path / "other.nc", "--out", tmp_path / "a.csv")
    assert "sensors are not in these data" in words


def test_an_unfinished_run_has_no_forecast(small_file: Path, tmp_path: Path) -> None:
    unfinished(tmp_path, small_file)
    words = refused(tmp_path, "forecast", "run", "--runs", tmp_path, "--out", tmp_path / "a.csv")
    assert words == "Run run has no finished weights yet; it is starting."
    shown = done(tmp_path, "show", "run", "--runs", tmp_path, "--json").document
    assert set(shown) >= RUN_KEYS
    assert shown["metrics"] == {"validation": None, "test": None}
    assert "run run: starting" in done(tmp_path, "show", "run", "--runs", tmp_path).stdout


def unfinished(folder: Path, small_file: Path) -> None:
    from stcore.runs import create

    create(small_file, {"train": {"threads": 1}}, folder, "run")


def test_the_module_is_a_program(small_file: Path) -> None:
    def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stcore", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60)

    plain, wrong, shown = asked(), asked("nonsense"), asked("inspect", str(small_file), "--json")
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "forecast" in plain.stdout
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "No such command 'nonsense'. Try --help.\n"
    assert json.loads(shown.stdout)["steps"] == 600


def test_a_round_says_what_is_known_of_it() -> None:
    event = {"epoch": 0, "train_loss": 189.96, "validation": {"mae": None}, "kept": 4}
    assert epoch_text(event, "round", 12.0) == "round 1: matching loss 190, 12 s left"
    assert epoch_text({**event, "validation": {"mae": 1.5}}, "round", None) == "round 1: validation MAE 1.5"
    assert (
        epoch_text({**event, "validation": {"mae": 1.5}}, "epoch", 3.0)
        == "epoch 1: validation MAE 1.5, kept 4, 3 s left"
    )
