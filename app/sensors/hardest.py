"""The windows in which the chosen sensor was forecast worst, with a way to each one in the Samples view."""

import pandas as pd
import streamlit as st

from app import picking
from app.sensors.view import View
from app.session import run_dataset
from stcore.charts.style import instant
from stcore.diagnostics.hardest import hardest, window_errors
from stcore.runs import Run

KEY = "hardest windows"


@st.cache_data(show_spinner="Reading the forecasts …", max_entries=64)
def found(run: str, path: str, sensor: int, stamp: float, _run: Run) -> pd.DataFrame | None:
    """The ten hardest windows of a sensor: when they forecast, of which part they are, how wrong they were."""
    data = run_dataset(_run)
    windows = window_errors(_run, data, sensor)
    if windows is None:
        return None
    options = _run.spec["options"]["data"]
    worst = hardest(windows, int(options["horizon"]))
    by_day = data.step_seconds >= 86_400
    moments = data.clock(worst["start"].to_numpy() + int(options["lookback"]))
    return worst.assign(time=[instant(moment, by_day) for moment in moments])


def show(view: View, chosen: int) -> None:
    """The table, and the button that opens a training window."""
    st.subheader(
        "Hardest windows",
        help="Mean absolute error of the best weights' forecast of the chosen sensor; windows that overlap are told once.",
    )
    if view.ground.data is None:
        st.markdown("The dataset is not there any more.")
        return
    run = view.run
    result = run.path / "result.json"
    table = found(run.id, str(run.path), chosen, result.stat().st_mtime if result.is_file() else 0.0, run)
    if table is None:
        st.markdown("They are shown when the run is finished: its forecasts are made with its best weights.")
        return
    shown = table[["time", "part", "error"]].replace({"part": {"train": "training"}})
    st.dataframe(
        shown, hide_index=True, key=KEY, on_select="rerun", selection_mode="single-row", height="content",
        column_config={
            "time": "forecast from", "part": "part",
            "error": st.column_config.NumberColumn(f"error ({view.unit})", format="%.3g")
        },
    )  # fmt: skip
    rows = [row for row in picking.selected(KEY, "rows") if row < len(table)]
    sample = int(table["sample"].iloc[rows[0]]) if rows else -1
    words = "Choose a training window to open it" if sample < 0 else f"Open sample {sample} in Samples"
    if st.button(words, disabled=sample < 0, key="open hardest", icon=":material/open_in_new:"):
        address = {"run": run.id, "sample": str(sample), "sensor": view.names[chosen]}
        st.switch_page("views/samples.py", query_params=address)
