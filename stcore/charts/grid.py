"""Grids of many small cells, as a canvas draws them: shares of kept samples, complexity by day and time of day.

A screen has fewer pixels than a grid has cells, so whoever draws one averages over the area beneath each pixel; what is
drawn is then a true share, not the cell that happened to be nearest.
"""

import base64
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from stcore.charts.theme import Theme
from stcore.charts.words import short
from stcore.evidence.choices import mean_share

MOST_BITS = 8_000_000  # cells sent one bit each; above, shares of equal groups of rows
MOST_SHARES = 1_500_000
NOTHING, FULL = 255, 254  # levels: no value; the highest value
DAY_SECONDS = 86_400
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class KeptScale(NamedTuple):
    """The kept shares at the low end, in the middle and at the high end of a colour ramp; those beyond look like the ends."""

    low: float
    mean: float
    high: float

    @property
    def words(self) -> list[str]:
        """What stands at the low end, in the middle and at the high end of a legend."""
        low, mean, high = (f"{100 * share:.3g} %" for share in self)
        return [low + " or less" * (self.low > 0), f"{mean} (mean)", high + " and more" * (self.high < 1)]


WHOLE = KeptScale(0.0, 0.5, 1.0)


def scale_around(mean: float) -> KeptScale | None:
    """The scale with the ``mean`` kept share in its middle, as far above as below; None where that is 0 or 1.

    At a mean of at most a half it begins at 0 and ends at twice the mean; above, it ends at 1.
    """
    return KeptScale(max(0.0, 2 * mean - 1), mean, min(1.0, 2 * mean)) if 0 < mean < 1 else None


def kept_scale(trace: xr.Dataset) -> KeptScale | None:
    """The scale around the mean share of a trace's pruned epochs; None where samples are kept whole, or none was pruned."""
    return None if trace["kept"].dtype == bool else scale_around(mean_share(trace))


def colour_bar(scale: KeptScale | None, thickness: int) -> dict[str, Any]:
    """Plotly's legend of kept shares in per cent; with a ``scale``, numbers at its ends and at the mean, and few words."""
    bar = {"title": {"text": "kept (%)", "side": "right"}, "outlinewidth": 0, "thickness": thickness}
    if scale is None:
        return bar
    places = [100 * share for share in scale]
    low, mean, high = (f"{place:.3g}" for place in places)
    said = ["≤ " * (scale.low > 0) + low, f"{mean} (mean)", "≥ " * (scale.high < 1) + high]
    return bar | {"tickvals": places, "ticktext": said}


def stretch_colours(stops: list[str], scale: KeptScale, count: int) -> list[str]:
    """``count`` colours for shares from 0 to 1; those between the ends of ``scale`` run through ``stops`` (#rrggbb)."""
    inks = np.array([[int(stop[place : place + 2], 16) for place in (1, 3, 5)] for stop in stops])
    at, share = np.linspace(scale.low, scale.high, len(stops)), np.linspace(0, 1, count)
    mixed = np.stack([np.interp(share, at, ink) for ink in inks.T], axis=1).round().astype(int)
    return ["#" + "".join(f"{part:02x}" for part in colour) for colour in mixed]


@dataclass(frozen=True)
class Calendar:
    """Values [R, C] by day and time of day, or by weekday and week where a step is a day or more; NaN for none.

    ``sample`` [R, C]: the sample of each cell, -1 for none. ``days``: the first instant of each day, or week.
    """

    row_names: list[str]
    column_names: list[str]
    values: np.ndarray
    sample: np.ndarray
    days: pd.DatetimeIndex
    by_week: bool


