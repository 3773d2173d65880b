"""Evidence: the test errors of one finished run. Paired: the evidence of several arms, seed by seed.

Dimensions: A arms, S seeds, W test windows, H horizon, N sensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcore.runs import Run
from stcore.runs.trace import times

FARTHEST = 10**9  # steps; no data are as long


class EvidenceError(ValueError):
    """Runs that give no evidence, alone or together. The message says which and why."""


@dataclass(frozen=True)
class Evidence:
    """One run's errors on its test windows.

    ``error`` [W, H]: absolute errors summed over sensors, in the target's unit (in training spreads where there are several
    targets); ``count`` [W, H]: how many targets were observed; ``start`` [W]: first input steps, ascending; ``time`` [W]:
    instants of the first forecast step; ``sensor_error`` [N]: MAE per sensor. ``visits``, ``seconds``
    and ``cpu`` (seconds of the processor; empty where unknown) are the run's own.
    """

    run: str
    seed: int
    error: np.ndarray
    count: np.ndarray
    start: np.ndarray
    time: np.ndarray
    sensor_error: np.ndarray
    sensors: list[str]
    lookback: int
    step_seconds: float
    fingerprint: str
    visits: dict[str, Any]
    seconds: dict[str, float]
    cpu: dict[str, float]

    @property
    def horizon(self) -> int:
        """H."""
        return int(self.error.shape[1])

    @property
    def mae(self) -> float:
        """Mean absolute error over all observed targets."""
        return float(self.error.sum(dtype=np.float64) / self.count.sum(dtype=np.float64))

    @classmethod
    def of(cls, run: Run) -> "Evidence":
        """The evidence of ``run``. EvidenceError where it is not finished or kept no errors by window."""
        if run.status != "done" or run.result is None:
            raise EvidenceError(f"Run {run.id} is {run.status}, not done; evidence needs finished runs.")
        data, lookback = run.spec.data, run.spec.lookback
        start = _row(run, "test_start", "<i8", (-1,))
        shape = (len(start), run.spec.horizon)
        if not len(start) or start[0] < 0 or start[-1] > FARTHEST or not (np.diff(start) > 0).all():
            raise damaged_rows(run, "test_start", "its steps do not rise")
        return cls(
            run=run.id,
            seed=run.spec.options.seed,
            error=_row(run, "test_error", "<f4", shape),
            count=_row(run, "test_count", "<f4", shape),
            start=start,
            time=times(pd.Timestamp(data.first_step), data.step_seconds, start + lookback),
            sensor_error=_row(run, "test_sensor_error", "<f8", (len(data.sensors),)),
            sensors=data.sensors,
            lookback=lookback,
            step_seconds=data.step_seconds,
            fingerprint=data.fingerprint,
            visits=run.result["visits"],
            seconds=run.result["seconds"],
            cpu=run.result.get("cpu", {}),
        )


def _row(run: Run, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """One of the arrays that a finished run left."""
    path: Path = run.path / "rows" / f"{name}.bin"
    if not path.is_file():
        raise EvidenceError(
            f"Run {run.id} was finished by a version that did not keep the test errors of every window; train it again."
        )
    found = np.fromfile(path, dtype)
    if shape != (-1,) and found.size != np.prod(shape):
        raise damaged_rows(run, name, f"it holds {found.size} numbers")
    if name in ("test_error", "test_count") and not (np.isfinite(found).all() and (found >= 0).all()):
        raise damaged_rows(run, name, "it holds what is no number of 0 or above")
    if name == "test_count" and not found.any():
        raise EvidenceError(f"Run {run.id} was tested on no observed target.")
    return found.reshape(shape)


def damaged_rows(run: Run, name: str, why: str) -> EvidenceError:
    """What is said of an array that cannot be what the run left."""
    return EvidenceError(f"The file {name}.bin of run {run.id} is damaged: {why}; train it again.")


class Paired(NamedTuple):
    """Arms laid beside each other: ``error`` [A, S, W, H] float64 of the ``seeds`` that all have; ``tests`` [A][S]."""

    seeds: list[int]
    error: np.ndarray
    tests: list[list[Evidence]]

    @property
    def one(self) -> Evidence:
        """One of the runs, for what all share: windows, counts, calendar."""
        return self.tests[0][0]


def pair_by_seed(*arms: Sequence[Evidence]) -> Paired:
    """The runs of the arms, paired by seed. EvidenceError where no seed is in all, the windows differ, or one has no error."""
    by_seed = [{test.seed: test for test in arm} for arm in arms]
    for arm, found in zip(arms, by_seed, strict=True):
        if len(found) < len(arm):
            raise EvidenceError("One arm has two runs with the same seed; runs are paired by seed, so leave one out.")
    seeds = sorted(set.intersection(*(set(found) for found in by_seed)))
    if not seeds:
        raise EvidenceError(
            "No seed was run with all of these arms, so nothing can be paired; train them with equal seeds."
        )
    tests = [[found[seed] for seed in seeds] for found in by_seed]
    one = tests[0][0]
    for test in (test for arm in tests for test in arm):
        if not same_test(one, test):
            raise EvidenceError(
                f"Runs {one.run} and {test.run} were tested on different windows: data, split, lookback, horizon or targets "
                "differ, so their errors cannot be paired."
            )
        if not test.error.any():
            raise EvidenceError(
                f"Run {test.run} made no error at all on the test windows, as where the target is constant there; differences "
                "are relative, so there is none to tell."
            )
    return Paired(seeds, np.array([[test.error for test in arm] for arm in tests], np.float64), tests)


def same_test(one: Evidence, other: Evidence) -> bool:
    """Whether two runs were tested on the same windows with the same observed targets."""
    same = one.fingerprint == other.fingerprint and one.count.shape == other.count.shape
    return same and np.array_equal(one.start, other.start) and np.array_equal(one.count, other.count)
