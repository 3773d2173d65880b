"""What was gained, step by step: a waterfall from the field's recipe to the method."""

import numpy as np
import plotly.graph_objects as go

from stcore.charts.arms import Record, Records, harmless
from stcore.charts.forest import per_cent, signed
from stcore.charts.style import plain
from stcore.charts.theme import Theme

HEIGHT = 380
RANDOM = "pruning at random"


def gained(records: Records, theme: Theme) -> go.Figure:
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
        names.append(f"{harmless(step)}<br><b>{signed(record['estimate'])}</b>")
        add_step(figure, len(names) - 1, (start, end), record, theme)
    figure.add_hline(y=0, line={"color": theme.text, "width": 1})
    figure = plain(figure, theme, HEIGHT)
    figure.update_xaxes(
        tickvals=list(range(len(names))), ticktext=names, showgrid=False, range=[-0.6, len(names) - 0.4]
    )
    figure.update_yaxes(title=f"test MAE against {harmless(records[0]['control'])} (%)", ticksuffix=" %")
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
            f"<b>{harmless(record['step'])}</b>: {harmless(record['arm'])} against {harmless(record['control'])}<br>"
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
