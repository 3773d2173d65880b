"""The goals that masks over sensors are held to, each with its figure and whether it was reached. Used by bench/sensors.py.

A: what the mask that validation chooses costs, against the unmasked model. B: DynST against random and the best simple mask.
C: how much quicker inference is. D: whether the any-mask model's answer without training is near that of a retrained one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from goals import Goal
from sensor_live import FILE
from sensor_speed import OFF, ratios

from stcore.evidence.intervals import Interval, whole_interval
from stcore.evidence.paired import Evidence, pair_by_seed
from stcore.runs import Run

SIMPLE = (
    "random",
    "conditional-variance",
    "coverage",
    "predictive",
    "farthest-first",
    "variance",
    "gradient",
    "degree",
)
SETS = ("metr-la-week", "charged-mel", "demo", "era5-uk")
DEAREST = {("metr-la-week", 30): 0.02, ("metr-la-week", 60): 0.05, ("era5-uk", 30): 0.045, ("era5-uk", 60): 0.055}
DEAREST[("demo", 17)] = 0.01  # goal A, by set and per cent off
BETTER, WIDE = 0.03, 60  # goal B: than random, where so many per cent are off
FASTER, NOT_SLOWER = 2.5, 1.0  # goal C
NEAR, ASKED = 0.03, 30  # goal D: at so many per cent off
MOST = 3  # of the four sets, in goals B and D


class Arm(NamedTuple):
    """What differs between runs of a set besides the seed; ``off`` in per cent, None where no mask has a share."""

    set: str
    model: str
    mask: str
    off: int | None


@dataclass(frozen=True)
class Found:
    """The finished runs of the grid, by arm and then by seed; the set's own model where none is named."""

    arms: Mapping[Arm, Mapping[int, Run]]
    models: Mapping[str, str]

    @cached_property
    def tests(self) -> dict[Arm, list[Evidence]]:
        """The errors that each arm's runs left."""
        return {arm: [Evidence.of(run) for run in runs.values()] for arm, runs in self.arms.items()}

    def arm(self, name: str, mask: str, off: int | None = None) -> Arm | None:
        """An arm that has runs."""
        arm = Arm(name, self.models[name], mask, off)
        return arm if self.arms.get(arm) else None

    def whole(self, name: str) -> Arm | None:
        """The set's unmasked model."""
        return self.arm(name, "none")

    def masks(self, name: str, off: int, among: Iterable[str]) -> list[Arm]:
        """Arms of a set at so many per cent off, those that have as many seeds as the best provided."""
        found = [arm for mask in among if (arm := self.arm(name, mask, off))]
        most = max((len(self.arms[arm]) for arm in found), default=0)
        return [arm for arm in found if len(self.arms[arm]) == most]

    def chosen(self, name: str, off: int, among: Iterable[str]) -> Arm | None:
        """The mask with the least mean validation error over the seeds."""
        return min(self.masks(name, off, among), key=self.validation, default=None)

    def validation(self, arm: Arm) -> float:
        """Mean validation MAE over the seeds."""
        return float(np.mean([(run.result or {})["metrics"]["validation"]["mae"] for run in self.arms[arm].values()]))

    def difference(self, one: Arm, other: Arm) -> Interval:
        """How much more ``one`` errs, paired by seed."""
        return whole_interval(pair_by_seed(self.tests[one], self.tests[other]))

    def live(self, arm: Arm) -> Interval | None:
        """How much more the any-mask model errs under the masks of these runs than they do; None where it was not asked."""
        pairs = [
            (replace(test, error=asked["error"]), test)
            for run, test in zip(self.arms[arm].values(), self.tests[arm], strict=True)
            if (run.path / FILE).exists()
            for asked in [np.load(run.path / FILE)]
        ]
        return whole_interval(pair_by_seed(*zip(*pairs, strict=True))) if pairs else None


def goals(found: Found, speed: Mapping[str, Any]) -> list[Goal]:
    """All lines that something is known for, in order."""
    return [*cheap(found), *better(found), *quick(speed), *live(found)]


