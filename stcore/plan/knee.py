"""The knee of a curve: where more sensors begin to help little (Kneedle, Satopaa et al. 2011, ICDCS workshops)."""

import numpy as np

SENSITIVITY = 1.0


def knee(x: np.ndarray, y: np.ndarray) -> int | None:
    """Position on a falling, convex curve ``y`` [P] over rising ``x`` [P] of the point that Kneedle declares; None without one.

    Both are scaled to 0..1; a local maximum of the difference to the diagonal is a knee once the difference has fallen by
    the mean step of x (sensitivity 1). Of several the highest is taken; the paper's smoothing is left out (ours).
    """
    if len(x) < 3 or not (np.isfinite(y).all() and np.ptp(x) > 0 and np.ptp(y) > 0):
        return None
    across, up = (x - x[0]) / (x[-1] - x[0]), (y - y.min()) / np.ptp(y)
    difference = (1 - up) - across
    fall = SENSITIVITY * float(np.mean(np.diff(across)))
    inner = np.arange(1, len(x) - 1)
    peaks = inner[(difference[inner] >= difference[inner - 1]) & (difference[inner] >= difference[inner + 1])]
    declared = [peak for peak in peaks if difference[peak] > 0 and (difference[peak:] < difference[peak] - fall).any()]
    return int(max(declared, key=lambda peak: difference[peak])) if declared else None
