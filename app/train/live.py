"""A run as it stands: figures, curves and what it said. Drawn again every second while it works."""

from typing import Any

import pandas as pd
import streamlit as st

from app.header import masked
from app.session import current_theme, state, table
from app.words import plain
from stcore.charts import curves
from stcore.charts.words import percent, short
from stcore.evidence import saved
from stcore.runs import Run
from stcore.runs.folder import LIVE
from stcore.words import duration

EVERY = 1.0  # seconds


def unit_of(run: Run) -> str:
    """The unit of the run's metrics."""
    targets, data = run.spec["targets"], run.spec["data"]
    return str(data["units"].get(targets[0], "")) if len(targets) == 1 else "training spreads"


def panel(run: Run) -> None:
    """Figures and curves, alive while the run is."""
    every = EVERY if state(run) in LIVE else None
    st.fragment(_panel, run_every=every)(run)


def _panel(run: Run) -> None:
    frame, now = table(run), state(run)
    figures(run, now)
    if frame.empty:
        if now in LIVE:
            st.markdown("Curves appear after the first epoch.")
        return
    charts(run, frame)


def figures(run: Run, now: str) -> None:
    """Figures that answer: how good, how much was spared, how long; and how many sensors are on, where some may be off."""
    summary = run.summary()
    cells = finished_figures(run, summary) if now == "done" else live_figures(run, summary, now)
    cells += sensors_on(run)
    grid = st.grid(len(cells), min_column_width=145)
    for label, value, delta, help in cells:
        look: dict[str, Any] = {"delta_color": "inverse"}
        if delta and delta[0] not in "+-":
            look = {"delta_color": "off", "delta_arrow": "off"}
        grid.metric(label, value, delta, help=help, border=True, height="stretch", **look)


Cell = tuple[str, str, str | None, str]


def sensors_on(run: Run) -> list[Cell]:
    """How many sensors (of a grid: regions) the mask keeps on after the last epoch; nothing without a mask."""
    epochs = run.epochs()
    mask = epochs[-1].get("mask") if epochs else None
    if not mask or not masked(run):
        return []
    help = "What is read for a forecast; sensors that are off are forecast from the others. The Sensors view plans with it."
    return [("Sensors on", f"{mask['active']:.0f} of {mask['sites']:.0f}", masked(run), help)]


def finished_figures(run: Run, summary: dict[str, Any]) -> list[Cell]:
    """What a finished run came to."""
    test, unit, visits = summary["metrics"]["test"], unit_of(run), summary["visits"]
    naive, spared, seconds = summary["naive"]["persistence"]["mae"], saved(summary), summary["seconds"]
    gain = f"{100 * (test['mae'] / naive - 1):+.1f} % to persistence" if test["mae"] is not None and naive else None
    scoring = seconds["score"] + seconds["select"]
    return [
        (
            "Test MAE",
            short(test["mae"], unit),
            gain,
            f"Mean absolute error over all horizons on the last part of the data; {test['rule']}.",
        ),
        (
            "Visits kept",
            f"{visits['kept']:,}",
            None,
            f"{percent(visits['share'])} of {visits['full']:,}: all {run.sample_name} in every epoch.",
        ),
        ("Visits saved", percent(1 - visits["share"]), None, f"{spared['visits']:,} sample visits were left out."),
        ("Time saved, about", _seconds(spared["seconds"]), None, SAVED_HELP.format(short(scoring))),
        (
            "Time taken",
            duration(seconds["total"]),
            None,
            f"{short(seconds['train'])} s of it training, {short(seconds['evaluate'])} s measuring.",
        ),
    ]


SAVED_HELP = "Visits left out times the seconds that a visit took, less {} s for scoring and selecting."


