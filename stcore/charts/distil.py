"""A distillation in figures: its rounds, its windows beside real ones, its size and time against its error, when it paid."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore import registry
from stcore.charts.arms import plotly_text
from stcore.charts.curves import thin_rows, zoom
from stcore.charts.frontier import axis_range, name_annotation, name_positions
from stcore.charts.style import style_figure
from stcore.charts.theme import DASHES, Theme
from stcore.charts.words import axis_title, percent, short

FIRST, NOW, REAL = "after the first round", "as it stands", "nearest real window"
FORMS = (FIRST, NOW, REAL)
# from the lowest to the one on top, with width and opacity: the real one is a band, so that all are seen where they agree
UPWARD: dict[str, dict[str, Any]] = {
    REAL: {"strokeWidth": 6, "strokeOpacity": 0.45},
    FIRST: {"strokeWidth": 3},
    NOW: {"strokeWidth": 1.5},
}
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon", "hexagon")
HEIGHT, SMALL = 300, 150
COSTS = {"share": ("share of the whole (%), smaller is better", 100.0), "seconds": ("seconds of distilling", 1.0)}
ADDED = 1e-9  # beside which nothing is 0 on a logarithmic axis
TICKS = [float(f"{first}e{power}") for power in range(-4, 7) for first in (1, 2, 5)]
LEAST = 0.3  # powers of ten on each side of the middle
WHOLE = 12  # models up to which each has a number on the axis
HALF = (385.0, 310.0)  # pixels of a plot of half a page, by which names are kept apart


# ---- rounds --------------------------------------------------------------------------------------------------------
def rounds_chart(table: pd.DataFrame, column: str, rounds: int, title: str, theme: Theme) -> Any:
    """``loss`` or ``mae`` of ``stcore.runs.pictures.rounds`` by round; of errors the best is ringed."""
    shown = thin_rows(table)[["round", column, "best"]].dropna()
    shown = shown.rename(columns={column: "value"})
    colour = theme.muted if column == "loss" else theme.accent
    line = (
        alt.Chart(shown, name="rounds")
        .mark_line(clip=True, strokeWidth=2, color=colour, point=alt.OverlayMarkDef(size=28, filled=True, color=colour))
        .encode(
            x=alt.X(
                "round:Q",
                title="round",
                scale=alt.Scale(domain=[0.5, max(rounds, 2) + 0.5], nice=False),
                axis=alt.Axis(format="d", tickMinStep=1, grid=False),
            ),
            y=alt.Y(
                "value:Q", title=title, scale=alt.Scale(zero=False, **_room_around(shown)), axis=alt.Axis(format="~r")
            ),
            tooltip=[alt.Tooltip("round:Q"), alt.Tooltip("value:Q", title=title, format=".4~r")],
        )
    )
    best = shown[shown["best"]].tail(1)[["round", "value"]].assign(what="the best so far")
    ring = alt.Chart(best if column != "loss" else best.iloc[:0]).mark_point(
        size=170, color=theme.accent, strokeWidth=2, clip=True
    )
    mark = ring.encode(x="round:Q", y="value:Q", tooltip=["what:N", "round:Q"])
    return alt.layer(line.add_params(zoom(f"{column}_zoom")), mark).properties(height=HEIGHT)


def _room_around(shown: pd.DataFrame) -> dict[str, Any]:
    """Room around the values: of a single one on both sides, so that there are round numbers on the axis."""
    low, high = shown["value"].min(), shown["value"].max()
    return {"domain": [0.95 * low, 1.05 * low]} if low == high and low else {"padding": 10}


# ---- windows -------------------------------------------------------------------------------------------------------
def window_forms(first: np.ndarray | None, now: np.ndarray, real: np.ndarray | None, lookback: int) -> pd.DataFrame:
    """One window's forms [L + H] as rows ``step`` (0: the last that a model sees), ``form``, ``value``."""
    found = dict(zip(FORMS, (first, now, real), strict=True))
    parts = [
        pd.DataFrame({"step": np.arange(len(values)) - lookback + 1, "form": form, "value": values.astype(float)})
        for form, values in found.items()
        if values is not None
    ]
    return pd.concat(parts, ignore_index=True)


