"""Differences with their intervals, one row each, around zero: the forest plot of medicine."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from stcore.charts.arms import Record, Records, arm_key, arm_title, plotly_text
from stcore.charts.style import style_figure
from stcore.charts.theme import Theme
from stcore.evidence.verdict import MARGIN

AGAINST = {  # role of the control: what it is called, its symbol
    "full-equal": ("full training at equal visits", "circle"),
    "full": ("full training", "square"),
    "random-equal": ("random at equal visits", "diamond"),
}
ROW, BESIDE, TOP = 58, 0.24, 96  # pixels of a row, distance of the controls within it, pixels of legend and axis


def differences_figure(records: Records, theme: Theme) -> go.Figure:
    """``differences`` of a report: a row for each arm, methods first, a mark for each control."""
    ordered = sorted(records, key=lambda record: record["role"] != "method")
    return forest_figure(ordered, lambda record: arm_title(arm_key(record)), theme)


def parts_figure(records: Records, theme: Theme) -> go.Figure:
    """``hardest`` and ``incidents`` of a report: a row for each arm and part of the windows, a mark for each control."""
    arms = list(dict.fromkeys(map(arm_key, records)))
    ordered = sorted(records, key=lambda record: arms.index(arm_key(record)))
    return forest_figure(ordered, lambda record: f"{arm_title(arm_key(record))}: {record['part']}", theme)


def forest_figure(records: Records, name: Callable[[Record], str], theme: Theme) -> go.Figure:
    """Relative differences in per cent with 95 % intervals. ``name`` gives the row of a record."""
    rows = list(dict.fromkeys(name(record) for record in records))
    shown = [role for role in AGAINST if any(record["control_role"] == role for record in records)]
    figure = go.Figure()
    for place, role in enumerate(shown):
        part = [record for record in records if record["control_role"] == role]
        shift = BESIDE * (place - (len(shown) - 1) / 2)
        heights = [rows.index(name(record)) + shift for record in part]
        figure.add_trace(marks(part, heights, role, theme))
    figure = style_figure(figure, theme, TOP + ROW * len(rows))
    figure.add_vrect(x0=-100 * MARGIN, x1=100 * MARGIN, fillcolor=theme.line, opacity=0.5, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": theme.text, "width": 1})
    figure.update_xaxes(title="← errs less · difference of the test MAE (%) · errs more →", ticksuffix=" %")
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[plotly_text(row) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
    )
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "title": {"text": "against "}},
        showlegend=True,
        margin_t=40,
    )
    return figure


def marks(part: Records, heights: list[float], role: str, theme: Theme) -> go.Scatter:
    """One control's marks: filled where the interval is clear of zero."""
    label, symbol = AGAINST[role]
    colour = theme.runs[list(AGAINST).index(role) if role != "random-equal" else 3]
    middle = [per_cent(record["estimate"]) for record in part]
    bounded = [record["low"] is not None and record["high"] is not None for record in part]
    reach = {
        side: [
            way * (per_cent(record[bound]) - at) if known else 0.0
            for record, at, known in zip(part, middle, bounded, strict=True)
        ]
        for side, bound, way in (("array", "high", 1), ("arrayminus", "low", -1))
    }
    symbols = [symbol if is_clear(record) else f"{symbol}-open" for record in part]
    return go.Scatter(
        x=middle,
        y=heights,
        mode="markers",
        marker={"size": 10, "color": colour, "symbol": symbols, "line": {"width": 2, "color": colour}},
        error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 4, **reach},
        hovertext=[mark_text(record) for record in part],
        hoverinfo="text",
        name=label,
    )


def per_cent(share: float | None) -> float:
    """A share in per cent; NaN for None."""
    return float("nan") if share is None else 100 * share


def is_clear(record: Mapping[str, Any]) -> bool:
    """Whether the interval is clear of zero."""
    return record["low"] is not None and record["high"] is not None and (record["low"] > 0 or record["high"] < 0)


def signed(share: float | None) -> str:
    """A difference as text: ``−1.2 %``."""
    if share is None:
        return "–"
    size = abs(100 * share)
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{size:.{1 if size >= 1 else 2}f} %"


def mark_text(record: Record) -> str:
    """The text that a pointer over a mark shows."""
    counted = f", {record['windows']:,} windows" if "windows" in record else ""
    seeds = f"{record['seeds']} {'seed' if record['seeds'] == 1 else 'seeds'}"
    return (
        f"<b>{plotly_text(arm_title(arm_key(record)))}</b> against {plotly_text(record['control'])}<br>"
        f"{signed(record['estimate'])} (95 %: {signed(record['low'])} to {signed(record['high'])}; {seeds}{counted})"
    )


HEIGHT = 380
RANDOM = "pruning at random"


def split_figure(records: Records, theme: Theme) -> go.Figure:
    """The ``split`` of one method: each step's change of the test MAE (%) on top of those before, with its 95 % interval.

    Steps are added as logarithms of ratios, as which they sum up to the total exactly. Pruning at random stands on the same
    step as pruning, to be held against it.
    """
    figure, log, before = go.Figure(), 0.0, 0.0
    names: list[str] = []
    for record in records:
        step = str(record["step"])
        start = 0.0 if step == "total" else before if step == RANDOM else log
        end = start + float(record["log_ratio"])
        if step not in ("total", RANDOM):
            before, log = log, end
        names.append(f"{plotly_text(step)}<br><b>{signed(record['estimate'])}</b>")
        add_step(figure, len(names) - 1, (start, end), record, theme)
    figure.add_hline(y=0, line={"color": theme.text, "width": 1})
    figure = style_figure(figure, theme, HEIGHT)
    figure.update_xaxes(
        tickvals=list(range(len(names))), ticktext=names, showgrid=False, range=[-0.6, len(names) - 0.4]
    )
    figure.update_yaxes(title=f"test MAE against {plotly_text(records[0]['control'])} (%)", ticksuffix=" %")
    return figure.update_layout(showlegend=False, bargap=0.4)


def add_step(figure: go.Figure, place: int, ends: tuple[float, float], record: Record, theme: Theme) -> None:
    """One floating bar from where the steps before have come to, and its interval around its end."""
    start, end = ends
    low, high = (start + np.log1p(per_cent(record[name]) / 100) for name in ("low", "high"))
    bottom, top, lowest, highest = (100 * float(np.expm1(value)) for value in (start, end, low, high))
    whole = record["step"] in ("total", RANDOM)
    colour = theme.kept if end <= start else theme.pruned
    figure.add_bar(
        x=[place],
        base=[bottom],
        y=[top - bottom],
        marker={
            "color": colour,
            "opacity": 0.55 if whole else 1.0,
            "pattern": {"shape": "/" if record["step"] == RANDOM else "", "fgcolor": theme.background},
        },
        hovertext=[
            f"<b>{plotly_text(record['step'])}</b>: {plotly_text(record['arm'])} against {plotly_text(record['control'])}<br>"
            f"{signed(record['estimate'])} (95 %: {signed(record['low'])} to {signed(record['high'])})"
        ],
        hoverinfo="text",
        textposition="none",
    )
    if np.isfinite([lowest, highest]).all():
        reach = {"array": [highest - top], "arrayminus": [top - lowest], "type": "data", "symmetric": False}
        figure.add_scatter(
            x=[place],
            y=[top],
            mode="markers",
            marker={"size": 1, "color": theme.text},
            error_y={**reach, "color": theme.text, "thickness": 1.6, "width": 7},
            hoverinfo="skip",
        )
