"""Given: a mask that was chosen elsewhere, such as a plan to be confirmed by training under it."""

import numpy as np

from stcore.options import Names, OptionError, option
from stcore.registry import MaskCard
from stcore.sensors.choose import gaps
from stcore.sensors.mask import Fixed, Judge
from stcore.sensors.options import COSTS, PARTS, SiteOptions
from stcore.sensors.sites import Sites


class GivenOptions(SiteOptions):
    """Options of a given mask; how many are off follows from it."""

    on: Names | None = option(None, "Sensors that are on, all others are off; all but those in off when left out.")
    off: Names | None = option(None, "Sensors that are off, where on is left out.")
    connected: bool = option(True, PARTS)
    costs: Names | None = option(None, COSTS)


class Given(Fixed):
    """The sensors named in ``on`` stay, all others are off; without ``on`` all but those in ``off``."""

    def __init__(self, options: GivenOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        if options.on is None and options.off is None:
            raise OptionError(
                "The given mask needs the sensors that stay on in mask.on, or those that are off in mask.off."
            )
        self.chosen = np.ones(sites.count, bool)
        if options.on is not None:
            self.chosen[:] = False
            self.chosen[sites.on] = True
        self.chosen[sites.off] = False
        if not self.chosen.any():
            raise OptionError("No sensor could stay on; name at least one in mask.on.")

    def idle(self) -> list[str]:
        """Naming all of them switches nothing off."""
        named, sites = self.options.on is not None, self.sites
        if len(sites.off) or (named and len(sites.on) < sites.count):
            return []
        what = "every sensor is named in mask.on" if named else "no sensor is named in mask.off"
        return [f"the mask can switch nothing off: {what}"]

    def begin(self, epoch: int, judge: Judge) -> bool:
        """The mask stands from the first epoch on."""
        self.score = self.chosen.astype(float)
        if not epoch:
            self.notes += gaps(self.chosen, self.sites)
        return self.take(self.chosen)


CARD = MaskCard(
    "given",
    "The sensors that you name stay on, all others are off: a plan, confirmed by training under it.",
    "the user's own choice",
    "stcore.sensors.given:Given",
    GivenOptions,
    ours=True,
    chooses=False,
)
