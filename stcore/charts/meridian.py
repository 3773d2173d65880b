"""Longitudes without a jump: where a map's places lie on both sides of the date line, the east goes on past 180."""

import numpy as np


def cut(places: np.ndarray) -> float | None:
    """The meridian west of which a map of ``places`` [N, 2] goes on past 180 degrees; None where it needs no cut.

    It is where the widest stretch without any place ends, if that is not the one over the date line.
    """
    lon = np.sort(places[np.isfinite(places).all(axis=1), 1])
    if len(lon) < 2 or np.ptp(lon) <= 180:
        return None
    gaps = np.diff(lon)
    widest = int(gaps.argmax())
    return float(lon[widest + 1]) if gaps[widest] > lon[0] + 360 - lon[-1] + 1e-9 else None


def eastward(lon: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Longitudes as the map of ``places`` counts them."""
    edge = cut(places)
    return lon if edge is None else np.where(lon < edge - 1e-9, lon + 360, lon)
