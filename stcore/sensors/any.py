"""Any mask: sensors are switched off at random while training, so that the model forecasts under every mask.

What dropout does to hidden units (Srivastava et al. 2014), done to whole sensors; that a model trained so needs no
retraining for a new mask is our use of it. Nothing is off when the run ends but what was forced off.
"""

import numpy as np

from stcore.options import Names, option
from stcore.registry import Card
from stcore.sensors.choose import idle
from stcore.sensors.mask import Fixed, Judge
from stcore.sensors.options import COSTS, PARTS, SiteOptions
from stcore.sensors.sites import Sites

SMALL = 1.5  # power of an even draw: how much more often few sensors are off than many


class AnyOptions(SiteOptions):
    """Options of the any-mask model."""

    sparsity: float = option(0.7, "Largest share of the unforced sensors that is off in one step.", ge=0, le=0.9)
    connected: bool = option(True, PARTS)
    costs: Names | None = option(None, COSTS)


class AnyMask(Fixed):
    """Every step draws a share and then the sites; all are on where the model is measured.

    Its ``score`` is the mean absolute slope of the loss with regard to each site's gate, the greatest 1.
    """

    options: AnyOptions
    learns = True
    ARRAYS = (*Fixed.ARRAYS, "slope")

    def __init__(self, options: AnyOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.slope = np.zeros(sites.count)
        self.notes.append("other sensors are off in each training step; validation and test are measured with all on")

    def idle(self) -> list[str]:
        """See Fixed."""
        return idle(self.sites, self.options.sparsity)

    def begin(self, epoch: int, judge: Judge) -> bool:
        """Only what is forced off is off for good."""
        self.score = self.slope / max(float(self.slope.max()), 1e-30)
        keep = np.ones(self.sites.count, bool)
        keep[self.sites.off] = False
        return self.take(keep)

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """See SensorMask."""
        return drawn(self.generator(1, epoch, batch), self.sites, self.options.sparsity)

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """See SensorMask."""
        self.slope += np.abs(gradient)


def drawn(generator: np.random.Generator, sites: Sites, most: float) -> np.ndarray:
    """[R] float32 gate with a share of the sites off, at random up to ``most``, small shares more often; at least one is on.

    Forced sites stay as they are forced. An even draw up to ``most`` forecasts sparse masks better and full ones worse.
    """
    free = np.setdiff1d(np.arange(sites.count), np.concatenate([sites.on, sites.off]))
    gate = np.ones(sites.count, np.float32)
    gate[sites.off] = 0
    spare = 0 if len(sites.on) else 1
    off = min(int(most * generator.uniform() ** SMALL * len(free)), len(free) - spare)
    gate[generator.choice(free, max(off, 0), replace=False)] = 0
    return gate


CARD = Card(
    "any",
    "No sensor for good: each step switches others off at random, so that the model forecasts under every mask.",
    "after Srivastava et al. 2014, JMLR 15; for sensors ours",
    "stcore.sensors.any:AnyMask",
    AnyOptions,
    ours=True,
    title="any mask",
)
