"""Sets of the same data beside each other, runs on a set beside runs on all data, and after how many models a set has paid."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.control import BADGES
from app.labels import card_label, distiller_label, error_unit, run_label, say_cells, set_share, set_size
from app.saving import PLOTLY, save_figure, save_table
from app.session import current_theme, current_zone, listed_runs, run_state, set_address
from app.trash import delete_runs, redraw_list, table_key
from app.words import plain
from stcore.charts import distil as charts
from stcore.charts.words import axis_title, short, signed
from stcore.evidence.distilled import ALL, ALONE, payback_table, same_task, set_table, training_table
from stcore.runs import Run
from stcore.runs.folder import LIVE
from stcore.words import duration


def show_sets(run: Run, distillations: list[Run]) -> None:
    """All figures about the sets of the data of ``run``."""
    same = [other for other in distillations if same_task(run, other)]
    runs = [other for other in listed_runs() if same_task(run, other)]
    made, trained = set_table(same), training_table(runs, same)
    if made.empty:
        return
    show_errors(run, made, trained)
    if run.status == "done":
        show_runs_on_set(run, trained, runs)
        show_break_even(run, payback_table(made, trained))


def show_errors(run: Run, made: pd.DataFrame, trained: pd.DataFrame) -> None:
    """The error of every set of these data against its size and its time, beside that of runs on all data."""
    st.subheader(
        "Error against size and time",
        anchor=False,
        help="Every finished distillation of these data with this surrogate: the validation error of models trained on its "
        "set. A method that learns has to beat those that only pick real windows.",
    )
    model, unit, theme = run.spec.model_name, error_unit(run), current_theme()
    made = made[made["model"] == model]
    full = trained[(trained["on"] == ALL) & (trained["model"] == model)]["validation"]
    reference = (
        {f"{card_label(model)} on all data": float(full.mean())} if len(full) and np.isfinite(full.mean()) else {}
    )
    names = {name: distiller_label(name) for name in made["method"]}
    if made.empty:
        st.markdown("No set with this surrogate is finished yet.")
        return
    columns = st.columns(2, gap="medium")
    for column, cost, words in zip(columns, charts.COSTS, ("size", "time"), strict=True):
        draw = partial(charts.sets_figure, made, cost, reference, names, unit=unit, theme=theme)
        with column:
            st.plotly_chart(
                draw(),
                key=f"against {cost}",
                theme=None,
                config=PLOTLY,
                alt=f"Validation error of sets against their {words}",
            )
            save_figure(draw, f"{run.id}-{words}", f"Validation error against {words}")
    baselines = [distiller_label(name) for name in ("random", "cluster-mean") if name not in set(made["method"])]
    if baselines:
        st.markdown(
            f"Still missing, and quick to make, as a baseline for the others: {plain(' and '.join(baselines))}. Choose "
            f"{'it' if len(baselines) == 1 else 'one'} as the method in the form on the left."
        )
    if not reference:
        where = "above, under *Train on it*" if run.status == "done" else "once this set is finished"
        st.markdown(
            f"No run on all data is finished yet; one would show how close the sets come to it. It can be started {where}."
        )
    with st.expander("These sets as a table"):
        frame = made.assign(method=made["method"].map(distiller_label), model=made["model"].map(card_label))
        frame = frame.rename(columns={"cpu": "processor seconds"})
        number = {
            name: st.column_config.NumberColumn(format="%.3g")
            for name in ("validation", "seconds", "processor seconds")
        }
        shown = {"share": st.column_config.NumberColumn(format="percent"), **number}
        st.dataframe(frame, hide_index=True, key="sets table", column_config=shown)
        save_table(made, f"{run.id}-sets", "These sets")


def show_runs_on_set(run: Run, trained: pd.DataFrame, runs: list[Run]) -> None:
    """Runs on this set beside runs on all data."""
    st.subheader("Trained on the set, and on all data", anchor=False)
    mine = trained[(trained["set"] == run.id) | (trained["on"] == ALL)]
    if not (mine["set"] == run.id).any():
        st.markdown("No run on this set is finished yet: train one above.")
        return
    by_id = {one.id: one for one in runs}
    unit = error_unit(run)
    best = mine[mine["on"] == ALL].groupby("model")["test"].mean()
    change = mine["test"] / mine["model"].map(best) - 1
    frame = pd.DataFrame(
        {
            "run": [run_label(by_id[name]) for name in mine["run"]],
            "model": mine["model"].map(card_label),
            "trained on": mine["on"],
            axis_title("validation MAE", unit): mine["validation"],
            axis_title("test MAE", unit): mine["test"],
            "against all data": [signed(value) or "–" for value in change],
            "time": [duration(value) for value in mine["seconds"]],
        }
    )
    number = {name: st.column_config.NumberColumn(format="%.3g") for name in frame if "MAE" in str(name)}
    st.dataframe(frame, hide_index=True, key="trained table", column_config=number)
    save_table(mine, f"{run.id}-trained", "These runs")


def show_break_even(run: Run, payoff: pd.DataFrame) -> None:
    """After how many trained models distilling has paid."""
    st.subheader(
        "When has it paid?",
        anchor=False,
        help="Seconds of distilling divided by the seconds that one model saves: those of a full run less those of a run on "
        "the set. Processor seconds are used where every run has recorded them, so that other work on this machine changes "
        "nothing.",
    )
    mine = payoff[payoff["set"] == run.id]
    if mine.empty:
        st.markdown(
            "This needs a finished run on this set alone and one of the same model on all data, without pruning: start both "
            "above, under *Train on it*."
        )
        return
    models = list(mine["model"])
    chosen: Any = models[0]
    if len(models) > 1:
        chosen = st.segmented_control(
            "Model", models, default=models[0], format_func=card_label, required=True, key="paid model"
        )
    row = mine[mine["model"] == chosen].iloc[0].to_dict()
    st.markdown(break_even_text(row, error_unit(run)))
    draw = partial(charts.break_even_figure, row, current_theme())
    st.plotly_chart(draw(), key="break-even", theme=None, config=PLOTLY, alt="Seconds in all against trained models")
    save_figure(draw, f"{run.id}-break-even", "After how many models distilling has paid")
    with st.expander("As a table"):
        show_payoff_table(mine, error_unit(run))
        save_table(mine, f"{run.id}-break-even", "These figures")


def show_payoff_table(mine: pd.DataFrame, unit: str) -> None:
    """The figures behind the answer, each with its unit; seconds say whether they are the processor's."""
    clock = "processor s" if (mine["clock"] == "cpu").all() else "s"
    titles = {"distilling": "distilling", "full": "on all data", "small": "on the set"}
    titles = {name: f"{words} ({clock})" for name, words in titles.items()} | {
        "models": "models until it has paid",
        "full_error": axis_title("test MAE on all data", unit),
        "small_error": axis_title("test MAE on the set", unit),
    }
    shown = mine.assign(model=mine["model"].map(card_label)).rename(columns=titles)
    shown = shown.drop(columns="clock") if mine["clock"].nunique() == 1 else shown
    number = {name: st.column_config.NumberColumn(format="%.3g") for name in titles.values()}
    st.dataframe(shown, hide_index=True, key="paid table", column_config=number)


