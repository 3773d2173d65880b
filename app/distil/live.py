"""A distillation as it stands: what its state means, figures, curves by round, and what it said. Alive while it works."""

from typing import Any

import pandas as pd
import streamlit as st

from app import control
from app.distil.known import asked_size, called, method_name, said_size, spoken, unit_of
from app.distil.saving import figure_file, table_files
from app.session import current_theme, state
from app.words import plain, sentence
from stcore import registry
from stcore.charts import distil as charts
from stcore.charts.curves import ZOOM_HINT
from stcore.charts.words import labelled, percent, short
from stcore.runs import Run, pictures
from stcore.runs.folder import LIVE
from stcore.words import duration

EVERY = 1.0  # seconds
WORDS = {
    "opening": "opens the data",
    "queued": "waits: as many runs as this machine may train at once are training",
    "paused": "pauses",
    "resumed": "goes on",
    "finished": "finished",
}


def message(run: Run, now: str) -> None:
    """What the state means, and what can be done."""
    done, rounds = len(run.epochs()), run_rounds(run)
    if now == "queued":
        st.info("A run is training. This begins by itself when that one has ended.", icon=":material/hourglass_empty:")
    elif now == "starting":
        st.info("Starting: loading PyTorch, which usually takes 3 to 6 seconds.", icon=":material/hourglass_top:")
    elif now == "paused":
        where = "before the first round" if before_rounds(run) else f"in round {min(done + 1, rounds)}"
        st.warning(f"Paused {where}. Nothing is lost.", icon=":material/pause:")
    elif now == "stopped":
        st.info(f"Stopped by you after round {done} of {rounds}.", icon=":material/stop:")
    elif now == "failed":
        reason = sentence((run.result or {}).get("reason", "It failed without saying why."))
        st.error(plain(reason, 1000), icon=":material/error:")
    elif now == "interrupted":
        lost = "Nothing but the round in hand is lost."
        st.error(
            f"Crashed after round {done} of {rounds}: its process ended without a word. {lost}", icon=":material/bolt:"
        )
    if now in ("stopped", "failed", "interrupted"):
        control.resume_button(run, done)
    control.last_words(run, now)


def run_rounds(run: Run) -> int:
    """How many rounds a distillation plans, as it has told or as its options have it."""
    plan = planned(run)
    told = any(event["event"] == "started" for event in run.events())
    return run.passes if told else getattr(plan, "rounds", None) or 1 if plan else max(len(run.epochs()), 1)


def before_rounds(run: Run) -> bool:
    """Whether it does what comes before its first round: its teacher's training, and what the set begins as."""
    return bool(run.progress) and int(run.progress.get("epoch", 0)) < 0


def taught(run: Run) -> bool:
    """Whether the windows' targets are forecasts of a teacher."""
    plan = planned(run)
    return (plan.targets if plan else run.spec["options"]["distil"].get("targets")) == "teacher"


def planned(run: Run) -> Any:
    """The decided options of a method that learns; None for one that picks, or is not known here."""
    choice = run.spec["options"]["distil"]
    card = registry.find("distillers", choice["name"])
    return card.decide(registry.options_of("distillers", choice)) if card and card.learns else None


def panel(run: Run) -> None:
    """Figures and curves, drawn again every second while it works."""
    st.fragment(run_every=EVERY if state(run) in LIVE else None)(_panel)(run)


def _panel(run: Run) -> None:
    table, now = pictures.rounds(run), state(run)
    figures(run, table, now)
    if table.empty:
        if now in LIVE:
            first = "First a teacher, whose forecasts become the windows' targets, is trained on all data. "
            st.markdown(f"{first if taught(run) and before_rounds(run) else ''}Curves appear after the first round.")
        return
    by_round(run, table)