def live_figures(run: Run, summary: dict[str, Any], now: str) -> list[Cell]:
    """What is known of a run that has not finished."""
    told, unit = summary["epochs"], unit_of(run)
    epochs, samples, where = run.passes, run.samples, run.progress
    last = run.epochs()[-1] if told else None
    error = summary["metrics"]["validation"]
    spared = saved(summary)
    trains = now in ("running", "paused") and where.get("epoch", 0) >= 0  # before that, samples are scored
    left = where.get("seconds_left") if trains else None
    kept = percent(last["kept"] / samples) if last else "–"
    counted = f": {last['kept']:,} of {samples:,}" if last else ""
    scoring = short(summary["seconds"]["score"] + summary["seconds"]["select"])
    visits = f"{spared['visits']:,}" if spared["visits"] is not None else "–"
    time_saved = f"about {_seconds(spared['seconds'])}" if spared["seconds"] is not None else None
    clock = (
        "Time left",
        duration(left) if left is not None else "–",
        None,
        "From the speed so far; pruned epochs are shorter.",
    )
    if now not in LIVE:
        clock = ("Time taken", duration(summary["seconds"]["total"]), None, "For the epochs that are done.")
    return [
        ("Epochs done", f"{told} of {epochs}", None, f"An epoch is one pass over the {run.sample_name} that are kept."),
        ("Best validation MAE", short(error["mae"], unit) if error else "–", None, "Lowest so far, over all horizons."),
        ("Kept, last epoch", kept, None, f"Training {run.sample_name} that the last epoch visited{counted}."),
        (
            "Visits saved",
            visits,
            time_saved,
            f"Sample visits left out so far, and about how much time. {SAVED_HELP.format(scoring)}",
        ),
        clock,
    ]


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"−{short(-value)} s" if value < 0 else duration(value)


def charts(run: Run, frame: pd.DataFrame) -> None:
    """Loss, and kept against pruned. Keyed, and words and figure constant but for the data, so that the zoom stays."""
    theme, epochs, name = current_theme(), run.passes, run.sample_name
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Error by epoch**",
            help=f"Training: what the visited {name} say about all. The ring marks the best epoch so far. {curves.ZOOM_HINT}",
        )
        figure = curves.loss(frame, epochs, unit_of(run), theme)
        st.altair_chart(figure, key=f"loss {run.id}", alt="Training and validation error by epoch")
    with right:
        st.markdown(f"**Kept and pruned {name} by epoch**", help=curves.ZOOM_HINT)
        bars = curves.kept_pruned(frame, epochs, theme)
        st.altair_chart(bars, key=f"kept {run.id}", alt=f"{name} kept and pruned by epoch".capitalize())
    with st.expander("Epochs as a table"):
        st.dataframe(shown(frame), hide_index=True, height=280, key=f"epochs {run.id}")


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that people ask for, three figures each."""
    columns = {
        "epoch": "epoch",
        "train_mae": "train MAE",
        "validation_mae": "validation MAE",
        "validation_rmse": "RMSE",
        "validation_mape": "MAPE (%)",
        "kept": "kept",
        "pruned": "pruned",
        "learning_rate": "learning rate",
        "seconds_train": "train (s)",
        "seconds_score": "score (s)",
        "seconds_evaluate": "measure (s)",
        "best": "best so far",
    }
    picked = frame[list(columns)].rename(columns=columns)
    return picked.map(lambda value: float(f"{value:.3g}") if isinstance(value, float) else value)


# ---- what it said --------------------------------------------------------------------------------------------------
def log(run: Run) -> None:
    """The run's events in words, the latest first."""
    with st.expander("What the run said"):
        every = 2 * EVERY if state(run) in LIVE else None
        st.fragment(_log, run_every=every)(run)


def _log(run: Run) -> None:
    rows = [{"time": _clock(event["at"]), "event": said(event)} for event in reversed(run.events())]
    st.dataframe(pd.DataFrame(rows, columns=["time", "event"]), hide_index=True, height=240, key=f"events {run.id}")


def _clock(at: str) -> str:
    return f"{pd.Timestamp(at).tz_convert(None):%H:%M:%S} UTC"


def said(event: dict[str, Any]) -> str:
    """One event in words."""
    words = {
        "opening": "opens the data",
        "queued": "waits: as many runs as this machine may train at once are training",
        "paused": "pauses",
        "resumed": "goes on",
        "finished": "finished",
    }
    if event["event"] == "started":
        begun = f"begins at epoch {event['epoch'] + 1} of {event['epochs']}: {event['samples']:,} samples"
        how = (
            f"steps of {event['batch']}, learning rate {short(event['learning_rate'])}, {event['parameters']:,} weights"
        )
        return "; note: ".join([f"{begun}, {how}", *event["notes"]])
    if event["event"] == "epoch":
        best = ", the best so far" if event["best"] else ""
        error = short(event["validation"]["mae"])
        done = f"epoch {event['epoch'] + 1}: validation MAE {error}{best}; {event['kept']:,} samples kept"
        return "; note: ".join([done, *event.get("notes", [])])
    return words.get(event["event"], plain(event["event"]))
