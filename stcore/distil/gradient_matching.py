"""Gradient matching (DC; Zhao, Mopuri, Bilen 2021, arXiv 2006.05929) on clusters of sensors: STemDist without its subsets."""

from collections.abc import Mapping
from typing import Any

from stcore.distil.ground import Ground
from stcore.distil.learned import LearnedWindows
from stcore.distil.options import MatchingOptions
from stcore.distil.stemdist import STemDist


class GradientMatching(STemDist):
    """STemDist with one subset: all clusters at once."""

    def __init__(self, options: MatchingOptions, ground: Ground, model: Mapping[str, Any], seed: int) -> None:
        LearnedWindows.__init__(self, options, ground, model, seed, subsets=1)
