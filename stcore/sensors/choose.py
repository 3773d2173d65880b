"""From an order to a mask: forced sensors, connected parts and the budget, once for all masks."""

import numpy as np

from stcore.options import OptionError
from stcore.sensors.sites import Sites


def allowance(sites: Sites, sparsity: float | None = None) -> float:
    """What the sites that stay may cost together: the budget, or as many sites as the sparsity leaves.

    ``sparsity`` may be less than that of the options, for a mask that is on its way to it, or to the budget. OptionError
    where the sites that are forced on cost more, or where nothing could stay on.
    """
    options = sites.options
    share = options.sparsity if sparsity is None else sparsity
    if options.budget is None:
        most, needed = float(max(round((1 - share) * sites.count), 1)), float(len(sites.on))
        open_sites = sites.count - len(sites.off)
        most = min(most, float(open_sites))
    else:
        whole, needed = float(sites.cost.sum()), float(sites.cost[sites.on].sum())
        progress = 1.0 if sparsity is None or not options.sparsity else min(share / options.sparsity, 1.0)
        most = options.budget + (1 - progress) * max(whole - options.budget, 0)
        open_sites = int((np.delete(sites.cost, sites.off) <= options.budget).sum())
    if needed > most:
        raise OptionError(f"The sensors in mask.on need {needed:g}, more than the {most:g} that may stay on.")
    if not open_sites:
        raise OptionError("No sensor could stay on; allow more in mask.budget, or fewer in mask.off.")
    return most


def site_prices(sites: Sites) -> np.ndarray:
    """[R] what each site takes of the allowance: its cost under a budget, else 1."""
    return sites.cost if sites.options.budget is not None else np.ones(sites.count)


def mask_by_order(order: np.ndarray, sites: Sites, sparsity: float | None = None) -> np.ndarray:
    """[R] bool: what stays on when sites are taken in ``order`` (most worth keeping first) as long as there is room.

    The sites that are forced on come first, then the first site of every connected part that there is room for, then all
    others; sites that have measured nothing come last, sites that are forced off never. Where the room does not reach for
    every part, the larger parts come first.
    """
    order = silent_last(order, sites)
    left, prices = allowance(sites, sparsity), site_prices(sites)
    keep, allowed = np.zeros(sites.count, bool), np.ones(sites.count, bool)
    allowed[sites.off] = False
    for choices in (sites.on[:, None], part_orders(order, sites, allowed), order[:, None]):
        for several in choices:  # at most one of them is kept
            fits = allowed[several] & ~keep[several] & (prices[several] <= left + 1e-9)
            if fits.any():
                site = several[np.argmax(fits)]
                keep[site] = True
                left -= prices[site]
    return keep


def part_orders(order: np.ndarray, sites: Sites, allowed: np.ndarray) -> list[np.ndarray]:
    """The allowed sites, in ``order``, of each connected part that has none forced on; larger parts first."""
    if not sites.options.connected:
        return []
    ranked = order[allowed[order]]
    part = sites.part[ranked]
    sizes, open_parts = np.bincount(sites.part), np.setdiff1d(part, sites.part[sites.on])
    return [ranked[part == one] for one in open_parts[np.argsort(-sizes[open_parts], kind="stable")]]


def unkept_parts(keep: np.ndarray, sites: Sites) -> int:
    """Connected parts of the graph in which nothing is kept."""
    return int(sites.part.max()) + 1 - len(np.unique(sites.part[keep]))


def idle_notes(sites: Sites, share: float | None = None) -> list[str]:
    """A note where a mask can switch nothing off, and why.

    ``share`` is the largest share of the unforced sites that is off, for a mask whose options do not say it.
    """
    options, count = sites.options, sites.count
    what, free = ("region" if count < len(sites.of) else "sensor"), count - len(sites.on)
    if len(sites.off):
        return []
    if count == 1:
        reason = f"the data have one {what} only"
    elif not free:
        reason = f"every {what} is forced on"
    elif share is not None:
        if share * free >= 1:
            return []
        reason = f"a share of {share:g} of {free} {what}s is less than one"
    elif site_prices(sites).sum() > allowance(sites) + 1e-9:
        return []
    elif options.budget is not None:
        reason = f"the budget of {options.budget:g} pays for all {count} {what}s, which cost {sites.cost.sum():g}"
    else:
        reason = f"a sparsity of {options.sparsity:g} of {count} {what}s is less than half of one"
    return [f"the mask can switch nothing off: {reason}"]


def silent_last(order: np.ndarray, sites: Sites) -> np.ndarray:
    """The same order, with the sites that have measured nothing at its end."""
    return order[np.argsort(sites.observed[order] == 0, kind="stable")]


def gap_notes(keep: np.ndarray, sites: Sites) -> list[str]:
    """A note where sites that miss more than half of their readings stay on, and others that miss hardly any are off."""
    poor, rich = keep & (sites.observed < 0.5), ~keep & (sites.observed > 0.95)
    if not (poor.any() and rich.any()):
        return []
    return [
        f"{poor.sum()} of the sensors that stay on miss more than half of their readings, "
        f"while {rich.sum()} of those that are off miss less than 5 %"
    ]
