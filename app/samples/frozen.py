"""The epoch at which the view stands still while a run goes on, and the way to a later one."""

import streamlit as st

from app.control import show_follow_switch, update_label, waiting_text
from app.session import address_value, run_state, set_address
from stcore.charts.samples import MEASURES, SHORT
from stcore.runs import Run
from stcore.runs.folder import LIVE

POLL = 1.0


def show_why_empty(run: Run) -> None:
    """Say why there are no samples to see, and look again where some will come."""
    if words := waiting_text(run_state(run), "Samples appear", run.progress):
        st.info(words)
        st.fragment(_wait_for_epoch, run_every=POLL)(run)
    else:
        reason = (run.result or {}).get("reason", "")
        st.warning(f"This run ended before its first epoch, so no sample was scored. {reason}")


def _wait_for_epoch(run: Run) -> None:
    if run.epochs():
        st.rerun()


def choose_epoch(run: Run, told: int) -> tuple[int, int]:
    """The line of controls: (epochs that are shown, the epoch they are seen at)."""
    live = run_state(run) in LIVE
    seen = _epochs_shown(run, told, live)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        epoch = _choose_epoch(seen)
        st.selectbox(
            "Colour and height show",
            list(MEASURES),
            format_func=SHORT.__getitem__,
            key="measure",
            bind="query-params",
            width=220,
            help="In the calendar and the curve. Complexity is what the strategy goes by: the model's error on the sample, "
            "for ST-Prune with its spread over sensors and over the horizon added, in training spreads of the target.",
        )
        st.toggle(
            "Plain charts",
            key="still",
            persist_state="session",
            help="Calendar and raster as ordinary charts instead of a canvas.",
        )
        if live:
            show_follow_switch()
            st.fragment(_offer_newer_epochs, run_every=POLL)(run, seen)
    return seen, epoch


def _epochs_shown(run: Run, told: int, live: bool) -> int:
    """How many epochs are shown: all of a run at rest, of a live one those at the last update, unless it is followed."""
    key = f"frozen {run.id}"
    if not live or st.session_state.get("follow"):
        show_epochs(run, told)
    return int(min(st.session_state.setdefault(key, told), told))


def show_epochs(run: Run, told: int) -> None:
    """Show the run up to epoch ``told``."""
    st.session_state[f"frozen {run.id}"] = told


def _choose_epoch(seen: int) -> int:
    """The epoch that all views are seen at: the one in the address, else the latest that is shown."""
    asked = address_value("epoch") or ""
    epoch = int(asked) if asked.isdecimal() and 1 <= int(asked) <= seen else seen
    if seen > 1:
        key = f"epoch of {seen}"  # a slider of its own for every length: one that grows would tell its old end as a choice
        st.session_state[key] = epoch
        words = "All of this view as it stood after that epoch."
        st.slider("After epoch", 1, seen, key=key, on_change=_set_epoch, args=(key, seen), help=words, width=260)
    return epoch


def _set_epoch(key: str, seen: int) -> None:
    set_epoch(st.session_state[key], seen)


def set_epoch(epoch: int, seen: int) -> None:
    """Have all views seen at ``epoch``; the latest goes on to mean the latest when there are more. For callbacks."""
    set_address("epoch", None if epoch == seen else str(epoch))


def _offer_newer_epochs(run: Run, seen: int) -> None:
    """Tell of later epochs, and go to them when asked; the charts above stand still until then."""
    told = len(run.epochs())
    if told <= seen:
        return
    if seen < 2 <= told:  # what needs two epochs is not kept waiting for a click
        show_epochs(run, told)
        st.rerun()
    if st.session_state.get("follow"):
        st.rerun()
    if st.button(update_label(told), type="primary", key="update", on_click=show_epochs, args=(run, told)):
        st.rerun()
