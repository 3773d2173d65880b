"""Commands that write files for others: forecasts, reports, kept samples, training dynamics."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from stcore.cli.common import RUNS, Answers, Json, Name, Runs, app, say
from stcore.cli.given import read_answers
from stcore.options import OptionError
from stcore.runs import open_run

PANEL = "Files"


@app.command(rich_help_panel=PANEL)
def export(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A run's id or path; with --report the name of an experiment.")
    ],
    *,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write the experiment's report: .html, .json, .csv, .parquet, .zip of all tables, or a folder."
        ),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(help="Write the samples that each epoch kept and pruned, with times: .csv or .parquet."),
    ] = None,
    cartography: Annotated[
        Path | None, typer.Option(help="Write training dynamics in the form of Dataset Cartography: .jsonl.")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Write the report of an experiment, or the kept samples and training dynamics of a run."""
    from stcore import exports

    if not (report or kept or cartography):
        raise OptionError("Nothing to write: give --report, --kept or --cartography, each with a file.")
    for out, check in (
        (report, exports.check_report),
        (kept, exports.check_kept),
        (cartography, exports.check_cartography),
    ):
        if out:
            check(out)
    written: list[dict[str, Any]] = []
    if report:
        files = exports.write_report(experiment_report(name, runs), report)
        written += [{"path": str(path), "bytes": path.stat().st_size} for path in files]
    if kept or cartography:
        run = open_run(name, runs, "train")
        if kept:
            written.append({"path": str(kept), "rows": exports.write_kept(run, kept)})
        if cartography:
            written.append({"path": str(cartography), "rows": exports.write_cartography(run, cartography)})
    text = "\n".join(written_text(file) for file in written)
    say({"name": name, "written": written}, json, text)


def written_text(file: dict[str, Any]) -> str:
    """How much was written to a file."""
    size = f"{file['rows']:,} rows" if "rows" in file else f"{file['bytes']:,} bytes"
    return f"wrote {size} to {file['path']}"


def experiment_report(name: str, runs: Path) -> dict[str, Any]:
    """The report of an experiment, with what it is about.

    Raises RunError where there is no such experiment, and OptionError where none of its runs is finished.
    """
    from stcore.evidence.about import describe_report
    from stcore.evidence.experiment import open_experiment
    from stcore.processes.jobs import finished

    experiment = open_experiment(name, runs)
    done = [run for arm in experiment.arms for run in arm["runs"] if finished(run)]
    if not done:
        searched = experiment.progress.get("done", 0)
        so_far = (
            f"the {searched} finished runs belong to the search for batch and learning rate"
            if searched
            else "no run is finished"
        )
        raise OptionError(
            f"Experiment {name} has nothing to report yet: {so_far}. A report needs at least one finished run of a method "
            f"or a control; `python -m stcore experiment {name}` continues it."
        )
    return describe_report(experiment.report(), done)


@app.command(rich_help_panel=PANEL)
def forecast(
    run: Name,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Newer data of the same sensors; without it the run's own data."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .nc.")] = Path("forecast.csv"),
    test: Annotated[
        bool, typer.Option("--test", help="Write the forecasts of all test windows, not of the next steps.")
    ] = False,
    answers: Answers = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Write a model's forecasts of the steps that follow the data, with sensors, times and naive forecasts beside them."""
    from stcore import exports

    exports.check_forecast(out)
    opened = open_run(run, runs, "train")
    rows = exports.write_forecast(opened, out, data, read_answers(answers), test)
    say({"run": opened.id, "path": str(out), "rows": rows}, json, f"wrote {rows} rows to {out}")


@app.command(hidden=True)
def window(run: str, out: Path, starts: list[int]) -> None:
    """Write forecasts of windows, given by their start steps, as .npy. The page runs this in a child process."""
    from stcore import exports

    exports.write_windows(open_run(run, kind="train"), np.array(starts), out)
