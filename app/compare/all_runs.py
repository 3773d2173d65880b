"""All runs and distillations in one list: search, title, tags, archive, delete and undo; and the machine's health."""

import pandas as pd
import streamlit as st

from app.control import BADGES, show_problem
from app.labels import card_label, distiller_words, training_set_words
from app.session import all_runs, current_zone, demo_run, run_state, runs_folder, set_address
from app.trash import change_runs, delete_runs, restore_runs, show_undo, table_key
from app.words import plain
from stcore.processes import health
from stcore.readers.safe.limits import size_text
from stcore.runs import Run, damaged_in, label, trash, uploads, write_label
from stcore.runs.folder import LIVE
from stcore.runs.store import run_table

ICONS = {"well": ":material/check_circle:", "note": ":material/info:", "problem": ":material/error:"}
KINDS = {"train": "Training", "distil": "Distillation"}
LIST = "all runs"


def show_all_runs() -> None:
    """The whole part of the view."""
    if st.session_state.pop("look at distillation", False):
        st.switch_page("distil/page.py")
    runs = all_runs(None)
    for message in damaged_in(runs_folder()):
        st.warning(plain(message), icon=":material/broken_image:")
    if not runs and not trash.deleted(runs_folder()):
        st.info("There is no run on this machine yet. Start one in the Train view.", icon=":material/info:")
        return
    selected = select_runs(matching_rows(runs))
    show_undo(LIST)
    show_actions(selected)
    with st.container(horizontal=True):
        show_trash()
        show_health()
    show_problem(f"{LIST} problem")


# ---- which runs ----------------------------------------------------------------------------------------------------
def matching_rows(runs: list[Run]) -> pd.DataFrame:
    """The rows that match the search words; archived runs only on request."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    asked = left.text_input(
        "Find",
        key="find runs",
        placeholder="a title, tag, kind, method, dataset or id",
        persist_state="session",
        help="Shows the runs whose row contains every word.",
    )
    with_archived = right.toggle("Archived, too", key="archived runs", persist_state="session")
    found = run_table(runs)
    found = found if with_archived else found[~found["archived"].astype(bool)]
    found = found.assign(kind=found["kind"].map(KINDS))
    text = found[["run", "kind", "title", "status", "method", "model", "mask", "data", "note"]].agg(" ".join, axis=1)
    text = (text + " " + found["tags"].map(" ".join)).str.lower()
    for word in (asked or "").lower().split():
        found = found[text.loc[found.index].str.contains(word, regex=False)]
    return found.reset_index(drop=True)


def select_runs(found: pd.DataFrame) -> list[Run]:
    """The table of runs; gives those that are selected."""
    if found.empty:
        st.info("No run matches these words.", icon=":material/search_off:")
        return []
    by_name = {run.id: run for run in all_runs(None)}
    frame = pd.DataFrame(
        {
            "Title": found["title"].where(found["title"] != "", found["run"]),
            "Kind": found["kind"],
            "Tags": found["tags"],
            "Status": [BADGES[status][0] for status in found["status"]],
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
    event = st.dataframe(
        frame,
        hide_index=True,
        key=table_key(LIST),
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
    selected = event.selection.rows if event else []
    return [by_name[found["run"][row]] for row in selected if row < len(found)]


def _method_words(run: Run, keep: float | None) -> str:
    if run.kind == "distil":
        return distiller_words(run)
    method = f"{card_label(run.method)} {keep:.0%}" if keep and not pd.isna(keep) else card_label(run.method)
    if training_set := training_set_words(run):
        return training_set if run.method == "full" else f"{method} · {training_set}"
    return method


# ---- what can be done with them ------------------------------------------------------------------------------------
def show_actions(runs: list[Run]) -> None:
    """The buttons for the selected runs."""
    demo = demo_run()
    ours = [run for run in runs if demo is None or run.path != demo.path]
    fixed = "The demo run comes with the project and cannot be changed." if len(ours) < len(runs) else ""
    busy = [run.id for run in runs if run_state(run) in LIVE]
    distilled = any(run.kind == "distil" for run in runs)
    archived = bool(ours) and all(label(run).archived for run in ours)
    with st.container(horizontal=True, key="run actions"):
        st.button("Look at it", icon=":material/visibility:", disabled=len(runs) != 1, on_click=_look_at, args=(runs,))
        st.button(
            "Compare",
            icon=":material/compare_arrows:",
            disabled=not runs or distilled,
            on_click=_compare_runs,
            args=(runs,),
            help="The Distil view compares distillations." if distilled else None,
        )
        edit_label(None if len(runs) != 1 or fixed else runs[0])
        st.button(
            "Bring back" if archived else "Archive",
            icon=":material/archive:",
            disabled=not ours or bool(fixed),
            on_click=change_runs,
            args=(LIST, ours, lambda run: write_label(run, archived=not archived)),
            help=fixed or "Lists leave out archived runs; nothing is deleted.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not ours or bool(fixed or busy),
            on_click=delete_runs,
            args=(LIST, ours),
            help=fixed or (f"{', '.join(busy)} is still working; stop it first." if busy else "You can undo it."),
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


def edit_label(run: Run | None) -> None:
    """The form of a run's title, tags and note; the page shows below why one is refused."""
    box = st.popover(
        "Title, tags, note", icon=":material/edit:", disabled=run is None, key="label box", on_change="rerun"
    )
    if run is None:
        return
    text, name = label(run), run.id
    with box, st.form("label form", border=False):
        st.text_input("Title", text.title, max_chars=80, placeholder=name, key=f"title of {name}")
        tags = sorted({*text.tags, *all_tags()})
        st.multiselect("Tags", tags, list(text.tags), accept_new_options=True, key=f"tags of {name}")
        st.text_area("Note", text.note, max_chars=4000, key=f"note of {name}")
        st.form_submit_button("Save", type="primary", on_click=_save_label, args=(run,))


def _save_label(run: Run) -> None:
    text = {name: st.session_state[f"{name} of {run.id}"] for name in ("title", "tags", "note")}
    change_runs(LIST, [run], lambda one: write_label(one, **text))
    st.toast("Saved.")


def all_tags() -> set[str]:
    """The tags of all runs."""
    return {tag for run in all_runs(None) for tag in label(run).tags}


# ---- trash and health ----------------------------------------------------------------------------------------------
def show_trash() -> None:
    """Deleted runs and uploads that no run uses: restore them, or delete them for good."""
    gone, left = trash.deleted(runs_folder()), uploads.unused(runs_folder())
    name = f"Trash ({len(gone)})" + (f" · unused uploads ({len(left)})" if left else "")
    with st.popover(name, icon=":material/delete_sweep:", disabled=not (gone or left)):
        for number, run in enumerate(gone):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{plain(run.id)} · deleted {run.when:%d %b, %H:%M} UTC", width="stretch")
                st.button("Restore", key=f"restore {number}", on_click=restore_runs, args=(LIST, [run.id]))
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
        st.session_state[f"{LIST} problem"] = f"The trash could not be emptied: {error.strerror or error}."


def show_health() -> None:
    """The checks of the command `doctor`."""
    with st.popover("Health of this machine", icon=":material/monitor_heart:"):
        if not st.toggle("Check now", key="check health", help="It only looks and changes nothing."):
            return
        for check in health.checks(runs_folder()):
            remedy = f"  \n{check.remedy}" if check.remedy else ""
            st.markdown(f"{ICONS[check.level]} **{plain(check.name)}**: {plain(check.text)}{remedy}")
