"""All runs and distillations: found, named, tagged, put away, deleted with a way back; and the machine's health."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app import control
from app.labels import card_label, distiller_words, training_set_words
from app.session import all_runs, current_zone, demo_run, run_state, runs_folder, set_address
from app.words import plain
from stcore.processes import health
from stcore.readers.safe.limits import size_text
from stcore.runs import Run, RunError, damaged_in, label, trash, uploads, write_label
from stcore.runs.folder import LIVE
from stcore.runs.store import listed

ICONS = {"well": ":material/check_circle:", "note": ":material/info:", "problem": ":material/error:"}
KINDS = {"train": "Training", "distil": "Distillation"}
UNDO, DRAWN = "deleted just now", "all runs drawn"  # a new table after each change, so that no other row is selected


def show_all_runs() -> None:
    """The whole part."""
    if st.session_state.pop("look at distillation", False):
        st.switch_page("distil/page.py")
    runs = all_runs(None)
    for said in damaged_in(runs_folder()):
        st.warning(plain(said), icon=":material/broken_image:")
    if not runs and not trash.deleted(runs_folder()):
        st.info("There is no run on this machine yet. Start one in the Train view.", icon=":material/info:")
        return
    shown = matching_rows(runs)
    picked = select_runs(shown)
    undo()
    show_actions(picked)
    with st.container(horizontal=True):
        show_trash()
        show_health()
    if problem := st.session_state.pop("runs problem", None):
        st.error(plain(problem), icon=":material/block:")


# ---- which runs ----------------------------------------------------------------------------------------------------
def matching_rows(runs: list[Run]) -> pd.DataFrame:
    """The rows that fit the words and the switch."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    asked = left.text_input(
        "Find",
        key="find runs",
        placeholder="a title, tag, kind, method, dataset or id",
        persist_state="session",
        help="Every word has to be found somewhere in the run's row.",
    )
    put_away = right.toggle("Archived, too", key="archived runs", persist_state="session")
    found = listed(runs)
    found = found if put_away else found[~found["archived"].astype(bool)]
    found = found.assign(kind=found["kind"].map(KINDS))
    text = found[["run", "kind", "title", "status", "method", "model", "mask", "data", "note"]].agg(" ".join, axis=1)
    text = (text + " " + found["tags"].map(" ".join)).str.lower()
    for word in (asked or "").lower().split():
        found = found[text.loc[found.index].str.contains(word, regex=False)]
    return found.reset_index(drop=True)


