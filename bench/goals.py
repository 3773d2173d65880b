"""The goals that pruning is held to, each with its figure and whether it was reached. Used by bench/pruning.py.

A: on long sets our method beats equally tuned full training at equal visits. A': on short sets it is never much worse.
B: processor seconds to full training's best validation error. C: what choosing costs. D: incidents are kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from stcore.data import STData
from stcore.evidence import payers
from stcore.evidence.arms import Arm, Arms
from stcore.evidence.choices import pruned_epochs
from stcore.runs import Run

OURS = "guarded"
LONG = ("muenster-bikes", "year")
INCIDENTS = "demo-incidents"
SHORT = ("demo", "metr-la-week", "charged-mel")
WORK = ("train", "score", "select")
LOWER = {0.5: 0.007, 0.25: 0.010}  # goal A: by how much less it errs at a budget
WORSE, NEAR, SHARE, FASTER = 0.005, 0.01, 0.35, 1.4  # goals A' and B
COST, LONGEST, SLOW = 0.01, 0.1, ("seta", "k-center", "herding", "craig")  # goal C
RECALL = 0.9  # goal D

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What is finished on one set; ``differences`` and ``incidents`` are the tables of ``stcore.evidence.report``."""

    name: str
    data: STData
    arms: Arms
    differences: list[dict[str, Any]]
    incidents: list[dict[str, Any]]

    def difference(self, arm: Arm, control: str) -> Record | None:
        """How an arm differs from its control of that role."""
        return self.of(arm, self.differences, control_role=control)

    def of(self, arm: Arm, table: list[dict[str, Any]], **more: Any) -> Record | None:
        """The first record about an arm that says so."""
        wanted = {"label": arm.label, "keep": arm.keep, "samples": arm.samples, **more}
        return next((row for row in table if all(row[name] == value for name, value in wanted.items())), None)

    def each(self, method: str, samples: str = "cells", keep: float | None = None) -> list[Arm]:
        """The arms of a method, at all budgets or one."""
        return [
            arm for arm in self.arms.all if arm.method == method and arm.samples == samples and keep in (None, arm.keep)
        ]


class Goal(NamedTuple):
    """One line: which goal, on what, what was asked, what was found, and whether that is reached."""

    name: str
    where: str
    asked: str
    found: str
    reached: str


def goals(sets: Mapping[str, Measured], overhead: Mapping[str, Any]) -> list[Goal]:
    """All lines that something is known for, in order."""
    found = [line for name in LONG if name in sets for line in lower(sets[name])]
    found += [line for name in SHORT if name in sets for line in not_worse(sets[name])]
    found += [line for name in LONG if name in sets for line in sooner(sets[name])]
    found += list(cheap(overhead))
    return found + [line for name in (INCIDENTS, "demo") if name in sets for line in kept(sets[name])]


# ---- A and A' ------------------------------------------------------------------------------------------------------
def lower(on: Measured) -> Iterator[Goal]:
    """Clearly below full training at equal visits, and at half the visits no worse than full training."""
    for keep, least in LOWER.items():
        for arm in on.each(OURS, keep=keep):
            if row := on.difference(arm, "full-equal"):
                asked = f"at least {least:.1%} below full training at equal visits at {keep:.0%}, clear of zero"
                yield Goal("A", on.name, asked, told(row), yes(row["estimate"] <= -least and (row["high"] or 0) < 0))
            if keep == 0.5 and (row := on.difference(arm, "full")):
                yield Goal("A", on.name, f"at {keep:.0%} no worse than full training", told(row), no_worse(row))


def not_worse(on: Measured) -> Iterator[Goal]:
    """At most half a per cent above full training at equal visits."""
    for arm in on.each(OURS):
        if row := on.difference(arm, "full-equal"):
            asked = f"at most {WORSE:.1%} above full training at equal visits at {arm.keep:.0%}"
            yield Goal("A'", on.name, asked, told(row), yes(row["estimate"] <= WORSE))


def told(row: Record) -> str:
    """A difference with its interval, in per cent."""
    low, high = (100 * float("nan" if row[side] is None else row[side]) for side in ("low", "high"))
    return f"{100 * row['estimate']:+.2f} % ({low:+.2f} to {high:+.2f})"


def yes(reached: bool) -> str:
    """In a word."""
    return "yes" if reached else "no"


def no_worse(row: Record) -> str:
    """Whether something errs no more; where it does, whether that is clear of zero."""
    if row["estimate"] <= 0:
        return "yes"
    return "no" if row["low"] is None or row["low"] > 0 else "no, but not clear of zero"


