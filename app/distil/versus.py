"""Sets of the same data against each other, runs on them against runs on all data, and after how many models it has paid."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.distil.known import method_name, spoken, unit_of
from app.distil.saving import PLAIN, page_file, table_files
from app.header import label, named
from app.session import current_theme, listed_runs
from app.words import plain
from stcore.charts import distil as charts
from stcore.charts.words import labelled, short, signed
from stcore.evidence.distilled import ALL, ALONE, alike, paid, sets, trainings
from stcore.runs import Run
from stcore.words import duration


def show(run: Run, distillations: list[Run]) -> None:
    """All of it, for the data of ``run``."""
    same = [other for other in distillations if alike(run, other)]
    runs = [other for other in listed_runs() if alike(run, other)]
    made, trained = sets(same), trainings(runs, same)
    if made.empty:
        return
    against(run, made, trained)
    if run.status == "done":
        on_it(run, trained, runs)
        break_even(run, paid(made, trained))


def against(run: Run, made: pd.DataFrame, trained: pd.DataFrame) -> None:
    """Every set of these data by its size and by its time, with what all the data gave."""
    st.subheader(
        "Error against size and time",
        anchor=False,
        help="Every finished distillation of these data with this surrogate: the validation error of models trained on its "
        "set. Methods that only pick real windows are what learning has to beat.",
    )
    model, unit, theme = run.spec["options"]["model"]["name"], unit_of(run), current_theme()
    made = made[made["model"] == model]
    full = trained[(trained["on"] == ALL) & (trained["model"] == model)]["validation"]
    reference = {f"{named(model)} on all data": float(full.mean())} if len(full) and np.isfinite(full.mean()) else {}
    names = {name: method_name(name) for name in made["method"]}
    if made.empty:
        st.markdown("No set of this surrogate is finished yet.")
        return
    columns = st.columns(2, gap="medium")
    for column, cost, words in zip(columns, charts.COSTS, ("size", "time"), strict=True):
        draw = partial(charts.against, made, cost, reference, names, unit=unit, theme=theme)
        with column:
            st.plotly_chart(
                draw(),
                key=f"against {cost}",
                theme=None,
                config=PLAIN,
                alt=f"Validation error of sets against their {words}",
            )
            page_file(draw, f"{run.id}-{words}", f"Validation error against {words}")
    baselines = [method_name(name) for name in ("random", "cluster-mean") if name not in set(made["method"])]
    if baselines:
        st.markdown(
            f"Not there yet, and quick to make, to hold the others against: {plain(' and '.join(baselines))}. Choose "
            f"{'it' if len(baselines) == 1 else 'one'} as the method in the form on the left."
        )
    if not reference:
        where = "above, under *Train on it*" if run.status == "done" else "once this set is finished"
        st.markdown(
            f"No run on all data is finished yet; one would show how near the sets come. It can be started {where}."
        )
    with st.expander("These sets as a table"):
        frame = made.assign(method=made["method"].map(method_name), model=made["model"].map(named))
        frame = frame.rename(columns={"cpu": "processor seconds"})
        number = {
            name: st.column_config.NumberColumn(format="%.3g")
            for name in ("validation", "seconds", "processor seconds")
        }
        shown = {"share": st.column_config.NumberColumn(format="percent"), **number}
        st.dataframe(frame, hide_index=True, key="sets table", column_config=shown)
        table_files(made, f"{run.id}-sets", "These sets")


def on_it(run: Run, trained: pd.DataFrame, runs: list[Run]) -> None:
    """Runs on this set beside runs on all data."""
    st.subheader("Trained on the set, and on all data", anchor=False)
    mine = trained[(trained["set"] == run.id) | (trained["on"] == ALL)]
    if not (mine["set"] == run.id).any():
        st.markdown("No run on this set is finished yet: train one above.")
        return
    known = {one.id: one for one in runs}
    unit = unit_of(run)
    best = mine[mine["on"] == ALL].groupby("model")["test"].mean()
    change = mine["test"] / mine["model"].map(best) - 1
    frame = pd.DataFrame(
        {
            "run": [label(known[name]) for name in mine["run"]],
            "model": mine["model"].map(named),
            "trained on": mine["on"],
            labelled("validation MAE", unit): mine["validation"],
            labelled("test MAE", unit): mine["test"],
            "against all data": [signed(value) or "–" for value in change],
            "time": [duration(value) for value in mine["seconds"]],
        }
    )
    number = {name: st.column_config.NumberColumn(format="%.3g") for name in frame if "MAE" in str(name)}
    st.dataframe(frame, hide_index=True, key="trained table", column_config=number)
    table_files(mine, f"{run.id}-trained", "These runs")


def break_even(run: Run, known: pd.DataFrame) -> None:
    """After how many trained models distilling has paid."""
    st.subheader(
        "When has it paid?",
        anchor=False,
        help="Seconds of distilling over the seconds that one model saves: those of a full run less those of a run on the set. "
        "They are counted on the processor, where every run knows its own, so that other work on this machine changes nothing.",
    )
    mine = known[known["set"] == run.id]
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
            "Model", models, default=models[0], format_func=named, required=True, key="paid model"
        )
    row = mine[mine["model"] == chosen].iloc[0].to_dict()
    st.markdown(sentence(row, unit_of(run)))
    draw = partial(charts.break_even, row, current_theme())
    st.plotly_chart(draw(), key="break-even", theme=None, config=PLAIN, alt="Seconds in all against trained models")
    page_file(draw, f"{run.id}-break-even", "After how many models distilling has paid")
    with st.expander("As a table"):
        paid_table(mine, unit_of(run))
        table_files(mine, f"{run.id}-break-even", "These figures")


def paid_table(mine: pd.DataFrame, unit: str) -> None:
    """The figures of the answer, each with its unit; seconds say whose where not all are the processor's."""
    clock = "processor s" if (mine["clock"] == "cpu").all() else "s"
    said = {"distilling": "distilling", "full": "on all data", "small": "on the set"}
    said = {name: f"{words} ({clock})" for name, words in said.items()} | {
        "models": "models until it has paid",
        "full_error": labelled("test MAE on all data", unit),
        "small_error": labelled("test MAE on the set", unit),
    }
    shown = mine.assign(model=mine["model"].map(named)).rename(columns=said)
    shown = shown.drop(columns="clock") if mine["clock"].nunique() == 1 else shown
    number = {name: st.column_config.NumberColumn(format="%.3g") for name in said.values()}
    st.dataframe(shown, hide_index=True, key="paid table", column_config=number)


