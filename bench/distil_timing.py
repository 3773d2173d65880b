"""What training costs on all data and on a small set, and what a warm start saves, in turn. Used by bench/distil.py."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from stcore import readers
from stcore.data import STData
from stcore.events import Epoch
from stcore.options import RunOptions, merge
from stcore.processes import jobs
from stcore.runs import Run
from stcore.training.trainer import Trainer

FILE = "timing.json"
MODEL, REPEATS = "stid", 3
WARM = 15  # epochs on the small set before the real ones
SHORT = 8  # epochs on a small set, about half of those that bench/distil.py gives it
FIELD = 64  # windows in a step, as most of the field trains


class Way(NamedTuple):
    """A way to train: what is set besides, and whether on the small set."""

    set: dict[str, Any]
    small: bool


WAYS = {
    "all": Way({}, False),
    "small": Way({}, True),
    "small, 8 epochs": Way({"epochs": SHORT}, True),
    "all, 64 windows a step": Way({"batch": FIELD}, False),
    "small, 64 windows a step": Way({"batch": FIELD}, True),
}


def measure(sources: Mapping[str, str], grid: Sequence[Any], folder: Path) -> None:
    """Goals B and C on each set whose STemDist cells of the first seed are finished, once; the record lies beside the runs."""
    path = folder / FILE
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for name, source in sources.items():
        cell = next((one for one in grid if one.set == name and one.method == "stemdist" and one.ratio == 0.01), None)
        if cell is None or name in found or not (folder / cell.id).exists() or not jobs.finished(Run(folder / cell.id)):
            continue
        data, made = readers.open(source), Run(folder / cell.id)
        found[name] = measured(data, jobs.distilled(made), cell, sum((made.result or {})["cpu"].values()))
        path.write_text(json.dumps(found))


def measured(data: STData, small: STData, cell: Any, distilling: float) -> dict[str, Any]:
    """Of each way seconds of whole trainings, in turn, best validation error and memory; and what a warm start saves."""
    asked = {
        name: merge(cell.train(MODEL, "the set" if way.small else None), {"train": way.set})
        for name, way in WAYS.items()
    }
    given = {name: small if way.small else None for name, way in WAYS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    error: dict[str, float] = {}
    for _ in range(REPEATS):
        for name in WAYS:
            curve = trained(data, asked[name], given[name])
            seconds[name].append(curve[-1][0])
            error[name] = min(mae for _, mae in curve)
    room = {name: memory(data, asked[name], given[name]) for name in WAYS}
    return {
        "seconds": seconds,
        "validation": error,
        "memory": room,
        "warm": warm_started(data, small, cell, distilling),
    }


def trained(data: STData, options: dict[str, Any], small: STData | None) -> list[tuple[float, float]]:
    """Seconds of training so far and validation error, after every epoch; validating is not counted."""
    trainer, curve = Trainer(data, RunOptions.read(options), distilled=small), []
    for event in trainer:
        if isinstance(event, Epoch):
            spent = trainer.stopwatch.seconds
            curve.append((spent["train"] + spent["score"] + spent["select"], event.validation["mae"]))
    return curve


def memory(data: STData, options: dict[str, Any], small: STData | None) -> float:
    """Bytes of the readings that training is given and of what one step keeps for its slopes."""
    trainer = Trainer(data, RunOptions.read(options), distilled=small)
    tensors, kept = trainer.samples.tensors, 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        batch = trainer.samples.batch(np.arange(trainer.batch))
        trainer.learner(batch.x, batch.calendar).abs().sum().backward()
    readings = sum(part.numel() * part.element_size() for part in (tensors.series, tensors.truth, tensors.mask))
    if small is None:  # of all data, those of the training steps alone
        readings = readings * float((tensors.parts.label == 0).mean())
    return float(readings + kept)


def warm_started(data: STData, small: STData, cell: Any, distilling: float) -> dict[str, Any]:
    """When training after a warm start comes within 1 % of full training's best validation error, as a share of its seconds."""
    full = trained(data, cell.train(MODEL, None), None)
    aim, whole = 1.01 * min(error for _, error in full), full[-1][0]
    epochs = len(full)
    alone = cell.train(MODEL, None)
    best = earliest(data, merge(alone, {"distilled": {"source": "the set", "warm": WARM}}), aim, epochs, small)
    shorter = earliest(data, alone, aim, epochs, None)  # the control
    by_itself = next(seconds for seconds, error in full if error <= aim)
    saved = None if best is None else whole - best
    paid = None if not saved or saved <= 0 else float(np.ceil(distilling / saved))
    return {
        "share": None if best is None else best / whole,
        "full_reaches_it": by_itself / whole,
        "fewer_epochs_alone": shorter and shorter / whole,
        "paid": paid,
        "distilling": distilling,
        "when": time.strftime("%Y-%m-%d"),
    }


def earliest(data: STData, options: dict[str, Any], aim: float, epochs: int, small: STData | None) -> float | None:
    """Seconds until a validation error of ``aim`` by the faster of schedules of 30 and 50 % of the epochs, or None."""
    found = []
    for share in (0.3, 0.5):
        curve = trained(data, merge(options, {"train": {"epochs": max(1, round(share * epochs))}}), small)
        found += [seconds for seconds, error in curve if error <= aim][:1]
    return min(found, default=None)
