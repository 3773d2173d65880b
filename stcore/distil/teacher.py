"""A teacher: a surrogate trained on all real windows, whose forecasts become the targets of a small set's windows.

CondTSF (Ding et al. 2024, arXiv 2406.02131) moves synthetic targets step by step towards such a model's forecasts. We (a
deviation) replace them at once, which is where its steps end, and do so for real windows as well. Forecasts vary less than
readings, so a few windows carry what many readings said.
"""

from collections.abc import Iterator

import numpy as np
import torch

from stcore import registry
from stcore.distil.ground import Ground
from stcore.distil.options import DistilOptions, teacher_epochs
from stcore.distil.small import Small, as_data
from stcore.events import Epoch, Progress
from stcore.models.cards import for_unseen_sensors
from stcore.models.forecaster import Forecaster
from stcore.options import RunOptions
from stcore.ranks import Ranks
from stcore.training import recipe
from stcore.training.build import build_learner, build_model, distilled_samples
from stcore.training.evaluate import CELLS
from stcore.training.samples import TrainingSamples
from stcore.training.trainer import Trainer

# Added to the seed, so that the teacher differs from the models that are trained on the set.
SEED = 15_485_863


class Teacher:
    """A teacher. Iterate over ``train`` first; then ``teach`` puts its forecasts into a small set as targets."""

    def __init__(self, ground: Ground, options: DistilOptions, epochs: int | None) -> None:
        self.ground = ground
        batch = recipe.batch_size(options.train, ground.setting.sensors, len(ground.windows))
        number = teacher_epochs(epochs, len(ground.windows), batch)
        train = options.train.model_copy(update={"epochs": number, "patience": None, "forecasts": 0})
        plain = {"prune": {"name": "full"}, "mask": {"name": "none"}}
        seed, model = (options.seed + SEED) % 2**31, for_unseen_sensors(options.model)
        self.options = RunOptions(seed=seed, data=options.data, model=model, train=train, **plain)
        self.model: Forecaster | None = None

    @property
    def note(self) -> str:
        """The note of a distillation with a teacher."""
        epochs, model = self.options.train.epochs, registry.card("models", self.options.model["name"]).label
        return f"the windows' targets are forecasts of a teacher, {model} trained for {epochs} epochs on all real windows first"

    def train(self, ranks: Ranks) -> Iterator[Progress]:
        """Train the teacher. Yields the progress of that training."""
        trainer = Trainer(self.ground.tensors.data, self.options, ranks, TrainingSamples(self.ground.tensors))
        for event in trainer:
            if isinstance(event, Progress):
                yield event
            if isinstance(event, Epoch) and event.epoch + 1 == self.options.train.epochs:
                break  # before the test data are used
        self.load_state_dict(trainer.state.best)

    @torch.no_grad()
    def teach(self, small: Small) -> Small:
        """The set with this model's forecasts as targets. No target is missing then."""
        assert self.model is not None
        tensors, lookback = self.ground.tensors, self.ground.setting.lookback
        samples = distilled_samples(as_data(small, self.ground, {}), tensors, self.options)
        learner = build_learner(self.model, samples, self.options).eval()
        forecast, size = small.values[:, lookback:].copy(), max(1, CELLS // samples.size)
        for first in range(0, samples.count, size):
            batch = samples.batch(np.arange(first, min(first + size, samples.count)))
            windows = samples.windows.starts[first : first + size] // self.ground.length
            targets = forecast[windows]
            targets[..., tensors.targets] = learner(batch.x, batch.calendar).numpy()
            forecast[windows] = targets
        values = np.concatenate([small.values[:, :lookback], forecast], axis=1)
        return small._replace(values=values)

    def state_dict(self) -> dict[str, torch.Tensor] | None:
        """The weights. None before the training."""
        return None if self.model is None else self.model.state_dict()

    def load_state_dict(self, state: dict[str, torch.Tensor] | None) -> None:
        """Load weights of ``state_dict``."""
        if state is not None:
            self.model = build_model(self.ground.tensors, self.options)
            self.model.load_state_dict(state)
            self.model.eval()
