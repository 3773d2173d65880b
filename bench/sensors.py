"""Masks over sensors against each other on four datasets, and the goals that DynST and the any-mask model are held to.

    STCORE_REAL_DATA=... python bench/sensors.py [--full] [--sets demo,metr-la-week] [--masks none,dynst] [--seeds 2]

A cell of the grid is an ordinary run: one set, model, mask, share of the sensors that is off, and seed, all with equally
many epochs. Two train side by side, one thread each; nobody compares their seconds. Inference is timed afterwards, alone.
A finished cell is passed over when it is called again, a begun one goes on from its checkpoint. results/sensors.csv has a
line for every finished cell, as soon as it is; results/sensors.md the tables and goals (bench/sensor_goals.py). ``--full``
is the whole grid: five seeds, every mask on every set, Graph WaveNet, and STID beside it.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from sensor_goals import SIMPLE
from sensor_live import answer
from sensor_speed import measure_speed
from sensors_report import write_report, write_rows

from stcore import registry
from stcore.options import OptionError, RunOptions
from stcore.processes import jobs
from stcore.runs import Run, create

ASKING = ("best", "dynst")  # these train a model beforehand that compares masks
LIGHT, GRAPH, GRID = "stid-neighbours", "graph-wavenet", "simvp"
FIRST_SEED = 10  # those below were used while our masks were made
BESIDE = 8  # epochs of the models beside a set's own, of which Graph WaveNet takes over a minute each
PLANTED = 20 / 120  # of the demo city's sensors are copies that nobody misses
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Dataset:
    """Where data are, which model forecasts them for how many epochs, which shares are off, and the masks by default."""

    source: str
    model: str
    epochs: int
    shares: tuple[float, ...] = (0.3, 0.6)
    masks: tuple[str, ...] = (*SIMPLE, *ASKING)
    horizon: int = 12
    region: int = 4  # cells along each side of what a mask decides over; only grids have such


SETS = {
    "metr-la-week": Dataset("metr-la-week", LIGHT, 15),
    "demo": Dataset("demo", LIGHT, 6, (PLANTED, 0.6)),
    "charged-mel": Dataset("charged-mel/pems_layout", LIGHT, 10),
    "era5-uk": Dataset(
        "era5-uk-t2m-2019-03", GRID, 15, masks=("random", "coverage", "farthest-first", *ASKING), horizon=6, region=2
    ),
}


class Cell(NamedTuple):
    """One run of the grid."""

    set: str
    model: str
    mask: str
    share: float | None  # of the sensors (on a grid: regions) that is off; None where no mask has one
    seed: int

    @property
    def id(self) -> str:
        """The run's folder."""
        share = "all" if self.share is None else f"{100 * self.share:.0f}"
        return f"{self.set}.{self.model}.{self.mask}.{share}.{self.seed}"

    @property
    def options(self) -> dict[str, Any]:
        """What the run is asked."""
        chosen = SETS[self.set]
        share = {} if self.share is None else {"sparsity": self.share}
        region = {} if self.mask == "none" else {"region": chosen.region}
        return {
            "seed": self.seed,
            "data": {"horizon": chosen.horizon},
            "model": {"name": self.model},
            "prune": {"name": "full"},
            "mask": {"name": self.mask, **share, **region},
            "train": {"epochs": chosen.epochs if self.model == chosen.model else BESIDE, "threads": 1, "forecasts": 0},
        }


# ---- what is run ---------------------------------------------------------------------------------------------------
def cells(given: argparse.Namespace, chosen: list[str]) -> list[Cell]:
    """The grid, set by set, all seeds of a mask together; what trains a model beforehand comes last."""
    seeds = [FIRST_SEED + place for place in range(given.seeds or (5 if given.full else 3))]
    found = [Cell(name, SETS[name].model, *arm, seed) for name in chosen for arm in arms(name, given) for seed in seeds]
    if given.full and "metr-la-week" in chosen:
        found += [Cell("metr-la-week", *arm, seed) for arm in graph_arms() for seed in seeds[:3]]
    wanted = given.masks.split(",") if given.masks else None
    models = given.models.split(",") if given.models else None
    found = [cell for cell in found if wanted is None or cell.mask in wanted]
    found = [cell for cell in found if models is None or cell.model in models]
    return sorted(found, key=lambda cell: cell.mask in ASKING)