def select_runs(found: pd.DataFrame) -> list[Run]:
    """The rows; gives the runs that are selected."""
    if found.empty:
        st.info("No run fits these words.", icon=":material/search_off:")
        return []
    by_name = {run.id: run for run in all_runs(None)}
    frame = pd.DataFrame(
        {
            "Title": found["title"].where(found["title"] != "", found["run"]),
            "Kind": found["kind"],
            "Tags": found["tags"],
            "Status": [control.BADGES[status][0] for status in found["status"]],
            "Method": [
                _method_words(by_name[name], keep) for name, keep in zip(found["run"], found["keep"], strict=True)
            ],
            "Model": found["model"].map(card_label),
            "Data": found["data"],
            "Validation MAE": found["validation"].astype(float),
            "Test MAE": found["test"].astype(float),
            "Made": found["made"].dt.tz_convert(current_zone()).dt.tz_localize(None),
            "On disk": found["bytes"].map(size_text),
        }
    )
    numbers = {name: st.column_config.NumberColumn(format="%.3g") for name in ("Validation MAE", "Test MAE")}
    drawn = st.session_state.get(DRAWN, 0)
    event = st.dataframe(
        frame,
        hide_index=True,
        key=f"all runs {drawn}",
        on_select="rerun",
        selection_mode="multi-row",
        height="content" if len(frame) < 12 else 420,
        placeholder="–",
        column_config={
            **numbers,
            "Title": st.column_config.TextColumn(width="medium"),
            "Tags": st.column_config.ListColumn(),
            "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        },
    )
    total = size_text(int(found["bytes"].sum()))
    st.caption(f"{len(found)} {'run' if len(found) == 1 else 'runs'}, {total} on disk. Select rows to act on them.")
    places = event.selection.rows if event else []
    return [by_name[found["run"][place]] for place in places if place < len(found)]


def _method_words(run: Run, keep: float | None) -> str:
    if run.kind == "distil":
        return distiller_words(run)
    said = f"{card_label(run.method)} {keep:.0%}" if keep and not pd.isna(keep) else card_label(run.method)
    if set_ := training_set_words(run):
        return set_ if run.method == "full" else f"{said} · {set_}"
    return said


# ---- what can be done with them ------------------------------------------------------------------------------------
def show_actions(runs: list[Run]) -> None:
    """The buttons over what is selected."""
    demo = demo_run()
    ours = [run for run in runs if demo is None or run.path != demo.path]
    fixed = "The demo run comes with the project and stays as it is." if len(ours) < len(runs) else ""
    busy = [run.id for run in runs if run_state(run) in LIVE]
    distilled = any(run.kind == "distil" for run in runs)
    away = bool(ours) and all(label(run).archived for run in ours)
    with st.container(horizontal=True, key="run actions"):
        st.button("Look at it", icon=":material/visibility:", disabled=len(runs) != 1, on_click=_look_at, args=(runs,))
        st.button(
            "Compare",
            icon=":material/compare_arrows:",
            disabled=not runs or distilled,
            on_click=_compare_runs,
            args=(runs,),
            help="Distillations are held against each other in the Distil view." if distilled else None,
        )
        edit_label(None if len(runs) != 1 or fixed else runs[0])
        st.button(
            "Bring back" if away else "Archive",
            icon=":material/archive:",
            disabled=not ours or bool(fixed),
            on_click=_each,
            args=(ours, lambda run: write_label(run, archived=not away)),
            help=fixed or "Archived runs are left out of lists; nothing is deleted.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not ours or bool(fixed or busy),
            on_click=_delete,
            args=(ours,),
            help=fixed or (f"{', '.join(busy)} is at work; stop it first." if busy else "You can take it back."),
        )


def _look_at(runs: list[Run]) -> None:
    if runs[0].kind == "distil":
        set_address("distillation", runs[0].id)
        st.session_state["look at distillation"] = True  # a callback cannot turn the page itself
        return
    set_address("run", runs[0].id)
    set_address("part", "runs")


def _compare_runs(runs: list[Run]) -> None:
    names = [run.id for run in runs]
    st.session_state["compared"] = names
    set_address("runs", ",".join(names))
    set_address("part", "runs")


def _each(runs: list[Run], act: Callable[[Run], object]) -> None:
    st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + 1
    try:
        for run in runs:
            act(run)
    except (RunError, OSError) as error:
        st.session_state["runs problem"] = str(error)


def _delete(runs: list[Run]) -> None:
    gone: list[str] = []
    _each(runs, lambda run: gone.append(trash.delete(run).id))
    if st.session_state.get("linked distillation") in gone:
        set_address("distillation", None)
    st.session_state[UNDO] = gone


def undo() -> None:
    """The way back, offered until something else is deleted."""
    gone: list[str] = [name for name in st.session_state.get(UNDO, []) if name in _deleted()]
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo"):
        st.markdown(f"Deleted: {plain(', '.join(gone), 200)}.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_restore, args=(gone,))


def _deleted() -> list[str]:
    return [run.id for run in trash.deleted(runs_folder())]


def _restore(names: list[str]) -> None:
    st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + 1
    try:
        for name in names:
            trash.restore(runs_folder(), name)
    except (RunError, OSError) as error:
        st.session_state["runs problem"] = str(error)


def edit_label(run: Run | None) -> None:
    """A run's label; what is refused is said below."""
    box = st.popover(
        "Title, tags, note", icon=":material/edit:", disabled=run is None, key="label box", on_change="rerun"
    )
    if run is None:
        return
    told, place = label(run), run.id
    with box, st.form("label form", border=False):
        st.text_input("Title", told.title, max_chars=80, placeholder=run.id, key=f"title of {place}")
        known = sorted({*told.tags, *all_tags()})
        st.multiselect("Tags", known, list(told.tags), accept_new_options=True, key=f"tags of {place}")
        st.text_area("Note", told.note, max_chars=4000, key=f"note of {place}")
        st.form_submit_button("Save", type="primary", on_click=_save_label, args=(run,))


def _save_label(run: Run) -> None:
    said = {name: st.session_state[f"{name} of {run.id}"] for name in ("title", "tags", "note")}
    _each([run], lambda one: write_label(one, **said))
    st.toast("Kept.")


def all_tags() -> set[str]:
    """Tags that any run has."""
    return {tag for run in all_runs(None) for tag in label(run).tags}


# ---- trash and health ----------------------------------------------------------------------------------------------
def show_trash() -> None:
    """What has been deleted, and uploads that no run uses: the way back, and the way out."""
    gone, left = trash.deleted(runs_folder()), uploads.unused(runs_folder())
    name = f"Trash ({len(gone)})" + (f" · unused uploads ({len(left)})" if left else "")
    with st.popover(name, icon=":material/delete_sweep:", disabled=not (gone or left)):
        for place, run in enumerate(gone):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{plain(run.id)} · deleted {run.when:%d %b, %H:%M} UTC", width="stretch")
                st.button("Restore", key=f"restore {place}", on_click=_restore, args=([run.id],))
        if not gone:
            st.markdown("No run was deleted.")
        if left:
            st.markdown(f"{len(left)} {'upload' if len(left) == 1 else 'uploads'} of data that no run was made of")
        size = size_text(sum(trash.size(path) for path in (*(run.path for run in gone), *left)))
        sure = st.checkbox(f"Delete all of this for good: {size}. There is no way back.", key="empty trash sure")
        label = "Empty the trash" if gone else "Delete unused uploads"
        st.button(label, key="empty trash", disabled=not sure, on_click=_empty_trash)


def _empty_trash() -> None:
    st.session_state["empty trash sure"] = False
    try:
        trash.empty(runs_folder())
        uploads.remove_unused(runs_folder())
    except OSError as error:
        st.session_state["runs problem"] = f"The trash could not be emptied: {error.strerror or error}."


def show_health() -> None:
    """What `doctor` says on the command line."""
    with st.popover("Health of this machine", icon=":material/monitor_heart:"):
        if not st.toggle("Check now", key="check health", help="Looks only; changes nothing."):
            return
        for check in health.checked(runs_folder()):
            remedy = f"  \n{check.remedy}" if check.remedy else ""
            st.markdown(f"{ICONS[check.level]} **{plain(check.name)}**: {plain(check.text)}{remedy}")
