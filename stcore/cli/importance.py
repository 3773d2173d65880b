"""The command that says which sensors matter: four views, their agreement, the mask's stability."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import (
    INTERRUPTED,
    RUNS,
    Json,
    Quiet,
    Runs,
    app,
    fail,
    is_watched,
    say,
    say_aside,
    text_table,
)
from stcore.data import STData
from stcore.evidence.importance import ImportanceViews, RegionsLeftOut
from stcore.findings import DataError
from stcore.processes import jobs
from stcore.runs import Run, RunError, open_run
from stcore.words import duration, quantity

MOST_SHOWN = 12
"""Sensors that the text names."""


@app.command(rich_help_panel="Sensors")
def importance(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN ...", help="One run, or several of the same data, such as other seeds."),
    ],
    *,
    permutation: Annotated[
        bool,
        typer.Option(
            "--permutation", help="Measure how the error grows when a sensor's history is permuted, and keep it."
        ),
    ] = False,
    permutations: Annotated[int, typer.Option(min=1, max=100, help="Times that each sensor is permuted.")] = 3,
    windows: Annotated[
        int | None,
        typer.Option(min=2, help="Test windows to permute over; without it as many as take about a minute."),
    ] = None,
    regions: Annotated[
        int | None,
        typer.Option(
            help="Cut the sensors of the first run into so many regions, and train once without each of them."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of each of these trainings; 5 or fewer when left out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .csv or .parquet with a row per sensor, or .json with everything."),
    ] = None,
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Show which sensors matter, by mask score, gradient, permutation and regions left out, and how far these agree."""
    from stcore import exports
    from stcore.evidence.importance import comparable_runs, importance_views, unmasked_runs

    if out:
        exports.check_importance(out)
    opened = [open_run(name, runs, "train") for name in names]
    comparable_runs(opened)
    data, left_out = open_data(opened[0], needed=permutation or regions is not None), None
    try:
        if data is not None and permutation:
            for run in unmasked_runs(opened):
                measure_permutation(run, data, (permutations, windows), quiet)
        if data is not None and regions is not None:
            left_out = leave_regions_out(opened[0], data, (regions, epochs), runs, quiet)
    except KeyboardInterrupt:
        return fail("Interrupted. The same command continues with the region that was under way.", INTERRUPTED)
    views = importance_views(opened, data, left_out)
    if out:
        exports.write_importance(views, out)
    document = {"runs": [run.id for run in opened], **views.document(), "written": str(out) if out else None}
    if regions and left_out is None:
        document["notes"] = [*document["notes"], "Some regions have not been left out yet; the same command continues."]
    say(document, json, importance_text(views, document))
    return 0


def open_data(run: Run, needed: bool) -> STData | None:
    """The run's data; None where they are gone and not ``needed``."""
    if needed:
        return jobs.dataset(run)
    with suppress(DataError, RunError, OSError):
        return jobs.dataset(run)
    return None


def measure_permutation(run: Run, data: STData, effort: tuple[int, int | None], quiet: bool) -> None:
    """Permute the sensors of one run and keep the result in its folder; ``effort``: how often, over how many windows."""
    from stcore.evidence.permuting import permute

    for done, count in permute(run, data, *effort):
        if not quiet and (is_watched() or done == count):
            line = f"{run.id}: {done} of {count} sensors permuted"
            say_aside(("\r\033[K" if is_watched() else "") + line, end=done == count)


def leave_regions_out(
    run: Run, data: STData, effort: tuple[int, int | None], runs: Path, quiet: bool
) -> RegionsLeftOut | None:
    """Train once without each region; None where one of the trainings was stopped. ``effort``: regions and epochs."""
    from stcore.evidence.experiment.regions import leave_out

    question = leave_out(run, data, *effort, str(runs))
    if question.done <= question.count and not quiet:
        trainings = quantity(question.count + 1 - question.done, "training")
        about = f", about {duration(question.seconds)}" if question.seconds else ""
        say_aside(
            f"{trainings} of {quantity(question.epochs, 'epoch')}{about}; "
            "you can interrupt them, and the same command continues"
        )
    for training, event in question.work():
        if event.name == "epoch" and not quiet:
            say_aside(f"{training.id}: epoch {event.to_json()['epoch'] + 1} of {question.epochs}")
    return question.found()


def importance_text(views: ImportanceViews, document: dict[str, Any]) -> str:
    """The most important sensors with their rank in each view, how far the views agree, suspected faults, and notes."""
    frame = views.table()
    ranks = [name for name in frame if name.endswith("_rank")]
    first = frame.assign(mean=frame[ranks].mean(axis=1)).sort_values("mean", kind="stable").head(MOST_SHOWN)
    rows = [[row["sensor"], *(row[name] for name in ranks)] for _, row in first.iterrows()]
    lines = [text_table(rows, ["sensor", *ranks])]
    agreement = [
        [
            row["view"],
            row["other"] if row["other"] != row["view"] else "other runs",
            row["tau"],
            row["low"],
            row["high"],
        ]
        for row in document["agreement"]
    ]
    lines += ["", text_table(agreement, ["view", "with", "Kendall's tau", "low", "high"])] if agreement else []
    lines += [f"looks faulty: {fault['sensor']}, {fault['reason']}" for fault in document["faulty"]]
    lines += [f"note: {note}" for note in document["notes"]]
    return "\n".join([*lines, *([f"wrote {document['written']}"] if document["written"] else [])])
