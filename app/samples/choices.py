"""How the run chose its samples: one figure at a time, each with a line that says what it means."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from app.samples import replayed
from app.samples.look import Look
from app.session import run_state
from stcore.charts import choices as charts
from stcore.charts.grid import kept_scale
from stcore.charts.words import percent, short
from stcore.evidence import choices
from stcore.runs.folder import LIVE

WORDS = {
    "hours": "hours of the week",
    "often": "always or never",
    "churn": "changes",
    "weights": "weights",
    "threshold": "threshold",
    "age": "age of scores",
    "replay": "another method",
}


def show_choices(look: Look) -> None:
    """The section: which figure, the figure, what it means, its numbers."""
    st.markdown(
        "##### How did it choose?",
        help="What the pruning strategy did up to the epoch at the top. Pruned epochs are those that left anything out.",
    )
    line = st.container(horizontal=True, vertical_alignment="center")
    told = available_figures(look)
    if st.session_state.get("choices", "hours") not in told:
        del st.session_state["choices"]  # that of another run; this one has nothing for it
    which = line.segmented_control(
        "How did it choose?",
        told,
        format_func=WORDS.__getitem__,
        default="hours",
        key="choices",
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    if why := why_no_figure(look):
        st.info(why)
        return
    frame = FIGURES[which or "hours"](look)
    if frame is not None:
        with line.popover("Numbers", icon=":material/table:", type="tertiary", help="The figure as a table."):
            st.dataframe(frame, hide_index=True, height=260)


def available_figures(look: Look) -> list[str]:
    """The figures that can tell something; of single cells neither ages nor scores are recorded."""
    unknown = {"age", "replay"} if look.of_cells else set()
    if look.of_cells and choices.threshold_table(look.trace).empty:
        unknown.add("threshold")
    return [name for name in WORDS if name not in unknown]


def why_no_figure(look: Look) -> str | None:
    """Why there is nothing to tell about choices yet, or None."""
    if len(choices.pruned_epochs(look.seen)):
        return None
    if run_state(look.run) in LIVE:
        return "Nothing has been pruned so far: the first epoch sees everything. The figures come with the first pruned epoch."
    if len(choices.pruned_epochs(look.trace)):
        return "Nothing had been pruned up to this epoch. Choose a later one with the slider at the top."
    return "This run kept every sample in every epoch, so there is no choice to look at."


def planned_epochs(look: Look) -> int:
    """How many epochs the run is to have."""
    return look.run.passes


# ---- the figures; each gives its numbers as a table, for those who cannot use the figure ---------------------------
def show_hours(look: Look) -> pd.DataFrame:
    """Kept share beside mean complexity by hour of the week."""
    time, often = pd.DatetimeIndex(look.table["time"]), choices.kept_often(look.seen)
    frame = choices.choices_by_hour(time, often, look.table["score"].to_numpy())
    hard, easy = choices.extremes(frame)
    st.markdown(
        f"Left, what was kept; right, how hard it was. Where both look alike, the method followed complexity: of the hardest "
        f"tenth of the hours it kept **{percent(hard)}**, of the easiest tenth **{percent(easy)}**, over its pruned epochs."
    )
    for place, value in zip(st.columns(2, gap="medium"), charts.HOUR_NAMES, strict=True):
        place.altair_chart(
            charts.hours_chart(frame, value, look.theme, kept_scale(look.seen)),
            key=f"hours-{value}",
            width="stretch",
            alt=f"{charts.HOUR_NAMES[value]} by weekday and hour of the day",
        )
    return frame


def show_often(look: Look) -> pd.DataFrame:
    """Always, sometimes, never, against pure chance."""
    cells = len(look.trace["sensor"]) if look.of_cells else 1
    epochs = choices.pruned_epochs(look.seen)
    chance = choices.kept_often_by_chance(choices.kept_shares(look.seen)[epochs], cells)
    bounds = often_bounds(look)
    found = choices.group_shares(choices.kept_often(look.seen), bounds=bounds)
    expected = choices.group_shares(np.linspace(0, 1, len(chance)), chance, bounds)
    many = f"{len(epochs)} pruned epoch{'s' * (len(epochs) > 1)}"
    st.markdown(
        f"Bars: how often samples were kept in the {many}. Dashed: the same by pure chance. The further the bars leave the "
        "dashed line, the more the method has fixed favourites; a random choice would follow it."
    )
    if look.of_cells:
        st.markdown("A sample is a window here, and what is counted is the share of its cells.")
    if bounds != choices.FIXED:
        st.markdown(bounds_text(choices.mean_share(look.seen)))
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    frame = choices.often_table(look.seen, cells, bin_count(bounds))
    left.altair_chart(
        charts.kept_often_chart(frame, look.theme, bounds),
        key="often",
        width="stretch",
        alt="Share of samples by how often they were kept, and what chance alone would give",
    )
    limits = [f"in at least {100 * bounds.always:.3g} %", "in between", f"in at most {100 * bounds.never:.3g} %"]
    rows = pd.DataFrame(
        {
            "kept": [f"{name} ({limit})" for name, limit in zip(bounds.names, limits, strict=True)],
            "samples": [100 * share for share in found.values()],
            "by chance": [100 * share for share in expected.values()],
        }
    )
    column = {name: st.column_config.NumberColumn(format="%.1f %%") for name in ("samples", "by chance")}
    right.dataframe(rows, hide_index=True, column_config=column)
    return frame


def often_bounds(look: Look) -> choices.Bounds:
    """What counts as kept always and never: where all keep a small part each time, what is far from the mean of all."""
    if look.of_cells or look.in_rounds:
        return choices.bounds_around(choices.mean_share(look.seen))
    return choices.FIXED


def bounds_text(mean: float) -> str:
    """From where to where often and seldom are, in words."""
    part, least, most = ("kept", "often", "seldom") if mean <= 0.5 else ("pruned", "seldom", "often")
    return (
        f"A pruned epoch keeps {100 * mean:.3g} % in the mean, and the groups are relative to it: **{least}** is what was "
        f"{part} at least one and a half times the mean {part} share, **{most}** what was {part} at most half of it."
    )


def bin_count(bounds: choices.Bounds) -> int:
    """Bins narrow enough that ten lie between the bounds."""
    return 20 if bounds == choices.FIXED else int(np.clip(round(10 / max(bounds.always - bounds.never, 0.01)), 20, 200))


def show_churn(look: Look) -> pd.DataFrame | None:
    """Newly pruned and revived in each epoch."""
    frame = choices.churn(look.seen)
    if frame.empty:
        st.info("This needs two pruned epochs; there is one so far.")
        return None
    st.markdown(
        "How many samples each epoch newly pruned and how many it took back, against the pruned epoch before. "
        + (
            "Of cells only the net change inside each window is known: at zero, each window keeps as many cells as before."
            if look.of_cells
            else "Far below the line of chance, the method sticks to its choice; at zero, what is pruned stays pruned."
        )
    )
    chance = (
        {} if look.of_cells else {"chance": "either, by chance"}
    )  # that of a net change inside windows is not known
    columns = {"newly_pruned": "newly pruned", "revived": "revived"} | chance
    show_lines(look, frame, columns, "share of all samples", ".3~p")
    return frame


def show_weights(look: Look) -> pd.DataFrame:
    """Effective sample size and the largest weight."""
    frame = choices.weight_table(look.seen)
    last = frame.iloc[choices.pruned_epochs(look.seen)[-1]]
    what = "cells" if look.of_cells else "samples"
    st.markdown(
        f"Kept samples that weigh more stand for pruned ones, but make each step noisier. In epoch {last['epoch']:.0f}, "
        f"{last['kept']:,.0f} weighted {what} tell as much as **{last['effective']:,.0f}** of equal weight; the largest "
        f"weight is **{short(last['largest_weight'])}**."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        show_lines(look, frame, {"kept": "kept", "effective": "effective sample size"}, what, ",.0f")
    with right:
        show_lines(look, frame, {"largest_weight": "largest weight"}, "largest weight", ".3~g")
    return frame


def show_threshold(look: Look) -> pd.DataFrame | None:
    """The threshold and the share of samples below it."""
    frame = choices.threshold_table(look.seen)
    if frame.empty:
        st.info("This method goes by no threshold, or has told of none so far.")
        return None
    st.markdown(
        "Samples below the threshold count as easy; only they can be pruned. The threshold falls as the model learns; the "
        "share below it says how much of the data the method thinks it knows."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        title = "threshold (training spreads)"
        show_lines(look, frame, {"threshold": "threshold"}, title, ".3~g")
    with right:
        show_lines(look, frame, {"easy": "share below"}, "share of samples below it", ".3~p")
    return frame


def show_age(look: Look) -> pd.DataFrame | None:
    """How long ago samples were last met."""
    if look.of_cells:
        st.info("When a single cell was last met is not recorded; nearly every window is met in part in every epoch.")
        return None
    frame = choices.staleness(look.seen)
    newest = choices.score_ages(look.seen)[-1]
    old = float((newest >= 3).mean() + (newest < 0).mean())
    st.markdown(
        "A pruned sample keeps the score of the last time it was met, while the model goes on learning. The less of a bar "
        f"is blue, the older the knowledge that decides: after epoch {look.epoch}, **{percent(old)}** of the scores are "
        "3 epochs old or older."
    )
    st.altair_chart(
        charts.staleness_chart(frame, planned_epochs(look), look.theme),
        key="ages",
        width="stretch",
        alt="Share of samples by how many epochs ago they were last met, a stacked bar an epoch",
    )
    return frame


def show_lines(look: Look, frame: pd.DataFrame, columns: dict[str, str], title: str, number: str) -> None:
    """Lines over the run's epochs."""
    st.altair_chart(
        charts.epoch_lines(frame, columns, title, planned_epochs(look), look.theme, number=number),
        key=f"lines {' '.join(columns)}",
        width="stretch",
        alt=f"{', '.join(columns.values())} by epoch",
    )


FIGURES: dict[str, Callable[[Look], pd.DataFrame | None]] = {
    "hours": show_hours,
    "often": show_often,
    "churn": show_churn,
    "weights": show_weights,
    "threshold": show_threshold,
    "age": show_age,
    "replay": replayed.show_replay,
}
