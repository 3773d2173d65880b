"""Changing the runs that are selected in a list: deleted with a way back, restored, archived."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.labels import run_label
from app.session import runs_folder, set_address
from app.words import plain
from stcore.runs import Run, RunError, trash


def table_key(name: str) -> str:
    """The key of a list's table: another one after each change, so that no other row is selected in its place."""
    return f"{name} {st.session_state.get(f'{name} drawn', 0)}"


def redraw_list(name: str) -> None:
    """Have the list drawn as a new table in which nothing is selected."""
    st.session_state[f"{name} drawn"] = st.session_state.get(f"{name} drawn", 0) + 1


def change_runs(name: str, runs: Sequence[Run], change: Callable[[Run], object]) -> None:
    """Change each run of a list; where one fails, the message is kept under ``NAME problem``. For callbacks."""
    redraw_list(name)
    for run in runs:
        try:
            change(run)
        except (RunError, OSError) as error:
            st.session_state[f"{name} problem"] = f"{run_label(run)}: {error}"
            return


def delete_runs(name: str, runs: Sequence[Run]) -> None:
    """Move runs of a list to the trash and offer to undo it. For callbacks."""
    gone: list[str] = []
    change_runs(name, runs, lambda run: gone.append(trash.delete(run).id))
    st.session_state[f"{name} deleted"] = gone
    if st.session_state.get("linked distillation") in gone:
        set_address("distillation", None)


def restore_runs(name: str, ids: Sequence[str]) -> None:
    """Bring runs back from the trash. For callbacks."""
    redraw_list(name)
    try:
        for run in ids:
            trash.restore(runs_folder(), run)
    except (RunError, OSError) as error:
        st.session_state[f"{name} problem"] = str(error)


def show_undo(name: str) -> None:
    """The button that brings back what was deleted last, until something else is deleted."""
    deleted = {run.id for run in trash.deleted(runs_folder())}
    gone = [run for run in st.session_state.get(f"{name} deleted", []) if run in deleted]
    if gone:
        with st.container(horizontal=True, vertical_alignment="center", key="undo"):
            st.markdown(f"Deleted: {plain(', '.join(gone), 200)}.", width="content")
            st.button("Undo", icon=":material/undo:", key=f"undo {name}", on_click=restore_runs, args=(name, gone))
