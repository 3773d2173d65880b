"""Accuracy against its cost: every arm a point, and the line of those that no other arm beats in both."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from stcore.charts.arms import Look, Record, Report, harmless, key, looks, title
from stcore.charts.style import plain
from stcore.charts.theme import Theme
from stcore.charts.words import labelled, short

HEIGHT = 420
MARGIN = 0.15  # of the range of the points, on each side
WIDE, HIGH = 0.0085, 0.05  # a letter's width and a line's height, as shares of the figure
Box = tuple[float, float, float, float]  # middle x, middle y, half width, half height; shares of the figure
PLACES = {  # where a name may stand: shift of its middle from the point, in half widths and lines
    "middle right": (1.0, 0.0),
    "middle left": (-1.0, 0.0),
    "top center": (0.0, 1.0),
    "bottom center": (0.0, -1.0),
    "top right": (1.0, 0.8),
    "bottom right": (1.0, -0.8),
    "top left": (-1.0, 0.8),
    "bottom left": (-1.0, -0.8),
}


def frontier(report: Report, cost: str, theme: Theme) -> go.Figure:
    """Test MAE of every arm against its ``cost``: visits or seconds; whiskers are the spread over the seeds.

    Visits are counted in (window, sensor) cells, in millions; seconds are of the processor where all arms tell them. The
    field's recipe, where it is far worse than all others and would flatten them, stands at the edge with its number.
    """
    column, unit, scale = axis(report["front"], cost)
    drawn = [record for record in report["front"] if record[column] is not None and record["mae"] is not None]
    x = np.array([record[column] / scale for record in drawn])
    errors = np.array([record["mae"] for record in drawn])
    others = errors[[record["role"] != "field" for record in drawn]]
    look, spread = looks(report, theme), {key(record): record["mae_spread"] for record in report["summary"]}
    whiskers = [
        way * (spread.get(key(record)) or 0.0) for way in (-1, 1) for record in drawn if record["role"] != "field"
    ]
    across, up = room(x), room(np.tile(others, 2) + whiskers if len(others) else errors)
    y = np.minimum(errors, up[1])
    names = [harmless(title(key(record))) for record in drawn]
    names = [f"{name} ↑ {short(error)}" if error > up[1] else name for name, error in zip(names, errors, strict=True)]
    figure = go.Figure(steps(x, y, [bool(record[f"front_{cost}"]) for record in drawn], theme))
    where = spots((x - across[0]) / np.diff(across), (y - up[0]) / np.diff(up), names)
    for place, record in enumerate(drawn):
        on, arm = record[f"front_{cost}"], key(record)
        trace = point(look[arm], f"<b>{names[place]}</b>" if on else names[place], theme)
        figure.add_trace(
            trace.update(
                x=[x[place]],
                y=[y[place]],
                textposition=where[place],
                error_y=whisker(spread.get(arm), look[arm].colour) if errors[place] <= up[1] else None,
                hovertext=[said(record, f"{short(float(x[place]))} {unit}", bool(on))],
            )
        )
    figure = plain(figure, theme, HEIGHT)
    figure.update_xaxes(title=f"{unit} (fewer is better)", range=list(across))
    mae = labelled("test MAE", str(report.get("unit") or ""))
    return figure.update_yaxes(title={"text": f"{mae}, lower is better", "standoff": 14}, range=list(up))


def steps(x: np.ndarray, y: np.ndarray, on: Sequence[bool], theme: Theme) -> go.Scatter:
    """The Pareto front: what can be had at most for each cost."""
    order = [place for place in np.argsort(x, kind="stable") if on[place]]
    line = {"color": theme.text, "width": 1.2, "dash": "dot", "shape": "hv"}
    return go.Scatter(x=x[order], y=y[order], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def point(look: Look, name: str, theme: Theme) -> go.Scatter:
    """An arm's mark with its name, not yet at its place."""
    return go.Scatter(
        mode="markers+text",
        marker={"size": 11, "color": look.colour, "symbol": look.symbol, "line": {"width": 1.6, "color": look.colour}},
        text=[f"\u2002{name}\u2002"],  # set apart from the mark
        textfont={"color": theme.text, "size": 11},
        hoverinfo="text",
        cliponaxis=False,
        showlegend=False,
    )


def axis(records: Sequence[Record], cost: str) -> tuple[str, str, float]:
    """The column of a cost, what it is called, and how many make one of it."""
    if cost == "visits":
        return "cell_visits", "million (window, sensor) visits", 1e6
    processor = all(record["cpu_seconds"] is not None for record in records)
    return ("cpu_seconds", "processor seconds", 1.0) if processor else ("seconds", "seconds", 1.0)


def said(record: Record, price: str, on: bool) -> str:
    """What a pointer over an arm is told."""
    front = "<br>on the front: no other arm is better in one and as good in the other" if on else ""
    return f"<b>{harmless(title(key(record)))}</b><br>MAE {short(record['mae'])}, {price}{front}"


def whisker(spread: float | None, colour: str) -> dict[str, Any] | None:
    """One standard deviation over the seeds, up and down; none with one seed."""
    return {"type": "data", "array": [spread], "color": colour, "thickness": 1.4, "width": 5} if spread else None


def room(values: np.ndarray) -> tuple[float, float]:
    """The ends of an axis with room for names beside the outermost points."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def spots(x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> list[str]:
    """Where each name stands so that it covers no point and no other name, as far as there is room; chosen one by one.

    ``x``, ``y`` [A]: the points' places in the figure, 0 to 1.
    """
    taken = [(float(a), float(b), 0.008, 0.02) for a, b in zip(x, y, strict=True)]
    found = []
    for place, name in enumerate(names):
        half = len(name) * WIDE / 2
        boxes = {
            where: (float(x[place]) + dx * (half + 0.01), float(y[place]) + dy * HIGH, half, HIGH / 2)
            for where, (dx, dy) in PLACES.items()
        }
        best = min(
            boxes, key=lambda where: outside(boxes[where]) + sum(overlap(boxes[where], other) for other in taken)
        )
        taken.append(boxes[best])
        found.append(best)
    return found


def overlap(one: Box, other: Box) -> float:
    """Area that two boxes have in common."""
    wide = one[2] + other[2] - abs(one[0] - other[0])
    high = one[3] + other[3] - abs(one[1] - other[1])
    return max(wide, 0.0) * max(high, 0.0)


def outside(box: Box) -> float:
    """Area of a box outside the figure."""
    return 4 * box[2] * box[3] - overlap(box, (0.5, 0.5, 0.5, 0.5))
