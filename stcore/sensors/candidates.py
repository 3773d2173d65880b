"""Candidates: the masks that are known from the data alone. What they cost, their orders, and which suits a model best.

Masks are compared by a model's error under each of them, without training for each.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from stcore import registry
from stcore.options import OptionError, Options
from stcore.registry import MaskCard, MaskCost
from stcore.sensors.choose import mask_by_order
from stcore.sensors.mask import Judge
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

LONG = 60.0  # seconds of ranking that a note tells before the run
MANY = 1_000  # sites at which candidates are put in order of their cost


def candidates(sites: int | None = None) -> list[str]:
    """The names of all candidates, the dearest first; those that take too long over so many ``sites`` are left out."""
    known = [card for card in registry.cards("masks").values() if card.candidate]
    known.sort(key=lambda card: own_cost(card, MANY), reverse=True)
    return [card.name for card in known if sites is None or card.most is None or sites <= card.most]


def candidate_orders(sites: Sites, seed: int, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """The order [R] of every candidate, or of those in ``names``, that these data allow and that does not take too long."""
    allowed = candidates(sites.count)
    shared = {name: getattr(sites.options, name) for name in MaskOptions.model_fields}
    by_name: dict[str, np.ndarray] = {}
    for name in allowed if names is None else names:
        card = registry.find("masks", name)
        if card is None or card.name not in allowed:
            continue
        own = {option: value for option, value in shared.items() if option in card.options.model_fields}
        try:
            by_name[name] = card.load()(card.options.read(own), sites, 1, seed).order()
        except OptionError:  # such as one that needs a graph, or fewer sensors
            continue
    return by_name


def best_order(
    sites: Sites, judge: Judge, seed: int, more: Mapping[str, np.ndarray] | None = None
) -> tuple[np.ndarray, str]:
    """The order of the candidate with the least validation error, those in ``more`` included, and who won by how much."""
    by_name = {**candidate_orders(sites, seed), **(more or {})}
    masks = np.stack([mask_by_order(order, sites) for order in by_name.values()])
    errors = dict(zip(by_name, judge(masks).tolist(), strict=True))
    first, *others = sorted(errors, key=lambda name: errors[name])
    note = f"{first} is the best simple mask by validation error ({errors[first]:.4g}"
    if others:
        note += f"; then {others[0]}, {100 * (errors[others[0]] / max(errors[first], 1e-30) - 1):.1f} % worse"
        note += f"; worst {others[-1]}, {100 * (errors[others[-1]] / max(errors[first], 1e-30) - 1):.1f} %"
    return by_name[first], note + ")"


# ---- what ranking costs, said before a run since some masks are cubic in the sites --------------------------------------
def own_cost(card: MaskCard, sites: int) -> MaskCost:
    """What a mask itself takes to rank so many sites."""
    return card.cost(sites) if card.cost is not None else MaskCost(0.0, 0.0)


def ranking_cost(card: MaskCard, options: Options, sites: int, grid: bool = False) -> MaskCost:
    """Seconds of the processor, and bytes beside everything else, in which a mask ranks so many sites, before the first
    epoch: by its own order, or by those of all candidates."""
    if not card.compares(options, grid):
        return own_cost(card, sites)
    costs = [own_cost(registry.card("masks", name), sites) for name in candidates(sites)]
    return MaskCost(sum(cost.seconds for cost in costs), max((cost.bytes for cost in costs), default=0.0))


def cost_notes(card: MaskCard, options: Options, sites: int, grid: bool = False) -> list[str]:
    """Notes on what is slow, or left out since it would be."""
    notes = []
    all_candidates = [name for name, one in registry.cards("masks").items() if one.candidate]
    compared = candidates(sites) if card.compares(options, grid) else all_candidates
    left_out = [name for name in all_candidates if name not in compared]
    if left_out:
        notes.append(
            f"over {sites:,} sensors {' and '.join(left_out)} would take too long and "
            f"{'is' if len(left_out) == 1 else 'are'} not among the masks that are compared or trained under"
        )
    if (seconds := ranking_cost(card, options, sites, grid).seconds) >= LONG:
        notes.append(
            f"ranking {sites:,} sensors takes about {max(round(seconds / 60), 1)} min of the processor, before the first epoch"
        )
    return notes
