"""What accuracy costs: which arms no other arm beats in both."""

from collections.abc import Sequence

import numpy as np


def front(error: Sequence[float], cost: Sequence[float], leeway: float = 0.0) -> np.ndarray:
    """Whether each arm [A] is on the Pareto front: no other has less error at no more cost, or less cost at no more error.

    Costs that differ by at most ``leeway``, a share, count as equal: a budget is met within 1 %, and by such a hair no arm
    is cheaper. Arms that are equal in both stand or fall together. NaN is never on the front and beats nobody.
    """
    errors, costs = np.asarray(error, float), np.asarray(cost, float)
    known = np.isfinite(errors) & np.isfinite(costs)
    no_worse = (errors[:, None] <= errors) & (costs[:, None] <= costs * (1 + leeway))
    better = (errors[:, None] < errors) | (costs[:, None] * (1 + leeway) < costs)
    return known & ~(no_worse & better).any(axis=0)
