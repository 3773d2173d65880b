"""What a training comes to: its state while it runs, the test of its best weights, and the error of one that diverged."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from stcore.events import Arrays
from stcore.ranks import Ranks
from stcore.training import evaluate
from stcore.training.tensors import DataTensors


@dataclass
class State:
    """How far a training has come. Model, optimizer, strategy and mask keep their own state beside it.

    ``best`` are the weights with the lowest validation error, ``error`` [W] is the error at which each sample was last met.
    """

    best: dict[str, torch.Tensor]
    error: np.ndarray
    epoch: int = 0  # epochs done
    visits: int = 0  # samples trained on, each as often as it was
    extra: dict[str, int] = field(default_factory=lambda: {"refresh": 0, "pilot": 0})  # visits that train nothing here
    best_epoch: int = -1
    best_error: float = float("inf")
    best_gate: torch.Tensor | None = None  # the mask under which the best weights were measured
    best_metrics: dict[str, Any] = field(default_factory=dict)
    masked: int = 0  # the epoch before which the mask last changed
    over: bool = False  # whether patience has ended the run

    def to_dict(self) -> dict[str, Any]:
        """Tensors, numbers and text."""
        return {**vars(self), "error": torch.from_numpy(self.error.copy())}

    def load(self, stored: dict[str, Any], device: str) -> None:
        """Take back what ``to_dict`` gave. What an earlier version did not store stays as it is; it called ``error`` level."""
        for name in vars(self):
            setattr(self, name, stored.get(name, getattr(self, name)))
        self.error = stored["error" if "error" in stored else "level"].numpy().copy()
        if self.best_gate is not None:
            self.best_gate = self.best_gate.to(device)


def measure_test(
    model: nn.Module, tensors: DataTensors, starts: np.ndarray, ranks: Ranks
) -> tuple[dict[str, Any], dict[str, Any], Arrays]:
    """A model's metrics on the test windows, those of the naive forecasts, and what is kept of its forecasts: its test errors
    by sensor and by window, and the forecasts of the windows that begin at ``starts`` [K]."""
    test = evaluate.forecast_errors(model, tensors, tensors.parts.test, ranks)
    return (
        evaluate.error_metrics(test, tensors),
        evaluate.naive_metrics(tensors),
        {
            "test_sensor_error": test.by_sensor(),
            "test_start": tensors.parts.test.starts,
            "test_error": test.windows[0],
            "test_count": test.windows[1],
            **evaluate.store_forecasts(model, tensors, starts),
        },
    )


def batch_of(samples: np.ndarray, most: int = 5) -> str:
    """The loss of a batch, named by the first of its samples."""
    others = " and others" if len(samples) > most else ""
    return f"the loss of the batch with samples {', '.join(map(str, samples[:most]))}{others}"


class Diverged(RuntimeError):
    """The loss is no number any more. Says where, and what to try: a learning rate below ``rate``."""

    def __init__(self, what: str, epoch: int, rate: float) -> None:
        kept = f"The weights of epoch {epoch} are kept" if epoch else "There are no weights yet"
        super().__init__(
            f"diverged at epoch {epoch + 1}: {what} is not finite. {kept}; try a learning rate below {rate:g}."
        )
        self.rate = rate