def arms(name: str, given: argparse.Namespace) -> Iterator[tuple[str, float | None]]:
    """Masks and shares of a set. What the any-mask model answers is asked at 30 % everywhere."""
    yield "none", None
    yield "any", None
    chosen = SETS[name]
    for share in chosen.shares:
        for mask in (*SIMPLE, *ASKING) if given.full else chosen.masks:
            yield mask, share
    if 0.3 not in chosen.shares:
        yield "random", 0.3
        yield "best", 0.3


def graph_arms() -> Iterator[tuple[str, str, float | None]]:
    """Graph WaveNet at 60 % off, and its accuracy beside STID's."""
    yield "stid", "none", None
    yield GRAPH, "none", None
    for mask in ("random", "conditional-variance", *ASKING):
        yield GRAPH, mask, 0.6


def source(name: str) -> str:
    """Where a set is."""
    return "demo" if name == "demo" else str(Path(os.environ["STCORE_REAL_DATA"]) / SETS[name].source)


# ---- running it ----------------------------------------------------------------------------------------------------
def work(cell: Cell, folder: Path) -> str:
    """Train a cell that is not finished; says what came of it. RunError where another process trains it."""
    path = folder / cell.id
    try:
        run = Run(path) if path.exists() else create(source(cell.set), cell.options, folder, cell.id)
    except OptionError as error:
        (folder / f"{cell.id}.refused").write_text(str(error))
        return f"{cell.id} cannot be: {error}"
    for _ in jobs.work(run):
        continue
    result = run.result or {}
    return f"{cell.id}: test MAE {result['metrics']['test']['mae']:.4f}, {result['seconds']['total']:.0f} s"


def open_cells(grid: list[Cell], folder: Path) -> list[Cell]:
    """Those of the grid that are neither finished nor refused."""
    done = {cell for cell in grid if (path := folder / cell.id).exists() and jobs.finished(Run(path))}
    return [cell for cell in grid if cell not in done and not (folder / f"{cell.id}.refused").exists()]


def train(grid: list[Cell], given: argparse.Namespace) -> None:
    """Train what is left, side by side, and note every cell as it ends."""
    left = open_cells(grid, given.runs)
    os.environ["STCORE_SLOTS"] = str(given.workers)
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        waiting = [pool.submit(work, cell, given.runs) for cell in left]
        for number, future in enumerate(as_completed(waiting), 1):
            failed = future.exception()  # the others go on
            print(f"{number} of {len(left)}: {failed or future.result()}", flush=True)
            write_rows(given.runs, given.results)


def timed(chosen: list[str]) -> list[tuple[str, str, RunOptions]]:
    """Source and name of the set that each model's inference is timed on, with its options."""
    models = ((LIGHT, "metr-la-week"), (GRAPH, "metr-la-week"), (GRID, "era5-uk"))
    cells = [Cell(name, model, "none", None, FIRST_SEED) for model, name in models if name in chosen]
    return [(source(cell.set), cell.set, RunOptions.read(cell.options)) for cell in cells]


def main() -> None:
    """Train, ask, time and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole grid; hours")
    parser.add_argument("--sets", help=f"some of {','.join(SETS)}")
    parser.add_argument("--masks", help="some masks; all of the grid when left out")
    parser.add_argument("--models", help="some models; all of the grid when left out")
    parser.add_argument("--seeds", type=int, help="how many; 3, and 5 with --full")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs that train side by side")
    parser.add_argument("--runs", type=Path, default=HERE / "runs" / "sensors", help="where runs are kept")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where tables are written")
    given = parser.parse_args()
    chosen = given.sets.split(",") if given.sets else list(SETS)
    if unknown := [name for name in chosen if name not in SETS]:
        parser.error(f"there is no set {unknown[0]}; known are {', '.join(SETS)}")
    if given.masks and (unknown := [name for name in given.masks.split(",") if name not in registry.cards("masks")]):
        parser.error(f"there is no mask {unknown[0]}")
    if "STCORE_REAL_DATA" not in os.environ and set(chosen) - {"demo"}:
        parser.error("STCORE_REAL_DATA names no folder of the public sets; set it, or ask for --sets demo")
    given.runs.mkdir(parents=True, exist_ok=True)
    grid = cells(given, chosen)
    train(grid, given)
    answer(given.runs)
    measure_speed(timed(chosen), given.runs)
    write_report(grid, {name: chosen.model for name, chosen in SETS.items()}, given.runs, given.results)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on.")
