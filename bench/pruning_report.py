"""The files that bench/pruning.py leaves: a line for every finished run, and the tables with the goals."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from goals import Goal, Measured, goals, times, told

from stcore import readers
from stcore.evidence.arms import Arms, group_runs
from stcore.evidence.experiment import Experiment, experiments_in
from stcore.evidence.report import cost_table, differences, incidents, summary
from stcore.processes.jobs import finished
from stcore.runs import Run
from stcore.runs.create import versions

BEFORE = "pruning-"
CONTROLS = {"full-equal": "full at equal visits", "full": "full", "random-equal": "random"}
HEAD = [
    *(
        "method",
        "samples",
        "visits",
        "batch",
        "decay",
        "test MAE",
        *(f"against {control}" for control in CONTROLS.values()),
    ),
    *("visits (million)", "CPU s: train", "score", "select", "wall s"),
]


def experiments(folder: Path) -> dict[str, Experiment]:
    """The experiments of the bench by the name of their set, in order of their names."""
    found = [one for one in experiments_in(folder) if one.name.startswith(BEFORE)]
    return {one.name.removeprefix(BEFORE): one for one in sorted(found, key=lambda one: one.name)}


def done(experiment: Experiment) -> list[Run]:
    """Its finished runs, those of the search left out."""
    return list({run.id: run for arm in experiment.arms for run in arm["runs"] if finished(run)}.values())


# ---- a line for every run ------------------------------------------------------------------------------------------
def write_rows(folder: Path, results: Path) -> None:
    """Every finished run with its figures, as CSV."""
    rows = [row(name, run) for name, experiment in experiments(folder).items() for run in done(experiment)]
    if rows:
        results.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(results / "pruning.csv", index=False, float_format="%.6g")


def row(name: str, run: Run) -> dict[str, Any]:
    """What one run was and brought."""
    options, result = run.spec.options, run.result or {}
    clocks = {
        f"{clock}_{kind}": result[clock][kind]
        for clock in ("cpu", "seconds")
        for kind in ("train", "score", "select", "evaluate")
    }
    return {
        "set": name,
        "samples": run.sample_name,
        "method": run.method,
        "keep": options.prune.get("keep"),
        "seed": options.seed,
        **{part: getattr(options.train, part) for part in ("epochs", "batch", "lr", "weight_decay")},
        "test_mae": result["metrics"]["test"]["mae"],
        "validation_mae": result["metrics"]["validation"]["mae"],
        **{f"visits_{kind}": result["visits"][kind] for kind in ("kept", "full", "refresh", "pilot")},
        **clocks,
    }


# ---- the tables ----------------------------------------------------------------------------------------------------
def write_report(folder: Path, results: Path) -> None:
    """Goals and tables of all that is finished."""
    found = experiments(folder)
    sets = {name: measured(name, experiment) for name, experiment in found.items() if done(experiment)}
    stored = folder / "selection.json"
    overhead = json.loads(stored.read_text()) if stored.exists() else {}
    parts = [opening(), "## Goals\n", table([[*goal] for goal in goals(sets, overhead)], list(Goal._fields))]
    for name, on in sets.items():
        parts += [f"\n## {name}\n", about(found[name], on), table(list(rows(on)), HEAD)]
        if reached := list(reaching(on)):
            parts += ["\nProcessor seconds to full training's best validation error + 1 %, by seed:\n", table(*reached)]
        parts += [f"\n{note}" for note in on.arms.notes]
    parts += [
        "\n## What ran\n",
        table(list(ran(found)), ["set", "runs finished", "of", "to come"]),
        *left_out(folder, found),
    ]
    results.mkdir(parents=True, exist_ok=True)
    (results / "pruning.md").write_text("\n".join(parts) + "\n", "utf-8")


def measured(name: str, experiment: Experiment) -> Measured:
    """What is known of a set."""
    data = readers.open(experiment.options.data, experiment.options.answers)
    known = Arms(group_runs(done(experiment)))
    return Measured(name, data, known, differences(known), incidents(known, data))


def opening() -> str:
    """What this is and where it was measured."""
    return (
        "# Pruning, measured\n\nWritten by `bench/pruning.py`, a line for every run in `pruning.csv`. "
        f"{os.cpu_count()} cores, torch {versions().get('torch')}; compared runs one at a time, one thread. Test MAE is the "
        "mean over the seeds +- their standard deviation. Differences are paired by seed, relative, negative where the method "
        "errs less, with 95 % intervals over test days and seeds. Seconds are means over the seeds; validation is in none of "
        "them. Batch and weight decay of every arm, controls included, come from the same search with a seed of its own.\n"
    )


def about(experiment: Experiment, on: Measured) -> str:
    """One line on a set."""
    train, seeds = experiment.options.options["train"], len(experiment.options.seeds)
    return (
        f"{on.data.title}: {len(on.data.sensors)} sensors, {on.data.steps:,} steps. Full training makes {train['epochs']} "
        f"passes; {seeds} {'seed' if seeds == 1 else 'seeds'}.\n"
    )


def rows(on: Measured) -> Iterator[list[str]]:
    """One row an arm."""
    for one, cost, arm in zip(summary(on.arms), cost_table(on.arms), on.arms.all, strict=True):
        against = [told(found) if (found := on.difference(arm, role)) else "" for role in CONTROLS]
        more = {"refresh": "to refresh", "pilot": "before"}
        extra = [f"{cost[f'visits_{kind}'] / 1e6:.3g} {word}" for kind, word in more.items() if cost[f"visits_{kind}"]]
        spread = f" +- {one['mae_spread']:.3f}" if one["mae_spread"] is not None else ""
        yield [
            arm.label,
            arm.samples,
            "" if arm.keep is None else f"{arm.keep:.0%}",
            *(f"{getattr(arm.runs[0].spec.options.train, part):g}" for part in ("batch", "weight_decay")),
            f"{one['mae']:.3f}{spread} ({one['seeds']})",
            *against,
            " + ".join([f"{cost['visits_kept'] / 1e6:.4g}", *extra]),
            *(f"{cost[f'cpu_{kind}']:.2f}" for kind in ("train", "score", "select")),
            f"{one['seconds']:.1f}",
        ]


def reaching(on: Measured) -> Iterator[list[Any]]:
    """Rows and head of the seconds to full training's error."""
    found = times(on)
    if not found:
        return
    full = next((seconds for arm, seconds in found if (arm.method, arm.keep) == ("full", 1.0)), [])
    whole = mean(full)
    body = []
    for arm, seconds in found:
        middle = mean(seconds)
        each = ", ".join("never" if one is None else f"{one:.1f}" for one in seconds)
        share = f"{middle / whole:.0%}" if middle and whole else ""
        body.append([arm.label, f"{arm.keep:.0%}" if arm.keep is not None else "", each, share])
    yield body
    yield ["method", "visits", "CPU s by seed", "of full training's"]


