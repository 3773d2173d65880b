"""What inference costs with all sensors and with those that stay, in turn. Used by bench/sensors.py."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from stcore.data import STData
from stcore.options import RunOptions
from stcore.training.build import build_model
from stcore.training.feed import Feed

MODELS = (("stid-neighbours", "metr-la-week"), ("graph-wavenet", "metr-la-week"), ("simvp", "era5-uk"))
OFF = 0.6
BATCHES = {"stid-neighbours": (64, 1), "graph-wavenet": (16, 1), "simvp": (8, 1)}  # windows forecast at once
ROUNDS, WARM = 60, 5
FILE = "speed.json"


def measure_speed(sets: Mapping[str, STData], folder: Path) -> None:
    """Every model whose set is there, once; the record is a file beside the runs."""
    path = folder / FILE
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for model, name in MODELS:
        for batch in BATCHES[model]:
            key = f"{model} on {name}, {batch} window{'s' if batch > 1 else ''}"
            if name in sets and key not in found:
                horizon = 6 if name == "era5-uk" else 12
                found[key] = measured(sets[name], model, horizon, batch)
                path.write_text(json.dumps(found, indent=1))


@torch.no_grad()
def measured(data: STData, name: str, horizon: int, windows: int) -> dict[str, Any]:
    """Processor seconds by round, operations and numbers read, of all sensors, the kept ones, and all from the kept ones.

    Weights and which sensors stay are drawn: the arithmetic is that of trained ones.
    """
    torch.set_num_threads(1)
    feed = Feed(data, RunOptions.read({"data": {"horizon": horizon}}).data)
    options = RunOptions.read({"data": {"horizon": horizon}, "model": {"name": name}})
    model = build_model(feed, options).eval()
    batch = feed.batch(feed.parts.test, np.arange(windows))
    sensors = len(data.sensors)
    kept = np.sort(np.random.default_rng(0).permutation(sensors)[: round((1 - OFF) * sensors)])
    some, every = torch.from_numpy(kept), torch.arange(sensors)
    read = batch.x[:, :, some]
    parts: dict[str, Callable[[], torch.Tensor]] = {
        "full": lambda: model(batch.x, batch.calendar),
        "kept": lambda: model.gathered(read, batch.calendar, some, some),
        "all": lambda: model.gathered(read, batch.calendar, some, every),
    }
    return {
        "gathers": model.gathers,
        "seconds": interleaved(parts),
        "operations": {part: operations(call) for part, call in parts.items()},
        "read": {"full": batch.x[0].numel(), "kept": read[0].numel(), "all": read[0].numel()},
    }


def interleaved(parts: Mapping[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Processor seconds of each part in every round, the parts in an order that turns."""
    names, seconds = list(parts), {name: list[float]() for name in parts}
    for number in range(WARM + ROUNDS):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            before = time.process_time()
            parts[name]()
            if number >= WARM:
                seconds[name].append(time.process_time() - before)
    return seconds


def operations(call: Callable[[], Any]) -> int:
    """Floating-point operations of dense products and convolutions, as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def ratios(seconds: Mapping[str, list[float]], part: str) -> tuple[float, float, float]:
    """How many times quicker than full a part is: the median of the rounds, and its 95 % interval by resampling them."""
    each = np.array(seconds["full"]) / np.array(seconds[part])
    drawn = np.median(np.random.default_rng(0).choice(each, (2000, len(each))), axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.median(each)), float(low), float(high)
