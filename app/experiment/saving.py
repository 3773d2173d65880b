"""Files of a report: the page, all tables, one table, one figure."""

import json
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.session import current_theme
from stcore import exports
from stcore.charts.evidence import Section
from stcore.charts.style import standalone
from stcore.exports.reports import content

PARQUET = "application/vnd.apache.parquet"
OFFLINE = "One file of about 5 MB that opens anywhere, without internet."


def whole(report: dict[str, Any], name: str) -> None:
    """The report as one page, and its tables."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** the report as")
        st.download_button(
            "HTML", partial(exports.page, report), f"{name}.html", "text/html", key="report html", on_click="ignore",
            help=f"{OFFLINE} Light or dark as its reader's system is, and fit to be printed.",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: json.dumps(report), f"{name}.json", "application/json", key="report json", on_click="ignore"
        )
        st.markdown("all its tables as")
        st.download_button(
            "CSV and Parquet", partial(exports.zipped, report), f"{name}-tables.zip", "application/zip", key="report zip",
            on_click="ignore", help="One archive with every table in both forms.",
        )  # fmt: skip


def one_table(frame: pd.DataFrame, name: str, section: str) -> None:
    """A table as CSV and Parquet."""
    with st.container(horizontal=True):
        for suffix, kind in ((".csv", "text/csv"), (".parquet", PARQUET)):
            st.download_button(
                f"{name.replace('_', ' ')} as {suffix[1:].upper() if suffix == '.csv' else 'Parquet'}",
                partial(content, frame, suffix), f"{name}{suffix}", kind, key=f"{section} {name} {suffix}", on_click="ignore",
                type="tertiary",
            )  # fmt: skip


def figure(section: Section, report: dict[str, Any], about: str) -> None:
    """A figure as one page."""
    theme = current_theme()
    st.download_button(
        "Figure as HTML", lambda: standalone(section.draw(report, theme), about), f"{section.name}.html", "text/html",
        key=f"figure {section.name}", on_click="ignore", type="tertiary",
        help=f"{OFFLINE} The camera at the figure's top right saves it as a picture.",
    )  # fmt: skip