# ---- A -------------------------------------------------------------------------------------------------------------
def cheap(found: Found) -> Iterator[Goal]:
    """What the mask chosen by validation costs on each set and share."""
    for name in SETS:
        whole = found.whole(name)
        for off in sorted({arm.off for arm in found.arms if arm.set == name and arm.off}):
            arm = found.chosen(name, off, (*SIMPLE, "best", "dynst"))
            if whole is None or arm is None:
                continue
            change, most = found.difference(arm, whole), DEAREST.get((name, off))
            figure = f"{told(change)} ({arm.mask})"
            asked = f"for comparison: {off} % off" if most is None else f"at most {most:+.1%} at {off} % off"
            yield Goal("A", name, asked, figure, "" if most is None else yes(change.estimate <= most))


def together(name: str, held: list[bool]) -> Iterator[Goal]:
    """On how many of the sets; no verdict while those to come could turn it."""
    good, to_come = sum(held), len(SETS) - len(held)
    if held:
        verdict = yes(good >= MOST) if good >= MOST or good + to_come < MOST else ""
        yield Goal(name, "all", f"so on at least {MOST} of the {len(SETS)}", f"{good} of {len(held)}", verdict)


def told(change: Interval) -> str:
    """A difference with its interval, in per cent."""
    low, estimate, high = (100 * part for part in (change.low, change.estimate, change.high))
    return f"{estimate:+.2f} % ({low:+.2f} to {high:+.2f})"


def yes(reached: bool) -> str:
    """In a word."""
    return "yes" if reached else "no"


# ---- B -------------------------------------------------------------------------------------------------------------
def better(found: Found) -> Iterator[Goal]:
    """DynST against random masks and against the best simple one."""
    for name in ("metr-la-week", "demo"):
        ours, random = found.arm(name, "dynst", WIDE), found.arm(name, "random", WIDE)
        if ours and random:
            change = found.difference(ours, random)
            asked = f"DynST at least {BETTER:.0%} better than random at {WIDE} % off"
            yield Goal("B", name, asked, told(change), yes(change.estimate <= -BETTER))
    held: list[bool] = []
    for name in SETS:
        ours, simple = found.arm(name, "dynst", WIDE), found.chosen(name, WIDE, SIMPLE)
        if ours and simple:
            change = found.difference(ours, simple)
            held.append(change.low <= 0)
            asked = f"DynST not worse than the best simple mask at {WIDE} % off"
            yield Goal("B", name, asked, f"{told(change)} ({simple.mask})", yes(held[-1]))
    yield from together("B", held)


# ---- C -------------------------------------------------------------------------------------------------------------
def quick(speed: Mapping[str, Any]) -> Iterator[Goal]:
    """Inference of the kept sensors, and of all from the kept ones, against full."""
    asked = {
        "kept": (f"the kept sensors at {OFF:.0%} off at least {FASTER:g} times faster than full", FASTER),
        "all": ("all sensors from the kept ones not slower than full", NOT_SLOWER),
    }
    for where, repeats in speed.items():
        for part, (wish, least) in asked.items():
            middle, low, high = ratios(repeats, part)
            reached = (
                yes(middle >= least)
                if (low >= least) == (high >= least)
                else f"{yes(middle >= least)}, but not clear of it"
            )
            yield Goal("C", where, wish, f"{middle:.2f} times ({low:.2f} to {high:.2f})", reached)


# ---- D -------------------------------------------------------------------------------------------------------------
def live(found: Found) -> Iterator[Goal]:
    """The any-mask model's answer for the mask that validation chooses, against the retrained model under it."""
    held: list[bool] = []
    for name in SETS:
        arm = found.chosen(name, ASKED, (*SIMPLE, "best", "dynst"))
        change = arm and found.live(arm)
        if arm and change:
            held.append(abs(change.estimate) <= NEAR)
            asked = f"the live answer within {NEAR:.0%} of a retrained model at {ASKED} % off"
            yield Goal("D", name, asked, f"{told(change)} ({arm.mask})", yes(held[-1]))
    yield from together("D", held)
