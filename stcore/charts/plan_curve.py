"""Error against sensors kept: the ranking of a plan against the baselines, the knee, and where the plan stands."""

from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore.charts.style import style_figure
from stcore.charts.theme import DASHES, Theme
from stcore.charts.words import axis_title, short

HEIGHT = 430  # pixels
RANDOM, OWN = "random (3 draws)", "own"
WORDS = {OWN: "the run's own"}
PLOTLY_DASH = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
RED = {
    "light": "#a61c3c",
    "dark": "#ff7f8e",
}  # in the place of the grey of runs: the run's own line and random draws are grey
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
    "stroke",
)
MARKS, MARK_OWN, MARK_RANDOM = (
    6,
    6,
    7,
)  # shapes of the other rankings, and where those of these two stand; the plan: diamond


class Look(NamedTuple):
    """How a line is told apart: its colour, the number of its dash, and that of its mark."""

    colour: str
    dash: int
    mark: int


class CurveView(NamedTuple):
    """A curve's ``table`` (see ``stcore.evidence.plan.curve``) as it is to be drawn.

    ``part`` is validation or test, ``x`` kept or cost. ``best`` is the ranking to stand out, ``knee`` the number kept at
    the knee. ``here`` is the plan's own point (x, error), ``sure`` the interval of its distance to all on. ``ends`` are
    those of the axis, where they are known before all points are.
    """

    table: pd.DataFrame
    part: str
    unit: str
    x: str = "kept"
    best: str | None = None
    knee: int | None = None
    here: tuple[float, float] | None = None
    what: str = "sensors"
    sure: tuple[float, float] = (float("nan"), float("nan"))
    ends: tuple[float, float] | None = None

    @property
    def titles(self) -> tuple[str, str]:
        """Of both axes."""
        across = "cost of the kept sensors" if self.x == "cost" else f"{self.what} kept"
        return across, axis_title(f"{self.part} MAE over all", self.unit)

    @property
    def lines(self) -> pd.DataFrame:
        """ranking, x, error: random draws as their mean, the best last so that it lies on top."""
        frame = pd.DataFrame(
            {"ranking": self.table["ranking"], "x": self.table[self.x], "error": self.table[f"{self.part}_all"]}
        )
        drawn = frame["ranking"].str.startswith("random ")
        if self.x == "kept":
            frame["ranking"] = frame["ranking"].where(~drawn, RANDOM)
            frame = frame.groupby(["ranking", "x"], as_index=False, sort=False)["error"].mean()
        else:  # equally many random sensors do not cost the same
            frame = frame[~drawn]
        return frame.replace({"ranking": WORDS}).sort_values(["ranking", "x"])

    @property
    def best_line(self) -> str:
        """The best ranking as its line is called."""
        return WORDS.get(self.best or "", self.best or "")

    @property
    def band(self) -> pd.DataFrame:
        """x, low, high of the random draws; empty where costs set them apart."""
        draws = self.table[self.table["ranking"].str.startswith("random ")]
        grouped = draws.groupby("kept")[f"{self.part}_all"]
        frame = pd.DataFrame(
            {"x": grouped.first().index, "low": grouped.min().to_numpy(), "high": grouped.max().to_numpy()}
        )
        return frame if self.x == "kept" else frame.iloc[:0]

    @property
    def knee_x(self) -> float | None:
        """Where the knee stands on the axis."""
        rows = self.table[(self.table["kept"] == self.knee) & (self.table["ranking"] == (self.best or OWN))]
        if self.knee is None or self.x == "kept":
            return self.knee
        return float(rows["cost"].iloc[0]) if len(rows) else None

    def looks(self, theme: Theme) -> dict[str, Look]:
        """Colour, dash and mark of each ranking, the same whichever is best."""
        names, own = sorted(self.lines["ranking"].unique()), WORDS[OWN]
        hues = (*theme.runs[:-1], RED[theme.name])
        looks = {}
        for place, name in enumerate(name for name in names if name not in (RANDOM, own)):
            turn = place // len(hues)  # when the colours begin again, dashes and marks are others
            looks[name] = Look(hues[place % len(hues)], (place + turn) % len(DASHES), (place + turn) % MARKS)
        looks |= {own: Look(theme.text, 0, MARK_OWN)} if own in names else {}
        return looks | ({RANDOM: Look(theme.muted, 2, MARK_RANDOM)} if RANDOM in names else {})


