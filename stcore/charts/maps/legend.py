"""What colour and size mean on a map of sensors, with the unit."""

import altair as alt
import numpy as np
import pandas as pd

from stcore.charts.maps.hatching import NO_DATA
from stcore.charts.maps.sensors import SensorMap, dot_radii
from stcore.charts.theme import Theme
from stcore.charts.words import distinct_numbers

BANDS = 48


def sensor_map_legend(sensors: SensorMap, theme: Theme) -> alt.LayerChart:
    """Five dots from the lowest to the highest with their values; for cells and areas a bar of colours."""
    low, high = sensors.range
    shares = np.linspace(0, 1, 5)
    values = low + shares * (high - low)
    marks = ["≤ ", "", "", "", "≥ "] if high > low and sensors.areas is None else [""] * 5
    sign = ["+" if sensors.diverging and value > 0 else "" for value in values]
    ends = pd.DataFrame(
        {
            "place": np.arange(5.0),
            "area": np.pi * dot_radii(shares, sensors.diverging) ** 2,
            "colour": _hex(sensors.colours(values, theme)),
            "text": [
                mark + plus + said for mark, plus, said in zip(marks, sign, distinct_numbers(values), strict=True)
            ],
        }
    )
    x = alt.X("place:Q", axis=None, scale=alt.Scale(domain=[-0.5, 4.5]))
    base = alt.Chart(ends).encode(x=x)
    if sensors.tiled or sensors.areas is not None:
        shown = _bar(sensors, theme, x)
    else:
        shown = base.mark_circle(opacity=1, stroke=theme.text, strokeWidth=1).encode(
            y=alt.value(10), size=alt.Size("area:Q", scale=None, legend=None), color=alt.Color("colour:N", scale=None)
        )
    texts = base.mark_text(color=theme.text, fontSize=12).encode(y=alt.value(32), text="text:N")
    head = alt.TitleParams(
        sensors.title, fontSize=12, anchor="start", color=theme.text, fontWeight="normal", offset=2, limit=340
    )
    layers, height = ([shown, texts, *_no_data(theme)], 88) if sensors.gaps else ([shown, texts], 64)
    return alt.LayerChart(layer=layers, height=height, width=330, title=head).configure_view(stroke=None)


def _no_data(theme: Theme) -> list[alt.Chart]:
    """A hatched square and what it means."""
    left, top, side = 33, 52, 18
    slants = pd.DataFrame(
        [{"x": left, "y": top + up, "x2": left + up, "y2": top} for up in range(6, side + 1, 6)]
        + [{"x": left + up, "y": top + side, "x2": left + side, "y2": top + up} for up in range(6, side, 6)]
    )
    lines = (
        alt.Chart(slants)
        .mark_rule(color=theme.muted, aria=False)
        .encode(x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None), x2="x2:Q", y2="y2:Q")
    )
    one = alt.Chart(pd.DataFrame({"text": [NO_DATA]}))
    box = one.mark_rect(fill=None, stroke=theme.muted, aria=False).encode(
        x=alt.value(left), x2=alt.value(left + side), y=alt.value(top), y2=alt.value(top + side)
    )
    text = one.mark_text(color=theme.text, fontSize=12, align="left", baseline="middle").encode(
        x=alt.value(left + side + 8), y=alt.value(top + side / 2), text="text:N"
    )
    return [lines, box, text]


def _bar(sensors: SensorMap, theme: Theme, x: alt.X) -> alt.Chart:
    low, high = sensors.range
    edges = np.linspace(0, 4, BANDS + 1)
    middle = low + (edges[:-1] + edges[1:]) / 8 * (high - low)
    bands = {"place": edges[:-1], "end": edges[1:], "colour": _hex(sensors.colours(middle, theme))}
    return (
        alt.Chart(pd.DataFrame(bands))
        .mark_rect()
        .encode(x=x, x2="end:Q", y=alt.value(3), y2=alt.value(17), color=alt.Color("colour:N", scale=None))
    )


def _hex(inks: np.ndarray) -> list[str]:
    return [f"#{bytes(ink.tolist()).hex()}" for ink in inks]
