"""What another strategy would keep now, replayed on the scores that the run recorded."""

import numpy as np
import pandas as pd
import streamlit as st

from app.labels import card_label
from app.samples.look import Look, choose_lasso
from app.words import plain
from stcore import registry
from stcore.charts.choices import epoch_lines
from stcore.charts.words import percent
from stcore.data.scale import Scale
from stcore.data.windows import Windows
from stcore.evidence.choices import pruned_epochs
from stcore.evidence.replay import Replay, ReplayError, Setting, replay, why_not_replayable
from stcore.options import OptionError, RunOptions
from stcore.training.features import Features

LIMIT = (
    "It compares choices, not results: the scores come from this run's training. Another method would have trained the model "
    "on other samples and seen other errors."
)


def show_replay(look: Look) -> pd.DataFrame | None:
    """The list of methods, the overlap of the chosen one with this run, and the samples on which they differ."""
    if look.of_cells:
        st.info("This run pruned cells and recorded only the means of each window, so nothing can be replayed.")
        return None
    own, share = look.run.spec.options.prune["name"], visit_share(look)
    offered = [
        name for name, card in registry.cards("strategies").items() if card.prunes and not why_not_replayable(name)
    ]
    left, right = st.columns([2, 3], gap="medium")
    with left:
        start = next((name for name in ("infobatch", "random", *offered) if name in offered and name != own), own)
        method = st.selectbox(
            "What would another method keep now?",
            offered,
            offered.index(start),
            format_func=card_label,
            key="replayed",
            help="With its usual options and this run's share of visits.",
        )
        try:
            other = replay_method(look, method, share)
        except (ReplayError, OptionError, OSError) as problem:
            st.info(plain(problem))
            return None
        show_overlap_text(look, method, other)
    with right:
        epochs = look.run.passes
        frame = replay_overlap(look, other)
        columns = {"overlap": f"{card_label(method)} and this run", "chance": "two random choices"}
        st.altair_chart(
            epoch_lines(frame, columns, "overlap (Jaccard)", epochs, look.theme, number=".0%"),
            key="overlap",
            width="stretch",
            alt=f"Overlap of what {card_label(method)} would keep with what this run kept, by epoch",
        )
    return frame


def visit_share(look: Look) -> float:
    """The mean share of samples that an epoch of the run keeps: by its budget, else as recorded."""
    options = look.run.spec.options
    asked, passes = options.prune.get("keep"), options.train.epochs / look.run.passes  # fewer in a round
    share = asked * passes if asked else look.trace["kept"].values.mean(dtype=np.float64)
    return float(np.clip(share, 0.01, 1))


def show_overlap_text(look: Look, method: str, other: Replay) -> None:
    """What the overlap means, and what a replay leaves out."""
    row = int(pruned_epochs(look.seen)[-1])
    epoch, now, here = row + 1, other.kept[row], look.trace["kept"].values[row]
    only = np.flatnonzero(now & ~here)
    st.markdown(
        f"In epoch {epoch}, **{card_label(method)}** would keep {now.sum():,} samples; this run kept {here.sum():,}. Of the "
        f"samples that either keeps they share **{percent(other.overlap[row])}** (by chance {percent(other.chance[row])}). "
        "Near 100 % the two methods choose alike; at the dashed line they agree no more than two random choices."
    )
    if len(only):
        words = f"Choose the {len(only):,} samples that only {card_label(method)} keeps"
        st.button(words, key="only there", on_click=lambda: choose_lasso(look.run, only, on_map=False))
    st.markdown(LIMIT)
    for note in other.notes:
        st.markdown(plain(note))
    if left_out := [card_label(name) for name in registry.cards("strategies") if why_not_replayable(name)]:
        st.markdown(f"Not offered, since they need what a run does not record: {', '.join(left_out)}.")


def replay_overlap(look: Look, other: Replay) -> pd.DataFrame:
    """Columns epoch, overlap and chance up to the epoch that is shown, without epochs in which this run kept all."""
    frame = pd.DataFrame({"epoch": look.trace["epoch"].values, "overlap": other.overlap, "chance": other.chance})
    return frame.iloc[pruned_epochs(look.seen)]


def replay_method(look: Look, method: str, share: float) -> Replay:
    """The replay with the method's usual options and the run's share of visits; ReplayError, OptionError."""
    return _replay_method(str(look.run.path), look.trace.sizes["epoch"], method, share, look)


@st.cache_resource(show_spinner="Replaying", max_entries=8)
def _replay_method(run: str, epochs: int, method: str, share: float, _look: Look) -> Replay:
    takes_share = "keep" in registry.card("strategies", method).options.model_fields
    return replay(_look.trace, method, {"keep": share} if takes_share else {}, replay_setting(_look))


def replay_setting(look: Look) -> Setting:
    """What a strategy knows besides the trace; features come from the data."""
    options = look.run.spec.options

    def feature(name: str) -> np.ndarray:
        if look.data is None:
            raise ReplayError(f"This method needs the data, which cannot be opened: {look.missing}")
        return sample_features(look, options)(name)

    return Setting(look.run.passes, options.seed, options.train.batch or 1, feature)


def sample_features(look: Look, options: RunOptions) -> Features:
    """The features of the run's samples and targets."""
    assert look.data is not None
    windows = Windows(look.trace["start"].values, look.lookback, look.horizon)
    targets = look.data.channel(options.data.targets, look.data.channels[:1])
    scale = look.run.spec.scale
    return Features(look.data, windows, targets, Scale(np.array(scale.mean), np.array(scale.std)))
