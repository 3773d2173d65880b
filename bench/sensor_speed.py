"""What inference costs with all sensors and with those that stay, in turn. Used by bench/sensors.py."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stcore import readers
from stcore.options import RunOptions
from stcore.training.speed import FORMS, Forecast, count_operations, forecasts_by_form
from stcore.training.trainer import Trainer
from stcore.training.whatif import WhatIf

OFF = 0.6
BATCHES = {"stid-neighbours": (64, 1), "graph-wavenet": (16, 1), "simvp": (8, 1)}  # windows forecast at once
ROUNDS, WARM = 30, 6
REPEATS = 7  # fresh processes, as they differ from each other by more than their rounds do
FILE = "speed.json"


def measure_speed(asked: Sequence[tuple[str, str, RunOptions]], folder: Path) -> None:
    """Inference under each source, name of a set and options, once; the record is a file beside the runs."""
    path = folder / FILE
    found: dict[str, list[Any]] = json.loads(path.read_text()) if path.exists() else {}
    for source, name, options in asked:
        model = options.model["name"]
        for windows in BATCHES[model]:
            where = f"{model} on {name}, {windows} window{'s' if windows > 1 else ''}"
            if where not in found:
                found[where] = [repeated(source, options, windows) for _ in range(REPEATS)]
                path.write_text(json.dumps(found))


def repeated(source: str, options: RunOptions, windows: int) -> dict[str, Any]:
    """``measured`` in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measured, source, options, windows).result()


@torch.no_grad()
def measured(source: str, options: RunOptions, windows: int) -> dict[str, Any]:
    """Processor seconds by round, operations and numbers read: of all sensors, the kept ones, and all from the kept ones.

    Weights are untrained and which sensors stay is drawn: the arithmetic is the same for all.
    """
    torch.set_num_threads(1)
    data = readers.open(source)
    model = WhatIf(data, options, Trainer(data, options).weights())
    setting = model.tensors.setting
    keep = np.random.default_rng(0).permutation(setting.sensors) < round((1 - OFF) * setting.sensors)
    parts, numbers = forecasts_by_form(model, keep, windows), setting.lookback * setting.inputs
    return {
        "gathers": model.model.gathers,
        "seconds": interleaved(parts),
        "operations": {form: count_operations(parts[form]) for form in FORMS},
        "read": {"full": numbers * setting.sensors, "kept": numbers * int(keep.sum())},
    }


def interleaved(parts: Mapping[str, Forecast]) -> dict[str, list[float]]:
    """Processor seconds of each form in every round, in an order that turns; what others do on the machine is not in it."""
    seconds: dict[str, list[float]] = {form: [] for form in FORMS}
    for number in range(WARM + ROUNDS):
        turn = number % len(FORMS)
        for form in FORMS[turn:] + FORMS[:turn]:
            before = time.process_time()
            parts[form]()
            if number >= WARM:
                seconds[form].append(time.process_time() - before)
    return seconds


def ratios(repeats: Sequence[Mapping[str, Any]], form: str) -> tuple[float, float, float]:
    """How many times quicker than full a form is: the middle of the processes' medians over rounds, the least, the greatest."""
    each = [np.median(np.divide(one["seconds"]["full"], one["seconds"][form])) for one in repeats]
    return float(np.median(each)), float(min(each)), float(max(each))
