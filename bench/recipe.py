"""The short search behind the default batch and learning rate (stcore/training/recipe.py).

    STCORE_REAL_DATA=... python bench/recipe.py [--seeds 2]

STID at its default width, full training, on the demo city and three public sets; the batch is counted in (window,
sensor) cells, so that sets of different width can share a rule. Choose by validation; test and CPU seconds stand beside.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

from stcore import readers
from stcore.data import STData
from stcore.options import RunOptions
from stcore.training.trainer import Trainer

CELLS = (512, 768, 1536, 3072)
RATES = (2e-3, 5e-3, 8e-3, 1.2e-2)
EPOCHS = {"demo": 6, "metr-la-week": 15, "charged-mel/pems_layout": 6, "muenster-bikes": 1}


def trained(data: STData, cells: int, rate: float, epochs: int, seed: int) -> tuple[float, float, float]:
    """Validation MAE, test MAE and CPU seconds of one run."""
    batch = max(1, round(cells / len(data.sensors)))
    train = {"epochs": epochs, "batch": batch, "lr": rate, "threads": 1, "forecasts": 0}
    options = RunOptions.read({"seed": seed, "train": train, "prune": {"name": "full"}})
    before = time.process_time()
    metrics = list(Trainer(data, options))[-1].metrics
    return metrics["validation"]["mae"], metrics["test"]["mae"], time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    print("| data | cells | rate | validation MAE | test MAE | CPU s |\n|---|---|---|---|---|---|")
    for name, epochs in EPOCHS.items():
        data = readers.open(name if name == "demo" else Path(os.environ["STCORE_REAL_DATA"]) / name)
        for cells in CELLS:
            for rate in RATES:
                rows = [trained(data, cells, rate, epochs, seed) for seed in range(arguments.seeds)]
                validation, test, seconds = (statistics.median(column) for column in zip(*rows, strict=True))
                print(f"| {name} | {cells} | {rate:g} | {validation:.3f} | {test:.3f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
