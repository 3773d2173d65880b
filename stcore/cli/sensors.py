"""Commands about sensors: the deployment plan of a run, and the process that answers the page."""

import csv
import sys
from collections.abc import Collection, Iterable
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Name, Runs, app, say, text_table
from stcore.options import OptionError
from stcore.runs import RunError, open_run

Option = typer.Option
SENSOR, COST = "sensor", "cost"
"""Columns of a CSV file that names sensors."""
LIST = "Separate several by commas, repeat the option, or give @FILE: one per line, or a CSV with a column sensor"
OVER = {"all": "over all", "kept": "over the kept", "off": "over those off"}


@app.command(rich_help_panel="Sensors")
def sensors(
    run: Name,
    *,
    keep: Annotated[
        int | None,
        Option(
            help="Number of sensors that stay on (of a grid: regions). Without it: as many as the run's own mask keeps, "
            "or else the knee of the error curve."
        ),
    ] = None,
    budget: Annotated[float | None, Option(help="Total cost of the sensors that stay on, instead of --keep.")] = None,
    on: Annotated[list[str] | None, Option(help=f"Sensors that must stay on. {LIST}.")] = None,
    off: Annotated[list[str] | None, Option(help="Sensors that must be off, in the same forms as --on.")] = None,
    costs: Annotated[
        list[str] | None,
        Option(
            help="Costs of sensors, such as a=3,b=2.5, in the same forms as --on; a CSV needs a column cost. Sensors "
            "without a cost count 1."
        ),
    ] = None,
    out: Annotated[
        Path | None, Option(help="File to write: .csv, .geojson or .gpkg with a row per sensor, or a page: .html.")
    ] = None,
    speed: Annotated[
        bool, Option("--speed", help="Measure how much faster the model forecasts from fewer sensors.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Plan which sensors stay on and which are switched off, with the expected error and a reason for each."""
    from stcore import exports
    from stcore.evidence.plan import plan as make_plan

    if out:
        exports.check_plan(out)
    opened = open_run(run, runs, "train")
    names = opened.spec.data.sensors
    forced: dict[str, Any] = {
        "on": sensor_names(on, names),
        "off": sensor_names(off, names),
        "costs": sensor_costs(costs, names),
    }
    asked: dict[str, Any] = {"keep": keep, "budget": budget, **forced}
    plan = make_plan(opened, **asked, with_curve=bool(out and out.suffix == ".html"))
    document = plan.figures()
    if speed:
        from stcore.evidence.plan.serving import describe_speed, measure_speed

        document["speed"] = measure_speed(plan)
        document["notes"].append(describe_speed(document["speed"]))
    if out:
        document |= {"path": str(out), "rows": exports.write_plan(plan, out, document.get("speed"))}
    say(document, json, "\n".join(plan_lines(document)))


def plan_lines(document: dict[str, Any]) -> list[str]:
    """A plan for people: how many sensors stay, what that costs, how sure that is, and the notes."""
    from stcore.charts.words import signed
    from stcore.evidence.plan.chance import describe_intervals
    from stcore.evidence.plan.chance import describe_period as period

    unit, ranking = document["unit"], document["ranking"]
    if ranking == "own":
        ranking = f"the run's own {document['importance'].split(':')[0]}"
    rows = []
    for part, errors in document["errors"].items():
        for over, words in OVER.items():
            share, *ends = document["changes"][part][over]
            interval = interval_text([f"{end:.4g}" if end == end else "" for end in document["intervals"][part][over]])
            errors_now_before = [errors[over], interval, document["unmasked"][part][over]]
            rows.append(
                [part, words, *errors_now_before, signed(share) or "-", interval_text([signed(end) for end in ends])]
            )
    head = ["part", f"MAE{unit and f' ({unit})'}", "plan", "95 %", "all on", "change", "95 % of the change"]
    lines = [f"{document['stay']} stay on, ranked by {ranking}", text_table(rows, head)]
    lines += [f"measured in {period(one)}; {describe_intervals(one)}" for one in document["measured"].values()]
    lines += [f"note: {note}" for note in document["notes"]]
    return [*lines, *([f"wrote {document['rows']} rows to {document['path']}"] if "path" in document else [])]


def interval_text(ends: list[str]) -> str:
    """An interval; a dash where one of its ends is empty."""
    return " to ".join(ends) if all(ends) else "-"


def sensor_names(texts: Iterable[str] | None, known: Collection[str]) -> list[str] | None:
    """The sensors that an option names, over all ``texts`` that were given; None without the option.

    A text that is itself a ``known`` name is one sensor, even with commas in it. Raises OptionError where a file cannot be
    read.
    """
    return None if texts is None else [name for text in texts for name in _parts(text, known, with_cost=False)]


def sensor_costs(texts: Iterable[str] | None, known: Collection[str]) -> list[str] | None:
    """Costs as ``sensor=cost``, read like ``sensor_names``; a file is a CSV with a column cost, or has such lines."""
    return None if texts is None else [part for text in texts for part in _parts(text, known, with_cost=True)]


def _parts(text: str, known: Collection[str], with_cost: bool) -> list[str]:
    if text.startswith("@") and text not in known:
        return _read_names(Path(text[1:]), with_cost)
    whole = text.strip()
    if (whole.rpartition("=")[0] if with_cost else whole) in known:
        return [whole]
    return [part.strip() for part in text.split(",") if part.strip()]


def _read_names(path: Path, with_cost: bool) -> list[str]:
    """The sensors in a file, as ``sensor=cost`` where ``with_cost``. Raises OptionError."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise OptionError(f"{path} cannot be read as text that names sensors: {error}.") from None
    if path.suffix.lower() != ".csv":
        return [line.strip() for line in lines if line.strip()]
    head, *rows = [row for row in csv.reader(lines) if row] or [[]]
    columns = [name.strip().lower() for name in head]
    wanted = (SENSOR, COST) if with_cost else (SENSOR,)
    if missing := [name for name in wanted if name not in columns]:
        raise OptionError(f"{path} has no column {missing[0]}; it has {', '.join(head) or 'none'}.")
    numbers = [columns.index(name) for name in wanted]
    if short := [row for row in rows if len(row) <= max(numbers)]:
        raise OptionError(f"{path} has a row with fewer columns than its head: {','.join(short[0])[:100]!r}.")
    return ["=".join(row[number].strip() for number in numbers) for row in rows]


@app.command(hidden=True)
def answer(run: str) -> None:
    """Answer questions about a run's sensors, one JSON object a line, on stdin and stdout. The page runs this in a child."""
    from stcore.evidence.plan.serving import serve

    out = sys.stdout
    sys.stdout = sys.stderr  # nothing else may come between the answers

    def write(line: str) -> None:
        out.write(line + "\n")
        out.flush()

    try:
        opened = open_run(run, kind="train")
    except RunError as error:
        write(dumps({"error": str(error)}))
        return
    serve(opened, sys.stdin, write)
