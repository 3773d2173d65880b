"""Evidence out of runs that were really trained: their errors window by window are those of their metrics."""

import numpy as np
import pytest
from tiny import tiny
from training_runs import trained

from stcore.evidence import Arm, report
from stcore.evidence import Evidence as Found  # pytest takes names that begin with Test for tests
from stcore.runs import Run

ARMS = {"method": ("method", "st-prune", 0.6), "control": ("full-equal", "full", 0.6)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Run]]:
    folder = tmp_path_factory.mktemp("evidence")
    tiny(missing=0.1).save(folder / "tiny.nc")
    return {
        label: [
            trained(folder / "tiny.nc", folder, f"{label}-{seed}", prune={"name": name, "keep": keep}, seed=seed)
            for seed in range(2)
        ]
        for label, (_, name, keep) in ARMS.items()
    }


def test_errors_by_window_are_those_of_the_metrics(runs: dict[str, list[Run]]) -> None:
    for run in runs["method"]:
        found, metrics = Found.of(run), run.summary()["metrics"]["test"]
        assert found.mae == pytest.approx(metrics["mae"], rel=1e-5)
        by_horizon = found.error.sum(axis=0) / found.count.sum(axis=0)
        assert by_horizon == pytest.approx([row["mae"] for row in metrics["by_horizon"]], rel=1e-5)
        assert len(found.start) == run.spec.windows.test and (np.diff(found.start) > 0).all()
        assert (found.count < 4).any(), "missing targets must not count"


def test_the_time_is_that_of_the_first_forecast_step(runs: dict[str, list[Run]]) -> None:
    found, data = Found.of(runs["method"][0]), tiny(missing=0.1)
    assert (found.time == data.time[found.start + found.lookback].to_numpy()).all()


def test_a_report_of_them(runs: dict[str, list[Run]]) -> None:
    arms = [Arm(label, role, name, keep, "windows", runs[label]) for label, (role, name, keep) in ARMS.items()]
    found = report(arms, tiny(missing=0.1))
    (verdict,) = found["verdicts"]
    assert verdict["sentence"].startswith("At 60 % of the visits method ")
    equal = [row["cell_visits"] for row in found["front"]]
    assert equal[0] == pytest.approx(equal[1], rel=0.01)
    assert {row["horizon"] for row in found["by_horizon"]} == set(range(1, 13))
    assert all(row["cpu_train"] > 0 and row["seconds_train"] > 0 for row in found["costs"])
