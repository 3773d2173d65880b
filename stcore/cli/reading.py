"""Commands that read runs: runs, show, compare, forecast."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from stcore.cli.common import RUNS, Answers, Json, Name, Runs, app, read_answers, say, shown, table
from stcore.cli.training import result_text
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.readers.safe.limits import words
from stcore.runs import Run, RunError, damaged_in, label, open_run, runs_in
from stcore.runs.trash import size

KINDS = {"train": "training", "distil": "distillation"}


@app.command("runs")
def list_runs(
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away, too.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """List the runs of a folder, newest first; distillations are listed with them."""
    rows = []
    for run in runs_in(runs, None):
        told = label(run)
        if archived or not told.archived:
            about = {"data": run.spec["data"]["title"], "method": run.method, **asdict(told), "bytes": size(run.path)}
            rows.append(run.summary() | about)
    cells = [[*_named(row), *_measured(row), words(row["bytes"])] for row in rows]
    head = [
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
    damaged = damaged_in(runs)
    say({"runs": rows, "damaged": damaged}, json, "\n".join([table(cells, head), *damaged]))


def _named(row: dict[str, Any]) -> list[str]:
    marks = [*row["tags"], *(["(archived)"] if row["archived"] else [])]
    return [row["run"], KINDS[row["kind"]], row["title"], ", ".join(marks)]


def _measured(row: dict[str, Any]) -> list[Any]:
    return [row["status"], row["data"], row["method"], row["epochs"], mae(row, "validation"), mae(row, "test")]


def mae(summary: dict[str, Any], part: str) -> float | None:
    """One metric of a summary, where there is one."""
    metrics = summary["metrics"][part]
    return metrics["mae"] if metrics else None


@app.command()
def show(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Show a run's status, metrics, visits and seconds."""
    summary = open_run(run, runs).summary()
    say(summary, json, result_text(summary))


@app.command()
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN ...")],
    *,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write the evidence: .html, .json, .zip of all tables, .csv, .parquet, or a folder. Runs that differ in "
            "nothing but the seed are put together."
        ),
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Compare runs: options that differ and metrics with the difference to the first; with --report, was it worth it?"""
    from stcore import exports
    from stcore.evidence import compare as compared

    if report:
        exports.check_report(report)
    opened = [open_run(name, runs, "train") for name in names]
    found: dict[str, Any] = compared(opened)
    head = ["", *found["runs"]]
    differing = table([[name, *map(shown, values)] for name, values in found["differing"].items()], head)
    measured = table([[name, *map(shown, values)] for name, values in found["figures"].items()], head)
    lines = [f"options that differ\n{differing}\n\nfigures\n{measured}\n" + "\n".join(found["notes"])]
    if report:
        evidence, written = reported(opened, report)
        found |= {"report": evidence, "written": [str(path) for path in written]}
        lines += [verdict["sentence"] for verdict in evidence["verdicts"]] + evidence["notes"]
        lines += [f"wrote {path}" for path in written]
    say(found, json, "\n".join(lines))


def reported(runs: list[Run], out: Path) -> tuple[dict[str, Any], list[Path]]:
    """The report of loose runs, written to ``out``, and the files. OptionError where none of them is finished."""
    from stcore import exports
    from stcore.evidence import report
    from stcore.evidence.description import described
    from stcore.evidence.grouped import grouped
    from stcore.processes.jobs import dataset

    done = [run for run in runs if run.status == "done"]
    if not done:
        raise OptionError("None of these runs is finished, so there is nothing to report.")
    data = None
    with suppress(DataError, RunError):  # moved or changed since: then the report does without, and says so
        data = dataset(done[0])
    found = described(report(grouped(done), data), done)
    return found, exports.write_report(found, out)


@app.command()
def forecast(
    run: Name,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Newer data of the same sensors; the run's own when left out."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .nc.")] = Path("forecast.csv"),
    test: Annotated[bool, typer.Option("--test", help="Every test forecast instead of the next horizon.")] = False,
    answers: Answers = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Write forecasts with sensor ids, real times, truth and naive: the horizon after the last step, or the whole test."""
    from stcore import exports

    exports.check_forecast(out)
    found = open_run(run, runs, "train")
    rows = exports.forecast(found, out, data, read_answers(answers), test)
    say({"run": found.id, "path": str(out), "rows": rows}, json, f"wrote {rows} rows to {out}")


@app.command(hidden=True)
def window(run: str, out: Path, starts: list[int]) -> None:
    """Write forecasts of windows by their start steps as .npy; the page asks this of a child process."""
    from stcore import exports

    exports.write_windows(open_run(run, kind="train"), np.array(starts), out)