def break_even_text(row: dict[str, Any], unit: str) -> str:
    """After how many models the set has paid, in words, with the price in accuracy."""
    small, full = row["small_error"], row["full_error"]
    price = f"The price: a test MAE of {plain(short(small, unit))} instead of {plain(short(full, unit))}"
    if small <= full:
        price = f"There is no price: the test MAE is {plain(short(small, unit))}, and {plain(short(full, unit))} on all data"
    elif change := signed(small / full - 1):
        price += f", {change}"
    took = f"{duration(row['full'])} on all data and {duration(row['small'])} on the set"
    if not np.isfinite(row["models"]):
        return f"**Never, so far**: a model takes {took}, so the set saves no time. {price}."
    count = charts.models_text(row["models"]).replace(" ", " trained ")
    made = duration(row["distilling"]) + (" of the processor's time" if row["clock"] == "cpu" else "")
    return f"**After {count}** it has paid in time: distilling took {made}, and a model takes {took}. {price}."


def show_next_step(run: Run, distillations: list[Run]) -> None:
    """What to do next with a finished set, from what has been done with it already."""
    same = [other for other in distillations if same_task(run, other)]
    trained = training_table([other for other in listed_runs() if same_task(run, other)], same)
    mine, full = trained[(trained["set"] == run.id) & (trained["on"] == ALONE)], trained[trained["on"] == ALL]
    both = set(mine["model"]) & set(full["model"])
    message = (
        "**The set is finished.** Next: train a model on it, below, to see how well it then forecasts the real "
        f"{say_cells('sensors', run)}."
    )
    if both:
        message = "**The set is finished and tried.** Whether it was worth it stands below, under *When has it paid?*"
    elif len(mine):
        model = card_label(str(mine["model"].iloc[0]))
        message = (
            f"**The set is finished and a model was trained on it.** Next: train {model} on all data, too, to compare."
        )
    st.success(message, icon=":material/check_circle:")


