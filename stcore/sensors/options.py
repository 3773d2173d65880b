"""Options that masks share."""

from typing import Any

from pydantic import model_validator

from stcore.options import Names, Options, option

# Options that older runs name for masks that have none of them. They did nothing at these values.
RETIRED = {"sparsity": 0.4, "budget": None}


class SiteOptions(Options):
    """What must hold for the sensors that stay, whatever the mask. Plans that are made on the run take parts and costs over."""

    on: Names | None = option(None, "Sensors that stay on whatever happens, such as a,b.")
    off: Names | None = option(None, "Sensors that are switched off whatever happens.")
    connected: bool = option(True, "Keep at least one sensor in every connected part of the graph.")
    costs: Names | None = option(None, "What sensors cost, such as a=3,b=2.5; 1 for those not named.")
    region: int = option(
        4, "Grid cells along each side of a region; only grids have regions.", ge=1, le=64, unit="cells"
    )

    @model_validator(mode="before")
    @classmethod
    def _retired(cls, values: Any) -> Any:
        """Leaves out what older runs wrote beside their options. Another value was asked for, and is refused."""
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


def mask_options(options: SiteOptions) -> MaskOptions:
    """The same for a mask that does not choose how many are off: only the sensors that are named are off."""
    if isinstance(options, MaskOptions):
        return options
    return MaskOptions(sparsity=0.0, **{name: getattr(options, name) for name in SiteOptions.model_fields})
