"""Jobs: a run in its own process, outliving browser and server; and the same in this one, for notebooks and the command line.

The page never trains: it starts ``python -m stcore resume RUN`` and reads the folder. Torch is imported only where work
is done, and only after the run has its slot.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stcore import readers
from stcore.data import STData
from stcore.distil.options import FILE
from stcore.events import Event
from stcore.runs import Run, RunError, create, create_distillation, record
from stcore.runs.create import open_source, versions
from stcore.runs.queue import held, slot
from stcore.runs.quota import check_reach
from stcore.runs.record import checkpoint, fail, tell, weights

if TYPE_CHECKING:
    from stcore.distil.distilling import Distilling
    from stcore.training.trainer import Trainer


class Job:
    """A run to be worked on in this process: iterate it for its events, or ``finish()`` it."""

    def __init__(self, run: Run, data: STData | None = None) -> None:
        """``data`` are the run's, where they are open already."""
        self.run, self.data = run, data

    def __iter__(self) -> Iterator[Event]:
        return work(self.run, self.data)

    def finish(self) -> Run:
        """Work to the end, whatever is said on the way."""
        for _ in self:
            continue
        return self.run


def train(
    source: str | Path | STData = "demo", runs: str | Path = "runs", name: str | None = None, **options: Any
) -> Job:
    """A new run on ``source``, to be iterated or finished: ``train("demo", prune={"name": "infobatch"}).finish()``.

    ``options`` are those of RunOptions, nested as plain values. Raises OptionError, DataError or RunError before anything
    is written.
    """
    return new_job(create, source, options, runs, name)


def distil(
    source: str | Path | STData = "demo", runs: str | Path = "runs", name: str | None = None, **options: Any
) -> Job:
    """A new distillation of ``source``, to be iterated or finished; ``distilled(job.finish())`` is the small dataset.

    ``options`` are those of DistilOptions, nested as plain values, such as ``distil={"name": "stemdist", "time": 0.1}``.
    """
    return new_job(create_distillation, source, options, runs, name)


def new_job(
    create: Callable[..., Run],
    source: str | Path | STData,
    options: Mapping[str, Any],
    runs: str | Path = "runs",
    name: str | None = None,
    *,
    answers: Mapping[str, str] | None = None,
) -> Job:
    """A new run, made by ``create`` or ``create_distillation``, with the data that were opened for it.

    Data that come from memory are not carried: the run begins with its own copy of them, as a later start would.
    """
    data = open_source(source, runs, answers)
    run = create(source, options, runs, name, data=data)
    return Job(run, None if isinstance(source, STData) else data)


def distilled(run: Run) -> STData:
    """The small dataset that a finished distillation has made. RunError where there is none yet."""
    if run.kind != "distil" or not finished(run):
        raise RunError(
            f"Run {run.id} has made no distilled set{'' if run.kind == 'distil' else '; it trains a model'}."
        )
    return readers.open(run.path / FILE)


# ---- in this process -----------------------------------------------------------------------------------------------
def work(run: Run, data: STData | None = None) -> Generator[Event, None, None]:
    """Train ``run`` in this process, from its last checkpoint where it has one; a finished run has nothing left to say.

    ``data`` are the run's, where they are open already: they are opened once, here or by whoever made the run.
    RunError where another process works on it or where its data have changed since it was made.
    """
    if finished(run):
        return
    if int(os.environ.get("RANK", 0)):
        yield from follow(run, data)
        return
    before = run.ranks
    with held(run):
        if finished(run):  # by another worker, while this one waited
            return
        run.reopen()
        with slot(run) as free:
            if not free:
                return
            trainer = begin(run, before, data)
            yield from record(
                run, trainer, trainer.checkpoint, trainer.weights, trainer.ranks.agree, beside=trainer.beside
            )
            trainer.ranks.close()


def finished(run: Run) -> bool:
    """Whether nothing is left to do."""
    return (run.result or {}).get("status") == "done"


