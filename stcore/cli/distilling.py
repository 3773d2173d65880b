"""The command that makes a small set of a large one."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore import readers, registry
from stcore.cli.common import RUNS, Answers, Json, Runs, app, read_answers, say, shown
from stcore.cli.training import configured, finish, laid_over, result, without_none
from stcore.distil.options import FILE, DistilOptions
from stcore.findings import DataError
from stcore.options import OptionError, merged, nested
from stcore.processes import jobs
from stcore.runs import Run, create_distillation
from stcore.words import duration

Option = typer.Option
LAYOUTS = {".nc": "netcdf", ".pt": "stemdist"}


@app.command()
def distil(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or demo.")],
    *,
    method: Annotated[str | None, Option(help="Name of the method; stemdist when left out.")] = None,
    time: Annotated[float | None, Option(help="Windows of the small set, as a share of the training windows.")] = None,
    space: Annotated[float | None, Option(help="Its sensors, as a share of the sensors.")] = None,
    model: Annotated[str | None, Option(help="Name of the surrogate; stid when left out.")] = None,
    preview: Annotated[bool, Option("--preview/--paper", help="The quick schedule, or that of the paper.")] = True,
    out: Annotated[
        Path | None, Option(help="Where the small set goes: a new .nc, or a .pt as STemDist has it.")
    ] = None,
    lookback: Annotated[int | None, Option(help="Steps that a model sees.")] = None,
    horizon: Annotated[int | None, Option(help="Steps that it forecasts.")] = None,
    seed: Annotated[int | None, Option(help="The one seed of every random draw.")] = None,
    runs: Runs = RUNS,
    name: Annotated[str | None, Option("--id", help="Name of the run's folder.")] = None,
    answers: Answers = None,
    config: Annotated[Path | None, Option(help="JSON of options, or a distillation's spec.json.")] = None,
    assignments: Annotated[
        list[str] | None,
        Option("--set", metavar="NAME=VALUE", help="Any nested option, such as distil.subsets=2."),
    ] = None,
    quiet: Annotated[bool, Option("--quiet", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Make a small set, in time and space at once, that trains models like the whole; `train DATA --distilled` uses it."""
    layout = checked(out)
    given: dict[str, Any] = {
        "seed": seed,
        "model": {"name": model},
        "distil": {"name": method, "time": time, "space": space, "schedule": None if preview else "paper"},
        "data": {"lookback": lookback, "horizon": horizon},
    }
    if not preview and method and "schedule" not in registry.card("distillers", method).options.model_fields:
        raise OptionError(f"--paper is a schedule of learning, and {method} learns nothing; leave it out.")
    options = laid_over(configured(config, DistilOptions), merged(without_none(given), nested(assignments or [])))
    run = create_distillation(data, options, runs, name, read_answers(answers))
    return finish(run, quiet, json, partial(told, out=out, layout=layout))


def checked(out: Path | None) -> str:
    """The layout of a file to write, told by how it ends. Refused before the work where it cannot be written."""
    from stcore import exports

    if out is None:
        return ""
    if out.suffix not in LAYOUTS:
        raise OptionError(f"--out is a new file that ends in .nc or .pt; it was {out.name!r}.")
    if os.path.lexists(out):
        raise OptionError(f"There is a file {out} already; choose another name.")
    exports.check_place(out)
    return LAYOUTS[out.suffix]


def told(run: Run, json: bool, out: Path | None = None, layout: str = "") -> None:
    """Write the set where it was asked for, and say what came of it."""
    if run.status != "done":
        result(run, json)
        return
    small, summary = jobs.distilled(run), run.summary()
    lost: list[str] = []
    if out is not None:
        try:
            lost = readers.save(small, out, layout)
        except (DataError, OSError) as error:
            raise OptionError(f"The set is made, and kept in {run.path}; {out} could not be written: {error}") from None
    size = {
        "windows": int(small.ds["start"].size),
        "sensors": len(small.sensors),
        "share": summary["visits"]["share"],
    }
    validation = summary["metrics"]["validation"]
    best = summary["best_epoch"]
    after = f"after round {best} of {summary['epochs']}" if best else "as it began, since no round made it better"
    lines = [
        f"run {run.id}: {summary['status']}",
        f"{size['windows']} windows x {size['sensors']} sensors, {size['share']:.2%} of the whole",
        f"validation: MAE {shown(validation['mae'])} of a model trained on it, {after}",
        f"time: {duration(summary['seconds']['total'])}",
        *([f"written to {out}", *lost] if out else []),
        summary["path"],
    ]
    place = str(out) if out else str(run.path / FILE)
    say({**summary, "size": size, "out": place, "lost": lost}, json, "\n".join(lines))
