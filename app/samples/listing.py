"""The chosen samples: the line that names and saves them, their table, and files."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.labels import run_label
from app.samples.detail import history_table, window_numbers
from app.samples.look import Look, choose_lasso, choose_selection, pick_sample, widget_selection
from app.saving import OFFLINE, PARQUET
from app.session import address_value
from app.words import plain
from stcore.charts.data_map import data_map
from stcore.charts.raster import raster_figure
from stcore.charts.samples import calendar_figure
from stcore.charts.style import standalone_page
from stcore.charts.window import all_rows
from stcore.exports import spreadsheet_text
from stcore.runs import Run, RunError
from stcore.runs.selections import delete, save, selections

WORDS = {
    "time": "first forecast step",
    "score": "complexity",
    "mean": "mean over epochs",
    "variability": "variability",
    "scored": "epochs scored",
    "kept_share": "kept share",
    "weight": "weight",
    "region": "region",
    "incident": "planted incident",
}


def show_sample_table(look: Look) -> None:
    """The chosen samples, most complex first; a row picks its sample."""
    st.markdown(f"##### {table_title(look)}")
    inside = "" if look.inside is None else zlib.crc32(look.inside.tobytes())
    key = f"samples {look.run.id} {look.epoch} {inside}"  # other rows are another table
    table = look.table[look.chosen].sort_values("score", ascending=False, kind="stable")
    number = {name: st.column_config.NumberColumn(WORDS[name], format="%.3g") for name in ("score", "mean", "weight")}
    st.dataframe(
        table.reset_index(),
        key=key,
        height=320,
        hide_index=True,
        on_select=lambda: pick_row(key, table),
        selection_mode="single-row",
        column_order=["sample", *(name for name in WORDS if name in table)],
        column_config={
            **WORDS,
            **number,
            "variability": st.column_config.NumberColumn(WORDS["variability"], format="percent"),
            "time": st.column_config.DatetimeColumn(WORDS["time"], format="ddd D MMM YYYY, HH:mm"),
            "kept_share": st.column_config.ProgressColumn(
                WORDS["kept_share"], min_value=0, max_value=1, format="percent"
            ),
        },
        alt="Table of samples; a chosen row picks its sample",
    )


def table_title(look: Look) -> str:
    """The title of the table."""
    if look.inside is None:
        return "All samples"
    return f"Selection {plain(look.named.name)}" if look.named else "Chosen samples"


def pick_row(key: str, table: pd.DataFrame) -> None:
    """Pick the sample of the selected row. For callbacks."""
    rows = widget_selection(key).get("rows") or []
    if rows and rows[0] < len(table):
        pick_sample(int(table.index[rows[0]]))


def show_exports(look: Look) -> None:
    """Buttons that save the samples, the one that is shown, and the pictures."""
    name = f"{look.run.id}-epoch-{look.epoch}"
    epochs = history_table(look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** these samples as")
        _files("samples", lambda: sample_rows(look), f"{name}-samples")
        if look.data is not None:
            st.markdown(f"sample {look.shown} as")
            window = window_numbers(look)
            _files("window", lambda: all_rows(window), f"{name}-sample-{look.shown}")
        st.markdown("its epochs as")
        _files("epochs", lambda: epochs, f"{name}-sample-{look.shown}-epochs")
        st.markdown("pictures as")
        _picture(look, name)


def sample_rows(look: Look) -> pd.DataFrame:
    """The chosen samples as rows, with the first and last time of what each one saw and forecast."""
    table = look.table[look.chosen].reset_index()
    start = table["start"].to_numpy()
    ranges = {
        "input_from": look.clock(start),
        "input_until": look.clock(start + look.lookback - 1),
        "forecast_from": table["time"],
        "forecast_until": look.clock(start + look.lookback + look.horizon - 1),
    }
    rest = table.drop(columns=["sample", "time"]).rename(columns={"score": "complexity"})
    return pd.concat([table[["sample"]], pd.DataFrame(ranges), rest], axis=1)


def _files(key: str, make: Callable[[], pd.DataFrame], name: str) -> None:
    """Buttons for CSV and Parquet; the file is made when one is pressed."""
    st.download_button(
        "CSV", lambda: rows_as_csv(make()), f"{name}.csv", "text/csv", key=f"{key}-csv", on_click="ignore"
    )
    st.download_button(
        "Parquet",
        lambda: make().to_parquet(index=False),
        f"{name}.parquet",
        PARQUET,
        key=f"{key}-parquet",
        on_click="ignore",
    )


def rows_as_csv(frame: pd.DataFrame) -> str:
    """Rows as CSV; sensor names cannot become formulas in a spreadsheet."""
    return str(
        (frame.assign(sensor=frame["sensor"].map(spreadsheet_text)) if "sensor" in frame else frame).to_csv(index=False)
    )


def _picture(look: Look, name: str) -> None:
    """Buttons that save calendar, data map and raster as pages."""
    figures: dict[str, Callable[[], Any]] = {
        "Calendar": lambda: calendar_figure(look.table, look.step_seconds, look.theme, planted=look.planted),
        "Data map": lambda: data_map(look.table, look.theme),
        "Raster": lambda: raster_figure(look.trace, look.table, look.theme),
    }
    about = f"{run_label(look.run)}, run {look.run.id}, after epoch {look.epoch}"
    for what, make in figures.items():
        st.download_button(
            f"{what} HTML",
            partial(figure_page, make, f"{what}: {about}"),
            f"{name}-{what.lower().replace(' ', '-')}.html",
            "text/html",
            key=f"html {what}",
            on_click="ignore",
            help=OFFLINE,
        )


def figure_page(make: Callable[[], Any], title: str) -> str:
    """A figure as one page with a title that opens without internet."""
    return standalone_page(make(), title)


NAME, KEPT, PROBLEM = "selection name", "selection list", "selection problem"


def show_selection(look: Look) -> None:
    """How many samples are chosen and how; a name for them, and the way back to all."""
    show_selection_problem(look)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(selection_text(look), width="stretch" if look.inside is None else "content")
        if look.inside is not None:
            st.button("Show all", key="show all", on_click=lambda: choose_lasso(look.run, None, on_map=False))
            save_selection_file(look)
            if look.named is None:
                show_name_field(look)
            else:
                show_delete_button(look)
        choose_saved_selection(look)


def selection_text(look: Look) -> str:
    """Which samples the view shows."""
    total = len(look.table)
    if look.inside is None:
        return f"Showing all {total:,} samples. Click one in any chart, or choose many with the lasso of the map below."
    many = f"{len(look.inside):,} of {total:,} samples"
    if look.named is not None:
        return f"Selection **{plain(look.named.name)}**: {many}."
    return f"**{many}** are chosen; every part of this view shows them."


def show_selection_problem(look: Look) -> None:
    """The problem with a name or a link, if there is one."""
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem))
    asked = address_value("selection")
    if asked and look.named is None:
        st.warning(
            f"This run has no selection {plain(asked, 20)}; all samples are shown. It may have been deleted, or the link "
            "belongs to another run."
        )


def show_name_field(look: Look) -> None:
    """The field and button that save the selection under a name; the address then leads to it."""
    st.text_input(
        "Name of the selection",
        key=NAME,
        max_chars=60,
        placeholder="name this selection",
        width=190,
        label_visibility="collapsed",
    )
    words = "Saves the chosen samples with the run. The address then leads to them, in any browser of this machine."
    st.button(
        "Keep", icon=":material/bookmark_add:", key="keep selection", help=words, on_click=keep_selection, args=(look,)
    )


def keep_selection(look: Look) -> None:
    """Save the chosen samples under the name in the field and put them in the address. For callbacks."""
    if look.inside is None:
        return
    try:
        kept = save(look.run, st.session_state.get(NAME) or "", look.inside)
    except RunError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    st.session_state[NAME] = ""
    choose_selection(look.run, kept.id)


def show_delete_button(look: Look) -> None:
    """The button that deletes the named selection."""
    assert look.named is not None
    place = look.named.id
    st.button(
        "Delete",
        icon=":material/delete:",
        key="delete selection",
        help="Deletes this selection; its samples stay.",
        on_click=lambda: delete_selection(look.run, place),
    )


def delete_selection(run: Run, place: str) -> None:
    """Delete a selection and show all samples. For callbacks."""
    delete(run, place)
    choose_selection(run, None)


def save_selection_file(look: Look) -> None:
    """The button that saves the chosen windows with their time ranges as CSV."""
    name = f"selection-{look.named.id}" if look.named else "lasso"
    st.download_button(
        "CSV",
        lambda: rows_as_csv(sample_rows(look)),
        f"{look.run.id}-{name}.csv",
        "text/csv",
        key="selection-csv",
        on_click="ignore",
        icon=":material/download:",
        help="The chosen windows with their time ranges and complexity.",
    )


def choose_saved_selection(look: Look) -> None:
    """The list of the run's named selections."""
    known = {one.id: f"{one.name} ({len(one.samples):,})" for one in selections(look.run)}
    if not known:
        return
    st.session_state[KEPT] = look.named.id if look.named else None
    st.selectbox(
        "Saved selections",
        list(known),
        key=KEPT,
        format_func=lambda place: known.get(place, place),
        index=None,
        placeholder="saved selections",
        label_visibility="collapsed",
        width=210,
        on_change=lambda: choose_selection(look.run, st.session_state[KEPT]),
    )
