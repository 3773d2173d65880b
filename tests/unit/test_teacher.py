"""Targets that are a teacher's forecasts, and the start of a set, which is kept where learning made it no better."""

import numpy as np
import pytest
from tiny import tiny

from stcore.distil.distilling import Distilling
from stcore.distil.options import DistilOptions, MatchingOptions, STemDistOptions, scheduled
from stcore.events import Epoch, Progress, Started

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
    assert isinstance(events[0], Started) and isinstance(events[1], Progress) and events[1].visits == 0
    small, raw = work.result_small(), work.method.current()
    assert work.teacher is not None and work.teacher.options.train.epochs == 2
    again = work.teacher.taught(small)
    np.testing.assert_array_equal(again.values, small.values)
    told, own = small.values[:, 6:, :, work.feed.targets], raw.values[:, 6:, :, work.feed.targets]
    assert np.isfinite(told).all() and not np.allclose(told, own, atol=1e-3)
    # It forecasts: what it says is nearer to what real windows went on with than their mean is.
    if name == "cluster-mean":
        assert np.nanmean((told - own) ** 2) < np.nanmean((np.nanmean(own) - own) ** 2)


def test_a_preview_has_a_teacher_and_the_papers_schedule_none() -> None:
    assert scheduled(STemDistOptions()).targets == "teacher" and scheduled(STemDistOptions()).real == "members"
    paper = scheduled(STemDistOptions(schedule="paper"))
    assert (paper.targets, paper.real, paper.rounds) == ("own", "means", 100)
    assert scheduled(STemDistOptions(schedule="paper", targets="teacher")).targets == "teacher"
    assert scheduled(MatchingOptions()).targets == "own"
    assert distilling("stemdist", targets="own", **LEARNED).teacher is None


def test_a_short_training_teaches_at_most_fifteen_epochs() -> None:
    assert distilling("random", targets="teacher", teacher=None).teacher.options.train.epochs == 15


def test_the_start_is_kept_where_no_round_makes_it_better() -> None:
    work = distilling("stemdist", targets="own", rate=10.0, **LEARNED)
    began = work.method.current().values.copy()
    epochs = [event for event in work if isinstance(event, Epoch)]
    assert work.best_epoch == -1 and not any(event.best for event in epochs)
    assert min(event.validation["mae"] for event in epochs) > work.best_error
    np.testing.assert_array_equal(work.result_small().values, began)


def test_members_are_others_in_every_window() -> None:
    work = distilling("stemdist", real="members", **LEARNED)
    small, series = work.method.current(), work.ground.scaled
    named = []
    for values, first in zip(small.values, small.origin, strict=True):
        window = np.nan_to_num(series[first : first + 6])
        off = np.abs(window[:, :, None] - values[:6, None]).max(axis=(0, 3))
        assert (off.min(axis=0) < 1e-6).all()
        named.append(off.argmin(axis=0))
    label = work.method.clusters.label
    assert all((label[one] == np.arange(len(one))).all() for one in named) and len({tuple(one) for one in named}) > 1
