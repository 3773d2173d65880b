"""A run's mask as tensors: the gate of a step, the slope that the mask learns from, and errors under other masks."""

import numpy as np
import torch
from torch import Tensor

from stcore import registry
from stcore.data.windows import Windows
from stcore.models.forecaster import Forecaster, Gated, under_gate
from stcore.options import Options, RunOptions
from stcore.ranks import Ranks
from stcore.registry import MaskCard
from stcore.sensors.candidates import cost_notes
from stcore.sensors.mask import Judge, SensorMask
from stcore.sensors.options import MaskOptions, SiteOptions
from stcore.sensors.sites import Sites
from stcore.training import evaluate
from stcore.training.tensors import DataTensors, thin_windows

JUDGED, FEWEST = 65_536, 16  # cells of the validation windows on which other masks are measured, and windows at least


class Masking:
    """The mask of a run over N sensors, which are R sites (single sensors, or regions of a grid)."""

    def __init__(self, tensors: DataTensors, options: RunOptions, epochs: int) -> None:
        self.tensors = tensors
        card, settings = mask_choice(options)
        self.sites, self.mask = build_mask(tensors, options, epochs)
        self.mask.notes += cost_notes(card, settings, self.sites.count, "grid" in tensors.data.ds.attrs)
        self.on = card.off != "never"
        self.of = torch.from_numpy(self.sites.of).to(tensors.device)
        self.leaf: Tensor | None = None  # the gate of the step in hand, by site

    # ---- in a step -------------------------------------------------------------------------------------------------
    def gate(self, epoch: int, batch: int) -> Tensor | None:
        """The gate [N] of a training step; None where all are on."""
        gate = self.mask.gate(epoch, batch)
        if gate is None:
            return None
        self.leaf = torch.from_numpy(gate).to(self.tensors.device, self.tensors.series.dtype)
        self.leaf.requires_grad_(self.mask.learns)
        return self.leaf[self.of]

    def learn(self, rate: float, ranks: Ranks) -> None:
        """Hand the mask the slope with regard to its gate, after the step's backward pass."""
        if self.mask.learns and self.leaf is not None and self.leaf.grad is not None:
            self.mask.learn(ranks.sum(self.leaf.grad).double().cpu().numpy(), rate)
        self.leaf = None

    # ---- between epochs --------------------------------------------------------------------------------------------
    def begin(self, epoch: int, model: Forecaster, ranks: Ranks) -> bool:
        """Have the mask decide before an epoch; says whether it has changed."""
        return self.on and self.mask.begin(epoch, self.judge(model, ranks))

    def judge(self, model: Forecaster, ranks: Ranks) -> Judge:
        """How large the model's error is under other masks, without training for them; see ``error``."""

        def errors(masks: np.ndarray) -> np.ndarray:
            windows = thin_windows(self.tensors.parts.validation, max(JUDGED // self.tensors.setting.sensors, FEWEST))
            return np.array([self.error(under_gate(model, self.tensor(mask)), windows, ranks) for mask in masks])

        return errors

    def error(self, model: Forecaster | Gated, windows: Windows, ranks: Ranks) -> float:
        """Mean absolute error over all sensors, in training spreads where there are several targets."""
        found = evaluate.error_metrics(evaluate.forecast_errors(model, self.tensors, windows, ranks), self.tensors)[
            "mae"
        ]
        return float("nan") if found is None else float(found)

    def tensor(self, gate: np.ndarray) -> Tensor:
        """A gate [R] of sites, bool or soft, as [N] of sensors."""
        return torch.from_numpy(gate.astype(np.float32)).to(self.tensors.device, self.tensors.series.dtype)[self.of]

    @property
    def forecast_gate(self) -> Tensor | None:
        """The gate [N] that forecasts are made with."""
        gate = self.mask.forecast_gate()
        return None if gate is None else self.tensor(gate)

    def under(self, model: Forecaster) -> Forecaster | Gated:
        """The model as it forecasts."""
        return under_gate(model, self.forecast_gate)

    # ---- rows and state ----------------------------------------------------------------------------------------
    def rows(self) -> dict[str, np.ndarray]:
        """Per sensor whether it is ``active`` [N] bool and its ``mask_score`` [N]; nothing without a mask."""
        if not self.on:
            return {}
        return {"active": self.sites.to_sensors(self.mask.keep), "mask_score": self.sites.to_sensors(self.mask.score)}

    @property
    def report(self) -> dict[str, float]:
        """The mask's numbers for the epoch's event."""
        return {**self.mask.report, "sites": float(self.sites.count)} if self.on else {}

    def state_dict(self) -> dict[str, Tensor]:
        """All that resuming needs."""
        return {name: torch.from_numpy(np.array(array)) for name, array in self.mask.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        self.mask.load_state_dict({name: tensor.numpy() for name, tensor in state.items()})


def build_mask(tensors: DataTensors, options: RunOptions, epochs: int) -> tuple[Sites, SensorMask]:
    """The sites of a run's data and the chosen mask over them, for so many ``epochs``."""
    card, settings = mask_choice(options)
    shared = settings if isinstance(settings, SiteOptions) else MaskOptions()
    sites = Sites(tensors.data, shared, tensors.targets[0], tensors.parts.label == 0)
    mask: SensorMask = card.load()(settings, sites, epochs, options.seed)
    return sites, mask


def mask_choice(options: RunOptions) -> tuple[MaskCard, Options]:
    """The card of the run's mask, and its options; those that older runs name and the mask has no more are left out."""
    card = registry.card("masks", options.mask["name"])
    known = {name: value for name, value in options.mask.items() if name in card.options.model_fields}
    return card, card.options.read(known)
