"""What if other sensors were off: the errors of a finished run's best weights under any mask, without training for it.

A run with mask ``any`` is trained for this. Others that mix sensors answer too, but were not trained for such masks.
"""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from stcore import registry
from stcore.data import STData
from stcore.data.windows import Windows
from stcore.models.forecaster import Forecaster, under_gate
from stcore.options import RunOptions
from stcore.training.evaluate import chunks
from stcore.training.predict import setting_from_plain
from stcore.training.tensors import DataTensors, from_bytes, thin_windows

LIVE, FEWEST = (
    32_768,
    16,
)  # (window, sensor) cells of a part on which a live answer is measured, and its windows at least
Part = Literal["validation", "test"]


class WhatIf:
    """How the best weights of a run forecast its own data under any mask over its N sensors."""

    def __init__(self, data: STData, options: RunOptions, packed: bytes) -> None:
        kept = from_bytes(packed)
        self.tensors = DataTensors(data, options.data)
        self.model = load_best(kept, options)
        gate: Tensor | None = kept.get("gate")
        self.soft = softness(gate if gate is not None else torch.ones(len(data.sensors)))

    def errors(self, keep: np.ndarray, part: Part = "validation", whole: bool = False) -> np.ndarray:
        """[2, N] per sensor the summed absolute error of the first target, in its unit, and how many truths there were,
        when those in ``keep`` [N] bool are on; over some evenly spaced windows of the part, or its ``whole``."""
        return self.by_window(keep, part, whole).sum(axis=1, dtype=np.float64)

    def by_window(self, keep: np.ndarray, part: Part = "validation", whole: bool = False) -> np.ndarray:
        """[2, W, N] float32: the same window by window."""
        windows = self.windows(part, whole)
        found = np.zeros((2, len(windows), self.tensors.setting.sensors), np.float32)
        for ids in chunks(self.tensors, len(windows)):
            truth = self.tensors.truths(windows, ids)[..., 0]
            seen = np.isfinite(truth)
            error = np.abs(np.where(seen, self.forecast(windows, ids, keep)[..., 0] - truth, 0.0))
            found[:, ids] = error.sum(axis=1), seen.sum(axis=1)
        return found

    def windows(self, part: Part, whole: bool = False) -> Windows:
        """The windows on which it is measured."""
        full = self.tensors.parts.validation if part == "validation" else self.tensors.parts.test
        return full if whole else thin_windows(full, max(LIVE // self.tensors.setting.sensors, FEWEST))

    @torch.no_grad()
    def forecast(self, windows: Windows, ids: np.ndarray, keep: np.ndarray) -> np.ndarray:
        """[B, H, N, C'] float32 in units; computed from what is on alone, where the model can."""
        batch, on = self.tensors.batch(windows, ids), torch.from_numpy(keep)
        if self.model.gathers and bool((self.soft == 1).all()):
            active = on.nonzero().flatten()
            scaled = self.model.forecast_from(batch.x[:, :, active], batch.calendar, active, torch.arange(len(on)))
        else:
            scaled = under_gate(self.model, self.soft * on)(batch.x, batch.calendar)
        return self.tensors.target_scale.undo(scaled.float().numpy()).astype(np.float32)


def load_best(kept: dict[str, Any], options: RunOptions) -> Forecaster:
    """The model with the best of the weights."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    model: Forecaster = card.load()(setting_from_plain(kept["setting"]), card.options.read(choice))
    model.load_state_dict(kept["best"])
    return model.eval()


def softness(gate: Tensor) -> Tensor:
    """How far on each sensor [N] is where it is on: what the run has learnt, the mean of that where it had it off."""
    on = gate > 0
    mean = gate[on].mean() if bool(on.any()) else torch.ones(())
    return torch.where(on, gate, mean)
