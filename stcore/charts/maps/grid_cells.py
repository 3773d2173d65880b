"""Cells of a grid as areas: where each one ends, so that a field is drawn as a field and not as dots."""

from dataclasses import dataclass

import numpy as np

from stcore.charts.maps.meridian import eastward
from stcore.data import STData

POLE = 85.05  # where web maps end


@dataclass(frozen=True)
class Cells:
    """N cells at (``rows`` [N], ``columns`` [N]) of a grid with borders ``lats`` [R + 1] and ``lons`` [C + 1] in degrees.

    Cells may be missing (land-masked grids) and stretches may differ in size; the borders lie half-way between centres.
    Longitudes grow without a jump, over the date line too.
    """

    rows: np.ndarray
    columns: np.ndarray
    lats: np.ndarray
    lons: np.ndarray

    @property
    def corners(self) -> np.ndarray:
        """[N, 5, 2] longitude and latitude round each cell, the first corner once more at the end."""
        across, up = np.array([0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 0])
        lons, lats = self.lons[self.columns[:, None] + across], self.lats[self.rows[:, None] + up]
        west = np.where(lons.mean(axis=1) > 180, 360 * (np.ptp(self.lons) > 180), 0)  # a grid round the world
        return np.stack([lons - west[:, None], lats], axis=2)

    @property
    def centres(self) -> np.ndarray:
        """[N, 2] latitude and longitude of the middle of each cell."""
        lats, lons = (self.lats[1:] + self.lats[:-1]) / 2, (self.lons[1:] + self.lons[:-1]) / 2
        return np.stack([lats[self.rows], lons[self.columns]], axis=1)

    def field(self, values: np.ndarray) -> np.ndarray:
        """[R, C] of values [N]; NaN where there is no cell."""
        field = np.full((len(self.lats) - 1, len(self.lons) - 1), np.nan)
        field[self.rows, self.columns] = values
        return field


def cells_of(data: STData | None) -> Cells | None:
    """The cells of a dataset on a grid; None for any other dataset."""
    if data is None or "cell" not in data.ds or "grid" not in data.ds.attrs or data.locations is None:
        return None
    height, width = (int(size) for size in data.ds.attrs["grid"])
    return cells_at(data.locations, data.ds["cell"].values, (height, width))


def cells_at(places: np.ndarray, cell: np.ndarray, grid: tuple[int, int]) -> Cells | None:
    """Cells with centres ``places`` [N, 2] (latitude, longitude) at positions ``cell`` [N], row by row, of ``grid`` (R, C).

    None where the places are no such grid: a row whose cells lie at different latitudes, or none that is known.
    """
    rows, columns = np.divmod(cell.astype(int), grid[1])
    known = np.isfinite(places).all(axis=1)
    if not known.all() or not len(places) or rows.max() >= grid[0] or rows.min() < 0:
        return None
    east = eastward(places[:, 1], places)
    lats, lons = _centres(places[:, 0], rows, grid[0]), _centres(east, columns, grid[1])
    off = (lons[columns] - east + 180) % 360 - 180
    if np.abs(lats[rows] - places[:, 0]).max() > 1e-3 or np.abs(off).max() > 1e-3:
        return None
    size = _step(lats) or _step(lons) or 1.0
    return Cells(rows, columns, _borders(lats, size).clip(-POLE, POLE), _borders(lons, size))


def _centres(degrees: np.ndarray, line: np.ndarray, count: int) -> np.ndarray:
    """[count] the coordinate of each line of cells; lines without any cell lie evenly between, or beyond, the others."""
    present, first = np.unique(line, return_index=True)
    there = np.unwrap(degrees[first], period=360)
    found = np.interp(np.arange(count), present, there)
    step = (there[-1] - there[0]) / (present[-1] - present[0]) if len(present) > 1 else 1.0
    before, after = np.arange(count) < present[0], np.arange(count) > present[-1]
    found[before] = there[0] + step * (np.flatnonzero(before) - present[0])
    found[after] = there[-1] + step * (np.flatnonzero(after) - present[-1])
    return found


def _step(centres: np.ndarray) -> float:
    return float(np.abs(np.diff(centres)).mean()) if len(centres) > 1 else 0.0


def _borders(centres: np.ndarray, size: float) -> np.ndarray:
    """[count + 1] half-way between the centres, the outer ones as far out as they are in."""
    if len(centres) < 2:
        return np.array([centres[0] - size / 2, centres[0] + size / 2])
    between = (centres[1:] + centres[:-1]) / 2
    return np.r_[2 * centres[0] - between[0], between, 2 * centres[-1] - between[-1]]
