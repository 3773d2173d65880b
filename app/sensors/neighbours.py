"""The neighbours of the chosen sensor in the graph: on the map as lines, and as a table."""

from typing import Any

import pandas as pd
import streamlit as st

from app import picking
from app.sensors.view import View
from app.words import plain
from stcore.charts.sensors import neighbour_table

MOST = 40
KEY = "neighbours"
COLUMNS: Any = {
    "sensor": "sensor",
    "weight": st.column_config.NumberColumn("weight", format="%.3g"),
    "direction": "direction",
    "km": st.column_config.NumberColumn("km", format="%.3g"),
}


def table_of(view: View, chosen: int) -> pd.DataFrame:
    """The neighbours with the largest weights; none without data."""
    data = view.ground.data
    return neighbour_table(data, chosen)[:MOST] if data is not None else pd.DataFrame({"sensor": []})


def ties(view: View, chosen: int) -> list[tuple[int, float]]:
    """(position, weight 0 to 1) of the neighbours, for the map."""
    table = table_of(view, chosen)
    if not len(table):
        return []
    shares = table["weight"] / (table["weight"].max() or 1.0)
    return [(int(place), float(share)) for place, share in shares.items()]


def take(view: View, chosen: int) -> bool:
    """Choose the neighbour whose row was clicked."""
    names = table_of(view, chosen)["sensor"].tolist()
    return picking.take(KEY, picking.selected(KEY, "rows"), lambda row: names[row] if row < len(names) else None)


def show(view: View, chosen: int) -> None:
    """The table; a row goes to the neighbour."""
    st.subheader("Neighbours", help="In the graph of the data, tied to the chosen sensor on the map by orange lines.")
    table = table_of(view, chosen)
    if not len(table):
        st.markdown(f"{plain(view.names[chosen])} has no neighbour in the graph.")
        return
    st.dataframe(
        table, hide_index=True, key=KEY, on_select="rerun", selection_mode="single-row", column_config=COLUMNS,
        height="content" if len(table) < 8 else 320,
    )  # fmt: skip
