"""Any mask: each training step switches other sensors off, so that the model forecasts under every mask.

This does to whole sensors what dropout does to hidden units (Srivastava et al. 2014). A model trained so needs no retraining
for a new mask; that use of it is ours. Three turns alternate: random sensors are off, the sensors that a simple mask would
switch off, and none. Networks that serve many sub-networks train the whole one beside random ones (Yu & Huang 2019, arXiv
1903.05134), and the masks that people ask about are not random. Over regions of a grid, random ones in every step forecast
better under every mask (bench/results/sensors-tried.md). At the end only the sensors that are forced off are off.
"""

from typing import Literal

import numpy as np
from typing_extensions import override

from stcore.options import Names, option
from stcore.registry import MaskCard
from stcore.sensors.candidates import candidate_orders
from stcore.sensors.choose import idle_notes, silent_last
from stcore.sensors.mask import Judge, Mask
from stcore.sensors.options import COSTS, PARTS, SiteOptions
from stcore.sensors.sites import Sites

SMALL = 1.5  # power of an even draw; above 1, few sensors are off more often than many


class AnyOptions(SiteOptions):
    """Options of the any-mask model."""

    sparsity: float = option(0.7, "Largest share of the unforced sensors that is off in one step.", ge=0, le=0.9)
    turns: Literal["auto", "three", "random"] = option(
        "auto",
        "Three turns: random sensors are off, then the last ones of a simple mask, then none. Or random ones in every step. "
        "Auto takes three turns, and on grids random ones.",
    )
    connected: bool = option(True, PARTS)
    costs: Names | None = option(None, COSTS)


class AnyMask(Mask):
    """A step draws a share, and then the sites or a simple mask whose last sites are off; or none is off. On a grid every
    step draws the sites. All are on where the model is measured.

    Its ``score`` is the summed absolute slope of the loss with regard to each site's gate; the greatest is 1.
    """

    options: AnyOptions
    learns = True
    arrays = (*Mask.arrays, "slope")

    def __init__(self, options: AnyOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.slope = np.zeros(sites.count)
        self.random = not takes_turns(options, "grid" in sites.data.ds.attrs)
        orders = {} if self.random else candidate_orders(sites, seed)
        self.orders = [silent_last(order, sites) for order in orders.values()]  # [R] each, most worth keeping first
        self.notes.append("other sensors are off in each training step; validation and test are measured with all on")

    @override
    def idle_notes(self) -> list[str]:
        return idle_notes(self.sites, self.options.sparsity)

    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        """Only the sites that are forced off are off for good."""
        self.score = self.slope / max(float(self.slope.max()), 1e-30)
        keep = np.ones(self.sites.count, bool)
        keep[self.sites.off] = False
        return self.switch(keep)

    @override
    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        generator, most = self.generator(1, epoch, batch), self.options.sparsity
        turn = 0 if self.random else (epoch + batch) % 3
        if turn == 1 and self.orders:
            return random_gate(generator, self.sites, most, self.orders[int(generator.integers(len(self.orders)))])
        return random_gate(generator, self.sites, most if turn < 2 else 0.0)

    @override
    def learn(self, gradient: np.ndarray, rate: float) -> None:
        self.slope += np.abs(gradient)


def random_gate(
    generator: np.random.Generator, sites: Sites, most: float, order: np.ndarray | None = None
) -> np.ndarray:
    """[R] float32 gate with a random share of the sites off, up to ``most``, small shares more often; at least one is on.

    The sites that are off are drawn, too, or they are the last in an ``order`` [R]. Forced sites stay as they are forced.
    With an even draw of the share, a model forecasts sparse masks better and full ones worse.
    """
    free = np.setdiff1d(np.arange(sites.count), np.concatenate([sites.on, sites.off]))
    gate = np.ones(sites.count, np.float32)
    gate[sites.off] = 0
    spare = 0 if len(sites.on) else 1
    off = min(int(most * generator.uniform() ** SMALL * len(free)), len(free) - spare)
    last = None if order is None else order[np.isin(order, free)][::-1][: max(off, 0)]
    gate[generator.choice(free, max(off, 0), replace=False) if last is None else last] = 0
    return gate


def takes_turns(options: AnyOptions, grid: bool) -> bool:
    """Whether the candidates' last sensors are off by turns; else random ones are off in every step."""
    return options.turns == "three" or (options.turns == "auto" and not grid)


CARD = MaskCard(
    "any",
    "No sensor is off for good: each training step switches others off, so that the model forecasts under every mask.",
    "after Srivastava et al. 2014, JMLR 15, and Yu & Huang 2019, arXiv 1903.05134; for sensors ours",
    "stcore.sensors.any:AnyMask",
    AnyOptions,
    ours=True,
    title="any mask",
    off="steps",
    compares=takes_turns,
)
