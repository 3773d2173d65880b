"""The distillations of the same data: each with its figures, to be looked at or deleted with a way back."""

import pandas as pd
import streamlit as st

from app import control
from app.distil.known import asked_size, method_name, title, unit_of
from app.distil.saving import table_files
from app.header import named
from app.session import current_zone, link, runs_folder, state
from app.words import plain
from stcore.charts.words import labelled
from stcore.runs import Run, RunError, trash
from stcore.runs.folder import LIVE

DRAWN, UNDO, PROBLEM = "distillations drawn", "distillation deleted", "distillation problem"


def show(run: Run, distillations: list[Run]) -> None:
    """The table, and what can be done with a selected row."""
    st.subheader("Distillations of these data", anchor=False)
    same = [other for other in distillations if other.spec["data"]["fingerprint"] == run.spec["data"]["fingerprint"]]
    frame = rows(same)
    error = labelled("validation MAE", unit_of(run))
    event = st.dataframe(
        frame.rename(columns={"validation": error}),
        hide_index=True,
        key=f"distillations {st.session_state.get(DRAWN, 0)}",
        on_select="rerun",
        selection_mode="multi-row",
        height="content" if len(frame) < 10 else 360,
        placeholder="–",
        column_config={
            error: st.column_config.NumberColumn(format="%.3g"),
            "seconds": st.column_config.NumberColumn(format="%.3g"),
            "share": st.column_config.NumberColumn(format="percent"),
            "made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        },
    )
    picked = [same[place] for place in (event.selection.rows if event else []) if place < len(same)]
    busy = [one.id for one in picked if state(one) in LIVE]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Look at it",
            icon=":material/visibility:",
            disabled=len(picked) != 1,
            key="look at distillation",
            on_click=_look,
            args=(picked,),
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not picked or bool(busy),
            key="delete distillations",
            on_click=_delete,
            args=(picked,),
            help="It works; stop it first." if busy else "You can take it back.",
        )
        table_files(frame, "distillations", "The list")


def rows(distillations: list[Run]) -> pd.DataFrame:
    """One row each."""
    found = []
    for run in distillations:
        summary, (windows, sensors) = run.summary(), asked_size(run)
        whole = run.spec["windows"]["train"] * len(run.spec["data"]["sensors"])
        found.append(
            {
                "status": control.BADGES[state(run)][0],
                "method": method_name(run.spec["options"]["distil"]["name"]),
                "windows": windows,
                "sensors": sensors,
                "share": windows * sensors / whole,
                "surrogate": named(run.spec["options"]["model"]["name"]),
                "validation": (summary["metrics"]["validation"] or {}).get("mae"),
                "seconds": summary["seconds"]["total"],
                "made": pd.Timestamp(run.spec["created"]).tz_convert(current_zone()).tz_localize(None),
                "id": run.id,
            }
        )
    return pd.DataFrame(found).astype({"validation": float})


def undo() -> None:
    """The way back, offered until something else is deleted; and what went wrong."""
    gone = [name for name in st.session_state.get(UNDO, []) if name in {run.id for run in trash.deleted(runs_folder())}]
    if gone:
        with st.container(horizontal=True, vertical_alignment="center", key="undo"):
            st.markdown(f"Deleted: {plain(', '.join(gone), 200)}.", width="content")
            st.button("Undo", icon=":material/undo:", key="undo distillations", on_click=_restore, args=(gone,))
    if said := st.session_state.pop(PROBLEM, None):
        st.error(plain(said), icon=":material/block:")


def _look(runs: list[Run]) -> None:
    link("distillation", runs[0].id)
    st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + 1


def _delete(runs: list[Run]) -> None:
    gone: list[str] = []
    st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + 1
    try:
        for run in runs:
            gone.append(trash.delete(run).id)
    except (RunError, OSError) as error:
        st.session_state[PROBLEM] = f"{title(run)}: {error}"
    st.session_state[UNDO] = gone
    link("distillation", None)


def _restore(names: list[str]) -> None:
    st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + 1
    try:
        for name in names:
            trash.restore(runs_folder(), name)
    except (RunError, OSError) as error:
        st.session_state[PROBLEM] = str(error)
