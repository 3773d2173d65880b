"""Windows in archives become exactly the series that they were cut from. Where this is impossible, findings say so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.data.windows import cut
from stcore.findings import Finding
from stcore.options import DataOptions

STEPS, SENSORS, L, H = 300, 4, 12, 12
MANY = STEPS - L - H + 1


def series(channels: int = 1) -> np.ndarray:
    """[T, N, C] readings with missing ones."""
    rng = np.random.default_rng(3)
    readings = rng.normal(60, 9, (STEPS, SENSORS, channels)).round(2)
    readings[40:45, 1, 0] = np.nan
    return readings


def clock(step: int = 300, first: int = 0) -> np.ndarray:
    """[T, N, 1] the time of day as a share."""
    day = (first + step * np.arange(STEPS)) % 86_400 / 86_400
    return np.broadcast_to(day[:, None, None], (STEPS, SENSORS, 1))


def windows(values: np.ndarray, back: int = L, ahead: int = H) -> tuple[np.ndarray, np.ndarray]:
    """x [S, L, N, C] and y [S, H, N, C], one step apart."""
    every = np.stack([values[first : first + back + ahead] for first in range(len(values) - back - ahead + 1)])
    return every[:, :back], every[:, back:]


def parts(folder: Path, x: np.ndarray, y: np.ndarray, shares: tuple[float, float] = (0.7, 0.1), **more: Any) -> Path:
    """DCRNN's three files: the windows in order, 70, 10 and 20 % of them."""
    folder.mkdir(exist_ok=True)
    ends = [0, round(len(x) * shares[0]), round(len(x) * (shares[0] + shares[1])), len(x)]
    for name, first, end in zip(("train", "val", "test"), ends, ends[1:], strict=False):
        np.savez(folder / f"{name}.npz", x=x[first:end], y=y[first:end], **more)
    return folder


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def test_the_series_is_complete_with_its_own_split(tmp_path: Path) -> None:
    values = np.concatenate([series(), clock()], axis=2)
    data = readers.open(parts(tmp_path / "la", *windows(values)))
    np.testing.assert_array_equal(data.values, values[:, :, :1].astype(np.float32))
    assert data.step_seconds == 300
    assert data.ds["start"].values.tolist() == list(range(MANY))
    assert "agree" in found(data, "stitched").text
    train, val, test = 194, 27, 56  # what DCRNN's rounding makes of 277 windows
    label = data.ds["split"].values
    assert [int((label == name).sum()) for name in ("train", "validation", "test")] == [
        train,
        val + 1,
        test + L + H - 2,
    ]
    cuts = cut(data, DataOptions(lookback=L, horizon=H))
    assert (len(cuts.train), len(cuts.validation)) == (train - L - H + 1, val + 1 - L - H + 1)
    assert set(cuts.test.starts.tolist()) == set(range(train + val + 1, MANY))
    assert not set(cuts.test.steps(np.arange(len(cuts.test))).ravel()) & set(
        cuts.train.steps(np.arange(len(cuts.train))).ravel()
    )
    assert "23 for train" in found(data, "windows").text
    assert (data.ds.attrs["lookback"], data.ds.attrs["horizon"]) == (L, H)


def test_windows_stored_column_by_column_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = windows(series())
    monkeypatch.setattr("stcore.readers.archives.windowed.BLOCK", 8 * L * SENSORS)  # one window at a time
    data = readers.open(parts(tmp_path / "la", np.asfortranarray(x), y))
    np.testing.assert_array_equal(data.values, series().astype(np.float32))
    assert data.ds["start"].values.tolist() == list(range(MANY))


def test_opening_one_of_the_files_opens_all(tmp_path: Path) -> None:
    folder = parts(tmp_path / "la", *windows(series()))
    data = readers.open(folder / "val.npz")
    assert data.steps == STEPS
    assert "train.npz" in found(data, "partners").text


