"""The command that makes a small set out of a large one."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore import registry
from stcore.cli.common import RUNS, Answers, DataSource, Json, Quiet, Runs, app
from stcore.cli.following import follow, print_small_set
from stcore.cli.given import overlay, read_answers, read_options, without_none
from stcore.distil.options import DistilOptions
from stcore.options import OptionError, merged, nested
from stcore.runs import create_distillation

Option = typer.Option
LAYOUTS = {".nc": "netcdf", ".pt": "stemdist"}


@app.command(rich_help_panel="Train")
def distil(
    data: DataSource,
    *,
    method: Annotated[str | None, Option(help="Name of the distiller; stemdist when left out.")] = None,
    time: Annotated[float | None, Option(help="Windows of the small set, as a share of the training windows.")] = None,
    space: Annotated[float | None, Option(help="Sensors of the small set, as a share of all sensors.")] = None,
    model: Annotated[str | None, Option(help="Name of the surrogate model; stid when left out.")] = None,
    preview: Annotated[bool, Option("--preview/--paper", help="The quick schedule, or that of the paper.")] = True,
    out: Annotated[
        Path | None, Option(help="New file for the small set: .nc, or .pt in the layout of STemDist.")
    ] = None,
    lookback: Annotated[int | None, Option(help="Steps that a model sees.")] = None,
    horizon: Annotated[int | None, Option(help="Steps that a model forecasts.")] = None,
    seed: Annotated[int | None, Option(help="Seed of all random numbers.")] = None,
    runs: Runs = RUNS,
    name: Annotated[str | None, Option("--id", help="Name of the run's folder.")] = None,
    answers: Answers = None,
    config: Annotated[Path | None, Option(help="JSON file of options, or a distillation's spec.json.")] = None,
    assignments: Annotated[
        list[str] | None,
        Option("--set", metavar="NAME=VALUE", help="Any other option, such as distil.subsets=2."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Make a small set, with fewer windows and fewer sensors, for `train DATA --distilled SMALL`."""
    layout = layout_of(out)
    given: dict[str, Any] = {
        "seed": seed,
        "model": {"name": model},
        "distil": {"name": method, "time": time, "space": space, "schedule": None if preview else "paper"},
        "data": {"lookback": lookback, "horizon": horizon},
    }
    if not preview and method and "schedule" not in registry.card("distillers", method).options.model_fields:
        raise OptionError(f"--paper sets a schedule of learning, and {method} learns nothing; leave it out.")
    options = overlay(read_options(config, DistilOptions), merged(without_none(given), nested(assignments or [])))
    run = create_distillation(data, options, runs, name, read_answers(answers))
    return follow(run, quiet, json, partial(print_small_set, out=out, layout=layout))


def layout_of(out: Path | None) -> str:
    """The layout that a new file's suffix asks for. Raises OptionError, before any work, where it cannot be written."""
    from stcore import exports

    if out is None:
        return ""
    if out.suffix not in LAYOUTS:
        raise OptionError(f"--out must be a new file that ends in .nc or .pt; it was {out.name!r}.")
    if os.path.lexists(out):
        raise OptionError(f"There is already a file {out}; choose another name.")
    exports.check_writable(out)
    return LAYOUTS[out.suffix]
