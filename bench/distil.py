"""Methods of distillation against each other on four datasets, and the goals that STemDist is held to.

    STCORE_REAL_DATA=... python bench/distil.py [--full] [--sets metr-la-week] [--methods stemdist,random] [--seeds 2]

Each cell is an ordinary distillation, and ordinary runs that train models from scratch on what it made and are measured on
real test data; runs on all data stand beside them. Two cells work side by side, one thread each; what is timed (goals B and C)
runs alone afterwards. A finished cell is passed over when it is called again. results/distil.csv has a line for every finished
run, results/distil.md the tables and goals (bench/distil_report.py). By default STID is trained on all methods' sets of 1 %,
the neighbour head and (on one set) Graph WaveNet on those of the methods in MIXED: about an hour on two cores. ``--full`` is
the whole grid: all models, the paper's schedule, the ratios 0.5 and 5 %, and controls: STemDist with the paper's own targets,
and cluster means and random windows with the teacher's targets that STemDist's previews have. ``--methods`` and ``--models``
name parts of either.
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

from distil_report import write_report, write_rows
from distil_timing import measure

from stcore import registry
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run, create, create_distillation

STID, NEIGHBOURS, GRAPH = "stid", "stid-neighbours", "graph-wavenet"
RATIOS = {0.005: (0.1, 0.05), 0.01: (0.1, 0.1), 0.05: (0.25, 0.2)}  # of all: in time and in space
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "own": {"targets": "own", "real": "means"},  # as in the paper, but as short as a preview
    "teacher": {"targets": "teacher"},  # the control: the targets that STemDist's previews have
    "paper": {"schedule": "paper"},
}
CONTROLS = ("stemdist.own", "cluster-mean.teacher", "random.teacher")
MIXED = ("all", "stemdist", "random", "cluster-mean")  # by default models that mix sensors are trained on these alone
FIRST_SEED = 10  # those below were used while it was made
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Dataset:
    """Where data are below STCORE_REAL_DATA, and for how many epochs models are trained on all and on small ones."""

    source: str
    epochs: int
    small: int = 15
    horizon: int = 12


SETS = {
    "metr-la-week": Dataset("metr-la-week", 15),
    "charged-mel": Dataset("charged-mel/pems_layout", 10),
    "era5-uk": Dataset("era5-uk-t2m-2019-03", 15, horizon=6),
    "muenster-bikes": Dataset("muenster-bikes", 3),
}


class Cell(NamedTuple):
    """A distillation and the models trained on it; ``method`` has a variant behind a dot, or is ``all`` for all data."""

    set: str
    method: str
    ratio: float
    seed: int
    models: tuple[str, ...]

    @property
    def id(self) -> str:
        """The distillation's folder."""
        return f"{self.set}.{self.method}.{1000 * self.ratio:.0f}.{self.seed}"

    def run_id(self, model: str) -> str:
        """The folder of a run on it."""
        return f"{self.id}.{model}"

    def data(self) -> dict[str, Any]:
        """Options of the data."""
        return {"horizon": SETS[self.set].horizon}

    def distil(self) -> dict[str, Any]:
        """What the distillation is asked."""
        time, space = RATIOS[self.ratio]
        name, _, variant = self.method.partition(".")
        made = {"name": name, "time": time, "space": space, **VARIANTS[variant]}
        return {"seed": self.seed, "data": self.data(), "distil": made, "train": {"threads": 1}}

    def train(self, model: str, small: str | None) -> dict[str, Any]:
        """What a run is asked."""
        chosen, fit = SETS[self.set], registry.card("models", model).unseen or {}
        epochs = chosen.epochs if small is None else chosen.small
        return {
            "seed": self.seed,
            "data": self.data(),
            "prune": {"name": "full"},
            "model": {"name": model, **fit},
            "train": {"epochs": epochs, "threads": 1, "forecasts": 0},
            "distilled": {"source": small},
        }


# ---- what is run ---------------------------------------------------------------------------------------------------
def cells(given: argparse.Namespace, chosen: list[str]) -> list[Cell]:
    """The grid, set by set, method by method."""
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    every = [*registry.cards("distillers"), *(CONTROLS if given.full else ())]
    methods = ["all", *(given.methods.split(",") if given.methods else every)]
    found = []
    for name in chosen:
        for method in methods:
            models = tuple(given.models.split(",") if given.models else trained_on(given, name, method))
            for seed in seeds:
                found += list(arms(given, Cell(name, method, 0.01, seed, models)))
    return found


