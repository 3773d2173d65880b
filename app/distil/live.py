"""The figures and curves of a distillation, in whatever state it is."""

from typing import Any

import pandas as pd
import streamlit as st

from app.labels import (
    distiller_label,
    error_unit,
    say_cells,
    set_sensor_words,
    set_share,
    set_size,
    set_size_words,
)
from app.live import Figure, is_before_passes, show_figures
from app.saving import save_chart, save_table
from app.session import current_theme, run_state
from stcore import registry
from stcore.charts import distil as charts
from stcore.charts.curves import ZOOM_HINT
from stcore.charts.words import axis_title, percent, short
from stcore.runs import Run, pictures
from stcore.runs.folder import LIVE
from stcore.words import duration


def planned_rounds(run: Run) -> int:
    """How many rounds a distillation plans: what its worker says, else what its options say."""
    if any(event["event"] == "started" for event in run.events()):
        return run.passes
    options = learning_options(run)
    return getattr(options, "rounds", None) or 1 if options else max(len(run.epochs()), 1)


def learning_options(run: Run) -> Any:
    """The decided options of a distiller that learns; None for one that picks windows, or that this version does not know."""
    choice = run.spec.distil
    card = registry.find("distillers", choice["name"])
    return card.decide(registry.options_of("distillers", choice)) if card and card.learns else None


def has_teacher(run: Run) -> bool:
    """Whether the windows' targets are forecasts of a teacher."""
    options = learning_options(run)
    targets = getattr(options, "targets", None) if options else run.spec.distil.get("targets")
    return targets == "teacher"


def show_distilling(run: Run) -> None:
    """Figures, and curves from the first round on."""
    rounds, now = pictures.rounds(run), run_state(run)
    show_figures(distilling_figures(run, rounds, now))
    if len(rounds):
        show_curves(run, rounds)
    elif now in LIVE:
        teacher = "First a teacher, whose forecasts become the windows' targets, is trained on all data. "
        first = teacher if has_teacher(run) and is_before_passes(run) else ""
        st.markdown(f"{first}Curves appear after the first round.")


def distilling_figures(run: Run, rounds: pd.DataFrame, now: str) -> list[Figure]:
    """Method, size, error, rounds and time."""
    summary, data = run.summary(), run.spec.data
    windows, sensors = set_size(run)
    error = (summary["metrics"]["validation"] or {}).get("mae")
    best = {None: None, 0: "as it began"}.get(at := summary["best_epoch"], f"after round {at}")
    if best is None and rounds["mae"].notna().any():
        best = "better as it began"
    error_help = (
        f"Mean absolute error on the real validation windows, over all {say_cells('sensors', run)}, of a model that was "
        "trained on the set alone."
    )
    round_help = "Each round trains a new surrogate on the set and then changes the set."
    words = set_sensor_words(run)
    size_help = f"Windows × {words}, of {run.spec.windows.train:,} × {len(data.sensors):,} in the data."
    return [
        ("Method", distiller_label(run.method), None, set_size_words(run)),
        ("Size of the set", f"{windows:,} × {sensors:,}", f"{percent(set_share(run))} of the whole", size_help),
        (
            "Validation MAE" if now == "done" else "Best validation MAE",
            short(error, error_unit(run)),
            best,
            error_help,
        ),
        ("Rounds done", f"{len(rounds)} of {planned_rounds(run)}", None, round_help),
        time_figure(run, now, summary["seconds"]["total"]),
    ]


def time_figure(run: Run, now: str, taken: float) -> Figure:
    """The time left of a distillation that works, else the time taken."""
    if now not in LIVE:
        return "Time taken", duration(taken), None, "Distilling and validations together."
    in_rounds = now in ("running", "paused") and run.progress.get("epoch", -1) >= 0
    left = run.progress.get("seconds_left") if in_rounds else None
    return "Time left", duration(left) if left is not None else "–", None, "From the speed so far."


def show_curves(run: Run, rounds: pd.DataFrame) -> None:
    """Matching loss and validation error by round; a distiller that picks windows has one round and a sentence."""
    theme, planned, error = current_theme(), planned_rounds(run), axis_title("validation MAE", error_unit(run))
    if planned == 1:
        st.markdown("This method picks real windows, in one round; nothing is learned, so there are no curves.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Matching loss by round**",
            help=f"How far the gradients that the set gives a model are from those that the real data give it, with a new "
            f"model in each round. {ZOOM_HINT}",
        )
        figure = charts.rounds_chart(rounds, "loss", planned, "matching loss", theme)
        st.altair_chart(figure, key=f"loss {run.id}", alt="Matching loss by round")
    with right:
        st.markdown(
            "**Validation error by round**",
            help=f"Of models trained on the set as it was after that round. The ring marks the best so far. {ZOOM_HINT}",
        )
        if rounds["mae"].isna().all():
            first = getattr(learning_options(run), "check", None) or planned
            with st.container(height=charts.HEIGHT, border=False):
                st.markdown(f"The first validation comes after round {min(first, planned)}.")
        else:
            figure = charts.rounds_chart(rounds, "mae", planned, error, theme)
            st.altair_chart(figure, key=f"error {run.id}", alt="Validation error by round")
    with st.expander("Rounds as a table"):
        readable = rounds.map(lambda value: float(f"{value:.4g}") if isinstance(value, float) else value)
        st.dataframe(readable, hide_index=True, height=280, key=f"rounds {run.id}")
        save_table(rounds, f"{run.id}-rounds", "Rounds")
        save_curves(run, rounds, planned, error)


def save_curves(run: Run, rounds: pd.DataFrame, planned: int, error: str) -> None:
    """Buttons that save both curves; ``error``: the title of the validation error."""
    with st.container(horizontal=True):
        for column, title, what in (
            ("loss", "matching loss", "The matching loss"),
            ("mae", error, "The validation MAE"),
        ):
            if rounds[column].notna().any():
                chart = charts.rounds_chart(rounds, column, planned, title, current_theme())
                save_chart(chart, f"{run.id}-{column}", f"{what} by round", f"{what} as Vega-Lite")
