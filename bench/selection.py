"""What choosing costs: one selection among a million samples, and scoring and selecting as a share of training.

    python bench/selection.py [--samples windows|cells] [--days 28] [--epochs 4]

The first table is the quickest of three selections by each strategy, after it has seen every sample once. The second is a
short run of each on a simulated city with STID, in turn: CPU seconds of scoring and selecting over those of training;
passes before training and refreshes stand apart, as they are what a method spends on top of the visits.
"""

import argparse
import time
from typing import Any

import numpy as np

from stcore import registry
from stcore.data import STData
from stcore.events import Finished
from stcore.options import RunOptions
from stcore.prune.strategy import PruningStrategy, Samples
from stcore.readers import open as open_data
from stcore.training.features import SKETCH
from stcore.training.scores import WIDTHS
from stcore.training.trainer import Trainer

SLOW = ("k-center", "herding", "craig")  # chosen once before training, by comparing samples with each other


def made(name: str, count: int) -> PruningStrategy:
    """A strategy that has seen every one of ``count`` samples once."""
    rng = np.random.default_rng(0)
    features = {
        "hour": np.arange(count) // 12 % 168,
        "stationarity": rng.permutation(count) / count,
        "naive": rng.lognormal(size=count).astype(np.float32),
        "window": np.arange(count) // 50,
        "sensor": np.arange(count) % 50,
        "series": np.empty((0, SKETCH), np.float32),
    }
    card = registry.card("strategies", name)
    strategy: PruningStrategy = card.load()(
        card.options.read({"keep": 0.5}), Samples(count, 20, 0, features.__getitem__)
    )
    level = rng.lognormal(size=count).astype(np.float32)
    columns = dict.fromkeys(WIDTHS, level) | {"batch": np.arange(count, dtype=np.float32) // 1024}
    if strategy.pilot:
        for repeat in range(strategy.pilot.repeats):
            for epoch in range(strategy.pilot.epochs):
                strategy.learn(repeat, epoch, columns)
    strategy.observe(0, np.arange(count), columns)
    return strategy


def selecting(count: int) -> dict[str, float]:
    """Seconds of one selection by each strategy, the quickest of three later epochs."""
    found = {}
    for name in registry.cards("strategies"):
        if name in SLOW:
            continue
        strategy, took = made(name, count), []
        for epoch in (1, 2, 3):
            began = time.perf_counter()
            strategy.select(epoch)
            took.append(time.perf_counter() - began)
        found[name] = min(took)
    return found


def training(data: STData, name: str, samples: str, epochs: int) -> Finished:
    """A short run of one strategy."""
    keep: dict[str, Any] = {} if name == "full" else {"keep": 0.5}
    options = {
        "data": {"samples": samples},
        "train": {"epochs": epochs, "threads": 1, "forecasts": 0},
        "prune": {"name": name, **keep},
    }
    finished = list(Trainer(data, RunOptions.read(options)))[-1]
    assert isinstance(finished, Finished)
    return finished


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", choices=("windows", "cells"), default="windows")
    parser.add_argument("--data", default="demo")
    parser.add_argument("--epochs", type=int, default=4)
    given = parser.parse_args()
    print("| method | one selection among 1,000,000 |\n|---|---|")
    for name, seconds in selecting(1_000_000).items():
        print(f"| {name} | {1000 * seconds:.0f} ms |")
    data = open_data(given.data)
    print(f"\n{given.data}, samples are {given.samples}, STID, {given.epochs} epochs, 50 %\n")
    print(
        "| method | training CPU s | scoring | selecting | refresh visits | visits before training |\n|---|---|---|---|---|---|"
    )
    for name in registry.cards("strategies"):
        if given.samples == "cells" and "tail" not in registry.card("strategies", name).options.model_fields:
            continue
        found = training(data, name, given.samples, given.epochs)
        score, select = (found.cpu[kind] / found.cpu["train"] for kind in ("score", "select"))
        extra = f"{found.visits['refresh']:,} | {found.visits['pilot']:,}"
        print(f"| {name} | {found.cpu['train']:.1f} | {score:.2%} | {select:.2%} | {extra} |", flush=True)


if __name__ == "__main__":
    main()
