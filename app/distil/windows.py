"""The windows of the set after each round, each beside the real window that is nearest to it."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.labels import set_sensor_words, set_size
from app.live import show_live
from app.saving import save_chart, save_table
from app.session import current_theme, run_dataset, run_state
from app.words import plain
from stcore.charts import distil as charts
from stcore.charts.style import instant_text
from stcore.charts.words import axis_title, short
from stcore.distil.clusters import even_positions
from stcore.findings import DataError
from stcore.processes import jobs
from stcore.runs import Run, RunError, pictures
from stcore.runs.pictures import Beside

EVERY = 2.0  # seconds
ACROSS = 4


def show_windows(run: Run) -> None:
    """Small figures of some windows, drawn again while the distillation works."""
    st.subheader(
        "Windows of the set",
        anchor=False,
        help="Some windows at even distances, of one cluster: after the first round, and after the chosen one. The vertical "
        "line separates what a model sees from what it forecasts.",
    )
    show_live(_show_windows, run, EVERY)


def _show_windows(run: Run) -> None:
    try:
        rounds = pictures.pictures(run)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if not len(rounds):
        st.markdown("They appear after the first round.")
        return
    cluster, at = choose_window_round(run, rounds)
    real = nearest_windows(run)
    scale = run.spec.scale.mean[0], run.spec.scale.std[0]
    first, now = (picture * scale[1] + scale[0] for picture in (rounds[0], rounds[at]))
    if real is not None:
        best = (run.result or {}).get("best_epoch")
        kept = f"as it was after round {best}" if best else "as it began, since no round made it better"
        several = f"The set is kept {kept}; the real windows are those nearest to that set."
        st.markdown(several if len(rounds) > 1 else "The real windows are those nearest to these.")
    near = None if real is None else real.values[..., cluster] * scale[1] + scale[0]
    show_grid(run, (first[..., cluster] if len(rounds) > 1 else None, now[..., cluster]), near, real)


def choose_window_round(run: Run, rounds: np.ndarray) -> tuple[int, int]:
    """The positions of the chosen cluster and round among those shown; the newest round until another is chosen."""
    these = [int(cluster) for cluster in even_positions(set_size(run)[1])]
    one = set_sensor_words(run).removesuffix("s")
    if st.session_state.get("shown cluster of") != run.id:
        st.session_state["shown cluster of"] = run.id
        st.session_state["shown cluster"] = most_variable(rounds[0][..., : len(these)])
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    cluster = left.selectbox(
        one.capitalize(),
        range(len(these)),
        key="shown cluster",
        persist_state="session",
        format_func=lambda number: f"{one.capitalize()} {these[number] + 1}" if number < len(these) else "–",
    )
    last, (of, before) = len(rounds), st.session_state.get("round of", ("", 0))
    if last < 2:
        return min(int(cluster or 0), len(these) - 1), last - 1
    kept = (run.result or {}).get("best_epoch") if run_state(run) == "done" else None
    newest = int(kept) if isinstance(kept, int) and 1 <= kept <= last else last
    if of != run.id or st.session_state.get("round") in (None, before):
        st.session_state["round"] = newest
    st.session_state["round of"] = (run.id, newest)
    words = (
        "The newest round is shown until you choose another one. A finished set shows its best round, which is the one it "
        "keeps."
    )
    at = right.slider("After round", 1, last, key="round", help=words)
    return min(int(cluster or 0), len(these) - 1), int(at) - 1


def most_variable(windows: np.ndarray) -> int:
    """The cluster (last dimension) whose values vary most."""
    values = windows.reshape(-1, windows.shape[-1])
    finite = np.isfinite(values)
    mean = np.where(finite, values, 0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    return int((np.where(finite, values - mean, 0) ** 2).sum(axis=0).argmax())


def nearest_windows(run: Run) -> Beside | None:
    """The real windows that are nearest to a finished set; None where there are none, and the page says why."""
    if run_state(run) != "done":
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


def show_grid(
    run: Run, forms: tuple[np.ndarray | None, np.ndarray], near: np.ndarray | None, real: Beside | None
) -> None:
    """The small figures with one range of values, their legend and their numbers. ``forms``: the windows after the first round
    (None where there is only one round) and as they stand."""
    theme, lookback = current_theme(), run.spec.lookback
    target = run.spec.target
    title = axis_title(target, str(run.spec.data.units.get(target, "")))
    first, now = forms
    rows = np.flatnonzero(np.isfinite(now).any(axis=1))
    everything = np.concatenate([part[rows].ravel() for part in (first, now, near) if part is not None])
    if not len(rows):
        st.markdown("These windows have no values for this cluster.")
        return
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    room = 0.04 * (high - low) or 1.0
    st.altair_chart(
        charts.window_legend(first is not None, near is not None, theme),
        key="window legend",
        width="content",
        alt="Legend: a dashed line after the first round, a solid line as it stands, a broad band the nearest real window",
    )
    st.markdown(
        f":small[{plain(title)} against steps; what a model sees ends at step 0. {plain(movement_text(first, now, run))}]"
    )
    windows, parts = even_positions(set_size(run)[0]), []
    grid = st.grid(ACROSS, min_column_width=190)
    for row in rows:
        before = None if first is None else first[row]
        frame = charts.window_forms(before, now[row], None if near is None else near[row], lookback)
        number = int(windows[row]) + 1 if row < len(windows) else int(row) + 1
        parts.append(frame.assign(window=number))
        with grid.container(gap="xsmall"):
            st.markdown(window_title(number, real, int(row)))
            figure = charts.window_forms_chart(frame, (low - room, high + room), title, theme)
            st.altair_chart(figure, key=f"window {row}", alt=f"Window {number} of the set, in the chosen cluster")
    table = pd.concat(parts).pivot_table(index=["window", "step"], columns="form", values="value").reset_index()
    with st.expander("These windows as a table"):
        if real is not None:
            st.markdown(distance_text(windows[rows] + 1, real.apart[rows]))
        st.dataframe(table.round(4), hide_index=True, height=280, key="windows table")
        save_table(table, f"{run.id}-windows", "These windows")
        save_chart(charts.windows_figure(pd.concat(parts), title, theme), f"{run.id}-windows", "All of these windows")


def movement_text(first: np.ndarray | None, now: np.ndarray, run: Run) -> str:
    """How much the shown windows changed since the first round; empty where there is only one."""
    if first is None or len(run.epochs()) < 2:
        return ""
    by = float(np.nanmean(np.abs(now - first)))
    return f"Since the first round they have changed by {short(by, run.spec.unit)} on average."


def window_title(number: int, real: Beside | None, row: int) -> str:
    """The number of a window, and the time of the nearest real one."""
    if real is None or not np.isfinite(real.apart[row]):
        return f"**Window {number}**"
    when = instant_text(pd.Timestamp(real.time[row]))
    return f"**Window {number}**  \n:small[nearest: {plain(when)}]"


def distance_text(windows: np.ndarray, apart: np.ndarray) -> str:
    """The distance of each of ``windows`` [S] to its nearest real window, from mean squared distances ``apart`` [S]."""
    distances = ", ".join(
        f"{number}: {short(float(root))}" for number, root in zip(windows, np.sqrt(apart), strict=True)
    )
    return f"Root mean squared distance of each window to the real one nearest to it, in training spreads: {plain(distances)}."
