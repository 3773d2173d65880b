"""Figures and tables of the Distil view as files."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from stcore.charts.style import standalone
from stcore.exports.tables import csv

PLAIN = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
OFFLINE = "One file of about 5 MB that opens anywhere, without internet."


def table_files(frame: pd.DataFrame, name: str, what: str) -> None:
    """A table as CSV and Parquet."""
    with st.container(horizontal=True):
        st.download_button(
            f"{what} as CSV",
            lambda: csv(frame),
            f"{name}.csv",
            "text/csv",
            key=f"csv {name}",
            on_click="ignore",
            type="tertiary",
        )
        st.download_button(
            f"{what} as Parquet",
            lambda: bytes(frame.to_parquet() or b""),
            f"{name}.parquet",
            key=f"parquet {name}",
            on_click="ignore",
            type="tertiary",
        )


def figure_file(chart: Any, name: str, what: str, label: str = "Figure as Vega-Lite") -> None:
    """A figure that lives in the page, as the specification that any Vega viewer draws; its own menu saves it as a picture."""
    st.download_button(
        label,
        lambda: json.dumps(chart.to_dict(), default=str),
        f"{name}.vl.json",
        "application/json",
        key=f"figure {name}",
        on_click="ignore",
        type="tertiary",
        help=f"{what}. The menu at the figure's top right saves it as a picture.",
    )


def page_file(draw: Callable[[], Any], name: str, what: str) -> None:
    """A still figure as one page."""
    st.download_button(
        "Figure as HTML",
        lambda: standalone(draw(), what),
        f"{name}.html",
        "text/html",
        key=f"page {name}",
        on_click="ignore",
        type="tertiary",
        help=f"{OFFLINE} The camera at the figure's top right saves it as a picture.",
    )
