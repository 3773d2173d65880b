"""The figures and curves of a training, in whatever state it is."""

from typing import Any

import pandas as pd
import streamlit as st

from app.labels import error_unit, mask_words
from app.live import Figure, show_figures
from app.session import current_theme, epoch_table, run_state
from app.words import signed_duration
from stcore.charts import curves
from stcore.charts.words import percent, short
from stcore.data.metrics import METRICS
from stcore.evidence import saved_work
from stcore.runs import Run
from stcore.runs.folder import LIVE
from stcore.words import duration

SAVED_HELP = "Visits left out times the seconds that a visit took, less {} s for scoring and selecting."


def show_training(run: Run) -> None:
    """Figures, and curves from the first epoch on."""
    epochs, now = epoch_table(run), run_state(run)
    figures = finished_figures(run) if now == "done" else running_figures(run, now)
    show_figures([*figures, *sensors_on(run)], 145)
    if len(epochs):
        show_curves(run, epochs)
    elif now in LIVE:
        st.markdown("Curves appear after the first epoch.")


def sensors_on(run: Run) -> list[Figure]:
    """How many sensors (of a grid: regions) the mask keeps on after the last epoch; empty without a mask."""
    epochs = run.epochs()
    mask = epochs[-1].get("mask") if epochs else None
    if not mask or not mask_words(run):
        return []
    help = "What is read for a forecast; sensors that are off are forecast from the others. The Sensors view plans with it."
    return [("Sensors on", f"{mask['active']:.0f} of {mask['sites']:.0f}", mask_words(run), help)]


def finished_figures(run: Run) -> list[Figure]:
    """Error, visits and time of a finished run."""
    summary, unit = run.summary(), error_unit(run)
    test, visits, seconds = summary["metrics"]["test"], summary["visits"], summary["seconds"]
    persistence, savings = summary["naive"]["persistence"]["mae"], saved_work(summary)
    change = test["mae"] is not None and persistence
    gain = f"{100 * (test['mae'] / persistence - 1):+.1f} % to persistence" if change else None
    rule = f"Mean absolute error over all horizons on the last part of the data; {test['rule']}."
    full = f"{percent(visits['share'])} of {visits['full']:,}: all {run.sample_name} in every epoch."
    overhead = SAVED_HELP.format(short(seconds["score"] + seconds["select"]))
    parts = f"{short(seconds['train'])} s of training, {short(seconds['evaluate'])} s of measuring."
    return [
        ("Test MAE", short(test["mae"], unit), gain, rule),
        ("Visits kept", f"{visits['kept']:,}", None, full),
        ("Visits saved", percent(1 - visits["share"]), None, f"{savings['visits']:,} sample visits were left out."),
        ("Time saved, about", signed_duration(savings["seconds"]), None, overhead),
        ("Time taken", duration(seconds["total"]), None, parts),
    ]


def running_figures(run: Run, now: str) -> list[Figure]:
    """Progress, error and visits of a run that has not finished."""
    summary, samples, savings = run.summary(), run.samples, saved_work(run.summary())
    done, error, seconds = summary["epochs"], summary["metrics"]["validation"], summary["seconds"]
    last = run.epochs()[-1] if done else None
    kept = f": {last['kept']:,} of {samples:,}" if last else ""
    overhead = SAVED_HELP.format(short(seconds["score"] + seconds["select"]))
    visits = f"{savings['visits']:,}" if savings["visits"] is not None else "–"
    time_saved = f"about {signed_duration(savings['seconds'])}" if savings["seconds"] is not None else None
    error_help, name = "Lowest so far, over all horizons.", run.sample_name
    return [
        ("Epochs done", f"{done} of {run.passes}", None, f"An epoch is one pass over the {name} that are kept."),
        ("Best validation MAE", short(error["mae"], error_unit(run)) if error else "–", None, error_help),
        (
            "Kept, last epoch",
            percent(last["kept"] / samples) if last else "–",
            None,
            f"Training {name} that the last epoch visited{kept}.",
        ),
        (
            "Visits saved",
            visits,
            time_saved,
            f"Sample visits left out so far, and about how much time that saved. {overhead}",
        ),
        time_figure(run, now, seconds["total"], "From the speed so far; pruned epochs are shorter."),
    ]


def time_figure(run: Run, now: str, taken: float, help: str) -> Figure:
    """The time left of a run that works, else the time taken."""
    if now not in LIVE:
        return "Time taken", duration(taken), None, "For the epochs that are done."
    is_training = now in ("running", "paused") and run.progress.get("epoch", 0) >= 0  # before that, samples are scored
    left = run.progress.get("seconds_left") if is_training else None
    return "Time left", duration(left) if left is not None else "–", None, help


# ---- curves --------------------------------------------------------------------------------------------------------
def show_curves(run: Run, epochs: pd.DataFrame) -> None:
    """Error, and kept against pruned. Their keys and words do not change while the data grow, so that the zoom stays."""
    theme, planned, name = current_theme(), run.passes, run.sample_name
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Error by epoch**",
            help=f"Training: an estimate over all {name} from those that were visited. The ring marks the best epoch so far. "
            f"{curves.ZOOM_HINT}",
        )
        figure = curves.loss_chart(epochs, planned, error_unit(run), theme)
        st.altair_chart(figure, key=f"loss {run.id}", alt="Training and validation error by epoch")
    with right:
        st.markdown(f"**Kept and pruned {name} by epoch**", help=curves.ZOOM_HINT)
        bars = curves.kept_pruned_chart(epochs, planned, theme)
        st.altair_chart(bars, key=f"kept {run.id}", alt=f"{name} kept and pruned by epoch".capitalize())
    with st.expander("Epochs as a table"):
        st.dataframe(readable_epochs(epochs), hide_index=True, height=280, key=f"epochs {run.id}")


def readable_epochs(epochs: pd.DataFrame) -> pd.DataFrame:
    """The columns that people ask for, with three significant digits."""
    columns: dict[str, Any] = {
        "epoch": "epoch",
        "train_mae": "train MAE",
        **{
            f"validation_{name}": f"validation {metric.label}{' (%)' if metric.unit == '%' else ''}"
            for name, metric in METRICS.items()
        },
        "kept": "kept",
        "pruned": "pruned",
        "learning_rate": "learning rate",
        "seconds_train": "train (s)",
        "seconds_score": "score (s)",
        "seconds_evaluate": "measure (s)",
        "best": "best so far",
    }
    readable = epochs[list(columns)].rename(columns=columns)
    return readable.map(lambda value: float(f"{value:.3g}") if isinstance(value, float) else value)
