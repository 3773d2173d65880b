"""Commands that work: train, resume, stop, pause."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.cli.common import (
    RUNS,
    Answers,
    Json,
    Name,
    Runs,
    app,
    aside,
    read_answers,
    read_object,
    refuse,
    say,
    shown,
)
from stcore.findings import DataError
from stcore.options import OptionError, RunOptions, merged, nested
from stcore.processes import jobs
from stcore.runs import Run, RunError, create, open_run
from stcore.runs.folder import Word
from stcore.runs.record import sentence
from stcore.words import duration

Option = typer.Option
INTERRUPTED = 130  # what shells give for Ctrl-C


@app.command()
def train(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or demo.")],
    *,
    model: Annotated[str | None, Option(help="Name of the forecaster.")] = None,
    prune: Annotated[str | None, Option(help="Name of the pruning strategy.")] = None,
    keep: Annotated[float | None, Option(help="Share of all sample visits to keep.")] = None,
    mask: Annotated[str | None, Option(help="Name of the mask over sensors.")] = None,
    sparsity: Annotated[float | None, Option(help="Share of the sensors that the mask switches off.")] = None,
    distilled: Annotated[
        str | None, Option(metavar="SMALL", help="A distilled set to train on; validation and test stay DATA's own.")
    ] = None,
    warm: Annotated[int | None, Option(help="Epochs on SMALL, after which the run trains on DATA.")] = None,
    epochs: Annotated[int | None, Option(help="Passes over the data.")] = None,
    batch: Annotated[int | None, Option(help="Windows in a step.")] = None,
    lr: Annotated[float | None, Option(help="Learning rate at the start.")] = None,
    lookback: Annotated[int | None, Option(help="Steps that the model sees.")] = None,
    horizon: Annotated[int | None, Option(help="Steps that it forecasts.")] = None,
    split: Annotated[str | None, Option(help="Shares for training, validation and test, such as 0.6,0.2,0.2.")] = None,
    seed: Annotated[int | None, Option(help="The one seed of every random draw.")] = None,
    runs: Runs = RUNS,
    name: Annotated[str | None, Option("--id", help="Name of the run's folder.")] = None,
    answers: Answers = None,
    config: Annotated[Path | None, Option(help="JSON of options, or a run's spec.json.")] = None,
    assignments: Annotated[
        list[str] | None,
        Option("--set", metavar="NAME=VALUE", help="Any nested option, such as model.width=32; a list as a,b or JSON."),
    ] = None,
    quiet: Annotated[bool, Option("--quiet", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Train a forecaster while samples are pruned, and record the run."""
    given: dict[str, Any] = {
        "seed": seed,
        "model": {"name": model},
        "prune": {"name": prune, "keep": keep},
        "mask": {"name": mask, "sparsity": sparsity},
        "train": {"epochs": epochs, "batch": batch, "lr": lr},
        "data": {"lookback": lookback, "horizon": horizon, "split": split},
        "distilled": {"source": distilled and str(Path(distilled).resolve()), "warm": warm},
    }
    options = laid_over(configured(config), merged(without_none(given), nested(assignments or [])))
    if sparsity is not None and options["mask"].get("name", "none") == "none":
        raise OptionError("--sparsity needs a mask to switch sensors off by, such as --mask dynst.")
    if warm is not None and distilled is None:
        raise OptionError("--warm needs a distilled set to begin with, given by --distilled.")
    run = made(data, options, runs, name, read_answers(answers))
    return finish(run, quiet, json)


def configured(path: Path | None, kind: type[RunOptions] = RunOptions) -> dict[str, Any]:
    """The options in a file, on their own or in a run's spec.json. OptionError where they are none."""
    file = read_object(path)
    options = file.get("options", file)
    if not isinstance(options, dict):
        raise OptionError(f"The options in {path} have to be a JSON object.")
    kind.read(options)  # what is wrong here must not hide behind what is laid over it
    return options


