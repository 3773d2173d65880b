"""Longitudes without a jump: where locations lie on both sides of the date line, longitudes continue past 180 degrees."""

from typing import Any

import numpy as np


def middle_longitude(locations: np.ndarray) -> float | None:
    """The middle longitude of ``locations`` [N, 2], -180 to 180, where they lie on both sides of the date line; else None.

    They do where the widest gap between their longitudes is not the one over that line.
    """
    lon = np.sort(locations[np.isfinite(locations).all(axis=1), 1])
    if len(lon) < 2 or np.ptp(lon) <= 180:
        return None
    gaps = np.diff(lon)
    widest = int(gaps.argmax())
    if gaps[widest] <= lon[0] + 360 - lon[-1] + 1e-9:
        return None
    return float((lon[widest + 1] + lon[widest] + 360) / 2 + 180) % 360 - 180


def eastward(lon: np.ndarray, locations: np.ndarray) -> np.ndarray:
    """Longitudes on the map of ``locations``: across the date line, the values nearest to its middle."""
    centre = middle_longitude(locations)
    return lon if centre is None else lon + 360 * np.round((centre - lon) / 360)


def turn_geometry(shape: Any, locations: np.ndarray) -> Any:
    """A GeoJSON geometry with its longitudes on the map of ``locations``."""
    centre = middle_longitude(locations)
    if centre is None or not shape:
        return shape
    return {**shape, "coordinates": _turn_part(shape.get("coordinates", []), centre)}


def _turn_part(part: Any, centre: float) -> Any:
    if part and not isinstance(part[0], list | tuple):
        return [part[0] + 360 * round((centre - part[0]) / 360), *part[1:]]
    return [_turn_part(inner, centre) for inner in part]
