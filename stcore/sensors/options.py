"""Options that all masks share."""

from stcore.options import Names, Options, option


class MaskOptions(Options):
    """How many sensors are switched off, and what must hold for those that stay."""

    sparsity: float = option(0.4, "Share of the sensors (on grids: regions) that is switched off.", ge=0, le=0.9)
    on: Names | None = option(None, "Sensors that stay on whatever happens, such as a,b.")
    off: Names | None = option(None, "Sensors that are switched off whatever happens.")
    connected: bool = option(True, "Keep at least one sensor in every connected part of the graph.")
    costs: Names | None = option(None, "What sensors cost, such as a=3,b=2.5; 1 for those not named.")
    budget: float | None = option(
        None, "What the sensors that stay may cost together; decides instead of the sparsity.", gt=0, unit="of cost"
    )
    region: int = option(4, "Cells along each side of a region; only grids have regions.", ge=1, le=64, unit="cells")
