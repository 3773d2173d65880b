"""What a run ended with: its errors beside the naive forecasts, what went wrong, how to go on, and what can be taken along."""

import json
import math
from typing import Any

import pandas as pd
import streamlit as st

from app import control
from app.header import named
from app.session import current_theme, table
from app.train import new
from app.train.live import unit_of
from app.words import plain, sentence
from stcore.charts import curves
from stcore.charts.words import percent
from stcore.processes import oneshot
from stcore.runs import Run, RunError
from stcore.runs.files import plain as without_nan
from stcore.words import duration

NAMES = {"persistence": "persistence", "seasonal_naive": "seasonal naive"}
FORMATS = {
    "CSV": (".csv", "text/csv"),
    "Parquet": (".parquet", "application/octet-stream"),
    "NetCDF": (".nc", "application/x-netcdf"),
}


def message(run: Run, now: str) -> None:
    """What the state means, and what can be done."""
    done, epochs = len(run.epochs()), run.passes
    if now == "queued":
        st.info(
            "Another run is training. This one begins by itself when that one has ended.",
            icon=":material/hourglass_empty:",
        )
    elif now == "starting":
        st.info("Starting: loading PyTorch, which usually takes 3 to 6 seconds.", icon=":material/hourglass_top:")
    elif now == "paused":
        st.warning(f"Paused in epoch {min(done + 1, epochs)}. Nothing is lost.", icon=":material/pause:")
    elif now == "stopped":
        st.info(f"Stopped by you after epoch {done} of {epochs}.", icon=":material/stop:")
    elif now == "failed":
        reason = sentence((run.result or {}).get("reason", "It failed without saying why."))
        st.error(plain(reason, 1000), icon=":material/error:")
    elif now == "interrupted":
        st.error(
            f"Interrupted after epoch {done} of {epochs}: its process ended without a word. Nothing but the epoch in hand is "
            "lost.",
            icon=":material/bolt:",
        )
    if now in ("stopped", "failed", "interrupted"):
        go_on(run, done)
    control.last_words(run, now)


def go_on(run: Run, done: int) -> None:
    """Buttons to resume, or to begin anew with the same settings."""
    with st.container(horizontal=True):
        control.resume_button(run, done)
        clone_button(run)


def clone_button(run: Run) -> None:
    """Settings into the form."""
    st.button(
        "Use these settings",
        icon=":material/content_copy:",
        on_click=new.clone,
        args=(run,),
        key=f"clone {run.id}",
        help="Fills the form on the left with this run's dataset and options.",
    )


# ---- a finished run ------------------------------------------------------------------------------------------------
def results(run: Run) -> None:
    """Test errors by horizon beside the naive forecasts, the mask rule, and downloads."""
    result = run.result or {}
    test, naive = result["metrics"]["test"], result["naive"]
    ahead = [duration((step + 1) * run.spec["data"]["step_seconds"]) for step in range(len(test["by_horizon"]))]
    name = run.spec["options"]["model"]["name"]
    errors = {named(name): test} | {NAMES[key]: metrics for key, metrics in naive.items()}
    st.subheader("Test, by how far ahead", anchor=False, help="The last part of the data, which training never saw.")
    metric = str(
        st.segmented_control(
            "Metric",
            list(curves.METRICS),
            format_func=curves.METRICS.__getitem__,
            default="mae",
            required=True,
            key="horizon metric",
            label_visibility="collapsed",
        )
    )
    unit = "%" if metric == "mape" else unit_of(run)
    left, right = st.columns(2, gap="medium")
    with left:
        by_horizon = {key: metrics["by_horizon"] for key, metrics in errors.items()}
        figure = curves.horizons(by_horizon, metric, ahead, unit, current_theme())
        st.altair_chart(figure, key=f"horizons {run.id}", alt=f"{metric} by horizon beside the naive forecasts")
    frame = by_horizon_table(errors, ahead)
    with right:
        shown = frame[frame["metric"] == curves.METRICS[metric]].drop(columns="metric")
        digits = {name: st.column_config.NumberColumn(format=decimals(shown[name])) for name in errors}
        st.dataframe(shown, height=270, hide_index=True, key=f"test {run.id}", column_config=digits)
    notes = "; ".join(f"{NAMES[key]}: {metrics['note']}" for key, metrics in naive.items())
    st.markdown(
        f"{curves.METRICS[metric]}{f' in {plain(unit)}' if unit else ''}; {plain(test['rule'])}. {plain(notes)}."
    )
    take_along(run, frame)


