"""The samples as a table, and everything as files."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.labels import run_label
from app.samples.detail import history_table, shown_window
from app.samples.look import Look, pick, selection
from app.words import plain
from stcore.charts.data_map import data_map
from stcore.charts.raster import raster
from stcore.charts.samples import calendar
from stcore.charts.style import standalone
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
    st.markdown(f"##### {heading(look)}")
    inside = "" if look.inside is None else zlib.crc32(look.inside.tobytes())
    key = f"samples {look.run.id} {look.epoch} {inside}"  # other rows are another table
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


def heading(look: Look) -> str:
    """What the table lists."""
    if look.inside is None:
        return "All samples"
    return f"Selection {plain(look.named.name)}" if look.named else "Chosen samples"


def pick_line(key: str, table: pd.DataFrame) -> None:
    """Pick the sample of the row that was chosen."""
    rows = selection(key).get("rows") or []
    if rows and rows[0] < len(table):
        pick(int(table.index[rows[0]]))


def show_exports(look: Look) -> None:
    """Files of all samples and of the one that is shown."""
    name = f"{look.run.id}-epoch-{look.epoch}"
    epochs = history_table(look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** these samples as")
        _files("samples", lambda: listed(look), f"{name}-samples")
        if look.data is not None:
            st.markdown(f"sample {look.shown} as")
            window = shown_window(look)
            _files("window", lambda: all_rows(window), f"{name}-sample-{look.shown}")
        st.markdown("its epochs as")
        _files("epochs", lambda: epochs, f"{name}-sample-{look.shown}-epochs")
        st.markdown("pictures as")
        _picture(look, name)


def listed(look: Look) -> pd.DataFrame:
    """The chosen samples as rows: their table, with the first and last instant of what each one saw and forecast."""
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
    about = f"{run_label(look.run)}, run {look.run.id}, after epoch {look.epoch}"
    for what, make in figures.items():
        st.download_button(
            f"{what} HTML",
            partial(page, make, f"{what}: {about}"),
            f"{name}-{what.lower().replace(' ', '-')}.html",
            "text/html",
            key=f"html {what}",
            on_click="ignore",
            help="One file of about 5 MB that opens anywhere, without internet.",
        )


def page(make: Callable[[], Any], title: str) -> str:
    """A figure as one self-contained page with a title."""
    return standalone(make(), title)
