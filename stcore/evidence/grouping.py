"""Put runs together as arms: runs that differ only in the seed make one arm, and each arm gets its role."""

import json
from collections.abc import Sequence
from typing import Any

from stcore import registry
from stcore.evidence.arms import ROLES, Arm
from stcore.evidence.side_by_side import LATER, flatten
from stcore.runs import Run

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
        if (run.spec.get("experiment") or {}).get("trial") is None:
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
    options = LATER | flatten(run.spec["options"])
    return {name: value for name, value in options.items() if name not in ASIDE}


def run_identity(run: Run) -> str:
    """A text that is equal for runs of one arm."""
    return json.dumps([run.spec["data"]["fingerprint"], options_of(run)], sort_keys=True)


def arm_of(runs: Sequence[Run]) -> Arm:
    """An arm without its role."""
    prune = runs[0].spec["options"]["prune"]
    keep = prune.get("keep")
    share = 1.0 if keep is None and prune["name"] == "full" else keep
    card = registry.cards("strategies").get(prune["name"])
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
    train = arm.runs[0].spec["options"]["train"]
    return train.get("batch"), train.get("lr")


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
