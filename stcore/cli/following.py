"""A run followed to its end: progress on stderr, its result on stdout."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stcore import readers
from stcore.cli.common import INTERRUPTED, cell_text, fail, is_first_rank, is_watched, say, say_aside
from stcore.data.metrics import METRICS
from stcore.distil.options import FILE
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run, RunError
from stcore.runs.record import sentence
from stcore.words import duration

EXPECTED = (OSError, RuntimeError, MemoryError, ValueError)
"""Errors that a run's record explains; others leave a traceback in the log."""


def print_result(run: Run, as_json: bool) -> None:
    """Print a run's result."""
    summary = run.summary()
    say(summary, as_json, result_text(summary))


def follow(job: jobs.Job, quiet: bool, as_json: bool, print_end: Callable[[Run, bool], None] = print_result) -> int:
    """Work on a job's run to its end, with progress on stderr, and print its result; gives the exit code.

    Whatever error ends the run, its folder says ``failed`` and keeps the reason.
    """
    run = job.run
    try:
        for event in job:
            if event.name in ("started", "epoch", "progress") and is_first_rank() and not quiet:
                print_progress(run, event.to_json())
    except KeyboardInterrupt:
        return fail(f"Interrupted. `python -m stcore resume {run.path}` continues it.", INTERRUPTED)
    except (RunError, DataError, OptionError):
        raise
    except Exception as error:
        if os.environ.get("STCORE_BACKGROUND") and not isinstance(error, EXPECTED):
            traceback.print_exc()  # into the run's log
        if as_json and run.result:
            say(run.summary(), as_json, "")
        return fail((run.result or {}).get("reason") or sentence(error), 1)
    if is_first_rank():
        print_end(run, as_json)
    return 0


def print_progress(run: Run, event: dict[str, Any]) -> None:
    """Print one event on stderr: in a terminal the line is replaced, elsewhere each epoch has its own."""
    if event["event"] == "started":
        say_aside(f"run {run.id}: {_start_text(run, event)}")
        for note in event["notes"]:
            say_aside(f"note: {note}")
    elif event["event"] == "epoch":
        line = epoch_text(event, run.pass_name, run.progress.get("seconds_left"))
        say_aside(("\r\033[K" if is_watched() else "") + line)
        for note in event["notes"]:
            say_aside(f"note: {note}")
    elif is_watched() and event["batch"] % 20 == 0:
        before = "before the first round" if run.kind == "distil" else "scoring before training"
        epoch = f"{run.pass_name} {event['epoch'] + 1}" if event["epoch"] >= 0 else before
        where = f"{epoch}, {'step' if run.kind == 'distil' else 'batch'} {event['batch']} of {event['batches']}"
        say_aside(f"\r\033[K{where}, {duration(run.progress.get('seconds_left'))} left", end=False)


def _start_text(run: Run, event: dict[str, Any]) -> str:
    if run.kind == "distil":
        rounds = "round" if run.passes == 1 else "rounds"
        return f"{event['samples']} training windows to distil, {run.passes} {rounds}"
    return (
        f"{event['samples']} samples, batch {event['batch']}, learning rate {event['learning_rate']:.3g} "
        "(both chosen for these data unless --batch and --lr set them)"
    )


def epoch_text(event: dict[str, Any], name: str, seconds_left: float | None) -> str:
    """An epoch or round (``name``) in one line: its validation error, or its matching loss where none was validated."""
    error, distils = event["validation"]["mae"], name == "round"
    parts = [f"validation MAE {cell_text(error)}"]
    if distils and error is None:
        parts = [f"matching loss {cell_text(event['train_loss'])}"]
    if not distils:
        parts.append(f"kept {event['kept']}")
    if seconds_left is not None:
        parts.append(f"{duration(seconds_left)} left")
    return f"{name} {event['epoch'] + 1}: {', '.join(parts)}"


def metric_text(name: str, value: float | None) -> str:
    """A metric for people, such as ``MAPE 12.3 %``."""
    return f"{METRICS[name].label} {cell_text(value)}{' %' if METRICS[name].unit == '%' else ''}"


def result_text(summary: dict[str, Any]) -> str:
    """A run's summary for people: status, metrics, visits, time and where its folder is."""
    lines = [f"run {summary['run']}: {summary['status']}{', ' + summary['reason'] if 'reason' in summary else ''}"]
    for part, metrics in summary["metrics"].items():
        if metrics:
            values = ", ".join(metric_text(name, metrics[name]) for name in METRICS if name in metrics)
            lines.append(f"{part}: {values} ({metrics['rule']})")
    for name, metrics in (summary["naive"] or {}).items():
        lines.append(f"{name}: MAE {cell_text(metrics['mae'])} ({metrics['note']})")
    visits, seconds = summary["visits"], summary["seconds"]
    if summary["kind"] == "distil":
        lines += [f"size: {visits['share']:.2%} of the full data"] if visits["share"] else []
        lines.append(f"time: {duration(seconds['total'])}")
    elif visits["full"]:
        lines.append(f"visits: {visits['kept']} of {visits['full']} ({visits['share']:.1%})")
        scoring = seconds["score"] + seconds["select"]
        lines.append(f"time: {duration(seconds['total'])}, of which {scoring:.2f} s for scoring and selecting")
    return "\n".join([*lines, summary["path"]])


def print_small_set(run: Run, json: bool, out: Path | None = None, layout: str = "") -> None:
    """Write the set to ``out`` where that is asked for, and print its size and the error of a model trained on it."""
    if run.status != "done":
        print_result(run, json)
        return
    small, summary = jobs.distilled(run), run.summary()
    lost: list[str] = []
    if out is not None:
        try:
            lost = readers.save(small, out, layout)
        except (DataError, OSError) as error:
            raise OptionError(
                f"The set is finished and kept in {run.path}, but not written to {out}: {error}"
            ) from None
    size = {
        "windows": int(small.ds["start"].size),
        "sensors": len(small.sensors),
        "share": summary["visits"]["share"],
    }
    validation, best = summary["metrics"]["validation"], summary["best_epoch"]
    after = f"after round {best} of {summary['epochs']}" if best else "at the start, since no round improved it"
    lines = [
        f"run {run.id}: {summary['status']}",
        f"{size['windows']} windows x {size['sensors']} sensors, {size['share']:.2%} of the full data",
        f"validation: MAE {cell_text(validation['mae'])} of a model trained on the set, {after}",
        f"time: {duration(summary['seconds']['total'])}",
        *([f"wrote {out}", *lost] if out else []),
        summary["path"],
    ]
    file = str(out) if out else str(run.path / FILE)
    say({**summary, "size": size, "out": file, "lost": lost}, json, "\n".join(lines))
