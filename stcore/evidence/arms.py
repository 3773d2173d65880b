"""Arms: runs that differ only in the seed, how runs are put together as arms, and which arm is whose control."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from stcore import registry
from stcore.data import STData
from stcore.evidence.intervals import Interval, whole_interval
from stcore.evidence.paired import Evidence, EvidenceError, Paired, pair_by_seed
from stcore.evidence.side_by_side import LATER, flatten
from stcore.runs import Run

ROLES = {
    "full": "full training",
    "full-equal": "full training at equal visits",
    "random-equal": "random at equal visits",
    "full-windows": "full training on windows",
    "field": "the field's recipe",
}
EQUAL = ("full-equal", "random-equal")
Name = tuple[str, float | None, str]


@dataclass(frozen=True)
class Arm:
    """Runs of one method at one budget on one kind of samples. ``role``: method or one of ``ROLES``."""

    label: str
    role: str
    method: str
    keep: float | None
    samples: str
    runs: Sequence[Run] = ()
    tests: Sequence[Evidence] = field(default=(), repr=False)

    @classmethod
    def of(cls, arm: Any) -> "Arm":
        """An arm from a mapping, or from anything that has an arm's fields. ``read`` reads its finished runs later."""
        if isinstance(arm, cls):
            return arm
        wanted = [part.name for part in fields(cls) if part.name != "tests"]
        given = {name: arm[name] if isinstance(arm, Mapping) else getattr(arm, name) for name in wanted}
        return cls(**given)

    def read(self) -> tuple["Arm", list[str]]:
        """The arm with the evidence of its runs, and sentences that say which runs are left out and why."""
        tests, said = list(self.tests), []
        for run in self.runs:
            try:
                tests.append(Evidence.of(run))
            except EvidenceError as error:
                said.append(f"{self.label}: {error}")
        about = {part.name: getattr(self, part.name) for part in fields(self)}
        return Arm(**{**about, "tests": tests}), said

    @property
    def mae(self) -> float:
        """Test MAE, the mean over the seeds."""
        return float(np.mean([test.mae for test in self.tests]))

    def work(self, clock: str = "seconds") -> float | None:
        """Mean seconds of training, scoring and selecting, by ``clock``: ``seconds`` or ``cpu``. None where they are unknown.

        Evaluation is left out: it serves the measurement, and whoever trains once needs little of it.
        """
        known = all(getattr(test, clock) for test in self.tests)
        return sum(self.mean(clock, kind) for kind in ("train", "score", "select")) if known else None

    def longer(self, control: "Arm | None") -> float | None:
        """How much longer the arm worked than ``control``, as a share of the control's seconds. None where either is unknown.

        Wall seconds or processor seconds, whichever says less: a busy machine must not make a method look slow.
        """
        if control is None:
            return None
        pairs = [(self.work(clock), control.work(clock)) for clock in ("seconds", "cpu")]
        found = [mine / other - 1 for mine, other in pairs if mine is not None and other]
        return min(found, default=None)

    def mean(self, of: str, kind: str) -> float:
        """The mean over the seeds of one kind of ``visits`` or ``seconds``. A kind that a run lacks counts as 0."""
        return float(np.mean([float(getattr(test, of).get(kind) or 0.0) for test in self.tests]))

    def cells(self, *kinds: str) -> float:
        """Mean visits of some kinds, counted in cells, so that arms with windows and arms with cells can be compared."""
        each = len(self.tests[0].sensors) if self.samples == "windows" else 1
        return each * sum(self.mean("visits", kind) for kind in kinds)