def window_forms_chart(frame: pd.DataFrame, limits: tuple[float, float], title: str, theme: Theme) -> Any:
    """One window of ``forms``; the rule stands between what a model sees and what it forecasts."""
    lines = alt.Chart(frame.dropna()).encode(
        x=alt.X(
            "step:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1, grid=False), scale=alt.Scale(nice=False)
        ),
        y=alt.Y(
            "value:Q",
            title=None,
            scale=alt.Scale(domain=list(limits), nice=False),
            axis=alt.Axis(format="~r", minExtent=30),
        ),
        tooltip=["form:N", "step:Q", alt.Tooltip("value:Q", title=title, format=".3~r")],
        **_look(theme, None),
    )
    rule = alt.Chart(pd.DataFrame({"step": [0.5]})).mark_rule(color=theme.line, strokeWidth=1.5, aria=False)
    return alt.layer(rule.encode(x="step:Q"), *_in_order(lines)).properties(height=SMALL)


def _in_order(lines: alt.Chart, mark: str = "line") -> list[alt.Chart]:
    """One layer per form, so that the set as it is now is never hidden under what it was."""
    parts = ((lines.transform_filter(alt.datum.form == form), look) for form, look in UPWARD.items())
    return [part.mark_rule(**look) if mark == "rule" else part.mark_line(clip=True, **look) for part, look in parts]


def windows_figure(frame: pd.DataFrame, title: str, theme: Theme) -> alt.FacetChart:
    """Several windows of ``forms``, told apart by ``window``, as one figure for a file."""
    line = alt.Chart(frame.dropna()).encode(
        x=alt.X("step:Q", title="step"),
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        **_look(theme),
    )
    return alt.layer(*_in_order(line)).properties(width=200, height=SMALL).facet("window:O", columns=4)


def window_legend(first: bool, real: bool, theme: Theme) -> Any:
    """What the lines of all windows mean: how they stand, and where there are, how they were and what is real."""
    names = [*([FIRST] if first else []), NOW, *([REAL] if real else [])]
    places = np.arange(len(names)) * 200.0
    frame = pd.DataFrame({"form": names, "x": places, "end": places + 34, "text": places + 42, "y": 10})
    scaled: dict[str, Any] = {"scale": None, "axis": None}
    base = alt.Chart(frame).encode(y=alt.Y("y:Q", **scaled))
    stroke = base.encode(x=alt.X("x:Q", **scaled), x2="end:Q", **_look(theme, None))
    text = base.mark_text(align="left", baseline="middle", color=theme.text, fontSize=12).encode(
        x=alt.X("text:Q", **scaled), text="form:N"
    )
    return alt.layer(*_in_order(stroke, "rule"), text).properties(height=20, width=600).configure_view(stroke=None)


def _look(theme: Theme, *legend: None) -> dict[str, Any]:
    """Colour and dash of the three forms; ``None`` for no legend."""
    more: dict[str, Any] = {"legend": None} if legend else {}
    colours, dashes = [theme.text, theme.accent, theme.pruned], [DASHES[1], DASHES[0], DASHES[0]]
    return {
        "color": alt.Color("form:N", title=None, scale=alt.Scale(domain=list(FORMS), range=colours), **more),
        "strokeDash": alt.StrokeDash("form:N", title=None, scale=alt.Scale(domain=list(FORMS), range=dashes), **more),
    }


# ---- sets against each other ---------------------------------------------------------------------------------------
def sets_figure(
    made: pd.DataFrame, cost: str, reference: Mapping[str, float], names: Mapping[str, str], *, unit: str, theme: Theme
) -> go.Figure:
    """Validation error of ``stcore.evidence.distilled.sets`` against their ``share`` or ``seconds``, by method.

    ``reference`` {what: error} are lines to be held against, ``names`` how methods are called.
    """
    title, factor = COSTS[cost]
    drawn = made[np.isfinite(made["validation"]) & np.isfinite(made[cost])]
    x = np.log10(np.maximum(factor * drawn[cost].to_numpy(float), ADDED))
    errors = drawn["validation"].to_numpy(float)
    figure = go.Figure()
    around = np.append(x, [x.mean() - LEAST, x.mean() + LEAST]) if len(x) else x  # so that the axis has numbers
    across, up = axis_range(around), axis_range(np.array([*errors, *reference.values()]))
    _add_reference_lines(figure, reference, theme)
    for method in dict.fromkeys(drawn["method"]):
        of, place = np.flatnonzero(drawn["method"] == method), _place(method)
        look = {
            "size": 11,
            "color": theme.runs[place % len(theme.runs)],
            "symbol": SYMBOLS[place % len(SYMBOLS)],
            "line": {"width": 1, "color": theme.background},
        }
        figure.add_scatter(
            x=10 ** x[of],
            y=errors[of],
            mode="markers",
            marker=look,
            name=plotly_text(names.get(method, method)),
            hovertext=[_hover_text(row, names, unit) for row in drawn.iloc[of].to_dict("records")],
            hoverinfo="text",
            cliponaxis=False,
            showlegend=False,
        )
    called = [plotly_text(names.get(method, method)) for method in drawn["method"]]
    if len(drawn):
        letters = [len(name) for name in called]
        where = name_positions((x - across[0]) / np.diff(across), (errors - up[0]) / np.diff(up), letters, HALF)
        for name, at, shift in zip(called, zip(x, errors, strict=True), where, strict=True):
            # on a logarithmic axis, the x of an annotation is a logarithm
            figure.add_annotation(name_annotation(name, at, shift, theme))
    figure = style_figure(figure, theme, 380)
    ticks = [value for value in TICKS if across[0] <= np.log10(value) <= across[1]]
    figure.update_xaxes(
        title=title, type="log", range=list(across), tickvals=ticks, ticktext=[f"{tick:,g}" for tick in ticks]
    )
    return figure.update_yaxes(
        title={"text": axis_title("validation MAE", plotly_text(unit)), "standoff": 12}, range=list(up)
    )