# ---- the list ------------------------------------------------------------------------------------------------------
LIST = "distillations"


def show_distillations(run: Run, distillations: list[Run]) -> None:
    """The distillations of the same data as a table; selected rows can be looked at or deleted."""
    st.subheader("Distillations of these data", anchor=False)
    same = [other for other in distillations if other.spec.data.fingerprint == run.spec.data.fingerprint]
    frame = distillation_rows(same)
    error = axis_title("validation MAE", error_unit(run))
    event = st.dataframe(
        frame.rename(columns={"validation": error}),
        hide_index=True,
        key=table_key(LIST),
        on_select="rerun",
        selection_mode="multi-row",
        height="content" if len(frame) < 10 else 360,
        placeholder="–",
        column_config={
            error: st.column_config.NumberColumn(format="%.3g"),
            "seconds": st.column_config.NumberColumn(format="%.3g"),
            "share": st.column_config.NumberColumn(format="percent"),
            "made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        },
    )
    selected = [same[row] for row in (event.selection.rows if event else []) if row < len(same)]
    is_working = any(run_state(one) in LIVE for one in selected)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Look at it",
            icon=":material/visibility:",
            disabled=len(selected) != 1,
            key="look at distillation",
            on_click=_look_at,
            args=(selected,),
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not selected or is_working,
            key="delete distillations",
            on_click=delete_runs,
            args=(LIST, selected),
            help="It is still working; stop it first." if is_working else "You can undo it.",
        )
        save_table(frame, LIST, "The list")


def distillation_rows(distillations: list[Run]) -> pd.DataFrame:
    """One row a distillation."""
    rows = []
    for run in distillations:
        summary, (windows, sensors) = run.summary(), set_size(run)
        rows.append(
            {
                "status": BADGES[run_state(run)][0],
                "method": distiller_label(run.method),
                "windows": windows,
                "sensors": sensors,
                "share": set_share(run),
                "surrogate": card_label(run.spec.model_name),
                "validation": (summary["metrics"]["validation"] or {}).get("mae"),
                "seconds": summary["seconds"]["total"],
                "made": pd.Timestamp(run.spec.created).tz_convert(current_zone()).tz_localize(None),
                "id": run.id,
            }
        )
    return pd.DataFrame(rows).astype({"validation": float})


def _look_at(runs: list[Run]) -> None:
    set_address("distillation", runs[0].id)
    redraw_list(LIST)
