"""Degree: the best connected sensors of the graph, by the weights of all their edges, in and out (Freeman 1978, weighted)."""

import numpy as np
from typing_extensions import override

from stcore.options import OptionError
from stcore.registry import MaskCard
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites


class Degree(Ranked):
    """Sites by the sum of their edges' weights, both ways. OptionError without a graph."""

    def __init__(self, options: MaskOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        if sites.edges is None:
            raise OptionError(
                "The mask degree needs a graph, and these data have none; "
                "random, variance, coverage and conditional-variance need none, farthest-first takes locations or correlations."
            )

    @override
    def order(self) -> np.ndarray:
        """[R] by falling degree."""
        assert self.sites.edges is not None  # else it was refused
        start, end, weight = self.sites.edges
        count = self.sites.count
        return np.argsort(-(np.bincount(start, weight, count) + np.bincount(end, weight, count)), kind="stable")


CARD = MaskCard(
    "degree",
    "The sensors with the heaviest edges of the graph, in and out.",
    "degree centrality: Freeman 1978, Social Networks 1",
    "stcore.sensors.degree:Degree",
    MaskOptions,
    candidate=True,
    needs_graph=True,
)
