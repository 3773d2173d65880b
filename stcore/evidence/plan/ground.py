"""What a plan starts from: the run's sites under the plan's demands, and the rankings to choose from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from stcore.data import STData
from stcore.data.windows import cut
from stcore.evidence.plan.answers import knows_all_on, mask_card, mask_of
from stcore.runs import Run
from stcore.runs.trace import check_rows
from stcore.sensors.candidates import candidate_orders, candidates
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

OWN, DRAWS = "own", 3
SHARED = ("on", "off", "connected", "costs", "region")  # what a plan takes over from its run's mask


def demands(run: Run, given: Mapping[str, Any] | None = None) -> MaskOptions:
    """The demands on a plan: the run's forced sensors, parts and costs, and what is ``given`` on top. OptionError.

    The sensors named by the mask "given" are its choice, not demands.
    """
    mask = mask_of(run)
    card = mask_card(run)
    theirs = ("on", "off") if card is not None and not card.chooses else ()
    names = [name for name in SHARED if name in mask and name not in theirs]
    told = {name: mask[name] for name in names}
    return MaskOptions.read(
        {**told, "sparsity": 0.0, **{name: value for name, value in (given or {}).items() if value is not None}}
    )


def sites_of(run: Run, data: STData, options: MaskOptions) -> Sites:
    """The sites of a run's data, described by its training steps."""
    settings = run.spec.options.data
    target = data.channel(settings.targets, data.channels[:1])[0]
    return Sites(data, options, target, cut(data, settings).label == 0)


def ranking_names(run: Run) -> list[str]:
    """The rankings that are compared: the run's own, those known from the data, random draws."""
    return [OWN, *candidates(), *(f"random {draw + 1}" for draw in range(DRAWS))]


def is_draw(name: str) -> bool:
    """Whether a ranking is a random draw."""
    return name.startswith("random ")


def ranking(run: Run, sites: Sites, name: str) -> np.ndarray | None:
    """[R] sites, most worth keeping first; None where these data do not allow it."""
    if name == OWN:
        return np.argsort(-sites.mean(sensor_worth(run)), kind="stable")
    if is_draw(name):
        draw = int(name.split()[-1]) - 1
        return np.random.default_rng([run.spec.options.seed, 13, draw]).permutation(sites.count)
    found: np.ndarray | None = candidate_orders(sites, run.spec.options.seed, (name,)).get(name)
    return found


def has_learned_mask(run: Run) -> bool:
    """Whether the run has a mask of its own with scores, by which it ranks its sensors."""
    card = mask_card(run)
    return card is not None and card.off == "good" and card.chooses and "mask_score" in run.trace()


def sensor_worth(run: Run) -> np.ndarray:
    """The worth [N] of each sensor to the run at its best epoch, as shares of 1. ``WORTH`` says what it means. RunError."""
    found, name = run.trace(), "mask_score" if has_learned_mask(run) else "importance"
    check_rows(found, name)
    row = found[name][best_epoch(run)].values.astype(float)
    row = np.where(np.isfinite(row), np.maximum(row, 0), 0)
    return row / max(float(row.sum()), 1e-30)


class Worth(NamedTuple):
    """The name of a run's ranking of its sensors, and its meaning."""

    name: str
    meaning: str


WORTH = {
    False: Worth(
        "importance", "each sensor's share in the input's pull on the loss, |input × gradient|, by the run's weights"
    ),
    True: Worth(
        "worth to the mask", "each sensor's share of the scores of the run's own mask, the greatest worth most"
    ),
}
"""By whether the run has learnt a mask: the word *importance* means the gradient's, here as on the map."""


def site_word(sites: Sites, number: int = 2) -> str:
    """The word for what a plan decides over: sensors, or regions of a grid."""
    one = "sensor" if sites.count == len(sites.of) else "region"
    return one if number == 1 else f"{one}s"


def site_labels(sites: Sites) -> list[str]:
    """The names [N] of the sensors; cells of a grid are followed by the name of their region."""
    names = sites.data.sensors
    if site_word(sites) == "sensors":
        return names
    return [f"{name} ({sites.name[site]})" for name, site in zip(names, sites.of.tolist(), strict=True)]


def count_in_words(sites: Sites, keep: np.ndarray) -> str:
    """How many stay of ``keep`` [N] bool: ``60 of 207 sensors``, or ``12 of 35 regions (190 of 540 cells)``."""
    kept = int((sites.mean(keep.astype(float)) > 0.5).sum())
    cells = "" if site_word(sites) == "sensors" else f" ({int(keep.sum()):,} of {len(keep):,} cells)"
    return f"{kept:,} of {sites.count:,} {site_word(sites)}{cells}"


def own_mask(run: Run) -> np.ndarray | None:
    """[N] bool: the sensors that the run itself keeps; None where it has no mask of its own."""
    if knows_all_on(run):
        return None
    trace = run.trace()
    return trace["active"][best_epoch(run)].values.astype(bool) if "active" in trace else None


def best_epoch(run: Run) -> int:
    """Position of the epoch whose weights are used."""
    best = [event["epoch"] for event in run.epochs() if event["best"]]
    return int(best[-1]) if best else -1
