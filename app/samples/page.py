"""Samples: which were hard, which were kept, how they were chosen, and any one of them looked at closely."""

import streamlit as st

from app.header import show_header
from app.samples import choices, detail, frozen, listing, overview
from app.samples.look import look_at
from stcore.runs import Run


def show_samples_view() -> None:
    run = show_header()
    if run is None:
        return
    told = len(run.epochs())
    if not told:
        frozen.show_why_empty(run)
        return
    show_samples(run, told)


def show_samples(run: Run, told: int) -> None:
    """The whole view of a run that has told of ``told`` epochs."""
    seen, epoch = frozen.choose_epoch(run, told)
    now = look_at(run, seen, epoch)
    measure, still = st.session_state.get("measure", "score"), st.session_state.get("still", False)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        detail.choose_sample(now)
    with left:
        listing.show_selection(now)
        overview.show_calendar(now, measure, still)
        overview.show_curve(now, measure)
        across, beside = st.columns(2, gap="medium")
        with across:
            overview.show_data_map(now)
        with beside:
            overview.show_raster(now, still)
    with right:
        detail.show_sample(now)
    choices.show_choices(now)
    listing.show_sample_table(now)
    listing.show_exports(now)


show_samples_view()
