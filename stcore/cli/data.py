"""Commands about data and methods: inspect, methods, simulate."""

from json import dumps
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from stcore import readers, registry
from stcore.cli.common import RUNS, Answers, Json, Runs, app, read_answers, say, table
from stcore.data import STData
from stcore.data.checks import sensor_word, with_sensor_word
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.readers.layers import layers
from stcore.readers.safe import child
from stcore.readers.safe.limits import free_memory
from stcore.runs import Run, remove, runs_in
from stcore.runs.store import elsewhere

MEMORY_SHARE = 0.8


@app.command()
def inspect(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or demo.")],
    answers: Answers = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Say what was understood of a dataset, what was changed, what it asks, and whether runs know it by another name."""
    found = readers.open(data, read_answers(answers))
    about = described(found)
    known = elsewhere(runs_in(runs), found, data)
    about["findings"] += [finding.to_json() for finding in known]
    size = f"{found.steps} steps x {len(found.sensors)} {sensor_word(found.ds)}s x {len(found.channels)} channels"
    lines = [f"{found.title}: {size}, from {about['start']}"]
    assumed = f" (assumed: {found.assumed})" if found.assumed else ""
    lines.append(f"every {found.step_seconds:g} s, time zone {found.zone}{assumed}")
    lines.append(f"{about['missing_share']:.1%} missing, {about['zero_share']:.1%} zero")
    lines.append(with_sensor_word(f"graph: {found.ds.attrs.get('graph', 'none')}", found.ds))
    for finding in [*found.findings, *known]:
        choices = "".join(f"\n      {choice}: {text}" for choice, text in finding.choices.items())
        chosen = f" (taken: {finding.chosen})" if finding.chosen else ""
        lines.append(f"  {finding.level} {finding.code}: {finding.text}{chosen}{choices}")
    say(about, json, "\n".join(lines))


@app.command()
def save(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or demo.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new file or folder.")],
    layout: Annotated[str, typer.Option("--as", help=f"One of {', '.join(readers.layouts())}.")] = "netcdf",
    answers: Answers = None,
    json: Json = False,
) -> None:
    """Write a dataset, cleaned as it was understood, in our own format or in the layout of another project."""
    found = readers.open(data, read_answers(answers))
    lost = readers.save(found, out, layout)
    about = {"path": str(out), "layout": layout, "lost": lost, "fingerprint": found.fingerprint}
    said = readers.layouts()[layout].text
    say(about, json, "\n".join([f"wrote {out}: {said}", *(f"  not kept: {text}" for text in lost)]))


def described(data: STData) -> dict[str, Any]:
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


@app.command()
def methods(json: Json = False) -> None:
    """List what can be chosen: models, strategies, masks, distillers, readers."""
    listed: dict[str, Any] = {
        kind: [card.to_json() for card in registry.cards(kind).values()] for kind in registry.KINDS
    }
    text = [
        f"{kind}\n{table([[card['name'], card['summary']] for card in cards], ['  name', 'what it does'])}"
        for kind, cards in listed.items()
        if cards
    ]
    say(listed, json, "\n\n".join(text))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="NetCDF file to write.")] = None,
    days: Annotated[int, typer.Option(help="Days to simulate.", min=1, max=365)] = 28,
    seed: Annotated[int, typer.Option(help="The one seed of every random draw.", min=0, max=2**31 - 1)] = 0,
    demo_run: Annotated[
        bool, typer.Option("--demo-run", help="Rebuild the finished run that ships with the demo.")
    ] = False,
    json: Json = False,
) -> None:
    """Simulate the demo city's traffic and write it with its ground truth."""
    if demo_run:
        run = rebuilt_demo_run()
        say(run.summary(), json, f"wrote {run.path}")
        return
    if out is None:
        raise OptionError("simulate needs a file to write, such as city.nc.")
    from stcore import exports
    from stcore import simulate as city

    exports.check_place(out)
    ds = city.simulate(days=days, seed=seed)
    city.write(out, ds)
    about = {"path": str(out), "days": days, "seed": seed, "sensors": ds.sizes["sensor"], "steps": ds.sizes["time"]}
    say(about, json, f"wrote {out}")


def rebuilt_demo_run() -> Run:
    """Train on the demo city again and put the small, finished run beside it, where the app shows it first."""
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
    answer: Annotated[list[str] | None, typer.Option(help="code=choice")] = None,
    seconds: Annotated[int, typer.Option(help="Seconds of work that may be spent.")] = 180,
    form: Annotated[
        str, typer.Option("--as", help="data, layer (as JSON), or a reader: what that finds in a file.")
    ] = "data",
) -> int:
    """Open data under limits of memory and time and write them checked; this is asked of a child process."""
    limit(seconds)
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


def limit(seconds: int) -> None:
    """Bound this process's memory (what is free now, some room left) and working time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    room = int(MEMORY_SHARE * free_memory())
    for kind, bound in ((resource.RLIMIT_AS, room), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (bound if most == resource.RLIM_INFINITY else min(bound, most), most))
