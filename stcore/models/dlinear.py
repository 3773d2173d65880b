"""DLinear (Zeng et al. 2023, arXiv 2205.13504): trend by moving average and the rest, each with one linear map."""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from typing_extensions import override

from stcore.models import Setting
from stcore.models.cards import DLinearOptions
from stcore.models.forecaster import Forecaster, flat_series, unflat


class DLinear(Forecaster):
    """All sensors share the two maps, which read all input channels of a sensor at once."""

    unseen_sensors = True

    def __init__(self, setting: Setting, options: DLinearOptions) -> None:
        super().__init__()
        self.settle(setting)
        self.kernel = options.kernel
        inside, outside = setting.lookback * setting.inputs, setting.horizon * setting.targets
        self.trend = nn.Linear(inside, outside)
        self.rest = nn.Linear(inside, outside)

    @override
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """Calendar and sensor are not read."""
        trend = moving_average(x, self.kernel)
        parts = flat_series(trend), flat_series(x - trend)
        if self.remember:
            self.last = torch.cat(parts, dim=1).detach().view(len(x), x.shape[2], -1)
        return unflat(self.trend(parts[0]) + self.rest(parts[1]), len(x), self.setting.horizon)


def moving_average(x: Tensor, kernel: int) -> Tensor:
    """Centred mean over ``kernel`` steps of [B, L, N, C]; the ends are repeated, as in the paper's code."""
    before = (kernel - 1) // 2
    padded = torch.cat(
        [x[:, :1].expand(-1, before, -1, -1), x, x[:, -1:].expand(-1, kernel - 1 - before, -1, -1)], dim=1
    )
    return functional.avg_pool2d(padded.flatten(2).unsqueeze(1), (kernel, 1), stride=1).squeeze(1).view_as(x)
