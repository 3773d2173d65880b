"""A deployment plan as one page: figures, map, curve and table. Every text that comes from data is escaped here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from stcore.charts.maps.layers import base_layers
from stcore.charts.theme import DARK, LIGHT, Theme
from stcore.charts.words import percent, short
from stcore.evidence.plan import Plan
from stcore.evidence.plan.chance import describe_intervals, describe_period, no_change_range
from stcore.evidence.plan.ground import site_labels, site_word
from stcore.evidence.plan.serving import describe_speed
from stcore.exports.report_page import Figures, details_html, html_table, html_text
from stcore.exports.report_style import POLICY, SCRIPT, STYLE
from stcore.options import OptionError

OVER = {"all": "over all {}", "kept": "over the kept ones", "off": "over those that are off"}


def plan_page(plan: Plan, speed: Mapping[str, Any] | None = None) -> str:
    """The whole page as HTML; it needs no network."""
    from stcore.charts.style import plotly_script

    figures = Figures()
    parts = [plan_head(plan), plan_verdict(plan), "<h2>What it costs</h2>", html_table(costs(plan)), periods(plan)]
    parts += [f"<p>{html_text(describe_speed(dict(speed)))}</p>"] if speed else []
    parts += [map_part(plan, figures), curve_part(plan, figures)]
    if plan.notes:
        parts.append(f"<h2>Notes</h2><ul>{''.join(f'<li>{html_text(note)}</li>' for note in plan.notes)}</ul>")
    parts += [sensors_html(plan)]
    parts.append(details_html("How it was made", f"<pre>{html_text(recipe_text(plan))}</pre>"))
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n<meta http-equiv="Content-Security-Policy" '
        f'content="{POLICY}">\n<meta name=viewport content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(plan.data.title)}: which sensors stay</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body><main>\n{body}\n"
        f"<footer>Made with Winnow.</footer></main>\n{figures.data}\n<script>{plotly_script()}</script>\n"
        f"<script>{SCRIPT}</script>\n</body></html>\n"
    )


def plan_head(plan: Plan) -> str:
    """The title and, below it, the data and the run."""
    tag = " <span class=tag>Simulated data</span>" if plan.data.simulated else ""
    return f"<h1>Which sensors stay</h1><p class=about>{html_text(plan.data.title)} · run {html_text(plan.run.id)}{tag}</p>"


def plan_verdict(plan: Plan) -> str:
    """The plan in one sentence."""
    figures = plan.figures()
    now, before = plan.answers["test"].all, plan.whole["test"].all
    words = f"In the test period the error over all {forecast_word(plan)} is {short(now, plan.unit)}"
    words += interval_text(figures["intervals"]["test"]["all"])
    if before > 0:
        share, *sure = figures["changes"]["test"]["all"]
        words += f", with all on {short(before, plan.unit)}: {signed(share)}{interval_text(sure, signed)}"
    return f'<div class="verdict yes"><b>{figures["stay"]} stay</b>{html_text(words)}.</div>'


def forecast_word(plan: Plan) -> str:
    """The word for what is forecast: sensors, or cells of a grid."""
    return "sensors" if site_word(plan.sites) == "sensors" else "cells"


def interval_text(ends: Sequence[float], word: Callable[[float], str] = short) -> str:
    """An interval in brackets after a space; an empty text where there is none."""
    return f" ({word(ends[0])} to {word(ends[1])})" if np.isfinite(ends).all() else ""


def costs(plan: Plan) -> list[dict[str, Any]]:
    """Errors by part with all sensors on and under the plan, with intervals."""
    figures, rows = plan.figures(), []
    unit = f" ({plan.unit})" if plan.unit else ""
    for part in figures["errors"]:
        for over, words in OVER.items():
            now, before = figures["errors"][part][over], figures["unmasked"][part][over]
            share, *sure = figures["changes"][part][over]
            ends = interval_text(figures["intervals"][part][over]).strip(" ()")
            rows.append(
                {"part": part, "error": words.format(forecast_word(plan)), f"all on{unit}": before, f"plan{unit}": now}
                | {
                    f"95 %{unit}": ends or "–",
                    "change": signed(share),
                    "95 % of it": interval_text(sure, signed).strip(" ()") or "–",
                }
            )
    return rows


def periods(plan: Plan) -> str:
    """When the errors were measured, on how many windows, and what the intervals mean."""
    measured = plan.measured
    when = " and the ".join(describe_period(one) for one in measured.values())
    each = (describe_intervals(one).replace(f"the {part} period", "each period") for part, one in measured.items())
    sure = ". ".join(dict.fromkeys(each))  # one sentence where both have as many days
    return f"<p class=meaning>Mean absolute errors of the {html_text(when)}. {html_text(sure)}.</p>"


def sensors_html(plan: Plan) -> str:
    """A table with a row for every sensor, or every region of a grid, and the meaning of its columns."""
    what = site_word(plan.sites)
    rows = plan.table().drop(columns=["lat", "lon"]) if what == "sensors" else plan.by_region()
    rows = rows.sort_values(["kept", "importance"], ascending=False)
    rows = rows.assign(importance=rows["importance"].map(percent))
    error = f"expected error ({plan.unit})" if plan.unit else "expected error"
    names = {"expected_error": error, "importance": plan.worth.name}
    meaning = (
        f"{plan.worth.name[:1].upper()}{plan.worth.name[1:]}: {plan.worth.meaning}; files call it importance. "
        "Expected errors and reasons are of the validation period."
    )
    shown = html_table(rows.rename(columns=names).to_dict("records"))
    return f"<h2>Every {site_word(plan.sites, 1)}</h2><p class=meaning>{html_text(meaning)}</p>{shown}"


def signed(share: float) -> str:
    """A change as a percentage with its sign."""
    return f"{'+' if share > 0 else ''}{percent(share)}"


def map_part(plan: Plan, figures: Figures) -> str:
    """The flat map; a sentence where no sensor has a location."""
    if plan.data.locations is None:
        return "<h2>Map</h2><p>These sensors have no coordinates, so there is no map.</p>"
    light, dark = (plan_map_figure(plan, theme) for theme in (LIGHT, DARK))
    return "<h2>Map</h2>" + figures.box(f"Map of kept and switched-off {site_word(plan.sites)}", light, dark)


def plan_map_figure(plan: Plan, theme: Theme = LIGHT) -> Any:
    """A plan on the flat map (a plotly figure), for pages and notebooks. Raises OptionError where no sensor has a location."""
    from stcore.charts.maps.grid_cells import cells_of
    from stcore.charts.maps.plan import PlanMap, flat_plan_map, plan_texts

    if plan.data.locations is None:
        raise OptionError("These sensors have no coordinates, so there is no map.")
    whole = plan.whole["validation"].by_sensor
    words = plan_texts(site_labels(plan.sites), plan.keep, plan.expected, whole, plan.unit, part="validation")
    layers = base_layers(
        plan.data.layers, plan.data.locations, None if "grid" in plan.data.ds.attrs else plan.data.edges
    )
    return flat_plan_map(PlanMap(plan.data.locations, plan.keep, words, layers, cells_of(plan.data)), theme)


def curve_part(plan: Plan, figures: Figures) -> str:
    """The error curve; an empty text where the plan has none."""
    if plan.curve is None or not plan.curve.points:
        return ""
    meaning = (
        "Test error of the trained model under the masks of each ranking, without training for these masks. The thick line "
        "is the best ranking by validation error; the knee (Satopaa et al. 2011) is computed on validation errors, too. "
        "The diamond is the plan, with the 95 % interval of its distance to all on."
    )
    box = figures.box("Error against sensors kept", *(plan_curve_figure(plan, theme) for theme in (LIGHT, DARK)))
    what = site_word(plan.sites)
    return f"<h2>Error against {what} kept</h2><p class=meaning>{html_text(meaning)}</p>{box}"


def plan_curve_figure(plan: Plan, theme: Theme = LIGHT) -> Any:
    """Test error against sensors kept, with the plan as a point, for pages and notebooks. Raises OptionError."""
    from stcore.charts.plan_curve import CurveView, flat_plan_curve

    if plan.curve is None or not plan.curve.points:
        raise OptionError("The plan has no curve; make it with with_curve=True.")
    kept = int(plan.site_keep.sum())
    here = (float(kept), plan.answers["test"].all)
    what = site_word(plan.sites)
    best, knee = plan.curve.best_at(kept), plan.curve.knee()
    sure = no_change_range(plan.answers["test"], plan.whole["test"], plan.data.step_seconds)
    shown = CurveView(plan.curve.table, "test", plan.unit, "kept", best, knee, here, what, sure)
    return flat_plan_curve(shown, theme)


def recipe_text(plan: Plan) -> str:
    """The run, model, mask and ranking of the plan, a line each."""
    spec = plan.run.spec
    return f"run: {plan.run.id}\nmodel: {spec.model_name}\nmask: {spec.mask_name}\nranking: {plan.ranking}"