def by_horizon_table(errors: dict[str, dict[str, Any]], ahead: list[str]) -> pd.DataFrame:
    """Rows: metrics, by lead time and over all; columns: forecasts, and the first against persistence."""
    parts = []
    for metric, title in curves.METRICS.items():
        values = {
            name: [row[metric] for row in found["by_horizon"]] + [found[metric]] for name, found in errors.items()
        }
        parts.append(
            pd.DataFrame({"metric": title, "ahead": [*ahead, "all"], **values}).astype(dict.fromkeys(errors, float))
        )
    frame = pd.concat(parts, ignore_index=True)
    first = next(iter(errors))
    frame["to persistence"] = [percent(share) for share in frame[first] / frame["persistence"] - 1]
    return frame


def decimals(values: pd.Series) -> str:
    """A number format with three figures at a column's typical size."""
    size = float(values.abs().median())
    return f"%.{max(0, 2 - math.floor(math.log10(size)))}f" if size > 0 else "%.3g"


def take_along(run: Run, errors: pd.DataFrame | None = None) -> None:
    """Downloads: the epochs, the test errors, the record, forecasts."""
    st.subheader("Take along", anchor=False)
    frame = table(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Epochs as CSV", lambda: frame.to_csv(index=False), f"{run.id}-epochs.csv", "text/csv", on_click="ignore"
        )
        st.download_button("Epochs as Parquet", lambda: parquet(frame), f"{run.id}-epochs.parquet", on_click="ignore")
        if errors is not None:
            csv = errors.to_csv(index=False)
            st.download_button("Test errors as CSV", csv, f"{run.id}-test.csv", "text/csv", on_click="ignore")
        st.download_button(
            "Record as JSON", lambda: record(run), f"{run.id}.json", "application/json", on_click="ignore"
        )
        if errors is not None:
            clone_button(run)
    if errors is not None:
        forecasts(run)


def parquet(frame: pd.DataFrame) -> bytes:
    """The table as a Parquet file."""
    content = frame.to_parquet()
    return content if isinstance(content, bytes) else b""


def record(run: Run) -> str:
    """Everything that was asked for and came out, as one JSON document."""
    return json.dumps(
        without_nan({"spec": run.spec, "summary": run.summary() | {"path": run.path.name}, "epochs": run.epochs()}),
        indent=1,
    )


def forecasts(run: Run) -> None:
    """Forecasts of the best weights as a file, made by a child process when asked for."""
    horizon, kept = run.spec["options"]["data"]["horizon"], f"forecast file {run.id}"
    whats = {False: f"The next {horizon} steps after the data", True: "Every test window (large)"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        test = st.selectbox("Forecasts", list(whats), format_func=whats.__getitem__, width=290, key="forecast what")
        kind = st.selectbox("File", list(FORMATS), width=120, key="forecast kind")
        wanted = (test, kind)
        if st.button("Make the file", help="Takes some seconds: a process of its own loads the weights."):
            try:
                with st.spinner("Forecasting …"):
                    st.session_state[kept] = (wanted, oneshot.forecast(run, FORMATS[kind][0], test))
            except RunError as error:
                st.error(plain(error), icon=":material/error:")
        made = st.session_state.get(kept)
        if made and made[0] == wanted:
            suffix, mime = FORMATS[kind]
            name = f"{run.id}-{'test' if test else 'next'}{suffix}"
            st.download_button(f"Save {name}", made[1], name, mime, on_click="ignore", type="primary")
