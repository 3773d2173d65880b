"""An experiment on disk: its options, its arms with their runs, its progress and its report."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from stcore import readers
from stcore.data import STData
from stcore.evidence import report
from stcore.evidence.experiment.options import ExperimentOptions
from stcore.evidence.experiment.plan import Plan, plan, work_by_arm
from stcore.evidence.experiment.work import Progress, Work
from stcore.options import OptionError
from stcore.processes.jobs import finished
from stcore.runs import RunError
from stcore.runs.experiment_folder import FOLDER, Folder, folders_in, open_folder
from stcore.runs.quota import check_reach
from stcore.runs.shape import CHOSEN, fits


class Experiment:
    """Iterate it to work on it: ``for progress in open_experiment("mine"): ...``. Everything else reads its folder."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        try:
            self.options = ExperimentOptions.read(folder.content["options"])
            self.plan = Plan.read(folder.content["plan"])
            if not all(fits(found, CHOSEN) for found in folder.content["chosen"].values()):
                raise TypeError("what its searches chose is damaged")
        except (OptionError, KeyError, TypeError) as error:
            raise RunError(f"Experiment {folder.name} cannot be read by this version ({error}).") from None

    def __repr__(self) -> str:
        """What it is at a glance: ``<Experiment worth-it: paused, 6 of 33 runs>``."""
        return f"<Experiment {self.name}: {self.status}, {self.progress.get('done', 0)} of {len(self.plan.runs)} runs>"

    def __iter__(self) -> Iterator[Progress]:
        """Train the runs that are left, as many at once as there are slots."""
        return self.work()

    def work(self, in_turn: bool = False) -> Iterator[Progress]:
        """Train the runs that are left. ``in_turn``: in this process, one at a time, so that seconds can be compared."""
        return iter(Work(self.folder, self.options, self.plan, partial(full_report, self), in_turn))

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def status(self) -> str:
        """running, paused, done, starting or interrupted, from evidence."""
        return self.folder.status

    @property
    def progress(self) -> dict[str, Any]:
        """The last progress: state, runs done, current runs, seconds gone and left. Empty before the experiment begins."""
        return self.folder.progress

    @property
    def chosen(self) -> dict[str, Any]:
        """What each search chose, by arm's key, with all its trials."""
        return dict(self.folder.content["chosen"])

    @property
    def arms(self) -> list[dict[str, Any]]:
        """What is compared: {label, role, method, keep, samples, runs}, and key and what the search chose (or None).

        ``runs`` are those that have been made, finished or not, in the order of the seeds.
        """
        names = ("label", "role", "method", "keep", "samples", "key")
        chosen = self.chosen
        return [
            {
                **{name: getattr(arm, name) for name in names},
                "chosen": chosen.get(arm.key),
                "runs": [
                    run
                    for planned in self.plan.runs
                    if planned.key == arm.key and planned.trial is None and (run := self.folder.run(planned.id))
                ],
            }
            for arm in self.plan.arms
        ]

    def control(self, word: Literal["run", "pause", "stop"]) -> None:
        """Ask whoever works on it to pause, to stop, or to go on; nothing is lost but the epochs in hand."""
        self.folder.control(word)
        if word == "stop":  # a run that waits for its slot listens only to its own word
            for current in self.progress.get("current", ()):
                if (run := self.folder.run(str(current.get("run")))) and run.locked:
                    run.control("stop")

    def report(self, data: STData | None = None) -> dict[str, Any]:
        """The stored report, or one of the runs finished so far. ``data`` may give the clock and the incidents."""
        return self.folder.report or full_report(self, data)


def full_report(experiment: Experiment, data: STData | None = None) -> dict[str, Any]:
    """The report of all finished runs, with the cost and the choice of each search."""
    done = [{**arm, "runs": [run for run in arm["runs"] if finished(run)]} for arm in experiment.arms]
    found = report([arm for arm in done if arm["runs"]], data)
    searches = [{"arm": key, **search} for key, search in experiment.chosen.items()]
    notes = list(found.get("notes", []))
    missing = [one.id for one in experiment.plan.runs if not ((run := experiment.folder.run(one.id)) and finished(run))]
    if missing:
        notes.append(f"Runs that did not finish, and are left out: {', '.join(missing)}.")
    if edge := [search["arm"] for search in searches if search["edge"]]:
        whose = "every arm" if len(edge) == len(searches) else ", ".join(edge)
        notes.append(f"The best batch is the smallest or the largest tried for {whose}; a better one may lie outside.")
    if (at_once := experiment.folder.content.get("at_once", 1)) > 1:
        notes.append(f"Up to {at_once} runs trained at once, so seconds are not strictly comparable.")
    return {**found, "experiment": experiment.name, "search": searches, "notes": notes}


def create_experiment(
    options: ExperimentOptions | Mapping[str, Any], root: str | Path = "runs", name: str | None = None
) -> Experiment:
    """A new experiment, or the existing one of that name, extended by methods, budgets and seeds. Nothing is trained yet.

    Raises OptionError or DataError for options or data that do not fit, and RunError where the name is taken by another
    experiment.
    """
    asked = options if isinstance(options, ExperimentOptions) else ExperimentOptions.read(options)
    asked = ExperimentOptions.read({**asked.model_dump(), "name": name or asked.name or "experiment"})
    check_reach(asked.data, root)
    data = readers.open(asked.data, asked.answers)
    if asked.data != "demo":
        asked = asked.model_copy(update={"data": str(Path(asked.data).expanduser().resolve())})
    planned = Plan.read(plan(asked, str(asked.name), len(data.sensors)).to_json())
    work_by_arm(planned, data)
    content = {
        "name": asked.name,
        "options": asked.model_dump(mode="json"),
        "fingerprint": data.fingerprint,
        "plan": planned.to_json(),
    }
    if (Path(root) / FOLDER / str(asked.name) / "experiment.json").is_file():
        return extend(open_experiment(str(asked.name), root), planned, content, data)
    return Experiment(Folder.create(Path(root), str(asked.name), {**content, "chosen": {}}))


def extend(known: Experiment, planned: Plan, content: dict[str, Any], data: STData) -> Experiment:
    """An existing experiment with what was added to it. RunError where a run of it would change."""
    if known.folder.content.get("fingerprint") != data.fingerprint:
        raise RunError(f"Experiment {known.name} was made of other data; choose another name.")
    if planned == known.plan:
        return known
    new = {run.id: run for run in planned.runs}
    keys = {run.key for run in known.plan.runs}
    changed = [run.id for run in known.plan.runs if new.get(run.id) != run]
    changed += [
        run.id for run in planned.runs if run.key in keys and run.trial is not None and run not in known.plan.runs
    ]
    if changed:
        raise RunError(
            f"There is an experiment {known.name!r} with other options, in which run {changed[0]} is another one; "
            "choose another name."
        )
    with known.folder.held():
        known.folder.remember(**content)
        known.folder.reopen()
    return Experiment(known.folder)


def open_experiment(name: str, root: str | Path = "runs") -> Experiment:
    """An experiment by its name. RunError where there is none."""
    return Experiment(open_folder(name, root))


def experiments_in(root: str | Path = "runs") -> list[Experiment]:
    """The experiments of a runs folder, newest first; those that cannot be read are passed over."""
    found = []
    for folder in folders_in(root):
        try:
            found.append(Experiment(folder))
        except RunError:
            continue
    return found
