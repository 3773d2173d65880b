"""The synthetic windows through the rounds, each beside the real window that is nearest to it."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.distil.known import asked_size, called
from app.distil.saving import figure_file, table_files
from app.session import current_theme, run_dataset, state
from app.words import plain
from stcore.charts import distil as charts
from stcore.charts.style import instant
from stcore.charts.words import labelled, short
from stcore.distil.clusters import chosen
from stcore.findings import DataError
from stcore.processes import jobs
from stcore.runs import Run, RunError, pictures
from stcore.runs.folder import LIVE
from stcore.runs.pictures import Beside

EVERY = 2.0  # seconds
ACROSS = 4


def panel(run: Run) -> None:
    """Small figures of some windows, drawn again while it works."""
    st.subheader(
        "Windows of the set",
        anchor=False,
        help="Some of them, evenly chosen, of one cluster: as they were after the first round, and as they stand. The line "
        "between the halves parts what a model sees from what it forecasts.",
    )
    st.fragment(run_every=EVERY if state(run) in LIVE else None)(_panel)(run)


def _panel(run: Run) -> None:
    try:
        seen = pictures.pictures(run)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if not len(seen):
        st.markdown("They appear after the first round.")
        return
    place, at = controls(run, seen)
    real = nearest(run)
    scale = run.spec["scale"]["mean"][0], run.spec["scale"]["spread"][0]
    first, now = (picture * scale[1] + scale[0] for picture in (seen[0], seen[at]))
    if real is not None:
        best = (run.result or {}).get("best_epoch")
        kept = f"as it was after round {best}" if best else "as it began, since no round made it better"
        several = f"The set is kept {kept}; the real windows are those nearest to it then."
        st.markdown(several if len(seen) > 1 else "The real windows are those nearest to these.")
    near = None if real is None else real.values[..., place] * scale[1] + scale[0]
    grid_of(run, (first[..., place] if len(seen) > 1 else None, now[..., place]), near, real)


def controls(run: Run, seen: np.ndarray) -> tuple[int, int]:
    """Which of the shown clusters, and after which round; the newest until another is chosen."""
    these = [int(cluster) for cluster in chosen(asked_size(run)[1])]
    one = called(run).removesuffix("s")
    if st.session_state.get("shown cluster of") != run.id:
        st.session_state["shown cluster of"] = run.id
        st.session_state["shown cluster"] = liveliest(seen[0][..., : len(these)])
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    place = left.selectbox(
        one.capitalize(),
        range(len(these)),
        key="shown cluster",
        persist_state="session",
        format_func=lambda place: f"{one.capitalize()} {these[place] + 1}" if place < len(these) else "–",
    )
    last, (of, before) = len(seen), st.session_state.get("round of", ("", 0))
    if last < 2:
        return min(int(place or 0), len(these) - 1), last - 1
    kept = (run.result or {}).get("best_epoch") if state(run) == "done" else None
    newest = int(kept) if isinstance(kept, int) and 1 <= kept <= last else last
    if of != run.id or st.session_state.get("round") in (None, before):
        st.session_state["round"] = newest
    st.session_state["round of"] = (run.id, newest)
    words = (
        "The newest is shown until you choose another one; of a finished set the one that was best, and that is kept."
    )
    at = right.slider("After round", 1, last, key="round", help=words)
    return min(int(place or 0), len(these) - 1), int(at) - 1


def liveliest(windows: np.ndarray) -> int:
    """The cluster, the last dimension, whose values vary most: of that there is most to see."""
    values = windows.reshape(-1, windows.shape[-1])
    known = np.isfinite(values)
    mean = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return int((np.where(known, values - mean, 0) ** 2).sum(axis=0).argmax())


def nearest(run: Run) -> Beside | None:
    """The nearest real windows of a finished set; None, and why is said, where there is none to hold it against."""
    if state(run) != "done":
        st.markdown("The nearest real windows are found when the set is finished.")
        return None
    try:
        return _nearest(str(run.path), (run.path / "result.json").stat().st_mtime)
    except (RunError, DataError, OSError) as error:
        st.warning(f"The real windows cannot be shown: {plain(str(error))}", icon=":material/info:")
        return None


@st.cache_resource(show_spinner="Looking for the nearest real windows …", max_entries=8)
def _nearest(path: str, stamp: float) -> Beside:
    run = Run(Path(path))
    return pictures.beside(run, run_dataset(run), jobs.distilled(run))


def grid_of(
    run: Run, forms: tuple[np.ndarray | None, np.ndarray], near: np.ndarray | None, real: Beside | None
) -> None:
    """The small figures with one range of values, their legend, and their numbers; of one round only, there is no first."""
    theme, lookback = current_theme(), run.spec["options"]["data"]["lookback"]
    target = run.spec["targets"][0]
    title = labelled(target, str(run.spec["data"]["units"].get(target, "")))
    first, now = forms
    shown = np.flatnonzero(np.isfinite(now).any(axis=1))
    everything = np.concatenate([part[shown].ravel() for part in (first, now, near) if part is not None])
    if not len(shown):
        st.markdown("Nothing is known of this cluster in these windows.")
        return
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    room = 0.04 * (high - low) or 1.0
    st.altair_chart(
        charts.window_legend(first is not None, near is not None, theme),
        key="window legend",
        width="content",
        alt="Legend: dashed after the first round, full as it stands, a broad band the nearest real window",
    )
    st.markdown(
        f":small[{plain(title)} against steps; what a model sees ends at step 0. {plain(moved(first, now, run))}]"
    )
    windows, parts = chosen(asked_size(run)[0]), []
    grid = st.grid(ACROSS, min_column_width=190)
    for place in shown:
        before = None if first is None else first[place]
        frame = charts.forms(before, now[place], None if near is None else near[place], lookback)
        number = int(windows[place]) + 1 if place < len(windows) else int(place) + 1
        parts.append(frame.assign(window=number))
        with grid.container(gap="xsmall"):
            st.markdown(heading(number, real, int(place)))
            figure = charts.window(frame, (low - room, high + room), title, theme)
            st.altair_chart(figure, key=f"window {place}", alt=f"Window {number} of the set, in the chosen cluster")
    table = pd.concat(parts).pivot_table(index=["window", "step"], columns="form", values="value").reset_index()
    with st.expander("These windows as a table"):
        if real is not None:
            st.markdown(apart_of(windows[shown] + 1, real.apart[shown]))
        st.dataframe(table.round(4), hide_index=True, height=280, key="windows table")
        table_files(table, f"{run.id}-windows", "These windows")
        figure_file(charts.all_windows(pd.concat(parts), title, theme), f"{run.id}-windows", "All of these windows")


def moved(first: np.ndarray | None, now: np.ndarray, run: Run) -> str:
    """How far the shown windows have moved since the first round, where anything is learned."""
    if first is None or len(run.epochs()) < 2:
        return ""
    target = run.spec["targets"][0]
    by = float(np.nanmean(np.abs(now - first)))
    return f"Since the first round they have moved by {short(by, str(run.spec['data']['units'].get(target, '')))} on average."


def heading(number: int, real: Beside | None, place: int) -> str:
    """What stands above a window: its number, and when the nearest real one was."""
    if real is None or not np.isfinite(real.apart[place]):
        return f"**Window {number}**"
    when = instant(pd.Timestamp(real.time[place]))
    return f"**Window {number}**  \n:small[nearest: {plain(when)}]"


def apart_of(windows: np.ndarray, apart: np.ndarray) -> str:
    """How far the real windows are that are nearest to some ``windows`` [S], from mean squared distances ``apart`` [S]."""
    told = ", ".join(f"{number}: {short(float(root))}" for number, root in zip(windows, np.sqrt(apart), strict=True))
    return (
        f"Root mean squared distance of each window to the real one nearest to it, in training spreads: {plain(told)}."
    )
