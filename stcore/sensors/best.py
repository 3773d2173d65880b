"""Best: of the masks known from the data, the one under which a model forecasts best; found without training for each.

Beforehand a model trains for a few epochs with sensors off at random in every step, so that it forecasts under any mask. The
candidates are compared by its validation error, and the run trains under the winner. Choosing by validation is what worked
where no single rule won (ours).
"""

import numpy as np

from stcore.options import option
from stcore.registry import MaskCard
from stcore.sensors.candidates import best_order
from stcore.sensors.mask import Fixed, Judge
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites


class BestOptions(MaskOptions):
    """Options of the best mask."""

    pilot: float = option(
        0.3, "Epochs of the model that compares the masks, as a share of the run's; they are counted apart.", gt=0, le=1
    )


class Best(Fixed):
    """Who won, and by how much, is in the notes."""

    def __init__(self, options: BestOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.pilot = max(1, round(options.pilot * epochs))
        self.found = np.arange(sites.count)

    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """Every candidate, and importance by gradient, at the sparsity that is aimed at."""
        self.found, told = best_order(self.sites, judge, self.seed, {"gradient": np.argsort(-slope, kind="stable")})
        self.notes.append(told)

    def order(self) -> np.ndarray:
        """The winner's."""
        return self.found


CARD = MaskCard(
    "best",
    "The best of the masks known from the data, compared by validation error with one model that forecasts under any mask.",
    "ours",
    "stcore.sensors.best:Best",
    BestOptions,
    ours=True,
    compares=lambda options, grid: True,
)
