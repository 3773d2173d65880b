"""Finished runs' tests, made to measure: errors that are known, with and without a run's folder around them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import lfilter

from stcore.evidence.paired import Evidence
from stcore.options import merge
from stcore.runs import Run

DAY = 24


def one_run(error: Any, seed: int = 0, count: Any = None, **other: Any) -> Evidence:
    """A test of hourly windows, lookback 2, with summed errors [W, H] over 3 sensors."""
    error = np.atleast_2d(np.asarray(error, float))
    start = np.arange(len(error), dtype=np.int64)
    known = {
        "run": f"run-{seed}",
        "seed": seed,
        "error": error,
        "count": np.full(error.shape, 3.0) if count is None else np.asarray(count, float),
        "start": start,
        "time": np.datetime64("2026-01-05T02", "ns") + start * np.timedelta64(1, "h"),
        "sensor_error": np.array([1.0, 2.0, 3.0]),
        "sensors": ["a", "b", "c"],
        "lookback": 2,
        "step_seconds": 3600.0,
        "fingerprint": "same",
        "visits": {"kept": 100, "full": 200, "share": 0.5},
        "seconds": {"total": 13.0, "train": 10.0, "score": 1.0, "select": 1.0, "evaluate": 1.0},
        "cpu": {},
    }
    return Evidence(**(known | other))


def seeds(level: float, spread: float = 0.0, number: int = 3, windows: int = 30 * DAY, **other: Any) -> list[Evidence]:
    """One test a seed around ``level`` times the same windows' errors; ``spread`` moves seeds apart, evenly."""
    base = np.abs(np.random.default_rng(7).normal(6, 1, (windows, 2)))
    moved = np.linspace(-spread, spread, number) if number > 1 else [0.0]
    noise = np.random.default_rng([8, round(1e6 * level)]).normal(0, 0.01, (number, windows, 2))
    return [one_run(base * level * (1 + moved[s] + noise[s]), s, **other) for s in range(number)]


def autoregressive(rng: np.random.Generator, size: tuple[int, ...], memory: float = 0.9) -> np.ndarray:
    """Series along the last axis in which each value remembers ``memory`` of the one before; variance 1."""
    chance = rng.normal(size=size)
    chance[..., 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], chance))


def edit(run: Run, changes: dict[str, Any]) -> Run:
    """The run with these values in its spec.json laid over its own."""
    path = run.path / "spec.json"
    path.write_text(json.dumps(merge(json.loads(path.read_text()), changes)))
    return Run(run.path)


def written(folder: Path, test: Evidence, name: str, leave_out: Sequence[str] = (), **result: Any) -> Run:
    """A finished run's folder that holds ``test``."""
    spec = {
        "data": {
            "title": "made",
            "source": "data.nc",
            "answers": {},
            "fingerprint": test.fingerprint,
            "first_step": "2026-01-05",
            "step_seconds": test.step_seconds,
            "sensors": test.sensors,
            "channels": ["c"],
            "places": None,
            "units": {},
            "simulated": False,
        },
        "targets": ["c"],
        "windows": {"train": 100, "validation": 10, "test": len(test.start)},
        "scale": {"mean": [0.0], "spread": [1.0]},
        "options": {
            "data": {"lookback": test.lookback, "horizon": test.horizon},
            "train": {"epochs": 2, "threads": 1},
            "model": {"name": "stid"},
            "prune": {"name": "full"},
            "seed": test.seed,
        },
        "versions": {},
    }
    run = Run.create(folder, spec, np.arange(100), name)
    rows = run.path / "rows"
    rows.mkdir(exist_ok=True)
    arrays = {
        "test_error": test.error.astype("<f4"),
        "test_count": test.count.astype("<f4"),
        "test_start": test.start.astype("<i8"),
        "test_sensor_error": test.sensor_error.astype("<f8"),
    }
    for row in arrays.keys() - set(leave_out):
        (rows / f"{row}.bin").write_bytes(arrays[row].tobytes())
    metrics = {"validation": {}, "test": {"mae": test.mae}}
    done = {
        "status": "done",
        "metrics": metrics,
        "naive": {},
        "visits": test.visits,
        "seconds": test.seconds,
        "cpu": test.cpu,
    }
    (run.path / "result.json").write_text(json.dumps(done | result))
    return run
