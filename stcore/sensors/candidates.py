"""Which of the masks known from the data alone suits a model best: compared by error, without training for each."""

from collections.abc import Mapping

import numpy as np

from stcore.options import OptionError
from stcore.registry import card
from stcore.sensors.choose import chosen
from stcore.sensors.mask import Judge
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

CANDIDATES = ("predictive", "conditional-variance", "coverage", "spread", "variance", "degree")
SLOW, MANY = ("conditional-variance",), 4_000  # cubic in the sites: minutes beyond so many


def orders(sites: Sites, seed: int, names: tuple[str, ...] = CANDIDATES) -> dict[str, np.ndarray]:
    """The order [R] of every candidate that these data allow; of very many sites only of those that take seconds."""
    found: dict[str, np.ndarray] = {}
    shared = MaskOptions.read({name: getattr(sites.options, name) for name in MaskOptions.model_fields})
    for name in names:
        if sites.count > MANY and name in SLOW:
            continue
        try:
            found[name] = card("masks", name).load()(shared, sites, 1, seed).order()
        except OptionError:  # such as one that needs a graph, or fewer sensors
            continue
    return found


def best_order(
    sites: Sites, judge: Judge, seed: int, more: Mapping[str, np.ndarray] | None = None
) -> tuple[np.ndarray, str]:
    """The order of the candidate with the least validation error, those in ``more`` included, and who won by how much."""
    known = {**orders(sites, seed), **(more or {})}
    masks = np.stack([chosen(order, sites) for order in known.values()])
    errors = dict(zip(known, judge(masks).tolist(), strict=True))
    first, *others = sorted(errors, key=lambda name: errors[name])
    told = f"{first} is the best simple mask by validation error ({errors[first]:.4g}"
    if others:
        told += f"; then {others[0]}, {100 * (errors[others[0]] / max(errors[first], 1e-30) - 1):.1f} % worse"
        told += f"; worst {others[-1]}, {100 * (errors[others[-1]] / max(errors[first], 1e-30) - 1):.1f} %"
    return known[first], told + ")"
