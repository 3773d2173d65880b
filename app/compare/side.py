"""Runs side by side: their options, results and curves, and how much they kept alike."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.compare.form import plan_experiment_like
from app.labels import card_label, error_unit, run_label, run_labels
from app.session import address_value, current_theme, epoch_table, listed_runs, run_trace, set_address
from app.words import plain, signed_duration
from stcore.charts import curves
from stcore.charts.theme import DASHES
from stcore.charts.words import percent, short
from stcore.evidence import compare, saved_work
from stcore.evidence.replay import overlap_by_chance, overlap_by_epoch
from stcore.runs import Run

COLUMNS = {
    "validation_mae": "Validation MAE",
    "validation_rmse": "Validation RMSE",
    "train_mae": "Training MAE",
    "kept": "Windows kept",
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def show_comparison(chosen: Run | None) -> None:
    """The whole part of the view; ``chosen`` is the run in the header."""
    runs = choose_runs(chosen)
    if not runs:
        st.info("Choose the runs to compare. The others are compared with the first one.", icon=":material/info:")
        return
    comparison = compare(runs)
    names = {run.id: f"{LETTERS[index % 26]} · {run_label(run)}" for index, run in enumerate(runs)}
    for note in comparison["notes"]:
        st.warning(plain(note), icon=":material/info:")
    if len(runs) == 1:
        show_hint_for_one(runs[0])
    show_cards(runs, comparison)
    show_overlay(runs, names)
    if len(runs) > 1:
        show_overlap({names[run.id]: run for run in runs})
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_figure_table(comparison, names)
    with right:
        show_differing_options(comparison, names)


def show_hint_for_one(run: Run) -> None:
    """What to do with a single run."""
    with st.container(border=True):
        st.markdown(
            "**One run alone answers nothing.** Choose a second one above to see here what differs and what it brought. To "
            "learn whether its pruning was worth it, train it beside its controls with several seeds."
        )
        st.button(
            "Plan that experiment",
            icon=":material/science:",
            on_click=plan_experiment_like,
            args=(run,),
            key="plan experiment",
        )


def choose_runs(current: Run | None) -> list[Run]:
    """The list of runs to compare, in the order of choosing; in the address as ``?runs=``."""
    runs = listed_runs()
    names = run_labels(runs)
    asked = (address_value("runs") or "").split(",")
    missing = [name for name in asked if name and name not in names]
    if "compared" not in st.session_state:
        first = [name for name in asked if name in names]
        st.session_state["compared"] = first or ([current.id] if current else [])
    st.session_state["compared"] = [name for name in st.session_state["compared"] if name in names]
    chosen = st.multiselect(
        "Runs to compare",
        list(names),
        key="compared",
        format_func=lambda name: str(names.get(name, name)),
        on_change=_set_runs,
        max_selections=len(DASHES),
        placeholder="Choose runs",
        help="The first is the baseline.",
        persist_state="session",
    )
    if missing:
        st.warning(f"Not on this machine: {plain(', '.join(missing))}.", icon=":material/link_off:")
    by_name = {run.id: run for run in runs}
    return [by_name[name] for name in chosen]


def _set_runs() -> None:
    set_address("runs", ",".join(st.session_state["compared"]) or None)


def show_cards(runs: list[Run], comparison: dict[str, Any]) -> None:
    """One card a run: its error, the difference to the first run, and the time that pruning saved."""
    part = "validation MAE" if None in comparison["figures"]["test MAE"] else "test MAE"
    grid = st.grid(max(len(runs), 3), min_column_width=230)
    for index, run in enumerate(runs):
        value, change = comparison["figures"][part][index], comparison["difference"][part][index]
        savings = saved_work(run.summary())
        with grid.cell(), st.container(border=True, height="stretch"):
            st.markdown(f"**{LETTERS[index % 26]}** · {plain(run_label(run))}")
            delta = "the baseline" if index == 0 else f"{percent(change)} to A" if change is not None else None
            color: Any = "off" if index == 0 else "inverse"
            title = f"{part[:1].upper()}{part[1:]}"
            st.metric(
                title,
                short(value, error_unit(run)),
                delta,
                delta_color=color,
                delta_arrow="off" if index == 0 else "auto",
            )
            took = comparison["figures"]["seconds total"][index]
            share = comparison["figures"]["share of visits"][index]
            less = savings["seconds"]
            gained = "Nothing was pruned." if savings["visits"] == 0 else ""
            gained = (
                gained if less is None else f"At this run's own speed, pruning saved about {signed_duration(less)}."
            )
            st.markdown(f"{percent(share)} of the visits, {signed_duration(took)}.  \n{gained}")


def show_overlay(runs: list[Run], names: dict[str, str]) -> None:
    """The curves of all runs in one figure, with a colour, dash and letter each."""
    column = st.segmented_control(
        "Curve",
        list(COLUMNS),
        format_func=COLUMNS.__getitem__,
        default="validation_mae",
        required=True,
        key="compare curve",
        label_visibility="collapsed",
    )
    unit = error_unit(runs[0]) if column != "kept" else ""
    title = f"{COLUMNS[str(column)]} ({unit})" if unit else COLUMNS[str(column)]
    tables = {names[run.id]: epoch_table(run) for run in runs}
    figure = curves.runs_chart(tables, str(column), title, current_theme())
    st.altair_chart(figure, key="compare curves", alt=f"{title} by epoch of {len(runs)} runs")
    with st.expander("Curves as a table"):
        wide = pd.concat({name[:1]: frame.set_index("epoch")[column] for name, frame in tables.items()}, axis=1)
        st.dataframe(
            wide.map(lambda value: float(f"{value:.3g}")).reset_index(),
            hide_index=True,
            height=280,
            key="compare table",
        )
        st.download_button("Curves as CSV", lambda: wide.to_csv(), "curves.csv", "text/csv", on_click="ignore")


def show_figure_table(comparison: dict[str, Any], names: dict[str, str]) -> None:
    """Every figure of every run, with its difference to the first run."""
    st.markdown(
        "**Results**", help="Metrics are of the weights that were best in validation. In brackets: the difference to A."
    )
    frame = pd.DataFrame({"figure": list(comparison["figures"])})
    for index, name in enumerate(comparison["runs"]):
        frame[names[name][:1]] = [
            _with_change(comparison["figures"][figure][index], comparison["difference"][figure][index], index)
            for figure in comparison["figures"]
        ]
    st.dataframe(frame, hide_index=True, height=400, key="compare figures")
    plain_numbers = pd.DataFrame(comparison["figures"], index=comparison["runs"]).T.rename_axis("figure")
    with st.container(horizontal=True):
        st.download_button(
            "Figures as CSV", lambda: plain_numbers.to_csv(), "compare.csv", "text/csv", on_click="ignore"
        )
        st.download_button(
            "Options as CSV",
            lambda: options_table(comparison).to_csv(index=False),
            "options.csv",
            "text/csv",
            on_click="ignore",
        )


def _with_change(value: float | None, change: float | None, index: int) -> str:
    text = f"{value:,}" if isinstance(value, int) else short(value)
    if index == 0 or change is None or value is None:
        return text
    return f"{text} ({'+' if change > 0 else ''}{100 * change:.1f} %)"


def options_table(comparison: dict[str, Any]) -> pd.DataFrame:
    """The options that differ, one row each."""
    rows = [
        {"option": name, **dict(zip(comparison["runs"], values, strict=True))}
        for name, values in comparison["differing"].items()
    ]
    return pd.DataFrame(rows, columns=["option", *comparison["runs"]]).map(_option_text)


def _option_text(value: Any) -> str:
    if isinstance(value, float):
        return short(value)
    return (
        ", ".join(map(_option_text, value))
        if isinstance(value, list)
        else "–"
        if value is None
        else card_label(str(value))
    )


def show_differing_options(comparison: dict[str, Any], names: dict[str, str]) -> None:
    """The table of options that differ."""
    if len(comparison["runs"]) < 2:
        return
    st.markdown("**Options that differ**")
    if not comparison["differing"]:
        st.markdown("None: all runs have the same options.")
        return
    frame = options_table(comparison).rename(columns={name: names[name][:1] for name in comparison["runs"]})
    frame["option"] = frame["option"].str.replace("_", " ").str.replace(".", ": ")
    st.dataframe(frame, hide_index=True, height=400, key="compare options")


MEANING = (
    "Of all windows that either run kept in an epoch, the share that both kept (Jaccard). At 100 % both kept the same windows; "
    "at the dashed line they agree no more than two random choices. Epochs in which both kept everything are left out."
)
CHANCE = "chance · A and {}"


def show_overlap(runs: dict[str, Run]) -> None:
    """The overlap of every run with the first; nothing for a run that kept everything, because its overlap is chance."""
    (first, baseline), *others = runs.items()
    tables: dict[str, pd.DataFrame] = {}
    for name, run in others:
        overlap = kept_overlap(baseline, run)
        if overlap is not None and len(overlap) and not np.allclose(overlap["overlap"], overlap["chance"]):
            tables[f"{name[:1]} · {name[4:]}"] = overlap[["epoch", "overlap"]]
            tables[CHANCE.format(name[:1])] = overlap[["epoch", "chance"]].rename(columns={"chance": "overlap"})
    if not tables:
        return
    st.markdown(f"**Overlap of the kept windows with {first[:1]}**", help=MEANING)
    figure = curves.runs_chart(tables, "overlap", "overlap of kept windows (Jaccard)", current_theme())
    st.altair_chart(figure, key="compare overlap", alt="Overlap of the kept windows by epoch, beside chance")
    whole = pd.concat({name: frame.set_index("epoch")["overlap"] for name, frame in tables.items()}, axis=1)
    st.download_button("Overlap as CSV", lambda: whole.to_csv(), "overlap.csv", "text/csv", on_click="ignore")


def kept_overlap(one: Run, other: Run) -> pd.DataFrame | None:
    """Columns epoch, overlap and chance of the epochs in which either run pruned; None where their windows differ.

    Also None for runs on cells, which record only the kept share of each window.
    """
    first, second = run_trace(one), run_trace(other)
    same = one.spec.data.fingerprint == other.spec.data.fingerprint
    if not same or not np.array_equal(first["start"].values, second["start"].values):
        return None
    epochs = min(first.sizes["epoch"], second.sizes["epoch"])
    if not epochs or first["kept"].dtype != bool or second["kept"].dtype != bool:
        return None
    kept, beside = first["kept"].values[:epochs], second["kept"].values[:epochs]
    pruned = ~(kept.all(axis=1) & beside.all(axis=1))
    frame = {
        "epoch": np.arange(1, epochs + 1),
        "overlap": overlap_by_epoch(kept, beside),
        "chance": overlap_by_chance(kept, beside),
    }
    return pd.DataFrame(frame)[pruned]