def laid_over(file: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Options asked for on top of those of a file; another model or strategy leaves the options of the file's behind."""

    def same(part: str) -> bool:
        below, above = file.get(part), asked.get(part)
        if not isinstance(below, dict) or not isinstance(above, dict):
            return True
        return above.get("name", below.get("name")) == below.get("name")

    return merged({part: value for part, value in file.items() if same(part)}, asked)


def made(data: str, options: dict[str, Any], runs: Path, name: str | None, answers: dict[str, str]) -> Run:
    """The new run; among several ranks the first makes it and tells the others its id."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return create(data, options, runs, name, answers)
    from stcore.ranks import Ranks

    ranks = Ranks()
    run = create(data, options, runs, name, answers) if ranks.first else None
    return open_run(ranks.tell(run.id if run else ""), runs)


def without_none(tree: dict[str, Any]) -> dict[str, Any]:
    """What was given on the command line."""
    kept = {key: without_none(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return {key: value for key, value in kept.items() if value is not None and value != {}}


@app.command()
def resume(
    run: Name,
    runs: Runs = RUNS,
    quiet: Annotated[bool, Option("--quiet", help="No progress on stderr.")] = False,
    json: Json = False,
) -> int:
    """Go on with a stopped, failed or interrupted run, let a paused one go on; of a finished one, print the result."""
    background = os.environ.get("STCORE_BACKGROUND")
    if background and hasattr(os, "nice"):
        os.nice(10)  # the page stays quick while a run trains
    found = open_run(run, runs)
    if not background and first():
        if found.status == "paused":
            _ask(found, "run", json)
            return 0
        if not found.locked and found.status != "done":
            found.control("run")
    if found.kind == "distil":
        from stcore.cli.distilling import told

        return finish(found, quiet, json, told)
    return finish(found, quiet, json)


def first() -> bool:
    """Whether this is the one rank that speaks and writes."""
    return int(os.environ.get("RANK", 0)) == 0


def result(run: Run, as_json: bool) -> None:
    """Say a run's result."""
    summary = run.summary()
    say(summary, as_json, result_text(summary))


def finish(run: Run, quiet: bool, as_json: bool, tell: Callable[[Run, bool], None] = result) -> int:
    """Work on a run to its end with progress on stderr, then tell its result."""
    try:
        for event in jobs.work(run):
            if event.name in ("started", "epoch", "progress") and first() and not quiet:
                progress(run, event.to_json())
    except KeyboardInterrupt:
        return refuse(f"Interrupted. `python -m stcore resume {run.path}` goes on.", INTERRUPTED)
    except (RunError, DataError, OptionError):
        raise
    except Exception as error:  # the run ends as failed, whatever it was, and keeps the reason
        if os.environ.get("STCORE_BACKGROUND") and not isinstance(
            error, OSError | RuntimeError | MemoryError | ValueError
        ):
            traceback.print_exc()  # into the run's log
        if as_json and run.result:
            say(run.summary(), as_json, "")
        return refuse((run.result or {}).get("reason") or sentence(error), 1)
    if first():
        tell(run, as_json)
    return 0


def progress(run: Run, event: dict[str, Any]) -> None:
    """One line on stderr: replaced while a terminal watches, else one an epoch."""
    if event["event"] == "started":
        how = (
            f"{event['samples']} training windows to distil from, {run.passes} {'round' if run.passes == 1 else 'rounds'}"
            if run.kind == "distil"
            else f"{event['samples']} samples, batch {event['batch']}, learning rate {event['learning_rate']:.3g} (chosen to "
            "suit the data, unless --batch and --lr say)"
        )
        aside(f"run {run.id}: {how}")
        for note in event["notes"]:
            aside(f"note: {note}")
    elif event["event"] == "epoch":
        aside(("\r\033[K" if watched() else "") + told(event, run.pass_name, run.progress.get("seconds_left")))
        for note in event["notes"]:
            aside(f"note: {note}")
    elif watched() and event["batch"] % 20 == 0:
        before = "before the first round" if run.kind == "distil" else "scoring before training"
        epoch = f"{run.pass_name} {event['epoch'] + 1}" if event["epoch"] >= 0 else before
        where = f"{epoch}, {'step' if run.kind == 'distil' else 'batch'} {event['batch']} of {event['batches']}"
        aside(f"\r\033[K{where}, {duration(run.progress.get('seconds_left'))} left", end=False)


def told(event: dict[str, Any], name: str, left: float | None) -> str:
    """What an epoch, or a round, came to; of a round without a validation its matching loss."""
    error, distils = event["validation"]["mae"], name == "round"
    came = (
        f"matching loss {shown(event['train_loss'])}" if distils and error is None else f"validation MAE {shown(error)}"
    )
    said = [
        came,
        *([] if distils else [f"kept {event['kept']}"]),
        *([] if left is None else [f"{duration(left)} left"]),
    ]
    return f"{name} {event['epoch'] + 1}: {', '.join(said)}"


def watched() -> bool:
    """Whether a terminal shows stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def result_text(summary: dict[str, Any]) -> str:
    """A run's result for people."""
    lines = [f"run {summary['run']}: {summary['status']}{', ' + summary['reason'] if 'reason' in summary else ''}"]
    for part, metrics in summary["metrics"].items():
        if metrics:
            mae, rmse, mape = (shown(metrics[name]) for name in ("mae", "rmse", "mape"))
            lines.append(f"{part}: MAE {mae}, RMSE {rmse}, MAPE {mape} % ({metrics['rule']})")
    for name, metrics in (summary["naive"] or {}).items():
        lines.append(f"{name}: MAE {shown(metrics['mae'])} ({metrics['note']})")
    visits, seconds = summary["visits"], summary["seconds"]
    if summary["kind"] == "distil":
        lines += [f"size: {visits['share']:.2%} of the whole"] if visits["share"] else []
        lines.append(f"time: {duration(seconds['total'])}")
    elif visits["full"]:
        lines.append(f"visits: {visits['kept']} of {visits['full']} ({visits['share']:.1%})")
        scoring = seconds["score"] + seconds["select"]
        lines.append(f"time: {duration(seconds['total'])}, {scoring:.2f} s of it scoring and selecting")
    return "\n".join([*lines, summary["path"]])


@app.command()
def stop(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Ask a run to stop at its next batch; the epoch in hand is repeated on resume."""
    _ask(open_run(run, runs), "stop", json)


@app.command()
def pause(run: Name, runs: Runs = RUNS, json: Json = False) -> None:
    """Ask a run to wait at its next batch; `resume` lets it go on."""
    _ask(open_run(run, runs), "pause", json)


def _ask(run: Run, word: Word, json: bool) -> None:
    if not run.locked:
        raise OptionError(f"Run {run.id} is {run.status}; there is nothing to {word}.")
    run.control(word)
    say({**run.summary(), "asked": word}, json, f"asked run {run.id} to {word}")