class Arms:
    """All arms that have finished runs. ``notes`` say which pairs cannot be compared."""

    def __init__(self, arms: Sequence[Any]) -> None:
        read = [Arm.of(arm).read() for arm in arms]
        self.notes = [sentence for _, said in read for sentence in said]
        self.notes += [
            f"{arm.label} has no finished run to learn from; it is left out." for arm, _ in read if not arm.tests
        ]
        self.all = [arm for arm, _ in read if arm.tests]
        self.methods = [arm for arm in self.all if arm.role == "method"]
        self._known: dict[tuple[Name, Name], Interval | None] = {}

    def control(self, arm: Arm, role: str) -> Arm | None:
        """The control with that role on the arm's kind of samples, or None. At equal visits it has the arm's budget.

        The field's recipe and full-windows always train on windows. Where all arms do, ``full`` is also ``full-windows``.
        """
        samples = "windows" if role in ("field", "full-windows") else arm.samples
        roles = (role, "full") if role == "full-windows" else (role,)
        for other in self.all:
            budget = role not in EQUAL or same_budget(arm.keep, other.keep)
            if other.role in roles and other.samples == samples and budget and other is not arm:
                return other
        return None

    def main_control(self, arm: Arm) -> Arm | None:
        """Full training at equal visits, else full training."""
        return self.control(arm, "full-equal") or self.control(arm, "full")

    def pair(self, arm: Arm, control: Arm) -> Paired | None:
        """Both arms paired by seed. None, and a note, where they cannot be paired."""
        try:
            return pair_by_seed(arm.tests, control.tests)
        except EvidenceError as error:
            self.note(f"{arm.label} against {control.label}: {error}")
            return None

    def between(self, arm: Arm | None, control: Arm | None) -> Interval | None:
        """How the arm differs from the control over the whole test. None where one is missing or they cannot be paired."""
        if arm is None or control is None:
            return None
        key = arm_key(arm), arm_key(control)
        if key not in self._known:
            pair = self.pair(arm, control)
            self._known[key] = whole_interval(pair) if pair else None
        return self._known[key]

    def of_other_data(self, data: STData) -> bool:
        """Whether any run was trained on data other than these."""
        return any(test.fingerprint != data.fingerprint for arm in self.all for test in arm.tests)

    def note(self, sentence: str) -> None:
        """Keep a sentence in ``notes``, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def arm_key(arm: Arm) -> Name:
    """What distinguishes an arm from all others."""
    return arm.label, arm.keep, arm.samples


def same_budget(one: float | None, other: float | None) -> bool:
    """Whether two budgets are known and the same."""
    return one is not None and other is not None and abs(one - other) < 1e-6


ASIDE = {"seed", "train.threads", "train.forecasts"}  # what may differ within an arm
FIELD = (64, 2e-3)  # windows a step and learning rate of the field's published code


def group_runs(runs: Sequence[Run]) -> list[Arm]:
    """The arms that runs form, in the order in which they come. Runs of an experiment's search are left out.

    Full training is ``full``, with a budget ``full-equal``; random at a budget that another method has, too, is its
    control; full training on windows beside methods on cells is ``full-windows``, and with 64 windows a step at a rate of
    0.002 beside other full training ``field``.
    """
    found: dict[str, list[Run]] = {}
    for run in runs:
        if not run.spec.is_trial:
            found.setdefault(run_identity(run), []).append(run)
    arms = [arm_of(same) for same in found.values()]
    roles = [role_of(arm, arms) for arm in arms]
    methods = [arm for arm, role in zip(arms, roles, strict=True) if role == "method"]
    return [
        Arm(
            distinct_label(arm, methods) if role == "method" else ROLES[role],
            role,
            arm.method,
            arm.keep,
            arm.samples,
            arm.runs,
        )
        for arm, role in zip(arms, roles, strict=True)
    ]


def options_of(run: Run) -> dict[str, Any]:
    """All options that decide a run except its seed, on one level."""
    options = LATER | flatten(run.spec.options_json)
    return {name: value for name, value in options.items() if name not in ASIDE}


def run_identity(run: Run) -> str:
    """A text that is equal for runs of one arm."""
    return json.dumps([run.spec.data.fingerprint, options_of(run)], sort_keys=True)


def arm_of(runs: Sequence[Run]) -> Arm:
    """An arm without its role."""
    prune = runs[0].spec.options.prune
    keep = prune.get("keep")
    card = registry.find("strategies", prune["name"])
    share = 1.0 if keep is None and card is not None and not card.prunes else keep
    return Arm(card.label if card else prune["name"], "method", prune["name"], share, runs[0].sample_name, runs)


def role_of(arm: Arm, arms: Sequence[Arm]) -> str:
    """The role of an arm among the others."""
    others = [other for other in arms if other.method not in ("full", "random")]
    if arm.method == "random":
        return "random-equal" if any((o.keep, o.samples) == (arm.keep, arm.samples) for o in others) else "method"
    if arm.method != "full":
        return "method"
    if arm.keep is not None and arm.keep < 1:
        return "full-equal"
    full = [other for other in arms if other.method == "full" and other.keep == 1 and other.samples == "windows"]
    if arm.samples == "windows" and recipe(arm) == FIELD and any(recipe(other) != FIELD for other in full):
        return "field"
    cells_only = bool(others) and all(other.samples == "cells" for other in others)
    return "full-windows" if arm.samples == "windows" and cells_only else "full"


def recipe(arm: Arm) -> tuple[int | None, float | None]:
    """Batch and learning rate."""
    train = arm.runs[0].spec.options.train
    return train.batch, train.lr


def distinct_label(arm: Arm, methods: Sequence[Arm]) -> str:
    """The method's name. Where another arm has the same name, the options in which they differ follow."""
    same = [
        other for other in methods if (other.label, other.keep, other.samples) == (arm.label, arm.keep, arm.samples)
    ]
    if len(same) < 2:
        return arm.label
    options = [options_of(other.runs[0]) for other in same]
    mine = options_of(arm.runs[0])
    differing = [name for name in mine if any(other.get(name) != mine[name] for other in options)]
    said = ", ".join(f"{name.split('.')[-1]} {mine[name]}" for name in differing[:3])
    return f"{arm.label} ({said or arm.runs[0].id})"
