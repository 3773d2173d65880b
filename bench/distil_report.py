"""The files that bench/distil.py leaves: a line for every finished run, and the tables with the goals."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from distil_timing import FILE, WAYS

from stcore import readers
from stcore.data.windows import cut
from stcore.evidence.intervals import Interval, whole_interval
from stcore.evidence.paired import Evidence, pair_by_seed
from stcore.options import DataOptions
from stcore.processes.jobs import finished
from stcore.runs import Run, runs_in
from stcore.runs.create import versions

OURS, ALL = "stemdist", "all"
PAIRS = [("all", "small"), ("all", "small, 8 epochs"), ("all, 64 windows a step", "small, 64 windows a step")]
HEAD = [
    *(
        "method",
        "windows x sensors",
        "test MAE",
        "of all data's MAE",
        "relative MAE",
        "relative RMSE",
        "ours against it",
    ),
    *("distilling, CPU s", "training, CPU s"),
]

WARMED = (
    "Share of full training's seconds after which the validation error is within 1 % of its best. Warm starts and the control, "
    "fewer epochs alone, have schedules of 30 and 50 % of the epochs, of which the faster one counts; the epochs on the small "
    "set are counted, distilling is not, but in the last column."
)


class Arm(NamedTuple):
    """What differs between runs of a set besides the seed."""

    set: str
    method: str
    ratio: float
    model: str


# ---- a line for every run ------------------------------------------------------------------------------------------
def arms(folder: Path) -> dict[Arm, dict[int, Run]]:
    """The finished runs, by arm and then by seed."""
    found: dict[Arm, dict[int, Run]] = {}
    for run in reversed(runs_in(folder)):
        if finished(run):
            name, *method, ratio, seed, _ = run.id.split(".")
            arm = Arm(name, ".".join(method), float(ratio) / 1000, run.spec.model_name)
            found.setdefault(arm, {})[int(seed)] = run
    return found


def write_rows(folder: Path, results: Path) -> None:
    """Every finished run with its figures, as CSV."""
    rows = [
        {**arm._asdict(), "seed": seed, **figures(folder, run)}
        for arm, runs in arms(folder).items()
        for seed, run in runs.items()
    ]
    if rows:
        results.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(rows).sort_values(["set", "model", "ratio", "method", "seed"])
        table.to_csv(results / "distil.csv", index=False, float_format="%.6g")


def figures(folder: Path, run: Run) -> dict[str, Any]:
    """What one run brought; relative errors are STemDist's (arXiv 2603.10410), over observed targets that are not zero."""
    result, small = run.result or {}, run.spec.distilled or {}
    made = folder / run.id.rsplit(".", 1)[0]
    distilled = (Run(made).result or {}) if small and made.exists() else {}
    metrics = result["metrics"]["test"]
    middle, spread = naive(run.spec.data.source, run.spec.horizon)
    return {
        "windows": small.get("windows"),
        "sensors": small.get("sensors"),
        "share": distilled.get("visits", {}).get("share"),
        "test_mae": metrics["mae"],
        "test_rmse": metrics["rmse"],
        "relative_mae": metrics["mae"] / middle,
        "relative_rmse": metrics["rmse"] / spread,
        "validation_mae": result["metrics"]["validation"]["mae"],
        "cpu_train": sum(result["cpu"].values()),
        "cpu_distil": sum(distilled.get("cpu", {}).values()) or None,
    }


@cache
def naive(source: str, horizon: int) -> tuple[float, float]:
    """Mean absolute and root mean squared distance of the test's targets from their mean, over those that are not zero.

    The errors beside them are over all observed targets, zeros too, where the paper leaves zeros out.
    """
    data = readers.open(source)
    windows = cut(data, DataOptions(horizon=horizon)).test
    target = data.values[..., 0]
    values = target[np.unique(windows.steps(np.arange(len(windows)))[:, windows.lookback :])]
    known = values[np.isfinite(values) & (values != 0)]
    away = known - known.mean(dtype=np.float64)
    return float(np.abs(away).mean()), float(np.sqrt((away**2).mean()))


