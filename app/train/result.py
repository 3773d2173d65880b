"""What a training ended with: its test errors beside the naive forecasts, and what can be saved of it."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from app.labels import card_label, error_unit
from app.saving import save_record
from app.session import current_theme, epoch_table
from app.train.form import fill_form
from app.words import plain
from stcore.charts import curves
from stcore.charts.words import percent
from stcore.data.metrics import METRICS
from stcore.processes import oneshot
from stcore.runs import Run, RunError
from stcore.words import duration

NAMES = {"persistence": "persistence", "seasonal_naive": "seasonal naive"}
FORMATS = {
    "CSV": (".csv", "text/csv"),
    "Parquet": (".parquet", "application/octet-stream"),
    "NetCDF": (".nc", "application/x-netcdf"),
}


def settings_button(run: Run) -> None:
    """A button that fills the form with the run's settings."""
    st.button(
        "Use these settings",
        icon=":material/content_copy:",
        on_click=fill_form,
        args=(run,),
        key=f"clone {run.id}",
        help="Fills the form on the left with this run's dataset and options.",
    )


def show_results(run: Run) -> None:
    """Test errors by horizon beside the naive forecasts, the rule for missing readings, and downloads."""
    result = run.result or {}
    test, naive = result["metrics"]["test"], result["naive"]
    ahead = [duration((step + 1) * run.spec.data.step_seconds) for step in range(len(test["by_horizon"]))]
    name = run.spec.model_name
    errors = {card_label(name): test} | {NAMES[key]: metrics for key, metrics in naive.items()}
    st.subheader("Test, by how far ahead", anchor=False, help="The last part of the data, which training never saw.")
    metric = str(
        st.segmented_control(
            "Metric",
            [name for name in METRICS if name in test],
            format_func=lambda name: METRICS[name].label,
            default="mae",
            required=True,
            key="horizon metric",
            label_visibility="collapsed",
        )
    )
    unit = error_unit(run) if METRICS[metric].unit == "target" else METRICS[metric].unit
    left, right = st.columns(2, gap="medium")
    with left:
        by_horizon = {key: metrics["by_horizon"] for key, metrics in errors.items()}
        figure = curves.horizon_chart(by_horizon, metric, ahead, unit, current_theme())
        st.altair_chart(figure, key=f"horizons {run.id}", alt=f"{metric} by horizon beside the naive forecasts")
    frame = horizon_table(errors, ahead)
    with right:
        rows = frame[frame["metric"] == METRICS[metric].label].drop(columns="metric")
        digits = {name: st.column_config.NumberColumn(format=number_format(rows[name])) for name in errors}
        st.dataframe(rows, height=270, hide_index=True, key=f"test {run.id}", column_config=digits)
    notes = "; ".join(f"{NAMES[key]}: {metrics['note']}" for key, metrics in naive.items())
    st.markdown(
        f"{METRICS[metric].label}{f' in {plain(unit)}' if unit else ''}: {METRICS[metric].about}; {plain(test['rule'])}. "
        f"{plain(notes)}."
    )
    show_downloads(run, frame)


def horizon_table(errors: dict[str, dict[str, Any]], ahead: list[str]) -> pd.DataFrame:
    """Rows: each metric by lead time and over all; columns: the forecasts, and the first one against persistence."""
    parts = []
    for name, metric in METRICS.items():
        values = {
            forecast: [row.get(name) for row in metrics["by_horizon"]] + [metrics.get(name)]
            for forecast, metrics in errors.items()
        }
        parts.append(
            pd.DataFrame({"metric": metric.label, "ahead": [*ahead, "all"], **values}).astype(
                dict.fromkeys(errors, float)
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    first = next(iter(errors))
    frame["to persistence"] = [percent(share) for share in frame[first] / frame["persistence"] - 1]
    return frame


def number_format(values: pd.Series) -> str:
    """A number format with three significant digits at a column's typical size."""
    size = float(values.abs().median())
    return f"%.{max(0, 2 - math.floor(math.log10(size)))}f" if size > 0 else "%.3g"


def show_downloads(run: Run, errors: pd.DataFrame | None = None) -> None:
    """Downloads of the epochs and the record; of a finished run with its test ``errors`` also those and forecasts."""
    st.subheader("Take along", anchor=False)
    frame = epoch_table(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Epochs as CSV", lambda: frame.to_csv(index=False), f"{run.id}-epochs.csv", "text/csv", on_click="ignore"
        )
        st.download_button(
            "Epochs as Parquet",
            lambda: bytes(frame.to_parquet() or b""),
            f"{run.id}-epochs.parquet",
            on_click="ignore",
        )
        if errors is not None:
            csv = errors.to_csv(index=False)
            st.download_button("Test errors as CSV", csv, f"{run.id}-test.csv", "text/csv", on_click="ignore")
        save_record(run)
        if errors is not None:
            settings_button(run)
    if errors is not None:
        offer_forecasts(run)


def offer_forecasts(run: Run) -> None:
    """Forecasts of the best weights as a file; a child process makes it when asked for."""
    horizon, key = run.spec.horizon, f"forecast file {run.id}"
    parts = {False: f"The next {horizon} steps after the data", True: "Every test window (large)"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of_test = st.selectbox("Forecasts", list(parts), format_func=parts.__getitem__, width=290, key="forecast what")
        kind = st.selectbox("File", list(FORMATS), width=120, key="forecast kind")
        wanted = (of_test, kind)
        if st.button("Make the file", help="Takes some seconds: a process of its own loads the weights."):
            try:
                with st.spinner("Forecasting …"):
                    st.session_state[key] = (wanted, oneshot.forecast(run, FORMATS[kind][0], of_test))
            except RunError as error:
                st.error(plain(error), icon=":material/error:")
        file = st.session_state.get(key)
        if file and file[0] == wanted:
            suffix, mime = FORMATS[kind]
            name = f"{run.id}-{'test' if of_test else 'next'}{suffix}"
            st.download_button(f"Save {name}", file[1], name, mime, on_click="ignore", type="primary")
