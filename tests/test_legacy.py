"""Runs of earlier versions: they open, say what they said then, forecast as they did, and go on where they stopped.

``legacy/`` keeps a finished and a stopped run of each version whose folders differ; data and options are the same.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from stcore.processes import jobs
from stcore.runs import Run, RunError, runs_in, trash

HERE = Path(__file__).parent / "legacy"
VERSIONS = sorted(path.name for path in HERE.iterdir())
STOPPED_AFTER, EPOCHS = 3, 5


@pytest.fixture(params=VERSIONS)
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a version's runs, since nothing here may change them."""
    return Path(shutil.copytree(HERE / request.param, tmp_path / "runs"))


def test_a_version_is_kept() -> None:
    assert VERSIONS


def test_they_are_listed_with_what_they_said(runs: Path) -> None:
    found = {run.id: run for run in runs_in(runs)}
    assert set(found) == {"done", "stopped"}
    assert {name: run.status for name, run in found.items()} == {"done": "done", "stopped": "stopped"}
    summary = found["done"].summary()
    assert summary["epochs"] == EPOCHS
    assert 0 < summary["metrics"]["test"]["mae"] < 10
    assert summary["visits"]["share"] == pytest.approx(0.6, abs=0.01)


def test_their_trace_is_whole(runs: Path) -> None:
    trace = Run(runs / "done").trace()
    assert trace.sizes["epoch"] == EPOCHS
    assert np.isfinite(trace["score"].values).any(axis=1).all()
    kept = trace["kept"].values.sum()
    assert kept == Run(runs / "done").summary()["visits"]["kept"]
    assert len(Run(runs / "stopped").table()) == STOPPED_AFTER


def test_their_weights_forecast_as_they_did(runs: Path) -> None:
    run = Run(runs / "done")
    data = jobs.dataset(run)
    spec = run.spec
    last = data.steps - spec.lookback - spec.horizon
    starts = np.arange(last - 20, last + 1)
    forecast = jobs.predict(run, starts, data)
    steps = starts[:, None] + spec.lookback + np.arange(spec.horizon)
    error = np.nanmean(np.abs(forecast[..., 0] - data.values[steps, :, 0]))
    assert error == pytest.approx(run.summary()["metrics"]["test"]["mae"], rel=0.4)


TOO_OLD = {"first-release": "level"}  # versions whose checkpoints are not known any more, and what they lack


def test_a_stopped_one_goes_on_to_its_end_or_says_who_can(runs: Path, request: pytest.FixtureRequest) -> None:
    run = Run(runs / "stopped")
    before = [event["validation"] for event in run.epochs()]
    version = request.node.callspec.params["runs"]
    if version in TOO_OLD:
        with pytest.raises(
            RunError, match=f"earlier version.*{TOO_OLD[version]}.*The version of that day can finish it"
        ):
            next(iter(jobs.work(run)))
        assert [event["validation"] for event in run.epochs()] == before
        return
    for _ in jobs.work(run):
        continue
    assert run.status == "done"
    assert [event["epoch"] for event in run.epochs()] == list(range(EPOCHS))
    assert [event["validation"] for event in run.epochs()][:STOPPED_AFTER] == before
    finished = Run(runs / "done").summary()["metrics"]["test"]["mae"]
    assert run.summary()["metrics"]["test"]["mae"] == pytest.approx(finished, rel=0.05)


def test_they_can_be_deleted_and_taken_back(runs: Path) -> None:
    gone = trash.delete(Run(runs / "done"))
    assert [run.id for run in runs_in(runs)] == ["stopped"]
    assert gone.path.is_dir()
    assert trash.restore(runs, "done").status == "done"
