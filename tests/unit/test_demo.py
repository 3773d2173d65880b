"""The shipped demo: what was planted is found again, and the finished run belongs to the shipped data."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stcore import readers
from stcore.data import STData
from stcore.runs import Run, open_run

DATA = Path(readers.DEMO).parent


@pytest.fixture(scope="module")
def city() -> STData:
    return readers.open("demo")


@pytest.fixture(scope="module")
def run() -> Run:
    return open_run(DATA / "demo-run")


def test_the_finished_run_is_of_the_shipped_city(city: STData, run: Run) -> None:
    assert run.status == "done"
    assert run.spec.data.fingerprint == city.fingerprint
    assert run.spec.data.simulated and city.simulated
    assert run.summary()["visits"]["share"] == pytest.approx(0.5, rel=0.01)


def test_it_is_small_and_names_no_machine(run: Run) -> None:
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2.2e6
    assert {"lock", "worker.json", "log.txt"}.isdisjoint(path.name for path in files)
    assert run.spec.data.source == "demo"


def test_it_beats_the_naive_forecasts(run: Run) -> None:
    summary = run.summary()
    assert summary["metrics"]["test"]["mae"] < 0.8 * min(naive["mae"] for naive in summary["naive"].values())


def overlaps(city: STData, starts: np.ndarray, length: int) -> np.ndarray:
    """Which windows [W] overlap a planted incident."""
    step = np.timedelta64(round(city.step_seconds), "s")
    first, last = (
        (city.ds[name].values - city.ds["time"].values[0]) / step for name in ("incident_start", "incident_end")
    )
    return ((starts[:, None] <= last) & (starts[:, None] + length - 1 >= first)).any(axis=1)


def test_incidents_rank_high_in_complexity(city: STData, run: Run) -> None:
    trace = run.trace()
    incident = overlaps(city, trace["start"].values, 24)
    assert 0.05 < incident.mean() < 0.4
    assert roc_auc_score(incident, trace["score"].values[-1].astype(float)) >= 0.85


def test_pruning_keeps_more_of_the_incidents(city: STData, run: Run) -> None:
    trace = run.trace()
    incident = overlaps(city, trace["start"].values, 24)
    kept = trace["kept"].values
    pruned = kept[kept.mean(axis=1) < 0.99]
    assert pruned[:, incident].mean() > 1.5 * pruned[:, ~incident].mean()
