"""The command that says which sensors matter: four views, their agreement, the mask's stability."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Runs, app, aside, refuse, say, table
from stcore.cli.training import INTERRUPTED, watched
from stcore.data import STData
from stcore.evidence.importance import ImportanceViews, RegionsLeftOut
from stcore.findings import DataError
from stcore.processes import jobs
from stcore.runs import Run, RunError, open_run
from stcore.words import duration

SHOWN = 12


@app.command()
def importance(
    names: Annotated[
        list[str], typer.Argument(metavar="RUN [RUN ...]", help="Runs of the same data, such as other seeds.")
    ],
    *,
    permutation: Annotated[
        bool,
        typer.Option("--permutation", help="Measure what permuting each sensor's history does; kept with each run."),
    ] = False,
    permutations: Annotated[int, typer.Option(min=1, max=100, help="How often each sensor is permuted.")] = 3,
    windows: Annotated[
        int | None,
        typer.Option(min=2, help="Test windows to permute over; by default as many as take a minute at most."),
    ] = None,
    regions: Annotated[
        int | None, typer.Option(help="Leave each of so many regions out of the first run, and train anew without it.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of each of those trainings; at most 5 by default.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write: .csv or .parquet, a row a sensor; .json, all.")
    ] = None,
    runs: Runs = RUNS,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Say which sensors matter: the mask's score, gradient, permutation, regions left out; and how far these agree."""
    from stcore import exports
    from stcore.evidence.importance import fitting, impartial, importance_views

    if out:
        exports.check_importance(out)
    opened = [open_run(name, runs, "train") for name in names]
    fitting(opened)
    data = opened_data(opened[0], needed=permutation or regions is not None)
    try:
        for run in impartial(opened) if permutation else ():
            assert data is not None
            permuted(run, data, (permutations, windows), quiet)
        left_out = None
        if regions is not None:
            assert data is not None
            left_out = without_regions(opened[0], data, (regions, epochs), runs, quiet)
    except KeyboardInterrupt:
        return refuse("Interrupted; called again, it goes on with the region that was in work.", INTERRUPTED)
    found = importance_views(opened, data, left_out)
    if out:
        exports.write_importance(found, out)
    document = {"runs": [run.id for run in opened], **found.document(), "written": str(out) if out else None}
    if regions and left_out is None:
        document["notes"] = [*document["notes"], "Not all regions have been left out yet; the same command goes on."]
    say(document, json, text(found, document))
    return 0


def opened_data(run: Run, needed: bool) -> STData | None:
    """The run's data; None where they are gone and not needed."""
    if needed:
        return jobs.dataset(run)
    with suppress(DataError, RunError, OSError):
        return jobs.dataset(run)
    return None


def permuted(run: Run, data: STData, how: tuple[int, int | None], quiet: bool) -> None:
    """Measure one run and keep the result in its folder."""
    from stcore.evidence.permuting import permute

    for done, count in permute(run, data, *how):
        if not quiet and (watched() or done == count):
            line = f"{run.id}: {done} of {count} sensors permuted"
            aside(("\r\033[K" if watched() else "") + line, end=done == count)


def without_regions(
    run: Run, data: STData, how: tuple[int, int | None], runs: Path, quiet: bool
) -> RegionsLeftOut | None:
    """Leave regions out, one training after another; None where one of them was told to stop."""
    from stcore.evidence.experiment.regions import leaving_out

    question = leaving_out(run, data, *how, str(runs))
    if question.done <= question.count and not quiet:
        about = f", about {duration(question.seconds)}" if question.seconds else ""
        aside(
            f"{question.count + 1 - question.done} trainings of {question.epochs} epoch{'s' * (question.epochs > 1)} each"
            f"{about}; it may be stopped and goes on when called again"
        )
    for under_way, event in question.work():
        if event.name == "epoch" and not quiet:
            aside(f"{under_way.id}: epoch {event.to_json()['epoch'] + 1} of {question.epochs}")
    return question.found()


def text(found: ImportanceViews, document: dict[str, Any]) -> str:
    """The highest by each view, how far they agree, and what is to be known beside it."""
    frame = found.table()
    ranks = [name for name in frame if name.endswith("_rank")]
    first = frame.assign(mean=frame[ranks].mean(axis=1)).sort_values("mean", kind="stable").head(SHOWN)
    lines = [
        table([[row["sensor"], *(row[name] for name in ranks)] for _, row in first.iterrows()], ["sensor", *ranks])
    ]
    agreed = [
        [
            row["view"],
            row["other"] if row["other"] != row["view"] else "other runs",
            row["tau"],
            row["low"],
            row["high"],
        ]
        for row in document["agreement"]
    ]
    lines += ["", table(agreed, ["view", "with", "Kendall's tau", "low", "high"])] if agreed else []
    lines += [f"looks faulty: {fault['sensor']}, {fault['reason']}" for fault in document["faulty"]]
    lines += [f"note: {note}" for note in document["notes"]]
    return "\n".join([*lines, *([f"wrote {document['written']}"] if document["written"] else [])])
