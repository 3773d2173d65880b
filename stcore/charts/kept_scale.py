"""Which kept shares get which colour where samples are kept in part, so that a run that keeps little is not one flat colour."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.diagnostics.choices import mean_share


class KeptScale(NamedTuple):
    """The kept shares at the low end, in the middle and at the high end of a colour ramp; those beyond look like the ends."""

    low: float
    mean: float
    high: float

    @property
    def words(self) -> list[str]:
        """What stands at the low end, in the middle and at the high end of a legend."""
        low, mean, high = (f"{100 * share:.3g} %" for share in self)
        return [low + " or less" * (self.low > 0), f"{mean} (mean)", high + " and more" * (self.high < 1)]


WHOLE = KeptScale(0.0, 0.5, 1.0)


def around(mean: float) -> KeptScale | None:
    """The scale with the ``mean`` kept share in its middle, as far above as below; None where that is 0 or 1.

    At a mean of at most a half it begins at 0 and ends at twice the mean; above, it ends at 1.
    """
    return KeptScale(max(0.0, 2 * mean - 1), mean, min(1.0, 2 * mean)) if 0 < mean < 1 else None


def kept_scale(trace: xr.Dataset) -> KeptScale | None:
    """The scale around the mean share of a trace's pruned epochs; None where samples are kept whole, or none was pruned."""
    return None if trace["kept"].dtype == bool else around(mean_share(trace))


def colour_bar(scale: KeptScale | None, thickness: int) -> dict[str, Any]:
    """Plotly's legend of kept shares in per cent; with a ``scale``, numbers at its ends and at the mean, and few words."""
    bar = {"title": {"text": "kept (%)", "side": "right"}, "outlinewidth": 0, "thickness": thickness}
    if scale is None:
        return bar
    places = [100 * share for share in scale]
    low, mean, high = (f"{place:.3g}" for place in places)
    said = ["≤ " * (scale.low > 0) + low, f"{mean} (mean)", "≥ " * (scale.high < 1) + high]
    return bar | {"tickvals": places, "ticktext": said}


def stretched(stops: list[str], scale: KeptScale, count: int) -> list[str]:
    """``count`` colours for shares from 0 to 1; those between the ends of ``scale`` run through ``stops`` (#rrggbb)."""
    inks = np.array([[int(stop[place : place + 2], 16) for place in (1, 3, 5)] for stop in stops])
    at, share = np.linspace(scale.low, scale.high, len(stops)), np.linspace(0, 1, count)
    mixed = np.stack([np.interp(share, at, ink) for ink in inks.T], axis=1).round().astype(int)
    return ["#" + "".join(f"{part:02x}" for part in colour) for colour in mixed]