@pytest.mark.parametrize("ahead", [1, 3])
def test_one_step_ahead_and_targets_of_one_channel(ahead: int, tmp_path: Path) -> None:
    """As STemDist and AGCRN's kin have them: y holds the first channel only, perhaps without a dim for it."""
    values = series(2)
    x, y = windows(values, L, ahead)
    data = readers.open(parts(tmp_path / "one", x, y[..., 0]))
    np.testing.assert_array_equal(data.values[:, :, 0], values[:, :, 0].astype(np.float32))
    np.testing.assert_array_equal(data.values[:-ahead, :, 1], values[:-ahead, :, 1].astype(np.float32))
    assert np.isnan(data.values[-ahead:, :, 1]).all()
    assert data.channels == ["channel-1", "channel-2"]


def test_the_scale_of_inputs_is_undone(tmp_path: Path) -> None:
    x, y = windows(series())
    data = readers.open(parts(tmp_path / "scaled", (x - 60) / 9, y))
    np.testing.assert_allclose(data.values, series().astype(np.float32), rtol=1e-5)
    said = found(data, "scaled")
    assert said.level == "repaired"
    assert "multiplied by 9" in said.text


def test_targets_of_another_quantity_are_a_channel(tmp_path: Path) -> None:
    first, second = series(), np.random.default_rng(8).random((STEPS, SENSORS, 1)).astype(np.float32)
    data = readers.open(parts(tmp_path / "other", windows(first)[0], windows(second)[1]))
    assert data.channels == ["target", "channel-1"]
    np.testing.assert_array_equal(data.values[L:, :, 0], second[L:, :, 0])
    np.testing.assert_array_equal(data.values[:-H, :, 1], first[:-H, :, 0].astype(np.float32))
    assert "another quantity" in found(data, "targets").text


def test_windows_that_do_not_follow_stay_blocks(tmp_path: Path) -> None:
    x, y = windows(series())
    order = np.random.default_rng(1).permutation(MANY)[:60]
    order = order[np.concatenate([[True], np.diff(order) != 1])]
    data = readers.open(parts(tmp_path / "mixed", x[order], y[order]))
    assert data.ds["start"].values.tolist() == [(L + H) * place for place in range(len(order))]
    blocks = data.values.reshape(len(order), L + H, SENSORS)
    np.testing.assert_array_equal(blocks, np.concatenate([x[order], y[order]], axis=1)[..., 0].astype(np.float32))
    assert f"{len(order)} stretches" in found(data, "stitched").text
    assert (np.unique(data.ds["split"].values.reshape(len(order), -1), axis=1).shape[1]) == 1


def test_parts_cut_before_their_windows_are_stretches(tmp_path: Path) -> None:
    (folder := tmp_path / "apart").mkdir()
    values = np.concatenate([series(), clock()], axis=2)
    for name, first, end in (("train", 0, 200), ("val", 200, 250), ("test", 250, 300)):
        x, y = windows(values[first:end])
        np.savez(folder / f"{name}.npz", x=x, y=y)
    data = readers.open(folder)
    np.testing.assert_array_equal(data.values, values[:, :, :1].astype(np.float32))
    assert "3 stretches" in found(data, "stitched").text
    assert "clock" not in data.ds  # the time of day goes on from part to part
    assert len(cut(data, DataOptions(lookback=L, horizon=H)).validation) == 50 - L - H + 1


def test_a_calendar_that_jumps_becomes_a_clock(tmp_path: Path) -> None:
    """As PEMS-BAY: rows of the hour that summer time leaves out are absent, and windows go over the gap."""
    day = np.concatenate([clock(900)[:150], clock(900, 3600)[150:]])
    data = readers.open(parts(tmp_path / "bay", *windows(np.concatenate([series(), day], axis=2))))
    assert data.step_seconds == 900
    jump = np.diff(data.ds["clock"].values)
    assert (jump[149], set(np.delete(jump, 149))) == (np.timedelta64(75, "m"), {np.timedelta64(15, "m")})
    assert "1 of 300" in found(data, "jumps").text


