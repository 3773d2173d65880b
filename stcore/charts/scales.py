"""Colour scales: which values the ends mean, and the colours in between."""

import numpy as np

from stcore.charts.theme import Theme


def colour_limits(values: np.ndarray) -> tuple[float, float]:
    """The middle 96 % of the finite values, so that a few extremes do not hide all others; 0 to 1 where there are none."""
    finite = np.asarray(values)[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = np.quantile(finite, [0.02, 0.98])
    return float(low), float(high if high > low else low + 1)


def full_limits(values: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest finite value, for few values such as means of districts."""
    finite = np.asarray(values)[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def symmetric_limits(values: np.ndarray) -> tuple[float, float]:
    """Limits as far below 0 as above, within which 96 % of the finite values lie."""
    finite = np.abs(np.asarray(values)[np.isfinite(values)])
    most = float(np.quantile(finite, 0.96)) if len(finite) else 1.0
    return -(most or 1.0), most or 1.0


def scale_colours(shares: np.ndarray, theme: Theme, diverging: bool = False) -> np.ndarray:
    """[N, 3] red, green and blue at ``shares`` [N] of the theme's scale (0 to 1); the background colour for NaN."""
    scale = np.array([rgb(colour) for colour in (theme.diverging if diverging else theme.sequential)], float)
    position = np.nan_to_num(shares) * (len(scale) - 1)
    mixed = np.stack([np.interp(position, np.arange(len(scale)), scale[:, part]) for part in range(3)], axis=1)
    return np.where(np.isnan(shares)[:, None], rgb(theme.background), mixed).round().astype(int)


def rgb(colour: str) -> list[int]:
    """Red, green and blue of #rrggbb."""
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
