"""The files that bench/sensors.py leaves: a line for every finished run, and the tables with the goals."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sensor_goals import SETS, SIMPLE, Arm, Found, Goal, goals, told
from sensor_live import FILE as LIVE
from sensor_speed import FILE as SPEED
from sensor_speed import ratios

from stcore import registry
from stcore.evidence.paired import Evidence
from stcore.processes.jobs import finished
from stcore.runs import Run, runs_in
from stcore.runs.create import versions

HEAD = [
    *("off", "mask", "test MAE", "against unmasked", "against random", "MAE where off", "validation MAE"),
    *("live answer", "CPU s"),
]


# ---- a line for every run ------------------------------------------------------------------------------------------
def done(folder: Path) -> list[tuple[Arm, int, Run]]:
    """The finished runs with what they are, oldest first."""
    runs = [run for run in reversed(runs_in(folder)) if finished(run)]
    return [(arm(run), run.spec.options.seed, run) for run in runs]


def arm(run: Run) -> Arm:
    """What a run is, beside its seed."""
    mask = run.spec.options.mask
    name = registry.card("masks", mask["name"]).name  # an older run may have an older one
    share = None if name in ("none", "any") else round(100 * mask["sparsity"])
    return Arm(run.id.split(".")[0], run.spec.model_name, name, share)


def write_rows(folder: Path, results: Path) -> None:
    """Every finished run with its figures, as CSV."""
    rows = [{**one._asdict(), "seed": seed, **figures(run)} for one, seed, run in done(folder)]
    if rows:
        results.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(rows).sort_values(["set", "model", "off", "mask", "seed"])
        table.to_csv(results / "sensors.csv", index=False, float_format="%.6g")


def figures(run: Run) -> dict[str, Any]:
    """What one run brought; seconds are of the processor, of training and of choosing."""
    result = run.result or {}
    return {
        "epochs": run.spec.options.train.epochs,
        "best_epoch": result["best_epoch"],
        "test_mae": result["metrics"]["test"]["mae"],
        "validation_mae": result["metrics"]["validation"]["mae"],
        "live_mae": live_mae(run),
        "sites_on": result.get("mask", {}).get("active"),
        "sites": result.get("mask", {}).get("sites"),
        "visits": result["visits"]["kept"],
        "visits_pilot": result["visits"]["pilot"],
        "cpu": sum(result["cpu"].values()),
    }


def live_mae(run: Run) -> float | None:
    """Test MAE of the any-mask model under this run's mask."""
    if not (run.path / LIVE).exists():
        return None
    asked = np.load(run.path / LIVE)
    return float(asked["error"].sum() / asked["count"].sum())


# ---- the tables ----------------------------------------------------------------------------------------------------
def write_report(grid: Sequence[Any], models: dict[str, str], folder: Path, results: Path) -> None:
    """Goals and tables of all that is finished."""
    runs: dict[Arm, dict[int, Run]] = {}
    for one, seed, run in done(folder):
        runs.setdefault(one, {})[seed] = run
    found = Found(runs, models)
    stored = folder / SPEED
    speed = json.loads(stored.read_text()) if stored.exists() else {}
    parts = [opening(), "## Goals\n", table([[*goal] for goal in goals(found, speed)], list(Goal._fields))]
    for name in SETS:
        if found.whole(name):
            parts += [f"\n## {name}\n", about(found, name), table(list(rows(found, name)), HEAD), *choices(found, name)]
    parts += others(found)
    parts += ["\n## Inference\n", SPEEDS, table(list(speeds(speed)), SPEED_HEAD)] if speed else []
    parts += ["\n## What ran\n", table(list(ran(grid, folder)), ["set", "model", "cells finished", "of", "to come"])]
    results.mkdir(parents=True, exist_ok=True)
    (results / "sensors.md").write_text("\n".join(parts) + "\n", "utf-8")


def opening() -> str:
    """What this is and where it was measured."""
    return (
        "# Masks over sensors, measured\n\nWritten by `bench/sensors.py`, a line for every run in `sensors.csv`. "
        f"{os.cpu_count()} cores, no GPU, torch {versions().get('torch')}; runs side by side, one thread each. "
        "All sensors stay targets: test MAE is over all of them, mean over the seeds +- standard deviation. Every run of a set "
        "has equally many epochs; `best` and `dynst` train a model beforehand that compares masks, which CPU seconds "
        "count. Differences are paired by seed, relative, positive where the mask errs more, with 95 % intervals over test "
        "days and seeds. Chosen by validation is the mask whose retrained runs have the least mean validation MAE over the "
        "seeds. Live answer: how much more the any-mask model of the same seed errs under the same masks, without retraining.\n"
    )


def about(found: Found, name: str) -> str:
    """One line on a set."""
    one = found.whole(name)
    assert one is not None
    run = next(iter(found.arms[one].values()))
    spec, data = run.spec, run.spec.data
    return (
        f"{len(data.sensors)} sensors, {data.steps:,} steps; {one.model}, {spec.lookback} steps in and "
        f"{spec.horizon} out, {spec.options.train.epochs} epochs.\n"
    )


def rows(found: Found, name: str) -> Iterator[list[Any]]:
    """One row an arm: by share, then by error."""
    own = [one for one in found.arms if one.set == name and one.model == found.models[name]]
    for one in sorted(own, key=lambda one: (one.off or 0, mae(found, one)[0])):
        yield row(found, one)


