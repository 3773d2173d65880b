"""The state of a run in words, and the buttons that control it."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.session import set_address
from app.words import plain, sentence
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.processes import worker
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE, Word
from stcore.words import duration

# state: word, colour, icon
BADGES = {
    "queued": ("Waiting", "blue", ":material/hourglass_empty:"),
    "starting": ("Starting", "blue", ":material/hourglass_top:"),
    "running": ("Running", "blue", ":material/play_arrow:"),
    "paused": ("Paused", "orange", ":material/pause:"),
    "stopped": ("Stopped", "gray", ":material/stop:"),
    "failed": ("Failed", "red", ":material/error:"),
    "interrupted": ("Interrupted", "red", ":material/bolt:"),
    "done": ("Finished", "green", ":material/check:"),
}
PATIENCE = 10  # seconds without an answer after which ending the worker is offered


def show_controls(run: Run, now: str) -> None:
    """Badge, progress, and the buttons for the state ``now``."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="stretch", key=f"strip {run.id}"
    ):
        word, color, icon = BADGES[now]
        st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
        if run.spec.data.simulated:
            st.badge("Simulated", color="violet", icon=":material/science:")
        if assumed := run.spec.data.assumed:
            hint = (
                f"The file has no {assumed.replace(', ', ' and no ')}, so the times shown here are assumed, not known."
            )
            st.badge("Assumed times", color="orange", icon=":material/schedule:", help=hint)
        if now in LIVE:
            _progress(run, now)
            _live_buttons(run, now)


def _progress(run: Run, now: str) -> None:
    """A bar over all epochs, with the time left."""
    progress = run.progress
    if not progress or now in ("queued", "starting"):
        text = {"queued": "another run is training", "starting": "loading PyTorch"}.get(now, "")
        st.progress(0.0, text, width=190)
        return
    share = min(progress["visits"] / max(progress["planned"], 1), 1.0)
    text, left = f"{run.pass_name} {progress['epoch'] + 1} of {run.passes}", progress["seconds_left"]
    if progress["epoch"] < 0:
        compares = run.spec.options.mask.get("pilot")
        text = "comparing masks first" if compares else "scoring before training"
        text = "before the first round" if run.kind == "distil" else text
    elif share == 1.0:
        text = "measuring on the validation windows" if run.kind == "distil" else "measuring on the test windows"
    elif left is not None:
        text += f" · {duration(left)} left"
    st.progress(share, text, width=190)


WORDS: dict[Word, tuple[str, str, str, str | None]] = {  # label of a button, icon, hint, key
    "run": ("Resume", ":material/play_arrow:", "Go on with the next batch. Key: P", "P"),
    "pause": ("Pause", ":material/pause:", "Wait at the next batch; nothing is lost. Key: P", "P"),
    "step": ("Step", ":material/skip_next:", "Run to the end of one epoch, then pause. Key: S", "S"),
    "stop": (
        "Stop",
        ":material/stop:",
        "Stop at the next batch. The unfinished epoch is repeated if you resume later.",
        None,
    ),
}


def start_task(make: Callable[[], Run], problem: str) -> Run | None:
    """Make a run and start its process; None where that fails, with the reason in the session state under ``problem``."""
    try:
        run = make()
        worker.start(run)
    except (DataError, OptionError, RunError) as error:
        st.session_state[problem] = sentence(str(error))
    except OSError as error:
        st.session_state[problem] = f"It could not be written: {error.strerror or error}."
    else:
        return run
    return None


def show_problem(key: str) -> None:
    """The message that a callback left under ``key``; it is shown once."""
    if message := st.session_state.pop(key, None):
        st.error(plain(message), icon=":material/block:")


def data_source(run: Run) -> str:
    """The source of a run's data, for another run on them."""
    source = str(run.spec.data.source)
    return str(run.path / source) if source == "data.nc" else source


def resume_button(run: Run, done: int) -> None:
    """The button that goes on after ``done`` epochs or rounds."""
    label = f"Resume from {run.pass_name} {done + 1}" if done else "Start over"
    st.button(
        label, type="primary", icon=":material/play_arrow:", on_click=worker.start, args=(run,), key=f"resume {run.id}"
    )


def show_log_end(run: Run, now: str) -> None:
    """The last lines of the worker's log, if it failed or was interrupted."""
    if now in ("failed", "interrupted") and (lines := run.log(20)):
        with st.expander("Last lines of its log", expanded=now == "interrupted"):
            st.code(lines, language=None, wrap_lines=True)


def _live_buttons(run: Run, now: str) -> None:
    """Pause or resume, step, stop; and kill, for a worker that does not answer."""
    stopping = run.word == "stop"
    for word in ("run" if now == "paused" else "pause", "step", "stop"):
        label, icon, hint, key = WORDS[word]
        hint = hint.replace("epoch", run.pass_name)
        label = "Stopping" if stopping and word == "stop" else label
        name = f"{word} {run.id}"
        st.button(
            label, icon=icon, help=hint, shortcut=key, disabled=stopping, on_click=run.control, args=(word,), key=name
        )
    if (silent := run.unanswered) > PATIENCE:
        hint = f"It has not answered for {silent:.0f} s. Ends the process; only the unfinished {run.pass_name} is lost."
        st.button(
            "Kill", icon=":material/dangerous:", help=hint, on_click=worker.kill, args=(run,), key=f"kill {run.id}"
        )


WAITING = {
    "queued": "This run waits until another one has finished.",
    "starting": "Starting: PyTorch is being loaded, which usually takes 3 to 6 s.",
    "running": "The first epoch is running.",
    "paused": "Paused in the first epoch.",
}
BEFOREHAND = "First comes a short training that scores samples or compares masks."


def waiting_text(state: str, what: str, progress: Mapping[str, Any] | None = None) -> str | None:
    """Why there is nothing to see yet, and when ``what`` happens; None for a run that has ended."""
    if state not in WAITING:
        return None
    before = state == "running" and (progress or {}).get("epoch", 0) < 0
    return f"{BEFOREHAND if before else WAITING[state]} {what} after its first epoch."


def show_follow_switch() -> None:
    """The switch that always shows the newest epoch; Samples and Sensors share it."""
    words = "Show every new epoch as soon as it is done."
    st.toggle("Follow", key="follow", persist_state="session", help=words, on_change=lambda: set_address("epoch", None))


def update_label(epoch: int) -> str:
    """The label of the button that shows a newer epoch."""
    return f"Epoch {epoch} available: update"
