"""Who pays: where a method errs more or less than its control, by hour of the week, by sensor, by horizon."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from stcore.charts.arms import Records, plotly_text
from stcore.charts.forest import per_cent, signed
from stcore.charts.grid import WEEKDAYS
from stcore.charts.style import style_figure
from stcore.charts.theme import Theme
from stcore.charts.words import short

MIDDLE = 0.98  # of the differences lie within the ends of a colour scale
SURE = 0.05  # p below which a horizon counts as different


def scale(theme: Theme) -> list[list[object]]:
    """The colours from less error over no difference to more error."""
    return [[0.0, theme.kept], [0.5, theme.land], [1.0, theme.pruned]]


def symmetric_reach(values: np.ndarray) -> float:
    """The end of a scale that is symmetric around zero, chosen so that one extreme value does not hide all others."""
    sizes = np.abs(values[np.isfinite(values)])
    return float(np.quantile(sizes, MIDDLE)) or 1.0 if len(sizes) else 1.0


def bar(theme: Theme) -> dict[str, object]:
    """The legend of the colour scale."""
    title = {"text": "difference (%)", "side": "right"}
    return {"title": title, "outlinewidth": 0, "thickness": 10, "ticksuffix": " %", "tickfont": {"color": theme.text}}


def hours_figure(records: Records, theme: Theme) -> go.Figure:
    """``by_hour`` of one method: the difference for windows whose forecast begins in each hour of the week."""
    values, said = np.full((7, 24), np.nan), np.full((7, 24), "", object)
    for record in records:
        day, hour = divmod(int(record["hour"]), 24)
        values[day, hour] = per_cent(record["difference"])
        said[day, hour] = (
            f"<b>{WEEKDAYS[day]} {hour:02d} to {hour + 1:02d} h</b><br>{signed(record['difference'])}, {record['windows']} "
            f"windows<br>MAE {short(record['mae'])} against {short(record['control_mae'])}"
        )
    end = symmetric_reach(values)
    figure = go.Figure(
        go.Heatmap(
            x=np.arange(24) + 0.5,
            y=WEEKDAYS,
            z=values,
            zmin=-end,
            zmax=end,
            colorscale=scale(theme),
            colorbar=bar(theme),
            text=said,
            hoverinfo="text",
            hoverongaps=False,
            xgap=1,
            ygap=1,
        )
    )
    figure = style_figure(figure, theme, 300)
    figure.update_xaxes(title="hour of the day", range=[0, 24], tickvals=list(range(0, 25, 3)), showgrid=False)
    return figure.update_yaxes(autorange="reversed", showgrid=False)


def sensors_figure(records: Records, theme: Theme) -> go.Figure:
    """``by_sensor`` of one method: every sensor's difference in order of size, and on a flat map where places are known.

    Places are ``lat`` and ``lon`` of the records.
    """
    ordered = sorted(
        (record for record in records if record["difference"] is not None),
        key=lambda record: float(record["difference"]),
    )
    values = np.array([per_cent(record["difference"]) for record in ordered])
    said = [
        f"<b>{plotly_text(record['sensor'])}</b><br>{signed(record['difference'])}, better in {record['seeds_better']} of "
        f"{record['seeds']} seeds<br>MAE {short(record['mae'])} against {short(record['control_mae'])}"
        for record in ordered
    ]
    placed = [place for place, record in enumerate(ordered) if record.get("lat") is not None]
    figure = make_subplots(1, 2, column_widths=[0.55, 0.45], horizontal_spacing=0.08) if placed else go.Figure()
    end = symmetric_reach(values)
    colours = {"cmin": -end, "cmax": end, "colorscale": scale(theme)}
    figure.add_trace(
        go.Bar(
            x=np.arange(1, len(ordered) + 1),
            y=values,
            marker={"color": [theme.kept if value < 0 else theme.pruned for value in values], "line": {"width": 0}},
            hovertext=said,
            hoverinfo="text",
            textposition="none",
        )
    )
    figure = style_figure(figure, theme, 360)
    figure.update_xaxes(title="sensors, from most gained to most paid", showgrid=False)
    figure.update_yaxes(
        title="difference of the test MAE (%)", ticksuffix=" %", zeroline=True, zerolinecolor=theme.text
    )
    figure.update_layout(showlegend=False, bargap=0.15)
    if placed:
        add_map(figure, [ordered[place] for place in placed], values[placed], [said[place] for place in placed], theme)
        figure.data[1].marker.update(**colours, colorbar=bar(theme))
    return figure


def add_map(figure: go.Figure, records: Records, values: np.ndarray, said: list[str], theme: Theme) -> None:
    """Sensors at their locations, larger where the difference is larger."""
    lat, lon = (np.array([record[name] for record in records], float) for name in ("lat", "lon"))
    size = 5 + 9 * np.clip(np.abs(values) / symmetric_reach(values), 0, 1)
    figure.add_trace(
        go.Scatter(
            x=lon,
            y=lat,
            mode="markers",
            marker={"color": values, "size": size, "line": {"width": 0.8, "color": theme.muted}},
            hovertext=said,
            hoverinfo="text",
        ),
        row=1,
        col=2,
    )
    stretch = 1 / max(float(np.cos(np.radians(lat.mean()))), 0.05)
    hidden = {
        "showgrid": False,
        "showticklabels": False,
        "ticks": "",
        "title": None,
        "zeroline": False,
        "ticksuffix": "",
    }
    figure.update_xaxes(**hidden, title_text="where they are", row=1, col=2)
    figure.update_yaxes(**hidden, scaleanchor="x2", scaleratio=stretch, row=1, col=2)


def horizons_figure(records: Records, theme: Theme) -> go.Figure:
    """``by_horizon`` of one method: the difference at each step ahead, filled where the Diebold-Mariano test finds one."""
    steps = [int(record["horizon"]) for record in records]
    values = [per_cent(record["difference"]) for record in records]
    sure = [record["p_holm"] is not None and record["p_holm"] < SURE for record in records]
    said = [
        f"<b>{step} steps ahead</b><br>{signed(record['difference'])}; p {p_text(record['p'])}, "
        f"for all horizons together {p_text(record['p_holm'])}"
        for step, record in zip(steps, records, strict=True)
    ]
    figure = go.Figure(
        go.Scatter(
            x=steps,
            y=values,
            mode="lines+markers",
            line={"color": theme.accent, "width": 2},
            marker={
                "size": 10,
                "symbol": ["circle" if clear else "circle-open" for clear in sure],
                "color": theme.accent,
                "line": {"width": 2, "color": theme.accent},
            },
            hovertext=said,
            hoverinfo="text",
        )
    )
    figure.add_hline(y=0, line={"color": theme.text, "width": 1})
    figure = style_figure(figure, theme, 320)
    figure.update_xaxes(
        title="steps ahead", tickformat="d", showgrid=False, **({"dtick": 1} if len(steps) <= 24 else {})
    )
    return figure.update_yaxes(title="difference of the test MAE (%)", ticksuffix=" %")


def p_text(value: float | None) -> str:
    """A p-value as text."""
    return "not known" if value is None else "below 0.001" if value < 0.001 else f"{value:.3f}"
