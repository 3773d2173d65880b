"""The plan of an experiment: a pure function from its options to arms (what is compared) and runs (what is trained).

Arms that would be trained alike share their runs, whatever their roles: a control is made once.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any, NamedTuple

from stcore import registry
from stcore.data import STData
from stcore.evidence.arms import ROLES
from stcore.evidence.experiment.options import ExperimentOptions, MethodOptions, Samples, TuneOptions
from stcore.evidence.side_by_side import flatten
from stcore.options import OptionError, RunOptions, merge
from stcore.runs import Run, RunError
from stcore.runs.create import resolve
from stcore.runs.shape import ARM, PLANNED, fits
from stcore.training import cost

FIELD = {"batch": 64, "lr": 2e-3}  # windows a step and learning rate of the field's published code
LONGEST = 32  # letters of an arm's key


@dataclass(frozen=True)
class Arm:
    """One row of the comparison, trained with every seed. ``key`` names its runs; arms that train alike share it.

    ``options`` are the nested options of its runs, without the seed and, where it is ``tuned``, without what is searched for.
    """

    label: str
    role: str  # method | full | full-equal | random-equal | full-windows | field
    method: str
    keep: float
    samples: Samples
    key: str
    tuned: bool
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """One run: an arm's key with a seed, or a ``trial`` of its search. ``options`` as far as they are known beforehand."""

    id: str
    key: str
    role: str
    seed: int
    trial: int | None
    options: dict[str, Any]


class Plan(NamedTuple):
    """All arms, and every run once: first the searches, then seed by seed, so that pairs are trained close together."""

    arms: list[Arm]
    runs: list[Planned]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as they come back from the disk."""
        whole = {"arms": [asdict(arm) for arm in self.arms], "runs": [asdict(run) for run in self.runs]}
        return dict(json.loads(json.dumps(whole)))

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Plan":
        """A plan from its plain values. KeyError or TypeError where they are none."""
        if not (all(fits(arm, ARM) for arm in stored["arms"]) and all(fits(run, PLANNED) for run in stored["runs"])):
            raise TypeError("its plan is damaged")
        return cls([Arm(**arm) for arm in stored["arms"]], [Planned(**run) for run in stored["runs"]])


def plan(options: ExperimentOptions, name: str, sensors: int) -> Plan:
    """The arms and runs of an experiment called ``name`` on data of so many ``sensors``."""
    arms = with_keys([*(control_arms(options, sensors) if options.controls else ()), *method_arms(options, sensors)])
    once = {arm.key: arm for arm in reversed(arms)}
    each = [once[key] for key in dict.fromkeys(arm.key for arm in arms)]
    runs = [run for arm in each if arm.tuned and options.tune for run in search_runs(arm, options.tune, name, sensors)]
    for seed in options.seeds:
        for arm in each:
            own = merge(arm.options, {"seed": seed})
            runs.append(Planned(f"{name}.{arm.key}.s{seed}", arm.key, arm.role, seed, None, own))
    return Plan(arms, runs)


def control_arms(options: ExperimentOptions, sensors: int) -> Iterator[Arm]:
    """The controls of every method on its kind of samples: all visits, equal visits, chance; and the field's recipe."""
    kinds = dict.fromkeys(method.samples or options.samples for method in options.methods)
    for samples in kinds:
        yield make_arm(options, sensors, samples, {"name": "full"}, role="full")
        if samples == "cells":
            yield make_arm(options, sensors, "windows", {"name": "full"}, role="full-windows")
    for samples, keep in dict.fromkeys(
        (method.samples or options.samples, keep) for method in options.methods for keep in method.keep or options.keep
    ):
        budget = {"keep": keep}
        full, random = {"name": "full", **budget}, {"name": "random", **budget}
        yield make_arm(options, sensors, samples, full, role="full-equal")
        yield make_arm(options, sensors, samples, random, role="random-equal")
    usual = make_arm(options, sensors, "windows", {"name": "full"}, role="field")
    yield replace(usual, tuned=False, options=merge(usual.options, {"train": FIELD}))


def method_arms(options: ExperimentOptions, sensors: int) -> Iterator[Arm]:
    """Every method at each of its budgets."""
    for method in options.methods:
        for keep in method.keep or options.keep:
            samples = method.samples or options.samples
            prune = {"name": method.name, **method.options, "keep": keep}
            yield make_arm(options, sensors, samples, prune, label=label_of(method, options), role="method")


def label_of(method: MethodOptions, options: ExperimentOptions) -> str:
    """The label that was asked for, else the name, with the kind of samples where it is not the experiment's."""
    other = f" ({method.samples})" if method.samples and method.samples != options.samples else ""
    return method.label or registry.card("strategies", method.name).label + other


