"""No mask: every sensor is on."""

from typing_extensions import override

from stcore.options import Options
from stcore.registry import MaskCard
from stcore.sensors.mask import Mask


class Unmasked(Mask):
    """Keeps everything; the model never gets a gate."""

    @override
    def idle_notes(self) -> list[str]:
        return []  # nothing is asked of it


CARD = MaskCard("none", "Every sensor is on.", "the baseline", "stcore.sensors.none:Unmasked", Options, off="never")
