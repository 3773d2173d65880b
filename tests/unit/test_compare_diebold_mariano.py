"""The test errs as often as it says where nothing differs, also with overlapping windows, and agrees with hand and paper."""

import numpy as np
import pytest
from evidence import one_run

from stcore.evidence.diebold_mariano import diebold_mariano, holm, horizon_tests, newey_west
from stcore.evidence.paired import pair_by_seed


def overlapping(rng: np.random.Generator, count: int, horizon: int) -> np.ndarray:
    """Differences of windows one step apart, each the sum of what ``horizon`` steps brought."""
    return np.convolve(rng.normal(size=count + horizon - 1), np.ones(horizon), "valid")


@pytest.mark.parametrize(("count", "horizon"), [(1500, 1), (1500, 12), (600, 24)])
def test_no_difference_is_found_where_there_is_none(count: int, horizon: int) -> None:
    rng = np.random.default_rng(count + horizon)
    found = [diebold_mariano(overlapping(rng, count, horizon), horizon)[1] < 0.05 for _ in range(600)]
    assert 0.02 <= np.mean(found) <= 0.085


def test_a_variance_without_overlap_would_find_far_too_many() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        line = overlapping(rng, 600, 12)
        error = np.sqrt(newey_west(line - line.mean(), 0)) / len(line)
        found.append(abs(line.mean()) > 1.96 * error)
    assert np.mean(found) > 0.4


def test_a_true_difference_is_found_and_has_the_right_sign() -> None:
    rng = np.random.default_rng(2)
    statistic, chance = diebold_mariano(overlapping(rng, 2000, 6) - 2, 6)
    assert statistic < 0 and chance < 1e-4
    assert diebold_mariano(-overlapping(np.random.default_rng(2), 2000, 6) + 2, 6) == pytest.approx(
        (-statistic, chance)
    )


def test_the_variance_is_exact_by_hand() -> None:
    line = np.array([1.0, -2.0, 1.0])
    assert newey_west(line, 0) == 6
    assert newey_west(line, 1) == 6 + 2 * 0.5 * (-2 - 2)
    assert newey_west(line, 2) == pytest.approx(6 + 2 * (2 / 3 * -4 + 1 / 3 * 1))


def test_windows_left_out_weigh_nothing() -> None:
    difference = np.random.default_rng(3).normal(0.1, 1, 500)
    holes = difference.copy()
    holes[100:120] = np.nan
    seen = np.flatnonzero(np.isfinite(holes))
    assert diebold_mariano(holes, 3) == diebold_mariano(holes[seen], 3, seen)
    assert diebold_mariano(holes, 3) != diebold_mariano(holes[seen], 3)  # 20 steps apart are no neighbours


@pytest.mark.parametrize("difference", [np.ones(100), np.zeros(100), np.full(100, np.nan), np.array([1.0, 2.0])])
def test_what_tells_nothing_has_no_p(difference: np.ndarray) -> None:
    assert np.isnan(diebold_mariano(difference, 1)).all()


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, np.nan])) == pytest.approx([0.03, 0.06, 0.06, np.nan], nan_ok=True)
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_a_record_for_each_horizon() -> None:
    rng = np.random.default_rng(4)
    control = rng.random((400, 2)) + 5
    method = control + rng.normal(0, 0.1, control.shape) - [0.5, 0.0]
    count = np.full((400, 2), 3.0)
    method[7], control[7], count[7] = 0, 0, 0
    first, second = horizon_tests(pair_by_seed([one_run(method, count=count)], [one_run(control, count=count)]))
    assert (first["horizon"], second["horizon"]) == (1, 2)
    assert first["mae"] == pytest.approx(method[:, 0].sum() / count[:, 0].sum())
    assert first["difference"] == pytest.approx(method[:, 0].sum() / control[:, 0].sum() - 1)
    assert first["statistic"] < 0 and first["p"] < first["p_holm"] < 0.001 < 0.01 < second["p_holm"]
