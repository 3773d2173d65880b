"""Error against cost: every arm as a point, and a line through those that no other arm beats in both."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go

from stcore.charts.arms import Look, Record, Report, arm_key, arm_looks, arm_title, plotly_text
from stcore.charts.style import style_figure
from stcore.charts.theme import Theme
from stcore.charts.words import axis_title, short

Box = tuple[float, float, float, float]  # middle x, middle y, half width, half height in pixels
HEIGHT = 430
MARGIN = 0.15  # of the range of the points, on each side
PAGE = (680.0, 330.0)  # pixels of the plot where it is narrow, by which names are kept apart; wider ones have more room
LETTER, LINE, MARK = 5.8, 14.0, 8.0  # pixels: a letter's width, a line's height, half a mark
TURNS = (0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90)  # degrees around a point, the best places first
FARTHER = (0, 22, 50, 85)  # pixels between a mark and its name


def frontier_figure(report: Report, cost: str, theme: Theme) -> go.Figure:
    """Test MAE of every arm against its ``cost``: visits or seconds; whiskers are the spread over the seeds.

    Visits are counted in (window, sensor) cells, in millions; seconds are of the processor where all arms tell them. The
    field's recipe, where it is far worse than all others and would flatten them, stands at the edge with its number.
    """
    column, unit, scale = axis(report["front"], cost)
    drawn = without_repeats(
        record for record in report["front"] if record[column] is not None and record["mae"] is not None
    )
    x = np.array([record[column] / scale for record in drawn])
    errors = np.array([record["mae"] for record in drawn])
    others = errors[[record["role"] != "field" for record in drawn]]
    look, spread = arm_looks(report, theme), {arm_key(record): record["mae_spread"] for record in report["summary"]}
    whiskers = [
        way * (spread.get(arm_key(record)) or 0.0) for way in (-1, 1) for record in drawn if record["role"] != "field"
    ]
    across, up = axis_range(x), axis_range(np.tile(others, 2) + whiskers if len(others) else errors)
    y = np.minimum(errors, up[1])
    names = [plotly_text(arm_title(arm_key(record))) for record in drawn]
    names = [f"{name} ↑ {short(error)}" if error > up[1] else name for name, error in zip(names, errors, strict=True)]
    on = [bool(record[f"front_{cost}"]) for record in drawn]
    figure = go.Figure(steps(x, y, on, theme))
    for place, record in enumerate(drawn):
        mark = look[arm_key(record)]
        trace = point(
            mark, names[place], whisker(spread.get(arm_key(record)), mark.colour) if errors[place] <= up[1] else None
        )
        said = arm_text(record, f"{short(float(x[place]))} {unit}", on[place])
        figure.add_trace(trace.update(x=[x[place]], y=[y[place]], hovertext=[said]))
    where = name_positions((x - across[0]) / np.diff(across), (y - up[0]) / np.diff(up), [len(name) for name in names])
    for place, shift in enumerate(where):
        words = f"<b>{names[place]}</b>" if on[place] else names[place]
        figure.add_annotation(name_annotation(words, (x[place], y[place]), shift, theme))
    figure = style_figure(figure, theme, HEIGHT)
    figure.update_xaxes(title=f"{unit} (fewer is better)", range=list(across))
    mae = axis_title("test MAE", plotly_text(report.get("unit") or ""))
    return figure.update_yaxes(title={"text": f"{mae}, lower is better", "standoff": 14}, range=list(up))


def without_repeats(records: Iterable[Record]) -> list[Record]:
    """The records without arms that repeat the runs of another arm in another role."""
    found: dict[Any, Record] = {}
    for record in records:
        found.setdefault(tuple(record[name] for name in ("method", "keep", "samples", "mae", "cell_visits")), record)
    return list(found.values())


def steps(x: np.ndarray, y: np.ndarray, on: Sequence[bool], theme: Theme) -> go.Scatter:
    """The Pareto front: the lowest error for each cost."""
    order = [place for place in np.argsort(x, kind="stable") if on[place]]
    line = {"color": theme.text, "width": 1.2, "dash": "dot", "shape": "hv"}
    return go.Scatter(x=x[order], y=y[order], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def point(look: Look, name: str, error: dict[str, Any] | None) -> go.Scatter:
    """The mark of an arm, without a position."""
    marker = {"size": 11, "color": look.colour, "symbol": look.symbol, "line": {"width": 1.6, "color": look.colour}}
    return go.Scatter(
        mode="markers", marker=marker, error_y=error, name=name, hoverinfo="text", cliponaxis=False, showlegend=False
    )


def name_annotation(words: str, at: tuple[float, float], shift: tuple[float, float], theme: Theme) -> dict[str, Any]:
    """A name ``shift`` pixels (right, up) from its point, a thin line between them where it is farther away."""
    return {
        "text": words,
        "x": at[0],
        "y": at[1],
        "ax": shift[0],
        "ay": -shift[1],
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 0.8,
        "arrowcolor": theme.muted,
        "standoff": MARK,
        "font": {"size": 11, "color": theme.text},
        "bgcolor": theme.background,  # where the front passes behind it
        "opacity": 0.9,
    }


def axis(records: Sequence[Record], cost: str) -> tuple[str, str, float]:
    """The column of a cost, what it is called, and how many make one of it."""
    if cost == "visits":
        return "cell_visits", "million (window, sensor) visits", 1e6
    processor = all(record["cpu_seconds"] is not None for record in records)
    return ("cpu_seconds", "processor seconds", 1.0) if processor else ("seconds", "seconds", 1.0)


def arm_text(record: Record, price: str, on: bool) -> str:
    """The text that a pointer over an arm shows."""
    front = "<br>on the front: no other arm is better in one and as good in the other" if on else ""
    return f"<b>{plotly_text(arm_title(arm_key(record)))}</b><br>MAE {short(record['mae'])}, {price}{front}"


def whisker(spread: float | None, colour: str) -> dict[str, Any] | None:
    """One standard deviation over the seeds, up and down; none with one seed."""
    return {"type": "data", "array": [spread], "color": colour, "thickness": 1.4, "width": 5} if spread else None


def axis_range(values: np.ndarray) -> tuple[float, float]:
    """The ends of an axis, with room for names beside the outermost points."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def name_positions(
    x: np.ndarray, y: np.ndarray, letters: Sequence[int], page: tuple[float, float] = PAGE
) -> list[tuple[float, float]]:
    """Where each name stands, in pixels from its point, so that it covers no point and no other name if there is room.

    ``x``, ``y`` [A]: the points' places in the plot, 0 to 1; ``letters`` [A] of their names; ``page`` the plot in pixels.
    Chosen one by one, near first.
    """
    points = np.column_stack([x, y]) * page
    taken: list[Box] = [(float(a), float(b), MARK, MARK) for a, b in points]
    found = []
    for (across, up), count in zip(points, letters, strict=True):
        half = count * LETTER / 2
        shifts = [name_middle(turn, far, half) for far, turn in product(FARTHER, TURNS)]
        boxes: list[Box] = [(float(across + right), float(up + high), half, LINE / 2) for right, high in shifts]
        covered = [outside_area(box, page) + sum(shared_area(box, other) for other in taken) for box in boxes]
        best = int(np.argmin(np.round(covered)))  # the first of equal ones, whatever the last digits
        taken.append(boxes[best])
        found.append(shifts[best])
    return found


def name_middle(turn: float, far: float, half: float) -> tuple[float, float]:
    """The middle of a name of that half width, in pixels, in this direction from its mark."""
    right, up = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return float(right * (half + MARK + 4 + far)), float(up * (LINE / 2 + MARK + 4 + far))


def shared_area(one: Box, other: Box) -> float:
    """Area that two boxes have in common."""
    wide, high = (
        min(one[half] + other[half] - abs(one[middle] - other[middle]), 2 * one[half], 2 * other[half])
        for middle, half in ((0, 2), (1, 3))
    )
    return max(wide, 0.0) * max(high, 0.0)


def outside_area(box: Box, page: tuple[float, float] = PAGE) -> float:
    """Area of a box outside the plot."""
    whole = (page[0] / 2, page[1] / 2, page[0] / 2, page[1] / 2)
    return 4 * box[2] * box[3] - shared_area(box, whole)
