"""The plan on the page: map, chosen sensor, curve, table, speed and costs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import picking
from app.sensors.measured import Ground
from app.sensors.plan import answers, draft
from app.sensors.plan.scene import PARTS, Scene, errors_part
from app.session import address_value, current_theme, set_address
from app.words import plain
from stcore.charts import plan_curve as curves
from stcore.charts.maps import plan as maps
from stcore.charts.words import axis_title, short, signed
from stcore.evidence.plan.chance import error_change, no_change_range
from stcore.evidence.plan.curve import measured_counts
from stcore.evidence.plan.ground import WORTH, has_learned_mask, sensor_worth, site_labels, site_word
from stcore.evidence.plan.serving import describe_speed
from stcore.runs import Run, RunError
from stcore.sensors.sites import Sites

MAP, TABLE = "plan map", "plan table"
HEIGHT = 620
COSTS, COSTS_LONG = "plan costs", "plan costs that are long"
MOST_COSTS = 16_000  # letters that a server accepts in an address


# ---- the map -------------------------------------------------------------------------------------------------------
def show_plan_map(scene: Scene, chosen: int) -> None:
    """The map of kept and switched-off sensors; its zoom stays."""
    answer, whole = scene.now[errors_part()], scene.whole[errors_part()]
    names, keep, ground = site_labels(scene.sites), scene.draft.keep, scene.ground
    words = maps.plan_texts(names, keep, answer.by_sensor, whole.by_sensor, scene.unit, part=errors_part(), still=False)
    shown = maps.PlanMap(ground.places, keep, words, ground.layers, ground.cells, chosen)
    alt = f"Map of the plan: {scene.stay} are kept"
    st.pydeck_chart(
        maps.plan_map(shown, current_theme()),
        key=MAP,
        on_select="rerun",
        selection_mode="single-object",
        height=HEIGHT,
        alt=alt,
    )
    theme = current_theme()
    marks = ("■", "■") if scene.ground.cells is not None else ("●", "○")
    pale = maps.PALE / 255 if scene.of_cells else 1.0
    on, off = (
        f'<span style="color:{colour};opacity:{opacity:.2f}">{mark}</span>'
        for colour, mark, opacity in zip((theme.kept, theme.pruned), marks, (1.0, pale), strict=True)
    )
    mask, one = scene.sites.mean(keep.astype(float)) > 0.5, site_word(scene.sites, 1)
    cells = [f", {number:,} cells" if scene.of_cells else "" for number in (keep.sum(), (~keep).sum())]
    st.html(
        f"{on} kept ({mask.sum()}{cells[0]}) &nbsp; {off} off ({(~mask).sum()}{cells[1]}) &nbsp; "
        f"A click switches a {one} on or off."
    )
    if scene.ground.made_up:
        st.markdown("These sensors have no coordinates: the map is a layout of their graph.")


def clicked_sensor(run: Run, sites: Sites, ground: Ground) -> int | None:
    """The sensor of a new click on the map or on a row of the table; None without one."""
    on_map = _new_click(MAP, picking.widget_rows(MAP, "indices", maps.SENSORS))
    in_table = _new_click(TABLE, picking.widget_rows(TABLE, "rows"))
    if on_map is not None:
        return maps.PlanMap(ground.places, np.empty(0, bool), []).sensor(on_map)
    if in_table is None or in_table >= len(ranked := worth_order(run, sites)):
        return None
    return int(np.flatnonzero(sites.of == ranked[in_table])[0])


def _new_click(key: str, clicked: list[int]) -> int | None:
    now = clicked[0] if clicked else None
    seen = st.session_state.get(f"{key} seen")
    st.session_state[f"{key} seen"] = now
    return now if now != seen else None


# ---- the chosen sensor ---------------------------------------------------------------------------------------------
def show_sensor_card(scene: Scene, chosen: int) -> None:
    """Whether the chosen sensor is on, what switching it would change, and the button that switches it."""
    keep, sites, name = scene.draft.keep, scene.sites, scene.names[chosen]
    here, on = sites.of == sites.of[chosen], bool(keep[chosen])
    error, before = (answer[errors_part()].by_sensor[chosen] for answer in (scene.now, scene.whole))
    inside = f", in {sites.name[sites.of[chosen]]}," if scene.of_cells else ""
    st.markdown(
        f"**{plain(name)}**{inside} is **{'kept' if on else 'off'}**: its own {errors_part()} error "
        f"{short(float(error), scene.unit)}"
        + (f", {short(float(before), scene.unit)} with all on." if np.isfinite(before) else ".")
    )
    other = keep ^ here
    if other.any():
        then, now = answers.plan_answers(scene.run, other, keep)[errors_part()], scene.now[errors_part()]
        change = error_change(then, now, "all", sites.data.step_seconds, errors_part())
        known = np.isfinite([change.low, change.high]).all()
        ends = f" ({plain(f'95 %: {signed(change.low)} to {signed(change.high)}')})" if known else ""
        what = f"{'Without' if on else 'With'} {'its region' if scene.of_cells else 'it'}"
        st.markdown(
            f"{what} the {errors_part()} error over all is {short(then.all, scene.unit)}: **{signed(change.estimate)}**{ends}."
        )
    words = f"Switch {'off' if on else 'on'}" + ("" if sites.count == len(keep) else " its region")
    st.button(
        words,
        key="plan switch",
        on_click=draft.switch,
        args=(sites, chosen, keep),
        disabled=not other.any(),
        icon=":material/toggle_off:" if on else ":material/toggle_on:",
    )


# ---- the curve -----------------------------------------------------------------------------------------------------
def show_plan_curve(scene: Scene) -> None:
    """The error against the number of kept sensors, as far as it is computed; the space for it is there from the start."""
    what, knee = site_word(scene.sites), scene.curve.knee()
    st.markdown(
        f"**{PARTS[errors_part()]} error against {what} kept**",
        help="The errors of the run's weights under the masks of each ranking; grey: three random rankings. From the knee "
        "(Satopaa et al. 2011) on, more sensors help little; it is found on validation. The diamond is your plan, with the "
        "95 % interval of its difference to all on.",
    )
    if len(scene.curve.points) < 2:
        st.container(border=True, height=curves.HEIGHT)
    else:
        draw_curve(scene, what, knee)
    if scene.share < 1:
        st.progress(scene.share, "Drawing the curve")
        return
    st.markdown(f"The knee is at **{knee}** of {scene.sites.count} {what}." if knee else "The curve has no knee.")
    with st.expander("The curve as a table"):
        st.dataframe(scene.curve.table, hide_index=True, key="plan curve table")


def draw_curve(scene: Scene, what: str, knee: int | None) -> None:
    """The curve with the plan on it."""
    mask = scene.sites.mean(scene.draft.keep.astype(float)) > 0.5
    x = "cost" if scene.draft.by_cost else "kept"
    at = float(scene.sites.cost[mask].sum()) if x == "cost" else float(mask.sum())
    here = at, scene.now[errors_part()].all
    sure = no_change_range(
        scene.now[errors_part()], scene.whole[errors_part()], scene.sites.data.step_seconds, errors_part()
    )
    best, at_all = scene.curve.best_at(int(mask.sum())), measured_counts(scene.sites)
    ends = (float(min(at_all)), float(max(at_all))) if x == "kept" else None
    shown = curves.CurveView(scene.curve.table, errors_part(), scene.unit, x, best, knee, here, what, sure, ends)
    st.altair_chart(
        curves.plan_curve(shown, current_theme()),
        key="plan curve",
        alt=f"Curves of the {errors_part()} error against {what} kept, by ranking",
    )


# ---- table, speed, costs -------------------------------------------------------------------------------------------
def worth_order(run: Run, sites: Sites) -> np.ndarray:
    """The sites by worth, whatever the plan, so that a row stays in its place when it is switched."""
    return np.argsort(-sites.sum(sensor_worth(run)), kind="stable")


def show_plan_table(scene: Scene) -> None:
    """The table of all sensors (of a grid: regions) with their reasons; a click on a row switches it."""
    one, name = site_word(scene.sites, 1), WORTH[has_learned_mask(scene.run)].name
    st.subheader(
        f"Every {one}",
        help=f"A click on a row switches its {one}, as a click on the map does. Expected errors and reasons are from the "
        "validation period; the figures above are from the part that is chosen there.",
    )
    with st.spinner("Finding the reasons …"):
        plan = scene.plan()
    for note in plan.notes:
        st.markdown(f":material/info: {plain(note)[:1].upper()}{plain(note)[1:]}.")
    held = plan.by_region() if scene.of_cells else plan.table().drop(columns=["lat", "lon"])
    rows = held.iloc[worth_order(scene.run, scene.sites)]
    meaning = f"{plan.worth.meaning[:1].upper()}{plan.worth.meaning[1:]}; files call it importance."
    columns: Any = {
        "kept": st.column_config.CheckboxColumn("kept", width="small"),
        "importance": st.column_config.NumberColumn(name, format="percent", help=meaning),
        "expected_error": st.column_config.NumberColumn(axis_title("validation error", scene.unit), format="%.3g"),
        "reason": st.column_config.TextColumn("reason", width="large"),
    }
    st.dataframe(
        rows,
        hide_index=True,
        key=TABLE,
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns,
        height=320,
    )


def show_speed(scene: Scene) -> None:
    """How much faster forecasts are, measured on request."""
    st.subheader(
        "Speed",
        help="Latency, arithmetic and inputs of a forecast from the kept sensors, compared with one from all sensors.",
    )
    key = f"plan speed {scene.run.id} {answers.mask_text(scene.draft.keep)}"
    if st.button("Measure the speed", icon=":material/speed:", key="plan measure"):
        st.session_state[key] = True
    if not st.session_state.get(key):
        st.markdown("It is measured by turns with the full model, which takes a few seconds.")
        return
    try:
        with st.spinner("Measuring …"):
            st.markdown(plain(describe_speed(answers.plan_speed(scene.run, scene.draft.keep))))
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")


def costs_text() -> str:
    """The costs of sensors, as the visitor wrote them."""
    return address_value("costs") or st.session_state.get(COSTS_LONG, "")


def show_costs(names: Sequence[str]) -> None:
    """The field for the costs of sensors."""
    with st.expander("Costs of the sensors"):
        st.session_state[COSTS] = costs_text()
        st.text_area(
            "Costs",
            key=COSTS,
            placeholder=f"{names[0]}=3",
            on_change=_set_costs,
            help="One line sensor=cost each; sensors without a line cost 1. Then the slider can limit the cost instead of "
            "the number.",
        )
        if len(st.session_state[COSTS]) > MOST_COSTS:
            st.markdown("These costs are too long for the address: they are lost when the page is loaded again.")


def _set_costs() -> None:
    text = st.session_state[COSTS]
    set_address("costs", text if 0 < len(text) <= MOST_COSTS else None)
    st.session_state[COSTS_LONG] = text if len(text) > MOST_COSTS else ""
