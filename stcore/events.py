"""Events: what a task reports while it runs. A task writes and prints nothing; the caller iterates over its events.

The order is ``Started``, then many ``Progress`` and one ``Epoch`` per epoch, then ``Finished``. An event holds plain values
and arrays. ``to_json`` gives the plain values; the arrays are stored as rows.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Event:
    """Something that happened in a task."""

    @property
    def name(self) -> str:
        """The event's name in ``events.jsonl``: its class in lower case."""
        return type(self).__name__.lower()

    def to_json(self) -> dict[str, Any]:
        """The plain values of the event, without its arrays."""
        plain = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "arrays"}
        return {"event": self.name, **plain}


@dataclass(frozen=True)
class Started(Event):
    """The task has its data and its model and starts (or resumes) at ``epoch``."""

    epoch: int
    epochs: int
    samples: int
    batch: int
    learning_rate: float
    parameters: int
    precision: str
    threads: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Progress(Event):
    """A batch is done: ``visits`` of the ``planned`` sample visits of the whole run have been made.

    Epoch -1 stands for work before the first epoch: the pilots of a strategy; in a distillation the teacher and the models
    that measure the start.
    """

    epoch: int
    batch: int
    batches: int
    visits: int
    planned: int


@dataclass(frozen=True)
class Epoch(Event):
    """An epoch is done. ``train_loss`` is the weighted mean loss in units of the training std, ``validation`` holds metrics in
    units, ``seconds`` wall time and ``cpu`` processor time by kind of work.

    ``arrays`` holds:

    - ``score`` [W], NaN where a sample was never scored
    - ``level`` [W], the error of a sample at its last visit, in units of the training std
    - ``kept`` [W] bool and ``weight`` [W]
    - ``sensor_error`` [N], validation MAE in units
    - ``importance`` [N], the share of each sensor in |input times gradient of the loss|
    - if samples are cells: the arrays over [W] are means over a window's sensors, ``kept`` is a share, and ``sensor_kept``
      and ``sensor_score`` [N] give the same for each sensor
    - under a mask: ``active`` [N] bool, the sensors that are on, and ``mask_score`` [N], the mask's score of each sensor

    ``mask`` holds the counts of the mask, ``notes`` what was not known at the start, such as which mask won a comparison.
    """

    epoch: int
    train_loss: float
    validation: dict[str, Any]
    best: bool
    visits: int
    kept: int
    learning_rate: float
    seconds: dict[str, float]
    cpu: dict[str, float] = field(default_factory=dict)
    selection: dict[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)
    mask: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Finished(Event):
    """The run's result, for the weights with the best validation error.

    ``arrays`` holds:

    - ``forecast`` [K, H, N, C'] float16 in z-scores, and ``forecast_start`` [K], the first input steps
    - ``test_sensor_error`` [N], the test MAE of each sensor in units
    - ``test_error`` and ``test_count`` [W, H], the sum of absolute errors and the count of targets for each test window and
      step, and ``test_start`` [W], where the windows start; paired comparisons use these

    ``visits`` counts training, ``refresh`` (scored without gradient) and ``pilot`` (trained before the first epoch).
    """

    epochs: int
    best_epoch: int
    metrics: dict[str, Any]
    naive: dict[str, Any]
    visits: dict[str, float]
    seconds: dict[str, float]
    cpu: dict[str, float] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)
    mask: dict[str, float] = field(default_factory=dict)
