"""The plan as it is tried: how many sensors stay, ranked by what, and which of them were switched by hand.

All of it stands in the address, so that a reload, a link or another tab shows the same plan: ``kept`` or, with ``limit=cost``,
``budget``; ``ranked``; ``on`` and ``off``, the sites that were switched by hand, by position; ``costs``.
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

BEST, MASK = "best", "mask"  # the best ranking at that number; the run's own mask as it is
NUMBER, COST, RANKING, BY = "plan number", "plan cost", "plan ranking", "plan by"
ADDRESS = ("kept", "budget", "limit", "ranked", "on", "off")
OF = "plan of"


@dataclass(frozen=True)
class Draft:
    """``keep`` [N] bool of the sensors, those that were ``switched`` by hand among them, ranked by ``ranking``: the ``best``
    one at their ``number``, where no other was chosen, and ``settled`` once no more points of the curve can change that."""

    keep: np.ndarray
    ranking: str
    switched: dict[int, bool]
    by_cost: bool = False
    number: int = 0
    best: bool = False
    settled: bool = True


def begin_draft(run: Run) -> None:
    """What the address says is about ``run``; what was tried with another one is forgotten."""
    if st.session_state.get(OF) not in (None, run.id):
        for name in ADDRESS:
            set_address(name, None)
    st.session_state[OF] = run.id


def switched_sites(sites: Sites) -> dict[int, bool]:
    """Sites that were switched by hand, on or off."""
    told = {on: (address_value(name) or "").split(".") for on, name in ((True, "on"), (False, "off"))}
    places = {on: [int(part) for part in parts if part.isdecimal()] for on, parts in told.items()}
    return {place: on for on, found in places.items() for place in found if place < sites.count}


def _set_switched(changed: dict[int, bool]) -> None:
    for name, wanted in (("on", True), ("off", False)):
        set_address(name, ".".join(str(site) for site, on in sorted(changed.items()) if on is wanted) or None)


def switch(sites: Sites, sensor: int, keep: np.ndarray) -> None:
    """Switch a sensor (of a grid: its region) to the other state; back again is as if nothing had been done. For callbacks."""
    site, changed = int(sites.of[sensor]), switched_sites(sites)
    if site in changed:
        del changed[site]
    else:
        changed[site] = not bool(keep[sensor])
    _set_switched(changed)


def undo_switches() -> None:
    """Forget what was switched by hand. For callbacks."""
    _set_switched({})


def _put_in_address(name: str, key: str) -> None:
    """Put what a widget was set to into the address. For callbacks."""
    set_address(name, str(st.session_state[key]))


def choose_plan(run: Run, sites: Sites, curve: Curve) -> Draft:
    """The slider and the ranking, and the mask that they give. OptionError where none is possible."""
    left, right = st.columns([3, 2], vertical_alignment="bottom", gap="large")
    with right:
        ranking = choose_ranking(run, curve)
    with left:
        by_cost = bool(sites.options.costs) and choose_limit() == "cost"
        mask, name = mask_by_cost(sites, curve, ranking) if by_cost else mask_by_number(run, sites, curve, ranking)
    best = ranking == BEST and name != MASK
    return Draft(sites.to_sensors(mask), name, {}, by_cost, int(mask.sum()), best, curve.done or not best)


def choose_limit() -> str:
    """Whether the number is limited or the cost."""
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
    """What the ranking gives with what was switched by hand; where that leaves none on, it is forgotten."""
    mask, changed = sites.mean(ranked.keep.astype(float)) > 0.5, switched_sites(sites)
    for site, on in changed.items():
        mask[site] = on
    if not mask.any():
        st.toast("At least one sensor has to stay on.")
        undo_switches()
        return ranked
    return replace(ranked, keep=sites.to_sensors(mask), switched=changed)


def choose_ranking(run: Run, curve: Curve) -> str:
    """Which ranking decides who stays."""
    names = [BEST, *(name for name in curve.orders if not is_draw(name))]
    words = {BEST: "The best by validation error", OWN: f"This run's own {WORTH[has_learned_mask(run)].name}"}
    told = address_value("ranked")
    st.session_state[RANKING] = told if told in names else BEST
    chosen_name = st.selectbox(
        "Ranked by",
        names,
        key=RANKING,
        format_func=lambda name: words.get(name, name),
        on_change=_put_in_address,
        args=("ranked", RANKING),
        help="In which order sensors are worth keeping. The best is the one whose curve is lowest in validation at the number "
        "that is kept, so at another number it may be another one; which one it is stands above the map.",
    )
    return str(chosen_name)


def mask_by_number(run: Run, sites: Sites, curve: Curve, ranking: str) -> tuple[np.ndarray, str]:
    """[R] mask by the number that stays, and the ranking it is from."""
    low, high = min(measured_counts(sites)), max(measured_counts(sites))
    own = own_mask(run)
    mine = None if own is None else sites.mean(own.astype(float)) > 0.5
    if low >= high:
        return mask_keeping(np.arange(sites.count), sites, high), ranking
    first = int(mine.sum()) if mine is not None else curve.knee() or round(sites.count / 2)
    told = address_value("kept") or ""
    st.session_state[NUMBER] = min(max(int(told) if told.isdecimal() else first, low), high)
    set_address("kept", str(st.session_state[NUMBER]))  # where it begins is where it stays, though the knee comes later
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    kept = left.slider(
        f"{site_word(sites).capitalize()} kept",
        low,
        high,
        key=NUMBER,
        on_change=_put_in_address,
        args=("kept", NUMBER),
        help=f"Of {sites.count}. It begins at the run's own mask or, once the curve is drawn, at its knee.",
    )
    knee = curve.knee()
    right.button(
        "To the knee",
        key="plan knee",
        disabled=knee in (None, kept),
        on_click=set_address,
        args=("kept", str(knee)),
        width="stretch",
        help="Where more of them begin to help little; known once the curve is drawn.",
    )
    if ranking == BEST and mine is not None and mine.sum() == kept:
        return mine, MASK
    name = ranking_name(curve, ranking, kept)
    return mask_keeping(ranking_order(curve, name, sites), sites, kept), name


def mask_by_cost(sites: Sites, curve: Curve, ranking: str) -> tuple[np.ndarray, str]:
    """[R] mask by what may be spent, and the ranking it is from."""
    whole, least = float(sites.cost.sum()), float(max(sites.cost[sites.on].sum(), sites.cost.min()))
    st.session_state[COST] = min(max(read_number(address_value("budget"), round(whole / 2, 2)), least), whole)
    budget = st.slider(
        "Cost of the kept sensors",
        least,
        whole,
        key=COST,
        help=f"All together cost {whole:g}.",
        on_change=_put_in_address,
        args=("budget", COST),
    )
    spending = copy(sites)
    spending.options = sites.options.model_copy(update={"budget": float(budget)})
    allowance(spending)
    name = ranking_name(curve, ranking, round(sites.count * budget / whole))
    return mask_by_order(ranking_order(curve, name, sites), spending), name


def read_number(text: str | None, otherwise: float) -> float:
    """A number of the address; another one where that is none."""
    try:
        found = float(text or "nan")
    except ValueError:
        return otherwise
    return found if np.isfinite(found) else otherwise


def ranking_name(curve: Curve, ranking: str, kept: int) -> str:
    """The ranking itself where the best is asked for."""
    return (curve.best_at(kept) or next(iter(curve.orders), OWN)) if ranking == BEST else ranking


def ranking_order(curve: Curve, name: str, sites: Sites) -> np.ndarray:
    """[R] sites in the ranking's order."""
    return np.array(curve.orders.get(name, range(sites.count)), int)
