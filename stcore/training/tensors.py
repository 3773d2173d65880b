"""DataTensors: a dataset as tensors on the training device, and the batch of any windows."""

import io
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from stcore.data import STData
from stcore.data.metrics import seasonal_scale
from stcore.data.scale import Scale, fit
from stcore.data.windows import Parts, Windows, blocks, calendar, cut, slots_of_day
from stcore.models import Setting
from stcore.options import DataOptions
from stcore.readers.archives.stemdist import STANDARD
from stcore.sensors.daily_course import course, hours


class Batch(NamedTuple):
    """B samples: ``x`` [B, L, N, C] z-scores (0: missing), ``calendar`` [B, L + H, 2], ``y`` [B, H, N, C'] z-scores
    (0: missing), ``mask`` [B, H, N, C'] (1: observed), and of cells (N = 1) the position of their ``sensor`` [B, 1]."""

    x: Tensor
    calendar: Tensor
    y: Tensor
    mask: Tensor
    sensor: Tensor | None = None


MEASURED = 262_144  # cells of the validation windows that every epoch measures


class DataTensors:
    """Scaled series, targets, masks and calendar of a dataset, its windows and its scale (fitted on training steps).

    Of a distilled set, ``stands_for`` are the tensors of the data that it was distilled from: it takes their scale, and all its
    windows are for training. ``weight`` [N] says how much each sensor counts in the loss, 1 in the mean; None: all alike.
    """

    def __init__(
        self,
        data: STData,
        options: DataOptions,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        stands_for: "DataTensors | None" = None,
    ) -> None:
        if stands_for is not None:
            data = data.like(data.sensors, stands_for.data.channels)
        self.data: STData = data
        self.options, self.device = options, device
        self.parts: Parts = cut(data, options) if stands_for is None else blocks(data, options)
        self.validation = thin_windows(self.parts.validation, MEASURED // len(data.sensors))
        self.inputs = data.channel(options.inputs, data.channels)
        self.targets = data.channel(options.targets, data.channels[:1])
        train = self.parts.label == 0
        scale: Scale = fit(data.values[train]) if stands_for is None else scale_of_distilled(data, stands_for.scale)
        self.scale: Scale = scale
        self.target_scale: Scale = scale.only(self.targets)
        scaled = scale.apply(data.values)
        clock = calendar(data, np.arange(data.steps))
        observed = np.isfinite(scaled)
        filled = torch.from_numpy(np.where(observed, scaled, np.float32(0)))
        self.series = filled[..., self.inputs].to(device, dtype)
        self.truth = filled[..., self.targets].to(device, dtype)
        self.mask = torch.from_numpy(observed)[..., self.targets].to(device, dtype)
        self.calendar = torch.from_numpy(clock).to(device)
        sizes = options.lookback, options.horizon, len(data.sensors), len(self.inputs), len(self.targets)
        about = sensor_setting(data, filled[..., self.targets[0]].numpy(), observed[..., self.targets[0]], train)
        self.setting = Setting(*sizes, slots_of_day(data.step_seconds), *about)
        weight = data.ds["weight"].values if "weight" in data.ds else None
        self.weight = None if weight is None else torch.from_numpy(weight / weight.mean()).to(device, dtype)

    @cached_property
    def seasonal_scale(self) -> np.ndarray:
        """The scale of MASE [N, C'], in units."""
        return seasonal_scale(self.data.values[..., self.targets], self.parts.label == 0, self.data.step_seconds)

    @property
    def names(self) -> list[str]:
        """The target channels."""
        return [self.data.channels[place] for place in self.targets]

    @property
    def notes(self) -> list[str]:
        """What is measured in part."""
        some, all_of_them = len(self.validation), len(self.parts.validation)
        note = f"each epoch measures {some:,} of {all_of_them:,} validation windows, evenly spaced; the test is measured whole"
        return [note] if some < all_of_them else []

    def location(self) -> np.ndarray:
        """[N, L * C] float32 mean over the training windows of each sensor's input, in z-scores."""
        return self.location_of(self.series)

    def location_of(self, series: Tensor) -> np.ndarray:
        """The same of other ``series`` [T, K, C] over these steps."""
        lookback, starts = self.setting.lookback, torch.from_numpy(self.parts.train.starts)
        counts = torch.zeros(lookback, len(series), dtype=series.dtype)
        for step in range(lookback):
            counts[step, starts + step] = 1 / len(starts)
        means = counts.to(series.device) @ series.flatten(1)
        return means.view(lookback, *series.shape[1:]).transpose(0, 1).flatten(1).float().cpu().numpy()

    def seen(self, ids: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Which slots of the day [slots] and days of the week [7] bool the training windows (or some ``ids``) forecast at."""
        origins = self.parts.train.origins if ids is None else self.parts.train.origins[ids]
        moments = self.calendar[torch.from_numpy(origins).to(self.device)].cpu().numpy()
        slots, days = (
            np.bincount(moments[:, place], minlength=size) for place, size in enumerate((self.setting.slots, 7))
        )
        return slots > 0, days > 0

    def batch(self, windows: Windows, ids: np.ndarray) -> Batch:
        """The windows ``ids`` [B]."""
        steps = torch.from_numpy(windows.steps(ids)).to(self.device)
        before, after = steps[:, : windows.lookback], steps[:, windows.lookback :]
        return Batch(self.series[before], self.calendar[steps], self.truth[after], self.mask[after])

    def cells(self, windows: Windows, ids: np.ndarray) -> Batch:
        """The cells ``ids`` [B], window x N + sensor, as samples of one sensor each."""
        steps = torch.from_numpy(windows.steps(ids // self.setting.sensors)).to(self.device)
        sensor = torch.from_numpy(ids % self.setting.sensors).to(self.device)[:, None]
        before, after = steps[:, : windows.lookback], steps[:, windows.lookback :]
        x, y, mask = self.series[before, sensor], self.truth[after, sensor], self.mask[after, sensor]
        return Batch(x[:, :, None], self.calendar[steps], y[:, :, None], mask[:, :, None], sensor)

    def truths(self, windows: Windows, ids: np.ndarray) -> np.ndarray:
        """[B, H, N, C'] in units, NaN where not measured."""
        steps = windows.steps(ids)[:, windows.lookback :]
        return self.data.values[steps][..., self.targets]

    def observed(self, windows: Windows) -> Tensor:
        """How many targets of each sensor each window has [W, N]."""
        per_step = self.mask.sum(2)
        total = torch.cat([torch.zeros_like(per_step[:1]), per_step.cumsum(0)])
        first = torch.from_numpy(windows.starts + windows.lookback).to(self.device)
        return total[first + windows.horizon] - total[first]


def sensor_setting(data: STData, series: np.ndarray, observed: np.ndarray, train: np.ndarray) -> tuple[Any, ...]:
    """What a setting holds of a dataset's sensors: grid, cells, edges, places and profile.

    ``series`` [T, N] z-scores of the first target, where they were ``observed`` [T, N], and which steps are for ``train``.
    """
    grid = tuple(int(size) for size in data.ds.attrs["grid"]) if "grid" in data.ds.attrs else None
    cells = data.ds["cell"].values.astype(np.int64) if grid else None
    clock = data.local_time[train]
    return grid, cells, data.edges, data.locations, daily_profile(series[train], observed[train], clock)


def scale_of_distilled(data: STData, scale: Scale) -> Scale:
    """The scale of a distilled set: that of the data it stands for, or none where its values are z-scores already."""
    if set(data.units.values()) != {STANDARD}:
        return scale
    return Scale(np.zeros_like(scale.mean), np.ones_like(scale.spread))


def daily_profile(series: np.ndarray, observed: np.ndarray, clock: pd.DatetimeIndex) -> np.ndarray:
    """[N, 48] mean of ``series`` [T, N] by hour, of working days and then of weekends; 0 where nothing was ``observed``."""
    return course(series, observed, hours(clock)).T.astype(np.float32)


def thin_windows(windows: Windows, most: int) -> Windows:
    """Evenly spaced windows, at most ``most`` and at least one."""
    if len(windows) <= most:
        return windows
    places = np.linspace(0, len(windows) - 1, max(most, 1)).astype(int)
    return Windows(windows.starts[places], windows.lookback, windows.horizon)


def to_bytes(state: dict[str, Any]) -> bytes:
    """Serialised in memory first, so that a full disk is an error of writing and leaves the old file whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def from_bytes(content: bytes) -> dict[str, Any]:
    """The state back; only plain values and tensors are accepted."""
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
