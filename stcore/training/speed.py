"""How much faster forecasts from fewer sensors are: latency, arithmetic and inputs read, in one interleaved measurement."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from stcore.training.evaluate import windows_at_once
from stcore.training.whatif import WhatIf

ROUNDS, SHORT = 21, 3  # all forms take turns in a round, so that a slow moment of the machine slows all
MOST = 256  # windows at once
FORMS = ("full", "kept", "all")
Forecast = Callable[[], Tensor]


@torch.no_grad()
def measure_speed(whatif: WhatIf, keep: np.ndarray, rounds: int = ROUNDS) -> dict[str, Any]:
    """The plain model on all sensors (``full``) against forecasts of the ``kept`` sensors alone and of ``all``, both from
    the kept ones alone, ``keep`` [N] bool.

    ``seconds`` and ``flops`` (of a window, counted by torch, which knows products of dense matrices) by form; ``faster``
    {form: median, low, high} how many times as fast as full, the middle 80 % of the rounds; ``inputs`` read for one forecast
    by form; ``one`` the same ratios for a single window at a time; ``gathers`` whether the model computes less.
    """
    setting, count = whatif.tensors.setting, int(keep.sum())
    size = min(windows_at_once(setting), MOST, len(whatif.tensors.parts.test))
    many, single = forecasts_by_form(whatif, keep, size), forecasts_by_form(whatif, keep, 1)
    seconds, faster = measure_seconds(many, rounds)
    read = setting.lookback * setting.inputs
    return {
        "gathers": whatif.model.gathers,
        "kept": count,
        "sensors": setting.sensors,
        "windows": size,
        "seconds": {form: value / size for form, value in seconds.items()},
        "faster": faster,
        "one": measure_seconds(single, rounds)[1],
        "flops": {form: count_operations(forecast) for form, forecast in single.items()},
        "inputs": {"full": read * setting.sensors, "kept": read * count, "all": read * count},
    }


def forecasts_by_form(whatif: WhatIf, keep: np.ndarray, size: int) -> dict[str, Forecast]:
    """The three forecasts of the same ``size`` windows."""
    windows, model = whatif.windows("test", whole=True), whatif.model
    batch = whatif.tensors.batch(windows, np.arange(size))
    active, everyone = torch.from_numpy(np.flatnonzero(keep)), torch.arange(len(keep))
    less = batch.x[:, :, active].contiguous()
    return {
        "full": lambda: model(batch.x, batch.calendar),
        "kept": lambda: model.forecast_from(less, batch.calendar, active, active),
        "all": lambda: model.forecast_from(less, batch.calendar, active, everyone),
    }


def measure_seconds(found: dict[str, Forecast], rounds: int) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Median seconds of each form, and how many times as fast as ``full`` each of the others was, round by round."""
    taken: dict[str, list[float]] = {form: [] for form in FORMS}
    for number in range(SHORT + rounds):
        for form in FORMS if number % 2 else FORMS[::-1]:
            began = perf_counter()
            found[form]()
            if number >= SHORT:
                taken[form].append(perf_counter() - began)
    ratios = {form: np.divide(taken["full"], taken[form]) for form in FORMS[1:]}
    spread = {
        form: {
            "median": float(np.median(ratio)),
            "low": float(np.quantile(ratio, 0.1)),
            "high": float(np.quantile(ratio, 0.9)),
        }
        for form, ratio in ratios.items()
    }
    return {form: float(np.median(seconds)) for form, seconds in taken.items()}, spread


def count_operations(forecast: Forecast) -> int:
    """Floating-point operations of a forecast."""
    counter = FlopCounterMode(display=False)
    with counter:
        forecast()
    return int(counter.get_total_flops())
