"""Commands about sensors: the deployment plan of a run, and the process that answers the page."""

import sys
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import RUNS, Json, Name, Runs, app, say, shown, table
from stcore.cli.naming import HOW, named, priced
from stcore.runs import RunError, open_run

Option = typer.Option


@app.command()
def sensors(
    run: Name,
    *,
    keep: Annotated[
        int | None,
        Option(help="How many sensors stay on (of a grid: regions). The run's own mask when left out, or the knee."),
    ] = None,
    budget: Annotated[
        float | None, Option(help="What the sensors that stay may cost together, instead of --keep.")
    ] = None,
    on: Annotated[list[str] | None, Option(help=f"Sensors that stay on whatever happens. {HOW}.")] = None,
    off: Annotated[
        list[str] | None, Option(help="Sensors that are switched off whatever happens; given as --on is.")
    ] = None,
    costs: Annotated[
        list[str] | None,
        Option(
            help="What sensors cost, such as a=3,b=2.5; 1 for those not named. Given as --on is; a CSV has a column cost."
        ),
    ] = None,
    out: Annotated[
        Path | None, Option(help="File to write, a row for every sensor: .csv, .geojson, .gpkg, or a page: .html.")
    ] = None,
    speed: Annotated[
        bool, Option("--speed", help="Measure, too, how much faster forecasts from fewer sensors are.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Plan which sensors stay and which are switched off, with the expected error and a reason for each."""
    from stcore import exports
    from stcore.evidence.plan import plan

    if out:
        exports.check_plan_place(out)
    found = open_run(run, runs, "train")
    known = found.spec["data"]["sensors"]
    forced: dict[str, Any] = {"on": named(on, known), "off": named(off, known), "costs": priced(costs, known)}
    asked: dict[str, Any] = {"keep": keep, "budget": budget, **forced}
    made = plan(found, **asked, with_curve=bool(out and out.suffix == ".html"))
    document = made.figures()
    if speed:
        from stcore.evidence.plan.serving import measured, sentence

        document["speed"] = measured(made)
        document["notes"].append(sentence(document["speed"]))
    if out:
        document |= {"path": str(out), "rows": exports.write_plan(made, out, document.get("speed"))}
    say(document, json, "\n".join(lines(document)))


def lines(document: dict[str, Any]) -> list[str]:
    """A plan for people: how many stay, what that costs and how sure that is, and what has to be known."""
    from stcore.charts.words import signed
    from stcore.evidence.plan.chance import how_sure
    from stcore.evidence.plan.chance import said as period

    unit, off = document["unit"], {"all": "over all", "kept": "over the kept", "off": "over those off"}
    ranking = (
        f"the run's own {document['importance'].split(':')[0]}" if document["ranking"] == "own" else document["ranking"]
    )
    rows = []
    for part, errors in document["errors"].items():
        for over, words in off.items():
            share, *ends = document["changes"][part][over]
            sure = between([f"{end:.4g}" if end == end else "" for end in document["intervals"][part][over]])
            change = signed(share) or "-"
            now, before = errors[over], document["unmasked"][part][over]
            rows.append(
                [
                    part,
                    words,
                    shown_or_dash(now),
                    sure,
                    shown_or_dash(before),
                    change,
                    between([signed(end) for end in ends]),
                ]
            )
    head = ["part", f"MAE{unit and f' ({unit})'}", "plan", "95 %", "all on", "change", "95 % of it"]
    measured = document["measured"].values()
    said = [f"{document['stay']} stay on, ranked by {ranking}", table(rows, head)]
    said += [f"measured in {period(one)}; {how_sure(one)}" for one in measured]
    said += [f"note: {note}" for note in document["notes"]]
    return [*said, *([f"wrote {document['rows']} rows to {document['path']}"] if "path" in document else [])]


def between(ends: list[str]) -> str:
    """An interval; a dash where there is none."""
    return " to ".join(ends) if all(ends) else "-"


def shown_or_dash(value: Any) -> str:
    """A number as people read it; a dash where there is none."""
    return "-" if isinstance(value, float) and value != value else shown(value)


@app.command(hidden=True)
def answer(run: str) -> None:
    """Answer questions about a run's sensors, one JSON object a line on stdin and stdout; the page asks this of a child."""
    from stcore.evidence.plan.serving import serve

    out = sys.stdout
    sys.stdout = sys.stderr  # nothing else may come between the answers

    def tell(line: str) -> None:
        out.write(line + "\n")
        out.flush()

    try:
        found = open_run(run, kind="train")
    except RunError as error:
        tell(dumps({"error": str(error)}))
        return
    serve(found, sys.stdin, tell)
