"""The draft of a plan: how many sensors are kept, by which ranking, and which were switched by hand.

The address holds all of it, so that a reload, a link or another tab shows the same plan: ``kept`` or, with ``limit=cost``,
``budget``; ``ranked``; ``on`` and ``off``, the indices of sites that were switched by hand; ``costs``.
"""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from app.session import address_value, set_address
from stcore.evidence.plan.curve import Curve, mask_keeping, measured_counts
from stcore.evidence.plan.ground import OWN, WORTH, has_learned_mask, is_draw, own_mask, site_word
from stcore.runs import Run
from stcore.sensors.choose import allowance, mask_by_order
from stcore.sensors.sites import Sites

BEST, MASK = "best", "mask"  # the ranking that is best at that number; the run's own mask
NUMBER, COST, RANKING, BY = "plan number", "plan cost", "plan ranking", "plan by"
ADDRESS = ("kept", "budget", "limit", "ranked", "on", "off")
OF = "plan of"


@dataclass(frozen=True)
class Draft:
    """A plan: ``keep`` [N] bool over sensors by ``ranking``, with the sites ``switched`` by hand.

    ``best``: the ranking is the best one at this ``number``. ``settled``: no further point of the curve can change that.
    """

    keep: np.ndarray
    ranking: str
    switched: dict[int, bool]
    by_cost: bool = False
    number: int = 0
    best: bool = False
    settled: bool = True


def begin_draft(run: Run) -> None:
    """Begin with the plan in the address; a plan for another run than ``run`` is forgotten."""
    if st.session_state.get(OF) not in (None, run.id):
        for name in ADDRESS:
            set_address(name, None)
    st.session_state[OF] = run.id


def switched_sites(sites: Sites) -> dict[int, bool]:
    """The sites that were switched on or off by hand."""
    parts_of = {on: (address_value(name) or "").split(".") for on, name in ((True, "on"), (False, "off"))}
    indices = {on: [int(part) for part in parts if part.isdecimal()] for on, parts in parts_of.items()}
    return {site: on for on, chosen in indices.items() for site in chosen if site < sites.count}


def _set_switched(changed: dict[int, bool]) -> None:
    for name, wanted in (("on", True), ("off", False)):
        set_address(name, ".".join(str(site) for site, on in sorted(changed.items()) if on is wanted) or None)


def switch(sites: Sites, sensor: int, keep: np.ndarray) -> None:
    """Switch a sensor (of a grid: its region) on or off; switching it back leaves no trace. For callbacks."""
    site, changed = int(sites.of[sensor]), switched_sites(sites)
    if site in changed:
        del changed[site]
    else:
        changed[site] = not bool(keep[sensor])
    _set_switched(changed)


def undo_switches() -> None:
    """Undo everything that was switched by hand. For callbacks."""
    _set_switched({})


def _put_in_address(name: str, key: str) -> None:
    """Put the value of a widget into the address. For callbacks."""
    set_address(name, str(st.session_state[key]))


def choose_plan(run: Run, sites: Sites, curve: Curve) -> Draft:
    """The slider and the list of rankings; gives the plan that follows. OptionError where none is possible."""
    left, right = st.columns([3, 2], vertical_alignment="bottom", gap="large")
    with right:
        ranking = choose_ranking(run, curve)
    with left:
        by_cost = bool(sites.options.costs) and choose_limit() == "cost"
        mask, name = mask_by_cost(sites, curve, ranking) if by_cost else mask_by_number(run, sites, curve, ranking)
    best = ranking == BEST and name != MASK
    return Draft(sites.to_sensors(mask), name, {}, by_cost, int(mask.sum()), best, curve.done or not best)


def choose_limit() -> str:
    """The choice whether the number or the cost is limited."""
    st.session_state[BY] = "cost" if address_value("limit") == "cost" else "number"
    chosen_one = st.segmented_control(
        "Limit",
        ["number", "cost"],
        key=BY,
        format_func=str.capitalize,
        on_change=_put_in_address,
        args=("limit", BY),
        required=True,
    )
    return str(chosen_one)


