"""Samples: which were complex, which were kept, how they were chosen, and each of them in detail.

While a run works, the view stands still at an epoch, and offers the way to a later one.
"""

import streamlit as st

from app.control import show_follow_switch, update_label, waiting_text
from app.header import show_header
from app.samples import choices, detail, listing, overview
from app.samples.look import look_at
from app.session import address_value, run_state, set_address
from stcore.charts.samples import MEASURES, SHORT
from stcore.runs import Run
from stcore.runs.folder import LIVE

POLL = 1.0  # seconds between two looks at a run that works


def show_samples_view() -> None:
    run = show_header()
    if run is None:
        return
    if epochs := len(run.epochs()):
        show_samples(run, epochs)
    else:
        show_why_empty(run)


def show_samples(run: Run, epochs: int) -> None:
    """The whole view of a run that has done so many epochs."""
    shown, epoch = choose_epoch(run, epochs)
    look = look_at(run, shown, epoch)
    measure, still = st.session_state.get("measure", "score"), st.session_state.get("still", False)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        detail.choose_sample(look)
    with left:
        listing.show_selection(look)
        overview.show_calendar(look, measure, still)
        overview.show_curve(look, measure)
        data_map, raster = st.columns(2, gap="medium")
        with data_map:
            overview.show_data_map(look)
        with raster:
            overview.show_raster(look, still)
    with right:
        detail.show_sample(look)
    choices.show_choices(look)
    listing.show_sample_table(look)
    listing.show_exports(look)


def show_why_empty(run: Run) -> None:
    """Why there are no samples to see; the page is drawn again when there are."""
    if words := waiting_text(run_state(run), "Samples appear", run.progress):
        st.info(words)
        st.fragment(_wait_for_epoch, run_every=POLL)(run)
    else:
        reason = (run.result or {}).get("reason", "")
        st.warning(f"This run ended before its first epoch, so no sample was scored. {reason}")


def _wait_for_epoch(run: Run) -> None:
    if run.epochs():
        st.rerun()


# ---- the epoch -----------------------------------------------------------------------------------------------------
def choose_epoch(run: Run, epochs: int) -> tuple[int, int]:
    """The line of controls; gives the number of epochs that the view shows, and the one after which it shows them."""
    live = run_state(run) in LIVE
    shown = _epochs_shown(run, epochs, live)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        epoch = _choose_epoch(shown)
        st.selectbox(
            "Colour and height show",
            list(MEASURES),
            format_func=SHORT.__getitem__,
            key="measure",
            bind="query-params",
            width=220,
            help="In the calendar and the curve. Complexity is the score that the strategy uses: the model's error on the "
            "sample; for ST-Prune plus its spread over sensors and over the horizon. Its unit is the training spread of the "
            "target.",
        )
        st.toggle(
            "Plain charts",
            key="still",
            persist_state="session",
            help="Calendar and raster as ordinary charts instead of a canvas.",
        )
        if live:
            show_follow_switch()
            st.fragment(_offer_newer_epochs, run_every=POLL)(run, shown)
    return shown, epoch


def _epochs_shown(run: Run, epochs: int, live: bool) -> int:
    """How many epochs the view shows: of a working run those of the last update, unless one follows it; else all."""
    if not live or st.session_state.get("follow"):
        show_epochs(run, epochs)
    return int(min(st.session_state.setdefault(f"frozen {run.id}", epochs), epochs))


def show_epochs(run: Run, epochs: int) -> None:
    """Have the view show so many epochs of the run."""
    st.session_state[f"frozen {run.id}"] = epochs


def _choose_epoch(shown: int) -> int:
    """The slider; gives the epoch in the address, else the latest that is shown."""
    asked = address_value("epoch") or ""
    epoch = int(asked) if asked.isdecimal() and 1 <= int(asked) <= shown else shown
    if shown > 1:
        key = f"epoch of {shown}"  # one slider a length: a slider that grows would report its old end as a choice
        st.session_state[key] = epoch
        words = "The whole view as it was after that epoch."
        st.slider("After epoch", 1, shown, key=key, on_change=_set_epoch, args=(key, shown), help=words, width=260)
    return epoch


def _set_epoch(key: str, shown: int) -> None:
    """Put the slider's epoch into the address; the latest one stays the latest when more follow. For callbacks."""
    epoch = st.session_state[key]
    set_address("epoch", None if epoch == shown else str(epoch))


def _offer_newer_epochs(run: Run, shown: int) -> None:
    """The button that shows later epochs; the charts stand still until it is pressed."""
    epochs = len(run.epochs())
    if epochs <= shown:
        return
    if shown < 2 <= epochs:  # charts that need two epochs do not wait for a click
        show_epochs(run, epochs)
        st.rerun()
    if st.session_state.get("follow"):
        st.rerun()
    if st.button(update_label(epochs), type="primary", key="update", on_click=show_epochs, args=(run, epochs)):
        st.rerun()


show_samples_view()
