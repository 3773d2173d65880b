"""Given: a mask that was chosen elsewhere, such as a plan that is confirmed by training under it."""

import numpy as np
from typing_extensions import override

from stcore.options import Names, OptionError, option
from stcore.registry import MaskCard
from stcore.sensors.choose import gap_notes
from stcore.sensors.mask import Judge, Mask
from stcore.sensors.options import COSTS, PARTS, SiteOptions
from stcore.sensors.sites import Sites


class GivenOptions(SiteOptions):
    """Options of a given mask, which says how many are off."""

    on: Names | None = option(
        None, "Sensors that are on; all others are off. When left out, all are on but those in off."
    )
    off: Names | None = option(None, "Sensors that are off, where on is left out.")
    connected: bool = option(True, PARTS)
    costs: Names | None = option(None, COSTS)


class Given(Mask):
    """The sensors named in ``on`` stay, all others are off; without ``on`` all but those in ``off``."""

    def __init__(self, options: GivenOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        if options.on is None and options.off is None:
            raise OptionError(
                "The given mask needs the sensors that stay on in mask.on, or those that are off in mask.off."
            )
        self.wanted = np.full(sites.count, options.on is None)
        self.wanted[sites.on] = True
        self.wanted[sites.off] = False
        if not self.wanted.any():
            raise OptionError("No sensor could stay on; name at least one in mask.on.")

    @override
    def idle_notes(self) -> list[str]:
        """Naming all sensors switches nothing off."""
        by_on, sites = self.options.on is not None, self.sites
        if len(sites.off) or (by_on and len(sites.on) < sites.count):
            return []
        reason = "every sensor is named in mask.on" if by_on else "no sensor is named in mask.off"
        return [f"the mask can switch nothing off: {reason}"]

    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        """The mask is in force from the first epoch on."""
        self.score = self.wanted.astype(float)
        if not epoch:
            self.notes += gap_notes(self.wanted, self.sites)
        return self.switch(self.wanted)


CARD = MaskCard(
    "given",
    "The sensors that you name stay on, all others are off: a plan that is confirmed by training under it.",
    "the user's own choice",
    "stcore.sensors.given:Given",
    GivenOptions,
    ours=True,
    chooses=False,
)
