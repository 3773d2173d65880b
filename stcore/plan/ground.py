"""What a plan is made on: the run's sites under the plan's own demands, and the rankings that it chooses from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stcore.data import STData
from stcore.options import RunOptions
from stcore.plan.answers import mask_of
from stcore.runs import Run
from stcore.sensors.candidates import CANDIDATES, orders
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites
from stcore.windows import cut

OWN, DRAWS = "own", 3
SHARED = ("on", "off", "connected", "costs", "region")  # what a plan takes over from its run's mask


def demands(run: Run, given: Mapping[str, Any] | None = None) -> MaskOptions:
    """What has to hold for a plan: the run's own forced sensors, parts and costs, and what is ``given`` on top. OptionError.

    Sensors that are named in a given mask are its choice, not demands.
    """
    mask = mask_of(run)
    names = [name for name in SHARED if name in mask and not (mask["name"] == "given" and name in ("on", "off"))]
    told = {name: mask[name] for name in names}
    return MaskOptions.read(
        {**told, "sparsity": 0.0, **{name: value for name, value in (given or {}).items() if value is not None}}
    )


def sites_of(run: Run, data: STData, options: MaskOptions) -> Sites:
    """The sites of a run's data, known from its training steps."""
    settings = RunOptions.read(run.spec["options"]).data
    target = data.channel(settings.targets, data.channels[:1])[0]
    return Sites(data, options, target, cut(data, settings).label == 0)


def names(run: Run) -> list[str]:
    """The rankings that are compared: the run's own, those known from the data, random draws."""
    return [OWN, *CANDIDATES, *(f"random {draw + 1}" for draw in range(DRAWS))]


def ranking(run: Run, sites: Sites, name: str) -> np.ndarray | None:
    """[R] sites, most worth keeping first; None where these data do not allow it."""
    if name == OWN:
        return np.argsort(-sites.mean(importance(run)), kind="stable")
    if name.startswith("random"):
        draw = int(name.split()[-1]) - 1
        return np.random.default_rng([int(run.spec["options"]["seed"]), 13, draw]).permutation(sites.count)
    found: np.ndarray | None = orders(sites, int(run.spec["options"]["seed"]), (name,)).get(name)
    return found


def importance(run: Run) -> np.ndarray:
    """[N] shares of the sensors in what the forecast goes by, at the best epoch: the learned mask's scores where the run
    learnt one, else importance by gradient, all sensors on."""
    trace = run.trace()
    epoch = best_epoch(run)
    learnt = mask_of(run)["name"] not in ("none", "any", "given") and "mask_score" in trace
    row = trace["mask_score" if learnt else "importance"][epoch].values.astype(float)
    row = np.where(np.isfinite(row), np.maximum(row, 0), 0)
    return row / max(float(row.sum()), 1e-30)


def own_mask(run: Run) -> np.ndarray | None:
    """[N] bool: the sensors that the run itself keeps; None where it has no mask of its own."""
    if mask_of(run)["name"] in ("none", "any"):
        return None
    trace = run.trace()
    return trace["active"][best_epoch(run)].values.astype(bool) if "active" in trace else None


def best_epoch(run: Run) -> int:
    """Position of the epoch whose weights are used."""
    best = [event["epoch"] for event in run.epochs() if event["best"]]
    return int(best[-1]) if best else -1
