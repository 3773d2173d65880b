"""The command for experiments: methods x budgets x seeds, with controls, search and report."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Runs, app, aside, refuse, say, shown, table
from stcore.cli.training import INTERRUPTED, watched
from stcore.words import duration

FILES = (".toml", ".json")


@app.command()
def experiment(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="TOML or JSON of what to do, or the name of one begun before.")
    ],
    *,
    runs: Runs = RUNS,
    name: Annotated[str | None, typer.Option(help="Its name; that in the file, or the file's, when left out.")] = None,
    in_turn: Annotated[
        bool, typer.Option("--in-turn", help="One run at a time in this process, so that seconds can be compared.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Train methods x budgets x seeds with their controls, and report; called again, it goes on where it stood."""
    from stcore.evidence.experiment import create_experiment, open_experiment, read_file

    if os.environ.get("STCORE_BACKGROUND") and hasattr(os, "nice"):
        os.nice(10)  # the page stays quick while runs train
    if Path(source).suffix.lower() in FILES:
        found = create_experiment(read_file(Path(source)), runs, name)
    else:
        found = open_experiment(source, runs)
    again = f"`python -m stcore experiment {found.name} --runs {runs}{' --in-turn' if in_turn else ''}` goes on."
    try:
        for told in found.work(in_turn):
            if not quiet:
                progress(told.to_json())
    except KeyboardInterrupt:
        return refuse(f"Interrupted. {again}", INTERRUPTED)
    document = {"experiment": found.name, "status": found.status, "path": str(found.folder.path), **found.progress}
    if found.status != "done":
        say(document, json, f"{document['done']} of {document['all']} runs are finished. {again}")
        return 0
    report = found.report()
    say({**document, "report": report}, json, "\n".join(report_lines(report, document)))
    return 1 if document["failed"] else 0


def progress(told: dict[str, Any]) -> None:
    """One line on stderr: replaced while a terminal watches, else one for each thing that happened."""
    where = ", ".join(f"{run['run']} epoch {run['epoch'] or 1} of {run['epochs']}" for run in told["current"][:2])
    line = f"{told['done']} of {told['all']} runs, about {duration(told['seconds_left'])} left"
    if watched():
        said = f"{told['said']}\n" if told["said"] else ""
        aside(f"\r\033[K{said}{line}{': ' + where if where else ''}"[:2000], end=False)
    elif told["said"]:
        aside(f"{told['said']} {line}")


def report_lines(report: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """A report for people: its verdicts, the arms, what failed, and the notes."""
    lines = [verdict["sentence"] for verdict in report["verdicts"]]
    head = ["label", "keep", "samples", "seeds", "mae", "mae_spread", "visits", "seconds"]
    lines += ["", table([[row.get(name) for name in head] for row in report["summary"]], head), ""]
    for search in report["search"]:
        cost = f"{shown(search['visits'])} visits, {duration(search['seconds'])}"
        found = f"batch {search['batch']}, rate {search['lr']:.3g}, weight decay {shown(search.get('weight_decay'))}"
        lines.append(f"{search['arm']}: {found}; its search took {cost}")
    lines += [f"{failed['run']} failed: {failed['reason']}" for failed in document["failed"]]
    return [*lines, *report["notes"], document["path"]]
