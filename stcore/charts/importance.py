"""Which sensors matter, by several views: small maps beside each other, a matrix of agreement, stability through epochs."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from stcore.charts.maps.meridian import eastward
from stcore.charts.series import AXIS
from stcore.charts.theme import Theme
from stcore.evidence.importance import GRADIENT, MASK, PERMUTATION, REGIONS, ImportanceViews

TITLES = {MASK: "Mask", GRADIENT: "Gradient", PERMUTATION: "Permuted", REGIONS: "Left out"}
TOP = 15
MAP_WIDTH, MAP_HEIGHT = 275, 250
CROSS = "M-1,-1L1,1M-1,1L1,-1"


def rank_shares(views: ImportanceViews, name: str) -> np.ndarray:
    """[N] share of the sensors that are at most as important as each one, above 0 to 1: one scale for all views."""
    rank = views.views[name].rank
    return np.asarray(1 - (rank - 1) / max(len(rank), 1))


def small_maps(views: ImportanceViews, places: np.ndarray, theme: Theme, chosen: int | None = None) -> alt.HConcatChart:
    """One map a view, colour and size by rank, so that views in different units can be held beside each other.

    ``places`` [N, 2] latitude and longitude. Sensors that look faulty are outlined; the chosen one has a ring.
    """
    reasons = views.reasons
    known = np.isfinite(places).all(axis=1)
    frame = pd.DataFrame(
        {
            "sensor": views.sensors,
            "lat": places[:, 0],
            "lon": eastward(places[:, 1], places),
            "faulty": reasons,
            "place": np.arange(len(reasons)),
        }
    )
    ratio = 1 / max(np.cos(np.radians(frame["lat"][known].mean())), 0.05) if known.any() else 1.0
    maps = [one_map(name, views, frame[known], theme, (chosen, ratio)) for name in views.views]
    return alt.HConcatChart(hconcat=maps, spacing=14).resolve_scale(color="shared", size="shared")


def one_map(
    name: str, views: ImportanceViews, frame: pd.DataFrame, theme: Theme, how: tuple[int | None, float]
) -> alt.LayerChart:
    """The map of one view. ``how``: the chosen sensor, and how much wider a degree of longitude is drawn."""
    chosen, ratio = how
    view = views.views[name]
    held = frame.assign(
        standing=rank_shares(views, name)[frame["place"]],
        value=view.mean[frame["place"]],
        rank=view.rank[frame["place"]],
    )
    span = spans(frame, ratio)
    x = alt.X("lon:Q", scale=alt.Scale(domain=span[0], nice=False, zero=False), axis=None)
    y = alt.Y("lat:Q", scale=alt.Scale(domain=span[1], nice=False, zero=False), axis=None)
    legend = alt.Legend(
        title="matters more than this share of the sensors",
        format=".0%",
        orient="bottom",
        gradientLength=MAP_WIDTH,
        titleLimit=400,
    )
    tip = [
        alt.Tooltip("sensor:N"),
        alt.Tooltip("rank:Q", title="rank (1 matters most)", format=".3~r"),
        alt.Tooltip("value:Q", title=TITLES[name] + (f" ({view.unit})" if view.unit else ""), format=".3~g"),
        alt.Tooltip("faulty:N", title="looks faulty"),
    ]
    base = alt.Chart(held).encode(x=x, y=y, tooltip=tip)
    crowd = float(np.clip(np.sqrt(120 / max(len(held), 1)), 0.25, 1))
    dots = base.mark_circle(opacity=1, stroke=theme.background, strokeWidth=0.5).encode(
        color=alt.Color("standing:Q", scale=alt.Scale(range=list(theme.sequential), domain=[0, 1]), legend=legend),
        size=alt.Size("standing:Q", scale=alt.Scale(range=[14 * crowd, 130 * crowd], domain=[0, 1]), legend=None),
        order=alt.Order("standing:Q"),
    )
    rings = base.transform_filter("datum.faulty != ''").mark_point(
        shape=CROSS, size=60, color=theme.pruned, strokeWidth=2.2, filled=False
    )
    here = base.transform_filter(alt.datum.place == (-1 if chosen is None else chosen)).mark_point(
        size=220, color=theme.text, strokeWidth=2, filled=False
    )
    title = alt.TitleParams(TITLES[name], anchor="start", fontSize=13)
    return alt.LayerChart(layer=[dots, rings, here], width=MAP_WIDTH, height=MAP_HEIGHT, title=title)


def spans(frame: pd.DataFrame, ratio: float) -> tuple[list[float], list[float]]:
    """The ranges of longitudes and latitudes of a map on which circles stay round."""
    middle, reach = [], []
    for name in ("lon", "lat"):
        low, high = (float(frame[name].min()), float(frame[name].max())) if len(frame) else (0.0, 1.0)
        middle.append((low + high) / 2)
        reach.append(max(high - low, 1e-6) * 1.12 / 2)
    wide = max(reach[0], reach[1] * ratio * MAP_WIDTH / MAP_HEIGHT)
    high = wide / ratio * MAP_HEIGHT / MAP_WIDTH
    return [middle[0] - wide, middle[0] + wide], [middle[1] - high, middle[1] + high]


def ranked_dots(views: ImportanceViews, theme: Theme, most: int = TOP) -> alt.LayerChart:
    """The sensors with the best mean rank, one row each, a dot a view: far apart where the views do not agree."""
    ranks = pd.DataFrame({TITLES[name]: view.rank for name, view in views.views.items()}).assign(sensor=views.sensors)
    first = ranks.set_index("sensor").mean(axis=1).sort_values(kind="stable").head(most).index.tolist()
    frame = ranks[ranks["sensor"].isin(first)].melt("sensor", var_name="view", value_name="rank")
    y = alt.Y("sensor:N", sort=first, title=None, axis=alt.Axis(labelLimit=160, minExtent=AXIS, labelOverlap=False))
    x = alt.X(
        "rank:Q",
        title="rank (1 matters most)",
        scale=alt.Scale(domain=[1, max(float(frame["rank"].max()), 2)], nice=False),
    )
    colours = alt.Scale(domain=[TITLES[name] for name in views.views], range=list(theme.runs[: len(views.views)]))
    base = alt.Chart(frame)
    ends = frame.groupby("sensor")["rank"].agg(low="min", high="max").reset_index()
    line = alt.Chart(ends).mark_rule(color=theme.line, strokeWidth=2)
    line = line.encode(y=y, x=alt.X("low:Q", title="rank (1 matters most)"), x2="high:Q")
    dots = base.mark_point(filled=True, size=80, opacity=0.95).encode(
        y=y,
        x=x,
        color=alt.Color("view:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
        shape=alt.Shape("view:N", scale=alt.Scale(domain=colours.domain), legend=None),
        tooltip=[alt.Tooltip("sensor:N"), alt.Tooltip("view:N"), alt.Tooltip("rank:Q", format=".3~r")],
    )
    return alt.LayerChart(layer=[line, dots], height=24 * len(first) + 90)


def agreement_matrix(views: ImportanceViews, theme: Theme) -> alt.LayerChart:
    """Kendall's tau of every pair of views with its interval; on the diagonal that of one view's runs with each other."""
    names = [TITLES[name] for name in views.views]
    found = views.agreement.assign(one=views.agreement["view"].map(TITLES), two=views.agreement["other"].map(TITLES))
    mirrored = found[found["one"] != found["two"]].rename(columns={"one": "two", "two": "one"})
    frame = pd.concat([found, mirrored], ignore_index=True)
    alone = [name for name in names if not ((frame["one"] == name) & (frame["two"] == name)).any()]
    nobody = pd.DataFrame({"one": alone, "two": alone, "over": "run", "count": 1})
    frame = pd.concat([frame, nobody], ignore_index=True)
    frame["told"] = [f"{tau:.2f}".replace("-", "−") if np.isfinite(tau) else "–" for tau in frame["tau"]]
    frame["reach"] = [
        f"{low:.2f} to {high:.2f}".replace("-", "−") if np.isfinite(low) else f"{count:.0f} {over}"
        for low, high, count, over in zip(frame["low"], frame["high"], frame["count"], frame["over"], strict=True)
    ]
    frame["strong"] = frame["tau"].abs() > 0.55
    scale = alt.Scale(domain=[-1, 1], range=list(theme.diverging))
    tip = [
        alt.Tooltip("one:N", title="view"),
        alt.Tooltip("two:N", title="with"),
        alt.Tooltip("tau:Q", title="Kendall's tau", format=".3f"),
        alt.Tooltip("reach:N", title="95 % interval"),
        alt.Tooltip("count:Q", title="compared over"),
        alt.Tooltip("over:N", title="which are"),
    ]
    base = alt.Chart(frame).encode(
        x=alt.X("two:N", sort=names, title=None, axis=alt.Axis(labelAngle=0, orient="top", ticks=False, domain=False)),
        y=alt.Y("one:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False)),
        tooltip=tip,
    )
    cells = base.mark_rect(stroke=theme.background, strokeWidth=3).encode(
        color=alt.Color("tau:Q", scale=scale, legend=None)
    )
    ink = alt.condition(
        "datum.strong", alt.value("#ffffff" if theme.name == "light" else "#0f1720"), alt.value(theme.text)
    )
    tau = base.mark_text(fontSize=15, dy=-6, fontWeight="bold").encode(text="told:N", color=ink)
    reach = base.mark_text(fontSize=11, dy=11).encode(text="reach:N", color=ink)
    return alt.LayerChart(layer=[cells, tau, reach], height=58 * len(names) + 24)


def stability_chart(stability: Mapping[str, pd.DataFrame], run: str, theme: Theme) -> alt.LayerChart:
    """How much of the mask stays from epoch to epoch, and how near it is to the last one, beside chance."""
    found = stability[run]
    parts = {
        "with the epoch before": ("before", theme.kept, [1, 0]),
        "with the last epoch": ("last", theme.pruned, [1, 0]),
        "random sets, with the last": ("last_chance", theme.muted, [5, 3]),
    }
    frame = pd.concat(
        [found[["epoch", "kept"]].assign(what=what, overlap=found[name]) for what, (name, _, _) in parts.items()]
    ).dropna(subset=["overlap"])
    order = list(parts)
    colour = alt.Color(
        "what:N",
        scale=alt.Scale(domain=order, range=[part[1] for part in parts.values()]),
        legend=alt.Legend(orient="top", title=None, labelLimit=220, columns=2),
    )
    dash = alt.StrokeDash(
        "what:N", scale=alt.Scale(domain=order, range=[part[2] for part in parts.values()]), legend=None
    )
    base = alt.Chart(frame).encode(
        x=alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False)),
        y=alt.Y("overlap:Q", title="overlap (Jaccard)", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%")),
        color=colour,
        strokeDash=dash,
        tooltip=[
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("what:N", title="overlap"),
            alt.Tooltip("overlap:Q", title="share", format=".1%"),
            alt.Tooltip("kept:Q", title="sensors on"),
        ],
    )
    return alt.LayerChart(layer=[base.mark_line(strokeWidth=2.2), base.mark_point(filled=True, size=34)], height=290)