def make_arm(
    options: ExperimentOptions, sensors: int, samples: Samples, prune: dict[str, Any], *, role: str, label: str = ""
) -> Arm:
    """An arm without its key, which is given later.

    Its runs have one thread unless more are asked for, so that runs side by side do not compete. They store no forecasts, since
    a report needs none.
    """
    train = {"threads": 1, "forecasts": 0, **options.options.get("train", {})}
    if train.get("batch") and samples != options.samples:  # given in the experiment's samples
        train["batch"] = in_samples(train["batch"] * (sensors if samples == "cells" else 1), samples, sensors)
    own = merge(options.options, {"data": {"samples": samples}, "train": train, "prune": prune})
    keep = float(prune.get("keep") or 1.0)
    return Arm(label or ROLES[role], role, prune["name"], keep, samples, "", options.tune is not None, own)


def in_samples(cells: int, samples: Samples, sensors: int) -> int:
    """A number of cells as a number of samples: the same for cells, about as many cells in windows, at least one window."""
    return cells if samples == "cells" else max(1, round(cells / sensors))


def with_keys(arms: list[Arm]) -> list[Arm]:
    """The arms with their keys: short words, equal for arms that train alike and different otherwise."""
    taken: dict[str, str] = {}
    found = []
    for one in arms:
        alike = arm_identity(one)
        wanted = arm_word(one)
        number, key = 1, wanted
        while taken.get(key, alike) != alike:
            number += 1
            key = f"{wanted[: LONGEST - len(str(number)) - 1]}-{number}"
        known = next((key for key, other in taken.items() if other == alike), key)
        taken.setdefault(known, alike)
        found.append(replace(one, key=known))
    return found


def arm_identity(one: Arm) -> str:
    """A text of all that decides the training of an arm, defaults included. Equal texts mean equal runs."""
    prune = dict(one.options["prune"])
    card = registry.card("strategies", prune.pop("name"))
    whole = {**one.options, "prune": [card.name, card.options.read(prune).model_dump(mode="json")]}
    return json.dumps([one.tuned, whole], sort_keys=True)


def arm_word(one: Arm) -> str:
    """An arm in a word: ``st-prune-50-cells``."""
    if one.role == "field":
        return "field"
    name = one.label if one.role == "method" else one.method
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "method"
    share = f"-{100 * one.keep:g}".replace(".", "-") if one.role == "method" or one.keep < 1 else ""
    kind = "-cells" if one.samples == "cells" and not plain.endswith("-cells") else ""
    return plain[: LONGEST - len(share + kind)].strip("-") + share + kind


def search_runs(one: Arm, tune: TuneOptions, name: str, sensors: int) -> list[Planned]:
    """The trials of an arm: the same grid for all, at the search's own seed."""
    found = []
    for number, setting in enumerate(grid(tune, one.samples, sensors)):
        own = merge(one.options, {"train": setting, "seed": tune.seed})
        found.append(Planned(f"{name}.{one.key}.t{number}", one.key, one.role, tune.seed, number, own))
    return found


def grid(tune: TuneOptions, samples: Samples, sensors: int) -> list[dict[str, Any]]:
    """Batches (in samples of the kind), rates (None: follows the batch) and weight decays, if any, to try, each once."""
    decays: list[dict[str, Any]] = [{"weight_decay": decay} for decay in tune.decays or ()] or [{}]
    tried: list[dict[str, Any]] = []
    for cells, rate, decay in product(tune.cells, tune.rates or (None,), decays):
        setting = {"batch": in_samples(cells, samples, sensors), "lr": rate, **decay}
        tried += [] if setting in tried else [setting]
    return tried


FREE = {"seed", "train.batch", "train.lr", "train.weight_decay", "train.threads"}  # may differ in an arm


def work_by_arm(plan: Plan, data: STData) -> dict[str, tuple[RunOptions, cost.Work]]:
    """By arm's key: options with every default decided, and a run's work. OptionError for an arm that cannot be trained."""
    found: dict[str, tuple[RunOptions, cost.Work]] = {}
    for planned in plan.runs:
        try:
            options = RunOptions.read(planned.options)
            if planned.key not in found:
                options, parts = resolve(data, options)
                windows = (len(parts.train), len(parts.validation), len(parts.test))
                inputs = len(options.data.inputs or data.channels)
                targets = len(options.data.targets or data.channels[:1])
                found[planned.key] = options, cost.work(options, windows, len(data.sensors), inputs, targets)
        except OptionError as error:
            raise OptionError(f"{planned.key}: {error}") from None
    return found


def check_same(planned: Planned, run: Run, options: RunOptions, fingerprint: str) -> None:
    """A run of a planned name that is there already has to be the planned one. RunError where it is not."""
    wanted, found = flatten(options.model_dump(mode="json")), flatten(run.spec.options_json)
    differing = [name for name in wanted if name in found and name not in FREE and wanted[name] != found[name]]
    if differing or run.spec.data.fingerprint != fingerprint or found["seed"] != planned.seed:
        what = f"option {differing[0]}" if differing else "data or seed"
        raise RunError(f"Run {run.id} is there already with other {what}; give the experiment another name.")
