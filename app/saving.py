"""Download buttons for figures and tables, the same in every view."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from stcore.charts.style import standalone_page
from stcore.exports.tables import csv_text
from stcore.runs import Run
from stcore.runs.files import plain as without_nan

PLOTLY = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
PARQUET = "application/vnd.apache.parquet"
OFFLINE = "One file of about 5 MB that opens anywhere, without internet."
CAMERA = "The camera at the figure's top right saves it as a picture."


def save_table(frame: pd.DataFrame, name: str, what: str, key: str = "") -> None:
    """Buttons that save a table as CSV and as Parquet; ``what`` it is, in words. ``key``: where ``name`` occurs twice."""
    with st.container(horizontal=True):
        st.download_button(
            f"{what} as CSV",
            lambda: csv_text(frame),
            f"{name}.csv",
            "text/csv",
            key=f"csv {key or name}",
            on_click="ignore",
            type="tertiary",
        )
        st.download_button(
            f"{what} as Parquet",
            lambda: bytes(frame.to_parquet() or b""),
            f"{name}.parquet",
            PARQUET,
            key=f"parquet {key or name}",
            on_click="ignore",
            type="tertiary",
        )


def save_chart(chart: Any, name: str, what: str, label: str = "Figure as Vega-Lite") -> None:
    """A button that saves a figure as the specification that any Vega viewer draws."""
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


def save_figure(draw: Callable[[], Any], name: str, title: str) -> None:
    """A button that saves a plotly figure as one page; it is drawn when the button is pressed."""
    st.download_button(
        "Figure as HTML",
        lambda: standalone_page(draw(), title),
        f"{name}.html",
        "text/html",
        key=f"page {name}",
        on_click="ignore",
        type="tertiary",
        help=f"{OFFLINE} {CAMERA}",
    )


def save_record(run: Run) -> None:
    """A button that saves everything that was asked of a run and what came of it."""
    st.download_button(
        "Record as JSON",
        lambda: record_text(run),
        f"{run.id}.json",
        "application/json",
        key=f"record {run.id}",
        on_click="ignore",
    )


def record_text(run: Run) -> str:
    """A run's spec, summary and epochs (or rounds) as one JSON document."""
    record = {
        "spec": run.spec.to_json(),
        "summary": run.summary() | {"path": run.path.name},
        f"{run.pass_name}s": run.epochs(),
    }
    return json.dumps(without_nan(record), indent=1)
