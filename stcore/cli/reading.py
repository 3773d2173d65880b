"""Commands that read runs: runs, show, compare, forecast."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from stcore.cli.common import RUNS, Answers, Json, Name, Runs, app, read_answers, say, shown, table
from stcore.cli.training import result_text
from stcore.runs import open_run, runs_in


@app.command("runs")
def list_runs(runs: Runs = RUNS, json: Json = False) -> None:
    """List the runs of a folder, newest first."""
    rows = [run.summary() | {"data": run.spec["data"]["title"]} for run in runs_in(runs)]
    cells = [
        [
            row["run"],
            row["status"],
            row["data"],
            row["options"]["prune"]["name"],
            row["epochs"],
            mae(row, "validation"),
            mae(row, "test"),
        ]
        for row in rows
    ]
    say({"runs": rows}, json, table(cells, ["run", "status", "data", "prune", "epochs", "validation MAE", "test MAE"]))


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
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN ...")], runs: Runs = RUNS, json: Json = False
) -> None:
    """Compare runs: options that differ, metrics with the difference to the first, visits and seconds saved."""
    from stcore.compare import compare as compared

    found = compared([open_run(name, runs) for name in names])
    head = ["", *found["runs"]]
    differing = table([[name, *map(shown, values)] for name, values in found["differing"].items()], head)
    measured = table([[name, *map(shown, values)] for name, values in found["figures"].items()], head)
    say(found, json, f"options that differ\n{differing}\n\nfigures\n{measured}\n" + "\n".join(found["notes"]))


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

    found = open_run(run, runs)
    rows = exports.forecast(found, out, data, read_answers(answers), test)
    say({"run": found.id, "path": str(out), "rows": rows}, json, f"wrote {rows} rows to {out}")


@app.command(hidden=True)
def window(run: str, out: Path, starts: list[int]) -> None:
    """Write forecasts of windows by their start steps as .npy; the page asks this of a child process."""
    from stcore import exports

    exports.write_windows(open_run(run), np.array(starts), out)
