"""Whether an experiment can be worked on: its arms can be trained on the data, and runs already there are its own."""

from stcore.compare.side_by_side import flattened
from stcore.data import STData
from stcore.experiment.plan import Plan, Planned
from stcore.options import OptionError, RunOptions
from stcore.runs import Run, RunError
from stcore.runs.create import resolve
from stcore.training import estimate

FREE = {"seed", "train.batch", "train.lr", "train.weight_decay", "train.threads"}  # may differ in an arm


def settled(plan: Plan, data: STData) -> dict[str, tuple[RunOptions, estimate.Work]]:
    """By arm's key: options with every default decided, and a run's work. OptionError for an arm that cannot be trained."""
    found: dict[str, tuple[RunOptions, estimate.Work]] = {}
    for planned in plan.runs:
        try:
            options = RunOptions.read(planned.options)
            if planned.key not in found:
                options, parts = resolve(data, options)
                windows = (len(parts.train), len(parts.validation), len(parts.test))
                inputs = len(options.data.inputs or data.channels)
                targets = len(options.data.targets or data.channels[:1])
                found[planned.key] = options, estimate.work(options, windows, len(data.sensors), inputs, targets)
        except OptionError as error:
            raise OptionError(f"{planned.key}: {error}") from None
    return found


def check_same(planned: Planned, run: Run, options: RunOptions, fingerprint: str) -> None:
    """A run of a planned name that is there already has to be the planned one. RunError where it is not."""
    wanted, found = flattened(options.model_dump(mode="json")), flattened(run.spec["options"])
    differing = [name for name in wanted if name in found and name not in FREE and wanted[name] != found[name]]
    if differing or run.spec["data"]["fingerprint"] != fingerprint or found["seed"] != planned.seed:
        what = f"option {differing[0]}" if differing else "data or seed"
        raise RunError(f"Run {run.id} is there already with other {what}; give the experiment another name.")
