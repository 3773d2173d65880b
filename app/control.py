"""How a run stands, in words, and the buttons that steer it."""

import streamlit as st

from app.words import lasting
from stcore import jobs
from stcore.runs import Run
from stcore.runs.folder import LIVE, Word

BADGES = {  # state: word, colour, icon
    "queued": ("Waiting", "blue", ":material/hourglass_empty:"),
    "starting": ("Starting", "blue", ":material/hourglass_top:"),
    "running": ("Running", "blue", ":material/play_arrow:"),
    "paused": ("Paused", "orange", ":material/pause:"),
    "stopped": ("Stopped", "gray", ":material/stop:"),
    "failed": ("Failed", "red", ":material/error:"),
    "interrupted": ("Crashed", "red", ":material/bolt:"),
    "done": ("Finished", "green", ":material/check:"),
}
PATIENCE = 10  # seconds without an answer after which ending the worker is offered


def controls(run: Run, now: str) -> None:
    """Badge, where the run stands, and the buttons that make sense now."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="stretch"):
        word, color, icon = BADGES[now]
        st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
        if run.spec["data"]["simulated"]:
            st.badge("Simulated data", color="violet", icon=":material/science:")
        if now in LIVE:
            _progress(run, now)
            _live_buttons(run, now)


def _progress(run: Run, now: str) -> None:
    """A bar over all epochs, with the time left."""
    where = run.progress
    if not where or now in ("queued", "starting"):
        text = {"queued": "another run is training", "starting": "loading PyTorch"}.get(now, "")
        st.progress(0.0, text, width=220)
        return
    share = min(where["visits"] / max(where["planned"], 1), 1.0)
    text, left = f"epoch {where['epoch'] + 1} of {run.spec['options']['train']['epochs']}", where["seconds_left"]
    if share == 1.0:
        text = "measuring on the test windows"
    elif left is not None:
        text += f" · {lasting(left)} left"
    st.progress(share, text, width=220)


def _live_buttons(run: Run, now: str) -> None:
    asked, held = run.word, now == "paused"
    if held:
        _ask(run, "Resume", "run", ":material/play_arrow:", "Go on with the next batch. Key: P", "P")
    else:
        _ask(run, "Pause", "pause", ":material/pause:", "Wait at the next batch; nothing is lost. Key: P", "P", off=asked == "stop")
    _ask(run, "Step", "step", ":material/skip_next:", "Run to the end of one epoch, then pause. Key: S", "S", off=asked == "stop")
    repeated = "Stop at the next batch. The epoch in hand is repeated if you resume later."
    _ask(run, "Stopping" if asked == "stop" else "Stop", "stop", ":material/stop:", repeated, None, off=asked == "stop")
    if run.unanswered > PATIENCE:
        st.button(
            "Kill", icon=":material/dangerous:", on_click=jobs.kill, args=(run,), key=f"kill {run.id}",
            help=f"It has not answered for {run.unanswered:.0f} seconds. Ends the process; nothing is lost but the epoch in hand.",
        )  # fmt: skip


def _ask(run: Run, label: str, word: Word, icon: str, hint: str, key: str | None, off: bool = False) -> None:
    """A button that tells the worker one word."""
    st.button(label, icon=icon, help=hint, shortcut=key, disabled=off, on_click=run.control, args=(word,), key=f"{word} {run.id}")