def figures(run: Run, table: pd.DataFrame, now: str) -> None:
    """Size, error, time."""
    unit, summary, done = unit_of(run), run.summary(), now == "done"
    windows, clusters = asked_size(run)
    whole = run.spec["windows"]["train"] * len(run.spec["data"]["sensors"])
    error = (summary["metrics"]["validation"] or {}).get("mae")
    best = {None: None, 0: "as it began"}.get(at := summary["best_epoch"], f"after round {at}")
    if best is None and table["mae"].notna().any():
        best = "better as it began"
    at_rounds = now in ("running", "paused") and run.progress.get("epoch", -1) >= 0
    left = run.progress.get("seconds_left") if at_rounds else None
    clock = ("Time left", duration(left) if left is not None else "–", "From the speed so far.")
    if now not in LIVE:
        clock = ("Time taken", duration(summary["seconds"]["total"]), "Distilling and validations together.")
    cells = [
        ("Method", method_name(run.spec["options"]["distil"]["name"]), None, said_size(run)),
        (
            "Size of the set",
            f"{windows:,} × {clusters:,}",
            f"{percent(windows * clusters / whole)} of the whole",
            f"Windows × {called(run)}, of {run.spec['windows']['train']:,} × {len(run.spec['data']['sensors']):,}.",
        ),
        (
            "Validation MAE" if done else "Best validation MAE",
            short(error, unit),
            best,
            f"Mean absolute error on the real validation windows, of all {spoken('sensors', run)}, of a model trained on the "
            "set alone.",
        ),
        (
            "Rounds done",
            f"{len(table)} of {run_rounds(run)}",
            None,
            "With every round a fresh surrogate is trained on the set, and the set is moved.",
        ),
        (clock[0], clock[1], None, clock[2]),
    ]
    grid = st.grid(len(cells), min_column_width=150)
    for label, value, delta, help in cells:
        look: Any = {"delta_color": "off", "delta_arrow": "off"}
        grid.metric(label, value, delta, help=help, border=True, height="stretch", **look)


def by_round(run: Run, table: pd.DataFrame) -> None:
    """Matching loss and validation error by round; methods that only pick have but one round, and a sentence."""
    theme, rounds, error = current_theme(), run_rounds(run), labelled("validation MAE", unit_of(run))
    if rounds == 1:
        st.markdown("This method picks real windows, in one round; nothing is learned, so there are no curves.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Matching loss by round**",
            help=f"How far the set's pull on a model is from the real one, with a fresh model each round. {ZOOM_HINT}",
        )
        figure = charts.by_round(table, "loss", rounds, "matching loss", theme)
        st.altair_chart(figure, key=f"loss {run.id}", alt="Matching loss by round")
    with right:
        st.markdown(
            "**Validation error by round**",
            help=f"Of models trained on the set as it stood then. The ring marks the best so far. {ZOOM_HINT}",
        )
        if table["mae"].isna().all():
            first = getattr(planned(run), "check", None) or rounds
            with st.container(height=charts.HEIGHT, border=False):
                st.markdown(f"The first validation comes after round {min(first or rounds, rounds)}.")
        else:
            figure = charts.by_round(table, "mae", rounds, error, theme)
            st.altair_chart(figure, key=f"error {run.id}", alt="Validation error by round")
    with st.expander("Rounds as a table"):
        shown = table.map(lambda value: float(f"{value:.4g}") if isinstance(value, float) else value)
        st.dataframe(shown, hide_index=True, height=280, key=f"rounds {run.id}")
        table_files(table, f"{run.id}-rounds", "Rounds")
        with st.container(horizontal=True):
            for column, title, what in (
                ("loss", "matching loss", "The matching loss"),
                ("mae", error, "The validation MAE"),
            ):
                if table[column].notna().any():
                    drawn = charts.by_round(table, column, rounds, title, theme)
                    figure_file(drawn, f"{run.id}-{column}", f"{what} by round", f"{what} as Vega-Lite")


def log(run: Run) -> None:
    """The distillation's events in words, the latest first."""
    with st.expander("What the distillation said"):
        st.fragment(run_every=2 * EVERY if state(run) in LIVE else None)(_log)(run)


def _log(run: Run) -> None:
    rows = [
        {"time": f"{pd.Timestamp(event['at']).tz_convert(None):%H:%M:%S} UTC", "event": said(event)}
        for event in reversed(run.events())
    ]
    st.dataframe(pd.DataFrame(rows, columns=["time", "event"]), hide_index=True, height=240, key=f"events {run.id}")


def said(event: dict[str, Any]) -> str:
    """One event in words."""
    if event["event"] == "started":
        begun = f"begins at round {event['epoch'] + 1} of {event['epochs']}: {event['samples']:,} training windows"
        return "; note: ".join([begun, *event["notes"]])
    if event["event"] == "epoch":
        error, best = event["validation"]["mae"], ", the best so far" if event["best"] else ""
        measured = "" if error is None else f"; validation MAE {short(error)}{best}"
        loss = event["train_loss"]  # exactly 0 of windows that are picked: nothing is matched
        done = f"round {event['epoch'] + 1}: {f'matching loss {short(loss)}' if loss else 'windows picked'}{measured}"
        return "; note: ".join([done, *event.get("notes", [])])
    return WORDS.get(event["event"], plain(event["event"]))
