"""A deployment plan as one page that opens anywhere: figures, map, curve, table. All that comes from data is escaped here."""

from collections.abc import Mapping
from typing import Any

from stcore.charts.layers import underneath
from stcore.charts.theme import DARK, LIGHT, Theme
from stcore.charts.words import percent, short
from stcore.exports.report_page import Figures, folded, table, told
from stcore.exports.report_style import POLICY, SCRIPT, STYLE
from stcore.options import OptionError
from stcore.plan import Plan
from stcore.plan.speed import sentence

OVER = {"all": "over all sensors", "kept": "over the kept ones", "off": "over those that are off"}


def plan_page(plan: Plan, speed: Mapping[str, Any] | None = None) -> str:
    """The whole page as text; it asks nothing of any network."""
    from stcore.charts.style import plotly_script

    figures = Figures()
    parts = [head(plan), verdict(plan), "<h2>What it costs</h2>", table(costs(plan))]
    parts += [f"<p>{told(sentence(dict(speed)))}</p>"] if speed else []
    parts += [map_part(plan, figures), curve_part(plan, figures)]
    if plan.notes:
        parts.append(f"<h2>To be known</h2><ul>{''.join(f'<li>{told(note)}</li>' for note in plan.notes)}</ul>")
    rows = plan.table().sort_values(["kept", "importance"], ascending=False)
    names = {"expected_error": f"expected error ({plan.unit})" if plan.unit else "expected error"}
    rows = rows.assign(importance=rows["importance"].map(percent)).rename(columns=names).drop(columns=["lat", "lon"])
    parts += ["<h2>Every sensor</h2>", table(rows.to_dict("records"))]
    parts.append(folded("How it was made", f"<pre>{told(made(plan))}</pre>"))
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n<meta http-equiv="Content-Security-Policy" '
        f'content="{POLICY}">\n<meta name=viewport content="width=device-width, initial-scale=1">\n'
        f"<title>{told(plan.data.title)}: which sensors stay</title>\n<style>{STYLE}</style>\n</head>\n<body><main>\n{body}\n"
        f"<footer>Made with Winnow.</footer></main>\n{figures.data}\n<script>{plotly_script()}</script>\n"
        f"<script>{SCRIPT}</script>\n</body></html>\n"
    )


def head(plan: Plan) -> str:
    """Title and what it is about."""
    tag = " <span class=tag>Simulated data</span>" if plan.data.simulated else ""
    return f"<h1>Which sensors stay</h1><p class=about>{told(plan.data.title)} · run {told(plan.run.id)}{tag}</p>"


def verdict(plan: Plan) -> str:
    """The plan in a sentence."""
    kept, count = int(plan.keep.sum()), len(plan.keep)
    now, before = plan.answers["test"].all, plan.whole["test"].all
    change = signed(now / before - 1) if before > 0 else "–"
    words = f"test error over all sensors {short(now, plan.unit)}"
    words += f" instead of {short(before, plan.unit)} with all on ({change})" if before > 0 else ""
    return f'<div class="verdict yes"><b>{kept} of {count} sensors stay</b>{told(words[:1].upper() + words[1:])}.</div>'


def costs(plan: Plan) -> list[dict[str, Any]]:
    """Errors by part, with all on and under the plan."""
    figures, rows = plan.figures(), []
    for part in figures["errors"]:
        for over, words in OVER.items():
            now, before = figures["errors"][part][over], figures["unmasked"][part][over]
            share = now / before - 1 if before and now is not None else float("nan")
            unit = f" ({plan.unit})" if plan.unit else ""
            rows.append(
                {"part": part, "error": words, f"all on{unit}": before, f"plan{unit}": now, "change": signed(share)}
            )
    return rows


def signed(share: float) -> str:
    """A change as a percentage with its sign."""
    return f"{'+' if share > 0 else ''}{percent(share)}"


def map_part(plan: Plan, figures: Figures) -> str:
    """The flat map; a sentence where nothing has a place."""
    if plan.data.places is None:
        return "<h2>Map</h2><p>These sensors have no coordinates, so there is no map.</p>"
    light, dark = (plan_map_figure(plan, theme) for theme in (LIGHT, DARK))
    return "<h2>Map</h2>" + figures.box("Map of kept and switched-off sensors", light, dark)


def plan_map_figure(plan: Plan, theme: Theme = LIGHT) -> Any:
    """A plan on the flat map (a plotly figure), for pages and notebooks. OptionError where no sensor has a place."""
    from stcore.charts.plan_map import PlanMap, flat_plan_map, said

    if plan.data.places is None:
        raise OptionError("These sensors have no coordinates, so there is no map.")
    whole = plan.whole["validation"].by_sensor
    words = said(plan.data.sensors, plan.keep, plan.expected, whole, plan.unit)
    layers = underneath(plan.data.layers, plan.data.places, None if "grid" in plan.data.ds.attrs else plan.data.edges)
    return flat_plan_map(PlanMap(plan.data.places, plan.keep, words, layers), theme)


def curve_part(plan: Plan, figures: Figures) -> str:
    """The curve, where it was drawn."""
    if plan.curve is None or not plan.curve.points:
        return ""
    meaning = (
        "Test error of the run's weights under the masks that each ranking gives, without training for them. The thick line "
        "is the best by validation error; the knee (Satopaa et al. 2011) is found on validation, too."
    )
    box = figures.box("Error against sensors kept", *(plan_curve_figure(plan, theme) for theme in (LIGHT, DARK)))
    what = "sensors" if plan.sites.count == len(plan.keep) else "regions"
    return f"<h2>Error against {what} kept</h2><p class=meaning>{told(meaning)}</p>{box}"


def plan_curve_figure(plan: Plan, theme: Theme = LIGHT) -> Any:
    """Test error against sensors kept with the plan's own point, for pages and notebooks. OptionError without a curve."""
    from stcore.charts.plan_curve import Shown, flat_plan_curve

    if plan.curve is None or not plan.curve.points:
        raise OptionError("The plan was made without its curve; ask for it with_curve.")
    kept = int(plan.site_keep.sum())
    here = (float(kept), plan.answers["test"].all)
    what = "sensors" if plan.sites.count == len(plan.keep) else "regions"
    best, knee = plan.curve.best_at(kept), plan.curve.knee()
    return flat_plan_curve(Shown(plan.curve.table, "test", plan.unit, "kept", best, knee, here, what), theme)


def made(plan: Plan) -> str:
    """How to do it again."""
    mask = plan.run.spec["options"].get("mask", {})
    model = plan.run.spec["options"]["model"]["name"]
    return f"run: {plan.run.id}\nmodel: {model}\nmask: {mask.get('name', 'none')}\nranking: {plan.ranking}"
