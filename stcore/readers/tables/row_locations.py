"""Places that stand in the rows of a long table: the first of every sensor, and whether it moves."""

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import Finding
from stcore.words import listing

STILL = 1e-3
"""Degrees, about 100 m, within which a sensor is where it was."""


class Spots:
    """The first known place of every sensor code, and which of them have others further on."""

    def __init__(self) -> None:
        self.lat, self.lon = np.zeros(0), np.zeros(0)
        self.moving: set[int] = set()

    def add(self, codes: np.ndarray, lat: pd.Series, lon: pd.Series) -> None:
        """More rows: the code of each and where it was."""
        north, east = (pd.to_numeric(part, errors="coerce").to_numpy(np.float64) for part in (lat, lon))
        if (more := int(codes.max(initial=-1)) + 1 - len(self.lat)) > 0:
            self.lat, self.lon = (np.r_[known, np.full(more, np.nan)] for known in (self.lat, self.lon))
        seen = np.isfinite(north) & np.isfinite(east)
        found, first = np.unique(codes[seen], return_index=True)
        new = found[np.isnan(self.lat[found])]
        place = np.flatnonzero(seen)[first[np.isnan(self.lat[found])]]
        self.lat[new], self.lon[new] = north[place], east[place]
        apart = np.abs(north - self.lat[codes]) + np.abs(east - self.lon[codes])
        self.moving |= set(np.unique(codes[seen & (apart > STILL * np.maximum(1, np.abs(east) / 180))]).tolist())

    def onto(self, ds: xr.Dataset, name: str) -> tuple[xr.Dataset, list[Finding]]:
        """The dataset with ``lat`` and ``lon`` [N], where the table had them."""
        if not np.isfinite(self.lat).any():
            return ds, []
        ds = ds.assign(lat=("sensor", self.lat), lon=("sensor", self.lon))
        said = [Finding("note", "places", f"Places are from the rows of {name}.")]
        if self.moving:
            names = [str(ds["sensor"].values[code]) for code in sorted(self.moving)]
            text = (
                f"{len(names)} sensors of {name} have several places, such as {listing(names, 3)}; "
                "the first of each is used."
            )
            said.append(Finding("note", "places-vary", text))
        return ds, said
