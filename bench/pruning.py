"""Pruning methods against their controls on five datasets, and the goals that our own is held to.

    STCORE_REAL_DATA=... python bench/pruning.py [--full] [--sets demo,muenster-bikes] [--methods guarded] [--seeds 2]

Each dataset is one experiment (stcore.evidence.experiment) of ordinary runs: full training with all visits and at
equal visits, and every method. Batch and weight decay of each are searched for by the same grid, side by side; the
runs that are compared are trained one at a time in this process, with one thread, so that their seconds can be
compared. What is finished is passed over when it is called again. results/pruning.csv has a line for every finished
run, as soon as it is; results/pruning.md the tables and goals (bench/goals.py). ``--full`` is the whole grid: every
method, windows too, more budgets, and a simulated year.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product, takewhile
from pathlib import Path
from typing import Any

from goals import INCIDENTS, LONG, OURS
from pruning_report import write_report, write_rows
from selection import selecting, training

from stcore import readers, registry, simulate
from stcore.data import STData
from stcore.evidence.experiment import Experiment, create_experiment
from stcore.evidence.experiment.work import Progress
from stcore.options import OptionError, RunOptions, merge
from stcore.runs import RunError
from stcore.runs.create import resolve
from stcore.words import duration

METHODS = ("random", "infobatch", "st-prune", OURS)  # beside full training
TUNE = {"cells": [512, 1024], "decays": [1e-4, 1e-5]}
BUDGETS, LONG_BUDGET = (0.75, 0.5, 0.3), 0.25
FIRST_SEED = 10  # those below were used while our method was made
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Dataset:
    """Where data are (below STCORE_REAL_DATA, or made), how many passes full training makes, with how many seeds."""

    source: str
    epochs: int
    seeds: int


SETS = {
    "demo": Dataset("demo", 6, 5),
    INCIDENTS: Dataset("demo", 15, 5),  # windows, and as many passes as a run has by default
    "metr-la-week": Dataset("metr-la-week", 6, 5),
    "charged-mel": Dataset("charged-mel/pems_layout", 6, 5),
    "muenster-bikes": Dataset("muenster-bikes", 3, 3),
    "year": Dataset("year", 3, 3),
}


# ---- what is run ---------------------------------------------------------------------------------------------------
def grid(name: str, methods: tuple[str, ...], whole: bool) -> list[dict[str, Any]]:
    """What is trained on a set: methods, each with its samples and budgets, those of full training first."""
    least = [LONG_BUDGET] if name in LONG else []
    if name == INCIDENTS:
        return [
            {"name": method, "samples": "windows", "keep": keep}
            for method, keep in (("full", [1.0]), ("st-prune", [0.5]))
        ]
    if whole:
        budgets = {method: [*BUDGETS, *least] if dynamic(method) else [0.5] for method in methods}
        budgets = {"full": [1.0, *BUDGETS, *least], **budgets}
        return [
            {"name": method, "samples": samples, "keep": keep}
            for samples in ("cells", "windows")
            for method, keep in budgets.items()
        ]
    found: list[dict[str, Any]] = [{"name": "full", "keep": [1.0, 0.5, *least]}]
    found += [{"name": method, "keep": [0.5, *(least if method == OURS else [])]} for method in methods]
    return found


def dynamic(method: str) -> bool:
    """Whether a method decides anew in each epoch."""
    return "tail" in registry.card("strategies", method).options.model_fields


def known(asked: str | None, whole: bool) -> tuple[str, ...]:
    """The methods to run; those that are not registered are passed over, aloud."""
    registered = [name for name in registry.cards("strategies") if name != "full"]
    wanted = asked.split(",") if asked else registered if whole else METHODS
    for name in wanted:
        if name not in registered:
            print(f"There is no strategy {name!r}, so it is left out.")
    return tuple(name for name in wanted if name in registered)


def possible(
    methods: list[dict[str, Any]], common: dict[str, Any], data: STData
) -> tuple[list[dict[str, Any]], list[str]]:
    """The methods with those of their budgets that can be met in so few epochs; and what is refused, in sentences."""
    found, refused = [], []
    for method in methods:
        samples, met = method.get("samples", "cells"), []
        for keep in method["keep"]:
            own = {"prune": {"name": method["name"], "keep": keep}, "data": {"samples": samples}}
            try:
                resolve(data, RunOptions.read(merge(common, own)))
                met.append(keep)
            except OptionError as error:
                refused.append(f"{method['name']} at {keep:.0%} on {samples} is left out: {error}")
        found += [{**method, "keep": met}] if met else []
    return found, refused


def source(name: str, folder: Path) -> str:
    """Where a set is; the year is simulated once, into ``folder``."""
    if SETS[name].source == "demo":
        return "demo"
    if name != "year":
        return str(Path(os.environ["STCORE_REAL_DATA"]) / SETS[name].source)
    path = folder / "year.nc"
    if not path.exists():
        print("A year is simulated ...", flush=True)
        simulate.write(path.with_suffix(".partial"), simulate.simulate(days=365))
        path.with_suffix(".partial").replace(path)
    return str(path)


def planned(name: str, given: argparse.Namespace) -> Experiment:
    """The experiment of a set, made or gone on with."""
    chosen, where = SETS[name], source(name, given.runs)
    train = {"epochs": given.epochs or chosen.epochs, "threads": 1, "forecasts": 0}
    asked = grid(name, known(given.methods, given.full), given.full)
    methods, refused = possible(asked, {"train": train}, readers.open(where, {}))
    for sentence in refused:
        print(sentence)
    (given.runs / f"refused-{name}.json").write_text(json.dumps(refused))
    options = {
        "data": where,
        "methods": methods,
        "seeds": [FIRST_SEED + place for place in range(given.seeds or chosen.seeds)],
        "samples": "cells",
        "controls": False,  # they are among the methods, at the budgets that are asked about
        "tune": False if name == INCIDENTS else TUNE,
        "options": {"train": train},
    }
    return create_experiment(options, given.runs, f"pruning-{name}")


# ---- running it ----------------------------------------------------------------------------------------------------
def worked(experiment: Experiment) -> Iterator[Progress]:
    """Searches side by side in processes of their own, as nobody compares their seconds; then all others in turn."""
    os.environ.setdefault("STCORE_SLOTS", str(os.cpu_count() or 1))
    if {planned.key for planned in experiment.plan.runs} - set(experiment.chosen):
        with closing(experiment.work()) as searching:
            yield from takewhile(lambda told: all(run["trial"] is not None for run in told.current), searching)
    yield from experiment.work(in_turn=True)


def work(experiment: Experiment, given: argparse.Namespace) -> None:
    """Train what is left, and note every finished run."""
    done = -1
    for told in worked(experiment):
        if told.said:
            left = duration(told.seconds_left)
            print(f"{told.said} {told.done} of {told.all} on {experiment.name}, {left} left", flush=True)
        if told.done > done:
            done = told.done
            write_rows(given.runs, given.results)


def measure_overhead(path: Path) -> None:
    """What choosing costs (bench/selection.py): seconds of one selection, and scoring and selecting per training second."""
    print("What choosing costs ...", flush=True)
    demo = readers.open("demo")
    deciding = [name for name in registry.cards("strategies") if dynamic(name)]
    shares = {}
    for name, samples in product(deciding, ("windows", "cells")):
        spent = training(demo, name, samples, 4).cpu
        shares[f"{name}, {samples}"] = (spent["score"] + spent["select"]) / spent["train"]
    path.write_text(json.dumps({"selecting": selecting(1_000_000), "shares": shares}))


def main() -> None:
    """Train and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole grid; days")
    parser.add_argument("--sets", help=f"some of {','.join(SETS)}; all but the year unless --full")
    parser.add_argument("--methods", help=f"some strategies; {','.join(METHODS)}, and all with --full")
    parser.add_argument("--seeds", type=int, help="how many; 5 on short sets, 3 on long ones")
    parser.add_argument("--epochs", type=int, help="passes of full training; 6 on short sets, 3 on long ones")
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="where runs are kept")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where tables are written")
    given = parser.parse_args()
    chosen = given.sets.split(",") if given.sets else [name for name in SETS if given.full or name != "year"]
    if unknown := [name for name in chosen if name not in SETS]:
        parser.error(f"there is no set {unknown[0]}; known are {', '.join(SETS)}")
    if "STCORE_REAL_DATA" not in os.environ and set(chosen) - {"demo", INCIDENTS, "year"}:
        parser.error("STCORE_REAL_DATA names no folder of the public sets; set it, or ask for --sets demo,year")
    given.runs.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        work(planned(name, given), given)
        write_report(given.runs, given.results)
    if not (overhead := given.runs / "selection.json").exists():
        measure_overhead(overhead)
    write_report(given.runs, given.results)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on.")
    except RunError as error:  # such as an experiment of that name with other seeds or passes
        sys.exit(f"{error} Or name other --runs.")