def apply_switches(sites: Sites, ranked: Draft) -> Draft:
    """The plan of the ranking with the sites switched by hand; if no site stays on, the switches are undone."""
    mask, changed = sites.mean(ranked.keep.astype(float)) > 0.5, switched_sites(sites)
    for site, on in changed.items():
        mask[site] = on
    if not mask.any():
        st.toast("At least one sensor has to stay on.")
        undo_switches()
        return ranked
    return replace(ranked, keep=sites.to_sensors(mask), switched=changed)


def choose_ranking(run: Run, curve: Curve) -> str:
    """The list of rankings; the chosen one decides which sensors are kept."""
    names = [BEST, *(name for name in curve.orders if not is_draw(name))]
    words = {BEST: "The best by validation error", OWN: f"This run's own {WORTH[has_learned_mask(run)].name}"}
    asked = address_value("ranked")
    st.session_state[RANKING] = asked if asked in names else BEST
    chosen_name = st.selectbox(
        "Ranked by",
        names,
        key=RANKING,
        format_func=lambda name: words.get(name, name),
        on_change=_put_in_address,
        args=("ranked", RANKING),
        help="The order in which sensors are kept. The best ranking has the lowest validation error at the number that "
        "is kept, so another number may have another best ranking. The line above the map names it.",
    )
    return str(chosen_name)


def mask_by_number(run: Run, sites: Sites, curve: Curve, ranking: str) -> tuple[np.ndarray, str]:
    """The mask [R] that keeps the chosen number of sites, and its ranking."""
    low, high = min(measured_counts(sites)), max(measured_counts(sites))
    own = own_mask(run)
    mine = None if own is None else sites.mean(own.astype(float)) > 0.5
    if low >= high:
        return mask_keeping(np.arange(sites.count), sites, high), ranking
    first = int(mine.sum()) if mine is not None else curve.knee() or round(sites.count / 2)
    asked = address_value("kept") or ""
    st.session_state[NUMBER] = min(max(int(asked) if asked.isdecimal() else first, low), high)
    set_address("kept", str(st.session_state[NUMBER]))  # it stays there, even if the knee is known later
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    kept = left.slider(
        f"{site_word(sites).capitalize()} kept",
        low,
        high,
        key=NUMBER,
        on_change=_put_in_address,
        args=("kept", NUMBER),
        help=f"Of {sites.count}. It starts at the run's own mask or, once the curve is drawn, at its knee.",
    )
    knee = curve.knee()
    right.button(
        "To the knee",
        key="plan knee",
        disabled=knee in (None, kept),
        on_click=set_address,
        args=("kept", str(knee)),
        width="stretch",
        help="The number from which more sensors help little; known when the curve is drawn.",
    )
    if ranking == BEST and mine is not None and mine.sum() == kept:
        return mine, MASK
    name = ranking_name(curve, ranking, kept)
    return mask_keeping(ranking_order(curve, name, sites), sites, kept), name


def mask_by_cost(sites: Sites, curve: Curve, ranking: str) -> tuple[np.ndarray, str]:
    """The mask [R] within the chosen cost, and its ranking."""
    whole, least = float(sites.cost.sum()), float(max(sites.cost[sites.on].sum(), sites.cost.min()))
    st.session_state[COST] = min(max(read_number(address_value("budget"), round(whole / 2, 2)), least), whole)
    budget = st.slider(
        "Cost of the kept sensors",
        least,
        whole,
        key=COST,
        help=f"All sensors together cost {whole:g}.",
        on_change=_put_in_address,
        args=("budget", COST),
    )
    spending = copy(sites)
    spending.options = sites.options.model_copy(update={"budget": float(budget)})
    allowance(spending)
    name = ranking_name(curve, ranking, round(sites.count * budget / whole))
    return mask_by_order(ranking_order(curve, name, sites), spending), name


def read_number(text: str | None, otherwise: float) -> float:
    """The number in a text of the address; ``otherwise`` where it is no number."""
    try:
        value = float(text or "nan")
    except ValueError:
        return otherwise
    return value if np.isfinite(value) else otherwise


def ranking_name(curve: Curve, ranking: str, kept: int) -> str:
    """The ranking's name; for the best one, the name of the ranking that is best at ``kept``."""
    return (curve.best_at(kept) or next(iter(curve.orders), OWN)) if ranking == BEST else ranking


def ranking_order(curve: Curve, name: str, sites: Sites) -> np.ndarray:
    """The sites [R] in the order of a ranking."""
    return np.array(curve.orders.get(name, range(sites.count)), int)
