"""CRAIG (Mirzasoleiman, Bilmes, Leskovec 2020, arXiv 1906.01827): windows whose gradients are medoids after a short training.

Facility location on last-layer gradients, as in ``stcore.prune.craig``. The short training is of STID on all sensors. How many
windows a medoid stands for is not used: a small set weighs sensors, not windows.
"""

import numpy as np
import torch
from typing_extensions import override

from stcore.distil.options import CRAIGOptions
from stcore.distil.picked import PickedWindows
from stcore.options import OptionError, RunOptions
from stcore.prune.craig import craig, likeness
from stcore.ranks import Ranks
from stcore.training.pilots import score_all
from stcore.training.samples import TrainingSamples
from stcore.training.stopwatch import Stopwatch
from stcore.training.trainer import Trainer

# Comparing all of so many windows with each other takes 1.6 GB.
MOST = 20_000


class CRAIG(PickedWindows):
    """Medoids by the likeness (1 + cosine) / 2 of gradients."""

    options: CRAIGOptions

    @override
    def pick(self) -> np.ndarray:
        if len(self.ground.windows) > MOST:
            raise OptionError(
                f"CRAIG compares all windows with all, at most {MOST:,}; here are {len(self.ground.windows):,}."
            )
        samples, plain = TrainingSamples(self.ground.tensors), {"name": "full"}
        options = RunOptions(
            seed=self.seed,
            data=self.ground.tensors.options,
            prune=plain,
            train={"epochs": self.options.pilot, "threads": torch.get_num_threads()},
        )
        pupil = Trainer(self.ground.tensors.data, options, samples=samples)
        for epoch in range(self.options.pilot):
            list(pupil.rehearse(epoch, Stopwatch()))
        ids, columns = score_all(pupil.model, samples, ("gradients",), Ranks())
        rows = columns["gradients"][np.argsort(ids)]
        return np.flatnonzero(craig(likeness(rows), self.windows))