# ---- B -------------------------------------------------------------------------------------------------------------
def sooner(on: Measured) -> Iterator[Goal]:
    """Fewer processor seconds than full training, and than the quickest full training at any number of visits."""
    found = [(arm, seconds) for arm, seconds in times(on) if None not in seconds]
    means = {(arm.method, arm.keep): float(np.mean(seconds)) for arm, seconds in found}
    full = {keep: seconds for (method, keep), seconds in means.items() if method == "full"}
    ours = {keep: seconds for (method, keep), seconds in means.items() if method == OURS}
    if 1.0 not in full or not on.each(OURS):
        return
    asked = f"at most {SHARE:.0%} of full training's processor seconds to its best validation error + {NEAR:.0%}"
    second = f"at least {FASTER:g} times faster than the best full run at any number of visits"
    if not ours:
        yield Goal("B", on.name, asked, "never came so far with every seed", "no")
        return
    best, control = min(ours, key=ours.__getitem__), min(full, key=full.__getitem__)
    share, faster = ours[best] / full[1.0], full[control] / ours[best]
    yield Goal("B", on.name, asked, f"{share:.0%} (at {best:.0%} of the visits)", yes(share <= SHARE))
    yield Goal("B", on.name, second, f"{faster:.2f} (full training at {control:.0%})", yes(faster >= FASTER))
    whole = {(arm.method, arm.keep): whole_seconds(arm, on) for arm in on.arms.all if arm.samples == "cells"}
    sides = [min((time, keep) for (method, keep), time in whole.items() if method == side) for side in (OURS, "full")]
    told_of = ", ".join(
        f"{name} {time:.1f} s at {keep:.0%}" for name, (time, keep) in zip((OURS, "full"), sides, strict=True)
    )
    yield Goal(
        "B", on.name, "for comparison: whole runs that come so far, as ours is looked at more often", told_of, ""
    )


def times(on: Measured) -> list[tuple[Arm, list[float | None]]]:
    """For each arm on cells, by seed: processor seconds to what full training on all visits with that seed comes to + 1 %."""
    full = on.each("full", keep=1.0)
    if not full:
        return []
    best = {run.spec.options.seed: lowest(run) * (1 + NEAR) for run in full[0].runs}
    return [
        (arm, [seconds_to(run, best[seed]) for run in arm.runs if (seed := run.spec.options.seed) in best])
        for arm in on.arms.all
        if arm.samples == "cells"
    ]


def whole_seconds(arm: Arm, on: Measured) -> float:
    """Mean processor seconds of the arm's whole runs; endless where one of them does not come to the error of ``times``."""
    reached = {id(other): seconds for other, seconds in times(on)}[id(arm)]
    if not reached or None in reached:
        return float("inf")
    return float(np.mean([sum((run.result or {})["cpu"][kind] for kind in WORK) for run in arm.runs]))


def lowest(run: Run) -> float:
    """The best validation MAE."""
    return float(min(event["validation"]["mae"] for event in run.epochs()))


def seconds_to(run: Run, error: float) -> float | None:
    """Processor seconds of training, scoring and selecting until an epoch ends at a validation MAE of at most ``error``.

    What was spent before the first epoch counts, validation does not. None where it never comes so far.
    """
    events, whole = run.epochs(), (run.result or {})["cpu"]
    spent = [sum(event["cpu"][kind] for kind in WORK) for event in events]
    before = sum(whole[kind] for kind in WORK) - sum(spent)
    reached = (
        gone for gone, event in zip(accumulate(spent), events, strict=True) if event["validation"]["mae"] <= error
    )
    return next((before + gone for gone in reached), None)


# ---- C -------------------------------------------------------------------------------------------------------------
def cheap(overhead: Mapping[str, Any]) -> Iterator[Goal]:
    """Scoring and selecting beside training, and one selection among a million samples."""
    for name, share in overhead.get("shares", {}).items():
        asked = f"scoring and selecting under {COST:.0%} of training"
        yield Goal("C", name, asked, f"{share:.2%}", yes(share < COST))
    for name, seconds in overhead.get("selecting", {}).items():
        if name not in SLOW:
            asked = f"one selection among a million under {1000 * LONGEST:.0f} ms"
            yield Goal("C", name, asked, f"{1000 * seconds:.0f} ms", yes(seconds < LONGEST))


# ---- D -------------------------------------------------------------------------------------------------------------
def kept(on: Measured) -> Iterator[Goal]:
    """How many incident windows stay in the kept set, and whether the error on them is that of full training."""
    for method, samples in (("st-prune", "windows"), (OURS, "cells")):
        for arm in on.each(method, samples, 0.5):
            name, chosen = f"{method}, {samples}", np.mean([recall(run, on.data) for run in arm.runs], axis=0)
            epoch, whole = (f"{inside:.2f} (others {others:.2f})" for inside, others in chosen)
            if method == "st-prune":
                asked = f"share of incident windows kept in the pruned epochs at least {RECALL:g}"
                yield Goal("D", name, asked, epoch, yes(chosen[0, 0] >= RECALL))
            yield Goal("D", name, "for comparison: visits of incident windows per visit of full training", whole, "")
            if row := on.of(arm, on.incidents, control_role="full", part="incident windows"):
                yield Goal("D", name, "no worse than full training on incident windows", told(row), no_worse(row))


def recall(run: Run, data: STData) -> np.ndarray:
    """Of training windows that forecast an incident and of all others [2, 2]: share kept in the pruned epochs; all visits.

    All visits are counted in passes of full training. Of cells their means over a window. Not a number where nothing was
    pruned or no incident is known.
    """
    trace, planted = run.trace(), payers.planted_steps(data)
    epochs = pruned_epochs(trace)
    if planted is None or not len(epochs):
        return np.full((2, 2), np.nan)
    first = trace["start"].values + run.spec.lookback
    touched = payers.forecast_mask(planted, first, run.spec.horizon).any(axis=1)
    kept = trace["kept"].values.astype(np.float64)
    shares = kept[epochs].mean(axis=0), kept.sum(axis=0) / run.spec.options.train.epochs
    return np.array([[share[touched].mean(), share[~touched].mean()] for share in shares])
