"""Compact forecasters, one a file. Their cards stand in ``cards``, apart from the code: listing models loads no torch."""

from typing import Any, NamedTuple

import numpy as np

from stcore.models.cards import CARDS

__all__ = ["CARDS", "Setting"]


class Setting(NamedTuple):
    """What a model has to know of the data before it is built.

    ``edges`` are sensor positions from [E], to [E] and weights [E] >= 0. ``places`` [N, 2] are latitude and longitude in
    degrees (NaN: unknown). ``profile`` [N, P] is each sensor's mean course of a working day and of a weekend in training.
    ``location`` [N, L * C] is the mean of its training inputs in z-scores, an array or a tensor, for models whose card says
    that they read it. ``seen`` says at which slots of the day [slots] bool and days of the week [7] bool training forecasts;
    it is None where training covers about all of them; see ``Moments``.
    """

    lookback: int
    horizon: int
    sensors: int
    inputs: int
    targets: int
    slots: int  # steps in a day
    grid: tuple[int, int] | None = None  # rows and columns of the grid whose cells the sensors are
    cells: np.ndarray | None = None  # [N] position of each sensor among the grid's cells, row by row
    edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    places: np.ndarray | None = None
    profile: np.ndarray | None = None
    location: Any = None
    seen: tuple[np.ndarray, np.ndarray] | None = None

    def some(self, sensors: np.ndarray) -> "Setting":
        """The same for some sensors alone, at positions [n]; without the graph among them, and without the grid."""
        parts: dict[str, Any] = {"places": self.places, "profile": self.profile, "location": self.location}
        kept: dict[str, Any] = {name: None if part is None else part[sensors] for name, part in parts.items()}
        return self._replace(sensors=len(sensors), edges=None, grid=None, cells=None, **kept)
