"""More about the chosen sensor: its neighbours in the graph, and its hardest windows."""

from typing import Any

import pandas as pd
import streamlit as st

from app import picking
from app.sensors.view import View
from app.session import run_dataset
from app.words import plain
from stcore.charts.sensors import neighbour_table
from stcore.charts.style import instant_text
from stcore.evidence.sensor_errors import hardest_windows, window_errors
from stcore.runs import Run

MOST = 40
KEY = "neighbours"
COLUMNS: Any = {
    "sensor": "sensor",
    "weight": st.column_config.NumberColumn("weight", format="%.3g"),
    "direction": "direction",
    "km": st.column_config.NumberColumn("km", format="%.3g"),
}


def strongest_neighbours(view: View, chosen: int) -> pd.DataFrame:
    """The neighbours with the largest weights; empty without data."""
    data = view.ground.data
    return neighbour_table(data, chosen)[:MOST] if data is not None else pd.DataFrame({"sensor": []})


def neighbour_ties(view: View, chosen: int) -> list[tuple[int, float]]:
    """(sensor index, weight 0 to 1) of the neighbours, for the lines on the map."""
    table = strongest_neighbours(view, chosen)
    if not len(table):
        return []
    shares = table["weight"] / (table["weight"].max() or 1.0)
    return [(int(sensor), float(share)) for sensor, share in shares.items()]


def choose_neighbour(view: View, chosen: int) -> bool:
    """Choose the neighbour whose row was clicked; True for a new click."""
    names = strongest_neighbours(view, chosen)["sensor"].tolist()
    return picking.choose_on_click(
        KEY, picking.widget_rows(KEY, "rows"), lambda row: names[row] if row < len(names) else None
    )


def show_neighbours(view: View, chosen: int) -> None:
    """The table of neighbours; a row chooses the neighbour."""
    st.subheader(
        "Neighbours", help="In the graph of the data. On the map, orange lines lead from the chosen sensor to them."
    )
    table = strongest_neighbours(view, chosen)
    if not len(table):
        st.markdown(f"{plain(view.names[chosen])} has no neighbour in the graph.")
        return
    st.dataframe(
        table,
        hide_index=True,
        key=KEY,
        on_select="rerun",
        selection_mode="single-row",
        column_config=COLUMNS,
        height="content" if len(table) < 8 else 320,
    )


HARDEST_KEY = "hardest windows"


@st.cache_data(show_spinner="Reading the forecasts …", max_entries=64)
def hardest_table(run: str, path: str, sensor: int, stamp: float, _run: Run) -> pd.DataFrame | None:
    """The ten hardest windows of a sensor: the time of the forecast, the part and the error."""
    data = run_dataset(_run)
    windows = window_errors(_run, data, sensor)
    if windows is None:
        return None
    worst = hardest_windows(windows, _run.spec.horizon)
    by_day = data.step_seconds >= 86_400
    moments = data.clock(worst["start"].to_numpy() + _run.spec.lookback)
    return worst.assign(time=[instant_text(moment, by_day) for moment in moments])


def show_hardest(view: View, chosen: int) -> None:
    """The table of hardest windows, and the button that opens a training window."""
    st.subheader(
        "Hardest windows",
        help="Mean absolute error of the best weights' forecast of the chosen sensor; of overlapping windows only the "
        "hardest is listed.",
    )
    if view.ground.data is None:
        st.markdown("The dataset can no longer be opened.")
        return
    run = view.run
    result = run.path / "result.json"
    table = hardest_table(run.id, str(run.path), chosen, result.stat().st_mtime if result.is_file() else 0.0, run)
    if table is None:
        st.markdown("They appear when the run is finished, because the forecasts are made with its best weights.")
        return
    shown = table[["time", "part", "error"]].replace({"part": {"train": "training"}})
    st.dataframe(
        shown,
        hide_index=True,
        key=HARDEST_KEY,
        on_select="rerun",
        selection_mode="single-row",
        height="content",
        column_config={
            "time": "forecast from",
            "part": "part",
            "error": st.column_config.NumberColumn(f"error ({view.unit})", format="%.3g"),
        },
    )
    rows = [row for row in picking.widget_rows(HARDEST_KEY, "rows") if row < len(table)]
    sample = int(table["sample"].iloc[rows[0]]) if rows else -1
    words = "Choose a training window to open it" if sample < 0 else f"Open sample {sample} in Samples"
    if st.button(words, disabled=sample < 0, key="open hardest", icon=":material/open_in_new:"):
        address = {"run": run.id, "sample": str(sample), "sensor": view.names[chosen]}
        st.switch_page("samples/page.py", query_params=address)