def trained_on(given: argparse.Namespace, name: str, method: str) -> Iterator[str]:
    """The models that are trained on a method's sets."""
    yield STID
    if given.full or method in MIXED:
        yield NEIGHBOURS
    if given.full or (method in MIXED and name == "metr-la-week"):
        yield GRAPH


def arms(given: argparse.Namespace, cell: Cell) -> Iterator[Cell]:
    """A cell at all ratios that are asked for; of STemDist by the paper's schedule, too."""
    yield cell
    if given.full and cell.method != "all":
        for ratio in RATIOS:
            if ratio != cell.ratio:
                yield cell._replace(ratio=ratio)
        if cell.method == "stemdist":
            yield cell._replace(method="stemdist.paper")


def source(name: str) -> str:
    """Where a set is."""
    return str(Path(os.environ["STCORE_REAL_DATA"]) / SETS[name].source)


# ---- running it ----------------------------------------------------------------------------------------------------
def work(cell: Cell, folder: Path) -> str:
    """Distil, and train on it, what is not finished; says what came of it."""
    try:
        small = None
        if cell.method != "all":
            made = opened(folder / cell.id) or create_distillation(source(cell.set), cell.distil(), folder, cell.id)
            finish(made)
            small = str(made.path / "distilled.nc")
        said = []
        for model in cell.models:
            path = folder / cell.run_id(model)
            run = opened(path) or create(source(cell.set), cell.train(model, small), folder, path.name)
            finish(run)
            said.append(f"{model} {(run.result or {})['metrics']['test']['mae']:.4f}")
    except OptionError as error:
        (folder / f"{cell.id}.refused").write_text(str(error))
        return f"{cell.id} cannot be: {error}"
    return f"{cell.id}: test MAE {', '.join(said)}"


def opened(path: Path) -> Run | None:
    """A run that was begun."""
    return Run(path) if path.exists() else None


def finish(run: Run) -> None:
    """Work to its end."""
    for _ in jobs.work(run):
        continue


def finished(cell: Cell, folder: Path) -> bool:
    """Whether nothing of a cell is left to do."""
    ids = [cell.run_id(model) for model in cell.models]
    done = all((folder / name).exists() and jobs.finished(Run(folder / name)) for name in ids)
    return done or (folder / f"{cell.id}.refused").exists()


def train(grid: list[Cell], given: argparse.Namespace) -> None:
    """Work on what is left, side by side, and note every cell as it ends."""
    left = [cell for cell in grid if not finished(cell, given.runs)]
    os.environ["STCORE_SLOTS"] = str(given.workers)
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        waiting = [pool.submit(work, cell, given.runs) for cell in left]
        for number, future in enumerate(as_completed(waiting), 1):
            failed = future.exception()  # the others go on
            print(f"{number} of {len(left)}: {failed or future.result()}", flush=True)
            write_rows(given.runs, given.results)


def main() -> None:
    """Distil, train, time and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole grid; hours")
    parser.add_argument("--sets", help=f"some of {','.join(SETS)}")
    parser.add_argument("--methods", help="some methods; all when left out")
    parser.add_argument("--models", help="these models; those of the grid when left out")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="cells worked on side by side")
    parser.add_argument("--runs", type=Path, default=HERE / "runs" / "distil", help="where runs are kept")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where tables are written")
    given = parser.parse_args()
    chosen = given.sets.split(",") if given.sets else list(SETS)
    if unknown := [name for name in chosen if name not in SETS]:
        parser.error(f"there is no set {unknown[0]}; known are {', '.join(SETS)}")
    if "STCORE_REAL_DATA" not in os.environ:
        parser.error("STCORE_REAL_DATA names no folder of the public sets")
    given.runs.mkdir(parents=True, exist_ok=True)
    grid = cells(given, chosen)
    train(grid, given)
    measure({name: source(name) for name in chosen}, grid, given.runs)
    write_report(given.runs, given.results)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on.")
