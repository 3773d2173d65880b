"""What Samples and Sensors say while a run has nothing to show yet, and how they come to its newest epoch."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.session import link

WAITING = {
    "queued": "This run waits until another one has finished.",
    "starting": "Starting: PyTorch is being loaded, which usually takes 3 to 6 s.",
    "running": "The first epoch is in work.",
    "paused": "Paused in the first epoch.",
}
BEFOREHAND = "A short training comes first, by which samples are scored or masks compared."


def waiting(state: str, what: str, progress: Mapping[str, Any] | None = None) -> str | None:
    """Why there is nothing to see yet, and when there will be ``what``; None for a run that has ended."""
    if state not in WAITING:
        return None
    before = state == "running" and (progress or {}).get("epoch", 0) < 0
    return f"{BEFOREHAND if before else WAITING[state]} {what} after its first epoch."


def follow_switch() -> None:
    """The switch to always show the newest epoch; the same in both views."""
    words = "Show every new epoch as soon as it is there."
    st.toggle("Follow", key="follow", persist_state="session", help=words, on_change=lambda: link("epoch", None))


def available(epoch: int) -> str:
    """What the button says that shows a newer epoch."""
    return f"Epoch {epoch} available: update"
