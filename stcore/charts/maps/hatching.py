"""Hatching: slanted lines inside areas without data, so that they do not look like low numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stcore.charts.maps.layers import outlines

LINES = 45  # over the height or width of the map
MOST = 200  # of one area, even where it reaches far beyond the map
NO_DATA = "no data"


def line_spacing(locations: np.ndarray) -> float:
    """Degrees of latitude between two lines on a map of ``locations`` [N, 2] in degrees that do not jump at the date line."""
    known = locations[np.isfinite(locations).all(axis=1)]
    extent = float(np.ptp(known, axis=0).max()) if len(known) else 1.0
    return max(extent, 1e-3) / LINES


def hatch_lines(geometry: Mapping[str, Any] | None, gap: float) -> list[list[list[float]]]:
    """Lines [[longitude, latitude], [longitude, latitude]] that rise to the east through an area, holes left out.

    Even-odd over all rings: a line is inside between its first and second crossing, its third and fourth, and so on.
    """
    rings = [ring for area, ring in outlines({"features": [{"geometry": geometry}]}) if area and len(ring) > 2]
    if not rings:
        return []
    wide = max(float(np.cos(np.radians(np.concatenate(rings)[:, 1].mean()))), 0.05)
    start = np.concatenate(rings) * [wide, 1]
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]) * [wide, 1]
    first, last = start[:, 1] - start[:, 0], end[:, 1] - end[:, 0]  # the slanted line that each corner is on
    low, high = first.min(), first.max()
    gap = max(gap, (high - low) / MOST)
    hatching = []
    for line in gap * np.arange(np.ceil(low / gap), high / gap):
        crossed = (first <= line) != (last <= line)
        along = (line - first[crossed]) / (last[crossed] - first[crossed])
        east = np.sort(start[crossed, 0] + along * (end[crossed, 0] - start[crossed, 0]))
        ends = np.stack([east / wide, east + line], axis=1).round(5)
        hatching += ends[: len(ends) // 2 * 2].reshape(-1, 2, 2).tolist()
    return hatching
