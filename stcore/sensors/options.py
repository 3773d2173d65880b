"""Options that masks share."""

from typing import Any

from pydantic import model_validator

from stcore.options import Names, Options, option

RETIRED = {"sparsity": 0.4, "budget": None}  # what specs of old name for masks without them, where it did nothing


class SiteOptions(Options):
    """What must hold for the sensors that stay, whatever the mask. Parts and costs go on into plans made on the run."""

    on: Names | None = option(None, "Sensors that stay on whatever happens, such as a,b.")
    off: Names | None = option(None, "Sensors that are switched off whatever happens.")
    connected: bool = option(True, "Keep at least one sensor in every connected part of the graph.")
    costs: Names | None = option(None, "What sensors cost, such as a=3,b=2.5; 1 for those not named.")
    region: int = option(4, "Cells along each side of a region; only grids have regions.", ge=1, le=64, unit="cells")

    @model_validator(mode="before")
    @classmethod
    def _retired(cls, values: Any) -> Any:
        """What older runs wrote beside their options; another value than that was asked for, and is refused."""
        if not isinstance(values, dict):
            return values
        gone = [name for name in RETIRED if name not in cls.model_fields and values.get(name, 0) == RETIRED[name]]
        return {name: value for name, value in values.items() if name not in gone}


class MaskOptions(SiteOptions):
    """How many sensors are switched off by a mask that chooses them."""

    sparsity: float = option(0.4, "Share of the sensors (on grids: regions) that is switched off.", ge=0, le=0.9)
    budget: float | None = option(
        None, "What the sensors that stay may cost together; decides instead of the sparsity.", gt=0, unit="of cost"
    )


PLANNED = "; plans made on the run take it over, training does not ask."
PARTS = "Keep at least one sensor in every connected part of the graph" + PLANNED
COSTS = "What sensors cost, such as a=3,b=2.5; 1 for those not named" + PLANNED


def demanded(options: SiteOptions) -> MaskOptions:
    """The same for masks that do not choose how many are off: nothing is off but by name."""
    if isinstance(options, MaskOptions):
        return options
    return MaskOptions(sparsity=0.0, **{name: getattr(options, name) for name in SiteOptions.model_fields})
