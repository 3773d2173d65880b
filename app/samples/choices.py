"""How the run chose its samples: one figure at a time, with a sentence on its meaning."""

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
    """The section: the list of figures, the chosen figure, its meaning and its numbers."""
    st.markdown(
        "##### How did it choose?",
        help="What the pruning strategy did up to the epoch at the top. A pruned epoch left out at least one sample.",
    )
    line = st.container(horizontal=True, vertical_alignment="center")
    figures = available_figures(look)
    if st.session_state.get("choices", "hours") not in figures:
        del st.session_state["choices"]  # the choice of another run, which this one does not have
    which = line.segmented_control(
        "How did it choose?",
        figures,
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
    """The figures that the run has; of single cells neither ages nor scores are recorded."""
    unknown = {"age", "replay"} if look.of_cells else set()
    if look.of_cells and choices.threshold_table(look.trace).empty:
        unknown.add("threshold")
    return [name for name in WORDS if name not in unknown]


def why_no_figure(look: Look) -> str | None:
    """Why there is no figure yet, or None."""
    if len(choices.pruned_epochs(look.seen)):
        return None
    if run_state(look.run) in LIVE:
        return "Nothing has been pruned so far. The figures appear with the first epoch that prunes."
    if len(choices.pruned_epochs(look.trace)):
        return "Nothing had been pruned up to this epoch. Choose a later one with the slider at the top."
    return "This run kept every sample in every epoch, so there is no choice to show."


def planned_epochs(look: Look) -> int:
    """How many epochs the run plans."""
    return look.run.passes


# ---- the figures; each gives its numbers as a table, for people who cannot use the figure --------------------------
def show_hours(look: Look) -> pd.DataFrame:
    """Kept share beside mean complexity by hour of the week."""
    time, often = pd.DatetimeIndex(look.table["time"]), choices.kept_often(look.seen)
    frame = choices.choices_by_hour(time, often, look.table["score"].to_numpy())
    hard, easy = choices.extremes(frame)
    st.markdown(
        f"Left: what was kept. Right: the complexity. Where both look alike, the method followed complexity: in its pruned "
        f"epochs it kept **{percent(hard)}** of the hardest tenth of the hours and **{percent(easy)}** of the easiest tenth."
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
    """How often samples were kept, beside pure chance."""
    cells = len(look.trace["sensor"]) if look.of_cells else 1
    epochs = choices.pruned_epochs(look.seen)
    chance = choices.kept_often_by_chance(choices.kept_shares(look.seen)[epochs], cells)
    bounds = often_bounds(look)
    found = choices.group_shares(choices.kept_often(look.seen), bounds=bounds)
    expected = choices.group_shares(np.linspace(0, 1, len(chance)), chance, bounds)
    many = f"{len(epochs)} pruned epoch{'s' * (len(epochs) > 1)}"
    st.markdown(
        f"Bars: how often samples were kept in the {many}. Dashed: the same by pure chance. The further the bars are from the "
        "dashed line, the more the method prefers the same samples; a random choice would follow the line."
    )
    if look.of_cells:
        st.markdown("A sample is a window here; its share of kept cells counts.")
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
    """The limits of kept always and never: fixed, or around the mean where every epoch keeps a small part."""
    if look.of_cells or look.in_rounds:
        return choices.bounds_around(choices.mean_share(look.seen))
    return choices.FIXED


def bounds_text(mean: float) -> str:
    """The limits of often and seldom, in words."""
    part, least, most = ("kept", "often", "seldom") if mean <= 0.5 else ("pruned", "seldom", "often")
    return (
        f"A pruned epoch keeps {100 * mean:.3g} % on average, and the groups are relative to that: **{least}** means {part} at "
        f"least one and a half times the mean {part} share, **{most}** means {part} at most half of it."
    )


def bin_count(bounds: choices.Bounds) -> int:
    """The number of bins, so that about ten lie between the bounds."""
    return 20 if bounds == choices.FIXED else int(np.clip(round(10 / max(bounds.always - bounds.never, 0.01)), 20, 200))


def show_churn(look: Look) -> pd.DataFrame | None:
    """How many samples each epoch newly pruned and took back."""
    frame = choices.churn(look.seen)
    if frame.empty:
        st.info("This needs two pruned epochs; there is one so far.")
        return None
    st.markdown(
        "How many samples each epoch newly pruned and how many it took back, against the pruned epoch before. "
        + (
            "For cells only the net change of each window is known: at zero, each window keeps as many cells as before."
            if look.of_cells
            else "Far below the line of chance, the method keeps its choice; at zero, what is pruned stays pruned."
        )
    )
    chance = (
        {} if look.of_cells else {"chance": "either, by chance"}
    )  # that of a net change inside windows is not known
    columns = {"newly_pruned": "newly pruned", "revived": "revived"} | chance
    show_lines(look, frame, columns, "share of all samples", ".3~p")
    return frame


def show_weights(look: Look) -> pd.DataFrame:
    """The effective sample size and the largest weight."""
    frame = choices.weight_table(look.seen)
    last = frame.iloc[choices.pruned_epochs(look.seen)[-1]]
    what = "cells" if look.of_cells else "samples"
    st.markdown(
        f"Kept samples with larger weights stand for pruned ones, but make each step noisier. In epoch {last['epoch']:.0f}, "
        f"{last['kept']:,.0f} weighted {what} say as much as **{last['effective']:,.0f}** of equal weight; the largest "
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
        st.info("This method uses no threshold, or has recorded none so far.")
        return None
    st.markdown(
        "Samples below the threshold count as easy; only they can be pruned. The threshold falls while the model learns; the "
        "share below it is the part of the data that the method takes for learned."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        title = "threshold (training spreads)"
        show_lines(look, frame, {"threshold": "threshold"}, title, ".3~g")
    with right:
        show_lines(look, frame, {"easy": "share below"}, "share of samples below it", ".3~p")
    return frame


def show_age(look: Look) -> pd.DataFrame | None:
    """How many epochs ago samples were last scored."""
    if look.of_cells:
        st.info(
            "It is not recorded when a single cell was last trained on; nearly every epoch trains on a part of every window."
        )
        return None
    frame = choices.staleness(look.seen)
    newest = choices.score_ages(look.seen)[-1]
    old = float((newest >= 3).mean() + (newest < 0).mean())
    st.markdown(
        "A pruned sample keeps the score of its last visit, while the model goes on learning. The less of a bar is blue, the "
        f"older are the scores that decide: after epoch {look.epoch}, **{percent(old)}** of the scores are "
        "3 epochs old or older."
    )
    st.altair_chart(
        charts.staleness_chart(frame, planned_epochs(look), look.theme),
        key="ages",
        width="stretch",
        alt="Share of samples by how many epochs ago they were last visited, a stacked bar an epoch",
    )
    return frame


def show_lines(look: Look, frame: pd.DataFrame, columns: dict[str, str], title: str, number: str) -> None:
    """A chart of lines over the run's epochs."""
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
