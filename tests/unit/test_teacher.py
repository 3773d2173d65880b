"""Targets that are a teacher's forecasts, and the start of a set, which is kept where learning made it no better."""

import time

import numpy as np
import pytest
from tiny import tiny

from stcore.distil.distilling import Distilling, mean_metrics
from stcore.distil.options import DistilOptions, MatchingOptions, STemDistOptions, with_schedule
from stcore.events import Epoch, Progress, Started
from stcore.training import evaluate

QUICK = {"time": 0.1, "space": 0.5, "epochs": 1, "teacher": 2}
LEARNED = {"rounds": 2, "steps": 2, "inner": 1, "subsets": 2, "check": 1}


def distilling(name: str, **asked: object) -> Distilling:
    plain = {
        "data": {"lookback": 6, "horizon": 4},
        "train": {"threads": 1},
        "model": {"name": "stid", "identity": "mlp"},
    }
    return Distilling(tiny(400, 6), DistilOptions.read({**plain, "distil": {"name": name, **QUICK, **asked}}))


@pytest.mark.parametrize(("name", "more"), [("stemdist", LEARNED), ("cluster-mean", {})])
def test_the_targets_are_the_forecasts_of_a_model_that_saw_all_windows(name: str, more: dict[str, object]) -> None:
    work = distilling(name, targets="teacher", **more)
    events = list(work)
    assert isinstance(events[0], Started) and isinstance(events[1], Progress) and events[1].epoch == -1
    small, raw = work.result_small(), work.distiller.current()
    assert work.teacher is not None and work.teacher.options.train.epochs == 2
    again = work.teacher.teach(small)
    np.testing.assert_array_equal(again.values, small.values)
    told, own = small.values[:, 6:, :, work.tensors.targets], raw.values[:, 6:, :, work.tensors.targets]
    assert np.isfinite(told).all() and not np.allclose(told, own, atol=1e-3)
    # It forecasts: what it says is nearer to what real windows went on with than their mean is.
    if name == "cluster-mean":
        assert np.nanmean((told - own) ** 2) < np.nanmean((np.nanmean(own) - own) ** 2)


def test_a_preview_has_a_teacher_and_the_papers_schedule_none() -> None:
    assert with_schedule(STemDistOptions()).targets == "teacher" and with_schedule(STemDistOptions()).real == "members"
    paper = with_schedule(STemDistOptions(schedule="paper"))
    assert (paper.targets, paper.real, paper.rounds) == ("own", "means", 100)
    assert with_schedule(STemDistOptions(schedule="paper", targets="teacher")).targets == "teacher"
    assert with_schedule(MatchingOptions()).targets == "own"
    assert distilling("stemdist", targets="own", **LEARNED).teacher is None


def test_a_short_training_teaches_at_most_fifteen_epochs() -> None:
    assert distilling("random", targets="teacher", teacher=None).teacher.options.train.epochs == 15


def test_the_start_is_kept_where_no_round_makes_it_better() -> None:
    work = distilling("stemdist", targets="own", rate=10.0, **LEARNED)
    began = work.distiller.current().values.copy()
    epochs = [event for event in work if isinstance(event, Epoch)]
    assert work.best_epoch == -1 and not any(event.best for event in epochs)
    assert min(event.validation["mae"] for event in epochs) > work.best_error
    np.testing.assert_array_equal(work.result_small().values, began)


def test_members_are_others_in_every_window() -> None:
    work = distilling("stemdist", real="members", **LEARNED)
    small, series = work.distiller.current(), work.ground.scaled
    named = []
    for values, first in zip(small.values, small.origin, strict=True):
        window = np.nan_to_num(series[first : first + 6])
        off = np.abs(window[:, :, None] - values[:6, None]).max(axis=(0, 3))
        assert (off.min(axis=0) < 1e-6).all()
        named.append(off.argmin(axis=0))
    label = work.distiller.clusters.label
    assert all((label[one] == np.arange(len(one))).all() for one in named) and len({tuple(one) for one in named}) > 1


def test_what_comes_before_the_first_round_is_told_apart_from_it() -> None:
    events = [event for event in distilling("stemdist", targets="teacher", **LEARNED) if not isinstance(event, Started)]
    epochs = [event.epoch for event in events if isinstance(event, Progress)]
    assert epochs == sorted(epochs) and set(epochs) == {-1, 0, 1}
    rounds = [event for event in events if isinstance(event, Progress) and event.epoch >= 0]
    assert (rounds[0].visits, rounds[0].planned) == (1, 4)


@pytest.mark.slow
def test_what_is_done_with_its_events_takes_none_of_its_time() -> None:
    work, began, slept = distilling("stemdist", targets="teacher", **LEARNED), time.perf_counter(), 0.0
    before = sum(work.stopwatch.seconds.values())
    for event in work:
        if isinstance(event, Progress):
            paused = time.perf_counter()
            time.sleep(0.02)
            slept += time.perf_counter() - paused
    assert sum(work.stopwatch.seconds.values()) - before <= time.perf_counter() - began - slept


@pytest.mark.parametrize(
    ("name", "fine", "said"),
    [
        ("stemdist", 0, "diverged before the first round: the loss of the teacher is not finite; try a train.lr below"),
        ("stemdist", 2, "diverged before the first round: the loss of a model that is trained on the set"),
        (
            "stemdist",
            3,
            "diverged at round 1: the loss of a model that .* try a lower distil.rate, or a train.lr below",
        ),
        ("random", 2, "diverged at round 1: the loss of a model that .* not finite; try a train.lr below"),
    ],
)
def test_a_training_that_diverges_is_told_in_the_words_of_a_distillation(
    name: str, fine: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, metrics = [], evaluate.error_metrics

    def measured(*given: object) -> dict[str, object]:
        calls.append(1)
        return metrics(*given) | ({"mae": np.inf} if len(calls) > fine else {})  # type: ignore[arg-type]

    monkeypatch.setattr(evaluate, "error_metrics", measured)
    with pytest.raises(ValueError, match=said):
        list(distilling(name, targets="teacher", **(LEARNED if name == "stemdist" else {})))


def test_a_validation_is_the_mean_of_its_models_at_every_horizon() -> None:
    one, other = ({"mae": mae, "mape": None, "by_horizon": [{"horizon": 1, "mae": mae}]} for mae in (1.0, 2.0))
    assert mean_metrics([one, other]) == {"mae": 1.5, "mape": None, "by_horizon": [{"horizon": 1, "mae": 1.5}]}
