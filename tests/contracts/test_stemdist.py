"""STemDist's sets, read without torch: as its own code saves them, and as ours writes them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from data_samples.arrays import write_stemdist
from data_samples.values import HORIZON, LOOKBACK, SENSORS, distilled, raw, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers.archives.stemdist import set_fingerprint

M, F = 5, 3


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(M, LOOKBACK, SENSORS, F, generator=generator)
    return {"x": x, "y": torch.randn(M, HORIZON, SENSORS, generator=generator)}


def saved(folder: Path, held: Any, name: str = "set.pt") -> Path:
    torch.save(held, folder / name)
    return folder / name


def test_blocks_windows_and_weights(tmp_path: Path) -> None:
    data = readers.open(write_stemdist(tmp_path))
    assert data.ds["start"].values.tolist() == list(range(0, 96, LOOKBACK + HORIZON))
    assert data.ds["weight"].values.tolist() == [1, 2, 3, 4, 5, 6]
    assert (data.ds.attrs["lookback"], data.ds.attrs["horizon"]) == (LOOKBACK, HORIZON)
    assert set(data.units.values()) == {"standard deviations"}


def test_a_coreset_of_several_features(tmp_path: Path) -> None:
    held = tensors()
    data = readers.open(saved(tmp_path, held))
    blocks = data.values.reshape(M, LOOKBACK + HORIZON, SENSORS, F)
    np.testing.assert_array_equal(blocks[:, :LOOKBACK], held["x"].numpy())
    np.testing.assert_array_equal(blocks[:, LOOKBACK:, :, 0], held["y"].numpy())
    assert np.isnan(blocks[:, LOOKBACK:, :, 1:]).all()
    assert "weight" not in data.ds


KINDS = [torch.float64, torch.float16, torch.bfloat16, torch.int32]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_any_kind_and_tensors_that_share_them(kind: torch.dtype, tmp_path: Path) -> None:
    whole = torch.arange(2 * SENSORS * 60).reshape(SENSORS, 60, 2).to(kind)
    x = torch.nn.Parameter(whole.float().permute(1, 0, 2).reshape(6, 10, SENSORS, 2)[:, :7]).detach()
    held = {"x": x.to(kind), "y": x[..., 0].to(kind)[:, ::2], "node": torch.arange(40, 40 + SENSORS)}
    data = readers.open(saved(tmp_path, held))
    assert data.sensors == [str(40 + place) for place in range(SENSORS)]
    np.testing.assert_array_equal(data.values[:7], held["x"][0].float().numpy())
    np.testing.assert_array_equal(data.values[7:11, :, 0], held["y"][0].float().numpy())


def test_parameters_and_numpy_weights(tmp_path: Path) -> None:
    held = tensors()
    both = {"x": torch.nn.Parameter(held["x"]), "y": held["y"], "w": np.arange(1, SENSORS + 1)}
    data = readers.open(saved(tmp_path, both))
    np.testing.assert_array_equal(data.values[:LOOKBACK], held["x"][0].numpy())
    assert data.ds["weight"].values.tolist() == [1, 2, 3, 4, 5, 6]


def test_reading_needs_no_torch(tmp_path: Path) -> None:
    path = write_stemdist(tmp_path)
    code = "import sys, stcore.readers as r; r.open(sys.argv[1]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0


def test_torch_loads_the_written_file_safely(tmp_path: Path) -> None:
    lost = readers.save(STData.of(distilled()), tmp_path / "set.pt", "stemdist")
    held = torch.load(tmp_path / "set.pt", weights_only=True)
    assert all(isinstance(part, torch.Tensor) for part in held.values())
    assert held["x"].shape == (8, LOOKBACK, SENSORS, 1)
    assert held["y"].shape == (8, HORIZON, SENSORS)
    assert held["w"].shape == (1, 1, SENSORS)
    windows = values().reshape(8, LOOKBACK + HORIZON, SENSORS)
    np.testing.assert_allclose(held["y"] * held["std"] + held["mean"], windows[:, LOOKBACK:], rtol=2e-6)
    assert abs(float(torch.nanmean(held["x"]))) < 0.5
    assert any("1 readings" in sentence for sentence in lost)


def test_the_set_that_a_file_was_written_from_is_recognised(tmp_path: Path) -> None:
    data = STData.of(distilled())
    readers.save(data, tmp_path / "set.pt", "stemdist")
    carried = readers.open(tmp_path / "set.pt")
    assert carried.fingerprint != set_fingerprint(carried) == set_fingerprint(data) == data.fingerprint
    readers.save(carried, tmp_path / "again.pt", "stemdist")
    assert set_fingerprint(readers.open(tmp_path / "again.pt")) == data.fingerprint
    readers.save(carried, tmp_path / "again.nc")
    assert set_fingerprint(readers.open(tmp_path / "again.nc")) == data.fingerprint
    for told in (torch.zeros(31), torch.full((32,), 0.5), "x"):
        assert "set" not in readers.open(saved(tmp_path, tensors() | {"set": told}, "made.pt")).ds.attrs


def test_channels_keep_their_names(tmp_path: Path) -> None:
    small = distilled()
    both, dims = np.repeat(small["value"].values, 2, axis=2), small["value"].dims
    coords = {"channel": ["flow", "Größe"]}
    data = STData.of(small.drop_dims("channel").assign(value=(dims, both)).assign_coords(coords))
    readers.save(data, tmp_path / "set.pt", "stemdist")
    assert readers.open(tmp_path / "set.pt").channels == ["flow", "Größe"]


@pytest.mark.parametrize("told", ["a\nb", "a\nb\nc\nd", "a\na\nc", "a\n\nc", "a\nb\n\x1b[2J", "a\nb\n \t"])
def test_unusable_names_are_not_used(told: str, tmp_path: Path) -> None:
    held = tensors() | {"channels": torch.tensor(list(told.encode()))}
    assert readers.open(saved(tmp_path, held, "made.pt")).channels == ["value", "channel-2", "channel-3"]


def test_standardised_sets_are_written_as_they_are(tmp_path: Path) -> None:
    data = readers.open(write_stemdist(tmp_path))
    readers.save(data, tmp_path / "again.pt", "stemdist")
    again = torch.load(tmp_path / "again.pt", weights_only=True)
    torch.testing.assert_close(
        again["x"], torch.load(tmp_path / "gba.pt", weights_only=True)["x"], equal_nan=True, rtol=0, atol=0
    )


def test_the_forecast_channel_is_written_first_and_empty_channels_are_left_out(tmp_path: Path) -> None:
    small = distilled()
    both = np.concatenate([np.full_like(small["value"].values, np.nan), small["value"].values], axis=2)
    dims, coords = small["value"].dims, {"channel": ["nothing", "speed"]}
    data = STData.of(small.drop_dims("channel").assign(value=(dims, both)).assign_coords(coords))
    lost = readers.save(data, tmp_path / "set.pt", "stemdist")
    held = torch.load(tmp_path / "set.pt", weights_only=True)
    assert held["x"].shape[3] == held["mean"].numel() == 1 and torch.isfinite(held["mean"]).all()
    assert torch.isfinite(held["y"]).all()
    assert any("speed was put there" in sentence for sentence in lost)
    assert any("1 of 2 channels hold no reading" in sentence for sentence in lost)


@pytest.mark.parametrize("missing", ["weight", "start"])
def test_only_distilled_sets_can_be_written(missing: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="distilled"):
        readers.save(STData.of(distilled().drop_vars(missing)), tmp_path / "set.pt", "stemdist")
    with pytest.raises(DataError, match="one length"):
        ds = raw().assign(weight=("sensor", np.ones(SENSORS)), start=("window", np.arange(3)))
        readers.save(STData.of(ds), tmp_path / "set.pt", "stemdist")
    assert not list(tmp_path.iterdir())


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "y of other windows": ({"y": torch.ones(M + 1, HORIZON, SENSORS)}, "do not fit together"),
    "x of two dims": ({"x": torch.ones(3, 3)}, "windows x steps"),
    "y as text": ({"y": "no"}, "a str"),
    "weights for others": ({"w": torch.ones(1, 1, 4)}, "each of the 6"),
    "weights of nothing": ({"w": torch.zeros(1, 1, 6)}, "not above zero"),
    "a scale that is none": ({"mean": torch.zeros(F), "std": torch.zeros(F)}, "no scale"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_arrays_that_do_not_fit_are_refused(kind: str, tmp_path: Path) -> None:
    change, said = BROKEN[kind]
    assert said in refused(saved(tmp_path, tensors() | change))
