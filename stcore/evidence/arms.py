"""Arms are runs that differ only in the seed. Here is also which arm is the control of which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from stcore.data import STData
from stcore.evidence.intervals import Interval, whole_interval
from stcore.evidence.paired import Evidence, EvidenceError, Paired, pair_by_seed
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