def row(found: Found, one: Arm) -> list[Any]:
    """An arm's figures."""
    whole = Arm(one.set, one.model, "none", None)
    random = Arm(one.set, one.model, "random", one.off)
    middle, spread = mae(found, one)
    runs = list(found.arms[one].values())
    change = found.live(one)
    return [
        "" if one.off is None else f"{one.off} %",
        one.mask,
        f"{middle:.4g} +- {spread:.2g} ({len(runs)})",
        told(found.difference(one, whole)) if one != whole and whole in found.arms else "",
        told(found.difference(one, random)) if one.off and one != random and random in found.arms else "",
        where_off(runs, found.tests[one]),
        f"{found.validation(one):.4g}",
        told(change) if change else "",
        f"{np.mean([figures(run)['cpu'] for run in runs]):.0f}",
    ]


def mae(found: Found, one: Arm) -> tuple[float, float]:
    """Mean and standard deviation of the test MAE over the seeds."""
    each = [test.mae for test in found.tests[one]]
    return float(np.mean(each)), float(np.std(each, ddof=1)) if len(each) > 1 else 0.0


def where_off(runs: list[Run], tests: list[Evidence]) -> str:
    """Mean test MAE of the sensors that are off, over the seeds."""
    off = [~kept for run in runs if (kept := keeps(run)) is not None]
    if len(off) < len(runs) or not all(one.any() for one in off):
        return ""
    return f"{np.mean([np.nanmean(test.sensor_error[one]) for test, one in zip(tests, off, strict=True)]):.4g}"


def keeps(run: Run) -> np.ndarray | None:
    """[N] bool: which sensors were on at the run's end; None without a mask."""
    trace = run.trace()
    return np.asarray(trace["active"].values[-1], bool) if "active" in trace else None


def choices(found: Found, name: str) -> Iterator[str]:
    """Which mask validation chooses at each share."""
    for off in sorted({one.off for one in found.arms if one.set == name and one.off}):
        simple = found.chosen(name, off, SIMPLE)
        any_of = found.chosen(name, off, (*SIMPLE, "best", "dynst"))
        if simple and any_of:
            yield f"\nAt {off} % validation chooses {any_of.mask}; of the simple masks {simple.mask}."


def others(found: Found) -> list[str]:
    """Arms of other models than a set's own."""
    own = [one for one in found.arms if one.model != found.models[one.set]]
    listed = [[one.set, one.model, *row(found, one)] for one in sorted(own, key=lambda one: (*one[:2], one.off or 0))]
    return ["\n## Other models\n", table(listed, ["set", "model", *HEAD])] if listed else []


# ---- inference -----------------------------------------------------------------------------------------------------
SPEEDS = (
    "Processor milliseconds of a forecast, one thread, medians of interleaved rounds in fresh processes; 60 % of the sensors "
    "off. Kept reads and forecasts the kept sensors, all reads the kept ones and forecasts all; how many times faster than "
    "full: the middle of the processes' medians, their least and greatest. Operations are those of dense products and "
    "convolutions. A model that does not gather fills in zeros and computes everything, so that only inputs are saved.\n"
)
SPEED_HEAD = [
    *("model", "gathers", "full ms", "kept ms", "all ms", "kept faster", "all faster"),
    *("operations kept, all", "numbers read"),
]


def speeds(speed: dict[str, Any]) -> Iterator[list[Any]]:
    """One row a model and number of windows."""
    for where, repeats in speed.items():
        record = repeats[0]
        counted, read = record["operations"], record["read"]
        yield [
            where,
            "yes" if record["gathers"] else "no",
            *(f"{1000 * np.median([one['seconds'][part] for one in repeats]):.2f}" for part in ("full", "kept", "all")),
            *("{:.2f} ({:.2f} to {:.2f})".format(*ratios(repeats, part)) for part in ("kept", "all")),
            ", ".join(f"{counted[part] / counted['full']:.0%}" for part in ("kept", "all")),
            f"{read['kept'] / read['full']:.0%}",
        ]


# ---- what ran ------------------------------------------------------------------------------------------------------
def ran(grid: Sequence[Any], folder: Path) -> Iterator[list[Any]]:
    """How many cells of each set are finished, which are not, and which cannot be and why."""
    over = {run.id for _, _, run in done(folder)}
    for name, model in dict.fromkeys(cell[:2] for cell in grid):
        own = [cell for cell in grid if cell[:2] == (name, model)]
        left: dict[str, list[str]] = {}
        for cell in own:
            if cell.id not in over:
                refused = folder / f"{cell.id}.refused"
                share = "" if cell.share is None else f" {cell.share:.0%}"
                why = refused.read_text() if refused.exists() else f"seed {cell.seed}"
                left.setdefault(f"{cell.mask}{share}", []).append(why)
        seeds = len({cell.seed for cell in own})
        listed = [
            key if len(set(why)) == seeds > 1 else f"{key} ({', '.join(dict.fromkeys(why))})"
            for key, why in left.items()
        ]
        yield [name, model, sum(cell.id in over for cell in own), len(own), ", ".join(listed)]


def table(body: list[list[Any]], head: list[str]) -> str:
    """Rows as a table of Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
