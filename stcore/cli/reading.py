"""Commands that read runs: runs, show, compare."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Name, Runs, app, say, text_table
from stcore.cli.following import result_text
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.readers.safe.limits import size_text
from stcore.runs import Run, RunError, damaged_in, label, open_run, runs_in
from stcore.runs.trash import size

KINDS = {"train": "training", "distil": "distillation"}
HEAD = [
    "run",
    "kind",
    "title",
    "tags",
    "status",
    "data",
    "method",
    "epochs or rounds",
    "validation MAE",
    "test MAE",
    "on disk",
]


@app.command("runs", rich_help_panel="Runs")
def list_runs(
    archived: Annotated[bool, typer.Option("--archived", help="List archived runs, too.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """List the runs of a folder, distillations included, newest first."""
    rows = []
    for run in runs_in(runs, None):
        fields = label(run)
        if archived or not fields.archived:
            about = {"data": run.spec.data.title, "method": run.method, **asdict(fields), "bytes": size(run.path)}
            rows.append(run.summary() | about)
    damaged = damaged_in(runs)
    text = "\n".join([text_table([_row(row) for row in rows], HEAD), *damaged])
    say({"runs": rows, "damaged": damaged}, json, text)


def _row(row: dict[str, Any]) -> list[Any]:
    """A run's cells under HEAD."""
    tags = ", ".join([*row["tags"], *(["(archived)"] if row["archived"] else [])])
    names = [row["run"], KINDS[row["kind"]], row["title"], tags]
    errors = [_mae(row, part) for part in ("validation", "test")]
    return [*names, row["status"], row["data"], row["method"], row["epochs"], *errors, size_text(row["bytes"])]


def _mae(summary: dict[str, Any], part: str) -> float | None:
    metrics = summary["metrics"][part]
    return metrics["mae"] if metrics else None


@app.command(rich_help_panel="Runs")
def show(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Show a run's status, metrics, visits and times."""
    summary = open_run(run, runs).summary()
    say(summary, json, result_text(summary))


@app.command(rich_help_panel="Evidence")
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Ids in the runs folder, or paths.")],
    *,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a report that answers whether pruning was worth it: .html, .json, .csv, .parquet, .zip of all "
            "tables, or a folder. Runs that differ only in their seed form one arm."
        ),
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Compare runs: options that differ, and metrics with their difference to the first run."""
    from stcore import exports
    from stcore.evidence import compare as compare_runs

    if report:
        exports.check_report(report)
    opened = [open_run(name, runs, "train") for name in names]
    comparison: dict[str, Any] = compare_runs(opened)
    head = ["", *comparison["runs"]]
    options, figures = (
        text_table([[name, *values] for name, values in comparison[part].items()], head)
        for part in ("differing", "figures")
    )
    lines = [f"options that differ\n{options}\n\nfigures\n{figures}\n" + "\n".join(comparison["notes"])]
    if report:
        evidence, written = evidence_report(opened, report)
        comparison |= {"report": evidence, "written": [str(path) for path in written]}
        lines += [verdict["sentence"] for verdict in evidence["verdicts"]] + evidence["notes"]
        lines += [f"wrote {path}" for path in written]
    say(comparison, json, "\n".join(lines))


def evidence_report(runs: list[Run], out: Path) -> tuple[dict[str, Any], list[Path]]:
    """The report of single runs, written to ``out``, and its files. Raises OptionError where none of them is finished."""
    from stcore import exports
    from stcore.evidence import report
    from stcore.evidence.about import describe_report
    from stcore.evidence.arms import group_runs
    from stcore.processes.jobs import dataset

    done = [run for run in runs if run.status == "done"]
    if not done:
        raise OptionError("None of these runs is finished, so there is nothing to report.")
    data = None
    with suppress(DataError, RunError):  # data that were moved or changed: the report notes what it lacks
        data = dataset(done[0])
    document = describe_report(report(group_runs(done), data), done)
    return document, exports.write_report(document, out)
