"""What the plan looks like: figures, map, the chosen sensor, the curve, the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from app import picking
from app.plan import asking, draft
from app.sensors.measured import Ground
from app.session import current_theme
from app.words import plain
from stcore.charts import plan_curve as curves
from stcore.charts import plan_map as maps
from stcore.charts.words import labelled, percent, short
from stcore.plan.ground import importance
from stcore.plan.planned import again
from stcore.plan.speed import sentence
from stcore.runs import Run, RunError

if TYPE_CHECKING:
    from app.plan.panel import Scene

MAP, TABLE = "plan map", "plan table"
HEIGHT = 520
PARTS = {"test": "Test", "validation": "Validation"}


def part() -> str:
    """The part whose errors are shown."""
    return str(st.session_state.get("plan part") or "test")


def figures(scene: "Scene") -> None:
    """What the plan costs: over all, over the kept ones, over those that are off; and what it saves."""
    answer, whole = scene.now[part()], scene.whole[part()]
    kept, count = int(scene.draft.keep.sum()), len(scene.draft.keep)
    before = again(whole, scene.draft.keep)
    labels = (
        (
            "All sensors",
            "Mean absolute error over all sensors under the plan, and its change against all sensors on. Measured on some of "
            "the windows, so that it comes at once; confirming by training measures on all.",
        ),
        ("Those kept", "The same over the sensors that stay on."),
        ("Those off", "The same over the sensors that are off, forecast from the others."),
    )
    grid = st.grid(4, min_column_width=150)
    for (label, help), now, then in zip(labels, answer.three, before, strict=True):
        delta = f"{100 * (now / then - 1):+.1f} % to all on" if then > 0 and np.isfinite(now) else None
        grid.metric(
            f"{PARTS[part()]} MAE · {label}",
            short(now, scene.unit),
            delta,
            delta_color="inverse",
            help=help,
            border=True,
            height="stretch",
        )
    spent = float(scene.sites.cost[scene.sites.mean(scene.draft.keep.astype(float)) > 0.5].sum())
    total = float(scene.sites.cost.sum())
    saved = f"cost {spent:g} of {total:g}" if scene.draft.by_cost else f"{percent(1 - kept / count)} off"
    grid.metric(
        "Sensors kept", f"{kept} of {count}", saved,
        delta_color="off", delta_arrow="off", border=True, height="stretch",
        help="Only these are read for a forecast; all sensors are still forecast.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Errors on", list(PARTS), key="plan part", default="test", format_func=PARTS.__getitem__, required=True,
            label_visibility="collapsed",
            help="Plans are chosen by validation; the test part tells how they do on what they were not chosen by.",
        )  # fmt: skip
        st.markdown(f"Ranked by **{plain(curves.WORDS.get(scene.draft.ranking, scene.draft.ranking))}**.")
        if number := len(scene.draft.switched):
            st.button(
                f"Undo the {number} switched by hand" if number > 1 else "Undo the one switched by hand",
                key="plan undo", on_click=draft.back, args=(scene.run,), icon=":material/undo:",
            )  # fmt: skip


# ---- the map -------------------------------------------------------------------------------------------------------
def plan_map(scene: "Scene", chosen: int) -> None:
    """Kept and switched-off sensors; zoom and place stay."""
    answer, whole = scene.now[part()], scene.whole[part()]
    words = maps.said(scene.names, scene.draft.keep, answer.by_sensor, whole.by_sensor, scene.unit)
    ground = scene.ground
    shown = maps.PlanMap(ground.places, scene.draft.keep, words, ground.layers, ground.cells, chosen)
    kept, count = int(scene.draft.keep.sum()), len(scene.draft.keep)
    alt = f"Map of the plan: {kept} of {count} sensors are kept"
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
    on, off = (
        f'<span style="color:{colour}">{mark}</span>'
        for colour, mark in zip((theme.kept, theme.pruned), marks, strict=True)
    )
    st.html(f"{on} kept ({kept}) &nbsp; {off} off ({count - kept}) &nbsp; A click switches a sensor on or off.")
    if scene.ground.made_up:
        st.markdown("These sensors have no coordinates: the map is a layout of their graph.")


def clicked(run: Run, ground: Ground) -> int | None:
    """The sensor of a new click on the map, or of a newly chosen row of the table."""
    on_map = _fresh(MAP, picking.selected(MAP, "indices", maps.SENSORS))
    in_table = _fresh(TABLE, picking.selected(TABLE, "rows"))
    if on_map is not None:
        return maps.PlanMap(ground.places, np.empty(0, bool), []).sensor(on_map)
    if in_table is None or in_table >= len(ranked := order(run)):
        return None
    return int(ranked[in_table])


def _fresh(key: str, found: list[int]) -> int | None:
    now = found[0] if found else None
    seen = st.session_state.get(f"{key} seen")
    st.session_state[f"{key} seen"] = now
    return now if now != seen else None


# ---- the chosen sensor ---------------------------------------------------------------------------------------------
def card(scene: "Scene", chosen: int) -> None:
    """Whether it is on, and what switching it would cost; with the button that does."""
    keep, sites, name = scene.draft.keep, scene.sites, scene.names[chosen]
    here, on = sites.of == sites.of[chosen], bool(keep[chosen])
    error, before = (answer[part()].by_sensor[chosen] for answer in (scene.now, scene.whole))
    st.markdown(
        f"**{plain(name)}** is **{'kept' if on else 'off'}**: its own error {short(float(error), scene.unit)}"
        + (f", {short(float(before), scene.unit)} with all on." if np.isfinite(before) else ".")
    )
    other = keep ^ here
    if other.any():
        then = asking.answered(scene.run, other)[part()].all
        now = scene.now[part()].all
        change = f"{'+' if then > now else ''}{short(then - now, scene.unit)} ({100 * (then / now - 1):+.2f} %)"
        what = "Without it" if on else "With it"
        st.markdown(f"{what} the error over all sensors is {short(then, scene.unit)}: **{change}**.")
    words = f"Switch {'off' if on else 'on'}" + ("" if sites.count == len(keep) else " its region")
    st.button(
        words, key="plan switch", on_click=draft.switch, args=(scene.run, sites, chosen, keep), disabled=not other.any(),
        icon=":material/toggle_off:" if on else ":material/toggle_on:",
    )  # fmt: skip


# ---- the curve -----------------------------------------------------------------------------------------------------
def curve(scene: "Scene") -> None:
    """Error against sensors kept, as far as it is drawn."""
    what = "sensors" if scene.sites.count == len(scene.draft.keep) else "regions"
    st.markdown(
        f"**Error against {what} kept**",
        help="What the run's weights answer under the masks of each ranking; grey: three random draws. The knee (Satopaa et "
        "al. 2011) is where more sensors begin to help little, found on validation. The diamond is your plan.",
    )
    if scene.share < 1:
        st.progress(scene.share, "Drawing the curve")
    if len(scene.curve.points) < 2:
        return
    mask = scene.sites.mean(scene.draft.keep.astype(float)) > 0.5
    x = "cost" if scene.draft.by_cost else "kept"
    at = float(scene.sites.cost[mask].sum()) if x == "cost" else float(mask.sum())
    best = scene.curve.best_at(int(mask.sum()))
    here = at, scene.now[part()].all
    shown = curves.Shown(scene.curve.table, part(), scene.unit, x, best, scene.curve.knee(), here, what)
    st.altair_chart(
        curves.plan_curve(shown, current_theme()),
        key="plan curve",
        alt=f"Curves of the {part()} error against {what} kept, by ranking",
    )
    with st.expander("The curve as a table"):
        st.dataframe(scene.curve.table, hide_index=True, key="plan curve table")


# ---- table, speed, costs -------------------------------------------------------------------------------------------
def order(run: Run) -> np.ndarray:
    """Sensors by importance, whatever the plan, so that a row stays where it is when it is switched."""
    return np.argsort(-importance(run), kind="stable")


def table(scene: "Scene") -> None:
    """Every sensor with its reason; a row switches it."""
    st.subheader(
        "Every sensor",
        help="A click on a row switches its sensor, as a click on the map does. Expected errors and reasons are of validation.",
    )
    with st.spinner("Finding the reasons …"):
        plan = scene.plan()
    for note in plan.notes:
        st.markdown(f":material/info: {plain(note)[:1].upper()}{plain(note)[1:]}.")
    rows = plan.table().iloc[order(scene.run)].drop(columns=["lat", "lon"])
    columns: Any = {
        "kept": st.column_config.CheckboxColumn("kept", width="small"),
        "importance": st.column_config.NumberColumn("importance", format="percent"),
        "expected_error": st.column_config.NumberColumn(labelled("expected error", scene.unit), format="%.3g"),
        "reason": st.column_config.TextColumn("reason", width="large"),
    }  # fmt: skip
    st.dataframe(
        rows,
        hide_index=True,
        key=TABLE,
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns,
        height=320,
    )


def speed(scene: "Scene") -> None:
    """How much faster forecasts are, measured when asked for."""
    st.subheader(
        "Speed", help="Latency, arithmetic and inputs of forecasts from the kept sensors, against all from all."
    )
    key = f"plan speed {scene.run.id} {asking.text(scene.draft.keep)}"
    if st.button("Measure the speed", icon=":material/speed:", key="plan measure"):
        st.session_state[key] = True
    if not st.session_state.get(key):
        st.markdown("Measured in turn with the full model; it takes a few seconds.")
        return
    try:
        with st.spinner("Measuring …"):
            st.markdown(plain(sentence(asking.speed(scene.run, scene.draft.keep))))
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")


def costs(names: Sequence[str], key: str) -> None:
    """What sensors cost, to plan by money."""
    with st.expander("Costs of the sensors"):
        st.text_area(
            "Costs", key=key, persist_state="session", placeholder=f"{names[0]}=3",
            help="One sensor=cost a line, 1 for those not named; then the slider can limit the cost instead of the number.",
        )  # fmt: skip
