"""Samples: which were hard, which were kept, how they were chosen, and any one of them looked at closely."""

import streamlit as st

from app.header import show_header
from app.samples import choices, chosen, detail, frozen, listing, overview
from app.samples.look import look
from stcore.runs import Run


def page() -> None:
    run = show_header()
    if run is None:
        return
    told = len(run.epochs())
    if not told:
        frozen.nothing_yet(run)
        return
    show(run, told)


def show(run: Run, told: int) -> None:
    """The whole view of a run that has told of ``told`` epochs."""
    seen, epoch = frozen.choose(run, told)
    now = look(run, seen, epoch)
    measure, still = st.session_state.get("measure", "score"), st.session_state.get("still", False)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        detail.choose_sample(now)
    with left:
        chosen.show_choice(now)
        overview.show_calendar(now, measure, still)
        overview.show_curve(now, measure)
        across, beside = st.columns(2, gap="medium")
        with across:
            overview.show_map(now)
        with beside:
            overview.show_raster(now, still)
    with right:
        detail.show_sample(now)
    choices.show_choices(now)
    listing.show_table(now)
    listing.show_exports(now)


page()