def plan_curve(shown: CurveView, theme: Theme) -> alt.LayerChart:
    """The curve of the page: colour and dash tell the rankings apart, the best is thick, a rule marks the knee."""
    looks, lines = shown.looks(theme), shown.lines
    names = list(looks)
    colour = alt.Scale(domain=names, range=[look.colour for look in looks.values()])
    dash = alt.Scale(domain=names, range=[list(DASHES[look.dash]) for look in looks.values()])
    mark = alt.Scale(domain=names, range=[SHAPES[look.mark] for look in looks.values()])
    across, up = shown.titles
    x = alt.X(
        "x:Q",
        title=across,
        scale=alt.Scale(nice=False, domain=list(shown.ends) if shown.ends else alt.Undefined),
        axis=alt.Axis(grid=False),
    )
    y = alt.Y("error:Q", title=up, scale=alt.Scale(zero=False, domain=error_range(lines, shown), clamp=True))
    legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=190, symbolSize=90)
    tip = [alt.Tooltip("ranking:N"), alt.Tooltip("x:Q", title=across), alt.Tooltip("error:Q", title=up, format=".3~f")]
    base = alt.Chart(lines).encode(
        x=x,
        y=y,
        tooltip=tip,
        color=alt.Color("ranking:N", scale=colour, legend=legend),
        strokeDash=alt.StrokeDash("ranking:N", scale=dash, legend=None),
    )
    layers: list[alt.Chart] = [
        alt.Chart(shown.band)
        .mark_area(color=theme.muted, opacity=0.18, clip=True)
        .encode(x="x:Q", y="low:Q", y2="high:Q"),
        base.mark_line(strokeWidth=1.4, clip=True, opacity=0.85).transform_filter(alt.datum.ranking != shown.best_line),
        base.mark_line(strokeWidth=3.2, clip=True).transform_filter(alt.datum.ranking == shown.best_line),
        alt.Chart(lines[lines["ranking"] != RANDOM])
        .mark_point(filled=True, size=42, opacity=1, clip=True)
        .encode(
            x=x,
            y=y,
            tooltip=tip,
            color=alt.Color("ranking:N", scale=colour, legend=legend),
            shape=alt.Shape("ranking:N", scale=mark, legend=legend),
        ),
    ]
    if shown.knee_x is not None:
        knee = alt.Chart(pd.DataFrame({"x": [shown.knee_x], "text": [f"knee: {shown.knee} kept"]})).encode(x="x:Q")
        layers.append(knee.mark_rule(color=theme.muted, strokeDash=[4, 3], strokeWidth=1.4))
        layers.append(
            knee.mark_text(color=theme.text, align="left", dx=5, baseline="top").encode(text="text:N", y=alt.value(4))
        )
    if shown.here is not None:
        low, high = shown.sure
        held = pd.DataFrame({"x": [shown.here[0]], "error": [shown.here[1]], "low": [low], "high": [high]})
        point = alt.Chart(held).encode(x="x:Q", y="error:Q")
        if np.isfinite(shown.sure).all():
            ends = alt.Chart(held).encode(x="x:Q", y="low:Q", y2="high:Q")
            layers.append(ends.mark_rule(color=theme.pruned, strokeWidth=2, clip=True))
        layers.append(
            point.mark_point(shape="diamond", size=170, filled=True, color=theme.pruned, stroke=theme.text, opacity=1)
        )
    return alt.LayerChart(layer=layers, height=HEIGHT)


def error_range(lines: pd.DataFrame, shown: CurveView) -> list[float]:
    """The errors that the axis reaches to: rankings that are far worse than the best twice over run out of sight."""
    errors = lines["error"].to_numpy(float)
    errors = errors[np.isfinite(errors)]
    if not len(errors):
        return [0.0, 1.0]
    low = float(errors.min())
    best = lines[lines["ranking"] == shown.best_line]["error"].max()
    high = (
        min(float(errors.max()), low + 1.6 * max(float(best) - low, 0.05 * abs(low)))
        if np.isfinite(best)
        else errors.max()
    )
    if shown.here:
        high, low = max(float(high), shown.here[1]), min(low, shown.here[1])
    gap = 0.04 * (high - low or 1.0)
    return [low - gap, high + gap]


def flat_plan_curve(shown: CurveView, theme: Theme) -> go.Figure:
    """The same for files and notebooks."""
    figure, lines = go.Figure(), shown.lines
    for name, look in shown.looks(theme).items():
        rows = lines[lines["ranking"] == name]
        line = {"color": look.colour, "dash": PLOTLY_DASH[look.dash], "width": 3.2 if name == shown.best_line else 1.4}
        marked = {} if name == RANDOM else {"marker": {"symbol": SHAPES[look.mark], "size": 7}}
        mode = "lines+markers" if marked else "lines"
        figure.add_scatter(x=rows["x"], y=rows["error"], mode=mode, line=line, name=name, **marked)
    figure = style_figure(figure, theme, HEIGHT)
    low, high = error_range(lines, shown)
    figure.update_yaxes(title=shown.titles[1], range=[low, high])
    figure.update_xaxes(title=shown.titles[0])
    if shown.knee_x is not None:
        figure.add_vline(x=shown.knee_x, line={"color": theme.muted, "dash": "dash", "width": 1.4})
        figure.add_annotation(
            x=shown.knee_x, y=high, text=f"knee: {shown.knee} kept", showarrow=False, xanchor="left", xshift=5
        )
    if shown.here is not None:
        marker = {"symbol": "diamond", "size": 13, "color": theme.pruned, "line": {"width": 1, "color": theme.text}}
        text = f"the plan: {short(shown.here[1], shown.unit)}"
        low, high = shown.sure
        ends = {
            "type": "data",
            "array": [high - shown.here[1]],
            "arrayminus": [shown.here[1] - low],
            "color": theme.pruned,
        }
        figure.add_scatter(
            x=[shown.here[0]],
            y=[shown.here[1]],
            mode="markers",
            marker=marker,
            name="the plan",
            hovertext=[text],
            hoverinfo="text",
            error_y=ends if np.isfinite(shown.sure).all() else None,
        )
    return figure