def calendar_grid(table: pd.DataFrame, step_seconds: float, value: str = "score") -> Calendar:
    """The column ``value`` of a table of samples at the place of each window's first forecast step in the calendar."""
    time = pd.DatetimeIndex(table["time"])
    by_week = step_seconds >= DAY_SECONDS
    first = time.normalize() - pd.to_timedelta(time.day_of_week if by_week else 0 * time.day_of_week, unit="D")
    length = pd.Timedelta(7 if by_week else 1, "D")
    days = pd.date_range(first.min(), first.max(), freq=length)
    slots = 7 if by_week else max(1, round(DAY_SECONDS / step_seconds))
    day = np.asarray((first - days[0]) // length)
    seconds = np.asarray((time - first) / pd.Timedelta(1, "s"))
    phase = 0.0 if by_week else seconds[0] % step_seconds  # where in a step the clock starts
    slot = np.clip((seconds - phase) * slots / length.total_seconds(), 0, slots - 1).astype(int)
    values, sample = np.full((len(days), slots), np.nan, np.float32), np.full((len(days), slots), -1)
    values[day, slot], sample[day, slot] = table[value].to_numpy(), table.index.to_numpy()
    names = day_names(days, by_week)
    if by_week:
        return Calendar(WEEKDAYS, names, values.T, sample.T, days, by_week)
    clock = [_clock(phase + number * DAY_SECONDS / slots) for number in range(slots)]
    return Calendar(names, clock, values, sample, days, by_week)


def day_names(days: pd.DatetimeIndex, by_week: bool = False) -> list[str]:
    """Mon 2 Mar; with the year instead of the weekday where there is more than a year, or weeks."""
    long = by_week or (days[-1] - days[0]).days > 300
    return [f"{day.day} {day:%b %Y}" if long else f"{day:%a} {day.day} {day:%b}" for day in days]


def _clock(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True)
class Picture:
    """What a canvas is given: cells [R, C], what the ends of the scale mean, and the words on the axes.

    ``cells`` are yes or no, or values of which ``low`` and ``high`` get the ends of the colour scale, NaN for none.
    ``samples`` is how many the rows stand for, more than R where they were grouped. A row is named by ``row_names`` [R], or
    by its samples' instants ``row_time`` [samples], in order of time or not. ``labels``: words at the ends of the scale.
    ``parts``: what a sample's own share is of, such as cells; none where a sample is kept whole. Cells that are not
    ``inside`` [R, C] bool are paled. ``shares``: which part of the scale the colours run over; beyond it they stay.
    """

    cells: np.ndarray
    column_names: list[str]
    samples: int
    low: float
    high: float
    x_title: str
    y_title: str
    value_title: str
    row_names: list[str] | None = None
    row_time: pd.DatetimeIndex | None = None
    by_time: bool = True
    labels: tuple[str, str] = ("", "")
    parts: str = ""
    inside: np.ndarray | None = None
    shares: KeptScale | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Words at the ends of the scale; where values lie beyond an end they say so."""
        if self.labels[0]:
            return self.labels
        known = self.cells[np.isfinite(self.cells)]
        below, above = len(known) and known.min() < self.low, len(known) and known.max() > self.high
        return ("≤ " if below else "") + short(self.low), ("≥ " if above else "") + short(self.high)


def pack(picture: Picture, theme: Theme) -> dict[str, Any]:
    """A picture as plain values for a canvas: one bit a cell where cells are bits, else one byte, column by column."""
    bits = picture.cells.dtype == bool
    content = np.packbits(picture.cells.T, axis=1) if bits else levels(picture.cells, picture.low, picture.high).T
    times = np.empty(0, "M8[m]") if picture.row_time is None else picture.row_time.to_numpy().astype("datetime64[m]")
    rows, columns = picture.cells.shape
    return {
        "rows": rows,
        "columns": columns,
        "samples": picture.samples,
        "bits": bits,
        "content": _base64(content),
        "minutes": _base64(times.astype(np.int32)),
        "names": picture.column_names,
        "low": picture.low,
        "high": picture.high,
        "labels": list(picture.labels),
        "ends": list(picture.ends),
        "parts": picture.parts,
        "inside": None if picture.inside is None else _base64(np.packbits(picture.inside.T, axis=1)),
        "titles": {"x": picture.x_title, "y": picture.y_title, "value": picture.value_title},
        "rowNames": picture.row_names,
        "byTime": picture.by_time,
        "colours": ramp(picture, theme),
        "legend": legend_colours(picture, theme),
        "ink": {name: getattr(theme, name) for name in ("text", "line", "background", "accent")}
        | {"mark": theme.pruned},
    }


def levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as uint8: 0 for ``low`` and below, 254 for ``high`` and above, 255 for NaN."""
    span = high - low if high > low else 1.0
    scaled = np.round(np.clip((values - low) / span, 0, 1) * FULL)
    return np.where(np.isfinite(values), scaled, NOTHING).astype(np.uint8)


def ramp(picture: Picture, theme: Theme) -> list[str]:
    """The colours of values from ``low`` to ``high``, at equal distances."""
    colours = legend_colours(picture, theme)
    return colours if picture.shares is None else stretch_colours(colours, picture.shares, FULL + 1)


def legend_colours(picture: Picture, theme: Theme) -> list[str]:
    """The colours from end to end of the legend: pruned to kept for shares of samples, else the sequential scale."""
    return kept_ramp(theme) if picture.labels[0] else list(theme.sequential)


def kept_ramp(theme: Theme) -> list[str]:
    """From pruned to kept through a colour near the background, so that all, half and none are told apart by lightness too."""
    return [theme.pruned, theme.land, theme.kept]


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
