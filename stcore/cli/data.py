"""Commands about data and methods: inspect, save, methods, simulate."""

from json import dumps
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from stcore import readers, registry
from stcore.cli.common import RUNS, Answers, DataSource, Json, Runs, app, say, text_table
from stcore.cli.given import read_answers
from stcore.data import STData
from stcore.data.checks import sensor_word, with_sensor_word
from stcore.findings import DataError, Finding
from stcore.options import OptionError
from stcore.readers.layers import layers
from stcore.readers.safe import child
from stcore.readers.safe.limits import free_memory
from stcore.runs import Run, remove, runs_in
from stcore.runs.store import other_names
from stcore.words import duration

MEMORY_SHARE = 0.8
PANEL = "Data"


@app.command(rich_help_panel=PANEL)
def inspect(data: DataSource, answers: Answers = None, runs: Runs = RUNS, json: Json = False) -> None:
    """Show how a dataset was read: its size, what was changed, what has to be answered, and which runs used it."""
    opened = readers.open(data, read_answers(answers))
    about = description(opened)
    used = other_names(runs_in(runs), opened, data)
    about["findings"] += [finding.to_json() for finding in used]
    lines = [*_description_lines(opened, about), *map(_finding_text, [*opened.findings, *used])]
    say(about, json, "\n".join(lines))


def _description_lines(data: STData, about: dict[str, Any]) -> list[str]:
    assumed = f" (assumed: {data.assumed})" if data.assumed else ""
    return [
        f"{data.title}: {data.steps} steps x {len(data.sensors)} {sensor_word(data.ds)}s x {len(data.channels)} channels, "
        f"from {about['start']}",
        f"step {duration(data.step_seconds)}, time zone {data.zone}{assumed}",
        f"{about['missing_share']:.1%} missing, {about['zero_share']:.1%} zero",
        with_sensor_word(f"graph: {data.ds.attrs.get('graph', 'none')}", data.ds),
    ]


def _finding_text(finding: Finding) -> str:
    """A finding with the answer in force and, below it, every choice."""
    chosen = f" (answer: {finding.chosen})" if finding.chosen else ""
    choices = "".join(f"\n      {choice}: {text}" for choice, text in finding.choices.items())
    return f"  {finding.level} {finding.code}: {finding.text}{chosen}{choices}"


@app.command(rich_help_panel=PANEL)
def save(
    data: DataSource,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new file or folder.")],
    layout: Annotated[str, typer.Option("--as", help=f"One of {', '.join(readers.layouts())}.")] = "netcdf",
    answers: Answers = None,
    json: Json = False,
) -> None:
    """Write a dataset, as it was read and repaired, to one NetCDF file or in the layout of another project."""
    opened = readers.open(data, read_answers(answers))
    lost = readers.save(opened, out, layout)
    about = {"path": str(out), "layout": layout, "lost": lost, "fingerprint": opened.fingerprint}
    lines = [f"wrote {out}: {readers.layouts()[layout].text}", *(f"  left out: {text}" for text in lost)]
    say(about, json, "\n".join(lines))


def description(data: STData) -> dict[str, Any]:
    """What ``inspect --json`` prints."""
    values = data.values
    observed = np.isfinite(values)
    return {
        "title": data.title,
        "steps": data.steps,
        "sensors": len(data.sensors),
        "channels": len(data.channels),
        "channel_names": data.channels,
        "step_seconds": data.step_seconds,
        "start": str(data.time[0]),
        "zone": data.zone,
        "assumed": data.assumed,
        "coordinates": data.locations is not None,
        "edges": 0 if data.edges is None else len(data.edges[0]),
        "graph": data.ds.attrs.get("graph"),
        "units": data.units,
        "missing_share": float(1 - observed.mean()),
        "zero_share": float((values == 0).sum() / max(observed.sum(), 1)),
        "fingerprint": data.fingerprint,
        "reader": data.ds.attrs.get("reader"),
        "simulated": data.simulated,
        "findings": [finding.to_json() for finding in data.findings],
    }


@app.command(rich_help_panel=PANEL)
def methods(json: Json = False) -> None:
    """List all models, strategies, masks, distillers and readers."""
    cards: dict[str, Any] = {
        kind: [card.to_json() for card in registry.cards(kind).values()] for kind in registry.KINDS
    }
    tables = [
        f"{kind}\n{text_table([[card['name'], card['summary']] for card in rows], ['  name', 'what it does'])}"
        for kind, rows in cards.items()
        if rows
    ]
    say(cards, json, "\n\n".join(tables))


@app.command(rich_help_panel=PANEL)
def simulate(
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="NetCDF file to write.")] = None,
    days: Annotated[int, typer.Option(help="Days to simulate.", min=1, max=365)] = 28,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0, max=2**31 - 1)] = 0,
    demo_run: Annotated[
        bool, typer.Option("--demo-run", help="Train the finished run that ships with the demo again.")
    ] = False,
    json: Json = False,
) -> None:
    """Simulate the traffic of the demo city and write it with its ground truth."""
    if demo_run:
        run = rebuild_demo_run()
        say(run.summary(), json, f"wrote {run.path}")
        return
    if out is None:
        raise OptionError("simulate needs a file to write, such as city.nc.")
    from stcore import exports
    from stcore import simulate as city

    exports.check_writable(out)
    ds = city.simulate(days=days, seed=seed)
    city.write(out, ds)
    about = {"path": str(out), "days": days, "seed": seed, "sensors": ds.sizes["sensor"], "steps": ds.sizes["time"]}
    say(about, json, f"wrote {out}")


def rebuild_demo_run() -> Run:
    """Train on the demo city again, and put the small, finished run beside it, where the app looks for it."""
    from stcore.processes import jobs

    folder = readers.DEMO.parent
    options = {"train": {"epochs": 15, "forecasts": 1, "threads": 1}, "prune": {"name": "st-prune", "keep": 0.5}}
    remove(folder / "demo-run")
    run = jobs.train("demo", folder, "demo-run", **options).finish()
    run.tidy()
    return run


@app.command(hidden=True)
def take(
    path: Path,
    out: Path,
    answer: Annotated[list[str] | None, typer.Option(help="An answer as code=choice.")] = None,
    seconds: Annotated[int, typer.Option(help="Most seconds of processor time.")] = 180,
    form: Annotated[
        str, typer.Option("--as", help="What to write: data, layer (as JSON), or what a reader of that name reads.")
    ] = "data",
) -> int:
    """Open a file under limits of memory and time, and write what was read. The page runs this in a child process."""
    limit_process(seconds)
    answers = dict(given.split("=", 1) for given in answer or ())
    try:
        if form == "layer":
            layers.write_layer(layers.read_layer(path, answers), out)
        elif form == "data":
            readers.open(path, answers).save(out)
        else:
            child.read_here(path, form, answers, out)
    except DataError as error:
        typer.echo(dumps([finding.to_json() for finding in error.findings]))
        return 2
    return 0


def limit_process(seconds: int) -> None:
    """Bound this process's memory, to a share of what is free now, and its processor time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    memory = int(MEMORY_SHARE * free_memory())
    for kind, bound in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (bound if most == resource.RLIM_INFINITY else min(bound, most), most))
