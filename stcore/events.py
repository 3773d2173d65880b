"""What a running job says, in the order it says it. A job writes and prints nothing: it is iterated.

``Started``, then per epoch many ``Progress`` and one ``Epoch``, at the end ``Finished``. Arrays travel beside the plain
values and are stored as rows; ``to_json`` leaves them out.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Event:
    """Something that happened in a job."""

    @property
    def name(self) -> str:
        """The event's name in ``events.jsonl``: its class in lower case."""
        return type(self).__name__.lower()

    def to_json(self) -> dict[str, Any]:
        """The event's plain values; arrays are left out."""
        plain = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "arrays"}
        return {"event": self.name, **plain}


@dataclass(frozen=True)
class Started(Event):
    """The job has its data and model and begins (or goes on) at ``epoch``."""

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
    """A batch is done. ``visits`` of ``planned`` sample visits of the whole run are behind us.

    In epoch -1 they are those of the short trainings that a strategy wants beforehand; of a distillation those of the teacher
    and of the models that measure the start.
    """

    epoch: int
    batch: int
    batches: int
    visits: int
    planned: int


@dataclass(frozen=True)
class Epoch(Event):
    """An epoch is done: the weighted mean loss in training spreads, validation metrics in units, seconds by kind of work,
    on the wall (``seconds``) and of the processor (``cpu``).

    ``arrays``: ``score`` [W] (NaN where never scored), ``level`` [W] (the error at which a sample was last met, in training
    spreads), ``kept`` [W] bool, ``weight`` [W], ``sensor_error`` [N] (validation MAE in units) and ``importance`` [N]
    (share of the input's pull on the loss). Where samples are cells, these are means over a window's sensors, ``kept`` is
    a share, and ``sensor_kept`` and ``sensor_score`` [N] tell the same of each sensor. Under a mask ``active`` [N] bool and
    ``mask_score`` [N] say which sensors are on and what the mask thinks of them, and ``mask`` counts them. ``notes`` are
    those that could not be told before, such as which mask won a comparison.
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
    """The run's result, of the weights with the best validation error.

    ``arrays``: ``forecast`` [K, H, N, C'] in z-scores, float16, and ``forecast_start`` [K] (first input steps), plus the
    test's MAE per sensor ``test_sensor_error`` [N] in units, and for paired comparisons of each test window and step the
    summed absolute error and the count of targets, ``test_error`` and ``test_count`` [W, H] of the windows at
    ``test_start`` [W]. ``visits`` tells, beside those of training, ``refresh`` (scored without gradient) and ``pilot``
    (trained beforehand).
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
