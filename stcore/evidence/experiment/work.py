"""Work on an experiment: an iterator that has its runs trained, the searches first, and gives the progress.

Every run is an ordinary one. Workers of their own train several at once, as many as there are slots; or this process trains
them in turn, so that their seconds can be compared. Finished runs are passed over, and the others go on from their last
checkpoint. So whatever ends the work, calling it again comes to the same results.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from stcore import readers
from stcore.data import STData
from stcore.evidence.experiment import tuning
from stcore.evidence.experiment.options import ExperimentOptions
from stcore.evidence.experiment.plan import Plan, Planned, check_same, work_by_arm
from stcore.evidence.experiment.tuning import Pace
from stcore.options import merge
from stcore.processes import jobs, worker
from stcore.runs import Run, RunError, create
from stcore.runs.experiment_folder import Folder
from stcore.runs.queue import slots
from stcore.runs.quota import check_reach

TICK = 0.25  # seconds between two looks at the workers, and at least between two words about the same
ATTEMPTS = 2  # a run that failed so often is left, and the rest goes on
PATIENCE = 10.0  # seconds that workers are given to stop


@dataclass(frozen=True)
class Progress:
    """How far an experiment is: ``done`` runs of ``all``, the ``failed`` ones and why, the ``current`` ones, seconds.

    ``said`` is a sentence where something happened, else empty. ``state`` is searching, training, paused, stopped or done.
    """

    state: str
    done: int
    all: int
    failed: list[dict[str, str]]
    current: list[dict[str, Any]]
    elapsed: float
    seconds_left: float
    said: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Work:
    """Iterate it to work. ``report`` makes the report once all runs are finished."""

    def __init__(
        self,
        folder: Folder,
        options: ExperimentOptions,
        plan: Plan,
        report: Callable[[STData], dict[str, Any]],
        in_turn: bool = False,
    ) -> None:
        self.folder, self.options, self.plan, self.report, self.in_turn = folder, options, plan, report, in_turn
        self.searches: dict[str, list[Planned]] = {}  # the trials of each arm that is searched for
        for planned in plan.runs:
            if planned.trial is not None:
                self.searches.setdefault(planned.key, []).append(planned)
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}  # runs that are left, and why
        self.stopped: set[str] = set()
        self.attempts: dict[str, int] = {}
        self.live: dict[str, tuple[Planned, Run]] = {}
        self.clock: dict[str, float] = {}  # when a run began here, unless it was paused since
        self.word, self.told = "run", 0.0

    def __iter__(self) -> Iterator[Progress]:
        """Work until every run is done or given up, or until a stop.

        RunError where another process works on it, or where the data have changed.
        """
        with self.folder.held():
            self._open()
            try:
                yield from self._trained()
            finally:
                self._leave()
            if len(self.done) + len(self.failed) == len(self.plan.runs):
                self.folder.finish(self.report(self.data))
                yield self._tell("done", "All runs are finished.")
            else:
                yield self._tell("stopped", "Stopped; what is finished stays, and the rest goes on when asked to.")

    # ---- beginning and end -----------------------------------------------------------------------------------------
    def _open(self) -> None:
        """Open the data and look at the runs that are there."""
        self.folder.control("run")
        check_reach(self.options.data, self.folder.root)
        self.data = readers.open(self.options.data, self.options.answers)
        if self.data.fingerprint != self.folder.content.get("fingerprint"):
            raise RunError(
                f"The data in {self.options.data} have changed since experiment {self.folder.name} was made; make another."
            )
        self.settled = work_by_arm(self.plan, self.data)
        at_once = 1 if self.in_turn else slots()
        self.pace = Pace({key: work for key, (_, work) in self.settled.items()}, at_once, apart=not self.in_turn)
        self.began, self.before = time.monotonic(), float(self.folder.progress.get("elapsed") or 0.0)
        for planned in self.plan.runs:
            if run := self.folder.run(planned.id):
                check_same(planned, run, self.settled[planned.key][0], self.data.fingerprint)
                if jobs.finished(run):
                    self._finished(planned, run)
        if len(self.done) < len(self.plan.runs):
            self.folder.reopen()
            self.folder.remember(at_once=max(at_once, self.folder.content.get("at_once", 1)))
        for key in self.settled:
            self._choose(key)

    def _leave(self) -> None:
        """Stop the workers, since nobody waits for them any more."""
        for _, run in self.live.values():
            if worker.is_launching(run) or run.locked:
                run.control("stop")
        end = time.monotonic() + PATIENCE
        while any(worker.is_launching(run) or run.locked for _, run in self.live.values()) and time.monotonic() < end:
            time.sleep(TICK / 5)
        self.live.clear()

    # ---- training --------------------------------------------------------------------------------------------------
    def _trained(self) -> Iterator[Progress]:
        """Have every run trained that can be."""
        while self._asked() != "stop":
            while self.word == "run" and len(self.live) < self.pace.at_once and (planned := self._next()):
                try:
                    run = self.made(planned)
                except (RunError, OSError) as error:  # such as a file in its place
                    self.failed[planned.id] = str(error)
                    yield self._tell(said=f"{planned.id} failed and is left: {error}")
                    continue
                self.live[planned.id], self.clock[planned.id] = (planned, run), time.monotonic()
                yield self._tell(said=f"{run.id} begins.")
                if self.in_turn and not run.locked:
                    yield from self._here(run)
                elif not run.locked:  # else a worker of an earlier call is at it still
                    worker.start(run)
            yield from self._ended()
            if self.live or self.word == "pause":
                yield self._tell()
                time.sleep(TICK)
            elif not self._next():
                return

    def _here(self, run: Run) -> Iterator[Progress]:
        """Train a run in this process; pausing is not asking for its next event."""
        run.control("run")
        try:
            with closing(jobs.work(run, self.data)) as events:
                for _ in events:
                    if time.monotonic() - self.told > TICK:
                        while self._asked() == "pause":
                            yield self._tell()
                            time.sleep(TICK)
                        yield self._tell()
        except Exception as error:  # the run keeps the reason, and the others go on
            if not run.result:
                self.failed[run.id] = str(error)

    def _asked(self) -> str:
        """What is asked now; passed on to the workers when it changes."""
        word = self.folder.word
        if word != self.word:
            self.word = word
            self.clock.clear()
            for _, run in self.live.values():
                if word == "stop" or not self.in_turn:  # a run in this process pauses by not being asked for more
                    run.control(word)
        return word

    def _next(self) -> Planned | None:
        """The first run that can begin: its search, where it has one, has chosen."""
        chosen = self.folder.content["chosen"]
        for planned in self.plan.runs:
            waits = planned.trial is None and planned.key in self.searches and planned.key not in chosen
            if not waits and planned.id not in self.live and not self._over(planned):
                return planned
        return None

    def _over(self, planned: Planned) -> bool:
        """Whether nothing more is done for a run in this call."""
        return planned.id in self.done or planned.id in self.failed or planned.id in self.stopped

    def made(self, planned: Planned) -> Run:
        """The planned run, made now where it is not there: with what its search chose, unless it is a trial."""
        if run := self.folder.run(planned.id):
            return run
        self.folder.clear(planned.id)
        found = self.folder.content["chosen"].get(planned.key, {}) if planned.trial is None else {}
        chosen = {name: found[name] for name in tuning.SEARCHED if found.get(name) is not None}
        options = merge(planned.options, {"train": chosen})
        about = {"name": self.folder.name, "arm": planned.key, "role": planned.role, "seed": planned.seed}
        return create(
            self.options.data,
            options,
            self.folder.root,
            planned.id,
            self.options.answers,
            data=self.data,
            experiment=about if planned.trial is None else {**about, "trial": planned.trial},
        )

    # ---- what has ended --------------------------------------------------------------------------------------------
    def _ended(self) -> Iterator[Progress]:
        """Take note of the runs that nobody works on any more."""
        for planned, run in list(self.live.values()):
            if worker.is_launching(run) or run.locked:
                continue
            del self.live[planned.id]
            said = self._note(planned, run)
            yield self._tell(said=" ".join(filter(None, [said, self._choose(planned.key)])))

    def _note(self, planned: Planned, run: Run) -> str:
        """What became of a run, in a sentence."""
        result = run.result or {}
        status = result.get("status", "interrupted")
        if status == "done":
            self._finished(planned, run)
            return f"{run.id} is done."
        if self.word == "stop" or status == "stopped":
            self.stopped.add(run.id)
            return f"{run.id} was stopped."
        why = self.failed.get(run.id) or result.get("reason") or run.log(1) or "its worker ended without a word"
        self.attempts[run.id] = self.attempts.get(run.id, 0) + 1
        if run.id not in self.failed and self.attempts[run.id] < ATTEMPTS:
            return f"{run.id} failed and is tried once more: {why}"
        self.failed[run.id] = why
        return f"{run.id} failed and is left: {why}"

    def _finished(self, planned: Planned, run: Run) -> None:
        self.done.add(planned.id)
        worked = (run.result or {})["seconds"]["total"] + self.pace.begin
        began = self.clock.pop(planned.id, None)
        self.pace.learn(planned.key, worked if began is None else time.monotonic() - began)

    def _choose(self, key: str) -> str:
        """Choose an arm's batch and rate as soon as its search is over, and say so; where all of it failed, leave the arm."""
        trials, chosen = self.searches.get(key, []), self.folder.content["chosen"]
        ended = all(one.id in self.done or one.id in self.failed for one in trials)
        if not trials or key in chosen or not ended:
            return ""
        found = tuning.best_trial([tuning.trial_record(one, self.folder.run(one.id)) for one in trials])
        if found:
            self.folder.remember(chosen={**chosen, key: found})
            return f"{key} is trained with batches of {found['batch']} and rate {found['lr']:.3g}."
        for planned in self.plan.runs:
            if planned.key == key:
                self.failed.setdefault(planned.id, "every trial of its search failed")
        return f"Every trial of {key} failed, so it is left."

    # ---- what is told ----------------------------------------------------------------------------------------------
    def _tell(self, state: str = "", said: str = "") -> Progress:
        """How far it is now, written down too."""
        self.told = time.monotonic()
        current = [(planned, run.progress, run) for planned, run in self.live.values()]
        ahead = [one for one in self.plan.runs if one.id not in self.done and one.id not in self.failed]
        waiting = [one.key for one in ahead if one.id not in self.live]
        searching = any(one.trial is not None for one in ahead)
        told = Progress(
            state or ("paused" if self.word == "pause" else "searching" if searching else "training"),
            len(self.done),
            len(self.plan.runs),
            [{"run": name, "reason": why} for name, why in self.failed.items()],
            [self._where(planned, progress, run) for planned, progress, run in current],
            self.before + self.told - self.began,
            self.pace.left(waiting, ((planned.key, progress) for planned, progress, _ in current)),
            said,
        )
        self.folder.tell({**told.to_json(), "at": time.time()})
        return told

    def _where(self, planned: Planned, progress: dict[str, Any], run: Run) -> dict[str, Any]:
        """A run under way, in plain values; ``epoch`` counts from 1, and is None before the first."""
        epoch = progress.get("epoch")
        return {
            "run": planned.id,
            "arm": planned.key,
            "role": planned.role,
            "seed": planned.seed,
            "trial": planned.trial,
            "epoch": epoch + 1 if isinstance(epoch, int) and epoch >= 0 else None,
            "epochs": run.passes,
            "seconds_left": progress.get("seconds_left"),
        }
