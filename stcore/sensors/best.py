"""Best: of the masks known from the data, the one under which a model forecasts best, without training for each.

Beforehand a model trains for a few epochs with sensors off at random in every step, so that it forecasts under any mask. Its
validation error compares the candidates, and the run trains under the winner. Where no single rule won, choosing by
validation worked (ours).
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.registry import MaskCard, pilot_by_options
from stcore.sensors.candidates import best_order
from stcore.sensors.mask import Judge, Ranked
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites


class BestOptions(MaskOptions):
    """Options of the best mask."""

    pilot: float = option(
        0.3, "Epochs of the model that compares the masks, as a share of the run's; they are counted apart.", gt=0, le=1
    )


class Best(Ranked):
    """The notes say who won, and by how much."""

    def __init__(self, options: BestOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.pilot = pilot_by_options(options, epochs)
        self.winner = np.arange(sites.count)

    @override
    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """Every candidate, and importance by gradient, at the mask's own sparsity."""
        self.winner, note = best_order(self.sites, judge, self.seed, {"gradient": np.argsort(-slope, kind="stable")})
        self.notes.append(note)

    @override
    def order(self) -> np.ndarray:
        return self.winner


CARD = MaskCard(
    "best",
    "The best of the masks known from the data, compared by validation error with one model that forecasts under any mask.",
    "ours",
    "stcore.sensors.best:Best",
    BestOptions,
    ours=True,
    compares=lambda options, grid: True,
)
