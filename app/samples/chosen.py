"""The line that says which samples are chosen, keeps them under a name, and chooses them again."""

import streamlit as st

from app.samples.listing import listed, text
from app.samples.look import Look, choose, lasso
from app.session import linked
from app.words import plain
from stcore.runs import Run, RunError
from stcore.runs.selections import delete, save, selections

NAME, KEPT, PROBLEM = "selection name", "selection list", "selection problem"


def show_choice(look: Look) -> None:
    """How many are chosen and by what, a name for them, and a way back to all."""
    say_problem(look)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(words(look), width="stretch" if look.inside is None else "content")
        if look.inside is not None:
            st.button("Show all", key="show all", on_click=lambda: lasso(look.run, None, on_map=False))
            offer_file(look)
            if look.named is None:
                offer_name(look)
            else:
                offer_removal(look)
        saved_list(look)


def words(look: Look) -> str:
    """What the calendar, the map, the raster and the table show."""
    total = len(look.table)
    if look.inside is None:
        return f"Showing all {total:,} samples. Click one in any chart, or choose many with the lasso of the map below."
    many = f"{len(look.inside):,} of {total:,} samples"
    if look.named is not None:
        return f"Selection **{plain(look.named.name)}**: {many}."
    return f"**{many}** are chosen; every part of this view shows them."


def say_problem(look: Look) -> None:
    """What went wrong with a name or with a link."""
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem))
    asked = linked("selection")
    if asked and look.named is None:
        st.warning(
            f"This run has no selection {plain(asked, 20)}; all samples are shown. It may have been deleted, or the link "
            "belongs to another run."
        )


def offer_name(look: Look) -> None:
    """A field for a name; with it the selection is kept and its id stands in the address."""
    st.text_input(
        "Name of the selection",
        key=NAME,
        max_chars=60,
        placeholder="name this selection",
        width=190,
        label_visibility="collapsed",
    )
    words = "Keeps the chosen samples with the run. The address then leads to them, in any browser of this machine."
    st.button("Keep", icon=":material/bookmark_add:", key="keep selection", help=words, on_click=keep, args=(look,))


def keep(look: Look) -> None:
    """Keep the chosen samples under the name in the field, and have the address lead to them."""
    if look.inside is None:
        return
    try:
        kept = save(look.run, st.session_state.get(NAME) or "", look.inside)
    except RunError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    st.session_state[NAME] = ""
    choose(look.run, kept.id)


def offer_removal(look: Look) -> None:
    """A button that forgets the named selection."""
    assert look.named is not None
    place = look.named.id
    st.button(
        "Delete",
        icon=":material/delete:",
        key="delete selection",
        help="Forgets this selection; its samples stay.",
        on_click=lambda: remove(look.run, place),
    )


def remove(run: Run, place: str) -> None:
    """Forget a selection and show all samples."""
    delete(run, place)
    choose(run, None)


def offer_file(look: Look) -> None:
    """The chosen windows with their time ranges, as CSV."""
    name = f"selection-{look.named.id}" if look.named else "lasso"
    st.download_button(
        "CSV",
        lambda: text(listed(look)),
        f"{look.run.id}-{name}.csv",
        "text/csv",
        key="selection-csv",
        on_click="ignore",
        icon=":material/download:",
        help="The chosen windows, from when to when each reaches, and their complexity.",
    )


def saved_list(look: Look) -> None:
    """The run's named selections, to be chosen again."""
    known = {one.id: f"{one.name} ({len(one.samples):,})" for one in selections(look.run)}
    if not known:
        return
    st.session_state[KEPT] = look.named.id if look.named else None
    st.selectbox(
        "Saved selections",
        list(known),
        key=KEPT,
        format_func=lambda place: known.get(place, place),
        index=None,
        placeholder="saved selections",
        label_visibility="collapsed",
        width=210,
        on_change=lambda: choose(look.run, st.session_state[KEPT]),
    )
