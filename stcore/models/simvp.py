"""SimVP (Gao et al. 2022, arXiv 2206.05099), compact: the steps of a grid stacked as channels, and convolutions.

An encoder halves the grid, residual blocks with large kernels mix it (as in its second version, Tan et al. 2022, arXiv
2211.12509, without the attention), and a decoder brings it back to size, with a skip from the encoder's first layer. Ours: the
decoder's output for a grid cell joins the cell's own series and STID's embeddings of cell, slot of the day and day of the
week. All go through residual layers, whose forecast is added to the last observed value. A channel says which cells exist and
are on.
"""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from typing_extensions import override

from stcore.models import Setting
from stcore.models.cards import SimVPOptions
from stcore.models.forecaster import Forecaster, table, unflat
from stcore.models.stid import Residual


class SimVP(Forecaster):
    """Convolves [B, D, rows, columns]; grid cells without a sensor are zeros, and off."""

    mixes_sensors = True

    def __init__(self, setting: Setting, options: SimVPOptions) -> None:
        super().__init__()
        if setting.grid is None or setting.cells is None:
            raise ValueError("SimVP needs sensors that are cells of a grid")
        self.setting, self.grid, width = setting, setting.grid, options.width
        self.register_buffer("cells", torch.from_numpy(setting.cells), persistent=False)
        inside, row = setting.lookback * setting.inputs, 3 * width
        self.stem = nn.Conv2d(inside + 1, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(2 * width) for _ in range(options.blocks))
        self.up = nn.Conv2d(2 * width, width, 1)
        self.join = nn.Conv2d(2 * width, width, 3, padding=1)
        self.cell = nn.Linear(width + inside, row)
        self.sensor, self.slot = table(setting.sensors, row), table(setting.slots, row)
        self.day = nn.Parameter(torch.zeros(7, row))  # a day that training has not seen adds nothing
        self.layers = nn.Sequential(*(Residual(row, 0.0) for _ in range(options.layers)))
        self.head = nn.Linear(row, setting.horizon * setting.targets)
        self.latest = nn.Linear(setting.inputs, setting.targets, bias=False)
        nn.init.eye_(self.latest.weight)  # begins as persistence where the targets are the first channels

    @override
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """``x`` always holds all sensors, so ``sensor`` is not read."""
        batch, _, sensors, _ = x.shape
        series = x.transpose(1, 2).flatten(2)  # [B, N, L C]
        on = x.new_ones(sensors) if gate is None else gate
        around = self.around(torch.cat([series, on[:, None].expand(batch, -1, 1)], dim=2))
        now = calendar[:, self.setting.lookback - 1]
        when = functional.embedding(now[:, 0], self.slot) + functional.embedding(now[:, 1], self.day)
        rows = self.layers(self.cell(torch.cat([around, series], dim=2)) + self.sensor + when[:, None])
        if self.remember:
            self.last = rows.detach()
        return unflat(self.head(rows).flatten(0, 1), batch, self.setting.horizon) + self.latest(x[:, -1:])

    def around(self, rows: Tensor) -> Tensor:
        """The convolutions' output for each grid cell [B, N, D] from the inputs of all [B, N, L C + 1]."""
        high, wide = self.grid
        cells = self.get_buffer("cells")
        image = rows.new_zeros(len(rows), rows.shape[2], high * wide).index_copy(2, cells, rows.transpose(1, 2))
        first = functional.gelu(self.stem(image.unflatten(2, (high, wide))))
        state = functional.gelu(self.down(first))
        for block in self.blocks:
            state = block(state)
        back = functional.interpolate(self.up(state), size=(high, wide))
        joined = functional.gelu(self.join(torch.cat([first, back], dim=1)))
        return joined.flatten(2)[:, :, cells].transpose(1, 2)


class Block(nn.Module):
    """x + outer(gelu(inner(depthwise 7 x 7))); unnormalised, so that a cell sees nothing beyond the kernels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.inner, self.outer = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(2 * width, width, 1)

    def forward(self, state: Tensor) -> Tensor:
        """[B, D, rows, columns] to the same shape."""
        result: Tensor = state + self.outer(functional.gelu(self.inner(self.depthwise(state))))
        return result
