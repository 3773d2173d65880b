"""Forecasts by the weights of a finished run, on its own data or on newer data of the same sensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from stcore import registry
from stcore.data import STData
from stcore.data.scale import Scale
from stcore.data.windows import calendar
from stcore.findings import refuse
from stcore.models import Setting
from stcore.models.forecaster import Forecaster, Gated, under_gate
from stcore.options import RunOptions
from stcore.training.evaluate import windows_at_once
from stcore.training.tensors import DataTensors, from_bytes, to_bytes

Forecast = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def pack(
    tensors: DataTensors, setting: Setting, best: dict[str, Any], last: dict[str, Any], gate: torch.Tensor | None
) -> bytes:
    """All that forecasting needs besides data and options: weights, the model's setting, its gate, the scale, the sensors."""
    scale = {"mean": torch.from_numpy(tensors.scale.mean), "spread": torch.from_numpy(tensors.scale.spread)}
    about = {
        "setting": setting_to_plain(setting),
        "gate": None if gate is None else gate.float(),  # forecasts are made in float32, whatever training was
        "scale": scale,
        "sensors": tensors.data.sensors,
        "channels": tensors.data.channels,
    }
    return to_bytes({"best": best, "last": last, **about})


def setting_to_plain(setting: Setting) -> dict[str, Any]:
    """A setting as numbers and tensors."""
    return change_leaves(
        setting._asdict(), lambda part: torch.from_numpy(part) if isinstance(part, np.ndarray) else part
    )


def setting_from_plain(stored: dict[str, Any]) -> Setting:
    """The setting back."""
    return Setting(**change_leaves(stored, lambda part: part.numpy() if isinstance(part, torch.Tensor) else part))


def change_leaves(values: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The same values, and those in tuples among them, changed."""
    return {
        name: tuple(map(change, value)) if isinstance(value, tuple) else change(value) for name, value in values.items()
    }


def restore_model(options: RunOptions, kept: dict[str, Any]) -> Forecaster | Gated:
    """The model with its best weights, under the mask that they were best with, ready to forecast."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    model: Forecaster = card.load()(setting_from_plain(kept["setting"]), card.options.read(choice))
    model.load_state_dict(kept["best"])
    model.eval()
    return under_gate(model, kept.get("gate"))


def predict(data: STData, options: RunOptions, packed: bytes, starts: np.ndarray) -> np.ndarray:
    """Forecasts [K, H, N, C'] float32 in units of the windows whose inputs begin at ``starts`` [K].

    The targets may lie behind the data's last step. DataError where ``data`` has other sensors or channels.
    """
    kept = from_bytes(packed)
    if data.sensors != kept["sensors"] or data.channels != kept["channels"]:
        raise refuse(
            "other-sensors",
            f"The run knows {len(kept['sensors'])} sensors and the channels {', '.join(kept['channels'])}; "
            f"the data have {len(data.sensors)} and {', '.join(data.channels)}, or others.",
        )
    setting = setting_from_plain(kept["setting"])
    if len(starts) and not (np.min(starts) >= 0 and np.max(starts) <= data.steps - setting.lookback):
        raise refuse("windows", f"The data have {data.steps} steps; some of the windows asked for lie outside.")
    scale = Scale(kept["scale"]["mean"].numpy(), kept["scale"]["spread"].numpy())
    under, active = gathering(restore_model(options, kept))
    inputs = data.channel(options.data.inputs, data.channels)
    targets = scale.only(data.channel(options.data.targets, data.channels[:1]))
    found = [np.empty((0, setting.horizon, setting.sensors, setting.targets), np.float32)]
    size = windows_at_once(setting)
    for first in range(0, len(starts), size):
        part = np.asarray(starts)[first : first + size]
        steps = part[:, None] + np.arange(setting.lookback + setting.horizon)
        x = np.nan_to_num(scale.apply(data.values[steps[:, : setting.lookback]])[..., inputs], nan=0.0)[:, :, active]
        clock = calendar(data, steps.ravel()).reshape(*steps.shape, 2)
        with torch.no_grad():
            scaled = under(torch.from_numpy(x), torch.from_numpy(clock)).numpy()
        found.append(targets.undo(scaled).astype(np.float32))
    return np.concatenate(found)


def gathering(model: Forecaster | Gated) -> tuple[Forecast, np.ndarray | slice]:
    """How a model forecasts all sensors, and which of them it reads.

    Where a gate has every sensor either on or off and the model can gather, it is given those that are on alone; else all of
    them, multiplied by the gate.
    """
    if not isinstance(model, Gated) or not model.model.gathers or bool(((model.gate != 0) & (model.gate != 1)).any()):
        return model, slice(None)
    inner, active, everyone = model.model, model.gate.nonzero().flatten(), torch.arange(len(model.gate))
    return lambda x, clock: inner.forecast_from(x, clock, active, everyone), active.numpy()
