"""Where the time of a training step goes: our loop against its own forward and backward, scoring, factored STID.

    python bench/step.py [--rounds 5] [--sensors 170] [--width 32]

Everything is measured in one process, in turn, round after round; ratios are of the smallest CPU time of each. Synthetic
values, as only the arithmetic counts.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
import xarray as xr

from stcore.data import STData
from stcore.events import Epoch, Progress
from stcore.models.stid import STID
from stcore.options import RunOptions
from stcore.training import evaluate
from stcore.training.trainer import Trainer


def data(sensors: int) -> STData:
    """A week of noise at 5 minutes."""
    values = np.random.default_rng(0).normal(60, 10, (2016, sensors))
    coords = {
        "time": pd.date_range("2026-01-05", periods=2016, freq="5min"),
        "sensor": [f"s{n}" for n in range(sensors)],
    }
    return STData.of(xr.Dataset({"value": (("time", "sensor"), values)}, coords))


def epoch(trainer: Trainer) -> None:
    """One epoch of our loop up to its validation, which the floor does not have either."""
    for event in trainer._epoch():
        if isinstance(event, Progress) and event.batch == event.batches:
            return


def floor(trainer: Trainer, forward: Callable[..., torch.Tensor]) -> Callable[[], None]:
    """The same batches, forward and backward only: gathered beforehand, gradients of parameters that stand alone."""
    for parameter in trainer.model.parameters():
        parameter.data, parameter.grad = parameter.data.clone(), None
    order = np.random.default_rng(1).permutation(len(trainer.samples.windows))
    size = trainer.batch
    batches = [
        trainer.tensors.batch(trainer.samples.windows, order[place : place + size])
        for place in range(0, len(order), size)
    ]

    def run() -> None:
        for batch in batches:
            trainer.model.zero_grad(set_to_none=True)
            evaluate.scaled_absolute_error(forward(batch.x, batch.calendar), batch.y, batch.mask).mean().backward()

    return run


def measured(parts: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Smallest CPU seconds of each part over interleaved rounds, after one round to warm up."""
    best = dict.fromkeys(parts, float("inf"))
    for number in range(rounds + 1):
        for name, part in parts.items():
            before = time.process_time()
            part()
            if number:
                best[name] = min(best[name], time.process_time() - before)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sensors", type=int, default=170)
    parser.add_argument("--width", type=int, default=32)
    arguments = parser.parse_args()
    dataset = data(arguments.sensors)
    for batch in (64, None):
        options = RunOptions.read(
            {
                "model": {"name": "stid", "width": arguments.width},
                "prune": {"name": "st-prune", "keep": None, "prune_probability": 0},
                "train": {"epochs": 1, "batch": batch, "threads": 1},
            }
        )
        trainer, bare = Trainer(dataset, options), Trainer(dataset, options)
        model = bare.model
        if not isinstance(model, STID):
            raise TypeError("this measures STID")

        def loop(trainer: Trainer = trainer) -> None:
            trainer.state.epoch = 0
            epoch(trainer)

        found = measured(
            {"loop": loop, "floor": floor(bare, model.forward), "plain": floor(bare, model.plain)}, arguments.rounds
        )
        seconds = next(event for event in Trainer(dataset, options) if isinstance(event, Epoch)).seconds
        scoring = (seconds["score"] + seconds["select"]) / sum(seconds.values())
        print(f"batch of {trainer.batch} windows x {arguments.sensors} sensors, width {arguments.width}")
        print(f"  our loop over its forward and backward   {found['loop'] / found['floor']:.3f}")
        print(f"  plain over factored forward and backward {found['plain'] / found['floor']:.3f}")
        print(f"  scoring and selection, share of an epoch {scoring:.4f}")


if __name__ == "__main__":
    main()