# ---- tables --------------------------------------------------------------------------------------------------------
def write_report(folder: Path, results: Path) -> None:
    """The tables and goals, as Markdown."""
    found = arms(folder)
    if not found:
        return
    rows = {arm: [figures(folder, run) for run in runs.values()] for arm, runs in found.items()}
    parts = [
        "# Distillation: small sets that train models like the whole",
        opening(),
        "## Goals\n\n"
        + table(sorted([*goal_a(found), *timed(folder)]), ["goal", "where", "asked", "found", "reached"]),
    ]
    for name, ratio, model in sorted({(arm.set, arm.ratio, arm.model) for arm in found if arm.method != ALL}):
        body = list(lines(found, rows, Arm(name, OURS, ratio, model)))
        parts.append(f"## {name}, {ratio:.1%} of the whole, {model}\n\n" + table(body, HEAD))
    if timings(folder):
        head = ["set", "training on", "seconds", "data and activations, MiB", "best validation MAE"]
        parts.append("## What training takes\n\n" + table(list(ways(folder)), head))
        head = [
            "set",
            "after a warm start",
            "fewer epochs alone",
            "full training itself",
            "paid for after so many models",
        ]
        parts.append("## Warm starts\n\n" + WARMED + "\n\n" + table(list(warm_starts(folder)), head))
    parts.append("## Which cells ran\n\n" + table(list(ran(found)), ["set", "ratio", "model", "methods", "seeds"]))
    results.mkdir(parents=True, exist_ok=True)
    (results / "distil.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def opening() -> str:
    """What the figures are."""
    return (
        f"Written by `bench/distil.py`, a line for every run in `distil.csv`. {os.cpu_count()} cores, no GPU, torch "
        f"{versions().get('torch')}; cells side by side, one thread each. Models are trained from scratch on the small set and "
        "measured on the real test: MAE is the mean over seeds +- standard deviation. Relative errors divide by those of the "
        "test's own mean, as the paper defines them. *Ours against it*: how much less STemDist's set errs than the method's, "
        "paired by seed, with a 95 % interval over test days and seeds; a name with a dot is a control. Seconds are of a "
        "processor that had other work, too. What was tried before, and what decided, is in `distil-tried.md`."
    )


def lines(found: dict[Arm, dict[int, Run]], rows: dict[Arm, list[dict[str, Any]]], ours: Arm) -> Iterator[list[Any]]:
    """A row for each method of a set, ratio and model."""
    whole = Arm(ours.set, ALL, 0.01, ours.model)
    methods = [
        arm for arm in found if arm == whole or (arm.set, arm.ratio, arm.model) == (ours.set, ours.ratio, ours.model)
    ]
    for arm in sorted(
        set(methods), key=lambda arm: (arm.method != ALL, np.mean([row["test_mae"] for row in rows[arm]]))
    ):
        mine = rows[arm]
        maes, first = [row["test_mae"] for row in mine], mine[0]
        against = difference(found, ours, arm) if arm != ours and ours in found else None
        ratio = difference(found, arm, whole) if arm != whole and whole in found else None
        yield [
            arm.method,
            f"{first['windows']:.0f} x {first['sensors']:.0f}" if first["windows"] else "all",
            f"{np.mean(maes):.4g} +- {np.std(maes):.2g} ({len(maes)})",
            f"{100 * (1 + ratio.estimate):.1f} %" if ratio else "",
            *(f"{np.mean([row[name] for row in mine]):.3f}" for name in ("relative_mae", "relative_rmse")),
            told(against) if against else "",
            f"{np.mean([row['cpu_distil'] for row in mine]):.0f}" if first["cpu_distil"] else "",
            f"{np.mean([row['cpu_train'] for row in mine]):.0f}",
        ]


def difference(found: dict[Arm, dict[int, Run]], one: Arm, other: Arm) -> Interval:
    """How much more one errs than the other, over the seeds that both have."""
    seeds = sorted(set(found[one]) & set(found[other]))
    tests = ([Evidence.of(found[arm][seed]) for seed in seeds] for arm in (one, other))
    return whole_interval(pair_by_seed(*tests))


def told(change: Interval) -> str:
    """A difference in per cent."""
    return f"{100 * change.estimate:+.1f} % ({100 * change.low:+.1f} to {100 * change.high:+.1f})"


def goal_a(found: dict[Arm, dict[int, Run]]) -> Iterator[list[Any]]:
    """STemDist at 1 % against every other method, by set and model."""
    for ours in sorted(arm for arm in found if arm.method == OURS and arm.ratio == 0.01):
        others = [arm for arm in found if arm[0] == ours.set and arm.ratio == 0.01 and arm.model == ours.model]
        changes = {arm.method: difference(found, ours, arm) for arm in others if arm.method not in (OURS, ALL)}
        where = f"{ours.set}, {ours.model}"
        for asked, group in (
            ("better than every baseline, interval clear of zero", [name for name in changes if "." not in name]),
            (
                "the same against controls with the same teacher",
                [name for name in changes if name.endswith(".teacher")],
            ),
        ):
            if group:
                hardest = max(group, key=lambda name: changes[name].estimate)
                clear = sum(changes[name].high < 0 for name in group)
                best = f"{clear} of {len(group)} clearly beaten; hardest {hardest} {told(changes[hardest])}"
                yield ["A", where, asked, best, yes(clear == len(group))]


def timed(folder: Path) -> Iterator[list[Any]]:
    """Goals B and C, where they were measured."""
    for name, one in timings(folder).items():
        for whole, some in PAIRS:
            how = some.removeprefix("small").removeprefix(", ") or "as the app trains"
            faster, less = (of(one, whole) / of(one, some) for of in (middle_seconds, memory))
            yield ["B", f"{name}, {how}", "training at least 6 times faster", f"{faster:.1f} times", yes(faster >= 6)]
            asked = "at least 8 times less peak memory for data and activations"
            yield ["B", f"{name}, {how}", asked, f"{less:.1f} times", yes(less >= 8)]
        part = one["warm"]["share"]
        asked = "full training's best validation + 1 % in at most 60 % of its seconds"
        yield ["C", name, asked, share(part), yes(part is not None and part <= 0.6)]


def timings(folder: Path) -> dict[str, Any]:
    """The record of bench/distil_timing.py, by set."""
    path = folder / FILE
    return dict(json.loads(path.read_text())) if path.exists() else {}


def middle_seconds(one: dict[str, Any], way: str) -> float:
    """The middle one of a way's trainings."""
    return float(np.median(one["seconds"][way]))


def memory(one: dict[str, Any], way: str) -> float:
    """Bytes of data and activations."""
    return float(one["memory"][way])


def ways(folder: Path) -> Iterator[list[Any]]:
    """What each way of training takes and brings."""
    for name, one in timings(folder).items():
        for way in WAYS:
            size, seconds = memory(one, way) / 2**20, middle_seconds(one, way)
            yield [name, way, f"{seconds:.1f}", f"{size:.1f}", f"{one['validation'][way]:.4g}"]


def warm_starts(folder: Path) -> Iterator[list[Any]]:
    """When a warm start, fewer epochs and full training come near enough, as shares of full training's seconds."""
    for name, one in timings(folder).items():
        warm = one["warm"]
        yield [
            name,
            *(share(warm[way]) for way in ("share", "fewer_epochs_alone", "full_reaches_it")),
            f"{warm['paid']:.0f}" if warm["paid"] else "never",
        ]


def share(part: float | None) -> str:
    """In per cent."""
    return "not reached" if part is None else f"{100 * part:.0f} %"


def yes(reached: bool) -> str:
    """Whether."""
    return "yes" if reached else "no"


def ran(found: dict[Arm, dict[int, Run]]) -> Iterator[list[Any]]:
    """Which methods were trained on, by set, ratio and model, with which seeds."""
    done: dict[tuple[Any, ...], list[str]] = {}
    for arm, runs in sorted(found.items()):
        done.setdefault((arm.set, arm.ratio, arm.model, tuple(sorted(runs))), []).append(arm.method)
    for (name, ratio, model, seeds), methods in done.items():
        yield [name, f"{ratio:.1%}", model, ", ".join(methods), ", ".join(map(str, seeds))]


def table(body: list[list[Any]], head: list[str]) -> str:
    """Markdown."""
    rows = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
