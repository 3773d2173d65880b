"""What is read off a trace about how a run chose: hand-made traces, whose answers can be counted."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from choosing import setting, trace_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from stcore.charts import choices as charts
from stcore.charts.grid import kept_scale
from stcore.charts.theme import DARK, LIGHT
from stcore.evidence import choices
from stcore.evidence.replay import ReplayError, replay, why_not_replayable

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def drawn(epochs: int = 8, count: int = 400, share: float = 0.5, seed: int = 0) -> np.ndarray:
    """Random choices [E, W] bool of a fixed size, the first epoch full."""
    rng = np.random.default_rng(seed)
    kept = np.zeros((epochs, count), bool)
    kept[0] = True
    for row in kept[1:]:
        row[rng.choice(count, round(share * count), replace=False)] = True
    return kept


# ---- how often -----------------------------------------------------------------------------------------------------
def test_full_epochs_do_not_count_as_choices() -> None:
    kept = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]], bool)
    trace = trace_of(kept)
    assert choices.pruned_epochs(trace).tolist() == [1, 2]
    assert choices.kept_often(trace).tolist() == [1.0, 0.5, 0.0]
    shares = choices.group_shares(choices.kept_often(trace))
    assert shares == {"always": pytest.approx(1 / 3), "sometimes": pytest.approx(1 / 3), "never": pytest.approx(1 / 3)}


def test_always_begins_at_nine_tenths_and_never_ends_at_one_tenth() -> None:
    assert choices.group_shares(np.array([0.9, 0.89, 0.11, 0.1])) == {"always": 0.25, "sometimes": 0.5, "never": 0.25}


@given(epochs=st.integers(1, 60), share=st.floats(0.01, 0.99), cells=st.integers(1, 5))
def test_with_equal_shares_chance_is_binomial(epochs: int, share: float, cells: int) -> None:
    times = epochs * cells
    found = choices.kept_often_by_chance(np.full(epochs, share), cells)
    assert found == pytest.approx(binom.pmf(np.arange(times + 1), times, share), abs=1e-9)


@given(shares=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_with_unequal_shares_chance_is_the_convolution_of_the_epochs(shares: list[float]) -> None:
    expected = np.ones(1)
    for share in shares:
        expected = np.convolve(expected, [1 - share, share])
    assert choices.kept_often_by_chance(np.array(shares)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("epochs", [3, 8, 40])
def test_a_random_choice_follows_chance(epochs: int) -> None:
    frame = choices.often_table(trace_of(drawn(epochs, 20_000)))
    assert frame["samples"].sum() == pytest.approx(1) and frame["chance"].sum() == pytest.approx(1)
    assert np.abs(frame["samples"] - frame["chance"]).max() < 0.015
    assert len(frame) == min(epochs, 20)


def test_fixed_favourites_leave_chance_far_behind() -> None:
    kept = np.ones((9, 100), bool)
    kept[1:, 50:] = False
    frame = choices.often_table(trace_of(kept))
    assert frame["samples"].iloc[[0, -1]].tolist() == [0.5, 0.5] and frame["chance"].iloc[0] < 0.01


def test_without_a_pruned_epoch_there_is_nothing_to_count() -> None:
    trace = trace_of(np.ones((3, 5), bool))
    assert choices.often_table(trace).empty and np.isnan(choices.kept_often(trace)).all()
    assert choices.churn(trace).empty


# ---- when ----------------------------------------------------------------------------------------------------------
def test_hours_of_the_week_are_means_over_their_samples() -> None:
    time = pd.DatetimeIndex(["2026-03-02 08:00", "2026-03-02 08:30", "2026-03-08 23:00"])
    frame = choices.choices_by_hour(time, np.array([1.0, 0.5, 0.0]), np.array([2.0, np.nan, 4.0]))
    assert frame[["weekday", "hour", "samples"]].to_numpy().tolist() == [[0, 8, 2], [6, 23, 1]]
    assert frame["kept"].tolist() == [0.75, 0.0] and frame["complexity"].tolist() == [2.0, 4.0]
    assert choices.extremes(frame) == (0.0, 0.75)


# ---- what changed --------------------------------------------------------------------------------------------------
def test_churn_counts_what_left_and_what_came_back_between_pruned_epochs() -> None:
    kept = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
    frame = choices.churn(trace_of(kept))
    assert frame["epoch"].tolist() == [3]
    assert frame["newly_pruned"].tolist() == [0.25] and frame["revived"].tolist() == [0.25]
    assert frame["chance"].tolist() == [0.25]


def test_a_random_choice_changes_as_much_as_chance_says() -> None:
    frame = choices.churn(trace_of(drawn(6, 20_000, 0.3)))
    assert frame["newly_pruned"].to_numpy() == pytest.approx(frame["chance"].to_numpy(), abs=0.01)


def test_weights_and_threshold_are_those_of_the_epochs() -> None:
    trace = trace_of(drawn())
    weighing = choices.weight_table(trace)
    assert weighing["kept"].tolist() == [400] + [200] * 7 and (weighing["effective_share"] == 1).all()
    assert choices.threshold_table(trace)["epoch"].tolist() == list(range(2, 9))


# ---- staleness -----------------------------------------------------------------------------------------------------
def test_age_is_counted_from_the_epoch_in_which_a_sample_was_met() -> None:
    kept = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 0]], bool)
    trace = trace_of(kept)
    assert choices.score_ages(trace).tolist() == [[0, -1, 0], [1, -1, 0], [2, 0, 1]]
    shares = choices.staleness(trace).pivot(index="epoch", columns="age", values="share")
    assert shares.loc[2, "never"] == pytest.approx(1 / 3) and shares.loc[3, "2 epochs"] == pytest.approx(1 / 3)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_score_that_changed_was_met_even_where_nothing_was_kept() -> None:
    score = np.array([[1, np.nan], [3, np.nan], [3, 2]], np.float16)
    trace = trace_of(np.array([[1, 0], [0, 0], [0, 0]], bool), score)
    assert choices.score_ages(trace).tolist() == [[0, -1], [0, -1], [1, 0]]


def test_a_score_relative_to_others_changes_without_a_meeting() -> None:
    kept = np.array([[1, 1], [1, 0], [1, 0]], bool)
    score, level = np.array([[1, 3], [2, 2], [3, 1]], np.float16), np.array([[1, 3], [2, 3], [3, 3]], np.float16)
    assert choices.score_ages(trace_of(kept, score, level=level)).tolist() == [[0, 0], [0, 1], [0, 2]]


# ---- cells ---------------------------------------------------------------------------------------------------------
def test_shares_of_cells_are_read_as_shares() -> None:
    kept = np.array([[1, 1], [0.5, 0.25], [0.25, 0.5]], np.float16)
    trace = trace_of(kept)
    assert choices.kept_often(trace).tolist() == [0.375, 0.375] and choices.pruned_epochs(trace).tolist() == [1, 2]
    assert choices.churn(trace)["newly_pruned"].tolist() == [0.125]
    assert (choices.score_ages(trace) == 0).all()
    assert choices.often_table(trace, cells=4)["samples"].sum() == 1
    with pytest.raises(ReplayError, match="pruned cells"):
        replay(trace, "random", {}, setting(3, 2))


def few_cells(epochs: int = 20, count: int = 300) -> np.ndarray:
    """Kept shares [E, W] of rounds that keep about 15 % each; of a tenth of the samples a third of it, of a tenth twice."""
    share = np.full(count, 0.15)
    share[: count // 10], share[-count // 10 :] = 0.05, 0.3
    return np.random.default_rng(1).binomial(100, share, (epochs, count)) / 100


def test_bounds_for_shares_are_half_the_mean_around_it() -> None:
    low, high = choices.bounds_around(0.15), choices.bounds_around(0.8)
    assert (low.never, low.always) == pytest.approx((0.075, 0.225)) and low.names == ("often", "sometimes", "seldom")
    assert (high.never, high.always) == pytest.approx((0.7, 0.9))  # of the 20 % left out, 1.5 times and half
    found = choices.group_shares(np.array([0.07, 0.15, 0.16, 0.3]), bounds=low)
    assert found == {"often": 0.25, "sometimes": 0.5, "seldom": 0.25}


def test_groups_of_small_rounds_find_whom_the_method_favours() -> None:
    trace = trace_of(few_cells())
    bounds = choices.bounds_around(choices.mean_share(trace))
    found = choices.group_shares(choices.kept_often(trace), bounds=bounds)
    assert found == {"often": pytest.approx(0.1), "sometimes": pytest.approx(0.8), "seldom": pytest.approx(0.1)}
    assert choices.group_shares(choices.kept_often(trace))["always"] == 0


def test_the_mean_share_is_that_of_the_pruned_epochs() -> None:
    assert choices.mean_share(trace_of(np.array([[1, 1], [0.5, 0.25], [0.25, 0.5]]))) == 0.375
    assert choices.mean_share(trace_of(np.ones((3, 2), bool))) == 1


# ---- figures -------------------------------------------------------------------------------------------------------
@THEMES
def test_every_figure_of_choices_draws(theme: Any) -> None:
    trace = trace_of(drawn(12, 500))
    time = pd.date_range("2026-03-02", periods=500, freq="1h")
    hours = choices.choices_by_hour(time, choices.kept_often(trace), trace["score"].values[-1])
    made = [charts.hours_chart(hours, value, theme) for value in charts.HOUR_NAMES]
    made += [
        charts.kept_often_chart(choices.often_table(trace), theme),
        charts.staleness_chart(choices.staleness(trace), 20, theme),
    ]
    made += [charts.epoch_lines(choices.churn(trace), {"revived": "revived"}, "share", 20, theme, number=".3~p")]
    for figure in made:
        assert figure.to_dict()["height"] > 0


@THEMES
def test_hours_of_shares_are_coloured_around_their_mean(theme: Any) -> None:
    trace = trace_of(few_cells())
    scale = kept_scale(trace)
    assert scale is not None
    time = pd.date_range("2026-03-02", periods=300, freq="1h")
    frame = choices.choices_by_hour(time, choices.kept_often(trace), trace["score"].values[-1].astype(float))
    colour = charts.hours_chart(frame, "kept", theme, scale).to_dict()["encoding"]["color"]
    assert colour["scale"]["domain"] == pytest.approx([0, scale.mean, 2 * scale.mean]) and colour["scale"]["clamp"]
    assert all(word in colour["legend"]["labelExpr"] for word in scale.words)
    assert charts.hours_chart(frame, "kept", theme).to_dict()["encoding"]["color"]["scale"]["domain"] == [0, 0.5, 1]


def test_bars_of_shares_have_the_colours_of_their_bounds_and_no_empty_end() -> None:
    trace = trace_of(few_cells())
    bounds = choices.bounds_around(choices.mean_share(trace))
    figure = charts.kept_often_chart(choices.often_table(trace, 100, 66), LIGHT, bounds).to_dict()
    rows = pd.DataFrame(next(iter(figure["datasets"].values())))
    named = rows.groupby("group")["samples"].sum()
    assert named[["often", "seldom"]].to_numpy() == pytest.approx(0.1) and rows["high"].max() < 0.5
    assert rows["samples"].sum() == pytest.approx(1)


def test_the_bars_of_an_epoch_stand_on_one_another() -> None:
    frame = choices.staleness(trace_of(drawn(12, 500)))
    rows = next(iter(charts.staleness_chart(frame, 12, LIGHT).to_dict()["datasets"].values()))
    top = pd.DataFrame(rows).groupby("epoch")["high"].max()
    assert top.to_numpy() == pytest.approx(1)


def test_the_analysis_needs_no_torch() -> None:
    source = (Path(choices.__file__).parent / "replay.py").read_text() + Path(choices.__file__).read_text()
    assert "torch" not in source


def test_a_method_of_several_choices_a_pass_says_why_it_cannot_be_replayed() -> None:
    assert "several times in a pass" in (why_not_replayable("guarded") or "")
