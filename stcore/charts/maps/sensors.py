"""What a map of sensors shows, in the page or flat: numbers at locations, their colours and sizes, and the layers around."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stcore.charts.maps.grid_cells import Cells
from stcore.charts.maps.layers import Layers
from stcore.charts.maps.meridian import eastward
from stcore.charts.maps.overlays import Overlay
from stcore.charts.scales import colour_limits, full_limits, scale_colours, symmetric_limits
from stcore.charts.theme import Theme
from stcore.charts.words import axis_title, deck_text, short

SMALL, LARGE, QUIET = 3.2, 7.6, 2.6  # radius in pixels of the lowest and the highest value; of dots that tell no value
MOST_OUTLINED = 2000


@dataclass(frozen=True)
class SensorMap:
    """N sensors at ``locations`` [N, 2] (latitude, longitude; NaN: not drawn) with ``values`` [N] (NaN: none).

    ``label`` and ``unit`` say what the values are, ``limits`` which of them get the ends of the colour scale (default:
    the middle 96 %; from minus to plus the same where ``diverging``), ``layers`` what is drawn underneath and
    ``overlays`` what may be pointed at, the last of them coloured by numbers where it has some. ``cells``: the sensors are
    cells of a grid. ``online``: with a map from the internet underneath.
    """

    names: Sequence[str]
    locations: np.ndarray
    values: np.ndarray
    label: str
    unit: str = ""
    limits: tuple[float, float] | None = None
    layers: Layers = field(default_factory=dict)
    cells: Cells | None = None
    overlays: Sequence[Overlay] = ()
    diverging: bool = False
    online: bool = False

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the sensors with a location, in drawing order."""
        return np.flatnonzero(np.isfinite(self.locations).all(axis=1))

    @property
    def spots(self) -> list[list[float]]:
        """[N] longitude and latitude of each sensor on the map."""
        lon = eastward(self.locations[:, 1], self.locations)
        return np.stack([lon, self.locations[:, 0]], axis=1).round(6).tolist()

    @property
    def areas(self) -> Overlay | None:
        """The overlay that is coloured by numbers, whose scale the map then has; dots are only marks."""
        return next((overlay for overlay in self.overlays if overlay.values is not None), None)

    @property
    def gaps(self) -> bool:
        """Whether there are areas without a number, which are hatched."""
        return self.areas is not None and bool(np.isnan(self.areas.values).any())  # type: ignore[arg-type]

    @property
    def tiled(self) -> bool:
        """Whether cells are drawn, not dots."""
        return self.cells is not None and self.areas is None

    @property
    def title(self) -> str:
        """What the colours mean, with the unit."""
        return axis_title(self.areas.label if self.areas else self.label, self.unit)

    @property
    def outlined(self) -> bool:
        """Whether dots have an outline: not where there are too many dots to see more than outlines, and never for cells."""
        return len(self.drawn) <= MOST_OUTLINED and self.cells is None

    @property
    def range(self) -> tuple[float, float]:
        """The values at the ends of the colour scale."""
        if self.areas is not None and self.areas.values is not None:
            return symmetric_limits(self.areas.values) if self.diverging else full_limits(self.areas.values)
        return self.limits or (symmetric_limits(self.values) if self.diverging else colour_limits(self.values))

    def shares(self, values: np.ndarray) -> np.ndarray:
        """The position of values on the colour scale, 0 to 1, NaN for NaN."""
        low, high = self.range
        return np.clip((values - low) / ((high - low) or 1.0), 0, 1)

    def colours(self, values: np.ndarray, theme: Theme) -> np.ndarray:
        """[M, 3] red, green and blue of some values [M]."""
        return scale_colours(self.shares(values), theme, self.diverging)

    @property
    def radii(self) -> np.ndarray:
        """[N] radius in pixels, growing with the value, or away from 0; smaller where there are many sensors."""
        crowd = np.clip(np.sqrt(250 / max(len(self.drawn), 1)), 0.3, 1.15)
        if self.areas is not None:
            return np.full(len(self.names), crowd * QUIET if self.cells is None else 0.8)
        return crowd * dot_radii(self.shares(self.values), self.diverging)

    def said(self) -> list[str]:
        """[N] the text that a pointer over each sensor shows."""
        sign = "+" if self.diverging else ""
        return [
            deck_text(f"{name}\n{self.label}: {sign if value > 0 else ''}{short(value, self.unit)}")
            for name, value in zip(self.names, self.values, strict=True)
        ]


def dot_radii(shares: np.ndarray, diverging: bool = False) -> np.ndarray:
    """Radii in pixels for positions on the scale; on a diverging scale both ends are large."""
    return SMALL + (LARGE - SMALL) * np.nan_to_num(np.abs(2 * shares - 1) if diverging else shares)


def clicked_sensor(sensors: SensorMap, index: int) -> int | None:
    """The position of the sensor that a click's index on the map means, or None."""
    drawn, points = sensors.drawn, 2 if sensors.outlined else 1
    return int(drawn[index // points]) if 0 <= index < points * len(drawn) else None
