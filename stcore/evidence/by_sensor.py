"""Two runs of the same data, sensor by sensor: where one forecasts better than the other."""

from collections.abc import Sequence

import numpy as np

from stcore.evidence.side_by_side import notes
from stcore.runs import Run, RunError
from stcore.runs.trace import trace

VALIDATION, TEST = "validation", "test"


def comparable(run: Run, others: Sequence[Run]) -> list[Run]:
    """Those of some runs that can be held against ``run``: of the same data and first target, with a finished epoch."""

    def key(one: Run) -> tuple[str, str]:
        return one.spec["data"]["fingerprint"], one.spec["targets"][0]

    return [other for other in others if other.id != run.id and key(other) == key(run) and other.epochs()]


def parts_of(run: Run, other: Run) -> list[str]:
    """What both can be compared on: validation always, the test once both have ended."""
    tested = all("test_sensor_error" in trace(one) for one in (run, other))
    return [TEST, VALIDATION] if tested else [VALIDATION]


def sensor_errors(run: Run, part: str) -> np.ndarray:
    """[N] mean absolute error of each sensor on a ``part``, by the weights that were best in validation. RunError without."""
    seen = trace(run)
    if part == TEST:
        if "test_sensor_error" not in seen:
            raise RunError(f"Run {run.id} has no test errors yet; it is {run.status}.")
        return seen["test_sensor_error"].values.astype(float)
    if not seen.sizes["epoch"]:
        raise RunError(f"Run {run.id} has no finished epoch yet; it is {run.status}.")
    best = [place for place, event in enumerate(run.epochs()) if event["best"]]
    return seen["sensor_error"].values[best[-1] if best else -1].astype(float)


def difference(run: Run, other: Run, part: str) -> np.ndarray:
    """[N] error of ``run`` minus that of ``other``: below 0 where ``run`` is better. RunError where they do not fit."""
    if not comparable(run, [other]):
        raise RunError(f"Runs {run.id} and {other.id} are not of the same data, or one has no finished epoch.")
    return sensor_errors(run, part) - sensor_errors(other, part)


def warnings_of(run: Run, other: Run) -> list[str]:
    """Why the two may not be comparable, in sentences; that a run goes on is none for its validation."""
    return [note for note in notes([run, other]) if "finished" not in note]