def begin(run: Run, before: int | None, data: STData | None = None) -> "Trainer | Distilling":
    """The run's trainer where its checkpoint stands; a failure is written into the run before it is raised.

    ``before``: how many processes worked on it until now.
    """
    tell(run, {"event": "opening"})
    try:
        trainer = prepare(run, data)
    except Exception as error:
        fail(run, error)
        raise
    world = trainer.ranks.world
    if trainer.epoch and before not in (None, world):
        trainer.extra_notes.append(
            f"worked on by {before} processes before and by {world} now: not bit for bit the same"
        )
    return trainer


def follow(run: Run, data: STData | None = None) -> Iterator[Event]:
    """The part of a rank other than the first: the same work, nothing written."""
    trainer = prepare(run, data)
    for event in trainer:
        yield event
        if trainer.ranks.agree(False) and event.name != "finished":
            break
    trainer.ranks.close()


def prepare(run: Run, data: STData | None = None) -> "Trainer | Distilling":
    """Open the run's data unless they are open, build its trainer (or what distils them) and load its checkpoint."""
    run.spec.check_options()
    trainer = distilling(run, data) if run.kind == "distil" else training(run, data)
    content, note = checkpoint(run)
    trainer.extra_notes += [note] if note else []
    if content:
        load(trainer, content, run)
    made, here = run.spec.versions.get("torch"), versions().get("torch")
    if made != here:
        trainer.extra_notes.append(f"the run began with torch {made} and goes on with {here}: not bit for bit the same")
    return trainer


def training(run: Run, data: STData | None = None) -> "Trainer":
    """The run's trainer at its beginning."""
    from stcore.training.trainer import Trainer

    options = run.spec.options
    small = None if options.distilled.source is None else small_set(run)
    return Trainer(dataset(run, data), options, distilled=small)


def small_set(run: Run) -> STData:
    """The distilled set that the run trains on. RunError where it is no longer the one that the run was made with."""
    small = readers.open(run.path / FILE)
    if small.fingerprint != (run.spec.distilled or {}).get("kept", small.fingerprint):
        raise RunError(
            f"The distilled set in {run.path / FILE} has changed since run {run.id} was made; start a new run."
        )
    return small


def distilling(run: Run, data: STData | None = None) -> "Distilling":
    """The distillation at its beginning."""
    from stcore.distil.distilling import Distilling

    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise RunError("A distillation is worked on by one process; start it without torchrun.")
    return Distilling(dataset(run, data), run.spec.distil_options)


def load(trainer: "Trainer | Distilling", content: bytes, run: Run) -> None:
    """Have the trainer go on from a checkpoint. RunError where an earlier version wrote one that this one does not know."""
    try:
        trainer.load(content)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        made, when = run.spec.versions.get("stcore", "unknown"), run.spec.created[:10]
        raise RunError(
            f"The checkpoint of run {run.id} was written by an earlier version (stcore {made}, the run is of {when}), and "
            f"this one does not know its state ({error}). The version of that day can finish it; its record can still be "
            "looked at here, and a new run can be started with the same options."
        ) from error


def dataset(run: Run, data: STData | None = None) -> STData:
    """The data that the run was made of; ``data`` are they, where they are open already.

    RunError where they are gone or have changed, DataError where a class may not read them.
    """
    source = run.spec.data.source
    path = run.path / source if source == "data.nc" else source
    check_reach(path, run.path.parent)
    data = readers.open(path, run.spec.data.answers) if data is None else data
    if data.fingerprint != run.spec.data.fingerprint:
        raise RunError(f"The data in {source} have changed since run {run.id} was made; start a new run on them.")
    return data


def predict(run: Run, starts: np.ndarray, data: STData | None = None) -> np.ndarray:
    """Forecasts [K, H, N, C'] in units by the best weights, for windows whose inputs begin at ``starts`` [K].

    ``data`` may be newer data of the same sensors and channels. RunError where the run is not finished.
    """
    from stcore.training.predict import predict as forecast

    content = weights(run)
    if content is None:
        raise RunError(f"Run {run.id} has no finished weights yet; it is {run.status}.")
    run.spec.check_options()
    return forecast(data or dataset(run), run.spec.options, content, starts)


# ---- in a process of its own ---------------------------------------------------------------------------------------