def _add_reference_lines(figure: go.Figure, reference: Mapping[str, float], theme: Theme) -> None:
    for what, error in reference.items():
        figure.add_hline(y=error, line={"color": theme.text, "width": 1.2, "dash": "dot"})
        figure.add_annotation(
            text=f"{plotly_text(what)}: {short(error)}",
            x=1,
            xref="paper",
            y=error,
            showarrow=False,
            xanchor="right",
            yanchor="bottom",
            font={"size": 11, "color": theme.text},
        )


def _place(method: str) -> int:
    """The number of a method's colour and mark, the same in every figure."""
    known = list(registry.cards("distillers"))
    return known.index(method) if method in known else len(known)


def _hover_text(row: Mapping[Any, Any], names: Mapping[str, str], unit: str) -> str:
    """The text that a pointer over a set shows."""
    return (
        f"<b>{plotly_text(names.get(row['method'], row['method']))}</b> {row['schedule']}<br>{row['windows']:,} windows x "
        f"{row['sensors']:,} sensors, {percent(row['share'])} of the full data<br>"
        f"MAE {short(row['validation'], plotly_text(unit))}, {short(row['seconds'])} s<br>{plotly_text(row['set'])}"
    )


def models_text(models: float) -> str:
    """After how many models a set has paid off, as text: 0.3 of a model means the first one."""
    many = max(1, int(np.ceil(models)))
    return f"{many:,} {'model' if many == 1 else 'models'}"


def break_even_figure(row: Mapping[str, Any], theme: Theme) -> go.Figure:
    """Seconds spent in all against the number of trained models, for one row of ``stcore.evidence.distilled.payback_table``."""
    ends = row["models"] if np.isfinite(row["models"]) else 10.0
    last = int(np.ceil(max(2 * ends, 4)))
    models = np.unique(np.linspace(0, last, 60))
    figure = go.Figure()
    lines: Sequence[tuple[str, float, float, str, str]] = (
        ("on all data", 0.0, row["full"], theme.pruned, "dash"),
        ("distilling, then on the set", row["distilling"], row["small"], theme.kept, "solid"),
    )
    for name, start, each, colour, dash in lines:
        figure.add_scatter(
            x=models,
            y=start + each * models,
            mode="lines",
            name=name,
            line={"color": colour, "width": 2.2, "dash": dash},
            hovertemplate=f"{name}<br>%{{x:.1f}} models: %{{y:.3s}} s<extra></extra>",
        )
    if np.isfinite(row["models"]):
        figure.add_scatter(
            x=[row["models"]],
            y=[row["full"] * row["models"]],
            mode="markers",
            name=f"paid after {models_text(row['models'])}",
            marker={"size": 11, "color": theme.text, "symbol": "diamond"},
            hoverinfo="name",
        )
    figure = style_figure(figure, theme, 320)
    figure.update_xaxes(title="trained models", rangemode="tozero", **({"dtick": 1} if last <= WHOLE else {}))
    seconds = "processor seconds" if row["clock"] == "cpu" else "seconds"
    figure.update_yaxes(title=f"{seconds} in all", rangemode="tozero")
    return figure.update_layout(legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"}, margin_t=40)