def mean(seconds: Sequence[float | None]) -> float | None:
    """Mean over the seeds; None where any never came so far."""
    reached = [one for one in seconds if one is not None]
    return float(np.mean(reached)) if reached and len(reached) == len(seconds) else None


def ran(found: dict[str, Experiment]) -> Iterator[list[Any]]:
    """How many runs of each set are finished, those of the search counted, and which seeds of which arms are not."""
    for name, experiment in found.items():
        known = [(planned, experiment.folder.run(planned.id)) for planned in experiment.plan.runs]
        waiting = [planned for planned, run in known if not (run and finished(run))]
        to_come: dict[str, list[str]] = {}
        for planned in waiting:
            to_come.setdefault(planned.key, []).append("search" if planned.trial is not None else str(planned.seed))
        listed = "; ".join(f"{key} ({', '.join(dict.fromkeys(seeds))})" for key, seeds in to_come.items())
        yield [name, len(known) - len(waiting), len(known), listed]


def left_out(folder: Path, found: dict[str, Experiment]) -> Iterator[str]:
    """What could not be run, and why, as a list."""
    for name, experiment in found.items():
        stored = folder / f"refused-{name}.json"
        refused = json.loads(stored.read_text()) if stored.exists() else []
        failed = [f"{one['run']} failed: {one['reason']}" for one in experiment.progress.get("failed", [])]
        yield from (f"\n- {name}: {sentence}" for sentence in [*refused, *failed])


def table(body: list[list[Any]], head: list[str]) -> str:
    """Rows as a table of Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