def sentence(row: dict[str, Any], unit: str) -> str:
    """The answer in words, with what it costs in accuracy."""
    small, full = row["small_error"], row["full_error"]
    price = f"The price: a test MAE of {plain(short(small, unit))} instead of {plain(short(full, unit))}"
    if small <= full:
        price = f"There is no price: the test MAE is {plain(short(small, unit))}, and {plain(short(full, unit))} on all data"
    elif change := signed(small / full - 1):
        price += f", {change}"
    took = f"{duration(row['full'])} on all data and {duration(row['small'])} on the set"
    if not np.isfinite(row["models"]):
        return f"**Never, so far**: a model takes {took}, so the set saves no time. {price}."
    count = charts.said_models(row["models"]).replace(" ", " trained ")
    made = duration(row["distilling"]) + (" of the processor's time" if row["clock"] == "cpu" else "")
    return f"**After {count}** it has paid in time: distilling took {made}, and a model takes {took}. {price}."


def next_step(run: Run, distillations: list[Run]) -> None:
    """What to do with a finished set, told from what has been done with it already."""
    same = [other for other in distillations if alike(run, other)]
    trained = trainings([other for other in listed_runs() if alike(run, other)], same)
    mine, full = trained[(trained["set"] == run.id) & (trained["on"] == ALONE)], trained[trained["on"] == ALL]
    both = set(mine["model"]) & set(full["model"])
    said = (
        "**The set is finished.** Next: train a model on it, below, to see how well it then forecasts the real "
        f"{spoken('sensors', run)}."
    )
    if both:
        said = "**The set is finished and tried.** Whether it was worth it stands below, under *When has it paid?*"
    elif len(mine):
        model = named(str(mine["model"].iloc[0]))
        said = (
            f"**The set is finished and a model was trained on it.** Next: train {model} on all data, too, to compare."
        )
    st.success(said, icon=":material/check_circle:")