@pytest.mark.parametrize("kind", ["whole", "sevenths", "one of seven"])
def test_the_weekday_is_that_of_the_file(kind: str, tmp_path: Path) -> None:
    stamps = np.datetime64("2019-03-02T06:00") + np.arange(STEPS) * np.timedelta64(900, "s")  # a Saturday
    weekday = (stamps.astype("datetime64[D]").astype(int) + 3) % 7
    held = {"whole": weekday[:, None], "sevenths": weekday[:, None] / 7, "one of seven": np.eye(7)[weekday]}[kind]
    extra = np.broadcast_to(held[:, None], (STEPS, SENSORS, held.shape[1]))
    values = np.concatenate([series(), clock(900, 6 * 3600), extra], axis=2)
    data = readers.open(parts(tmp_path / "week", *windows(values)))
    assert data.channels == ["value"]
    assert (data.time[0].day_of_week, data.time[0].hour, data.step_seconds) == (5, 6, 900)
    answered = readers.open(tmp_path / "week", {"start": "2019-03-02 06:00"})
    assert (answered.time == stamps).all()
    wrong = readers.open(tmp_path / "week", {"start": "2019-03-03 06:00"})
    assert "which they contradict" in found(wrong, "start").text


def test_a_channel_that_is_equal_everywhere_but_no_calendar_stays(tmp_path: Path) -> None:
    """A reading that all sensors share, such as the weather, is no clock."""
    weather = np.broadcast_to(np.random.default_rng(2).random((STEPS, 1, 1)), (STEPS, SENSORS, 1))
    data = readers.open(parts(tmp_path / "w", *windows(np.concatenate([series(), weather], axis=2))))
    assert data.channels == ["channel-1", "channel-2"]


def test_targets_that_begin_within_the_inputs(tmp_path: Path) -> None:
    values = series()
    x, _ = windows(values)
    longer = np.stack([values[first + L - 3 : first + L + H] for first in range(MANY)])
    offsets = {"x_offsets": np.arange(1 - L, 1)[:, None], "y_offsets": np.arange(-2, H + 1)[:, None]}
    data = readers.open(parts(tmp_path / "label", x, longer, **offsets))
    np.testing.assert_array_equal(data.values, values.astype(np.float32))
    assert data.ds.attrs["horizon"] == H


BROKEN: dict[str, tuple[Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]], str]] = {
    "steps left out": (
        lambda x, y: {"x": x, "y": y, "x_offsets": np.arange(1 - L, 1), "y_offsets": np.arange(3, H + 3)},
        "leave out",
    ),
    "other sensors": (lambda x, y: {"x": x, "y": y[:, :, :3]}, "sensors"),
    "other windows": (lambda x, y: {"x": x, "y": y[1:]}, "windows"),
    "too few dims": (lambda x, y: {"x": x[0, :, :, 0], "y": y}, "shape"),
    "text": (lambda x, y: {"x": x.astype("U5"), "y": y}, "plain numbers"),
    "empty": (lambda x, y: {"x": x[:0], "y": y[:0]}, "shape"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_arrays_that_do_not_fit_together_are_refused(kind: str, tmp_path: Path) -> None:
    make, said = BROKEN[kind]
    x, y = windows(series())
    parts(tmp_path, x, y)
    np.savez(tmp_path / "train.npz", **make(x[:50], y[:50]))  # type: ignore[arg-type]  # names are the arrays'
    assert said in refused(tmp_path)


def test_parts_of_different_sizes_are_refused(tmp_path: Path) -> None:
    parts(tmp_path, *windows(series()))
    x, y = windows(series(), 6, 6)
    np.savez(tmp_path / "test.npz", x=x, y=y)
    assert "different shapes" in refused(tmp_path, "shape")


def test_two_parts_are_cut_by_shares(tmp_path: Path) -> None:
    parts(tmp_path, *windows(series()))
    (tmp_path / "val.npz").unlink()
    data = readers.open(tmp_path)
    assert "split" not in data.ds
    assert "none for validation" in found(data, "windows").text
