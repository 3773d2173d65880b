"""Commands that train: train, distil, resume, stop, pause."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore import registry
from stcore.cli.common import RUNS, Answers, DataSource, Json, Name, Quiet, Runs, app, is_first_rank, say
from stcore.cli.following import follow, print_small_set
from stcore.cli.given import overlay, read_answers, read_options, without_none
from stcore.distil.options import DistilOptions
from stcore.options import OptionError, merge, parse_assignments
from stcore.processes.jobs import Job, new_job
from stcore.runs import Run, create, create_distillation, open_run
from stcore.runs.folder import Word

Option = typer.Option
PANEL = "Train"
LAYOUTS = {".nc": "netcdf", ".pt": "stemdist"}
"""Suffixes of a small set's file, and the layouts that they ask for."""


@app.command(rich_help_panel=PANEL)
def train(
    data: DataSource,
    *,
    model: Annotated[str | None, Option(help="Name of the model.")] = None,
    prune: Annotated[str | None, Option(help="Name of the pruning strategy.")] = None,
    keep: Annotated[float | None, Option(help="Share of all sample visits to keep, between 0 and 1.")] = None,
    mask: Annotated[str | None, Option(help="Name of the sensor mask.")] = None,
    sparsity: Annotated[float | None, Option(help="Share of the sensors that the mask switches off.")] = None,
    distilled: Annotated[
        str | None,
        Option(metavar="SMALL", help="Train on this distilled set; validation and test stay on DATA."),
    ] = None,
    warm: Annotated[int | None, Option(help="Train so many epochs on SMALL first, then on DATA.")] = None,
    epochs: Annotated[int | None, Option(help="Passes over the data.")] = None,
    batch: Annotated[int | None, Option(help="Samples in a batch.")] = None,
    lr: Annotated[float | None, Option(help="Learning rate at the start.")] = None,
    lookback: Annotated[int | None, Option(help="Steps that the model sees.")] = None,
    horizon: Annotated[int | None, Option(help="Steps that the model forecasts.")] = None,
    split: Annotated[str | None, Option(help="Shares for training, validation and test, such as 0.6,0.2,0.2.")] = None,
    seed: Annotated[int | None, Option(help="Seed of all random numbers.")] = None,
    runs: Runs = RUNS,
    name: Annotated[str | None, Option("--id", help="Name of the run's folder.")] = None,
    answers: Answers = None,
    config: Annotated[Path | None, Option(help="JSON file of options, or a run's spec.json.")] = None,
    assignments: Annotated[
        list[str] | None,
        Option("--set", metavar="NAME=VALUE", help="Any other option, such as model.width=32; a list as a,b or JSON."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Train a model while samples are pruned, and record the run."""
    given: dict[str, Any] = {
        "seed": seed,
        "model": {"name": model},
        "prune": {"name": prune, "keep": keep},
        "mask": {"name": mask, "sparsity": sparsity},
        "train": {"epochs": epochs, "batch": batch, "lr": lr},
        "data": {"lookback": lookback, "horizon": horizon, "split": split},
        "distilled": {"source": distilled and str(Path(distilled).resolve()), "warm": warm},
    }
    options = overlay(read_options(config), merge(without_none(given), parse_assignments(assignments or [])))
    if sparsity is not None and registry.card("masks", options["mask"].get("name", "none")).off == "never":
        raise OptionError("--sparsity needs a mask that switches sensors off, such as --mask dynst.")
    if warm is not None and distilled is None:
        raise OptionError("--warm needs a distilled set to begin with; give it with --distilled.")
    return follow(create_once(data, options, runs, name, read_answers(answers)), quiet, json)


def create_once(data: str, options: dict[str, Any], runs: Path, name: str | None, answers: dict[str, str]) -> Job:
    """The new run with its data. Among several ranks the first one creates it and tells the others its id."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return new_job(create, data, options, runs, name, answers=answers)
    from stcore.ranks import Ranks

    ranks = Ranks()
    first = new_job(create, data, options, runs, name, answers=answers) if ranks.first else None
    run = open_run(ranks.broadcast(first.run.id if first else ""), runs)
    return first or Job(run)


@app.command(rich_help_panel=PANEL)
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
    options = overlay(
        read_options(config, DistilOptions), merge(without_none(given), parse_assignments(assignments or []))
    )
    job = new_job(create_distillation, data, options, runs, name, answers=read_answers(answers))
    return follow(job, quiet, json, partial(print_small_set, out=out, layout=layout))


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


@app.command(rich_help_panel=PANEL)
def resume(run: Name, runs: Runs = RUNS, quiet: Quiet = False, json: Json = False) -> int:
    """Continue a run that was stopped, paused, interrupted or has failed. For a finished run, print its result."""
    background = os.environ.get("STCORE_BACKGROUND")
    if background and hasattr(os, "nice"):
        os.nice(10)  # the page stays quick while a run trains
    opened = open_run(run, runs)
    if not background and is_first_rank():
        if opened.status == "paused":
            _ask(opened, "run", json)
            return 0
        if not opened.locked and opened.status != "done":
            opened.control("run")
    if opened.kind == "distil":
        return follow(Job(opened), quiet, json, print_small_set)
    return follow(Job(opened), quiet, json)


@app.command(rich_help_panel=PANEL)
def stop(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Ask a run to stop at its next batch. Resume repeats the epoch that was under way."""
    _ask(open_run(run, runs), "stop", json)


@app.command(rich_help_panel=PANEL)
def pause(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Ask a run to wait at its next batch, until resume lets it continue."""
    _ask(open_run(run, runs), "pause", json)


def _ask(run: Run, word: Word, json: bool) -> None:
    if not run.locked:
        raise OptionError(f"Run {run.id} is {run.status}; there is nothing to {word}.")
    run.control(word)
    say({**run.summary(), "asked": word}, json, f"asked run {run.id} to {word}")
