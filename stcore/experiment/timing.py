"""Seconds left for a whole experiment: from its own finished runs, and from the cost model where nothing is known yet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from stcore.training import estimate
from stcore.training.estimate import Work


class Pace:
    """What a run of each arm takes. ``work``: an arm's key to what its run has to do."""

    def __init__(self, work: Mapping[str, Work], at_once: int, apart: bool) -> None:
        self.work, self.at_once = work, max(1, at_once)
        self.begin = estimate.BEGIN if apart else 0.0  # a process of its own has to load everything first
        self.took: dict[str, list[float]] = defaultdict(list)

    def learn(self, key: str, seconds: float) -> None:
        """A run of that arm is done, ``seconds`` after it began."""
        self.took[key].append(seconds)

    def expected(self, key: str) -> float:
        """Seconds of a run: the mean of the arm's own, else its expected work at the speed of the others so far."""
        if own := self.took.get(key):
            return float(np.mean(own))
        known = [
            max(took - self.begin, 0.0) / self._modelled(other) for other, each in self.took.items() for took in each
        ]
        return self.begin + self._modelled(key) * (float(np.median(known)) if known else estimate.glance())

    def left(self, waiting: Iterable[str], current: Iterable[tuple[str, Mapping[str, Any]]]) -> float:
        """Seconds until the last run is done: those of ``waiting`` keys, and the ``current`` ones with their progress."""
        under_way = [self._remaining(key, progress) for key, progress in current]
        whole = sum(map(self.expected, waiting)) + sum(under_way)
        return max([whole / self.at_once, *under_way])

    def _remaining(self, key: str, progress: Mapping[str, Any]) -> float:
        scoring = progress.get("epoch", 0) < 0  # before the first epoch, and with a clock of its own
        left = None if scoring else progress.get("seconds_left")
        return float(left) if isinstance(left, int | float) else self.expected(key)

    def _modelled(self, key: str) -> float:
        return estimate.seconds(self.work[key]) - estimate.BEGIN
