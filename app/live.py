"""A run or distillation on its page: what its state means, its figures, its log. Drawn again by itself while it works."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.control import resume_button, show_log_end
from app.session import run_state
from app.words import plain, sentence
from stcore.charts.words import short
from stcore.runs import Run
from stcore.runs.folder import LIVE

EVERY = 1.0  # seconds
Figure = tuple[str, str, str | None, str]  # label, value, change or remark, help
EVENTS = {
    "opening": "opens the data",
    "queued": "waits: as many runs as this machine may train at once are training",
    "paused": "pauses",
    "resumed": "goes on",
    "finished": "finished",
}


def show_state(run: Run, now: str, passes: int, more_buttons: Callable[[], None] | None = None) -> None:
    """What the state means and what can be done. ``passes``: how many epochs or rounds are planned."""
    done, pass_ = len(run.epochs()), run.pass_name
    if now == "queued":
        st.info(
            "Another run is training. This one begins by itself when that one has ended.",
            icon=":material/hourglass_empty:",
        )
    elif now == "starting":
        st.info("Starting: loading PyTorch, which usually takes 3 to 6 seconds.", icon=":material/hourglass_top:")
    elif now == "paused":
        where = f"before the first {pass_}" if is_before_passes(run) else f"in {pass_} {min(done + 1, passes)}"
        st.warning(f"Paused {where}. Nothing is lost.", icon=":material/pause:")
    elif now == "stopped":
        st.info(f"Stopped by you after {pass_} {done} of {passes}.", icon=":material/stop:")
    elif now == "failed":
        reason = sentence((run.result or {}).get("reason", "It failed and gave no reason."))
        st.error(plain(reason, 1000), icon=":material/error:")
    elif now == "interrupted":
        st.error(
            f"Interrupted after {pass_} {done} of {passes}: its process ended without a message. Only the unfinished {pass_} "
            "is lost.",
            icon=":material/bolt:",
        )
    if now in ("stopped", "failed", "interrupted"):
        with st.container(horizontal=True):
            resume_button(run, done)
            if more_buttons:
                more_buttons()
    show_log_end(run, now)


def is_before_passes(run: Run) -> bool:
    """Whether the run does what comes before its first epoch or round, such as scoring or training a teacher."""
    return bool(run.progress) and int(run.progress.get("epoch", 0)) < 0


def show_live(draw: Callable[[Run], None], run: Run, every: float = EVERY) -> None:
    """Draw a part of the page, and draw it again every so many seconds while the run works."""
    st.fragment(run_every=every if run_state(run) in LIVE else None)(draw)(run)


def show_figures(figures: Sequence[Figure], width: int = 150) -> None:
    """Figures side by side, each at least ``width`` pixels wide; a change has its arrow, a remark has none."""
    grid = st.grid(len(figures), min_column_width=width)
    for label, value, delta, help in figures:
        look: dict[str, Any] = {"delta_color": "inverse"}
        if delta and delta[0] not in "+-":
            look = {"delta_color": "off", "delta_arrow": "off"}
        grid.metric(label, value, delta, help=help, border=True, height="stretch", **look)


# ---- its log -------------------------------------------------------------------------------------------------------
def show_log(run: Run) -> None:
    """The events in words, the latest first."""
    what = "distillation" if run.kind == "distil" else "run"
    with st.expander(f"Log of the {what}"):
        show_live(_show_log, run, 2 * EVERY)


def _show_log(run: Run) -> None:
    rows = [
        {
            "time": f"{pd.Timestamp(event['at']).tz_convert(None):%H:%M:%S} UTC",
            "event": event_text(event, run.pass_name),
        }
        for event in reversed(run.events())
    ]
    st.dataframe(pd.DataFrame(rows, columns=["time", "event"]), hide_index=True, height=240, key=f"events {run.id}")


def event_text(event: dict[str, Any], pass_name: str) -> str:
    """One event in words; ``pass_name`` is epoch, or round of a distillation."""
    if event["event"] == "started":
        start = f"begins at {pass_name} {event['epoch'] + 1} of {event['epochs']}: {event['samples']:,}"
        if pass_name == "round":
            start += " training windows"
        else:
            start += f" samples, steps of {event['batch']}, learning rate {short(event['learning_rate'])}, "
            start += f"{event['parameters']:,} weights"
        return "; note: ".join([start, *event["notes"]])
    if event["event"] == "epoch":
        result = round_text(event) if pass_name == "round" else epoch_text(event)
        return "; note: ".join([f"{pass_name} {event['epoch'] + 1}: {result}", *event.get("notes", [])])
    return EVENTS.get(event["event"], plain(event["event"]))


def epoch_text(event: dict[str, Any]) -> str:
    """What an epoch of training came to."""
    best = ", the best so far" if event["best"] else ""
    return f"validation MAE {short(event['validation']['mae'])}{best}; {event['kept']:,} samples kept"


def round_text(event: dict[str, Any]) -> str:
    """What a round of distilling came to."""
    loss, error = event["train_loss"], event["validation"]["mae"]
    done = f"matching loss {short(loss)}" if loss else "windows picked"  # picking matches nothing: a loss of exactly 0
    best = ", the best so far" if event["best"] else ""
    return done + ("" if error is None else f"; validation MAE {short(error)}{best}")
