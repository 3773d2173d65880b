"""Differences with their intervals, one row each, around zero: the forest plot of medicine."""

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go

from stcore.charts.arms import Record, Records, harmless, key, title
from stcore.charts.style import plain
from stcore.charts.theme import Theme
from stcore.compare.verdict import MARGIN

AGAINST = {  # role of the control: what it is called, its symbol
    "full-equal": ("full training at equal visits", "circle"),
    "full": ("full training", "square"),
    "random-equal": ("random at equal visits", "diamond"),
}
ROW, BESIDE, TOP = 58, 0.24, 96  # pixels of a row, distance of the controls within it, pixels of legend and axis


def differences(records: Records, theme: Theme) -> go.Figure:
    """``differences`` of a report: a row for each arm, methods first, a mark for each control."""
    ordered = sorted(records, key=lambda record: record["role"] != "method")
    return forest(ordered, lambda record: title(key(record)), theme)


def parts(records: Records, theme: Theme) -> go.Figure:
    """``hardest`` and ``incidents`` of a report: a row for each arm and part of the windows, a mark for each control."""
    arms = list(dict.fromkeys(map(key, records)))
    ordered = sorted(records, key=lambda record: arms.index(key(record)))
    return forest(ordered, lambda record: f"{title(key(record))}: {record['part']}", theme)


def forest(records: Records, name: Callable[[Record], str], theme: Theme) -> go.Figure:
    """Relative differences in per cent with 95 % intervals. ``name`` gives the row of a record."""
    rows = list(dict.fromkeys(name(record) for record in records))
    shown = [role for role in AGAINST if any(record["control_role"] == role for record in records)]
    figure = go.Figure()
    for place, role in enumerate(shown):
        part = [record for record in records if record["control_role"] == role]
        shift = BESIDE * (place - (len(shown) - 1) / 2)
        heights = [rows.index(name(record)) + shift for record in part]
        figure.add_trace(marks(part, heights, role, theme))
    figure = plain(figure, theme, TOP + ROW * len(rows))
    figure.add_vrect(x0=-100 * MARGIN, x1=100 * MARGIN, fillcolor=theme.line, opacity=0.5, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": theme.text, "width": 1})
    figure.update_xaxes(title="← errs less · difference of the test MAE (%) · errs more →", ticksuffix=" %")
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[harmless(row) for row in rows],
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
    symbols = [symbol if clear(record) else f"{symbol}-open" for record in part]
    return go.Scatter(
        x=middle,
        y=heights,
        mode="markers",
        marker={"size": 10, "color": colour, "symbol": symbols, "line": {"width": 2, "color": colour}},
        error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 4, **reach},
        hovertext=[told(record) for record in part],
        hoverinfo="text",
        name=label,
    )


def per_cent(share: float | None) -> float:
    """A share in per cent; not a number for none."""
    return float("nan") if share is None else 100 * share


def clear(record: Mapping[str, Any]) -> bool:
    """Whether the interval is clear of zero."""
    return record["low"] is not None and record["high"] is not None and (record["low"] > 0 or record["high"] < 0)


def signed(share: float | None) -> str:
    """A difference as text: ``−1.2 %``."""
    if share is None:
        return "–"
    size = abs(100 * share)
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{size:.{1 if size >= 1 else 2}f} %"


def told(record: Record) -> str:
    """What a pointer over a mark is told."""
    counted = f", {record['windows']:,} windows" if "windows" in record else ""
    seeds = f"{record['seeds']} {'seed' if record['seeds'] == 1 else 'seeds'}"
    return (
        f"<b>{harmless(title(key(record)))}</b> against {harmless(record['control'])}<br>{signed(record['estimate'])} "
        f"(95 %: {signed(record['low'])} to {signed(record['high'])}; {seeds}{counted})"
    )
