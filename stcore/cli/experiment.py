"""The command for experiments: methods x budgets x seeds, with controls, search and report."""

import os
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
    cell_text,
    fail,
    is_watched,
    say,
    say_aside,
    text_table,
)
from stcore.words import duration

FILES = (".toml", ".json")


@app.command("experiment", rich_help_panel="Evidence")
def run_experiment(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE", help="TOML or JSON file that describes it, or the name of one begun before."),
    ],
    *,
    runs: Runs = RUNS,
    name: Annotated[
        str | None, typer.Option(help="Name of the experiment; without it the name in the file, or the file's own.")
    ] = None,
    in_turn: Annotated[
        bool, typer.Option("--in-turn", help="Do one run at a time in this process, so that times can be compared.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Train methods x budgets x seeds with their controls, and report. The same command continues it after a stop."""
    from stcore.evidence.experiment import create_experiment, open_experiment, read_file

    if os.environ.get("STCORE_BACKGROUND") and hasattr(os, "nice"):
        os.nice(10)  # the page stays quick while runs train
    if Path(source).suffix.lower() in FILES:
        experiment = create_experiment(read_file(Path(source)), runs, name)
    else:
        experiment = open_experiment(source, runs)
    again = (
        f"`python -m stcore experiment {experiment.name} --runs {runs}{' --in-turn' if in_turn else ''}` continues it."
    )
    try:
        for event in experiment.work(in_turn):
            if not quiet:
                print_progress(event.to_json())
    except KeyboardInterrupt:
        return fail(f"Interrupted. {again}", INTERRUPTED)
    document = {
        "experiment": experiment.name,
        "status": experiment.status,
        "path": str(experiment.folder.path),
        **experiment.progress,
    }
    if experiment.status != "done":
        say(document, json, f"{document['done']} of {document['all']} runs are finished. {again}")
        return 0
    report = experiment.report()
    say({**document, "report": report}, json, "\n".join(report_lines(report, document)))
    return 1 if document["failed"] else 0


def print_progress(event: dict[str, Any]) -> None:
    """Print one event on stderr: in a terminal the line is replaced, elsewhere each thing that happened has its own."""
    where = ", ".join(f"{run['run']} epoch {run['epoch'] or 1} of {run['epochs']}" for run in event["current"][:2])
    line = f"{event['done']} of {event['all']} runs, about {duration(event['seconds_left'])} left"
    if is_watched():
        news = f"{event['said']}\n" if event["said"] else ""
        say_aside(f"\r\033[K{news}{line}{': ' + where if where else ''}"[:2000], end=False)
    elif event["said"]:
        say_aside(f"{event['said']} {line}")


def report_lines(report: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """A report for people: its verdicts, the arms, what failed, and the notes."""
    lines = [verdict["sentence"] for verdict in report["verdicts"]]
    head = ["label", "keep", "samples", "seeds", "mae", "mae_spread", "visits", "seconds"]
    lines += ["", text_table([[row.get(name) for name in head] for row in report["summary"]], head), ""]
    for search in report["search"]:
        cost = f"{cell_text(search['visits'])} visits, {duration(search['seconds'])}"
        decay = cell_text(search.get("weight_decay"))
        result = f"batch {search['batch']}, learning rate {search['lr']:.3g}, weight decay {decay}"
        lines.append(f"{search['arm']}: {result}; the search for them took {cost}")
    lines += [f"{failed['run']} failed: {failed['reason']}" for failed in document["failed"]]
    return [*lines, *report["notes"], document["path"]]
