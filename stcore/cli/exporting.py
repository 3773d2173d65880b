"""The command that writes files for others: a report, kept sets, training dynamics."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Runs, app, say
from stcore.options import OptionError
from stcore.runs import open_run


@app.command()
def export(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A run's id or path; with --report an experiment's name.")
    ],
    *,
    report: Annotated[
        Path | None,
        typer.Option(help="The experiment's report: .html, .json, .zip of all tables, .csv, .parquet, or a folder."),
    ] = None,
    kept: Annotated[
        Path | None, typer.Option(help="Kept and removed samples of every epoch with their times: .csv or .parquet.")
    ] = None,
    cartography: Annotated[
        Path | None, typer.Option(help="Training dynamics as Dataset Cartography has them: .jsonl.")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Write an experiment's report, or a run's kept sets and training dynamics."""
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
        files = exports.write_report(reported(name, runs), report)
        written += [{"path": str(path), "bytes": path.stat().st_size} for path in files]
    if kept or cartography:
        run = open_run(name, runs, "train")
        if kept:
            written.append({"path": str(kept), "rows": exports.write_kept(run, kept)})
        if cartography:
            written.append({"path": str(cartography), "rows": exports.write_cartography(run, cartography)})
    text = "\n".join(told(one) for one in written)
    say({"name": name, "written": written}, json, text)


def told(one: dict[str, Any]) -> str:
    """What was written where."""
    size = f"{one['rows']:,} rows" if "rows" in one else f"{one['bytes']:,} bytes"
    return f"wrote {size} to {one['path']}"


def reported(name: str, runs: Path) -> dict[str, Any]:
    """An experiment's report with what it is about; RunError where there is none, OptionError where nothing is finished."""
    from stcore.evidence.description import described
    from stcore.evidence.experiment import open_experiment
    from stcore.processes.jobs import finished

    experiment = open_experiment(name, runs)
    done = [run for arm in experiment.arms for run in arm["runs"] if finished(run)]
    if not done:
        searched = experiment.progress.get("done", 0)
        so_far = (
            f"the {searched} runs that are finished belong to the search for batch and learning rate"
            if searched
            else "no run is finished"
        )
        raise OptionError(
            f"Experiment {name} has nothing to report yet: {so_far}. A report needs the first run of a method or a control; "
            f"`experiment {name}` goes on."
        )
    return described(experiment.report(), done)
