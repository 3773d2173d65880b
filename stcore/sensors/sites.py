"""Sites: what a mask decides over, and what it may know of them. A site is a sensor, or on a grid a region (a block of cells).

Dimensions: N sensors, R sites (R = N where nothing is a grid), T training steps.
"""

from difflib import get_close_matches
from functools import cached_property

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from stcore.data import STData
from stcore.data.scale import fit
from stcore.options import OptionError
from stcore.sensors.options import SiteOptions, mask_options

# Of unknown names in an error: how many are listed, letters of one, similar names for each, and how similar they are.
MOST_NAMED, LONGEST, NEAR, CLOSE = 5, 100, 3, 0.6
MOST_COST = 1e15  # so that costs can be added without losing one
Edges = tuple[np.ndarray, np.ndarray, np.ndarray]


class Sites:
    """R sites: ``of`` [N] the site of each sensor, ``name`` [R], and their readings, locations, edges and costs."""

    def __init__(self, data: STData, options: SiteOptions, target: int = 0, train: np.ndarray | None = None) -> None:
        """``target`` is the channel that masks look at, ``train`` [T] bool the steps that they may look at."""
        self.data, self.options, self.target = data, mask_options(options), target
        self.train = np.ones(data.steps, bool) if train is None else train
        self.of = regions(data, options.region) if "grid" in data.ds.attrs else np.arange(len(data.sensors))
        self.count = int(self.of.max()) + 1
        self.size = np.bincount(self.of, minlength=self.count)  # sensors of each site
        first = np.unique(self.of, return_index=True)[1]
        names = data.sensors
        single = self.count == len(names)
        self.name = [names[sensor] if single else f"region {site + 1}" for site, sensor in enumerate(first)]
        self.on, self.off = self._forced(options.on, "on"), self._forced(options.off, "off")
        if len(both := np.intersect1d(self.on, self.off)):
            raise OptionError(f"{self.name[both[0]]!r} is asked to be on and to be off; choose one.")
        self.cost = self.sum(self._costs())

    # ---- what masks may look at -------------------------------------------------------------------------------------
    @cached_property
    def series(self) -> np.ndarray:
        """[T, R] float32 z-scores of the target in training, of a region the mean of its cells; NaN where not measured."""
        values = self.data.values[self.train][..., [self.target]]
        scaled = fit(values).apply(values)[..., 0]
        return self.mean(scaled).astype(np.float32)

    @cached_property
    def observed(self) -> np.ndarray:
        """[R] share of the training readings that are there."""
        return self.mean(np.isfinite(self.data.values[self.train][..., self.target]).mean(axis=0))

    @cached_property
    def locations(self) -> np.ndarray | None:
        """[R, 2] latitude and longitude of each site's middle, NaN where unknown; None where no location is known."""
        locations = self.data.locations
        if locations is None or not np.isfinite(locations).any():
            return None
        lat, lon = locations.T
        if self.count == len(locations):
            return np.stack([lat, lon], axis=1)
        first = lon[np.unique(self.of, return_index=True)[1]][self.of]
        east = (lon - first + 180) % 360 - 180  # a region across the date line has its middle there
        return np.stack([self.mean(lat), (self.mean(east + first) + 180) % 360 - 180], axis=1)

    @cached_property
    def edges(self) -> Edges | None:
        """Edges between different sites, the weights of parallel ones summed; None without a graph."""
        if self.data.edges is None or not len(self.data.edges[0]):
            return None
        start, end = self.of[self.data.edges[0]], self.of[self.data.edges[1]]
        other = start != end
        matrix = coo_matrix((self.data.edges[2][other], (start[other], end[other])), (self.count, self.count))
        matrix.sum_duplicates()
        return matrix.row.astype(np.int64), matrix.col.astype(np.int64), matrix.data

    @cached_property
    def part(self) -> np.ndarray:
        """[R] number of the connected part of the graph that each site is in; one part where there is no graph."""
        if self.edges is None:
            return np.zeros(self.count, np.int64)
        start, end, weight = self.edges
        links = coo_matrix((np.ones(len(weight)), (start, end)), (self.count, self.count))
        return connected_components(links, directed=False)[1].astype(np.int64)

    # ---- from sites to sensors and back ----------------------------------------------------------------------------
    def to_sensors(self, values: np.ndarray) -> np.ndarray:
        """[N] values of the sensors from those of their sites [R]."""
        return values[self.of]

    def sum(self, values: np.ndarray) -> np.ndarray:
        """[R] or [T, R] sums over each site's sensors of [N] or [T, N]."""
        members = csr_matrix((np.ones(len(self.of)), (np.arange(len(self.of)), self.of)))
        return np.asarray(values @ members)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """[R] or [T, R] means over each site's sensors of [N] or [T, N]. NaN is left out; a mean of nothing is NaN."""
        if self.count == len(self.of):
            return np.asarray(values)
        seen = np.isfinite(values)
        count = self.sum(seen)
        return np.divide(self.sum(np.where(seen, values, 0)), count, out=np.full(count.shape, np.nan), where=count > 0)

    def _forced(self, names: list[str] | None, option: str) -> np.ndarray:
        """Sites of these sensors (or regions), ascending. OptionError for an unknown name."""
        site_of = dict(zip(self.data.sensors, self.of.tolist(), strict=True))
        site_of |= {name: site for site, name in enumerate(self.name)}
        if unknown := [name for name in names or [] if name not in site_of]:
            raise OptionError(f"mask.{option} names {unknown_names(unknown, list(site_of))} of {self.data.title}.")
        return np.unique([site_of[name] for name in names or []]).astype(np.int64)

    def _costs(self) -> np.ndarray:
        """[N] cost of each sensor: as the options say, else 1."""
        costs = dict.fromkeys(self.data.sensors, 1.0)
        for entry in self.options.costs or []:
            name, equals, text = entry.rpartition("=")
            try:
                cost = float(text)
            except ValueError:
                cost = -1.0
            if equals and name not in costs:
                raise OptionError(f"mask.costs names {unknown_names([name], self.data.sensors)} of {self.data.title}.")
            if not equals or not 0 < cost <= MOST_COST:
                text = f"a cost above 0, at most {MOST_COST:g}; it was {entry[:100]!r}"
                raise OptionError(f"mask.costs takes sensor=cost with {text}.")
            costs[name] = cost
        return np.array(list(costs.values()))


def unknown_names(unknown: list[str], known: list[str]) -> str:
    """Unknown names, and known ones like them, as the end of a sentence: "'s91' (near: 's9'), which is no sensor"."""
    names = ", ".join(repr(name[:LONGEST]) for name in unknown[:MOST_NAMED])
    names += f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
    plain = {name.casefold(): name for name in known}
    close = (get_close_matches(name[:LONGEST].casefold(), plain, NEAR, CLOSE) for name in unknown[:MOST_NAMED])
    near = dict.fromkeys(plain[name] for similar in close for name in similar)
    like = f" (near: {', '.join(map(repr, near))})" if near else ""
    return f"{names}{like}, which {'is no sensor' if len(unknown) == 1 else 'are no sensors'}"


def regions(data: STData, side: int) -> np.ndarray:
    """[N] region of each cell of a grid: blocks of ``side`` x ``side`` cells, numbered row by row; empty ones have none."""
    columns = int(data.ds.attrs["grid"][1])
    row, column = np.divmod(data.ds["cell"].values.astype(np.int64), columns)
    block = row // side * (-(-columns // side)) + column // side
    return np.unique(block, return_inverse=True)[1].astype(np.int64)
