"""The samples as a table, and everything as files."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.sample.detail import history_table, shown_window
from app.sample.look import Look, pick, selection
from stcore.charts.data_map import data_map
from stcore.charts.raster import raster
from stcore.charts.samples import calendar
from stcore.charts.window import all_rows
from stcore.exports import safe

PARQUET = "application/vnd.apache.parquet"
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


def show_table(look: Look) -> None:
    """The chosen samples, most complex first; a row picks its sample."""
    st.markdown("##### All samples" if look.chosen.all() else "##### Samples inside the lasso")
    key = f"samples {look.run.id} {look.epoch} {int(look.chosen.sum())}"  # another order is another table
    table = look.table[look.chosen].sort_values("score", ascending=False, kind="stable")
    number = {name: st.column_config.NumberColumn(WORDS[name], format="%.3g") for name in ("score", "mean", "weight")}
    st.dataframe(
        table.reset_index(),
        key=key,
        height=320,
        hide_index=True,
        on_select=lambda: pick_line(key, table),
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


def pick_line(key: str, table: pd.DataFrame) -> None:
    """Pick the sample of the row that was chosen."""
    rows = selection(key).get("rows") or []
    if rows and rows[0] < len(table):
        pick(int(table.index[rows[0]]))


def show_exports(look: Look) -> None:
    """Files of all samples and of the one that is shown."""
    name = f"{look.run.id}-epoch-{look.epoch}"
    listed, epochs = look.table[look.chosen].reset_index(), history_table(look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** these samples as")
        _files("samples", lambda: listed, f"{name}-samples")
        if look.data is not None:
            st.markdown(f"sample {look.shown} as")
            window = shown_window(look)
            _files("window", lambda: all_rows(window), f"{name}-sample-{look.shown}")
        st.markdown("its epochs as")
        _files("epochs", lambda: epochs, f"{name}-sample-{look.shown}-epochs")
        st.markdown("pictures as")
        _picture(look, name)


def _files(key: str, make: Callable[[], pd.DataFrame], name: str) -> None:
    """Two buttons; the file is made when one is pressed."""
    st.download_button("CSV", lambda: text(make()), f"{name}.csv", "text/csv", key=f"{key}-csv", on_click="ignore")
    st.download_button(
        "Parquet",
        lambda: make().to_parquet(index=False),
        f"{name}.parquet",
        PARQUET,
        key=f"{key}-parquet",
        on_click="ignore",
    )


def text(frame: pd.DataFrame) -> str:
    """Rows as CSV, names made harmless for a spreadsheet."""
    return str((frame.assign(sensor=frame["sensor"].map(safe)) if "sensor" in frame else frame).to_csv(index=False))


def _picture(look: Look, name: str) -> None:
    """Calendar, map and raster as pages that open without internet."""
    figures: dict[str, Callable[[], Any]] = {
        "Calendar": lambda: calendar(look.table, look.step_seconds, look.theme, planted=look.planted),
        "Data map": lambda: data_map(look.table, look.theme),
        "Raster": lambda: raster(look.trace, look.table, look.theme),
    }
    for label, make in figures.items():
        st.download_button(
            f"{label} HTML",
            partial(page, make),
            f"{name}-{label.lower().replace(' ', '-')}.html",
            "text/html",
            key=f"html {label}",
            on_click="ignore",
            help="One file of about 5 MB that opens anywhere, without internet.",
        )


def page(make: Callable[[], Any]) -> str:
    """A figure as one self-contained page."""
    return str(make().to_html(include_plotlyjs=True, config={"displaylogo": False}))
